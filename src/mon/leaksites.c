/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/leaksites.h"

#include <math.h>
#include <stddef.h>

/* The place of PC, or one for it that is free or long unused; NULL if there is none. */
static struct leaksite *site_for(struct leaksites *s, uint64_t pc, int64_t unused_before_ns)
{
    struct leaksite *spare = NULL;

    for (size_t i = 0; i < LEAKSITES; i++) {
        struct leaksite *at = &s->site[i];

        if (at->pc == pc)
            return at;
        if (at->pc == 0 || (at->seen_ns < unused_before_ns && !at->growth.standing))
            spare = at;
    }
    if (spare != NULL) {
        spare->pc = pc;
        growth_clear(&spare->growth);
    }
    return spare;
}

static void add(struct growth *g, const struct growth_rule *rule, int64_t warm_ns, int64_t mono_ns,
                double value)
{
    if (mono_ns >= warm_ns)
        growth_add(g, rule, mono_ns, value);
    else
        growth_remember(g, rule, mono_ns, value);
}

void leaksites_add(struct leaksites *s, const struct growth_rule *rule, int64_t warm_ns,
                   int64_t mono_ns, uint64_t pc, double value)
{
    int64_t window_ns = rule->bin_ns * GROWTH_BINS;
    struct leaksite *site = pc == 0 ? NULL : site_for(s, pc, mono_ns - window_ns);

    if (site == NULL)
        return;
    site->seen_ns = mono_ns;
    add(&site->growth, rule, warm_ns, mono_ns, value);
}

void leaksites_add_zeroes(struct leaksites *s, const struct growth_rule *rule, int64_t warm_ns,
                          int64_t mono_ns)
{
    for (size_t i = 0; i < LEAKSITES; i++)
        if (s->site[i].pc != 0 && s->site[i].seen_ns < mono_ns)
            add(&s->site[i].growth, rule, warm_ns, mono_ns, 0.0);
}

uint64_t leaksites_guilty(const struct leaksites *s, const struct growth_rule *rule,
                          int64_t mono_ns, double least)
{
    double surest = 0.0;
    uint64_t pc = 0;

    for (size_t i = 0; i < LEAKSITES; i++) {
        const struct leaksite *site = &s->site[i];
        struct trend t = site->pc == 0 ? (struct trend){0}
                                       : growth_trend(&site->growth, rule, mono_ns);
        double grown = t.to - t.from;
        double sure = grown / sqrt(fmax(t.from, 0.0) + fmax(t.to, 1.0));

        if (grown > least && sure > surest) {
            surest = sure;
            pc = site->pc;
        }
    }
    return pc;
}
