#!/usr/bin/env python3
"""run.py: assemble the IL tests, prove them on the reference runtime, run them on ours.

    run.py [TOPIC ...]          topics are file names without .il (gen_conv stands for gen_conv.py); none: all
    --only NAME                 run that one test
    --modes                     ours with STATOR_DOMAINS=0 and =1
    --oracle                    the reference runtime only (also what happens while there is no launcher)
    --no-oracle                 ours only
    --runtime PATH              our launcher (default out/stator)
    --ilasm PATH                the assembler (default: ILASM in the environment, else our own)
    --show                      print what failing tests gave
    --list                      print the tests' names
    --timeout N                 seconds for one file (default 120)
    --fresh                     run the reference again, though it has already proved the file
    --coverage                  print the opcodes of il_ops.def that no test uses
    --write-known               make known_failures.txt the list of what fails now
    --record FILE               ours with STATOR_COVERAGE=FILE

A test is a static method without arguments under a line `// expect VALUE` or `// throws TYPE`.  The driver (a check
method for each test, Main, and the printing of names) is generated here and appended when the file is assembled; it
needs no class library while all goes well: the exit code is the number of failures (at most 100).  `Main` takes one
optional argument, the name of the only test to run.  A process that dies, or whose exit code does not agree with what
it printed, is run again test by test, so one crash costs one test.
Tests of known_failures.txt (`topic name: reason`) are run, shown as known and not counted as failed; one that passes is an error.
"""
import argparse, concurrent.futures, hashlib, os, re, struct, subprocess, sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from assembler import command as assembler
from known import Known

ROOT = HERE.parent.parent
BUILD = ROOT / 'build' / 'tests' / 'il'
CORE = '[System.Private.CoreLib]'
CONFIG = '{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"10.0.0"}}}'
I4 = {'bool', 'char', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'unsigned int8', 'unsigned int16',
      'unsigned int32'}
I8 = {'int64', 'uint64', 'unsigned int64', 'native int', 'native uint', 'native unsigned int'}
METHOD = re.compile(r"\.method\s+((?:public|private|assembly|hidebysig)\s+)*static\s+(?P<type>.+?)\s+"
                    r"(?P<name>'[^']+'|[A-Za-z_][\w.]*)\s*\(\s*\)")
MARK = re.compile(r'^\s*//\s*(expect|throws)\s+(.+?)\s*$')


class Test:
    def __init__(self, name, type_, kind, value, where):
        self.name, self.type, self.kind, self.value, self.where = name, type_, kind, value, where


def fail_usage(text):
    print(text, file=sys.stderr)
    sys.exit(2)


def parse_tests(path, text):
    tests, seen, mark = [], set(), None
    for number, line in enumerate(text.split('\n'), 1):
        m = MARK.match(line)
        if m:
            if mark:
                fail_usage(f'{path}:{mark[2]}: no test method after this mark')
            mark = (m.group(1), m.group(2), number)
            continue
        if not mark or not line.strip() or line.strip().startswith('//'):
            continue
        m = METHOD.search(line)
        if not m:
            fail_usage(f'{path}:{number}: expected a static method without arguments')
        name = m.group('name').strip("'")
        if name in seen:
            fail_usage(f'{path}:{number}: a second test {name}')
        seen.add(name)
        tests.append(Test(name, ' '.join(m.group('type').split()), mark[0], mark[1], f'{path}:{number}'))
        mark = None
    return tests


def bits(value, single):
    if value.startswith('0x'):
        return int(value, 16)
    if single:
        return struct.unpack('<I', struct.pack('<f', float(value)))[0]
    return struct.unpack('<Q', struct.pack('<d', float(value)))[0]


def quote(s):
    out = ''
    for c in s:
        out += {'\\': '\\\\', '"': '\\"', '\n': '\\n', '\t': '\\t'}.get(c, c)
    return '"' + out + '"'


