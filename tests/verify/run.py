#!/usr/bin/env python3
"""run.py: what the verifier says of small IL methods, of our C# programs, and of code that is about to run.

    run.py [TOPIC ...]      topics are file names without .il; none: all, with the programs and the run-time mode
    --runtime PATH          our launcher (default out/stator); libcoreclr.so beside it
    --ilasm PATH            the assembler (default: ILASM in the environment, else our own)
    --apps FOLDER           compiled programs of tests/app (default build/tests/app; skipped when it is not there)

In an .il file a line that is wrong ends with `// error: Code[, Code]`: exactly these are reported for its method, in the order of the lines;
a method without such lines is valid.  `// type error: Code` before a class: the class itself.  Names of methods are unique in a file.
Programs of tests/app whose source does not ask for unsafe code (UNSAFE below, or a line `// verify: no`) have to be accepted whole."""
import argparse, json, os, re, subprocess, sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import hostile
import metadata
from assembler import command as assembler

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / 'build' / 'tests' / 'verify'
CONFIG = '{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"10.0.0"}}}'
METHOD = re.compile(r'\.method\b.*?([A-Za-z_][\w]*|\.cctor|\.ctor)\s*(<.*>)?\s*\(')
CLASS = re.compile(r'\.class\s+(?!extern)(?:[a-z]+\s+)*([A-Za-z_]\w*)(?:`\d)?(?:<.*>)?\s*(?:extends|implements|\{|$)')
ERROR = re.compile(r'//\s*error:\s*([\w, ]+)')
passed, failed = 0, 0


def check(ok, what, more=''):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print('FAIL', what, more)


def assemble(ilasm, source, exe=False):
    BUILD.mkdir(parents=True, exist_ok=True)
    out = BUILD / (source.stem + '.dll')
    r = subprocess.run([*ilasm, '-quiet', '-nologo', *([] if exe else ['-dll']), f'-output={out}', str(source)], capture_output=True, text=True)
    if r.returncode:
        sys.exit(f'{source}: {r.stdout}{r.stderr}')
    return out


def expected(source):
    want, cls, method = {}, '', None
    for line in source.read_text().split('\n'):
        code = line.split('//')[0]
        c = CLASS.search(code)
        if c:
            cls = c.group(1)
        m = METHOD.search(code)
        if m:
            method = (cls, m.group(1))
            want.setdefault(method, [])
        e = ERROR.search(line)
        if e and method:
            want[method] += [x.strip() for x in e.group(1).split(',')]
    return want


def verify(runtime, *args):
    r = subprocess.run([runtime, 'verify', '--json', *map(str, args)], capture_output=True, text=True, timeout=300)
    return r, [json.loads(l) for l in r.stdout.split('\n') if l.startswith('{')]


def name_in(issue):
    return issue.get('method', '').split('(')[0].rpartition(':')[2]


def topic(runtime, ilasm, source):
    want, got = expected(source), {}
    r, issues = verify(runtime, assemble(ilasm, source))
    check(r.returncode in (0, 1), source.name, r.stderr)
    for i in sorted(issues, key=lambda x: x.get('offset', 0)):
        full = (i.get('method') or i.get('type') or '').split('(')[0]
        owner, _, name = full.rpartition(':')
        name = name.split('[')[0]
        owner = re.split(r'[.+]', owner.split('[')[0])[-1].split('`')[0]
        got.setdefault((owner, name), []).append(i['code'])
    for k in sorted(set(want) | set(got)):
        check(want.get(k, []) == got.get(k, []), f'{source.stem} {k[0]}::{k[1]}', f'expected {want.get(k, [])} got {got.get(k, [])}')


UNSAFE = re.compile(r'\b(unsafe|SkipLocalsInit|GeneratedRegex)\b|^// verify: no$', re.M)


def is_safe(name):
    source = HERE.parent / 'app' / (name + '.cs')
    if not source.exists():
        return False
    text = source.read_text()
    for also in re.findall(r'^// also: (.*)$', text, re.M):
        text += ''.join((source.parent / f).read_text() for f in also.split())
    return not UNSAFE.search(text)


