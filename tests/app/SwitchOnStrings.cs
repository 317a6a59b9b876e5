// switch on strings by hash and by length, on long, char, enum, type, with fall-through by goto case; large dense and sparse switches.
internal enum Op { Add = 1, Sub, Mul, Div = 100, Mod, Big = int.MaxValue }

internal static class Program
{
    private static int Word(string? s)
    {
        switch (s)
        {
            case "alpha": return 1;
            case "beta": return 2;
            case "gamma": return 3;
            case "delta": return 4;
            case "epsilon": return 5;
            case "zeta": return 6;
            case "eta": return 7;
            case "theta": return 8;
            case "iota": return 9;
            case "kappa": return 10;
            case "lambda": goto case "mu";
            case "mu": return 12;
            case "": return 0;
            case null: return -1;
            case "Alpha": return 101; case "alphb": return 102; case "ALPHA": return 103; default: return -2;
        }
    }

    private static string Chars(char c)
    {
        switch (c)
        {
            case 'a': case 'e': case 'i': case 'o': case 'u': return "vowel";
            case >= '0' and <= '9': return "digit";
            case '\n': return "newline";
            case '☃': return "snow";
            default: return char.IsLetter(c) ? "letter" : "other";
        }
    }

    private static string Ops(Op o) => o switch
    {
        Op.Add => "+", Op.Sub => "-", Op.Mul => "*", Op.Div => "/", Op.Mod => "%", Op.Big => "B", _ => "?"
    };

    private static int Dense(int n)
    {
        switch (n)
        {
            case 0: return 7;
            case 1: return 3;
            case 2: return 9;
            case 3: return 1;
            case 4: return 4;
            case 5: return 8;
            case 6: return 2;
            case 7: return 6;
            case 8: return 5;
            case 9: return 0;
            case 20: return 20;
            case 21: return 21;
            case 22: return 22;
            case 23: return 23;
            case -1: return -1;
            default: return 99;
        }
    }

    private static string Ul(ulong v) => v switch
    {
        0 => "zero", 1 => "one", ulong.MaxValue => "max", 0x8000000000000000 => "top", 1234567890123 => "big", _ => "other"
    };

    private static string Bytes(byte b)
    {
        switch (b) { case 0: return "0"; case 127: return "127"; case 128: return "128"; case 255: return "255"; }
        return "-";
    }

    private static string Machine(string input)
    {
        int state = 0; string trace = "";
        foreach (char c in input)
        {
            again:
            switch (state)
            {
                case 0: if (c == 'a') { state = 1; trace += "0a"; break; } if (c == 'b') { state = 2; goto again; } trace += "0?"; break;
                case 1: state = c == 'b' ? 2 : 0; trace += "1"; break;
                case 2: trace += "2"; state = 0; if (c == 'c') goto case 1; break;
            }
        }
        return trace + state;
    }

    private static void Main()
    {
        foreach (string? s in new[] { "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
            "", null, "Alpha", "alphb", "ALPHA", "alphabet", "x", new string("beta".ToCharArray()) })
            Console.Write(Word(s) + " ");
        Console.WriteLine(); foreach (char c in "az5\n☃ é") Console.Write(Chars(c) + " "); Console.WriteLine();
        foreach (Op o in new[] { Op.Add, Op.Sub, Op.Mul, Op.Div, Op.Mod, Op.Big, (Op)0, (Op)50, (Op)(-1) }) Console.Write(Ops(o));
        Console.WriteLine();
        for (int i = -3; i < 26; i++) Console.Write(Dense(i) + " "); Console.WriteLine(Dense(int.MinValue) + " " + Dense(int.MaxValue));
        foreach (ulong u in new ulong[] { 0, 1, ulong.MaxValue, 0x8000000000000000, 1234567890123, 5ul }) Console.Write(Ul(u) + " ");
        Console.WriteLine();
        for (int i = 0; i < 256; i++) { string s = Bytes((byte)i); if (s != "-") Console.Write(s + " "); }
        Console.WriteLine(Machine("abcabbacbbca"));
    }
}
