// compile: library
// What DeferredLib and DeferredBinding build upon: loaded only when a cast, a constraint or an override asks for it.
public interface ISource<T> { string Name { get; } }
public sealed class Token { public int Value; }
public abstract class Shape
{
    public abstract string Make(Token token, System.IO.TextWriter writer, System.Collections.Immutable.ImmutableArray<Token> all);
    public virtual string Text(System.Collections.Generic.IEnumerable<Token> all) => "Shape.Text";
}
