#!/usr/bin/env python3
"""Runs the programs of tests/app on Stator and on the reference runtime and compares what they print and return.

run.py [options] [NAME or PATTERN ...]        no names: all of manifest.txt, in its order (easy to hard)

  -j N             programs at a time (default 2)
  --runtime PATH   launcher to test (default out/stator); run as PATH app.dll args
  --oracle-only    only build and run on the reference runtime
  --keep-going     run all; the default stops after --max-fail failures (20)
  --env K=V        for the tested runtime, may be given several times
  --modes LIST     single,neutral (neutral = STATOR_DOMAINS=1); default single
  --timeout S      seconds a run may take (default 40; 20 for known failures)
  --list, -v       show the programs; show passing ones too, with times
  --show           print the whole output of both sides for failing tests
  --write-known    make known_failures.txt the list of what fails now
  --coverage FILE  set STATOR_COVERAGE for the tested runtime
  --any-runtime    leave out the check for files of another runtime (it makes the loader slower)

A program is NAME.cs, .fs or .vb in this folder, or `source=` in the manifest (of libraries .il, too).  Lines `// key: value` at its top
(F#, IL: //, VB: ') say how it is built and run:
  args: a "b c"            command line            env: K=V [K=V]       environment
  stdin: text              with \\n escapes         knob: name=value     runtimeconfig property (several lines)
  compile: debug,checked,generators,library,define:X,resource:FILE   also: file.cs     further sources
  expect-exit: N           checked on both sides   stderr: ignore, or N  (only the first N lines)
  maps: no                 do not link common/ProcMaps.cs
  output: text             the reference is not asked, as what it does there varies; the program prints this (with \\n escapes)
  verify: no               its methods are beyond the verifier on purpose (tests/verify)
  stress: WORDS            under STATOR_GCSTRESS; no: left out; loose: when collections happen shows in its output, so only the
                           exit code counts; a number: so many times fewer collections
  needs: NAME              a library program, built first and put beside this one (as reference: `ref: NAME`)
  native: FILE.c [NAME]    a shared library of that source, lib<file>.so (or NAME), is put beside it
Results of the reference are cached by the hash of the program, so only the tested side runs again.
Programs listed in known_failures.txt are run, shown as `known` and not counted as failed; one that passes is an error.
Last line: `N passed, N failed`."""
import argparse, concurrent.futures, fnmatch, hashlib, json, os, re, resource, shlex, shutil, signal, subprocess, sys
import tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
from assembler import command as assembler
from known import Known
OUT = os.path.join(ROOT, "build/tests/app")


def newest(folder):
    def key(v):
        return [int(x) if x.isdigit() else 0 for x in re.split(r"[.\-]", v)]
    return os.path.join(folder, sorted(os.listdir(folder), key=key)[-1])


DOTNET = os.path.realpath(os.environ.get("STATOR_ORACLE") or shutil.which("dotnet") or sys.exit("no dotnet on PATH"))
DROOT = os.path.dirname(DOTNET)
FRAMEWORK = newest(DROOT + "/shared/Microsoft.NETCore.App")
VERSION = os.path.basename(FRAMEWORK)
SDK = newest(DROOT + "/sdk")
REFS = newest(DROOT + "/packs/Microsoft.NETCore.App.Ref") + "/ref/net10.0"