def programs(runtime, folder):
    for d in sorted(Path(folder).iterdir()):
        for dll in d.glob('*.dll'):
            if dll.stem == d.name and is_safe(dll.stem):
                r, issues = verify(runtime, dll)
                check(r.returncode == 0, f'program {dll.stem}', issues[0]['text'] if issues else r.stderr)


def options(runtime, ilasm):
    """What the command prints and returns."""
    bad, good = assemble(ilasm, HERE / 'runtime' / 'refusals.il', exe=True), assemble(ilasm, HERE / 'metadata.il')

    def run(*args):
        r = subprocess.run([runtime, 'verify', *map(str, args)], capture_output=True, text=True, timeout=100)
        return r.returncode, r.stdout, r.stderr

    for code, args in ((0, [good]), (1, [bad]), (1, [good, bad]), (2, []), (2, ['none.dll']), (2, [bad, '--unknown']), (2, [bad, '-g', 'Nonsense']), (0, ['--list']),
                       (0, ['--help']), (0, [bad, '--metadata']), (1, [bad, '--il'])):
        check(run(*args)[0] == code, f'exit code {args}', str(run(*args)))
    check('All classes and methods' in run(good)[1], 'the words of success')
    check('8 issues in' in run(bad)[1] and '[IL]: Error [ReturnEmpty]: [refusals : Refusals::LeftOnStack()][offset 0x00000002]' in run(bad)[1], 'the words of an issue', run(bad)[1])
    check('(0x06000004)' in run(bad, '--tokens')[1], 'tokens', run(bad, '--tokens')[1])
    out = run(bad, '-q')[1]
    check('[IL]' not in out and '8 issues in' in out, 'quiet', out)
    out = run(bad, '-g', 'returnempty,StackUnexpected', '-g', 'StackByRef')[1]
    check('4 issues in' not in out and '3 issues in' in out and 'StackByRef' not in out and 'ReturnVoid' in out, 'ignore', out)
    every = ','.join(l.split()[0] for l in run('--list')[1].split('\n') if l)
    check(run(bad, '-g', every)[0] == 0, 'everything ignored')
    out = run(bad, '-i', 'Refusals:Never*', '-i', 'Refusals:No*')[1]
    check('2 issues in' in out and 'Never' in out and 'NoReturn' in out, 'include', out)
    out = run(bad, '-i', 'Refusals:N*', '-e', '*:Never*')[1]
    check('1 issues in' in out or '1 issue in' in out, 'exclude', out)
    out = run(bad, '--statistics')[1]
    check(re.search(r'^types 2  methods 14  bodies 14  IL bytes \d+  issues 8  time [\d.]+ ms$', out, re.M) and re.search(r'^ +3  StackUnexpected ', out, re.M), 'statistics', out)
    issues = [json.loads(l) for l in run(bad, '--json')[1].split('\n') if l.startswith('{')]
    want = {'code': 'StackUnexpected', 'assembly': 'refusals', 'method': 'Refusals:WrongArgument()', 'token': '0x06000003', 'offset': 2, 'found': 'int32',
            'expected': "ref 'string'"}
    check(len(issues) == 8 and any(all(i.get(k) == v for k, v in want.items()) for i in issues), 'json', str(issues))


def csc(runtime, source, *options):
    """One C# file, by the SDK's compiler on our runtime; None: there is no SDK."""
    root = Path(os.environ.get('DOTNET_ROOT') or '/usr/share/dotnet')
    compilers = sorted(root.glob('sdk/10.*/Roslyn/bincore/csc.dll'))
    frameworks = sorted(root.glob('shared/Microsoft.NETCore.App/10.*'))
    if not compilers or not frameworks:
        return None
    names = ('System.Private.CoreLib', 'System.Runtime', 'System.Console', 'System.Linq', 'System.Threading', 'System.Threading.Thread', 'System.Runtime.Loader')
    out = BUILD / (source.stem + '.dll')
    r = subprocess.run([runtime, str(compilers[-1]), '-noconfig', '-nologo', '-nullable', f'-out:{out}', *options,
                        *(f'-r:{frameworks[-1] / n}.dll' for n in names), str(source)], capture_output=True, text=True, timeout=300)
    if r.returncode:
        sys.exit(f'{source}: {r.stdout}{r.stderr}')
    out.with_suffix('.runtimeconfig.json').write_text(CONFIG)
    return out


