"""toolsuite.py: what the suites of the assembler and the disassembler share: running a tool, judging, the command line.
A suite has its inputs as files beside it, judged by Suite.input(path), and tests made in code, its methods named in Suite.MADE."""
import argparse, os, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(args, cwd=None, timeout=60):
    p = subprocess.run([str(x) for x in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, timeout=timeout)
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


class Suite:
    MADE = ()

    def __init__(self, a):
        self.a, self.passed, self.failed = a, 0, 0

    def judge(self, name, problems):
        if problems:
            self.failed += 1
            print(f"FAIL {name}")
            for p in problems:
                print("  " + p.replace("\n", "\n  ")[: 6000 if self.a.show else 900])
        else:
            self.passed += 1


def main(suite, doc, here, build, suffixes, files=()):
    """files: options that name files, with their defaults"""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("names", nargs="*")
    p.add_argument("--show", action="store_true")
    p.add_argument("--list", action="store_true")
    for name, default in {"runtime": "out/stator", **dict(files)}.items():
        p.add_argument(f"--{name}", default=default and str(ROOT / default), type=os.path.abspath)
    a = p.parse_args()
    inputs = sorted(f for f in here.iterdir() if f.suffix in suffixes)
    if a.list:
        print("\n".join([f.stem for f in inputs] + list(suite.MADE)))
        return
    build.mkdir(parents=True, exist_ok=True)
    s = suite(a)
    for f in inputs:
        if not a.names or f.stem in a.names:
            s.input(f)
    for name in suite.MADE:
        if not a.names or name in a.names:
            getattr(s, name)()
    print(f"{s.passed} passed, {s.failed} failed")
    sys.exit(s.failed != 0)
