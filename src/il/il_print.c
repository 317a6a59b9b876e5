/* il_print.c: disassembly of one body, for dumps.  Bad bytes are printed as such; the printer never fails.
 * Book: il.md  Tests: tests/unit/il/ */
#include "il/il.h"
#include "base/utf.h"
#include "md/md_names.h"
#include "md/md_sig.h"
#include <inttypes.h>

/* Text of the type that a MemberRef or TypeSpec belongs to or is */
static void type_text(const MdImage *m, u32 token, char *buf, size_t cap)
{
    if (MD_TABLE_OF(token) == MDT_TypeSpec) {
        MdSig s = md_sig_of(m, token);
        md_sig_print_type(m, &s, buf, cap);
    } else if (MD_TABLE_OF(token) == MDT_ModuleRef) {
        snprintf(buf, cap, "[.module %s]", md_moduleref_name(m, MD_RID(token)));
    } else {
        md_type_full_name(m, token, buf, cap);
    }
}

static size_t member_text(const MdImage *m, u32 owner, const char *name, char *buf, size_t cap)
{
    char type[384];
    type_text(m, owner, type, sizeof(type));
    int n = snprintf(buf, cap, "%s::%s", type, name);
    return n > 0 ? (size_t)n : 0;
}

static size_t string_text(const MdImage *m, u32 index, char *buf, size_t cap)
{
    char16 units[128];
    char text[sizeof(units) / 2 * 3 + 1];
    u32 n;
    const u8 *p = md_user_string(m, index, &n);
    if (!p) return (size_t)snprintf(buf, cap, "<bad string>");
    u32 shown = MIN(n, (u32)ARRAY_LEN(units));
    memcpy(units, p, (size_t)shown * 2);
    for (u32 i = 0; i < shown; i++)
        if (units[i] < 0x20 || units[i] == 0x7F) units[i] = '.';
    size_t len = utf16_to_utf8(units, shown, text);
    return (size_t)snprintf(buf, cap, "\"%.*s\"%s", (int)len, text, shown < n ? "…" : "");
}

size_t il_token_text(const MdImage *m, u32 token, char *buf, size_t cap)
{
    u32 rid = MD_RID(token), parent;
    if (cap) buf[0] = 0;
    if (!md_valid_token(m, token)) return (size_t)snprintf(buf, cap, "<bad token>");
    switch (MD_TABLE_OF(token)) {
    case MDT_String: return string_text(m, rid, buf, cap);
    case MDT_TypeDef:
    case MDT_TypeRef: return md_type_full_name(m, token, buf, cap);
    case MDT_TypeSpec: type_text(m, token, buf, cap); return strlen(buf);
    case MDT_Field:
        parent = md_field_owner(m, rid);
        return member_text(m, parent ? MD_TOKEN(MDT_TypeDef, parent) : 0, md_field_name(m, rid), buf, cap);
    case MDT_MethodDef:
        parent = md_method_owner(m, rid);
        return member_text(m, parent ? MD_TOKEN(MDT_TypeDef, parent) : 0, md_method_name(m, rid), buf, cap);
    case MDT_MemberRef: {
        u32 owner = md_MemberRef_Class(m, rid);
        if (MD_TABLE_OF(owner) == MDT_MethodDef && owner) {
            parent = md_method_owner(m, MD_RID(owner));
            owner = parent ? MD_TOKEN(MDT_TypeDef, parent) : 0;
        }
        return member_text(m, owner, md_memberref_name(m, rid), buf, cap);
    }
    case MDT_MethodSpec: {
        u32 method = md_MethodSpec_Method(m, rid);
        if (MD_TABLE_OF(method) == MDT_MethodSpec || !method) return 0;
        size_t len = il_token_text(m, method, buf, cap);
        MdSig s = md_sig_of(m, token);
        u32 n;
        md_sig_inst(&s, &n);
        for (u32 i = 0; i < n && !s.bad; i++) {
            char type[256];
            md_sig_print_type(m, &s, type, sizeof(type));
            int k = snprintf(len < cap ? buf + len : NULL, len < cap ? cap - len : 0, "%s%s", i ? ", " : "<", type);
            if (k > 0) len += (size_t)k;
        }
        int k = n ? snprintf(len < cap ? buf + len : NULL, len < cap ? cap - len : 0, ">") : 0;
        return len + (size_t)MAX(k, 0);
    }
    case MDT_StandAloneSig: {
        MdSig s = md_sig_of(m, token);
        if ((md_sig_peek(&s) & SIG_KIND) == SIG_LOCALS) return 0;
        return md_sig_print_method(m, &s, "", buf, cap);
    }
    default: return 0;
    }
}

