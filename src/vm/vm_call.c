/* vm_call.c: calling managed methods from C: arguments placed by signature (System V, D5), results read back.
 * In: cooperative mode.  The argument values are copied out before anything runs.
 * Not here: the entry stub (code/x64/code_entry.S).  Book: vm.md  Tests: tests/app */
#include "vm/vm_code.h"

typedef struct Place {
    u32 gpr, xmm, stack; /* stack in words */
} Place;
typedef struct Where {
    u8 n;          /* registers; 0: stack */
    u8 is_xmm[2], reg[2], bytes[2];
    u32 stack;     /* word index */
    u32 size;
} Where;

static void place(Place *p, u8 et, TypeHandle th, Where *w)
{
    *w = (Where){.size = 8};
    if (et == ET_VALUETYPE || et == ET_TYPEDBYREF) {
        TypeAbi refany = {2, {ABI_INT, ABI_INT}, {8, 8}};
        const TypeAbi *abi = et == ET_TYPEDBYREF ? &refany : type_abi(th_mt(th));
        w->size = et == ET_TYPEDBYREF ? 16 : type_size(th);
        u32 g = 0, x = 0;
        for (u32 i = 0; i < abi->n; i++)
            abi->cls[i] == ABI_SSE ? x++ : g++;
        if (abi->n && p->gpr + g <= 6 && p->xmm + x <= 8) {
            w->n = abi->n;
            for (u32 i = 0; i < abi->n; i++) {
                w->is_xmm[i] = abi->cls[i] == ABI_SSE;
                w->reg[i] = (u8)(w->is_xmm[i] ? p->xmm++ : p->gpr++);
                w->bytes[i] = abi->bytes[i];
            }
            return;
        }
    } else if (et == ET_R4 || et == ET_R8) {
        w->size = et == ET_R4 ? 4 : 8;
        if (p->xmm < 8) {
            w->n = 1;
            w->is_xmm[0] = 1;
            w->reg[0] = (u8)p->xmm++;
            w->bytes[0] = (u8)w->size;
            return;
        }
    } else if (p->gpr < 6) {
        w->n = 1;
        w->reg[0] = (u8)p->gpr++;
        w->bytes[0] = 8;
        return;
    }
    if (et == ET_VALUETYPE && type_align(th) == 16)
        p->stack = ALIGN_UP(p->stack, 2u);
    w->stack = p->stack;
    p->stack += ALIGN_UP(w->size, 8u) / 8;
}

static bool returns_in_memory(const SigType *r) { return r->kind == ET_VALUETYPE && type_abi(th_mt(r->th))->n == 0; }

static u64 widen(u8 et, const void *p)
{
    switch (et) {
    case ET_BOOLEAN: case ET_U1: return *(const u8 *)p;
    case ET_I1: return (u64)(u32)(i32) * (const i8 *)p;
    case ET_CHAR: case ET_U2: return *(const u16 *)p;
    case ET_I2: return (u64)(u32)(i32) * (const i16 *)p;
    case ET_I4: case ET_U4: return *(const u32 *)p;
    default: return *(const u64 *)p;
    }
}

u32 vm_stack_words(const MethodSig *sig, bool native, bool has_this)
{
    Place p = {.gpr = (u32)(returns_in_memory(&sig->ret) + (has_this && !native))};
    Where w;
    for (u32 i = 0; i < sig->num_params; i++)
        place(&p, sig->params[i].kind, sig->params[i].th, &w);
    return p.stack;
}

static void store_arg(CodeCallArgs *a, u64 *stack, const Where *w, u8 et, const void *value)
{
    if (et != ET_VALUETYPE && et != ET_TYPEDBYREF && et != ET_R4 && et != ET_R8) {
        u64 v = widen(et, value);
        if (w->n)
            a->gpr[w->reg[0]] = v;
        else
            stack[w->stack] = v;
        return;
    }
    if (!w->n) {
        memcpy(stack + w->stack, value, w->size);
        return;
    }
    for (u32 i = 0; i < w->n; i++) {
        u64 v = 0;
        memcpy(&v, (const char *)value + i * 8, MIN(w->bytes[i], w->size - i * 8));
        if (w->is_xmm[i])
            memcpy(&a->xmm[w->reg[i]], &v, 8);
        else
            a->gpr[w->reg[i]] = v;
    }
}

