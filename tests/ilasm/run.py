#!/usr/bin/env python3
"""run.py: the assembler: what it makes of small texts, what it says of wrong ones, and that its programs run.

    run.py [NAME ...] [--runtime PATH] [--show] [--list]

An input is NAME.il with lines:
  // option: X        for the assembler; -dll unless a program is run
  // program: CODE    it runs here, with that exit code; `// prints: LINE` for each line of its output
  // dasm: OPTIONS    its disassembly, in which each `// want: TEXT` under it stands and no `// not: TEXT` does (runs of blanks count as one)
  … // error: TEXT    at the end of a line: an error there that contains the text; `// warning: TEXT` likewise.  All are listed, and no others.
Tests made here: options, encodings, images, PDBs, other assemblers' habits.  Last line: `N passed, M failed`."""
import hashlib, re, shutil, struct, sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "tests" / "ilasm"
sys.path.insert(0, str(HERE.parent))
import toolsuite
from toolsuite import run

CONFIG = '{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"10.0.0"}}}'
REFS = (".assembly extern System.Runtime { .publickeytoken = (B0 3F 5F 7F 11 D5 0A 3A) .ver 10:0:0:0 }\n"
        ".assembly extern System.Console { .publickeytoken = (B0 3F 5F 7F 11 D5 0A 3A) .ver 10:0:0:0 }\n")
MAIN = ('.assembly t {}\n.module t.dll\n.method static void Main() cil managed { .entrypoint ldstr "ok" '
        "call void [System.Console]System.Console::WriteLine(string) ret }\n")


def flat(text):
    return re.sub(r"[ \t]+", " ", text)


def strong_name_holds(d, modulus, exponent):
    """Is the RSA signature (SHA-1, PKCS #1 v1.5, little-endian) that of headers and sections without itself?"""
    word = lambda at: struct.unpack_from("<I", d, at)[0]
    nt = word(0x3C)
    sections, optional = struct.unpack_from("<H", d, nt + 6)[0], struct.unpack_from("<H", d, nt + 20)[0]
    table = nt + 24 + optional
    rows = [struct.unpack_from("<IIII", d, table + 40 * i + 8) for i in range(sections)]
    offset = lambda rva: next(rva - at + raw for _, at, size, raw in rows if at <= rva < at + size)
    directories = nt + 24 + (112 if struct.unpack_from("<H", d, nt + 24)[0] == 0x20B else 96)
    cli = offset(word(directories + 14 * 8))
    at, size = offset(word(cli + 32)), word(cli + 36)
    head = bytearray(d[:table + 40 * sections])
    head[nt + 24 + 64:nt + 24 + 68] = bytes(4)
    digest = hashlib.sha1(bytes(head) + d[word(nt + 24 + 60):at] + d[at + size:]).digest()
    opened = pow(int.from_bytes(d[at:at + size], "little"), exponent, modulus).to_bytes(size, "big")
    return opened.startswith(b"\0\1\xFF") and opened.endswith(b"\xFF\0" + bytes.fromhex("3021300906052b0e03021a05000414") + digest)