def run_with(runtime, setting, *args):
    env = {k: v for k, v in os.environ.items() if k != 'STATOR_VERIFY'}
    if setting:
        env['STATOR_VERIFY'] = setting
    return subprocess.run([runtime, *map(str, args)], capture_output=True, text=True, env=env, timeout=100)


def settings(runtime, ilasm):
    """Off, warn or enforce for the process: by the environment, by the property."""
    exe = assemble(ilasm, HERE / 'runtime' / 'refused.il', exe=True)
    config = exe.with_suffix('.runtimeconfig.json')
    config.write_text(CONFIG)
    for setting in ('enforce', 'off;default=enforce'):
        r = run_with(runtime, setting, exe)
        check('VerificationException: ' in r.stdout and 'Refused::Confused()' in r.stdout and '0x00000005' in r.stdout and
              "found ref 'string'" in r.stdout and 'expected int32' in r.stdout and 'ran anyway' not in r.stdout, f'run time {setting}', r.stdout)
        check(r.stdout.count('generic refused') == 2, f'run time {setting}: generic', r.stdout)
    for setting in (None, 'off', 'enforce;default=off', 'collectible=enforce'):
        r = run_with(runtime, setting, exe)
        check('VerificationException' not in r.stdout and 'ran anyway' in r.stdout, f'run time {setting}', r.stdout)
    r = run_with(runtime, 'warn', exe)
    check('ran anyway' in r.stdout and 'verification: [StackUnexpected]' in r.stderr, 'run time warn', r.stderr)
    check(run_with(runtime, 'sometimes', exe).returncode != 0, 'a setting that is none')
    for value, thrown in (('enforce', True), ('warn', False), ('off', False)):
        config.write_text(CONFIG[:-2] + f',"configProperties":{{"Stator.Verify":"{value}"}}}}}}')
        check(('VerificationException: ' in run_with(runtime, None, exe).stdout) == thrown, f'run time by property {value}')
    check('VerificationException: ' not in run_with(runtime, 'off', exe).stdout, 'the environment is stronger than the property')
    config.write_text(CONFIG)
    return exe


REFUSALS = {
    'TooFewArguments': ('[StackUnderflow]', 'Refusals::TooFewArguments()', '0x00000005'),
    'WrongArgument': ('[StackUnexpected]', 'found int32', "expected ref 'string'", '0x00000002'),
    'LeftOnStack': ('[ReturnEmpty]', '0x00000002'),
    'WrongReturn': ('[StackUnexpected]', 'found int32', "expected ref 'string'", '0x00000001'),
    'NoReturn': ('[MethodFallthrough]', 'Fall through end of the method without returning'),
    'ReadByNumber': ('[StackByRef]', 'found native int'),
    'ConfusedClass': ('[StackUnexpected]', "found ref 'object'", "expected ref 'string'"),
    'BeforeFirst': ('Index was outside the bounds of the array.',),
    'AfterLast': ('Index was outside the bounds of the array.',),
    'Covariant': ('Attempted to access an element as a type incompatible with the array.',),
}


