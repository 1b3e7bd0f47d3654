/* SPDX-License-Identifier: MIT */
/* moves.c - references wander between heap, stacks, channels and globals while collections run.
 * The claim: in either mode of the collector nothing that is reachable is lost: the second mark of
 * verify=1 finds nothing that the first has missed, and no node is ever damaged. Each variant is
 * this program again, with its environment set. "moves SEED" takes the seed of a failed run back.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "gort.h"
#include "runtime/san.h"
#include "tests/support/moves.h"
#include "tests/support/selfexec.h"

static const struct variant {
    const char *mode;
    const char *debug;
    const char *procs;
    const char *percent; /* GORT_GC: little is many collections */
    int ntasks;
    int rounds;
} variants[] = {
    {"concurrent", "verify=1", "1", "20", 6, 150},
    {"concurrent", "verify=1,clobberfree=1", "2", "20", 12, 120},
    {"concurrent", "verify=1,yield=10", "4", "20", 16, 100},
    {"concurrent", "clobberfree=1", "4", "10", 24, 800},
    {"concurrent", SAN_THREAD ? "gcstress=1" : "verify=1,gcstress=1", "2", "100", 3,
     SAN_THREAD ? 1 : 4},
    {"concurrent", "verify=1", "16", "20", 40, 50},
    {"stw", "verify=1", "4", "20", 12, 60},
    {"stw", "clobberfree=1,yield=10", "2", "20", 12, 200},
};

static int run_task(void *arg)
{
    const struct variant *v = arg;

    moves_run(&(struct moves){.seed = strtoull(getenv("MOVES_SEED"), NULL, 10),
                              .ntasks = v->ntasks,
                              .rounds = v->rounds});
    return 0;
}

static int run_variant(size_t i)
{
    const struct variant *v = &variants[i];
    char number[24];
    int status = 0;
    pid_t child = 0;

    snprintf(number, sizeof number, "%zu", i);
    setenv("MOVES_VARIANT", number, 1);
    setenv("GORT_GC_MODE", v->mode, 1);
    setenv("GORT_DEBUG", v->debug, 1);
    setenv("GORT_MAXPROCS", v->procs, 1);
    setenv("GORT_GC", v->percent, 1);
    child = fork();
    if (child == 0) {
        self_exec((const char *[]){"moves", NULL});
        _exit(127);
    }
    return child < 0 || waitpid(child, &status, 0) != child ? -1 : status;
}

int main(int argc, char **argv)
{
    const char *variant = getenv("MOVES_VARIANT");
    char seed[24];

    if (variant != NULL)
        return gort_run(NULL, run_task, (void *)(uintptr_t)&variants[strtoul(variant, NULL, 10)]);
    snprintf(seed, sizeof seed, "%" PRIu64,
             argc > 1 ? (uint64_t)strtoull(argv[1], NULL, 10) : (uint64_t)clock_real_ns());
    setenv("MOVES_SEED", seed, 1);
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        int64_t start_ns = clock_mono_ns();
        int status = run_variant(i);

        printf("%s %s: %s, %" PRId64 " ms\n", variants[i].mode, variants[i].debug,
               status == 0 ? "ok" : "failed", (clock_mono_ns() - start_ns) / NS_PER_MS);
        if (status != 0) {
            printf("again with: %s %s (status %#x)\n", argv[0], seed, (unsigned)status);
            return 1;
        }
    }
    return 0;
}
