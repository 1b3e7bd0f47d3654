/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/cfiexpr.h"

#include "runtime/leb.h"
#include "runtime/san.h"

#define DEPTH_MAX 16
#define OPERATIONS_MAX 256

enum {
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08,
    OP_CONST1S = 0x09,
    OP_CONST2U = 0x0a,
    OP_CONST2S = 0x0b,
    OP_CONST4U = 0x0c,
    OP_CONST4S = 0x0d,
    OP_CONST8U = 0x0e,
    OP_CONST8S = 0x0f,
    OP_CONSTU = 0x10,
    OP_CONSTS = 0x11,
    OP_DUP = 0x12,
    OP_DROP = 0x13,
    OP_SWAP = 0x16,
    OP_AND = 0x1a,
    OP_MINUS = 0x1c,
    OP_MUL = 0x1e,
    OP_NEG = 0x1f,
    OP_NOT = 0x20,
    OP_OR = 0x21,
    OP_PLUS = 0x22,
    OP_PLUS_UCONST = 0x23,
    OP_SHL = 0x24,
    OP_SHR = 0x25,
    OP_XOR = 0x27,
    OP_EQ = 0x29,
    OP_GE = 0x2a,
    OP_GT = 0x2b,
    OP_LE = 0x2c,
    OP_LT = 0x2d,
    OP_NE = 0x2e,
    OP_LIT0 = 0x30,
    OP_LIT31 = 0x4f,
    OP_BREG0 = 0x70,
    OP_BREG31 = 0x8f,
    OP_BREGX = 0x92,
    OP_NOP = 0x96,
};

struct machine {
    struct cursor code;
    const struct unwind_regs *regs;
    const struct unwind_stack_bounds *stack;
    uintptr_t slot[DEPTH_MAX];
    size_t depth;
    bool bad;
};

static void push(struct machine *vm, uintptr_t v)
{
    if (vm->depth == DEPTH_MAX)
        vm->bad = true;
    else
        vm->slot[vm->depth++] = v;
}

static uintptr_t pop(struct machine *vm)
{
    if (vm->depth == 0) {
        vm->bad = true;
        return 0;
    }
    return vm->slot[--vm->depth];
}

/* In an expression the program counter has a register number too (on amd64 that of the return
 * address); it means the instruction itself. */
static void push_register(struct machine *vm, uint64_t reg, int64_t offset)
{
    uintptr_t v = 0;

    if (reg == UNWIND_RA && !(vm->regs->valid >> UNWIND_RA & 1))
        v = vm->regs->pc - 1;
    else if (reg < UNWIND_NREGS && (vm->regs->valid >> reg & 1))
        v = vm->regs->reg[reg];
    else
        vm->bad = true;
    push(vm, v + (uintptr_t)offset);
}

static void dereference(struct machine *vm)
{
    uintptr_t v = 0;

    if (!cfiexpr_load(vm->stack, pop(vm), &v))
        vm->bad = true;
    push(vm, v);
}

static void constant(struct machine *vm, uint8_t op)
{
    struct cursor *c = &vm->code;

    switch (op) {
    case OP_CONST1U: push(vm, cursor_u8(c)); break;
    case OP_CONST1S: push(vm, (uintptr_t)(int8_t)cursor_u8(c)); break;
    case OP_CONST2U: push(vm, cursor_u16(c)); break;
    case OP_CONST2S: push(vm, (uintptr_t)(int16_t)cursor_u16(c)); break;
    case OP_CONST4U: push(vm, cursor_u32(c)); break;
    case OP_CONST4S: push(vm, (uintptr_t)(int32_t)cursor_u32(c)); break;
    case OP_CONSTU: push(vm, cursor_uleb(c)); break;
    case OP_CONSTS: push(vm, (uintptr_t)cursor_sleb(c)); break;
    default: push(vm, cursor_u64(c)); break; /* 8U and 8S */
    }
}

/* An operation on the two topmost values: A was pushed first. */
static uintptr_t binary(struct machine *vm, uint8_t op, uintptr_t a, uintptr_t b)
{
    intptr_t sa = (intptr_t)a, sb = (intptr_t)b;

    switch (op) {
    case OP_AND: return a & b;
    case OP_MINUS: return a - b;
    case OP_MUL: return a * b;
    case OP_OR: return a | b;
    case OP_PLUS: return a + b;
    case OP_SHL: return b < 64 ? a << b : 0;
    case OP_SHR: return b < 64 ? a >> b : 0;
    case OP_XOR: return a ^ b;
    case OP_EQ: return a == b;
    case OP_GE: return sa >= sb;
    case OP_GT: return sa > sb;
    case OP_LE: return sa <= sb;
    case OP_LT: return sa < sb;
    case OP_NE: return a != b;
    default: vm->bad = true; return 0;
    }
}

/* An operation that takes none or one from the stack; else two. */
static void operate(struct machine *vm, uint8_t op)
{
    uintptr_t a, b;

    switch (op) {
    case OP_NOP: break;
    case OP_DEREF: dereference(vm); break;
    case OP_DROP: pop(vm); break;
    case OP_NEG: push(vm, 0 - pop(vm)); break;
    case OP_NOT: push(vm, ~pop(vm)); break;
    case OP_PLUS_UCONST: push(vm, pop(vm) + cursor_uleb(&vm->code)); break;
    case OP_DUP:
        a = pop(vm);
        push(vm, a);
        push(vm, a);
        break;
    case OP_SWAP:
        b = pop(vm);
        a = pop(vm);
        push(vm, b);
        push(vm, a);
        break;
    default:
        b = pop(vm);
        a = pop(vm);
        push(vm, binary(vm, op, a, b));
        break;
    }
}

NO_SANITIZE_READS bool
cfiexpr_load(const struct unwind_stack_bounds *stack, uintptr_t at, uintptr_t *value)
{
    if (at % sizeof(uintptr_t) != 0 || at < stack->lo || at > stack->hi ||
        stack->hi - at < sizeof(uintptr_t))
        return false;
    *value = *(const uintptr_t *)(at + stack->moved);
    return true;
}

bool cfiexpr_evaluate(struct ehframe_expr expr, const struct unwind_regs *regs,
                      const struct unwind_stack_bounds *stack, const uintptr_t *pushed,
                      uintptr_t *value)
{
    struct machine vm = {.code = {.at = expr.code, .end = expr.code + expr.bytes},
                         .regs = regs,
                         .stack = stack};

    if (pushed != NULL)
        push(&vm, *pushed);
    for (size_t n = 0; n < OPERATIONS_MAX && cursor_left(&vm.code) > 0 && !vm.bad; n++) {
        uint8_t op = cursor_u8(&vm.code);

        if (op >= OP_LIT0 && op <= OP_LIT31)
            push(&vm, op - OP_LIT0);
        else if (op >= OP_BREG0 && op <= OP_BREG31)
            push_register(&vm, op - OP_BREG0, cursor_sleb(&vm.code));
        else if (op == OP_BREGX)
            push_register(&vm, cursor_uleb(&vm.code), cursor_sleb(&vm.code));
        else if (op >= OP_CONST1U && op <= OP_CONSTS)
            constant(&vm, op);
        else
            operate(&vm, op);
    }
    *value = pop(&vm);
    return !vm.bad && !vm.code.bad && cursor_left(&vm.code) == 0;
}
