"""ways.py: the ways into a program: ./dev run, the launcher, `dotnet app.dll` and an app's own executable in a root made by ./dev dotnet-root;
and what the settings that write something write.  Part of run.py."""
import os, re, shutil, subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACEHOLDER = b"c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"  # of every apphost: the name of the dll


def apphost(dotnet, dll):
    """the SDK's template with the dll's name written into it, beside the dll"""
    template = sorted((dotnet / "sdk").glob("10.*/AppHostTemplate/apphost"))[-1]
    data = template.read_bytes()
    at = data.index(PLACEHOLDER)
    name = dll.name.encode()
    exe = dll.with_suffix("")
    exe.write_bytes(data[:at] + name.ljust(len(PLACEHOLDER), b"\0") + data[at + len(PLACEHOLDER):])
    exe.chmod(0o755)
    return exe


def run(command, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DOTNET_", "STATOR_")) or k.startswith("STATOR_GC")}
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, cwd=ROOT, env={**clean, **env})


def libraries(folder):
    text = "".join(f.read_text(errors="replace") for f in folder.glob("ld*"))
    return set(re.findall(r"calling init: (/\S+)", text))


def ways(check, work, dotnet, launcher):
    root = work / "ours"
    r = run([ROOT / "dev", "dotnet-root", root])
    if not check("dev dotnet-root", r.returncode == 0 and (root / "dotnet").exists(), r.stdout + r.stderr):
        return
    r = run([ROOT / "dev", "run", "examples/hello"])
    check("dev run examples/hello", r.returncode == 0 and r.stdout, r.stdout + r.stderr)
    dll = ROOT / "build/examples/hello/hello.dll"
    if not dll.exists():
        return
    want = run([dotnet / "dotnet", dll])
    app = work / "way"
    shutil.copytree(dll.parent, app)
    exe = apphost(dotnet, app / "hello.dll")
    for name, command, env in (("stator app.dll", [launcher, app / "hello.dll"], {"DOTNET_ROOT": str(dotnet)}),
                               ("dotnet app.dll", [root / "dotnet", app / "hello.dll"], {}),
                               ("dotnet exec app.dll", [root / "dotnet", "exec", app / "hello.dll"], {}),
                               ("executable", [exe], {"DOTNET_ROOT": str(root)})):
        side = work / f"ld-{name.replace(' ', '-')}"
        side.mkdir()
        r = run(command, LD_DEBUG="files", LD_DEBUG_OUTPUT=str(side / "ld"), **env)
        check(name, (r.returncode, r.stdout, r.stderr) == (want.returncode, want.stdout, want.stderr), f"exit {r.returncode} {r.stdout}{r.stderr}")
        used = libraries(side)
        own = [p for p in used if p.endswith("/libcoreclr.so") and Path(p).read_bytes() == (Path(launcher).parent / "libcoreclr.so").read_bytes()]
        other = [p for p in used if re.search(r"/lib(coreclr|clrjit|clrgc|mscordac)\w*\.so$", p) and p not in own]
        check(name + ": whose library", own and not other, f"ours {own}, others {other}")
    record = work / "coverage.txt"
    r = run([launcher, app / "hello.dll"], DOTNET_ROOT=str(dotnet), STATOR_COVERAGE=str(record), STATOR_JITDUMP="*:*Main*", STATOR_JITSTATS="1")
    check("coverage", {line.split()[0] for line in record.read_text().splitlines()} == {"fcall", "qcall", "opcode"} if record.exists() else False)
    check("opcode names", "opcode constrained.\n" in record.read_text() and "opcode ldftn\n" in record.read_text(), "two-byte opcodes and prefixes")
    check("code dump", "IL_0000" in r.stderr and "push rbp" in r.stderr and r.stderr.count("tier 0") >= 1, r.stderr[:300])
    check("compile statistics", re.search(r"jit: \d+ methods", r.stderr), r.stderr[-300:])
    r = run([ROOT / "dev", "dump", dll, "nothing:matches"])
    check("dev dump", r.returncode == want.returncode and r.stdout == want.stdout, r.stdout + r.stderr)
