#!/usr/bin/env python3
"""run.py: the disassembler: what it must say of small inputs, and that its text assembles to the same again.

    run.py [NAME ...] [--runtime PATH] [--compare PATH] [--ilasm PATH] [--show] [--list]

An input is NAME.il or NAME.cs with lines `// run: OPTIONS`, and under each `// want: TEXT` and `// not: TEXT` (in the output; blanks at
the end do not count) and `// exit: CODE`; `// option: X` goes to the assembler or compiler.  Every image made is also disassembled to a file,
assembled and compared row by row (mdcompare), some in more forms; with a PDB, the lines too; its JSON is held to the schema of the book
page.  Tests made here: each opcode; images that are no images, cut or damaged; resources; what a terminal gets.
Last line: `N passed, M failed`."""
import glob, json, os, pty, re, shutil, subprocess, sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "tests" / "ildasm"
sys.path.insert(0, str(HERE.parent))
import toolsuite
from assembler import command as assembler
from mdimage import Image
from toolsuite import run


def dotnet_root():
    return Path(os.environ.get("DOTNET_ROOT") or os.path.dirname(os.path.realpath(shutil.which("dotnet") or "/usr/share/dotnet/dotnet")))


class Suite(toolsuite.Suite):
    MADE = ("opcodes", "bad_images", "wordless", "resources", "terminal")

    def __init__(self, a):
        super().__init__(a)
        a.ilasm = assembler(a.runtime, a.ilasm)

    def make(self, path):
        """Builds the input; (image, problem)"""
        out = BUILD / (path.stem + ".dll")
        if out.exists():
            out.unlink()
        text = path.read_text(encoding="utf-8")
        options = re.findall(r"^// option: (.*)$", text, re.M)
        if path.suffix == ".il":
            code, o, e = run([*self.a.ilasm, "-nologo", "-quiet", "-dll", *options, f"-out={out}", path])
        else:
            root = dotnet_root()
            csc = sorted(glob.glob(str(root / "sdk/10.*/Roslyn/bincore/csc.dll")))[-1]
            refs = [f"-r:{f}" for f in glob.glob(sorted(glob.glob(str(root / "packs/Microsoft.NETCore.App.Ref/10.*/ref/net10.0")))[-1] + "/System*.dll")]
            code, o, e = run([root / "dotnet", csc, "-nologo", "-nostdlib", "-unsafe", "-o+", "-langversion:preview", "-deterministic", "-nowarn:CS0169,CS0649,CS1701",
                              *options, *refs, f"-out:{out}", path])
        return (out, None) if code == 0 and out.exists() else (None, f"cannot be built: {o}{e}")

    def round_trip(self, image, options, kind="-dll", form="-bytes"):
        d = BUILD / ("rt-" + image.stem)
        shutil.rmtree(d, ignore_errors=True)
        d.mkdir(parents=True)
        code, o, e = run([self.a.runtime, "ildasm", image, form, "-out=in.il"], d)
        if code:
            return [f"ildasm: exit code {code}: {o}{e}"]
        code, o, e = run([*self.a.ilasm, "-nologo", "-quiet", kind, *options, "-out=out.dll", "in.il"], d)
        if code or not (d / "out.dll").exists():
            return [f"our text is refused: {o}{e}"]
        code, o, e = run([self.a.compare, image, d / "out.dll"])
        return [f"not the same again:\n{o}{e}"] if code else []

    @staticmethod
    def points(text):
        """The .line of each instruction, by method.  A method with one hidden point alone counts as one without: the known assembler
        gives the file's first .line to the first code after it."""
        found, head, waiting, here = [], "", [], []
        for line in map(str.strip, text.splitlines()):
            if line.startswith(".method"):
                head, waiting, here = re.sub(r" A_\d+\b", "", line), [], []
            elif line.startswith(".line"):
                waiting.append(line)
            elif re.match(r"IL_[0-9a-f]+:", line):
                here += [(line.split(":")[0], w) for w in waiting]
                waiting = []
            elif line.startswith("} // end of method"):
                found.append((head, [] if len(here) == 1 and " 16707566," in here[0][1] else here))
        return sorted(found)

    def lines(self, image):
        """-linenum, assembled with a PDB: the same sequence points again."""
        d = BUILD / ("lines-" + image.stem)
        shutil.rmtree(d, ignore_errors=True)
        d.mkdir(parents=True)
        code, o, e = run([self.a.runtime, "ildasm", image, "-linenum", "-out=in.il"], d)
        code2, o2, e2 = run([*self.a.ilasm, "-nologo", "-quiet", "-dll", "-pdb", "-out=out.dll", "in.il"], d)
        code3, again, e3 = run([self.a.runtime, "ildasm", "-linenum", "out.dll"], d)
        if code or code2 or code3:
            return [e + o2 + e2 + e3]
        a, b = self.points((d / "in.il").read_text(encoding="utf-8-sig")), self.points(again)
        return [f"points differ: {x} {y}" for x, y in zip(a, b) if x != y][:3] + (["other methods"] if len(a) != len(b) else [])

    # objects of -json: what a list or object under a key is called in the book's table
    JSON_KINDS = {"types": "type", "fields": "field", "methods": "method", "parameters": "parameter", "properties": "property, event", "events": "property, event",
                  "customAttributes": "customAttribute", "instructions": "instruction", "clauses": "clause"}

    def json_form(self, image):
        """-json is JSON, and its objects have the keys that the book names."""
        rows = re.findall(r"^\| ([\w, ]+) \| (.*) \|$", (ROOT / "docs/book/ildasm.md").read_text(), re.M)
        keys = {kind: dict((k, bool(q)) for k, q in re.findall(r"`(\w+)`(\??)", text)) for kind, text in rows}
        keys["image"].update(types=True, tables=True)
        for optional in ("codeSize", "maxStack", "initLocals"):
            keys["method"][optional] = True
        keys["instruction"].update(op=True, badByte=True)
        problems = []

        def walk(value, kind):
            if isinstance(value, list):
                for x in value:
                    walk(x, kind)
            elif isinstance(value, dict):
                known = keys[kind]
                problems.extend(f"{kind}: key {k} is not in the book" for k in value if k not in known)
                problems.extend(f"{kind}: no {k}" for k, optional in known.items() if not optional and k not in value)
                for k, v in value.items():
                    if k in self.JSON_KINDS and not (kind == "property, event" and k == "methods"):
                        walk(v, self.JSON_KINDS[k])
        for form in ([], ["-metadata"]):
            code, out, err = run([self.a.runtime, "ildasm", "-json", *form, image])
            try:
                tree = json.loads(out)
                if form:
                    problems += [f"table {t}: a row without token" for t, rows in tree["tables"].items() if not all("token" in r for r in rows)]
                else:
                    walk(tree, "image")
            except ValueError as e:
                problems.append(f"{form}: {e}")
        return problems[:5]

    def directives(self, path, image):
        runs = []
        for line in path.read_text(encoding="utf-8").splitlines():
            m = re.match(r"// (run|want|not|exit):\s?(.*)$", line)
            if not m:
                continue
            kind, value = m.groups()
            if kind == "run":
                runs.append((value.split(), [], [], [0]))
            else:
                runs[-1][{"want": 1, "not": 2, "exit": 3}[kind]].append(value.rstrip() if kind != "exit" else int(value))
        for args, want, never, codes in runs:
            code, out, err = run([self.a.runtime, "ildasm", *args, image])
            problems = [f"exit code {code}: {err}"] if code != codes[-1] else []
            flat = re.sub(r" +$", "", out, flags=re.M)
            problems += [f"missing: {w}" for w in want if w not in flat] + [f"should not be there: {w}" for w in never if w in flat]
            if problems and self.a.show:
                problems.append(out)
            self.judge(f"{path.name} ildasm {' '.join(args)}", problems)

    def input(self, path):
        image, problem = self.make(path)
        if problem:
            self.judge(path.name, [problem])
            return
        self.directives(path, image)
        options = [o for o in re.findall(r"^// option: (.*)$", path.read_text(encoding="utf-8"), re.M) if path.suffix == ".il"]
        self.judge(f"{path.name}: round trip", self.round_trip(image, options))
        for form in ["-caverbal", "-quoteallnames", "-forward", "-raweh", "-typelist", "-unicode"] if path.stem in ("modern", "verbal", "generics") else []:
            self.judge(f"{path.name}: round trip with {form}", self.round_trip(image, options, form=form))
        self.judge(f"{path.name}: json", self.json_form(image))
        if "// option: -debug" in path.read_text(encoding="utf-8"):
            self.judge(f"{path.name}: lines again", self.lines(image))

    def opcodes(self):
        """One method for each opcode of the table."""
        operands = {"NONE": "", "I1": " -5", "U1": " 3", "U2": " 300", "I4": " 0x12345678", "I8": " 0x123456789abcdef0", "R4": " 1.5", "R8": " 2.5", "BR1": " L",
                    "BR4": " L", "METHOD": " void O::m()", "FIELD": " int32 O::f", "TYPE": " [System.Runtime]System.Guid", "TOKEN": " [System.Runtime]System.Guid",
                    "SIG": " int32(int32)", "STRING": ' "s"', "SWITCH": " (L, M, L)"}
        lines, names = [], []
        for m in re.finditer(r'^IL_OP\((\w+), "([^"]+)", (0x\w+), "[^"]*", "[^"]*", (\w+),', (ROOT / "src/il/il_ops.def").read_text(), re.M):
            ident, name, _, operand = m.groups()
            arg = operands[operand]
            if ident in ("NO",):
                continue
            if operand in ("U1", "U2") and "LOC" in ident:
                arg = " 1" if operand == "U1" else " 2"
            elif operand in ("U1", "U2"):
                arg = " 1"
            names.append(name)
            lines.append(f".method public static void op_{ident}(int32 a, int32 b) cil managed {{ .locals (int32 x, int32 y, int32 z) L: nop {name}{arg} M: ret }}")
        il = BUILD / "opcodes.il"
        il.write_text(".assembly extern System.Runtime { .ver 10:0:0:0 }\n.assembly opcodes {}\n.module opcodes.dll\n.class public O extends [System.Runtime]System.Object\n{\n"
                      ".field public static int32 f\n.method public static void m() cil managed { ret }\n" + "\n".join(lines) + "\n}\n")
        image, problem = self.make(il)
        if problem:
            self.judge("each opcode", [problem])
            return
        code, out, err = run([self.a.runtime, "ildasm", image])
        self.judge("each opcode", [f"missing: {n}" for n in names if not re.search(r":  " + re.escape(n) + r"(\s|$)", out, re.M)] +
                   ([err] if code else []))
        self.judge("each opcode: round trip", self.round_trip(image, []))

    def bad_images(self):
        """Bad files: a message, exit code 1, never a signal."""
        image, problem = self.make(HERE / "hi.il")
        if problem:
            self.judge("bad images", [problem])
            return
        good = image.read_bytes()
        cases = {"nothing": b"", "text": b"hello", "elf": Path("/bin/true").read_bytes(), "cut": good[:700], "no-cli": None, "zeros": good[:512] + bytes(len(good) - 512)}
        nt = int.from_bytes(good[0x3C:0x40], "little")
        native = bytearray(good)
        native[nt + 24 + 96 + 14 * 8: nt + 24 + 96 + 15 * 8] = bytes(8)
        cases["no-cli"] = bytes(native)
        for name, data in cases.items():
            p = BUILD / f"bad-{name}.dll"
            p.write_bytes(data)
            code, out, err = run([self.a.runtime, "ildasm", p])
            self.judge(f"bad image: {name}", [] if code == 1 and "ildasm: " in err else [f"exit code {code}: {err}"])
        worst = []
        for i in range(0, len(good), max(1, len(good) // 150)):
            b = bytearray(good)
            b[i] ^= 0xFF
            p = BUILD / "bad-flipped.dll"
            p.write_bytes(b)
            code, out, err = run([self.a.runtime, "ildasm", p])
            if code not in (0, 1):
                worst.append(f"byte {i}: exit code {code}")
        self.judge("bad images: flipped bytes", worst)
        code, out, err = run([self.a.runtime, "ildasm", BUILD / "no-such-file.dll"])
        self.judge("no such file", [] if code == 1 else [f"exit code {code}"])
        code, out, err = run([self.a.runtime, "ildasm", "-nonsense", image])
        self.judge("no such option", [] if code == 2 else [f"exit code {code}"])
        code, out, err = run([self.a.runtime, "ildasm", "--help"])
        self.judge("help", [] if code == 0 and "Usage: stator ildasm" in out else [f"exit code {code}"])

    def wordless(self):
        """Rows that the assembler would make something else of: each is a problem that is told, exit code 1; nothing is lost in silence."""
        image, problem = self.make(HERE / "rows.il")
        if problem:
            self.judge("wordless", [problem])
            return
        good = image.read_bytes()
        cases = [("TypeDef", "Inner", "Flags", 0x100001, "nested by its flags or by its place only"), ("TypeDef", "Outer", "Flags", 0x100002, "nested by its flags"),
                 ("TypeDef", "Outer", "Extends", 0, "without a base class"), ("TypeDef", "Outer", "Name", 0, "without a name"),
                 ("TypeDef", "Plain", "Name", "Outer", "a second class of the same name"), ("TypeDef", "Plain", "FieldList", 1, "members do not begin where"),
                 ("TypeDef", 1, "MethodList", 2, "members do not begin where"),
                 ("MethodDef", "Static", "Flags", 6, "static by its flags or by its signature only"), ("MethodDef", "Global", "Flags", 6, "a global method that is not static"),
                 ("MethodDef", "Dispose", "Flags", 0x446, "an abstract method with a body"),
                 ("MethodDef", ".ctor", "Flags", 6, "a constructor without specialname"), ("Param", "second", "Sequence", 1, "out of order, or too many"),
                 ("Param", "second", "Sequence", 7, "out of order, or too many"), ("GenericParam", "U", "Number", 5, "its number is not its place"),
                 ("GenericParamConstraint", 1, "Constraint", 0, "names no class"), ("InterfaceImpl", 1, "Interface", 0, "names no class"),
                 ("ImplMap", 1, "ImportScope", 0, "imports from no module"), ("MemberRef", "ToString", "Class", 0, "names no class and no global member"),
                 ("MemberRef", "Varying", "Class", 3 | 1 << 3, "varying arguments for a method of another name"),
                 ("TypeRef", "IDisposable", "ResolutionScope", 1 | 9 << 2, "no such scope")]
        for table, row, column, value, want in cases:
            i = Image(good)
            at = i.find(table, row) if isinstance(row, str) else row
            i.set(table, at, column, i.get(table, i.find(table, value), column) if isinstance(value, str) else value)
            p = BUILD / "wordless.dll"
            p.write_bytes(i.data)
            code, out, err = run([self.a.runtime, "ildasm", p])
            self.judge(f"told: {table} {row} {column} = {value}", [] if code == 1 and want in err else [f"exit code {code}: {err}"])

    def terminal(self):
        """On a terminal: colours unless NO_COLOR, and -pager; elsewhere none."""
        image, problem = self.make(HERE / "hi.il")

        def on_terminal(args, **env):
            ours, theirs = pty.openpty()
            p = subprocess.Popen([self.a.runtime, "ildasm", *args, image], stdout=theirs, stderr=theirs, env={**os.environ, **env})
            os.close(theirs)
            text = b""
            while True:
                try:
                    part = os.read(ours, 65536)
                except OSError:
                    part = b""
                if not part:
                    break
                text += part
            os.close(ours)
            p.wait()
            return text.decode()
        red = "\x1b["
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        os.environ.clear()
        os.environ.update(env)
        cases = {"terminal: colour": red in on_terminal([]), "terminal: NO_COLOR": red not in on_terminal([], NO_COLOR="1"),
                 "terminal: -color=never": red not in on_terminal(["-color=never"]), "terminal: -json": red not in on_terminal(["-json"]),
                 "terminal: -pager": "paged: " + red in on_terminal(["-pager"], PAGER="sed 's/^/paged: /'"), "no terminal": red not in run([self.a.runtime, "ildasm", image])[1]}
        for name, good in cases.items():
            self.judge(name, [] if good and not problem else ["wrong"])

    def resources(self):
        """Managed resources become files beside the text."""
        d = BUILD / "res"
        shutil.rmtree(d, ignore_errors=True)
        d.mkdir(parents=True)
        (d / "some data.txt").write_bytes(b"payload \x00\x01")
        (d / "r.il").write_text(".assembly r {}\n.module r.dll\n.mresource public 'a/b' as 'some data.txt' {}\n")
        code, o, e = run([*self.a.ilasm, "-nologo", "-quiet", "-dll", "-out=r.dll", "r.il"], d)
        (d / "out").mkdir()
        code2, _, e2 = run([self.a.runtime, "ildasm", d / "r.dll", f"-out={d}/out/r.il"])
        p = d / "out" / "a_b"
        ok = code == 0 and code2 == 0 and p.exists() and p.read_bytes() == b"payload \x00\x01" and "'a/b' as a_b" in (d / "out" / "r.il").read_text()
        self.judge("resources", [] if ok else [o + e + e2 + str(list((d / "out").iterdir()))])


toolsuite.main(Suite, __doc__, HERE, BUILD, (".il", ".cs"), {"compare": "build/release/mdcompare", "ilasm": None})
