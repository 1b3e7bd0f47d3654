/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "runtime/module.h"
#include "runtime/san.h"
#include "runtime/unwind.h"
#include "tests/support/park.h"

#define NOINLINE __attribute__((noinline))
#define PCS_MAX 64

struct stack {
    uintptr_t lo;
    uintptr_t hi;
};

static struct stack own_stack(void)
{
    pthread_attr_t attr;
    void *lo;
    size_t bytes;

    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &lo, &bytes);
    pthread_attr_destroy(&attr);
    return (struct stack){(uintptr_t)lo, (uintptr_t)lo + bytes};
}

/* What the chain below saw. */
static uintptr_t seen[PCS_MAX];
static size_t nseen;
static void *expected[PCS_MAX];
static int nexpected;

static NOINLINE void look(void)
{
    struct unwind_regs regs;
    struct stack stack = own_stack();

    nexpected = backtrace(expected, PCS_MAX);
    unwind_regs_here(&regs);
    nseen = unwind_stack(&regs, stack.lo, stack.hi, seen, PCS_MAX);
}

/* A frame that saves many registers, and one whose size only the frame pointer knows. */
static NOINLINE int middle(int n)
{
    volatile char *room = __builtin_alloca((size_t)(1 + (n & 1023)));

    room[0] = (char)n;
    look();
    return room[0];
}

static NOINLINE int compare(const void *a, const void *b)
{
    if (nseen == 0)
        middle(100);
    return *(const int *)a - *(const int *)b;
}

static NOINLINE int through_libc(void)
{
    int numbers[] = {5, 3, 4, 1, 2};

    qsort(numbers, ARRAY_COUNT(numbers), sizeof numbers[0], compare);
    return numbers[0];
}

TestSuite(unwind, .init = unwind_init, .timeout = 60);

Test(unwind, sees_what_glibc_sees)
{
    int skip = 1;

    cr_assert_eq(through_libc(), 1, "qsort went wrong");
    cr_assert_gt(nexpected, 6, "backtrace saw %d frames", nexpected);
    /* The innermost frame is look() at two different calls, below which a sanitizer may have its
     * own; glibc's last one is where the stack begins, which is left off here. */
    while (skip < nexpected && (uintptr_t)expected[skip] != seen[1])
        skip++;
    cr_assert_lt(skip, nexpected, "%#" PRIxPTR " is not on glibc's list", seen[1]);
    for (int i = skip; i < nexpected - 1; i++)
        cr_assert_eq(seen[i - skip + 1], (uintptr_t)expected[i],
                     "frame %d is %#" PRIxPTR " and not %p", i, seen[i - skip + 1], expected[i]);
}

Test(unwind, stops_at_the_most_frames_wanted)
{
    struct unwind_regs regs;
    struct stack stack = own_stack();
    uintptr_t pcs[3] = {0, 0, 77};
    size_t n;

    unwind_regs_here(&regs);
    n = unwind_stack(&regs, stack.lo, stack.hi, pcs, 2);

    cr_assert_eq(n, 2, "%zu frames", n);
    cr_assert_eq(pcs[2], 77, "wrote behind the end");
}

/* Not memcpy, which sanitizers intercept: between the variables of a stack there are zones that are
 * not to be read. */
NO_SANITIZE_READS static void copy_words(uintptr_t *to, const uintptr_t *from, size_t nwords)
{
    for (size_t i = 0; i < nwords; i++)
        to[i] = ((const volatile uintptr_t *)from)[i];
}