def sha(*parts):
    h = hashlib.sha256()
    for p in parts:
        h.update(p if isinstance(p, bytes) else str(p).encode())
        h.update(b"\0")
    return h.hexdigest()[:24]


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Program:
    def __init__(self, name, extra):
        self.name = name
        src = extra.get("source")
        if not src:
            src = next((name + e for e in (".cs", ".fs", ".vb") if os.path.exists(os.path.join(HERE, name + e))), name + ".cs")
        self.source = os.path.join(HERE, src)
        self.relative = src
        self.dir = os.path.join(OUT, name)
        self.dll = os.path.join(self.dir, name + ".dll")
        self.args, self.env, self.stdin, self.knobs, self.options, self.also = [], {}, b"", {}, [], []
        self.expect, self.stderr, self.maps, self.needs, self.ref = None, True, True, [], []
        self.output, self.native = None, []
        self.stress, self.loose, self.rarer = True, False, 1
        for line in open(self.source, encoding="utf-8"):
            line = line.strip()
            m = re.match(r"(?://|')\s*([\w-]+):\s*(.*)$", line)
            if m:
                self.header(m[1], m[2].strip())
            elif line and not line.startswith(("//", "'")):
                break
        for k, v in extra.items():
            if k != "source":
                self.header(k, v)
        self.lang = self.source[-2:]
        if self.lang != "cs":
            self.maps = False

    def header(self, key, value):
        if key == "args": self.args = shlex.split(value)
        elif key == "env": self.env.update(kv.split("=", 1) for kv in shlex.split(value))
        elif key == "stdin": self.stdin = value.encode().decode("unicode_escape").encode()
        elif key in ("knob", "knobs"): self.knobs.update(kv.split("=", 1) for kv in re.split("[ ,]+", value))
        elif key == "compile": self.options += [o for o in re.split("[ ,]+", value) if o]
        elif key == "also": self.also += value.split()
        elif key == "expect-exit": self.expect = int(value)
        elif key == "stderr": self.stderr = int(value) if value.isdigit() else value != "ignore"
        elif key == "maps": self.maps = value != "no"
        elif key == "output": self.output = value.encode().decode("unicode_escape").encode() + b"\n"
        elif key == "stress":
            for word in value.split():
                if word == "no": self.stress = False
                elif word == "loose": self.loose = True
                else: self.rarer = int(word)
        elif key == "native": self.native.append(value.split())
        elif key == "needs": self.needs += value.split()
        elif key == "ref": self.needs += value.split(); self.ref += value.split()

    @property
    def library(self):
        return "library" in self.options

    def sources(self):
        s = [(self.source, "/_/tests/app/" + self.relative)]
        for a in self.also:
            s.append((os.path.join(HERE, a), "/_/tests/app/" + a))
        if self.lang == "cs":
            s.append((HERE + "/common/Usings.cs", "/_/tests/app/common/Usings.cs"))
            if self.maps and not self.library:
                s.append((HERE + "/common/ProcMaps.cs", "/_/tests/app/common/ProcMaps.cs"))
        return s

    def stamp(self, programs):
        parts = [read(HERE + "/driver/Build.cs"), SDK, VERSION, self.options, sorted(self.knobs.items()), self.needs]
        parts += [read(f) + v.encode() for f, v in self.sources()]
        parts += [read(os.path.join(HERE, o[9:])) for o in self.options if o.startswith("resource:")]
        parts += [programs[n].stamp(programs) for n in self.needs]
        parts += [read(os.path.join(HERE, n[0])) + n[-1].encode() for n in self.native]
        return sha(*parts)

    def config(self):
        props = {k: (v == "true" if v in ("true", "false") else int(v) if v.isdigit() else v) for k, v in self.knobs.items()}
        o = {"tfm": "net10.0", "framework": {"name": "Microsoft.NETCore.App", "version": "10.0.0"}}
        if props:
            o["configProperties"] = props
        return json.dumps({"runtimeOptions": o}, indent=2)


def manifest():
    programs = {}
    for line in open(HERE + "/manifest.txt"):
        words = shlex.split(line, comments=True)
        if words:
            programs[words[0]] = Program(words[0], dict(w.split("=", 1) for w in words[1:]))
    return programs


# ---- building -------------------------------------------------------------------------------------------------------

