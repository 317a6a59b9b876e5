/* corelib_memory.c: calls of Buffer, Array and String.  Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

CALL(void, corelib_mem_move, void *dst, const void *src, size_t n)
{
    memmove(dst, src, n);
}

CALL(void, corelib_mem_clear, void *p, size_t n)
{
    memset(p, 0, n);
}

CALL(void, corelib_bulk_move, void *dst, const void *src, size_t n)
{
    gc_copy_refs(dst, src, n);
}

/* --- Arrays ----------------------------------------------------------------------------------------------------------- */
CALL(u32, corelib_array_elem_type, Object *array)
{
    TypeHandle elem = array->mt->elem;
    if (th_is_desc(elem))
        return th_desc(elem)->flags & 0xff;
    return type_elem_kind(elem);
}

/* Room for n elements of the array type, counting what does not fit in 31 bits as out of memory. */
static Object *new_szarray(Thread *t, MethodTable *mt, i64 n, u32 flags)
{
    if (n < 0) {
        vm_throw(t, VM_ERR_OVERFLOW);
        return NULL;
    }
    if (n > 0x7fffffc7) {
        vm_throwf(t, VM_ERR_OUT_OF_MEMORY, "Array dimensions exceeded supported range.");
        return NULL;
    }
    Object *o = gc_alloc_array(t, mt, (u32)n, flags);
    if (UNLIKELY(!o))
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
    return o;
}

/* Array data starts after lengths[rank] and lower bounds[rank]; base_size holds both and the header word. */
static Object *new_mdarray(Thread *t, MethodTable *mt, u32 rank, const i32 *lengths, const i32 *bounds)
{
    u64 total = 1;
    for (u32 i = 0; i < rank; i++) {
        if (lengths[i] < 0) {
            vm_throw(t, VM_ERR_OVERFLOW);
            return NULL;
        }
        if (bounds && (i64)bounds[i] + lengths[i] - 1 > INT32_MAX) {
            vm_throw_arg(t, VM_ERR_ARGUMENT_RANGE, NULL, "Higher indices will exceed Int32.MaxValue because of large lower bound and/or length.");
            return NULL;
        }
        total *= (u32)lengths[i];
        if (total > 0x7fffffff) {
            vm_throwf(t, VM_ERR_OUT_OF_MEMORY, "Array dimensions exceeded supported range.");
            return NULL;
        }
    }
    Object *o = gc_alloc_array(t, mt, (u32)total, 0);
    if (!o) {
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
        return NULL;
    }
    i32 *len = (i32 *)((char *)o + ARRAY_DATA), *low = len + rank;
    for (u32 i = 0; i < rank; i++) {
        len[i] = lengths[i];
        low[i] = bounds ? bounds[i] : 0;
    }
    return o;
}

static Object *create_instance(Thread *t, TypeHandle elem, u32 rank, const i32 *lengths, const i32 *bounds, bool from_array_type)
{
    Err e = {0};
    TypeHandle th = elem;
    if (!from_array_type) {
        bool sz = rank == 1 && (!bounds || bounds[0] == 0);
        th = sz ? type_szarray_of(elem, &e) : type_mdarray_of(elem, rank, &e);
        if (!th) {
            vm_throw_err(t, &e);
            return NULL;
        }
    }
    MethodTable *mt = th_mt(th);
    return mt_is_szarray(mt) ? new_szarray(t, mt, lengths[0], 0) : new_mdarray(t, mt, rank, lengths, bounds);
}

CALL(void, corelib_array_create, QCallTypeHandle type, i32 rank, i32 *lengths, i32 *bounds, i32 from_array_type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    TypeHandle th = type.th;
    bool bad = false;
    if (from_array_type && type_is_open(th)) {
        vm_throwf(t, VM_ERR_NOT_SUPPORTED, "Cannot create arrays of open type.");
        bad = true;
    } else if (!from_array_type && th_is_desc(th)) {
        u32 kind = th_desc(th)->kind;
        if (kind == TD_BYREF || kind == TD_VAR || kind == TD_MVAR) {
            vm_throwf(t, VM_ERR_NOT_SUPPORTED, "Type is not supported.");
            bad = true;
        }
    } else if (!from_array_type && (th == th_of(type_wk(WK_VOID)) ||
                                    (th_is_valuetype(th) && th_mt(th)->flags & MTF_BYREF_LIKE) || type_is_open(th))) {
        vm_throwf(t, VM_ERR_NOT_SUPPORTED, "%s",
                  th == th_of(type_wk(WK_VOID)) ? "Arrays of System.Void are not supported." :
                  type_is_open(th) ? "Cannot create arrays of open type." : "Cannot create arrays of ByRef-like values.");
        bad = true;
    }
    if (!bad) {
        Object *o = create_instance(t, th, (u32)rank, lengths, bounds, from_array_type != 0);
        if (o)
            qc_set_object(out, o);
    }
    QCALL_END(t);
}

/* args: rank lengths, or rank pairs of lower bound and length. */
CALL(void, corelib_array_create_md, MethodTable *mt, u32 n, i32 *args, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    i32 lengths[32], bounds[32];
    u32 rank = mt->klass->rank;
    bool pairs = n == 2 * rank && n != rank;
    for (u32 i = 0; i < rank; i++) {
        lengths[i] = pairs ? args[2 * i + 1] : args[i];
        bounds[i] = pairs ? args[2 * i] : 0;
    }
    Object *o = mt_is_szarray(mt) ? new_szarray(t, mt, lengths[0], 0) : new_mdarray(t, mt, rank, lengths, bounds);
    if (o)
        qc_set_object(out, o);
    QCALL_END(t);
}

/* Entry of the parameterless constructor of a value type, over a byref to the element; 0: it has none. */
CALL(void *, corelib_array_elem_ctor, QCallTypeHandle type)
{
    QCALL_BEGIN(t);
    TypeHandle th = type.th;
    MethodTable *elem = th_is_desc(th) ? NULL : mt_is_array(th_mt(th)) ? th_mt(th_mt(th)->elem) : th_mt(th);
    Method *m = elem && mt_is_valuetype(elem) ? type_method_by_name(elem, ".ctor", 0) : NULL;
    void *entry = m ? vm_method_entry(t, m) : NULL;
    QCALL_END(t);
    return entry;
}

/* --- Strings ---------------------------------------------------------------------------------------------------------- */
CALL(Object *, corelib_string_alloc, MethodTable *mt, i64 length)
{
    Thread *t = thread_current();
    if (length < 0 || length > 0x3fffffdf) {
        vm_throwf(t, VM_ERR_OUT_OF_MEMORY, "Insufficient memory to continue the execution of the program.");
        return NULL;
    }
    Object *o = gc_alloc_array(t, mt, (u32)length, 0);
    if (UNLIKELY(!o))
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
    return o;
}

CALL(void, corelib_string_intern, StringHandleOnStack s)
{
    QCALL_BEGIN(t);
    qc_set_string(s, vm_string_intern(t, *s.ptr, true));
    QCALL_END(t);
}

CALL(void, corelib_string_is_interned, StringHandleOnStack s)
{
    QCALL_BEGIN(t);
    qc_set_string(s, vm_string_intern(t, *s.ptr, false));
    QCALL_END(t);
}
