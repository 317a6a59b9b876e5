/* interop_layout.c: which native form a value has, by its type and MarshalAs, or why it has none; the native layout of types.
 * A layout is made once per type and kept.  Lock: layout_lock guards the table; nothing runs under it.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop_value.h"

#include "os/os_thread.h"

static OsMutex layout_lock = OS_MUTEX_INIT;
static Map64 layouts; /* MethodTable * -> NativeLayout * */
const char *const native_texts[] = {
    NULL,
#define TEXT(id, text) text,
#include "interop/interop_texts.def"
#undef TEXT
};

static u32 blob_uint(MdSig *s, u32 none)
{
    return s->p < s->end ? md_sig_uint(s) : none;
}

static const char *blob_string(MdSig *s, u32 *len)
{
    *len = blob_uint(s, 0);
    const char *p = (const char *)s->p;
    if (s->bad || *len > (u32)(s->end - s->p)) {
        *len = 0;
        return NULL;
    }
    s->p += *len;
    return p;
}

NativeSpec native_spec(const MdImage *md, u32 token)
{
    NativeSpec r = NATIVE_SPEC_NONE;
    u32 row = md_marshal_of(md, token), n = 0, len;
    const u8 *p = row ? md_blob(md, md_FieldMarshal_NativeType(md, row), &n) : NULL;
    if (!p || n == 0)
        return r;
    MdSig s = md_sig(p, n);
    r.type = (u8)md_sig_uint(&s);
    switch (r.type) {
    case NT_BY_VAL_STR:
        r.count = blob_uint(&s, 0);
        break;
    case NT_BY_VAL_ARRAY:
        r.count = blob_uint(&s, 1);
        r.elem = (u8)blob_uint(&s, NT_NONE);
        break;
    case NT_LPARRAY:
        r.elem = (u8)blob_uint(&s, 0x50); /* 0x50: not given */
        if (r.elem == 0x50)
            r.elem = NT_NONE;
        if (s.p < s.end) {
            u32 param = md_sig_uint(&s);
            r.count = blob_uint(&s, 0);
            u32 flags = blob_uint(&s, 1);
            r.count_param = flags & 1 ? (i32)param : -1;
        }
        break;
    case NT_CUSTOM:
        blob_string(&s, &len);
        blob_string(&s, &len);
        r.custom_type = blob_string(&s, &r.custom_type_len);
        r.custom_cookie = blob_string(&s, &r.custom_cookie_len);
        break;
    }
    return r;
}

bool native_is_core(const MethodTable *mt, const char *ns, const char *name)
{
    return mt && mt->module->assembly == type_corelib && strcmp(mt->klass->name, name) == 0 && strcmp(mt->klass->ns, ns) == 0;
}

typedef struct Chain { /* types being laid out, innermost first */
    const MethodTable *mt;
    const struct Chain *outer;
} Chain;
typedef struct Rules {
    NativePlace place;
    bool unicode;
    const Chain *chain;
} Rules;
static const NativeLayout *layout_in(MethodTable *mt, const Chain *chain);
static NativeValue value_of(TypeHandle th, const NativeSpec *spec, const Rules *r);
static bool has_layout(const MethodTable *mt) { return (mt->klass->attrs & TD_LAYOUT) != TD_AUTO_LAYOUT; }

static void bad(NativeValue *v, NativeText why)
{
    v->kind = NV_BAD;
    v->why = (u8)why;
    v->size = v->align = 1;
}

/* ---- simple values -------------------------------------------------------------------------------------------------------------------- */
static void want(NativeValue *v, const Rules *r, u8 nt, u8 a, u8 b, NativeText why)
{
    if (nt != NT_NONE && nt != a && nt != b && r->place != AT_ELEMENT)
        bad(v, why);
}

