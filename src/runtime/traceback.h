/* SPDX-License-Identifier: MIT */
/* traceback.h - stacks as text, written by the program that they are of.
 * One frame a line: "function+0xoff  module+0xoff". The function comes from the symbol tables of
 * the module's file, or is "?"; nothing else is needed to tell file and line later, elsewhere:
 * gomon --symbolize adds them to such text.
 * Who: gort_stack, fatal errors. Threads: any; async-signal-safe, no allocation. */
#ifndef RUNTIME_TRACEBACK_H
#define RUNTIME_TRACEBACK_H

#include <stddef.h>
#include <stdint.h>

/* Writes one line for each of the N addresses of PCS to FD, innermost first, as unwind_stack
 * gave them. */
void traceback_print(int fd, const uintptr_t *pcs, size_t n);

/* As traceback_print, into TEXT (BYTES long, always terminated). Returns the length, less than
 * BYTES: what does not fit is left off. */
size_t traceback_format(char *text, size_t bytes, const uintptr_t *pcs, size_t n);

/* Writes path and build-id of every module that has been loaded to FD, so that the text can be
 * told from that of other builds. Once, after the last stack. */
void traceback_print_modules(int fd);

#endif
