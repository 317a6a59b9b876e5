/* vm_core.c: fields and methods of CoreLib that C names (vm_corefield.def, vm_coremethod.def).
 * Fields are looked up once at start; methods on first use.  A name that CoreLib lacks ends the process and is named.
 * Book: vm.md  Tests: tests/app */
#include "vm/vm.h"
#include "vm/vm_events.h"

const VmEvents *vm_events;

u32 vm_core_field_offset[CF_COUNT];
static Method *methods[CM_COUNT];

static MethodTable *core_type(const char *ns, const char *name)
{
    Err e = {0};
    MethodTable *mt = type_load_name(type_corelib, ns, name, &e);
    if (!mt)
        base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no usable %s.%s: %s", ns, name, e.text);
    return mt;
}

void vm_core_fields_init(void)
{
    static const struct {
        const char *ns, *type, *field;
    } rows[] = {
#define CORE_FIELD(id, ns, type, field) {ns, type, field},
#include "vm/vm_corefield.def"
#undef CORE_FIELD
    };
    const char *last = NULL;
    MethodTable *mt = NULL;
    for (u32 i = 0; i < CF_COUNT; i++) {
        if (!last || strcmp(last, rows[i].type) != 0)
            mt = core_type(rows[i].ns, rows[i].type);
        last = rows[i].type;
        Field *f = type_field_by_name(mt, rows[i].field);
        if (!f)
            base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no field %s.%s.%s", rows[i].ns,
                       rows[i].type, rows[i].field);
        vm_core_field_offset[i] = OBJ_DATA + f->offset;
    }
}

Method *vm_core_method(CoreMethod id)
{
    static const struct {
        const char *ns, *type, *method;
        i32 params;
    } rows[] = {
#define CORE_METHOD(id, ns, type, method, params) {ns, type, method, params},
#include "vm/vm_coremethod.def"
#undef CORE_METHOD
    };
    Method *m = __atomic_load_n(&methods[id], __ATOMIC_ACQUIRE);
    if (LIKELY(m != NULL))
        return m;
    MethodTable *mt = core_type(rows[id].ns, rows[id].type);
    m = type_method_by_name(mt, rows[id].method, rows[id].params);
    if (!m)
        base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no method %s.%s.%s", rows[id].ns,
                   rows[id].type, rows[id].method);
    __atomic_store_n(&methods[id], m, __ATOMIC_RELEASE);
    return m;
}
