/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/ehframe.h"

#include <string.h>

#include "runtime/leb.h"

/* How a pointer is written: form in the low four bits, what it is relative to in the next three. */
enum {
    ENC_ABSPTR = 0x00,
    ENC_ULEB = 0x01,
    ENC_U2 = 0x02,
    ENC_U4 = 0x03,
    ENC_U8 = 0x04,
    ENC_SLEB = 0x09,
    ENC_S2 = 0x0a,
    ENC_S4 = 0x0b,
    ENC_S8 = 0x0c,
    ENC_FORM = 0x0f,
    ENC_PCREL = 0x10,
    ENC_DATAREL = 0x30,
    ENC_RELATIVE = 0x70,
    ENC_INDIRECT = 0x80,
    ENC_OMIT = 0xff,
};

/* Instructions; the first three have an operand in their low six bits. */
enum {
    CFA_ADVANCE_LOC = 0x40,
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_NOP = 0x00,
    CFA_SET_LOC = 0x01,
    CFA_ADVANCE_LOC1 = 0x02,
    CFA_ADVANCE_LOC2 = 0x03,
    CFA_ADVANCE_LOC4 = 0x04,
    CFA_OFFSET_EXTENDED = 0x05,
    CFA_RESTORE_EXTENDED = 0x06,
    CFA_UNDEFINED = 0x07,
    CFA_SAME_VALUE = 0x08,
    CFA_REGISTER = 0x09,
    CFA_REMEMBER_STATE = 0x0a,
    CFA_RESTORE_STATE = 0x0b,
    CFA_DEF_CFA = 0x0c,
    CFA_DEF_CFA_REGISTER = 0x0d,
    CFA_DEF_CFA_OFFSET = 0x0e,
    CFA_DEF_CFA_EXPRESSION = 0x0f,
    CFA_EXPRESSION = 0x10,
    CFA_OFFSET_EXTENDED_SF = 0x11,
    CFA_DEF_CFA_SF = 0x12,
    CFA_DEF_CFA_OFFSET_SF = 0x13,
    CFA_VAL_OFFSET = 0x14,
    CFA_VAL_OFFSET_SF = 0x15,
    CFA_VAL_EXPRESSION = 0x16,
    CFA_AARCH64_NEGATE_RA_STATE = 0x2d,
    CFA_GNU_ARGS_SIZE = 0x2e,
};

#define REMEMBER_MAX 8

/* A common information entry: what many functions share. */
struct cie {
    uint64_t code_align;
    int64_t data_align;
    uint8_t return_reg;
    uint8_t pointer_enc;
    bool has_augmentation;
    bool is_signal;
    struct cursor program;
};

/* One function. */
struct fde {
    struct cie cie;
    uintptr_t start;
    uintptr_t end;
    struct cursor program;
};

struct machine {
    const struct cie *cie;
    uintptr_t pc;     /* of the instruction that is asked for */
    uintptr_t at;     /* the program has come to this address */
    struct ehframe_row *row;
    const struct ehframe_row *initial; /* after the CIE's program, or NULL while it runs */
    struct ehframe_row remembered[REMEMBER_MAX];
    size_t nremembered;
};

static struct cursor cursor_in_module(const struct module *m, uintptr_t at)
{
    bool inside = at >= m->lo && at < m->hi;

    return (struct cursor){.at = (const uint8_t *)(inside ? at : m->hi),
                           .end = (const uint8_t *)m->hi,
                           .bad = !inside};
}

/* Reads a pointer written as ENC; DATA is what data-relative ones are relative to. */
static uintptr_t take_pointer(struct cursor *c, uint8_t enc, uintptr_t data)
{
    uintptr_t here = (uintptr_t)c->at;
    uint64_t v = 0;

    switch (enc & ENC_FORM) {
    case ENC_ABSPTR: v = cursor_u64(c); break;
    case ENC_ULEB: v = cursor_uleb(c); break;
    case ENC_U2: v = cursor_u16(c); break;
    case ENC_U4: v = cursor_u32(c); break;
    case ENC_U8: v = cursor_u64(c); break;
    case ENC_SLEB: v = (uint64_t)cursor_sleb(c); break;
    case ENC_S2: v = (uint64_t)(int16_t)cursor_u16(c); break;
    case ENC_S4: v = (uint64_t)(int32_t)cursor_u32(c); break;
    case ENC_S8: v = cursor_u64(c); break;
    default: c->bad = true; break;
    }
    if ((enc & ENC_RELATIVE) == ENC_PCREL)
        v += here;
    else if ((enc & ENC_RELATIVE) == ENC_DATAREL)
        v += data;
    else if ((enc & ENC_RELATIVE) != 0)
        c->bad = true;
    c->bad |= (enc & ENC_INDIRECT) != 0;
    return v;
}

