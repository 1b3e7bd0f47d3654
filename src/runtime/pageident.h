/* SPDX-License-Identifier: MIT */
/* pageident.h - who this process is, as the page's header tells it.
 * Pid and start time together name a process for the life of the machine; boot-id and build-id tie
 * what is found later to a boot and to a program. What can't be had is left zero.
 * Threads: any, at start; reads /proc and asks the dynamic linker. */
#ifndef RUNTIME_PAGEIDENT_H
#define RUNTIME_PAGEIDENT_H

#include <stdint.h>

#include "page.h"

/* Fills the fields of HEADER that say who we are: pid, nspid, uid, start_ticks, boot_id, build_id,
 * name. */
void pageident_fill(struct page_header *header);

/* ---- for the tests ---- */

/* Field 22, the start time, of the text of /proc/PID/stat; 0 if it is not there. The second field
 * is the program's name in parentheses and may itself hold blanks and parentheses. */
uint64_t pageident_start_ticks(const char *stat);

/* The outermost pid of "NSpid:" in the text of /proc/PID/status; 0 if it is not there. */
int32_t pageident_outer_pid(const char *status);

/* Reads a boot-id, "01234567-89ab-...", into BYTES; zeroes if TEXT is none. */
void pageident_boot_id(const char *text, uint8_t bytes[16]);

#endif
