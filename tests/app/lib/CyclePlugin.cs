// compile: library
// What UnloadCycles.cs loads into context after context: one of everything that leaves something behind in the runtime.
#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Cycles
{
    [AttributeUsage(AttributeTargets.All)]
    public sealed class MarkAttribute(string text) : Attribute { public string Text = text; public Type? Of { get; set; } }

    public interface IPart { int Weight { get; } string Label => "part " + Weight; static abstract int Zero { get; } }
    public interface IBox<out T> { T Open(); }
    public record struct Point(int X, int Y);
    public record Named(string Name, Point At);
    public enum Mode : short { None, Some, All }
    public delegate T Maker<T>(int n);

    [Mark("bolt", Of = typeof(Mode))]
    public class Bolt : IPart, IComparable<Bolt>, IEquatable<Bolt>
    {
        public static readonly List<Bolt> Made = [];
        public static event Action<Bolt>? Added;
        public static object Gate = new();
        [ThreadStatic] private static Bolt? t_last;
        [ThreadStatic] private static Dictionary<Bolt, Point>? t_map;
        public static int Zero => 0;
        public int Weight { get; init; }
        public int CompareTo(Bolt? o) => Weight.CompareTo(o!.Weight);
        public bool Equals(Bolt? o) => o?.Weight == Weight;
        public override bool Equals(object? o) => Equals(o as Bolt);
        public override int GetHashCode() => Weight;
        public virtual T Same<T>(T v) => v; // generic virtual
        public static Bolt Add(int w)
        {
            var b = new Bolt { Weight = w };
            lock (Gate) Made.Add(b);
            Added?.Invoke(b);
            (t_map ??= [])[b] = new Point(w, w);
            return t_last = b;
        }
        public static string Last() => (t_last?.Weight ?? -1) + "/" + (t_map?.Count ?? 0);
    }
    public sealed class Nut : Bolt, IBox<Nut> { public override T Same<T>(T v) => default!; public Nut Open() => this; }
    public static class Holder<T> { public static T? Value; public static int Count; static Holder() => Count = 1; }
    public sealed class Ends { public static int Count; public object? Self; ~Ends() => Count++; }

    public static class Waits
    {
        public static async Task<Named> Later(Task t, int n) { await t; return new Named("later", new Point(n, 0)); }
    }

    // What UnloadKeepers.cs asks for.
    public sealed class Comes { public static Action<object>? Back; ~Comes() => Back?.Invoke(this); }
    public static class Keeps
    {
        public static object? Root;
        [ThreadStatic] public static object? OfThread;
        public static void Stay(WaitHandle w) => w.WaitOne();
        public static void SetThreadStatic() => OfThread = new Bolt { Weight = 3 };
        public static IEnumerable<int> Count() { for (int i = 1; ; i++) yield return i; }
        public static object Boxes() => new Point(1, 2);
        public static Action Static() => static () => { };
        public static int Calls(Action a) { a(); return 5; }
        public static bool Filter(Action a) { try { a(); } catch (Exception e) when (e.Message == "x") { return true; } return false; }
    }

    public static unsafe class Plugin
    {
        [DllImport("libc")] private static extern int abs(int n);
        [DllImport("libc")] private static extern void qsort(int* p, nint n, nint size, Order order);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)] private delegate int Order(int* a, int* b);
        [UnmanagedCallersOnly] private static int Plus(int a, int b) => a + b;

        private static int Sum<T>(IEnumerable<T> all) where T : IPart => all.Sum(p => p.Weight) + T.Zero;
        private static IEnumerable<Point> Walk(int n) { for (int i = 0; i < n; i++) yield return new Point(i, -i); }

        private static string Values()
        {
            for (int i = 0; i < 5; i++) Bolt.Add(10 - i);
            Bolt[] sorted = [.. Bolt.Made];
            Array.Sort(sorted);
            IPart[] parts = sorted;
            Holder<Bolt>.Value = sorted[0]; Holder<Point>.Value = new Point(1, 2); Holder<List<Nut>>.Value = [new Nut()];
            Holder<string>.Value = "s"; Holder<Point[]>.Value = [.. Walk(3)];
            var map = new Dictionary<Point, Bolt>(); foreach (Point p in Walk(4)) map[p] = sorted[p.X];
            var set = new HashSet<Mode> { Mode.Some, Mode.All };
            IBox<Bolt> box = new Nut { Weight = 4 };
            var grid = new Point[2, 2]; grid[1, 1] = new Point(3, 4);
            Bolt same = box.Open().Same<Bolt>(sorted[1]) ?? sorted[2];
            return $"{sorted[0].Weight} {Sum(sorted)} {parts[1].Label} {map[new Point(2, -2)].Weight} {set.Contains(Mode.All)} {box.Open().Weight} " +
                $"{grid[1, 1]} {same.Weight} {Holder<Point[]>.Value!.Length + Holder<List<Nut>>.Count} {Enum.Parse<Mode>("Some")} {new Named("n", default)} {Bolt.Last()}";
        }

        private static string Delegates(int n)
        {
            int seen = 0;
            Bolt.Added += b => seen += b.Weight;            // a closure that a static of the context keeps
            Bolt.Add(n); Bolt.Add(1);
            Maker<Point> make = static i => new Point(i, i);
            Func<Bolt, int> weight = b => b.Weight + n;
            weight += static b => b.Weight;
            var open = (Func<Bolt, int>)typeof(Bolt).GetProperty("Weight")!.GetMethod!.CreateDelegate(typeof(Func<Bolt, int>));
            delegate*<int, int, int> raw = &Add;
            delegate* unmanaged<int, int, int> native = &Plus;
            int* v = stackalloc int[] { 5, 2, 9, 1 };
            int calls = 0;
            Order order = (a, b) => { calls++; return *a - *b; };
            qsort(v, 4, 4, order);
            IntPtr p = Marshal.GetFunctionPointerForDelegate(order);
            bool back = Marshal.GetDelegateForFunctionPointer<Order>(p) == order;
            GC.KeepAlive(order);
            return $"{seen - n} {make(3)} {weight(Bolt.Made[0])} {open(Bolt.Made[0])} {raw(1, 2)} {native(3, 4)} {v[0]}{v[3]} {calls > 2} {back} {abs(-7)}";
        }

        private static int Add(int a, int b) => a + b;

        private static string Handles()
        {
            var strong = GCHandle.Alloc(new Bolt { Weight = 1 }); var weak = GCHandle.Alloc(Bolt.Made[0], GCHandleType.WeakTrackResurrection);
            var pinned = GCHandle.Alloc(new Point[3], GCHandleType.Pinned);
            var dependent = new DependentHandle(Bolt.Made[0], new Nut { Weight = 2 });
            var table = new ConditionalWeakTable<Bolt, Named>(); table.Add(Bolt.Made[0], new Named("t", default));
            new Ends().Self = Bolt.Made;
            ((Point*)pinned.AddrOfPinnedObject())[1] = new Point(5, 6);
            string s = $"{((Bolt)strong.Target!).Weight} {weak.Target == Bolt.Made[0]} {((Point[])pinned.Target!)[1]} {((Nut)dependent.Dependent!).Weight} " +
                table.TryGetValue(Bolt.Made[0], out _);
            strong.Free(); weak.Free(); pinned.Free(); dependent.Dispose();
            _ = new WeakReference(new Nut()); _ = new WeakReference<Nut>(new Nut(), true); // left to their finalisers
            return s;
        }

        private static string Throws(int n)
        {
            try { try { throw new InvalidOperationException("thrown " + n); } finally { n++; } }
            catch (Exception e) when (e.Message.Length > 3) { return e.GetType().Name + e.StackTrace!.Contains("Throws") + n; }
        }

        private static string Reflects()
        {
            Type t = typeof(Bolt), g = typeof(Holder<>).MakeGenericType(typeof(Named));
            g.GetField("Value")!.SetValue(null, new Named("set", default));
            object o = Activator.CreateInstance(typeof(Nut))!;
            object? r = typeof(Bolt).GetMethod("Same")!.MakeGenericMethod(typeof(Point)).Invoke(new Bolt(), [new Point(8, 8)]);
            return $"{t.GetMethods().Length > 8} {t.GetCustomAttribute<MarkAttribute>()!.Of} {g.GetField("Value")!.GetValue(null)} {o is IBox<Bolt>} {r} " +
                typeof(Plugin).Assembly.GetTypes().Count(x => x.Namespace == "Cycles" && x.IsPublic);
        }

        private static string Threads(int n)
        {
            string s = "";
            var t = new Thread(() => { Bolt.Add(n); s = Bolt.Last(); });
            t.Start(); t.Join();
            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<Named> later = Waits.Later(source.Task, 6);
            source.SetResult();
            var local = new ThreadLocal<Bolt>(() => new Bolt { Weight = 12 });
            var flows = new AsyncLocal<Named> { Value = new Named("flows", default) };
            s += $" {later.Result} {local.Value!.Weight} {Task.Run(() => flows.Value.Name).Result}";
            local.Dispose();
            flows.Value = null!; // the execution context of this thread would keep it
            return s;
        }

        private static string Emits(int n)
        {
            var m = new DynamicMethod("d", typeof(string), [typeof(Bolt)], typeof(Plugin).Module, true);
            ILGenerator il = m.GetILGenerator();
            il.Emit(OpCodes.Ldstr, "dynamic "); il.Emit(OpCodes.Ldarg_0); il.Emit(OpCodes.Callvirt, typeof(IPart).GetProperty("Label")!.GetMethod!);
            il.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(string), typeof(string)])!); il.Emit(OpCodes.Ret);
            string s = m.CreateDelegate<Func<Bolt, string>>()(Bolt.Made[0]);
            AssemblyBuilder ab = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("emitted"), AssemblyBuilderAccess.RunAndCollect);
            TypeBuilder tb = ab.DefineDynamicModule("m").DefineType("Emitted", TypeAttributes.Public, typeof(Bolt));
            FieldBuilder f = tb.DefineField("F", typeof(List<Point>), FieldAttributes.Public | FieldAttributes.Static);
            il = tb.DefineMethod("M", MethodAttributes.Public | MethodAttributes.Static, typeof(int), [typeof(int)]).GetILGenerator();
            il.Emit(OpCodes.Newobj, typeof(List<Point>).GetConstructor([])!); il.Emit(OpCodes.Stsfld, f);
            il.Emit(OpCodes.Ldsfld, f); il.Emit(OpCodes.Callvirt, typeof(List<Point>).GetProperty("Count")!.GetMethod!);
            il.Emit(OpCodes.Ldarg_0); il.Emit(OpCodes.Add); il.Emit(OpCodes.Ret);
            Type t = tb.CreateType();
            var b = (Bolt)Activator.CreateInstance(t)!;
            return s + " " + t.GetMethod("M")!.Invoke(null, [n]) + b.Weight + Activator.CreateInstance(typeof(List<>).MakeGenericType(t))!.GetType().IsCollectible;
        }

        // all parts, or one of them
        public static string Run(int n, bool all)
        {
            Bolt.Add(1);
            Func<int, string>[] parts = [_ => Values(), Delegates, _ => Handles(), Throws, _ => Reflects(), Threads, Emits, _ => "" + (Ends.Count >= 0)];
            return all ? string.Join(" | ", parts.Select(p => p(n))) : parts[n % parts.Length](n);
        }
    }
}
