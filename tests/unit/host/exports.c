/* exports.c: the hosting exports over a virtual machine that only records: order of calls, errors, exit code. */
#include "test.h"

#include "host/host.h"
#include "vm/vm_props.h"
#include "vm/vm_start.h"

static int starts, shutdowns;
static char said[600];

static void writer(const char *line)
{
    snprintf(said, sizeof said, "%s", line);
}

bool vm_start(const VmStartInfo *info, Err *e)
{
    (void)e;
    starts++;
    EXPECT_STR(info->exe_path, "/bin/host");
    EXPECT_EQ(info->n, 2);
    EXPECT_STR(info->values[1], "v2");
    EXPECT_STR(vm_prop("k1"), "v1");
    return true;
}

bool vm_execute_assembly(const char *path, int argc, const char **argv, u32 *exit_code, Err *e)
{
    if (argc == 0)
        return err_set(e, ERR_FILE_NOT_FOUND, 0, "Could not load '%s'", path);
    EXPECT_STR(argv[0], "arg");
    *exit_code = 5;
    return true;
}

bool vm_create_delegate(const char *assembly, const char *type, const char *method, void **out, Err *e)
{
    (void)e;
    (void)assembly;
    (void)type;
    *out = (void *)method;
    return true;
}

int vm_shutdown(void)
{
    shutdowns++;
    return 42;
}

TEST(life)
{
    char k1[] = "k1", v2[] = "v2";
    const char *keys[] = {k1, "k2"}, *values[] = {"v1", v2}, *argv[] = {"arg"};
    void *handle = NULL, *fn = NULL;
    unsigned id = 0, code = 0;
    int latched = 0;
    EXPECT_EQ(coreclr_execute_assembly(NULL, 1, 0, NULL, "a.dll", &code), HOST_E_INVALID_ARGUMENT);
    EXPECT_EQ(coreclr_initialize("/bin/host", "d", 2, keys, NULL, &handle, &id), HOST_E_INVALID_ARGUMENT);
    EXPECT_EQ(coreclr_initialize("/bin/host", "d", 2, keys, values, &handle, &id), 0);
    k1[0] = v2[0] = 'x'; /* the host's strings may go */
    EXPECT_STR(host_prop("k1"), "v1");
    EXPECT_STR(vm_prop("k2"), "v2");
    EXPECT(handle != NULL && id == 1);
    EXPECT_EQ(coreclr_initialize("/bin/host", "d", 2, keys, values, &handle, &id), HOST_E_INVALID_OPERATION);
    EXPECT_EQ(starts, 1);
    EXPECT_EQ(coreclr_execute_assembly(handle, id, 1, argv, "a.dll", &code), 0);
    EXPECT_EQ(code, 5);
    coreclr_set_error_writer(writer);
    EXPECT_EQ((u32)coreclr_execute_assembly(handle, id, 0, NULL, "a.dll", &code), 0x80070002u);
    EXPECT_STR(said, "Could not load 'a.dll'");
    EXPECT_EQ(coreclr_set_error_writer(NULL), 0);
    EXPECT_EQ(coreclr_create_delegate(handle, id, "a", "t", "m", &fn), 0);
    EXPECT_STR(fn, "m");
    EXPECT_EQ(coreclr_create_delegate(handle, id, "a", "t", "m", NULL), HOST_E_INVALID_ARGUMENT);
    EXPECT_EQ(coreclr_shutdown_2(handle, id, &latched), 0);
    EXPECT_EQ(latched, 42);
    EXPECT_EQ(coreclr_shutdown(handle, id), HOST_E_INVALID_OPERATION);
    EXPECT_EQ(coreclr_execute_assembly(handle, id, 1, argv, "a.dll", &code), HOST_E_INVALID_OPERATION);
    EXPECT_EQ(shutdowns, 1);
}

TEST(hresults)
{
    for (int k = ERR_BAD_IMAGE; k <= ERR_PENDING; k++)
        EXPECT(host_hresult(&(Err){.kind = (ErrKind)k}) < 0);
    EXPECT_EQ(host_hresult(&(Err){.kind = ERR_BAD_IMAGE, .hresult = -5}), -5);
    EXPECT_EQ((u32)host_hresult(&(Err){.kind = ERR_FILE_LOAD}), 0x80131621u);
}

TEST_MAIN(life, hresults)
