// Small values on their way to native code: kinds of bool and char, enums, decimal, currency, dates, guids, pointers.
// native: lib/Interop.c
// also: common/Native.cs
using System.Runtime.InteropServices;
using static Native;

internal enum ByteEnum : byte { A = 1, B = 200 }
internal enum LongEnum : long { A = 1, B = long.MinValue }
internal struct Wrapped { public int X; }
internal struct Gen<T> { public T X; public T Y; }

internal static unsafe class Program
{
    [DllImport(Lib, EntryPoint = "int_in")] private static extern int BoolIn(bool b);
    [DllImport(Lib, EntryPoint = "int_in")] private static extern int BoolIn4([MarshalAs(UnmanagedType.Bool)] bool b);
    [DllImport(Lib, EntryPoint = "byte_in")] private static extern int BoolIn1([MarshalAs(UnmanagedType.I1)] bool b);
    [DllImport(Lib, EntryPoint = "byte_in")] private static extern int BoolInU1([MarshalAs(UnmanagedType.U1)] bool b);
    [DllImport(Lib, EntryPoint = "short_in")] private static extern int BoolIn2([MarshalAs(UnmanagedType.VariantBool)] bool b);
    [DllImport(Lib, EntryPoint = "raw_int")] private static extern bool BoolOut(int x);
    [DllImport(Lib, EntryPoint = "junk_above")] [return: MarshalAs(UnmanagedType.U1)] private static extern bool BoolOut1(ulong x);
    [DllImport(Lib, EntryPoint = "junk_above")] [return: MarshalAs(UnmanagedType.I1)] private static extern bool BoolOutI1(ulong x);
    [DllImport(Lib, EntryPoint = "int_ref")] private static extern void BoolRef(ref bool b);
    [DllImport(Lib, EntryPoint = "int_ref")] private static extern void BoolOutRef(out bool b);
    [DllImport(Lib, EntryPoint = "byte_ref")] private static extern void BoolRef1([MarshalAs(UnmanagedType.U1)] ref bool b);
    [DllImport(Lib, EntryPoint = "byte_in")] private static extern int CharIn(char c);
    [DllImport(Lib, EntryPoint = "byte_in", BestFitMapping = false, ThrowOnUnmappableChar = true)] private static extern int CharInStrict(char c);
    [DllImport(Lib, EntryPoint = "short_in", CharSet = CharSet.Unicode)] private static extern int WideIn(char c);
    [DllImport(Lib, EntryPoint = "byte_in", CharSet = CharSet.Unicode)] private static extern int CharInU1([MarshalAs(UnmanagedType.U1)] char c);
    [DllImport(Lib, EntryPoint = "short_in")] private static extern int CharInU2([MarshalAs(UnmanagedType.U2)] char c);
    [DllImport(Lib, EntryPoint = "byte_out")] private static extern char CharOut(int c);
    [DllImport(Lib, EntryPoint = "short_out", CharSet = CharSet.Unicode)] private static extern char WideOut(int c);
    [DllImport(Lib, EntryPoint = "byte_ref")] private static extern void CharRef(ref char c);
    [DllImport(Lib, EntryPoint = "byte_set")] private static extern void CharSetTo(ref char c, int v);
    [DllImport(Lib, EntryPoint = "short_ref", CharSet = CharSet.Unicode)] private static extern void WideRef(ref char c);
    [DllImport(Lib, EntryPoint = "byte_in")] private static extern int EnumIn(ByteEnum e);
    [DllImport(Lib, EntryPoint = "long_in")] private static extern LongEnum LongEnumIn(LongEnum e);
    [DllImport(Lib, EntryPoint = "byte_ref")] private static extern void EnumRef(ref ByteEnum e);
    [DllImport(Lib, EntryPoint = "int_in")] private static extern Wrapped WrappedIn(Wrapped e);
    [DllImport(Lib, EntryPoint = "long_in")] private static extern Gen<int> GenIn(Gen<int> e);
    [DllImport(Lib, EntryPoint = "decimal_in")] private static extern decimal DecimalIn(decimal d);
    [DllImport(Lib, EntryPoint = "decimal_ref")] private static extern void DecimalPtr([MarshalAs(UnmanagedType.LPStruct)] decimal d);
    [DllImport(Lib, EntryPoint = "decimal_ref")] private static extern void DecimalRef(ref decimal d);
    [DllImport(Lib, EntryPoint = "long_in")] private static extern long CurrencyIn([MarshalAs(UnmanagedType.Currency)] decimal d);
    [DllImport(Lib, EntryPoint = "long_in")] [return: MarshalAs(UnmanagedType.Currency)] private static extern decimal CurrencyOut(long d);
    [DllImport(Lib, EntryPoint = "double_in")] private static extern double DateIn(DateTime d);
    [DllImport(Lib, EntryPoint = "double_in")] private static extern DateTime DateOut(double d);
    [DllImport(Lib, EntryPoint = "double_ref")] private static extern void DateRef(ref DateTime d);
    [DllImport(Lib, EntryPoint = "guid_in")] private static extern Guid GuidIn(Guid g);
    [DllImport(Lib, EntryPoint = "guid_ref")] private static extern void GuidPtr([MarshalAs(UnmanagedType.LPStruct)] Guid g);
    [DllImport(Lib, EntryPoint = "guid_ref")] private static extern void GuidRef(ref Guid g);
    [DllImport(Lib, EntryPoint = "guid_ptr")] [return: MarshalAs(UnmanagedType.LPStruct)] private static extern Guid GuidPtrOut(ref Guid g);
    [DllImport(Lib, EntryPoint = "float_in")] private static extern float FloatIn(float f);
    [DllImport(Lib, EntryPoint = "raw_int")] private static extern sbyte SByteOut(int x);
    [DllImport(Lib, EntryPoint = "raw_int")] private static extern byte ByteOut(int x);
    [DllImport(Lib, EntryPoint = "raw_int")] private static extern short ShortOut(int x);
    [DllImport(Lib, EntryPoint = "raw_int")] private static extern ushort UShortOut(int x);
    [DllImport(Lib, EntryPoint = "raw_int")] private static extern uint UIntOut(int x);
    [DllImport(Lib, EntryPoint = "long_in")] private static extern nint PtrIn(int* x);
    [DllImport(Lib, EntryPoint = "long_in")] private static extern nuint NativeIn(nuint x);
    [DllImport(Lib, EntryPoint = "int_ref")] private static extern void IntRef(ref int x);
    [DllImport(Lib, EntryPoint = "int_ref")] private static extern void IntIn(in int x);
    [DllImport(Lib, EntryPoint = "int_ref")] private static extern void IntOut(out int x);
    [DllImport(Lib, EntryPoint = "int_in")] private static extern int ErrorIn([MarshalAs(UnmanagedType.Error)] int x);
    [DllImport(Lib)] private static extern int ten(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j);
    [DllImport(Lib)] private static extern double mixed(int a, double b, sbyte c, float d, long e, ushort f, double g, double h, double i, double j, double k, double l, double m, double n);

