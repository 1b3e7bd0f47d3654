/* SPDX-License-Identifier: MIT */
/* services.c - gort/pattern.h: services that start in order and stop in reverse.
 * All decisions are made by the task of gort_services_run, which waits for news of the services,
 * for signals, for the parent and for the next time at which something is due. So the state of the
 * set needs no lock; what services write themselves is when they have last beaten. Each service has
 * a context of its own, with the values of the parent but not below it: or all would be asked to
 * return at once when the parent is cancelled. Threads: tasks, no lock held. Source: oklog/run and
 * thejerf/suture. */
#include "config.h"

#include <signal.h>
#include <stdatomic.h>

#include "gort/mem.h"
#include "gort/pattern.h"
#include "gort/select.h"
#include "gort/signal.h"
#include "gort/time.h"
#include "runtime/group.h"
#include "runtime/pattern.h"

#define STOP_NS (10 * GORT_S)

enum state { WAITS, RUNS, STOPS, ENDED };

struct member {
    struct member *next; /* the one added after it */
    struct member *prev;
    gort_services *set;
    gort_service service;
    uintptr_t pc; /* who added it */
    gort_ctx *ctx;
    enum state state;
    bool is_ready;              /* those after it may start */
    int64_t missed_ns;          /* the last beat before the silence that was reported */
    _Atomic(int64_t) beaten_ns; /* [atomic] */
    _Atomic(int) has_announced; /* gort_service_ready was called; [atomic] */
};

/* What a service tells the set. */
struct news {
    struct member *from;
    enum { IS_READY, HAS_ENDED } what;
    int result;
};

struct gort_services {
    gort_services_options options; /* [const] */
    struct member *first;
    struct member *last;
    gort_group tasks;
    gort_chan *news;    /* of struct news; [const] */
    gort_chan *stop;    /* holds one element when somebody asked; [const] */
    gort_chan *signals; /* of int; [const] */
    gort_ctx *values;   /* what the services' contexts are made from */
    bool has_run;
    bool stopping;
    int64_t stop_by_ns; /* while stopping */
    int result;         /* of the first that failed */
};

static const char member_key; /* its address finds the member in the context */

/* ---- a service's side ----------------------------------------------------------------------- */

static int run_member(void *arg)
{
    struct member *m = arg;
    struct news news = {.from = m, .what = HAS_ENDED};

    news.result = m->service.run(m->ctx, m->service.arg);
    gort_send(m->set->news, &news);
    return 0;
}

void gort_service_ready(gort_ctx *ctx)
{
    struct member *m = gort_ctx_value(ctx, &member_key);
    struct news news = {.from = m, .what = IS_READY};

    /* There is room for two news of each service. */
    if (m != NULL && atomic_exchange_explicit(&m->has_announced, 1, memory_order_relaxed) == 0)
        gort_send(m->set->news, &news);
}

void gort_service_beat(gort_ctx *ctx)
{
    struct member *m = gort_ctx_value(ctx, &member_key);

    if (m != NULL)
        atomic_store_explicit(&m->beaten_ns, gort_now(), memory_order_relaxed);
}

/* ---- reports -------------------------------------------------------------------------------- */

static void report(const struct member *m, enum gort_service_event event, int result)
{
    const gort_services_options *o = &m->set->options;

    if (o->report != NULL)
        o->report(event, m->service.name, result, o->arg);
}

/* ---- starting ------------------------------------------------------------------------------- */

static void start_member(struct member *m)
{
    m->ctx = gort_ctx_with_cancel(gort_ctx_with_value(m->set->values, &member_key, m));
    m->state = RUNS;
    m->is_ready = !m->service.announces;
    atomic_store_explicit(&m->beaten_ns, gort_now(), memory_order_relaxed);
    report(m, GORT_SERVICE_STARTED, 0);
    group_go(&m->set->tasks, m->service.name, run_member, m, m->pc);
}

/* Starts those whose turn it is. */
static void start_next(gort_services *s)
{
    for (struct member *m = s->first; m != NULL && !s->stopping; m = m->next) {
        if (m->state == WAITS)
            start_member(m);
        if (!m->is_ready)
            return;
    }
}

/* ---- stopping ------------------------------------------------------------------------------- */

/* Asks the last that still runs to return, once the one asked before it has. */
static void stop_next(gort_services *s)
{
    for (struct member *m = s->last; m != NULL; m = m->prev) {
        if (m->state == STOPS)
            return;
        if (m->state == RUNS) {
            m->state = STOPS;
            report(m, GORT_SERVICE_STOPPING, 0);
            gort_ctx_cancel(m->ctx, 0);
            return;
        }
    }
}

static void begin_stopping(gort_services *s)
{
    int64_t limit_ns = s->options.stop_ns;

    if (s->stopping)
        return;
    s->stopping = true;
    s->stop_by_ns = limit_ns == GORT_FOREVER ? GORT_FOREVER : gort_in(limit_ns);
    stop_next(s);
}

static void fail(gort_services *s, int result)
{
    if (s->result == 0)
        s->result = result;
    begin_stopping(s);
}

/* Waits for nobody any more. */
static void abandon(gort_services *s, int result)
{
    if (s->result == 0)
        s->result = result;
    for (struct member *m = s->last; m != NULL; m = m->prev) {
        if (m->state != RUNS && m->state != STOPS)
            continue;
        gort_ctx_cancel(m->ctx, 0);
        report(m, GORT_SERVICE_ABANDONED, 0);
    }
}

/* ---- news ----------------------------------------------------------------------------------- */

/* Whether RESULT says no more than that M has done as it was asked to. */
static bool is_obedience(const struct member *m, int result)
{
    return m->state == STOPS && result == gort_ctx_err(m->ctx);
}

