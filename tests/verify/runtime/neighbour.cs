// The neighbour of hostile code: what it holds must not change, whatever the other context tries.
using System;
using System.Threading;

public sealed class Ledger
{
    readonly long[] entries = new long[1000];
    readonly string[] names = new string[100];
    public readonly int Id = 77;
    int secret = 4711;
    static readonly Ledger[] shared = { new Ledger(), new Ledger() };
    static volatile bool stop;
    static Thread? worker;
    static long rounds;

    Ledger()
    {
        for (int i = 0; i < entries.Length; i++)
            entries[i] = i * 2654435761L;
        for (int i = 0; i < names.Length; i++)
            names[i] = "entry " + i;
    }

    int Secret() => secret;
    public override string ToString() => "ledger " + Id;

    public static object Give() => shared[0];
    public static object Entries() => shared[0].entries;

    public static long Checksum()
    {
        long sum = 0;
        foreach (Ledger l in shared)
        {
            foreach (long e in l.entries)
                sum = sum * 31 + e;
            foreach (string n in l.names)
                foreach (char c in n)
                    sum = sum * 31 + c;
            sum = sum * 31 + l.Id + l.Secret();
        }
        return sum;
    }

    public static void Start()
    {
        long want = Checksum();
        worker = new Thread(() =>
        {
            while (!stop)
            {
                if (Checksum() != want)
                    Environment.FailFast("the neighbour's data changed");
                rounds++;
            }
        });
        worker.Start();
    }

    public static bool Stop()
    {
        while (Volatile.Read(ref rounds) < 3)
            Thread.Yield();
        stop = true;
        worker!.Join();
        return true;
    }
}
