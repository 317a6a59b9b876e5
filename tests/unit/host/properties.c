/* properties.c: vm_props: look-up, TPA by simple name, lists of paths, the host's contract. */
#include "test.h"

#include <stdint.h>

#include "vm/vm_props.h"

static size_t get_property(const char *key, char *buf, size_t n, void *context)
{
    const char *v = !strcmp(key, "ENTRY_ASSEMBLY_NAME") ? context : NULL;
    if (!v)
        return (size_t)-1;
    if (strlen(v) + 1 <= n)
        memcpy(buf, v, strlen(v) + 1);
    return strlen(v) + 1;
}

TEST(lookup)
{
    const char *keys[] = {"A", "B", "A", "T", "N", "H"}, *values[] = {"1", "", "2", "True", "12", "0x1F"};
    vm_props_init(keys, values, 6);
    EXPECT_STR(vm_prop("A"), "1");
    EXPECT_STR(vm_prop("B"), "");
    EXPECT(!vm_prop("a"));
    EXPECT(vm_prop_bool("T", false) && vm_prop_bool("A", false) && vm_prop_bool("N", true) && !vm_prop_bool("X", false));
    EXPECT_EQ(vm_prop_u64("N", 0), 12);
    EXPECT_EQ(vm_prop_u64("H", 0), 31);
    EXPECT_EQ(vm_prop_u64("T", 7), 7);
    EXPECT_EQ(vm_props_count(), 6);
    const char *k, *v;
    vm_props_at(2, &k, &v);
    EXPECT_STR(k, "A");
    EXPECT_STR(v, "2");
    EXPECT_EQ(vm_tpa_count(), 0);
    EXPECT(!vm_tpa_find("x"));
    EXPECT_EQ(vm_host_contract()->size, 0);
    EXPECT(!vm_host_property("ENTRY_ASSEMBLY_NAME"));
}

TEST(lists)
{
    const char *keys[] = {"TRUSTED_PLATFORM_ASSEMBLIES", "NATIVE_DLL_SEARCH_DIRECTORIES", "PLATFORM_RESOURCE_ROOTS"};
    const char *values[] = {"/a/My.Lib.dll:/fx/System.Runtime.dll::/fx/my.lib.DLL:/b/tool.exe:/c/Old.ni.dll:/d/no.ext:", "/n1/:/n2:", ""};
    vm_props_init(keys, values, 3);
    EXPECT_STR(vm_tpa_find("My.Lib"), "/a/My.Lib.dll");
    EXPECT_STR(vm_tpa_find("MY.LIB"), "/a/My.Lib.dll");
    EXPECT_STR(vm_tpa_find("system.runtime"), "/fx/System.Runtime.dll");
    EXPECT_STR(vm_tpa_find("tool"), "/b/tool.exe");
    EXPECT_STR(vm_tpa_find("old"), "/c/Old.ni.dll");
    EXPECT_STR(vm_tpa_find("no.ext"), "/d/no.ext");
    EXPECT(!vm_tpa_find("My") && !vm_tpa_find(""));
    EXPECT_EQ(vm_tpa_count(), 5);
    EXPECT_STR(vm_tpa_at(1), "/fx/System.Runtime.dll");
    EXPECT_EQ(vm_paths_count(VM_PATHS_NATIVE), 2);
    EXPECT_STR(vm_paths_at(VM_PATHS_NATIVE, 0), "/n1/");
    EXPECT_STR(vm_paths_at(VM_PATHS_NATIVE, 1), "/n2/");
    EXPECT_EQ(vm_paths_count(VM_PATHS_RESOURCES), 0);
    EXPECT_EQ(vm_paths_count(VM_PATHS_APP), 0);
}

TEST(contract)
{
    VmHostContract c = {.size = 24, .context = "hello", .get_runtime_property = get_property, .reserved = &c};
    char text[32];
    snprintf(text, sizeof text, "0x%zx", (size_t)&c);
    const char *keys[] = {"HOST_RUNTIME_CONTRACT", "P"}, *values[] = {text, "q"};
    vm_props_init(keys, values, 2);
    EXPECT(vm_host_contract()->get_runtime_property == get_property);
    EXPECT(!vm_host_contract()->reserved); /* beyond the size that the host gave */
    char *v = vm_host_property("ENTRY_ASSEMBLY_NAME"), *p = vm_host_property("P");
    EXPECT_STR(v, "hello");
    EXPECT_STR(p, "q");
    EXPECT(!vm_host_property("NONE"));
    base_free(v);
    base_free(p);
}

TEST_MAIN(lookup, lists, contract)
