/* write.c: images written and read back: sections, addresses, directories, Win32 resources, content names. */
#include "test.h"

#include "pe/pe_write.h"

static const u8 metadata[64] = "BSJB";

typedef struct Made {
    u8 *file;
    size_t size;
    PeImage pe;
} Made;

static bool finish(Made *m, PeWriter *w)
{
    m->file = pew_finish(w, metadata, 16, &m->size);
    return pe_open_memory(&m->pe, m->file, m->size, false, NULL, NULL);
}

static void drop(Made *m, PeWriter *w)
{
    pe_close(&m->pe);
    base_free(m->file);
    pew_free(w);
}

static u64 word(const Made *m, u32 rva)
{
    const u8 *p = pe_rva_range(&m->pe, rva, 8);
    return !p ? 0 : m->pe.pe32plus ? pe_u64(p) : pe_u32(p);
}

static void one(bool pe64, bool stub)
{
    Made m;
    PeWriter *w = pew_new(pe64, stub);
    pew_options(w)->dll = !pe64;
    pew_options(w)->entry_token = 0x06000001;
    u32 body = pew_add(w, PEW_TEXT, "\x06\x2A", 2, 4), cil = pew_add(w, PEW_TEXT, "abcd", 4, 8);
    u32 data = pew_add(w, PEW_SDATA, "1234", 4, 8), slot = pew_add(w, PEW_SDATA, NULL, 8, 8), tls = pew_add(w, PEW_TLS, "tls!", 4, 4);
    EXPECT_EQ(pew_rva(w, PEW_TEXT, body), PEW_TEXT_RVA + (stub ? pe64 ? 16 : 8 : 0) + 72);
    pew_pointer(w, PEW_SDATA, slot, PEW_TEXT, cil);
    EXPECT_EQ(pew_resource(w, "abc", 3), 0);
    EXPECT_EQ(pew_resource(w, "defg", 4), 8);
    pew_strong_name(w, 128);
    pew_codeview(w, (const u8 *)"0123456789abcdef", 77, "/x/a.pdb");
    pew_reproducible(w);
    pew_embedded_pdb(w, "wxyz", 4, 100);
    EXPECT(pew_layout(w, sizeof metadata, NULL));
    EXPECT(finish(&m, w));
    const PeImage *pe = &m.pe;
    u32 n;
    EXPECT_EQ(pe->pe32plus, pe64);
    EXPECT_EQ(pe->machine, pe64 ? PEW_AMD64 : PEW_I386);
    EXPECT_EQ(pe->characteristics, pe64 ? 0x22 : 0x2102);
    EXPECT_EQ(pe->entry_token, 0x06000001);
    EXPECT_EQ(pe->cli_flags, PE_CLI_IL_ONLY);
    EXPECT_EQ(pe->section_count, 4);
    EXPECT_EQ(pe->metadata_size, sizeof metadata);
    EXPECT(memcmp(pe->metadata, metadata, 16) == 0);
    EXPECT_EQ(pe->metadata[23] >> 4, 4); /* a GUID of version 4 */
    EXPECT(memcmp(pe_rva_range(pe, pew_rva(w, PEW_TEXT, cil), 4), "abcd", 4) == 0);
    EXPECT(memcmp(pe_rva_range(pe, pew_rva(w, PEW_SDATA, data), 4), "1234", 4) == 0);
    EXPECT(memcmp(pe_rva_range(pe, pew_rva(w, PEW_TLS, tls), 4), "tls!", 4) == 0);
    EXPECT_EQ(word(&m, pew_rva(w, PEW_SDATA, slot)), pe->image_base + pew_rva(w, PEW_TEXT, cil));
    EXPECT(memcmp(pe_resource(pe, 8, &n), "defg", 4) == 0);
    EXPECT_EQ(n, 4);
    EXPECT_EQ(pe->strong_name.size, 128);
    PeCodeView cv;
    EXPECT(pe_codeview(pe, &cv));
    EXPECT_STR(cv.path, "/x/a.pdb");
    EXPECT_EQ(cv.stamp, 77);
    EXPECT(cv.portable && memcmp(cv.guid, "0123456789abcdef", 16) == 0);
    u32 raw;
    EXPECT(memcmp(pe_embedded_pdb(pe, &n, &raw), "wxyz", 4) == 0);
    EXPECT_EQ(raw, 100);
    EXPECT(pe->timestamp & 0x80000000);
    /* TLS directory: start and end of the template */
    u32 step = pe64 ? 8 : 4;
    EXPECT_EQ(word(&m, pe->dirs[9].rva), pe->image_base + pew_rva(w, PEW_TLS, 0));
    EXPECT_EQ(word(&m, pe->dirs[9].rva + step), pe->image_base + pew_rva(w, PEW_TLS, 4));
    /* the entry stub jumps through the import address table */
    EXPECT_EQ(pe->dirs[12].rva, stub ? PEW_TEXT_RVA : 0);
    EXPECT_EQ(pe->dirs[1].size != 0, stub);
    /* every relocated word is an address inside the image */
    const u8 *r = pe_rva_range(pe, pe->dirs[5].rva, pe->dirs[5].size), *end = r + pe->dirs[5].size;
    u32 fixes = 0;
    for (; r < end; r += pe_u32(r + 4))
        for (u32 i = 8; i < pe_u32(r + 4); i += 2)
            if (pe_u16(r + i)) {
                fixes++;
                EXPECT_EQ(pe_u16(r + i) >> 12, pe64 ? 10 : 3);
                u64 to = word(&m, pe_u32(r) + (pe_u16(r + i) & 0xFFF)) - pe->image_base;
                EXPECT(to >= 0x2000 && to < 0x10000);
            }
    EXPECT_EQ(fixes, stub ? 6 : 5);
    drop(&m, w);
}

