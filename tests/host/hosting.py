"""hosting.py: programs that are not started by `dotnet app.dll`: C programs over hostfxr and over libcoreclr.so (examples/native-host), startup
hooks, single-file programs.  Each runs on the reference and on ours, with the same output.  Part of run.py."""
import os, re, shutil, subprocess
from pathlib import Path

from ways import ROOT, run

EXAMPLE = ROOT / "examples/native-host"
HOOKS = {
    "Hook": """internal class StartupHook { public static void Initialize() { Console.WriteLine("first " + typeof(StartupHook).Assembly.GetName().Name);
        AppContext.SetSwitch("Set.By.Hook", true); AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine("hook's exit"); } }""",
    "Second": """internal class StartupHook { static void Initialize() => Console.WriteLine("second"); }""",
    "NoType": "public class Nothing { }",
    "NoMethod": "internal class StartupHook { public void Initialize() { } }",
    "WrongMethod": "internal class StartupHook { public static int Initialize(int x) => x; }",
    "Throwing": """internal class StartupHook { static void Initialize() => throw new FormatException("from the hook"); }""",
}
APP = """internal static class Program { private static int Main(string[] args) { Console.WriteLine("main " + args.Length + " " +
    (AppContext.TryGetSwitch("Set.By.Hook", out bool on) && on)); return 5; } }"""
SINGLE = """using System.Reflection; using System.Runtime.Loader;
Console.WriteLine($"main {args.Length} [{Assembly.GetEntryAssembly()!.Location}] {Lib.Name}");
Console.WriteLine($"{Path.GetFileName(Environment.ProcessPath)} {Path.GetFileName(Environment.GetCommandLineArgs()[0])}");
Console.WriteLine($"{AppContext.BaseDirectory == Path.GetDirectoryName(Environment.ProcessPath) + "/"} {typeof(Lib).Module.FullyQualifiedName}");
Console.WriteLine(new StreamReader(Assembly.GetEntryAssembly()!.GetManifestResourceStream("single.data.txt")!).ReadToEnd().Trim());
Console.WriteLine($"{typeof(Enumerable).Assembly.GetName().Name} {Assembly.Load("lib").GetName().Name} {Type.GetType("Lib, lib") == typeof(Lib)}");
try { Assembly.Load("nowhere"); } catch (FileNotFoundException e) { Console.WriteLine(e.Message); }
try { AssemblyLoadContext.Default.LoadFromAssemblyPath(AppContext.BaseDirectory + "lib.dll"); } catch (Exception e) { Console.WriteLine(e.GetType().Name); }
try { throw new FormatException("traced"); } catch (Exception e) { Console.WriteLine(e.StackTrace!.Split(" in ")[0]); }
return 42;
"""
SINGLE_PROJECT = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>
<RuntimeIdentifier>linux-x64</RuntimeIdentifier><PublishSingleFile>true</PublishSingleFile><SelfContained>false</SelfContained>
<ImplicitUsings>enable</ImplicitUsings><NoWarn>IL3000</NoWarn></PropertyGroup>
<ItemGroup><Compile Remove="lib/**" /><ProjectReference Include="lib/lib.csproj" /><EmbeddedResource Include="data.txt" /></ItemGroup></Project>"""
LIB = """public static class Lib { public static string Name => typeof(Lib).Assembly.GetName().Name + "[" + typeof(Lib).Assembly.Location + "]"; }"""


def framework(root):
    return sorted((root / "shared/Microsoft.NETCore.App").glob("10.*"))[-1]


def compile_cs(dotnet, source, to, kind="library"):
    fw = framework(dotnet)
    names = ["System.Private.CoreLib", "System.Runtime", "System.Console", "System.Runtime.Loader", "System.Runtime.InteropServices", "System.Threading"]
    csc = sorted((dotnet / "sdk").glob("10.*/Roslyn/bincore/csc.dll"))[-1]
    return subprocess.run([dotnet / "dotnet", "exec", csc, "-nologo", "-unsafe", "-nullable", "-deterministic", f"-target:{kind}", f"-out:{to}",
                           *(f"-r:{fw / n}.dll" for n in names), source], capture_output=True, text=True)


def same(check, name, want, got):
    """exit code and both streams; the library's own frames of a stack trace differ by inlining"""
    def seen(r):
        return r.returncode, r.stdout, [s for s in r.stderr.splitlines() if not s.startswith("   at System.")]
    check(name, seen(want) == seen(got), f"want {seen(want)}\n got {seen(got)}")


