/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "mon/layout.h"
#include "mon/rune.h"

#define BLOCK_FULL 0x2588u
#define ARROW_UP   0x25b2u
#define ARROW_DOWN 0x25bcu
#define ELLIPSIS   0x2026u
#define LEAST_NAME 4 /* columns of a function's name that are worth showing */

/* ---- Figures and facts ---- */

const char *draw_figure_text(char text[FIGURE_BYTES], struct figure figure)
{
    char number[FMT_BYTES_MAX];

    fmt_value(number, sizeof number, figure.unit, figure.value);
    if (figure.known)
        snprintf(text, FIGURE_BYTES, "%s%s", number, figure.per == FIGURE_PER_SECOND ? "/s" : "");
    else
        snprintf(text, FIGURE_BYTES, DRAW_MISSING);
    return text;
}

void draw_difference_text(char *text, size_t size, struct figure figure)
{
    char number[FMT_BYTES_MAX];
    double by = figure.value - figure.base;

    text[0] = '\0';
    if (figure.unit == FMT_UNIX_NS || figure.unit == FMT_ENUM)
        return;
    fmt_value(number, sizeof number, figure.unit, by < 0 ? -by : by);
    snprintf(text, size, " %c%s", by < 0 ? '-' : '+', number);
}

struct fact draw_fact(const char *label, struct figure figure)
{
    struct fact fact = {.label = label, .role = ROLE_STRONG};

    draw_figure_text(fact.text, figure);
    if (figure.known && figure.compared)
        draw_difference_text(fact.text + strlen(fact.text), sizeof fact.text - strlen(fact.text),
                             figure);
    return fact;
}

int draw_facts(struct canvas *canvas, int row, const char *title, const struct fact *fact, int n,
               int width)
{
    int col = canvas_text(canvas, row, 0, ROLE_TITLE, title);
    int drawn = 0;

    for (; drawn < n; drawn++) {
        int text = rune_text_width(fact[drawn].text);
        int place = text > width ? text : width;
        int label = rune_text_width(fact[drawn].label);
        int left = col + (col > 0 ? 2 : 0);
        if (left + label + 1 + place > canvas->cols)
            break;
        canvas_text(canvas, row, left, ROLE_DIM, fact[drawn].label);
        col = left + label + 1 + place;
        canvas_text_right(canvas, row, col, fact[drawn].role, fact[drawn].text);
    }
    return drawn;
}

/* ---- Tables ---- */

void draw_table_fit(struct draw_table *table, const struct draw_column *column, int n, int cols)
{
    struct layout_part part[DRAW_MAX_COLUMNS] = {{0}};
    int left = 0;

    CHECK(n <= DRAW_MAX_COLUMNS);
    table->column = column;
    table->n = n;
    for (int i = 0; i < n; i++) /* each with the blank that follows it */
        part[i] = (struct layout_part){
            .least = column[i].width + 1, .weight = column[i].stretch, .rank = column[i].rank};
    layout_divide(cols + 1, part, n, table->width);
    for (int i = 0; i < n; i++) {
        table->left[i] = left;
        left += table->width[i];
        if (table->width[i] > 0)
            table->width[i]--;
    }
}

void draw_table_cell(const struct draw_table *table, struct canvas *canvas, int row, int column,
                     enum role role, const char *text)
{
    int width = table->width[column];
    int left = table->left[column];
    int used = rune_text_width(text);

    if (table->column[column].align == DRAW_RIGHT && used < width)
        left += width - used;
    canvas_text_in(canvas, row, left, table->left[column] + width - left, role, text);
}

void draw_table_head(const struct draw_table *table, struct canvas *canvas, int row, int sorted,
                     enum draw_order order)
{
    for (int i = 0; i < table->n; i++) {
        int width = table->width[i];
        draw_table_cell(table, canvas, row, i, ROLE_DIM, table->column[i].title);
        if (i != sorted || width == 0)
            continue;
        int title = rune_text_width(table->column[i].title);
        bool right = table->column[i].align == DRAW_RIGHT;
        int at = table->left[i] + (right ? width - title - 1 : title);
        canvas_put(canvas, row, at, order == DRAW_ASCENDING ? ARROW_UP : ARROW_DOWN, ROLE_KEY);
    }
}

/* ---- Bars ---- */

