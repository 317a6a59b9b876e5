// What the program holds while collections move objects: evaluation stacks that a hardware fault interrupts, arguments of first calls, callers blocked
// in locks and native code, fields written through pointers, references past an array's end, handlers that load assemblies, dynamic methods.
// One thread collects all the time; values are checked, never printed by address.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
#pragma warning disable CS8500, SYSLIB1054

internal sealed class Box(int v) { public int V = v; public Box Next = null!; public int[] Pad = [v, v + 1]; public bool Ok(int v) => V == v && Pad[0] == v && Pad[1] == v + 1; }
internal struct Pair<T> { public T A; public object O; public long N; }
internal interface IKind { static abstract int N { get; } }
internal struct K1 : IKind { public static int N => 1; }
internal struct K2 : IKind { public static int N => 2; }

internal static unsafe class Program
{
    private static volatile bool s_stop;
    private static int s_sink;

    [DllImport("libc")] private static extern int getppid();
    [DllImport("libc")] private static extern int usleep(uint micros);

    private static Box Make(int v) => new(v);
    private static int Sum(Box a, Box b, int c, Box d) => a.Ok(1) && b.Ok(2) && d.Ok(4) ? c : -1000;
    [MethodImpl(MethodImplOptions.NoInlining)] private static void Churn() { for (int i = 0; i < 40; i++) s_sink += new Box(i).Pad.Length; }

    private static int FaultedStack(Box? o, int[]? a, int i)
    {
        int r = 0;
        try { r = Sum(Make(1), Make(2), o!.V + a![i], Make(4)); }
        catch (NullReferenceException) { Churn(); r = -1; }
        catch (IndexOutOfRangeException) { Churn(); r = -2; }
        finally { Churn(); }
        Box x = Make(1), y = Make(2);
        Churn();
        return Sum(x, y, r, Make(4));
    }

    private static int FaultedInFinally(int[]? a)
    {
        Box keep = Make(7);
        try
        {
            try { Churn(); s_sink += Make(3).V + a!.Length; }
            finally { Churn(); if (a == null) s_sink += Sum(Make(1), Make(2), ((Box?)null)!.V, Make(4)); }
        }
        catch (NullReferenceException) when (Filter(keep)) { Churn(); }
        return keep.Ok(7) ? 1 : 0;
    }

    private static bool Filter(Box b)
    {
        Churn();
        try { s_sink += ((Box?)null)!.V; } catch (NullReferenceException) { Churn(); }
        return b.Ok(7);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Many<T>(Box a, Box b, Box c, Box d, Box e, Box f, Pair<T> g, Box h, ref Box i, object j) =>
        a.Ok(1) && b.Ok(2) && c.Ok(3) && d.Ok(4) && e.Ok(5) && f.Ok(6) && ((Box)g.O).Ok(7) && g.N == 70 && h.Ok(8) && i.Ok(9) && (string)j == "ten" ? 1 : 0;

    private static int First<T>(T v)
    {
        Box[] nine = [Make(9)];
        return Many(Make(1), Make(2), Make(3), Make(4), Make(5), Make(6), new Pair<T> { A = v, O = Make(7), N = 70 }, Make(8), ref nine[0],
                    string.Concat("te", s_stop ? "" : "n"));
    }

    private static int FirstCalls() =>
        First((byte)1) + First((sbyte)1) + First((short)1) + First((ushort)1) + First(1) + First(1u) + First(1L) + First(1ul) + First(1f) + First(1d) +
        First('a') + First(true) + First((1, 2)) + First((1L, 2)) + First(DateTime.UnixEpoch) + First(Guid.Empty) + First(new K1()) + First(new K2()) +
        First(new KeyValuePair<int, object>(1, "x")) + First("s");

    private static int Deep<T>(int n, Box b) => n == 0 ? (b.Ok(5) ? 1 : 0) : Deep<Pair<T>>(n - 1, b);

    /* Writes over memory that collections gave back. */
    private static void Overwrite()
    {
        for (int i = 0; i < 3000; i++)
            Array.Fill(new int[1000], -1);
    }

    private static int ThroughPointers()
    {
        Box old = Make(1);
        Pair<Box>[] pairs = new Pair<Box>[3];
        GC.Collect();
        GC.Collect();
        fixed (Box* p = &old.Next)
            *p = Make(11);
        fixed (Pair<Box>* p = pairs)
        {
            p[1] = new Pair<Box> { A = Make(12), O = Make(13), N = 5 };
            p[2].A = Make(14);
            Unsafe.Write(&p[0].A, Make(15));
        }
        Churn();
        GC.Collect(0);
        Overwrite();
        GC.Collect(1);
        Overwrite();
        return old.Next.Ok(11) && pairs[1].A.Ok(12) && ((Box)pairs[1].O).Ok(13) && pairs[2].A.Ok(14) && pairs[0].A.Ok(15) ? 1 : 0;
    }

    private static long PastTheEnd(int n)
    {
        long[] data = new long[n];
        for (int i = 0; i < n; i++)
            data[i] = i;
        ref long at = ref MemoryMarshal.GetArrayDataReference(data), end = ref Unsafe.Add(ref at, n);
        data = null!;
        long sum = 0;
        for (; Unsafe.IsAddressLessThan(ref at, ref end); at = ref Unsafe.Add(ref at, 1))
        {
            sum += at;
            Churn();
        }
        return sum;
    }

    private static int Native(int rounds)
    {
        Box keep = Make(21), other = Make(22);
        for (int i = 0; i < rounds; i++)
        {
            s_sink += getppid();
            if (i % 64 == 0)
                usleep(50);
            if (!keep.Ok(21) || !other.Ok(22))
                return 0;
            if (i % 16 == 0)
                other = Make(22);
        }
        return 1;
    }

    private static readonly object s_gate = new();
    private static int Contended(int rounds)
    {
        int ok = 0;
        for (int i = 0; i < rounds; i++)
        {
            object gate = i % 3 == 0 ? s_gate : new Box(i);
            Box keep = Make(i);
            lock (gate)
            {
                if (i % 50 == 0)
                    Monitor.Wait(gate, 1);
                ok += keep.Ok(i) && RuntimeHelpers.GetHashCode(gate) == RuntimeHelpers.GetHashCode(gate) ? 1 : 0;
            }
        }
        return ok == rounds ? 1 : 0;
    }

    private static int Bound(int rounds)
    {
        int ok = 0;
        MethodInfo m = typeof(Box).GetMethod("Ok")!;
        for (int i = 0; i < rounds; i++)
        {
            var f = m.CreateDelegate<Func<int, bool>>(Make(i));
            var g = (Func<int, bool>)Delegate.CreateDelegate(typeof(Func<int, bool>), Make(i), "Ok");
            ok += f(i) && g(i) && (bool)m.Invoke(Make(i), [i])! ? 1 : 0;
        }
        return ok == rounds ? 1 : 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference, int) Dynamic(int i)
    {
        var dm = new DynamicMethod("d" + i, typeof(string), [typeof(Box)], typeof(Program).Module);
        ILGenerator il = dm.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(Box).GetMethod("ToString")!);
        il.Emit(OpCodes.Ldstr, "literal" + i);
        il.Emit(OpCodes.Call, typeof(string).GetMethod("Concat", [typeof(string), typeof(string)])!);
        il.Emit(OpCodes.Ret);
        var f = dm.CreateDelegate<Func<Box, string>>();
        Churn();
        return (new WeakReference(dm), f(Make(i)) == "Boxliteral" + i ? 1 : 0);
    }

