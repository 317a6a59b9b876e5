#!/usr/bin/env python3
"""Which of the runtime's internal calls, QCalls and IL instructions the app tests have reached.

coverage.py [FILE] [--set c] [--missing] [--all]

FILE (build/coverage.txt) holds lines such as `fcall System.GC::SuppressFinalizeInternal`, `qcall Buffer_MemMove` and
`opcode add`, in any order, repeated at will; a runtime with STATOR_COVERAGE=FILE appends to it.  They are compared with
tests/contract/*.tsv.  What instead.tsv of that folder lists is done by other means and not asked for.
--set names the columns that must be reached (c: the medium program); --missing lists what of it is not;
--all lists everything with its state.  Exit 1 when something of the set is missing.  Last line: `N passed, N failed`."""
import argparse, os, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SETS = "abcde"


def table(name, key):
    """-> {name: set of columns marked}"""
    lines = [l.rstrip("\n").split("\t") for l in open(f"{ROOT}/tests/contract/{name}.tsv") if not l.startswith("#")]
    head, out = lines[0], {}
    for row in lines[1:]:
        row += [""] * (len(head) - len(row))
        marks = {s for s in SETS if row[head.index(s)] not in ("", "0")}
        out.setdefault(row[head.index(key)], set()).update(marks)
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("file", nargs="?", default=ROOT + "/build/coverage.txt")
    ap.add_argument("--set", default="c")
    ap.add_argument("--missing", action="store_true")
    ap.add_argument("--all", action="store_true")
    a = ap.parse_args()
    if not os.path.exists(a.file):
        sys.exit(f"no such file: {a.file} (./dev coverage makes it)")
    seen = {"fcall": set(), "qcall": set(), "opcode": set()}
    for line in open(a.file, errors="replace"):
        kind, _, name = line.strip().partition(" ")
        if kind in seen:
            seen[kind].add(name.strip())
    tables = {"fcall": table("fcalls", "method"), "qcall": table("qcalls", "entry"), "opcode": table("opcodes", "opcode")}
    elsewhere = {line.split("\t")[0] for line in open(f"{ROOT}/tests/contract/instead.tsv") if not line.startswith("#")}
    passed = failed = 0
    print(f"{'':8}{'all':>12}" + "".join(f"{'set ' + s:>12}" for s in SETS) + f"{'others':>10}")
    for kind, t in tables.items():
        row = f"{kind:8}{sum(n in seen[kind] for n in t):>6} of {len(t):<4}"[:21].rjust(20)
        for s in SETS:
            want = [n for n, marks in t.items() if s in marks]
            row += f"{sum(n in seen[kind] for n in want)}/{len(want)}".rjust(12)
        print(row + f"{len(seen[kind] - set(t)):>10}")
        for n, marks in t.items():
            if marks & set(a.set) and n not in elsewhere:
                passed += n in seen[kind]
                failed += n not in seen[kind]
    for kind, t in tables.items():
        for n, marks in sorted(t.items()):
            hit = n in seen[kind]
            if a.all or (a.missing and not hit and n not in elsewhere and marks & set(a.set)):
                print(f"{'hit    ' if hit else 'other  ' if n in elsewhere else 'missing'} {kind:6} {n} {''.join(sorted(marks))}")
        if a.all:
            for n in sorted(seen[kind] - set(t)):
                print(f"extra   {kind:6} {n}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
