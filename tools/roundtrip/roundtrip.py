#!/usr/bin/env python3
"""roundtrip.py: disassemble, assemble, compare, for every managed assembly of folders.

  ./dev roundtrip [FILE or FOLDER ...]     default: the installed framework (with --sdk, the SDK too)
  ./dev roundtrip --ilasm nuget            the same with the NuGet package's assembler (also: $ILASM, or a path)
  ./dev roundtrip --run [--programs A B]   reassembles framework and C# compiler; runs tests/app on the one, compiles with the other
  ./dev roundtrip --time [N]               user time of both tools beside the NuGet packages', by turns, N times (1)

Each image is disassembled by `stator ildasm`, assembled by `stator ilasm`, and compared with mdcompare.
Last line: `N equal of M`.  Exit code 0: all equal."""
import argparse, concurrent.futures, glob, json, os, shutil, struct, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def find_tool(name):
    """$ILASM, $ILDASM, or the newest NuGet package in the local package folder"""
    if os.environ.get(name.upper()):
        return os.environ[name.upper()]
    found = sorted(glob.glob(str(Path.home() / f".nuget/packages/runtime.linux-x64.microsoft.netcore.{name}/*/runtimes/linux-x64/native/{name}")))
    return found[-1] if found else shutil.which(name)


def is_managed(path):
    """PE file with a CLI header (data directory 14)."""
    try:
        with open(path, "rb") as f:
            d = f.read(4096)
        nt = struct.unpack_from("<I", d, 0x3C)[0]
        if d[:2] != b"MZ" or d[nt:nt + 4] != b"PE\0\0":
            return False
        plus = struct.unpack_from("<H", d, nt + 24)[0] == 0x20B
        return struct.unpack_from("<I", d, nt + 24 + (112 if plus else 96) + 14 * 8)[0] != 0
    except (OSError, struct.error):
        return False


def assemblies(paths):
    seen, out = set(), []
    for p in paths:
        files = [p] if os.path.isfile(p) else sorted(str(f) for ext in ("*.dll", "*.exe") for f in Path(p).rglob(ext))
        for f in files:
            if is_managed(f):
                key = hash(open(f, "rb").read())
                if key not in seen:
                    seen.add(key)
                    out.append(f)
    return out


def run(args, timeout, cwd):
    """Exit code, output, seconds of processor time in user mode"""
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen(args, stdout=out, stderr=subprocess.STDOUT, cwd=cwd)
        end = time.time() + timeout
        while True:
            pid, status, usage = os.wait4(p.pid, os.WNOHANG)
            if pid:
                break
            if time.time() > end:
                p.kill()
                _, status, usage = os.wait4(p.pid, 0)
                p.returncode = -1
                return -1, "timeout", usage.ru_utime
            time.sleep(0.002)
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return p.returncode, out.read().decode("utf-8", "replace"), usage.ru_utime


def ilasm_command(a, path, out, text="in.il"):
    return a.ilasm + ["-nologo", "-quiet", "-exe" if path.endswith(".exe") else "-dll", "-out=" + out, text]


def one(path, a, keep=None):
    tmp = tempfile.mkdtemp(prefix="roundtrip-")
    r = {"file": path, "size": os.path.getsize(path)}
    try:
        code, text, r["ildasm"] = run([a.stator, "ildasm", path, "-out=in.il"] + a.option, 300, tmp)
        if code > 1 or not os.path.exists(tmp + "/in.il"):  # 1: something was left out, which the comparison tells too
            return dict(r, step="ildasm", text=text[-2000:])
        code, text, r["ilasm"] = run(ilasm_command(a, path, "out.dll"), a.timeout, tmp)
        if code or not os.path.exists(tmp + "/out.dll"):
            lines = [x for x in text.split("\n") if "error" in x.lower() or "FAIL" in x] or [text[-500:]]
            return dict(r, step="ilasm", text="\n".join(lines[:a.show]))
        code, text, r["compare"] = run([a.compare, path, "out.dll", str(a.show)], 600, tmp)
        if keep:
            shutil.copy(tmp + "/out.dll", keep)
        return dict(r, step="equal" if code == 0 else "differs", text="" if code == 0 else text[-6000:])
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def all_of(files, a, keep=lambda f: None):
    results = []
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(one, f, a, keep(f)) for f in files]):
            r = done.result()
            results.append(r)
            if a.json:
                Path(a.json).write_text(json.dumps(results, indent=1))
            if r["step"] != "equal":
                print(f"{r['step']}: {r['file']}\n{r['text']}".rstrip(), flush=True)
    equal = sum(r["step"] == "equal" for r in results)
    accepted = sum(r["step"] in ("equal", "differs") for r in results)
    print(f"{sum(r.get('ildasm', 0) for r in results):.1f} s disassembling, {sum(r.get('ilasm', 0) for r in results):.1f} s assembling; "
          f"{accepted} accepted by ilasm")
    print(f"{equal} equal of {len(results)}", flush=True)
    return equal == len(results)


