/* SPDX-License-Identifier: MIT */
/* liveness.h - whether the target lives, and since when not.
 * Five witnesses: a pidfd (readable the moment the process ends), the start time (a pid that was
 * used again is another process), the state letter of /proc (stopped, zombie), the age of the
 * page's heartbeat and, if that is late or the process holds the page no longer, the address space
 * (another one: the process has called exec, and the program that was the target is no more). The
 * last is asked for only then: its lock may be held for long by a process in trouble. How it ended
 * is read from the page's own state, which the open descriptor keeps readable after death. Threads:
 * one owner. */
#ifndef MON_LIVENESS_H
#define MON_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/source.h"

enum target_state {
    TARGET_LIVE,
    TARGET_STALLED,  /* runs, but its heartbeat is older than 2 s: starved or wedged */
    TARGET_STOPPED,  /* SIGSTOP or a debugger */
    TARGET_EXITED,   /* the program returned or called exit */
    TARGET_CRASHED,  /* it reported a fatal error */
    TARGET_KILLED,   /* it ended without a word: any signal that it did not handle, or _exit */
    TARGET_REPLACED, /* the process goes on as another program: exec */
};

#define TARGET_STATES (TARGET_REPLACED + 1)

struct target_status {
    enum target_state state;
    int64_t since_ns;         /* monotonic: in this state since, as far as gomon saw */
    int64_t heartbeat_age_ns; /* when it was last looked at */
    pid_t successor;          /* after the end: pid of the program that runs in its place, or 0 */
};

/* Exited, crashed, killed or replaced: it will not change any more. */
static inline bool target_has_ended(enum target_state state)
{
    return state >= TARGET_EXITED;
}

/* "live", "stalled", ...: for JSON and the header line. */
const char *target_state_name(enum target_state state);

/* The same for a sentence: what has become of the process. */
const char *target_state_text(enum target_state state);

/* Whose life is asked for. */
struct liveness_ask {
    pid_t pid; /* 0: it had ended before */
    uint64_t start_ticks;
    int pidfd;                        /* -1: there is none */
    int spacefd;                      /* of addrspace_open, or -1 */
    bool replaced;                    /* it had called exec before */
    const struct source_facts *facts; /* as of the last read */
};

/* A pidfd of PID, or -1: the process is gone, or the kernel is older than 5.3. */
int liveness_pidfd(pid_t pid);

/* Looks, and brings STATUS up to date. One that has ended stays so. */
void liveness_look(const struct liveness_ask *ask, int64_t mono_ns, struct target_status *status);

#endif
