/* image_mutator.h: LLVMFuzzerCustomMutator of the fuzzers that read assemblies.
 * It knows the format: it parses the good image and damages what it finds there (table cells, stream headers, heap items, signatures,
 * attribute values, method bodies), so that most mutants get past the headers.  Without inputs it takes the small assemblies of the
 * tests, the installed framework and the SDK, and portable PDBs.  A fuzzer's fuzz_start may set what it takes (image_mutator_types_only:
 * assemblies with some types; image_mutator_file_max: a run's time grows with the file). */
#ifndef IMAGE_MUTATOR_H
#define IMAGE_MUTATOR_H
#include <ftw.h> /* needs _GNU_SOURCE: nftw */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/vec.h"
#include "il/il.h"
#include "md/md_pdb.h"
#include "md/md_sig.h"
#include "os/os_file.h"
#include "fuzz_random.h"

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed);
enum { CORPUS_FILE_MIN = 2 << 10, CORPUS_MAX = 400, PDBS_MAX = 60 };
static bool image_mutator_types_only;
static u32 image_mutator_file_max = 48 << 10;

/* --- corpus --- */

static VEC(Input) corpus;
static u32 pdbs;

/* An embedded PDB becomes an input of its own, inflated. */
static void add_pdb(const PeImage *pe)
{
    MdPdb *p = md_pdb_open_for(pe, NULL);
    const MdImage *m = p ? md_pdb_image(p) : NULL;
    if (m && m->root_size <= image_mutator_file_max && pdbs < PDBS_MAX) {
        Input in = {base_malloc(m->root_size), m->root_size};
        memcpy(in.data, m->root, in.size);
        vec_push(&corpus, in);
        pdbs++;
    }
    md_pdb_close(p);
}

static int add_pdb_file(const char *path)
{
    Input in;
    if (image_mutator_types_only || pdbs >= PDBS_MAX || !os_file_read(path, &in.data, &in.size, NULL)) return 0;
    if (in.size > image_mutator_file_max || in.size < 4 || memcmp(in.data, "BSJB", 4) != 0) {
        base_free(in.data);
        return 0;
    }
    vec_push(&corpus, in);
    pdbs++;
    return 0;
}

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    size_t n = strlen(path);
    Input in;
    PeImage pe;
    MdImage m;
    (void)ftw;
    if (type == FTW_F && n > 4 && strcmp(path + n - 4, ".pdb") == 0) return add_pdb_file(path);
    if (type != FTW_F || n < 4 || strcmp(path + n - 4, ".dll") != 0) return 0;
    if (!image_mutator_types_only && pdbs < PDBS_MAX && pe_open_file(&pe, path, NULL)) {
        add_pdb(&pe);
        pe_close(&pe);
    }
    if (strstr(path, ".resources.dll") && rnd(50)) return 0; /* many, and without types */
    if (corpus.len >= CORPUS_MAX + pdbs || st->st_size > image_mutator_file_max || st->st_size < CORPUS_FILE_MIN) return 0;
    if (!os_file_read(path, &in.data, &in.size, NULL)) return 0;
    if (!pe_open_memory(&pe, in.data, in.size, false, NULL, NULL)) {
        base_free(in.data);
        return 0;
    }
    bool enough = true;
    if (image_mutator_types_only && (enough = md_open(&m, &pe, NULL))) {
        enough = md_rows(&m, MDT_TypeDef) > 4;
        md_close(&m);
    }
    pe_close(&pe);
    if (enough) vec_push(&corpus, in);
    else base_free(in.data);
    return 0;
}

static void load_corpus(void)
{
    const char *root = getenv("DOTNET_ROOT");
    char path[4096];
    static const char *const folders[] = {"shared", "sdk"};
    if (!image_mutator_types_only) nftw("build/tests", add_file, 32, FTW_PHYS); /* PDBs that the tests' programs have */
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        snprintf(path, sizeof(path), "%s/%s", root && *root ? root : "/usr/share/dotnet", folders[i]);
        nftw(path, add_file, 32, FTW_PHYS);
    }
    CHECKF(corpus.len > 0, "no small assemblies found; set DOTNET_ROOT or name files");
}

/* --- mutations: each damages one place of a good image --- */

