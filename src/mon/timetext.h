/* SPDX-License-Identifier: MIT */
/* timetext.h - a time that a person wrote.
 * "14:05" and "14:05:30" are the last such time of day at or before LATEST; "2026-11-27 14:05",
 * "11-27 14:05:30" with a T in the place of the blank too; "-15m", "-2h30m", "-90" are before
 * LATEST, "+5m" after EARLIEST; "@1795748762" are seconds since 1970.
 * Threads: pure but for the time zone. */
#ifndef MON_TIMETEXT_H
#define MON_TIMETEXT_H

#include <stdbool.h>
#include <stdint.h>

/* All in ns of the wall clock. False: TEXT is no time. */
bool timetext_parse(const char *text, int64_t earliest_ns, int64_t latest_ns, int64_t *real_ns);

/* The forms, in a few words, for a message. */
#define TIMETEXT_FORMS "14:05, 14:05:30, 2026-11-27 14:05, -15m, +1h30m or @SECONDS"

#endif
