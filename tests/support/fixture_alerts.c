/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/fixture.h"

#include <stdio.h>

#include "base/clock.h"

static void fill_alerts(struct fixture *f)
{
    f->alerts.n = 2;
    f->alerts.nstanding = 1;
    f->alerts.alert[0] = (struct alert){
        .lint = LINT_TASK_GROWTH,
        .severity = ALERT_WARNING,
        .raised_ns = FIXTURE_NOW_NS - 212 * NS_PER_S,
        .raised_real_ns = FIXTURE_REAL_NS - 212 * NS_PER_S,
        .pc = 0x401010,
        .has_trend = true,
        .trend = {.samples = 40,
                  .from_ns = FIXTURE_NOW_NS - 800 * NS_PER_S,
                  .to_ns = FIXTURE_NOW_NS - 212 * NS_PER_S,
                  .from_value = 1400,
                  .to_value = 1810,
                  .per_second = 2.0 / 3,
                  .p = 1.2e-9,
                  .unit = FMT_COUNT},
        .text = "1 930 tasks of one spawn site, growing by 40 a minute",
    };
    f->alerts.alert[1] = (struct alert){
        .lint = LINT_LONG_PAUSE,
        .severity = ALERT_NOTE,
        .raised_ns = FIXTURE_NOW_NS - 600 * NS_PER_S,
        .raised_real_ns = FIXTURE_REAL_NS - 600 * NS_PER_S,
        .cleared_ns = FIXTURE_NOW_NS - 300 * NS_PER_S,
        .text = "the world stood still for 12.4ms",
    };
}

/* The first alert is recorded. */
static void fill_incidents(struct fixture *f)
{
    snprintf(f->incidents.folder, sizeof f->incidents.folder,
             "/home/op/.local/state/gomon/incidents");
    incident_notes_add(
        &f->incidents, &f->alerts.alert[0],
        &(struct incident_fate){1, INCIDENT_RECORDED,
                                "incident-20261123T030912Z-orders-svc-8123-task-growth.gmr"});
    f->model.incidents = &f->incidents;
}

void fixture_add_alerts(struct fixture *f)
{
    fill_alerts(f);
    fill_incidents(f);
}
