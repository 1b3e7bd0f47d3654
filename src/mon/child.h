/* SPDX-License-Identifier: MIT */
/* child.h - a process of gomon's own, made by fork without exec: it gives up what it has of gomon.
 * Who: checkpoint.c, helper_child.c, incident.c, in the child. Threads: the one that fork left. */
#ifndef MON_CHILD_H
#define MON_CHILD_H

#define CHILD_FD 3 /* what the child keeps to talk through */

/* Standard input and output are nothing from now on: who waits for the end of gomon's output must
 * not wait for this process too. */
void child_drop_standard_files(void);

/* The same, and keeps FD alone of all others, as CHILD_FD. Ends the process if that fails. */
void child_keep_only(int fd);

/* Signals have their usual effects, none is blocked, and the keys of the terminal are not for it.
 */
void child_drop_signals(void);

#endif
