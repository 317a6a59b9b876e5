// stress: loose
// also: common/GcLab.cs
// maps: no
// All objects lie in one range of addresses that is reserved as a whole and used sparsely.
using System.Runtime.InteropServices;

internal static class Program
{
    private readonly record struct Map(ulong From, ulong To, bool Usable);

    // Mappings that touch each other count as one range.
    private static (ulong From, ulong To, ulong Usable) RangeOf(ulong address, List<Map> maps)
    {
        int i = maps.FindIndex(m => address >= m.From && address < m.To), j = i;
        Lab.Expect("object in a mapping", i >= 0 && maps[i].Usable);
        while (i > 0 && maps[i - 1].To == maps[i].From) i--;
        while (j + 1 < maps.Count && maps[j + 1].From == maps[j].To) j++;
        ulong usable = 0;
        for (int k = i; k <= j; k++) if (maps[k].Usable) usable += maps[k].To - maps[k].From;
        return (maps[i].From, maps[j].To, usable);
    }

    private static void Main()
    {
        object[] all = [new object(), new byte[200_000], GC.AllocateArray<byte>(100, pinned: true), new Probe(1), new string('x', 1000)];
        GCHandle[] pins = all.Where(o => o is not Probe).Select(o => o is object && o.GetType() == typeof(object) ? GCHandle.Alloc(o) : GCHandle.Alloc(o, GCHandleType.Pinned)).ToArray();
        Lab.Collect();
        var maps = File.ReadLines("/proc/self/maps").Select(line =>
        {
            string[] f = line.Split('-', ' ');
            return new Map(Convert.ToUInt64(f[0], 16), Convert.ToUInt64(f[1], 16), f[2].StartsWith("rw"));
        }).ToList();
        var range = RangeOf((ulong)Lab.Address(all[0]), maps);
        foreach (object o in all) Lab.Expect(o.GetType() + " in the same range", (ulong)Lab.Address(o) > range.From && (ulong)Lab.Address(o) < range.To);
        Lab.Expect("range of at least 4 GB", range.To - range.From >= 4UL << 30, range.To - range.From);
        Lab.Expect("a small part of it can be used", range.Usable < (range.To - range.From) / 4, range.Usable);
        foreach (GCHandle h in pins) h.Free();
        Lab.Done("range of the heap");
    }
}
