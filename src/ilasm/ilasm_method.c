/* ilasm_method.c: the statements of a method. */
#include "ilasm/ilasm_int.h"

/* Past the statement in error, to what looks like the next one */
static void resync(Asm *a)
{
    a->panic = false;
    for (;; ia_next(a)) {
        const Tok *t = ia_tok(a);
        if (t->kind == T_EOF || t->kind == '}' || t->kind == '{' || (t->kw & K_OPCODE) || ia_is_decl(t->kw)) return;
        if ((t->kind == T_ID || t->kind == T_SQ) && ia_ahead(a, 1)->kind == ':') return;
    }
}

static void override(Asm *a)
{
    u32 at = a->at, decl;
    const Method *m = &a->methods.data[a->method];
    ia_next(a);
    if (ia_take_kw(a, K_method)) {
        decl = ia_method_ref(a, false);
    } else {
        u32 owner = ia_typespec(a), name;
        if (!owner || !ia_want(a, T_DCOLON, "'::' and a method") || !(name = ia_method_name(a))) return;
        decl = ia_member_ref(a, owner, name, m->m.sig, false, at);
    }
    u32 coded = mdw_coded(MDK_MethodDefOrRef, ia_named_method(a, decl));
    if (!decl) return;
    if (!coded) {
        ia_fail(a, at, "what is overridden is a method without arguments for its generic parameters");
        return;
    }
    MDW_ADD(a->w, MethodImpl, a->cls, mdw_coded(MDK_MethodDefOrRef, MD_TOKEN(MDT_MethodDef, a->method)), coded);
}

static void entry_point(Asm *a)
{
    if (a->entry_set) {
        ia_fail(a, a->at, "a second .entrypoint");
        return;
    }
    a->entry_set = true;
    a->entry = MD_TOKEN(MDT_MethodDef, a->method);
    ia_next(a);
}

static void vtentry(Asm *a)
{
    SlotEntry e = {.method = a->method, .tok = a->at};
    ia_next(a);
    if (ia_want_int32(a, &e.table) && ia_want(a, ':', "':'") && ia_want_int32(a, &e.slot)) vec_push(&a->slots, e);
}

static void export_method(Asm *a)
{
    u32 at = a->at;
    SlotEntry *e = NULL;
    ia_next(a);
    for (u32 i = 0; i < a->slots.len; i++)
        if (a->slots.data[i].method == a->method && !a->slots.data[i].exported) e = &a->slots.data[i];
    if (!e) {
        vec_push(&a->slots, ((SlotEntry){.method = a->method, .tok = at}));
        e = &vec_last(&a->slots);
    }
    e->exported = true;
    if (!ia_want(a, '[', "'['") || !ia_want_int32(a, &e->ordinal) || !ia_want(a, ']', "']'")) return;
    e->name = a->methods.data[a->method].m.name;
    if (ia_take_kw(a, K_as)) e->name = ia_want_name(a);
}

/* .param [n] = value: what follows belongs to the parameter. */
static void param(Asm *a)
{
    u32 n, at = a->at;
    ia_next(a);
    if (ia_kw(a, K_type) || ia_kw(a, K_constraint)) {
        ia_param_directive(a, a->method);
        return;
    }
    if (!ia_want(a, '[', "'[', 'type' or 'constraint'") || !ia_want_int32(a, &n) || !ia_want(a, ']', "']'")) return;
    if (n > a->methods.data[a->method].param_count) {
        ia_fail(a, at, "the method has %u parameters only", a->methods.data[a->method].param_count);
        return;
    }
    u32 rid = mdw_find_param(a->w, a->method, n);
    if (!rid) return;
    a->owner = MD_TOKEN(MDT_Param, rid);
    if (ia_init_opt(a, a->owner)) mdw_set(a->w, MDT_Param, rid, MDC_Param_Flags, md_Param_Flags(mdw_image(a->w), rid) | PD_HAS_DEFAULT);
}

static void directive(Asm *a, u32 kw)
{
    u32 v;
    switch (kw) {
    case K_d_maxstack:
        ia_next(a);
        if (!ia_want_int32(a, &v)) return;
        if (v > 0xFFFF) ia_fail(a, a->at - 1, "the stack has at most 65535 places");
        else ia_max_stack(a, v);
        break;
    case K_d_locals: ia_locals(a); break;
    case K_d_try: ia_try(a); break;
    case K_d_line: case K_d_hashline: ia_line(a); break;
    case K_d_custom: ia_custom(a); break;
    case K_d_param: param(a); break;
    case K_d_override: override(a); break;
    case K_d_entrypoint: entry_point(a); break;
    case K_d_zeroinit: ia_next(a); ia_zero_init(a); break;
    case K_d_emitbyte:
        ia_next(a);
        if (ia_want_int32(a, &v)) ia_emit_byte(a, v);
        break;
    case K_d_permission: case K_d_permissionset: ia_security(a, MD_TOKEN(MDT_MethodDef, a->method)); break;
    case K_d_language: ia_language(a); break;
    case K_d_data: ia_data(a); break;
    case K_d_vtentry: vtentry(a); break;
    case K_d_export: export_method(a); break;
    default: ia_expected(a, "an instruction, a label or a directive of methods; is a '}' missing before this?");
    }
}

static void statement(Asm *a, const Tok *t)
{
    if (LIKELY(t->kw & K_OPCODE)) {
        ia_instruction(a, t->kw & ~(u32)K_OPCODE);
    } else if (ia_is_decl(t->kw)) {
        u32 at = a->at;
        directive(a, t->kw);
        if (a->panic && a->at == at) ia_next(a);
    } else if (t->kind == '{') {
        ia_scope(a);
    } else {
        const Alias *al = ia_is_name(a) ? ia_alias(a) : NULL;
        if (al && al->kind == ALIAS_ATTR) {
            ia_custom_alias(a, al);
            return;
        }
        ia_expected(a, "an instruction, a label or '}'");
        ia_next(a);
    }
}

/* Up to and with '}' */
bool ia_statements(Asm *a)
{
    for (;;) {
        const Tok *t = ia_tok(a);
        if ((t->kind == T_ID || t->kind == T_SQ) && a->tok[a->at + 1].kind == ':' && ia_is_name(a)) {
            ia_label(a);
            continue;
        }
        if (t->kind == '}') {
            ia_next(a);
            return true;
        }
        if (t->kind == T_EOF) return ia_expected(a, "'}'");
        statement(a, t);
        if (UNLIKELY(a->panic)) resync(a);
        if (UNLIKELY(a->errors >= IA_ERRORS_MAX)) return false;
    }
}

void ia_method_body(Asm *a, u32 method)
{
    const Method *m = &a->methods.data[method];
    u32 close = a->tok[m->open].val;
    a->method = method;
    a->gp_method_first = m->gp_first;
    a->gp_method_count = m->gp_count;
    a->owner = MD_TOKEN(MDT_MethodDef, method);
    a->at = m->open;
    ia_body_start(a, method);
    ia_scope(a);
    ia_body_end(a);
    a->panic = false;
    a->at = MIN(close + 1, a->tok_count - 1); /* whatever happened inside, the braces say where it ends */
    a->method = a->gp_method_count = 0;
}
