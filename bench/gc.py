#!/usr/bin/env python3
"""Measures the collector beside the reference's, both in turn: ./dev bench gc|pauses [options] [NAME ...]

  -n RUNS        runs of each cell, the median counts (7; pauses: 5)         -t SECONDS    limit of one run (180)
  --runtime P    launcher to measure (out/stator)                            --oracle      only the reference
  -c LABEL:COMMAND   a further column, VAR=value words first                 -o FILE       append what each run printed (JSON lines)

gc: throughput and memory.  Time is the median (least) of the runs, in ms for the reference as installed (concurrent workstation
collector), then as a ratio to it, and for Stator also to the reference with unoptimised code everywhere (DOTNET_ReadyToRun=0
DOTNET_TieredCompilation=0 DOTNET_JITMinOpts=1).  Memory is the peak of resident pages (VmHWM) before the final collection, in MB,
and over what is live at the end, where the program keeps something.

pauses: live heaps of about 300 and 930 MB under steady allocation.  `pause` is the collector's own figure (the growth of
GC.GetTotalPauseDuration over a step of the program), `gap` what the running thread sees between two steps, `control` the gaps of the same
reads and writes without allocation in the same run, and `above` is gap less control.  All in ms, of the phases build and steady together
where they have both; percentiles are of what is above 0.1 ms.  Each is the median over the runs; the last columns are ratios to the reference."""
import argparse, json, os, re, statistics, sys
import run

GC = ["alloc1", "alloc2", "bintrees", "gcmix", "mtalloc", "handles", "lohmix"]
PAUSES = [("livecache", 27), ("livegraph", 100), ("livecache", 100), ("livegraph", 400)]
PHASE = re.compile(r"(build|steady|control)\[ms=(\d+) gaps>0.1ms=([^\]]*?) pauses=([^\]]*)\]")


def numbers(text):
    words = text.split()
    return dict([("count", float(words[0]))] + [(k, float(v)) for k, v in (w.split("=") for w in words[1:])])


def one(launcher, dll, name, percent, a):
    r = run.execute(launcher, [dll, name, str(percent)], a.t)
    for line in r["text"].splitlines():
        words = line.split()
        if line.startswith(name + " "):
            r["verdict"] = words[2]
            r.update({k: v for k, _, v in (w.partition("=") for w in words[3:])})
        elif line.startswith("# " + name):
            r.update({k: float(v) for k, v in re.findall(r"\b(live|frag|worstfrag|endfrag)=([\d.]+)", line)})
            for phase, ms, gaps, pauses in PHASE.findall(line):
                r[phase] = dict(ms=float(ms), gap=numbers(gaps), pause=numbers(pauses))
    if r["late"]: r["fail"] = ">%ds" % a.t
    elif r.get("verdict") == "BAD": r["fail"] = "WRONG"
    elif r["code"] != 0 or "ms" not in r: r["fail"] = "exit %d" % r["code"]
    if a.o:
        with open(a.o, "a") as f:
            f.write(json.dumps(dict(r, label=launcher.label, program=name, percent=percent)) + "\n")
    return r


def cells(a, launchers, dll, name, percent):
    """-> for each launcher a list of runs, or the word for its failure"""
    got = [[] for _ in launchers]
    for _ in range(a.n):
        for i, l in enumerate(launchers):
            if isinstance(got[i], list):
                r = one(l, dll, name, percent, a)
                got[i] = r["fail"] if "fail" in r else got[i] + [r]
    return got


def median(runs, f):
    return statistics.median(f(r) for r in runs)


def row(*cols):
    print("| " + " | ".join(cols) + " |", flush=True)


def head(*cols):
    row(*cols)
    print("|---|" + "--:|" * (len(cols) - 1), flush=True)


def ratio(x, y):
    return "%.2f" % (x / y) if y > 0 else "-"


def times(title, key, labels, rows, a):
    print(f"# {title}: median (least) of {a.n} in ms; then ratios of medians")
    head("program", "default ms", "unoptimised", *(x for l in labels[2:] for x in (l, l + " / unoptimised")))
    for name, got in rows:
        base = [median(g, lambda r: float(r[key])) if isinstance(g, list) else None for g in got]
        cols = []
        for i, g in enumerate(got):
            if base[i] is None: cols.append(g)
            elif i == 0: cols.append("%.0f (%.0f)" % (base[0], min(float(r[key]) for r in g)))
            else: cols.append("%.2f" % (base[i] / base[0]) if base[0] else "%.0f ms" % base[i])
            if i > 1: cols.append("%.2f" % (base[i] / base[1]) if base[i] and base[1] else "-")
        row(name, *cols)


