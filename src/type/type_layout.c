/* type_layout.c: offsets of instance and static fields, runs of references, SysV classes.
 * Rules: explicit layout as given; sequential for types without references; all else is laid out by size, as the
 * reference does: after the parent's last byte, small fields into its unaligned tail, then 8 bytes (references first),
 * 4, 2, 1, then value types in order.  Offsets are from the start of the data (object pointer + 8 for classes).
 * In: canonical arguments, so one layout serves every exact instantiation.  Never loads a reference-typed field.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

#include <stdio.h>
#include <stdlib.h>

/* --- Runs of references ----------------------------------------------------------------------------------------------- */
void runs_add(RunVec *v, u32 offset, u32 count)
{
    u32 i = v->len;
    while (i && v->data[i - 1].offset > offset)
        i--;
    if (i && v->data[i - 1].offset + v->data[i - 1].count * 8 == offset) {
        v->data[i - 1].count += count;
        i--;
    } else {
        vec_push(v, ((GcRun){0}));
        memmove(&v->data[i + 1], &v->data[i], (v->len - 1 - i) * sizeof(GcRun));
        v->data[i] = (GcRun){offset, count};
    }
    if (i + 1 < v->len && v->data[i].offset + v->data[i].count * 8 == v->data[i + 1].offset) {
        v->data[i].count += v->data[i + 1].count;
        memmove(&v->data[i + 1], &v->data[i + 2], (v->len - i - 2) * sizeof(GcRun));
        v->len--;
    }
}

u32 mt_num_runs(const MethodTable *mt)
{
    if (!(mt->flags & MTF_HAS_REFS))
        return 0;
    i64 n = ((const i64 *)mt)[-1];
    return (u32)(n < 0 ? -n : n);
}

void mt_set_runs(MethodTable *mt, const GcRun *runs, u32 n, bool per_element)
{
    if (!n)
        return;
    ((i64 *)mt)[-1] = per_element ? -(i64)n : (i64)n;
    for (u32 i = 0; i < n; i++)
        *(GcRun *)((GcRun *)((i64 *)mt - 1) - 1 - i) = runs[i];
    mt->flags |= MTF_HAS_REFS;
}

static void add_value_runs(RunVec *v, const MethodTable *mt, u32 at) /* at: of the unboxed value, object-relative */
{
    for (u32 i = 0, n = mt_num_runs(mt); i < n; i++)
        runs_add(v, at + mt_run(mt, i)->offset - 8, mt_run(mt, i)->count);
}

/* --- Fields ----------------------------------------------------------------------------------------------------------- */
typedef struct Place { /* size and alignment of an instance field */
    Field *f;
    u32 size, align;
    u8 cls; /* PLACE_ */
} Place;
enum { PLACE_REF, PLACE_PRIM, PLACE_VALUE };

static bool read_field_type(Layout *l, Field *f, Place *p, Err *e)
{
    MdSig s = md_sig(f->sig, f->sig_len);
    p->f = f;
    if (!md_sig_field(&s))
        return err_set(e, ERR_BAD_IMAGE, f->token, "Bad field signature.");
    md_sig_skip_mods(&s);
    u8 et = md_sig_peek(&s);
    switch (et) {
    case ET_CLASS: case ET_STRING: case ET_OBJECT: case ET_SZARRAY: case ET_ARRAY:
        f->kind = ET_CLASS;
        break;
    case ET_BYREF:
        if ((f->flags & FF_STATIC) || !l->is_byref_like)
            return err_set(e, ERR_TYPE_LOAD, f->token, "A ByRef or ByRef-like type cannot be used as the type for %s.",
                           f->flags & FF_STATIC ? "a static field" : "an instance field in a non-ByRef-like type");
        f->kind = et;
        break;
    case ET_PTR: case ET_FNPTR:
        f->kind = et;
        break;
    case ET_GENERICINST:
        if (s.p + 1 < s.end && s.p[1] == ET_CLASS) {
            f->kind = ET_CLASS;
            break;
        }
        /* fall through */
    case ET_VALUETYPE: case ET_VAR: case ET_TYPEDBYREF: case ET_INTERNAL: {
        TypeHandle th = sig_read(&l->ctx, &s, true, e);
        if (!th)
            return false;
        f->kind = type_elem_kind(th);
        if (f->kind == ET_VALUETYPE || f->kind == ET_TYPEDBYREF || (th_is_valuetype(th) && et != ET_VAR))
            f->type = th;
        if (f->kind == ET_TYPEDBYREF)
            f->kind = ET_VALUETYPE;
        break;
    }
    default:
        if (et < ET_BOOLEAN || et > ET_U || (et > ET_R8 && et < ET_I))
            return err_set(e, ERR_BAD_IMAGE, f->token, "Bad type of field '%s'.", f->name);
        f->kind = et;
    }
    if (f->kind == ET_CLASS) {
        *p = (Place){f, 8, 8, PLACE_REF};
    } else if (f->kind == ET_VALUETYPE) {
        MtClass *k = ((MethodTable *)f->type)->klass;
        if (k->kflags & KF_NO_LAYOUT)
            return load_error_mt(e, (MethodTable *)f->type, "");
        *p = (Place){f, k->size, k->align, PLACE_VALUE};
        if (((MethodTable *)f->type)->flags & MTF_BYREF_LIKE && !l->is_byref_like && !(f->flags & FF_STATIC))
            return err_set(e, ERR_TYPE_LOAD, f->token,
                           "A ByRef or ByRef-like type cannot be used as the type for an instance field in a non-ByRef-like type.");
    } else {
        u32 n = prim_size(f->kind);
        *p = (Place){f, n, n, PLACE_PRIM};
    }
    f->size = p->size;
    return true;
}

