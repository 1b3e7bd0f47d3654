/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/ribbon.h"

#include <stdio.h>

#include "panels/parts.h"

struct sign {
    uint32_t rune;
    char ascii;
    enum role role;
    const char *meaning;
};

enum { FULL, MOST, SOME, LITTLE, IDLE, BLOCKING, STOPPED, SPINNING, SIGNS };

static const struct sign signs[SIGNS] = {
    [FULL] = {0x2588, '#', ROLE_SERIES_0, "running"},
    [MOST] = {0x2593, '=', ROLE_SERIES_0, NULL},
    [SOME] = {0x2592, '-', ROLE_SERIES_0, "half"},
    [LITTLE] = {0x2591, ':', ROLE_SERIES_0, "a little"},
    [IDLE] = {0xb7, '.', ROLE_AXIS, "idle"},
    [BLOCKING] = {'s', 's', ROLE_SERIES_3, "blocking call"},
    [STOPPED] = {'g', 'g', ROLE_GC, "stopped for GC"},
    [SPINNING] = {'~', '~', ROLE_SERIES_4, "looking for work"},
};

/* What strikes most about a proc at that time. */
static const struct sign *sign_of(const struct proc_shares *shares)
{
    float running = shares->share[PROC_RUNNING];

    if (shares->share[PROC_STOPPED] >= 0.1f)
        return &signs[STOPPED];
    if (shares->share[PROC_BLOCKING] >= 0.25f && shares->share[PROC_BLOCKING] > running)
        return &signs[BLOCKING];
    if (shares->share[PROC_SPINNING] >= 0.25f && shares->share[PROC_SPINNING] > running)
        return &signs[SPINNING];
    if (running >= 0.875f)
        return &signs[FULL];
    if (running >= 0.625f)
        return &signs[MOST];
    if (running >= 0.25f)
        return &signs[SOME];
    return running >= 0.02f ? &signs[LITTLE] : &signs[IDLE];
}

static uint32_t sign_rune(const struct sign *sign, enum plot_tier tier)
{
    return tier == PLOT_BRAILLE || tier == PLOT_BLOCKS ? sign->rune : (uint8_t)sign->ascii;
}

static void draw_proc(const struct model *model, const struct panel_state *state, unsigned index,
                      int row, struct canvas *canvas)
{
    enum plot_tier tier = state->view->tier;
    int cols = plot_body_columns(canvas->cols);
    int gutter = canvas->cols - cols;
    struct plot_time time = plot_time_for(tier, cols, state->view->window_ns, parts_end_ns(model),
                                          model->real_ns - model->mono_ns);
    char label[16];

    snprintf(label, sizeof label, "P%u", model->snapshot->proc[index].id);
    canvas_text_right(canvas, row, gutter - 1, ROLE_DIM, label);
    for (int col = 0; col < cols; col++) {
        int64_t from, to;
        struct proc_shares shares;
        if (!plot_column_span(&time, tier, col, cols, &from, &to) ||
            !proc_history_range(model->procs, index, from, to, &shares))
            continue;
        const struct sign *sign = sign_of(&shares);
        canvas_put(canvas, row, gutter + col, sign_rune(sign, tier), sign->role);
    }
}

static void draw_meanings(enum plot_tier tier, int hidden, struct canvas *canvas)
{
    char more[32];
    int row = canvas->rows - 1;
    int col = canvas->cols - plot_body_columns(canvas->cols);

    if (hidden > 0) {
        snprintf(more, sizeof more, "+%d procs  ", hidden);
        col += canvas_text(canvas, row, col, ROLE_DIM, more);
    }
    for (int i = 0; i < SIGNS; i++) {
        if (signs[i].meaning == NULL)
            continue;
        canvas_put(canvas, row, col, sign_rune(&signs[i], tier), signs[i].role);
        col += 4 + canvas_text(canvas, row, col + 2, ROLE_DIM, signs[i].meaning);
    }
}

int ribbon_rows(const struct model *model)
{
    return model->procs == NULL ? 0 : (int)model->snapshot->nprocs + 1;
}

void ribbon_draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    int nprocs = (int)model->snapshot->nprocs;
    int shown = nprocs < canvas->rows - 1 ? nprocs : canvas->rows - 1;

    if (model->procs == NULL || shown <= 0)
        return;
    for (int i = 0; i < shown; i++)
        draw_proc(model, state, (unsigned)i, i, canvas);
    draw_meanings(state->view->tier, nprocs - shown, canvas);
}
