#!/usr/bin/env python3
"""The tests while the collector does its worst: at every few allocations, polls or transitions everything movable moves, what it
left becomes unreadable, and the whole heap is proved right (STATOR_GCSTRESS, STATOR_GCVERIFY).

stress.py [SUITE ...]       suites: app (both modes of the runtime), il (both), badinput, host; default: all, about half an hour
  --runtime PATH   launcher (default out/stator)      --kinds LIST   of alloc, poll, transition (default: all)
  --modes LIST     of single, neutral                 -j N           programs at a time, where the suite knows it (default 2)
  -v               show what passes                   NAME after app: only that program, as app:Closures

Each process writes down how many collections it made and how many objects they moved; one that moved none is a failure.
Programs whose subject is when collections happen say `stress: no` and are left out.
Last line: `N passed, N failed`."""
import argparse, collections, os, re, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Every nth chance, half as often after each 100 collections: short programs see many, long ones come to an end.
KINDS = {"alloc": "alloc:1:100", "poll": "poll:40:100", "transition": "transition:4:100"}
VERIFY = "1000"  # also after each collection of the stress
LINE = re.compile(r"gc stress: (\d+) collections, (\d+) objects moved: (.*)")
RESULT = re.compile(r"(\d+) passed, (\d+) failed$")


class Total:
    passed = failed = runs = collections = moved = 0


def command(suite, names, mode, a):
    argv = [sys.executable, f"{ROOT}/tests/{suite}/run.py", "--runtime", a.runtime, *names]
    if suite == "app":
        argv += ["--keep-going", "--any-runtime", "--timeout", "400", "--modes", mode, "-v", "-j", str(a.j)]
    elif suite == "il":
        argv += ["--no-oracle", "--show", "--timeout", "900"]
    elif suite == "badinput":
        argv += ["--timeout", "400", "-j", str(a.j)]
    return argv


def watch(argv, env, title, verbose):
    """runs a suite, showing what fails and now and then how far it is -> passed, failed"""
    start = shown = time.monotonic()
    done = collections.Counter()
    passed = failed = None
    p = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    for line in p.stdout:
        line = line.rstrip()
        word = line.split(" ", 1)[0]
        m = RESULT.match(line)
        if m:
            passed, failed = int(m[1]), int(m[2])
            continue
        done[word] += 1
        if verbose or word not in ("ok", "known"):
            print(f"   {line}", flush=True)
        if time.monotonic() - shown > 30:
            shown = time.monotonic()
            print(f"   {title}: {done['ok']} passed, {done['FAIL']} failed, {shown - start:.0f} s", flush=True)
    p.wait()
    if passed is None:
        print(f"FAIL {title}: no result, exit {p.returncode}")
        return 0, 1
    return passed, max(failed, 1 if p.returncode and not failed else 0)


def reports(path):
    """-> lines of the processes that ended in an orderly way: [(collections, moved, command)]"""
    if not os.path.exists(path):
        return []
    with open(path, errors="replace") as f:
        return [(int(m[1]), int(m[2]), m[3].strip()) for m in map(LINE.match, f) if m]


def run(suite, names, kind, mode, a, total):
    title = f"{suite}{' ' + mode if mode else ''}, {KINDS[kind]}"
    print(f"== {title}", flush=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stress-") as side:
        path = side + "/report"
        env = dict(os.environ, STATOR_GCSTRESS=KINDS[kind], STATOR_GCVERIFY=VERIFY, STATOR_GCREPORT=path)
        env.pop("STATOR_DOMAINS", None)
        if mode == "neutral":
            env["STATOR_DOMAINS"] = "1"
        passed, failed = watch(command(suite, names, mode, a), env, title, a.v)
        lines = reports(path)
    still = [c for n, moved, c in lines if not moved]
    for c in still:
        print(f"   FAIL nothing moved: {c[-150:]}")
    if not lines:
        print("   FAIL no process told of its collections")
    n, moved = sum(x[0] for x in lines), sum(x[1] for x in lines)
    print(f"   {passed} passed, {failed} failed; {len(lines)} processes, {n} collections, {moved} objects moved, "
          f"{time.monotonic() - start:.0f} s", flush=True)
    total.passed += passed
    total.failed += failed + len(still) + (not lines)
    total.runs += len(lines)
    total.collections += n
    total.moved += moved


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("suites", nargs="*")
    ap.add_argument("--runtime", default=ROOT + "/out/stator")
    ap.add_argument("--kinds", default=",".join(KINDS))
    ap.add_argument("--modes", default="single,neutral")
    ap.add_argument("-j", type=int, default=2)
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    a.runtime = os.path.abspath(a.runtime)
    wanted = collections.OrderedDict()
    for s in a.suites or ["app", "il", "badinput", "host"]:
        suite, _, name = s.partition(":")
        if not os.path.exists(f"{ROOT}/tests/{suite}/run.py"):
            sys.exit(f"no such suite: {suite}")
        wanted.setdefault(suite, []).extend([name] if name else [])
    total, start = Total(), time.monotonic()
    for kind in a.kinds.split(","):
        if kind not in KINDS:
            sys.exit(f"no such kind: {kind}")
        for suite, names in wanted.items():
            for mode in a.modes.split(",") if suite in ("app", "il") else [""]:
                run(suite, names, kind, mode, a, total)
    print(f"{total.runs} processes, {total.collections} collections, {total.moved} objects moved, {time.monotonic() - start:.0f} s")
    print(f"{total.passed} passed, {total.failed} failed")
    return total.failed != 0


if __name__ == "__main__":
    sys.exit(main())
