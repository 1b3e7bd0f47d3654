/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/stackhead.h"

#include <stdio.h>

#include "mon/draw.h"
#include "panels/stacktext.h"

bool stackhead_is_compared(const struct model *model, const struct panel_state *state)
{
    return state->compared && model->diff != NULL;
}

static void title_of_dump(const struct dump *dump, char text[STACKTEXT_BYTES])
{
    char count[FMT_BYTES_MAX];
    char time[FMT_BYTES_MAX];
    char took[FMT_BYTES_MAX];

    snprintf(text, STACKTEXT_BYTES, "%s %s in %zu %s at %s, taken in %s%s",
             fmt_grouped(count, sizeof count, dump->ntasks), dump->ntasks == 1 ? "task" : "tasks",
             dump->ngroups, dump->ngroups == 1 ? "group" : "groups of equal stacks",
             fmt_clock(time, sizeof time, (int64_t)dump->real_ns),
             fmt_duration(took, sizeof took, (double)dump->took_ns),
             dump->origin == DUMP_PEEKED ? " from outside" : "");
}

static void title_of_times(const struct dumpdiff *diff, char text[STACKTEXT_BYTES])
{
    char from[FMT_BYTES_MAX];
    char to[FMT_BYTES_MAX];

    snprintf(text, STACKTEXT_BYTES, "from %s to %s, most changed first",
             fmt_clock(from, sizeof from, (int64_t)diff->before_real_ns),
             fmt_clock(to, sizeof to, (int64_t)diff->dump.real_ns));
}

void stackhead_draw(const struct model *model, const struct panel_state *state,
                    struct canvas *canvas)
{
    bool compared = stackhead_is_compared(model, state);
    char text[STACKTEXT_BYTES];

    if (compared)
        stacktext_difference(model->diff, text);
    else
        title_of_dump(model->dump, text);
    canvas_text_in(canvas, 0, 0, canvas->cols, ROLE_TITLE, text);
    if (state->filter[0] != '\0')
        snprintf(text, sizeof text, "only groups that hold \"%s\"", state->filter);
    else if (compared && model->dump->note[0] == '\0')
        title_of_times(model->diff, text);
    else
        snprintf(text, sizeof text, "%s", model->dump->note);
    canvas_text_in(canvas, 1, 0, canvas->cols, ROLE_DIM, text);
}

void stackhead_draw_stage(const struct model *model, const struct panel_state *state,
                          struct canvas *canvas)
{
    const struct dump_status *status = &model->dump_status;
    char text[STACKTEXT_BYTES];
    char time[FMT_BYTES_MAX];
    char count[FMT_BYTES_MAX];

    fmt_duration(time, sizeof time, (double)state->view->dump_waited_ns);
    fmt_grouped(count, sizeof count, status->ntasks);
    switch (status->stage) {
    case DUMP_STAGE_NONE:
    case DUMP_STAGE_DONE:
        return;
    case DUMP_STAGE_WAITING:
        snprintf(text, sizeof text, "waiting for the target's answer: %s", time);
        break;
    case DUMP_STAGE_READING:
        snprintf(text, sizeof text, "%s tasks read in %s", count, time);
        break;
    case DUMP_STAGE_NAMING:
        snprintf(text, sizeof text, "%s tasks read, looking up functions and lines: %s", count,
                 time);
        break;
    case DUMP_STAGE_FAILED:
        snprintf(text, sizeof text, "no dump: %s", status->message);
        break;
    }
    canvas_fill(canvas, 1, 0, canvas->cols, ' ', ROLE_TEXT);
    canvas_text_in(canvas, 1, 0, canvas->cols,
                   status->stage == DUMP_STAGE_FAILED ? ROLE_BAD : ROLE_WARN, text);
}
