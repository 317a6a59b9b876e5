// Compiled against Lib 1 and run with another: every use of what is not there any more is tried on its own.
using System;
using System.IO;
using System.Runtime.CompilerServices;
using L;

class Implements : IGrown { public int A() => 1; }
class Derives : Base { public override int P() => 2; }
class FromOpened : Opened { }
class HasGoneField { public GoneStruct S; public int I; }
class FromGone : Gone { }

static class Versions
{
    static void Try(string what, Action action)
    {
        try { action(); Console.WriteLine(what + ": good"); }
        catch (Exception e)
        {
            Console.WriteLine($"{what}: {e.GetType().FullName} 0x{e.HResult:x8}: {e.Message}");
            if (e is TypeLoadException t) Console.WriteLine("  type " + t.TypeName);
            if (e is FileNotFoundException f) Console.WriteLine("  file " + f.FileName);
            if (e is FileLoadException l) Console.WriteLine("  file " + l.FileName);
            if (e.InnerException != null) Console.WriteLine($"  inner {e.InnerException.GetType()}: {e.InnerException.Message}");
        }
    }
    const MethodImplOptions No = MethodImplOptions.NoInlining;

    [MethodImpl(No)] static void Kept() => Console.WriteLine(new Kept().V() + new Kept().F + L.Kept.S);
    [MethodImpl(No)] static void GoneStatic() => Console.WriteLine(Gone.Answer());
    [MethodImpl(No)] static void GoneNew() => Console.WriteLine(new Gone().X);
    [MethodImpl(No)] static void GoneLocal() { GoneStruct s = default; s.A = 1; Console.WriteLine(s.A); }
    [MethodImpl(No)] static void GoneCast() => Console.WriteLine((object)"s" is IGone);
    [MethodImpl(No)] static void GoneTypeof() => Console.WriteLine(typeof(Gone));
    [MethodImpl(No)] static void GoneBox() => Console.WriteLine((object)GoneEnum.B);
    [MethodImpl(No)] static void GoneInst() => Console.WriteLine(new GoneGeneric<int>().Value);
    [MethodImpl(No)] static void GoneInst2() => Console.WriteLine(new System.Collections.Generic.List<Gone>().Count);
    [MethodImpl(No)] static void GoneArray() => Console.WriteLine(new Gone[3].Length);
    [MethodImpl(No)] static void GoneDel() { GoneDelegate d = x => x; Console.WriteLine(d(1)); }
    [MethodImpl(No)] static void Lost() => Console.WriteLine(Members.Lost(1));
    [MethodImpl(No)] static void LostInstance() => Console.WriteLine(new Members().LostInstance("s"));
    [MethodImpl(No)] static void LostGeneric() => Console.WriteLine(new Members().LostGeneric(1));
    [MethodImpl(No)] static void LostGenericS() => Console.WriteLine(new Members().LostGeneric("x"));
    [MethodImpl(No)] static void LostField() => Console.WriteLine(new Members().LostField);
    [MethodImpl(No)] static void LostStatic() => Console.WriteLine(Members.LostStatic);
    [MethodImpl(No)] static void LostProperty() => new Members().LostProperty = 3;
    [MethodImpl(No)] static void LostPtr() { Func<int, int> f = Members.Lost; Console.WriteLine(f(3)); }
    [MethodImpl(No)] static void Changed() => Console.WriteLine(Members.Changed(1));
    [MethodImpl(No)] static void ChangedField() => Console.WriteLine(new Members().ChangedField);
    [MethodImpl(No)] static void ToInstanceField() => Console.WriteLine(new Members().BecomesInstanceField);
    [MethodImpl(No)] static void ToInstance() => Members.BecomesInstance();
    [MethodImpl(No)] static void ToStatic() => new Members().BecomesStatic();
    [MethodImpl(No)] static void Hidden() => Console.WriteLine(Members.Hidden());
    [MethodImpl(No)] static void HiddenField() => Console.WriteLine(new Members().HiddenField);
    [MethodImpl(No)] static void Nested() => Console.WriteLine(Outer.Inner.Y);
    [MethodImpl(No)] static void Iface() => Console.WriteLine(new Implements().A());
    [MethodImpl(No)] static void Abstract() => Console.WriteLine(new Derives().P());
    [MethodImpl(No)] static void Sealed() => Console.WriteLine(new FromOpened());
    [MethodImpl(No)] static void ToClass() { BecomesClass b = default; b.A = 3; Console.WriteLine(b.A); }
    [MethodImpl(No)] static void Constraint() => Console.WriteLine(new Constrained<string>());
    [MethodImpl(No)] static void FieldOfGone() => Console.WriteLine(new HasGoneField().I);
    [MethodImpl(No)] static void ParentGone() => Console.WriteLine(new FromGone());
    [MethodImpl(No)] static void Conditional(bool b) { Console.WriteLine("entered"); if (b) Console.WriteLine(Members.Lost(1)); }
    [MethodImpl(No)] static void Unhandled() => Console.WriteLine(Members.Lost(1) + Gone.Answer());

    static int Main(string[] args)
    {
        if (args.Length > 0) { Console.WriteLine("before"); Unhandled(); Console.WriteLine("after"); }
        Try("kept", Kept);
        Try("static of a gone type", GoneStatic);
        Try("new gone type", GoneNew);
        Try("gone struct", GoneLocal);
        Try("cast", GoneCast);
        Try("typeof", GoneTypeof);
        Try("box", GoneBox);
        Try("gone generic", GoneInst);
        Try("generic over gone", GoneInst2);
        Try("array of gone", GoneArray);
        Try("gone delegate", GoneDel);
        Try("lost method", Lost);
        Try("lost instance method", LostInstance);
        Try("lost generic method", LostGeneric);
        Try("lost generic method, shared", LostGenericS);
        Try("lost field", LostField);
        Try("lost static field", LostStatic);
        Try("lost property", LostProperty);
        Try("lost, by ldftn", LostPtr);
        Try("changed signature", Changed);
        Try("changed field type", ChangedField);
        Try("field became static", ToInstanceField);
        Try("became instance", ToInstance);
        Try("became static", ToStatic);
        Try("became private", Hidden);
        Try("field became private", HiddenField);
        Try("nested type", Nested);
        Try("interface grew", Iface);
        Try("abstract class grew", Abstract);
        Try("became sealed", Sealed);
        Try("struct became class", ToClass);
        Try("constraint added", Constraint);
        Try("field of gone type", FieldOfGone);
        Try("parent gone", ParentGone);
        Try("not reached", () => Conditional(false));
        Try("reached", () => Conditional(true));
        Try("again: lost method", Lost);
        Try("again: new gone type", GoneNew);
        Console.WriteLine("end");
        return 0;
    }
}