def native_hosts(check, work, dotnet, ours):
    d = work / "native-host"
    d.mkdir()
    shutil.copy(EXAMPLE / "Component.runtimeconfig.json", d)
    r = compile_cs(dotnet, EXAMPLE / "Component.cs", d / "Component.dll")
    if not check("Component.cs compiles", r.returncode == 0, r.stdout + r.stderr):
        return
    for name in ("with_hostfxr", "with_coreclr"):
        r = subprocess.run(["cc", "-Wall", "-Werror", "-o", d / name, EXAMPLE / f"{name}.c", "-ldl", "-pthread"], capture_output=True, text=True)
        check(f"{name}.c compiles", r.returncode == 0, r.stderr)
    nethost = sorted((dotnet / "packs").glob("Microsoft.NETCore.App.Host.linux-x64/10.*/runtimes/linux-x64/native/libnethost.so"))
    if nethost:
        command = [d / "with_hostfxr", nethost[-1], d]
        same(check, "component hosting", run(command, DOTNET_ROOT=str(dotnet)), run(command, DOTNET_ROOT=str(ours)))
        for end in (["Throw"], ["Throw", "thread"], ["Exit"], ["Exit", "thread"], ["OnExit"]):
            same(check, f"component hosting, {' '.join(end)}", run(command + end, DOTNET_ROOT=str(dotnet)), run(command + end, DOTNET_ROOT=str(ours)))
    else:
        print("skipped component hosting: no libnethost.so in this SDK")
    fw = framework(dotnet)
    same(check, "coreclr_create_delegate", run([d / "with_coreclr", fw / "libcoreclr.so", fw, d]),
         run([d / "with_coreclr", framework(ours) / "libcoreclr.so", fw, d]))


def startup_hooks(check, work, dotnet, ours, launcher):
    d = work / "startup"
    d.mkdir()
    for name, text in {**HOOKS, "app": APP}.items():
        (d / f"{name}.cs").write_text("using System;\n" + text)
        r = compile_cs(dotnet, d / f"{name}.cs", d / f"{name}.dll", "exe" if name == "app" else "library")
        check(f"{name}.cs compiles", r.returncode == 0, r.stdout + r.stderr)
    shutil.copy(EXAMPLE / "Component.runtimeconfig.json", d / "app.runtimeconfig.json")
    for hooks in (f"{d}/Hook.dll", f"{d}/Hook.dll:{d}/Second.dll", f"::{d}/Second.dll", "/no/such.dll", "folder/x.dll", f"{d}/NoType.dll",
                  f"{d}/NoMethod.dll", f"{d}/WrongMethod.dll", f"{d}/Throwing.dll", "Nowhere", "a b"):
        want = run([dotnet / "dotnet", d / "app.dll", "x"], DOTNET_STARTUP_HOOKS=hooks)
        same(check, f"startup hook {hooks}", want, run([launcher, d / "app.dll", "x"], DOTNET_STARTUP_HOOKS=hooks, DOTNET_ROOT=str(dotnet)))
    same(check, "startup hook by dotnet", run([dotnet / "dotnet", d / "app.dll"], DOTNET_STARTUP_HOOKS=f"{d}/Hook.dll"),
         run([ours / "dotnet", d / "app.dll"], DOTNET_STARTUP_HOOKS=f"{d}/Hook.dll"))


def single_file(check, work, dotnet, ours):
    d = work / "single"
    for path, text in {"single.csproj": SINGLE_PROJECT, "app.cs": SINGLE, "data.txt": "data", "Directory.Build.props": "<Project />", "lib/lib.cs": LIB,
                       "lib/lib.csproj": '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>'}.items():
        (d / path).parent.mkdir(parents=True, exist_ok=True)
        (d / path).write_text(text)
    try:
        r = subprocess.run([dotnet / "dotnet", "publish", "-c", "Release", "-o", "out", "-m:1", "-nologo", "-p:UseSharedCompilation=false"], cwd=d, capture_output=True,
                           text=True, timeout=240, env={**os.environ, "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "MSBUILDDISABLENODEREUSE": "1"})
    except subprocess.TimeoutExpired:
        print("skipped single-file program: publishing took too long")
        return
    if r.returncode:
        print("skipped single-file program: " + next((s for s in r.stdout.splitlines() if "error" in s), "no publish"))
        return
    check("one file", not (d / "out/single.dll").exists() and not (d / "out/lib.dll").exists())
    same(check, "single-file program", run([d / "out/single", "a", "b"], DOTNET_ROOT=str(dotnet)), run([d / "out/single", "a", "b"], DOTNET_ROOT=str(ours)))


def hosting(check, work, dotnet, launcher, ours):
    if not ours.exists():
        r = run([ROOT / "dev", "dotnet-root", ours])
        if not check("dev dotnet-root", r.returncode == 0, r.stdout + r.stderr):
            return
    native_hosts(check, work, dotnet, ours)
    startup_hooks(check, work, dotnet, ours, launcher)
    single_file(check, work, dotnet, ours)
