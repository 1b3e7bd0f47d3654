/* SPDX-License-Identifier: MIT */
/* options.h - the command line of gomon, from one table (options.def): parsing, --help and the
 * manual agree.
 * Threads: main only. */
#ifndef MON_OPTIONS_H
#define MON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What gomon ends with. */
enum exit_status {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NO_TARGET = 3, /* no such process, or it has no page */
    EXIT_PERMISSION = 4,
    EXIT_BAD_PAGE = 5,     /* of another version, or damaged */
    EXIT_TARGET_ENDED = 6, /* during batch output */
};

enum options_mode {
    MODE_WATCH, /* the screen; batch output if stdout is not a terminal */
    MODE_BATCH,
    MODE_LIST,
    MODE_DUMP,
    MODE_PROM,    /* one sample, in the format of Prometheus */
    MODE_CHECK,   /* judge expressions; the status is Nagios' */
    MODE_METRICS, /* list the figures that there are */
    MODE_SYMBOLIZE, /* file and line for the stacks on stdin */
    MODE_HELP,
    MODE_VERSION,
};

enum options_glyphs { GLYPHS_AUTO, GLYPHS_BRAILLE, GLYPHS_BLOCKS, GLYPHS_LINES, GLYPHS_ASCII };

struct options {
    enum options_mode mode;
    const char *target; /* a pid or a name; NULL: ask. Borrowed from argv */
    bool once;          /* batch: one sample with every metric */
    bool json;
    bool csv;
    const char *check;    /* expressions, borrowed from argv, or NULL */
    const char *critical; /* likewise */
    uint64_t count;         /* samples of batch output; 0: no end */
    int64_t interval_ns;    /* between samples */
    int64_t lint_window_ns; /* 0: the default */
    enum options_glyphs glyphs;
    bool no_color; /* the flag or NO_COLOR */
    bool read_only;
    bool debuginfod;
};

#define OPTIONS_ERROR_BYTES 160

/* Reads the command line; NO_COLOR is the value of that variable, or NULL. False: it is wrong, and
 * ERROR says why. */
bool options_parse(struct options *o, int argc, char **argv, const char *no_color,
                   char error[static OPTIONS_ERROR_BYTES]);

/* The text of --help. */
void options_print_help(FILE *out);

#endif