static void place(Layout *l, Place *p, u32 *pos, bool packed)
{
    u32 align = packed && l->pack ? MIN(p->align, l->pack) : p->align;
    *pos = ALIGN_UP(*pos, align);
    p->f->offset = *pos;
    *pos += p->size;
}

/* Small fields into the parent's unaligned tail. */
static void fill_tail(Layout *l, Place *ps, u32 n, u32 *pos, u8 *done)
{
    u32 left[4] = {0}, refs = 0;
    for (u32 i = 0; i < n; i++) {
        if (ps[i].cls == PLACE_PRIM)
            left[__builtin_ctz(ps[i].size)]++;
        refs += ps[i].cls == PLACE_REF;
    }
    for (i32 i = 0; i < 3; i++) {
        if (*pos % (2u << i) == 0)
            continue;
        i32 j = i + 1;
        while (j <= 3 && !left[j] && !(j == 3 && refs))
            j++;
        if (j > 3)
            break;
        for (j = i; j >= 0 && !left[j]; j--)
            ;
        if (j < 0)
            break;
        i = j;
        for (u32 k = 0; k < n; k++)
            if (!done[k] && ps[k].cls == PLACE_PRIM && ps[k].size == 1u << i) {
                place(l, &ps[k], pos, false);
                done[k] = 1;
                break;
            }
        left[i]--;
    }
}

static void auto_layout(Layout *l, Place *ps, u32 n, u32 pos, u32 *align_out)
{
    u8 small[64] = {0}, *done = n > sizeof small ? base_calloc(n, 1) : small;
    u32 largest = 1;
    bool refs = false;
    if (pos % 8)
        fill_tail(l, ps, n, &pos, done);
    for (u32 size = 8; size; size /= 2) {
        if (size == 8)
            for (u32 i = 0; i < n; i++)
                if (ps[i].cls == PLACE_REF)
                    place(l, &ps[i], &pos, false);
        for (u32 i = 0; i < n; i++)
            if (ps[i].cls == PLACE_PRIM && ps[i].size == size && !done[i])
                place(l, &ps[i], &pos, false);
    }
    for (u32 i = 0; i < n; i++) {
        if (ps[i].cls == PLACE_VALUE) {
            place(l, &ps[i], &pos, false);
            refs |= mt_has_refs((MethodTable *)ps[i].f->type);
        }
        refs |= ps[i].cls == PLACE_REF;
        largest = MAX(largest, ps[i].cls == PLACE_VALUE ? ps[i].align : 8);
    }
    if (done != small)
        base_free(done);
    l->size = pos;
    *align_out = largest;
    if (pos <= 8) {
        *align_out = 1;
        while (*align_out < pos)
            *align_out *= 2;
    } else if (refs) {
        *align_out = 8;
    }
}

