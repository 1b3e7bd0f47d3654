/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "tests/support/recorded.h"

TestSuite(lint_replay, .init = recorded_setup, .fini = recorded_teardown, .timeout = 120);

/* Records 100 seconds in which tasks wait long for a proc; what was found then. */
static struct alerts record_waits(void)
{
    struct alerts found;

    recorded_open((struct recorder_options){.path = rec.path});
    rec.page.value[METRIC_LATENCY_P99] = 150000000;
    recorded_run(0, 100);
    found = *monitor_model(rec.monitor)->alerts;
    recorded_close();
    cr_assert(found.nstanding == 1 && found.alert[0].lint == LINT_RUNQ_WAIT, "%u found",
              found.nstanding);
    return found;
}

/* The alerts at the end of it, judged anew by SET. */
static const struct alerts *judge_anew(const struct lint_set *set)
{
    recorded_replay(NULL, NULL);
    cr_assert(monitor_judge_anew(rec.monitor, 0, set), "no memory");
    monitor_move(rec.monitor, MOVE_LIVE, 0, 60 * S);
    while (monitor_judge(rec.monitor))
        ;
    return monitor_model(rec.monitor)->alerts;
}

Test(lint_replay, lints_find_in_a_recording_what_they_found_live)
{
    struct alerts live = record_waits();
    const struct alerts *anew;

    recorded_change("DELETE FROM alerts");
    anew = judge_anew(NULL);
    cr_assert_eq(anew->nstanding, 1, "%u stand", anew->nstanding);
    cr_assert(anew->alert[0].lint == LINT_RUNQ_WAIT &&
                  anew->alert[0].raised_ns == live.alert[0].raised_ns,
              "raised at %" PRId64 ", live at %" PRId64, anew->alert[0].raised_ns,
              live.alert[0].raised_ns);
    cr_assert_str_eq(anew->alert[0].text, live.alert[0].text, "%s", anew->alert[0].text);

    monitor_move(rec.monitor, MOVE_TO, live.alert[0].raised_ns - S, 60 * S);
    anew = monitor_model(rec.monitor)->alerts;
    cr_assert_eq(anew->n, 0, "%u before it was raised", anew->n);
}

Test(lint_replay, what_was_found_live_is_told_once)
{
    const struct alerts *anew;

    record_waits();
    anew = judge_anew(NULL);
    cr_assert(anew->n == 1 && anew->nstanding == 1, "%u alerts", anew->n);
}

Test(lint_replay, a_tuned_lint_is_judged_by_its_new_limit)
{
    struct lint_set set;
    const struct alerts *anew;

    record_waits();
    lint_set_init(&set);
    lint_set_take(&set, "runq-wait=1s");
    anew = judge_anew(&set);
    cr_assert_eq(anew->n, 0, "%u alerts", anew->n);
    recorded_close();

    lint_set_take(&set, "runq-wait=10ms");
    anew = judge_anew(&set);
    cr_assert_eq(anew->nstanding, 1, "%u stand", anew->nstanding);
    recorded_close();

    lint_set_allow(&set, "all");
    anew = judge_anew(&set);
    cr_assert_eq(anew->n, 0, "%u alerts with all off", anew->n);
}