def compare(t):
    """IL that branches to OK where local v is what is expected, and falls through otherwise."""
    v = t.value
    if t.type == 'void':
        return 'br OK'
    if t.type in I4:
        n = {'true': 1, 'false': 0}.get(v)
        n = int(v, 0) if n is None else n
        return f'ldloc v ldc.i4 {n - (1 << 32) if n >= 1 << 31 else n} beq OK'
    if t.type in I8:
        n = int(v, 0)
        return f'ldloc v conv.i8 ldc.i8 {n - (1 << 64) if n >= 1 << 63 else n} beq OK'
    if t.type in ('float32', 'float64'):
        if v.lower() == 'nan':
            return 'ldloc v ldloc v bne.un OK'
        if t.type == 'float32':
            return f'ldloca v ldind.i4 ldc.i4 0x{bits(v, True):08x} beq OK'
        return f'ldloca v ldind.i8 ldc.i8 0x{bits(v, False):016x} beq OK'
    if t.type in ('string', 'object', 'class ' + CORE + 'System.String'):
        if v == 'null':
            return 'ldloc v brfalse OK'
        s = v[1:-1] if len(v) > 1 and v[0] == v[-1] == '"' else v
        return f'ldloc v {"castclass string " if t.type == "object" else ""}' \
               f'ldstr {quote(s)} call bool {CORE}System.String::Equals(string, string) brtrue OK'
    fail_usage(f'{t.where}: return type {t.type} has no comparison')


def got(t):
    if t.type == 'void':
        return 'ldstr "(no value)" call void [System.Console]System.Console::WriteLine(string)'
    if t.type in I4:
        return 'ldloc v call void [System.Console]System.Console::WriteLine(int32)'
    if t.type in I8:
        return 'ldloc v conv.i8 call void [System.Console]System.Console::WriteLine(int64)'
    if t.type in ('float32', 'float64'):
        load = 'ldloca v ldind.u4 conv.u8' if t.type == 'float32' else 'ldloca v ldind.i8'
        return (f'ldstr "0x{{0:x}} {{1}}" {load} box int64 ldloc v box {t.type} '
                f'call void [System.Console]System.Console::WriteLine(string, object, object)')
    return 'ldloc v call void [System.Console]System.Console::WriteLine(object)'


def driver(tests):
    out = ['', '// --- generated driver ---', '.assembly extern System.Console {}',
           ".method static void '$failed'(string name) cil managed noinlining {",
           '  ldstr "FAIL " ldarg.0 call string [System.Private.CoreLib]System.String::Concat(string, string)',
           '  call void [System.Console]System.Console::WriteLine(string) ret }']
    for t in tests:
        local = 'int32' if t.type == 'void' else t.type
        keep = '' if t.type == 'void' else ' stloc v'
        out.append(f".method static int32 '$check.{t.name}'() cil managed noinlining {{ .maxstack 8")
        out.append(f'  .locals init ({local} v, object e)')
        if t.kind == 'expect':
            out.append(f"  .try {{ call {t.type} '{t.name}'(){keep} leave GOT }}")
            out.append('  catch [System.Private.CoreLib]System.Object { stloc e leave OTHER }')
            out.append(f'  GOT: {compare(t)}')
        else:
            ty = CORE + t.value if '.' in t.value and t.value[0] not in "['" else t.value
            out.append(f"  .try {{ call {t.type} '{t.name}'(){keep} leave GOT }}")
            out.append(f'  catch {ty} {{ pop leave OK }}')
            out.append('  catch [System.Private.CoreLib]System.Object { stloc e leave OTHER }')
            out.append('  GOT: nop')
        out.append(f"  ldstr {quote(t.name)} call void '$failed'(string) {got(t)} br BAD")
        out.append(f"  OTHER: ldstr {quote(t.name)} call void '$failed'(string) ldloc e call void "
                   '[System.Console]System.Console::WriteLine(object)')
        out.append('  BAD: ldc.i4.1 ret')
        out.append('  OK: ldc.i4.0 ret }')
    out.append(".method static int32 '$one'(string name) cil managed noinlining {")
    for i, t in enumerate(tests):
        out.append(f'  ldarg.0 ldstr {quote(t.name)} call bool {CORE}System.String::Equals(string, string) brfalse N{i}')
        out.append(f"  call int32 '$check.{t.name}'() ret")
        out.append(f'  N{i}:')
    out.append('  ldc.i4 99 ret }')
    out.append(".method static int32 '$all'() cil managed noinlining { .locals init (int32 n)")
    for t in tests:
        out.append(f"  ldloc n call int32 '$check.{t.name}'() add stloc n")
    out.append('  ldloc n ldc.i4 100 ble DONE ldc.i4 100 stloc n')
    out.append('  DONE: ldloc n ret }')
    out.append(".method static int32 '$main'(string[] args) cil managed noinlining { .entrypoint")
    out.append("  ldarg.0 ldlen brtrue ONE call int32 '$all'() ret")
    out.append("  ONE: ldarg.0 ldc.i4.0 ldelem.ref call int32 '$one'(string) ret }")
    return '\n'.join(out) + '\n'


