#!/usr/bin/env python3
"""Compares the launcher `stator` with `dotnet exec`: both load the same stub library, which writes down what it is given.

run.py [NAME ...]     --runtime PATH: launcher (default out/stator)
Most programs here are folders of made-up files, as the host looks at names and not at contents; `built` is a real
project with a package and satellite resources; `ways` (ways.py) runs a program on the runtime itself, by every way in;
`hosting` (hosting.py) runs C programs that host it, startup hooks and single-file programs.  Lists whose order has no meaning to the host are compared as bags.
Last line: `N passed, N failed`."""
import argparse, collections, json, os, shutil, subprocess, sys, time
from pathlib import Path

from hosting import hosting
from logs import logs
from ways import ways

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build/tests/host"
passed, failed = 0, []
FX, ASP = "Microsoft.NETCore.App", "Microsoft.AspNetCore.App"


def check(name, ok, text=""):
    global passed
    if ok:
        passed += 1
    else:
        failed.append(name)
        print(f"FAIL {name}{': ' if text else ''}{text}")
    return ok


def find_dotnet():
    root = os.environ.get("DOTNET_ROOT")
    exe = Path(root, "dotnet") if root else shutil.which("dotnet")
    return Path(exe).resolve().parent if exe and Path(exe).exists() else None


def setup(dotnet, launcher):
    """bin/: launcher beside the stub; root/: a .NET installation whose libcoreclr.so is the stub"""
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / "bin").mkdir(parents=True)
    shutil.copy(launcher, WORK / "bin/stator")
    stub = WORK / "bin/libcoreclr.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", stub, HERE / "stub.c"], check=True)
    root = WORK / "root"
    root.mkdir()
    shutil.copy(dotnet / "dotnet", root)
    shutil.copytree(dotnet / "host", root / "host")
    for fx in (dotnet / "shared").iterdir():
        for version in fx.iterdir():
            to = root / "shared" / fx.name / version.name
            to.mkdir(parents=True)
            for f in version.iterdir():
                if f.name == "libcoreclr.so":
                    shutil.copy(stub, to)
                elif f.suffix == ".json":
                    shutil.copy(f, to)
                else:
                    (to / f.name).symlink_to(f)
    return root


def installed(root, fx=FX):
    return sorted(p.name for p in (root / "shared" / fx).iterdir())[-1]


# --- made-up programs -----------------------------------------------------------------------------------------------
def config(props=None, frameworks=None, **options):
    o = {"tfm": "net10.0"}
    if frameworks and len(frameworks) > 1:
        o["frameworks"] = [{"name": n, "version": "10.0.0"} for n in frameworks]
    else:
        o["framework"] = {"name": (frameworks or [FX])[0], "version": "10.0.0"}
    o.update(options)
    if props is not None:
        o["configProperties"] = props
    return {"runtimeOptions": o}


def deps(app, libraries, **own):
    target = {f"{app}/1.0.0": {"runtime": {f"{app}.dll": {}}, **own}, **{n: a for n, (a, _) in libraries.items()}}
    return {"runtimeTarget": {"name": ".NETCoreApp,Version=v10.0", "signature": ""}, "targets": {".NETCoreApp,Version=v10.0": target},
            "libraries": {f"{app}/1.0.0": {"type": "project", "serviceable": False, "sha512": ""},
                          **{n: {"type": "package", "serviceable": True, "sha512": "", **more} for n, (_, more) in libraries.items()}}}


def asset(version="1.0.0.0", file="1.0.0.0"):
    return {"assemblyVersion": version, "fileVersion": file}


def native(rid, kind="native"):
    return {"rid": rid, "assetType": kind, "fileVersion": "0.0.0.0"}