static void simple_value(NativeValue *v, u8 kind, u8 nt, const Rules *r)
{
    switch (kind) {
    case ET_BOOLEAN:
        v->size = v->align = nt == NT_I1 || nt == NT_U1 ? 1 : 4;
        v->kind = NV_BOOL;
        if (nt != NT_I1 && nt != NT_U1)
            want(v, r, nt, NT_BOOLEAN, NT_BOOLEAN, TEXT_BOOL);
        break;
    case ET_CHAR:
        if (nt == NT_I1 || nt == NT_U1 || (!r->unicode && nt != NT_I2 && nt != NT_U2)) {
            v->size = v->align = 1;
            v->kind = NV_CHAR_NARROW;
        }
        if (nt != NT_I1 && nt != NT_U1)
            want(v, r, nt, NT_I2, NT_U2, TEXT_CHAR);
        break;
    case ET_I1:
    case ET_U1: want(v, r, nt, NT_I1, NT_U1, TEXT_I1); break;
    case ET_I2:
    case ET_U2: want(v, r, nt, NT_I2, NT_U2, TEXT_I2); break;
    case ET_I4:
    case ET_U4:
        if (nt != NT_ERROR)
            want(v, r, nt, NT_I4, NT_U4, TEXT_I4);
        break;
    case ET_I8:
    case ET_U8: want(v, r, nt, NT_I8, NT_U8, TEXT_I8); break;
    case ET_I:
    case ET_U: want(v, r, nt, NT_INT, NT_UINT, TEXT_I); break;
    case ET_R4: want(v, r, nt, NT_R4, NT_R4, TEXT_R4); break;
    case ET_R8: want(v, r, nt, NT_R8, NT_R8, TEXT_R8); break;
    case ET_PTR: want(v, r, nt, NT_NONE, NT_NONE, TEXT_PTR); break;
    case ET_FNPTR: want(v, r, nt, NT_FUNCTION, NT_FUNCTION, TEXT_FNPTR); break;
    default: bad(v, TEXT_PLAIN);
    }
}

/* ---- strings -------------------------------------------------------------------------------------------------------------------------- */
static void string_value(NativeValue *v, u8 nt, const NativeSpec *spec, const Rules *r)
{
    v->kind = NV_STRING;
    switch (nt) {
    case NT_NONE: v->form = r->unicode ? STRING_WIDE : STRING_UTF8; break;
    case NT_LPSTR:
    case NT_LPUTF8:
        v->form = STRING_UTF8;
        if (nt == NT_LPUTF8 && r->place == AT_ELEMENT)
            bad(v, TEXT_STRING_ARRAY);
        break;
    case NT_LPWSTR:
    case NT_LPTSTR: v->form = STRING_WIDE; break;
    case NT_BSTR:
    case NT_TBSTR: v->form = STRING_BSTR; break;
    case NT_ANSIBSTR: v->form = STRING_ANSIBSTR; break;
    case NT_BY_VAL_STR:
        if (r->place == AT_FIELD) {
            v->kind = NV_FIXED_STRING;
            v->form = r->unicode ? STRING_WIDE : STRING_UTF8;
            v->count = spec->count;
            v->align = r->unicode ? 2 : 1;
            v->size = v->count * v->align;
            if (!v->count)
                bad(v, TEXT_ZERO_STRING);
            break;
        } /* fallthrough */
    default: bad(v, r->place == AT_FIELD ? TEXT_STRING_FIELD : r->place == AT_ELEMENT ? TEXT_STRING_ARRAY : TEXT_STRING);
    }
}

static void builder_value(NativeValue *v, u8 nt, const Rules *r)
{
    v->kind = NV_BUILDER;
    v->form = nt == NT_LPWSTR || nt == NT_LPTSTR || (nt == NT_NONE && r->unicode) ? STRING_WIDE : STRING_UTF8;
    if (r->place != AT_PARAM)
        bad(v, r->place == AT_FIELD ? TEXT_BUILDER_FIELD : TEXT_SIGNATURE);
    else if (nt != NT_NONE && nt != NT_LPSTR && nt != NT_LPUTF8 && nt != NT_LPWSTR && nt != NT_LPTSTR)
        bad(v, TEXT_BUILDER);
}

/* ---- objects -------------------------------------------------------------------------------------------------------------------------- */
static void handle_value(NativeValue *v, u8 nt, bool critical, const Rules *r)
{
    v->kind = NV_HANDLE;
    v->critical = critical;
    if (r->place == AT_ELEMENT)
        bad(v, critical ? TEXT_CRITICALHANDLE_ARRAY : TEXT_SAFEHANDLE_ARRAY);
    else if (nt != NT_NONE)
        bad(v, critical ? TEXT_CRITICALHANDLE : TEXT_SAFEHANDLE);
}

