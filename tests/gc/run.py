#!/usr/bin/env python3
"""The debug check of frames and heap (STATOR_GCVERIFY, STATOR_GCSTRESS, STATOR_MAPFAULT), run over some programs of tests/app.

run.py [NAME ...]     --runtime PATH: launcher (default out/stator)   -v: show what passes
A program under the check prints what it prints without, and counts of frames, slots and references that are not zero; with frame
maps made wrong on purpose (STATOR_MAPFAULT) the check finds one and aborts.  Both modes of the runtime.
Last line: `N passed, N failed`."""
import argparse, os, re, signal, subprocess, sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
APPS = ROOT / "tests/app/run.py"
PROGRAMS = ["WriteLineInt", "Collections", "GenericVirtualMethods", "FilterTwoPass", "ThreadsBasic", "CollectorRoots"]
COUNTS = re.compile(rb"^gc verify: (\d+) checks, (\d+) frames, (\d+) slots, (\d+) references, (\d+) objects\n", re.M)
MOVES = re.compile(rb"gc stress: (\d+) collections, (\d+) objects moved\n")
STRESS = ["alloc:50", "poll:500", "transition:5"]
passed = failed = 0


def check(a, name, ok, text=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if a.v or not ok:
        print(("ok   " if ok else "FAIL ") + name + (f": {text}" if text and not ok else ""))
    return ok


def run(a, program, **env):
    dll = ROOT / f"build/tests/app/{program}/{program}.dll"
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("STATOR_", "DOTNET_"))}
    if "DOTNET_ROOT" in os.environ:
        clean["DOTNET_ROOT"] = os.environ["DOTNET_ROOT"]
    try:
        p = subprocess.run([a.runtime, dll], env={**clean, **env}, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    except subprocess.TimeoutExpired:
        return None, b"", b"timeout"
    return p.returncode, p.stdout, p.stderr


def describe(r):
    return f"exit {r[0]}, {r[2][-300:].decode(errors='replace').strip()}"


def counts(err):
    m = COUNTS.search(err)
    return dict(zip(("checks", "frames", "slots", "references", "objects"), map(int, m.groups()))) if m else {}


def program(a, name, mode):
    env = {"STATOR_DOMAINS": "1"} if mode == "neutral" else {}
    where = f"{name} [{mode}]"
    plain = run(a, name, **env)
    if not check(a, f"{where} plain", plain[0] == 0 and not counts(plain[2]), describe(plain)):
        return
    r = run(a, name, STATOR_GCVERIFY="1", **env)
    n = counts(r[2])
    check(a, f"{where} verify: same output", r[:2] == plain[:2] and COUNTS.sub(b"", r[2]) == plain[2], describe(r))
    check(a, f"{where} verify: counts", n and all(n.values()), str(n))
    for stress in STRESS:
        r = run(a, name, STATOR_GCSTRESS=stress, **env)
        m = MOVES.search(r[2])
        check(a, f"{where} stress {stress}", m and int(m[2]) and (*r[:2], MOVES.sub(b"", r[2])) == plain, describe(r))
    r = run(a, name, STATOR_GCVERIFY="1", STATOR_GCSTRESS="poll:50", STATOR_MAPFAULT="1", **env)
    check(a, f"{where} wrong maps are found", r[0] == -signal.SIGABRT and b"gc verify (" in r[2] and b"not an object" in r[2], describe(r))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("names", nargs="*")
    ap.add_argument("--runtime", default=str(ROOT / "out/stator"))
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    a.runtime = os.path.abspath(a.runtime)
    names = a.names or PROGRAMS
    built = subprocess.run([sys.executable, APPS, "--oracle-only", *names], capture_output=True, text=True)
    if built.returncode:
        print(built.stdout + built.stderr)
        return 1
    for name in names:
        for mode in ("single", "neutral"):
            program(a, name, mode)
    r = run(a, names[0], STATOR_GCSTRESS="sometimes")
    check(a, "unknown kind of stress is refused", r[0] not in (0, None) and b"STATOR_GCSTRESS" in r[2], describe(r))
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