def compiler():
    """the folder of the compile driver, built with the SDK's own csc when its source has changed"""
    d = os.path.join(OUT, ".build")
    src = HERE + "/driver/Build.cs"
    stamp = sha(read(src), SDK, VERSION)
    mark = d + "/.stamp"
    if os.path.exists(mark) and open(mark).read() == stamp:
        return d
    os.makedirs(d, exist_ok=True)
    bin_ = SDK + "/Roslyn/bincore"
    libs = ["Microsoft.CodeAnalysis.dll", "Microsoft.CodeAnalysis.CSharp.dll"]
    for f in libs:
        if not os.path.exists(f"{d}/{f}"):
            os.symlink(f"{bin_}/{f}", f"{d}/{f}")
    rsp = ["-nologo", "-nostdlib", "-optimize+", "-deterministic+", "-nullable:enable", "-langversion:latest",
           f'-out:"{d}/Build.dll"', f'"{src}"', f'"{HERE}/common/Usings.cs"']
    rsp += [f'-r:"{REFS}/{f}"' for f in sorted(os.listdir(REFS)) if f.endswith(".dll")] + [f'-r:"{bin_}/{f}"' for f in libs]
    open(d + "/Build.rsp", "w").write("\n".join(rsp))
    subprocess.run([DOTNET, bin_ + "/csc.dll", "-noconfig", "@" + d + "/Build.rsp"], check=True)
    open(d + "/Build.runtimeconfig.json", "w").write(json.dumps({"runtimeOptions": {"tfm": "net10.0",
        "framework": {"name": "Microsoft.NETCore.App", "version": "10.0.0"},
        "configProperties": {"System.GC.Concurrent": False}}}))
    open(mark, "w").write(stamp)
    return d


def build_other(p, runtime):
    """F#, VB and IL: the SDK's command-line compilers, our assembler"""
    os.makedirs(p.dir, exist_ok=True)
    refs = [f"{REFS}/{f}" for f in sorted(os.listdir(REFS)) if f.endswith(".dll")]
    if p.lang == "fs":
        core = SDK + "/FSharp/FSharp.Core.dll"
        shutil.copyfile(core, p.dir + "/FSharp.Core.dll")
        cmd = [DOTNET, SDK + "/FSharp/fsc.dll", "--nologo", "--noframework", "--targetprofile:netcore", "--optimize+",
               "--deterministic+", "--debug:portable", "--nocopyfsharpcore", "--nowarn:3370", f"--pathmap:{HERE}=/_/tests/app",
               "--target:library" if p.library else "--target:exe", "-o:" + p.dll, "-r:" + core] + ["-r:" + r for r in refs] + [p.source]
    elif p.lang == "vb":
        cmd = [DOTNET, SDK + "/Roslyn/bincore/vbc.dll", "-nologo", "-noconfig", "-nostdlib", "-sdkpath:" + REFS,
               "-optimize+", "-deterministic+", "-debug:portable", "-optioninfer+", "-define:_MYTYPE=\\\"Empty\\\"", "-imports:System",
               "-target:library" if p.library else "-target:exe", f"-pathmap:{HERE}=/_/tests/app",
               "-vbruntime:" + REFS + "/Microsoft.VisualBasic.Core.dll", "-out:" + p.dll] + ["-r:" + r for r in refs] + [p.source]
    else:
        cmd = [*assembler(runtime), "-dll", "-quiet", "-nologo", "-output=" + p.dll, p.source]
    r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "" if r.returncode == 0 else r.stdout


