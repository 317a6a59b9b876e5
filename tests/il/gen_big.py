#!/usr/bin/env python3
"""gen_big.py: methods that are large in some way: branches over 127 and 32767 bytes, many locals and arguments, frames over 4 KB and
64 KB, deep evaluation stacks, large switches, many try blocks. Prints one .il file.
"""
from genlib import Writer

W = Writer('gen_big')
CORE = '[System.Private.CoreLib]'
nop = lambda n: '\n  '.join(['nop ' * min(100, n - i) for i in range(0, n, 100)])

# branches over gaps of various lengths, forward and backward
for gap in (100, 120, 126, 127, 128, 200, 255, 256, 1000, 32700, 32767, 32768, 33000, 70000):
    if gap <= 127:
        W.test(f'br_s_forward_{gap}', 'int32', '1', f'ldc.i4.1 br.s L\n  {nop(gap)}\n  pop ldc.i4.0 L: ret' if gap <= 124 else f'ldc.i4.1 br.s L\n  {nop(gap)}\n  L: ret')
    W.test(f'br_forward_{gap}', 'int32', '2', f'ldc.i4.2 br L\n  {nop(gap)}\n  pop ldc.i4.0 L: ret')
    W.test(f'brtrue_forward_{gap}', 'int32', '3', f'ldc.i4.1 brtrue L\n  {nop(gap)}\n  ldc.i4.0 ret L: ldc.i4.3 ret')
    W.test(f'br_backward_{gap}', 'int32', '4', f'br M L: ldc.i4.4 ret\n  {nop(gap)}\n  M: br L')
    W.test(f'blt_backward_loop_{gap}', 'int32', '10', f'L: ldloc.0 ldc.i4.1 add stloc.0\n  {nop(gap)}\n  ldloc.0 ldc.i4.s 10 blt L ldloc.0 ret', locals_='int32 i')
    W.test(f'switch_far_{gap}', 'int32', '12', f'ldloc.0 ldc.i4.1 add switch (A, B)\n  {nop(gap)}\n  A: ldc.i4.0 ret\n  {nop(gap)}\n  B: ldc.i4.s 12 ret', locals_='int32 i')
    W.test(f'leave_far_{gap}', 'int32', '8', f'.try {{ ldc.i4.7 stloc.0 leave E\n  {nop(gap)}\n  leave E }} finally {{\n  {nop(gap)}\n  ldloc.0 ldc.i4.1 add stloc.0 endfinally }}\n  {nop(gap)}\n  E: ldloc.0 ret', locals_='int32 i')
    W.test(f'catch_far_{gap}', 'int32', '5', f'.try {{\n  {nop(gap)}\n  ldnull throw }} catch {CORE}System.NullReferenceException {{ pop\n  {nop(gap)}\n  ldc.i4.5 stloc.0 leave E }}\n  {nop(gap)}\n  E: ldloc.0 ret', locals_='int32 i')
