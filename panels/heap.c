/* SPDX-License-Identifier: MIT */
/* heap.c - panel 2: where the memory of the runtime is, and what took it. */
#include "config.h"

#include "panels/panels.h"

#include <inttypes.h>
#include <stdio.h>

#include "mon/layout.h"
#include "panels/parts.h"

#define NS_PER_MINUTE INT64_C(60000000000)

#define FACT_WIDTH 7

static void draw_levels(const struct model *model, const struct panel_state *state,
                        struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "HEAP", FMT_BYTES);
    parts_plot_add(&parts, model, MON_HEAP_ALLOC, "alloc", PLOT_AREA, 1);
    parts_plot_add(&parts, model, MON_GC_GOAL, "goal", PLOT_LINE, 1);
    parts_plot_add(&parts, model, MON_HEAP_LIVE, "live", PLOT_LINE, 1);
    plot_draw(&parts.plot, canvas);
}

/* Apart from the heap, which would often be too small to be seen beside it. */
static void draw_system(const struct model *model, const struct panel_state *state,
                        struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "FROM THE SYSTEM", FMT_BYTES);
    parts_plot_no_marks(&parts);
    parts_plot_add(&parts, model, MON_MEM_SYS, "sys", PLOT_AREA, 1);
    parts_plot_add(&parts, model, MON_HEAP_INUSE, "heap in use", PLOT_LINE, 1);
    plot_draw(&parts.plot, canvas);
}

static void draw_rate(const struct model *model, const struct panel_state *state,
                      struct canvas *canvas)
{
    struct parts_plot parts;

    parts_plot_begin(&parts, model, state, canvas, "ALLOCATED", FMT_BYTES);
    parts.plot.per_second = true;
    parts_plot_no_marks(&parts);
    parts_plot_add(&parts, model, MON_HEAP_TOTAL_ALLOC, "total alloc", PLOT_AREA, 1);
    plot_draw(&parts.plot, canvas);
}

/* ---- What Sys is made of ---- */

static double value_or_0(const struct model *model, unsigned metric)
{
    return parts_value(model, metric).value;
}

static double not_below_0(double value)
{
    return value > 0 ? value : 0;
}

/* "glyph name size" from COL on, unless it is too long; returns the column behind it. */
static int draw_part_key(const char *name, const struct draw_part *part, bool blocks, int col,
                         struct canvas *canvas)
{
    char text[64];
    char size[FMT_BYTES_MAX];

    snprintf(text, sizeof text, "%s %s", name, fmt_bytes(size, sizeof size, part->value));
    if (col + 2 + canvas_text_width(text) > canvas->cols)
        return col;
    canvas_put(canvas, 1, col, blocks ? 0x25a0 : (uint8_t)part->letter, part->role);
    return col + 4 + canvas_text(canvas, 1, col + 2, ROLE_DIM, text);
}

static void draw_sys_bar(const struct model *model, const struct panel_state *state,
                         struct canvas *canvas)
{
    static const char *const names[] = {"alloc",    "free in spans", "idle",
                                        "released", "stacks",        "other"};
    double alloc = value_or_0(model, MON_HEAP_ALLOC);
    double inuse = value_or_0(model, MON_HEAP_INUSE);
    double idle = value_or_0(model, MON_HEAP_IDLE);
    double released = value_or_0(model, MON_HEAP_RELEASED);
    double stacks = value_or_0(model, MON_STACK_INUSE);
    double sys = value_or_0(model, MON_MEM_SYS);
    struct draw_part part[] = {
        {alloc, ROLE_SERIES_0, '#'},
        {not_below_0(inuse - alloc), ROLE_SERIES_1, 'f'},
        {not_below_0(idle - released), ROLE_SERIES_2, '-'},
        {released, ROLE_AXIS, '.'},
        {stacks, ROLE_SERIES_3, 's'},
        {not_below_0(sys - inuse - idle - stacks), ROLE_SERIES_4, 'o'},
    };
    int gutter = canvas->cols - plot_body_columns(canvas->cols);
    bool blocks = state->view->tier == PLOT_BRAILLE || state->view->tier == PLOT_BLOCKS;

    if (canvas->rows == 0 || sys <= 0)
        return;
    canvas_text(canvas, 0, 0, ROLE_TITLE, "SYS");
    draw_bar(canvas, (struct rect){0, gutter, 1, canvas->cols - gutter}, state->view->tier, part, 6,
             0);
    int col = gutter;
    for (int i = 0; i < 6; i++)
        col = draw_part_key(names[i], &part[i], blocks, col, canvas);
}

static void draw_objects(const struct model *model, struct canvas *canvas)
{
    struct fact fact[] = {
        draw_fact("live", parts_value(model, MON_HEAP_OBJECTS)),
        draw_fact("allocated", parts_rate(model, MON_HEAP_MALLOCS)),
        draw_fact("freed", parts_rate(model, MON_HEAP_FREES)),
        draw_fact("bytes in all", parts_value(model, MON_HEAP_TOTAL_ALLOC)),
        draw_fact("stacks", parts_value(model, MON_STACK_INUSE)),
    };

    draw_facts(canvas, 0, "OBJECTS", fact, 5, FACT_WIDTH);
}

