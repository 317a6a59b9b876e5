// Lines of a PDB beside the image: several documents, hidden points, a method without any; the source in the PDB.
// option: -debug:portable
// option: -embed
// run: -linenum
// want: .language '{3F5162F8-07C6-11D3-9053-00C04FA302A1}'
// want: .line 100,100 : 9,18 '
// want: /hi.il'
// want: .line 16707566,16707566 : 0,0 '
// want: [0] int32 sum
// not: //     23:
// run: -source -item=Lines::Loop
// want: //     23:         int sum = 0;
// want: //     25:         return sum;
// not: .line
// run: -source -linenum -item=Lines::Loop
// want: .line 23,23 : 9,21 '
// want: //     23:         int sum = 0;
using System;
public class Lines
{
    public static int Loop(int[] all)
    {
        int sum = 0;
        foreach (int x in all) sum += x;
        return sum;
    }
    public static void Moved()
    {
#line 100 "hi.il"
        Other(1);
#line default
        Other(2); Other(3);
    }
    static void Other(int n) { using var s = new System.IO.MemoryStream(); try { s.WriteByte((byte)n); } finally { s.Flush(); } }
    public class Empty { }
    static void Main() { Moved(); }
}
