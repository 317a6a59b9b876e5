/* vm_hresult.c: HRESULTs to the reference's English words.
 * Those of the system end in a line feed, those of the runtime in their number; a few carry their name as well;
 * one that is not listed is "Error" and its number.
 * Book: vm.md  Tests: tests/app */
#include "vm/vm_hresult.h"

#include <stdio.h>

typedef struct HrText {
    u32 hr;
    const char *text, *name; /* name: what stands in brackets after the number; "": nothing follows the text */
} HrText;
static const HrText texts[] = {
    {0x80070002, "The system cannot find the file specified.\n", ""},
    {0x80070003, "The system cannot find the path specified.\n", ""},
    {0x80070005, "Access is denied.\n", ""},
    {0x80070006, "The handle is invalid.\n", ""},
    {0x80070008, "Not enough memory resources are available to process this command.\n", ""},
    {0x8007000b, "An attempt was made to load a program with an incorrect format.\n", ""},
    {0x8007000e, "Not enough memory resources are available to complete this operation.\n", "E_OUTOFMEMORY"},
    {0x80070020, "The process cannot access the file because it is being used by another process.\n", ""},
    {0x80070006, "The handle is invalid.\n", "E_HANDLE"},
    {0x8007006e, "The system cannot open the device or file specified.\n", NULL},
    {0x80070057, "The parameter is incorrect.\n", "E_INVALIDARG"},
    {0x8007007b, "The filename, directory name, or volume label syntax is incorrect.\n", ""},
    {0x800700b7, "Cannot create a file when that file already exists.\n", ""},
    {0x800700ce, "The filename or extension is too long.\n", ""},
    {0x80070120, "Attempt to release mutex not owned by caller.\n", NULL},
    {0x80004003, "Error 2147500035", "E_POINTER"},
    {0x80004005, "Error 2147500037", "E_FAIL"},
    {0x80131018, "The module was expected to contain an assembly manifest.", ""},
    {0x80131040, "The located assembly's manifest definition does not match the assembly reference.", NULL},
    {0x80131044, "A strongly-named assembly is required.", NULL},
    {0x80131047, "The given assembly name was invalid.", NULL},
    {0x80131053, "The requested assembly version conflicts with what is already bound in the app domain or specified in the manifest.", NULL},
    {0x80131500, "General Exception", NULL},
    {0x80131509, "An operation is not legal in the current state.", NULL},
    {0x80131513, "Attempt to access a missing method.", NULL},
    {0x80131515, "Operation is not supported.", NULL},
    {0x80131522, "Could not find or load a type.", NULL},
    {0x80131537, "The format of one argument does not meet the contract of the method.", NULL},
    {0x80131620, "Error during managed I/O.", NULL},
    {0x80131621, "Could not find or load a specific file.", NULL},
};

enum { SYSTEM_ERRORS = 0x80070000u, SYSTEM_LIMIT = 0x10000 };

static const HrText *find(u32 hr)
{
    for (u32 i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].hr == hr)
            return &texts[i];
    return NULL;
}

void vm_hr_message(u32 hr, char *buf, size_t n)
{
    const HrText *x = find(hr), *system = hr < SYSTEM_LIMIT ? find(SYSTEM_ERRORS | hr) : NULL;
    if (system)
        snprintf(buf, n, "%s (0x%08X)", system->text, hr);
    else if (!x)
        snprintf(buf, n, "Error %u (0x%08X)", hr, hr);
    else if (!x->name)
        snprintf(buf, n, "%s (0x%08X)", x->text, hr);
    else if (*x->name)
        snprintf(buf, n, "%s (0x%08X (%s))", x->text, hr, x->name);
    else
        snprintf(buf, n, "%s", x->text);
}

void vm_system_message(u32 error, char *buf, size_t n)
{
    const HrText *x = error < SYSTEM_LIMIT ? find(SYSTEM_ERRORS | error) : NULL;
    if (x)
        snprintf(buf, n, "%s", x->text);
    else
        snprintf(buf, n, "Error %u", error);
}
