/* SPDX-License-Identifier: MIT */
/* fixture_dump.c - a dump for a model of tests. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "mon/dump.h"
#include "tests/support/fixture.h"

#define FRAMES 3

void fixture_add_dump(struct fixture *f, size_t ngroups)
{
    static const struct dump_frame frames[FRAMES] = {
        {.pc = 0x403000,
         .function = "gort_recv",
         .file = "../src/runtime/chan.c",
         .module = "",
         .line = 231},
        {.pc = 0x403100,
         .function = "wait_for_stock",
         .file = "orders/stock.c",
         .module = "",
         .line = 52},
        {.pc = 0x403200,
         .function = "",
         .file = "",
         .module = "/usr/lib/libshop.so.2",
         .offset = 0x1f34},
    };
    static const struct dump_task tasks[] = {
        {.id = 17, .since_ns = FIXTURE_NOW_NS - 90 * NS_PER_S, .name = "picker"},
        {.id = 18, .since_ns = FIXTURE_NOW_NS - 40 * NS_PER_S, .name = ""},
        {.id = 40211, .since_ns = FIXTURE_NOW_NS - 2 * NS_PER_S, .name = ""},
    };
    static const struct dump_holder holders[] = {
        {.id = 17, .name = "picker", .group = 0, .nwaiters = 2},
        {.id = 9, .name = "", .group = DUMP_NO_GROUP, .nwaiters = 1},
    };
    struct dump_group *group = calloc(ngroups, sizeof *group);
    struct dump *dump = calloc(1, sizeof *dump);

    CHECK(group != NULL && dump != NULL);
    if (f->dump != NULL)
        free((void *)(uintptr_t)f->dump->group);
    free(f->dump);
    for (size_t i = 0; i < ngroups; i++)
        group[i] = (struct dump_group){.key = i,
                                       .state = TASK_WAITING,
                                       .reason = i % 2 == 0 ? 3 : 1,
                                       .frame = frames,
                                       .end = i % 3 == 1 ? DUMP_END_LOST : DUMP_END_START,
                                       .nframes = FRAMES,
                                       .spawned_at = {.pc = i % 4 == 3 ? 0 : 0x401010,
                                                      .function = "handle_order",
                                                      .file = "orders/queue.c",
                                                      .module = "",
                                                      .line = 214},
                                       .task = tasks,
                                       .ntasks = ARRAY_COUNT(tasks)};
    if (ngroups > 2) {
        group[2].reason = PAGE_WAIT_MUTEX;
        group[2].holder = holders;
        group[2].nholders = ARRAY_COUNT(holders);
    }
    *dump = (struct dump){.mono_ns = FIXTURE_NOW_NS,
                          .real_ns = FIXTURE_REAL_NS,
                          .took_ns = 1200000,
                          .ntasks = ngroups * ARRAY_COUNT(tasks),
                          .group = group,
                          .ngroups = ngroups};
    f->dump = dump;
    f->model.dump = dump;
}

void fixture_add_diff(struct fixture *f)
{
    struct dump_group *group = f->later_group;

    CHECK(f->dump->ngroups >= ARRAY_COUNT(f->later_group));
    memcpy(group, f->dump->group, sizeof f->later_group);
    group[0].ntasks = 1203; /* 3 are listed */
    group[0].nunlisted = 1200;
    group[1].ntasks = 1;
    group[3].state = TASK_RUNNING; /* so one went, and another came */
    group[3].reason = 0;
    f->later = *f->dump;
    f->later.group = group;
    f->later.ngroups = ARRAY_COUNT(f->later_group);
    f->later.ntasks = 1213;
    f->later.real_ns += 90 * NS_PER_S;
    f->diff = dumpdiff_new(f->dump, &f->later);
    f->model.dump = &f->later;
    f->model.diff = f->diff;
}