static void store_result(const SigType *r, const CodeCallArgs *a, void *out)
{
    u64 v = a->ret_gpr[0];
    switch (r->kind) {
    case ET_VOID: return;
    case ET_BOOLEAN: case ET_I1: case ET_U1: *(u8 *)out = (u8)v; return;
    case ET_CHAR: case ET_I2: case ET_U2: *(u16 *)out = (u16)v; return;
    case ET_I4: case ET_U4: *(u32 *)out = (u32)v; return;
    case ET_R4: memcpy(out, &a->ret_xmm[0], 4); return;
    case ET_R8: memcpy(out, &a->ret_xmm[0], 8); return;
    case ET_TYPEDBYREF: memcpy(out, a->ret_gpr, 16); return;
    case ET_VALUETYPE: {
        const TypeAbi *abi = type_abi(th_mt(r->th));
        u32 size = type_size(r->th), g = 0, x = 0;
        u64 words[2] = {0, 0};
        for (u32 i = 0; i < abi->n; i++) {
            if (abi->cls[i] == ABI_SSE)
                memcpy(&words[i], &a->ret_xmm[x++], 8);
            else
                words[i] = a->ret_gpr[g++];
        }
        if (gc_in_heap(out) && mt_has_refs(th_mt(r->th)))
            gc_copy_refs(out, words, size);
        else
            memcpy(out, words, size);
        return;
    }
    case ET_CLASS:
        gc_in_heap(out) ? gc_store_ref(out, (Object *)v) : (void)(*(u64 *)out = v);
        return;
    default: *(u64 *)out = v;
    }
}

bool vm_call_flags(Thread *t, Method *m, void **args, void *result, u64 entry_flags)
{
    enum { STACK_MAX = 256 };
    Err e = {0};
    const MethodSig *sig = type_method_sig(m, &e);
    if (!sig)
        return vm_throw_err(t, &e);
    void *entry = vm_method_code(t, m);
    if (!entry)
        return false;
    CodeCallArgs a;
    memset(&a, 0, sizeof a);
    bool has_this = !(m->flags & MF_STATIC), in_memory = returns_in_memory(&sig->ret);
    u32 words = vm_stack_words(sig, false, has_this);
    u64 few[STACK_MAX], *stack = words > STACK_MAX ? base_malloc(words * 8) : few; /* beyond: references there move only at a stop */
    u64 ret_few[64], *ret = ret_few;
    u32 ret_size = in_memory ? type_size(sig->ret.th) : 0;
    if (in_memory && (result == NULL || gc_in_heap(result)) && ret_size > sizeof ret_few)
        ret = base_calloc(1, ret_size);
    void *ret_to = in_memory && result && !gc_in_heap(result) ? result : ret;
    Place p = {0};
    u32 k = 0;
    if (has_this)
        a.gpr[p.gpr++] = *(u64 *)args[k++];
    if (in_memory)
        a.gpr[p.gpr++] = (u64)(uintptr_t)ret_to;
    for (u32 i = 0; i < sig->num_params; i++) {
        Where w;
        place(&p, sig->params[i].kind, sig->params[i].th, &w);
        store_arg(&a, stack, &w, sig->params[i].kind, args[k++]);
    }
    a.stack = stack;
    a.num_stack = p.stack;
    bool ok = code_call_flags(t, entry, &a, entry_flags);
    if (ok && result && !in_memory)
        store_result(&sig->ret, &a, result);
    else if (ok && result && ret_to == ret)
        gc_copy_refs(result, ret, ret_size);
    if (ret != ret_few)
        base_free(ret);
    if (stack != few)
        base_free(stack);
    return ok;
}

bool vm_call(Thread *t, Method *m, void **args, void *result) { return vm_call_flags(t, m, args, result, ENTRY_CATCHES); }

bool vm_call_void(Thread *t, CoreMethod id, void **args)
{
    bool ok;
    if (t->mode == THREAD_COOPERATIVE)
        return vm_call(t, vm_core_method(id), args, NULL);
    thread_enter_cooperative(t);
    ok = vm_call(t, vm_core_method(id), args, NULL);
    thread_enter_preemptive(t);
    return ok;
}
