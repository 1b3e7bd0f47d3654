/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/symbol.h"
#include "mon/unwind.h"
#include "tests/support/park.h"

#define NOINLINE __attribute__((noinline))
#define WITHIN_NS (20 * NS_PER_S)

static uintptr_t stack[8 << 10] __attribute__((aligned(64)));

/* The code after each call keeps it from becoming a jump. */
static NOINLINE int inner(int n)
{
    park_here();
    return n + 1;
}

static NOINLINE int outer(int n)
{
    return inner(n + 1) + inner(n + 2);
}

static volatile int result_of_start;

static void start(void)
{
    result_of_start = outer(1);
}

/* This program's own parked stack, as a dump would have it. */
struct parked {
    struct unwind_task task;
    uint64_t reg[PAGE_DUMP_REGS];
};

static void park(struct parked *p)
{
    uintptr_t *hi = stack + ARRAY_COUNT(stack);
    uintptr_t sp = park_start(stack, hi, start);

    memset(p, 0, sizeof *p);
    p->task.machine = unwind_machine_here();
    p->task.valid = park_regs(sp, p->reg, &p->task.pc);
    p->task.reg = p->reg;
    p->task.stack_lo = sp;
    p->task.stack = (const uint8_t *)sp;
    p->task.stack_bytes = (uintptr_t)hi - sp;
}

/* Unwinds, however many rules must come first. */
static void unwind(struct symbols *symbols, const struct unwind_task *task,
                   struct unwind_result *result)
{
    int64_t deadline_ns = clock_mono_ns() + WITHIN_NS;

    while (unwind_task(symbols, task, result) == UNWIND_WAITS) {
        struct pollfd fd = {.events = POLLIN};

        cr_assert_lt(clock_mono_ns(), deadline_ns, "no rules came");
        if (symbols_step(symbols))
            continue;
        fd.fd = symbols_fd(symbols);
        poll(&fd, 1, 10);
    }
}

static const char *function_at(struct symbols *symbols, uint64_t pc)
{
    const struct symbol *s =
        symbols_wait(symbols, pc, SYMBOL_AT_RETURN, clock_mono_ns() + WITHIN_NS);

    return s == NULL || s->nframes == 0 ? "?" : s->frame[0].function;
}

static void need_libdw(void)
{
    if (!HAVE_LIBDW)
        cr_skip_test("built without libdw");
}

TestSuite(unwind_task, .init = need_libdw, .timeout = 100);

Test(unwind_task, names_every_function_of_a_parked_stack)
{
    static const char *const names[] = {"park_here", "inner", "outer", "start"};
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    struct unwind_result result;
    struct parked p;

    park(&p);
    unwind(symbols, &p.task, &result);

    cr_assert_eq(result.n, ARRAY_COUNT(names), "%zu frames", result.n);
    cr_assert_eq(result.end, DUMP_END_START, "end %d", (int)result.end);
    for (size_t i = 0; i < result.n; i++)
        cr_assert_str_eq(function_at(symbols, result.pc[i]), names[i], "frame %zu is %s", i,
                         function_at(symbols, result.pc[i]));
    symbols_free(symbols);
}

Test(unwind_task, follows_frame_pointers_where_there_are_no_rules)
{
    struct symbols *ours = symbols_new(getpid(), SYMBOL_LOCAL);
    struct symbols *nothing = symbols_new(0, SYMBOL_LOCAL);
    struct unwind_result with, without;
    struct parked p;

    park(&p);
    unwind(ours, &p.task, &with);
    unwind(nothing, &p.task, &without);

    /* Not the frame of the switch's caller, which it may leave out, but from then on the same. */
    cr_assert_geq(without.n, with.n - 1, "%zu frames, and %zu with rules", without.n, with.n);
    cr_assert_eq(without.pc[without.n - 2], with.pc[with.n - 1], "%#" PRIx64 " and %#" PRIx64,
                 without.pc[without.n - 2], with.pc[with.n - 1]);
    symbols_free(ours);
    symbols_free(nothing);
}

Test(unwind_task, says_that_a_cut_stack_goes_on)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    struct unwind_result result;
    struct parked p;

    park(&p);
    p.task.stack_bytes = 96;
    p.task.is_truncated = true;
    unwind(symbols, &p.task, &result);

    cr_assert_eq(result.end, DUMP_END_TRUNCATED, "end %d", (int)result.end);
    cr_assert(result.n >= 1 && result.n < 4, "%zu frames", result.n);
    symbols_free(symbols);
}

