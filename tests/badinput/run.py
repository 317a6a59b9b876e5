#!/usr/bin/env python3
"""Bad input: files that are no assemblies or damaged ones, references that lead nowhere, limits of stack and heap.
Each case runs on Stator and on the reference runtime; standard output, standard error and exit code must agree.  Cases marked `survives`
(damage at random places) must only end in an orderly way.

run.py [--runtime PATH] [--show] [--list] [--keep DIR] [NAME or PATTERN ...]      last line: `N passed, N failed`
Results of the reference are kept by the hash of the case's files under build/tests/badinput."""
import argparse, concurrent.futures, fnmatch, hashlib, importlib.util, json, os, random, re, shutil, struct, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "build/tests/badinput")
spec = importlib.util.spec_from_file_location("app_run", os.path.join(ROOT, "tests/app/run.py"))
app = importlib.util.module_from_spec(spec)
spec.loader.exec_module(app)
Known = app.Known
sys.path.insert(0, os.path.join(ROOT, "tests"))
from assembler import command as assembler
RUNTIME = os.path.join(ROOT, "out/stator")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


# ---- building -------------------------------------------------------------------------------------------------------

# folder: (assembly name, options, source)
PROGRAMS = {
    "lib1": ("Lib", "library", "Lib.cs"),
    "lib2": ("Lib", "library,define:V2", "Lib.cs"),
    "newer": ("Lib", "library,define:NEWER", "Lib.cs"),
    "library": ("Library", "library", "Library.cs"),
    "hello": ("Hello", "", "Hello.cs"),
    "probe": ("Probe", "", "Probe.cs"),
    "limits": ("Limits", "", "Limits.cs"),
    "wrong": ("Wrong", "", "Wrong.cs"),
    "versions": ("Versions", "ref:lib1/Lib.dll", "Versions.cs"),
    "wantsnewer": ("Missing", "ref:newer/Lib.dll", "Missing.cs"),
    "missing": ("Missing", "ref:lib1/Lib.dll", "Missing.cs"),
}


def config(knobs={}):
    o = {"tfm": "net10.0", "framework": {"name": "Microsoft.NETCore.App", "version": "10.0.0"}}
    if knobs:
        o["configProperties"] = knobs
    return json.dumps({"runtimeOptions": o})


def build():
    stamp = app.sha(app.VERSION, app.SDK, *[read(os.path.join(HERE, "src", s)) for _, _, s in PROGRAMS.values()], repr(PROGRAMS))
    mark = os.path.join(OUT, "bin/.stamp")
    if os.path.exists(mark) and open(mark).read() == stamp:
        return
    os.makedirs(os.path.join(app.OUT), exist_ok=True)
    tool = app.compiler()
    for libraries in (True, False):
        jobs = []
        for folder, (name, options, source) in PROGRAMS.items():
            if ("library" in options.split(",")) != libraries:
                continue
            d = os.path.join(OUT, "bin", folder)
            shutil.rmtree(d, ignore_errors=True)
            options = options.replace("ref:", "ref:" + os.path.join(OUT, "bin") + "/")
            jobs.append(f"{name}\t{d}\t{options}\t{HERE}/src/{source}=/_/tests/badinput/{source}")
        path = os.path.join(OUT, "jobs")
        write(path, "\n".join(jobs) + "\n")
        r = subprocess.run([app.DOTNET, tool + "/Build.dll", app.REFS, path, "2"], stdout=subprocess.PIPE, text=True)
        if r.returncode:
            sys.exit("does not compile:\n" + r.stdout)
    write(mark, stamp)


def assemble(source, folder):
    name = os.path.splitext(os.path.basename(source))[0]
    dll = os.path.join(OUT, "bin", folder, name + ".dll")
    if not os.path.exists(dll) or os.path.getmtime(dll) < max(os.path.getmtime(source), os.path.getmtime(RUNTIME)):
        os.makedirs(os.path.dirname(dll), exist_ok=True)
        r = subprocess.run([*assembler(RUNTIME), "-dll", "-quiet", "-nologo", "-output=" + dll, source], capture_output=True, text=True)
        if r.returncode:
            sys.exit(r.stdout + r.stderr)
    return read(dll)


