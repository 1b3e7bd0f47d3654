/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "mon/debuginfo.h"

/* One module's file. */
struct opened {
    bool tried;
    Dwfl *dwfl;
    Dwfl_Module *module; /* NULL: no file to be believed */
    uint64_t shift;      /* from addresses of the process to libdwfl's: differs for programs that
                          * are not of a process, and linked to fixed addresses */
};

struct debuginfo {
    const struct modmap *map;
    const char *root;
    const struct unwind_machine *machine;
    struct opened *opened; /* [map->n] */
};

static char *no_debug_path; /* libdwfl's own default */
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .debuginfo_path = &no_debug_path,
};

/* ---- Opening the right file ---- */

static bool has_mapped_build(int fd, const struct modmap_module *m)
{
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    const void *id = NULL;
    ssize_t n = elf == NULL ? -1 : dwelf_elf_gnu_build_id(elf, &id);
    bool same = n > 0 && (size_t)n == m->build_id_bytes && memcmp(id, m->build_id, (size_t)n) == 0;

    elf_end(elf);
    return same;
}

static bool is_mapped_file(int fd, const struct modmap_module *m)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (m->build_id_bytes > 0)
        return has_mapped_build(fd, m);
    return m->is_trusted || (st.st_ino == m->ino && st.st_dev == m->dev);
}

/* Opens PATH if it is the file of the module; else -1. */
static int open_if_mapped(const char *path, const struct modmap_module *m)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0 && !is_mapped_file(fd, m)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Puts the image of a module without a file into one. */
static int open_image(const struct modmap_module *m)
{
    int fd = memfd_create("vdso", MFD_CLOEXEC);

    if (fd >= 0 && write(fd, m->image, m->image_bytes) != (ssize_t)m->image_bytes) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Where the file may be: by its path as the target sees it, as the program that runs even if its
 * path is gone, by its path as seen from here. PATH is the one that it was. */
static int open_module(const struct debuginfo *info, const struct modmap_module *m, char *path,
                       size_t bytes)
{
    int fd;

    snprintf(path, bytes, "%s%s", info->root, m->path);
    if (m->image != NULL)
        return open_image(m);
    fd = open_if_mapped(path, m);
    if (fd < 0) {
        snprintf(path, bytes, "/proc/%d/exe", (int)info->map->pid);
        fd = open_if_mapped(path, m);
    }
    if (fd < 0) {
        snprintf(path, bytes, "%s", m->path);
        fd = open_if_mapped(path, m);
    }
    return fd;
}

/* Gives libdwfl the file FD of the module, which it takes. */
static void report(struct opened *o, const struct modmap_module *m, const char *path, int fd)
{
    GElf_Addr bias;

    o->dwfl = dwfl_begin(&callbacks);
    if (o->dwfl == NULL) {
        close(fd);
        return;
    }
    dwfl_report_begin(o->dwfl);
    o->module = dwfl_report_elf(o->dwfl, m->path, path, fd, m->bias, true);
    if (o->module == NULL)
        close(fd);
    if (dwfl_report_end(o->dwfl, NULL, NULL) != 0 || o->module == NULL ||
        dwfl_module_getelf(o->module, &bias) == NULL)
        o->module = NULL;
    else
        o->shift = bias - m->bias;
}

/* The module at *PC, opened, and what it calls this address; NULL if there is none that can be
 * believed. */
static Dwfl_Module *module_at(struct debuginfo *info, uint64_t *pc)
{
    const struct modmap_module *m = modmap_find(info->map, *pc);
    struct opened *o = m == NULL ? NULL : &info->opened[m - info->map->module];
    char path[4200];

    if (o == NULL)
        return NULL;
    if (!o->tried) {
        int fd = open_module(info, m, path, sizeof path);

        o->tried = true;
        if (fd >= 0)
            report(o, m, path, fd);
    }
    *pc += o->shift;
    return o->module;
}

/* ---- Rules ---- */

/* Whether OP is register + offset. */
static bool is_register_offset(const Dwarf_Op *op, uint64_t *reg, int64_t *offset)
{
    if (op->atom == DW_OP_bregx) {
        *reg = op->number;
        *offset = (int64_t)op->number2;
        return true;
    }
    *reg = (uint64_t)(op->atom - DW_OP_breg0);
    *offset = (int64_t)op->number;
    return op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31;
}

static bool fits(int64_t v)
{
    return v == (int32_t)v;
}

/* Whether OP goes on as in the linkage table of amd64: one word more if the instruction is at byte
 * LIMIT or later of its 16-byte entry. */
static bool is_linkage_entry(const Dwarf_Op *op, size_t n, struct unwind_rule *rule)
{
    static const uint8_t atoms[] = {DW_OP_breg16, DW_OP_lit15, DW_OP_and, 0,
                                    DW_OP_ge,     DW_OP_lit3,  DW_OP_shl, DW_OP_plus};
    const size_t limit = 3;

    if (n != ARRAY_COUNT(atoms))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (i != limit && op[i].atom != atoms[i])
            return false;
    }
    rule->cfa_kind = UNWIND_CFA_LINKAGE;
    rule->cfa_offset2 = (int32_t)op[limit].atom - DW_OP_lit0;
    return rule->cfa_offset2 >= 0 && rule->cfa_offset2 <= 15;
}