/* Each 8-byte word of an explicit layout holds references or other data, never both. */
static bool check_overlap(Layout *l, Place *ps, u32 n, u32 base, Err *e)
{
    u32 size = 0;
    for (u32 i = 0; i < n; i++)
        size = MAX(size, ps[i].f->offset - base + ps[i].size);
    bool any = false;
    for (u32 i = 0; i < n; i++)
        any |= ps[i].cls == PLACE_REF || ps[i].f->kind == ET_BYREF ||
               (ps[i].cls == PLACE_VALUE && (((MethodTable *)ps[i].f->type)->flags & (MTF_HAS_REFS | MTF_BYREF_LIKE)));
    if (!any)
        return true;
    u8 *map = base_calloc(size + 8, 1); /* 1: data, 2: reference, 4: managed pointer */
    bool ok = true;
    u32 bad = 0;
    for (u32 i = 0; i < n && ok; i++) {
        u32 at = ps[i].f->offset - base;
        for (u32 b = 0; b < ps[i].size && ok; b++) {
            u8 what = 1;
            if (ps[i].cls == PLACE_REF)
                what = 2;
            else if (ps[i].f->kind == ET_BYREF)
                what = 4;
            else if (ps[i].cls == PLACE_VALUE) {
                for (u32 r = 0; r < mt_num_runs((MethodTable *)ps[i].f->type); r++) {
                    const GcRun *run = mt_run((MethodTable *)ps[i].f->type, r);
                    if (b + 8 >= run->offset && b + 8 < run->offset + run->count * 8)
                        what = 2;
                }
                const MtClass *k = ((MethodTable *)ps[i].f->type)->klass;
                for (u32 r = 0; r < k->num_byrefs; r++)
                    if (b >= k->byrefs[r] && b < k->byrefs[r] + 8)
                        what = 4;
            }
            bool byrefs = ps[i].cls == PLACE_VALUE && (((MethodTable *)ps[i].f->type)->flags & MTF_BYREF_LIKE) &&
                          ((MethodTable *)ps[i].f->type)->klass->num_byrefs;
            if (byrefs && at % 8 != 0)
                ok = false;
            if ((what != 1 && at % 8 != 0) || (map[at + b] & ~what))
                ok = false;
            map[at + b] |= what;
            bad = at;
        }
    }
    base_free(map);
    if (ok)
        return true;
    char why[160];
    snprintf(why, sizeof why,
             " because it contains an object field at offset %u that is incorrectly aligned or overlapped by a non-object field", bad);
    return load_error(e, l->module, l->rid, why);
}

static bool place_fields(Layout *l, Place *ps, u32 n, Err *e)
{
    u32 base = l->parent && !l->is_valuetype ? l->parent->klass->size : 0, align = 1, pos = base;
    const MdImage *md = l->module->md;
    u32 row = (l->attrs & TD_LAYOUT) != TD_AUTO_LAYOUT ? md_class_layout_of(md, l->rid) : 0;
    u32 given = row ? md_ClassLayout_ClassSize(md, row) : 0;
    l->pack = row ? md_ClassLayout_PackingSize(md, row) : 0;
    bool refs = l->parent && !l->is_valuetype && mt_has_refs(l->parent);
    bool parent_auto = l->parent && !l->is_valuetype && l->parent->klass->depth > 0 && (l->parent->klass->kflags & KF_AUTO_LAYOUT);
    for (u32 i = 0; i < n; i++) {
        refs |= ps[i].cls == PLACE_REF || (ps[i].cls == PLACE_VALUE && mt_has_refs((MethodTable *)ps[i].f->type));
        align = MAX(align, l->pack ? MIN(ps[i].align, l->pack) : ps[i].align);
    }
    u32 kind = l->attrs & TD_LAYOUT;
    if (kind != TD_AUTO_LAYOUT && !l->is_valuetype && !l->module->assembly->trusted && l->parent && l->parent->klass->depth > 0 &&
        (l->parent->klass->attrs & TD_LAYOUT) == TD_AUTO_LAYOUT)
        return load_error(e, l->module, l->rid, " because the format is invalid");
    if (kind == TD_EXPLICIT_LAYOUT) {
        u32 end = base;
        for (u32 i = 0; i < n; i++) {
            u32 fl = md_field_layout_of(md, MD_RID(ps[i].f->token));
            if (!fl) {
                char why[300];
                snprintf(why, sizeof why, " because field '%.200s' was not given an explicit offset", ps[i].f->name);
                return load_error(e, l->module, l->rid, why);
            }
            u32 off = md_FieldLayout_Offset(md, fl);
            if (off > 0x7ffffff)
                return load_error(e, l->module, l->rid, " because a field's offset is too large");
            ps[i].f->offset = base + off;
            end = MAX(end, base + off + ps[i].size);
        }
        if (!check_overlap(l, ps, n, base, e))
            return false;
        l->size = end;
        l->flags2 |= MT2_EXPLICIT_LAYOUT | (refs ? 0 : MT2_SEQ_BLITTABLE);
    } else if (kind == TD_SEQUENTIAL_LAYOUT && !refs && !parent_auto) {
        for (u32 i = 0; i < n; i++)
            place(l, &ps[i], &pos, true);
        l->size = pos;
        l->kflags |= KF_SEQUENTIAL;
        l->flags2 |= MT2_SEQ_BLITTABLE;
    } else {
        auto_layout(l, ps, n, pos, &align);
        l->kflags |= KF_AUTO_LAYOUT;
        given = 0;
    }
    if (l->size > 0x7ffffff)
        return load_error(e, l->module, l->rid, " because it is too large");
    if (given)
        l->size = MAX(l->size, base + given);
    else if (l->is_valuetype || !(l->kflags & KF_AUTO_LAYOUT))
        l->size = base + ALIGN_UP(l->size - base, align);
    if (l->is_valuetype && l->size == 0)
        l->size = 1;
    if (refs && l->is_valuetype)
        l->size = ALIGN_UP(l->size, 8u);
    l->align = align;
    return true;
}

