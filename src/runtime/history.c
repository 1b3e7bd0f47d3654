/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/seqlock.h"

#define MINUTE_NS (60 * NS_PER_S)
#define EARLY_NS  (50 * NS_PER_MS) /* a tick that comes a little too soon still counts */

/* ---- GORT_HISTORY ---- */

/* "15m" at *TEXT, in seconds; moves *TEXT behind it. False if there is no such thing, or more than
 * MAX_S. */
static bool parse_span(const char **text, int64_t max_s, int64_t *seconds)
{
    static const struct {
        char suffix;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end = NULL;
    long long n = strtoll(*text, &end, 10);

    if (end == *text || n < 0 || n > max_s)
        return false;
    *seconds = 0;
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (*end == units[i].suffix) {
            *seconds = n * units[i].seconds;
            *text = end + 1;
            return *seconds <= max_s;
        }
    }
    *text = end;
    return n == 0; /* nothing needs no unit */
}

static bool parse(const char *text, int64_t *seconds, int64_t *minutes)
{
    int64_t minutes_s = *minutes * 60;

    if (strcmp(text, "off") == 0) {
        *seconds = 0;
        *minutes = 0;
        return true;
    }
    if (!parse_span(&text, HISTORY_SECONDS_MAX, seconds))
        return false;
    if (*text == ',') {
        text++;
        if (!parse_span(&text, HISTORY_MINUTES_MAX * INT64_C(60), &minutes_s))
            return false;
    }
    *minutes = minutes_s / 60;
    return *text == '\0';
}

bool history_parse(const char *text, struct pagelayout_sizes *sizes)
{
    int64_t seconds = HISTORY_SECONDS;
    int64_t minutes = HISTORY_MINUTES;
    bool good = text == NULL || *text == '\0' || parse(text, &seconds, &minutes);

    sizes->seconds = good ? (uint32_t)seconds : HISTORY_SECONDS;
    sizes->minutes = good ? (uint32_t)minutes : HISTORY_MINUTES;
    return good;
}

/* ---- keeping ---- */

void history_init(struct history *h, void *page, const struct pagelayout *layout)
{
    const struct page_section *s = pagelayout_find(layout, PAGE_SECTION_METRICS);
    const struct page_metric *metric = NULL;

    CHECK(s != NULL);
    metric = (const void *)((const char *)page + s->offset);
    *h = (struct history){
        .seconds = pagering_at(page, layout, PAGE_SECTION_HISTORY_1S),
        .minutes = pagering_at(page, layout, PAGE_SECTION_HISTORY_1M),
        .sites = pagering_at(page, layout, PAGE_SECTION_SITES_1M),
        .nkept = layout->nkept,
    };
    for (uint16_t i = 0; i < METRIC_COUNT; i++)
        if (metric[i].history != PAGE_NO_HISTORY)
            h->kept[metric[i].history] = i;
}

bool history_is_due(const struct history *h, int64_t now_ns)
{
    return now_ns + EARLY_NS >= h->due_ns;
}

static void add_second(struct history *h, int64_t now_ns, const uint64_t *value)
{
    uint64_t *to = pagering_begin(&h->seconds);

    if (to == NULL)
        return;
    seq_store(to++, (uint64_t)now_ns);
    for (uint32_t i = 0; i < h->nkept; i++)
        seq_store(to++, value[h->kept[i]]);
    pagering_commit(&h->seconds);
}

static void end_minute(struct history *h)
{
    uint64_t *to = pagering_begin(&h->minutes);

    if (to == NULL)
        return;
    seq_store(to++, (uint64_t)h->last_ns);
    seq_store_words(to, (const uint64_t *)h->gathered,
                    h->nkept * sizeof h->gathered[0] / sizeof(uint64_t));
    pagering_commit(&h->minutes);
}

static void begin_minute(struct history *h, const uint64_t *value)
{
    for (uint32_t i = 0; i < h->nkept; i++) {
        uint64_t v = value[h->kept[i]];

        h->gathered[i] = (struct page_minute){.min = v, .max = v, .last = v};
    }
}

static void gather(struct history *h, const uint64_t *value)
{
    for (uint32_t i = 0; i < h->nkept; i++) {
        struct page_minute *m = &h->gathered[i];
        uint64_t v = value[h->kept[i]];

        m->min = v < m->min ? v : m->min;
        m->max = v > m->max ? v : m->max;
        m->last = v;
    }
}

bool history_add(struct history *h, int64_t now_ns, const uint64_t value[METRIC_COUNT],
                 int64_t *ended_ns)
{
    bool first = h->last_ns == 0;
    bool ended = !first && now_ns / MINUTE_NS != h->minute;

    DCHECK(history_is_due(h, now_ns) && now_ns >= h->last_ns);
    h->due_ns += NS_PER_S;
    if (h->due_ns <= now_ns)
        h->due_ns = now_ns + NS_PER_S;
    add_second(h, now_ns, value);
    *ended_ns = h->last_ns;
    if (ended)
        end_minute(h);
    if (first || ended)
        begin_minute(h, value);
    else
        gather(h, value);
    h->minute = now_ns / MINUTE_NS;
    h->last_ns = now_ns;
    return ended;
}

void history_add_sites(struct history *h, const struct page_sites_minute *sites)
{
    pagering_put(&h->sites, sites, sizeof *sites);
}
