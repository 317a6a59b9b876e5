/* ildasm_index.c: which rows other tables say something of.  Most members have no attribute, constant or generic parameter: one byte a row,
 * made once, keeps them from being looked for. */
#include "ildasm/ildasm_int.h"

static void mark(Dis *d, u32 token, u8 what)
{
    u32 t = MD_TABLE_OF(token), r = MD_RID(token);
    if (t >= MDT_COUNT || r == 0 || r > md_rows(d->m, t)) return;
    if (!d->has[t]) d->has[t] = ARENA_NEW_ARRAY(&d->arena, u8, md_rows(d->m, t) + 1);
    d->has[t][r] |= what;
}

void dis_index_init(Dis *d)
{
    static const struct {
        u32 table;
        u32 (*owner)(const MdImage *m, u32 rid);
        u8 what;
    } from[] = {{MDT_CustomAttribute, md_CustomAttribute_Parent, HAS_ATTRIBUTES}, {MDT_GenericParam, md_GenericParam_Owner, HAS_GENERICS},
        {MDT_Constant, md_Constant_Parent, HAS_CONSTANT}, {MDT_FieldMarshal, md_FieldMarshal_Parent, HAS_MARSHAL},
        {MDT_ImplMap, md_ImplMap_MemberForwarded, HAS_PINVOKE}, {MDT_MethodImpl, md_MethodImpl_MethodBody, HAS_OVERRIDES}};
    for (u32 i = 0; i < ARRAY_LEN(from); i++)
        for (u32 r = md_rows(d->m, from[i].table); r > 0; r--) mark(d, from[i].owner(d->m, r), from[i].what);
}