Test(unwind_task, survives_any_stack_and_any_registers)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    const char *given = getenv("TEST_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
    struct unwind_result result;
    struct parked p;
    uint8_t *copy;

    srand(seed);
    park(&p);
    copy = malloc(p.task.stack_bytes);
    for (int round = 0; round < 2000; round++) {
        struct parked bad = p;
        uint64_t wild = round % 2 ? p.task.stack_lo + (uint64_t)(rand() % 512)
                                  : (uint64_t)(uintptr_t)start + (uint64_t)(rand() % 64);
        size_t at = (size_t)rand() % (p.task.stack_bytes / 8) * 8;

        memcpy(copy, p.task.stack, p.task.stack_bytes);
        memcpy(copy + at, &wild, sizeof wild);
        bad.task.stack = copy;
        bad.task.reg = bad.reg;
        bad.reg[rand() % PAGE_DUMP_REGS] = wild;
        bad.task.valid = (uint64_t)rand() | p.task.valid;
        bad.task.stack_bytes = (size_t)rand() % (p.task.stack_bytes + 1);
        if (round % 5 == 0)
            bad.task.pc = wild;
        unwind(symbols, &bad.task, &result);
        cr_assert(result.n >= 1 && result.n <= DUMP_MAX_FRAMES, "TEST_SEED=%u: %zu frames", seed,
                  result.n);
    }
    free(copy);
    symbols_free(symbols);
}

#if defined(__x86_64__)

/* Every instruction of a piece of work, with the top of its stack. */
#define STEPS_MAX 12000
#define TOP_BYTES 16384 /* sanitizers have large frames */
#define TRAP_FLAG 0x100

struct moment {
    uint64_t pc;
    uint64_t reg[PAGE_DUMP_REGS];
    uint64_t sp;
    size_t bytes;
    uint8_t top[TOP_BYTES];
};

static struct {
    struct moment *moment; /* [STEPS_MAX] */
    size_t n;
    uint64_t caller; /* must be on every stack */
    uintptr_t stack_hi;
    volatile sig_atomic_t done;
} steps;

__attribute__((no_sanitize("address", "thread"))) static void
on_step(int sig, siginfo_t *info, void *context)
{
    static const int place[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                REG_R12, REG_R13, REG_R14, REG_R15};
    ucontext_t *uc = context;
    struct moment *m = &steps.moment[steps.n];

    (void)sig;
    (void)info;
    if (steps.done)
        uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    else
        uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
    if (steps.n == STEPS_MAX)
        return;
    for (size_t i = 0; i < ARRAY_COUNT(place); i++)
        m->reg[i] = (uint64_t)uc->uc_mcontext.gregs[place[i]];
    m->pc = (uint64_t)uc->uc_mcontext.gregs[REG_RIP] + 1;
    m->sp = m->reg[7];
    m->bytes = min_size(steps.stack_hi - m->sp, TOP_BYTES);
    for (size_t i = 0; i < m->bytes / 8; i++)
        ((uint64_t *)(void *)m->top)[i] = ((volatile uint64_t *)m->sp)[i];
    steps.n++;
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static NOINLINE int traced_work(void)
{
    int numbers[] = {5, 3, 4, 1, 2};
    char text[64];
    char *copy;

    qsort(numbers, ARRAY_COUNT(numbers), sizeof numbers[0], compare);
    snprintf(text, sizeof text, "%d %s", numbers[0], "text");
    copy = strdup(text);
    free(copy);
    return numbers[1];
}

static NOINLINE int stepped_work(void)
{
    int result;

    steps.caller = (uint64_t)(uintptr_t)__builtin_return_address(0);
    steps.stack_hi = (uintptr_t)__builtin_frame_address(0) + 512;
    raise(SIGTRAP);
    result = traced_work();
    steps.done = 1;
    return result;
}

static bool finds_caller(struct symbols *symbols, const struct moment *m)
{
    struct unwind_task task = {.machine = unwind_machine_here(),
                               .pc = m->pc,
                               .valid = 0xffff,
                               .reg = m->reg,
                               .stack_lo = m->sp,
                               .stack = m->top,
                               .stack_bytes = m->bytes,
                               .is_truncated = true};
    struct unwind_result result;

    unwind(symbols, &task, &result);
    for (size_t i = 0; i < result.n; i++) {
        if (result.pc[i] == steps.caller)
            return true;
    }
    return false;
}

Test(unwind_task, is_exact_at_every_instruction)
{
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    size_t lost = 0, first_lost = 0;

    steps.moment = mmap(NULL, STEPS_MAX * sizeof *steps.moment, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    sigaction(SIGTRAP, &action, NULL);
    cr_assert_eq(stepped_work(), 2, "the traced work went wrong");
    signal(SIGTRAP, SIG_DFL);
    for (size_t i = 0; i < steps.n; i++) {
        if (!finds_caller(symbols, &steps.moment[i]) && lost++ == 0)
            first_lost = i;
    }
    cr_assert_gt(steps.n, 1000, "only %zu steps", steps.n);
    cr_assert_eq(lost, 0, "%zu of %zu stacks are cut, the first in %s", lost, steps.n,
                 function_at(symbols, steps.moment[first_lost].pc));
    symbols_free(symbols);
}

#endif