TEST(both_formats)
{
    one(false, true);
    one(true, true);
    one(false, false);
    one(true, false);
}

TEST(exports)
{
    for (int pe64 = 0; pe64 < 2; pe64++) {
        Made m;
        PeWriter *w = pew_new(pe64, true);
        u32 slots = pew_add(w, PEW_SDATA, NULL, 24, 8);
        pew_options(w)->file_name = "x.dll";
        pew_vtable(w, PEW_SDATA, slots, 3, pe64 ? 6 : 5);
        pew_export(w, "Second", 7, PEW_SDATA, slots + 8);
        pew_export(w, "First", 5, PEW_SDATA, slots);
        EXPECT(pew_layout(w, sizeof metadata, NULL));
        EXPECT(finish(&m, w));
        const u8 *d = pe_rva_range(&m.pe, m.pe.dirs[0].rva, 40);
        EXPECT_STR((const char *)pe_rva(&m.pe, pe_u32(d + 12), &(u32){0}), "x.dll");
        EXPECT_EQ(pe_u32(d + 16), 5);
        EXPECT_EQ(pe_u32(d + 20), 3);
        EXPECT_EQ(pe_u32(d + 24), 2);
        const u8 *addresses = pe_rva_range(&m.pe, pe_u32(d + 28), 12), *names = pe_rva_range(&m.pe, pe_u32(d + 32), 8);
        EXPECT_STR((const char *)pe_rva(&m.pe, pe_u32(names), &(u32){0}), "First");
        EXPECT_EQ(pe_u32(addresses + 4), 0);
        EXPECT_EQ(word(&m, pe_u32(addresses + 8) + 2), m.pe.image_base + pew_rva(w, PEW_SDATA, slots + 8));
        drop(&m, w);
    }
    Err e = {0};
    PeWriter *w = pew_new(false, true);
    pew_export(w, "A", 1, PEW_SDATA, 0);
    pew_export(w, "B", 1, PEW_SDATA, 0);
    EXPECT(!pew_layout(w, 4, &e));
    pew_free(w);
    EXPECT_STR(e.text, "two exports have the ordinal 1");
}

/* One entry of a .res file */
static u32 res_entry(u8 *p, u32 type, const char *name, u32 number, u32 language, const char *data)
{
    u32 at = 8, n = (u32)strlen(data), header;
    const u16 t[2] = {0xFFFF, (u16)type}, num[2] = {0xFFFF, (u16)number};
    memcpy(p + at, t, 4), at += 4;
    if (!name) memcpy(p + at, num, 4), at += 4;
    for (; name && (at == 12 || name[-1]); name++, at += 2) p[at] = (u8)*name, p[at + 1] = 0;
    at = ALIGN_UP(at, 4u);
    memset(p + at, 0, 16), memcpy(p + at + 6, &language, 2);
    header = at + 16;
    memcpy(p, &n, 4), memcpy(p + 4, &header, 4), memcpy(p + header, data, n);
    return ALIGN_UP(header + n, 4u);
}