# --- Do the reassembled programs run? ---

def reassembled_root(a, framework, root):
    """A dotnet root whose framework folder has our assemblies; everything else by links."""
    fw = Path(root) / "shared/Microsoft.NETCore.App" / os.path.basename(framework)
    shutil.rmtree(root, ignore_errors=True)
    fw.mkdir(parents=True)
    for f in os.listdir(framework):
        if not is_managed(os.path.join(framework, f)):
            os.symlink(os.path.join(framework, f), fw / f)
    for name in ("dotnet", "host"):
        os.symlink(os.path.join(a.dotnet, name), Path(root) / name)
    ok = all_of(assemblies([framework]), a, lambda f: str(fw / os.path.basename(f)))
    return ok and all((fw / f).exists() for f in os.listdir(framework))


TELL_FRAMEWORKS = {"DuplicateLoads", "InteropCalls", "LoaderEvents", "PluginHost"}  # they print where it is, or that it is precompiled


def run_programs(a, root):
    """tests/app compares output and exit codes with the reference runtime, which keeps its own framework."""
    if not a.programs:
        names = subprocess.run([sys.executable, str(ROOT / "tests/app/run.py"), "--list"], stdout=subprocess.PIPE, text=True).stdout.split()
        a.programs = [n for n in names if n not in TELL_FRAMEWORKS]
    args = [sys.executable, str(ROOT / "tests/app/run.py"), "--runtime", a.stator, "--keep-going", "--env", "DOTNET_ROOT=" + root] + a.programs
    return subprocess.run(args).returncode == 0


def run_compiler(a, framework):
    """The reassembled C# compiler on our runtime makes the same bytes of a file as the original on the reference runtime."""
    csc = sorted(glob.glob(a.dotnet + "/sdk/10.*/Roslyn/bincore"))[-1]
    tmp = tempfile.mkdtemp(prefix="roundtrip-csc-")
    shutil.copytree(csc, tmp + "/csc", symlinks=True)
    names = ["csc.dll", "Microsoft.CodeAnalysis.dll", "Microsoft.CodeAnalysis.CSharp.dll"]
    all_of([f"{csc}/{n}" for n in names], a, lambda f: tmp + "/csc/" + os.path.basename(f))
    usings = "".join(f"global using System{n};\n" for n in ("", ".Collections.Generic", ".IO", ".Linq", ".Threading", ".Threading.Tasks"))
    Path(tmp + "/usings.cs").write_text(usings)
    sources = [str(ROOT / "tests/app/LinqQueries.cs"), tmp + "/usings.cs"]
    refs = [f"-r:{f}" for f in assemblies([framework])]
    common = ["-nologo", "-deterministic", "-langversion:preview", "-t:library", "-unsafe", "-nullable"] + sources + refs
    outputs = []
    for name, command in (("ours", [a.stator, tmp + "/csc/csc.dll"]), ("reference", [os.path.join(a.dotnet, "dotnet"), csc + "/csc.dll"])):
        out = f"{tmp}/{name}/out.dll"
        os.mkdir(os.path.dirname(out))
        code, text, _ = run(command + ["-out:" + out] + common, 600, tmp)
        outputs.append((code, text, open(out, "rb").read() if os.path.exists(out) else b""))
    same = outputs[0] == outputs[1] and outputs[0][2] != b""
    print("reassembled csc: " + (f"the same {len(outputs[0][2])} bytes as the original" if same else f"differs: {outputs[0][:2]} {outputs[1][:2]}"))
    shutil.rmtree(tmp, ignore_errors=True)
    return same


