// What today's compiler makes: ref readonly, ref structs, static abstracts, function pointers, inline arrays, async, iterators, records.
// run: -tokens
// want: modreq(
// want: byreflike
// want: static abstract virtual
// want: method unmanaged cdecl
// want: .data cil
// want: constrained.
// run: -linenum
// want: .line
// option: -debug:embedded
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
public interface INum<T> where T : INum<T> { static abstract T operator +(T a, T b); static virtual int Zero => 0; }
public readonly struct N : INum<N> { public static N operator +(N a, N b) => a; }
[InlineArray(4)] public struct Four { private int first; }
public ref struct View<T> where T : allows ref struct { public ref readonly int At(in int i) => ref Unsafe.NullRef<int>(); public ReadOnlySpan<byte> Data => [1, 2, 3, 4, 5, 6, 7, 8, 9]; }
public record Person(string Name, int Age = 5) { public required string City { get; init; } }
public static class App
{
    static readonly int[] table = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    public static T Sum<T>(T a, T b) where T : INum<T> => a + b;
    public static unsafe int Call(delegate* unmanaged[Cdecl]<int, int> f, delegate*<string, void> g) { g("x"); return f(1); }
    public static async Task<int> Later(int x) { await Task.Yield(); try { return x; } finally { Console.WriteLine(x); } }
    public static IEnumerable<int> Count(int n) { for (int i = 0; i < n; i++) yield return i; }
    public static int Filter(string s) { try { return int.Parse(s); } catch (FormatException e) when (e.Message.Length > 3) { return -1; } catch { return -2; } }
    public static string Choose(int n) => n switch { 0 => "zero", 1 => "one", 2 => "two", 3 => "three", 4 => "four", 5 => "five", 6 => "six", _ => "many" };
    static unsafe void Main() { Span<int> s = stackalloc int[4]; fixed (int* p = s) Console.WriteLine(*p); Func<int, int> f = x => x + s_count; Console.WriteLine(f(table[0])); }
    static int s_count;
}