def program(name, cfg, dep=None, files=(), dev=None):
    d = WORK / "apps" / name
    d.mkdir(parents=True)
    for f in ["app.dll", *files]:
        (d / f).parent.mkdir(parents=True, exist_ok=True)
        (d / f).write_bytes(b"")
    for what, ext in ((cfg, "runtimeconfig.json"), (dev, "runtimeconfig.dev.json"), (dep, "deps.json")):
        if what is not None:
            (d / f"app.{ext}").write_text(what if isinstance(what, str) else json.dumps(what, indent=2))
    return d / "app.dll"


def programs():
    packages = WORK / "packages"
    for f in ["lib.one/1.2.3/lib/net8.0/Lib.One.dll", "lib.one/1.2.3/lib/net8.0/de/Lib.One.resources.dll"]:
        (packages / f).parent.mkdir(parents=True, exist_ok=True)
        (packages / f).write_bytes(b"")
    one = ({"runtime": {"lib/net8.0/Lib.One.dll": asset()},
            "resources": {f"lib/net8.0/{c}/Lib.One.resources.dll": {"locale": c} for c in ("de", "zh-Hans")}},
           {"path": "lib.one/1.2.3", "hashPath": "x"})
    rids = ({"runtimeTargets": {
        "runtimes/linux-x64/native/libone.so": native("linux-x64"), "runtimes/win-x64/native/one.dll": native("win-x64"),
        "runtimes/linux/native/libtwo.so": native("linux"), "runtimes/unix/lib/net8.0/Rid.dll": {**native("unix", "runtime"), **asset()},
        "runtimes/win/lib/net8.0/Rid.dll": {**native("win", "runtime"), **asset()}},
        "runtime": {"lib/net8.0/Rid.dll": asset()}}, {"path": "rid/1.0.0"})
    placeholder = ({"runtime": {"lib/net8.0/_._": {}}, "native": {"libplain.so": {"fileVersion": "0.0.0.0"}}}, {"path": "p/1.0.0"})
    yield "hello", program("hello", config({"System.GC.Server": True, "my.prop": "v"}), deps("app", {})), {}
    yield "no-deps", program("no-deps", config(), None, ["b.dll", "c.exe", "b.exe", "d.txt", "E.DLL", "fr/app.resources.dll"]), {}
    yield "package", program("package", config(), deps("app", {"Lib.One/1.2.3": one}, resources={"fr/app.resources.dll": {"locale": "fr"}})), {}
    yield "rids", program("rids", config(), deps("app", {"Rid/1.0.0": rids, "P/1.0.0": placeholder})), {}
    yield "aspnet", program("aspnet", config(frameworks=[FX, ASP]), deps("app", {})), {}
    yield "aspnet-only", program("aspnet-only", config(frameworks=[ASP]), deps("app", {})), {}
    for name, v in (("newer", "99.0.0.0"), ("older", "1.0.0.0")):
        lib = ({"runtime": {"lib/net8.0/System.Text.Json.dll": asset(v, v)}}, {"path": "stj/1.0.0"})
        yield name, program(name, config(), deps("app", {"System.Text.Json/1.0.0": lib})), {}
    yield "values", program("values", '\ufeff// c\n{"runtimeOptions":{"framework":{"name":"%s","version":"10.0.0"},/* x */'
                            '"configProperties":{"n":1.50,"i":-7,"a":[1, "x" ],"o":{"a": null, "b":{}},"s":"q\\n\\u00e9\\"","t":true,"z":null,'
                            '"e":1e3,"f":-1.5e-7,"g":0.00012,"h":123456.789,"j":1e25,"l":0.0,"m":1e21,"q":1e-6,"my.prop":"\\ud83d\\ude00"}}}' % FX, deps("app", {})), {}
    yield "dev", program("dev", config({"a": "1"}), deps("app", {}), dev={"runtimeOptions": {"configProperties": {"a": "0", "b": "2"}}}), {}
    yield "dev-broken", program("dev-broken", config(), deps("app", {}), dev="{"), {}
    yield "probing", program("probing", config(), deps("app", {"Lib.One/1.2.3": one}),
                             dev={"runtimeOptions": {"additionalProbingPaths": [str(WORK / "none"), str(packages)]}}), {}
    yield "probing-local", program("probing-local", config(additionalProbingPaths=[str(packages)]), deps("app", {"Lib.One/1.2.3": one}),
                                   ["Lib.One.dll", "zh-Hans/Lib.One.resources.dll"]), {}
    yield "probing-missing", program("probing-missing", config(additionalProbingPaths=[str(WORK)]), deps("app", {"Lib.One/1.2.3": one})), {}
    yield "hooks", program("hooks", config({"STARTUP_HOOKS": "/c.dll"}), deps("app", {})), {"DOTNET_STARTUP_HOOKS": "/h.dll"}
    yield "hooks-env", program("hooks-env", config(), deps("app", {})), {"DOTNET_STARTUP_HOOKS": "/h.dll:/i.dll"}
    yield "app-paths", program("app-paths", config({"Microsoft.NETCore.DotNetHostPolicy.SetAppPaths": True}), deps("app", {})), {}
    yield "duplicate", program("duplicate", config({"TRUSTED_PLATFORM_ASSEMBLIES": "x"}), deps("app", {})), {}
    yield "fx-missing", program("fx-missing", config(frameworks=["Microsoft.None.App"]), deps("app", {})), {}
    yield "fx-too-new", program("fx-too-new", config(framework={"name": FX, "version": "11.0.0"}), deps("app", {})), {}
    yield "fx-older", program("fx-older", config(framework={"name": FX, "version": "8.0.0"}), deps("app", {})), {}
    yield "fx-older-major", program("fx-older-major", config(framework={"name": FX, "version": "8.0.0"}, rollForward="Major"), deps("app", {})), {}
    yield "fx-older-env", program("fx-older-env", config(framework={"name": FX, "version": "8.0.0"}), deps("app", {})), {"DOTNET_ROLL_FORWARD": "LatestMajor"}
    yield "fx-disable", program("fx-disable", config(rollForward="Disable"), deps("app", {})), {}
    yield "fx-roll-bad", program("fx-roll-bad", config(rollForward="Sideways"), deps("app", {})), {}
    yield "config-broken", program("config-broken", "{", deps("app", {})), {}
    yield "config-empty", program("config-empty", "{}", deps("app", {})), {}
    yield "deps-broken", program("deps-broken", config(), "{\"a\":"), {}
    yield "init-fails", program("init-fails", config(), deps("app", {})), {"STUB_INIT": "0x80131534"}
    yield "execute-fails", program("execute-fails", config(), deps("app", {})), {"STUB_EXECUTE": "0x80070002"}