/* The address of the FDE that may cover PC, from the sorted table; 0 if there is none. */
static uintptr_t search_table(const struct module *m, uintptr_t pc)
{
    uintptr_t data = (uintptr_t)m->eh_hdr;
    struct cursor c = {.at = m->eh_hdr, .end = m->eh_hdr + m->eh_hdr_bytes};
    uint8_t version = cursor_u8(&c), frame_enc = cursor_u8(&c);
    uint8_t count_enc = cursor_u8(&c), table_enc = cursor_u8(&c);
    int64_t want = (int64_t)(pc - data);
    uint64_t lo = 0, hi;
    int32_t entry[2];

    if (version != 1 || count_enc == ENC_OMIT || table_enc != (ENC_DATAREL | ENC_S4))
        return 0;
    take_pointer(&c, frame_enc, data);
    hi = take_pointer(&c, count_enc, data);
    if (c.bad || hi > cursor_left(&c) / sizeof entry)
        return 0;
    while (lo < hi) { /* entries below lo start at or before pc, those from hi behind it */
        uint64_t mid = lo + (hi - lo) / 2;

        memcpy(entry, c.at + mid * sizeof entry, sizeof entry);
        if (entry[0] <= want)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0)
        return 0;
    memcpy(entry, c.at + (lo - 1) * sizeof entry, sizeof entry);
    return data + (uintptr_t)(intptr_t)entry[1];
}

/* Cuts the entry at C to its length; false at the end mark. */
static bool enter(struct cursor *c)
{
    uint64_t bytes = cursor_u32(c);

    if (bytes == 0xffffffffu)
        bytes = cursor_u64(c);
    if (c->bad || bytes == 0 || bytes > cursor_left(c))
        return false;
    c->end = c->at + bytes;
    return true;
}

/* Reads what the augmentation string TEXT promises. */
static void take_augmentation(struct cie *cie, struct cursor *c, const char *text)
{
    struct cursor data = *c;
    uint64_t bytes = cursor_uleb(&data);

    cie->has_augmentation = true;
    c->at = data.at;
    cursor_skip(c, bytes);
    data.end = c->at;
    for (const char *p = text + 1; *p != '\0'; p++) {
        if (*p == 'R')
            cie->pointer_enc = cursor_u8(&data);
        else if (*p == 'L')
            cursor_u8(&data);
        else if (*p == 'P')
            take_pointer(&data, cursor_u8(&data) & ~ENC_INDIRECT & 0xff, 0);
        else if (*p == 'S')
            cie->is_signal = true;
        else if (*p != 'B')
            return; /* the rest is not known, and its length is */
    }
}

static bool read_cie(const struct module *m, uintptr_t at, struct cie *cie)
{
    struct cursor c = cursor_in_module(m, at);
    const char *augmentation;
    uint8_t version;

    *cie = (struct cie){.pointer_enc = ENC_ABSPTR};
    if (!enter(&c) || cursor_u32(&c) != 0)
        return false;
    version = cursor_u8(&c);
    augmentation = (const char *)c.at;
    while (cursor_u8(&c) != 0)
        ;
    if (c.bad || (version != 1 && version != 3) || (augmentation[0] && augmentation[0] != 'z'))
        return false;
    cie->code_align = cursor_uleb(&c);
    cie->data_align = cursor_sleb(&c);
    cie->return_reg = (uint8_t)(version == 1 ? cursor_u8(&c) : cursor_uleb(&c));
    if (augmentation[0] == 'z')
        take_augmentation(cie, &c, augmentation);
    cie->program = c;
    return !c.bad && cie->return_reg < UNWIND_NREGS;
}

