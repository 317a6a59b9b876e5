/* interop_layout.c: the native layout of types: bool 4 bytes, char 1 or 2, references as pointers, fixed strings and arrays in place.
 * A layout is made once per type and kept.  Lock: layout_lock guards the table; nothing runs under it.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop_value.h"

#include "os/os_thread.h"

enum { DEPTH_MAX = 32 };
static OsMutex layout_lock = OS_MUTEX_INIT;
static Map64 layouts; /* MethodTable * -> NativeLayout * */
static const NativeLayout *layout_at(MethodTable *mt, u32 depth);

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
    NativeSpec r = {.type = NT_NONE, .elem = NT_NONE, .count_param = -1};
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

static NativeValue value_of(TypeHandle th, const NativeSpec *spec, bool unicode, u32 depth)
{
    u8 kind = type_elem_kind(th);
    NativeValue v = {.kind = NV_COPY, .managed_size = type_size(th), .type = th};
    v.size = v.align = v.managed_size;
    MethodTable *mt = th_mt(th);
    u8 nt = spec ? spec->type : NT_NONE;
    switch (kind) {
    case ET_BOOLEAN:
        v.size = v.align = nt == NT_I1 || nt == NT_U1 ? 1 : nt == NT_VARIANT_BOOL ? 2 : 4;
        v.kind = NV_BOOL;
        break;
    case ET_CHAR:
        if (nt == NT_I1 || nt == NT_U1 || (!unicode && nt != NT_I2 && nt != NT_U2)) {
            v.size = v.align = 1;
            v.kind = NV_CHAR_NARROW;
        }
        break;
    case ET_VALUETYPE: {
        const NativeLayout *l = depth < DEPTH_MAX ? layout_at(mt, depth + 1) : NULL;
        v.layout = l;
        v.kind = !l || !l->ok ? NV_BAD : l->same ? NV_COPY : NV_STRUCT;
        v.size = l && l->ok ? l->size : 0;
        v.align = l && l->ok ? l->align : 1;
        break;
    }
    case ET_TYPEDBYREF:
        v.kind = NV_BAD;
        break;
    case ET_CLASS:
        v.size = v.align = 8;
        v.kind = NV_BAD;
        if (mt == type_wk(WK_STRING) && nt == NT_BY_VAL_STR) {
            v.kind = NV_FIXED_STRING;
            v.wide = unicode;
            v.count = spec->count;
            v.align = unicode ? 2 : 1;
            v.size = v.count * v.align;
        } else if (mt == type_wk(WK_STRING)) {
            bool known = nt == NT_NONE || nt == NT_LPSTR || nt == NT_LPWSTR || nt == NT_LPTSTR || nt == NT_LPUTF8;
            v.kind = known ? NV_STRING : NV_BAD;
            v.wide = nt == NT_LPWSTR || (unicode && (nt == NT_NONE || nt == NT_LPTSTR));
        } else if (mt && mt_is_szarray(mt) && nt == NT_BY_VAL_ARRAY) {
            NativeSpec inner = {.type = spec->elem, .count_param = -1};
            NativeValue *e = base_malloc(sizeof *e);
            *e = value_of(mt->elem, &inner, unicode, depth + 1);
            v.kind = e->kind == NV_BAD ? NV_BAD : NV_FIXED_ARRAY;
            v.type = mt->elem;
            v.elem = e;
            v.count = spec->count;
            v.size = e->size * v.count;
            v.align = MAX(e->align, 1u);
        } else if (mt && mt_is_delegate(mt)) {
            v.kind = NV_DELEGATE;
        }
        break;
    default:
        break;
    }
    return v;
}

NativeValue native_value(TypeHandle th, const NativeSpec *spec, bool unicode) { return value_of(th, spec, unicode, 0); }

static bool has_layout(const MethodTable *mt) { return (mt->klass->attrs & TD_LAYOUT) != TD_AUTO_LAYOUT; }

static void lay_out(MethodTable *mt, NativeLayout *l, u32 depth)
{
    const MdImage *md = mt->module->md;
    u32 row = mt->klass->token ? md_class_layout_of(md, MD_RID(mt->klass->token)) : 0;
    u32 pack = row ? md_ClassLayout_PackingSize(md, row) : 0, given = row ? md_ClassLayout_ClassSize(md, row) : 0;
    bool is_explicit = (mt->klass->attrs & TD_LAYOUT) == TD_EXPLICIT_LAYOUT, unicode = (mt->klass->attrs & TD_STRING_FORMAT) == TD_UNICODE;
    const NativeLayout *base = !mt_is_valuetype(mt) && mt->parent && has_layout(mt->parent) ? layout_at(mt->parent, depth + 1) : NULL;
    u32 end = 0, n = base ? base->num_fields : 0;
    l->fields = base_calloc(n + mt->klass->num_fields, sizeof *l->fields);
    l->align = base ? base->align : 1;
    l->same = base ? base->same : true;
    if (base) {
        memcpy(l->fields, base->fields, n * sizeof *l->fields);
        end = base->size;
    }
    l->ok = true;
    for (u32 i = 0; i < mt->klass->num_fields; i++) {
        Field *f = &mt->klass->fields[i];
        if (f->flags & FF_STATIC)
            continue;
        NativeSpec spec = native_spec(md, f->token);
        TypeHandle th = type_field_type(mt, f, NULL);
        NativeValue v = th ? value_of(th, &spec, unicode, depth) : (NativeValue){0};
        if (v.size == 0 && v.kind == NV_BAD)
            l->ok = false;
        u32 align = pack && pack < v.align ? pack : v.align, at = is_explicit ? f->offset : ALIGN_UP(end, MAX(align, 1u));
        l->same &= v.kind == NV_COPY && at == f->offset;
        l->fields[n++] = (NativeField){f->offset, at, f->token, v};
        end = MAX(end, at + v.size);
        l->align = MAX(l->align, align);
    }
    l->num_fields = n;
    l->size = MAX(MAX(ALIGN_UP(end, l->align), given), 1u);
    l->same &= !mt_has_refs(mt);
}

static const NativeLayout *layout_at(MethodTable *mt, u32 depth)
{
    os_mutex_lock(&layout_lock);
    NativeLayout *l = map64_ptr(&layouts, (u64)(uintptr_t)mt);
    os_mutex_unlock(&layout_lock);
    if (l)
        return l;
    l = base_calloc(1, sizeof *l);
    if (mt->klass->underlying)
        *l = (NativeLayout){.size = mt->klass->size, .align = mt->klass->size, .ok = true, .same = true};
    else if (has_layout(mt) && !mt_is_array(mt) && depth < DEPTH_MAX)
        lay_out(mt, l, depth);
    os_mutex_lock(&layout_lock);
    NativeLayout *first = map64_ptr(&layouts, (u64)(uintptr_t)mt);
    if (!first)
        map64_put(&layouts, (u64)(uintptr_t)mt, (u64)(uintptr_t)l);
    os_mutex_unlock(&layout_lock);
    return first ? first : l;
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

const NativeLayout *native_layout(MethodTable *mt) { return layout_at(mt, 0); }
