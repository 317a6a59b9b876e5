#!/usr/bin/env python3
"""packages.py: restores the NuGet packages of packages.txt, each with the references that it resolves to, and verifies them.

    packages.py [NAME ...] [--runtime PATH]      names: of packages.txt; none: all

A library whose compiler was allowed unsafe code carries UnverifiableCodeAttribute, and what is refused there counts as right.  Of all others every
method has to be accepted, but for those with `refused:` in packages.txt.  A package that cannot be restored is named and not counted.
Last line: `N passed, N failed`."""
import argparse, collections, json, os, re, shutil, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build" / "packages"
DOTNET = Path(os.environ.get("DOTNET_ROOT") or os.path.dirname(os.path.realpath(shutil.which("dotnet") or "/usr/share/dotnet/dotnet")))
PROPS = ("<Project><PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit><RestoreEnablePackagePruning>false"
         "</RestoreEnablePackagePruning><NoWarn>$(NoWarn);NU1605;NU1603;NU1701;NU1608;NU1107;NU1510</NoWarn></PropertyGroup></Project>")


def rows():
    for line in (HERE / "packages.txt").read_text().splitlines():
        if m := re.match(r"([^#\s]\S*) (\S+)(?:\s+refused: (.*))?$", line):
            yield m.groups()


def restore(packages):
    """A project each, restored by one command."""
    shutil.rmtree(WORK, ignore_errors=True)
    for name, version, _ in packages:
        d = WORK / name
        d.mkdir(parents=True)
        (d / f"uses-{name}.csproj").write_text('<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><FrameworkReference Include="Microsoft.AspNetCore.App" />'
                                               f'<PackageReference Include="{name}" Version="{version}" /></ItemGroup></Project>')
    (WORK / "Directory.Build.props").write_text(PROPS)
    (WORK / "all.slnx").write_text("<Solution>" + "".join(f'<Project Path="{n}/uses-{n}.csproj" />' for n, _, _ in packages) + "</Solution>")
    with open(WORK / "restore.log", "w") as log:
        subprocess.run([DOTNET / "dotnet", "restore", WORK / "all.slnx"], stdout=log, stderr=log)


def files(name, known):
    """(its own assemblies, those that it needs), or None"""
    try:
        assets = json.loads((WORK / name / "obj/project.assets.json").read_text())
    except OSError:
        return None
    if any(x.get("level") == "Error" for x in assets.get("logs", [])):
        return None
    own, needs = [], []
    for package, what in next(iter(assets["targets"].values())).items():
        for f in what.get("runtime", {}):
            places = [Path(folder) / assets["libraries"][package]["path"] / f for folder in assets["packageFolders"]]
            path = next((p for p in places if p.suffix == ".dll" and p.exists()), None)
            mine = package.split("/")[0].lower() == name
            if path and (mine or path.name not in known):
                (own if mine else needs).append(path)
    return own, needs


def verify(runtime, aspnet, name, known):
    found = files(name, known)
    if not found or not found[0]:
        return name, None, False
    own, needs = found
    issues = []
    for f in own:
        others = [x for r in [aspnet, *needs, *(o for o in own if o != f)] for x in ("-r", r)]
        r = subprocess.run([runtime, "verify", "--json", *others, f], capture_output=True, text=True, timeout=600)
        issues += [json.loads(l) for l in r.stdout.splitlines() if l.startswith("{")]
        if r.returncode not in (0, 1):
            issues.append({"code": f"exit code {r.returncode}", "text": r.stderr[:300]})
    return name, issues, any(b"UnverifiableCodeAttribute" in f.read_bytes() for f in own)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("names", nargs="*")
    a.add_argument("--runtime", default=str(ROOT / "out/stator"))
    o = a.parse_args()
    packages = [r for r in rows() if not o.names or r[0] in o.names]
    reasons = {n: why for n, _, why in packages}
    shared = {k: sorted((DOTNET / "shared" / k).glob("10.*"))[-1] for k in ("Microsoft.NETCore.App", "Microsoft.AspNetCore.App")}
    known = {f.name for d in shared.values() for f in d.glob("*.dll")}
    restore(packages)
    count, failed = collections.Counter(), 0
    with ThreadPoolExecutor(2) as pool:
        for name, issues, unsafe in pool.map(lambda r: verify(o.runtime, shared["Microsoft.AspNetCore.App"], r[0], known), packages):
            kind = "not restored" if issues is None else "accepted" if not issues else "unsafe" if unsafe else "refused"
            count[kind] += 1
            if kind == "not restored":
                print("not restored", name)
            elif (kind == "refused") != bool(reasons[name]):
                failed += 1
                print("FAIL", name, kind, *(i["text"] for i in issues[:3]), sep="\n  ")
    print(f"{count['accepted']} accepted, {count['unsafe']} with unsafe code, {count['refused']} refused for a reason of their own, {count['not restored']} not restored")
    print(f"{sum(count.values()) - count['not restored'] - failed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
