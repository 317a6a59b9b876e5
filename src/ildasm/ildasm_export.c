/* ildasm_export.c: the tables of method slots (§II.15.5, §II.25.3.3.3), and names under which native code finds a slot.
 * An exported function is a jump through a slot: `FF 25 address` on x86, `48 A1 address; FF E0` on x64. */
#include "ildasm/ildasm_export.h"

enum { TABLES_MAX = 4096, EXPORTS_MAX = 65536 };

/* Calls back for each slot: (table, slot, RVA of the slot, token in it); stops when it says so. */
typedef bool (*SlotFn)(void *arg, u32 table, u32 slot, u32 rva, u32 token);

static const u8 *fixup_table(const PeImage *pe, u32 *count)
{
    *count = 0;
    const u8 *cli = pe ? pe_rva_range(pe, pe->dirs[14].rva, 72) : NULL;
    u32 size = cli ? pe_u32(cli + 52) : 0;
    const u8 *p = size >= 8 ? pe_rva_range(pe, pe_u32(cli + 48), size) : NULL;
    if (p) *count = MIN(size / 8, (u32)TABLES_MAX);
    return p;
}

static void each_slot(Dis *d, SlotFn fn, void *arg)
{
    u32 count;
    const u8 *p = fixup_table(d->pe, &count);
    for (u32 i = 0; i < count; i++, p += 8) {
        u32 rva = pe_u32(p), slots = pe_u16(p + 4), width = pe_u16(p + 6) & 2 ? 8 : 4;
        const u8 *s = pe_rva_range(d->pe, rva, slots * width);
        for (u32 k = 0; s && k < slots; k++)
            if (fn(arg, i + 1, k + 1, rva + k * width, pe_u32(s + (size_t)k * width))) return;
    }
}

void put_vtfixups(Dis *d)
{
    u32 count;
    const u8 *p = fixup_table(d->pe, &count);
    for (u32 i = 0; i < count && !d->full; i++, p += 8) {
        u32 rva = pe_u32(p), slots = pe_u16(p + 4), type = pe_u16(p + 6);
        if (!slots) dis_problem(d, 0, "a table of no slots");
        putf(d, ".vtfixup [%u] %s%s%s%sat VT_%08X\n", slots, type & 2 ? "int64 " : "int32 ", type & 4 ? "fromunmanaged " : "",
            type & 8 ? "retainappdomain " : "", type & 16 ? "callmostderived " : "", rva);
        putf(d, ".data VT_%08X = %s[%u]\n", rva, type & 2 ? "int64" : "int32", slots);
    }
}

typedef struct Wanted {
    Dis *d;
    u32 method; /* token */
} Wanted;

static u32 slot_of_stub(const PeImage *pe, u32 rva)
{
    const u8 *s = pe_rva_range(pe, rva, 6);
    if (!s) return 0;
    if (s[0] == 0xFF && s[1] == 0x25) return pe_u32(s + 2) - (u32)pe->image_base;
    s = pe_rva_range(pe, rva, 12);
    if (s && s[0] == 0x48 && s[1] == 0xA1) return (u32)(pe_u64(s + 2) - pe->image_base);
    return 0;
}

static void put_exports_of(Dis *d, u32 slot_rva)
{
    const PeImage *pe = d->pe;
    const u8 *dir = pe_rva_range(pe, pe->dirs[0].rva, 40);
    if (!dir) return;
    u32 base = pe_u32(dir + 16), functions = MIN(pe_u32(dir + 20), (u32)EXPORTS_MAX), names = MIN(pe_u32(dir + 24), (u32)EXPORTS_MAX);
    const u8 *addresses = pe_rva_range(pe, pe_u32(dir + 28), functions * 4), *name_rvas = pe_rva_range(pe, pe_u32(dir + 32), names * 4);
    const u8 *ordinals = pe_rva_range(pe, pe_u32(dir + 36), names * 2);
    for (u32 i = 0; addresses && i < functions; i++) {
        if (slot_of_stub(pe, pe_u32(addresses + (size_t)i * 4)) != slot_rva) continue;
        put_indent(d);
        putf(d, ".export [%u]", base + i);
        for (u32 k = 0; name_rvas && ordinals && k < names; k++) {
            u32 room;
            const u8 *name = pe_u16(ordinals + (size_t)k * 2) == i ? pe_rva(pe, pe_u32(name_rvas + (size_t)k * 4), &room) : NULL;
            if (!name || !memchr(name, 0, room)) continue;
            put_lit(d, " as ");
            put_name(d, (const char *)name);
            break;
        }
        put_ch(d, '\n');
    }
}

static bool put_slot(void *arg, u32 table, u32 slot, u32 rva, u32 token)
{
    Wanted *w = arg;
    if (token != w->method) return false;
    put_indent(w->d);
    putf(w->d, ".vtentry %u : %u\n", table, slot);
    put_exports_of(w->d, rva);
    return true;
}

void put_method_slots(Dis *d, u32 method_rid)
{
    Wanted w = {d, MD_TOKEN(MDT_MethodDef, method_rid)};
    if (d->has_slots) each_slot(d, put_slot, &w);
}
