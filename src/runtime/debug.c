/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/debug.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "runtime/fatal.h"

struct debug_settings debug;

static const struct setting {
    const char *name;
    int *value;
} settings[] = {
    {"clobberfree", &debug.clobberfree},
    {"crash", &debug.crash},
    {"gcstress", &debug.gcstress},
    {"gctrace", &debug.gctrace},
    {"scheddetail", &debug.scheddetail},
    {"schedtrace", &debug.schedtrace},
    {"seedtrace", &debug.seedtrace},
    {"verify", &debug.verify},
    {"yield", &debug.yield},
};

static bool seed_given;
static bool yield_given; /* be it 0 */

static int *find(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_COUNT(settings); i++) {
        if (strlen(settings[i].name) == length && memcmp(settings[i].name, name, length) == 0)
            return settings[i].value;
    }
    return NULL;
}

/* One "name=value" of LENGTH bytes. */
static void parse_one(const char *text, size_t length)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - text) : length;
    char *end = NULL;
    long value = equals != NULL ? strtol(equals + 1, &end, 10) : 0;
    int *setting = find(text, name_length);

    if (equals == NULL || end != text + length || end == equals + 1) {
        runtime_log("gort: GORT_DEBUG: not name=number: %.*s", (int)length, text);
    } else if (name_length == 4 && memcmp(text, "seed", 4) == 0) {
        debug.seed = (uint32_t)value;
        seed_given = true;
    } else if (setting == NULL) {
        runtime_log("gort: GORT_DEBUG: unknown name: %.*s", (int)name_length, text);
    } else {
        *setting = (int)value;
        yield_given = yield_given || setting == &debug.yield;
    }
}

static uint32_t clock_seed(void)
{
    return (uint32_t)clock_real_ns() | 1u;
}

/* Chooses a seed if need be, so that the run can be made again. */
static void say_seed(void)
{
    if (debug.seed == 0)
        debug.seed = clock_seed();
    if (debug.replay)
        runtime_log("gort: deterministic, GORT_DEBUG=seed=%u", debug.seed);
    else
        runtime_log("gort: random yields, GORT_DEBUG=yield=%d,seed=%u", debug.yield, debug.seed);
}

void debug_init(const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, ",");

        if (length > 0)
            parse_one(text, length);
        text += length;
        if (*text == ',')
            text++;
    }
    debug.replay = seed_given && !yield_given;
    if (debug.yield > 0 || (debug.replay && debug.seed == 0))
        say_seed();
    else if (debug.seed == 0)
        debug.seed = clock_seed();
}
