/* SPDX-License-Identifier: MIT */
/* fixture_groups.c - the tasks of each group over time, for a model of tests: one group leaks, one
 * ended ten minutes ago, the others go up and down. */
#include "config.h"

#include "base/check.h"
#include "base/clock.h"
#include "tests/support/fixture.h"

void fixture_add_groups(struct fixture *f, int64_t until_s)
{
    grouppast_free(f->groups);
    f->groups = grouppast_new();
    CHECK(f->groups != NULL);
    for (int64_t t = -1200; t <= until_s; t += 5) {
        struct task_group leaks = f->tasks.group[1], went = {.spawn_pc = 0x401020}, wave;

        grouppast_begin(f->groups, FIXTURE_NOW_NS + t * NS_PER_S);
        leaks.count = t < -400 ? 200 : (uint64_t)(200 + (t + 400) * 4);
        went.state = TASK_RUNNING;
        went.count = t < -600 ? 9 : 0;
        wave = f->tasks.group[0];
        wave.count = 40000 + (uint64_t)(t * t % 77) * 50;
        grouppast_count(f->groups, &leaks);
        grouppast_count(f->groups, &went);
        grouppast_count(f->groups, &wave);
    }
    f->model.groups = f->groups;
}
