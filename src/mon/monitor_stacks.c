/* SPDX-License-Identifier: MIT */
/* monitor_stacks.c - the stacks that a replay shows, and what they are compared with. Interface:
 * monitor.h. */
#include "config.h"

#include "mon/dumpdiff.h"
#include "mon/monitor_parts.h"

static void show_stacks(struct monitor *m)
{
    monitor_set_dump(m, m->replay.dump, m->replay.diff,
                     (struct dump_status){.stage = DUMP_STAGE_DONE});
}

static void forget_difference(struct replay *r)
{
    dumpdiff_free(r->diff);
    dump_free(r->before);
    r->diff = NULL;
    r->before = NULL;
}

void monitor_stacks_fini(struct monitor *m)
{
    forget_difference(&m->replay);
    dump_free(m->replay.dump);
    m->replay.dump = NULL;
}

void monitor_choose_stacks(struct monitor *m, int64_t mono_ns)
{
    struct replay *r = &m->replay;
    struct dump *dump;
    int64_t at_ns;

    if (!recording_dump_time(r->recording, mono_ns, &at_ns) ||
        (r->dump != NULL && at_ns == r->dump_ns))
        return;
    dump = recording_dump_of(r->recording, at_ns);
    if (dump == NULL)
        return;
    monitor_stacks_fini(m);
    r->dump = dump;
    r->dump_ns = at_ns;
    show_stacks(m);
}

bool monitor_compare_stacks(struct monitor *m)
{
    struct replay *r = &m->replay;
    int64_t from_ns = r->before != NULL ? r->before_ns : r->dump_ns;
    struct dump *before;
    int64_t at_ns;

    if (r->dump == NULL || (!recording_dump_before(r->recording, from_ns, &at_ns) &&
                            !recording_dump_before(r->recording, r->dump_ns, &at_ns)))
        return false;
    before = recording_dump_of(r->recording, at_ns);
    if (before == NULL)
        return false;
    forget_difference(r);
    r->before = before;
    r->before_ns = at_ns;
    r->diff = dumpdiff_new(before, r->dump);
    show_stacks(m);
    monitor_bring_up_to_date(m);
    return true;
}