/* The stack is another one when the copy is walked. */
Test(unwind, finds_the_same_frames_in_a_copy)
{
    static uintptr_t copy[512];
    struct unwind_regs regs;
    struct stack stack = own_stack();
    uintptr_t pcs[2][4];
    uintptr_t sp = 0;
    size_t bytes = 0;

    unwind_regs_here(&regs);
    sp = regs.reg[UNWIND_SP] & ~(uintptr_t)(sizeof copy[0] - 1);
    bytes = min_size(sizeof copy, stack.hi - sp);
    copy_words(copy, (const uintptr_t *)sp, bytes / sizeof copy[0]);
    cr_assert_eq(unwind_stack(&regs, stack.lo, stack.hi, pcs[0], 4), 4, "no four frames");
    cr_assert_eq(unwind_copy(&regs, sp, copy, bytes, pcs[1], 4), 4, "no four in the copy");
    cr_assert_arr_eq(pcs[0], pcs[1], sizeof pcs[0], "other frames");
    memset(copy, 0, sizeof copy);
    cr_assert_eq(unwind_copy(&regs, sp, copy, bytes, pcs[1], 4), 1, "it read the stack");
}

static uintptr_t park_stack[8 << 10] __attribute__((aligned(64)));

/* The code after each call keeps it from becoming a jump. */
static NOINLINE int parked_inner(int n)
{
    park_here();
    return n + 1;
}

static NOINLINE int parked_outer(int n)
{
    return parked_inner(n + 1) + parked_inner(n + 2);
}

static volatile int parked_result;

static void parked_main(void)
{
    parked_result = parked_outer(1);
}

Test(unwind, walks_a_parked_stack_to_its_start)
{
    uintptr_t *hi = park_stack + ARRAY_COUNT(park_stack);
    uintptr_t sp = park_start(park_stack, hi, parked_main);
    const uintptr_t fn[] = {(uintptr_t)park_here, (uintptr_t)parked_inner,
                            (uintptr_t)parked_outer, (uintptr_t)parked_main};
    uintptr_t pcs[PCS_MAX];
    struct unwind_regs regs;
    size_t n;

    unwind_regs_parked(&regs, sp);
    n = unwind_stack(&regs, sp, (uintptr_t)hi, pcs, PCS_MAX);

    /* Not the code that called parked_main. */
    cr_assert_eq(n, ARRAY_COUNT(fn), "%zu frames", n);
    for (size_t i = 0; i < n; i++)
        cr_assert(pcs[i] > fn[i] && pcs[i] < fn[i] + 256,
                  "frame %zu is %#" PRIxPTR ", the function %#" PRIxPTR, i, pcs[i], fn[i]);
}

static NO_SANITIZE_READS uintptr_t exchange(uintptr_t *word, uintptr_t value)
{
    uintptr_t was = *word;

    *word = value;
    return was;
}

