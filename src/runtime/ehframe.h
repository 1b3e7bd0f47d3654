/* SPDX-License-Identifier: MIT */
/* ehframe.h - call frame information: how to get from one frame to its caller's.
 * The compiler describes for every address where the caller's registers are: first the canonical
 * frame address (CFA: the stack pointer before the call), then each register by its place
 * relative to the CFA. .eh_frame_hdr is a sorted table to find the description of an address;
 * a little program in .eh_frame then builds the row that holds there.
 * Who: unwind.c. Threads: any; async-signal-safe, no allocation; reads the module's own sections
 * only, within their bounds.
 * Source: DWARF 5, section 6.4; Linux Standard Base 5.0, core, section 10.6. */
#ifndef RUNTIME_EHFRAME_H
#define RUNTIME_EHFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/module.h"
#include "runtime/unwind.h"

enum ehframe_rule_kind {
    EHFRAME_SAME = 0,   /* the register still has the caller's value */
    EHFRAME_UNDEFINED,  /* lost; for the return address: there is no caller */
    EHFRAME_AT_CFA,     /* saved at CFA + offset */
    EHFRAME_IS_CFA,     /* its value is CFA + offset */
    EHFRAME_IN_REG,     /* in register number offset */
    EHFRAME_AT_EXPR,    /* saved where an expression says */
    EHFRAME_IS_EXPR,    /* its value is that of an expression */
    EHFRAME_IS_REG_OFF, /* the CFA only: register reg + offset */
};

struct ehframe_rule {
    uint8_t kind; /* enum ehframe_rule_kind */
    uint8_t reg;
    int32_t offset; /* of an expression: from the module's eh_hdr to its length and bytes */
};

/* What holds at one address. */
struct ehframe_row {
    const struct module *module;
    struct ehframe_rule cfa;
    struct ehframe_rule reg[UNWIND_NREGS];
    uint8_t return_reg;
    bool is_signal; /* the caller was interrupted there; it did not call */
};

/* A DWARF expression. */
struct ehframe_expr {
    const uint8_t *code;
    size_t bytes;
};

/* Finds the row of the instruction at PC; false if there is none, or nothing that this reader
 * knows. */
bool ehframe_find(uintptr_t pc, struct ehframe_row *row);

/* The expression of a rule of ROW. */
struct ehframe_expr ehframe_expression(const struct ehframe_row *row,
                                       const struct ehframe_rule *rule);

#endif