def run_all(a, framework):
    root = tempfile.mkdtemp(prefix="roundtrip-root-") + "/dotnet"
    try:
        ok = reassembled_root(a, framework, root)
        ok &= run_programs(a, root)
        return run_compiler(a, framework) and ok
    finally:
        shutil.rmtree(os.path.dirname(root), ignore_errors=True)


# --- Speed ---

def time_tools(a, files):
    """For each file by turns: our ildasm, theirs, our ilasm, theirs (on our text, which both take)"""
    ildasm, ilasm = find_tool("ildasm"), find_tool("ilasm")
    if not ildasm or not ilasm:
        sys.exit("roundtrip: no ildasm or ilasm to compare with: set ILDASM and ILASM, or restore runtime.linux-x64.microsoft.netcore.ildasm and .ilasm")
    total, failed = {}, set()
    tmp = tempfile.mkdtemp(prefix="roundtrip-time-")
    theirs = argparse.Namespace(ilasm=[ilasm])
    for turn in range(a.time):
        for f in files:
            jobs = {"ildasm": [a.stator, "ildasm", f, "-out=in.il"], "their ildasm": [ildasm, f, "-out=" + tmp + "/theirs.il", "-utf8"],
                    "ilasm": ilasm_command(a, f, "out.dll"), "their ilasm": ilasm_command(theirs, f, "theirs.dll")}
            for name, job in jobs.items():
                code, _, seconds = run(job, a.timeout, tmp)
                total[name] = total.get(name, 0) + seconds
                if code:
                    failed.add((name, f))
    shutil.rmtree(tmp, ignore_errors=True)
    for name, f in sorted(failed):
        print(f"{name} fails: {f}")
    for name in ("ildasm", "ilasm"):
        x, y = total[name] / a.time, total["their " + name] / a.time
        print(f"{name}: {x:.2f} s of user time for {len(files)} assemblies; NuGet's {y:.2f} s: {y / max(x, 1e-3):.1f} times ours")
    return not failed


def main():
    p = argparse.ArgumentParser()
    p.add_argument("paths", nargs="*")
    p.add_argument("--stator", default=str(ROOT / "build/release/stator"))
    p.add_argument("--compare", default=str(ROOT / "build/release/mdcompare"))
    p.add_argument("--ilasm", default="own", help="own, nuget, or a path")
    p.add_argument("--dotnet", default=os.environ.get("DOTNET_ROOT", "/usr/share/dotnet"))
    p.add_argument("--sdk", action="store_true")
    p.add_argument("--run", action="store_true")
    p.add_argument("--programs", nargs="*", default=[])
    p.add_argument("--time", type=int, nargs="?", const=1)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--timeout", type=int, default=1800)
    p.add_argument("--show", type=int, default=6, help="differences and errors shown for each")
    p.add_argument("--option", action="append", default=[], help="further option of ildasm")
    p.add_argument("--json", help="results to this file")
    a = p.parse_args()
    a.stator, a.compare = os.path.abspath(a.stator), os.path.abspath(a.compare)
    tool = find_tool("ilasm") if a.ilasm == "nuget" else a.ilasm
    if not tool:
        sys.exit("roundtrip: no ilasm: set ILASM, or restore the NuGet package runtime.linux-x64.Microsoft.NETCore.ILAsm")
    a.ilasm = [a.stator, "ilasm"] if tool == "own" else [tool]
    framework = sorted(glob.glob(a.dotnet + "/shared/Microsoft.NETCore.App/10.*"))[-1]
    if a.run:
        sys.exit(not run_all(a, framework))
    files = sorted(assemblies(a.paths or [framework] + ([a.dotnet + "/sdk"] if a.sdk else [])), key=os.path.getsize)
    sys.exit(not (time_tools(a, files) if a.time else all_of(files, a)))


main()
