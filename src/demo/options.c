/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "demo/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row *find_row(const struct option_table *table, const char *name,
                                         size_t name_bytes)
{
    for (size_t i = 0; i < table->nrows; i++) {
        const struct option_row *row = &table->rows[i];

        if ((row->users & table->user) != 0 && strlen(row->name) == name_bytes &&
            memcmp(row->name, name, name_bytes) == 0)
            return row;
    }
    return NULL;
}

static bool scale_by_suffix(const char *suffix, int64_t *number)
{
    static const char letters[] = "KMG";
    const char *letter = *suffix != '\0' ? strchr(letters, *suffix) : NULL;

    if (*suffix == '\0')
        return true;
    if (letter == NULL || suffix[1] != '\0')
        return false;
    return !__builtin_mul_overflow(*number, INT64_C(1024) << 10 * (letter - letters), number);
}

static bool parse_milli(const struct option_row *row, const char *text, int64_t *out)
{
    char *end;
    double number = strtod(text, &end) * 1000.0;

    if (end == text || *end != '\0' || !(number >= (double)row->min && number <= (double)row->max))
        return false;
    *out = (int64_t)(number + (number < 0.0 ? -0.5 : 0.5));
    return true;
}

static bool parse_number(const struct option_row *row, const char *text, int64_t *out)
{
    char *end;
    int64_t number;

    if (row->kind == OPTION_MILLI)
        return parse_milli(row, text, out);
    errno = 0;
    number = strtoll(text, &end, 10);
    if (end == text || errno != 0)
        return false;
    if (row->kind == OPTION_BYTES ? !scale_by_suffix(end, &number) : *end != '\0')
        return false;
    *out = number;
    return number >= row->min && number <= row->max;
}

const char *options_bytes_text(int64_t bytes, char buf[24])
{
    static const char letters[] = "\0KMG";
    size_t i = 0;

    while (i < 3 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        i++;
    }
    snprintf(buf, 24, "%" PRId64 "%.1s", bytes, &letters[i]);
    return buf;
}

/* A number as the option would say it. BUF has 24 bytes; returns it. */
static const char *number_text(const struct option_row *row, int64_t number, char buf[24])
{
    if (row->kind == OPTION_BYTES)
        return options_bytes_text(number, buf);
    if (row->kind == OPTION_MILLI)
        snprintf(buf, 24, "%.12g", (double)number / 1000.0);
    else
        snprintf(buf, 24, "%" PRId64, number);
    return buf;
}

/* Why a number was refused: its kind and its range. */
static void number_error(const struct option_row *row, const char *text,
                         char error[OPTIONS_ERROR_BYTES])
{
    char min[24];
    char max[24];

    snprintf(error, OPTIONS_ERROR_BYTES, "--%s takes a number from %s to %s, not '%.60s'",
             row->name, number_text(row, row->min, min), number_text(row, row->max, max), text);
}

static bool store(const struct option_row *row, const char *text, void *target,
                  char error[OPTIONS_ERROR_BYTES])
{
    void *place = (char *)target + row->offset;
    int64_t number;

    if (row->kind == OPTION_TEXT) {
        memcpy(place, &text, sizeof text);
        return true;
    }
    if (!parse_number(row, text, &number)) {
        number_error(row, text, error);
        return false;
    }
    memcpy(place, &number, sizeof number);
    return true;
}

enum options_result options_parse(const struct option_table *table, int argc, char **argv,
                                  void *target, char error[OPTIONS_ERROR_BYTES])
{
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        const struct option_row *row;
        const char *value;

        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
            return OPTIONS_HELP;
        if (strncmp(arg, "--", 2) != 0) {
            snprintf(error, OPTIONS_ERROR_BYTES, "'%.60s' is not an option", arg);
            return OPTIONS_BAD;
        }
        row = find_row(table, arg + 2, strcspn(arg + 2, "="));
        if (row == NULL) {
            snprintf(error, OPTIONS_ERROR_BYTES, "there is no option '%.60s' here", arg);
            return OPTIONS_BAD;
        }
        value = strchr(arg, '=');
        value = value != NULL ? value + 1 : argv[++i]; /* argv ends in NULL */
        if (i >= argc) {
            snprintf(error, OPTIONS_ERROR_BYTES, "--%s needs a value", row->name);
            return OPTIONS_BAD;
        }
        if (!store(row, value, target, error))
            return OPTIONS_BAD;
    }
    return OPTIONS_OK;
}

static void print_row(const struct option_row *row, const void *target, FILE *file)
{
    const void *place = (const char *)target + row->offset;
    char left[64];
    char buf[24];
    const char *text;
    int64_t number;

    snprintf(left, sizeof left, "--%s %s", row->name, row->value);
    fprintf(file, "  %-22s  %s", left, row->help);
    if (row->kind == OPTION_TEXT) {
        memcpy(&text, place, sizeof text);
        fprintf(file, " (%s)\n", text);
        return;
    }
    memcpy(&number, place, sizeof number);
    fprintf(file, " (%s)\n", number_text(row, number, buf));
}

void options_print(const struct option_table *table, const void *target, FILE *file)
{
    for (size_t i = 0; i < table->nrows; i++) {
        if ((table->rows[i].users & table->user) != 0)
            print_row(&table->rows[i], target, file);
    }
}

/* The number of leading arguments of ARGV that are options or their values. */
static int count_options(char **argv)
{
    int n = 0;

    while (argv[n] != NULL && argv[n][0] == '-') {
        bool alone = strcmp(argv[n], "--help") == 0 || strcmp(argv[n], "-h") == 0 ||
                     strchr(argv[n], '=') != NULL || argv[n + 1] == NULL;

        n += alone ? 1 : 2;
    }
    return n;
}

int options_take(const struct option_program *program, int argc, char **argv, void *target,
                 char ***rest)
{
    char error[OPTIONS_ERROR_BYTES];
    int noptions = count_options(argv + 1);
    int nrest = argc - 1 - noptions;
    enum options_result result = options_parse(&program->table, noptions, argv + 1, target, error);

    if (result == OPTIONS_HELP) {
        printf("usage: %s [OPTION]... %s\n%s\n\n", program->name, program->arguments,
               program->about);
        options_print(&program->table, target, stdout);
        return 0;
    }
    if (result == OPTIONS_OK && nrest < program->min_rest) {
        snprintf(error, sizeof error, "%s is missing; --help says more", program->arguments);
        result = OPTIONS_BAD;
    } else if (result == OPTIONS_OK && nrest > program->max_rest) {
        snprintf(error, sizeof error, "'%.60s' is one argument too many",
                 argv[1 + noptions + program->max_rest]);
        result = OPTIONS_BAD;
    }
    if (result == OPTIONS_BAD) {
        fprintf(stderr, "%s: %s\n", program->name, error);
        return 2;
    }
    if (rest != NULL)
        *rest = argv + 1 + noptions;
    return -1;
}
