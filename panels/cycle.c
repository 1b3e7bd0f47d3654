/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/cycle.h"

#include <inttypes.h>
#include <stdio.h>

#include "panels/parts.h"

#define FACT_WIDTH 7
#define INDENT     8

static struct fact time_fact(const char *label, uint64_t ns)
{
    return draw_fact(label, parts_known(FMT_NS, (double)ns));
}

static struct fact count_fact(const char *label, uint64_t n)
{
    return draw_fact(label, parts_known(FMT_COUNT, (double)n));
}

static void draw_stop(const char *title, const struct gc_stop *stop, const char *work, int row,
                      struct canvas *canvas)
{
    struct fact fact[] = {
        time_fact("until stopped", stop->stop_ns),
        time_fact(work, stop->work_ns),
        time_fact("restart", stop->restart_ns),
        time_fact("off CPU", stop->off_cpu_ns),
    };

    draw_facts(canvas, row, title, fact, 4, FACT_WIDTH);
}

/* The two stops of a mark beside the program and what lay between, or the one; returns the rows. A
 * recording of an earlier gomon has only the sums of two. */
static int draw_stops(const struct gc_cycle *cycle, int row, struct canvas *canvas)
{
    const struct gc_stop sums = {cycle->stop_ns, cycle->mark_ns, cycle->restart_ns,
                                 gc_off_cpu_ns(cycle)};
    struct fact beside[] = {
        time_fact("took", cycle->beside_ns),
        time_fact("markers", cycle->marker_ns),
        time_fact("assists", cycle->assist_ns),
        count_fact("rounds", cycle->rounds),
        count_fact("written pages", cycle->written_pages),
        count_fact("in stop 2", cycle->last_pages),
        time_fact("clean", cycle->clean_ns),
    };

    if (cycle->beside_ns == 0) {
        draw_stop("STOP  ", &sums, "mark", row, canvas);
        return 1;
    }
    draw_stop("STOP 1", &cycle->first, "prepare", row, canvas);
    draw_facts(canvas, row + 1, "BESIDE", beside, 7, 6);
    draw_stop("STOP 2", &cycle->last, "finish", row + 2, canvas);
    return 3;
}

static const char *how_text(enum stopped_how how)
{
    switch (how) {
    case STOPPED_BY_SIGNAL:
        return "in code of the program";
    case STOPPED_IN_RUNTIME:
        return "in a call of the runtime";
    case STOPPED_BY_BLOCKING:
        return "on its way into a blocking section";
    case STOPPED_UNKNOWN:
        break;
    }
    return "";
}

static void draw_last(const struct model *model, const struct gc_last *last, int row,
                      struct canvas *canvas)
{
    char text[CODE_LINE_BYTES + SNAPSHOT_NAME_BYTES];
    char code[CODE_LINE_BYTES];
    int col = 0;

    if (last->task == 0)
        return;
    col = canvas_text(canvas, row, 0, ROLE_TITLE, "LAST TO STOP");
    snprintf(text, sizeof text, "task %" PRIu64 "%s%s%s %s", last->task,
             last->name[0] != '\0' ? " \"" : "", last->name, last->name[0] != '\0' ? "\"" : "",
             how_text(last->how));
    canvas_text_in(canvas, row, col + 2, canvas->cols - col - 2, ROLE_STRONG, text);
    for (uint32_t i = 0; i < last->nframes && ++row < canvas->rows; i++)
        canvas_text_in(canvas, row, INDENT, canvas->cols - INDENT, ROLE_TEXT,
                       parts_code_in(model, gc_last_code(last, i), canvas->cols - INDENT, code));
}

void cycle_draw(const struct model *model, const struct gc_cycle *cycle, struct canvas *canvas)
{
    int row = draw_stops(cycle, 0, canvas);

    if (row < canvas->rows)
        draw_last(model, &cycle->last_stopped, row, canvas);
}