PROJECT = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>
<ImplicitUsings>disable</ImplicitUsings></PropertyGroup><ItemGroup><PackageReference Include="Newtonsoft.Json" Version="13.0.3" />
<RuntimeHostConfigurationOption Include="my.prop" Value="v" /></ItemGroup></Project>"""
RESX = """<root><resheader name="resmimetype"><value>text/microsoft-resx</value></resheader><resheader name="version"><value>2.0</value>
</resheader><resheader name="reader"><value>System.Resources.ResXResourceReader, System.Windows.Forms</value></resheader>
<resheader name="writer"><value>System.Resources.ResXResourceWriter, System.Windows.Forms</value></resheader>
<data name="a"><value>A</value></data></root>"""


def built(dotnet):
    """A real project; None where packages cannot be restored."""
    d = WORK / "built"
    d.mkdir()
    (d / "app.csproj").write_text(PROJECT)
    (d / "app.cs").write_text("System.Console.WriteLine(Newtonsoft.Json.JsonConvert.SerializeObject(1));\n")
    for name in ("text.resx", "text.fr.resx"):
        (d / name).write_text(RESX)
    (d / "Directory.Build.props").write_text("<Project />")
    try:
        r = subprocess.run([dotnet / "dotnet", "build", "-c", "Release", "-o", "bin/out", "-m:1", "-nologo"], cwd=d, capture_output=True,
                           text=True, timeout=240, env={**os.environ, "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "MSBUILDDISABLENODEREUSE": "1"})
    except subprocess.TimeoutExpired:
        print("skipped built: the build took too long")
        return None
    if r.returncode:
        print("skipped built: " + next((s for s in r.stdout.splitlines() if "error" in s), "no build"))
        return None
    return d / "bin/out/app.dll"


# --- comparing ------------------------------------------------------------------------------------------------------
BAGS = {"TRUSTED_PLATFORM_ASSEMBLIES", "NATIVE_DLL_SEARCH_DIRECTORIES", "PLATFORM_RESOURCE_ROOTS"}


def run(command, env, name):
    out = WORK / f"{name}.txt"
    out.unlink(missing_ok=True)
    r = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=WORK, env={**os.environ, "STUB_OUT": str(out), **env})
    given = collections.defaultdict(list)
    for line in out.read_text().splitlines() if out.exists() else []:
        key, _, value = line.partition("=")
        if key == "contract" and value.startswith("0x 48"):  # the launcher answers the calls of libhostpolicy.so itself
            value = value[:-3] + "* 0"
        given[key].append(sorted(value.split(":")) if key in BAGS else value)
    return r, dict(given)


def first_difference(a, b):
    for key in sorted(set(a) | set(b)):
        if a.get(key) == b.get(key):
            continue
        if key in BAGS and key in a and key in b:
            x, y = collections.Counter(a[key][0]), collections.Counter(b[key][0])
            return f"{key}: only dotnet {list((x - y).elements())[:4]}, only stator {list((y - x).elements())[:4]}"
        return f"{key}: dotnet {a.get(key)}, stator {b.get(key)}"


def compare(name, app, root, env, extra=()):
    env = {"DOTNET_ROOT": str(root), **env}
    args = [*extra, str(app), "x", "y z", ""]
    theirs, given = run([root / "dotnet", "exec", *args], env, f"{name}.dotnet")
    ours, got = run([WORK / "bin/stator", *args], env, f"{name}.stator")
    if theirs.returncode != ours.returncode:
        return check(name, False, f"exit code {theirs.returncode} from dotnet, {ours.returncode} from stator\n{ours.stderr}{ours.stdout}")
    check(name, given == got, first_difference(given, got))
    # messages: the same up to where the reasons differ in words
    cut = lambda s: [line.split(" exception:")[0] for line in s.splitlines() if line]
    if name not in ("deps-broken", "fx-roll-bad"):
        check(name + " messages", cut(theirs.stderr) == cut(ours.stderr), f"\n{theirs.stderr}---\n{ours.stderr}")


def messages(root):
    stator, env = WORK / "bin/stator", {"DOTNET_ROOT": str(root)}
    app = str(WORK / "apps/hello/app.dll")
    compare("missing app", "nosuch.dll", root, {})
    compare("missing app, path", WORK / "no/such.dll", root, {})
    version = installed(root)

    def says(name, args, code, text, more=None):
        r, _ = run([stator, *args], {**env, **(more or {})}, "message")
        check(name, r.returncode == code and text in r.stdout + r.stderr, f"{r.returncode} {r.stdout}{r.stderr}")

    says("--version", ["--version"], 0, f"{FX} {version} [")
    says("--help", ["--help"], 0, "Usage: stator [options]")
    says("--help knobs", ["-h"], 0, "STATOR_LOG")
    says("no arguments", [], 129, "Usage: stator")
    says("unknown option", ["--what", app], 129, "unknown option '--what'")
    says("option without value", ["--depsfile"], 129, "'--depsfile' needs a value")
    says("other extension", [str(HERE / "stub.c")], 129, "needs a managed .dll or .exe extension")
    says("--fx-version not there", ["--fx-version", "10.0.999", app], 150, "version '10.0.999'")
    says("--fx-version", ["--fx-version", version, app], 42, "")
    says("bad DOTNET_ROOT", [app], 150, "DOTNET_ROOT is '/none'", {"DOTNET_ROOT": "/none"})
    says("--runtimeconfig not there", ["--runtimeconfig", "/none.json", app], 147, "/none.json")
    bare = program("bare", None)
    says("no runtimeconfig", [str(bare)], 42, "")
    own = program("self-contained", {"runtimeOptions": {"includedFrameworks": [{"name": FX, "version": version}]}})
    says("self-contained", [str(own)], 150, "self-contained")
    lonely = WORK / "lonely"
    lonely.mkdir()
    shutil.copy(stator, lonely)
    r, _ = run([lonely / "stator", app], env, "message")
    check("no libcoreclr.so", r.returncode == 135 and "lonely/libcoreclr.so" in r.stderr, r.stderr)
    other = WORK / "other"  # an installation with only a framework that is not served
    (other / "shared" / FX / "11.0.1").mkdir(parents=True)
    roll = str(program("rolls-too-far", config(rollForward="LatestMajor")))
    says("framework not served", [roll], 150, "serves Microsoft.NETCore.App 10.0.x", {"DOTNET_ROOT": str(other)})
    # without DOTNET_ROOT: the dotnet on PATH, through links
    (WORK / "path").mkdir()
    (WORK / "path/dotnet").symlink_to(root / "dotnet")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DOTNET_ROOT")}
    r = subprocess.run([stator, "--version"], capture_output=True, text=True, env={**clean, "PATH": f"/none:{WORK}/path"})
    check("dotnet on PATH", str(root) in r.stdout, r.stdout)


def speed(root):
    """The launcher's share of a start: best of some runs, less that of an empty program.  Generous, as machines are busy."""
    app, env = str(WORK / "apps/hello/app.dll"), {**os.environ, "DOTNET_ROOT": str(root), "STUB_OUT": "/dev/null"}

    def best(command):
        times = []
        for _ in range(40):
            start = time.perf_counter()
            subprocess.run(command, env=env)
            times.append(time.perf_counter() - start)
        return min(times) * 1e3

    for _ in range(12):  # a busy machine makes single rounds slow
        took = best([WORK / "bin/stator", app]) - best(["/bin/true"])
        if took < 0.9:
            break
    check("launcher under 1 ms", took < 1, f"{took:.2f} ms")
    print(f"launcher: {took:.2f} ms")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("names", nargs="*")
    p.add_argument("--runtime", default=ROOT / "out/stator")
    a, _ = p.parse_known_args()
    dotnet = find_dotnet()
    if not dotnet or not Path(a.runtime).exists():
        print(f"{'dotnet' if not dotnet else a.runtime} is not there")
        print("0 passed, 1 failed")
        return 1
    root = setup(dotnet, a.runtime)
    for name, app, env in programs():
        if not a.names or name in a.names:
            compare(name, app, root, env)
    if not a.names:
        messages(root)
        hello = WORK / "apps/hello"
        compare("options", WORK / "apps/no-deps/app.dll", root, {}, ["--depsfile", hello / "app.deps.json", "--runtimeconfig", hello / "app.runtimeconfig.json",
                                                                      "--additionalprobingpath", WORK / "packages", "--roll-forward", "Major"])
        compare("additional deps", hello / "app.dll", root, {}, ["--additional-deps", WORK / "apps/package/app.deps.json",
                                                                 "--additionalprobingpath", WORK / "packages"])
        speed(root)
    if not a.names or "ways" in a.names:
        ways(check, WORK, dotnet, a.runtime)
    if not a.names or "hosting" in a.names:
        hosting(check, WORK, dotnet, a.runtime, WORK / "ours")
    if not a.names or "logs" in a.names:
        logs(check, WORK, dotnet, a.runtime)
    if not a.names or "built" in a.names:
        app = built(dotnet)
        if app:
            compare("built", app, root, {})
    print(f"{passed} passed, {len(failed)} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