Test(unwind, survives_any_stack_and_any_registers)
{
    uintptr_t *hi = park_stack + ARRAY_COUNT(park_stack);
    uintptr_t sp = park_start(park_stack, hi, parked_main);
    const char *given = getenv("TEST_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
    struct unwind_regs good;
    const struct module *own = module_find((uintptr_t)parked_main);

    cr_log_info("TEST_SEED=%u", seed);
    srand(seed);
    unwind_regs_parked(&good, sp);
    for (int round = 0; round < 20000; round++) {
        struct unwind_regs regs = good;
        uintptr_t *word = (uintptr_t *)sp + (size_t)rand() % (((uintptr_t)hi - sp) / sizeof *hi);
        uintptr_t was, pcs[PCS_MAX];
        uintptr_t wild = round % 2 ? sp + (uintptr_t)(rand() % 4096)
                                   : own->lo + (uintptr_t)rand() % (own->hi - own->lo);

        was = exchange(word, wild);
        regs.reg[rand() % UNWIND_NREGS] = wild;
        if (round % 3 == 0)
            regs.pc = wild;
        size_t n = unwind_stack(&regs, sp, (uintptr_t)hi, pcs, PCS_MAX);
        cr_assert_leq(n, PCS_MAX, "TEST_SEED=%u: %zu frames", seed, n);
        exchange(word, was);
    }
}

#if defined(__x86_64__)

/* Runs a piece of code one instruction at a time and unwinds at each. */
static struct {
    struct stack stack;
    uintptr_t caller; /* must be found on every stack */
    size_t steps;
    size_t lost;
    uintptr_t first_lost;
    volatile sig_atomic_t done;
} trace;

#define TRAP_FLAG 0x100

static void on_step(int sig, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;
    struct unwind_regs regs;
    uintptr_t pcs[PCS_MAX];
    bool found = false;
    size_t n;

    (void)sig;
    (void)info;
    if (trace.done)
        interrupted->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    else
        interrupted->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
    unwind_regs_signal(&regs, interrupted);
    n = unwind_stack(&regs, trace.stack.lo, trace.stack.hi, pcs, PCS_MAX);
    for (size_t i = 0; i < n; i++)
        found = found || pcs[i] == trace.caller;
    trace.steps++;
    if (!found && trace.lost++ == 0)
        trace.first_lost = regs.pc - 1;
}

static NOINLINE int traced_work(void)
{
    int numbers[] = {5, 3, 4, 1, 2};
    char text[64];
    char *copy;

    nseen = 1;
    qsort(numbers, ARRAY_COUNT(numbers), sizeof numbers[0], compare);
    snprintf(text, sizeof text, "%d %s %f", numbers[0], "text", 1.5);
    copy = strdup(text);
    free(copy);
    return numbers[1];
}

static NOINLINE int stepped_work(void)
{
    int result;

    trace.caller = (uintptr_t)__builtin_return_address(0);
    raise(SIGTRAP);
    result = traced_work();
    trace.done = 1;
    return result;
}

Test(unwind, is_exact_at_every_instruction)
{
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    Dl_info info = {0};

    trace.stack = own_stack();
    sigaction(SIGTRAP, &action, NULL);
    cr_assert_eq(stepped_work(), 2, "the traced work went wrong");
    signal(SIGTRAP, SIG_DFL);
    dladdr((void *)trace.first_lost, &info);

    cr_assert_gt(trace.steps, 1000, "only %zu steps", trace.steps);
    cr_assert_eq(trace.lost, 0, "%zu of %zu stacks are cut, first at %#" PRIxPTR " in %s",
                 trace.lost, trace.steps, trace.first_lost,
                 info.dli_sname ? info.dli_sname : "?");
}

#endif

static struct {
    struct stack stack;
    uintptr_t caller;
    bool found;
} fault;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    struct unwind_regs regs;
    uintptr_t pcs[PCS_MAX];
    size_t n;

    (void)sig;
    (void)info;
    unwind_regs_signal(&regs, context);
    n = unwind_stack(&regs, fault.stack.lo, fault.stack.hi, pcs, PCS_MAX);
    for (size_t i = 0; i < n; i++)
        fault.found = fault.found || pcs[i] == fault.caller;
    _exit(fault.found ? 3 : 4);
}

static NOINLINE int call_nothing(int (*volatile nothing)(void))
{
    fault.caller = (uintptr_t)__builtin_return_address(0);
    return nothing() + 1;
}

Test(unwind, finds_the_caller_of_a_wild_pointer, .exit_code = 3)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    fault.stack = own_stack();
    sigaction(SIGSEGV, &action, NULL);
    cr_assert_eq(call_nothing(NULL), 1, "a call through NULL returned");
}

static NOINLINE void on_user_signal(int sig)
{
    (void)sig;
    look();
}

Test(unwind, walks_out_of_a_signal_handler)
{
    struct stack stack = own_stack();
    bool found = false;

    signal(SIGUSR1, on_user_signal);
    raise(SIGUSR1);

    for (size_t i = 0; i < nseen; i++) {
        uintptr_t pc = seen[i];

        found = found || (pc > (uintptr_t)raise && pc < (uintptr_t)raise + 512);
    }
    cr_assert(found, "raise is not among the %zu frames (stack of %zu bytes)", nseen,
              (size_t)(stack.hi - stack.lo));
    cr_assert_gt(nseen, 5, "%zu frames", nseen);
}
