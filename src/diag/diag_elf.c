/* diag_elf.c: builds the ELF file in memory that tells gdb about compiled code.
 * Layout: header, .shstrtab, .strtab, .symtab, .eh_frame, section headers; .text is NOBITS at its real address, so
 * symbols have absolute values (type ET_EXEC).  The frame rule of managed code (rbp is always a frame pointer) is one CIE
 * and one FDE over the whole range; it is not exact inside a prologue before rbp is set.
 * Book: diag.md  Tests: tests/unit/diag/ (readelf reads it) */
#include "diag/diag.h"

#include <elf.h>

#include "base/vec.h"

typedef VEC(u8) Bytes;
enum { SEC_NULL, SEC_TEXT, SEC_EH_FRAME, SEC_SYMTAB, SEC_STRTAB, SEC_SHSTRTAB, SEC_COUNT };
static const char section_names[] = "\0.text\0.eh_frame\0.symtab\0.strtab\0.shstrtab";
static const u8 name_offsets[SEC_COUNT] = {0, 1, 7, 17, 25, 33};
_Static_assert(sizeof section_names == 43, "name_offsets follow section_names");

static u64 put(Bytes *b, const void *p, size_t n)
{
    u64 at = b->len;
    vec_reserve(b, b->len + (u32)n);
    memcpy(b->data + b->len, p, n);
    b->len += (u32)n;
    return at;
}

static void pad(Bytes *b, u32 align)
{
    while (b->len & (align - 1))
        vec_push(b, 0);
}

/* DWARF 3, §6.4: numbers of rbp, rsp and the return address are 6, 7 and 16 on AMD64 */
static u64 put_eh_frame(Bytes *b, u64 start, u64 size)
{
    static const u8 cie[] = {
        0, 0, 0, 0,    /* CIE id */
        1,             /* version */
        0,             /* augmentation: none, so addresses are absolute and 8 bytes */
        1,             /* code alignment */
        0x78,          /* data alignment -8 */
        16,            /* column of the return address */
        0x0c, 6, 16,   /* DW_CFA_def_cfa rbp+16 */
        0x80 | 16, 1,  /* DW_CFA_offset: return address at cfa-8 */
        0x80 | 6, 2,   /* DW_CFA_offset: rbp at cfa-16 */
        0, 0, 0, 0,    /* DW_CFA_nop to a multiple of 8 with the length before it */
    };
    _Static_assert((sizeof cie + 4) % 8 == 0, "CIE length");
    u32 length = sizeof cie, fde_length = 4 + 8 + 8, back = 4 + sizeof cie + 4, end = 0;
    u64 at = put(b, &length, 4);
    put(b, cie, sizeof cie);
    put(b, &fde_length, 4);
    put(b, &back, 4); /* from this field to the CIE */
    put(b, &start, 8);
    put(b, &size, 8);
    put(b, &end, 4);
    return at;
}

static void section(Elf64_Shdr *s, int index, u32 type, u64 flags, u64 offset, u64 size, u64 align)
{
    s[index] = (Elf64_Shdr){.sh_name = name_offsets[index], .sh_type = type, .sh_flags = flags, .sh_offset = offset,
        .sh_size = size, .sh_addralign = align};
}

u8 *diag_elf_build(const DiagSymbol *symbols, u32 n, size_t *size)
{
    CHECK(n > 0);
    u64 lo = symbols[0].addr, hi = lo;
    Bytes b = {0}, strings = {0};
    VEC(Elf64_Sym) table = {0};
    vec_push(&strings, 0);
    vec_push(&table, ((Elf64_Sym){0}));
    for (u32 i = 0; i < n; i++) {
        lo = MIN(lo, symbols[i].addr);
        hi = MAX(hi, symbols[i].addr + symbols[i].size);
        u32 name = (u32)put(&strings, symbols[i].name, strlen(symbols[i].name) + 1);
        vec_push(&table, ((Elf64_Sym){.st_name = name, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                             .st_shndx = SEC_TEXT, .st_value = symbols[i].addr, .st_size = symbols[i].size}));
    }
    Elf64_Ehdr h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_ehsize = sizeof(Elf64_Ehdr),
        .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SEC_COUNT, .e_shstrndx = SEC_SHSTRTAB};
    Elf64_Shdr s[SEC_COUNT] = {0};
    put(&b, &h, sizeof h);
    section(s, SEC_SHSTRTAB, SHT_STRTAB, 0, put(&b, section_names, sizeof section_names), sizeof section_names, 1);
    section(s, SEC_STRTAB, SHT_STRTAB, 0, put(&b, strings.data, strings.len), strings.len, 1);
    pad(&b, 8);
    section(s, SEC_SYMTAB, SHT_SYMTAB, 0, put(&b, table.data, table.len * sizeof(Elf64_Sym)),
        table.len * sizeof(Elf64_Sym), 8);
    s[SEC_SYMTAB].sh_link = SEC_STRTAB;
    s[SEC_SYMTAB].sh_info = 1; /* index of the first symbol that is not local */
    s[SEC_SYMTAB].sh_entsize = sizeof(Elf64_Sym);
    u64 eh = put_eh_frame(&b, lo, hi - lo);
    section(s, SEC_EH_FRAME, SHT_PROGBITS, SHF_ALLOC, eh, b.len - eh, 8);
    section(s, SEC_TEXT, SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, b.len, hi - lo, 16);
    s[SEC_TEXT].sh_addr = lo;
    pad(&b, 8);
    h.e_shoff = put(&b, s, sizeof s);
    memcpy(b.data, &h, sizeof h);
    vec_free(&strings);
    vec_free(&table);
    *size = b.len;
    return b.data;
}