static void collect_runs(Layout *l, Place *ps, u32 n)
{
    if (l->parent && !l->is_valuetype)
        for (u32 i = 0, k = mt_num_runs(l->parent); i < k; i++)
            runs_add(&l->runs, mt_run(l->parent, i)->offset, mt_run(l->parent, i)->count);
    for (u32 i = 0; i < n; i++) {
        Field *f = ps[i].f;
        if (ps[i].cls == PLACE_REF)
            runs_add(&l->runs, 8 + f->offset, 1);
        else if (f->kind == ET_BYREF)
            vec_push(&l->byrefs, f->offset);
        else if (ps[i].cls == PLACE_VALUE) {
            MethodTable *mt = (MethodTable *)f->type;
            add_value_runs(&l->runs, mt, 8 + f->offset);
            for (u32 j = 0; j < mt->klass->num_byrefs; j++)
                vec_push(&l->byrefs, f->offset + mt->klass->byrefs[j]);
        }
    }
}

static bool repeat_inline(Layout *l, Err *e)
{
    u32 one = l->size, n = l->inline_length;
    if (l->num_instance != 1)
        return load_error(e, l->module, l->rid, " because the inline array struct does not have exactly one field");
    if ((l->attrs & TD_LAYOUT) == TD_EXPLICIT_LAYOUT)
        return load_error(e, l->module, l->rid, " because the inline array has explicit layout");
    if ((u64)one * n > 1024 * 1024)
        return load_error(e, l->module, l->rid, " because the value type is too large");
    RunVec first = l->runs;
    memset(&l->runs, 0, sizeof l->runs);
    for (u32 i = 0; i < n; i++)
        for (u32 j = 0; j < first.len; j++)
            runs_add(&l->runs, first.data[j].offset + i * one, first.data[j].count);
    vec_free(&first);
    for (u32 i = 1, k = l->byrefs.len; i < n; i++)
        for (u32 j = 0; j < k; j++)
            vec_push(&l->byrefs, l->byrefs.data[j] + i * one);
    l->size = one * n;
    return true;
}

static void int128_alignment(Layout *l, Place *ps, u32 n)
{
    for (u32 i = 0; i < n; i++)
        if (ps[i].cls == PLACE_VALUE && (((MethodTable *)ps[i].f->type)->klass->kflags & KF_INT128))
            l->kflags |= KF_INT128;
    const MdImage *md = l->module->md;
    if (!l->module->assembly->is_corelib || !l->is_valuetype)
        return;
    const char *name = md_typedef_name(md, l->rid), *ns = md_typedef_namespace(md, l->rid);
    if (strcmp(ns, "System") == 0 && (strcmp(name, "Int128") == 0 || strcmp(name, "UInt128") == 0)) {
        l->kflags |= KF_INT128;
        l->align = 16;
    } else if (strncmp(name, "Vector", 6) == 0) {
        if (strcmp(ns, "System.Runtime.Intrinsics") == 0) {
            u32 bits = (u32)atoi(name + 6);
            if (strchr(name, '`') && bits >= 64)
                l->align = MIN(bits / 8, 32);
            if (bits == 512)
                l->align = 64;
        }
    }
}

