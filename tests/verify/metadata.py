"""metadata.py: the rules of metadata (§II.22), one at a time: metadata.il is assembled, one cell of its tables is changed, and the verifier has to name
that row and say what is wrong with it."""
from mdimage import TABLES, Image


def to(value):
    return lambda old, image: value


def plus(bits):
    return lambda old, image: old | bits


def minus(bits):
    return lambda old, image: old & ~bits


def cell(table, row, column):
    return lambda old, image: image.get(table, image.find(table, row) if isinstance(row, str) else row, column)


FAR = to(0x7fff)
# table, row (a name, or a number), column, change, what is said; the row that is named where it is another
RULES = [
    # indices of rows, heaps
    ('TypeDef', 'Base', 'FieldList', FAR, 'FieldList 32767 is no row of Field'),
    ('TypeDef', 'Base', 'MethodList', to(0), 'MethodList 0 is no row of MethodDef'),
    ('MethodDef', 'Static', 'ParamList', FAR, 'ParamList 32767 is no row of Param'),
    ('EventMap', 1, 'EventList', FAR, 'EventList 32767 is no row of Event'),
    ('PropertyMap', 1, 'PropertyList', FAR, 'PropertyList 32767 is no row of Property'),
    ('InterfaceImpl', 1, 'Class', to(0), 'Class 0 is no row of TypeDef'),
    ('NestedClass', 1, 'EnclosingClass', FAR, 'EnclosingClass 32767 is no row of TypeDef'),
    ('ImplMap', 1, 'ImportScope', to(9), 'ImportScope 9 is no row of ModuleRef'),
    ('GenericParamConstraint', 1, 'Owner', to(99), 'Owner 99 is no row of GenericParam'),
    ('TypeDef', 'Implements', 'Extends', to(7), 'Extends 0x7 is no row of the tables that it may name'),
    ('TypeDef', 'Implements', 'Extends', to(0x3ffd), 'Extends 0x3ffd is no row of the tables that it may name'),
    ('CustomAttribute', 1, 'Type', to(8), 'Type 0x8 is no row of the tables that it may name'),
    ('MemberRef', 1, 'Class', to(0), 'Class 0x0 is no row of the tables that it may name'),
    ('MethodSpec', 1, 'Method', FAR, 'Method 0x7fff is no row of the tables that it may name'),
    ('TypeDef', 'Base', 'Namespace', FAR, 'Namespace lies outside the #Strings heap'),
    ('TypeDef', 'Base', 'Name', to(0), 'Name is empty'),
    ('TypeRef', 1, 'Name', to(0), 'Name is empty'),
    ('MethodDef', 'Static', 'Name', to(0), 'Name is empty'),
    ('Field', 'Plain', 'Name', to(0), 'Name is empty'),
    ('MemberRef', 1, 'Name', to(0), 'Name is empty'),
    ('Event', 'E', 'Name', to(0), 'Name is empty'),
    ('Property', 'P', 'Name', to(0), 'Name is empty'),
    ('ModuleRef', 1, 'Name', to(0), 'Name is empty'),
    ('Assembly', 1, 'Name', to(0), 'Name is empty'),
    ('AssemblyRef', 1, 'Name', to(0), 'Name is empty'),
    ('Module', 1, 'Name', to(0), 'Name is empty'),
    ('Module', 1, 'Mvid', to(7), 'Mvid lies outside the #GUID heap'),
    ('Constant', 1, 'Value', FAR, 'Value lies outside the #Blob heap'),
    # signatures
    ('Field', 'Plain', 'Signature', to(0), 'Signature is not a well-formed signature'),
    ('Field', 'Plain', 'Signature', cell('MethodDef', 'Static', 'Signature'), 'Signature is not a well-formed signature'),
    ('MethodDef', 'Static', 'Signature', cell('Field', 'Plain', 'Signature'), 'Signature is not a well-formed signature'),
    ('MemberRef', 1, 'Signature', to(0), 'Signature is not a well-formed signature'),
    ('Property', 'P', 'Type', cell('Field', 'Plain', 'Signature'), 'Type is not a well-formed signature'),
    ('TypeSpec', 1, 'Signature', to(0), 'Signature is not a well-formed signature'),
    ('MethodSpec', 1, 'Instantiation', cell('Field', 'Plain', 'Signature'), 'Instantiation is not a well-formed signature'),
    ('StandAloneSig', 1, 'Signature', cell('Constant', 1, 'Value'), 'Signature is not a well-formed signature'),
    # order, keys
    ('InterfaceImpl', 1, 'Class', cell('InterfaceImpl', 3, 'Class'), 'the rows of InterfaceImpl are not in order of Class', 'InterfaceImpl', 2),
    ('Constant', 2, 'Parent', cell('Constant', 1, 'Parent'), 'a second row of Constant for the same Parent'),
    ('FieldMarshal', 2, 'Parent', cell('FieldMarshal', 1, 'Parent'), 'a second row of FieldMarshal for the same Parent'),
    ('ClassLayout', 2, 'Parent', cell('ClassLayout', 1, 'Parent'), 'a second row of ClassLayout for the same Parent'),
    ('FieldLayout', 2, 'Field', cell('FieldLayout', 1, 'Field'), 'a second row of FieldLayout for the same Field'),
    ('FieldRVA', 2, 'Field', cell('FieldRVA', 1, 'Field'), 'a second row of FieldRVA for the same Field'),
    ('ImplMap', 2, 'MemberForwarded', cell('ImplMap', 1, 'MemberForwarded'), 'a second row of ImplMap for the same MemberForwarded'),
    ('NestedClass', 2, 'NestedClass', cell('NestedClass', 1, 'NestedClass'), 'a second row of NestedClass for the same NestedClass'),
    ('GenericParam', 2, 'Number', to(0), 'a second row of GenericParam for the same Owner'),
    ('MethodSemantics', 1, 'Association', cell('MethodSemantics', 3, 'Association'), 'the rows of MethodSemantics are not in order', 'MethodSemantics', 2),
    ('TypeDef', 'Laid', 'FieldList', to(1), 'FieldList goes back'),
    ('TypeDef', 'Implements', 'MethodList', to(1), 'MethodList goes back'),
    ('MethodDef', 'remove_E', 'ParamList', to(1), 'ParamList goes back'),
    # nothing twice
    ('TypeDef', 'Laid2', 'Name', cell('TypeDef', 'Laid', 'Name'), 'the same name as'),
    ('MethodDef', 'Native2', 'Name', cell('MethodDef', 'Native', 'Name'), 'the same name and signature as'),
    ('Field', 'Plain2', 'Name', cell('Field', 'Plain', 'Name'), 'the same name and type as'),
    ('InterfaceImpl', 2, 'Interface', cell('InterfaceImpl', 1, 'Interface'), 'the same interface as'),
    # types
    ('TypeDef', 'Inner', 'Flags', minus(7), 'a nested type with a visibility of top-level types'),
    ('TypeDef', 'Base', 'Flags', plus(7), 'a visibility of nested types, but no row of NestedClass'),
    ('TypeDef', 'Face', 'Flags', plus(0x100), 'an interface has to be abstract and may not be sealed'),
    ('TypeDef', 'Other', 'Flags', minus(0x80), 'an interface has to be abstract and may not be sealed'),
    ('TypeDef', 'Face', 'Extends', cell('TypeDef', 'Base', 'Extends'), 'an interface extends nothing'),
    ('TypeDef', 'Implements', 'Extends', to(0), 'a class has to extend another'),
    # methods
    ('MethodDef', 'Static', 'Flags', minus(0x10), 'the signature of an instance method has no this'),
    ('MethodDef', 'Instance', 'Flags', plus(0x10), 'the signature of a static method has a this'),
    ('GenericParam', 1, 'Owner', lambda old, image: image.find('MethodDef', 'Static') << 1 | 1, 'GenericParam 1', 'MethodDef', 'Static'),
    ('Param', 2, 'Sequence', to(9), 'the method has no parameter 9'),
    ('MethodDef', 'Instance', 'Flags', plus(0x20), 'abstract, final or newslot, but not virtual'),
    ('MethodDef', 'Do', 'Flags', minus(0x40), 'abstract, final or newslot, but not virtual'),
    ('MethodDef', 'Virtual', 'Flags', plus(0x420), 'abstract and final'),
    ('TypeDef', 'Base', 'Flags', minus(0x80), 'an abstract method of a type that is not abstract', 'MethodDef', 2),
    ('MethodDef', 'Static', 'Flags', plus(0x40), 'static and virtual outside an interface'),
    ('MethodDef', 'Static', 'Flags', plus(0x2000), 'PInvokeImpl, but no row of ImplMap'),
    ('MethodDef', 'Static', 'RVA', to(0), 'the method has no body'),
    ('MethodDef', 'Virtual', 'Flags', plus(0x400), 'an abstract method with a body'),
    # fields
    ('Field', 'Limit', 'Flags', minus(0x10), 'a literal field has to be static and may not be initonly'),
    ('Field', 'Limit', 'Flags', plus(0x20), 'a literal field has to be static and may not be initonly'),
    ('Field', 'Plain', 'Flags', plus(0x8000), 'HasDefault, but no row of Constant'),
    ('Field', 'Plain', 'Flags', plus(0x1000), 'HasFieldMarshal, but no row of FieldMarshal'),
    ('Field', 'Plain', 'Flags', plus(0x100), 'HasFieldRVA, but no row of FieldRVA'),
    ('FieldRVA', 1, 'RVA', to(0x7fffffff), "the field's data lies outside the image", 'Field', 'Data'),
    ('Field', 'Shared', 'Flags', minus(0x10), 'an instance field of an interface'),
]


def check_rules(good, path, verify, check):
    """good: the assembled metadata.il; verify(path): its issues; check(ok, what, more)."""
    data = good.read_bytes()
    issues = verify(good)
    check(not issues, 'metadata: the good image', str(issues))
    for table, row, column, change, words, *other in RULES:
        image = Image(data)
        rid = image.find(table, row) if isinstance(row, str) else row
        named_table, named = other or (table, rid)
        named = image.find(named_table, named) if isinstance(named, str) else named
        image.set(table, rid, column, change(image.get(table, rid, column), image))
        path.write_bytes(image.data)
        issues = verify(path)
        token = f'0x{TABLES[named_table][0] << 24 | named:08x}'
        check(any(i['token'] == token and words in i['text'] for i in issues), f'metadata: {table}.{column} of {row}: {words}', f'{token} {issues}')
