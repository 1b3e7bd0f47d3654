/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dump_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/fmt.h"
#include "mon/symbol.h"

#define RANGES_MAX     20
#define FUNCTION_WIDTH 32

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Writes the sorted ids as ranges; returns how many of them were named. */
static size_t format_ranges(const uint64_t *id, size_t n, char *text, size_t bytes)
{
    size_t used = 0, i = 0;

    for (size_t ranges = 0; i < n && ranges < RANGES_MAX; ranges++) {
        size_t end = i + 1;
        int len;

        while (end < n && id[end] == id[end - 1] + 1)
            end++;
        len = end == i + 1
                  ? snprintf(text + used, bytes - used, "%s%" PRIu64, i == 0 ? "" : ", ", id[i])
                  : snprintf(text + used, bytes - used, "%s%" PRIu64 "-%" PRIu64,
                             i == 0 ? "" : ", ", id[i], id[end - 1]);
        if (len < 0 || (size_t)len >= bytes - used) {
            text[used] = '\0';
            break;
        }
        used += (size_t)len;
        i = end;
    }
    return i;
}

void dump_format_ids(const struct dump_group *group, char text[DUMP_IDS_BYTES])
{
    const size_t room_for_rest = 40;
    size_t n = dump_listed(group);
    uint64_t *id = malloc((n + 1) * sizeof *id);
    size_t named;

    CHECK(id != NULL);
    text[0] = '\0'; /* there may be none */
    for (size_t i = 0; i < n; i++)
        id[i] = group->task[i].id;
    qsort(id, n, sizeof *id, by_id);
    named = format_ranges(id, n, text, DUMP_IDS_BYTES - room_for_rest);
    if (named < group->ntasks)
        snprintf(text + strlen(text), room_for_rest, "%s%zu more", named > 0 ? " and " : "",
                 group->ntasks - named);
    free(id);
}

void dump_format_age(const struct dump *dump, const struct dump_group *group,
                     char text[DUMP_AGE_BYTES])
{
    char longest[FMT_BYTES_MAX], shortest[FMT_BYTES_MAX];

    text[0] = '\0';
    if (dump_listed(group) == 0)
        return;
    fmt_duration(longest, sizeof longest, (double)dump_age_ns(dump, &group->task[0]));
    fmt_duration(shortest, sizeof shortest,
                 (double)dump_age_ns(dump, &group->task[dump_listed(group) - 1]));
    if (strcmp(longest, shortest) == 0)
        snprintf(text, DUMP_AGE_BYTES, "%s", longest);
    else
        snprintf(text, DUMP_AGE_BYTES, "%s to %s", shortest, longest);
}

static const char *lock_text(const struct dump_group *group)
{
    if (group->reason == PAGE_WAIT_RWMUTEX_RLOCK || group->reason == PAGE_WAIT_RWMUTEX_LOCK)
        return "a read-write mutex";
    return group->reason == PAGE_WAIT_MUTEX ? "a mutex" : "a lock";
}

void dump_format_holder(const struct dump_group *group, size_t i, char text[DUMP_HOLDER_BYTES])
{
    const struct dump_holder *h = &group->holder[i];
    const char *wait = h->nwaiters == 1 ? "waits" : "wait";
    int used = 0;

    if (h->nwaiters < group->ntasks)
        used = snprintf(text, DUMP_HOLDER_BYTES, "%zu of them ", h->nwaiters);
    used += snprintf(text + used, DUMP_HOLDER_BYTES - (size_t)used, "%s for %s held by ", wait,
                     lock_text(group));
    if (h->id == 0)
        snprintf(text + used, DUMP_HOLDER_BYTES - (size_t)used, "%" PRIu64 " %s", h->readers,
                 h->readers == 1 ? "reader" : "readers");
    else if (h->name[0] != '\0')
        snprintf(text + used, DUMP_HOLDER_BYTES - (size_t)used, "task %" PRIu64 " \"%s\"", h->id,
                 h->name);
    else
        snprintf(text + used, DUMP_HOLDER_BYTES - (size_t)used, "task %" PRIu64, h->id);
}

