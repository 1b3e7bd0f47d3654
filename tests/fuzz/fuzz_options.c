/* SPDX-License-Identifier: MIT */
/* fuzz_options.c - settings from anywhere. An input that begins with 'C' is a command line, a word
 * a line; with 'L', a text of --lint and --allow; any other is a gomonrc. What was taken must stay
 * the same when it is printed, read and printed once more. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mon/options.h"
#include "mon/rcfile.h"
#include "tests/fuzz/fuzz.h"

#define MOST_WORDS 64

/* A copy of DATA that ends with a NUL; a NUL within it ends what is read of it, but of
 * a gomonrc. */
static char *text_of(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1);

    CHECK(text != NULL);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    return text;
}

static char *print(const struct options *o)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    CHECK(out != NULL);
    rcfile_print(o, out);
    fclose(out);
    return text;
}

/* Reads the N bytes of TEXT, which is cut up; returns the bytes of what is told of it. */
static size_t read_rc(struct options *o, char *text, size_t n)
{
    char *told = NULL;
    size_t bytes;
    FILE *faults = open_memstream(&told, &bytes);

    CHECK(faults != NULL);
    rcfile_parse(o, "rc", text, n, faults);
    fclose(faults);
    CHECK((bytes > 0) == (o->rc_fault[0] != '\0'));
    free(told);
    return bytes;
}

static void check_same(const struct options *o)
{
    struct options again;
    char *first = print(o);
    char *copy = strdup(first);

    CHECK(copy != NULL);
    options_init(&again);
    CHECK(read_rc(&again, copy, strlen(copy)) == 0);
    char *second = print(&again);
    if (strcmp(first, second) != 0) {
        fprintf(stderr, "printed:\n%s\nand once more:\n%s\n", first, second);
        abort();
    }
    free(copy);
    free(first);
    free(second);
}

static void run_rc(const uint8_t *data, size_t bytes)
{
    char *text = text_of(data, bytes);
    struct options o;

    options_init(&o);
    read_rc(&o, text, bytes);
    check_same(&o);
    options_fini(&o);
    free(text);
}

/* What the command line set may hold line feeds, which no gomonrc can. */
static void run_words(const uint8_t *data, size_t bytes)
{
    char error[OPTIONS_ERROR_BYTES] = "";
    char program[] = "gomon";
    char *argv[MOST_WORDS + 2] = {program};
    char *text = text_of(data, bytes);
    struct options o;
    int argc = 1;

    for (char *at = text; at != NULL && argc <= MOST_WORDS;)
        argv[argc++] = strsep(&at, "\n");
    options_config(argc, argv);
    options_init(&o);
    if (options_parse(&o, argc, argv, NULL, error))
        free(print(&o));
    else
        CHECK(error[0] != '\0' && memchr(error, '\0', sizeof error) != NULL);
    options_fini(&o);
    free(text);
}

static void run_lints(const uint8_t *data, size_t bytes)
{
    char *text = text_of(data, bytes);
    struct lint_set before, set;
    char setting[LINT_SETTING_BYTES];

    lint_set_init(&set);
    before = set;
    if (!lint_set_take(&set, text) && !lint_set_allow(&set, text))
        CHECK(memcmp(&before, &set, sizeof set) == 0);
    for (int i = 0; i < LINTS; i++) {
        enum alert_lint lint = (enum alert_lint)i;
        char again[LINT_SETTING_BYTES];

        lint_set_text(&set, lint, setting);
        CHECK(lint_set_take(&before, setting));
        CHECK(strcmp(lint_set_text(&before, lint, again), setting) == 0);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes > 0 && data[0] == 'C')
        run_words(data + 1, bytes - 1);
    else if (bytes > 0 && data[0] == 'L')
        run_lints(data + 1, bytes - 1);
    else
        run_rc(data, bytes);
    return 0;
}
