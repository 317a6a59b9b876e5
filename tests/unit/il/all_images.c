/* all_images.c: every managed assembly of the installed framework and SDK is read completely: rows, signatures,
 * attributes, names, bodies, instructions, embedded PDBs; nothing in it may seem bad.  The SDK only with STATOR_TEST_ALL. */
#define _GNU_SOURCE /* nftw */
#include "test.h"
#include "walk.h"
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static Walk total;
static u32 files, native;
static Walk corelib;

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    size_t n = strlen(path);
    (void)st, (void)ftw;
    if (type != FTW_F || n < 4 || strcmp(path + n - 4, ".dll") != 0) return 0;
    PeImage pe;
    Err e = {0};
    files++;
    if (!pe_open_file(&pe, path, &e)) {
        native++; /* no CLI header */
        return 0;
    }
    MdImage m;
    if (!md_open(&m, &pe, &e)) {
        printf("%s: %s\n", path, e.text);
        test_failures++;
    } else {
        Walk w = {.complain = path};
        walk_image(&m, &w);
        for (size_t i = 0; i < offsetof(Walk, complain) / 8; i++) ((u64 *)&total)[i] += ((u64 *)&w)[i];
        if (strstr(path, "/System.Private.CoreLib.dll")) corelib = w;
        md_close(&m);
    }
    pe_close(&pe);
    return 0;
}

static const char *dotnet_root(void)
{
    const char *root = getenv("DOTNET_ROOT");
    if (root && *root) return root;
    static const char *const usual[] = {"/usr/share/dotnet", "/usr/lib/dotnet"};
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        char shared[64];
        snprintf(shared, sizeof(shared), "%s/shared", usual[i]);
        if (access(shared, R_OK) == 0) return usual[i];
    }
    return NULL;
}

static void print(const char *name, const Walk *w)
{
    printf("%s: %llu images, %llu rows, %llu types, %llu methods, %llu with IL, %llu IL bytes, %llu instructions, "
           "%llu clauses, %llu signatures, %llu attributes (%llu arguments), %llu sequence points\n",
           name, (unsigned long long)w->images, (unsigned long long)w->rows, (unsigned long long)w->types,
           (unsigned long long)w->methods, (unsigned long long)w->bodies, (unsigned long long)w->il_bytes,
           (unsigned long long)w->insts, (unsigned long long)w->clauses, (unsigned long long)w->sigs,
           (unsigned long long)w->attrs, (unsigned long long)w->args, (unsigned long long)w->seq_points);
}

TEST(every_assembly)
{
    const char *root = dotnet_root();
    char path[4096];
    if (!root) {
        printf("skipped: no .NET installation found\n");
        return;
    }
    clock_t start = clock();
    const char *const folders[] = {"shared", "sdk"};
    for (size_t i = 0; i < (getenv("STATOR_TEST_ALL") ? 2 : 1); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        nftw(path, visit, 32, FTW_PHYS);
    }
    print("all", &total);
    print("CoreLib", &corelib);
    printf("%u files, %u without CLI header, %.1f s\n", files, native, (double)(clock() - start) / CLOCKS_PER_SEC);
    EXPECT(total.images > 100);
    EXPECT_EQ(total.bad_sigs, 0);
    EXPECT_EQ(total.bad_attrs, 0);
    EXPECT_EQ(total.bad_bodies, 0);
    EXPECT_EQ(total.bad_insts, 0);
    EXPECT_EQ(total.bad_names, 0);
    EXPECT_EQ(total.bad_owners, 0);
}

TEST_MAIN(every_assembly)
