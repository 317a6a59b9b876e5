/* knobs.h: settings from the environment.  Rows of knobs.def; DOTNET_ names are honoured where they apply, ours
 * begin with STATOR_.  Read once at start by knobs_init; runtimeconfig properties are looked up in host/. */
#ifndef BASE_KNOBS_H
#define BASE_KNOBS_H
#include "base/base.h"

typedef enum KnobId {
#define KNOB(id, name, alias, type, dflt, help) KNOB_##id,
#include "base/knobs.def"
#undef KNOB
    KNOB_COUNT
} KnobId;
void knobs_init(void);
u64 knob_u64(KnobId id);         /* DOTNET_ numbers are hexadecimal, STATOR_ numbers decimal, as users know them */
bool knob_bool(KnobId id);       /* number that is not 0 */
const char *knob_str(KnobId id); /* NULL when unset and without default */
bool knob_is_set(KnobId id);
void knobs_print_help(int fd);
#endif