    private static (int, int) DynamicMethods()
    {
        int ok = 0, gone = 0;
        var refs = new List<WeakReference>();
        for (int i = 0; i < 20; i++)
        {
            (WeakReference w, int r) = Dynamic(i);
            refs.Add(w);
            ok += r;
        }
        for (int i = 0; i < 4; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        foreach (WeakReference w in refs)
            gone += w.IsAlive ? 0 : 1;
        return (ok, gone >= 18 ? 1 : 0);
    }

    private static int Resolving()
    {
        int asked = 0;
        Box keep = Make(31);
        ResolveEventHandler h = (_, e) => { Churn(); asked++; return e.Name.StartsWith("None") ? null : typeof(Program).Assembly; };
        AppDomain.CurrentDomain.AssemblyResolve += h;
        int found = 0;
        for (int i = 0; i < 10; i++)
        {
            Churn();
            found += Assembly.Load("Some" + i) == typeof(Program).Assembly ? 1 : 0;
            try { Assembly.Load("None" + i); } catch (FileNotFoundException) { found++; }
        }
        AppDomain.CurrentDomain.AssemblyResolve -= h;
        return found == 20 && asked == 20 && keep.Ok(31) ? 1 : 0;
    }

    private static string Sizes()
    {
        string s = "";
        foreach (Type t in new[] { typeof(int), typeof(Guid), typeof(string), typeof(Pair<int>), typeof(void), typeof(List<>), typeof(Pair<>) })
            try { s += RuntimeHelpers.SizeOf(t.TypeHandle) + " "; } catch (ArgumentException) { s += "no "; }
        return s;
    }

    private static int Main()
    {
        var collector = new Thread(() =>
        {
            for (int i = 0; !s_stop; i++)
            {
                GC.Collect(i % 3);
                Thread.Sleep(i % 8 == 0 ? 1 : 0);
            }
        });
        collector.Start();
        int a = 0, b = 0;
        for (int i = 0; i < 30; i++)
        {
            a += FaultedStack(null, [1], 0) == -1 && FaultedStack(Make(5), null, 0) == -1 && FaultedStack(Make(5), [1], 3) == -2 && FaultedStack(Make(5), [1], 0) == 6 ? 1 : 0;
            b += FaultedInFinally(null) + FaultedInFinally([]);
        }
        Console.WriteLine($"faults {a} {b}");
        int deep = 0;
        for (int i = 1; i < 12; i++)
            deep += Deep<int>(i, Make(5));
        Console.WriteLine($"first calls {FirstCalls()} {deep}");
        Console.WriteLine($"pointers {ThroughPointers()} {PastTheEnd(200)} {PastTheEnd(1)} {PastTheEnd(0)}");
        int[] results = new int[8];
        Thread[] threads = new Thread[results.Length];
        for (int i = 0; i < threads.Length; i++)
        {
            int n = i;
            threads[i] = new Thread(() => results[n] = (n % 4) switch { 0 => Native(20000), 1 => Contended(1500), 2 => Bound(300), _ => Native(5000) + Contended(500) });
            threads[i].Start();
        }
        foreach (Thread t in threads)
            t.Join();
        Console.WriteLine("threads " + string.Join(' ', results));
        Console.WriteLine($"resolving {Resolving()}");
        (int ok, int gone) = DynamicMethods();
        Console.WriteLine($"dynamic {ok} {gone}");
        Console.WriteLine($"sizes {Sizes()}");
        s_stop = true;
        collector.Join();
        return 0;
    }
}