/* Understands the expression of the frame's address. */
static bool read_cfa(const struct unwind_machine *machine, const Dwarf_Op *op, size_t n,
                     struct unwind_rule *rule)
{
    uint64_t reg;
    int64_t offset;

    if (n == 0 || !is_register_offset(&op[0], &reg, &offset) || reg >= machine->nregs ||
        !fits(offset))
        return false;
    rule->cfa_reg = (uint8_t)reg;
    rule->cfa_offset = (int32_t)offset;
    if (n == 1)
        rule->cfa_kind = UNWIND_CFA_REG;
    else if (op[1].atom == DW_OP_deref && n == 2)
        rule->cfa_kind = UNWIND_CFA_DEREF;
    else if (op[1].atom == DW_OP_deref && n == 3 && op[2].atom == DW_OP_plus_uconst &&
             fits((int64_t)op[2].number)) {
        rule->cfa_kind = UNWIND_CFA_DEREF;
        rule->cfa_offset2 = (int32_t)op[2].number;
    } else {
        return reg == machine->sp && is_linkage_entry(&op[1], n - 1, rule);
    }
    return true;
}

/* Understands where one register is saved: an expression that begins with the frame's address. */
static bool read_location(const struct unwind_machine *machine, const Dwarf_Op *op, size_t n,
                          struct unwind_saved *saved)
{
    bool is_value = n > 0 && op[n - 1].atom == DW_OP_stack_value;
    uint64_t base = 0;
    int64_t offset = 0;

    n -= is_value;
    if (n == 1 && op[0].atom == DW_OP_regx) {
        saved->kind = UNWIND_SAVED_IN_REG;
        base = op[0].number;
    } else if (n == 2 && op[0].atom == DW_OP_call_frame_cfa && !is_value &&
               is_register_offset(&op[1], &base, &offset)) {
        saved->kind = UNWIND_SAVED_AT_REG;
    } else if (n >= 1 && n <= 2 && op[0].atom == DW_OP_call_frame_cfa) {
        saved->kind = is_value ? UNWIND_SAVED_IS_CFA : UNWIND_SAVED_AT_CFA;
        base = 0;
        offset = n == 2 ? (int64_t)op[1].number : 0;
        if (n == 2 && op[1].atom != DW_OP_plus_uconst)
            return false;
    } else {
        return false;
    }
    saved->base = (uint8_t)base;
    saved->offset = (int32_t)offset;
    return base < machine->nregs && fits(offset);
}

/* Adds what is known of register REG to the rule. False if the rule can't be followed. */
static bool read_register(const struct unwind_machine *machine, Dwarf_Frame *frame, uint8_t reg,
                          struct unwind_rule *rule)
{
    struct unwind_saved saved = {.reg = reg};
    Dwarf_Op memory[3], *op;
    size_t n;

    if (dwarf_frame_register(frame, reg, memory, &op, &n) != 0)
        return reg != machine->ra;
    /* libdw does not know that calls preserve rbx, and calls it undefined where nothing is said. */
    if (n == 0 && (op == NULL || (machine->preserved >> reg & 1)))
        return true; /* unchanged */
    if (n == 0 && reg == machine->ra)
        rule->kind = UNWIND_RULE_START;
    if (n == 0 || !read_location(machine, op, n, &saved))
        saved.kind = UNWIND_SAVED_LOST;
    if (rule->nsaved == UNWIND_SAVED_MAX)
        return reg != machine->ra;
    rule->saved[rule->nsaved++] = saved;
    return true;
}

static void read_frame(const struct unwind_machine *machine, Dwarf_Frame *frame,
                       struct unwind_rule *rule)
{
    bool is_signal = false;
    Dwarf_Op *op;
    size_t n;

    dwarf_frame_info(frame, NULL, NULL, &is_signal);
    rule->is_signal = is_signal;
    rule->kind = UNWIND_RULE_FRAME;
    /* The return address first: it must have room. */
    if (!read_register(machine, frame, machine->ra, rule))
        rule->kind = UNWIND_RULE_NONE;
    if (rule->kind != UNWIND_RULE_FRAME)
        return;
    if (dwarf_frame_cfa(frame, &op, &n) != 0 || !read_cfa(machine, op, n, rule)) {
        rule->kind = UNWIND_RULE_NONE;
        return;
    }
    for (uint8_t reg = 0; reg < machine->nregs; reg++) {
        if (reg != machine->ra)
            read_register(machine, frame, reg, rule);
    }
}

