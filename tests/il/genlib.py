"""genlib.py: what the gen_*.py table generators share: a writer of test methods and literals in IL."""
import struct

BITS = {'r4': lambda v: struct.unpack('<I', struct.pack('<f', v))[0], 'r8': lambda v: struct.unpack('<Q', struct.pack('<d', v))[0]}


def wrap(v, bits):
    v &= (1 << bits) - 1
    return v - (1 << bits) if v >> (bits - 1) else v


def i4(v):
    return f'ldc.i4 {wrap(v, 32)}'


def i8(v):
    return f'ldc.i8 {wrap(v, 64)}'


def r4(v):
    return f'ldc.r4 float32(0x{BITS["r4"](v):08x})'


def r8(v):
    return f'ldc.r8 float64(0x{BITS["r8"](v):016x})'


class Writer:
    def __init__(self, name):
        self.lines = ['.assembly extern System.Private.CoreLib {}', f'.assembly {name} {{}}', '']

    def _method(self, head, body, maxstack, locals_):
        self.lines.append(head)
        self.lines.append('{')
        self.lines.append(f'  .maxstack {maxstack}')
        if locals_:
            self.lines.append(f'  .locals init ({locals_})')
        self.lines.append('  ' + body)
        self.lines.append('}')

    def plain(self, name, type_, args, body, maxstack=8, locals_=None):
        self._method(f".method static {type_} '{name}'({args}) cil managed noinlining", body, maxstack, locals_)

    def test(self, name, type_, expect, body, maxstack=8, locals_=None):
        self.lines.append(f'// expect {expect}')
        self._method(f".method static {type_} '{name}'() cil managed", body, maxstack, locals_)

    def throws(self, name, type_, exception, body, maxstack=8, locals_=None):
        self.lines.append(f'// throws {exception}')
        self._method(f".method static {type_} '{name}'() cil managed", body, maxstack, locals_)

    def raw(self, text):
        self.lines.append(text)

    def print(self):
        print('\n'.join(self.lines))