class Unit:
    """One assembled file."""

    def __init__(self, path, ilasm):
        self.topic = path.stem
        if path.suffix == '.py':
            r = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
            if r.returncode:
                fail_usage(f'{path.name} failed:\n{r.stderr}')
            text, shown = r.stdout, f'build/tests/il/{path.stem}.il'
        else:
            text, shown = path.read_text(), path.name
        self.tests = parse_tests(shown, text)
        self.words = set(re.findall(r'[a-z][a-z0-9]*(?:\.[a-z0-9]+)*\.?', text.lower()))
        text += driver(self.tests)
        source, tmp = BUILD / f'{self.topic}.il', BUILD / f'{self.topic}.tmp.dll'
        source.write_text(text)
        r = subprocess.run([*ilasm, '-dll', '-quiet', '-nologo', f'-output={tmp}', str(source)], capture_output=True, text=True)
        if r.returncode or not tmp.exists() or 'warning' in r.stdout + r.stderr:
            fail_usage(f'{path.name}: the assembler says:\n{r.stdout}{r.stderr}')
        # What the reference has proved stays proved while the image is the same.
        self.dir = BUILD / f'{self.topic}.{hashlib.sha256(tmp.read_bytes()).hexdigest()[:12]}'
        self.dll = self.dir / f'{self.topic}.dll'
        if not self.dll.exists():
            self.dir.mkdir(parents=True, exist_ok=True)
            (self.dir / f'{self.topic}.runtimeconfig.json').write_text(CONFIG)
            tmp.rename(self.dll)


def launch(command, unit, name, env, timeout):
    """Returns (exit code or None, names printed as failed, all text)."""
    try:
        r = subprocess.run(command + [str(unit.dll)] + ([name] if name else []), env={**os.environ, **env},
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=timeout)
        text, code = r.stdout.decode('utf-8', 'replace'), r.returncode
    except subprocess.TimeoutExpired as e:
        text, code = (e.stdout or b'').decode('utf-8', 'replace'), None
    return code, [line[5:].strip() for line in text.split('\n') if line.startswith('FAIL ')], text


