/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/benchflags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "gort/base.h"

#define PROCS_MAX 1024 /* of GORT_MAXPROCS */
#define COUNT_MAX 1000000
#define FIXED_MAX 1000000000

/* A decimal number from LO to HI at the start of TEXT, which *END points behind. */
static bool parse_number(const char *text, int64_t lo, int64_t hi, int64_t *value, char **end)
{
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoll(text, end, 10);
    return errno == 0 && *value >= lo && *value <= hi;
}

/* The unit at TEXT in nanoseconds, and its length; 0 if there is none. */
static int64_t parse_unit(const char *text, size_t *length)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1},     {"us", GORT_US},    {"\xc2\xb5s", GORT_US}, {"ms", GORT_MS},
                 {"s", GORT_S}, {"m", 60 * GORT_S}, {"h", 3600 * GORT_S}};

    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        *length = strlen(units[i].name);
        if (strncmp(text, units[i].name, *length) == 0)
            return units[i].ns;
    }
    return 0;
}

/* A duration as Go writes it: "1s", "1.5s", "1m30s". */
static bool parse_duration(const char *text, int64_t *ns)
{
    double sum = 0;

    if (*text == '\0')
        return false;
    while (*text != '\0') {
        double value = 0;
        double place = 1;
        const char *start = text;
        size_t length;
        int64_t unit;

        for (; *text >= '0' && *text <= '9'; text++)
            value = value * 10 + (*text - '0');
        if (*text == '.') {
            for (text++; *text >= '0' && *text <= '9'; text++)
                value += (*text - '0') * (place /= 10);
        }
        unit = parse_unit(text, &length);
        if (unit == 0 || start == text || (text == start + 1 && *start == '.'))
            return false;
        sum += value * (double)unit;
        text += length;
    }
    if (sum < 1 || sum > 1e18)
        return false;
    *ns = (int64_t)sum;
    return true;
}

/* ---- Flags ---- */

static bool take_bench(struct bench_flags *f, const char *value)
{
    f->pattern = value;
    return true;
}

static bool take_benchtime(struct bench_flags *f, const char *value)
{
    char *end;
    int64_t n;

    if (parse_number(value, 1, FIXED_MAX, &n, &end) && strcmp(end, "x") == 0) {
        f->fixed_n = n;
        f->time_ns = 0;
        return true;
    }
    f->fixed_n = 0;
    return parse_duration(value, &f->time_ns);
}

static bool take_count(struct bench_flags *f, const char *value)
{
    char *end;

    return parse_number(value, 1, COUNT_MAX, &f->count, &end) && *end == '\0';
}

static bool take_cpu(struct bench_flags *f, const char *value)
{
    f->ncpus = 0;
    for (;;) {
        char *end;
        int64_t procs;

        if (f->ncpus == BENCH_CPUS_MAX || !parse_number(value, 1, PROCS_MAX, &procs, &end))
            return false;
        f->cpus[f->ncpus++] = (int)procs;
        if (*end == '\0')
            return true;
        if (*end != ',')
            return false;
        value = end + 1;
    }
}

static bool parse_bool(bool *flag, const char *value)
{
    *flag = value == NULL || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
    return *flag || strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
}

static bool take_benchmem(struct bench_flags *f, const char *value)
{
    return parse_bool(&f->benchmem, value);
}

static bool take_list(struct bench_flags *f, const char *value)
{
    return parse_bool(&f->list, value);
}

static bool take_help(struct bench_flags *f, const char *value)
{
    return parse_bool(&f->help, value);
}

static const struct flag {
    const char *name;
    bool (*take)(struct bench_flags *f, const char *value);
    const char *wants; /* NULL: nothing, the flag is on or off */
} flags[] = {
    {"bench", take_bench, "a regular expression"},
    {"benchmem", take_benchmem, NULL},
    {"benchtime", take_benchtime, "a time such as 1s or a number of iterations such as 100x"},
    {"count", take_count, "a number from 1"},
    {"cpu", take_cpu, "numbers of procs from 1 to 1024, separated by commas"},
    {"h", take_help, NULL},
    {"help", take_help, NULL},
    {"list", take_list, NULL},
};

static const struct flag *find_flag(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
        if (strlen(flags[i].name) == length && memcmp(flags[i].name, name, length) == 0)
            return &flags[i];
    }
    return NULL;
}

bool bench_flags_parse(struct bench_flags *f, int argc, char **argv, char *why, size_t bytes)
{
    *f = (struct bench_flags){.pattern = ".", .time_ns = GORT_S, .count = 1};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + strspn(argv[i], "-");
        size_t length = strcspn(name, "=");
        size_t dashes = (size_t)(name - argv[i]);
        const struct flag *flag = find_flag(name, length);
        const char *value = name[length] == '=' ? name + length + 1 : NULL;

        if (dashes < 1 || dashes > 2) {
            snprintf(why, bytes, "'%s' is not a flag; see -help", argv[i]);
            return false;
        }
        if (flag == NULL) {
            snprintf(why, bytes, "there is no flag -%.*s; see -help", (int)length, name);
            return false;
        }
        if (value == NULL && flag->wants != NULL && i + 1 < argc)
            value = argv[++i];
        if ((value == NULL && flag->wants != NULL) || !flag->take(f, value)) {
            snprintf(why, bytes, "-%s takes %s, not '%s'", flag->name,
                     flag->wants != NULL ? flag->wants : "true or false",
                     value != NULL ? value : "");
            return false;
        }
    }
    return true;
}
