#!/usr/bin/env python3
"""run.py: what the verifier says of small IL methods, of our C# programs, and of code that is about to run.

    run.py [TOPIC ...]      topics are file names without .il; none: all, with the programs and the run-time mode
    --runtime PATH          our launcher (default out/stator); libcoreclr.so beside it
    --ilasm PATH            the assembler (default: ILASM in the environment, else the public package's)
    --apps FOLDER           compiled programs of tests/app (default build/tests/app; skipped when it is not there)

In an .il file a line that is wrong ends with `// error: Code[, Code]`: exactly these are reported for its method, in the order of the lines;
a method without such lines is valid.  `// type error: Code` before a class: the class itself.  Names of methods are unique in a file.
Programs of tests/app whose source does not ask for unsafe code (UNSAFE below, or a line `// verify: no`) have to be accepted whole."""
import argparse, json, os, re, subprocess, sys
from pathlib import Path

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


def find_ilasm(given):
    for p in (given, os.environ.get('ILASM')):
        if p:
            return p
    found = sorted(Path.home().glob('.nuget/packages/runtime.linux-x64.microsoft.netcore.ilasm/*/runtimes/linux-x64/native/ilasm'))
    if not found:
        sys.exit('tests/verify: no ilasm; run tests/il/run.py once, or set ILASM')
    return str(found[-1])


def assemble(ilasm, source, exe=False):
    BUILD.mkdir(parents=True, exist_ok=True)
    out = BUILD / (source.stem + '.dll')
    r = subprocess.run([ilasm, '-quiet', '-nologo', *([] if exe else ['-dll']), f'-output={out}', str(source)], capture_output=True, text=True)
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


UNSAFE = re.compile(r'\b(unsafe|stackalloc|SkipLocalsInit|GeneratedRegex)\b|^// verify: no$', re.M)


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


def run_time(runtime, ilasm):
    exe = assemble(ilasm, HERE / 'runtime' / 'refused.il', exe=True)
    exe.with_suffix('.runtimeconfig.json').write_text(CONFIG)

    def run(setting):
        env = {k: v for k, v in os.environ.items() if k != 'STATOR_VERIFY'}
        if setting:
            env['STATOR_VERIFY'] = setting
        return subprocess.run([runtime, str(exe)], capture_output=True, text=True, env=env, timeout=100)
    for setting in ('enforce', 'off;default=enforce'):
        r = run(setting)
        check('VerificationException: ' in r.stdout and 'Refused::Confused()' in r.stdout and '0x00000005' in r.stdout and
              "found ref 'string'" in r.stdout and 'expected int32' in r.stdout and 'ran anyway' not in r.stdout, f'run time {setting}', r.stdout)
        check(r.stdout.count('generic refused') == 2, f'run time {setting}: generic', r.stdout)
    for setting in (None, 'off', 'enforce;default=off', 'collectible=enforce'):
        r = run(setting)
        check('VerificationException' not in r.stdout and 'ran anyway' in r.stdout, f'run time {setting}', r.stdout)
    r = run('warn')
    check('ran anyway' in r.stdout and 'verification: [StackUnexpected]' in r.stderr, 'run time warn', r.stderr)
    check(run('sometimes').returncode != 0, 'a setting that is none')
    exe.with_suffix('.runtimeconfig.json').write_text(CONFIG[:-2] + ',"configProperties":{"Stator.Verify":"enforce"}}}')
    check('VerificationException: ' in run(None).stdout, 'run time by property')


def main():
    a = argparse.ArgumentParser()
    a.add_argument('topics', nargs='*')
    a.add_argument('--runtime', default=str(ROOT / 'out' / 'stator'))
    a.add_argument('--ilasm')
    a.add_argument('--apps', default=str(ROOT / 'build' / 'tests' / 'app'))
    o = a.parse_args()
    ilasm = find_ilasm(o.ilasm)
    for source in sorted(HERE.glob('*.il')):
        if not o.topics or source.stem in o.topics:
            topic(o.runtime, ilasm, source)
    if not o.topics:
        run_time(o.runtime, ilasm)
        if Path(o.apps).is_dir():
            programs(o.runtime, o.apps)
    print(f'{passed} passed, {failed} failed')
    return failed != 0


sys.exit(main())
