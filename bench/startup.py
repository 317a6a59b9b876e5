#!/usr/bin/env python3
"""Start-up, csc and web figures of several launchers, interleaved, with minimum, median and peak memory.
startup.py [-n RUNS] OUTDIR LAUNCHER...     LAUNCHER is LABEL:COMMAND (leading VAR=value words go to its environment)
OUTDIR receives the published apps once.  Rows: empty, hello, csc of one file, csc of a large source.
A run that fails, or whose output differs from the first launcher's, is shown as such and never counted.
Example: startup.py -n 20 /tmp/apps coreclr:dotnet 'r2r0:DOTNET_ReadyToRun=0 dotnet' 'stator:out/stator'"""
import argparse, hashlib, os, shlex, shutil, statistics, subprocess, sys, time
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("-n", type=int, default=20); ap.add_argument("-c", type=int, default=3, help="runs of csc")
ap.add_argument("outdir"); ap.add_argument("launcher", nargs="+"); a = ap.parse_args()
here = os.path.dirname(os.path.abspath(__file__)); out = os.path.abspath(a.outdir); os.makedirs(out, exist_ok=True)
os.path.exists("/usr/bin/time") or sys.exit("needs /usr/bin/time: apt-get install time")
dotnet = shutil.which("dotnet") or sys.exit("no dotnet on PATH"); root = os.path.dirname(os.path.realpath(dotnet))
newest = lambda d: os.path.join(d, sorted(os.listdir(d), key=lambda v: [int(x) if x.isdigit() else 0 for x in v.replace("-", ".").split(".")])[-1])
csc = os.path.join(newest(root + "/sdk"), "Roslyn/bincore/csc.dll"); ref = newest(root + "/packs/Microsoft.NETCore.App.Ref") + "/ref/net10.0"
for app in ("empty", "hello"):
    if not os.path.exists(f"{out}/{app}/{app}.dll"):
        shutil.copytree(f"{here}/apps/{app}", f"{out}/src-{app}", dirs_exist_ok=True)
        subprocess.run([dotnet, "publish", f"{out}/src-{app}", "-c", "Release", "-o", f"{out}/{app}", "-v:q", "-nologo"], check=True, stdout=subprocess.DEVNULL)
if not os.path.exists(out + "/big.cs"): subprocess.run([sys.executable, here + "/apps/gen.py", "1000", out + "/big.cs"], check=True)
refs = ["-r:%s/%s" % (ref, f) for f in sorted(os.listdir(ref)) if f.endswith(".dll")]
for name, src in (("one", here + "/apps/hello/p.cs"), ("big", out + "/big.cs")):
    open(f"{out}/{name}.rsp", "w").write("\n".join(refs + ["-nologo", "-noconfig", "-nostdlib", "-optimize+", "-deterministic+", "-nowarn:*", f'"{src}"', f'-out:"{out}/{name}.dll"']))
rows = [("empty", a.n, [out + "/empty/empty.dll"], None), ("hello", a.n, [out + "/hello/hello.dll"], None),
        ("csc one file", a.c, [csc, "@%s/one.rsp" % out], out + "/one.dll"), ("csc large", a.c, [csc, "@%s/big.rsp" % out], out + "/big.dll")]
def parse(text):
    label, _, rest = text.partition(":"); env, words = dict(os.environ), shlex.split(rest)
    while "=" in words[0] and "/" not in words[0].split("=")[0]: k, v = words.pop(0).split("=", 1); env[k] = v
    return label, env, words
launchers = [parse(l) for l in a.launcher]
def run(env, argv, product):
    if product and os.path.exists(product): os.unlink(product)
    argv = ["/usr/bin/time", "-q", "-f", "%M", "-o", out + "/rss"] + argv       # its child starts from a small process: no floor
    t = time.perf_counter(); p = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = p.stdout.read(); p.wait()
    data = open(product, "rb").read() if product and os.path.exists(product) else text
    return (time.perf_counter() - t) * 1e3, int(open(out + "/rss").read() or 0) / 1024, p.returncode, hashlib.sha256(data).hexdigest()
print("| work | " + " | ".join(l[0] + ": min (median) ms, MB" for l in launchers) + " |\n|---|" + "--:|" * len(launchers))
for name, n, args, product in rows:
    got, good = {l[0]: [] for l in launchers}, None
    for i in range(n + 1):
        for label, env, words in launchers:
            r = run(env, words + args, product)
            if good is None: good = r[2:]
            if i: got[label].append(r)
    cell = []
    for label, _, _ in launchers:
        bad = [r for r in got[label] if r[2:] != good]
        if bad: cell.append("exit %d or other output" % bad[0][2]); continue
        w = [r[0] for r in got[label]]; cell.append("%.1f (%.1f), %.0f" % (min(w), statistics.median(w), statistics.median(r[1] for r in got[label])))
    print("| %s | %s |" % (name, " | ".join(cell)), flush=True)
