/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/pagepart.h"

#include <string.h>

#include "base/bits.h"
#include "mon/text.h"

/* ---- metrics ---- */

/* A text of the strings section, which may lack its NUL; "" if the offset is wild. */
static void take_text(char *to, size_t to_bytes, const struct pagefile_entries *strings,
                      uint32_t offset)
{
    to[0] = '\0';
    if (offset < strings->n)
        text_clean(to, to_bytes, strings->first + offset, strings->n - offset);
}

/* Our number of a metric that the page describes, or -1 if it can't be had. */
static int enter_metric(struct metric_table *t, const struct page_metric *m,
                        const struct pagefile_entries *strings)
{
    struct metric_info info = {.present = true, .kept = m->history != PAGE_NO_HISTORY};
    int i;

    take_text(info.name, sizeof info.name, strings, m->name);
    take_text(info.help, sizeof info.help, strings, m->help);
    if (info.name[0] == '\0')
        return -1;
    i = metric_find(t, info.name);
    if (i >= 0 && metric_is_measured(i))
        return -1; /* what we see ourselves, a target does not tell us */
    if (i >= 0) {
        t->info[i].present = true;
        return i;
    }
    info.kind = m->kind == PAGE_KIND_COUNTER ? KIND_COUNTER : KIND_GAUGE;
    info.unit = m->unit < FMT_UNITS ? (enum fmt_unit)m->unit : FMT_COUNT;
    info.level = m->level <= PAGE_LEVEL_DEBUG ? (enum metric_level)m->level : LEVEL_DEBUG;
    return metric_add(t, &info);
}

bool pagepart_metrics(struct pagefile *pf, struct pagepart_map *map, struct metric_table *t)
{
    struct page_metric metric[METRIC_TABLE_MAX];
    struct pagefile_entries e;
    uint32_t n;

    *map = (struct pagepart_map){0};
    if (!pagefile_entries(pf, PAGE_SECTION_METRICS, 0, METRIC_TABLE_MAX, &e))
        return false;
    n = e.n;
    for (uint32_t i = 0; i < n; i++)
        pagefile_entry(&e, i, &metric[i], sizeof metric[i]);
    if (!pagefile_entries(pf, PAGE_SECTION_STRINGS, 0, UINT32_MAX, &e))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        int number = enter_metric(t, &metric[i], &e);

        if (number >= 0)
            map->entry[map->n++] = (struct pagepart_metric){.metric = (uint32_t)number,
                                                            .slot = metric[i].slot,
                                                            .history = metric[i].history};
    }
    return map->n > 0;
}

bool pagepart_values(struct pagefile *pf, const struct pagepart_map *map, struct snapshot *s)
{
    struct pagefile_entries e;
    enum pagefile_double found = pagefile_double(pf, PAGE_SECTION_VALUES, &e);

    if (found != PAGEFILE_WHOLE)
        return found == PAGEFILE_NONE;
    s->published_ns = pagefile_time(e.mono_ns);
    for (unsigned i = 0; i < map->n; i++) {
        uint64_t value;

        if (map->entry[i].slot >= e.n)
            continue;
        pagefile_entry(&e, map->entry[i].slot, &value, sizeof value);
        snapshot_set(s, map->entry[i].metric, value);
    }
    return true;
}

/* ---- tables ---- */

static struct proc_sample proc_from(const struct page_proc *p)
{
    return (struct proc_sample){
        .id = p->id,
        .state = p->state < PROC_STATES ? (enum proc_state)p->state : PROC_IDLE,
        .runq = p->runq,
        .tid = p->tid,
        .task = p->task,
        .task_since_ns = pagefile_time(p->task_since_ns),
        .switches = p->switches,
        .steals = p->steals,
        .detaches = p->detaches,
        .mallocs = p->mallocs,
        .alloc_bytes = p->alloc_bytes,
        .state_ns = {[PROC_IDLE] = p->idle_ns,
                     [PROC_RUNNING] = p->running_ns,
                     [PROC_BLOCKING] = p->blocking_ns,
                     [PROC_STOPPED] = p->stopped_ns,
                     [PROC_SPINNING] = p->spinning_ns},
    };
}

