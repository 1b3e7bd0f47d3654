/* SPDX-License-Identifier: MIT */
/* conform.h - claims about the semantics of the public interface, tried under many schedules.
 *     CLAIM(what_holds) { ... EXPECT(got == 3, "got %d", got); }
 *     ENDS(what_is_misuse, 2, "the text") { ... }
 * A claim runs as the first task, with 1, 2, 4 and 16 procs, each without random yields and with
 * those of several seeds (of one seed by turns), and in the deterministic mode. What ENDS describes
 * must end the process with that status, or if that is negative by that signal, and print that
 * text; it runs in a process of its own, under fewer schedules.
 *     PROGRAM                  all of it
 *     PROGRAM --once [CLAIM]   under the schedule that GORT_MAXPROCS and GORT_DEBUG say: all claims
 *                              and one of ENDS, drawn by the seed; or CLAIM
 *     PROGRAM CLAIM            one claim, in this process, for a debugger
 * CONFORM_SEED=N repeats a run's seeds; a run prints it. CONFORM_SEEDS is how many there are: 5,
 * or 1 if SANITIZER is set, as make check does in a build with a sanitizer.
 * What fails is printed with the command that tries it again; what has no end in 100 s, with the
 * stacks of its tasks and the processor time that it had. Other settings in GORT_DEBUG hold in
 * all schedules. */
#ifndef SUPPORT_CONFORM_H
#define SUPPORT_CONFORM_H

#include <gort.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum conform_wait { /* what conform_parked counts */
                    PARKED_SEND,
                    PARKED_RECV,
                    PARKED_SELECT,
                    PARKED_MUTEX,
                    PARKED_COND,
                    PARKED_ONCE,
                    PARKED_RLOCK,
                    PARKED_RWLOCK,
                    PARKED_SEM,
                    PARKED_WAITGROUP,
                    PARKED_IO,
                    PARKED_SLEEP,
};

struct conform_claim {
    const char *name;
    void (*run)(void);
    int status;       /* of ENDS, negative: a signal; else 0 */
    const char *text; /* of ENDS; else NULL */
    struct conform_claim *next;
};

void conform_add(struct conform_claim *c);

#define CONFORM_CLAIM_(id, expected_status, expected_text)                                     \
    static void claim_##id(void);                                                              \
    __attribute__((constructor)) static void add_##id(void)                                    \
    {                                                                                          \
        static struct conform_claim c = {                                                      \
            .name = #id, .run = claim_##id, .status = expected_status, .text = expected_text}; \
        conform_add(&c);                                                                       \
    }                                                                                          \
    static void claim_##id(void)

#define CLAIM(id)              CONFORM_CLAIM_(id, 0, NULL)
#define ENDS(id, status, text) CONFORM_CLAIM_(id, status, text)

/* Whether this run is in the deterministic mode: one proc, and a clock that stands while tasks
 * compute. What is said of several procs or of real time is not tried there. */
bool conform_is_deterministic(void);

/* Fails the claim that runs, from any of its tasks, with a message that shows the values. */
#define EXPECT(cond, ...)                                  \
    do {                                                   \
        if (!(cond))                                       \
            conform_fail(__FILE__, __LINE__, __VA_ARGS__); \
    } while (0)

void conform_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Yields until COND holds; fails after ten seconds. What passes between two looks counts for half a
 * second at most: time in which the process was stopped, or had no processor, is not held against
 * it. */
#define EVENTUALLY(cond, ...)                                  \
    do {                                                       \
        struct conform_patience patience = conform_patience(); \
                                                               \
        while (!(cond) && conform_is_patient(&patience))       \
            conform_pause();                                   \
        EXPECT(cond, __VA_ARGS__);                             \
    } while (0)

struct conform_patience {
    int64_t left_ns;
    int64_t looked_ns;
};

struct conform_patience conform_patience(void);
bool conform_is_patient(struct conform_patience *p);

/* Lets others run. */
void conform_pause(void);

/* Tasks that are parked for WHY. */
int conform_parked(enum conform_wait why);

/* Waits until N tasks are parked for WHY. */
#define UNTIL_PARKED(n, why) \
    EVENTUALLY(conform_parked(why) == (n), "%d tasks parked", conform_parked(why))

/* A random number below N; GORT_DEBUG=seed=N repeats it. */
uint32_t conform_random(uint32_t n);

#endif