class Suite(toolsuite.Suite):
    MADE = ("options", "sources", "entry_token", "images", "debug", "checksums", "folded", "signing", "optimised")

    def check(self, name, ok, text=""):
        self.judge(name, [] if ok else [text or "not so"])

    def ilasm(self, *args, cwd=None):
        return run([self.a.runtime, "ilasm", *args], cwd or BUILD)

    def text(self, name, source, *options):
        """Assembles a text; (exit code, messages, image)"""
        il, out = BUILD / f"{name}.il", BUILD / f"{name}.dll"
        out.unlink(missing_ok=True)
        il.write_bytes(source if isinstance(source, bytes) else source.encode())
        code, o, e = self.ilasm(*options, f"-output={out}", il.name)
        return code, o + e, out

    def runs(self, image):
        image.with_suffix(".runtimeconfig.json").write_text(CONFIG)
        code, o, e = run([self.a.runtime, image])
        return code, o, e

    # --- files ---

    def messages(self, path, lines, err):
        want, got = [], []
        for number, line in enumerate(lines, 1):
            for kind, text in re.findall(r"// (error|warning): (.*?)(?= // (?:error|warning):|$)", line):
                want.append((number, kind, text.strip()))
        for m in re.finditer(r"^[^\n(]*\((\d+),\d+\): (error|warning): (.*)$", err, re.M):
            got.append((int(m[1]), m[2], m[3]))
        problems = []
        for w in want:
            hit = next((g for g in got if g[0] == w[0] and g[1] == w[1] and w[2] in g[2]), None)
            if hit:
                got.remove(hit)
            else:
                problems.append(f"missing: line {w[0]}: {w[1]}: {w[2]}")
        return problems + [f"unexpected: line {g[0]}: {g[1]}: {g[2]}" for g in got], any(w[1] == "error" for w in want)

    def input(self, path):
        lines = path.read_text(encoding="utf-8").splitlines()
        options = [m[1] for line in lines if (m := re.match(r"// option: (.*)$", line))]
        program = next((int(m[1]) for line in lines if (m := re.match(r"// program: (-?\d+)", line))), None)
        prints = [m[1] for line in lines if (m := re.match(r"// prints: ?(.*)$", line))]
        out = BUILD / (path.stem + ".dll")
        out.unlink(missing_ok=True)
        code, o, err = self.ilasm(*([] if program is not None else ["-dll"]), *options, f"-output={out}", path)
        problems, wrong = self.messages(path, lines, err)
        if code != (1 if wrong else 0) or out.exists() == wrong:
            problems.append(f"exit code {code}, {'a' if out.exists() else 'no'} file: {err}")
        self.judge(f"{path.name}: messages", problems)
        if wrong or not out.exists():
            return
        if program is not None:
            got, o, e = self.runs(out)
            self.judge(f"{path.name}: runs", [] if got == program and o.splitlines() == prints else [f"exit code {got}: {o}{e}"])
        self.disassemblies(path, lines, out)

    def disassemblies(self, path, lines, out):
        jobs = []
        for line in lines:
            if m := re.match(r"// (dasm|want|not):\s?(.*)$", line):
                if m[1] == "dasm":
                    jobs.append((m[2].split(), [], []))
                else:
                    jobs[-1][1 if m[1] == "want" else 2].append(flat(m[2].rstrip()))
        for options, want, never in jobs:
            code, text, err = run([self.a.runtime, "ildasm", *options, out])
            text = flat(text)
            problems = [f"ildasm: exit code {code}: {err}"] if code else []
            problems += [f"missing: {w}" for w in want if w not in text] + [f"should not be there: {w}" for w in never if w in text]
            if problems and self.a.show:
                problems.append(text)
            self.judge(f"{path.name}: disassembly {' '.join(options)}", problems)

    # --- made here ---

    def options(self):
        code, o, e = self.ilasm("-help")
        self.check("help", code == 0 and "Usage: stator ilasm" in o, o + e)
        for args in (["-nonsense", "x.il"], [], ["-alignment=7", "x.il"], ["-subsystem=many", "x.il"], ["-output=", "x.il"]):
            code, o, e = self.ilasm(*args)
            self.check(f"bad arguments {args}", code == 2 or (args[0:1] == ["-output="] and code == 1), f"exit code {code}: {o}{e}")
        for option, reason in (("-enc=x", "edit and continue"), ("-key=@name", "no key containers"), ("-itanium", "machines are"), ("-msv=1.0", "version 2.0")):
            code, o, e = self.ilasm(option, "x.il")
            self.check(f"refused with a reason: {option}", code == 2 and reason in e, e)
        code, o, e = self.ilasm("no-such-file.il")
        self.check("no such source", code == 1 and "cannot read no-such-file.il" in e, e)
        code, text, _ = self.text("noentry", ".assembly t {}\n")
        self.check("a program needs an entry point", code == 1 and "no .entrypoint" in text, text)
        code, text, out = self.text("settings", REFS + MAIN, "-subsystem=2", "-flags=3", "-alignment=1024", "-base=0x10000000", "-stack=0x300000", "-mdv=v9.9",
                                    "-aname=other")
        dump = run([self.a.runtime, "ildasm", "-headers", out])[1]
        want = [".subsystem 0x2", ".corflags 0x3", ".file alignment 0x400", ".imagebase 0x10000000", ".stackreserve 0x300000", "v9.9", ".assembly other"]
        self.judge("settings of the image", [f"missing {w}" for w in want if w not in dump] + ([text] if code else []))
        for option, machine in (("-x64", 0x8664), ("-pe64", 0x8664), ("-arm64", 0xAA64), ("-exe", 0x14C)):
            code, text, out = self.text("machine", REFS + MAIN, option)
            data = out.read_bytes() if out.exists() else b"\0" * 256
            nt = struct.unpack_from("<I", data, 0x3C)[0]
            self.check(f"machine {option}", code == 0 and struct.unpack_from("<H", data, nt + 4)[0] == machine, text)

    def sources(self):
        """Encodings, several files, includes, the default names of outputs."""
        good = REFS + MAIN
        for name, data in {"utf8": good.encode(), "bom": b"\xef\xbb\xbf" + good.encode(), "utf16": good.encode("utf-16"),
                           "utf16be": b"\xfe\xff" + good.encode("utf-16-be"), "crlf": good.replace("\n", "\r\n").encode()}.items():
            code, text, out = self.text("enc-" + name, data)
            self.check(f"source in {name}", code == 0 and self.runs(out)[1] == "ok\n", text)
        d = BUILD / "several"
        shutil.rmtree(d, ignore_errors=True)
        (d / "inc").mkdir(parents=True)
        (d / "inc" / "refs.il").write_text(REFS)
        (d / "a.il").write_text('#include "refs.il"\n.assembly a {}\n')
        (d / "b.il").write_text(MAIN.replace(".assembly t {}\n.module t.dll\n", ""))
        code, o, e = self.ilasm("-include=inc", "a", "b.il", cwd=d)
        self.check("two sources and an include", code == 0 and (d / "a.exe").exists() and self.runs(d / "a.exe")[1] == "ok\n", e)
        code, o, e = self.ilasm("a.il", "b.il", cwd=d)
        self.check("an include that is not there", code == 1 and "a.il(1,10): error: cannot read the file refs.il" in e, e)
        (d / "loop.il").write_text('#include "loop.il"\n')
        code, o, e = self.ilasm("loop.il", cwd=d)
        self.check("an include of itself", code == 1 and "too deep" in e, e)
        deep = ".class A {" * 5000 + "}" * 5000
        code, text, _ = self.text("deep", deep, "-dll")
        self.check("classes nested too deep", code == 1 and "nested too deep" in text, text[-500:])
        code, text, _ = self.text("deep2", ".assembly t {}\n.class A`1<T> { .field " + "class A`1<" * 3000 + "int32" + ">" * 3000 + " f }\n", "-dll")
        self.check("types nested too deep", code == 1 and "too deep" in text, text[-500:])
        for name, junk in {"nothing": b"", "zeros": bytes(100), "braces": b"}}}}{{{{", "random": bytes((i * 7919) % 251 for i in range(4000)),
                           "quote": b".assembly 'x", "comment": b"/* x", "half": REFS.encode()[:90]}.items():
            code, text, _ = self.text("junk-" + name, junk, "-dll")
            self.check(f"junk: {name}", code in (0, 1) and (code == 0) == (name == "nothing"), f"exit code {code}: {text[-300:]}")

    def entry_token(self):
        """What runs is what the CLI header's token says, whatever its name: the same file with another token."""
        bodies = "".join(f".method public static int32 {name}() cil managed {{ {entry} ldc.i4 {result} ret }}\n"
                         for name, entry, result in (("Main", "", 1), ("Start", ".entrypoint", 42), ("Other", "", 43)))
        code, text, out = self.text("token", REFS + ".assembly token {}\n.module token.dll\n.class public Foo {\n" + bodies + "}\n")
        self.check("entry point by token", code == 0 and self.runs(out)[0] == 42, text)
        data = bytearray(out.read_bytes())
        at = data.find(bytes.fromhex("02000006"))
        for token, result in ((1, 1), (3, 43)):
            data[at] = token
            out.write_bytes(data)
            self.check(f"entry point 0600000{token}", self.runs(out)[0] == result)

    def images(self):
        """Entry stub, determinism, resources."""
        code, text, out = self.text("stub", REFS + MAIN, "-exe", "-32bitpreferred")
        data = out.read_bytes()
        nt = struct.unpack_from("<I", data, 0x3C)[0]
        entry = struct.unpack_from("<I", data, nt + 24 + 16)[0]
        rva, raw = struct.unpack_from("<I", data, nt + 24 + 224 + 12)[0], struct.unpack_from("<I", data, nt + 24 + 224 + 20)[0]
        jump = data[raw + entry - rva: raw + entry - rva + 2]
        self.check("the native entry point jumps to mscoree.dll!_CorExeMain", b"mscoree.dll\0" in data and b"_CorExeMain\0" in data and jump == b"\xff\x25", jump.hex())
        dump = run([self.a.runtime, "ildasm", out])[1]
        self.check("-32bitpreferred", "ILONLY 32BITREQUIRED 32BITPREFERRED" in flat(dump), dump[-300:])
        again = self.text("stub2", REFS + MAIN, "-exe", "-32bitpreferred")[2].read_bytes()
        self.check("the same text gives the same file", again == data)
        (BUILD / "some data").write_bytes(b"payload \x00\x01")
        code, text, out = self.text("res", REFS + ".assembly t {}\n.mresource public 'a/b' as 'some data' {}\n", "-dll")
        self.check("a managed resource", code == 0 and b"\x0a\0\0\0payload \0\1" in out.read_bytes(), text)
        code, text, out = self.text("res2", ".assembly t {}\n.mresource public none {}\n", "-dll")
        self.check("a resource that is not there", code == 1 and "cannot read the resource none" in text, text)
        code, text, out = self.text("key", ".assembly t {}\n", "-dll", "-key=no-such.snk")
        self.check("a key that is not there", code == 1 and "no-such.snk" in text, text)

    def debug(self):
        """PDBs: lines of .line, or of the text; scopes with names; the mark for the JIT."""
        body = (".method static void Main() cil managed { .entrypoint .locals init (int32 counter)\n"
                ".line 5,6 : 3,9 'prog.x'\nldc.i4.1 stloc counter\n.line 7 : 1,2 ''\n{ .locals init ([1] string inner)\nldstr \"\" stloc inner }\nret }\n")
        source = REFS + ".assembly t {}\n.module t.dll\n" + body
        for option, words in (("-debug", "01 00 01 01 00 00 00 00"), ("-debug=impl", "01 00 03 01 00 00 00 00"), ("-debug=opt", "01 00 03 00 00 00 00 00"),
                              ("-pdb", None)):
            for old in BUILD.glob("dbg.*"):
                old.unlink()
            code, text, out = self.text("dbg", source, option)
            dump = run([self.a.runtime, "ildasm", out])[1]
            marked = f"DebuggableAttribute::.ctor(valuetype [System.Runtime]System.Diagnostics.DebuggableAttribute/DebuggingModes) = ( {words} )"
            self.check(f"{option}: mark", code == 0 and ((marked in dump) if words else "Debuggable" not in dump), text + dump)
            self.check(f"{option}: file", (BUILD / "dbg.pdb").exists())
        lines = run([self.a.runtime, "ildasm", "-linenum", BUILD / "dbg.dll"])[1]
        self.check(".line in the PDB", ".line 5,6 : 3,9 'prog.x'" in lines and ".line 7,7 : 1,2" in lines, lines)
        tables = run([self.a.runtime, "ildasm", "-metadata", BUILD / "dbg.pdb"])[1]
        self.check("names of locals", "counter" in tables and "inner" in tables and tables.count("LocalScope ") >= 2, tables)
        code, text, out = self.text("dbg2", REFS + MAIN, "-pdb")
        lines = run([self.a.runtime, "ildasm", "-linenum", out])[1]
        self.check("without .line the text's own lines", ".line 5" in lines and "dbg2.il" in lines, lines)

    def checksums(self):
        """-debug: documents that are there carry the SHA-256 of the file as it is on disk; others carry none."""
        (BUILD / "there.x").write_bytes(b"one\r\ntwo\xff")
        code, text, out = self.text("sums", REFS + ".assembly t {}\n.method static void F() cil managed {\n.line 1 'there.x'\nnop\n.line 2 'not there.x'\nret }\n",
                                    "-dll", "-debug")
        tables = run([self.a.runtime, "ildasm", "-metadata", BUILD / "sums.pdb"])[1]
        want = hashlib.sha256((BUILD / "there.x").read_bytes()).hexdigest()
        rows = [r for r in tables.splitlines() if re.match(r"3[0-9A-F]{7} Document", r)]
        self.check("checksums of documents", len(rows) == 2 and want in rows[0].replace(" ", "").lower() and "8829D00F-11B8-4213-878B-770E8597AC16" in rows[0].upper()
                   and "8829D00F" not in rows[1].upper(), tables)

    def folded(self):
        """-fold: methods with the same header, code, locals and clauses share one body."""
        bodies = {"A": "ldc.i4 100 ret", "B": "ldc.i4 100 ret", "C": ".maxstack 20 ldc.i4 100 ret", "D": ".maxstack 20 ldc.i4 100 ret",
                  "E": ".locals init (int32) ldc.i4 100 ret", "F": ".locals init (int64) ldc.i4 100 ret",
                  "G": ".try { leave X } catch [System.Runtime]System.Object { pop leave X } X: ldc.i4 100 ret",
                  "H": ".try { leave X } catch [System.Runtime]System.Object { pop leave X } X: ldc.i4 100 ret",
                  "I": ".try { leave X } catch [System.Runtime]System.String { pop leave X } X: ldc.i4 100 ret"}
        source = REFS + ".assembly t {}\n.module t.dll\n" + "".join(f".method static int32 {n}() cil managed {{ {b} }}\n" for n, b in bodies.items())
        source += ".method static int32 Main() cil managed { .entrypoint call int32 A() call int32 B() add call int32 H() sub ret }\n"
        for options, groups in ((["-fold"], [0, 0, 1, 1, 2, 3, 4, 4, 5]), ([], list(range(9)))):
            code, text, out = self.text("folded", source, *options)
            rvas = re.findall(r"RVA=(0x[0-9a-f]+)", run([self.a.runtime, "ildasm", "-metadata", out])[1])[:9]
            self.check(f"bodies shared {options}", code == 0 and [sorted(set(rvas)).index(r) for r in rvas] == groups, f"{text}{rvas}")
            self.check(f"the program runs {options}", self.runs(out)[0] == 100)

    def signing(self):
        """-key: a signature that holds, and the public key; with a public key only, room for a signature."""
        words = re.findall(r"0x([0-9A-F]{2})", (ROOT / "tests/unit/pe/key512.h").read_text())
        pair = bytes(int(w, 16) for w in words)
        (BUILD / "pair.snk").write_bytes(pair)
        public = bytes.fromhex("002400000480000054000000") + b"\6\2\0\0\0\x24\0\0RSA1" + pair[12:84]
        (BUILD / "public.snk").write_bytes(public)
        for name, flags, extra in (("pair", 9, []), ("public", 1, []), ("pair", 9, ["-x64"])):
            code, text, out = self.text("signed", ".assembly t {}\n", "-dll", f"-key={name}.snk", *extra)
            if "libcrypto" in text:
                print(f"not tested: {text.strip()}")
                return
            data = out.read_bytes() if out.exists() else b""
            self.check(f"-key={name}.snk: public key", code == 0 and public in data, text)
            signed = code == 0 and strong_name_holds(data, int.from_bytes(pair[20:84], "little"), 65537)
            self.check(f"-key={name}.snk: signature", signed == (name == "pair"), "wrong signature")
            self.check(f"-key={name}.snk: flags", f".corflags 0x{flags:x}" in run([self.a.runtime, "ildasm", out])[1])

    def optimised(self):
        """-optimize: short forms where they do, targets right."""
        pads = "nop " * 130
        source = REFS + (".assembly t {}\n.module t.dll\n.method static int32 F(int32 x, int32 y) cil managed { .locals init (int32 a)\n"
                         f"ldarg x ldarg y add stloc a br NEAR {pads} NEAR: ldloc a ldc.i4 100 add ldc.i4 5 sub br FAR NEXT: ret\n"
                         f"{pads} {pads} FAR: br NEXT }}\n"
                         ".method static int32 Main() cil managed { .entrypoint ldc.i4 2 ldc.i4 3 call int32 F(int32, int32) ret }\n")
        code, text, out = self.text("opt", source, "-optimize")
        dump = flat(run([self.a.runtime, "ildasm", out])[1])
        short = ["ldarg.0", "ldarg.1", "stloc.0", "ldloc.0", "ldc.i4.s 100", "ldc.i4.5", "br "]
        self.judge("-optimize", ([text] if code else []) + [f"missing {s}" for s in short if s not in dump] +
                   ([] if code or self.runs(out)[0] == 100 else ["the program gives another result"]))


toolsuite.main(Suite, __doc__, HERE, BUILD, (".il",))
