/* ildasm_export.h: methods that native code calls by table slot or by name: .vtfixup, .vtentry, .export. */
#ifndef ILDASM_EXPORT_H
#define ILDASM_EXPORT_H
#include "ildasm/ildasm_int.h"

void put_vtfixups(Dis *d);                  /* the tables, with their data */
void put_method_slots(Dis *d, u32 method_rid); /* .vtentry and .export of one method */
#endif