static bool bad_enum_field(const Layout *l, Err *e)
{
    char full[256], display[300];
    md_type_full_name(l->module->md, MD_TOKEN(MDT_TypeDef, l->rid), full, sizeof full);
    assembly_display(l->module->assembly, display, sizeof display);
    return err_set(e, ERR_TYPE_LOAD, 0, "Type '%s' from assembly '%s' has a field of an illegal type.", full, display);
}

bool layout_fields(Layout *l, bool open, Err *e)
{
    const MdImage *md = l->module->md;
    Place small[48], *ps = l->num_fields > ARRAY_LEN(small) ? base_malloc(l->num_fields * sizeof *ps) : small;
    u32 n = 0;
    bool ok = true;
    l->num_instance = 0;
    for (u32 i = 0; i < l->num_fields && ok; i++) {
        u32 rid = md_field_at(md, l->first_field + i), attrs = md_Field_Flags(md, rid);
        Field *f = &l->fields[i];
        f->token = MD_TOKEN(MDT_Field, rid);
        f->attrs = (u16)attrs;
        f->flags = (u16)((attrs & FD_STATIC ? FF_STATIC : 0) | (attrs & FD_LITERAL ? FF_LITERAL : 0) |
                         (attrs & FD_INIT_ONLY ? FF_INITONLY : 0) | (attrs & FD_HAS_RVA ? FF_RVA : 0));
        f->name = md_field_name(md, rid);
        f->type = 0;
        f->sig = md_blob(md, md_Field_Signature(md, rid), &f->sig_len);
        if ((attrs & FD_ACCESS) > FD_PUBLIC) {
            ok = err_set(e, ERR_TYPE_LOAD, 0, "Invalid Field Access Flags.");
            break;
        }
        if (!l->module->assembly->trusted && !l->ctx.num_class_args &&
            !field_well_formed(l->module, l->rid, md_generic_count(md, MD_TOKEN(MDT_TypeDef, l->rid)), rid, e)) {
            ok = false;
            break;
        }
        if (attrs & FD_STATIC)
            continue;
        l->num_instance++;
        if (l->attrs & TD_INTERFACE) {
            ok = err_set(e, ERR_TYPE_LOAD, 0, "Instance Field in an Interface.");
            break;
        }
        if (open && !l->is_enum)
            continue;
        ok = read_field_type(l, f, &ps[n], e);
        n++;
    }
    if (ok && l->is_enum) {
        if (n == 0)
            ok = err_set(e, ERR_TYPE_LOAD, 0, "No Instance Field in an Enum.");
        else if (n != 1 || ps[0].cls != PLACE_PRIM || ps[0].f->kind == ET_PTR || ps[0].f->kind == ET_FNPTR)
            ok = bad_enum_field(l, e);
        else
            l->underlying = ps[0].f->kind;
    }
    if (ok && !(open && !l->is_enum)) {
        ok = place_fields(l, ps, n, e);
        if (ok) {
            collect_runs(l, ps, n);
            int128_alignment(l, ps, n);
            if (l->inline_length)
                ok = repeat_inline(l, e);
        }
    }
    if (ps != small)
        base_free(ps);
    return ok;
}

void layout_free(Layout *l)
{
    vec_free(&l->runs);
    vec_free(&l->byrefs);
}

/* --- Statics ------------------------------------------------------------------------------------------------------------ */
static bool static_kind(MtClass *k, Field *f, u32 *size, u32 *align, bool *refs, Err *e)
{
    Layout l = {.module = k->mt->module, .rid = MD_RID(k->token), .ctx = context_of(k->mt), .is_byref_like = true};
    Place p;
    if (!read_field_type(&l, f, &p, e))
        return false;
    bool by_ref_like = p.cls == PLACE_VALUE && (((MethodTable *)f->type)->flags & MTF_BYREF_LIKE); /* a variable that stands for one */
    if (by_ref_like && f->type != th_of(type_wk(WK_TYPEDREFERENCE)))                              /* that one loads, and cannot be used */
        return err_set(e, ERR_TYPE_LOAD, f->token, "A ByRef or ByRef-like type cannot be used as the type for a static field.");
    *size = p.size;
    *align = MIN(p.align, 16u);
    *refs = p.cls == PLACE_REF || (p.cls == PLACE_VALUE && mt_has_refs((MethodTable *)f->type));
    return true;
}

