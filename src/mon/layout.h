/* SPDX-License-Identifier: MIT */
/* layout.h - who gets how many rows or columns.
 * Each part states the least that it needs, its share of what is left over, and how dear it is.
 * When there is too little for all, the least dear parts vanish whole: a part is never shown
 * smaller than it can be read. Pure arithmetic, so its properties are tested for every size.
 * Threads: pure functions. */
#ifndef MON_LAYOUT_H
#define MON_LAYOUT_H

#include "mon/canvas.h"

#define LAYOUT_MAX_PARTS 16

struct layout_part {
    int least;  /* rows or columns without which it is not shown */
    int most;   /* it takes no more; 0: any */
    int weight; /* share of what is left; 0: none */
    int rank;   /* 0 is the dearest; the highest goes first */
};

/* Divides TOTAL among N parts, at most LAYOUT_MAX_PARTS. SIZE[i] is 0 or part[i].least or more; the
 * sum is TOTAL at most. */
void layout_divide(int total, const struct layout_part *part, int n, int *size);

/* Cuts AREA into N views one below the other, or side by side with one free column between them. */
void layout_rows(const struct canvas *area, const struct layout_part *part, int n,
                 struct canvas *view);
void layout_columns(const struct canvas *area, const struct layout_part *part, int n,
                    struct canvas *view);

#endif
