/* SPDX-License-Identifier: MIT */
/* options.h - long options from a table, for the demo programs.
 * A program describes its options once, as rows that say where the value goes; parsing, checking
 * and the help text come from them. Both `--name value` and `--name=value` are understood.
 * Threads: called before the runtime starts. */
#ifndef DEMO_OPTIONS_H
#define DEMO_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_kind {
    OPTION_COUNT, /* a whole number, into an int64_t */
    OPTION_BYTES, /* the same, with a suffix K, M or G for powers of 1024 */
    OPTION_MILLI, /* a number with decimals, into an int64_t, in thousandths */
    OPTION_TEXT,  /* a text, into a const char *, which borrows from argv */
};

struct option_row {
    const char *name;  /* without the dashes */
    const char *value; /* what the help calls its value */
    const char *help;  /* one line, without the default */
    enum option_kind kind;
    unsigned users; /* bits of those who know the option */
    size_t offset;  /* of the value in the target */
    int64_t min;    /* of a number, as it is stored; both ends are allowed */
    int64_t max;
};

/* A row of kind OPTION_COUNT, of a program with one table, for a member of struct T. */
#define OPTION_NUMBER(name, T, member, help, min, max)                         \
    {                                                                          \
        name, "N", help, OPTION_COUNT, 1, offsetof(struct T, member), min, max \
    }

struct option_table {
    const struct option_row *rows;
    size_t nrows;
    unsigned user; /* only rows that have one of these bits count */
};

enum options_result {
    OPTIONS_OK,
    OPTIONS_HELP, /* --help was given */
    OPTIONS_BAD,  /* the reason is in the error text */
};

#define OPTIONS_ERROR_BYTES 256

/* Stores the values of ARGV[0] to ARGV[ARGC - 1] (no program name) in TARGET, which holds the
 * defaults. For OPTIONS_BAD, ERROR is one line without the program's name. */
enum options_result options_parse(const struct option_table *table, int argc, char **argv,
                                  void *target, char error[OPTIONS_ERROR_BYTES]);

/* A program with options first and then other arguments. */
struct option_program {
    const char *name;
    const char *arguments; /* what the usage line calls them, "FILE..." */
    const char *about;     /* a line for the help */
    struct option_table table;
    int min_rest; /* how many arguments there must be */
    int max_rest;
};

/* Parses the command line of PROGRAM: options into TARGET, which holds the defaults, the other
 * arguments into *REST, which ends with NULL; REST may be NULL. Returns -1, or the status to exit
 * with: the help or what is wrong has been printed. */
int options_take(const struct option_program *program, int argc, char **argv, void *target,
                 char ***rest);

/* Writes one line for each option, with the default that TARGET holds. */
void options_print(const struct option_table *table, const void *target, FILE *file);

/* A number of BYTES as an option would say it: "64M", "1000". BUF has 24 bytes; returns it. */
const char *options_bytes_text(int64_t bytes, char buf[24]);

#endif
