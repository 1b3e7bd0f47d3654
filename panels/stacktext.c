/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/stacktext.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mon/draw.h"
#include "mon/dump_text.h"

#define FUNCTION_COLS 32
#define PLACE_COLS    26
#define NAME_COLS     14
#define IDS_SHOWN     12
#define GROWTH_COLS   7
#define INLINED       " (inlined)"

int stacktext_frame(const struct dump_frame *frame, int function_cols, int cols,
                    char text[STACKTEXT_BYTES])
{
    char place[STACKTEXT_BYTES / 2];
    char line[STACKTEXT_BYTES / 2 + sizeof INLINED];
    const char *function = frame->function[0] != '\0' ? frame->function : "?";

    dump_format_place(frame, place, sizeof place);
    snprintf(line, sizeof line, "%s%s", place, frame->inlined ? INLINED : "");
    return draw_code(text, STACKTEXT_BYTES, (struct draw_code){function, line, function_cols},
                     cols);
}

/* The innermost frame of the program itself: what a folded group is best known by. A gort_ function
 * calls nothing of the program's, so what it called is the runtime's or the system's whatever its
 * name, inlined or not; but what is done once is a function of the program. */
static const struct dump_frame *own_frame(const struct dump_group *group)
{
    size_t own = 0;

    for (size_t i = 0; i < group->nframes; i++) {
        const char *function = group->frame[i].function;

        if (strcmp(function, "gort_once_slow") == 0)
            break;
        if (strncmp(function, "gort_", 5) == 0)
            own = i + 1;
    }
    return &group->frame[own < group->nframes ? own : 0];
}

/* Appends ages and own code of a group to its head, in COLS columns: the ages give way to the
 * line. */
static void append_own(const char *ages, const struct dump_frame *own, int cols,
                       char text[STACKTEXT_BYTES])
{
    char place[STACKTEXT_BYTES / 2];
    char code[STACKTEXT_BYTES];
    size_t used = strlen(text);
    int room = cols - canvas_text_width(text) - 2;

    dump_format_place(own, place, sizeof place);
    draw_code(code, sizeof code, (struct draw_code){"", place, 0}, 0);
    if (canvas_text_width(ages) + canvas_text_width(code) > room)
        ages = "";
    const char *function = own->function[0] != '\0' ? own->function : "?";
    room -= canvas_text_width(ages);
    draw_code(code, sizeof code, (struct draw_code){function, place, 0}, room);
    snprintf(text + used, STACKTEXT_BYTES - used, "%s  %.300s", ages, code);
}

void stacktext_group(const struct dump *dump, size_t number, bool folded, int cols,
                     char text[STACKTEXT_BYTES])
{
    const struct dump_group *group = &dump->group[number];
    char count[FMT_BYTES_MAX];
    char age[DUMP_AGE_BYTES];
    char ages[DUMP_AGE_BYTES + 40];
    char state_text[DUMP_STATE_BYTES];

    fmt_grouped(count, sizeof count, group->ntasks);
    dump_format_age(dump, group, age);
    snprintf(ages, sizeof ages, "  %s%s", age, group->moved ? "  (moved while it was read)" : "");
    int used = snprintf(text, STACKTEXT_BYTES, "%s %s %s  %s", folded ? "\u25b8" : "\u25be", count,
                        group->ntasks == 1 ? "task" : "tasks", dump_state_text(group, state_text));
    if (folded && group->nframes > 0)
        append_own(ages, own_frame(group), cols, text);
    else
        snprintf(text + used, (size_t)(STACKTEXT_BYTES - used), "%s", ages);
}

void stacktext_change(const struct dumpdiff *diff, size_t number, bool folded, int cols,
                      char text[STACKTEXT_BYTES])
{
    const struct dump_group *group = &diff->dump.group[number];
    char count[DUMPDIFF_COUNT_BYTES];
    char state_text[DUMP_STATE_BYTES];

    dumpdiff_format_count(&diff->count[number], count);
    snprintf(text, STACKTEXT_BYTES, "%s %+*" PRId64 "  %s  %s", folded ? "\u25b8" : "\u25be",
             GROWTH_COLS, dumpdiff_growth(&diff->count[number]), count,
             dump_state_text(group, state_text));
    if (folded && group->nframes > 0)
        append_own("", own_frame(group), cols, text);
}

void stacktext_difference(const struct dumpdiff *diff, char text[STACKTEXT_BYTES])
{
    struct dumpdiff_count all = {.before = diff->before_ntasks, .after = diff->dump.ntasks};
    char kinds[DUMPDIFF_KINDS_BYTES];
    char count[DUMPDIFF_COUNT_BYTES];

    dumpdiff_format_kinds(diff, kinds, sizeof kinds);
    dumpdiff_format_count(&all, count);
    snprintf(text, STACKTEXT_BYTES, "%s; %s", kinds, count);
}

void stacktext_tasks(const struct dump_group *group, char text[STACKTEXT_BYTES])
{
    const char *words = group->ntasks == 1 ? "task" : "tasks, longest first:";
    const char *last = "";
    int used = snprintf(text, STACKTEXT_BYTES, "      %s", words);

    size_t n = dump_listed(group) < IDS_SHOWN ? dump_listed(group) : IDS_SHOWN;

    for (size_t i = 0; i < n && used < STACKTEXT_BYTES - 64; i++) {
        const struct dump_task *task = &group->task[i];
        char name[32] = "";
        if (strcmp(task->name, last) != 0 && task->name[0] != '\0')
            snprintf(name, sizeof name, " \"%.20s\"", task->name);
        last = task->name;
        used += snprintf(text + used, (size_t)(STACKTEXT_BYTES - used), "%s %" PRIu64, name,
                         task->id);
    }
    if (group->ntasks > n)
        snprintf(text + used, (size_t)(STACKTEXT_BYTES - used), " and %zu more", group->ntasks - n);
}

void stacktext_holder(const struct dump_group *group, size_t i, char text[STACKTEXT_BYTES])
{
    char holder[DUMP_HOLDER_BYTES];
    char more[32] = "";

    dump_format_holder(group, i, holder);
    if (i + 1 == group->nholders && group->nholders_more > 0)
        snprintf(more, sizeof more, ", and %zu more", group->nholders_more);
    snprintf(text, STACKTEXT_BYTES, "%*s%s%s", STACKTEXT_INDENT, "", holder, more);
}

int stacktext_function_cols(int cols)
{
    int room = cols - STACKTEXT_INDENT - PLACE_COLS;

    return room > FUNCTION_COLS ? FUNCTION_COLS : room < NAME_COLS ? NAME_COLS : room;
}
