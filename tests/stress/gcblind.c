/* SPDX-License-Identifier: MIT */
/* gcblind.c - a collector that marks beside the program and does not see what is written meanwhile.
 * The linker puts a function of ours in the place of dirty_find (--wrap). The claim: verify=1 finds
 * the objects that are missed then, and says that their pages were written. If it did not, it would
 * prove nothing in other tests. */
#include "config.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gort.h"
#include "runtime/arena.h"
#include "runtime/gc.h"
#include "runtime/gcdirty.h"
#include "tests/support/moves.h"
#include "tests/support/selfexec.h"

#define CHILDREN 6 /* of which one must be caught */

size_t __real_dirty_find(uintptr_t lo, uintptr_t hi, enum dirty_how how, dirty_fn fn, void *ctx);
size_t __wrap_dirty_find(uintptr_t lo, uintptr_t hi, enum dirty_how how, dirty_fn fn, void *ctx);

/* What it does not see: pages of the heap, or of stacks. */
static bool blind_for_stacks;

/* Sees the rest, and one page alone, which is how a loss is reported. */
size_t __wrap_dirty_find(uintptr_t lo, uintptr_t hi, enum dirty_how how, dirty_fn fn, void *ctx)
{
    bool is_stack = arena_of(lo) == NULL;

    if (hi - lo == DIRTY_PAGE_BYTES || is_stack != blind_for_stacks)
        return __real_dirty_find(lo, hi, how, fn, ctx);
    return 0;
}

static int run_task(void *arg)
{
    const uint64_t *seed = arg;

    if (gc_mode() != GC_CONCURRENT) {
        fprintf(stderr, "gcblind: the kernel can't\n");
        return 77;
    }
    moves_run(&(struct moves){.seed = *seed, .ntasks = 12, .rounds = 2000});
    return 0;
}

/* The child's stderr and status. */
static int run_child(const char *blind_for, const char *seed, char *text, size_t bytes)
{
    int ends[2];
    int status = 0;
    size_t at = 0;
    ssize_t n = 0;

    if (pipe(ends) != 0)
        return -1;
    if (fork() == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        setenv("GORT_DEBUG", "verify=1", 1);
        setenv("GORT_GC", "20", 1);
        setenv("GCBLIND_FOR", blind_for, 1);
        setenv("GCBLIND_SEED", seed, 1);
        self_exec((const char *[]){"gcblind", NULL});
        _exit(127);
    }
    close(ends[1]);
    while (at < bytes - 1 && (n = read(ends[0], text + at, bytes - 1 - at)) > 0)
        at += (size_t)n;
    text[at] = '\0';
    close(ends[0]);
    return wait(&status) < 0 ? -1 : status;
}

static bool is_caught(int status, const char *text)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
           strstr(text, "the collector missed an object") != NULL &&
           strstr(text, "is written since") != NULL;
}

/* 0 if a child that is blind for that is caught. One in thirty is lucky: it loses nothing. */
static int expect_caught(const char *blind_for)
{
    static char text[1 << 16];
    char seed[8];
    int status = 0;

    for (int i = 1; i <= CHILDREN && status == 0; i++) {
        snprintf(seed, sizeof seed, "%d", i);
        status = run_child(blind_for, seed, text, sizeof text);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return 77;
    if (is_caught(status, text))
        return 0;
    printf("blind for %s: status %#x, and on stderr: %s\n", blind_for, (unsigned)status, text);
    return 1;
}

int main(void)
{
    const char *blind_for = getenv("GCBLIND_FOR");
    const char *seed = getenv("GCBLIND_SEED");
    int result = 0;

    if (blind_for != NULL) {
        uint64_t number = seed != NULL ? strtoull(seed, NULL, 10) : 1;

        blind_for_stacks = strcmp(blind_for, "stacks") == 0;
        return gort_run(NULL, run_task, &number);
    }
    result = expect_caught("the heap");
    return result != 0 ? result : expect_caught("stacks");
}
