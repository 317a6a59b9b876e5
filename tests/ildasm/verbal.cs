// Values of attributes in words, and what has none.
// run: -caverbal
// want: AAttribute::.ctor(int32, string, class [System.Runtime]System.Type, object) = {int32(-5) string('it\'s \\ é') type(class 'System.Int32, System.Runtime, Version=10.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a') object(string(nullref))}
// want: property int32[] 'Ints' = int32[2](1 -2)
// want: property string[] 'Texts' = string[2]('a' nullref)
// want: field object 'Boxed' = object(string(nullref))
// want: property enum class 'Small' 'Size' = uint8(2)
// want: field object 'Boxed' = object(int32[2](3 4))
// want: field object[] 'Mixed' = object[3](int32(1) string('x') bool(true))
// want: AAttribute::.ctor(char, bool, float32, float64, uint64) = {char(0x0041) bool(true) float32(1.5) float64(0x7FF0000000000000) uint64(18446744073709551615)}
// want: AAttribute::.ctor(valuetype Small) = {uint8(1)}
// want: AAttribute::.ctor(valuetype [System.Runtime]System.DayOfWeek) = {int32(6)}
// want: AAttribute::.ctor(object) = (
// want: AAttribute::.ctor(string) = ( 01 00 03 61 0A 62 00 00 )
// want: AAttribute::.ctor() = {}
// run:
// want: AAttribute::.ctor() = ( 01 00 00 00 )
using System;
public enum Small : byte { One = 1, Two }
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
public class AAttribute : Attribute
{
    public AAttribute() { }
    public AAttribute(int i, string s, Type t, object o) { }
    public AAttribute(char c, bool b, float f, double d, ulong u) { }
    public AAttribute(Small s) { }
    public AAttribute(DayOfWeek s) { }
    public AAttribute(object o) { }
    public AAttribute(string o) { }
    public int[] Ints { get; set; }
    public string[] Texts { get; set; }
    public Small Size { get; set; }
    public object Boxed;
    public object[] Mixed;
}
[A] public class C0 { }
[A(-5, "it's \\ é", typeof(int), (string)null)] public class C1 { }
[A(Ints = new[] { 1, -2 }, Texts = new[] { "a", null }, Boxed = (Type)null, Size = Small.Two)] public class C2 { }
[A(Boxed = new[] { 3, 4 }, Mixed = new object[] { 1, "x", true })] public class C3 { }
[A('A', true, 1.5f, double.PositiveInfinity, ulong.MaxValue)] public class C4 { }
[A(Small.One)] public class C5 { }
[A(DayOfWeek.Saturday)] public class C6 { }
[A((object)DayOfWeek.Sunday)] public class C7 { }
[A("a\nb")] public class C8 { static void Main() { } }
