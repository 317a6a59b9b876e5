/* vm_verify.c: the verifier before the compiler: which contexts, which methods, what a failure becomes.
 * In: a method that is about to be compiled for the first time.  Out: yes, or an Err from which the caller makes a VerificationException.
 * A generic method is compiled once for each shape of its arguments, but verified once: verdicts of typical Methods are kept in a map.
 * Locks: verdict_lock, for the map only.  Book: verify.md  Tests: tests/verify/ */
#include "vm/vm_verify.h"

#include "base/knobs.h"
#include "os/os_thread.h"
#include "os/os_time.h"
#include "verify/verify.h"
#include "vm/vm_props.h"
#include "vm/vm_unload.h"

#include <fnmatch.h>
#include <stdio.h>
#include <strings.h>

typedef struct Rule { const char *pattern; VmVerify mode; } Rule;
static VEC(Rule) rules;
static VmVerify everywhere;
bool vm_verify_used, vm_verify_timed;
u64 vm_verify_ns, vm_verify_methods;
static OsMutex verdict_lock = OS_MUTEX_INIT;
static Map64 verdicts; /* typical Method * -> 1: verified, or its message (char *) */

static bool mode_of(const char *word, VmVerify *out)
{
    static const char *const names[] = {"off", "warn", "enforce"};
    for (u32 i = 0; i < ARRAY_LEN(names); i++)
        if (strcasecmp(word, names[i]) == 0) {
            *out = (VmVerify)i;
            return true;
        }
    return false;
}

void vm_verify_init(void)
{
    const char *setting = knob_is_set(KNOB_VERIFY) ? knob_str(KNOB_VERIFY) : vm_prop("Stator.Verify");
    if (!setting || !*setting)
        return;
    char *save = NULL;
    for (char *p = strtok_r(base_strdup(setting), ";, ", &save); p; p = strtok_r(NULL, ";, ", &save)) {
        char *eq = strchr(p, '=');
        VmVerify mode;
        if (!mode_of(eq ? eq + 1 : p, &mode))
            base_fatal(129, "stator: '%s' is not a setting of verification (off, warn, enforce)", p);
        if (eq)
            *eq = 0;
        if (eq)
            vec_push(&rules, ((Rule){p, mode}));
        else
            everywhere = mode;
        vm_verify_used |= mode != VM_VERIFY_OFF;
    }
    if (vm_verify_used)
        vm_unload_hook(vm_verify_forget, NULL);
}

/* AssemblyLoadContext._name; base_free.  NULL: none. */
static char *context_name(LoadContext *alc)
{
    Object *o = alc->managed ? gc_handle_get(alc->managed) : NULL;
    for (MethodTable *mt = o ? o->mt : NULL; mt; mt = mt->parent) {
        Field *f = mt->module->assembly->is_corelib ? type_field_by_name(mt, "_name") : NULL;
        if (f && f->kind == ET_CLASS) {
            const String *s = *(const String **)((char *)o + 8 + f->offset);
            return s ? vm_string_to_utf8(s) : NULL;
        }
    }
    return NULL;
}

static VmVerify context_mode(LoadContext *alc)
{
    VmVerify mode = everywhere;
    char *name = rules.len && !alc->is_default ? context_name(alc) : NULL;
    for (u32 i = 0; i < rules.len; i++) {
        const Rule *r = &rules.data[i];
        bool hit = alc->is_default ? strcasecmp(r->pattern, "default") == 0
                                   : (alc->collectible && strcasecmp(r->pattern, "collectible") == 0) || (name && fnmatch(r->pattern, name, 0) == 0);
        if (hit)
            mode = r->mode;
    }
    base_free(name);
    return mode;
}

VmVerify vm_verify_assembly(const Assembly *a)
{
    if (a->trusted)
        return VM_VERIFY_OFF;
    LoadContext *alc = a->alc;
    if (!__atomic_load_n(&alc->verify_mode, __ATOMIC_ACQUIRE)) { /* the same whoever works it out */
        VmVerify mode = context_mode(alc);
        if (mode == VM_VERIFY_ENFORCE)
            alc->verified = true;
        __atomic_store_n(&alc->verify_mode, (u8)(mode + 1), __ATOMIC_RELEASE);
    }
    return (VmVerify)(alc->verify_mode - 1);
}

VmVerify vm_verify_mode(Thread *t, Method *m)
{
    (void)t;
    return m->flags & (MF_STUB | MF_DYNAMIC | MF_HAS_BODY_OVERRIDE) ? VM_VERIFY_OFF : vm_verify_assembly(m->mt->module->assembly);
}

/* --- One method ----------------------------------------------------------------------------------------------------------- */
typedef struct Telling { VmVerify mode; char *first; } Telling;

static void tell(void *arg, const VerifyIssue *i)
{
    Telling *x = arg;
    char text[2600];
    if (x->mode == VM_VERIFY_ENFORCE && x->first)
        return;
    verify_issue_text(i, text, sizeof text);
    if (x->mode == VM_VERIFY_WARN)
        fprintf(stderr, "stator: verification: [%s]: %s\n", verify_code_name(i->code), text);
    if (!x->first)
        x->first = base_asprintf("Operation could destabilize the runtime. [%s]: %s", verify_code_name(i->code), text);
}

bool vm_verify_body(void *arg, const SemWalk *scan, Arena *arena, Err *e)
{
    Method *m = ((VmVerifying *)arg)->m;
    VmVerify mode = ((VmVerifying *)arg)->mode;
    MethodTable *typical = m->mt->klass->typical;
    Method *key = m;
    if (m->mt != typical || m->num_generic)
        key = type_method_by_rid(typical, MD_RID(m->token), NULL);
    bool keep = key && (key->num_generic || typical->klass->num_generic);
    char *said = NULL;
    if (keep) {
        os_mutex_lock(&verdict_lock);
        said = map64_ptr(&verdicts, (u64)(uintptr_t)key);
        os_mutex_unlock(&verdict_lock);
    }
    if (!said) {
        u64 t0 = vm_verify_timed ? os_time_thread_cpu_ns() : 0;
        Telling x = {.mode = mode};
        VerifySink sink = {tell, &x};
        verify_method(m, scan, arena, &sink);
        said = x.first ? x.first : (char *)1;
        if (keep) {
            os_mutex_lock(&verdict_lock);
            map64_put(&verdicts, (u64)(uintptr_t)key, (u64)(uintptr_t)said);
            os_mutex_unlock(&verdict_lock);
        }
        if (vm_verify_timed)
            __atomic_fetch_add(&vm_verify_ns, os_time_thread_cpu_ns() - t0, __ATOMIC_RELAXED);
        __atomic_fetch_add(&vm_verify_methods, 1, __ATOMIC_RELAXED);
    }
    bool ok = said == (char *)1 || mode != VM_VERIFY_ENFORCE;
    if (!ok)
        err_set(e, ERR_VERIFICATION, m->token, "%s", said);
    if (!keep && said != (char *)1)
        base_free(said);
    return ok;
}

void vm_verify_forget(void)
{
    os_mutex_lock(&verdict_lock);
    type_map_forget(&verdicts, true);
    os_mutex_unlock(&verdict_lock);
}