static bool read_fde(const struct module *m, uintptr_t at, struct fde *fde)
{
    struct cursor c = cursor_in_module(m, at);
    uintptr_t here;
    uint32_t to_cie;

    if (!enter(&c))
        return false;
    here = (uintptr_t)c.at;
    to_cie = cursor_u32(&c);
    if (to_cie == 0 || !read_cie(m, here - to_cie, &fde->cie))
        return false;
    fde->start = take_pointer(&c, fde->cie.pointer_enc, 0);
    fde->end = fde->start + take_pointer(&c, fde->cie.pointer_enc & ENC_FORM, 0);
    if (fde->cie.has_augmentation)
        cursor_skip(&c, cursor_uleb(&c));
    fde->program = c;
    return !c.bad;
}

static void set_rule(struct machine *vm, uint64_t reg, enum ehframe_rule_kind kind, int64_t offset)
{
    if (reg < UNWIND_NREGS)
        vm->row->reg[reg] =
            (struct ehframe_rule){.kind = (uint8_t)kind, .offset = (int32_t)offset};
}

static void restore_rule(struct machine *vm, uint64_t reg)
{
    if (reg < UNWIND_NREGS && vm->initial != NULL)
        vm->row->reg[reg] = vm->initial->reg[reg];
}

/* Notes where an expression lies and steps over it. */
static int64_t take_expression(struct machine *vm, struct cursor *c)
{
    int64_t offset = c->at - vm->row->module->eh_hdr;

    cursor_skip(c, cursor_uleb(c));
    return offset;
}

static void def_cfa(struct machine *vm, uint64_t reg, int64_t offset)
{
    vm->row->cfa = (struct ehframe_rule){
        .kind = EHFRAME_IS_REG_OFF, .reg = (uint8_t)reg, .offset = (int32_t)offset};
}

static void push_state(struct machine *vm, struct cursor *c)
{
    if (vm->nremembered == REMEMBER_MAX)
        c->bad = true;
    else
        vm->remembered[vm->nremembered++] = *vm->row;
}

static void pop_state(struct machine *vm, struct cursor *c)
{
    if (vm->nremembered == 0)
        c->bad = true;
    else
        *vm->row = vm->remembered[--vm->nremembered];
}

static void advance(struct machine *vm, uint64_t steps)
{
    vm->at += steps * vm->cie->code_align;
}

