#!/usr/bin/env python3
"""gen_conv.py: tables for conv.*, conv.ovf.*, conv.ovf.*.un and conv.r.un over integers and floats.

The expected values are computed here: integers wrap, unchecked float conversions saturate (NaN gives 0; to the small types
through int32), checked ones throw OverflowException out of range. Prints one .il file.
"""
import math, struct
from genlib import Writer, r4, r8, wrap, BITS

W = Writer('gen_conv')
TO = {'i1': (8, True), 'u1': (8, False), 'i2': (16, True), 'u2': (16, False), 'i4': (32, True), 'u4': (32, False),
      'i8': (64, True), 'u8': (64, False), 'i': (64, True), 'u': (64, False)}
STACK8 = {'i8', 'u8', 'i', 'u'}
OVF = 'System.OverflowException'
EDGES = sorted({v + d for b in (7, 8, 15, 16, 31, 32, 63) for v in (1 << b, -(1 << b)) for d in (-1, 0, 1)} | {0, 1, -1, 100})
IN = {'i4': ('int32', 32, [v for v in EDGES if -(1 << 31) <= v < 1 << 31]),
      'i8': ('int64', 64, [v for v in EDGES if -(1 << 63) <= v < 1 << 63]),
      'i': ('native int', 64, [v for v in EDGES if -(1 << 63) <= v < 1 << 63])}


def f32(v):
    return struct.unpack('<f', struct.pack('<f', v))[0]


FLOATS = [0.0, -0.0, 0.5, -0.5, 0.9999, -0.9999, 1.5, -1.5, 127.0, 127.9, 128.0, -128.0, -128.9, -129.0, 255.0, 255.9, 256.0, 32767.9,
          32768.0, -32768.9, -32769.0, 65535.9, 65536.0, 2147483000.0, 2147483648.0, -2147483648.0, -2147484000.0, 4294967000.0,
          4294967296.0, 1e12, -1e12, 9.2e18, 9223372036854775808.0, -9223372036854775808.0, -9.3e18, 1.8e19, 18446744073709551616.0,
          1e30, -1e30, float('inf'), float('-inf'), float('nan')]
EXTRA8 = [2147483647.0, 2147483647.5, 2147483647.9999998, -2147483648.5, -2147483649.0, 4294967295.0, 4294967295.9, -0.99999999999,
          9223372036854774784.0, 18446744073709549568.0, 127.99999999, -128.99999999, 1e300, 5e-324]


def load(ty, v):
    return f'ldc.i4 {v}' if ty == 'i4' else f'ldc.i8 {v}' if ty == 'i8' else f'ldc.i8 {v} conv.i'


def result(to, v):
    """Literal for the value as the stack holds it after conversion to `to`."""
    bits, signed = TO[to]
    v &= (1 << bits) - 1
    if signed and v >> (bits - 1):
        v -= 1 << bits
    if to in STACK8:
        return f'ldc.i8 {wrap(v, 64)}', True
    return f'ldc.i4 {wrap(v, 32)}', False


def saturate(to, v):
    if math.isnan(v):
        return 0
    bits, signed = TO[to]
    if bits < 32:
        bits, signed = 32, True
    lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if v == float('inf'):
        return hi
    if v == float('-inf'):
        return lo
    return max(lo, min(hi, math.trunc(v)))