void debuginfo_rule(struct debuginfo *info, uint64_t pc, struct unwind_rule *rule)
{
    Dwfl_Module *module = module_at(info, &pc);
    Dwarf_Frame *frame = NULL;
    Dwarf_Addr bias;
    Dwarf_CFI *cfi;

    memset(rule, 0, sizeof *rule);
    if (module == NULL)
        return;
    cfi = dwfl_module_eh_cfi(module, &bias);
    if (cfi == NULL || dwarf_cfi_addrframe(cfi, pc - bias, &frame) != 0) {
        cfi = dwfl_module_dwarf_cfi(module, &bias);
        if (cfi == NULL || dwarf_cfi_addrframe(cfi, pc - bias, &frame) != 0)
            return;
    }
    read_frame(info->machine, frame, rule);
    free(frame);
}

/* ---- Symbols ---- */

static const char *text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static const char *name_of(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;

    return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word v;

    if (dwarf_formudata(dwarf_attr(die, name, &attribute), &v) != 0 || v > UINT32_MAX)
        return 0;
    return (uint32_t)v;
}

/* Adds the functions among the scopes, from the innermost out to the one that holds the code. */
static void add_scopes(Dwarf_Die *unit, Dwarf_Die *scope, int n, struct debuginfo_frame place,
                       struct debuginfo_symbol *symbol)
{
    Dwarf_Files *files = NULL;
    size_t nfiles = 0;

    dwarf_getsrcfiles(unit, &files, &nfiles);
    for (int i = 0; i < n && symbol->nframes < DEBUGINFO_FRAMES_MAX; i++) {
        int tag = dwarf_tag(&scope[i]);
        uint32_t file;

        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        place.function = text_or_empty(name_of(&scope[i]));
        symbol->frame[symbol->nframes++] = place;
        if (tag == DW_TAG_subprogram)
            return;
        file = number_of(&scope[i], DW_AT_call_file);
        place.line = number_of(&scope[i], DW_AT_call_line);
        place.file = file < nfiles ? text_or_empty(dwarf_filesrc(files, file, NULL, NULL)) : "";
    }
}

/* Adds the functions that debug information knows at PC; PLACE is the line of the innermost. */
static void add_functions(Dwfl_Module *module, uint64_t pc, struct debuginfo_frame place,
                          struct debuginfo_symbol *symbol)
{
    Dwarf_Addr bias;
    Dwarf_Die *unit = dwfl_module_addrdie(module, pc, &bias);
    Dwarf_Die *scopes = NULL, *outward = NULL, innermost;
    int n = unit == NULL ? 0 : dwarf_getscopes(unit, pc - bias, &scopes);

    if (n <= 0)
        return;
    /* The scopes by address follow inlined code to where it was written; asked for again from the
     * innermost, they lead outwards to where it is. */
    if (dwarf_offdie(dwfl_module_getdwarf(module, &bias), dwarf_dieoffset(&scopes[0]),
                     &innermost) != NULL) {
        n = dwarf_getscopes_die(&innermost, &outward);
        add_scopes(unit, outward, n, place, symbol);
        free(outward);
    }
    free(scopes);
}

void debuginfo_symbol(struct debuginfo *info, uint64_t pc, struct debuginfo_symbol *symbol)
{
    Dwfl_Module *module = module_at(info, &pc);
    struct debuginfo_frame place = {.function = "", .file = ""}, *last;
    Dwfl_Line *line;
    const char *name;
    GElf_Off offset;
    GElf_Sym elf_symbol;
    int number = 0;

    symbol->nframes = 0;
    if (module == NULL)
        return;
    line = dwfl_module_getsrc(module, pc);
    if (line != NULL)
        place.file = text_or_empty(dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL));
    place.line = number > 0 ? (uint32_t)number : 0;
    add_functions(module, pc, place, symbol);
    name = dwfl_module_addrinfo(module, pc, &offset, &elf_symbol, NULL, NULL, NULL);
    if (name != NULL && symbol->nframes == 0)
        symbol->frame[symbol->nframes++] = place;
    if (name != NULL) {
        last = &symbol->frame[symbol->nframes - 1];
        last->function = last->function[0] == '\0' ? name : last->function;
    }
}

struct debuginfo *debuginfo_new(const struct modmap *map, const char *root)
{
    struct debuginfo *info = calloc(1, sizeof *info);

    CHECK(info != NULL);
    elf_version(EV_CURRENT);
    info->map = map;
    info->root = root;
    info->machine = unwind_machine_here();
    info->opened = calloc(map->n + 1, sizeof *info->opened);
    CHECK(info->opened != NULL);
    return info;
}

void debuginfo_free(struct debuginfo *info)
{
    if (info == NULL)
        return;
    for (size_t i = 0; i < info->map->n; i++) {
        if (info->opened[i].dwfl != NULL)
            dwfl_end(info->opened[i].dwfl);
    }
    free(info->opened);
    free(info);
}