void dump_format_place(const struct dump_frame *frame, char *text, size_t bytes)
{
    if (frame->line > 0)
        snprintf(text, bytes, "%s:%" PRIu32, frame->file, frame->line);
    else if (frame->module[0] != '\0')
        snprintf(text, bytes, "%s+0x%" PRIx64, symbol_base_name(frame->module), frame->offset);
    else
        snprintf(text, bytes, "0x%" PRIx64, frame->pc);
}

const char *dump_end_text(enum dump_end end)
{
    switch (end) {
    case DUMP_END_START:
        return "";
    case DUMP_END_LOST:
        return "no unwind information leads further";
    case DUMP_END_TRUNCATED:
        return "the stack goes on";
    case DUMP_END_UNKNOWN:
        return "running: its registers could not be had";
    case DUMP_END_UNSTARTED:
        return "has not run yet";
    case DUMP_END_LEFT_OFF:
        return "the rest is left off: too many different stacks";
    }
    return "";
}

enum dump_end dump_end_of_text(const char *text)
{
    for (int i = DUMP_END_START; i <= DUMP_END_LEFT_OFF; i++)
        if (strcmp(dump_end_text((enum dump_end)i), text) == 0)
            return (enum dump_end)i;
    return DUMP_END_LOST;
}

static void write_frame(const struct dump_frame *frame, const char *before, FILE *out)
{
    char place[600];

    dump_format_place(frame, place, sizeof place);
    fprintf(out, "    %s%-*s  %s%s\n", before, FUNCTION_WIDTH - (int)strlen(before),
            frame->function[0] != '\0' ? frame->function : "?", place,
            frame->inlined ? " (inlined)" : "");
}

/* The names that tasks of the group have, without repeating one that stands beside itself. */
static void write_names(const struct dump_group *group, FILE *out)
{
    const size_t most = 8;
    size_t shown = 0;
    const char *last = "";

    for (size_t i = 0; i < dump_listed(group) && shown <= most; i++) {
        const char *name = group->task[i].name;

        if (name[0] == '\0' || name == last)
            continue;
        fprintf(out, "%s%s", shown == 0 ? "    named " : ", ", shown < most ? name : "...");
        shown++;
        last = name;
    }
    if (shown > 0)
        fputc('\n', out);
}

static void write_holders(const struct dump_group *group, FILE *out)
{
    char text[DUMP_HOLDER_BYTES];

    for (size_t i = 0; i < group->nholders; i++) {
        const struct dump_holder *h = &group->holder[i];

        dump_format_holder(group, i, text);
        fprintf(out, "    %s", text);
        if (h->group != DUMP_NO_GROUP)
            fprintf(out, " (#%zu)", h->group + 1);
        fputc('\n', out);
    }
    if (group->nholders_more > 0)
        fprintf(out, "    and %zu more holders\n", group->nholders_more);
}

/* All of a group but its title. */
static void write_rest(const struct dump_group *group, FILE *out)
{
    char ids[DUMP_IDS_BYTES];
    const char *end = dump_end_text(group->end);

    dump_format_ids(group, ids);
    fprintf(out, "    id %s\n", ids);
    write_names(group, out);
    write_holders(group, out);
    for (size_t i = 0; i < group->nframes; i++)
        write_frame(&group->frame[i], "", out);
    if (end[0] != '\0')
        fprintf(out, "    (%s)\n", end);
    if (group->moved)
        fprintf(out, "    (moved while it was copied: a guess)\n");
    if (group->spawned_at.pc != 0)
        write_frame(&group->spawned_at, "started by ", out);
}

static void write_group(const struct dump *dump, const struct dump_group *group, size_t number,
                        FILE *out)
{
    char state[DUMP_STATE_BYTES], age[DUMP_AGE_BYTES];

    dump_format_age(dump, group, age);
    fprintf(out, "\n#%zu  %zu %s  %s  %s\n", number, group->ntasks,
            group->ntasks == 1 ? "task" : "tasks", dump_state_text(group, state), age);
    write_rest(group, out);
}

static void write_notes(const struct dump *dump, FILE *out)
{
    if (dump->note[0] != '\0')
        fprintf(out, "note: %s\n", dump->note);
    if (dump->nskipped > 0)
        fprintf(out, "note: %" PRIu64 " records made no sense and were skipped\n", dump->nskipped);
}

