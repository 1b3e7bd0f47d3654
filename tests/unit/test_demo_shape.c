/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/bits.h"
#include "demo/shape.h"

#define NEAR 1e-9

static struct shape_level at(const char *name, double periods)
{
    const struct shape *shape = shape_find(name);

    cr_assert_not_null(shape, "there is no shape %s", name);
    return shape->at(periods);
}

/* Of each shape what there is at that time: by how the shapes are described, not computed. */
static const struct {
    const char *name;
    double periods;
    double live;
    double load;
} levels[] = {
    {"steady", 0.0, 1.0, 1.0},    {"steady", 7.3, 1.0, 1.0},   {"sawtooth", 0.0, 0.5, 1.0},
    {"sawtooth", 0.5, 0.75, 1.0}, {"sawtooth", 3.0, 0.5, 1.0}, {"sawtooth", 3.5, 0.75, 1.0},
    {"warmup", 0.0, 0.1, 1.0},    {"warmup", 0.25, 0.55, 1.0}, {"warmup", 0.5, 1.0, 1.0},
    {"warmup", 9.0, 1.0, 1.0},    {"wave", 0.0, 0.6, 0.2},     {"wave", 0.25, 0.8, 0.6},
    {"wave", 0.5, 1.0, 1.0},      {"wave", 0.75, 0.8, 0.6},    {"wave", 5.0, 0.6, 0.2},
    {"step", 0.0, 0.75, 0.5},     {"step", 0.999, 0.75, 0.5},  {"step", 1.0, 1.0, 1.0},
    {"step", 9.0, 1.0, 1.0},
};

Test(demo_shape, each_is_as_it_is_described)
{
    for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
        struct shape_level level = at(levels[i].name, levels[i].periods);

        cr_expect_float_eq(level.live, levels[i].live, NEAR, "%s at %g: live %g", levels[i].name,
                           levels[i].periods, level.live);
        cr_expect_float_eq(level.load, levels[i].load, NEAR, "%s at %g: load %g", levels[i].name,
                           levels[i].periods, level.load);
    }
}

Test(demo_shape, shares_are_above_0_and_at_most_1)
{
    for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
        for (double periods = 0.0; periods < 3.0; periods += 1.0 / 128.0) {
            struct shape_level level = at(levels[i].name, periods);

            cr_assert(level.live >= 0.1 && level.live <= 1.0, "%s at %g: live %g", levels[i].name,
                      periods, level.live);
            cr_assert(level.load >= 0.1 && level.load <= 1.0, "%s at %g: load %g", levels[i].name,
                      periods, level.load);
        }
    }
}

Test(demo_shape, other_names_have_none)
{
    cr_assert_null(shape_find(""), "a shape without a name");
    cr_assert_null(shape_find("stead"), "half a name");
}
