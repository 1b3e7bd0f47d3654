/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/unwind.h"

#include "runtime/cfiexpr.h"
#include "runtime/ehframe.h"
#include "runtime/module.h"

/* The value that the caller had in REG, by its rule. */
static bool apply(const struct ehframe_row *row, unsigned reg, uintptr_t cfa,
                  const struct unwind_regs *regs, const struct unwind_stack_bounds *stack,
                  uintptr_t *value)
{
    const struct ehframe_rule *rule = &row->reg[reg];
    uintptr_t moved = cfa + (uintptr_t)(intptr_t)rule->offset;
    uintptr_t at;

    switch ((enum ehframe_rule_kind)rule->kind) {
    case EHFRAME_SAME:
        return unwind_regs_get(regs, reg, value);
    case EHFRAME_AT_CFA:
        return cfiexpr_load(stack, moved, value);
    case EHFRAME_IS_CFA:
        *value = moved;
        return true;
    case EHFRAME_IN_REG:
        return unwind_regs_get(regs, (unsigned)rule->offset, value);
    case EHFRAME_AT_EXPR:
        return cfiexpr_evaluate(ehframe_expression(row, rule), regs, stack, &cfa, &at) &&
               cfiexpr_load(stack, at, value);
    case EHFRAME_IS_EXPR:
        return cfiexpr_evaluate(ehframe_expression(row, rule), regs, stack, &cfa, value);
    case EHFRAME_UNDEFINED:
    case EHFRAME_IS_REG_OFF:
        return false;
    }
    return false;
}

static bool find_cfa(const struct ehframe_row *row, const struct unwind_regs *regs,
                     const struct unwind_stack_bounds *stack, uintptr_t *cfa)
{
    uintptr_t base;

    if (row->cfa.kind == EHFRAME_IS_EXPR)
        return cfiexpr_evaluate(ehframe_expression(row, &row->cfa), regs, stack, NULL, cfa);
    if (!unwind_regs_get(regs, row->cfa.reg, &base))
        return false;
    *cfa = base + (uintptr_t)(intptr_t)row->cfa.offset;
    return true;
}

/* To the caller by call frame information. */
static bool step_by_row(const struct ehframe_row *row, struct unwind_regs *regs,
                        const struct unwind_stack_bounds *stack)
{
    struct unwind_regs caller = {0};
    uintptr_t cfa, value;

    if (!find_cfa(row, regs, stack, &cfa) || cfa < stack->lo || cfa > stack->hi)
        return false;
    unwind_regs_set(&caller, UNWIND_SP, cfa);
    for (unsigned r = 0; r < UNWIND_NREGS; r++) {
        if (r == UNWIND_SP && row->reg[r].kind == EHFRAME_SAME)
            continue;
        if (apply(row, r, cfa, regs, stack, &value))
            unwind_regs_set(&caller, r, value);
    }
    if (!unwind_regs_get(&caller, row->return_reg, &value) || value == 0)
        return false;
    caller.pc = unwind_regs_strip(value) + (row->is_signal ? 1 : 0);
    caller.valid &= ~(UINT64_C(1) << row->return_reg);
    *regs = caller;
    return true;
}

/* To the caller by the chain of frame pointers: two words, the caller's and the return address. */
static bool step_by_frame_pointer(struct unwind_regs *regs,
                                  const struct unwind_stack_bounds *stack)
{
    struct unwind_regs caller = {0};
    uintptr_t fp, sp, next, pc;

    if (!unwind_regs_get(regs, UNWIND_FP, &fp) || !unwind_regs_get(regs, UNWIND_SP, &sp) ||
        fp < sp || !cfiexpr_load(stack, fp, &next) ||
        !cfiexpr_load(stack, fp + sizeof fp, &pc) || pc == 0)
        return false;
    unwind_regs_set(&caller, UNWIND_FP, next);
    unwind_regs_set(&caller, UNWIND_SP, fp + 2 * sizeof fp);
    caller.pc = unwind_regs_strip(pc);
    *regs = caller;
    return true;
}

/* From an address that is no code, as after a call through a wild pointer: the call itself has
 * only just put the return address where calls put it. */
static bool step_from_nowhere(struct unwind_regs *regs, const struct unwind_stack_bounds *stack)
{
    uintptr_t sp, pc;

    if (!unwind_regs_get(regs, UNWIND_SP, &sp))
        return false;
    if (UNWIND_LINK_REGISTER ? !unwind_regs_get(regs, UNWIND_RA, &pc)
                             : !cfiexpr_load(stack, sp, &pc))
        return false;
    pc = unwind_regs_strip(pc);
    if (module_find(pc - 1) == NULL)
        return false;
    unwind_regs_set(regs, UNWIND_SP, sp + (UNWIND_LINK_REGISTER ? 0 : sizeof pc));
    regs->pc = pc;
    return true;
}

enum step { STEP_ON, STEP_START, STEP_LOST };

static enum step step(struct unwind_regs *regs, const struct unwind_stack_bounds *stack, bool first)
{
    struct ehframe_row row;
    bool on;

    if (ehframe_find(regs->pc - 1, &row)) {
        if (row.reg[row.return_reg].kind == EHFRAME_UNDEFINED)
            return STEP_START;
        on = step_by_row(&row, regs, stack);
    } else {
        on = first && module_find(regs->pc - 1) == NULL && step_from_nowhere(regs, stack);
        on = on || step_by_frame_pointer(regs, stack);
    }
    return on ? STEP_ON : STEP_LOST;
}

void unwind_init(void)
{
    modules_refresh();
}

static size_t walk(const struct unwind_regs *regs, const struct unwind_stack_bounds *stack,
                   uintptr_t *pcs, size_t max)
{
    struct unwind_regs now = *regs;
    enum step how = STEP_ON;
    size_t n = 0;

    while (n < max && how == STEP_ON) {
        uintptr_t sp = now.reg[UNWIND_SP];
        uintptr_t pc = now.pc;

        pcs[n++] = pc;
        how = step(&now, stack, n == 1);
        if (now.reg[UNWIND_SP] < sp || (now.reg[UNWIND_SP] == sp && now.pc == pc))
            break; /* a stack only unwinds upwards */
    }
    return how == STEP_START && n > 1 ? n - 1 : n;
}

size_t unwind_stack(const struct unwind_regs *regs, uintptr_t lo, uintptr_t hi, uintptr_t *pcs,
                    size_t max)
{
    return walk(regs, &(struct unwind_stack_bounds){.lo = lo, .hi = hi}, pcs, max);
}

size_t unwind_copy(const struct unwind_regs *regs, uintptr_t lo, const void *copy, size_t bytes,
                   uintptr_t *pcs, size_t max)
{
    const struct unwind_stack_bounds stack = {
        .lo = lo, .hi = lo + bytes, .moved = (uintptr_t)copy - lo};

    return walk(regs, &stack, pcs, max);
}
