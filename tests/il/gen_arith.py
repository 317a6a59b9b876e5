#!/usr/bin/env python3
"""gen_arith.py: tables for arithmetic, overflow-checked arithmetic, bit operations, shifts and comparisons.

The expected values are computed here in Python, independently of any runtime. Prints one .il file.
"""
import math, struct
from genlib import Writer, i4, i8, r4, r8, wrap, BITS

W = Writer('gen_arith')
I4V = [0, 1, -1, 2, 7, -7, 31, 255, 65536, 0x12345678, 0x7fffffff, -0x80000000, -0x7fffffff]
I8V = [0, 1, -1, 3, -10, 0x100000000, 0x7fffffff, -0x80000000, 0x123456789abcdef0, (1 << 63) - 1, -(1 << 63)]
TYPES = {'i4': ('int32', 32, i4, I4V), 'i8': ('int64', 64, i8, I8V), 'i': ('native int', 64, None, I8V)}


def load(ty, n):
    if ty == 'i4':
        return f'ldc.i4 {n}'
    if ty == 'i8':
        return f'ldc.i8 {n}'
    return f'ldc.i8 {n} conv.i'


def u(n, b):
    return n & ((1 << b) - 1)


def tdiv(a, b):
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


PURE = {
    'add': lambda a, b, n: a + b, 'sub': lambda a, b, n: a - b, 'mul': lambda a, b, n: a * b,
    'and': lambda a, b, n: a & b, 'or': lambda a, b, n: a | b, 'xor': lambda a, b, n: a ^ b,
}
DIVS = ['div', 'rem', 'div.un', 'rem.un']


def division(op, a, b, n):
    if b == 0:
        return 'System.DivideByZeroException'
    if op == 'div' or op == 'rem':
        if a == -(1 << (n - 1)) and b == -1:
            return 'System.OverflowException'
        return tdiv(a, b) if op == 'div' else a - b * tdiv(a, b)
    return u(a, n) // u(b, n) if op == 'div.un' else u(a, n) % u(b, n)


def checked(op, a, b, n):
    base, un = op.split('.')[0], op.endswith('.un')
    if un:
        a, b = u(a, n), u(b, n)
    r = {'add': a + b, 'sub': a - b, 'mul': a * b}[base]
    lo, hi = (0, (1 << n) - 1) if un else (-(1 << (n - 1)), (1 << (n - 1)) - 1)
    return r if lo <= r <= hi else 'System.OverflowException'