def table(name, op, to, argtype, rows):
    """rows: (load, value or OVF). One test folds constants, one goes through arguments; each throwing row is checked too."""
    st = 'int64' if to in STACK8 else 'int32'
    W.plain(name + '$op', st, f'{argtype} a', f'ldarg.0 {op}{" conv.i8" if to in ("i", "u") else ""} ret')
    for suffix in ('', '_args'):
        body = []
        for i, (ld, r) in enumerate(rows):
            if r == OVF:
                continue
            lit, wide = result(to, r)
            ex = f'{ld} {op}{" conv.i8" if to in ("i", "u") else ""}' if not suffix else f"{ld} call {st} '{name}$op'({argtype})"
            body.append(f'{ex} {lit} beq L{i} ldc.i4 {i} ret L{i}:')
        W.test(name + suffix, 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
    bad = [(i, ld) for i, (ld, r) in enumerate(rows) if r == OVF]
    if bad:
        body = [f".try {{ {ld} call {st} '{name}$op'({argtype}) pop leave B{i} }} "
                f'catch [System.Private.CoreLib]System.OverflowException {{ pop leave G{i} }} B{i}: ldc.i4 {i} ret G{i}:' for i, ld in bad]
        W.test(name + '_throwing', 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
        W.throws(name + '_constant_throws', 'int32', OVF, f'{bad[0][1]} {op} pop ldc.i4.1 ret')


for src, (tn, n, vals) in IN.items():
    for to, (bits, signed) in TO.items():
        def plain(v, src=src, to=to):
            # int32 to a 64-bit type: conv.u8 and conv.u extend with zeros, conv.i8 and conv.i with the sign
            return v & 0xffffffff if src == 'i4' and to in ('u8', 'u') else v
        table(f'conv_{to}_{src}', f'conv.{to}', to, tn, [(load(src, v), plain(v)) for v in vals])
        lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        table(f'conv_ovf_{to}_{src}', f'conv.ovf.{to}', to, tn, [(load(src, v), v if lo <= v <= hi else OVF) for v in vals])
        rows = []
        for v in vals:
            un = v & ((1 << n) - 1)
            rows.append((load(src, v), un if lo <= un <= hi else OVF))
        table(f'conv_ovf_{to}_un_{src}', f'conv.ovf.{to}.un', to, tn, rows)
for src, tn, lit, vals in (('r4', 'float32', r4, [f32(v) for v in FLOATS]), ('r8', 'float64', r8, FLOATS + EXTRA8)):
    for to, (bits, signed) in TO.items():
        table(f'conv_{to}_{src}', f'conv.{to}', to, tn, [(lit(v), saturate(to, v)) for v in vals])
        lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        rows = [(lit(v), OVF if math.isnan(v) or math.isinf(v) or not lo <= math.trunc(v) <= hi else math.trunc(v)) for v in vals]
        table(f'conv_ovf_{to}_{src}', f'conv.ovf.{to}', to, tn, rows)
        table(f'conv_ovf_{to}_un_{src}', f'conv.ovf.{to}.un', to, tn, rows)


def round_int(v, fmt):
    """An exact integer rounded once, to nearest even, to 24 or 53 bits."""
    p = 24 if fmt == 'r4' else 53
    s, m = (-1 if v < 0 else 1), abs(v)
    shift = max(0, m.bit_length() - p)
    q, rest = m >> shift, m & ((1 << shift) - 1)
    half = 1 << (shift - 1) if shift else 0
    if shift and (rest > half or rest == half and q & 1):
        q += 1
    return float(s * (q << shift))


R = [16777216, 16777217, 16777218, 16777219, -16777217, 9007199254740993, 9007199254740995, -9007199254740993, 0x7fffff4000000001,
     0x7fffffbfffffffff, 0x7fffffc000000000, 0x4000004000000001, 1 << 62, 123456789, 0x0020000020000001]
for to in ('r4', 'r8'):
    ft, it, ld = ('float32', 'int32', 'ldind.i4') if to == 'r4' else ('float64', 'int64', 'ldind.i8')
    W.plain(f'bits_{to}$', it, f'{ft} a', f'ldarga a {ld} ret')
    for src, (tn, n, vals) in IN.items():
        more = vals + [v for v in R if -(1 << (n - 1)) <= v < 1 << (n - 1)]
        W.plain(f'conv_{to}_{src}$op', ft, f'{tn} a', f'ldarg.0 conv.{to} ret')
        W.plain(f'conv_{to}_un_{src}$op', ft, f'{tn} a', f'ldarg.0 conv.r.un conv.{to} ret')
        body, ubody = [], []
        for i, v in enumerate(more):
            k = 'i4' if to == 'r4' else 'i8'
            want = BITS[to](round_int(v, to))
            body.append(f"{load(src, v)} call {ft} 'conv_{to}_{src}$op'({tn}) call {it} 'bits_{to}$'({ft}) ldc.{k} 0x{want:x} beq L{i} ldc.i4 {i} ret L{i}:")
            body.append(f"{load(src, v)} conv.{to} call {it} 'bits_{to}$'({ft}) ldc.{k} 0x{want:x} beq M{i} ldc.i4 {i} ret M{i}:")
            un = v & ((1 << n) - 1)
            want = BITS[to](round_int(un, to))
            both = BITS[to](f32(round_int(un, 'r8')) if to == 'r4' else round_int(un, to))
            if want != both:
                continue
            ubody.append(f"{load(src, v)} call {ft} 'conv_{to}_un_{src}$op'({tn}) call {it} 'bits_{to}$'({ft}) ldc.{k} 0x{want:x} beq L{i} ldc.i4 {i} ret L{i}:")
            ubody.append(f"{load(src, v)} conv.r.un conv.{to} call {it} 'bits_{to}$'({ft}) ldc.{k} 0x{want:x} beq M{i} ldc.i4 {i} ret M{i}:")
        W.test(f'conv_{to}_{src}', 'int32', '-1', '\n  '.join(body) + '\n  ldc.i4.m1 ret')
        W.test(f'conv_r_un_{to}_{src}', 'int32', '-1', '\n  '.join(ubody) + '\n  ldc.i4.m1 ret')
# float to float
W.test('conv_r4_r8_rounds', 'float32', '0x3dcccccd', 'ldc.r8 0.1 conv.r4 ret')
W.test('conv_r8_r4_exact', 'float64', '0x3fb99999a0000000', 'ldc.r4 0.1 conv.r8 ret')
W.test('conv_r4_overflow_to_infinity', 'float32', '0x7f800000', 'ldc.r8 1e300 conv.r4 ret')
W.test('conv_r4_underflow', 'float32', '0x80000000', 'ldc.r8 -1e-300 conv.r4 ret')
W.test('conv_r4_denormal', 'float32', '0x00000001', 'ldc.r8 1.4e-45 conv.r4 ret')
W.test('conv_r4_nan', 'float32', 'nan', 'ldc.r8 float64(0x7ff8000000000001) conv.r4 ret')
W.test('conv_r8_nan', 'float64', 'nan', 'ldc.r4 float32(0x7fc00001) conv.r8 ret')
W.test('conv_r4_r4', 'float32', '1.25', 'ldc.r4 1.25 conv.r4 ret')
W.test('conv_r8_r8', 'float64', '1.1', 'ldc.r8 1.1 conv.r8 ret')
W.test('conv_r4_then_r8_loses', 'float64', '0x3fb99999a0000000', 'ldc.r8 0.1 conv.r4 conv.r8 ret')
# chains of narrowing and widening
W.test('conv_chain_i1_u8', 'int64', '4294967295', 'ldc.i4 0xff conv.i1 conv.u4 conv.u8 ret')
W.test('conv_chain_u1_i8', 'int64', '255', 'ldc.i8 -1 conv.u1 conv.i8 ret')
W.test('conv_chain_i8_i4_i8', 'int64', '-2', 'ldc.i8 0x1fffffffe conv.i4 conv.i8 ret')
W.test('conv_chain_i8_u4_u8', 'int64', '4294967294', 'ldc.i8 0x1fffffffe conv.u4 conv.u8 ret')
W.test('conv_i_byref', 'int32', '1', 'ldloca v conv.u ldloca v conv.i ceq ret', locals_='int32 v')
W.test('conv_u_null_ref_is_zero', 'int32', '1', 'ldc.i4.0 conv.u ldc.i4.0 conv.i ceq ret')
# ckfinite
for ty, tn, lit in (('r4', 'float32', r4), ('r8', 'float64', r8)):
    W.test(f'ckfinite_{ty}', tn, '1.5', f'{lit(1.5)} ckfinite ret')
    W.test(f'ckfinite_{ty}_zero', tn, '-0.0', f'{lit(-0.0)} ckfinite ret')
    W.test(f'ckfinite_{ty}_max', tn, '0x7f7fffff' if ty == 'r4' else '0x7fefffffffffffff', f'ldc.{ty} {tn}({"0x7f7fffff" if ty == "r4" else "0x7fefffffffffffff"}) ckfinite ret')
    W.plain(f'ckf_{ty}$', tn, f'{tn} a', 'ldarg.0 ckfinite ret')
    for k, v in (('inf', float('inf')), ('minus_inf', float('-inf')), ('nan', float('nan'))):
        W.throws(f'ckfinite_{ty}_{k}', tn, OVF, f'{lit(v)} ckfinite ret')
        W.throws(f'ckfinite_{ty}_{k}_argument', tn, OVF, f"{lit(v)} call {tn} 'ckf_{ty}$'({tn}) ret")
W.print()
