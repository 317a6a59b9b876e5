#!/usr/bin/env python3
"""Dumps the whole framework by reflection (Dump.cs) on Stator and on the reference runtime and compares the two, line by line.

compare.py [--runtime PATH] [-j N] [--lines N] [--oracle-only] [ASSEMBLY or PATTERN ...]
No names: all assemblies of the installed Microsoft.NETCore.App and Microsoft.AspNetCore.App.  What the reference prints is kept under
build/tests/reflect until Dump.cs or the framework changes (about 2 GB).  Last line: `N passed, N failed` (assemblies)."""
import argparse, concurrent.futures, fnmatch, glob, importlib.util, itertools, json, os, shutil, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "build/tests/reflect")
spec = importlib.util.spec_from_file_location("app_run", os.path.join(ROOT, "tests/app/run.py"))
app = importlib.util.module_from_spec(spec)
spec.loader.exec_module(app)


def build():
    source, folder = HERE + "/Dump.cs", OUT + "/bin"
    stamp, mark = app.sha(app.VERSION, app.SDK, app.read(source)), OUT + "/bin/.stamp"
    if os.path.exists(mark) and open(mark).read() == stamp:
        return
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(folder)
    with open(OUT + "/jobs", "w") as f:
        f.write(f"Dump\t{folder}\t\t{source}=/_/Dump.cs|{ROOT}/tests/app/common/Usings.cs=/_/Usings.cs\n")
    r = subprocess.run([app.DOTNET, app.compiler() + "/Build.dll", app.REFS, OUT + "/jobs", "1"], stdout=subprocess.PIPE, text=True)
    if r.returncode:
        sys.exit("does not compile:\n" + r.stdout)
    with open(folder + "/Dump.runtimeconfig.json", "w") as f:
        json.dump({"runtimeOptions": {"tfm": "net10.0", "framework": {"name": "Microsoft.NETCore.App", "version": "10.0.0"}}}, f)
    with open(mark, "w") as f:
        f.write(stamp)


def assemblies():
    found = []
    for name in ("Microsoft.NETCore.App", "Microsoft.AspNetCore.App"):
        if os.path.isdir(f"{app.DROOT}/shared/{name}"):
            found += sorted(glob.glob(app.newest(f"{app.DROOT}/shared/{name}") + "/*.dll"))
    return found


def dump(runtime, kind, dll, timeout):
    """the file that one side wrote, and how it ended"""
    folder = f"{OUT}/{kind}"
    os.makedirs(folder, exist_ok=True)
    env = {k: os.environ[k] for k in os.environ if k in ("PATH", "HOME") or k.startswith("STATOR_")}
    env.update(LANG="C.UTF-8", TZ="UTC", DOTNET_ROOT=app.DROOT)
    # the reference finds the types of all assemblies beside each other
    others = [app.FRAMEWORK + "/System.Runtime.dll"] + [p for p in assemblies()[-1:] if "AspNetCore" in p]
    argv = [runtime, OUT + "/bin/Dump.dll", folder, dll, "--beside"] + others
    start = time.monotonic()
    code, out, err = app.run(argv, env, folder, b"", timeout)
    return code, (out + err).decode(errors="replace").strip(), time.monotonic() - start


def differences(want, got, limit):
    """equal lines, lines of the reference, the first differences as diff shows them"""
    with open(want, "rb") as f:
        total = sum(1 for _ in f)
    r = subprocess.run(["diff", "-a", "--speed-large-files", "-U0", "--show-function-line=^ *type ", want, got], stdout=subprocess.PIPE)
    lines = r.stdout.decode(errors="replace").splitlines()[2:]
    lost = sum(line.startswith("-") for line in lines)
    return total - lost, total, [("   " + line)[:700] for line in lines[:limit]]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("names", nargs="*")
    ap.add_argument("--runtime", default=ROOT + "/out/stator")
    ap.add_argument("--lines", type=int, default=8, help="lines of differences shown of an assembly")
    ap.add_argument("--oracle-only", action="store_true")
    ap.add_argument("--timeout", type=float, default=600)
    ap.add_argument("-j", type=int, default=2)
    a = ap.parse_args()
    a.runtime = os.path.abspath(a.runtime)
    build()
    chosen = [p for p in assemblies() if not a.names or any(fnmatch.fnmatchcase(os.path.basename(p)[:-4], n) for n in a.names)]

    def one(dll):
        name = os.path.basename(dll)[:-4] + ".txt"
        times = [0, 0]
        if not os.path.exists(f"{OUT}/reference/{name}.done"):
            code, text, times[0] = dump(app.DOTNET, "reference", dll, a.timeout)
            if code != 0:
                return dll, f"the reference ended with {code}: {text[:300]}", (0, 0, []), times
            open(f"{OUT}/reference/{name}.done", "w").close()
        if a.oracle_only:
            return dll, "", (0, 0, []), times
        code, text, times[1] = dump(a.runtime, "stator", dll, a.timeout)
        wrong = "" if code == 0 else f"exit {code}: {text[:600]}"
        return dll, wrong, differences(f"{OUT}/reference/{name}", f"{OUT}/stator/{name}", a.lines), times
    passed = failed = equal = total = 0
    with concurrent.futures.ThreadPoolExecutor(a.j) as pool:
        for dll, wrong, (same, lines, text), times in pool.map(one, chosen):
            equal, total = equal + same, total + lines
            good = not wrong and same == lines and not text
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(f"FAIL {os.path.basename(dll)}: {lines - same} of {lines} lines differ {wrong}", flush=True)
                for t in text:
                    print(t)
    print(f"{equal} of {total} lines are equal")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
