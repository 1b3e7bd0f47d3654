/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/bits.h"
#include "mon/lintset.h"

static struct lint_set set;

static void setup(void)
{
    lint_set_init(&set);
}

TestSuite(lintset, .init = setup);

static void assert_limit(enum alert_lint lint, double limit)
{
    cr_assert(set.rule[lint].on, "%s is off", alert_lint_name(lint));
    cr_assert_float_eq(set.rule[lint].limit, limit, limit * 1e-9, "%s=%g", alert_lint_name(lint),
                       set.rule[lint].limit);
}

Test(lintset, all_are_on_with_the_limits_of_the_table)
{
    for (int i = 0; i < LINTS; i++) {
        cr_assert(set.rule[i].on, "lint %d", i);
        cr_assert_eq(set.rule[i].limit, lint_info((enum alert_lint)i)->limit, "lint %d", i);
    }
}

Test(lintset, limits_have_units)
{
    cr_assert(lint_set_take(&set, "gc-thrash=40%,runq-wait=50ms,time-to-limit=1.5h"), "refused");
    assert_limit(LINT_GC_THRASH, 0.4);
    assert_limit(LINT_RUNQ_WAIT, 50e6);
    assert_limit(LINT_TIME_TO_LIMIT, 5400e9);
    cr_assert(lint_set_take(&set, "stack-hog=2M,task-growth=100,near-limit=0.5"), "refused");
    assert_limit(LINT_STACK_HOG, 2097152.0);
    assert_limit(LINT_TASK_GROWTH, 100.0);
    assert_limit(LINT_NEAR_LIMIT, 0.5);
}

Test(lintset, a_lint_is_switched_off_and_on)
{
    cr_assert(lint_set_take(&set, "stale=7s,stale=off"), "off refused");
    cr_assert_not(set.rule[LINT_STALE].on, "still on");
    cr_assert(lint_set_take(&set, "stale"), "a name alone");
    assert_limit(LINT_STALE, 5e9);
    cr_assert(lint_set_allow(&set, "stale,ended"), "two refused");
    cr_assert(!set.rule[LINT_STALE].on && !set.rule[LINT_ENDED].on, "still on");
    cr_assert(lint_set_take(&set, "all=off,deadlock=on"), "all refused");
    for (int i = 0; i < LINTS; i++)
        cr_assert_eq(set.rule[i].on, i == LINT_DEADLOCK, "lint %d", i);
}

Test(lintset, what_is_wrong_changes_nothing)
{
    static const char *const wrong[] = {
        "",
        "no-such=3",
        "gc-thrash=3s",
        "gc-thrash=",
        "gc-thrash=-3%",
        "stale=5",
        "stale=nan s",
        "ended=3",
        "stale=off,",
        "stale=off,x",
        "stale=1e30d",
        "task-growth=x",
        "gc-thrash=0%",
        "all=5s",
        "stale=off=on",
    };

    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        struct lint_set before = set;

        cr_assert_not(lint_set_take(&set, wrong[i]), "\"%s\" is taken", wrong[i]);
        cr_assert_eq(memcmp(&before, &set, sizeof set), 0, "\"%s\" changes something", wrong[i]);
    }
    cr_assert_not(lint_set_allow(&set, "stale=3s"), "a limit for one that is off");
}

Test(lintset, what_it_prints_it_reads)
{
    cr_assert(lint_set_take(&set, "long-pause=12345us,stack-hog=1536K,gc-thrash=12.5%,stale=off"),
              "refused");
    for (int i = 0; i < LINTS; i++) {
        struct lint_set again;
        char text[LINT_SETTING_BYTES];

        lint_set_init(&again);
        lint_set_text(&set, (enum alert_lint)i, text);
        cr_assert(lint_set_take(&again, text), "%s is refused", text);
        cr_assert_eq(again.rule[i].on, set.rule[i].on, "%s", text);
        cr_assert(!set.rule[i].on || again.rule[i].limit == set.rule[i].limit, "%s: %g, was %g",
                  text, again.rule[i].limit, set.rule[i].limit);
    }
}
