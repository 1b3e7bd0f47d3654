/* SPDX-License-Identifier: MIT */
/* demo_command.h - gomon --demo: a program to watch, started for the time that it is watched.
 * Who: main. */
#ifndef MON_DEMO_COMMAND_H
#define MON_DEMO_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#define DEMO_ERROR_BYTES 256

/* Starts gort-demo SCENARIO, the one that lies beside gomon or else that of the PATH, without a
 * terminal; it ends when gomon does, however that is. Returns its pid; 0: ERROR says why not. */
pid_t demo_start(const char *scenario, char error[static DEMO_ERROR_BYTES]);

/* Ends it. */
void demo_stop(pid_t pid);

#endif