bool dump_write_text(const struct dump *dump, FILE *out)
{
    char date[FMT_BYTES_MAX], took[FMT_BYTES_MAX], all[FMT_BYTES_MAX];

    fmt_date(date, sizeof date, (int64_t)dump->real_ns);
    fmt_duration(took, sizeof took, (double)dump->took_ns);
    fmt_grouped(all, sizeof all, dump->ntasks);
    fprintf(out, "%s %s in %zu %s, %s, taken in %s\n", all, dump->ntasks == 1 ? "task" : "tasks",
            dump->ngroups, dump->ngroups == 1 ? "group" : "groups", date, took);
    write_notes(dump, out);
    for (size_t i = 0; i < dump->ngroups; i++)
        write_group(dump, &dump->group[i], i + 1, out);
    return fflush(out) == 0 && !ferror(out);
}

/* ---- What has changed ---- */

void dumpdiff_format_kinds(const struct dumpdiff *diff, char *text, size_t bytes)
{
    static const struct {
        enum dumpdiff_kind kind;
        const char *words;
    } parts[] = {{DUMPDIFF_GREW, "grew"},
                 {DUMPDIFF_SHRANK, "shrank"},
                 {DUMPDIFF_CAME, "came"},
                 {DUMPDIFF_WENT, "went"}};
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(parts) && used < bytes; i++) {
        size_t n = diff->nkind[parts[i].kind];

        if (n > 0)
            used += (size_t)snprintf(text + used, bytes - used, "%s%zu %s%s", used == 0 ? "" : ", ",
                                     n,
                                     used > 0 ? ""
                                     : n == 1 ? "group "
                                              : "groups ",
                                     parts[i].words);
    }
    if (text[0] == '\0')
        snprintf(text, bytes, "no group has changed");
}

void dumpdiff_format_count(const struct dumpdiff_count *count, char text[DUMPDIFF_COUNT_BYTES])
{
    char now[FMT_BYTES_MAX], then[FMT_BYTES_MAX];
    const char *tasks = count->after == 1 ? "task" : "tasks";

    fmt_grouped(now, sizeof now, count->after);
    fmt_grouped(then, sizeof then, count->before);
    switch (dumpdiff_kind(count)) {
    case DUMPDIFF_SAME:
        snprintf(text, DUMPDIFF_COUNT_BYTES, "%s %s", now, tasks);
        return;
    case DUMPDIFF_GREW:
    case DUMPDIFF_SHRANK:
        snprintf(text, DUMPDIFF_COUNT_BYTES, "%s %s, not %s", now, tasks, then);
        return;
    case DUMPDIFF_CAME:
        snprintf(text, DUMPDIFF_COUNT_BYTES, "%s new %s", now, tasks);
        return;
    case DUMPDIFF_WENT:
        snprintf(text, DUMPDIFF_COUNT_BYTES, "no task, not %s", then);
        return;
    }
}

bool dumpdiff_write_text(const struct dumpdiff *diff, FILE *out)
{
    const struct dump *dump = &diff->dump;
    char date[FMT_BYTES_MAX], all[FMT_BYTES_MAX], kinds[DUMPDIFF_KINDS_BYTES];

    fprintf(out, "before: %s tasks, %s\n", fmt_grouped(all, sizeof all, diff->before_ntasks),
            fmt_date(date, sizeof date, (int64_t)diff->before_real_ns));
    fprintf(out, "after:  %s tasks, %s\n", fmt_grouped(all, sizeof all, dump->ntasks),
            fmt_date(date, sizeof date, (int64_t)dump->real_ns));
    write_notes(dump, out);
    dumpdiff_format_kinds(diff, kinds, sizeof kinds);
    fprintf(out, "%s; %zu as before are left out\n", kinds, diff->nkind[DUMPDIFF_SAME]);
    for (size_t i = 0; i < dump->ngroups; i++) {
        char state[DUMP_STATE_BYTES], count[DUMPDIFF_COUNT_BYTES];
        int64_t growth = dumpdiff_growth(&diff->count[i]);

        if (growth == 0)
            continue;
        dumpdiff_format_count(&diff->count[i], count);
        fprintf(out, "\n#%zu  %+" PRId64 "  %s  %s\n", i + 1, growth, count,
                dump_state_text(&dump->group[i], state));
        write_rest(&dump->group[i], out);
    }
    return fflush(out) == 0 && !ferror(out);
}
