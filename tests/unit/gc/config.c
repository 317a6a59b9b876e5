/* config.c: settings from environment and host, cgroup files, hard limits. */
#include "test.h"

#include "gc/gc_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    for (char *s = path + strlen(dir) + 1; (s = strchr(s, '/')); s++) {
        *s = 0;
        mkdir(path, 0700);
        *s = '/';
    }
    FILE *f = fopen(path, "w");
    CHECKF(f, "%s", path);
    fputs(text, f);
    fclose(f);
}

static u64 limit(const char *groups)
{
    char path[256];
    put("groups", groups);
    snprintf(path, sizeof path, "%s/groups", dir);
    return gc_cgroup_number(path, dir, "memory.max", "memory.limit_in_bytes");
}

TEST(cgroups)
{
    strcpy(dir, "/tmp/gc-config-XXXXXX");
    EXPECT(mkdtemp(dir) != NULL);
    EXPECT_EQ(limit("0::/\n"), UINT64_MAX);
    put("memory.max", "max\n");
    EXPECT_EQ(limit("0::/\n"), UINT64_MAX);
    put("memory.max", "900000000\n");
    put("a/memory.max", "500000000\n");
    put("a/b/memory.max", "700000000\n");
    EXPECT_EQ(limit("0::/\n"), 900000000);
    EXPECT_EQ(limit("0::/a/b\n"), 500000000); /* the parent's binds */
    EXPECT_EQ(limit("0::/x/y/z\n"), 900000000); /* a path of the host: the root is what is seen */
    put("memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("memory/app/memory.limit_in_bytes", "300000000\n");
    EXPECT_EQ(limit("9:name=systemd:/app\n8:pids:/app\n4:memory:/app\n"), 300000000);
    EXPECT_EQ(limit("4:hugetlb,memory:/app/deeper\n0::/a\n"), 300000000);
    EXPECT_EQ(limit("4:cpu,memoryless:/app\n"), UINT64_MAX);
    put("unified/memory.max", "200000000\n");
    EXPECT_EQ(limit("4:memory:/app\n0::/\n"), 200000000);
    EXPECT_EQ(limit("nonsense\n\n::\n"), UINT64_MAX);
    EXPECT_EQ(gc_cgroup_number("/nowhere/at/all", dir, "memory.max", "memory.limit_in_bytes"), UINT64_MAX);
}

static const char *host_key, *host_value;
static const char *host(const char *key)
{
    return host_key && !strcmp(key, host_key) ? host_value : NULL;
}

/* Settings with one variable and one property, each NULL for none. */
static bool configure(const char *variable, const char *text, const char *key, const char *value)
{
    Err e = {0};
    host_key = key;
    host_value = value;
    gc_set_properties(host);
    if (variable)
        setenv(variable, text, 1);
    bool ok = gc_config_init(&e);
    if (variable)
        unsetenv(variable);
    EXPECT(ok == (e.kind == ERR_NONE));
    return ok;
}

TEST(environment)
{
    EXPECT(configure(NULL, NULL, NULL, NULL));
    EXPECT(gc_settings.concurrent && !gc_settings.server && !gc_settings.retain_vm);
    EXPECT_EQ(gc_settings.loh_threshold, 85000);
    EXPECT_EQ(gc_settings.gen0_size, 0);
    EXPECT_EQ(gc_latency_mode, GC_LATENCY_INTERACTIVE);
    u64 unlimited = gc_settings.hard_limit;
    EXPECT(configure("DOTNET_GCHeapHardLimit", "8000000", NULL, NULL));
    EXPECT_EQ(gc_settings.hard_limit, 0x8000000);
    EXPECT(configure("DOTNET_GCHeapHardLimit", "0x8000000", NULL, NULL));
    EXPECT_EQ(gc_settings.hard_limit, 0x8000000);
    EXPECT(configure("COMPlus_GCHeapHardLimit", "8000000", NULL, NULL));
    EXPECT_EQ(gc_settings.hard_limit, 0x8000000);
    EXPECT(configure("DOTNET_GCHeapHardLimit", "zz", NULL, NULL)); /* no number: absent */
    EXPECT_EQ(gc_settings.hard_limit, unlimited);
    EXPECT(configure("DOTNET_GCHeapHardLimitPercent", "32", NULL, NULL));
    EXPECT_EQ(gc_settings.hard_limit, gc_settings.physical / 2);
    EXPECT(configure("DOTNET_GCHeapHardLimitPercent", "200", NULL, NULL));
    EXPECT_EQ(gc_settings.hard_limit, unlimited);
    EXPECT(!configure("DOTNET_GCHeapHardLimit", "1000", NULL, NULL));
    EXPECT(!configure("DOTNET_GCHeapHardLimitSOH", "4000000", NULL, NULL)); /* the other two are missing */
    EXPECT(configure("DOTNET_gcConcurrent", "0", NULL, NULL));
    EXPECT(!gc_settings.concurrent);
    EXPECT_EQ(gc_latency_mode, GC_LATENCY_BATCH);
    EXPECT(configure("DOTNET_GCgen0size", "100000", NULL, NULL));
    EXPECT_EQ(gc_settings.gen0_size, 0x100000);
    EXPECT(configure("DOTNET_GCgen0size", "10", NULL, NULL)); /* too small: the collector's choice */
    EXPECT_EQ(gc_settings.gen0_size, 0);
    EXPECT(configure("DOTNET_GCConserveMemory", "5", NULL, NULL));
    EXPECT_EQ(gc_settings.conserve_memory, 5);
    EXPECT(configure("DOTNET_GCConserveMemory", "20", NULL, NULL));
    EXPECT_EQ(gc_settings.conserve_memory, 0);
    EXPECT(configure("DOTNET_GCHighMemPercent", "50", NULL, NULL));
    EXPECT_EQ(gc_settings.high_memory_percent, 80);
}

TEST(properties)
{
    EXPECT(configure(NULL, NULL, "System.GC.HeapHardLimit", "200000000"));
    EXPECT_EQ(gc_settings.hard_limit, 200000000);
    EXPECT(configure(NULL, NULL, "System.GC.HeapHardLimit", "0xC000000"));
    EXPECT_EQ(gc_settings.hard_limit, 0xC000000);
    EXPECT(configure("DOTNET_GCHeapHardLimit", "8000000", "System.GC.HeapHardLimit", "200000000"));
    EXPECT_EQ(gc_settings.hard_limit, 0x8000000); /* the environment wins */
    EXPECT(configure(NULL, NULL, "System.GC.Server", "true"));
    EXPECT(gc_settings.server && gc_settings.heap_count >= 1);
    EXPECT(configure("DOTNET_gcServer", "0", "System.GC.Server", "true"));
    EXPECT(!gc_settings.server && gc_settings.heap_count == 1);
    EXPECT(configure(NULL, NULL, "System.GC.Server", "1")); /* a switch is "true" or it is off */
    EXPECT(!gc_settings.server);
    EXPECT(configure(NULL, NULL, "System.GC.Concurrent", "false"));
    EXPECT(!gc_settings.concurrent);
    EXPECT(configure(NULL, NULL, "System.GC.LOHThreshold", "200000"));
    EXPECT_EQ(gc_settings.loh_threshold, 200000);
    EXPECT(configure(NULL, NULL, "System.GC.LOHThreshold", "20"));
    EXPECT_EQ(gc_settings.loh_threshold, 85000);
    EXPECT(configure(NULL, NULL, "System.GC.HighMemoryPercent", "70"));
    EXPECT_EQ(gc_settings.high_memory_percent, 70);
}

typedef struct Seen {
    u32 n;
    i64 hard_limit;
    bool server_is_bool;
} Seen;
static void see(void *arg, const char *name, const char *public_name, GcSettingType type, i64 value)
{
    Seen *s = arg;
    s->n++;
    if (!strcmp(name, "GCHeapHardLimit") && !strcmp(public_name, "System.GC.HeapHardLimit"))
        s->hard_limit = value;
    s->server_is_bool |= !strcmp(name, "ServerGC") && type == GC_SETTING_BOOL;
}

TEST(what_is_in_force)
{
    Seen s = {0};
    EXPECT(configure("DOTNET_GCHeapHardLimit", "8000000", NULL, NULL));
    gc_settings_visit(see, &s);
    EXPECT_EQ(s.n, 32);
    EXPECT_EQ(s.hard_limit, 0x8000000);
    EXPECT(s.server_is_bool);
}

TEST(limits_refreshed)
{
    const u64 as_is = UINT64_MAX;
    u64 given[8] = {as_is, as_is, as_is, as_is, as_is, as_is, as_is, as_is};
    EXPECT(configure(NULL, NULL, NULL, NULL));
    u64 unlimited = gc_settings.hard_limit;
    EXPECT_EQ(gc_refresh_limit(given), GC_REFRESH_DONE);
    EXPECT_EQ(gc_settings.hard_limit, unlimited);
    given[0] = 200000000;
    EXPECT_EQ(gc_refresh_limit(given), GC_REFRESH_DONE);
    EXPECT_EQ(gc_settings.hard_limit, 200000000);
    given[0] = 100;
    EXPECT_EQ(gc_refresh_limit(given), GC_REFRESH_TOO_LOW);
    EXPECT_EQ(gc_settings.hard_limit, 200000000);
    given[3] = 100000000;
    EXPECT_EQ(gc_refresh_limit(given), GC_REFRESH_INVALID);
    given[2] = given[4] = 100000000;
    EXPECT_EQ(gc_refresh_limit(given), GC_REFRESH_DONE);
    EXPECT_EQ(gc_settings.hard_limit, 300000000);
}

TEST_MAIN(cgroups, environment, properties, what_is_in_force, limits_refreshed)