static void layout_class_value(NativeValue *v, MethodTable *mt, u8 nt, const Rules *r)
{
    bool field = r->place == AT_FIELD;
    v->layout = layout_in(mt, r->chain);
    v->kind = field ? NV_CLASS : NV_CLASS_PTR;
    if (field) {
        v->size = v->layout->size;
        v->align = v->layout->align;
    }
    if (nt != NT_NONE && nt != (field ? NT_STRUCT : NT_LPSTRUCT))
        bad(v, field ? TEXT_CLASS_FIELD : TEXT_CLASS);
}

static void object_value(NativeValue *v, u8 nt, const Rules *r)
{
    if (nt == NT_NONE || nt == NT_STRUCT)
        bad(v, TEXT_VARIANT);
    else if (nt == NT_INTERFACE || nt == NT_IUNKNOWN || nt == NT_IDISPATCH)
        bad(v, TEXT_INTERFACE);
    else
        bad(v, r->place == AT_FIELD ? TEXT_OBJECT_FIELD : TEXT_OBJECT);
}

static void fixed_array_value(NativeValue *v, MethodTable *mt, u8 nt, const NativeSpec *spec, const Rules *r)
{
    if (r->place == AT_ELEMENT) {
        bad(v, TEXT_NESTED_ARRAY);
        return;
    }
    if (nt != NT_BY_VAL_ARRAY) {
        bad(v, nt == NT_LPARRAY ? TEXT_RESTRICTED : TEXT_ARRAY_FIELD);
        return;
    }
    NativeSpec inner = NATIVE_SPEC_NONE;
    inner.type = spec->elem;
    NativeValue *e = base_malloc(sizeof *e);
    *e = value_of(mt->elem, &inner, &(Rules){AT_ELEMENT, r->unicode, r->chain});
    v->kind = NV_FIXED_ARRAY;
    v->type = mt->elem;
    v->elem = e;
    v->count = spec->count;
    v->size = e->size * v->count;
    if (v->count == 0)
        bad(v, TEXT_ZERO_ARRAY);
    v->align = MAX(e->align, 1u);
    if (e->kind == NV_BAD)
        bad(v, (NativeText)e->why);
}

static bool is_generic_class(const MethodTable *mt) { return mt_is_generic(mt) && !mt_is_array(mt); }

static void class_value(NativeValue *v, MethodTable *mt, u8 nt, const NativeSpec *spec, const Rules *r)
{
    static MethodTable *safe, *critical;
    if (!safe) {
        safe = type_load_name(type_corelib, "System.Runtime.InteropServices", "SafeHandle", NULL);
        critical = type_load_name(type_corelib, "System.Runtime.InteropServices", "CriticalHandle", NULL);
    }
    v->size = v->align = 8;
    if (!mt)
        bad(v, TEXT_PLAIN);
    else if (nt == NT_CUSTOM && r->place == AT_FIELD)
        bad(v, TEXT_CUSTOM_FIELD);
    else if (mt == type_wk(WK_STRING))
        string_value(v, nt, spec, r);
    else if (mt_is_array(mt))
        fixed_array_value(v, mt, nt, spec, r);
    else if (is_generic_class(mt))
        bad(v, TEXT_GENERIC);
    else if (native_is_core(mt, "System.Text", "StringBuilder"))
        builder_value(v, nt, r);
    else if (type_is_subclass(mt, safe) || type_is_subclass(mt, critical))
        handle_value(v, nt, !type_is_subclass(mt, safe), r);
    else if (r->place == AT_ELEMENT)
        bad(v, TEXT_SIGNATURE);
    else if (mt_is_delegate(mt) || mt == type_wk(WK_DELEGATE) || mt == type_wk(WK_MULTICASTDELEGATE)) {
        v->kind = NV_DELEGATE;
        if (nt != NT_NONE && nt != NT_FUNCTION)
            bad(v, TEXT_DELEGATE);
    } else if (has_layout(mt) && !mt_is_interface(mt))
        layout_class_value(v, mt, nt, r);
    else if (mt == type_wk(WK_OBJECT))
        object_value(v, nt, r);
    else
        bad(v, nt == NT_NONE || nt == NT_INTERFACE ? TEXT_INTERFACE : TEXT_NO_LAYOUT);
}