def refusals(runtime, ilasm):
    """What is refused when it is first called, with method, offset, found and expected; what is caught while it runs; what is never looked at."""
    exe = assemble(ilasm, HERE / 'runtime' / 'refusals.il', exe=True)
    exe.with_suffix('.runtimeconfig.json').write_text(CONFIG)
    r = run_with(runtime, 'enforce', exe)
    lines = dict(l.split(': ', 1) for l in r.stdout.split('\n') if ': ' in l)
    for name, words in REFUSALS.items():
        check(all(w.lower() in lines.get(name, '').lower() for w in words), f'refusal {name}', f'{lines.get(name)} {r.stderr}')
    r, issues = verify(runtime, exe)
    check({name_in(i) for i in issues} == {n for n, w in REFUSALS.items() if w[0][0] == '['} | {'Never'},
          'the same from the file alone', str(issues))


def attacks(runtime, ilasm):
    """Types and members that are wrong in themselves: none of the methods that use them runs."""
    exe = assemble(ilasm, HERE / 'runtime' / 'attacks.il', exe=True)
    exe.with_suffix('.runtimeconfig.json').write_text(CONFIG)
    r = run_with(runtime, 'enforce', exe)
    check(r.returncode == 0 and re.fullmatch(r'\d+\n', r.stdout), 'attacks', r.stdout + r.stderr)


def contexts(runtime, ilasm, refused):
    """Off, warn or enforce by load context; hostile code in one context, another's objects in its hands."""
    host = csc(runtime, HERE / 'runtime' / 'contexts.cs')
    if not host:
        print('contexts: skipped, no SDK')
        return
    neighbour = csc(runtime, HERE / 'runtime' / 'neighbour.cs', '-t:library')
    source = BUILD / 'hostile.il'
    source.write_text(hostile.source())
    attacks = assemble(ilasm, source)
    r = run_with(runtime, 'off;neighbour=enforce;hostile=enforce', host, 'attack', neighbour, attacks)
    check(r.returncode == 0 and r.stdout == 'rejected 100 of 100\nharmless: ledger 77\nneighbour stopped: True; unchanged: True\n', 'hostile code', r.stdout + r.stderr)
    _, issues = verify(runtime, '-r', neighbour, attacks)
    check({name_in(i) for i in issues} == {f'A{i:02}' for i in range(100)} | {'Escape'}, 'hostile code from the file')
    names = ('Plain', '+Plain', 'PluginA', '+Other')
    for setting, want in (('off;collectible=enforce;Plugin*=enforce', 'ran VerificationException VerificationException VerificationException'),
                          ('enforce;Plain=off', 'ran ran VerificationException VerificationException'), ('off', 'ran ran ran ran'),
                          ('enforce;Plugin*=warn', 'VerificationException VerificationException ran VerificationException')):
        r = run_with(runtime, setting, host, 'load', refused, *names)
        check(r.stdout.split('\n')[:-1] == [f'{n}: {w}' for n, w in zip(names, want.split())], f'contexts {setting}', r.stdout + r.stderr)


def main():
    a = argparse.ArgumentParser()
    a.add_argument('topics', nargs='*')
    a.add_argument('--runtime', default=str(ROOT / 'out' / 'stator'))
    a.add_argument('--ilasm')
    a.add_argument('--apps', default=str(ROOT / 'build' / 'tests' / 'app'))
    o = a.parse_args()
    ilasm = assembler(o.runtime, o.ilasm)
    for source in sorted(HERE.glob('*.il')):
        if source.stem == 'metadata':
            continue
        if not o.topics or source.stem in o.topics:
            topic(o.runtime, ilasm, source)
    if not o.topics or 'metadata' in o.topics:
        metadata.check_rules(assemble(ilasm, HERE / 'metadata.il'), BUILD / 'broken.dll', lambda p: verify(o.runtime, '--metadata', p)[1], check)
    if not o.topics:
        options(o.runtime, ilasm)
        refused = settings(o.runtime, ilasm)
        refusals(o.runtime, ilasm)
        attacks(o.runtime, ilasm)
        contexts(o.runtime, ilasm, refused)
        if Path(o.apps).is_dir():
            programs(o.runtime, o.apps)
    print(f'{passed} passed, {failed} failed')
    return failed != 0


sys.exit(main())
