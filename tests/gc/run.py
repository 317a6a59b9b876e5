#!/usr/bin/env python3
"""The debug check of frames and heap (STATOR_GCVERIFY, STATOR_GCSTRESS, STATOR_MAPFAULT), run over some programs of tests/app.

run.py [NAME ...]     --runtime PATH: launcher (default out/stator)   -v: show what passes
A program under the check prints what it prints without, and counts of frames, slots and references that are not zero; with frame
maps made wrong on purpose (STATOR_MAPFAULT) the check finds one and aborts.  Both modes of the runtime.
Without names also: the log (STATOR_LOG=gc:1, STATOR_GCSTATS=1) agrees with what GC tells, and a process with few addresses.
Last line: `N passed, N failed`."""
import argparse, concurrent.futures, os, re, signal, subprocess, sys, threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
APPS = ROOT / "tests/app/run.py"
PROGRAMS = ["WriteLineInt", "Collections", "GenericVirtualMethods", "FilterTwoPass", "ThreadsBasic", "CollectorRoots"]
FIGURES = ["CollectionLog", "OutOfMemory", "AllocationOrder"]
COUNTS = re.compile(rb"^gc verify: (\d+) checks, (\d+) frames, (\d+) slots, (\d+) references, (\d+) objects\n", re.M)
MOVES = re.compile(rb"gc stress: (\d+) collections, (\d+) objects moved\n")
STRESS = ["alloc:50", "poll:500", "transition:5"]
passed = failed = 0
lock = threading.Lock()


def check(a, name, ok, text=""):
    global passed, failed
    with lock:
        passed, failed = passed + bool(ok), failed + (not ok)
    if a.v or not ok:
        print(("ok   " if ok else "FAIL ") + name + (f": {text}" if text and not ok else ""))
    return ok


def run(a, program, *args, **env):
    dll = ROOT / f"build/tests/app/{program}/{program}.dll"
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("STATOR_", "DOTNET_"))}
    if "DOTNET_ROOT" in os.environ:
        clean["DOTNET_ROOT"] = os.environ["DOTNET_ROOT"]
    try:
        p = subprocess.run([a.runtime, dll, *args], env={**clean, **env}, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
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


def figures(a):
    """What GC tells a program is what the log and the table at exit say."""
    r = run(a, "CollectionLog", "figures", STATOR_LOG="gc:1", STATOR_GCSTATS="1")
    told = re.search(rb"paused (\d+) collections (\d+) (\d+) (\d+) full (\d+) (\d+)", r[1])
    if not check(a, "figures", r[0] == 0 and told, describe(r)):
        return
    paused, gen0, gen1, gen2, compacted, swept = map(int, told.groups())
    lines = re.findall(rb"^\[gc\] #\d+ generation (\d).*: (\d+) us, .*, (compacting|sweeping)$", r[2], re.M)
    ages = [int(age) for age, _, _ in lines]
    logged = sum(int(us) for _, us, _ in lines)
    check(a, "pauses of the log are those of GC", abs(logged - paused) <= paused / 10, f"{logged} us, {paused} us")
    check(a, "collections of the log are those of GC", [len(lines), len(lines) - ages.count(0), ages.count(2)] == [gen0, gen1, gen2], f"{ages} {gen0} {gen1} {gen2}")
    kinds = [kind for age, _, kind in lines if age == b"2"]
    check(a, "compacting and sweeping ones", [kinds.count(b"compacting"), kinds.count(b"sweeping")] == [compacted, swept], f"{kinds} {compacted} {swept}")
    total = re.search(rb"^gc: (\d+)/(\d+)/(\d+) collections, \d+ in the background; ([\d.]+) of ", r[2], re.M)
    check(a, "the table has the same", total and [int(x) for x in total.groups()[:3]] == [gen0, gen1, gen2] and abs(float(total[4]) * 1000 - paused) <= paused / 10 + 100,
          f"{total and total[0]} {paused}")
    handles = re.search(rb"^gc handles: weak (\d+), weak tracking (\d+), strong (\d+), pinned (\d+), dependent (\d+), counted (\d+); (\d+) KB", r[2], re.M)
    least = (700, 900, 500, 300, 1100, 0, 4)
    check(a, "handles by kind", handles and all(low <= int(n) < low + 300 for n, low in zip(handles.groups(), least)), str(handles and handles[0]))


def allocation(a):
    """Compiled code allocates by moving a pointer: load, add, compare, branch, store the pointer, store the type; and the frame's roots are listed."""
    r = run(a, "AllocationOrder", STATOR_JITDUMP="Program:Three")
    text = (r[1] + r[2]).decode(errors="replace")
    first = re.search(r"newobj [^\n]*Small::.ctor\n(.*?)  \+\w+  call ", text, re.S)
    code = first[1].splitlines() if first else []
    path = next((i + 1 for i, line in enumerate(code) if line.endswith("add rax, 8")), 99)
    check(a, "instructions of an allocation", path <= 10 and any("[r15 + 8], r" in line for line in code[:path]), "\n".join(code))
    slots = re.search(r"^; frame \d+ bytes, (\d+) slots: (.*)", text, re.M)
    check(a, "roots of a frame", slots and int(slots[1]) >= 3 and slots[2].count(" ref") == int(slots[1]), str(slots and slots[0]))


def little_address_space(a):
    """The heap takes what there is, and running out of it is an exception."""
    p = subprocess.run(["/bin/sh", "-c", "ulimit -v 4000000; exec \"$@\"", "sh", a.runtime, ROOT / "build/tests/app/OutOfMemory/OutOfMemory.dll", "arrays of 100 KB"],
                       capture_output=True, timeout=120)
    check(a, "4 GB of addresses", p.returncode == 0 and b"arrays of 100 KB: OutOfMemoryException" in p.stdout and b"out of memory: OK" in p.stdout,
          describe((p.returncode, p.stdout, p.stderr)))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("names", nargs="*")
    ap.add_argument("--runtime", default=str(ROOT / "out/stator"))
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    a.runtime = os.path.abspath(a.runtime)
    names = a.names or PROGRAMS
    built = subprocess.run([sys.executable, APPS, "--oracle-only", *names, *FIGURES], capture_output=True, text=True)
    if built.returncode:
        print(built.stdout + built.stderr)
        return 1
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for f in [pool.submit(program, a, name, mode) for name in names for mode in ("single", "neutral")]:
            f.result()
    if not a.names:
        figures(a)
        allocation(a)
        little_address_space(a)
    r = run(a, names[0], STATOR_GCSTRESS="sometimes")
    check(a, "unknown kind of stress is refused", r[0] not in (0, None) and b"STATOR_GCSTRESS" in r[2], describe(r))
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
