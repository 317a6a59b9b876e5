/* vm_helpers.h: prototypes of what compiled code calls (jit/helpers.def says what each does). */
#ifndef VM_VM_HELPERS_H
#define VM_VM_HELPERS_H
#include "vm/vm_code.h"

extern const char vm_help_mem_start[], vm_help_mem_end[]; /* where a fault of the memory helpers lies (vm_fault.c) */
Object *vm_help_new(MethodTable *mt);
Object *vm_help_new_array(MethodTable *mt, i64 length);
Object *vm_help_new_mdarray(MethodTable *mt, u32 n, i32 *args);
Object *vm_help_box(MethodTable *mt, void *value);
void *vm_help_unbox(Object *o, MethodTable *mt);
void vm_help_unbox_nullable(void *dest, MethodTable *nullable, Object *o);
Object *vm_help_cast(Object *o, TypeHandle to);
Object *vm_help_isinst(Object *o, TypeHandle to);
void vm_help_stelem_ref(Object *array, u64 index, Object *value);
void *vm_help_ldelema_ref(Object *array, u64 index, TypeHandle elem);
void *vm_help_mdarray_address(Object *array, i32 *indices, TypeHandle elem);
void vm_help_mdarray_store_check(Object *array, Object *value);
void *vm_help_typedref_check(void *typedref, TypeHandle th);
void vm_help_class_init(MethodTable *mt);
void *vm_help_rva_static(Field *f);
void *vm_help_statics(MethodTable *mt);
void *vm_help_thread_statics(MethodTable *mt);
void *vm_help_lookup_mt(MethodTable *exact, MethodTable *owner_canon, u32 slot);
void *vm_help_lookup_method(Method *exact, u32 slot);
MethodTable *vm_help_exact_mt(MethodTable *of_this, MethodTable *owner_canon);
Object *vm_help_string_literal(Module *m, u32 token);
Object *vm_help_type_object(TypeHandle th);
Object *vm_help_method_handle(Method *m);
Object *vm_help_field_handle(Field *f, MethodTable *owner);
void *vm_help_ldftn(Method *m);
void *vm_help_ldvirtftn(Object *o, Method *m);
void *vm_help_generic_virtual(Object *o, Method *exact);
void vm_help_delegate_ctor(Object *delegate, Object *target, void *fnptr);
void vm_helpers_forget(void); /* what belongs to contexts that are dying; world stopped */
void vm_help_throw_null(void);
void vm_help_throw_divide_overflow(void);
void vm_help_throw_range(void);
void vm_help_throw_overflow(void);
void vm_help_throw_divide(void);
void vm_help_throw_arithmetic(void);
void vm_help_throw_missing(u32 what);
void vm_help_throw_access(Method *user, void *target, u32 what);
void vm_help_rethrow(Object *o);
void vm_help_end_catch(void);
void vm_help_reverse_enter(void);
void vm_help_monitor_enter(Object *o);
void vm_help_monitor_exit(Object *o);
i64 vm_help_f2i_ovf(double d, u32 et);
u64 vm_help_f2u8(double d);
double vm_help_u8_to_f8(u64 v);
float vm_help_u8_to_f4(u64 v);
void vm_help_pinvoke_wait(void);
void vm_help_pinvoke_raise(void);
void *vm_help_pinvoke_resolve(Method *m);
void vm_help_verify_poll(void);
void vm_help_memcpy(void *dst, const void *src, size_t n);
void vm_help_memset(void *dst, int v, size_t n);
#endif