static void note_end(struct member *m, int result)
{
    gort_services *s = m->set;
    bool went_well = result == 0 || is_obedience(m, result);

    m->state = ENDED;
    m->is_ready = true;
    gort_ctx_cancel(m->ctx, 0);
    report(m, GORT_SERVICE_ENDED, result);
    if (!went_well)
        fail(s, result);
    if (s->stopping)
        stop_next(s);
    else
        start_next(s);
}

static void note_ready(struct member *m)
{
    if (m->state != RUNS)
        return;
    report(m, GORT_SERVICE_READY, 0);
    m->is_ready = true;
    start_next(m->set);
}

static void take_news(const struct news *news)
{
    if (news->what == IS_READY)
        note_ready(news->from);
    else
        note_end(news->from, news->result);
}

/* ---- heartbeats ----------------------------------------------------------------------------- */

static bool has_beats(const struct member *m)
{
    return m->state == RUNS && m->service.beat_ns > 0 && m->service.beat_ns < GORT_FOREVER / 2;
}

/* Looks after the heartbeat of M; returns when to look again. */
static int64_t check_beat(struct member *m, int64_t now_ns)
{
    int64_t beaten_ns = atomic_load_explicit(&m->beaten_ns, memory_order_relaxed);

    if (now_ns - beaten_ns < m->service.beat_ns)
        return beaten_ns + m->service.beat_ns;
    if (m->missed_ns != beaten_ns) {
        m->missed_ns = beaten_ns;
        report(m, GORT_SERVICE_MISSED, 0);
        if (m->service.on_missed == GORT_MISSED_STOPS)
            fail(m->set, GORT_ETIMEDOUT);
    }
    return now_ns + m->service.beat_ns;
}

/* Looks after all heartbeats; returns when there is something to do. */
static int64_t check_beats(gort_services *s)
{
    int64_t now_ns = gort_now();
    int64_t next_ns = GORT_FOREVER;

    for (struct member *m = s->first; m != NULL; m = m->next) {
        int64_t due_ns = has_beats(m) ? check_beat(m, now_ns) : GORT_FOREVER;

        if (due_ns < next_ns)
            next_ns = due_ns;
    }
    return s->stopping && s->stop_by_ns < next_ns ? s->stop_by_ns : next_ns;
}

/* ---- the set -------------------------------------------------------------------------------- */

gort_services *gort_services_new(const gort_services_options *options)
{
    gort_services *s = gort_new(gort_services);

    if (options != NULL)
        s->options = *options;
    if (s->options.stop_ns == 0)
        s->options.stop_ns = STOP_NS;
    if (s->options.signals == 0)
        s->options.signals = GORT_SIGNAL(SIGINT) | GORT_SIGNAL(SIGTERM);
    s->stop = gort_chan_new(0, 1);
    s->signals = gort_chan_new(sizeof(int), 2);
    return s;
}

void gort_services_add(gort_services *s, const gort_service *service)
{
    struct member *m;

    if (service->run == NULL)
        pattern_misuse("gort_services_add", "no function");
    if (s->has_run)
        pattern_misuse("gort_services_add", "they run already");
    m = gort_new(struct member);
    m->set = s;
    m->service = *service;
    m->pc = (uintptr_t)__builtin_return_address(0);
    m->prev = s->last;
    if (s->last != NULL)
        s->last->next = m;
    else
        s->first = m;
    s->last = m;
}

void gort_services_stop(gort_services *s)
{
    (void)!gort_try_send(s->stop, NULL); /* one is enough */
}

static bool any_left(const gort_services *s)
{
    for (const struct member *m = s->first; m != NULL; m = m->next)
        if (m->state == RUNS || m->state == STOPS || (m->state == WAITS && !s->stopping))
            return true;
    return false;
}

enum { NEWS, STOP, SIGNAL, PARENT, DUE };

/* Until all have ended (0), or nobody is waited for any more (why). */
static int look_after(gort_services *s, gort_ctx *parent)
{
    struct news news;
    gort_case cases[] = {[NEWS] = GORT_RECV(s->news, &news),
                         [STOP] = GORT_RECV(s->stop, NULL),
                         [SIGNAL] = GORT_RECV(s->signals, NULL),
                         [PARENT] = GORT_RECV(gort_ctx_done(parent), NULL),
                         [DUE] = GORT_DEADLINE(0)};

    start_next(s);
    while (any_left(s)) {
        cases[DUE].deadline_ns = check_beats(s);
        switch (gort_select(cases, 5)) {
        case NEWS:
            take_news(&news);
            break;
        case SIGNAL:
            if (s->stopping)
                return GORT_ECANCELED;
            begin_stopping(s);
            break;
        case PARENT:
            cases[PARENT].c = NULL;
            begin_stopping(s);
            break;
        case STOP:
            begin_stopping(s);
            break;
        case DUE:
            if (s->stopping && gort_now() >= s->stop_by_ns)
                return GORT_ETIMEDOUT;
            break;
        }
    }
    return 0;
}

int gort_services_run(gort_services *s, gort_ctx *parent)
{
    size_t n = 0;
    int err;

    if (s->has_run)
        pattern_misuse("gort_services_run", "a second time");
    s->has_run = true;
    for (const struct member *m = s->first; m != NULL; m = m->next)
        n++;
    s->news = gort_chan_new(sizeof(struct news), 2 * n);
    s->values = gort_ctx_without_cancel(parent);
    if (!s->options.no_signals)
        gort_signal_notify(s->signals, s->options.signals);
    err = look_after(s, parent);
    if (err != 0)
        abandon(s, err);
    else
        (void)gort_group_wait(&s->tasks); /* they have said that they end */
    gort_signal_stop(s->signals);
    return s->result;
}
