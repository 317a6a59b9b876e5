// compile: library
// The contract that PluginHost shares with its plug-ins, or does not.
public interface IGreeter { string Greet(string who); }
public sealed class Message(string text) { public string Text { get; } = text; }
public class BaseThing { public virtual string Name => "base"; }
