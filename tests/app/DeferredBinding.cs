// ref: ContractLib DeferredLib
// Casts, constraints and overrides whose answer lies in an assembly that nothing has loaded before.
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

internal sealed class Circle : Round { }

internal static class Program
{
    private struct Options { }
    [MethodImpl(MethodImplOptions.NoInlining)] private static object Make() => new Source<string, int>();
    [MethodImpl(MethodImplOptions.NoInlining)] private static bool Is(object o) => o is ISource<string>;
    [MethodImpl(MethodImplOptions.NoInlining)] private static string Shapes()
    {
        Shape s = new Circle();
        var tokens = ImmutableArray.Create(new Token { Value = 3 }, new Token());
        return s.Make(tokens[0], Console.Out, tokens) + " " + s.Text(tokens);
    }

    private static void Main()
    {
        Console.WriteLine(Registry.Register<Version, string>());
        Console.WriteLine(Registry.Register<Options, Version>());
        Console.WriteLine(Is(Make()) + " " + Is("x") + " " + ((ISource<string>)Make()).Name);
        Console.WriteLine(Shapes());
    }
}
