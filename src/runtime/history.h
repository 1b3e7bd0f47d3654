/* SPDX-License-Identifier: MIT */
/* history.h - the past, kept in the page so that a watcher who comes later sees it.
 * Every second the kept metrics go into one ring; what was least, most and last in a minute goes
 * into another when the minute is over, and with it the sites that had the most tasks and bytes.
 * Minutes are those of the monotonic clock: n * 60 s. Where the process did not run, slots are
 * missing: their times tell.
 * Threads: one at a time. */
#ifndef RUNTIME_HISTORY_H
#define RUNTIME_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"
#include "runtime/pagelayout.h"
#include "runtime/pagewrite.h"

#define HISTORY_SECONDS     (15 * 60) /* unless GORT_HISTORY says otherwise */
#define HISTORY_MINUTES     (24 * 60)
#define HISTORY_SECONDS_MAX (24 * 3600)
#define HISTORY_MINUTES_MAX (7 * 24 * 60)

struct history {
    struct pagering seconds;
    struct pagering minutes;
    struct pagering sites;
    uint32_t nkept;
    uint16_t kept[METRIC_COUNT]; /* slots of the kept metrics, in the order of their history */
    int64_t due_ns;              /* of the next second */
    int64_t minute;              /* that is gathered, in minutes of the clock */
    int64_t last_ns;             /* of the newest sample of that minute; 0: there is none yet */
    struct page_minute gathered[METRIC_COUNT];
};

/* How much to keep, from the text of GORT_HISTORY: "off", or how far back by seconds and, behind a
 * comma, by minutes, each as "15m", "24h", "7d" or "0". NULL or "" is the default. False if TEXT is
 * none of these: then it is the default as well. */
bool history_parse(const char *text, struct pagelayout_sizes *sizes);

/* Nothing is kept before; the first second is due at once. */
void history_init(struct history *h, void *page, const struct pagelayout *layout);

bool history_is_due(const struct history *h, int64_t now_ns);

/* Takes a sample, when one is due. True if it ended a minute: then history_add_sites is called
 * next, and ENDED_NS is the time that the minute is shown with. */
bool history_add(struct history *h, int64_t now_ns, const uint64_t value[METRIC_COUNT],
                 int64_t *ended_ns);

/* The sites of the minute that ended; SITES->mono_ns is set by the caller, its seq here. */
void history_add_sites(struct history *h, const struct page_sites_minute *sites);

#endif
