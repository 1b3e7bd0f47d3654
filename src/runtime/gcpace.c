/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcpace.h"

#define HEADROOM_PERCENT 3u /* of the limit: what is allocated until the world has stopped */
#define HEADROOM_MIN     ((uint64_t)1 << 20)
#define LEAST_SHARE      16u /* of the live heap that is allocated between two cycles at least */
#define LEAST_BYTES      ((uint64_t)256 << 10)
#define RETAIN_PERCENT   110u
#define LITTLE_WORK      ((uint64_t)128 << 10) /* searched in less time than two stops take */
#define LITTLE_GLOBALS   ((uint64_t)2 << 20)
#define LITTLE_HEAP      ((uint64_t)16 << 20)  /* declared clean in about that time, if need be */
#define MARK_SHARE       250u                 /* of a proc's time, in thousandths */
#define TRIGGER_FIRST    70u /* percent of the room that is used before a cycle begins at least */
#define LEAST_ROOM       ((uint64_t)64 << 10)
#define NEAR_GOAL        ((uint64_t)1 << 20) /* from here on the rest is paid byte for byte */

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* A * B / C without overflow in between; capped. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
    double product = (double)a * (double)b / (double)c;

    return product >= 1.8e19 ? UINT64_MAX : (uint64_t)product;
}

static uint64_t goal_by_percent(const struct pace_state *s)
{
    uint64_t percent = (uint64_t)s->percent;
    uint64_t searched = add_capped(s->live, add_capped(s->stacks, s->globals));
    uint64_t goal = add_capped(s->live, scale(searched, percent, 100));

    return max_u64(goal, scale(PACE_HEAP_MIN, percent, 100));
}

static uint64_t goal_by_limit(const struct pace_state *s)
{
    uint64_t limit = (uint64_t)s->limit;
    uint64_t headroom = max_u64(scale(limit, HEADROOM_PERCENT, 100), HEADROOM_MIN);
    uint64_t taken = add_capped(s->outside, headroom);
    uint64_t least = s->live + max_u64(s->live / LEAST_SHARE, LEAST_BYTES);

    return max_u64(limit > taken ? limit - taken : 0, least);
}

uint64_t pace_goal(const struct pace_state *s)
{
    uint64_t goal = s->percent < 0 ? PACE_NEVER : goal_by_percent(s);

    if (s->limit == PACE_NO_LIMIT)
        return goal;
    return min_u64(goal, goal_by_limit(s));
}

int pace_is_limited(const struct pace_state *s)
{
    return s->limit != PACE_NO_LIMIT && (s->percent < 0 || goal_by_limit(s) < goal_by_percent(s));
}

int pace_is_little(uint64_t work, uint64_t globals, uint64_t heap)
{
    return work <= LITTLE_WORK && globals <= LITTLE_GLOBALS && heap <= LITTLE_HEAP;
}

/* ---- a mark beside the program ---- */

uint32_t pace_marker_share(uint32_t nprocs, uint32_t i)
{
    uint64_t all = (uint64_t)nprocs * MARK_SHARE;
    uint64_t others = (uint64_t)i * 1000;

    return all <= others ? 0 : (uint32_t)min_u64(all - others, 1000);
}

uint64_t pace_trigger(uint64_t live, uint64_t goal, uint64_t runway)
{
    uint64_t room = 0;
    uint64_t first = 0;

    if (goal == PACE_NEVER || goal <= live)
        return goal;
    room = goal - live;
    first = live + scale(room, TRIGGER_FIRST, 100);
    if (runway == 0)
        return first;
    return max_u64(first, min_u64(goal - min_u64(runway, room), live + scale(room, 95, 100)));
}

uint64_t pace_runway(uint64_t allocated, uint64_t before, uint64_t work, uint64_t next_work)
{
    return scale(max_u64(allocated, before), max_u64(next_work, 1), max_u64(work, 1));
}

uint64_t pace_unhindered(uint64_t allocated, const struct pace_effort *e)
{
    uint64_t granted_ns = e->procs_ns / 1000 * MARK_SHARE;
    uint64_t taken_ns = add_capped(min_u64(e->markers_ns, granted_ns), e->assists_ns);
    uint64_t left_ns = max_u64(e->procs_ns - min_u64(taken_ns, e->procs_ns), e->procs_ns / 20);
    uint64_t marked_ns = add_capped(e->markers_ns, e->assists_ns);

    if (granted_ns == 0)
        return allocated;
    return scale(scale(allocated, marked_ns, granted_ns), e->procs_ns - granted_ns, left_ns);
}

uint64_t pace_ceiling(const struct pace_state *s, uint64_t goal)
{
    return pace_is_limited(s) ? goal : add_capped(goal, goal / 10);
}

uint64_t pace_debt(const struct pace_mark *m, uint64_t bytes)
{
    uint64_t expected = m->done < m->expected ? m->expected : m->most;
    uint64_t end = m->heap < m->goal ? m->goal : m->ceiling;
    uint64_t room = max_u64(end > m->heap ? end - m->heap : 0, LEAST_ROOM);
    uint64_t left = expected > m->done ? expected - m->done : 0;
    uint64_t least = add_capped(m->heap, NEAR_GOAL) >= m->goal ? bytes : 1;
    uint64_t braked = scale(bytes, m->brake, 1024);

    if (m->goal == PACE_NEVER || left == 0)
        return braked;
    return max_u64(braked, min_u64(max_u64(scale(bytes, left, room), least), left));
}

uint64_t pace_brake(uint64_t written, uint64_t allocated)
{
    return max_u64(scale(written, 1024, max_u64(allocated, LEAST_ROOM)), 1);
}

uint64_t pace_sweep_due(uint64_t total, uint64_t allocated, uint64_t room)
{
    uint64_t in_time = room - room / 8;

    if (allocated >= in_time)
        return total;
    return min_u64(total, scale(total, allocated, in_time));
}

uint64_t pace_retain(uint64_t inuse, uint64_t old_goal, uint64_t new_goal)
{
    if (old_goal == 0 || old_goal == PACE_NEVER || new_goal == PACE_NEVER)
        return UINT64_MAX;
    return scale(scale(inuse, new_goal, old_goal), RETAIN_PERCENT, 100);
}
