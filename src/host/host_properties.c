/* host_properties.c: the properties outlive the host's arrays, so they are copied once.
 * What they mean is worked out in vm/vm_props.c.  Book: host.md  Tests: tests/unit/host/ */
#include "host/host.h"

static int count;
static const char **key_list, **value_list;

bool host_props_set(int n, const char **keys, const char **values)
{
    if (n < 0 || (n > 0 && (!keys || !values)))
        return false;
    for (int i = 0; i < n; i++)
        if (!keys[i] || !values[i])
            return false;
    for (int i = 0; i < count; i++) { /* only tests set them twice */
        base_free((char *)key_list[i]);
        base_free((char *)value_list[i]);
    }
    base_free(key_list);
    base_free(value_list);
    key_list = base_calloc((size_t)n + 1, sizeof *key_list);
    value_list = base_calloc((size_t)n + 1, sizeof *value_list);
    for (int i = 0; i < n; i++) {
        key_list[i] = base_strdup(keys[i]);
        value_list[i] = base_strdup(values[i]);
    }
    count = n;
    return true;
}

int host_props_count(void)
{
    return count;
}

const char **host_props_keys(void)
{
    return key_list;
}

const char **host_props_values(void)
{
    return value_list;
}

const char *host_prop(const char *key)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(key_list[i], key))
            return value_list[i];
    return NULL;
}
