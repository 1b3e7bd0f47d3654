/* SPDX-License-Identifier: MIT */
/* gcclean.h - looking again at what the program writes while a mark runs beside it.
 * A mark without write barriers is undone by writes: each page that was written since it was
 * searched has to be searched again, and so has each task that has run. That is done in rounds,
 * beside the program, until so little is left that the last stop can do with it; a program that
 * writes faster than that is held up, harder from round to round.
 * Threads: the owner of a cycle. Source: Boehm, Demers and Shenker, Mostly Parallel Garbage
 * Collection; pre-cleaning as in Printezis and Detlefs' collector. */
#ifndef RUNTIME_GCCLEAN_H
#define RUNTIME_GCCLEAN_H

struct gc_cycle;

/* Carries out rounds until little is left, or that does not help; counts them and the pages in
 * LOG. */
void clean_up(struct gc_cycle *log);

#endif
