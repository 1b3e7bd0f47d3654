/* SPDX-License-Identifier: MIT */
/* target_wait.h - gomon --wait: a target that is not there yet.
 * Who: main, before there is a screen. */
#ifndef MON_TARGET_WAIT_H
#define MON_TARGET_WAIT_H

#include "mon/target.h"

/* As target_find_live, but waits for a program of that name to live, or for a process of that pid
 * to show its page; blocks until then, or until it is clear that it will not come. Says on stderr
 * that it waits. */
enum target_match target_wait(const char *word, struct target_list *list, struct target *found,
                              char error[static TARGET_ERROR_BYTES]);

/* Waits for the page of PID for so long; false: it has none then, or has ended. */
bool target_wait_page(pid_t pid, int64_t wait_ns, struct target_list *list, struct target *found,
                      char error[static TARGET_ERROR_BYTES]);

#endif
