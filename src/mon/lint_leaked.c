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
static void clear_others(const struct lint_ask *q)
{
    for (uint32_t i = q->alerts->nstanding + q->alerts->nsilenced; i-- > 0;) {
        const struct alert *a = &q->alerts->alert[i];

        if (a->lint == LINT_LEAKED && !is_told(q->in->snapshot, a->key))
            lint_clear(q, LINT_LEAKED, a->key);
    }
}

static void raise_kind(const struct lint_ask *q, const struct leak_sample *leak)
{
    struct alert *a = lint_raise(q, LINT_LEAKED, key_of(leak));
    const char *reason = task_reason_name(leak->reason);
    char since[FMT_BYTES_MAX];

    a->pc = leak->spawn_pc;
    a->wait_pc = leak->wait_pc;
    fmt_clock(since, sizeof since, q->in->real_ns - (q->in->mono_ns - leak->proven_ns));
    snprintf(a->text, sizeof a->text,
             "proven leak: %" PRIu64 " %s in vain (%s), unreachable from scanned memory since %s",
             leak->count, leak->count == 1 ? "task waits" : "tasks wait", reason, since);
}

void lint_leaked_judge(const struct lint_ask *q)
{
    clear_others(q);
    for (uint32_t i = 0; i < count_kinds(q->in->snapshot) && lint_is_on(q, LINT_LEAKED); i++)
        raise_kind(q, &q->in->snapshot->leak[i]);
}
