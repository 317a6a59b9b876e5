#!/usr/bin/env python3
"""Runs the benchmark programs on the reference runtime and on Stator, in turn, and compares: ./dev bench [options] [NAME ...]

  -n RUNS        runs of each cell, the least time counts (3)       -p PERCENT   share of the full work (100)
  -x NAME,...    programs to leave out                              -t SECONDS   limit of one run (120)
  --runtime P    launcher to measure (out/stator)                   -c LABEL:COMMAND   a further column, VAR=value words first
  --no-startup   leave out the tables of start-up, memory and compile time        --startup    only these, -s RUNS of each start (20)
  --no-tier0     leave out the column of unoptimised code           --list       names of the programs
  -q SHARE       repeat a run during which other processes used more than SHARE of a core (0.3), at most RUNS times a cell

Columns: the reference runtime as installed (ms), the same with unoptimised code everywhere (DOTNET_ReadyToRun=0
DOTNET_TieredCompilation=0 DOTNET_JITMinOpts=1), and Stator, both as a ratio to the first: below 1 is faster.  A program
checks its own result; a wrong one is shown as WRONG and not counted.  The last rows are geometric means, then peak memory.
Start-up adds a column of the reference without precompiled code (DOTNET_ReadyToRun=0).  Memory: the peak of resident pages, and of
those that it alone has written (private dirty), sampled.  Compile time: of all methods, loading of types included, for a byte of IL."""
import argparse, json, math, os, re, shlex, shutil, signal, statistics, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
OUT = os.path.join(ROOT, "build/bench")
HZ = os.sysconf("SC_CLK_TCK")
TIME = "/usr/bin/time" if os.path.exists("/usr/bin/time") else None


def dotnet():
    return os.path.realpath(os.environ.get("STATOR_ORACLE") or shutil.which("dotnet") or sys.exit("no dotnet on PATH"))