def build_native(p):
    """the C libraries beside it; text of what is wrong with them"""
    for source, *name in p.native:
        to = name[0] if name else "lib" + os.path.basename(source)[:-2].lower() + ".so"
        r = subprocess.run(["gcc", "-std=gnu17", "-O1", "-shared", "-fPIC", "-Wall", "-o", p.dir + "/" + to, os.path.join(HERE, source), "-lpthread"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if r.returncode:
            return r.stdout
    return ""


def build(wanted, programs, jobs, runtime):
    """compiles what has changed; returns the names that did not compile, with the text"""
    need, seen = [], set()

    def add(p):
        if p.name in seen:
            return
        seen.add(p.name)
        for n in p.needs:
            add(programs[n])
        need.append(p)
    for p in wanted:
        add(p)
    old = {p.name: p.stamp(programs) for p in need}
    need = [p for p in need if not (os.path.exists(p.dll) and os.path.exists(p.dir + "/.stamp")
                                    and open(p.dir + "/.stamp").read() == old[p.name])]
    errors = {}
    if not need:
        return errors
    depth = {}
    for p in need:                                   # what it needs stands before it
        depth[p.name] = 1 + max([depth.get(n, 0) for n in p.needs], default=0)
    for level in sorted(set(depth.values())):
        for p in need:
            if depth[p.name] == level and p.lang != "cs":
                shutil.rmtree(p.dir, ignore_errors=True)
                if text := build_other(p, runtime):
                    errors[p.name] = text
        batch = [p for p in need if depth[p.name] == level and p.lang == "cs"]
        if not batch:
            continue
        lines = []
        for p in batch:
            shutil.rmtree(p.dir, ignore_errors=True)
            options = p.options + ["ref:" + programs[n].dll for n in p.ref]
            lines.append("\t".join([p.name, p.dir, ",".join(options), "|".join(f + "=" + v for f, v in p.sources())]))
        tool = compiler()
        with tempfile.NamedTemporaryFile("w", suffix=".jobs", delete=False) as f:
            f.write("\n".join(lines) + "\n")
        r = subprocess.run([DOTNET, tool + "/Build.dll", REFS, f.name, str(jobs)], stdout=subprocess.PIPE, text=True)
        os.unlink(f.name)
        for line in r.stdout.splitlines():
            m = re.match(r"error (\S+): (.*)", line)
            if m:
                errors[m[1]] = errors.get(m[1], "") + m[2] + "\n"
        if r.returncode and not errors:
            sys.exit("the compile driver failed:\n" + r.stdout)
    for p in need:
        for n in p.needs:
            if n in errors:
                errors[p.name] = f"{n}: {errors[n]}"
        if p.name not in errors and (text := build_native(p)):
            errors[p.name] = text
        if p.name not in errors:
            open(p.dir + f"/{p.name}.runtimeconfig.json", "w").write(p.config())
            for n in p.needs:
                shutil.copyfile(programs[n].dll, p.dir + "/" + n + ".dll")
                for beside in (n + ".pdb", "FSharp.Core.dll"):
                    if os.path.exists(programs[n].dir + "/" + beside):
                        shutil.copyfile(programs[n].dir + "/" + beside, p.dir + "/" + beside)
            open(p.dir + "/.stamp", "w").write(old[p.name])
    return errors


# ---- running --------------------------------------------------------------------------------------------------------

running, running_lock, stopping = set(), threading.Lock(), threading.Event()


def quiet_child():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(argv, env, cwd, stdin, timeout):
    """-> (exit code as the shell shows it, stdout, stderr) as int, bytes, bytes; exit is None after a timeout"""
    p = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         start_new_session=True, preexec_fn=quiet_child)
    with running_lock:
        running.add(p.pid)
    try:
        out, err = p.communicate(stdin, timeout=timeout)
        code = p.returncode
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        out, err = p.communicate()
        code = None
    finally:
        with running_lock:
            running.discard(p.pid)
    return (128 - code if code is not None and code < 0 else code), out, err


def clean_env(p, tmp):
    e = {k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ}
    e.update(LANG="C.UTF-8", TZ="UTC", TMPDIR=tmp, DOTNET_ROOT=DROOT)
    e.update(p.env)
    return e


def oracle(p, timeout):
    if p.output is not None:
        return p.expect or 0, p.output, b""
    key = sha(read(p.dll), VERSION, p.config(), p.args, sorted(p.env.items()), p.stdin,
              *[read(f"{p.dir}/{n}.dll") for n in p.needs])
    path = f"{p.dir}/.oracle-{key}.json"
    if os.path.exists(path):
        r = json.load(open(path))
        return r["exit"], r["out"].encode("latin-1"), r["err"].encode("latin-1")
    with tempfile.TemporaryDirectory(prefix="app-") as tmp:
        code, out, err = run([DOTNET, p.dll] + p.args, clean_env(p, tmp), tmp, p.stdin, timeout)
        out, err = out.replace(tmp.encode(), b"<tmp>"), err.replace(tmp.encode(), b"<tmp>")
    if code is not None:
        part = f"{path}.{os.getpid()}.{threading.get_ident()}"  # two modes may ask at once: the answer appears whole
        with open(part, "w") as f:
            json.dump({"exit": code, "out": out.decode("latin-1"), "err": err.decode("latin-1")}, f)
        os.replace(part, path)
    return code, out, err


FOREIGN = re.compile(r"/lib(coreclr|clrjit\w*|clrgc\w*|clrinterpreter|mscordac\w*|mscordbi|coreclrtraceptprovider)\.so$")
stock_hash = {}


def foreign(paths):
    """native parts of the reference runtime among these files"""
    bad = set()
    for path in paths:
        m = FOREIGN.search(path)
        if not m:
            continue
        real = os.path.realpath(path)
        if m[1] != "coreclr" or real.startswith(os.path.realpath(DROOT) + "/"):
            bad.add(path)
            continue
        if os.path.exists(real):
            if "h" not in stock_hash:
                stock_hash["h"] = sha(read(FRAMEWORK + "/libcoreclr.so"))
            if sha(read(real)) == stock_hash["h"]:
                bad.add(path)
    return bad


def rarer(stress, times):
    """kind[:n[:m]]: about so many times fewer collections"""
    kind, *counts = stress.split(":")
    n, m = counts + ["1", ""][len(counts):]
    return f"{kind}:{n}:{max(int(m) // times, 1)}" if m else f"{kind}:{int(n) * times}"


def tested(p, a, mode):
    """-> exit, stdout, stderr, text of what else was wrong"""
    with tempfile.TemporaryDirectory(prefix="app-") as tmp, tempfile.TemporaryDirectory(prefix="maps-") as side:
        env = clean_env(p, tmp)
        env.update({k: v for k, v in os.environ.items() if k.startswith("STATOR_")})
        env.update(kv.split("=", 1) for kv in a.env)
        if "STATOR_GCSTRESS" in env:
            env["STATOR_GCSTRESS"] = rarer(env["STATOR_GCSTRESS"], p.rarer)
        if mode == "neutral":
            env["STATOR_DOMAINS"] = "1"
        if a.coverage:
            env["STATOR_COVERAGE"] = os.path.abspath(a.coverage)
        maps = side + "/maps"
        env["STATOR_TEST_MAPS"] = maps
        if not a.any_runtime:
            env.update(LD_DEBUG="files", LD_DEBUG_OUTPUT=side + "/ld")
        code, out, err = run([a.runtime, p.dll] + p.args, env, tmp, p.stdin, a.timeout if p.name not in a.known.reasons else min(a.timeout, 20))
        out, err = out.replace(tmp.encode(), b"<tmp>"), err.replace(tmp.encode(), b"<tmp>")
        loaded, wrong = [], ""
        for f in os.listdir(side):
            text = open(f"{side}/{f}", errors="replace").read()
            if f.startswith("ld"):
                loaded += re.findall(r"calling init: (/\S+)", text) + re.findall(r"file=(/\S+)", text)
            else:
                loaded += text.split()
        if p.maps and code in (0, p.expect) and p.expect != 134 and not os.path.exists(maps):
            wrong = "the list of mapped files was not written"
        bad = foreign(loaded)
        if bad and not a.any_runtime:
            wrong = "files of the reference runtime are mapped: " + " ".join(sorted(bad))
        return code, out, err, wrong


def first_difference(want, got):
    w, g = want.decode(errors="replace").splitlines(), got.decode(errors="replace").splitlines()
    for i in range(max(len(w), len(g))):
        x, y = w[i] if i < len(w) else "<end>", g[i] if i < len(g) else "<end>"
        if x != y:
            return f"line {i + 1}: want {x[:140]!r} got {y[:140]!r}"
    return "only line ends differ"


def judge(p, want, got, loose=False):
    """text of the first difference, or an empty string"""
    wcode, wout, werr = want
    code, out, err, wrong = got
    if code is None:
        return "timeout" + (f", {first_difference(wout, out)}" if wout != out else "")
    if code != wcode:
        tail = err.decode(errors="replace").strip().splitlines()
        why = f": {' '.join(tail[:2])[:300]}" if tail else ""
        return f"exit {code} want {wcode}{why}" + (f" | stdout {first_difference(wout, out)}" if wout != out else "")
    if loose:
        return wrong
    if out != wout:
        return "stdout " + first_difference(wout, out)
    if p.stderr is not True:
        werr, err = (b"\n".join(e.splitlines()[:p.stderr]) for e in (werr, err))
    if err != werr:
        return "stderr " + first_difference(werr, err)
    return wrong


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("names", nargs="*")
    ap.add_argument("-j", type=int, default=2)
    ap.add_argument("--runtime", default=os.path.join(ROOT, "out/stator"))
    ap.add_argument("--oracle-only", action="store_true")
    ap.add_argument("--keep-going", "-k", action="store_true")
    ap.add_argument("--max-fail", type=int, default=20)
    ap.add_argument("--env", action="append", default=[])
    ap.add_argument("--modes", default="single")
    ap.add_argument("--timeout", type=float, default=40)
    ap.add_argument("--coverage")
    ap.add_argument("--any-runtime", action="store_true")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--write-known", action="store_true")
    ap.add_argument("--show", action="store_true")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    a.runtime = os.path.abspath(a.runtime)
    programs = manifest()
    stressed = "STATOR_GCSTRESS" in os.environ or any(e.startswith("STATOR_GCSTRESS=") for e in a.env)
    names = [n for n, p in programs.items() if not p.library and (p.stress or not stressed) and
             (not a.names or any(fnmatch.fnmatchcase(n, x) for x in a.names))]
    for x in a.names:
        if not any(fnmatch.fnmatchcase(n, x) for n in names):
            sys.exit(f"no such program: {x}")
    if a.list:
        print("\n".join(names))
        return 0
    if not a.oracle_only and not os.path.exists(a.runtime):
        sys.exit(f"no runtime at {a.runtime}")
    os.makedirs(OUT, exist_ok=True)
    wanted = [programs[n] for n in names]
    errors = build(wanted, programs, a.j, a.runtime)
    modes = ["oracle"] if a.oracle_only else a.modes.split(",")
    passed, failed, lock = 0, 0, threading.Lock()
    a.known = known = Known(HERE)
    for text in known.strangers(programs):
        failed += 1
        print("FAIL " + text)

    def one(p, mode):
        if stopping.is_set():
            return None
        start = time.monotonic()
        if p.name in errors:
            return "does not compile: " + errors[p.name].strip().splitlines()[0], 0
        want = oracle(p, 3 * a.timeout)  # once; then its results are kept
        wrong = ""
        if want[0] is None:
            wrong = "timeout on the reference runtime"
        elif want[0] != (p.expect or 0):
            wrong = f"reference runtime: exit {want[0]} want {p.expect or 0} {want[2][:300].decode(errors='replace')!r}"
        elif not a.oracle_only:
            got = tested(p, a, mode)
            wrong = judge(p, want, got, p.loose and stressed)
            if wrong and a.show:
                with lock:
                    for title, code, out, err in (("want", *want), ("got", *got[:3])):
                        print(f"---- {p.name} {title}: exit {code}\n{out.decode(errors='replace')}---- stderr\n{err.decode(errors='replace')}")
        return wrong, time.monotonic() - start

    with concurrent.futures.ThreadPoolExecutor(max(1, a.j)) as pool:
        work = [(p, m, pool.submit(one, p, m)) for p in wanted for m in modes]
        for p, m, f in work:
            r = f.result()
            if r is None:
                continue
            title = p.name + ("" if len(modes) == 1 else f" [{m}]")
            what, text = ("failed" if r[0] else "passed", r[0]) if a.oracle_only else known.judge(p.name, r[0])
            if what == "known":
                print(f"known {title}: {text} | {r[0]}", flush=True)
            elif what == "failed":
                failed += 1
                print(f"FAIL {title}: {text}", flush=True)
                if failed >= a.max_fail and not a.keep_going:
                    stopping.set()
            else:
                passed += 1
                if a.v:
                    print(f"ok   {title} {r[1]:.2f}s", flush=True)
    if a.write_known and not a.names:
        known.write()
    known.report()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