# ---- damage -----------------------------------------------------------------------------------------------------------

class Pe:
    """where things are in a good image"""

    def __init__(self, data):
        self.data = bytearray(data)
        self.coff = struct.unpack_from("<I", data, 0x3C)[0] + 4
        self.opt = self.coff + 20
        self.plus = struct.unpack_from("<H", data, self.opt)[0] == 0x20B
        self.dirs = self.opt + (112 if self.plus else 96)
        sections, size = struct.unpack_from("<HxxxxxxxxxxxxH", data, self.coff + 2)
        self.sections = self.opt + size
        self.ranges = [struct.unpack_from("<IIII", data, self.sections + i * 40 + 8) for i in range(sections)]
        self.cli = self.offset(struct.unpack_from("<I", data, self.dirs + 14 * 8)[0])
        self.root = self.offset(struct.unpack_from("<I", data, self.cli + 8)[0])
        self.streams = {}
        version = struct.unpack_from("<I", data, self.root + 12)[0]
        at = self.root + 16 + version
        for _ in range(struct.unpack_from("<H", data, at + 2)[0]):
            head = at + 4
            offset, n = struct.unpack_from("<II", data, head)
            end = data.index(0, head + 8)
            self.streams[data[head + 8:end].decode()] = (head, self.root + offset, n)
            at = head + 8 + ((end - head - 8) // 4 + 1) * 4 - 4

    def offset(self, rva):
        for vsize, va, rsize, raw in self.ranges:
            if va <= rva < va + max(vsize, rsize):
                return raw + rva - va
        raise ValueError(hex(rva))

    def put(self, fmt, at, *values):
        struct.pack_into(fmt, self.data, at, *values)
        return bytes(self.data)


def damaged(good):
    """name -> bytes: damage whose effect is the same on every runtime"""
    def edit(fmt, place, *values):
        p = Pe(good)
        return p.put(fmt, place(p), *values)
    yield "empty", b""
    yield "text", b"This is no assembly, only text.\n" * 40
    yield "mz", b"MZ" + bytes(300)
    for n in (1, 64, 130, 300, 512, 700, 1024):
        yield f"cut{n}", good[:n]
    yield "half", good[:len(good) // 2]
    yield "signature", edit("<I", lambda p: p.coff - 4, 0x4550FF)
    yield "lfanew", edit("<I", lambda p: 0x3C, 0x7FFFFFF0)
    yield "magic", edit("<H", lambda p: p.opt, 0x107)
    yield "sections", edit("<H", lambda p: p.coff + 2, 0xFFFF)
    yield "nocli", edit("<II", lambda p: p.dirs + 14 * 8, 0, 0)
    yield "cliaway", edit("<I", lambda p: p.dirs + 14 * 8, 0x7FFF0000)
    yield "clisize", edit("<I", lambda p: p.cli, 12)
    yield "rootaway", edit("<I", lambda p: p.cli + 8, 0x7FFF0000)
    yield "rootsize", edit("<I", lambda p: p.cli + 12, 8)
    yield "rootsignature", edit("<I", lambda p: p.root, 0)
    yield "streamcount", edit("<H", lambda p: p.root + 18 + struct.unpack_from("<I", p.data, p.root + 12)[0], 0)
    yield "tablesaway", edit("<I", lambda p: p.streams["#~"][0], 0x7FFF0000)
    yield "tablessize", edit("<I", lambda p: p.streams["#~"][0] + 4, 10)
    yield "stringsaway", edit("<I", lambda p: p.streams["#Strings"][0], 0x7FFF0000)
    yield "blobsaway", edit("<I", lambda p: p.streams["#Blob"][0], 0x7FFF0000)
    yield "rows", edit("<I", lambda p: p.streams["#~"][1] + 28, 0xFFFFFF)
    yield "manyrows", edit("<I", lambda p: p.streams["#~"][1] + 28, 0x7FFFFFFF)
    yield "arm64", edit("<H", lambda p: p.coff, 0xAA64)
    yield "only32", edit("<I", lambda p: p.cli + 16, 3)
    yield "native", edit("<I", lambda p: p.cli + 16, 0)


def mutants(good, count, seed):
    r = random.Random(seed)
    p = Pe(good)
    places = [(p.root, p.root + 200)] + [(s, s + n) for _, s, n in p.streams.values()] + [(0x200, len(good))]
    for _ in range(count):
        data = bytearray(good)
        for _ in range(r.randint(1, 4)):
            lo, hi = r.choice(places)
            at = r.randrange(lo, max(lo + 1, min(hi, len(data) - 4)))
            if r.random() < .5:
                data[at] = r.randrange(256)
            else:
                struct.pack_into("<I", data, at, r.choice([0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, r.getrandbits(32)]))
        yield bytes(data)


# ---- cases ------------------------------------------------------------------------------------------------------------

class Case:
    """files: path in the case's folder -> bytes; command: arguments after the runtime, {} is the folder"""

    def __init__(self, name, files, command, env={}, compare="oes", survives=False, knobs={}):
        self.name, self.files, self.command, self.env, self.compare, self.survives = name, dict(files), command, env, compare, survives
        for f in list(self.files):
            if f.endswith(".dll") and "/" not in f and f[:-4] + ".runtimeconfig.json" not in self.files:
                self.files[f[:-4] + ".runtimeconfig.json"] = config(knobs).encode()
        self.folder = os.path.join(OUT, "case", name)

    def key(self):
        return app.sha(app.VERSION, self.folder, repr(self.command), repr(self.env), self.compare,
                       *[k.encode() + v for k, v in sorted(self.files.items())])

    def lay_out(self):
        mark = self.folder + "/.key"
        if os.path.exists(mark) and open(mark).read() == self.key():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        for f, data in self.files.items():
            write(os.path.join(self.folder, f), data)
        write(mark, self.key())


def cases():
    def binary(folder, name, also=(".pdb",)):
        base = os.path.join(OUT, "bin", folder, name)
        return {name + x: read(base + x) for x in (".dll",) + tuple(also) if os.path.exists(base + x)}
    hello, library, probe = binary("hello", "Hello"), binary("library", "Library"), binary("probe", "Probe")
    elf = read(app.FRAMEWORK + "/libSystem.Native.so")
    yield Case("good", hello, ["{}/Hello.dll", "x"])
    yield Case("good-library", {**probe, "in/Library.dll": library["Library.dll"]}, ["{}/Probe.dll", "{}/in/Library.dll"])
    for name, data in [*damaged(hello["Hello.dll"]), ("elf", elf)]:
        yield Case("main-" + name, {"Bad.dll": data}, ["{}/Bad.dll"])
    yield Case("main-noentry", {"Library.dll": library["Library.dll"]}, ["{}/Library.dll"])
    p = Pe(hello["Hello.dll"])
    yield Case("main-badentry", {"Hello.dll": p.put("<I", p.cli + 20, 0x06000999)}, ["{}/Hello.dll"])
    yield Case("main-typeentry", {"Hello.dll": p.put("<I", p.cli + 20, 0x02000002)}, ["{}/Hello.dll"])
    for name, data in [*damaged(library["Library.dll"]), ("elf", elf)]:
        yield Case("load-" + name, {**probe, "in/Bad.dll": data}, ["{}/Probe.dll", "{}/in/Bad.dll"])
        if name in ("elf", "text", "half", "rootsignature", "nocli"): # as a reference
            yield Case("ref-" + name, {**binary("missing", "Missing"), "Lib.dll": data}, ["{}/Missing.dll"])
            yield Case("ref-caught-" + name, {**binary("missing", "Missing"), "Lib.dll": data}, ["{}/Missing.dll", "x"])
    yield Case("load-none", probe, ["{}/Probe.dll", "{}/in/None.dll"])
    yield Case("load-folder", {**probe, "in/Dir.dll/x": b""}, ["{}/Probe.dll", "{}/in/Dir.dll"])

    lib1, lib2 = binary("lib1", "Lib", ()), binary("lib2", "Lib", ())
    versions = binary("versions", "Versions")
    yield Case("versions-same", {**versions, **lib1}, ["{}/Versions.dll"])
    yield Case("versions-changed", {**versions, **lib2}, ["{}/Versions.dll"])
    yield Case("versions-unhandled", {**versions, **lib2}, ["{}/Versions.dll", "x"])
    yield Case("versions-none", versions, ["{}/Versions.dll"])
    yield Case("missing-dependency", binary("missing", "Missing"), ["{}/Missing.dll"])
    yield Case("missing-dependency-caught", binary("missing", "Missing"), ["{}/Missing.dll", "x"])
    yield Case("version-too-old", {**binary("wantsnewer", "Missing"), **lib1}, ["{}/Missing.dll"])
    yield Case("version-too-old-caught", {**binary("wantsnewer", "Missing"), **lib1}, ["{}/Missing.dll", "x"])
    yield Case("version-newer", {**binary("missing", "Missing"), **binary("newer", "Lib", ())}, ["{}/Missing.dll"])
    yield Case("wrong-name", {**binary("missing", "Missing"), "Lib.dll": library["Library.dll"]}, ["{}/Missing.dll", "x"])

    limits = binary("limits", "Limits")
    for what in ("down", "mutual", "guarded", "filtered", "big", "tostring", "generic", "byvalue", "lambda", "thread", "cctor"):
        yield Case("stack-" + what, limits, ["{}/Limits.dll", what], compare="ox")
    yield Case("arrays", limits, ["{}/Limits.dll", "arrays"])
    limit = {"DOTNET_GCHeapHardLimit": "0x6000000"}
    yield Case("heap", limits, ["{}/Limits.dll", "heap"], env=limit)
    yield Case("heap-unhandled", limits, ["{}/Limits.dll", "heap-unhandled"], env=limit)
    yield Case("heap-config", limits, ["{}/Limits.dll", "heap"], knobs={"System.GC.HeapHardLimit": 0x6000000})

    il = os.path.join(HERE, "src")
    for f in sorted(os.listdir(il)):
        if f.endswith(".il"):
            dll = assemble(os.path.join(il, f), "il")
            if f.startswith("app"):
                yield Case("il-" + f[:-3], {f[:-3] + ".dll": dll}, [f"{{}}/{f[:-3]}.dll"])
            else:
                yield Case("il-" + f[:-3], {**probe, f"in/{f[:-3]}.dll": dll}, ["{}/Probe.dll", f"{{}}/in/{f[:-3]}.dll"])
    yield Case("wrong-metadata", binary("wrong", "Wrong"), ["{}/Wrong.dll"])
    yield Case("wrong-metadata-others", binary("wrong", "Wrong"), ["{}/Wrong.dll", "others"], survives=True)
    for i in range(6):
        files = {f"in/m{n}.dll": data for n, data in enumerate(mutants(library["Library.dll"], 60, i))}
        yield Case(f"mutants-{i}", {**probe, **files}, ["{}/Probe.dll", "-q"] + ["{}/" + f for f in files], survives=True)
    for i, data in enumerate(mutants(hello["Hello.dll"], 12, 99)):
        yield Case(f"mutant-main-{i}", {"Hello.dll": data}, ["{}/Hello.dll"], survives=True)


# ---- running ----------------------------------------------------------------------------------------------------------

def run(case, command, timeout):
    env = {k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ}
    env.update(LANG="C.UTF-8", TZ="UTC", DOTNET_ROOT=app.DROOT, **case.env)
    env.update({k: v for k, v in os.environ.items() if k.startswith("STATOR_") and "dotnet" not in command[0]})
    argv = command + [a.replace("{}", case.folder) for a in case.command]
    return app.run(argv, env, case.folder, b"", timeout)


def oracle(case, timeout):
    path = os.path.join(OUT, "oracle", case.key() + ".json")
    if os.path.exists(path):
        r = json.load(open(path))
        return r["exit"], r["out"].encode("latin-1"), r["err"].encode("latin-1")
    code, out, err = run(case, [app.DOTNET], timeout)
    write(path, json.dumps({"exit": code, "out": out.decode("latin-1"), "err": err.decode("latin-1")}))
    return code, out, err


def plain(text):
    """What may differ: how deep a stack was, and which frame of a cycle was on top."""
    text = re.sub(rb"(Repeated?) \d+ times", rb"\1 N times", text)
    return text


def stack_overflow(text):
    """the heading, and the set of frames that the trace names"""
    lines = text.decode(errors="replace").splitlines()
    # the class library's own frames depend on what was inlined and on where exactly the stack ended
    return lines[:1], sorted({line.strip() for line in lines if line.lstrip().startswith("at ") and "at System." not in line})


def judge(case, want, got):
    code, out, err = got
    if code is None:
        return "timeout"
    first = err.decode(errors="replace").strip().split("\n")[0][:160]
    if b"check failed" in err or b"stator: missing" in err:
        return f"exit {code}: {first}"
    if case.survives:
        orderly = code in (0, 3) or (code == 134 and (b"Unhandled exception" in err or b"Fatal error" in err or b"Stack overflow" in err))
        return "" if orderly else f"exit {code}: {first}"
    if code != want[0]:
        return f"exit {code} want {want[0]}: {first}"
    if plain(out) != plain(want[1]):
        return "stdout " + app.first_difference(plain(want[1]), plain(out))
    if "x" in case.compare:
        w, g = stack_overflow(want[2]), stack_overflow(err)
        return "" if w == g else f"stack overflow text: want {w} got {g}"[:400]
    if "e" in case.compare and plain(err) != plain(want[2]):
        return "stderr " + app.first_difference(plain(want[2]), plain(err))
    return ""


def main():
    global RUNTIME
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("names", nargs="*")
    ap.add_argument("--runtime", default=RUNTIME)
    ap.add_argument("--write-known", action="store_true")
    ap.add_argument("--show", action="store_true")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("-j", type=int, default=2)
    ap.add_argument("--timeout", type=float, default=60)
    a = ap.parse_args()
    RUNTIME = a.runtime = os.path.abspath(a.runtime)
    os.makedirs(OUT, exist_ok=True)
    build()
    chosen = [c for c in cases() if not a.names or any(fnmatch.fnmatchcase(c.name, n) for n in a.names)]
    if a.list:
        print("\n".join(c.name for c in chosen))
        return 0

    def one(c):
        c.lay_out()
        want = (0, b"", b"") if c.survives else oracle(c, a.timeout)
        got = run(c, [a.runtime], a.timeout)
        return judge(c, want, got), want, got
    passed = failed = 0
    known = Known(HERE)
    for text in known.strangers([c.name for c in cases()]):
        failed += 1
        print("FAIL " + text)
    with concurrent.futures.ThreadPoolExecutor(a.j) as pool:
        for c, (wrong, want, got) in zip(chosen, pool.map(one, chosen)):
            what, text = known.judge(c.name, wrong)
            passed += what == "passed"
            failed += what == "failed"
            if text:
                print(f"{'known' if what == 'known' else 'FAIL'} {c.name}: {text}", flush=True)
            if wrong:
                if a.show:
                    for title, (code, out, err) in (("want", want), ("got", got)):
                        print(f"---- {title}: exit {code}\n{out.decode(errors='replace')}---- stderr\n{err.decode(errors='replace')}")
    if a.write_known and not a.names:
        known.write()
    known.report()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
