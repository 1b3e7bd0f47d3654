/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "demo/shape.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define TURN 6.283185307179586

/* Half of the live heap is there for the requests that come. */
static struct shape_level under(double load)
{
    return (struct shape_level){.live = 0.5 + 0.5 * load, .load = load};
}

static struct shape_level steady(double periods)
{
    (void)periods;
    return under(1.0);
}

/* A cache grows, and is dropped at the end of each period. */
static struct shape_level sawtooth(double periods)
{
    return (struct shape_level){.live = 0.5 + 0.5 * (periods - floor(periods)), .load = 1.0};
}

/* It fills for half a period, and has all then. */
static struct shape_level warmup(double periods)
{
    return (struct shape_level){.live = fmin(0.1 + 1.8 * periods, 1.0), .load = 1.0};
}

/* A day, from one night to the next. */
static struct shape_level wave(double periods)
{
    return under(0.6 - 0.4 * cos(TURN * periods));
}

/* After a period there is twice as much to do. */
static struct shape_level step(double periods)
{
    return under(periods < 1.0 ? 0.5 : 1.0);
}

static const struct shape shapes[] = {
    {"steady", steady}, {"sawtooth", sawtooth}, {"warmup", warmup}, {"wave", wave}, {"step", step},
};

const struct shape *shape_find(const char *name)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    }
    return NULL;
}