typedef struct StaticBlock {
    u32 pos;
    RunVec runs;
} StaticBlock;

/* References and values that hold some come first, then the rest by size; field order within each. */
static bool lay_block(MtClass *k, u16 flag, StaticBlock *b, Err *e)
{
    for (u32 pass = 0; pass < 6; pass++) {
        static const u32 sizes[] = {0, 16, 8, 4, 2, 1};
        for (u32 i = 0; i < k->num_fields; i++) {
            Field *f = &k->fields[i];
            u32 size, align;
            bool refs;
            if (!(f->flags & FF_STATIC) || (f->flags & (FF_LITERAL | FF_RVA)) || (f->flags & FF_THREAD_STATIC) != flag)
                continue;
            if (!static_kind(k, f, &size, &align, &refs, e))
                return false;
            if (pass == 0 ? !refs : align != sizes[pass] || refs)
                continue;
            b->pos = ALIGN_UP(b->pos, align);
            f->offset = b->pos;
            b->pos += size;
            if (f->kind == ET_CLASS)
                runs_add(&b->runs, f->offset, 1);
            else if (refs)
                add_value_runs(&b->runs, (MethodTable *)f->type, f->offset);
        }
    }
    return true;
}

/* Data in the image: all of it is there, and holds no references. */
static bool data_ok(MtClass *k, const Field *f, u32 size, bool refs, Err *e)
{
    Module *m = k->mt->module;
    u32 start, section;
    if (m->assembly->trusted || !m->pe)
        return true;
    if (refs || !pe_section_of(m->pe, f->offset, &start, &section) || (u64)f->offset - start + size > section)
        return load_error(e, m, MD_RID(k->token),
                          refs ? " because data of the image would hold references" : " because a field's data lies outside the image");
    return true;
}

bool statics_layout(MtClass *k, Err *e)
{
    if (__atomic_load_n(&k->kflags, __ATOMIC_ACQUIRE) & KF_STATICS_DONE)
        return true;
    MethodTable *mt = k->mt;
    const MdImage *md = mt->module->md;
    StaticBlock normal = {0}, tls = {0};
    bool any = false;
    for (u32 i = 0; i < k->num_fields; i++) {
        Field *f = &k->fields[i];
        if (!(f->flags & FF_STATIC))
            continue;
        f->mt = mt;
        if (f->flags & FF_RVA) {
            u32 row = md_field_rva_of(md, MD_RID(f->token)), size, align;
            bool refs;
            f->offset = row ? md_FieldRVA_RVA(md, row) : 0;
            if (!type_is_open(th_of(mt)) && (!static_kind(k, f, &size, &align, &refs, e) || !data_ok(k, f, size, refs, e)))
                return false;
        } else if (!(f->flags & FF_LITERAL)) {
            any = true;
            if (md_has_attribute(md, f->token, "System", "ThreadStaticAttribute"))
                f->flags |= FF_THREAD_STATIC;
        }
    }
    bool ok = true;
    if (any && !(mt->flags & MTF_HAS_GENERIC_VARS))
        ok = lay_block(k, 0, &normal, e) && lay_block(k, FF_THREAD_STATIC, &tls, e);
    if (ok) {
        LoadContext *alc = alc_of(mt);
        k->statics_size = normal.pos;
        k->tls_size = tls.pos;
        k->num_statics_runs = normal.runs.len;
        k->num_tls_runs = tls.runs.len;
        k->statics_runs = type_alloc(alc, HEAP_COLD, normal.runs.len * sizeof(GcRun));
        k->tls_runs = type_alloc(alc, HEAP_COLD, tls.runs.len * sizeof(GcRun));
        if (normal.runs.len)
            memcpy(k->statics_runs, normal.runs.data, normal.runs.len * sizeof(GcRun));
        if (tls.runs.len)
            memcpy(k->tls_runs, tls.runs.data, tls.runs.len * sizeof(GcRun));
        if (normal.pos)
            mt_or_flags2(mt, MT2_HAS_STATICS);
        if (tls.pos)
            mt_or_flags2(mt, MT2_HAS_THREAD_STATICS);
        __atomic_fetch_or(&k->kflags, KF_STATICS_DONE, __ATOMIC_RELEASE);
    }
    vec_free(&normal.runs);
    vec_free(&tls.runs);
    return ok;
}

