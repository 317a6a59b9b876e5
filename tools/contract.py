#!/usr/bin/env python3
"""contract.py: the calls that the installed System.Private.CoreLib imports from the runtime, and what this runtime does about each.

contract.py [--dotnet ROOT] [--missing] [--extra] [--names] [--coverage FILE]
  FCalls are methods with the InternalCall flag, QCalls are P/Invokes of the module "QCall".
  Three columns: bound, in a table calls*.def; executed, by a test, as ./dev coverage found it (build/coverage.txt; `?` when there is none);
  instead, from tests/contract/instead.tsv: managed code does not reach it, or what it throws on Linux.
  A call is missing when it is neither executed nor has a row there: bound but never executed counts as missing.
  --missing  only those
  --names    only their names, one a line
  --extra    also rows of calls*.def that this CoreLib does not import"""
import argparse, os, re, struct, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Columns of each metadata table (II.22): 2 and 4 are sizes, S G B heap indices, a table's number as T<n>, else coded.
TABLES = {
    0x00: "2 S G G G", 0x01: "RS S S", 0x02: "4 S S TDR T4 T6", 0x03: "T4", 0x04: "2 S B", 0x05: "T6",
    0x06: "4 2 2 S B T8", 0x07: "T8", 0x08: "2 2 S", 0x09: "T2 TDR", 0x0A: "MRP S B", 0x0B: "2 HC B", 0x0C: "HCA CAT B",
    0x0D: "HFM B", 0x0E: "2 HDS B", 0x0F: "2 4 T2", 0x10: "4 T4", 0x11: "B", 0x12: "T2 T20", 0x13: "T20", 0x14: "2 S TDR",
    0x15: "T2 T23", 0x16: "T23", 0x17: "2 S B", 0x18: "2 T6 HS", 0x19: "T2 MDR MDR", 0x1A: "S", 0x1B: "B",
    0x1C: "2 MF S T26", 0x1D: "4 T4", 0x1E: "4 4", 0x1F: "4", 0x20: "4 2 2 2 2 4 B S S", 0x21: "4", 0x22: "4 4 4",
    0x23: "2 2 2 2 4 B S S B", 0x24: "4 T35", 0x25: "4 4 4 T35", 0x26: "4 S B", 0x27: "4 4 S S IMP", 0x28: "4 4 S IMP",
    0x29: "T2 T2", 0x2A: "2 2 TMD S", 0x2B: "MDR B", 0x2C: "T42 TDR"}
CODED = {  # tag bits, tables
    "RS": (2, [0, 26, 35, 1]), "TDR": (2, [2, 1, 27]), "HC": (2, [4, 8, 23]), "MRP": (3, [2, 1, 26, 6, 27]),
    "HCA": (5, [6, 4, 1, 2, 8, 9, 10, 0, 14, 23, 20, 17, 26, 27, 32, 35, 38, 39, 40, 42, 44, 43]), "CAT": (3, [6, 10]),
    "HFM": (1, [4, 8]), "HDS": (2, [2, 6, 32]), "HS": (1, [20, 23]), "MDR": (1, [6, 10]), "MF": (1, [4, 6]),
    "IMP": (2, [38, 35, 39]), "TMD": (1, [2, 6])}


class Image:
    def __init__(self, path):
        self.data = d = Path(path).read_bytes()
        pe = struct.unpack_from("<I", d, 0x3C)[0] + 4
        sections, opt = struct.unpack_from("<H", d, pe + 2)[0], struct.unpack_from("<H", d, pe + 16)[0]
        plus = struct.unpack_from("<H", d, pe + 20)[0] == 0x20B
        self.sections = [struct.unpack_from("<IIII", d, pe + 20 + opt + 40 * i + 8) for i in range(sections)]
        cli = self.offset(struct.unpack_from("<I", d, pe + 20 + (112 if plus else 96) + 14 * 8)[0])
        root = self.offset(struct.unpack_from("<I", d, cli + 8)[0])
        at = root + 16 + struct.unpack_from("<I", d, root + 12)[0]
        self.streams = {}
        count, at = struct.unpack_from("<H", d, at + 2)[0], at + 4
        for _ in range(count):
            off, _size = struct.unpack_from("<II", d, at)
            end = d.index(b"\0", at + 8)
            self.streams[d[at + 8:end].decode()] = root + off
            at += 8 + (end - at - 8) // 4 * 4 + 4
        self.read_tables(self.streams["#~"])

    def offset(self, rva):
        for size, va, raw, at in self.sections:
            if va <= rva < va + max(size, raw):
                return rva - va + at
        raise ValueError(hex(rva))

    def read_tables(self, at):
        heaps, valid = self.data[at + 6], struct.unpack_from("<Q", self.data, at + 8)[0]
        present = [i for i in range(64) if valid >> i & 1]
        self.rows = dict(zip(present, struct.unpack_from(f"<{len(present)}I", self.data, at + 24)))
        at += 24 + 4 * len(present)

        def width(col):
            if col in "24":
                return int(col)
            if col in "SGB":
                return 4 if heaps & (1, 2, 4)["SGB".index(col)] else 2
            if col in CODED:
                bits, tables = CODED[col]
                return 4 if max(self.rows.get(t, 0) for t in tables) >= 1 << 16 - bits else 2
            return 4 if self.rows.get(int(col[1:]), 0) >= 1 << 16 else 2
        self.tables = {}
        for t in present:
            fmt = "<" + "".join("H" if width(c) == 2 else "I" for c in TABLES[t].split())
            size = struct.calcsize(fmt)
            self.tables[t] = list(struct.iter_unpack(fmt, self.data[at:at + size * self.rows[t]]))
            at += size * self.rows[t]

    def string(self, i):
        at = self.streams["#Strings"] + i
        return self.data[at:self.data.index(b"\0", at)].decode()


