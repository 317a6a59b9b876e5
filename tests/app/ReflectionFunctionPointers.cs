// Function-pointer types: identity, parameters, calling conventions, modified types, arrays and generics over pointers.
// also: common/Ask.cs
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

unsafe struct Holder
{
    public delegate*<void> Managed;
    public delegate*<int, string, ref long, in DateTime, out byte, ref readonly int> Many;
    public delegate* unmanaged<int> Unmanaged;
    public delegate* unmanaged[Cdecl]<int, void> Cdecl;
    public delegate* unmanaged[Stdcall]<int, void> Stdcall;
    public delegate* unmanaged[Thiscall]<int, void> Thiscall;
    public delegate* unmanaged[Fastcall]<int, void> Fastcall;
    public delegate* unmanaged[Cdecl, SuppressGCTransition]<int, void> Two;
    public delegate* unmanaged[MemberFunction]<int, void> Member;
    public delegate*<delegate*<int>, delegate* unmanaged[Cdecl]<char>> Nested;
    public delegate*<int>[] Array;
    public delegate*<int>* Pointer;
    public volatile int Volatile;
    public readonly int* Plain;
    public List<int*[]>? Generic;
}
unsafe class Generic<T>
{
    public delegate*<T, List<T>> Field;
    public static void M(delegate* unmanaged[Cdecl, SuppressGCTransition]<T, void> p, in T v, ref readonly int r) { }
    public delegate*<T, void> Property { get; init; }
}

static unsafe class Program
{
    static string One(Type t) => $"{t} | {t.Name} | {t.FullName ?? "null"} | {t.Namespace ?? "null"} | {t.AssemblyQualifiedName ?? "null"}";

    static void Show(string indent, Type t, bool deep = true)
    {
        Console.WriteLine(indent + One(t));
        Ask.Say(indent + "  is", () => $"fn {t.IsFunctionPointer} unmanaged {t.IsUnmanagedFunctionPointer} ptr {t.IsPointer} elem {t.HasElementType} class {t.IsClass} value {t.IsValueType} open {t.ContainsGenericParameters} generic {t.IsGenericType} {t.Attributes} base {t.BaseType} of {t.UnderlyingSystemType.GetType() == t.GetType()} {t.IsTypeDefinition} {t.IsSignatureType}");
        Ask.Say(indent + "  required", () => t.GetRequiredCustomModifiers());
        Ask.Say(indent + "  optional", () => t.GetOptionalCustomModifiers());
        if (t.IsFunctionPointer && deep)
        {
            Ask.Say(indent + "  visible", () => t.IsVisible);
            Ask.Say(indent + "  conventions", () => t.GetFunctionPointerCallingConventions());
            Show(indent + "  ", t.GetFunctionPointerReturnType());
            foreach (Type p in t.GetFunctionPointerParameterTypes())
                Show(indent + "  ", p);
        }
        if (t.HasElementType)
            Show(indent + "  ", t.GetElementType()!);
    }