/* --- Asking ------------------------------------------------------------------------------------------------------------- */
u8 type_elem_kind(TypeHandle th)
{
    if (th_is_desc(th)) {
        switch (th_desc(th)->kind) {
        case TD_PTR: return ET_PTR;
        case TD_BYREF: return ET_BYREF;
        case TD_FNPTR: return ET_FNPTR;
        default: return th_desc(th)->kind == TD_VAR ? ET_VAR : ET_MVAR;
        }
    }
    MethodTable *mt = (MethodTable *)th;
    if (!mt_is_valuetype(mt))
        return ET_CLASS;
    return mt->klass->underlying ? mt->klass->underlying : mt->klass->elem_kind;
}

u32 type_size(TypeHandle th)
{
    if (th_is_valuetype(th))
        return ((MethodTable *)th)->klass->elem_kind == ET_VOID ? 0 : ((MethodTable *)th)->klass->size;
    return 8;
}
u32 type_align(TypeHandle th) { return th_is_valuetype(th) ? ((MethodTable *)th)->klass->align : 8; }

u32 type_value_refs(MethodTable *mt, TypeRefRun *out, u32 cap)
{
    u32 n = 0;
    for (u32 i = 0, k = mt_num_runs(mt); i < k; i++)
        for (u32 j = 0; j < mt_run(mt, i)->count; j++, n++)
            if (n < cap)
                out[n] = (TypeRefRun){mt_run(mt, i)->offset - 8 + j * 8, false};
    for (u32 i = 0; i < mt->klass->num_byrefs; i++, n++)
        if (n < cap)
            out[n] = (TypeRefRun){mt->klass->byrefs[i], true};
    return n;
}

/* --- SysV AMD64 classes (§3.2.3) --------------------------------------------------------------------------------------- */
/* A struct larger than its only field, a primitive at its start, stands for an array of them: what a fixed buffer becomes. */
static u32 implied_repeats(const MtClass *k)
{
    const Field *only = NULL;
    for (u32 i = 0; i < k->num_fields; i++) {
        if (k->fields[i].flags & FF_STATIC)
            continue;
        if (only)
            return 1;
        only = &k->fields[i];
    }
    bool primitive = only && ((only->kind >= ET_BOOLEAN && only->kind <= ET_R8) || only->kind == ET_I || only->kind == ET_U);
    return primitive && only->offset == 0 && k->size > only->size && k->size % only->size == 0 ? k->size / only->size : 1;
}

static bool classify(MethodTable *mt, u32 at, u8 cls[2])
{
    MtClass *k = mt->klass;
    u32 repeat = k->inline_array_length ? k->inline_array_length : implied_repeats(k), one = k->size / repeat;
    for (u32 i = 0; i < k->num_fields; i++) {
        Field *f = &k->fields[i];
        if (f->flags & FF_STATIC)
            continue;
        for (u32 r = 0; r < repeat; r++) {
            u32 off = at + f->offset + r * one;
            if (off >= 16)
                return false;
            if (f->kind == ET_VALUETYPE) {
                if (!classify((MethodTable *)f->type, off, cls))
                    return false;
                continue;
            }
            if (off % f->size)
                return false;
            u8 c = f->kind == ET_R4 || f->kind == ET_R8 ? ABI_SSE : ABI_INT;
            if (cls[off / 8] != ABI_INT)
                cls[off / 8] = c;
        }
    }
    return true;
}

const TypeAbi *type_abi(MethodTable *mt)
{
    MtClass *k = mt->klass;
    TypeAbi *a = __atomic_load_n(&k->abi, __ATOMIC_ACQUIRE);
    if (a)
        return a;
    TypeAbi r = {0};
    u8 cls[2] = {0};
    if (k->size <= 16 && k->num_instance_fields && classify(mt, 0, cls)) {
        r.n = k->size > 8 ? 2 : 1;
        for (u32 i = 0; i < r.n; i++) {
            r.cls[i] = cls[i] ? cls[i] : ABI_INT;
            r.bytes[i] = (u8)MIN(8u, k->size - i * 8);
        }
    } else {
        r.cls[0] = ABI_MEMORY;
    }
    type_lock();
    if (!k->abi) {
        a = type_alloc(alc_of(mt->klass->mt), HEAP_COLD, sizeof *a); /* exact types share the canonical one's */
        *a = r;
        __atomic_store_n(&k->abi, a, __ATOMIC_RELEASE);
    }
    type_unlock();
    return k->abi;
}
