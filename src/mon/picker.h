/* SPDX-License-Identifier: MIT */
/* picker.h - the list of processes to choose from, as a value.
 * As a panel is: keys change it, drawing turns it into cells, and neither looks at the system.
 * Who: app.c and tests. Threads: one. */
#ifndef MON_PICKER_H
#define MON_PICKER_H

#include "mon/canvas.h"
#include "mon/scroll.h"
#include "mon/target.h"

#define PICKER_FILTER_BYTES 64

struct picker {
    const struct target_list *list; /* borrowed */
    pid_t pid;                      /* with the start: the one under the cursor; 0 none */
    uint64_t start_ticks;
    struct scroll scroll;
    char filter[PICKER_FILTER_BYTES]; /* shows names and pids that hold this; "" all */
    char message[TARGET_ERROR_BYTES]; /* why the last choice could not be watched; "" none */
    int64_t real_ns;                  /* now */
    int rows;                         /* of the canvas */
    int mouse_row;                    /* where the next click is */
};

enum picker_wish { PICKER_NONE, PICKER_QUIT, PICKER_CHOOSE, PICKER_SUSPEND, PICKER_REDRAW };

/* Obeys a key. Letters are typed into the filter. */
enum picker_wish picker_key(struct picker *picker, uint32_t key);

/* After the list has been read again: the cursor stays on its process, wherever that is now. */
void picker_list_is_new(struct picker *picker);

/* The target under the cursor, or NULL if there is none. */
const struct target *picker_choice(const struct picker *picker);

void picker_draw(const struct picker *picker, struct canvas *canvas);

#endif