/* ---- Tables ---- */

static double live_bytes(const struct class_sample *sample)
{
    return (double)sample->live_bytes;
}

/* Numbers of all classes that hold something, most live bytes first. */
static int order_classes(const struct snapshot *snapshot, int index[SNAPSHOT_MAX_CLASSES])
{
    int n = 0;

    for (int i = 0; i < (int)snapshot->nclasses; i++) {
        double bytes = live_bytes(&snapshot->size_class[i]);
        int at = n;
        if (bytes <= 0)
            continue;
        for (; at > 0 && live_bytes(&snapshot->size_class[index[at - 1]]) < bytes; at--)
            index[at] = index[at - 1];
        index[at] = i;
        n++;
    }
    return n;
}

static void draw_class(const struct draw_table *table, const struct class_sample *sample, int row,
                       struct canvas *canvas)
{
    char text[FMT_BYTES_MAX];
    bool large = sample->object_bytes == 0;
    double objects = (double)(sample->mallocs - sample->frees);
    double room = (double)class_free_bytes(sample);
    double share = sample->span_bytes > 0 ? room / (double)sample->span_bytes : 0;

    snprintf(text, sizeof text, "%" PRIu32, sample->object_bytes);
    draw_table_cell(table, canvas, row, 0, ROLE_TEXT, large ? "large" : text);
    draw_table_cell(table, canvas, row, 1, ROLE_STRONG,
                    fmt_bytes(text, sizeof text, live_bytes(sample)));
    draw_table_cell(table, canvas, row, 2, ROLE_TEXT, fmt_count(text, sizeof text, objects));
    draw_table_cell(table, canvas, row, 3, ROLE_TEXT, fmt_bytes(text, sizeof text, room));
    snprintf(text, sizeof text, "%.0f%%", 100 * share);
    draw_table_cell(table, canvas, row, 4, ROLE_TEXT, text);
    draw_table_cell(table, canvas, row, 5, ROLE_TEXT,
                    fmt_count(text, sizeof text, (double)sample->spans));
}

static void draw_classes(const struct model *model, struct canvas *canvas)
{
    static const struct draw_column column[] = {
        {.title = "SIZE", .width = 6, .align = DRAW_RIGHT},
        {.title = "LIVE", .width = 7, .align = DRAW_RIGHT},
        {.title = "OBJECTS", .width = 8, .align = DRAW_RIGHT, .rank = 1},
        {.title = "FREE", .width = 7, .align = DRAW_RIGHT, .rank = 3},
        {.title = "FRAG", .width = 5, .align = DRAW_RIGHT, .rank = 2},
        {.title = "SPANS", .width = 6, .align = DRAW_RIGHT, .rank = 4},
    };
    struct draw_table table;
    int index[SNAPSHOT_MAX_CLASSES];
    int n = order_classes(model->snapshot, index);

    draw_table_fit(&table, column, 6, canvas->cols);
    draw_table_head(&table, canvas, 0, 1, DRAW_DESCENDING);
    for (int i = 0; i < n && i < canvas->rows - 1; i++)
        draw_class(&table, &model->snapshot->size_class[index[i]], i + 1, canvas);
}

enum { SITE_LIVE, SITE_GREW, SITE_OBJECTS, SITE_CODE, SITE_COLUMNS };

static void draw_site(const struct draw_table *table, const struct model *model,
                      const struct alloc_site *site, int row, struct canvas *canvas)
{
    char text[CODE_LINE_BYTES];
    char bytes[FMT_BYTES_MAX];
    double grew = alloc_site_growth(site);

    draw_table_cell(table, canvas, row, SITE_LIVE, ROLE_STRONG,
                    fmt_bytes(text, sizeof text, (double)site->live_bytes));
    snprintf(text, sizeof text, "%c%s", grew < 0 ? '-' : '+',
             fmt_bytes(bytes, sizeof bytes, grew < 0 ? -grew : grew));
    draw_table_cell(table, canvas, row, SITE_GREW, ROLE_TEXT, text);
    draw_table_cell(table, canvas, row, SITE_OBJECTS, ROLE_TEXT,
                    fmt_count(text, sizeof text, (double)site->live_objects));
    draw_table_cell(table, canvas, row, SITE_CODE, ROLE_TEXT,
                    parts_code_in(model, site->pc, table->width[SITE_CODE], text));
}

/* "GREW 12m": since when, from now. */
static const char *grew_title(const struct model *model, char text[FIGURE_BYTES])
{
    const struct snapshot *s = model->snapshot;
    int64_t before_ns = s->nsites > 0 ? s->site[0].before_mono_ns : 0;

    if (before_ns <= 0)
        snprintf(text, FIGURE_BYTES, "GREW");
    else
        snprintf(text, FIGURE_BYTES, "GREW %dm",
                 (int)(parts_between(before_ns, s->mono_ns) / NS_PER_MINUTE));
    return text;
}

