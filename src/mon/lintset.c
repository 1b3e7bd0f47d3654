/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lintset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"

#define MOST_LIMIT 1e18

static const struct lint_info infos[LINTS] = {
#define LINT(id, name, severity, unit, limit, clear, slot_s, need, of, warm_s, help) \
    [LINT_##id] = {ALERT_##severity,  LINT_##unit, limit, clear,                     \
                   slot_s * NS_PER_S, need,        of,    warm_s * NS_PER_S},
#include "mon/lints.def"
#undef LINT
};

const struct lint_info *lint_info(enum alert_lint lint)
{
    return &infos[lint];
}

void lint_set_init(struct lint_set *s)
{
    for (size_t i = 0; i < LINTS; i++)
        s->rule[i] = (struct lint_rule){.on = true, .limit = infos[i].limit};
}

/* ---- limits as text ---- */

struct unit_name {
    const char *name;
    double factor;
};

static const struct unit_name shares[] = {{"%", 0.01}, {"", 1.0}, {NULL, 0.0}};
static const struct unit_name times[] = {{"d", 86400e9}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9},
                                         {"ms", 1e6},    {"us", 1e3},   {NULL, 0.0}};
static const struct unit_name sizes[] = {{"T", 0x1p40}, {"G", 0x1p30}, {"M", 0x1p20},
                                         {"K", 0x1p10}, {"", 1.0},     {NULL, 0.0}};
static const struct unit_name counts[] = {{"", 1.0}, {NULL, 0.0}};

static const struct unit_name *units_of(enum lint_unit unit)
{
    switch (unit) {
    case LINT_NONE:
        return NULL;
    case LINT_SHARE:
        return shares;
    case LINT_NS:
        return times;
    case LINT_BYTES:
        return sizes;
    case LINT_COUNT:
        return counts;
    }
    return NULL;
}

static bool take_limit(enum lint_unit unit, const char *text, double *limit)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || !isfinite(number) || number <= 0.0)
        return false;
    for (const struct unit_name *u = units_of(unit); u != NULL && u->name != NULL; u++) {
        if (strcmp(u->name, end) == 0) {
            *limit = number * u->factor;
            return *limit <= MOST_LIMIT;
        }
    }
    return false;
}

/* In the largest unit of which there is at least one. */
static void put_limit(enum lint_unit unit, double limit, char *text, size_t bytes)
{
    const struct unit_name *u = units_of(unit);

    while (u != NULL && u[1].name != NULL && limit < u->factor)
        u++;
    if (u != NULL)
        snprintf(text, bytes, "%.9g%s", limit / u->factor, u->name);
}

const char *lint_value_text(enum alert_lint lint, double value, char text[static FMT_BYTES_MAX])
{
    switch (infos[lint].unit) {
    case LINT_NONE:
    case LINT_COUNT:
        return fmt_count(text, FMT_BYTES_MAX, value);
    case LINT_SHARE:
        return fmt_ppm(text, FMT_BYTES_MAX, value * 1e6);
    case LINT_NS:
        return fmt_duration(text, FMT_BYTES_MAX, value);
    case LINT_BYTES:
        return fmt_bytes(text, FMT_BYTES_MAX, value);
    }
    return text;
}

const char *lint_set_text(const struct lint_set *s, enum alert_lint lint,
                          char text[static LINT_SETTING_BYTES])
{
    const struct lint_rule *rule = &s->rule[lint];
    char limit[24] = "on";

    if (!rule->on)
        snprintf(limit, sizeof limit, "off");
    else
        put_limit(infos[lint].unit, rule->limit, limit, sizeof limit);
    snprintf(text, LINT_SETTING_BYTES, "%s=%s", alert_lint_name(lint), limit);
    return text;
}

/* ---- settings as text ---- */

static bool take_rule(struct lint_set *s, enum alert_lint lint, const char *value)
{
    struct lint_rule *rule = &s->rule[lint];
    double limit;

    if (strcmp(value, "off") == 0)
        rule->on = false;
    else if (strcmp(value, "on") == 0)
        *rule = (struct lint_rule){.on = true, .limit = infos[lint].limit};
    else if (take_limit(infos[lint].unit, value, &limit))
        *rule = (struct lint_rule){.on = true, .limit = limit};
    else
        return false;
    return true;
}

static bool take_named(struct lint_set *s, const char *name, const char *value)
{
    bool all = strcmp(name, "all") == 0;
    bool any = false;

    for (int i = 0; i < LINTS; i++) {
        if (!all && strcmp(name, alert_lint_name((enum alert_lint)i)) != 0)
            continue;
        if (!take_rule(s, (enum alert_lint)i, value))
            return false;
        any = true;
    }
    return any;
}

/* One of a list, the N bytes at TEXT. VALUE is what a name alone means: of those that are off, no
 * other is taken. */
static bool take_one(struct lint_set *s, const char *text, size_t n, const char *value)
{
    char one[LINT_SETTING_BYTES];
    char *equals;

    if (n == 0 || n >= sizeof one)
        return false;
    memcpy(one, text, n);
    one[n] = '\0';
    equals = strchr(one, '=');
    if (equals == NULL)
        return take_named(s, one, value);
    *equals = '\0';
    return strcmp(value, "off") != 0 && take_named(s, one, equals + 1);
}

static bool take_list(struct lint_set *s, const char *text, const char *value)
{
    struct lint_set copy = *s;

    for (;;) {
        size_t n = strcspn(text, ",");

        if (!take_one(&copy, text, n, value))
            return false;
        if (text[n] == '\0')
            break;
        text += n + 1;
    }
    *s = copy;
    return true;
}

bool lint_set_take(struct lint_set *s, const char *text)
{
    return take_list(s, text, "on");
}

bool lint_set_allow(struct lint_set *s, const char *text)
{
    return take_list(s, text, "off");
}
