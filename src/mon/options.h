/* SPDX-License-Identifier: MIT */
/* options.h - the command line of gomon, from one table (options.def): parsing, --help and the
 * manual agree.
 * Threads: main only. */
#ifndef MON_OPTIONS_H
#define MON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "mon/lintset.h"
#include "mon/theme.h"
#include "mon/wordlist.h"

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
    MODE_DIFF,      /* of two files with dumps: options.diff and options.target */
    MODE_REPORT,    /* a recording of all that is known, to stdout */
    MODE_PROM,      /* one sample, in the format of Prometheus */
    MODE_CHECK,     /* judge expressions; the status is Nagios' */
    MODE_STATUS,    /* one short line */
    MODE_METRICS,   /* list the figures that there are */
    MODE_SYMBOLIZE, /* file and line for the stacks on stdin */
    MODE_CONFIG,    /* print the settings */
    MODE_HELP,
    MODE_VERSION,
};

enum options_glyphs { GLYPHS_AUTO, GLYPHS_BRAILLE, GLYPHS_BLOCKS, GLYPHS_LINES, GLYPHS_ASCII };

#define OPTIONS_ERROR_BYTES 160
#define OPTIONS_FAULT_BYTES 400
#define OPTIONS_VALUE_BYTES 2048

struct options {
    enum options_mode mode;
    const char *target; /* a pid or a name; NULL: ask. Borrowed from argv */
    char *const *command; /* a program to start, and its words, in argv; NULL: none */
    struct wordlist several; /* those of -p; of more than one, target is the last */
    bool once;          /* batch: one sample with every metric */
    bool json;
    bool csv;
    bool folded;
    const char *diff;       /* the earlier of two dumps, borrowed from argv, or NULL */
    const char *check;      /* expressions, borrowed from argv, or NULL */
    const char *critical;   /* likewise */
    uint64_t count;         /* samples of batch output; 0: no end */
    int64_t interval_ns;    /* between samples */
    int64_t lint_window_ns; /* 0: the default */
    struct lint_set lints;
    const char *write_path; /* record there; NULL: nowhere. Borrowed from argv */
    const char *read_path;  /* a recording in the place of a target, or NULL; borrowed, too */
    const char *begin;      /* of it, as timetext.h reads it, or NULL; borrowed */
    const char *end;
    bool dead;         /* those that have ended, and no others */
    int64_t keep_ns;   /* what was recorded is dropped after that; 0: never */
    int64_t max_bytes; /* of the recording */
    enum options_glyphs glyphs;
    bool no_color; /* the flag or NO_COLOR */
    enum theme theme;
    bool no_mouse;
    const char *on_alert; /* a command for the shell, borrowed; NULL or "": none */
    bool bell;
    uint64_t incidents;       /* recordings of alerts that are kept; 0: none are made */
    const char *incident_dir; /* where; borrowed; NULL or "": the usual folder */
    int64_t incident_bytes;   /* of each at most */
    bool wait;   /* for the target to come */
    bool follow; /* to the next of the same name */
    bool demo;   /* the target is a scenario of gort-demo */
    bool read_only;
    bool debuginfod;
    char *rc_text;                      /* owned: what settings of gomonrc are borrowed from */
    char rc_fault[OPTIONS_FAULT_BYTES]; /* the first thing that is wrong with it, or "" */
};

struct options_setting {
    const char *name;
    const char *help;
    char text[OPTIONS_VALUE_BYTES]; /* its value as gomonrc has it */
};

/* What holds if nothing is asked for. */
void options_init(struct options *o);
void options_fini(struct options *o);

/* The file that --config names, or NULL; borrowed from ARGV. Wrong options are passed over. */
const char *options_config(int argc, char **argv);

/* A line of gomonrc: the setting NAME gets the value of TEXT, which is borrowed. False: there is no
 * such setting, or no such value; ERROR says so, and what to do. */
bool options_set(struct options *o, const char *name, const char *text,
                 char error[static OPTIONS_ERROR_BYTES]);

/* Setting number I; false: there are no more. */
bool options_setting(const struct options *o, unsigned i, struct options_setting *setting);

/* Reads the command line into O, over what is there; NO_COLOR is the value of that variable, or
 * NULL. False: it is wrong, and ERROR says why. */
bool options_parse(struct options *o, int argc, char **argv, const char *no_color,
                   char error[static OPTIONS_ERROR_BYTES]);

/* The text of --help. */
void options_print_help(FILE *out);

#endif
