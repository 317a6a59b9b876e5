// Two interfaces, a class with static fields, calls through each.
// run: --metadata
// want: 04000001 Field Flags=0x0016 (public static) Name="str" Signature=06 0E (string)
// want: 04000002 Field Flags=0x0016 (public static) Name="ui" Signature=06 09 (uint32)
// want: 02000004 TypeDef
// want: Name="MyClass"
// want: 02000002 TypeDef
// want: 09000001 InterfaceImpl Class=02000004 MyClass Interface=02000002 MyInterface1
// run: --item=Program::Main
// want: ldsfld     string MyClass::str
// want: callvirt   instance void MyInterface1::Method1()
// want: callvirt   instance void MyInterface2::Method2()
// run: --json
// want: "name":"MyClass"
// want: "implements":["MyInterface1","MyInterface2"]
// run: --stats
// want: // ----- Statistics
// want: Types
using System;
public interface MyInterface1 { void Method1(); void Method2(); }
public interface MyInterface2 { void Method2(); void Method3(); }
class MyClass : MyInterface1, MyInterface2
{
    public static string str = "MyString";
    public static uint ui = 0xAAAAAAAA;
    public void Method1() { Console.WriteLine("Method1"); }
    public void Method2() { Console.WriteLine("Method2"); }
    public virtual void Method3() { Console.WriteLine("Method3"); }
}
class Program
{
    static void Main()
    {
        MyClass mc = new MyClass();
        MyInterface1 mi1 = mc;
        MyInterface2 mi2 = mc;
        int i = MyClass.str.Length;
        uint j = MyClass.ui;
        mc.Method1();
        mi1.Method1();
        mi1.Method2();
        mi2.Method2();
        mi2.Method3();
        mc.Method3();
    }
}