# long bodies of real code
for n in (500, 5000):
    W.test(f'long_sum_{n}', 'int32', str(n * (n - 1) // 2), '\n  '.join(f'ldloc.0 ldc.i4 {i} add stloc.0' for i in range(n)) + '\n  ldloc.0 ret', locals_='int32 s')
    W.test(f'long_if_chain_{n}', 'int32', str(n - 1), f'ldc.i4 {n - 1} stloc.0\n  ' + '\n  '.join(f'ldloc.0 ldc.i4 {i} beq L{i}' for i in range(n)) + '\n  ldc.i4.m1 ret\n  ' +
           '\n  '.join(f'L{i}: ldc.i4 {i} ret' for i in range(n)), locals_='int32 s')
W.test('long_merge_stack', 'int32', '300', 'ldc.i4.0\n  ' + '\n  '.join(f'ldloc.0 brtrue T{i} ldc.i4.1 br J{i} T{i}: ldc.i4.2 J{i}: add' for i in range(300)) + '\n  ret', locals_='int32 c')

# switches with many targets
for n in (4, 16, 256, 1000):
    W.plain(f'sw{n}', 'int32', 'int32 v', f'ldarg.0 switch ({", ".join(f"L{i}" for i in range(n))})\n  ldc.i4.m1 ret\n  ' + '\n  '.join(f'L{i}: ldc.i4 {i * 3} ret' for i in range(n)))
    W.test(f'switch_{n}_all', 'int32', str(sum(i * 3 for i in range(n))), f"L: ldloc.1 ldloc.0 call int32 'sw{n}'(int32) add stloc.1 ldloc.0 ldc.i4.1 add dup stloc.0 ldc.i4 {n} blt L ldloc.1 ret", locals_='int32 i, int32 s')
    W.test(f'switch_{n}_beyond', 'int32', '-1', f"ldc.i4 {n} call int32 'sw{n}'(int32) ret")
    W.test(f'switch_{n}_negative', 'int32', '-1', f"ldc.i4.s -5 call int32 'sw{n}'(int32) ret")

# many locals: short forms to 255, long forms beyond
for ty, one, conv in (('int32', 'ldc.i4', ''), ('int64', 'ldc.i8', ''), ('float64', 'ldc.r8', 'conv.i8'), ('int8', 'ldc.i4', '')):
    for n in (256, 257, 300, 1200):
        v = (lambda i: i % 100 + 1)
        rt, zero = ('int64', 'ldc.i8 0') if ty in ('int64', 'float64') else ('int32', 'ldc.i4.0')
        body = '\n  '.join(f'{one} {v(i)}{".0" if ty == "float64" else ""} stloc v{i}' for i in range(n)) + f'\n  {zero}\n  ' + '\n  '.join(f'ldloc v{i} {conv} add' for i in range(n)) + ' ret'
        W.test(f'locals_{ty}_{n}', rt, str(sum(v(i) for i in range(n))), body, locals_=', '.join(f'{ty} v{i}' for i in range(n)))
W.test('locals_ref_600', 'int32', str(sum(i % 5 for i in range(600))), '\n  '.join(f'ldstr "{"abcde"[:i % 5]}" stloc v{i}' for i in range(600)) + '\n  ldc.i4.0\n  ' +
       '\n  '.join(f'ldloc v{i} callvirt instance int32 {CORE}System.String::get_Length() add' for i in range(600)) + ' ret', locals_=', '.join(f'string v{i}' for i in range(600)))
W.test('locals_ldloca_beyond_255', 'int32', '42', 'ldloca v299 ldc.i4.s 42 stind.i4 ldloc v299 ret', locals_=', '.join(f'int32 v{i}' for i in range(300)))
W.test('locals_all_zero_2000', 'int64', '0', 'ldc.i8 0\n  ' + '\n  '.join(f'ldloc v{i} or' for i in range(2000)) + ' ret', locals_=', '.join(f'int64 v{i}' for i in range(2000)))
# many arguments
for n in (255, 256, 257, 300):
    v = (lambda i: i % 90 + 1)
    sig = ', '.join(['int32'] * n)
    W.plain(f'args{n}', 'int32', ', '.join(f'int32 a{i}' for i in range(n)), 'ldc.i4.0\n  ' + '\n  '.join(f'ldarg a{i} ldc.i4 {i % 7} mul add' for i in range(n)) + ' ret')
    W.test(f'arguments_{n}', 'int32', str(sum(v(i) * (i % 7) for i in range(n))), '\n  '.join(f'ldc.i4 {v(i)}' for i in range(n)) + f"\n  call int32 'args{n}'({sig}) ret", maxstack=n + 2)
    W.plain(f'argst{n}', 'int32', ', '.join(f'int32 a{i}' for i in range(n)), f'ldarg a{n - 1} ldc.i4.1 add starg a{n - 1} ldarga a{n - 1} ldc.i4.s 77 ldarg a{n - 1} add stind.i4 ldarg a{n - 1} ret')
    W.test(f'arguments_store_{n}', 'int32', str(v(n - 1) + 78), '\n  '.join(f'ldc.i4 {v(i)}' for i in range(n)) + f"\n  call int32 'argst{n}'({sig}) ret", maxstack=n + 2)
# evaluation stacks
for n in (50, 200, 1000):
    W.test(f'deep_stack_i4_{n}', 'int32', str(sum(range(n))), '\n  '.join(f'ldc.i4 {i}' for i in range(n)) + '\n  ' + 'add ' * (n - 1) + 'ret', maxstack=n + 1)
    W.test(f'deep_stack_values_{n}', 'int32', str(sum(range(n)) + n * 5), '\n  '.join(f'ldc.i4 {i} ldloc.0 add' for i in range(n)) + '\n  ' + 'add ' * (n - 1) + 'ret', maxstack=n + 2, locals_='int32 z') if False else None
    W.test(f'deep_stack_across_branch_{n}', 'int32', str(sum(range(n)) + 1), '\n  '.join(f'ldc.i4 {i}' for i in range(n)) + '\n  ldloc.0 brtrue T ldc.i4.1 br J T: ldc.i4.2 J:\n  ' + 'add ' * n + 'ret', maxstack=n + 2, locals_='int32 c')
    W.plain(f'add1_{n}', 'int32', 'int32 a', 'ldarg.0 ldc.i4.1 add ret')
    W.test(f'deep_stack_across_calls_{n}', 'int32', str(sum(range(n)) + n), '\n  '.join(f"ldc.i4 {i} call int32 'add1_{n}'(int32)" for i in range(n)) + '\n  ' + 'add ' * (n - 1) + 'ret', maxstack=n + 2)
    W.test(f'deep_stack_r8_{n}', 'float64', str(float(sum(range(n)))), '\n  '.join(f'ldc.r8 {i}.0' for i in range(n)) + '\n  ' + 'add ' * (n - 1) + 'ret', maxstack=n + 1)
    W.test(f'deep_stack_refs_{n}', 'int32', str(3 * n), 'ldc.i4.0 stloc.0\n  ' + '\n  '.join('ldstr "abc"' for i in range(n)) + '\n  ' +
           f'callvirt instance int32 {CORE}System.String::get_Length() ldloc.0 add stloc.0 ' * n + 'ldloc.0 ret', maxstack=n + 2, locals_='int32 s')
# large frames
for size in (5000, 70000, 200000):
    W.raw(f'.class private sequential sealed Z{size} extends {CORE}System.ValueType {{ .pack 1 .size {size} .field public int8 first }}')
    W.test(f'frame_{size}', 'int32', '12', f'ldloca v ldc.i4 {size - 4} add ldc.i4.s 12 stind.i4 ldloca v ldc.i4 {size - 4} add ldind.i4 ret', locals_=f'valuetype Z{size} v')
    W.test(f'frame_zeroed_{size}', 'int32', '0', f'L: ldloc n ldloca v ldloc i add ldind.u1 or stloc n ldloc i ldc.i4.1 add dup stloc i ldc.i4 {size} blt L ldloc n ret', locals_=f'valuetype Z{size} v, int32 i, int32 n')
    W.plain(f'frec_{size}', 'int32', 'int32 n', f"ldloca v ldarg.0 stind.i4 ldarg.0 brfalse E ldarg.0 ldc.i4.1 sub call int32 'frec_{size}'(int32) ldloca v ldind.i4 add ret E: ldc.i4.0 ret", locals_=f'valuetype Z{size} v')
    W.test(f'frame_recursive_{size}', 'int32', '10', f"ldc.i4.4 call int32 'frec_{size}'(int32) ret")
    W.plain(f'fbig_{size}', f'valuetype Z{size}', f'valuetype Z{size} a, int32 b', f'ldarga a ldc.i4 {size - 4} add ldarg b stind.i4 ldarg a ret')
    W.test(f'frame_argument_and_return_{size}', 'int32', '34', f"ldloca v ldc.i4 {size - 8} add ldc.i4.s 30 stind.i4 ldloc v ldc.i4.4 call valuetype Z{size} 'fbig_{size}'(valuetype Z{size}, int32) stloc u "
           f'ldloca u ldc.i4 {size - 8} add ldind.i4 ldloca u ldc.i4 {size - 4} add ldind.i4 add ldloca v ldc.i4 {size - 4} add ldind.i4 add ret', locals_=f'valuetype Z{size} v, valuetype Z{size} u')
    W.test(f'frame_in_handler_{size}', 'int32', '9', f'.try {{ ldloca v ldc.i4 {size - 4} add ldc.i4.5 stind.i4 ldnull throw }} catch {CORE}System.NullReferenceException {{ pop ldloca v ldc.i4 {size - 4} add dup ldind.i4 ldc.i4.4 add stind.i4 leave E }} '
           f'E: ldloca v ldc.i4 {size - 4} add ldind.i4 ret', locals_=f'valuetype Z{size} v')
# many try blocks, in a row and nested
for n in (10, 100):
    W.test(f'try_in_a_row_{n}', 'int32', str(n), '\n  '.join(f'.try {{ ldnull throw }} catch {CORE}System.NullReferenceException {{ pop ldloc.0 ldc.i4.1 add stloc.0 leave E{i} }} E{i}:' for i in range(n)) + ' ldloc.0 ret', locals_='int32 n')
    body = 'ldnull throw'
    for i in range(n):
        body = f'.try {{ {body} }} finally {{ ldloc.0 ldc.i4.1 add stloc.0 endfinally }}\n  '
    W.test(f'try_nested_finally_{n}', 'int32', str(n), f'.try {{ {body} leave E }} catch {CORE}System.NullReferenceException {{ pop leave E }} E: ldloc.0 ret', locals_='int32 n')
    body = 'ldnull throw'
    for i in range(n):
        body = f'.try {{ {body} }} catch {CORE}System.NullReferenceException {{ pop ldloc.0 ldc.i4.1 add stloc.0 rethrow }}\n  '
    W.test(f'try_nested_rethrow_{n}', 'int32', str(n), f'.try {{ {body} }} catch {CORE}System.NullReferenceException {{ pop leave E }} E: ldloc.0 ret', locals_='int32 n')
    body = 'ldc.i4.1 stloc.0 leave E'
    for i in range(n):
        body = f'.try {{ {body} }} finally {{ ldloc.0 ldc.i4.1 add stloc.0 endfinally }}\n  '
    W.test(f'try_nested_leave_{n}', 'int32', str(n + 1), f'{body} E: ldloc.0 ret', locals_='int32 n')
# struct with many fields
N = 200
W.raw(f'.class private sequential sealed Wide extends {CORE}System.ValueType {{ ' + ' '.join(f'.field public int32 f{i}' for i in range(N)) + ' }')
W.test('struct_of_200_fields', 'int32', str(sum(range(N))), '\n  '.join(f'ldloca v ldc.i4 {i} stfld int32 Wide::f{i}' for i in range(N)) + '\n  ldloc v stloc u ldc.i4.0\n  ' + '\n  '.join(f'ldloc u ldfld int32 Wide::f{i} add' for i in range(N)) + ' ret', locals_='valuetype Wide v, valuetype Wide u')
W.print()
