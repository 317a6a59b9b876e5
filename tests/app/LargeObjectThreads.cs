// Several threads allocate large, pinned and small arrays with random lifetimes; each array proves whose it is.
using System;
using System.Threading;

static class LargeObjectThreads
{
    sealed class Item
    {
        public byte[] Bytes;
        public object[] References;
        public long[] Pinned;
        public nint Address;
        public int Tag;

        public bool IsWhole()
        {
            if (Bytes != null && (Bytes[0] != (byte)Tag || Bytes[^1] != (byte)Tag || Bytes[Bytes.Length / 2] != 0))
                return false;
            if (Pinned != null && (Pinned[0] != Tag || Pinned[^1] != Tag || AddressOf(Pinned) != Address))
                return false;
            if (References != null)
                for (int i = 0; i < References.Length; i += 1000)
                    if (!(References[i] is int n) || n != Tag + i)
                        return false;
            return true;
        }
    }

    static unsafe nint AddressOf(long[] a)
    {
        fixed (long* p = a)
            return (nint)p;
    }

    static Item Make(Random random, int tag)
    {
        var item = new Item { Tag = tag };
        switch (random.Next(4))
        {
            case 0:
                item.References = new object[random.Next(11_000, 30_000)];
                for (int i = 0; i < item.References.Length; i += 1000)
                    item.References[i] = tag + i;
                break;
            case 1:
                item.Pinned = GC.AllocateArray<long>(random.Next(1, random.Next(8) == 0 ? 40_000 : 400), pinned: true);
                foreach (long v in item.Pinned)
                    if (v != 0)
                        throw new Exception("not zero");
                item.Pinned[0] = item.Pinned[^1] = tag;
                item.Address = AddressOf(item.Pinned);
                break;
            default:
                item.Bytes = new byte[random.Next(random.Next(4) == 0 ? 500 : 85_000, 300_000)];
                item.Bytes[0] = item.Bytes[^1] = (byte)tag;
                break;
        }
        return item;
    }

    static void Main()
    {
        int wrong = 0;
        var threads = new Thread[4];
        for (int t = 0; t < threads.Length; t++)
        {
            int seed = t;
            threads[t] = new Thread(() =>
            {
                var random = new Random(seed);
                var live = new Item[60];
                for (int i = 0; i < 2000; i++)
                {
                    int k = random.Next(live.Length);
                    if (live[k] != null && !live[k].IsWhole())
                        Interlocked.Increment(ref wrong);
                    live[k] = Make(random, seed * 1_000_000 + i);
                    if (i % 500 == 499)
                        GC.Collect(random.Next(3));
                }
                foreach (Item item in live)
                    if (item != null && !item.IsWhole())
                        Interlocked.Increment(ref wrong);
            });
            threads[t].Start();
        }
        foreach (Thread t in threads)
            t.Join();
        Console.WriteLine($"damaged arrays: {wrong}");
    }
}