/* ---- structs -------------------------------------------------------------------------------------------------------------------------- */
bool native_not_for_calls(const MethodTable *mt)
{
    static const struct {
        const char *ns, *name;
    } types[] = {{"System", "Nullable`1"}, {"System", "Span`1"}, {"System", "ReadOnlySpan`1"}, {"System.Runtime.Intrinsics", "Vector64`1"},
                 {"System.Runtime.Intrinsics", "Vector128`1"}, {"System.Runtime.Intrinsics", "Vector256`1"},
                 {"System.Runtime.Intrinsics", "Vector512`1"}, {"System.Numerics", "Vector`1"}};
    for (u32 i = 0; i < ARRAY_LEN(types); i++)
        if (native_is_core(mt, types[i].ns, types[i].name))
            return true;
    return false;
}

/* What the runtime aligns by more than its fields ask for. */
static u32 own_alignment(const NativeLayout *l)
{
    const MethodTable *mt = l->mt;
    if (native_is_core(mt, "System", "Int128") || native_is_core(mt, "System", "UInt128"))
        return 16;
    if (native_is_core(mt, "System.Runtime.Intrinsics", "Vector128`1") || native_is_core(mt, "System.Runtime.Intrinsics", "Vector256`1") ||
        native_is_core(mt, "System.Runtime.Intrinsics", "Vector512`1"))
        return l->size;
    return l->align;
}

/* true: one of the types with rules of their own */
static bool known_struct(NativeValue *v, MethodTable *mt, u8 nt, const Rules *r)
{
    bool none = nt == NT_NONE || nt == NT_STRUCT;
    if (native_is_core(mt, "System", "Decimal")) {
        if (nt == NT_CURRENCY && r->place != AT_ELEMENT) {
            v->kind = NV_CURRENCY;
            v->size = v->align = 8;
        } else if (!none && (nt != NT_LPSTRUCT || r->place != AT_PARAM)) {
            bad(v, r->place == AT_FIELD ? TEXT_DECIMAL_FIELD : r->place == AT_ELEMENT ? TEXT_DECIMAL_ARRAY : TEXT_DECIMAL);
        }
    } else if (native_is_core(mt, "System", "Guid")) {
        if (!none && (nt != NT_LPSTRUCT || r->place != AT_PARAM) && r->place != AT_ELEMENT)
            bad(v, TEXT_GUID);
    } else if (native_is_core(mt, "System", "DateTime")) {
        v->kind = NV_DATE;
        v->size = v->align = 8;
        if (!none)
            bad(v, r->place == AT_ELEMENT ? TEXT_DATE_ARRAY : TEXT_DATE);
    } else if (r->place == AT_FIELD && (native_is_core(mt, "System.Runtime.InteropServices", "HandleRef") ||
                                        native_is_core(mt, "System.Runtime.InteropServices", "ArrayWithOffset") ||
                                        native_is_core(mt, "System", "ArgIterator") ||
                                        native_is_core(mt, "System", "RuntimeTypeHandle") ||
                                        native_is_core(mt, "System", "RuntimeMethodHandle") ||
                                        native_is_core(mt, "System", "RuntimeFieldHandle"))) {
        bad(v, TEXT_PLAIN);
    } else {
        return false;
    }
    return true;
}

static void struct_value(NativeValue *v, MethodTable *mt, u8 nt, const Rules *r)
{
    const NativeLayout *l = layout_in(mt, r->chain);
    v->layout = l;
    v->kind = l->same ? NV_COPY : NV_STRUCT;
    v->size = l->size;
    v->align = own_alignment(l);
    if (known_struct(v, mt, nt, r))
        return;
    if (mt_is_generic(mt) && r->place != AT_FIELD && (!l->same || (r->place == AT_PARAM && native_not_for_calls(mt))))
        bad(v, TEXT_GENERIC);
    else if (!has_layout(mt) && r->place != AT_ELEMENT)
        bad(v, TEXT_AUTO_LAYOUT);
    else if (nt != NT_NONE && nt != NT_STRUCT && r->place != AT_ELEMENT)
        bad(v, TEXT_VALUE);
}