/* The only row, or the one of a key, of a directory */
static u32 res_child(const u8 *s, u32 dir, u32 i) { return pe_u32(s + (dir & 0x7FFFFFFF) + 16 + i * 8 + 4); }
static u32 res_key(const u8 *s, u32 dir, u32 i) { return pe_u32(s + (dir & 0x7FFFFFFF) + 16 + i * 8); }

TEST(win32_resources)
{
    u8 res[512] = {0};
    u32 n = res_entry(res, 0, NULL, 0, 0, "");
    n += res_entry(res + n, 16, NULL, 1, 0x409, "version");
    n += res_entry(res + n, 10, "AB", 0, 0, "named");
    n += res_entry(res + n, 10, NULL, 3, 0, "third");
    Made m;
    PeWriter *w = pew_new(false, true);
    EXPECT(pew_win32_resources(w, res, n, NULL));
    EXPECT(pew_layout(w, sizeof metadata, NULL));
    EXPECT(finish(&m, w));
    const u8 *s = pe_rva_range(&m.pe, m.pe.dirs[2].rva, m.pe.dirs[2].size);
    EXPECT_EQ(pe_u16(s + 14), 2); /* types by number */
    EXPECT_EQ(res_key(s, 0, 0), 10);
    EXPECT_EQ(res_key(s, 0, 1), 16);
    u32 names = res_child(s, 0, 0), version = res_child(s, 0, 1);
    EXPECT_EQ(pe_u16(s + (names & 0x7FFFFFFF) + 12), 1);
    EXPECT(res_key(s, names, 0) >> 31);
    EXPECT(memcmp(s + (res_key(s, names, 0) & 0x7FFFFFFF), "\2\0A\0B\0", 6) == 0);
    EXPECT_EQ(res_key(s, res_child(s, version, 0), 0), 0x409);
    const u8 *data = s + res_child(s, res_child(s, version, 0), 0);
    EXPECT_EQ(pe_u32(data + 4), 7);
    EXPECT(memcmp(pe_rva_range(&m.pe, pe_u32(data), 7), "version", 7) == 0);
    drop(&m, w);
    /* cut anywhere it is refused or smaller, never read beyond */
    for (u32 i = 0; i < n; i++) {
        u8 *cut = base_malloc(i + 1);
        memcpy(cut, res, i);
        w = pew_new(false, true);
        pew_win32_resources(w, cut, i, NULL);
        pew_free(w);
        base_free(cut);
    }
}

TEST(options)
{
    Err e = {0};
    PeWriter *w = pew_new(false, true);
    pew_options(w)->file_alignment = 0x300;
    EXPECT(!pew_layout(w, 4, &e));
    EXPECT(strstr(e.text, "file alignment"));
    pew_free(w);
    Made m, again;
    w = pew_new(true, false);
    PewOptions *o = pew_options(w);
    o->file_alignment = 0x1000, o->machine = PEW_ARM64, o->image_base = 0x10000000, o->subsystem = 2, o->time_stamp = 5;
    o->dll_characteristics |= PEW_HIGH_ENTROPY_VA;
    o->strip_reloc = true;
    EXPECT(pew_layout(w, sizeof metadata, NULL));
    EXPECT(finish(&m, w));
    EXPECT_EQ(m.pe.machine, PEW_ARM64);
    EXPECT_EQ(m.pe.image_base, 0x10000000);
    EXPECT_EQ(m.pe.subsystem, 2);
    EXPECT_EQ(m.pe.dll_characteristics, 0x8560);
    EXPECT_EQ(m.pe.timestamp, 5);
    EXPECT_EQ(m.size, 0x2000);
    EXPECT_EQ(m.pe.characteristics, 0x23);
    again.file = pew_finish(w, metadata, 16, &again.size);
    EXPECT(again.size == m.size && memcmp(again.file, m.file, m.size) == 0);
    base_free(again.file);
    drop(&m, w);
}

TEST_MAIN(both_formats, exports, win32_resources, options)
