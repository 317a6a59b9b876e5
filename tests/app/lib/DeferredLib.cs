// compile: library
// ref: ContractLib
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
public class BaseSource<T> : ISource<T> { public string Name => "source of " + typeof(T).Name; }
public class Source<T, P> : BaseSource<T> { }
public static class Registry
{
    public static string Single<TService, TImplementation>() where TService : class where TImplementation : class, TService, new() =>
        typeof(TService).Name + " " + new TImplementation().GetType().Name;
    public static string Register<T, P>() => Single<ISource<T>, Source<T, P>>();
}
public abstract class Round : Shape
{
    public override string Make(Token token, TextWriter writer, ImmutableArray<Token> all) => "Round.Make " + token.Value + all.Length;
    public override string Text(IEnumerable<Token> all) => "Round.Text " + all.Count();
}
public class Printer { public virtual string Print(Token t) => "Printer"; }
