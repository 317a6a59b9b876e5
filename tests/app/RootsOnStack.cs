// also: common/GcLab.cs
// Roots in frames: each means keeps exactly one object of a hundred while its frame runs, and the value is right after it moved.
using System.Runtime.CompilerServices;

internal ref struct RefField { public ref int Number; public ref Probe? Reference; public Span<object?> Rest; }
internal sealed class Cell { public int Number = 7; public Probe? P; public Pair Inside; public long[] Many = [1, 2, 3]; }
internal struct Nested { public long A; public Pair P; public (string, object?, int) T; }
[InlineArray(4)] internal struct Four { public object? Element; }
internal struct Self { public object? O; public int N; }
internal abstract class Shape { public abstract void Draw(Batch b); }
internal sealed class Circle : Shape { public Probe? P; public override void Draw(Batch b) { b.During(); b.Use(P); } }
internal sealed class Disposing(Batch b, Probe p) : IDisposable { public void Dispose() { b.During(); b.Use(p); } }

internal static class Program
{
    private delegate void Act(Batch b);
    private static nint s_bits;

    private static void Frame(string name, Act run)
    {
        var b = new Batch();
        run(b);
        b.After(name);
    }

    // -- plain
    private static void Local(Batch b) { Probe p = b.Make(); b.During(); b.Use(p); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Takes(Probe p, Batch b) { b.During(); b.Use(p); }
    private static void Argument(Batch b) => Takes(b.Make(), b);
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Late(int a1, int a2, int a3, int a4, int a5, int a6, long a7, Probe p, double a9, Batch b) { b.During(); b.Use(p); Lab.Expect("numbers", a1 + a6 + a7 + a9 == 14.5); }
    private static void ArgumentOnStack(Batch b) => Late(1, 2, 3, 4, 5, 6, 7, b.Make(), 0.5, b);
    [MethodImpl(MethodImplOptions.NoInlining)] private static Probe? Second(Probe p, int n, object? q) { _ = n; _ = q; return p; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Collects(Batch b) { b.During(); return 3; }
    private static void AcrossCall(Batch b) => b.Use(Second(b.Make(), Collects(b), null));
    [MethodImpl(MethodImplOptions.NoInlining)] private static int Sum(int a, int b, int c, Probe p, int d) => a + b + c + p.Id + d;
    private static void BetweenManyArguments(Batch b) => Lab.Expect("sum", Sum(1, 2, 3, b.Make(), Collects(b)) == 9 + Batch.Kept);
    [MethodImpl(MethodImplOptions.NoInlining)] private static Probe Returned(Batch b) { try { return b.Make(); } finally { b.During(); } }
    private static void ReturnValue(Batch b) => b.Use(Returned(b));
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Gives(out Probe p, Batch b) { p = b.Make(); b.During(); }
    private static void OutArgument(Batch b) { Gives(out Probe p, b); b.Use(p); }
    private static void ByReference(Batch b) { Probe p = b.Make(); Through(ref p, b); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Through(ref Probe p, Batch b) { b.During(); b.Use(p); }
    private static void InLoop(Batch b) { Probe? p = null; for (int i = 0; i < 10; i++) { if (i == 3) p = b.Make(); if (i == 7) b.During(); } b.Use(p); }
    private static void Conditional(Batch b) { b.Use(b.Make() is { } p && Collects(b) == 3 ? p : null); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Params(Batch b, params object?[] all) { b.During(); b.Use((Probe?)all[2]); }
    private static void InParams(Batch b) => Params(b, 1, "two", b.Make(), 4.0);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void ParamsSpan(Batch b, params ReadOnlySpan<object?> all) { b.During(); b.Use((Probe?)all[2]); }
    private static void InParamsSpan(Batch b) => ParamsSpan(b, 1, "two", b.Make(), 4.0);
    private static void CapturedThis(Batch b) { var c = new Circle { P = b.Make() }; ((Shape)c).Draw(b); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static Circle MakeCircle(Batch b) { b.Make(); return b.Watch(new Circle { P = new Probe(Batch.Kept) }); }
    private static void OnlyThis(Batch b) => MakeCircle(b).Draw(b);
    private static void Using(Batch b) { using var d = new Disposing(b, b.Make()); }
    private static void Locked(Batch b) { Probe p = b.Make(); lock (p) b.During(); b.Use(p); }

    // -- structs in frames
    private static void StructOnStack(Batch b) { var pair = new Pair(null, 4, b.Make()); b.During(); b.Use((Probe?)pair.Second); }
    private static void NestedStruct(Batch b) { var n = new Nested { T = ("x", b.Make(), 3) }; b.During(); b.Use((Probe?)n.T.Item2); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void TakesPair(Pair pair, Batch b) { b.During(); b.Use((Probe?)pair.First); }
    private static void StructArgument(Batch b) => TakesPair(new Pair(b.Make(), 2, null), b);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void TakesSelf(Self s, Batch b) { b.During(); b.Use((Probe?)s.O); }
    private static void StructInRegisters(Batch b) => TakesSelf(new Self { O = b.Make(), N = 2 }, b);
    [MethodImpl(MethodImplOptions.NoInlining)] private static Pair GivesPair(Batch b) { var p = new Pair(1, 2, b.Make()); b.During(); return p; }
    private static void ReturnedStruct(Batch b) => b.Use((Probe?)GivesPair(b).Second);
    private static void InlineArray(Batch b) { Four f = default; f[2] = b.Make(); b.During(); b.Use((Probe?)f[2]); }
    private static void Nullable(Batch b) { Pair? p = new Pair(b.Make(), 1, null); b.During(); b.Use((Probe?)p.Value.First); }
    private static void CopiedStruct(Batch b) { var p = new Pair(b.Make(), 1, null); Pair q = p; p = default; b.During(); b.Use((Probe?)q.First); GC.KeepAlive(p.First); }

    // -- interior pointers
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref int Inside(Batch b) { b.Make(); return ref b.Watch(new Cell()).Number; }
    private static void RefLocal(Batch b) { ref int n = ref Inside(b); b.During(); Lab.Expect("ref local", n == 7); n = 8; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref long Deep(Batch b) { b.Make(); return ref b.Watch(new long[200_000])[150_000]; }
    private static void RefIntoLarge(Batch b) { ref long n = ref Deep(b); n = 5; b.During(); Lab.Expect("ref into a large array", n == 5); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref Probe? Slot(Batch b) { var c = new Probe?[6]; c[4] = b.Make(); return ref c[4]; }
    private static void RefToReference(Batch b) { ref Probe? p = ref Slot(b); b.During(); b.Use(p); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref Probe? Same(ref Probe? p, Batch b) { b.During(); return ref p; }
    private static void ReturnedRef(Batch b) => b.Use(Same(ref Slot(b), b));
    private static void RefOffTheEnd(Batch b) { ref int n = ref Unsafe.Add(ref Last(b), 1); b.During(); Lab.Expect("ref past the last element", Unsafe.Add(ref n, -1) == 44); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static ref int Last(Batch b) { b.Make(); var a = b.Watch(new int[4]); a[3] = 44; return ref a[3]; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static Span<int> Numbers(Batch b) { b.Make(); var a = b.Watch(new int[64]); a[40] = 40; return a.AsSpan(32, 16); }
    private static void SpanOverArray(Batch b) { Span<int> s = Numbers(b); b.During(); Lab.Expect("span", s[8] == 40 && s.Length == 16); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static Span<object?> Objects(Batch b) { var a = new object?[64]; a[40] = b.Make(); return a.AsSpan(32, 16); }
    private static void SpanOfReferences(Batch b) { Span<object?> s = Objects(b); b.During(); b.Use((Probe?)s[8]); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static ReadOnlySpan<char> Letters(Batch b) { b.Make(); return b.Watch(new string('q', 30)).AsSpan(10, 3); }
    private static void SpanOverString(Batch b) { ReadOnlySpan<char> s = Letters(b); b.During(); Lab.Expect("letters", s.SequenceEqual("qqq")); }
    private static void RefStructField(Batch b) { var r = new RefField { Number = ref Inside(b) }; b.During(); Lab.Expect("ref field", r.Number == 7); }
    private static void RefStructReference(Batch b) { var r = new RefField { Reference = ref Slot(b) }; b.During(); b.Use(r.Reference); }
    private static void RefStructSpan(Batch b) { var r = new RefField { Rest = Objects(b) }; b.During(); b.Use((Probe?)r.Rest[8]); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void TakesRefStruct(scoped RefField r, Batch b) { b.During(); b.Use(r.Reference); }
    private static void RefStructArgument(Batch b) => TakesRefStruct(new RefField { Reference = ref Slot(b) }, b);
    private static void Unboxed(Batch b) { ref Pair p = ref Unsafe.Unbox<Pair>(MakeBoxed(b)); b.During(); b.Use((Probe?)p.Second); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static object MakeBoxed(Batch b) => new Pair(null, 2, b.Make());
    private static void RefToFieldOfStruct(Batch b) { var p = new Pair(b.Make(), 1, null); ref object? o = ref p.First; b.During(); b.Use((Probe?)o); }
    private static void TypedRef(Batch b) { Probe? p = b.Make(); TypedReference t = __makeref(p); b.During(); b.Use(__refvalue(t, Probe?)); }
    private static unsafe void Fixed(Batch b)
    {
        fixed (int* n = Numbers(b)) { nint at = (nint)n; b.During(); Lab.Expect("fixed", n[8] == 40 && at == (nint)n); }
    }
    private static unsafe void FixedString(Batch b) { fixed (char* s = Letters(b)) { b.During(); Lab.Expect("fixed letters", s[2] == 'q'); } }

    // -- not roots
    [MethodImpl(MethodImplOptions.NoInlining)] private static nint Bits(Batch b) => Lab.Address(b.Make());
    private static unsafe void InStackalloc(Batch b) { nint* words = stackalloc nint[8]; words[3] = Bits(b); b.During(); s_bits = words[3]; }
    private static void NumberInLocal(Batch b) { long bits = Bits(b); b.During(); s_bits = (nint)bits; }
    private static unsafe void PointerInLocal(Batch b) { byte* p = (byte*)Bits(b); b.During(); s_bits = (nint)p; }
    private static unsafe void FixedEnded(Batch b) { Ended(b); b.During(); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static unsafe void Ended(Batch b) { fixed (int* n = Numbers(b)) s_bits = (nint)n; }
    private static void Overwritten(Batch b) { Hides(b); b.During(); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Hides(Batch b) { Probe? p = b.Make(); b.Use(p); }

    // -- exceptions, threads, generics
    private sealed class Carries(Probe p) : Exception { public readonly Probe P = p; }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Throws(Batch b) => throw new Carries(b.Make());
    private static void InFilter(Batch b) { try { Throws(b); } catch (Carries c) when (Collects(b) == 3) { b.Use(c.P); } }
    private static void InFinally(Batch b) { try { try { Throws(b); } finally { b.During(); } } catch (Carries c) { b.Use(c.P); } }
    private static void InCatch(Batch b) { try { Throws(b); } catch (Carries c) { b.During(); b.Use(c.P); } }
    private static void Rethrown(Batch b) { try { try { Throws(b); } catch (Carries) { b.During(); throw; } } catch (Carries c) { b.Use(c.P); } }
    private static void LocalOverThrow(Batch b) { Probe p = b.Make(); try { throw new InvalidOperationException(); } catch (InvalidOperationException) { b.During(); } b.Use(p); }
    private static void InFinallyWithLocal(Batch b) { Probe p = b.Make(); try { Lab.Noise(3); } finally { b.During(); b.Use(p); } }
    private static void NestedThrow(Batch b) { try { Throws(b); } catch (Carries c) { try { throw new ArgumentException(); } catch (ArgumentException) { b.During(); } b.Use(c.P); } }
    private static void ThreadArgument(Batch b) { var t = new Thread(o => { b.During(); b.Use((Probe?)o); }); Start(t, b); t.Join(); }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Start(Thread t, Batch b) => t.Start(b.Make());
    private static void OtherThreadLocal(Batch b)
    {
        using var made = new ManualResetEventSlim(); using var end = new ManualResetEventSlim();
        var t = new Thread(() => { Probe p = b.Make(); made.Set(); end.Wait(); b.Use(p); });
        t.Start(); made.Wait(); b.During(); end.Set(); t.Join();
    }
    private static void RunningThread(Batch b)
    {
        var made = new ManualResetEventSlim(); bool stop = false;
        var t = new Thread(() => { Probe p = b.Make(); made.Set(); int n = 0; while (!Volatile.Read(ref stop)) n++; b.Use(n >= 0 ? p : null); });
        t.Start(); made.Wait(); b.During(); Volatile.Write(ref stop, true); t.Join();
    }
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Shared<T>(T value, Batch b) { T[] copy = [value]; T local = value; b.During(); b.Use(local as Probe); GC.KeepAlive(copy); }
    private static void SharedGeneric(Batch b) => Shared(b.Make(), b);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void SharedStruct<T>((int, T) value, Batch b) { (int, T) local = value; b.During(); b.Use((object?)local.Item2 as Probe); }
    private static void SharedGenericStruct(Batch b) => SharedStruct((1, b.Make()), b);
    private static void InTailPosition(Batch b) => Down(20, b.Make(), b);
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Down(int n, Probe p, Batch b) { if (n > 0) Down(n - 1, p, b); else { b.During(); b.Use(p); } }
    private static void ThroughReflection(Batch b) => typeof(Program).GetMethod("Takes", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!.Invoke(null, [b.Make(), b]);
    private static void ThroughNative(Batch b) { var p = b.Make(); int[] a = [3, 1, 2]; Array.Sort(a, (x, y) => { if (x + y == 3) b.During(); return x - y; }); b.Use(p); Lab.Expect("sorted", a[2] == 3); }
    private static unsafe void FunctionPointer(Batch b) { delegate*<Probe, Batch, void> f = &Takes; f(b.Make(), b); }
    private static void Delegate(Batch b) { Action<Probe, Batch> f = Takes; f(b.Make(), b); }
    private static void Multicast(Batch b) { Action<Probe, Batch>? f = Takes; f += static (_, _) => Lab.Noise(5); f(b.Make(), b); }

    private static void Main()
    {
        Act[] kept =
        [
            Local, Argument, ArgumentOnStack, AcrossCall, BetweenManyArguments, ReturnValue, OutArgument, ByReference, InLoop, Conditional, InParams,
            InParamsSpan, CapturedThis, OnlyThis, Using, Locked, StructOnStack, NestedStruct, StructArgument, StructInRegisters, ReturnedStruct,
            InlineArray, Nullable, CopiedStruct, RefLocal, RefIntoLarge, RefToReference, ReturnedRef, RefOffTheEnd, SpanOverArray, SpanOfReferences,
            SpanOverString, RefStructField, RefStructReference, RefStructSpan, RefStructArgument, Unboxed, RefToFieldOfStruct, TypedRef, Fixed,
            FixedString, InFilter, InFinally, InCatch, Rethrown, LocalOverThrow, InFinallyWithLocal, NestedThrow, ThreadArgument, OtherThreadLocal,
            RunningThread, SharedGeneric, SharedGenericStruct, InTailPosition, ThroughReflection, ThroughNative, FunctionPointer, Delegate, Multicast,
        ];
        foreach (Act a in kept) Frame(a.Method.Name, a);
        Act[] lost = [InStackalloc, NumberInLocal, PointerInLocal, FixedEnded, Overwritten];
        foreach (Act a in lost) Frame("no root: " + a.Method.Name, a);
    }
}
