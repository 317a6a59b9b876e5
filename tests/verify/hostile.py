"""hostile.py: a hundred ways in which IL could read or write what is not its own.  source() gives an assembly with one method each, A00 to A99; all have
to be refused before anything of them runs.  Each takes an object of another context's class Ledger and an array of its longs."""

OBJECT = '[System.Private.CoreLib]System.Object'
KINDS = [('int32', 'i4'), ('int64', 'i8'), ('uint8', 'u1'), ('native int', 'i'), ('float64', 'r8')]

# One for each kind of number: T its name, S the suffix of its instructions
TYPED = [
    # memory by numbers
    'ldc.i4 0x10000 ldind.S pop',
    'ldc.i4 0x10000 conv.u ldobj T pop',
    'ldc.i4 0x10000 conv.i ldnull conv.i stobj T',
    # references as numbers
    'ldarg.0 conv.u ldind.S pop',
    'ldarg.0 ldc.i4.8 add ldind.S pop',
    'ldarg.1 castclass int64[] ldind.S pop',
    # beyond what an address points to
    'ldloca n ldc.i4 4096 add ldobj T pop',
    'ldarg.1 castclass int64[] ldc.i4.0 ldelema int64 ldc.i4 80000 conv.i add ldobj T pop',
    'ldarg.1 castclass int64[] ldc.i4.0 ldelema int64 ldc.i4.8 sub ldind.S pop',
    'ldloca r ldobj T pop',
    # arrays of other elements
    'ldarg.0 ldc.i4.0 ldelem.S pop',
    'ldloca q initobj T',
]
PLAIN = [
    # another class without a cast
    'ldarg.0 stloc r ldloc r ldfld int32 Own::number pop',
    'ldarg.0 ldfld int32 Own::number pop',
    'ldarg.0 ldc.i4.1 stfld int32 Own::number',
    'ldarg.0 ldflda int32 Own::number pop',
    'ldarg.0 callvirt instance int32 Own::Number() pop',
    'ldarg.1 ldstr "x" stelem.ref',
    'ldstr "x" castclass class Own ldc.i4.5 stfld int32 Own::number ldarg.0 call int32 Own::Take(class Own) pop',
    'ldc.i4 0x10000 callvirt instance string [System.Private.CoreLib]System.Object::ToString() pop',
    'ldloca n callvirt instance string [System.Private.CoreLib]System.Object::ToString() pop',
    'ldarg.0 unbox int32 ldc.i4.1 stind.i4',
    # what is not to be seen
    'ldarg.0 castclass [neighbour]Ledger ldfld int32 [neighbour]Ledger::secret pop',
    'ldarg.0 castclass [neighbour]Ledger call instance int32 [neighbour]Ledger::Secret() pop',
    'ldsfld class [neighbour]Ledger[] [neighbour]Ledger::shared pop',
    'newobj instance void [neighbour]Ledger::.ctor() pop',
    # what is not to be written
    'ldarg.0 castclass [neighbour]Ledger ldc.i4.0 stfld int32 [neighbour]Ledger::Id',
    'ldarg.0 castclass [neighbour]Ledger ldflda int32 [neighbour]Ledger::Id ldc.i4.0 stind.i4',
    'ldnull stsfld string [System.Private.CoreLib]System.String::Empty',
    'ldsflda string [System.Private.CoreLib]System.String::Empty ldnull stind.ref',
    # calls of numbers, foreign signatures
    'ldc.i4 0x10000 conv.i calli void()',
    'ldftn int32 Own::Take(class Own) pop ldarg.0 ldftn int32 Own::Take(class Own) calli int32(object) pop',
    'ldnull ldftn int32 Own::Take(class Own) newobj instance void [System.Private.CoreLib]System.Action::.ctor(object, native int) pop',
    'ldarg.0 ldftn instance int32 Own::Number() newobj instance void class [System.Private.CoreLib]System.Func`1<int32>::.ctor(object, native int) pop',
    'ldarg.0 ldc.i4 0x10000 conv.i newobj instance void [System.Private.CoreLib]System.Action::.ctor(object, native int) pop',
    'jmp void Hostile::Target(object, object)',
    'ldarg.0 call int32 Own::Take(class Own) pop',
    'call int32 Own::Take(class Own) pop',
    'ldarg.0 ldarg.1 call int32 Own::Take(class Own) pop',
    'ldarg.0 call instance string [System.Private.CoreLib]System.Object::ToString() pop',
    'ldarg.0 call instance void [System.Private.CoreLib]System.Object::.ctor()',
    'newobj instance void [System.Private.CoreLib]System.Array::.ctor() pop',
    # memory of the frame, blocks of memory
    'ldc.i4 64 conv.u localloc ldc.i4 4096 add ldc.i4.1 stind.i4',
    'ldarg.0 ldarg.1 ldc.i4 64 cpblk',
    'ldloca n ldc.i4.0 ldc.i4 4096 initblk',
    'ldloca n call int32& Hostile::Escape(int32&) pop ldc.i4.1 brtrue END ldloca n call int32& Hostile::Escape(int32&) pop ldarg.0 ldind.i4 pop',
    # control
    'ldc.i4.1 brtrue END ldarg.0',
    'pop pop pop',
    'ldarg.0 mkrefany int32 refanyval int32 ldind.i4 pop',
    'ldarg.0 ldc.i4.1 brtrue L pop L: pop pop',
    'br INSIDE .try { ldc.i4.1 pop INSIDE: nop leave END } catch object { pop leave END }',
    '.try { leave END } finally { ldarg.0 pop leave END }',
]


def method(name, body):
    return f'''  .method public static void {name}(object victim, object longs) cil managed
  {{
    .maxstack 8
    .locals init (int32 n, class Own r, string q)
    {body}
    END: ret
  }}
'''


def source():
    bodies = (PLAIN + [_fill(t, name, suffix) for t in TYPED for name, suffix in KINDS])[:100]
    assert len(bodies) == 100, len(bodies)
    return '''.assembly extern System.Private.CoreLib {}
.assembly extern neighbour {}
.assembly hostile {}
.class public Own extends [System.Private.CoreLib]System.Object
{
  .field public int32 number
  .method public instance int32 Number() cil managed { ldarg.0 ldfld int32 Own::number ret }
  .method public static int32 Take(class Own o) cil managed { ldarg.0 ldfld int32 Own::number ret }
}
.class public Hostile extends [System.Private.CoreLib]System.Object
{
  .method public static void Target(object a, object b) cil managed { ret }
  .method public static int32& Escape(int32& a) cil managed { .locals init (int32 n) ldloca n ret }
  .method public static string Harmless(object victim) cil managed
  {
    ldarg.0 callvirt instance string [System.Private.CoreLib]System.Object::ToString() ret
  }
''' + ''.join(method(f'A{i:02}', b) for i, b in enumerate(bodies)) + '}\n'


def _fill(template, name, suffix):
    words = [name if w == 'T' else w for w in template.split(' ')]
    return ' '.join(words).replace('.S', '.' + suffix)