/* One of the instructions without an operand in its opcode. */
static void extended(struct machine *vm, struct cursor *c, uint8_t op)
{
    int64_t scale = vm->cie->data_align;
    uint64_t reg;

    switch (op) {
    case CFA_NOP: break;
    case CFA_SET_LOC: vm->at = take_pointer(c, vm->cie->pointer_enc, 0); break;
    case CFA_ADVANCE_LOC1: advance(vm, cursor_u8(c)); break;
    case CFA_ADVANCE_LOC2: advance(vm, cursor_u16(c)); break;
    case CFA_ADVANCE_LOC4: advance(vm, cursor_u32(c)); break;
    case CFA_OFFSET_EXTENDED:
        reg = cursor_uleb(c);
        set_rule(vm, reg, EHFRAME_AT_CFA, (int64_t)cursor_uleb(c) * scale);
        break;
    case CFA_OFFSET_EXTENDED_SF:
        reg = cursor_uleb(c);
        set_rule(vm, reg, EHFRAME_AT_CFA, cursor_sleb(c) * scale);
        break;
    case CFA_VAL_OFFSET:
        reg = cursor_uleb(c);
        set_rule(vm, reg, EHFRAME_IS_CFA, (int64_t)cursor_uleb(c) * scale);
        break;
    case CFA_VAL_OFFSET_SF:
        reg = cursor_uleb(c);
        set_rule(vm, reg, EHFRAME_IS_CFA, cursor_sleb(c) * scale);
        break;
    case CFA_EXPRESSION:
        reg = cursor_uleb(c);
        set_rule(vm, reg, EHFRAME_AT_EXPR, take_expression(vm, c));
        break;
    case CFA_VAL_EXPRESSION:
        reg = cursor_uleb(c);
        set_rule(vm, reg, EHFRAME_IS_EXPR, take_expression(vm, c));
        break;
    case CFA_REGISTER:
        reg = cursor_uleb(c);
        set_rule(vm, reg, EHFRAME_IN_REG, (int64_t)cursor_uleb(c));
        break;
    case CFA_RESTORE_EXTENDED: restore_rule(vm, cursor_uleb(c)); break;
    case CFA_UNDEFINED: set_rule(vm, cursor_uleb(c), EHFRAME_UNDEFINED, 0); break;
    case CFA_SAME_VALUE: set_rule(vm, cursor_uleb(c), EHFRAME_SAME, 0); break;
    case CFA_REMEMBER_STATE: push_state(vm, c); break;
    case CFA_RESTORE_STATE: pop_state(vm, c); break;
    case CFA_DEF_CFA:
        reg = cursor_uleb(c);
        def_cfa(vm, reg, (int64_t)cursor_uleb(c));
        break;
    case CFA_DEF_CFA_SF:
        reg = cursor_uleb(c);
        def_cfa(vm, reg, cursor_sleb(c) * scale);
        break;
    case CFA_DEF_CFA_REGISTER: def_cfa(vm, cursor_uleb(c), vm->row->cfa.offset); break;
    case CFA_DEF_CFA_OFFSET: def_cfa(vm, vm->row->cfa.reg, (int64_t)cursor_uleb(c)); break;
    case CFA_DEF_CFA_OFFSET_SF: def_cfa(vm, vm->row->cfa.reg, cursor_sleb(c) * scale); break;
    case CFA_DEF_CFA_EXPRESSION:
        vm->row->cfa = (struct ehframe_rule){.kind = EHFRAME_IS_EXPR,
                                             .offset = (int32_t)take_expression(vm, c)};
        break;
    case CFA_AARCH64_NEGATE_RA_STATE: break; /* signed return addresses are stripped anyway */
    case CFA_GNU_ARGS_SIZE: cursor_uleb(c); break;
    default: c->bad = true; break;
    }
}

/* Runs a program until it ends or has come past the address; false if it is damaged. */
static bool run(struct machine *vm, struct cursor c)
{
    while (!c.bad && cursor_left(&c) > 0) {
        uint8_t byte = cursor_u8(&c), operand = byte & 0x3f;

        switch (byte & 0xc0) {
        case CFA_ADVANCE_LOC: advance(vm, operand); break;
        case CFA_OFFSET:
            set_rule(vm, operand, EHFRAME_AT_CFA, (int64_t)cursor_uleb(&c) * vm->cie->data_align);
            break;
        case CFA_RESTORE: restore_rule(vm, operand); break;
        default: extended(vm, &c, byte); break;
        }
        if (vm->at > vm->pc)
            return !c.bad; /* what follows holds further on */
    }
    return !c.bad;
}

bool ehframe_find(uintptr_t pc, struct ehframe_row *row)
{
    const struct module *m = module_find(pc);
    struct ehframe_row initial;
    struct machine vm;
    struct fde fde;
    uintptr_t at;

    if (m == NULL || m->eh_hdr == NULL)
        return false;
    at = search_table(m, pc);
    if (at == 0 || !read_fde(m, at, &fde) || pc < fde.start || pc >= fde.end)
        return false;
    memset(row, 0, sizeof *row);
    row->module = m;
    row->return_reg = fde.cie.return_reg;
    row->is_signal = fde.cie.is_signal;
    vm.cie = &fde.cie;
    vm.pc = pc;
    vm.at = fde.start;
    vm.row = row;
    vm.initial = NULL;
    vm.nremembered = 0;
    if (!run(&vm, fde.cie.program))
        return false;
    initial = *row;
    vm.initial = &initial;
    return run(&vm, fde.program) && row->cfa.kind != EHFRAME_SAME;
}

struct ehframe_expr ehframe_expression(const struct ehframe_row *row,
                                       const struct ehframe_rule *rule)
{
    struct cursor c =
        cursor_in_module(row->module, (uintptr_t)(row->module->eh_hdr + rule->offset));
    uint64_t bytes = cursor_uleb(&c);

    if (c.bad || bytes > cursor_left(&c))
        bytes = 0; /* an empty expression has no value */
    return (struct ehframe_expr){.code = c.at, .bytes = (size_t)bytes};
}
