/* SPDX-License-Identifier: MIT */
/* liveness.h - whether the target lives, and since when not.
 * Four witnesses: a pidfd (readable the moment the process ends), the start time (a pid that was
 * used again is another process), the state letter of /proc (stopped, zombie) and the age of the
 * page's heartbeat. How it ended is read from the page's own state, which the open descriptor
 * keeps readable after death.
 * Threads: one owner. */
#ifndef MON_LIVENESS_H
#define MON_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum target_state {
    TARGET_LIVE,
    TARGET_STALLED, /* runs, but its heartbeat is older than 2 s: starved or wedged */
    TARGET_STOPPED, /* SIGSTOP or a debugger */
    TARGET_EXITED,  /* the program returned or called exit */
    TARGET_CRASHED, /* it reported a fatal error */
    TARGET_KILLED,  /* it ended without a word: kill -9, out of memory */
};

struct target_status {
    enum target_state state;
    int64_t since_ns;         /* monotonic: in this state since, as far as gomon saw */
    int64_t heartbeat_age_ns; /* when it was last looked at */
    pid_t successor;          /* after the end: pid of the same program, started again, or 0 */
};

/* Exited, crashed or killed: it will not change any more. */
static inline bool target_has_ended(enum target_state state)
{
    return state >= TARGET_EXITED;
}

/* "live", "stalled", ...: for JSON and the header line. */
const char *target_state_name(enum target_state state);

#endif
