// output: holes: OK
// stress: no
// env: DOTNET_GCConserveMemory=7
// also: common/GcLab.cs
// Generation 2 with holes: with ConserveMemory a full collection packs it together by itself.  Argument: without, when the setting is not there and the
// holes may stay.
using System.Runtime.CompilerServices;

internal static class Program
{
    private static byte[]?[] s_all = [];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Make()
    {
        s_all = new byte[60_000][];
        for (int i = 0; i < s_all.Length; i++) { s_all[i] = new byte[1000]; s_all[i]![7] = (byte)i; }
    }

    private static void Main(string[] args)
    {
        Make();
        for (int i = 0; i < 3; i++) Lab.Collect();
        for (int i = 0; i < s_all.Length; i++) if (i % 5 > 2) s_all[i] = null;
        GC.Collect();
        GC.Collect();
        GCMemoryInfo info = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        GCGenerationInfo old = info.GenerationInfo[2];
        long percent = 100 * old.FragmentationAfterBytes / old.SizeAfterBytes;
        if (args.Length == 0) Lab.Expect("percent of generation 2 that are holes", percent, 0, 30);
        for (int i = 0; i < s_all.Length; i++) Lab.Expect("contents", s_all[i] == null ? i % 5 > 2 : s_all[i]![7] == (byte)i);
        if (args.Length > 0) Lab.Expect("holes without the setting", percent, 0, 60);
        Lab.Done("holes");
    }
}
