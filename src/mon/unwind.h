/* SPDX-License-Identifier: MIT */
/* unwind.h - from copied stack bytes to return addresses, by call frame information.
 * For each address where a frame can stand there is one rule: where the caller's frame begins, and
 * where the caller's registers are. The child process reads the rule out of the debug information
 * once; from then on a step is a lookup by address and a few loads from the copy. Ten thousand
 * tasks that wait in the same call share all their rules.
 * Everything comes from the target: addresses outside the copy end a stack, and no stack is longer
 * than DUMP_MAX_FRAMES.
 * Threads: one. Source: DWARF 5, section 6.4. */
#ifndef MON_UNWIND_H
#define MON_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mon/dump.h"
#include "page.h"

#define UNWIND_SAVED_MAX 20

/* Register numbers are DWARF's. */
struct unwind_machine {
    uint16_t elf_machine;
    const char *name; /* as uname(2) has it */
    uint8_t nregs;
    uint8_t sp;
    uint8_t fp;
    uint8_t ra;            /* where a rule puts the caller's address */
    bool has_link_register; /* a call leaves it in register ra, else on the stack */
    uint64_t code_mask;     /* the bits of an address of code */
    uint64_t preserved;     /* bit r: a call leaves register r as it was */
};

/* The machine with this number in ELF files, or NULL: not one that this gomon knows. */
const struct unwind_machine *unwind_machine(uint32_t elf_machine);

/* The machine that gomon itself runs on. */
const struct unwind_machine *unwind_machine_here(void);

enum unwind_rule_kind {
    UNWIND_RULE_NONE = 0,  /* no call frame information: try the frame pointer */
    UNWIND_RULE_FRAME = 1, /* cfa and saved hold */
    UNWIND_RULE_START = 2, /* nobody called this */
};

enum unwind_cfa_kind {
    UNWIND_CFA_REG = 0,     /* register cfa_reg + cfa_offset */
    UNWIND_CFA_DEREF = 1,   /* the word at that address, + cfa_offset2 */
    UNWIND_CFA_LINKAGE = 2, /* as REG, a word more from byte cfa_offset2 of an entry on */
};

enum unwind_saved_kind {
    UNWIND_SAVED_AT_CFA = 0, /* in memory at cfa + offset */
    UNWIND_SAVED_IS_CFA = 1, /* is cfa + offset */
    UNWIND_SAVED_IN_REG = 2, /* in register base */
    UNWIND_SAVED_AT_REG = 3, /* in memory at register base + offset */
    UNWIND_SAVED_LOST = 4,   /* undefined */
};

/* One register of the caller; those not listed are unchanged. */
struct unwind_saved {
    uint8_t reg;
    uint8_t kind; /* enum unwind_saved_kind */
    uint8_t base;
    uint8_t reserved;
    int32_t offset;
};

/* Plain data: it crosses the pipe from the child. */
struct unwind_rule {
    uint8_t kind; /* enum unwind_rule_kind */
    uint8_t cfa_kind;
    uint8_t cfa_reg;
    uint8_t nsaved;
    int32_t cfa_offset;
    int32_t cfa_offset2;
    uint8_t is_signal; /* the caller was interrupted there; it did not call */
    uint8_t reserved[3];
    struct unwind_saved saved[UNWIND_SAVED_MAX];
};

/* Whether a rule from the child is one that unwind_task can follow. */
bool unwind_rule_is_valid(const struct unwind_rule *rule);

/* A task as it was copied. Pointers are borrowed. */
struct unwind_task {
    const struct unwind_machine *machine;
    uint64_t pc;          /* the byte before lies in the instruction that is meant */
    uint64_t valid;       /* bit r: reg[r] is known */
    const uint64_t *reg;  /* [machine->nregs] */
    uint64_t stack_lo;    /* address of the first byte copied */
    const uint8_t *stack; /* need not be aligned */
    size_t stack_bytes;
    bool is_truncated; /* the stack goes on behind the copy */
};

struct unwind_result {
    uint64_t pc[DUMP_MAX_FRAMES]; /* the byte before each lies in the instruction that is meant */
    size_t n;
    enum dump_end end;
};

enum unwind_progress {
    UNWIND_DONE,
    UNWIND_WAITS, /* for a rule that has been asked for: call again later, from the start */
};

/* Unwinds TASK by the rules that SYMBOLS knows or asks for. */
enum unwind_progress unwind_task(struct symbols *symbols, const struct unwind_task *task,
                                 struct unwind_result *result);

#endif