static NativeValue value_of(TypeHandle th, const NativeSpec *spec, const Rules *r)
{
    u8 kind = type_elem_kind(th), nt = spec ? spec->type : NT_NONE;
    NativeValue v = {.kind = NV_COPY, .managed_size = type_size(th), .type = th};
    v.size = v.align = v.managed_size;
    if (nt == NT_CUSTOM && kind != ET_CLASS)
        bad(&v, r->place == AT_FIELD ? TEXT_CUSTOM_FIELD : TEXT_CUSTOM);
    else if (kind == ET_VALUETYPE)
        struct_value(&v, th_mt(th), nt, r);
    else if (kind == ET_CLASS)
        class_value(&v, th_mt(th), nt, spec, r);
    else
        simple_value(&v, kind, nt, r);
    return v;
}

NativeValue native_value(TypeHandle th, const NativeSpec *spec, bool unicode, NativePlace place)
{
    return value_of(th, spec, &(Rules){place, unicode, NULL});
}

static void add_field(MethodTable *mt, NativeLayout *l, Field *f, const NativeValue *v, u32 pack, u32 *end)
{
    bool is_explicit = (mt->klass->attrs & TD_LAYOUT) == TD_EXPLICIT_LAYOUT;
    u32 align = pack && pack < v->align ? pack : v->align, at = is_explicit ? f->offset : ALIGN_UP(*end, MAX(align, 1u));
    if (v->kind == NV_BAD)
        l->ok = false;
    l->same &= v->kind == NV_COPY && at == f->offset;
    l->handles |= v->kind == NV_HANDLE || (v->layout && v->layout->handles);
    l->recursive |= v->layout && v->layout->recursive;
    l->fields[l->num_fields++] = (NativeField){f->offset, at, f->token, mt, *v};
    *end = MAX(*end, at + v->size);
    l->align = MAX(l->align, align);
}

static void lay_out(MethodTable *mt, NativeLayout *l, const Chain *chain)
{
    const MdImage *md = mt->module->md;
    const Chain own = {mt, chain};
    u32 row = mt->klass->token ? md_class_layout_of(md, MD_RID(mt->klass->token)) : 0;
    u32 pack = row ? md_ClassLayout_PackingSize(md, row) : 0, given = row ? md_ClassLayout_ClassSize(md, row) : 0, end = 0;
    const NativeLayout *base = !mt_is_valuetype(mt) && mt->parent && has_layout(mt->parent) ? layout_in(mt->parent, chain) : NULL;
    Rules r = {AT_FIELD, (mt->klass->attrs & TD_STRING_FORMAT) == TD_UNICODE, &own};
    u32 repeat = MAX(mt->klass->inline_array_length, 1u);
    l->fields = base_calloc((base ? base->num_fields : 0) + mt->klass->num_fields * (size_t)repeat, sizeof *l->fields);
    l->align = base ? base->align : 1;
    l->same = l->ok = true;
    if (base) {
        memcpy(l->fields, base->fields, base->num_fields * sizeof *l->fields);
        l->num_fields = base->num_fields;
        l->same = base->same;
        l->ok = base->ok;
        l->handles = base->handles;
        end = base->size;
    }
    for (u32 i = 0; i < mt->klass->num_fields; i++) {
        Field *f = &mt->klass->fields[i];
        if (f->flags & FF_STATIC)
            continue;
        NativeSpec spec = native_spec(md, f->token);
        TypeHandle th = type_field_type(mt, f, NULL);
        NativeValue v = {0};
        if (th)
            v = value_of(th, &spec, &r);
        else
            bad(&v, TEXT_PLAIN);
        add_field(mt, l, f, &v, pack, &end);
    }
    for (u32 i = 1; i < repeat && l->num_fields; i++) { /* an inline array: its field again and again */
        NativeField next = l->fields[0];
        next.managed += i * next.value.managed_size;
        next.native += i * next.value.size;
        l->fields[l->num_fields++] = next;
        end += next.value.size;
    }
    l->size = MAX(MAX(ALIGN_UP(end, l->align), given), 1u);
    l->same &= !mt_has_refs(mt) && (!mt->klass->inline_array_length || l->size == mt->klass->size);
}

