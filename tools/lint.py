#!/usr/bin/env python3
"""lint.py: what a machine can check of the house style.

  layers    a folder of src/ includes only from the folders that LAYERS gives it
  names     base names of sources and of headers are unique in src/; files begin with their folder's name
  headers   each header compiles alone
  top       each source and header begins with `/* name: what it is`
  length    over 1200 lines wants a reason on line 2 (a word of: long, length, lines); no line over 150 columns
  calls     malloc and its relatives in base/ only; no setjmp, alloca; no notes to self
  exports   functions and data that a folder exports carry the folder's prefix, or one of those below, or stand in a header that
            only the folder itself includes; calls of CoreLib have its names (needs build/release)
Last line: `N passed, N failed`; a check is one rule over one file."""
import concurrent.futures, os, re, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
# Names that a folder may export beside its own prefix.
PREFIXES = {
    "base": ["arena_", "vec_", "map64_", "strmap_", "utf8_", "utf16_", "log_", "knob", "err_"],
    "host": ["coreclr_"],
    "thread": ["sync_", "wait_", "named_mutex_"],
    "md": ["mdw_", "mdpw_"],
    "pe": ["pew_"],
    "vm": ["ilb_"],
    "interop": ["marshal_", "native_"],
    "corelib": ["refl_"],
}
NAMES = {"base": ["arena", "vec", "map", "utf", "log", "knobs"], "thread": ["sync", "wait"], "corelib": ["refl"]}  # files without the folder's prefix
FLAGS = "-std=gnu17 -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror -Wno-unused-function -Wno-unused-variable".split()
passed = 0
problems = []


def check(ok, where, text):
    global passed
    if ok:
        passed += 1
    else:
        problems.append(f"{where}: {text}")


def read_layers():
    layers = {}
    for line in (ROOT / "LAYERS").read_text().splitlines():
        if not line.startswith("#") and ":" in line:
            name, uses = line.split(":")
            for u in uses.split():
                check(u in layers, "LAYERS", f"{name} uses {u}, which does not stand above it")
            layers[name] = set(uses.split()) | {name}
    return layers


def folder_of(path):
    return path.relative_to(SRC).parts[0]


def check_text(path, text, layers):
    where = path.relative_to(ROOT)
    folder = folder_of(path)
    lines = text.split("\n")
    check(folder in layers, where, "folder is not in LAYERS")
    bad = [m for m in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M)
           if m.split("/")[0] not in layers.get(folder, ()) and (SRC / m).exists() or "/" not in m]
    check(not bad, where, f"may not include {', '.join(bad)}")
    if path.suffix in (".c", ".h"):
        check(re.match(rf"/\* (\w+/)*{re.escape(path.name)}: ", text), where, f"does not begin with `/* {path.name}: `")
        own = [folder + "_", folder + "."] + [n + end for n in NAMES.get(folder, []) for end in "._"]
        check(any(path.name.startswith(p) for p in own), where, f"name does not begin with {folder}_")
        banned = {"setjmp", "longjmp", "alloca"} | (set() if folder == "base" else {"malloc", "calloc", "realloc", "free"})
        code = re.sub(r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"', " ", text, flags=re.S)
        used = {m for m in re.findall(r"(?<![\w.>])(\w+)\s*\(", code) if m in banned}
        check(not used, where, f"calls {', '.join(sorted(used))}")
    check(len(lines) <= 1200 or path.suffix == ".def" or re.search(r"\b(long|length|lines)\b", lines[1], re.I), where,
          f"{len(lines)} lines without a reason on line 2")
    wide = [i + 1 for i, line in enumerate(lines) if len(line) > 150] if path.suffix in (".c", ".h") else []
    check(not wide, where, f"lines over 150 columns: {wide[:5]}")
    notes = re.findall(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b", text)
    check(not notes, where, f"notes to self: {len(notes)}")


def check_unique(files):
    for suffix in (".c", ".h", ".def"):
        seen = {}
        for path in files:
            if path.suffix == suffix:
                check(path.name not in seen, path.relative_to(ROOT), f"same name as {seen.get(path.name)}")
                seen[path.name] = path.relative_to(ROOT)


def compile_header(path):
    r = subprocess.run(["gcc", *FLAGS, "-I", str(SRC), "-include", str(path), "-fsyntax-only", "-x", "c", "/dev/null"],
                       capture_output=True, text=True)
    return path, r.returncode == 0, r.stderr.strip().split("\n")[0]


def check_exports(files):
    includers = {}  # header: the folders that include it
    for path in files:
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(errors="replace"), re.M):
            includers.setdefault(name, set()).add(folder_of(path))
    for objects in sorted((ROOT / "build/release/CMakeFiles").glob("stator_*.dir")):
        folder = objects.name[len("stator_"):-len(".dir")]
        if not (SRC / folder).is_dir():
            continue
        private = [h for h in (SRC / folder).rglob("*.h") if not includers.get(str(h.relative_to(SRC)), set()) - {folder}]
        own = " ".join(f.read_text() for f in private + sorted((SRC / folder).glob("calls*.def")))
        internal = set(re.findall(r"\w+", own))
        allowed = tuple([folder + "_"] + PREFIXES.get(folder, []))
        # Only objects whose source is still there: a build folder keeps those of removed files.
        files = [o for o in sorted(objects.rglob("*.o")) if (ROOT / o.relative_to(objects).with_suffix("")).exists()]
        if not files:
            continue
        out = subprocess.run(["nm", "-A", "--defined-only", "-g", *map(str, files)], capture_output=True, text=True).stdout
        bad = {}
        for line in out.splitlines():
            name = line.split()[-1]
            if name not in internal and not name.startswith(allowed + ("__gnu_lto", "_GLOBAL_")) and re.match(r"[A-Za-z]", name):
                bad.setdefault(Path(line.split(":")[0]).name[:-2], []).append(name)
        for o in files:
            names = bad.get(o.name[:-2], [])
            check(not names, f"src/{folder}/{o.name[:-2]}",
                  f"exports without prefix {folder}_: {', '.join(names[:6])}{' ...' if len(names) > 6 else ''}")


def main():
    layers = read_layers()
    files = sorted(p for p in SRC.rglob("*") if p.suffix in (".c", ".h", ".def", ".S", ".inc"))
    for path in files:
        check_text(path, path.read_text(errors="replace"), layers)
    check_unique(files)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, ok, why in pool.map(compile_header, [p for p in files if p.suffix == ".h"]):
            check(ok, path.relative_to(ROOT), f"does not compile alone: {why}")
    check_exports(files)
    for p in problems:
        print(p)
    print(f"{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
