#!/usr/bin/env python3
"""gen_abi.py: argument passing and returning: many arguments, structs of every size and classification.

For each struct type: pass by value (alone, after scalars that fill the registers, several at once), return by value, return from an
instance method, through calli, through a delegate, through an interface on a boxed struct. Prints one .il file.
"""
from genlib import Writer

W = Writer('gen_abi')
CORE = '[System.Private.CoreLib]'
LD = {'int8': 'ldc.i4', 'uint8': 'ldc.i4', 'int16': 'ldc.i4', 'int32': 'ldc.i4', 'int64': 'ldc.i8', 'float32': 'ldc.r4', 'float64': 'ldc.r8',
      'native int': 'ldc.i4'}


def const(ty, v):
    if ty == 'object':
        return 'ldstr "' + 'x' * v + '"'
    if ty == 'float32' or ty == 'float64':
        return f'{LD[ty]} {v}.0'
    return f'{LD[ty]} {v}' + (' conv.i' if ty == 'native int' else '')


def as_i8(ty):
    if ty == 'object':
        return f'castclass {CORE}System.String callvirt instance int32 {CORE}System.String::get_Length() conv.i8'
    return 'conv.i8'


# name, fields; explicit ones with offsets
STRUCTS = {f'B{n}': [('int8', f'f{i}') for i in range(n)] for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 31, 32, 33, 40)}
STRUCTS.update({
    'I1': ['int32'], 'I2': ['int32', 'int32'], 'I3': ['int32'] * 3, 'I4': ['int32'] * 4, 'I5': ['int32'] * 5,
    'L1': ['int64'], 'L2': ['int64', 'int64'], 'L3': ['int64'] * 3, 'L5': ['int64'] * 5,
    'F1': ['float32'], 'F2': ['float32'] * 2, 'F3': ['float32'] * 3, 'F4': ['float32'] * 4, 'F5': ['float32'] * 5,
    'D1': ['float64'], 'D2': ['float64'] * 2, 'D3': ['float64'] * 3,
    'IF': ['int32', 'float32'], 'FI': ['float32', 'int32'], 'DL': ['float64', 'int64'], 'LD': ['int64', 'float64'],
    'FD': ['float32', 'float64'], 'DF': ['float64', 'float32'], 'ID': ['int32', 'float64'], 'DI': ['float64', 'int32'],
    'FFI': ['float32', 'float32', 'int32'], 'IFF': ['int32', 'float32', 'float32'], 'FFIF': ['float32', 'float32', 'int32', 'float32'],
    'FIFF': ['float32', 'int32', 'float32', 'float32'], 'BD': ['int8', 'float64'], 'BFS': ['int8', 'float32', 'int16'], 'DDF': ['float64', 'float64', 'float32'],
    'O1': ['object'], 'O2': ['object', 'object'], 'OI': ['object', 'int32'], 'IO': ['int32', 'object'], 'OD': ['object', 'float64'],
    'DO': ['float64', 'object'], 'OOO': ['object'] * 3, 'OLD': ['object', 'int64', 'float64'], 'N2': ['native int', 'int16'],
})
NESTED = {
    'NestIF': [('valuetype IF', 'a'), ('float32', 'b')], 'NestF2F': [('valuetype F2', 'a'), ('valuetype F1', 'b')],
    'NestB3': [('valuetype B3', 'a'), ('valuetype B3', 'b'), ('int16', 'c')], 'NestDL': [('valuetype D1', 'a'), ('valuetype L1', 'b')],
    'NestO': [('valuetype I1', 'a'), ('valuetype O1', 'b')], 'NestBig': [('valuetype L2', 'a'), ('valuetype OI', 'b')],
}
EXPLICIT = {
    'XIF': [(0, 'int32', 'i'), (0, 'float32', 'f'), (4, 'int32', 'j')], 'XLD': [(0, 'int64', 'l'), (0, 'float64', 'd')],
    'XDL8': [(0, 'float64', 'd'), (8, 'int64', 'l'), (8, 'float64', 'e')], 'XGap': [(0, 'float32', 'f'), (12, 'float32', 'g')],
    'XB': [(0, 'int8', 'a'), (5, 'int8', 'b'), (9, 'int8', 'c')], 'XU12': [(0, 'int32', 'a'), (4, 'float32', 'b'), (8, 'float64', 'c')],
}
PACKED = {'PBI': (1, [('int8', 'a'), ('int32', 'b')]), 'PBD': (1, [('int8', 'a'), ('float64', 'b')]), 'PSL': (2, [('int16', 'a'), ('int64', 'b'), ('int8', 'c')])}

paths = {}      # struct -> [(field path as list of (type, owner, name))]


def leaves(name, fields):
    out = []
    for ty, f in fields:
        if ty.startswith('valuetype '):
            inner = ty.split()[1]
            for p in paths[inner]:
                out.append([(ty, name, f)] + p)
        else:
            out.append([(ty, name, f)])
    return out