static void print_operand(FILE *f, const MdImage *m, const IlInst *in)
{
    char text[1024];
    switch (in->operand) {
    case IL_OPR_NONE: break;
    case IL_OPR_I1: case IL_OPR_U1: case IL_OPR_U2: case IL_OPR_I4: case IL_OPR_I8: fprintf(f, "%" PRId64, in->i); break;
    case IL_OPR_R4: case IL_OPR_R8: fprintf(f, "%.17g", in->r); break;
    case IL_OPR_BR1: case IL_OPR_BR4: fprintf(f, "IL_%04x", in->target); break;
    case IL_OPR_SWITCH:
        fprintf(f, "(");
        for (u32 i = 0; i < in->switch_count; i++) fprintf(f, "%sIL_%04x", i ? ", " : "", il_switch_target(in, i));
        fprintf(f, ")");
        break;
    default:
        fprintf(f, "%08X", in->token);
        if (!m) break;
        il_token_text(m, in->token, text, sizeof(text));
        fprintf(f, " %s", text);
    }
}

void il_print_inst(FILE *f, const MdImage *m, const IlInst *in)
{
    fprintf(f, "IL_%04x: %-12s ", in->offset, il_op_info[in->op].name);
    print_operand(f, m, in);
    fputc('\n', f);
}

static void print_clause(FILE *f, const MdImage *m, const IlClause *c)
{
    char text[512] = "";
    const char *kind = c->kind == IL_EH_CATCH    ? "catch"
                       : c->kind == IL_EH_FILTER ? "filter"
                       : c->kind == IL_EH_FAULT  ? "fault"
                                                 : "finally";
    fprintf(f, "  .try IL_%04x to IL_%04x %s", c->try_start, c->try_end, kind);
    if (c->kind == IL_EH_CATCH) {
        if (m) il_token_text(m, c->class_token, text, sizeof(text));
        fprintf(f, " %08X %s", c->class_token, text);
    }
    if (c->kind == IL_EH_FILTER) fprintf(f, " IL_%04x", c->filter_start);
    fprintf(f, " handler IL_%04x to IL_%04x\n", c->handler_start, c->handler_end);
}

void il_print_body(FILE *f, const MdImage *m, const IlBody *b)
{
    fprintf(f, "  .maxstack %u  // %u bytes%s\n", b->max_stack, b->code_size, b->init_locals ? ", init locals" : "");
    if (b->local_sig && m) {
        MdSig s = md_sig_of(m, b->local_sig);
        u32 n;
        md_sig_locals(&s, &n);
        for (u32 i = 0; i < n && !s.bad; i++) {
            char type[512];
            md_sig_print_type(m, &s, type, sizeof(type));
            fprintf(f, "  .local %u %s\n", i, type);
        }
    }
    for (u32 i = 0; i < b->clause_count; i++) {
        IlClause c;
        il_clause(b, i, &c);
        print_clause(f, m, &c);
    }
    for (u32 at = 0; at < b->code_size;) {
        IlInst in;
        fprintf(f, "  ");
        if (!il_decode(b->code, b->code_size, at, &in)) {
            fprintf(f, "IL_%04x: <bad instruction %02x>\n", at, b->code[at]);
            return;
        }
        il_print_inst(f, m, &in);
        at += in.size;
    }
}