def run_unit(command, unit, only, env, timeout):
    """Returns {test: None or the text of its failure}."""
    names = [t.name for t in unit.tests if not only or t.name == only]
    if not names:
        return {}
    if not only:
        code, failed, text = launch(command, unit, None, env, timeout)
        if code is not None and 0 <= code <= 100 and (code == len(failed) or code == 100 <= len(failed)):
            return {n: (text if n in failed else None) for n in names}
    out, hung, whole = {}, 0, (code, text)
    for n in names:
        if hung == 3:
            out[n] = '(not run: three tests of this file hung)'
            continue
        code, _, text = launch(command, unit, n, env, max(timeout // 12, 1))
        hung += code is None
        out[n] = None if code == 0 else f'{text}(exit {"timeout" if code is None else code})'
    if not only and not any(out.values()):
        code, text = whole
        out[names[-1]] = f'{text[-3000:]}(the whole file: exit {"timeout" if code is None else code}; each test alone passes)'
    return out


def details(text, name):
    keep, on = [], False
    for line in text.split('\n'):
        if line.startswith('FAIL '):
            on = line[5:].strip() == name
        elif on and line.strip():
            keep.append(line)
    return keep or [line for line in text.split('\n') if line.strip()][-12:]


def main():
    p = argparse.ArgumentParser(add_help=True, usage=__doc__)
    p.add_argument('topics', nargs='*')
    p.add_argument('--only')
    p.add_argument('--modes', action='store_true')
    p.add_argument('--oracle', action='store_true')
    p.add_argument('--no-oracle', action='store_true')
    p.add_argument('--runtime', default=str(ROOT / 'out' / 'stator'))
    p.add_argument('--ilasm')
    p.add_argument('--show', action='store_true')
    p.add_argument('--list', action='store_true')
    p.add_argument('--timeout', type=int, default=120)
    p.add_argument('--fresh', action='store_true')
    p.add_argument('--coverage', action='store_true')
    p.add_argument('--write-known', action='store_true')
    p.add_argument('--record', metavar='FILE', help='set STATOR_COVERAGE for our runs')
    a = p.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    ilasm = assembler(a.runtime, a.ilasm)
    paths = sorted(HERE.glob('*.il')) + sorted(HERE.glob('gen_*.py'))
    if a.topics:
        want = {Path(t).stem for t in a.topics}
        paths = [x for x in paths if x.stem in want]
        if len(paths) != len(want):
            fail_usage('no such topic: ' + ' '.join(sorted(want - {x.stem for x in paths})))
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 2))
    units = list(pool.map(lambda x: Unit(x, ilasm), paths))
    if a.coverage:
        table = (ROOT / 'src' / 'il' / 'il_ops.def').read_text()
        words = set().union(*(u.words for u in units))
        bytes_ = {'no.': '0x19'}        # written as .emitbyte
        print(' '.join(n for n in re.findall(r'IL_OP\(\w+, "([^"]+)"', table) if n not in words and bytes_.get(n) not in words))
        return 0
    if a.list:
        for u in units:
            for t in u.tests:
                print(f'{u.topic} {t.name}: {t.kind} {t.value}')
        return 0
    ours = not a.oracle and Path(a.runtime).exists()
    engines = []
    if not a.no_oracle:
        engines.append(('reference', ['dotnet'], {}))
    if ours:
        for mode in (['0', '1'] if a.modes else [None]):
            engines.append(('ours' if mode is None else f'ours STATOR_DOMAINS={mode}', [a.runtime],
                            {} if mode is None else {'STATOR_DOMAINS': mode}))
    elif not a.oracle:
        print(f'{a.runtime} is not there: the reference runtime only')
    if a.record:
        engines = [(label, c, {**env, 'STATOR_COVERAGE': os.path.abspath(a.record)}) for label, c, env in engines]
    passed = failed = 0
    known = Known(str(HERE))
    if not a.topics:
        for text in known.strangers({f'{u.topic} {t.name}' for u in units for t in u.tests}):
            failed += 1
            print(text)
    for label, command, env in engines:
        def work(u):
            proof = u.dir / 'reference.ok'
            if label == 'reference' and proof.exists() and not a.only and not a.fresh:
                return {t.name: None for t in u.tests}
            r = run_unit(command, u, a.only, env, a.timeout)
            if label == 'reference' and not a.only and not a.fresh and not any(r.values()):
                proof.write_text('')
            return r
        counts = label != 'reference' or not ours
        for u, results in zip(units, pool.map(work, units)):
            marks = {t.name: t for t in u.tests}
            for name, text in results.items():
                what, why = ('passed' if text is None else 'failed', None)
                if label != 'reference':
                    what, why = known.judge(f'{u.topic} {name}', text and '\n'.join(details(text, name)))
                if what == 'passed':
                    passed += counts
                    continue
                t = marks[name]
                if what == 'known':
                    print(f'known: {u.topic} {name} ({t.where}): {why}')
                    continue
                failed += 1
                print(f'{label}: {u.topic} {name} ({t.where}): {why if text is None else t.kind + " " + t.value}')
                if text is None:
                    continue
                if a.show:
                    for line in details(text, name):
                        print('    ' + line)
    if a.write_known and not a.topics and not a.only:
        known.write()
    known.report()
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or (a.only and not passed) else 0


sys.exit(main())
