/* pdb.c: documents, sequence points and locals of a portable PDB made in memory. */
#include "test.h"
#include "made.h"
#include "md/md_pdb.h"

static void make(void)
{
    made_begin();
    u32 src = made_blob("src", 3), file = made_blob("a.cs", 4);
    u32 empty = 0;
    ROW(MDT_Document, BLOB('/', (u8)empty, (u8)src, (u8)file), 0, 0, 0);
    ROW(MDT_Document, made_blob("\0", 1), 0, 0, 0);
    /* IL 0: line 10 column 5 to 10:20; 3: hidden; 5: document 2, lines 12 to 13 */
    ROW(MDT_MethodDebugInformation, 1,
        BLOB(0, 0, 0, 15, 10, 5, 3, 0, 0, 0, 2, 2, 1, 0x79, 4, 2));
    ROW(MDT_MethodDebugInformation, 0, 0);
    ROW(MDT_MethodDebugInformation, 0, BLOB(0, 2, 0, 15, 10)); /* cut */
    ROW(MDT_LocalScope, 1, 0, 1, 1, 0, 8);
    ROW(MDT_LocalScope, 3, 0, 2, 1, 0, 8);
    ROW(MDT_LocalVariable, 0, 0, made_str("x"));
    ROW(MDT_LocalVariable, 0, 0, made_str("y"));
}

TEST(points)
{
    MdSeqReader r;
    MdSeqPoint s;
    char name[64];
    make();
    size_t size = made_build('~', 0);
    MdPdb *p = md_pdb_open_memory(made_bytes, size, NULL);
    EXPECT(p != NULL);
    EXPECT_EQ(md_pdb_document_name(p, 1, name, sizeof(name)), 9);
    EXPECT_STR(name, "/src/a.cs");
    EXPECT_EQ(md_pdb_document_name(p, 1, name, 5), 9);
    EXPECT_STR(name, "/src");
    EXPECT_EQ(md_pdb_document_name(p, 9, name, sizeof(name)), 0);
    EXPECT(md_seq_open(&r, p, 1));
    EXPECT(md_seq_next(&r, &s) && s.il_offset == 0 && s.start_line == 10 && s.end_line == 10 && s.start_column == 5);
    EXPECT_EQ(s.end_column, 20);
    EXPECT_EQ(s.document, 1);
    EXPECT(md_seq_next(&r, &s) && s.il_offset == 3 && s.start_line == MD_PDB_HIDDEN);
    EXPECT(md_seq_next(&r, &s) && s.il_offset == 5 && s.document == 2);
    EXPECT_EQ(s.start_line, 12);
    EXPECT_EQ(s.end_line, 13);
    EXPECT_EQ(s.start_column, 6);
    EXPECT_EQ(s.end_column, 2);
    EXPECT(!md_seq_next(&r, &s) && !r.bad);
    EXPECT(md_pdb_find_line(p, 1, 4, &s) && s.start_line == 10);
    EXPECT(md_pdb_find_line(p, 1, 100, &s) && s.start_line == 12);
    EXPECT(!md_pdb_find_line(p, 2, 0, &s));
    EXPECT(!md_seq_open(&r, p, 99));
    EXPECT(md_seq_open(&r, p, 3) && !md_seq_next(&r, &s) && r.bad);
    EXPECT_EQ(r.cur.document, 2);
    EXPECT_STR(md_pdb_local_name(p, 1, 3, 0), "x");
    EXPECT_STR(md_pdb_local_name(p, 3, 0, 0), "y");
    EXPECT(md_pdb_local_name(p, 1, 8, 0) == NULL);
    EXPECT(md_pdb_local_name(p, 1, 0, 1) == NULL);
    md_pdb_close(p);
}

TEST(not_a_pdb)
{
    Err e = {0};
    made_begin();
    ROW(MDT_Module, 0, 0, 0, 0, 0);
    size_t size = made_build('~', 0);
    EXPECT(md_pdb_open_memory(made_bytes, size, &e) == NULL);
    EXPECT_STR(e.text, "Not a portable PDB.");
    EXPECT(md_pdb_open_memory((const u8 *)"x", 1, NULL) == NULL);
    md_pdb_close(NULL);
}

TEST_MAIN(points, not_a_pdb)
