/* SPDX-License-Identifier: MIT */
/* wordcount.c - gort-wordcount: the most frequent words of many files.
 * A pipeline: names of files, a bounded number of tasks that count the words of one file each, and
 * a sink that adds their tables up. */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gort.h>

#include "demo/options.h"

#define NSLOTS     8192
#define WORD_BYTES 64 /* longer words are cut */

struct word {
    struct word *next; /* in its slot */
    int64_t n;
    char text[];
};

struct words {
    struct word *slots[NSLOTS];
    size_t nwords;
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

static void add(struct words *w, const char *text, int64_t n)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    struct word **at;

    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    for (at = &w->slots[hash % NSLOTS]; *at != NULL && strcmp((*at)->text, text) != 0;)
        at = &(*at)->next;
    if (*at == NULL) {
        *at = gort_alloc(sizeof **at + strlen(text) + 1);
        memcpy((*at)->text, text, strlen(text) + 1);
        w->nwords++;
    }
    (*at)->n += n;
}

/* Adds the words of FILE to W. */
static void add_file(struct words *w, FILE *file)
{
    char word[WORD_BYTES];
    size_t len = 0;
    int c;

    do {
        c = getc(file);
        if (isalnum(c) && len < WORD_BYTES - 1)
            word[len++] = (char)tolower(c);
        if (isalnum(c) || len == 0)
            continue;
        word[len] = '\0';
        add(w, word, 1);
        len = 0;
    } while (c != EOF);
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
    if (file != NULL) {
        add_file(w, file);
        fclose(file);
        return gort_emit(to, &w);
    }
    fprintf(stderr, "gort-wordcount: cannot read %s\n", name);
    return GORT_ENOTFOUND;
}

static int add_table(gort_emitter *to, void *in, void *arg)
{
    const struct words *w = *(struct words **)in;

    (void)to;
    for (size_t i = 0; i < NSLOTS; i++)
        for (const struct word *word = w->slots[i]; word != NULL; word = word->next)
            add(arg, word->text, word->n);
    return 0;
}

static int by_frequency(const void *a, const void *b)
{
    const struct word *x = *(struct word *const *)a;
    const struct word *y = *(struct word *const *)b;

    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->text, y->text);
}

static void print_top(const struct words *w, int64_t top)
{
    struct word **all = gort_make(struct word *, w->nwords + 1);
    size_t n = 0;

    for (size_t i = 0; i < NSLOTS; i++)
        for (struct word *word = w->slots[i]; word != NULL; word = word->next)
            all[n++] = word;
    qsort(all, n, sizeof(struct word *), by_frequency);
    for (size_t i = 0; i < n && i < (size_t)top; i++)
        printf("%7" PRId64 " %s\n", all[i]->n, all[i]->text);
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
    int status = options_take(&program, argv, &settings, &files);

    (void)argc;
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
