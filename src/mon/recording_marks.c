/* SPDX-License-Identifier: MIT */
/* recording_marks.c - what was set by hand while it was recorded. Interface: recording.h. */
#include "config.h"

#include <sqlite3.h>

#include "mon/recording_parts.h"

void recording_marks(struct recording *r, struct model_marks *marks)
{
    struct sqlite3_stmt *s = recfile_prepare(
        r->f, "SELECT mono_ns FROM marks WHERE kind='mark' ORDER BY mono_ns");

    *marks = (struct model_marks){0};
    while (s != NULL && marks->n < MODEL_MARKS && sqlite3_step(s) == SQLITE_ROW) {
        int64_t at_ns = recording_time(s, 0, 0);

        if (at_ns > 0)
            marks->at_ns[marks->n++] = at_ns;
    }
    sqlite3_finalize(s);
}

bool recording_baseline(struct recording *r, int64_t *mono_ns)
{
    struct sqlite3_stmt *s = recfile_prepare(
        r->f, "SELECT max(mono_ns) FROM marks WHERE kind='baseline'");

    *mono_ns = s != NULL && sqlite3_step(s) == SQLITE_ROW ? recording_time(s, 0, 0) : 0;
    sqlite3_finalize(s);
    return *mono_ns > 0;
}
