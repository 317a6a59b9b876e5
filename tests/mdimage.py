"""mdimage.py: the tables of an image, whose cells tests read and change.  Their layout is read from src/md/md_tables.def."""
import re
from pathlib import Path

DEF = (Path(__file__).resolve().parent.parent / 'src/md/md_tables.def').read_text()
TABLES = {m[1]: (int(m[0], 16), re.findall(r'C\(\w+, (\w+), (\w+)\)', m[2])) for m in re.findall(r'^TABLE\((0x\w+), (\w+), (.*)\)$', DEF, re.M)}
CODED = {m[0]: (int(m[1]), re.findall(r'[TX](?:\((\w+)\))?', m[2])) for m in re.findall(r'^CODED\((\w+), (\d+), (.*)\)$', DEF, re.M)}


class Image:
    """Cells of the tables of one image by table, row and column."""

    def __init__(self, data):
        self.data = bytearray(data)
        root = self.data.index(b'BSJB')
        at = root + 16 + self.u(root + 12, 4)
        count, at, self.heaps = self.u(at + 2, 2), at + 4, {}
        for _ in range(count):
            offset, size, name = root + self.u(at, 4), self.u(at + 4, 4), bytes(self.data[at + 8:self.data.index(0, at + 8)]).decode()
            self.heaps[name] = (offset, size)
            at += 8 + (len(name) + 4) // 4 * 4
        tables = self.heaps['#~'][0]
        wide, present, at = self.data[tables + 6], self.u(tables + 8, 8), tables + 24
        self.rows = {}
        for name, (number, _) in TABLES.items():
            if present >> number & 1:
                self.rows[name], at = self.u(at, 4), at + 4
        self.index = {'Str': 4 if wide & 1 else 2, 'Guid': 4 if wide & 2 else 2, 'Blob': 4 if wide & 4 else 2, 'U2': 2, 'U4': 4}
        self.place = {}
        for name, (_, columns) in TABLES.items():
            offset, cols = 0, {}
            for column, kind in columns:
                cols[column] = (offset, self.size_of(kind))
                offset += self.size_of(kind)
            if name in self.rows:
                self.place[name] = (at, offset, cols)
                at += offset * self.rows[name]

    def u(self, at, n):
        return int.from_bytes(self.data[at:at + n], 'little')

    def size_of(self, kind):
        if kind in self.index:
            return self.index[kind]
        bits, over = CODED.get(kind, (0, [kind]))
        return 4 if max(self.rows.get(t, 0) for t in over) >= 1 << (16 - bits) else 2

    def cell(self, table, row, column):
        at, size, cols = self.place[table]
        return at + size * (row - 1) + cols[column][0], cols[column][1]

    def get(self, table, row, column):
        at, n = self.cell(table, row, column)
        return self.u(at, n)

    def set(self, table, row, column, value):
        at, n = self.cell(table, row, column)
        self.data[at:at + n] = value.to_bytes(n, 'little')

    def name(self, table, row):
        at = self.heaps['#Strings'][0] + self.get(table, row, 'Name')
        return bytes(self.data[at:self.data.index(0, at)]).decode()

    def find(self, table, name):
        return next(r for r in range(1, self.rows[table] + 1) if self.name(table, r) == name)
