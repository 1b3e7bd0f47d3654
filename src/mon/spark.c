/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/spark.h"

#include <math.h>

#define LEVELS 8

const struct spark_scale spark_nothing = {.least = HUGE_VAL, .greatest = -HUGE_VAL};

void spark_widen(struct spark_scale *scale, const double *value, int n)
{
    for (int i = 0; i < n; i++) {
        if (!isfinite(value[i]))
            continue;
        scale->least = fmin(scale->least, value[i]);
        scale->greatest = fmax(scale->greatest, value[i]);
    }
}

/* From 0 to LEVELS - 1; what never moves is at the lowest. */
static int level_of(const struct spark_scale *scale, double value)
{
    double range = scale->greatest - scale->least;
    int level = range > 0 ? (int)((value - scale->least) / range * LEVELS) : 0;

    return level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level;
}

static uint32_t glyph_of(enum plot_tier tier, int level)
{
    static const char ascii[LEVELS + 1] = "_.-~=+*#";

    if (tier == PLOT_BRAILLE || tier == PLOT_BLOCKS)
        return 0x2581 + (uint32_t)level;
    return (uint32_t)ascii[level];
}

void spark_draw(struct canvas *canvas, int row, int col, enum plot_tier tier,
                const struct spark_scale *scale, const double *value, int n, enum role role)
{
    for (int i = 0; i < n; i++)
        if (isfinite(value[i]))
            canvas_put(canvas, row, col + i, glyph_of(tier, level_of(scale, value[i])), role);
}
