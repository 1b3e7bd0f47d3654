/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/benchmatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "runtime/benchtext.h"

/* The length of the part that begins at PATTERN: up to a '/' or '|' outside of brackets. */
static size_t part_length(const char *pattern)
{
    unsigned square = 0;
    int round = 0;
    size_t i = 0;

    for (; pattern[i] != '\0'; i++) {
        char c = pattern[i];

        if (c == '[') {
            square++;
        } else if (c == ']') {
            square -= square > 0;
        } else if (c == '(' || c == ')') {
            round += square > 0 ? 0 : c == '(' ? 1 : -1;
        } else if (c == '\\') {
            i += pattern[i + 1] != '\0';
        } else if ((c == '/' || c == '|') && square == 0 && round == 0) {
            break;
        }
    }
    return i;
}

static bool add_part(struct bench_match *m, const char *pattern, size_t length, char *why,
                     size_t bytes)
{
    char *text = strndup(pattern, length);
    size_t escaped_bytes = 10 * length + 1; /* a character becomes at most ten */
    char *escaped = malloc(escaped_bytes);
    int rc;

    CHECK(text != NULL && escaped != NULL);
    bench_escape(escaped, escaped_bytes, text);
    rc = regcomp(&m->parts[m->nparts].regex, escaped, REG_EXTENDED | REG_NOSUB);
    if (rc != 0)
        regerror(rc, &m->parts[m->nparts].regex, why, bytes);
    else
        m->nparts++;
    free(escaped);
    free(text);
    return rc == 0;
}

bool bench_match_init(struct bench_match *m, const char *pattern, char *why, size_t bytes)
{
    bool is_first = true;

    m->nparts = 0;
    m->parts = calloc(strlen(pattern) + 1, sizeof m->parts[0]);
    CHECK(m->parts != NULL);
    for (;;) {
        size_t length = part_length(pattern);

        m->parts[m->nparts].is_first = is_first;
        if (!add_part(m, pattern, length, why, bytes)) {
            bench_match_fini(m);
            return false;
        }
        if (pattern[length] == '\0')
            return true;
        is_first = pattern[length] == '|';
        pattern += length + 1;
    }
}

void bench_match_fini(struct bench_match *m)
{
    for (size_t i = 0; i < m->nparts; i++)
        regfree(&m->parts[i].regex);
    free(m->parts);
    m->parts = NULL;
    m->nparts = 0;
}

static bool fits_part(const struct bench_match_part *part, const char *name, size_t length)
{
    char *element = strndup(name, length);
    bool fits;

    CHECK(element != NULL);
    fits = regexec(&part->regex, element, 0, NULL, 0) == 0;
    free(element);
    return fits;
}

/* Whether NAME fits the alternative that takes up the N parts at PARTS. */
static enum bench_fit fit_alternative(const struct bench_match_part *parts, size_t n,
                                      const char *name)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = strcspn(name, "/");

        if (!fits_part(&parts[i], name, length))
            return BENCH_FIT_NO;
        if (name[length] == '\0')
            return i + 1 < n ? BENCH_FIT_PARTLY : BENCH_FIT_FULLY;
        name += length + 1;
    }
    return BENCH_FIT_FULLY;
}

enum bench_fit bench_match_name(const struct bench_match *m, const char *name)
{
    for (size_t i = 0, n; i < m->nparts; i += n) {
        enum bench_fit fit;

        for (n = 1; i + n < m->nparts && !m->parts[i + n].is_first; n++)
            ;
        fit = fit_alternative(&m->parts[i], n, name);
        if (fit != BENCH_FIT_NO)
            return fit;
    }
    return BENCH_FIT_NO;
}
