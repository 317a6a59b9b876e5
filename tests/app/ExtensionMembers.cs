// Extension blocks: methods, properties, static members and operators; classic extension methods beside them; field
// keyword; null-conditional assignment.
internal static class Ext
{
    extension(string s)
    {
        public int Vowels => s.Count(c => "aeiou".Contains(c));
        public string Shout(int n = 1) => s.ToUpperInvariant() + new string('!', n);
        public static string Twice(string x) => x + x;
    }

    extension<T>(IEnumerable<T> src)
    {
        public bool IsEmpty => !src.Any();
        public IEnumerable<T> EveryOther() { bool on = true; foreach (T t in src) { if (on) yield return t; on = !on; } }
    }

    extension<T>(T[] a) where T : IComparable<T>
    {
        public T Largest { get { T m = a[0]; foreach (T t in a) if (t.CompareTo(m) > 0) m = t; return m; } }
        public static T[] operator +(T[] x, T[] y) => [.. x, .. y];
    }

    extension(ref int i) { public void Bump(int by) => i += by; }
    extension(int) { public static int Answer => 42; }
    public static string Old(this object o) => "old " + o;
}

internal sealed class Temp
{
    public double Celsius { get; set => field = value < -273.15 ? throw new ArgumentOutOfRangeException(nameof(value)) : value; }
    public string Name { get => field ?? "unnamed"; set; }
    public int Reads { get => ++field; } = 10;
    public List<int>? Items;
    public Temp? Next;
    public event Action? Changed;
    public void Fire() => Changed?.Invoke();
}

internal partial class Parts
{
    public partial int Value { get; set; }
    public partial string Describe();
    public partial Parts(int v);
    public partial event Action E;
}

internal partial class Parts
{
    private int _v;
    private int _handlers;
    public partial int Value { get => _v; set => _v = value * 2; }
    public partial string Describe() => "parts " + _v + " " + _handlers;
    public partial Parts(int v) { Value = v; }
    public partial event Action E { add => _handlers++; remove => _handlers--; }
}

internal static class Program
{
    private static void Main()
    {
        Console.WriteLine("education".Vowels + " " + "hey".Shout(3) + " " + string.Twice("ab"));
        Console.WriteLine(new[] { 1, 2, 3, 4, 5 }.EveryOther().IsEmpty + " " + string.Join(",", new[] { 1, 2, 3, 4, 5 }.EveryOther()) +
            " " + new List<string>().IsEmpty);
        Console.WriteLine(new[] { 3, 9, 4 }.Largest + " " + new[] { "b", "z", "a" }.Largest + " " + (new[] { 1, 2 } + new[] { 3 }).Length +
            " " + int.Answer);
        int i = 5; i.Bump(3); Console.WriteLine(i + " " + 5.Old() + " " + Ext.Shout("x", 2));
        var t = new Temp { Celsius = 20 };
        Console.WriteLine($"{t.Celsius} {t.Name} {t.Reads} {t.Reads}");
        t.Name = "set";
        Console.WriteLine(t.Name);
        try { t.Celsius = -300; } catch (ArgumentOutOfRangeException e) { Console.WriteLine(e.ParamName + t.Celsius); }
        Temp? none = null;
        int evaluated = 0;
        none?.Celsius = evaluated++;
        t?.Celsius = ++evaluated;
        Console.WriteLine($"{evaluated} {t!.Celsius}");
        t.Next?.Name = "no";
        t.Next = new Temp();
        t.Next?.Name = "next";
        t.Items?.Add(1);
        t.Items ??= [7];
        t.Items?[0] += 5;
        Console.WriteLine(t.Next.Name + t.Items[0]);
        t.Changed += () => Console.WriteLine("changed"); t?.Fire();
        var p = new Parts(4); p.E += () => { }; Console.WriteLine(p.Describe());
        Console.WriteLine(nameof(List<>) + typeof(Dictionary<,>).Name);
    }
}
