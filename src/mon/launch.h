/* SPDX-License-Identifier: MIT */
/* launch.h - starting a program to be watched: gomon --demo, gomon -- COMMAND.
 * It has no standard input. Who: main_launch. */
#ifndef MON_LAUNCH_H
#define MON_LAUNCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LAUNCH_ERROR_BYTES 256

struct launch {
    char *const *argv; /* the program, sought in the PATH if its name has no slash, and its words */
    int output_fd;     /* where what it prints goes; below 0: nowhere */
    bool own_group;    /* what is typed at the terminal, as ^C or ^Z, is not for it */
    bool dies_with_us; /* killed by the kernel when this thread ends, however that is */
};

/* Starts L. Returns the pid of a child, which is to be given to launch_stop; 0: ERROR says why it
 * does not run. */
pid_t launch_start(const struct launch *l, char error[static LAUNCH_ERROR_BYTES]);

/* Whether PID has ended; then *STATUS is that of waitpid, and PID is no more. */
bool launch_has_ended(pid_t pid, int *status);

/* Sends PID the signal and waits up to PATIENCE_NS for its end. False: it goes on. */
bool launch_stop(pid_t pid, int signal, int64_t patience_ns);

/* The program NAME that lies beside gomon itself, else just the name. */
void launch_find_beside(const char *name, char path[static PATH_MAX]);

#endif
