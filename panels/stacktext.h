/* SPDX-License-Identifier: MIT */
/* stacktext.h - the words of the lines that the viewer of a dump shows.
 * Threads: pure. */
#ifndef PANELS_STACKTEXT_H
#define PANELS_STACKTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "mon/dump.h"
#include "mon/dumpdiff.h"

#define STACKTEXT_BYTES  512 /* room for a line */
#define STACKTEXT_INDENT 6   /* columns before what belongs to a group */

/* The columns of functions in COLS, so that there is room for a file and a line beside them. */
int stacktext_function_cols(int cols);

/* "function  file:line" in COLS columns; returns the column of the place. */
int stacktext_frame(const struct dump_frame *frame, int function_cols, int cols,
                    char text[STACKTEXT_BYTES]);

/* The head of group NUMBER; of one that is FOLDED, with its own code. */
void stacktext_group(const struct dump *dump, size_t number, bool folded, int cols,
                     char text[STACKTEXT_BYTES]);

/* The same of what has changed: by how many tasks, how many there are, how many there were. */
void stacktext_change(const struct dumpdiff *diff, size_t number, bool folded, int cols,
                      char text[STACKTEXT_BYTES]);

/* What has changed in all: "2 groups grew, 1 came; 310 tasks, not 290". */
void stacktext_difference(const struct dumpdiff *diff, char text[STACKTEXT_BYTES]);

/* The ids of those that are there for longest; a name stands before the first that has it. */
void stacktext_tasks(const struct dump_group *group, char text[STACKTEXT_BYTES]);

/* Who holds what tasks of the group wait for. The last one that is shown stands for those that are
 * not, too. */
void stacktext_holder(const struct dump_group *group, size_t i, char text[STACKTEXT_BYTES]);

#endif
