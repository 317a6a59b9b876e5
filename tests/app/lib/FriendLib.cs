// compile: library
// Internals that FriendAttributes may use, and one that nobody else sees.
using System.Runtime.CompilerServices;
[assembly: InternalsVisibleTo("FriendAttributes")]
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
internal sealed class MarkAttribute(string text) : Attribute { public string Text => text; public int Number { get; set; } public override string ToString() => $"Mark({text},{Number})"; }
internal class Hidden { internal static string Name => "hidden"; protected internal virtual int V => 1; private protected int P => 2; }