    static void Main()
    {
        foreach (FieldInfo f in typeof(Holder).GetFields())
        {
            Console.WriteLine($"== {f} {Ask.Text(f.GetRequiredCustomModifiers())} {Ask.Text(f.GetOptionalCustomModifiers())}");
            Show("", f.FieldType);
            Console.WriteLine("modified");
            Show("", f.GetModifiedFieldType());
        }
        foreach (Type t in new[] { typeof(Generic<>), typeof(Generic<string>) })
        {
            Show("", t.GetField("Field")!.GetModifiedFieldType());
            foreach (ParameterInfo p in t.GetMethod("M")!.GetParameters())
            {
                Console.WriteLine($"{p} {Ask.Text(p.GetRequiredCustomModifiers())}");
                Show("", p.GetModifiedParameterType());
            }
            Show("", t.GetProperty("Property")!.GetModifiedPropertyType());
            Ask.Say("setter", () => t.GetProperty("Property")!.SetMethod!.ReturnParameter.GetRequiredCustomModifiers());
        }

        Console.WriteLine(typeof(delegate*<int, void>) == typeof(delegate*<int, void>));
        Console.WriteLine(typeof(delegate*<int, void>) == typeof(delegate* unmanaged<int, void>));
        Console.WriteLine(typeof(delegate* unmanaged[Cdecl]<int, void>) == typeof(delegate* unmanaged[Stdcall]<int, void>));
        Console.WriteLine(typeof(delegate* unmanaged[Cdecl]<int, void>) == typeof(Holder).GetField("Cdecl")!.FieldType);
        Console.WriteLine(typeof(delegate*<int, void>[]).GetElementType() == typeof(delegate*<int, void>));
        Console.WriteLine(typeof(delegate*<ref int, void>) == typeof(delegate*<in int, void>));
        Console.WriteLine(typeof(delegate*<int, void>).IsAssignableFrom(typeof(delegate*<int, void>)) + " " + typeof(nint).IsAssignableFrom(typeof(delegate*<void>)) + " " + typeof(void*).IsAssignableFrom(typeof(delegate*<void>)) + typeof(object).IsAssignableFrom(typeof(delegate*<void>)));
        Ask.Say("make array", () => typeof(delegate*<int>).MakeArrayType(2));
        Ask.Say("make pointer", () => typeof(delegate*<int>).MakePointerType().MakeByRefType());
        Ask.Say("make generic", () => typeof(List<>).MakeGenericType(typeof(delegate*<int>)));
        Ask.Say("element", () => typeof(delegate*<int>).GetElementType());
        Ask.Say("members", () => typeof(delegate*<int>).GetMembers().Length);
        Ask.Say("interfaces", () => typeof(delegate*<int>).GetInterfaces().Length);
        Ask.Say("create", () => Activator.CreateInstance(typeof(delegate*<int>)));
        Ask.Say("attributes", () => typeof(delegate*<int>).GetCustomAttributes(false).Length + " " + typeof(delegate*<int>).MetadataToken.ToString("x") + typeof(delegate*<int>).Module);
        Ask.Say("size", () => RuntimeHelpers.SizeOf(typeof(delegate*<int>).TypeHandle));
        Ask.Say("code", () => Type.GetTypeCode(typeof(delegate*<int>)));
        Ask.Say("not one", () => typeof(int).GetFunctionPointerReturnType());
        Ask.Say("not one", () => typeof(int).GetFunctionPointerParameterTypes());
        Ask.Say("not one", () => typeof(int).GetFunctionPointerCallingConventions());
        Ask.Say("plain", () => typeof(delegate* unmanaged[Cdecl]<int>).GetFunctionPointerCallingConventions());
        object boxed = new Holder { Managed = &Nothing };
        Ask.Say("value", () => typeof(Holder).GetField("Managed")!.GetValue(boxed)!.GetType());
        Ask.Do("set", () => typeof(Holder).GetField("Managed")!.SetValue(boxed, (nint)0));
        Ask.Say("value", () => typeof(Holder).GetField("Managed")!.GetValue(boxed));
        Ask.Do("set wrong", () => typeof(Holder).GetField("Managed")!.SetValue(boxed, 5));
        Ask.Do("set pointer", () => typeof(Holder).GetField("Plain")!.SetValue(boxed, Pointer.Box((void*)4, typeof(int*))));
        Ask.Say("pointer", () => (nint)Pointer.Unbox(typeof(Holder).GetField("Plain")!.GetValue(boxed)!));
        Ask.Say("modified twice", () => typeof(Holder).GetField("Volatile")!.GetModifiedFieldType().GetRequiredCustomModifiers());
        Ask.Say("modified equals", () => typeof(Holder).GetField("Volatile")!.GetModifiedFieldType().Equals(typeof(int)) + " " + typeof(Holder).GetField("Volatile")!.GetModifiedFieldType().UnderlyingSystemType.Equals(typeof(int)));
        Ask.Say("modified hash", () => typeof(Holder).GetField("Volatile")!.GetModifiedFieldType().TypeHandle);
        Ask.Say("modified generic", () => typeof(Holder).GetField("Generic")!.GetModifiedFieldType().GetGenericArguments());
    }
    static void Nothing() { }
}
