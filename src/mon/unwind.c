/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/unwind.h"

#include <elf.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/bits.h"
#include "base/check.h"
#include "mon/symbol.h"

#define WORD sizeof(uint64_t)
#define LINKAGE_ENTRY_BYTES 16
#define RED_ZONE_BYTES 128

static const struct unwind_machine machines[] = {
    {.elf_machine = EM_X86_64,
     .name = "x86_64",
     .nregs = 17,
     .sp = 7,
     .fp = 6,
     .ra = 16,
     .code_mask = ~UINT64_C(0),
     .preserved = 0xf048}, /* rbx, rbp, r12 .. r15 */
    {.elf_machine = EM_AARCH64,
     .name = "aarch64",
     .nregs = 32,
     .sp = 31,
     .fp = 29,
     .ra = 30,
     .has_link_register = true,
     .code_mask = (UINT64_C(1) << 48) - 1, /* above are signatures and tags */
     .preserved = 0x3ff80000},             /* x19 .. x29 */
};

/* One frame. */
struct frame {
    uint64_t pc;
    uint64_t valid;
    uint64_t reg[PAGE_DUMP_REGS];
};

_Static_assert(PAGE_DUMP_REGS >= 32, "room for the registers of every machine");

const struct unwind_machine *unwind_machine(uint32_t elf_machine)
{
    for (size_t i = 0; i < ARRAY_COUNT(machines); i++) {
        if (machines[i].elf_machine == elf_machine)
            return &machines[i];
    }
    return NULL;
}

const struct unwind_machine *unwind_machine_here(void)
{
    struct utsname name;

    CHECK(uname(&name) == 0);
    for (size_t i = 0; i < ARRAY_COUNT(machines); i++) {
        if (strcmp(machines[i].name, name.machine) == 0)
            return &machines[i];
    }
    UNREACHABLE();
}

bool unwind_rule_is_valid(const struct unwind_rule *rule)
{
    if (rule->kind > UNWIND_RULE_START || rule->cfa_kind > UNWIND_CFA_LINKAGE ||
        rule->cfa_reg >= PAGE_DUMP_REGS || rule->nsaved > UNWIND_SAVED_MAX)
        return false;
    for (size_t i = 0; i < rule->nsaved; i++) {
        if (rule->saved[i].reg >= PAGE_DUMP_REGS || rule->saved[i].kind > UNWIND_SAVED_LOST ||
            rule->saved[i].base >= PAGE_DUMP_REGS)
            return false;
    }
    return true;
}

static bool get(const struct frame *f, unsigned reg, uint64_t *value)
{
    *value = f->reg[reg];
    return f->valid >> reg & 1;
}

static void set(struct frame *f, unsigned reg, uint64_t value)
{
    f->reg[reg] = value;
    f->valid |= UINT64_C(1) << reg;
}

static bool load(const struct unwind_task *task, uint64_t address, uint64_t *value)
{
    uint64_t at = address - task->stack_lo;

    if (address < task->stack_lo || task->stack_bytes < WORD || at > task->stack_bytes - WORD)
        return false;
    memcpy(value, task->stack + at, WORD);
    return true;
}

static bool find_cfa(const struct unwind_rule *rule, const struct frame *f,
                     const struct unwind_task *task, uint64_t *cfa)
{
    uint64_t at;

    if (!get(f, rule->cfa_reg, &at))
        return false;
    at += (uint64_t)(int64_t)rule->cfa_offset;
    *cfa = at;
    switch ((enum unwind_cfa_kind)rule->cfa_kind) {
    case UNWIND_CFA_REG:
        return true;
    case UNWIND_CFA_DEREF:
        if (!load(task, at, cfa))
            return false;
        *cfa += (uint64_t)(int64_t)rule->cfa_offset2;
        return true;
    case UNWIND_CFA_LINKAGE:
        if ((int64_t)((f->pc - 1) % LINKAGE_ENTRY_BYTES) >= rule->cfa_offset2)
            *cfa += WORD;
        return true;
    }
    return false;
}

/* Whether the place of a saved register is just below what was copied, so below the stack pointer:
 * the function is at its end and has taken the register back; rules don't tell of that. */
static bool is_popped(const struct unwind_task *task, uint64_t address)
{
    return address < task->stack_lo && task->stack_lo - address <= RED_ZONE_BYTES;
}

/* The value of one register of the caller; false if it is lost. */
static bool find_saved(const struct unwind_saved *saved, const struct frame *f, uint64_t cfa,
                       const struct unwind_task *task, uint64_t *value)
{
    uint64_t offset = (uint64_t)(int64_t)saved->offset;

    switch ((enum unwind_saved_kind)saved->kind) {
    case UNWIND_SAVED_AT_CFA:
        if (is_popped(task, cfa + offset))
            return get(f, saved->reg, value);
        return load(task, cfa + offset, value);
    case UNWIND_SAVED_IS_CFA:
        *value = cfa + offset;
        return true;
    case UNWIND_SAVED_IN_REG:
        return get(f, saved->base, value);
    case UNWIND_SAVED_AT_REG:
        return get(f, saved->base, value) && load(task, *value + offset, value);
    case UNWIND_SAVED_LOST:
        return false;
    }
    return false;
}