def packed(name, ty, op, rows):
    """One method that runs all rows and returns the index of the first wrong one, or -1."""
    tn = TYPES[ty][0]
    body = []
    for i, (a, b, r) in enumerate(rows):
        body.append(f'{load(ty, a)} {load(ty, b)} {op} {load(ty, r)} beq L{i} ldc.i4 {i} ret L{i}:')
    W.test(name, 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
    # the same with the operands in arguments, which nothing folds
    W.plain(f"{name}$op", f'{tn}', f'{tn} a, {tn} b', f'ldarg.0 ldarg.1 {op} ret')
    body = []
    for i, (a, b, r) in enumerate(rows):
        body.append(f"{load(ty, a)} {load(ty, b)} call {tn} '{name}$op'({tn}, {tn}) {load(ty, r)} beq L{i} ldc.i4 {i} ret L{i}:")
    W.test(name + '_args', 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')


for ty, (tn, n, _, vals) in TYPES.items():
    for op, f in PURE.items():
        packed(f'{op}_{ty}', ty, op, [(a, b, wrap(f(a, b, n), n)) for a in vals for b in vals])
    for op in DIVS:
        rows = [(a, b, division(op, a, b, n)) for a in vals for b in vals]
        packed(f'{op.replace(".", "_")}_{ty}', ty, op, [(a, b, wrap(r, n)) for a, b, r in rows if isinstance(r, int)])
        for i, (a, b, r) in enumerate([x for x in rows if not isinstance(x[2], int)]):
            if b == 0 and a not in (0, -1, vals[-1]):
                continue
            W.throws(f'{op.replace(".", "_")}_{ty}_throws{i}', tn, r, f'{load(ty, a)} {load(ty, b)} {op} ret')
    for op in ['add.ovf', 'sub.ovf', 'mul.ovf', 'add.ovf.un', 'sub.ovf.un', 'mul.ovf.un']:
        M = (1 << (n - 1))
        extra = [2 * 1, 46341, 46340, 3037000500, 3037000499, M // 2, -M // 2, M // 2 - 1, M // 2 + 1, M - 2, -M + 1, -2,
                 65535, 0xffffffff, 0x55555555, -0x100000000]
        vs = [v for v in dict.fromkeys(vals + extra) if -M <= v < M]
        rows = [(a, b, checked(op, a, b, n)) for a in vs for b in vs]
        packed(f'{op.replace(".", "_")}_{ty}', ty, op, [(a, b, wrap(r, n)) for a, b, r in rows if isinstance(r, int)])
        bad = [x for x in rows if not isinstance(x[2], int)]
        # every overflowing pair must throw: a loop over calls, counting
        tn2 = tn
        opname = op.replace('.', '_') + '_' + ty
        body = []
        for i, (a, b, r) in enumerate(bad):
            body.append(f".try {{ {load(ty, a)} {load(ty, b)} call {tn2} '{opname}$op'({tn2}, {tn2}) pop leave B{i} }} "
                        f'catch [System.Private.CoreLib]System.OverflowException {{ pop leave G{i} }} B{i}: ldc.i4 {i} ret G{i}:')
            if i >= 60:
                break
        W.test(opname + '_all_overflow', 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
        for i, (a, b, r) in enumerate(bad[:2] + bad[-2:]):
            W.throws(f'{opname}_throws{i}', tn, r, f'{load(ty, a)} {load(ty, b)} {op} ret')
    # shifts; the amount is taken modulo the width on x64
    for op, f in {'shl': lambda a, k: a << k, 'shr': lambda a, k: a >> k, 'shr.un': lambda a, k: u(a, n) >> k}.items():
        name = f'{op.replace(".", "_")}_{ty}'
        for amount_ty in ('i4', 'i'):
            tag = name if amount_ty == 'i4' else name + '_by_i'
            W.plain(f'{tag}$op', tn, f'{tn} a, {"int32" if amount_ty == "i4" else "native int"} k', f'ldarg.0 ldarg.1 {op} ret')
            body, i = [], 0
            for a in vals:
                for k in [0, 1, 7, 31, 32, 33, 63, 64, 65, -1]:
                    r = wrap(f(a, k & (n - 1)), n)
                    body.append(f"{load(ty, a)} {load(amount_ty, k)} call {tn} '{tag}$op'({tn}, "
                                f"{'int32' if amount_ty == 'i4' else 'native int'}) {load(ty, r)} beq L{i} ldc.i4 {i} ret L{i}:")
                    i += 1
            W.test(tag + '_args', 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
        body, i = [], 0
        for a in vals:
            for k in [0, 1, 7, 30, n - 1]:
                body.append(f'{load(ty, a)} ldc.i4 {k} {op} {load(ty, wrap(f(a, k), n))} beq L{i} ldc.i4 {i} ret L{i}:')
                i += 1
        W.test(name + '_const', 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
        for k in (1, n - 1):
            W.test(f'{name}_loop{k}', tn, str(wrap(f(f(vals[-2], 1), k) if op != 'shr.un' else u(u(vals[-2], n) >> 1, n) >> k, n)),
                   f'{load(ty, vals[-2])} ldc.i4.1 {op} ldc.i4 {k} {op} ret')
    for op, f in {'neg': lambda a: -a, 'not': lambda a: ~a}.items():
        W.plain(f'{op}_{ty}$op', tn, f'{tn} a', f'ldarg.0 {op} ret')
        body = []
        for i, a in enumerate(vals):
            body.append(f"{load(ty, a)} call {tn} '{op}_{ty}$op'({tn}) {load(ty, wrap(f(a), n))} bne.un BAD "
                        f'{load(ty, a)} {op} {load(ty, wrap(f(a), n))} bne.un BAD')
        W.test(f'{op}_{ty}', 'int32', '0', '\n  '.join(body) + '\n  ldc.i4.0 ret BAD: ldc.i4.1 ret')

# mixes of int32 and native int: the int32 is sign-extended
for op, f in PURE.items():
    body, i = [], 0
    for a in [1, -1, -0x80000000, 0x7fffffff]:
        for b in [1, -1, 1 << 40, -(1 << 63)]:
            body.append(f'ldc.i4 {a} ldc.i8 {b} conv.i {op} conv.i8 ldc.i8 {wrap(f(a, b, 64), 64)} bne.un BAD')
            body.append(f'ldc.i8 {b} conv.i ldc.i4 {a} {op} conv.i8 ldc.i8 {wrap(f(b, a, 64), 64)} bne.un BAD')
    W.test(f'{op}_mix_i4_i', 'int32', '0', '\n  '.join(body) + '\n  ldc.i4.0 ret BAD: ldc.i4.1 ret')

# comparisons
CMP = {'ceq': lambda a, b, n: a == b, 'cgt': lambda a, b, n: a > b, 'clt': lambda a, b, n: a < b,
       'cgt.un': lambda a, b, n: u(a, n) > u(b, n), 'clt.un': lambda a, b, n: u(a, n) < u(b, n)}
BR = {'beq': 'ceq', 'bgt': 'cgt', 'blt': 'clt', 'bgt.un': 'cgt.un', 'blt.un': 'clt.un', 'bne.un': '!ceq', 'ble': '!cgt',
      'bge': '!clt', 'ble.un': '!cgt.un', 'bge.un': '!clt.un'}
for ty, (tn, n, _, vals) in TYPES.items():
    for op, f in CMP.items():
        name = f'{op.replace(".", "_")}_{ty}'
        W.plain(name + '$op', 'int32', f'{tn} a, {tn} b', f'ldarg.0 ldarg.1 {op} ret')
        body, i = [], 0
        for a in vals:
            for b in vals:
                r = int(f(a, b, n))
                body.append(f"{load(ty, a)} {load(ty, b)} {op} {load(ty, a)} {load(ty, b)} call int32 '{name}$op'({tn}, {tn}) "
                            f'ldc.i4.1 shl or ldc.i4 {3 * r} beq L{i} ldc.i4 {i} ret L{i}:')
                i += 1
        W.test(name, 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
    for op, c in BR.items():
        for short in ('', '.s'):
            f = CMP[c.strip('!')]
            name = f'{(op + short).replace(".", "_")}_{ty}'
            W.plain(name + '$op', 'int32', f'{tn} a, {tn} b', f'ldarg.0 ldarg.1 {op}{short} T ldc.i4.0 ret T: ldc.i4.1 ret')
            body, i = [], 0
            for a in vals:
                for b in vals:
                    r = int(f(a, b, n) != (c[0] == '!'))
                    body.append(f"{load(ty, a)} {load(ty, b)} call int32 '{name}$op'({tn}, {tn}) ldc.i4 {r} beq L{i} ldc.i4 {i} ret L{i}:")
                    i += 1
            W.test(name, 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')

# floats
FV = [0.0, -0.0, 1.0, -1.5, 3.25, 1e10, 1e38, -1e-40, float('inf'), float('-inf'), float('nan')]


def fdiv(a, b):
    if b == 0:
        if a == 0 or math.isnan(a):
            return float('nan')
        return math.copysign(float('inf'), a) * math.copysign(1, b)
    return a / b


def frem(a, b):
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or b == 0:
        return float('nan')
    return math.fmod(a, b)


def to32(v):
    try:
        return struct.unpack('<f', struct.pack('<f', v))[0]
    except OverflowError:
        return math.copysign(float('inf'), v)


FOPS = {'add': lambda a, b: a + b, 'sub': lambda a, b: a - b, 'mul': lambda a, b: a * b, 'div': fdiv, 'rem': frem}
for ty, tn in (('r4', 'float32'), ('r8', 'float64')):
    vals = [to32(v) for v in FV] if ty == 'r4' else FV
    lit = r4 if ty == 'r4' else r8
    intt, ldind = ('int32', 'ldind.i4') if ty == 'r4' else ('int64', 'ldind.i8')
    W.plain(f'bits_{ty}$', intt, f'{tn} a', f'ldarga a {ldind} ret')
    for op, f in FOPS.items():
        name = f'{op}_{ty}'
        W.plain(name + '$op', tn, f'{tn} a, {tn} b', f'ldarg.0 ldarg.1 {op} ret')
        body, i = [], 0
        for a in vals:
            for b in vals:
                r = f(a, b)
                r = to32(r) if ty == 'r4' else r
                if math.isnan(r):
                    for k, e in enumerate((f'{lit(a)} {lit(b)} {op}', f"{lit(a)} {lit(b)} call {tn} '{name}$op'({tn}, {tn})")):
                        body.append(f'{e} dup ceq brfalse L{i}_{k} ldc.i4 {i} ret L{i}_{k}:')
                else:
                    want = f'ldc.{"i4" if ty == "r4" else "i8"} 0x{BITS[ty](r):x}'
                    for k, e in enumerate((f'{lit(a)} {lit(b)} {op} conv.{ty}', f"{lit(a)} {lit(b)} call {tn} '{name}$op'({tn}, {tn})")):
                        body.append(f"{e} call {intt} 'bits_{ty}$'({tn}) {want} beq L{i}_{k} ldc.i4 {i} ret L{i}_{k}:")
                i += 1
        W.test(name, 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
    W.plain(f'neg_{ty}$op', tn, f'{tn} a', 'ldarg.0 neg ret')
    body = []
    for i, a in enumerate(vals):
        if math.isnan(a):
            continue
        want = f'ldc.{"i4" if ty == "r4" else "i8"} 0x{BITS[ty](-a):x}'
        body.append(f"{lit(a)} call {tn} 'neg_{ty}$op'({tn}) call {intt} 'bits_{ty}$'({tn}) {want} bne.un BAD")
    W.test(f'neg_{ty}', 'int32', '0', '\n  '.join(body) + '\n  ldc.i4.0 ret BAD: ldc.i4.1 ret')
    nan = math.isnan
    FC = {'ceq': lambda a, b: a == b, 'cgt': lambda a, b: a > b, 'clt': lambda a, b: a < b,
          'cgt.un': lambda a, b: not a <= b, 'clt.un': lambda a, b: not a >= b}
    FB = {'beq': lambda a, b: a == b, 'bne.un': lambda a, b: a != b, 'bgt': lambda a, b: a > b, 'bge': lambda a, b: a >= b,
          'blt': lambda a, b: a < b, 'ble': lambda a, b: a <= b, 'bgt.un': lambda a, b: not a <= b, 'bge.un': lambda a, b: not a < b,
          'blt.un': lambda a, b: not a >= b, 'ble.un': lambda a, b: not a > b}
    for op, f in list(FC.items()) + [(b + s, g) for b, g in FB.items() for s in ('', '.s')]:
        name = f'{op.replace(".", "_")}_{ty}'
        W.plain(name + '$op', 'int32', f'{tn} a, {tn} b', f'ldarg.0 ldarg.1 {op} ret' if op in FC else
                f'ldarg.0 ldarg.1 {op} T ldc.i4.0 ret T: ldc.i4.1 ret')
        body, i = [], 0
        for a in vals:
            for b in vals:
                body.append(f"{lit(a)} {lit(b)} call int32 '{name}$op'({tn}, {tn}) ldc.i4 {int(f(a, b))} beq L{i} ldc.i4 {i} ret L{i}:")
                if op in FC:
                    body.append(f"{lit(a)} {lit(b)} {op} ldc.i4 {int(f(a, b))} beq M{i} ldc.i4 {i} ret M{i}:")
                i += 1
        W.test(name, 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
W.print()
