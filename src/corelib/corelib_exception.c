/* corelib_exception.c: calls of Exception, StackTrace and the exceptions whose texts the runtime holds.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include "vm/vm_eh.h"
#include "vm/vm_helpers.h"
#include "vm/vm_hresult.h"
#include "vm/vm_throw.h"
#include "vm/vm_trace.h"

static void give_text(Thread *t, StringHandleOnStack out, const char *text)
{
    String *s = vm_string_utf8(t, text);
    if (s)
        qc_set_string(out, s);
}

/* --- Traces ------------------------------------------------------------------------------------------------------------------ */
CALL(void, corelib_exc_frozen_trace, ObjectHandleOnStack exception, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    qc_set_object(out, vm_trace_frozen(t, *exception.ptr));
    QCALL_END(t);
}

CALL(void, corelib_exc_thrower, ObjectHandleOnStack trace, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Method *m = vm_trace_thrower(*trace.ptr);
    qc_set_object(out, m ? vm_method_stub_object(t, m) : NULL);
    QCALL_END(t);
}

CALL(void, corelib_trace_frames, ObjectHandleOnStack helper, i32 need_file_info, ObjectHandleOnStack exception)
{
    QCALL_BEGIN(t);
    vm_trace_fill_helper(t, *helper.ptr, need_file_info != 0, *exception.ptr);
    QCALL_END(t);
}

CALL(Method *, corelib_trace_method_at, void *ip)
{
    CodeInfo *ci = code_find(ip);
    return ci ? ci->method : NULL;
}

CALL(u32, corelib_exc_count, void)
{
    return vm_eh_count(thread_current());
}

CALL(u8, corelib_exc_is_shared, Object *exception)
{
    return vm_exception_is_shared(exception);
}

CALL(void, corelib_exc_prepare_foreign, void)
{
    vm_eh_prepare_foreign(thread_current());
}

/* --- Texts --------------------------------------------------------------------------------------------------------------------- */
CALL(void, corelib_exc_message, i32 kind, StringHandleOnStack out)
{
    static const char *const texts[] = {"", "Thread was being aborted.", "Thread was interrupted from a waiting state.",
                                        "Insufficient memory to continue the execution of the program."};
    QCALL_BEGIN(t);
    give_text(t, out, (u32)kind < ARRAY_LEN(texts) ? texts[kind] : "");
    QCALL_END(t);
}

CALL(void, corelib_exc_hr_message, i32 hr, StringHandleOnStack out)
{
    QCALL_BEGIN(t);
    char text[300];
    vm_hr_message((u32)hr, text, sizeof text);
    give_text(t, out, text);
    QCALL_END(t);
}

/* {0}: the file, {1}: the text of the HRESULT */
CALL(void, corelib_exc_file_load_format, i32 hr, StringHandleOnStack out)
{
    QCALL_BEGIN(t);
    switch ((u32)hr) {
    case 0x80131047: give_text(t, out, "The given assembly name was invalid."); break;
    case 0x8013110B: give_text(t, out, "Could not find or load a specific file."); break;
    default: give_text(t, out, "Could not load file or assembly '{0}'. {1}"); break;
    }
    QCALL_END(t);
}

/* {0}: the class, {1}: the assembly, {2}: more */
CALL(void, corelib_exc_type_load_format, i32 id, StringHandleOnStack out)
{
    QCALL_BEGIN(t);
    (void)id;
    give_text(t, out, "Could not load type '{0}' from assembly '{1}'.");
    QCALL_END(t);
}

/* --- Refusals, by what compiled code raises them with --------------------------------------------------------------------------------- */
static void refuse(Method *user, void *target, u32 what)
{
    QCALL_BEGIN(t);
    vm_help_throw_access(user, target, what);
    QCALL_END(t);
}

CALL(void, corelib_exc_class_access, Method *user, void *target) { refuse(user, target, 0); }
CALL(void, corelib_exc_method_access, Method *user, void *target) { refuse(user, target, 1); }
CALL(void, corelib_exc_field_access, Method *user, void *target) { refuse(user, target, 2); }