IFACE = '.class interface private abstract ISum { .method public virtual newslot abstract instance int64 sum() cil managed {} }'
W.raw(IFACE)
ALL = []


def declare(name, fields, kind, extra=''):
    """The struct, its maker (from a base value) and its sum (weighted by position)."""
    ps = paths[name]
    lines = [f'.class private {kind} sealed {name} extends {CORE}System.ValueType implements ISum', '{']
    if extra:
        lines.append('  ' + extra)
    for row in fields:
        if len(row) == 3:
            lines.append(f'  .field [{row[0]}] public {row[1]} {row[2]}')
        else:
            lines.append(f'  .field public {row[0]} {row[1]}')
    use = distinct.get(name, ps)

    def walk(p, load):
        s = load
        for ty, owner, f in p[:-1]:
            s += f' ldflda {ty} {owner}::{f}'
        return s, p[-1]

    body = 'ldc.i8 0'
    for i, p in enumerate(use):
        s, (ty, owner, f) = walk(p, 'ldarg.0')
        body += f'\n    {s} ldfld {ty} {owner}::{f} {as_i8(ty)} ldc.i8 {i + 1} mul add'
    lines.append('  .method public virtual newslot final instance int64 sum() cil managed noinlining { .maxstack 8\n    ' + body + ' ret }')
    lines.append(f'  .method public instance valuetype {name} self() cil managed noinlining {{ ldarg.0 ldobj {name} ret }}')
    lines.append('}')
    W.raw('\n'.join(lines))
    body = ''
    for i, p in enumerate(use):
        s, (ty, owner, f) = walk(p, 'ldloca v')
        body += f'\n  {s} {const(ty, value(i))} stfld {ty} {owner}::{f}'
    W.plain(f'mk{name}', f'valuetype {name}', '', body.strip() + ' ldloc v ret', locals_=f'valuetype {name} v')
    ALL.append((name, sum(value(i) * (i + 1) for i in range(len(use)))))


def value(i):
    return (i * 7 + 3) % 60 + 1


distinct = {}
for name, fields in STRUCTS.items():
    fields = [f if isinstance(f, tuple) else (f, f'f{i}') for i, f in enumerate(fields)]
    paths[name] = leaves(name, fields)
    declare(name, fields, 'sequential')
for name, fields in NESTED.items():
    paths[name] = leaves(name, fields)
    declare(name, fields, 'sequential')
for name, rows in EXPLICIT.items():
    paths[name] = [[(ty, name, f)] for _, ty, f in rows]
    seen, use = set(), []
    for off, ty, f in rows:
        if off not in seen:
            seen.add(off)
            use.append([(ty, name, f)])
    distinct[name] = use
    declare(name, rows, 'explicit')
for name, (pack, fields) in PACKED.items():
    paths[name] = leaves(name, fields)
    declare(name, fields, 'sequential', f'.pack {pack}')

