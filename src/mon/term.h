/* SPDX-License-Identifier: MIT */
/* term.h - the terminal: cells out, keys in.
 * The one module that knows curses. Curses works out the fewest bytes that turn the last picture
 * into the next, but it writes them itself and waits for a terminal that does not take them. So it
 * is given a memory file instead of the terminal: a frame waits there and is sent on as the
 * terminal takes it, through a descriptor of our own that never blocks. While one is under way, no
 * other is begun: a stuck terminal costs frames, never time. Errors of curses are of no interest:
 * a terminal that lacks something shows less.
 * Who: app.c. Threads: one; one terminal a process. */
#ifndef MON_TERM_H
#define MON_TERM_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/canvas.h"
#include "mon/plot.h"

/* Whether stdin and stdout are a terminal whose cursor can be moved. */
bool term_is_usable(void);

/* Takes the terminal over: own screen, single keys without echo. False if it cannot be had. It is
 * given back by term_close, and by any fatal signal. */
enum term_colour { TERM_COLOUR, TERM_NO_COLOUR };
struct term_wishes {
    enum term_colour colour;
    enum theme theme;
    bool mouse; /* clicks and the wheel are keys */
};
bool term_open(const struct term_wishes *wishes);
void term_close(void);

/* The best glyphs that it can show, judged by locale and terminal type. */
enum plot_tier term_best_tier(void);

/* Rows and columns as they are now; at least 1. */
void term_size(int *rows, int *cols);

/* The next key, or KEY_CODE_NONE. */
uint32_t term_key(void);

/* Where the mouse was for the last key that it gave; from 0. */
void term_mouse(int *row, int *col);

/* Readable when there is a key; hung up when the terminal is gone. */
int term_input_fd(void);

/* Begins to show CANVAS, which is as large as term_size said. If it differs in nothing from the
 * last one, nothing is sent. False if the last frame is still under way: show the next one
 * later. */
bool term_show(const struct canvas *canvas);

/* Rings the bell with the next frame. */
void term_bell(void);

/* Whether a frame is under way: then call term_flush when term_output_fd is writable. */
bool term_is_sending(void);
int term_output_fd(void);

/* Sends what the terminal takes. False if it is gone. */
bool term_flush(void);

/* The next frame is sent whole, after something else has drawn on the terminal. */
void term_forget(void);

/* Gives the terminal back, stops the process, and takes the terminal over again when it
 * continues. */
void term_suspend(void);

/* Sets the modes again after the process was stopped and continued by somebody else. */
void term_resume(void);

#endif
