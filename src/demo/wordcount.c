/* SPDX-License-Identifier: MIT */
/* wordcount.c - gort-wordcount: the most frequent words of many files.
 * A pipeline: names of files, a bounded number of tasks that count the words of one file each, and
 * a sink that adds their tables up. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include <gort.h>

#include "demo/options.h"

#define NSLOTS 8192

struct word {
    struct word *next; /* in its slot */
    gort_str text;
    size_t n;
};

struct words {
    struct word *slots[NSLOTS];
    GORT_SLICE(struct word *) all;
};

struct settings {
    int64_t top, parallel;
};

static const struct option_row rows[] = {
    OPTION_NUMBER("top", settings, top, "words to print", 1, 1000000),
    OPTION_NUMBER("parallel", settings, parallel, "files that are read at a time", 1, 1000),
};
static const struct option_program program = {
    "gort-wordcount", "FILE...", "Counts the words of all files and prints the most frequent ones.",
    {rows, 2, 1},     1,         INT32_MAX};

static void add(struct words *w, gort_str text, size_t n)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    struct word **at;

    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 16777619u;
    for (at = &w->slots[hash % NSLOTS]; *at != NULL && !gort_str_equal((*at)->text, text);)
        at = &(*at)->next;
    if (*at == NULL) {
        *at = gort_new(struct word);
        (*at)->text = (gort_str){gort_str_copy(text), text.len};
        GORT_APPEND(&w->all, *at);
    }
    (*at)->n += n;
}

/* Adds the words of FILE to W and closes it; not 0 if it could not be read. */
static int add_file(struct words *w, FILE *file)
{
    gort_builder word = {0};
    int failed;

    for (int c = 0; c != EOF;) {
        c = getc(file);
        if (isalnum(c)) {
            gort_builder_char(&word, (char)tolower(c));
        } else if (word.len > 0) {
            add(w, gort_builder_view(&word), 1);
            gort_builder_clear(&word);
        }
    }
    failed = ferror(file);
    fclose(file);
    return failed;
}

static int list_files(gort_emitter *to, void *in, void *arg)
{
    int err = 0;

    (void)in;
    for (char **name = arg; *name != NULL && err == 0; name++)
        err = gort_emit(to, name);
    return err;
}

/* From the name of a file to the table of its words. */
static int count_file(gort_emitter *to, void *in, void *arg)
{
    const char *name = *(char **)in;
    struct words *w = gort_new(struct words);
    FILE *file = fopen(name, "re");

    (void)arg;
    if (file != NULL && add_file(w, file) == 0)
        return gort_emit(to, &w);
    fprintf(stderr, "gort-wordcount: cannot read %s\n", name);
    return GORT_ENOTFOUND;
}

static int add_table(gort_emitter *to, void *in, void *arg)
{
    const struct words *w = *(struct words **)in;

    (void)to;
    for (size_t i = 0; i < w->all.len; i++)
        add(arg, w->all.ptr[i]->text, w->all.ptr[i]->n);
    return 0;
}

static int by_frequency(const void *a, const void *b)
{
    const struct word *x = *(struct word *const *)a;
    const struct word *y = *(struct word *const *)b;

    return x->n != y->n ? (x->n < y->n ? 1 : -1) : gort_str_compare(x->text, y->text);
}

static void print_top(struct words *w, int64_t top)
{
    if (w->all.len > 0)
        qsort(w->all.ptr, w->all.len, sizeof *w->all.ptr, by_frequency);
    for (size_t i = 0; i < w->all.len && i < (size_t)top; i++)
        printf("%7zu %s\n", w->all.ptr[i]->n, w->all.ptr[i]->text.ptr);
}

static int app(int argc, char **argv)
{
    struct settings settings = {.top = 10, .parallel = 4};
    struct words *total = gort_new(struct words);
    gort_stage list = {.run = list_files, .out_bytes = sizeof(char *), .name = "list"};
    gort_stage count = {.run = count_file, .out_bytes = sizeof(struct words *), .name = "count"};
    gort_stage sum = {.run = add_table, .arg = total, .name = "sum"};
    gort_group g = {0};
    char **files;
    int status = options_take(&program, argc, argv, &settings, &files);

    if (status >= 0)
        return status;
    list.arg = files;
    count.workers = (int)settings.parallel;
    gort_group_with_ctx(&g, gort_ctx_background());
    gort_sink_go(&g, gort_stage_go(&g, gort_source_go(&g, &list), &count), &sum);
    if (gort_group_wait(&g) != 0)
        return 1;
    print_top(total, settings.top);
    return 0;
}
GORT_MAIN(app)