void draw_bar(struct canvas *canvas, struct rect where, enum plot_tier tier,
              const struct draw_part *part, int n, double total)
{
    double sum = 0;
    double before = 0;
    bool blocks = tier == PLOT_BRAILLE || tier == PLOT_BLOCKS;

    for (int i = 0; i < n; i++)
        sum += part[i].value;
    double per_cell = fmax(sum, total) / where.cols;
    for (int i = 0; i < n && per_cell > 0; i++) {
        int from = (int)lround(before / per_cell);
        before += part[i].value;
        int to = (int)lround(before / per_cell);
        canvas_fill(canvas, where.row, where.col + from, to - from,
                    blocks ? BLOCK_FULL : (uint8_t)part[i].letter, part[i].role);
    }
}

/* ---- Others ---- */

size_t draw_line_bytes(const char *text, int cols)
{
    const char *at = text;
    const char *blank = NULL;
    int used = 0;

    while (*at != '\0' && *at != '\n') {
        if (*at == ' ')
            blank = at;
        const char *next = at;
        used += rune_width(rune_next(&next));
        if (used > cols && at > text)
            return (size_t)((blank != NULL && blank > text ? blank : at) - text);
        at = next;
    }
    return (size_t)(at - text);
}

int draw_words(struct canvas *canvas, int row, int col, enum role role, const char *text)
{
    int from = row;
    char line[512];

    while (*text != '\0' && canvas->cols > col) {
        size_t bytes = draw_line_bytes(text, canvas->cols - col);
        snprintf(line, sizeof line, "%.*s", (int)bytes, text);
        canvas_text(canvas, row++, col, role, line);
        text += bytes;
        if (*text == ' ' || *text == '\n')
            text++;
    }
    return row - from;
}

/* Appends FROM in exactly COLS columns: with blanks behind it, or cut. */
static void append_in(char *text, size_t size, const char *from, int cols)
{
    bool whole = rune_text_width(from) <= cols;
    int room = whole ? cols : cols - 1;

    while (*from != '\0') {
        uint32_t rune = rune_next(&from);
        if (rune_width(rune) > room)
            break;
        room -= rune_width(rune);
        canvas_append_rune(text, size, rune);
    }
    if (!whole)
        canvas_append_rune(text, size, ELLIPSIS);
    for (; room > 0; room--)
        canvas_append_rune(text, size, ' ');
}

int draw_code(char *text, size_t size, struct draw_code code, int cols)
{
    const char *slash = strrchr(code.place, '/');
    int name = rune_text_width(code.function);
    int wanted = name > code.function_cols ? name : code.function_cols;
    int room = cols - 1 - rune_text_width(code.place);

    if (room < wanted && slash != NULL) {
        code.place = slash + 1;
        room = cols - 1 - rune_text_width(code.place);
    }
    if (room > wanted)
        room = wanted;
    text[0] = '\0';
    if (room >= LEAST_NAME || (room > 0 && room >= name))
        append_in(text, size, code.function, room);
    if (text[0] != '\0')
        canvas_append_rune(text, size, ' ');
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", code.place);
    return used > 0 ? room + 1 : 0;
}

bool draw_text_holds(const char *text, const char *needle)
{
    return needle[0] == '\0' || strcasestr(text, needle) != NULL;
}

static uint32_t lower(uint32_t rune)
{
    return rune >= 'A' && rune <= 'Z' ? rune + ('a' - 'A') : rune;
}

/* Columns that NEEDLE takes in ROW from COL on, or 0 if it is not there. */
static int match_at(const struct canvas *canvas, int row, int col, const char *needle)
{
    int at = col;

    while (*needle != '\0') {
        uint32_t rune = rune_next(&needle);
        const struct cell *cell = canvas_at(canvas, row, at);
        if (cell == NULL || lower(cell->rune) != lower(rune))
            return 0;
        at += rune_width(rune);
    }
    return at - col;
}

void draw_mark_matches(struct canvas *canvas, int row, const char *needle)
{
    for (int col = 0; col < canvas->cols && needle[0] != '\0'; col++) {
        int width = match_at(canvas, row, col, needle);
        canvas_tint(canvas, row, col, width, ROLE_MATCH);
        col += width > 0 ? width - 1 : 0;
    }
}

void draw_nothing(struct canvas *canvas, const char *why)
{
    int width = rune_text_width(why);
    int left = width < canvas->cols ? (canvas->cols - width) / 2 : 0;

    canvas_text_in(canvas, canvas->rows / 2, left, canvas->cols - left, ROLE_DIM, why);
}
