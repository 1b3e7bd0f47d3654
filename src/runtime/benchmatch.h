/* SPDX-License-Identifier: MIT */
/* benchmatch.h - which benchmarks a -bench pattern means.
 * A pattern is split at '/' outside of brackets into one extended regular expression (regex(7)) for
 * each level of sub-benchmarks, and before that at '|' into alternatives. An expression may match
 * anywhere in its element.
 * Init, match and fini in one thread at a time; regcomp wants more stack than a small task has.
 * Source: Go, testing/match.go. */
#ifndef RUNTIME_BENCHMATCH_H
#define RUNTIME_BENCHMATCH_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct bench_match {
    struct bench_match_part {
        regex_t regex;
        bool is_first; /* begins an alternative */
    } * parts;
    size_t nparts;
};

enum bench_fit {
    BENCH_FIT_NO,
    BENCH_FIT_PARTLY, /* only sub-benchmarks of it may fit */
    BENCH_FIT_FULLY,
};

/* False when PATTERN is no pattern; then *WHY (of BYTES) says what is wrong and there is nothing to
 * finish. */
bool bench_match_init(struct bench_match *m, const char *pattern, char *why, size_t bytes);
void bench_match_fini(struct bench_match *m);

/* Whether NAME, elements joined by '/', fits. */
enum bench_fit bench_match_name(const struct bench_match *m, const char *name);

#endif