static void damage(const u8 *p, u32 size)
{
    static const u32 odd[] = {0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
    u8 *at = (u8 *)(uintptr_t)p;
    if (size == 0) return;
    u32 i = rnd(size), word = rnd(2) ? odd[rnd(ARRAY_LEN(odd))] : rnd(UINT32_MAX), n = 1u << rnd(3);
    switch (rnd(4)) {
    case 0: at[i] ^= (u8)(1u << rnd(8)); break;
    case 1: at[i] = (u8)rnd(256); break;
    case 2: at[i] = (u8)(at[i] + rnd(9) - 4); break;
    case 3: memcpy(at + i, &word, MIN(n, size - i)); break;
    }
}

static void damage_cell(const MdImage *m)
{
    u32 t = rnd(MDT_COUNT);
    for (u32 i = 0; i < MDT_COUNT && m->tables[t].rows == 0; i++) t = (t + 1) % MDT_COUNT;
    const MdTable *tab = &m->tables[t];
    if (!tab->rows) return;
    const MdCol *c = &tab->cols[rnd(tab->col_count)];
    u8 *p = (u8 *)(uintptr_t)tab->base + (size_t)rnd(tab->rows) * tab->row_size + c->offset;
    u32 v, limit = c->kind < MDT_COUNT ? m->tables[c->kind].rows : 0x10000;
    const u8 *other = tab->base + (size_t)rnd(tab->rows) * tab->row_size + c->offset;
    switch (rnd(4)) {
    case 0: v = rnd(limit + 2); break;
    case 1: v = limit + 1; break;
    case 2: v = c->size == 2 ? pe_u16(other) : pe_u32(other); break;
    default: damage(p, c->size); return;
    }
    memcpy(p, &v, c->size);
}

static void damage_blob(const MdImage *m)
{
    static const u8 tables[] = {MDT_Field, MDT_MethodDef, MDT_MemberRef, MDT_StandAloneSig, MDT_TypeSpec, MDT_MethodSpec,
                                MDT_Property};
    static const u8 elems[] = {ET_PTR, ET_BYREF, ET_VALUETYPE, ET_CLASS, ET_VAR, ET_ARRAY, ET_GENERICINST, ET_FNPTR,
                               ET_SZARRAY, ET_MVAR, ET_CMOD_REQD, ET_CMOD_OPT, ET_INTERNAL, ET_SENTINEL, ET_PINNED, ET_VOID};
    u32 t = tables[rnd(ARRAY_LEN(tables))], n;
    const u8 *p;
    if (rnd(2)) {
        MdSig s = md_sig_of(m, MD_TOKEN(t, 1 + rnd(md_rows(m, t))));
        p = s.p;
        n = (u32)(s.end - s.p);
    } else {
        p = md_blob(m, md_CustomAttribute_Value(m, 1 + rnd(md_rows(m, MDT_CustomAttribute))), &n);
    }
    if (!p || n == 0) return;
    if (rnd(2)) ((u8 *)(uintptr_t)p)[rnd(n)] = elems[rnd(ARRAY_LEN(elems))];
    else damage(p, n);
}

static void damage_body(const MdImage *m)
{
    IlBody b;
    u32 rid = 1 + rnd(md_rows(m, MDT_MethodDef));
    if (!il_read_body(m, rid, &b, NULL)) return;
    const u8 *start = b.code - (b.fat ? 12 : 1);
    switch (rnd(3)) {
    case 0: damage(start, b.fat ? 12 : 1); break;
    case 1: damage(b.code, b.code_size); break;
    default:
        if (b.clause_count) damage(b.clauses - 4, 4 + b.clause_count * (b.clauses_fat ? 24 : 12));
        else damage(b.code, b.code_size);
    }
}

static void damage_headers(const PeImage *pe)
{
    switch (rnd(4)) {
    case 0: damage(pe->data, (u32)MIN(pe->size, (size_t)1024)); break;
    case 1: damage(pe->sections, pe->section_count * 40); break;
    case 2: damage(pe_rva(pe, pe->dirs[14].rva, &(u32){0}), 72); break;
    default: damage(pe->metadata, MIN(pe->metadata_size, 160u));
    }
}

static void damage_debug(const PeImage *pe)
{
    u32 size, raw;
    const u8 *p = pe_embedded_pdb(pe, &size, &raw);
    if (p && rnd(2)) damage(p - 8, MIN(size + 8, 64u));
    else if ((p = pe_rva_range(pe, pe->dirs[6].rva, pe->dirs[6].size))) damage(p, pe->dirs[6].size);
}

static void mutate_once(PeImage *pe, const MdImage *m)
{
    u32 kind = rnd(100);
    if (kind < 6) damage_headers(pe);
    else if (kind < 12) damage(m->tables[0].base - 120 > m->root ? m->tables[0].base - 120 : m->root, 120);
    else if (kind < 45) damage_cell(m);
    else if (kind < 70) damage_blob(m);
    else if (kind < 88) damage_body(m);
    else if (kind < 92) damage(m->strings, m->strings_size);
    else if (kind < 96) damage(m->blobs, m->blobs_size);
    else if (kind < 98) damage_debug(pe);
    else damage(pe->data, (u32)pe->size);
}

/* Sequence points and document names */
static void damage_pdb(const MdImage *m)
{
    u32 kind = rnd(10), n;
    const u8 *p;
    if (kind < 1) damage(m->root, MIN(m->root_size, 200u));
    else if (kind < 2) damage(m->pdb, m->pdb_size);
    else if (kind < 5) damage_cell(m);
    else if (kind < 6) damage(m->blobs, m->blobs_size);
    else {
        u32 rid = 1 + rnd(md_rows(m, MDT_MethodDebugInformation)), doc = 1 + rnd(md_rows(m, MDT_Document));
        p = md_blob(m, kind < 9 ? md_MethodDebugInformation_SequencePoints(m, rid) : md_Document_Name(m, doc), &n);
        if (p) damage(p, n);
    }
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed)
{
    PeImage pe;
    MdImage m;
    state = (u64)seed * 0x9E3779B97F4A7C15ull | 1;
    if (size == 0) {
        if (!corpus.len) load_corpus();
        Input in = corpus.data[rnd(corpus.len)];
        size = MIN(in.size, max_size);
        memcpy(data, in.data, size);
    }
    /* the image is parsed anew for each change, so that it stays within what is still readable */
    for (u32 n = 1 + rnd(6); n > 0; n--) {
        if (size > 4 && memcmp(data, "BSJB", 4) == 0) {
            if (md_open_blob(&m, data, size, NULL)) damage_pdb(&m);
            continue;
        }
        if (!pe_open_memory(&pe, data, size, false, NULL, NULL)) break;
        if (md_open(&m, &pe, NULL)) {
            mutate_once(&pe, &m);
            md_close(&m);
        }
        pe_close(&pe);
    }
    return rnd(200) ? size : rnd((u32)size);
}
#endif