/* bool and char are converted; the others, and all enums, are what they are. */
static void lay_out_primitive(MethodTable *mt, NativeLayout *l)
{
    NativeValue v = native_value(th_of(mt), NULL, false, AT_FIELD);
    *l = (NativeLayout){.mt = mt, .size = v.size, .align = v.align, .ok = !mt_is_enum(mt), .same = v.kind == NV_COPY};
    if (l->same)
        return;
    l->fields = base_calloc(1, sizeof *l->fields);
    l->fields[l->num_fields++] = (NativeField){.owner = mt, .value = v};
}

static bool on_chain(const MethodTable *mt, const Chain *c)
{
    for (; c; c = c->outer)
        if (c->mt == mt)
            return true;
    return false;
}

static const NativeLayout *layout_in(MethodTable *mt, const Chain *chain)
{
    static const NativeLayout itself = {.size = 1, .align = 1, .recursive = true};
    os_mutex_lock(&layout_lock);
    NativeLayout *l = map64_ptr(&layouts, (u64)(uintptr_t)mt);
    os_mutex_unlock(&layout_lock);
    if (l)
        return l;
    if (on_chain(mt, chain))
        return &itself;
    l = base_calloc(1, sizeof *l);
    l->mt = mt;
    l->size = l->align = 1;
    if (mt->klass->underlying)
        lay_out_primitive(mt, l);
    else if (!mt_is_array(mt))
        lay_out(mt, l, chain);
    l->ok &= has_layout(mt);
    os_mutex_lock(&layout_lock);
    NativeLayout *first = map64_ptr(&layouts, (u64)(uintptr_t)mt);
    if (!first)
        map64_put(&layouts, (u64)(uintptr_t)mt, (u64)(uintptr_t)l);
    os_mutex_unlock(&layout_lock);
    return first ? first : l;
}

bool native_layout_check(const NativeLayout *l, Err *e)
{
    char type[256];
    if (l->recursive) {
        type_name(th_of(l->mt), TN_NAMESPACE, type, sizeof type);
        return err_set(e, ERR_TYPE_LOAD, 0,
                       "Type '%s' cannot be marshaled as an unmanaged structure; its native layout contains a recursive definition so no "
                       "meaningful size can be computed.", type);
    }
    for (u32 i = 0; i < l->num_fields; i++) {
        const NativeField *f = &l->fields[i];
        const NativeValue *v = f->value.elem ? f->value.elem : &f->value;
        if (f->value.kind == NV_BAD) {
            const MtClass *k = f->owner->klass; /* as its row says: of a nested type the last name alone */
            snprintf(type, sizeof type, "%s%s%s", k->ns, k->ns[0] ? "." : "", k->name);
            return err_set(e, ERR_TYPE_LOAD, 0, "Cannot marshal field '%s' of type '%s': %s", md_str(f->owner->module->md,
                           md_Field_Name(f->owner->module->md, MD_RID(f->token))), type, native_texts[f->value.why]);
        }
        if (v->layout && !native_layout_check(v->layout, e))
            return false;
    }
    return true;
}

void interop_layouts_forget(void)
{
    VEC(u64) dead = {0};
    for (u32 i = 0; i < layouts.cap; i++)
        if (layouts.keys[i] && type_is_dying((void *)(uintptr_t)layouts.keys[i]))
            vec_push(&dead, layouts.keys[i]);
    for (u32 i = 0; i < dead.len; i++) {
        NativeLayout *l = map64_ptr(&layouts, dead.data[i]);
        base_free(l->fields);
        base_free(l);
        map64_remove(&layouts, dead.data[i]);
    }
    vec_free(&dead);
}

const NativeLayout *native_layout(MethodTable *mt) { return layout_in(mt, NULL); }