def throughput(a, launchers, dll):
    labels = [l.label for l in launchers]
    ours = len(labels) > 2
    rows = []

    def measured():
        for name in a.names or GC:
            rows.append((name, cells(a, launchers, dll, name, 100)))
            yield rows[-1]
    times("time", "ms", labels, measured(), a)
    print()
    times("processor time of the whole process, which other work disturbs less", "cpu", labels, rows, a)
    print("\n# peak resident MB / live MB, fragmentation of the large-object space in per cent (mean, worst)")
    head("program", "live MB", *labels, *(["ratio to default"] if ours else []), "collections 0/1/2 " + " · ".join(labels))
    for name, got in rows:
        good = [g for g in got if isinstance(g, list)]
        live = statistics.median([median(g, lambda r: r.get("live", 0)) for g in good]) if good else 0
        cols, peaks = [], []
        for g in got:
            if not isinstance(g, list):
                cols.append(g)
                peaks.append(None)
                continue
            peak = median(g, lambda r: float(r["rss"]))
            peaks.append(peak)
            text = "%.0f" % peak
            if live > 5: text += " = %.2f" % (peak / live)
            if "frag" in g[0]: text += ", frag %.1f %.1f" % (median(g, lambda r: r["frag"]), median(g, lambda r: r["worstfrag"]))
            cols.append(text)
        if ours: cols.append("%.2f" % (peaks[2] / peaks[0]) if peaks[0] and peaks[2] else "-")
        row(name, "%.0f" % live if live else "-", *cols, " · ".join(g[-1]["gc"] if isinstance(g, list) else "-" for g in got))


def phases(r, what, key, of=("build", "steady")):
    return max((r[p][what][key] for p in of if p in r), default=0)


# title, figure of one run
FIGURES = [
    ("pause max", lambda r: phases(r, "pause", "max")),
    ("pause p99", lambda r: phases(r, "pause", "p99")),
    ("gap max", lambda r: phases(r, "gap", "max")),
    ("gap p99", lambda r: phases(r, "gap", "p99")),
    ("control max", lambda r: phases(r, "gap", "max", ["control"])),
    ("control p99", lambda r: phases(r, "gap", "p99", ["control"])),
    ("above max", lambda r: max(0, phases(r, "gap", "max") - phases(r, "gap", "max", ["control"]))),
    ("above p99", lambda r: max(0, phases(r, "gap", "p99") - phases(r, "gap", "p99", ["control"]))),
    (">1 ms", lambda r: sum(r[p]["gap"][">1"] for p in ("build", "steady") if p in r)),
    (">10 ms", lambda r: sum(r[p]["gap"][">10"] for p in ("build", "steady") if p in r)),
    (">100 ms", lambda r: sum(r[p]["gap"][">100"] for p in ("build", "steady") if p in r)),
    ("paused ms", lambda r: float(r["pause"])),
    ("ms", lambda r: float(r["ms"])),
    ("processor ms", lambda r: r["cpu"]),
    ("peak MB", lambda r: float(r["rss"])),
    ("live MB", lambda r: r.get("live", 0)),
    ("peak/live", lambda r: float(r["rss"]) / r["live"] if r.get("live") else 0),
]


def pauses(a, launchers, dll):
    launchers = [l for l in launchers if l.label != "unoptimised"]
    print(f"# medians of {a.n} runs")
    for name, percent in PAUSES:
        if a.names and name not in a.names and f"{name}:{percent}" not in a.names:
            continue
        got = cells(a, launchers, dll, name, percent)
        print(f"\n{name} {percent} %")
        head("figure", *(l.label for l in launchers), *(l.label + " ratio" for l in launchers[1:]))
        for title, f in FIGURES:
            v = [median(g, f) if isinstance(g, list) else g for g in got]
            row(title, *("%.4g" % x if not isinstance(x, str) else x for x in v),
                *(ratio(x, v[0]) if not isinstance(x, str) and not isinstance(v[0], str) else "-" for x in v[1:]))
        row("collections 0/1/2", *(g[-1]["gc"] if isinstance(g, list) else g for g in got), *("" for _ in launchers[1:]))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("what", choices=["gc", "pauses"])
    ap.add_argument("names", nargs="*")
    ap.add_argument("-n", type=int)
    ap.add_argument("-t", type=float, default=180)
    ap.add_argument("-o", default="")
    ap.add_argument("-c", action="append", default=[])
    ap.add_argument("--runtime", default=run.ROOT + "/out/stator")
    ap.add_argument("--oracle", action="store_true")
    a = ap.parse_intermixed_args()
    a.n = a.n or (7 if a.what == "gc" else 5)
    os.makedirs(run.OUT, exist_ok=True)
    launchers = [run.Launcher("default:" + run.dotnet()),
                 run.Launcher("unoptimised:DOTNET_ReadyToRun=0 DOTNET_TieredCompilation=0 DOTNET_JITMinOpts=1 " + run.dotnet())]
    if not a.oracle:
        if not os.path.exists(a.runtime):
            sys.exit(f"no runtime at {a.runtime}")
        launchers.append(run.Launcher("stator:" + os.path.abspath(a.runtime)))
    launchers += [run.Launcher(c) for c in a.c]
    (throughput if a.what == "gc" else pauses)(a, launchers, run.build(run.HERE + "/src", "bench"))


if __name__ == "__main__":
    main()