static void draw_sites(const struct model *model, const struct panel_state *state,
                       struct canvas *canvas)
{
    char grew[FIGURE_BYTES];
    const struct draw_column column[SITE_COLUMNS] = {
        [SITE_LIVE] = {.title = "LIVE", .width = 7, .align = DRAW_RIGHT},
        [SITE_GREW] = {.title = grew_title(model, grew), .width = 8, .align = DRAW_RIGHT},
        [SITE_OBJECTS] = {.title = "OBJECTS", .width = 7, .align = DRAW_RIGHT, .rank = 2},
        [SITE_CODE] = {.title = "ALLOCATED AT (sampled)", .width = 16, .stretch = 1, .rank = 1},
    };
    struct draw_table table;
    uint16_t index[SNAPSHOT_MAX_SITES];
    bool by_growth = state->sort == SITE_GREW;
    uint32_t n = snapshot_order_sites(model->snapshot, by_growth ? SITES_BY_GROWTH : SITES_BY_LIVE,
                                      index);

    draw_table_fit(&table, column, SITE_COLUMNS, canvas->cols);
    draw_table_head(&table, canvas, 0, by_growth ? SITE_GREW : SITE_LIVE, DRAW_DESCENDING);
    for (int i = 0; i < (int)n && i < canvas->rows - 1; i++)
        draw_site(&table, model, &model->snapshot->site[index[i]], i + 1, canvas);
}

static void draw_tables(const struct model *model, const struct panel_state *state,
                        struct canvas *canvas)
{
    struct layout_part part[] = {
        {.least = 30, .weight = 1, .most = 48, .rank = 1},
        {.least = 36, .weight = 3, .rank = 0},
    };
    struct canvas view[2] = {{0}, *canvas};

    if (model->snapshot->nsites == 0)
        part[1] = (struct layout_part){.rank = 2};
    if (model->snapshot->nclasses == 0)
        part[0] = (struct layout_part){.rank = 2};
    layout_columns(canvas, part, 2, view);
    if (view[0].cols > 0 && view[0].rows > 0)
        draw_classes(model, &view[0]);
    if (view[1].cols > 0 && view[1].rows > 0)
        draw_sites(model, state, &view[1]);
}

/* ---- The whole ---- */

enum { LEVELS, SYSTEM, RATE, BAR, OBJECTS, TABLES, PARTS };

static void draw(const struct model *model, const struct panel_state *state, struct canvas *canvas)
{
    bool has_tables = model->snapshot->nclasses > 0 || model->snapshot->nsites > 0;
    struct layout_part part[PARTS] = {
        [LEVELS] = {.least = 4, .weight = 3, .rank = 0},
        [SYSTEM] = {.least = 3, .weight = 2, .rank = 4},
        [RATE] = {.least = 3, .weight = 2, .rank = 5},
        [BAR] = {.least = 2, .rank = 2},
        [OBJECTS] = {.least = 1, .rank = 1},
        [TABLES] = {.least = 4, .weight = 2, .most = 20, .rank = 3},
    };
    struct canvas view[PARTS];

    if (!has_tables)
        part[TABLES] = (struct layout_part){0};
    layout_rows(canvas, part, PARTS, view);
    draw_levels(model, state, &view[LEVELS]);
    if (view[SYSTEM].rows > 0)
        draw_system(model, state, &view[SYSTEM]);
    if (view[RATE].rows > 0)
        draw_rate(model, state, &view[RATE]);
    draw_sys_bar(model, state, &view[BAR]);
    draw_objects(model, &view[OBJECTS]);
    draw_tables(model, state, &view[TABLES]);
}

static enum intent command(const struct model *model, struct panel_state *state,
                           enum command command)
{
    (void)model;
    if (command == COMMAND_SORT_LEFT)
        state->sort = SITE_LIVE;
    if (command == COMMAND_SORT_RIGHT)
        state->sort = SITE_GREW;
    return INTENT_NONE;
}

const struct panel panel_heap = {
    .title = "Heap",
    .help = "Alloc rises until it meets the goal; a collection brings it down to what is live. A "
            "live heap that rises from collection to collection is a leak. Sys is all that was "
            "obtained from the system: objects, free room in their spans, idle spans, idle memory "
            "given back, stacks, and the runtime's own records. Of each size the table shows what "
            "lives, what is free beside it, and FRAG, the free share of its spans: much of it is "
            "memory that only objects of that size can use. The other table shows, from samples, "
            "which lines allocated what lives, and how much more of it lives than some minutes ago "
            "(the title says how many; else than at the start). < and > sort it by either.",
    .hints = "< > sites by live bytes or growth",
    .scopes = SCOPE_SORT,
    .command = command,
    .draw = draw,
};