static bool step_by_rule(const struct unwind_rule *rule, const struct unwind_task *task,
                         struct frame *f)
{
    const struct unwind_machine *machine = task->machine;
    struct frame caller = *f;
    uint64_t cfa, value;

    if (!find_cfa(rule, f, task, &cfa))
        return false;
    set(&caller, machine->sp, cfa);
    for (size_t i = 0; i < rule->nsaved; i++) {
        const struct unwind_saved *saved = &rule->saved[i];

        if (find_saved(saved, f, cfa, task, &value))
            set(&caller, saved->reg, value);
        else
            caller.valid &= ~(UINT64_C(1) << saved->reg);
    }
    if (!get(&caller, machine->ra, &value))
        return false;
    caller.pc = (value & machine->code_mask) + (rule->is_signal ? 1 : 0);
    caller.valid &= ~(UINT64_C(1) << machine->ra);
    *f = caller;
    return value != 0;
}

/* By the chain of frame pointers: at fp the caller's, behind it the return address. */
static bool step_by_frame_pointer(const struct unwind_task *task, struct frame *f)
{
    const struct unwind_machine *machine = task->machine;
    uint64_t fp, sp, next, pc;

    if (!get(f, machine->fp, &fp) || !get(f, machine->sp, &sp) || fp < sp ||
        !load(task, fp, &next) || !load(task, fp + WORD, &pc) || pc == 0)
        return false;
    f->valid = 0;
    set(f, machine->fp, next);
    set(f, machine->sp, fp + 2 * WORD);
    f->pc = pc & machine->code_mask;
    return true;
}

/* From an address that is no code, after a call through a wild pointer: to where calls leave the
 * return address. */
static bool step_from_nowhere(const struct symbols *symbols, const struct unwind_task *task,
                              struct frame *f)
{
    const struct unwind_machine *machine = task->machine;
    uint64_t sp, pc;

    if (!get(f, machine->sp, &sp) ||
        !(machine->has_link_register ? get(f, machine->ra, &pc) : load(task, sp, &pc)))
        return false;
    pc &= machine->code_mask;
    if (!symbols_has_code(symbols, pc - 1))
        return false;
    set(f, machine->sp, machine->has_link_register ? sp : sp + WORD);
    f->pc = pc;
    return true;
}

enum step { STEP_ON, STEP_WAITS, STEP_START, STEP_LOST };

/* To the caller of the frame F; FIRST: it is the innermost one. */
static enum step step(struct symbols *symbols, const struct unwind_task *task, struct frame *f,
                      bool first)
{
    const struct unwind_rule *rule = symbols_rule(symbols, f->pc - 1);
    bool on = false;

    if (rule == NULL)
        return STEP_WAITS;
    switch ((enum unwind_rule_kind)rule->kind) {
    case UNWIND_RULE_START:
        return STEP_START;
    case UNWIND_RULE_FRAME:
        on = step_by_rule(rule, task, f);
        break;
    case UNWIND_RULE_NONE:
        on = first && !symbols_has_code(symbols, f->pc - 1) &&
             step_from_nowhere(symbols, task, f);
        on = on || step_by_frame_pointer(task, f);
        break;
    }
    return on ? STEP_ON : STEP_LOST;
}

static void begin(const struct unwind_task *task, struct frame *f)
{
    f->pc = task->pc & task->machine->code_mask;
    f->valid = task->valid & ((UINT64_C(1) << task->machine->nregs) - 1);
    memset(f->reg, 0, sizeof f->reg);
    memcpy(f->reg, task->reg, task->machine->nregs * sizeof f->reg[0]);
}

/* What the last step says of the stack. */
static enum dump_end ending(const struct unwind_task *task, enum step how)
{
    if (how == STEP_START)
        return DUMP_END_START;
    return how == STEP_ON || task->is_truncated ? DUMP_END_TRUNCATED : DUMP_END_LOST;
}

enum unwind_progress unwind_task(struct symbols *symbols, const struct unwind_task *task,
                                 struct unwind_result *result)
{
    uint8_t sp_reg = task->machine->sp;
    enum step how = STEP_ON;
    struct frame f;

    begin(task, &f);
    result->n = 0;
    while (how == STEP_ON && result->n < DUMP_MAX_FRAMES) {
        uint64_t sp = f.reg[sp_reg], pc = f.pc;

        result->pc[result->n++] = pc;
        how = step(symbols, task, &f, result->n == 1);
        if (how == STEP_WAITS)
            return UNWIND_WAITS;
        if (how == STEP_ON && (f.reg[sp_reg] < sp || (f.reg[sp_reg] == sp && f.pc == pc)))
            how = STEP_LOST; /* a stack only unwinds upwards */
    }
    result->end = ending(task, how);
    if (how == STEP_START && result->n > 1)
        result->n--; /* the code where stacks begin is of no interest */
    return UNWIND_DONE;
}