/* Rows in E, without those at the end that stand for no proc. */
static uint32_t count_procs(const struct pagefile_entries *e)
{
    uint32_t n = e->n;
    struct page_proc p;

    for (; n > 0; n--) {
        pagefile_entry(e, n - 1, &p, sizeof p);
        if (p.state != PAGE_PROC_ABSENT)
            break;
    }
    return n;
}

bool pagepart_procs(struct pagefile *pf, struct snapshot *s)
{
    struct pagefile_entries e;

    if (!pagefile_entries(pf, PAGE_SECTION_PROCS, 0, SNAPSHOT_MAX_PROCS, &e))
        return false;
    s->nprocs = count_procs(&e);
    for (uint32_t i = 0; i < s->nprocs; i++) {
        struct page_proc p;

        pagefile_entry(&e, i, &p, sizeof p);
        s->proc[i] = proc_from(&p);
    }
    return true;
}

bool pagepart_classes(struct pagefile *pf, struct snapshot *s)
{
    struct pagefile_entries e;
    enum pagefile_double found = pagefile_double(pf, PAGE_SECTION_SIZE_CLASSES, &e);

    if (found != PAGEFILE_WHOLE)
        return found == PAGEFILE_NONE;
    s->nclasses = (uint32_t)min_size(e.n, SNAPSHOT_MAX_CLASSES);
    for (uint32_t i = 0; i < s->nclasses; i++) {
        struct page_size_class c;

        pagefile_entry(&e, i, &c, sizeof c);
        s->size_class[i] = (struct class_sample){.object_bytes = c.object_bytes,
                                                 .mallocs = c.mallocs,
                                                 .frees = c.frees,
                                                 .spans = c.spans,
                                                 .span_bytes = c.span_bytes,
                                                 .live_bytes = c.live_bytes};
    }
    return true;
}

/* Buckets that do not rise end the histogram. */
bool pagepart_latency(struct pagefile *pf, struct snapshot *s)
{
    struct latency_sample *l = &s->latency;
    struct pagefile_entries e;
    enum pagefile_double found = pagefile_double(pf, PAGE_SECTION_LATENCY, &e);

    if (found != PAGEFILE_WHOLE)
        return found == PAGEFILE_NONE;
    l->n = 0;
    for (uint32_t i = 0; i < e.n && i < SNAPSHOT_MAX_LATENCIES; i++) {
        struct page_latency bucket;

        pagefile_entry(&e, i, &bucket, sizeof bucket);
        if (i > 0 && bucket.from_ns <= l->from_ns[i - 1])
            break;
        l->from_ns[i] = bucket.from_ns;
        l->count[i] = bucket.count;
        l->n = i + 1;
    }
    return true;
}

/* Puts a site where it belongs among those of more live bytes; the least falls out at the end. */
static void insert_site(struct snapshot *s, const struct alloc_site *site)
{
    uint32_t i = s->nsites;

    if (i == SNAPSHOT_MAX_SITES) {
        if (s->site[i - 1].live_bytes >= site->live_bytes)
            return;
        i--;
    } else {
        s->nsites++;
    }
    for (; i > 0 && s->site[i - 1].live_bytes < site->live_bytes; i--)
        s->site[i] = s->site[i - 1];
    s->site[i] = *site;
}

bool pagepart_sites(struct pagefile *pf, struct snapshot *s)
{
    struct pagefile_entries e;
    enum pagefile_double found = pagefile_double(pf, PAGE_SECTION_ALLOC_SITES, &e);

    if (found != PAGEFILE_WHOLE)
        return found == PAGEFILE_NONE;
    s->nsites = 0;
    for (uint32_t i = 0; i < e.n; i++) {
        struct page_alloc_site site;

        pagefile_entry(&e, i, &site, sizeof site);
        insert_site(s, &(struct alloc_site){.pc = site.pc,
                                            .live_objects = site.live_objects,
                                            .live_bytes = site.live_bytes,
                                            .total_objects = site.total_objects,
                                            .total_bytes = site.total_bytes,
                                            .before_bytes = site.before_bytes,
                                            .before_mono_ns = pagefile_time(site.before_mono_ns)});
    }
    return true;
}