W.raw('.method static int64 filler(int64 a) cil managed noinlining { ldarg.0 ret }')
for name, total in ALL:
    vt = f'valuetype {name}'
    sum_ = f'call instance int64 {name}::sum()'
    W.plain(f'take{name}', 'int64', f'{vt} v', f'ldarga v {sum_} ret')
    # after 5 ints and 7 floats: one register of each class is left
    six = ', '.join(['int32'] * 5 + ['float64'] * 7)
    args = ', '.join(f'{t} a{i}' for i, t in enumerate(six.split(', ')))
    adds = ' '.join(f'ldarg a{i} conv.i8 add' for i in range(12))
    W.plain(f'late{name}', 'int64', f'{args}, {vt} v, int32 z', f'ldarga v {sum_} {adds} ldarg z conv.i8 add ret')
    W.plain(f'three{name}', 'int64', f'{vt} a, int8 b, {vt} c, float32 d, {vt} e',
            f'ldarga a {sum_} ldarga c {sum_} ldc.i8 3 mul add ldarga e {sum_} ldc.i8 5 mul add ldarg b conv.i8 add ldarg d conv.i8 add ret')
    W.plain(f'pass{name}', vt, f'int32 n, {vt} v, float64 d', 'ldarg v ret')
    W.plain(f'change{name}', 'int64', f'{vt} v', f'ldarga v initobj {name} ldc.i8 0 ret')
    mk = f"call {vt} mk{name}()"
    W.test(f'take_{name}', 'int64', str(total), f"{mk} call int64 'take{name}'({vt}) ret")
    twelve = ' '.join([f'ldc.i4 {i + 1}' for i in range(5)] + [f'ldc.r8 {i + 1}.0' for i in range(7)])
    W.test(f'late_{name}', 'int64', str(total + 15 + 28 + 99), f"{twelve} {mk} ldc.i4 99 call int64 'late{name}'({six}, {vt}, int32) ret", maxstack=20)
    W.test(f'three_{name}', 'int64', str(total * 9 + 9), f"{mk} ldc.i4.4 {mk} ldc.r4 5.0 {mk} call int64 'three{name}'({vt}, int8, {vt}, float32, {vt}) ret", maxstack=20)
    W.test(f'return_{name}', 'int64', str(total), f"ldc.i4.1 {mk} ldc.r8 2.0 call {vt} 'pass{name}'(int32, {vt}, float64) stloc v ldloca v {sum_} ret", locals_=f'{vt} v')
    W.test(f'copy_{name}', 'int64', str(total), f"{mk} stloc v ldloc v call int64 'change{name}'({vt}) ldloca v {sum_} add ret", locals_=f'{vt} v')
    W.test(f'self_{name}', 'int64', str(total), f'{mk} stloc v ldloca v call instance {vt} {name}::self() stloc u ldloca u {sum_} ret', locals_=f'{vt} v, {vt} u')
    W.test(f'calli_{name}', 'int64', str(total), f"ldc.i4.1 {mk} ldc.r8 2.0 ldftn {vt} 'pass{name}'(int32, {vt}, float64) calli {vt}(int32, {vt}, float64) stloc v ldloca v {sum_} ret", locals_=f'{vt} v')
    fn = f'class {CORE}System.Func`4<int32, {vt}, float64, {vt}>'
    W.test(f'delegate_{name}', 'int64', str(total),
           f"ldnull ldftn {vt} 'pass{name}'(int32, {vt}, float64) newobj instance void {fn}::.ctor(object, native int) ldc.i4.1 {mk} ldc.r8 2.0 "
           f'callvirt instance !3 {fn}::Invoke(!0, !1, !2) stloc v ldloca v {sum_} ret', locals_=f'{vt} v')
    W.test(f'boxed_{name}', 'int64', str(total), f'{mk} box {name} callvirt instance int64 ISum::sum() ret')
    W.test(f'array_{name}', 'int64', str(2 * total), f'ldc.i4.3 newarr {name} stloc a ldloc a ldc.i4.1 {mk} stelem {name} ldloc a ldc.i4.2 ldloc a ldc.i4.1 ldelem {name} stelem {name} '
           f'ldloc a ldc.i4.1 ldelema {name} {sum_} ldloc a ldc.i4.2 ldelema {name} {sum_} add ldloc a ldc.i4.0 ldelema {name} {"" if any(p[-1][0] == "object" for p in paths[name]) else sum_ + " add "}'
           f'{"pop " if any(p[-1][0] == "object" for p in paths[name]) else ""}ret', locals_=f'{vt}[] a')

# many scalars in turn: the ith argument weighs i + 1
MIXES = {'ints9': ['int32'] * 9, 'longs12': ['int64'] * 12, 'floats12': ['float32'] * 12, 'doubles12': ['float64'] * 12,
         'alternate20': ['int32', 'float64'] * 10, 'bytes10': ['int8'] * 10, 'shorts_floats': ['int16', 'float32'] * 9, 'refs8': ['object'] * 8,
         'mix16': ['int8', 'float32', 'object', 'int64', 'float64', 'int16', 'native int', 'uint8'] * 2,
         'wide60': ['int32', 'float64', 'int64', 'float32', 'object', 'int8'] * 10}
for name, types in MIXES.items():
    args = ', '.join(f'{t} a{i}' for i, t in enumerate(types))
    sig = ', '.join(types)
    want = sum((i % 100 + 1) * (i + 1) for i in range(len(types)))
    loads = ' '.join(f'ldarg a{i} {as_i8(t)} ldc.i8 {i + 1} mul add' for i, t in enumerate(types))
    consts = ' '.join(const(t, i % 100 + 1) for i, t in enumerate(types))
    W.plain(f'scal_{name}', 'int64', args, f'ldc.i8 0 {loads} ret')
    W.test(f'scalars_{name}', 'int64', str(want), f"{consts} call int64 'scal_{name}'({sig}) ret", maxstack=80)
    W.test(f'scalars_calli_{name}', 'int64', str(want), f"{consts} ldftn int64 'scal_{name}'({sig}) calli int64({sig}) ret", maxstack=80)
    W.test(f'scalars_under_stack_{name}', 'int64', str(want * 2 + 7), f"ldc.i8 7 {consts} call int64 'scal_{name}'({sig}) {consts} call int64 'scal_{name}'({sig}) add add ret", maxstack=80)
    W.plain(f'inst_{name}', 'int64', 'int32 r, ' + args, f"ldarg r brtrue R ldc.i8 0 {loads} ret R: ldarg r ldc.i4.1 sub " + ' '.join(f'ldarg a{i}' for i in range(len(types))) +
            f" call int64 'inst_{name}'(int32, {sig}) ret", maxstack=80)
    W.test(f'scalars_recursive_{name}', 'int64', str(want), f"ldc.i4 10 {consts} call int64 'inst_{name}'(int32, {sig}) ret", maxstack=80)
W.print()
