// Events: field-like, custom accessors, static, generic, interface and explicit, inherited; subscription from threads;
// unsubscribing while raising.
internal interface INotify { event EventHandler<int> Changed; }

internal sealed class Src : INotify
{
    private EventHandler<int>? _h;

    public event EventHandler<int> Changed
    {
        add { Console.WriteLine("add"); _h += value; }
        remove { Console.WriteLine("remove"); _h -= value; }
    }

    public void Raise(int v) => _h?.Invoke(this, v);
}

internal class Button
{
    public event Action<string>? Click;
    public static event Action? Any;
    public virtual event Action? Virt;
    protected virtual void OnClick(string s) { Click?.Invoke(s); Any?.Invoke(); Virt?.Invoke(); }
    public void Press(string s) => OnClick(s);
    public int Handlers => Click?.GetInvocationList().Length ?? 0;
}

internal sealed class Loud : Button
{
    private int _n;
    public override event Action? Virt { add => _n++; remove => _n--; }
    protected override void OnClick(string s) { base.OnClick(s.ToUpperInvariant()); Console.WriteLine("virt handlers " + _n); }
}

internal sealed class Ex : INotify
{
    event EventHandler<int> INotify.Changed { add => value(this, -1); remove => throw new NotSupportedException(); }
}

internal sealed class Gen<T>
{
    public event Func<T, T>? Transform;
    public T Run(T t) { if (Transform != null) foreach (Func<T, T> f in Transform.GetInvocationList()) t = f(t); return t; }
}

internal static class Program
{
    private static void Handler(object? s, int v) => Console.WriteLine(s!.GetType().Name + v);

    private static void Main()
    {
        var src = new Src();
        INotify n = src;
        n.Changed += Handler;
        n.Changed += Handler;
        src.Raise(1);
        n.Changed -= Handler;
        src.Raise(2);
        n.Changed -= Handler;
        src.Raise(3);
        Button b = new Loud();
        Action<string> h = s => Console.WriteLine("clicked " + s);
        b.Click += h;
        Button.Any += () => Console.WriteLine("any");
        b.Virt += () => { };
        b.Press("ok");
        b.Click -= h;
        b.Press("quiet");
        Action<string>? self = null;
        self = s => { Console.WriteLine("once"); b.Click -= self; b.Click += x => Console.WriteLine("later " + x); };
        b.Click += self;
        b.Press("a");
        b.Press("b");
        try { INotify e = new Ex(); e.Changed += Handler; e.Changed -= Handler; }
        catch (NotSupportedException) { Console.WriteLine("no remove"); }
        var g = new Gen<int>();
        g.Transform += x => x + 1;
        g.Transform += x => x * 10;
        Console.WriteLine(g.Run(4));
        var many = new Button();
        var ts = Enumerable.Range(0, 4).Select(_ => new Thread(() => { for (int i = 0; i < 500; i++) many.Click += s => { }; })).ToList();
        ts.ForEach(t => t.Start());
        ts.ForEach(t => t.Join());
        Console.WriteLine(many.Handlers);
        var ei = typeof(Button).GetEvent("Click")!;
        ei.AddEventHandler(many, h);
        many.Press("reflected");
        Console.WriteLine(ei.EventHandlerType!.Name + ei.AddMethod!.Name);
    }
}
