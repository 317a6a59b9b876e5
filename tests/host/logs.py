"""logs.py: what STATOR_LOG tells of the entry point and of a first call: how references become types (bind, load), and a method code (jit).  Part of run.py."""
import json, os, re, subprocess

from hosting import compile_cs

SOURCE = """class Small { public int X; public override string ToString() => "small"; }
class Never { public int Y; }
static class App
{
    static void Main() { System.Console.WriteLine("Hi"); Two(); Two(); }
    static void Two() { var s = new Small(); System.Console.WriteLine(s.ToString()); new Small().ToString(); }
    static void Uncalled() { System.Console.WriteLine(new Never()); }
}
"""
CONSOLE = r"0A\w{6} System\.Console::WriteLine"
# a call's token to a type: MemberRef, TypeRef, AssemblyRef, the assembly, TypeDef, the type, the call
CHAIN = [rf"\[bind\] App: MemberRef {CONSOLE} -> TypeRef 01\w{{6}} System\.Console$", r"\[bind\] App: TypeRef 01\w{6} System\.Console -> AssemblyRef 23\w{6} System\.Console$",
         r"\[bind\] App: AssemblyRef 23\w{6} System\.Console -> assembly /.*/System\.Console\.dll$",
         r"\[bind\] App: TypeRef 01\w{6} System\.Console -> TypeDef 02\w{6} of System\.Console$", r"\[load\] type System\.Console, 02\w{6} of System\.Console$",
         r"\[jit\] call of System\.Console:WriteLine\(System\.String\)$"]
STEPS = [r"metadata 06\w{6} of (App|System\.Console)$", r"IL, \d+ bytes", r"memory, \d+ bytes at 0x", r"code, \d+ bytes", r"entry 0x", r"jump to 0x"]


def places(lines, pattern):
    return [i for i, line in enumerate(lines) if re.search(pattern, line)]


def in_order(lines, patterns, once):
    found = [places(lines, p) for p in patterns]
    wrong = [f"{p}: {len(f)} times" for p, f in zip(patterns, found) if not f or (once and len(f) > 1)]
    first = [f[0] for f in found if f]
    return wrong + ([] if first == sorted(first) else [f"order: {first}"])


def logs(check, work, dotnet, runtime):
    d = work / "logs"
    d.mkdir()
    (d / "App.cs").write_text(SOURCE)
    (d / "App.runtimeconfig.json").write_text(json.dumps({"runtimeOptions": {"tfm": "net10.0", "framework": {"name": "Microsoft.NETCore.App", "version": "10.0.0"}}}))
    made = compile_cs(dotnet, d / "App.cs", d / "App.dll", "exe")
    env = {**os.environ, "DOTNET_ROOT": str(dotnet), "STATOR_LOG": "start:1,bind:2,load:1,jit:3", "STATOR_VERIFY": "enforce"}
    r = subprocess.run([runtime, d / "App.dll"], capture_output=True, text=True, env=env)
    lines = r.stderr.splitlines()
    check("log: program", r.returncode == 0 and r.stdout == "Hi\nsmall\nsmall\n", f"{made.stdout}{r.returncode} {r.stdout} {r.stderr[-500:]}")
    entry = places(lines, r"\[start\] entry point: token 06\w{6} of App, by its CLI header$")
    main = places(lines, r"\[jit\] App:Main\(\): metadata 06\w{6} of App$")
    check("log: the header's entry point leads into the runtime", len(entry) == 1 and main and entry[0] < main[0], f"{entry} {main}")
    wrong = in_order(lines, CHAIN[:-1], True) + in_order(lines, CHAIN, False)
    check("log: from a call to its type, each step once", not wrong, "\n".join(wrong))
    two = places(lines, r"\[jit\] App:Two\(\): metadata")
    again = [line for line in lines[two[0] if two else 0:] if re.search(rf"\[bind\] App: .*({CONSOLE}|System\.Console)", line)]
    known = [line for line in lines[two[0] if two else 0:] if re.search(r"\[bind\] App: MemberRef 0A\w{6} is known", line)]
    check("log: a second call site finds it", not again and known, "\n".join(again))
    definition = places(lines, r"\[bind\] App: MethodDef 06\w{6} App::Two -> TypeDef 02\w{6} App$")
    check("log: a definition leads to its type at once", len(definition) == 1, str(definition))
    small = places(lines, r"\[load\] type Small, ")
    check("log: a type is loaded at its first use, once", len(small) == 1 and two and small[0] > two[0], f"{small} {two}")
    check("log: a type without use is not loaded", not places(lines, "type Never"), "loaded")
    for method in (r"System\.Console:WriteLine\(System\.String\)", r"App:Two\(\)"):
        wrong = in_order(lines, [rf"\[jit\] {method}: {s}" for s in STEPS], True)
        check(f"log: six steps of {method}", not wrong, "\n".join(wrong))
    check("log: verified", len(places(lines, r"\[jit\] App:Two\(\): IL, \d+ bytes, verified$")) == 1, "not verified")