/* Kinds without a task are left out. */
bool pagepart_leaks(struct pagefile *pf, struct snapshot *s)
{
    struct pagefile_entries e;
    enum pagefile_double found = pagefile_double(pf, PAGE_SECTION_LEAKS, &e);

    if (found != PAGEFILE_WHOLE)
        return found == PAGEFILE_NONE;
    s->nleaks = 0;
    for (uint32_t i = 0; i < e.n && s->nleaks < SNAPSHOT_MAX_LEAKS; i++) {
        struct page_leak leak;

        pagefile_entry(&e, i, &leak, sizeof leak);
        if (leak.count == 0)
            continue;
        s->leak[s->nleaks++] =
            (struct leak_sample){.spawn_pc = leak.spawn_pc,
                                 .start_fn = leak.start_fn,
                                 .wait_pc = leak.wait_pc,
                                 .reason = leak.reason,
                                 .count = leak.count,
                                 .waits_since_ns = pagefile_time(leak.waits_since_ns),
                                 .proven_ns = pagefile_time(leak.proven_ns)};
    }
    return true;
}

/* ---- tasks ---- */

static struct task_group group_from(const struct page_task_group *g)
{
    return (struct task_group){.spawn_pc = g->spawn_pc,
                               .start_fn = g->start_fn,
                               .state = (enum task_state)g->state,
                               .reason = g->reason,
                               .count = g->count,
                               .leaked = min_size(g->leaked, g->count),
                               .oldest_since_ns = pagefile_time(g->oldest_since_ns)};
}

/* Gives GROUP the holder that the target tells of in G, if it does. */
static void add_holder(struct task_groups *groups, struct task_group *group,
                       const struct page_task_group *g)
{
    struct task_holder *h = &groups->holder[groups->nholders];

    if ((g->holder == 0 && g->readers == 0) || g->held == 0 || groups->nholders == TASK_HOLDERS_MAX)
        return;
    *h = (struct task_holder){
        .id = g->holder,
        .readers = g->holder == 0 ? g->readers : 0,
        .nwaiters = min_size(g->held, group->count),
        .pc = g->holder_pc,
        .state = g->holder_state < TASK_STATES ? (enum task_state)g->holder_state : TASK_DEAD,
        .reason = g->holder_reason,
        .circle = g->circle};
    text_clean(h->name, sizeof h->name, g->holder_name, sizeof g->holder_name);
    group->holder = ++groups->nholders;
}

bool pagepart_groups(struct pagefile *pf, struct task_groups *groups)
{
    struct pagefile_entries e;

    *groups = (struct task_groups){0};
    if (pagefile_double(pf, PAGE_SECTION_TASK_GROUPS, &e) != PAGEFILE_WHOLE)
        return false;
    for (uint32_t i = 0; i < e.n; i++) {
        struct page_task_group g;

        pagefile_entry(&e, i, &g, sizeof g);
        if (g.state == TASK_DEAD || g.state >= TASK_STATES)
            continue;
        groups->ntasks += g.count;
        groups->by_state[g.state] += g.count;
        if (groups->n == TASK_GROUPS_MAX) {
            groups->beyond += g.count;
            continue;
        }
        groups->group[groups->n] = group_from(&g);
        add_holder(groups, &groups->group[groups->n++], &g);
    }
    groups->valid = true;
    return true;
}

/* The group of GROUPS that G tells of, or NULL. */
static struct task_group *find_group(struct task_groups *groups, const struct page_task_group *g)
{
    for (uint32_t i = 0; i < groups->n; i++) {
        struct task_group *group = &groups->group[i];

        if (group->spawn_pc == g->spawn_pc && group->start_fn == g->start_fn &&
            (uint32_t)group->state == g->state && group->reason == g->reason)
            return group;
    }
    return NULL;
}

void pagepart_holders(struct pagefile *pf, struct task_groups *groups)
{
    struct pagefile_entries e;

    if (pagefile_double(pf, PAGE_SECTION_TASK_GROUPS, &e) != PAGEFILE_WHOLE)
        return;
    groups->nholders = 0;
    for (uint32_t i = 0; i < groups->n; i++)
        groups->group[i].holder = 0;
    for (uint32_t i = 0; i < e.n && i < TASK_HOLDERS_MAX; i++) {
        struct page_task_group g;
        struct task_group *group;

        pagefile_entry(&e, i, &g, sizeof g);
        group = g.held > 0 ? find_group(groups, &g) : NULL;
        if (group != NULL && group->holder == 0)
            add_holder(groups, group, &g);
    }
}
