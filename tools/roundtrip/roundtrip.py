#!/usr/bin/env python3
"""roundtrip.py: disassemble, assemble, compare, for every managed assembly of folders.

  ./dev roundtrip [FILE or FOLDER ...]     default: the installed framework (with --sdk, the SDK too)

Each image is disassembled by `stator ildasm`, assembled by ilasm (--ilasm, else $ILASM, else the NuGet package
runtime.linux-x64.microsoft.netcore.ilasm in the local package folder), and compared with mdcompare.
Last line: `N equal of M`.  Exit code 0: all equal."""
import argparse, concurrent.futures, glob, json, os, shutil, struct, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def find_ilasm():
    if os.environ.get("ILASM"):
        return os.environ["ILASM"]
    found = sorted(glob.glob(str(Path.home() / ".nuget/packages/runtime.linux-x64.microsoft.netcore.ilasm/*/runtimes/linux-x64/native/ilasm")))
    return found[-1] if found else shutil.which("ilasm")


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
    start = time.time()
    try:
        p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, cwd=cwd)
        return p.returncode, p.stdout.decode("utf-8", "replace"), time.time() - start
    except subprocess.TimeoutExpired:
        return -1, "timeout", time.time() - start


def one(path, a):
    tmp = tempfile.mkdtemp(prefix="roundtrip-")
    name = os.path.basename(path)
    r = {"file": path, "size": os.path.getsize(path)}
    try:
        code, text, r["ildasm"] = run([a.stator, "ildasm", path, "-out=in.il"] + a.option, 300, tmp)
        if code:
            return dict(r, step="ildasm", text=text[-2000:])
        kind = "-exe" if name.endswith(".exe") else "-dll"
        code, text, r["ilasm"] = run([a.ilasm, "-nologo", "-quiet", kind, "-out=out.dll", "in.il"], a.timeout, tmp)
        if code or not os.path.exists(tmp + "/out.dll"):
            lines = [x for x in text.split("\n") if "error" in x.lower() or "FAIL" in x] or [text[-500:]]
            return dict(r, step="ilasm", text="\n".join(lines[:a.show]))
        code, text, r["compare"] = run([a.compare, path, "out.dll", str(a.show)], 600, tmp)
        return dict(r, step="equal" if code == 0 else "differs", text="" if code == 0 else text[-6000:])
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("paths", nargs="*")
    p.add_argument("--stator", default=str(ROOT / "build/release/stator"))
    p.add_argument("--compare", default=str(ROOT / "build/release/mdcompare"))
    p.add_argument("--ilasm", default=find_ilasm())
    p.add_argument("--dotnet", default=os.environ.get("DOTNET_ROOT", "/usr/share/dotnet"))
    p.add_argument("--sdk", action="store_true")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--timeout", type=int, default=1800)
    p.add_argument("--show", type=int, default=6, help="differences and errors shown for each")
    p.add_argument("--option", action="append", default=[], help="further option of ildasm")
    p.add_argument("--json", help="results to this file")
    a = p.parse_args()
    a.stator, a.compare = os.path.abspath(a.stator), os.path.abspath(a.compare)
    if not a.ilasm:
        sys.exit("roundtrip: no ilasm: set ILASM, or restore the NuGet package runtime.linux-x64.Microsoft.NETCore.ILAsm")
    paths = a.paths or [sorted(glob.glob(a.dotnet + "/shared/Microsoft.NETCore.App/10.*"))[-1]] + ([a.dotnet + "/sdk"] if a.sdk else [])
    files = sorted(assemblies(paths), key=os.path.getsize)
    results = []
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(one, f, a) for f in files]):
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
    print(f"{equal} equal of {len(results)}")
    sys.exit(equal != len(results))


main()