    private static void Main()
    {
        byte two = 2;
        bool yes = *(bool*)&two;
        P("bool", () => BoolIn(true) + BoolIn(false) * 10);
        P("bool 2", () => BoolIn(yes));
        P("bool 4", () => BoolIn4(true));
        P("bool 1", () => BoolIn1(true));
        P("bool u1", () => BoolInU1(yes));
        P("variant bool", () => BoolIn2(true));
        P("returned", () => $"{BoolOut(0)} {BoolOut(256)} {BoolOut(-1)} {BoolOut1(256)} {BoolOut1(0x101)} {BoolOutI1(0x1ff00)} {BoolOutI1(0x80)}");
        P("ref", () => { bool b = true; BoolRef(ref b); return b; });
        P("out", () => { bool b = true; BoolOutRef(out b); return b; });
        P("ref 1", () => { bool b = false; BoolRef1(ref b); return b; });
        foreach (char c in "a\u00e9\u20ac\ud800\0\u007f\u0080")
        {
            P("char", () => CharIn(c));
            P("char strict", () => CharInStrict(c));
            P("wide", () => WideIn(c));
            P("u1", () => CharInU1(c));
            P("u2", () => CharInU2(c));
            P("back", () => CharOut(c));
            P("wide back", () => WideOut(c));
            P("char ref", () => { char x = c; CharRef(ref x); return x; });
            P("wide ref", () => { char x = c; WideRef(ref x); return x; });
        }
        P("char set", () => { char x = 'a'; CharSetTo(ref x, 0xe9); return x; });
        P("enum", () => EnumIn(ByteEnum.B));
        P("long enum", () => LongEnumIn(LongEnum.B));
        P("enum ref", () => { ByteEnum e = ByteEnum.B; EnumRef(ref e); return (int)e; });
        P("wrapped", () => WrappedIn(new() { X = 9 }).X);
        P("generic", () => GenIn(new() { X = 9, Y = 8 }).Y);
        P("decimal", () => DecimalIn(-12.345m));
        P("decimal ptr", () => DecimalPtr(12.5m));
        P("decimal ref", () => { decimal d = 1.5m; DecimalRef(ref d); return d; });
        P("currency", () => CurrencyIn(12.3456m));
        P("currency rounds", () => CurrencyIn(-1.00005m));
        P("currency back", () => CurrencyOut(123456));
        P("currency large", () => CurrencyIn(decimal.MaxValue));
        P("date", () => DateIn(new DateTime(2020, 1, 2, 12, 0, 0)));
        P("date back", () => DateOut(18250.25).ToString("s"));
        P("date ref", () => { var d = new DateTime(1999, 12, 31); DateRef(ref d); return d.ToString("s"); });
        P("date small", () => DateIn(new DateTime(50, 1, 1)));
        P("date zero", () => DateIn(default));
        P("guid", () => GuidIn(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)));
        P("guid ptr", () => GuidPtr(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)));
        P("guid ref", () => { var g = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11); GuidRef(ref g); return g; });
        P("guid ptr back", () => { var g = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11); return GuidPtrOut(ref g); });
        P("float", () => FloatIn(1.25f));
        P("narrow", () => $"{SByteOut(0x1ff)} {ByteOut(0x1ff)} {ShortOut(0x1ffff)} {UShortOut(0x1ffff)} {UIntOut(-1)}");
        P("pointer", () => PtrIn((int*)8));
        P("nuint", () => NativeIn(nuint.MaxValue));
        P("int ref", () => { int x = 3; IntRef(ref x); return x; });
        P("int in", () => { int x = 3; IntIn(in x); return x; });
        P("int out", () => { int x = 3; IntOut(out x); return x; });
        P("error", () => ErrorIn(-5));
        P("ten", () => ten(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
        P("mixed", () => mixed(1, 2, -3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
    }

}
