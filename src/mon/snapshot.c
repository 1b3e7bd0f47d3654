/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/snapshot.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"

#define PPM 1000000.0

void snapshot_set(struct snapshot *s, unsigned metric, uint64_t value)
{
    CHECK(metric < METRIC_TABLE_MAX);
    s->value[metric] = value;
    s->has_value[metric] = true;
}

bool snapshot_value(const struct snapshot *s, unsigned metric, uint64_t *value)
{
    bool has = metric < METRIC_TABLE_MAX && s->has_value[metric];

    *value = has ? s->value[metric] : 0;
    return has;
}

bool snapshot_rate(const struct snapshot *s, unsigned metric, double *per_s)
{
    bool has = metric < METRIC_TABLE_MAX && s->has_rate[metric];

    *per_s = has ? s->rate[metric] : 0.0;
    return has;
}

/* The line of a call is sought just before the address that it returns to. */
uint64_t gc_last_code(const struct gc_last *last, uint32_t i)
{
    return last->pc[i] + (i == 0 && last->how == STOPPED_BY_SIGNAL ? 1 : 0);
}

uint64_t gc_off_cpu_ns(const struct gc_cycle *cycle)
{
    return cycle->first.off_cpu_ns + cycle->last.off_cpu_ns;
}

double alloc_site_growth(const struct alloc_site *site)
{
    return (double)site->live_bytes - (double)site->before_bytes;
}

static double site_key(const struct alloc_site *site, enum site_order order)
{
    return order == SITES_BY_GROWTH ? alloc_site_growth(site) : (double)site->live_bytes;
}

uint32_t snapshot_order_sites(const struct snapshot *s, enum site_order order,
                              uint16_t index[SNAPSHOT_MAX_SITES])
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->nsites; i++) {
        double key = site_key(&s->site[i], order);
        uint32_t at = n;

        if (order == SITES_BY_GROWTH && key <= 0)
            continue;
        for (; at > 0 && site_key(&s->site[index[at - 1]], order) < key; at--)
            index[at] = index[at - 1];
        index[at] = (uint16_t)i;
        n++;
    }
    return n;
}

uint64_t class_free_bytes(const struct class_sample *sample)
{
    return sample->span_bytes > sample->live_bytes ? sample->span_bytes - sample->live_bytes : 0;
}

const struct gc_cycle *snapshot_last_cycle(const struct snapshot *s)
{
    return s->ncycles == 0 ? NULL : &s->cycle[s->ncycles - 1];
}

/* ---- rates ---- */

/* Of a counter that fell back there is no rate: it was started anew. */
static void derive_rate(struct snapshot *s, const struct snapshot *prev, unsigned i,
                        enum metric_kind kind, int64_t interval_ns)
{
    double seconds = (double)interval_ns / (double)NS_PER_S;

    s->has_rate[i] = s->has_value[i] && prev->has_value[i] && interval_ns > 0 &&
                     (kind == KIND_GAUGE || s->value[i] >= prev->value[i]);
    s->rate[i] =
        s->has_rate[i] ? ((double)s->value[i] - (double)prev->value[i]) / seconds : 0.0;
}

static void derive_shares(struct proc_sample *p, const struct proc_sample *prev,
                          int64_t interval_ns)
{
    uint64_t spent[PROC_STATES];
    uint64_t all = 0;

    if (p->id != prev->id || p->switches < prev->switches)
        return;
    p->switches_per_s =
        (double)(p->switches - prev->switches) / ((double)interval_ns / (double)NS_PER_S);
    for (int i = 0; i < PROC_STATES; i++) {
        spent[i] = p->state_ns[i] >= prev->state_ns[i] ? p->state_ns[i] - prev->state_ns[i] : 0;
        all += spent[i];
    }
    for (int i = 0; i < PROC_STATES && all > 0; i++)
        p->share_ppm[i] = (uint32_t)((double)spent[i] / (double)all * PPM);
}

void snapshot_forget_rates(struct snapshot *s, const struct metric_table *t)
{
    for (unsigned i = 0; i < t->n; i++)
        if (!metric_is_measured((int)i))
            s->has_rate[i] = false;
    for (uint32_t i = 0; i < s->nprocs; i++) {
        memset(s->proc[i].share_ppm, 0, sizeof s->proc[i].share_ppm);
        s->proc[i].switches_per_s = 0.0;
    }
}

/* ---- pauses ---- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The smallest pause that at least PERCENT of all are no longer than. */
static uint64_t percentile(const uint64_t *sorted, uint32_t n, uint32_t percent)
{
    uint32_t rank = (n * percent + 99) / 100;

    return sorted[rank == 0 ? 0 : rank - 1];
}

static void summarize_pauses(struct snapshot *s)
{
    uint64_t pause[SNAPSHOT_MAX_CYCLES];
    uint32_t n = s->ncycles;

    s->pauses = (struct pause_summary){0};
    if (n == 0)
        return;
    for (uint32_t i = 0; i < n; i++)
        pause[i] = s->cycle[i].pause_ns;
    qsort(pause, n, sizeof pause[0], compare_u64);
    s->pauses = (struct pause_summary){.n = n,
                                       .p50_ns = percentile(pause, n, 50),
                                       .p90_ns = percentile(pause, n, 90),
                                       .p99_ns = percentile(pause, n, 99),
                                       .max_ns = pause[n - 1]};
}

void snapshot_derive(struct snapshot *s, const struct snapshot *prev, const struct metric_table *t)
{
    summarize_pauses(s);
    snapshot_forget_rates(s, t);
    s->interval_ns = 0;
    if (prev == NULL || s->published_ns <= prev->published_ns)
        return;
    s->interval_ns = s->published_ns - prev->published_ns;
    for (unsigned i = 0; i < t->n; i++)
        if (!metric_is_measured((int)i))
            derive_rate(s, prev, i, t->info[i].kind, s->interval_ns);
    for (uint32_t i = 0; i < s->nprocs && i < prev->nprocs; i++)
        derive_shares(&s->proc[i], &prev->proc[i], s->interval_ns);
}

void snapshot_derive_measured(struct snapshot *s, const struct snapshot *prev)
{
    for (unsigned i = MON_PROCESS_RSS; i < MON_KNOWN; i++)
        derive_rate(s, prev, i, i == MON_PROCESS_CPU ? KIND_COUNTER : KIND_GAUGE,
                    s->mono_ns - prev->mono_ns);
}

/* ---- copying ---- */

#define COPY_LIST(to, from, list, n) memcpy((to)->list, (from)->list, (n) * sizeof(from)->list[0])

static void copy_latency(struct latency_sample *to, const struct latency_sample *from)
{
    to->n = from->n;
    to->lately_ns = from->lately_ns;
    COPY_LIST(to, from, from_ns, from->n);
    COPY_LIST(to, from, count, from->n);
    COPY_LIST(to, from, lately, from->n);
}

void snapshot_copy(struct snapshot *to, const struct snapshot *from)
{
    memcpy(to, from, offsetof(struct snapshot, proc));
    COPY_LIST(to, from, proc, from->nprocs);
    copy_latency(&to->latency, &from->latency);
    to->nclasses = from->nclasses;
    COPY_LIST(to, from, size_class, from->nclasses);
    to->ncycles = from->ncycles;
    COPY_LIST(to, from, cycle, from->ncycles);
    to->pauses = from->pauses;
    to->nsites = from->nsites;
    COPY_LIST(to, from, site, from->nsites);
    to->nleaks = from->nleaks;
    COPY_LIST(to, from, leak, from->nleaks);
    to->nevents = from->nevents;
    COPY_LIST(to, from, event, from->nevents);
}