def build(project, name):
    """publishes a project into build/bench/NAME once its sources have changed; returns the dll"""
    dll = f"{OUT}/{name}/{name}.dll"
    newest = max(os.path.getmtime(os.path.join(d, f)) for d, _, fs in os.walk(project) for f in fs)
    if os.path.exists(dll) and os.path.getmtime(dll) > newest:
        return dll
    print(f"building {name}", file=sys.stderr)
    r = subprocess.run([dotnet(), "publish", project, "-c", "Release", "-o", f"{OUT}/{name}", "-v:q", "-nologo", "-nodeReuse:false",
                        "-p:UseAppHost=false", "-p:UseSharedCompilation=false", f"-p:BaseIntermediateOutputPath={OUT}/obj/{name}/",
                        f"-p:MSBuildProjectExtensionsPath={OUT}/obj/{name}/"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if r.returncode:
        sys.exit(r.stdout)
    os.utime(dll)
    return dll


class Launcher:
    def __init__(self, text):
        self.label, _, rest = text.partition(":")
        self.env, words = dict(os.environ), shlex.split(rest)
        while "=" in words[0] and "/" not in words[0].split("=")[0]:
            k, v = words.pop(0).split("=", 1)
            self.env[k] = v
        self.argv = words


def busy():
    f = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
    return (sum(f) - f[3] - f[4] - f[7]) / HZ                  # all but idle, iowait, steal


def execute(launcher, args, limit):
    """one run -> dict(wall ms, cpu ms, mb, other share, code, text)"""
    argv = launcher.argv + args
    rss = f"{OUT}/.rss"
    if TIME:                                                    # its child starts from a small process, so mb has no floor
        argv = [TIME, "-q", "-f", "%M", "-o", rss] + argv
    b0, t0 = busy(), time.perf_counter()
    p = subprocess.Popen(argv, env=launcher.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         start_new_session=True)
    late = threading.Timer(limit, lambda: os.killpg(p.pid, signal.SIGKILL))
    late.start()
    err = []
    drain = threading.Thread(target=lambda: err.append(p.stderr.read()))
    drain.start()
    text = p.stdout.read().decode(errors="replace")
    _, status, ru = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    late.cancel()
    drain.join()
    wall, cpu = time.perf_counter() - t0, ru.ru_utime + ru.ru_stime
    try:
        mb = int(open(rss).read().split()[-1]) / 1024 if TIME else ru.ru_maxrss / 1024
    except (OSError, ValueError, IndexError):
        mb = ru.ru_maxrss / 1024
    return dict(wall=wall * 1e3, cpu=cpu * 1e3, mb=mb, other=max(0, busy() - b0 - cpu) / max(wall, 0.02), code=p.returncode,
                text=text, late=wall >= limit - 0.01, error=err[0].decode(errors="replace")[:300])


def measure(launcher, dll, name, a):
    r = execute(launcher, [dll, name, str(a.p)], a.t)
    for line in r["text"].splitlines():
        if line.startswith(name + " "):
            words = line.split()
            r["verdict"] = words[2] if len(words) > 2 else ""
            r.update({"ms": float(w[3:]) for w in words if w.startswith("ms=")})
    if r["late"]: r["fail"] = ">%ds" % a.t
    elif r.get("verdict") == "BAD": r["fail"] = "WRONG"
    elif r["code"] != 0 or "ms" not in r: r["fail"] = "exit %d" % r["code"]
    return r


def programs(a, launchers):
    dll = build(HERE + "/src", "bench")
    every = subprocess.run([dotnet(), dll, "list"], stdout=subprocess.PIPE, text=True).stdout.split()
    if a.list:
        print("\n".join(every))
        return
    for n in a.names:
        if n not in every:
            sys.exit(f"no such program: {n} (try --list)")
    print(f"# {a.n} runs of each, {a.p} per cent; least ms of the first, then ratios to it")
    print("| program | " + " | ".join(l.label for l in launchers) + " |\n|---|" + "--:|" * len(launchers), flush=True)
    logs, memory = [[] for _ in launchers], [[] for _ in launchers]
    for name in a.names or every:
        if name in a.x.split(","):
            continue
        got, fail, spare = [[] for _ in launchers], [None] * len(launchers), [a.n] * len(launchers)
        for _ in range(a.n):
            for i, l in enumerate(launchers):
                while not fail[i]:
                    r = measure(l, dll, name, a)
                    fail[i] = r.get("fail")
                    got[i].append(r)
                    if fail[i] or r["other"] <= a.q or spare[i] == 0:
                        break
                    spare[i] -= 1
        row, base = [], None
        for i, g in enumerate(got):
            if fail[i]:
                row.append(fail[i])
                continue
            ms, mb = min(r["ms"] for r in g), statistics.median(r["mb"] for r in g)
            if i == 0:
                base, base_mb = ms, mb
                row.append("%.0f" % ms)
            elif base is None:
                row.append("%.0f ms" % ms)
            else:
                row.append("%.2f" % (ms / base))
                logs[i].append(math.log(ms / base))
                memory[i].append(math.log(mb / base_mb))
        print(f"| {name} | " + " | ".join(row) + " |", flush=True)

    def mean(v):
        return "%.2f (%d)" % (math.exp(sum(v) / len(v)), len(v)) if v else "-"
    print("| geometric mean | 1 | " + " | ".join(mean(v) for v in logs[1:]) + " |")
    print("| peak memory, geometric mean | 1 | " + " | ".join(mean(v) for v in memory[1:]) + " |", flush=True)


def private_peak(launcher, args):
    """largest private dirty memory seen while it ran, MB"""
    p = subprocess.Popen(launcher.argv + args, env=launcher.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while p.poll() is None:
        try:
            text = open(f"/proc/{p.pid}/smaps_rollup").read()
            peak = max(peak, sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_Dirty")))
        except (OSError, ProcessLookupError):
            pass
        time.sleep(0.001)
    return peak / 1024


def memory(a, launchers):
    print("\n# memory: peak MB, resident / private dirty\n| program | " + " | ".join(l.label for l in launchers) + " |\n|---|" + "--:|" * len(launchers))
    hello, bench = build(f"{HERE}/apps/hello", "hello"), build(HERE + "/src", "bench")
    for title, args in (("hello", [hello]), ("regex 10", [bench, "regex", "10", "-q"]), ("bintrees 10", [bench, "bintrees", "10", "-q"])):
        row = []
        for l in launchers:
            runs = [execute(l, args, a.t) for _ in range(3)]
            bad = [r["code"] for r in runs if r["code"]]
            row.append(f"exit {bad[0]}" if bad else "%.1f / %.1f" % (statistics.median(r["mb"] for r in runs),
                                                                     statistics.median(private_peak(l, args) for _ in range(3))))
        print(f"| {title} | " + " | ".join(row) + " |", flush=True)


def compile_time(a, ours):
    """`regex 10`: the reference's figures by JitInfo (bench/apps/jitinfo), ours by STATOR_JITSTATS"""
    bench = build(HERE + "/src", "bench")
    print("\n# compiling `regex 10`\n| | methods | IL bytes | ms | ns a byte of IL |\n|---|--:|--:|--:|--:|")
    rows = [("reference, unoptimised", "DOTNET_ReadyToRun=0 DOTNET_TieredCompilation=0 DOTNET_JITMinOpts=1 " + dotnet(), "jitinfo")]
    if ours:
        rows.append(("stator", "STATOR_JITSTATS=1 " + ours, None))
    for title, command, tool in rows:
        l, best = Launcher("x:" + command), None
        for _ in range(3):
            args = ([build(f"{HERE}/apps/jitinfo", "jitinfo")] if tool else []) + [bench, "regex", "10", "-q"]
            r = subprocess.run(l.argv + args, env=l.env, capture_output=True, text=True, timeout=a.t)
            m = re.search(r"jit_ms=([\d.]+) methods=(\d+) il=(\d+)", r.stderr)
            got = (float(m[1]), int(m[2]), int(m[3])) if m else None
            m = re.search(r"jit: (\d+) methods, (\d+) bytes of IL, .*?, ([\d.]+) ms", r.stderr)
            got = (float(m[3]), int(m[1]), int(m[2])) if m else got
            best = min(best or got, got) if got else best
        print(f"| {title} | " + ("%d | %d | %.1f | %.0f |" % (best[1], best[2], best[0], best[0] * 1e6 / best[2]) if best else "- | - | - | - |"), flush=True)


def startup(a, launchers):
    print(f"\n# start-up: least (median) ms of {a.s} runs, peak MB\n| program | " + " | ".join(l.label for l in launchers) + " |\n|---|" + "--:|" * len(launchers))
    for name in ("empty", "hello"):
        dll = build(f"{HERE}/apps/{name}", name)
        got, good = [[] for _ in launchers], None
        for i in range(a.s + 1):                                # the first of each only warms the page cache
            for k, l in enumerate(launchers):
                r = execute(l, [dll], 30)
                good = good or (r["code"], r["text"])
                if i or (r["code"], r["text"]) != good:
                    got[k].append(r)
        row = []
        for g in got:
            bad = [r for r in g if (r["code"], r["text"]) != good]
            row.append(f"exit {bad[0]['code']}" if bad else "%.1f (%.1f), %.1f MB" % (
                min(r["wall"] for r in g), statistics.median(r["wall"] for r in g), statistics.median(r["mb"] for r in g)))
        print(f"| {name} | " + " | ".join(row) + " |", flush=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("names", nargs="*")
    for flag, kind, default in (("-n", int, 3), ("-p", int, 100), ("-x", str, ""), ("-t", float, 120), ("-q", float, 0.3), ("-s", int, 20)):
        ap.add_argument(flag, type=kind, default=default)
    ap.add_argument("--runtime", default=ROOT + "/out/stator")
    ap.add_argument("-c", action="append", default=[])
    for flag in ("--no-startup", "--startup", "--no-tier0", "--list"):
        ap.add_argument(flag, action="store_true")
    a = ap.parse_args()
    os.makedirs(OUT, exist_ok=True)
    launchers = [Launcher("default:" + dotnet())]
    if not a.no_tier0:
        launchers.append(Launcher("unoptimised:DOTNET_ReadyToRun=0 DOTNET_TieredCompilation=0 DOTNET_JITMinOpts=1 " + dotnet()))
    if os.path.exists(a.runtime):
        launchers.append(Launcher("stator:" + os.path.abspath(a.runtime)))
    elif not a.list:
        print(f"no runtime at {a.runtime}: only the reference is measured", file=sys.stderr)
    launchers += [Launcher(c) for c in a.c]
    if not a.startup:
        programs(a, launchers)
    if not (a.no_startup or a.list or (a.names and not a.startup)):
        late = [l for l in launchers if l.label != "unoptimised"]
        late.insert(1, Launcher("ReadyToRun=0:DOTNET_ReadyToRun=0 " + dotnet()))
        startup(a, late)
        memory(a, late)
        compile_time(a, os.path.abspath(a.runtime) if os.path.exists(a.runtime) else None)


if __name__ == "__main__":
    main()
