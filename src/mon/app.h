/* SPDX-License-Identifier: MIT */
/* app.h - the screen: one loop around terminal, clock, target and dump.
 * Everything that happens is an event of one ppoll: a key, a resize, the next sample, the end of
 * the target, an answer to a dump. An event changes the state of the screen or the model; then the
 * screen is drawn again, if the terminal has taken the last frame. Nothing here blocks.
 * Who: main only, once. */
#ifndef MON_APP_H
#define MON_APP_H

#include <stdbool.h>

struct options;
struct several;
struct target;

/* Whether the terminal of stdin and stdout can show a screen: it has a cursor that can be moved. If
 * not (TERM=dumb, a pipe), the caller turns to batch output. */
bool app_has_terminal(void);

/* Watches TARGET until the user quits or the terminal goes away; returns what gomon exits with.
 * With TARGET NULL the user first picks one: those that options->target, if it is not NULL, is the
 * name of, else all. Errors are written to stderr when the terminal is itself again. */
int app_run(const struct options *options, const struct target *target);

/* Watches several at once: a table of them, and each in the panels when it is opened. Those that
 * cannot be watched have a row that says why; if none can, that is written to stderr and the status
 * tells. */
int app_run_several(const struct options *options, const struct several *targets);

/* Shows the recording options->read_path until the user quits; as above. */
int app_replay(const struct options *options);

#endif