def imports(path):
    """The managed names of FCalls and entry points of QCalls."""
    im = Image(path)
    types = im.tables[2]
    outer = {nested: enclosing for nested, enclosing in im.tables.get(0x29, [])}

    def type_name(row):
        _, name, space, *_ = types[row - 1]
        if row in outer:
            return type_name(outer[row]) + "+" + im.string(name)
        return (im.string(space) + "." if space else "") + im.string(name)
    fcalls = {}
    for i, row in enumerate(types, 1):
        end = types[i][5] if i < len(types) else len(im.tables[6]) + 1
        for m in range(row[5], end):
            _, impl, _, name, _, _ = im.tables[6][m - 1]
            if impl & 0x1000:
                key = type_name(i) + "::" + im.string(name)
                fcalls[key] = fcalls.get(key, 0) + 1
    modules = [im.string(r[0]) for r in im.tables[0x1A]]
    qcalls = {im.string(name) for _, _, name, scope in im.tables[0x1C] if modules[scope - 1] == "QCall"}
    return fcalls, qcalls


def ours():
    """Names in calls*.def; an overload's `/types` is cut off and counted."""
    fcalls, qcalls = {}, set()
    for path in sorted((ROOT / "src/corelib").rglob("calls*.def")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for kind, name in re.findall(r'^\s*(FCALL|FHELP|QCALL)\(\s*"?([^",]+?)"?\s*,', text, re.M):
            if kind == "QCALL":
                qcalls.add(name)
            else:
                whole = name.split("/")[0]
                fcalls[whole] = fcalls.get(whole, 0) + 1 if "/" in name else 99  # without types: all overloads
    return fcalls, qcalls


def corelib(root):
    folder = Path(root) / "shared/Microsoft.NETCore.App"
    versions = [v for v in os.listdir(folder) if v.startswith("10.")]
    if not versions:
        sys.exit(f"contract: no 10.x under {folder}")
    return folder / max(versions, key=lambda v: [int(x) for x in re.findall(r"\d+", v)]) / "System.Private.CoreLib.dll"


def executed(path):
    """Names that tests reached, of both kinds; None without a record."""
    if not Path(path).exists():
        return None
    return {line.strip().partition(" ")[2] for line in open(path, errors="replace") if line.startswith(("fcall ", "qcall "))}


def instead():
    """-> {name: (kind, why)}"""
    rows = [line.rstrip("\n").split("\t") for line in open(ROOT / "tests/contract/instead.tsv") if not line.startswith("#")]
    return {name: (kind, why) for name, kind, why in rows[1:]}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--dotnet", default="/usr/share/dotnet")
    ap.add_argument("--missing", action="store_true")
    ap.add_argument("--names", action="store_true")
    ap.add_argument("--extra", action="store_true")
    ap.add_argument("--coverage", default=str(ROOT / "build/coverage.txt"))
    a = ap.parse_args()
    want_f, want_q = imports(corelib(a.dotnet))
    have_f, have_q = ours()
    seen, reasons = executed(a.coverage), instead()
    unused = {n for n in reasons if n not in want_f and n not in want_q}
    width = max(len(n) for n in [*want_f, *want_q]) + 2
    if not a.names:
        print(f"{'':7}{'call':{width}}bound  executed  instead")
    for kind, names, bound in (("FCall", want_f, lambda n: have_f.get(n, 0) >= want_f[n]), ("QCall", want_q, lambda n: n in have_q)):
        total, missing = [0, 0, 0], 0
        for n in sorted(names):
            marks = bound(n), seen is not None and n in seen, n in reasons
            total = [x + y for x, y in zip(total, marks)]
            lacks = not marks[2] and not (marks[0] and (marks[1] or seen is None))
            missing += lacks
            if a.names:
                if lacks:
                    print(n)
            elif lacks or not a.missing:
                ran = "?" if seen is None else "x" if marks[1] else "-"
                print(f"{kind}  {n:{width}}{'x' if marks[0] else '-':7}{ran:10}{': '.join(reasons.get(n, []))}".rstrip())
        if not a.names:
            print(f"{kind}s: {len(names)}; {total[0]} bound, {total[1] if seen is not None else '?'} executed, "
                  f"{total[2]} otherwise; {missing} missing")
    if a.extra:
        for n in sorted(set(have_f) - set(want_f)) + sorted(have_q - want_q):
            print(f"not imported  {n}")
    for n in sorted(unused):
        print(f"instead.tsv: not imported  {n}")


if __name__ == "__main__":
    main()
