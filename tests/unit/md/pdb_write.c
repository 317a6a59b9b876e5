/* pdb_write.c: a portable PDB written and read back. */
#include "test.h"

#include "md/md_pdb_write.h"
#include "pe/pe_write.h"

static void point(MdPdbWriter *p, u32 il, u32 doc, u32 line, u32 col, u32 end_line, u32 end_col)
{
    mdpw_point(p, &(MdSeqPoint){.il_offset = il, .document = doc, .start_line = line, .end_line = end_line, .start_column = col, .end_column = end_col});
}

static void expect_point(MdSeqReader *r, u32 il, u32 doc, u32 line, u32 col, u32 end_line, u32 end_col)
{
    MdSeqPoint x = {0};
    EXPECT(md_seq_next(r, &x));
    EXPECT_EQ(x.il_offset, il);
    EXPECT_EQ(x.document, doc);
    EXPECT_EQ(x.start_line, line);
    if (line == MD_PDB_HIDDEN) return;
    EXPECT_EQ(x.start_column, col);
    EXPECT_EQ(x.end_line, end_line);
    EXPECT_EQ(x.end_column, end_col);
}

static u8 *make(u32 methods, MdPdbId *id, u32 *size)
{
    MdPdbWriter *p = mdpw_new();
    u32 a = mdpw_document(p, "/src/a.il", md_pdb_il, md_pdb_sha256, "0123456789abcdef0123456789abcdef", 32);
    u32 b = mdpw_document(p, "C:\\x\\b.cs", md_pdb_csharp, NULL, NULL, 0);
    EXPECT_EQ(mdpw_document(p, "/src/a.il", NULL, NULL, NULL, 0), a);
    mdpw_method(p, 3, 0x11000002);
    point(p, 0, a, 100, 5, 100, 9);
    point(p, 7, a, 99, 1, 120, 3); /* a jump back, several lines, columns that shrink */
    point(p, 9, a, MD_PDB_HIDDEN, 0, 0, 0);
    point(p, 9, b, 20000, 300, 20000, 300); /* replaces; an empty range gets a column */
    point(p, 90000, b, MD_PDB_HIDDEN, 0, 0, 0);
    mdpw_open_scope(p, 0);
    mdpw_local(p, 0, "outer", 0);
    mdpw_open_scope(p, 4);
    mdpw_close_scope(p, 6); /* nothing in it */
    mdpw_open_scope(p, 10);
    mdpw_local(p, 1, "inner", 1);
    mdpw_constant(p, "k", (const u8 *)"\x08\5\0\0\0", 5);
    mdpw_close_scope(p, 20);
    mdpw_local(p, 2, "late", 0);
    mdpw_close_scope(p, 100);
    mdpw_method(p, 1, 0);
    point(p, 2, a, 1, 1, 1, 2);
    mdpw_state_machine(p, 3, 1);
    mdpw_custom(p, MD_TOKEN(MDT_MethodDef, 3), md_pdb_il, "xyz", 3);
    mdpw_custom(p, MD_TOKEN(MDT_MethodDef, 1), md_pdb_il, "w", 1);
    u32 rows[MDT_COUNT] = {[MDT_Module] = 1, [MDT_MethodDef] = methods, [MDT_StandAloneSig] = 2};
    u8 *f = mdpw_finish(p, rows, 0x06000001, id, size);
    mdpw_free(p);
    return f;
}

static void check(u32 methods)
{
    MdPdbId id, again;
    u32 size, size2;
    u8 *f = make(methods, &id, &size), *g = make(methods, &again, &size2);
    EXPECT(size == size2 && memcmp(f, g, size) == 0 && memcmp(&id, &again, sizeof id) == 0);
    base_free(g);
    MdPdb *p = md_pdb_open_memory(f, size, NULL);
    EXPECT(p != NULL);
    if (!p) return;
    const MdImage *m = md_pdb_image(p);
    EXPECT(memcmp(m->pdb, id.guid, 16) == 0 && pe_u32(m->pdb + 16) == id.stamp && pe_u32(m->pdb + 20) == 0x06000001);
    EXPECT_EQ(md_rows(m, MDT_MethodDebugInformation), methods);
    char name[64];
    md_pdb_document_name(p, 1, name, sizeof name);
    EXPECT_STR(name, "/src/a.il");
    md_pdb_document_name(p, 2, name, sizeof name);
    EXPECT_STR(name, "C:\\x\\b.cs");
    MdSeqReader r;
    EXPECT(md_seq_open(&r, p, 3));
    expect_point(&r, 0, 1, 100, 5, 100, 9);
    expect_point(&r, 7, 1, 99, 1, 120, 3);
    expect_point(&r, 9, 2, 20000, 300, 20000, 301);
    expect_point(&r, 90000, 2, MD_PDB_HIDDEN, 0, 0, 0);
    EXPECT(!md_seq_next(&r, &(MdSeqPoint){0}) && !r.bad);
    EXPECT(md_seq_open(&r, p, 1));
    expect_point(&r, 2, 1, 1, 1, 1, 2);
    EXPECT(!md_seq_open(&r, p, 2));
    EXPECT_STR(md_pdb_local_name(p, 3, 50, 0), "outer");
    EXPECT_STR(md_pdb_local_name(p, 3, 50, 2), "late");
    EXPECT_STR(md_pdb_local_name(p, 3, 12, 1), "inner");
    EXPECT(!md_pdb_local_name(p, 3, 50, 1));
    EXPECT_EQ(md_rows(m, MDT_LocalScope), 2);
    EXPECT_EQ(md_rows(m, MDT_LocalConstant), 1);
    EXPECT_EQ(md_CustomDebugInformation_Parent(m, 1), MD_TOKEN(MDT_MethodDef, 1));
    md_pdb_close(p);
    base_free(f);
}

TEST(round_trip)
{
    check(4);
    check(70000); /* wide indices of the image's methods */
}

/* Embedded in an image, and found there */
TEST(embedded)
{
    static const u8 metadata[64] = "BSJB";
    MdPdbId id;
    PeImage pe;
    u32 size, n;
    size_t file_size;
    u8 *f = make(4, &id, &size), *z = md_pdb_deflate(f, size, &n);
    PeWriter *w = pew_new(false, true);
    pew_codeview(w, id.guid, id.stamp, "a.pdb");
    pew_pdb_checksum(w, id.checksum);
    pew_embedded_pdb(w, z, n, size);
    EXPECT(pew_layout(w, sizeof metadata, NULL));
    u8 *file = pew_finish(w, metadata, 0, &file_size);
    EXPECT(pe_open_memory(&pe, file, file_size, false, NULL, NULL));
    MdPdb *p = md_pdb_open_for(&pe, NULL);
    if (!p) printf("no zlib: embedded PDBs are not read\n");
    else EXPECT_STR(md_pdb_local_name(p, 3, 50, 0), "outer");
    md_pdb_close(p);
    pe_close(&pe);
    pew_free(w);
    base_free(file);
    base_free(f);
    base_free(z);
}

TEST_MAIN(round_trip, embedded)
