/* SPDX-License-Identifier: MIT */
/* shape.h - how the load of a service goes over time, and with it what it keeps in memory.
 * Each shape is a pure function of time, which is counted in periods, so that a day can pass within
 * minutes. None of them leaks: what grows comes back, comes to an end, or comes with its load.
 * Threads: pure functions. */
#ifndef DEMO_SHAPE_H
#define DEMO_SHAPE_H

/* Shares of what the service has at most, above 0 and up to 1. */
struct shape_level {
    double live; /* of its live heap */
    double load; /* of its requests a second */
};

struct shape {
    const char *name;
    struct shape_level (*at)(double periods); /* since the start, 0 or more */
};

/* The shape of that name, or NULL. */
const struct shape *shape_find(const char *name);

#endif
