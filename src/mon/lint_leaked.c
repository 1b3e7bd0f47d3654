/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint_leaked.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/fmt.h"
#include "mon/hash.h"

#define KINDS_MAX 12u /* alerts: the list has room for other lints too */

static uint64_t key_of(const struct leak_sample *leak)
{
    uint64_t key = hash_u64(leak->spawn_pc, leak->start_fn);

    return hash_u64(hash_u64(key, leak->wait_pc), leak->reason);
}

static uint32_t count_kinds(const struct snapshot *s)
{
    return s->nleaks < KINDS_MAX ? s->nleaks : KINDS_MAX;
}

static bool is_told(const struct snapshot *s, uint64_t key)
{
    for (uint32_t i = 0; i < count_kinds(s); i++)
        if (key_of(&s->leak[i]) == key)
            return true;
    return false;
}

/* The last that stands goes first: clearing one moves those behind it. */
static void clear_others(const struct leaks_input *in, struct alerts *alerts)
{
    for (uint32_t i = alerts->nstanding; i-- > 0;) {
        const struct alert *a = &alerts->alert[i];

        if (a->lint == LINT_LEAKED && !is_told(in->snapshot, a->key))
            alerts_clear(alerts, LINT_LEAKED, a->key, in->mono_ns);
    }
}

static void raise_kind(const struct leaks_input *in, const struct leak_sample *leak,
                       struct alerts *alerts)
{
    struct alert *a = alerts_raise(alerts, LINT_LEAKED, key_of(leak), in->mono_ns, in->real_ns);
    const char *reason = task_reason_name(leak->reason);
    char since[FMT_BYTES_MAX];

    a->severity = ALERT_CRITICAL;
    a->pc = leak->spawn_pc;
    a->wait_pc = leak->wait_pc;
    fmt_clock(since, sizeof since, in->real_ns - (in->mono_ns - leak->proven_ns));
    snprintf(a->text, sizeof a->text,
             "proven leak: %" PRIu64 " %s in vain (%s), unreachable from scanned memory since %s",
             leak->count, leak->count == 1 ? "task waits" : "tasks wait", reason, since);
}

void lint_leaked_tick(const struct leaks_input *in, struct alerts *alerts)
{
    clear_others(in, alerts);
    for (uint32_t i = 0; i < count_kinds(in->snapshot); i++)
        raise_kind(in, &in->snapshot->leak[i], alerts);
}
