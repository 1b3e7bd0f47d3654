/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/alert_command.h"
#include "mon/incident_note.h"

#define DEADLINE_NS (10 * NS_PER_S)

static struct alerts alerts;
static struct snapshot snap;
static struct code_line code = {.pc = 0x1234, .text = "ask_peer leak.c:38"};
static struct model model;
static struct alert_command c;
static char path[64];
static char text[8192];

static void setup(void)
{
    snprintf(path, sizeof path, "/tmp/test_alert_command.%d", (int)getpid());
    setenv("OUT", path, 1);
    model = (struct model){.mono_ns = 100 * NS_PER_S,
                           .target = {.pid = 8123, .name = "orders"},
                           .snapshot = &snap,
                           .alerts = &alerts,
                           .code = {.n = 1, .line = &code}};
}

static void teardown(void)
{
    unlink(path);
}

TestSuite(alert_command, .init = setup, .fini = teardown);

static struct alert *raise_alert(uint64_t key)
{
    struct alert *a = alerts_raise(&alerts, LINT_TASK_GROWTH, key, model.mono_ns, 1000 * NS_PER_S);

    a->severity = ALERT_WARNING;
    snprintf(a->text, sizeof a->text, "tasks grow");
    return a;
}

/* Whether WORDS come to stand in the file. */
static bool comes(const char *words)
{
    int64_t deadline_ns = clock_mono_ns() + DEADLINE_NS;

    while (clock_mono_ns() < deadline_ns) {
        FILE *in = fopen(path, "r");
        size_t n = in == NULL ? 0 : fread(text, 1, sizeof text - 1, in);
        text[n] = '\0';
        if (in != NULL)
            fclose(in);
        if (strstr(text, words) != NULL)
            return true;
    }
    return false;
}

static void begin(const char *what)
{
    alert_command_init(&c, what);
    model.mono_ns += NS_PER_S;
    alert_command_tick(&c, &model);
}

static bool tick(int64_t later_ns)
{
    model.mono_ns += later_ns;
    return alert_command_tick(&c, &model);
}

static int running(void)
{
    int n = 0;

    for (int i = 0; i < ALERT_COMMANDS_MAX; i++)
        n += c.running[i] != 0;
    return n;
}

/* Until nothing runs any more. */
static void wait_for_all(void)
{
    int64_t deadline_ns = clock_mono_ns() + DEADLINE_NS;

    while (running() > 0 && clock_mono_ns() < deadline_ns)
        tick(1);
    cr_assert_eq(running(), 0, "%d still run", running());
}

Test(alert_command, an_alert_runs_it_with_the_numbers_in_its_environment)
{
    begin("env | grep ^GOMON_ >$OUT; echo end >>$OUT");
    model.mono_ns += NS_PER_S;
    struct alert *a = raise_alert(0x1234);
    a->pc = 0x1234;
    a->has_trend = true;
    a->trend = (struct alert_trend){
        .per_second = 5.5, .from_value = 10, .to_value = 60, .p = 0.01, .to_ns = 9 * NS_PER_S};
    cr_assert(tick(0), "nothing was raised");
    cr_assert(comes("end\n"), "it did not run: %s", text);
    static const char *const lines[] = {
        "GOMON_ALERT=task-growth\n", "GOMON_STATE=raised\n", "GOMON_SEVERITY=warning\n",
        "GOMON_TEXT=tasks grow\n",   "GOMON_PID=8123\n",     "GOMON_NAME=orders\n",
        "GOMON_SINCE=1000\n",        "GOMON_LEFT_OUT=0\n",   "GOMON_CODE=ask_peer leak.c:38\n",
        "GOMON_FROM=10\n",           "GOMON_TO=60\n",        "GOMON_PER_SECOND=5.5\n",
        "GOMON_SECONDS=9.000\n",     "GOMON_P=0.01\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_assert_not_null(strstr(text, lines[i]), "no %s in %s", lines[i], text);
}

Test(alert_command, it_is_told_where_the_alert_will_be_recorded)
{
    static struct incident_notes notes;
    struct incident_fate fate = {.number = 1, .state = INCIDENT_COMES, .text = "one.gmr"};

    memset(notes.folder, 'd', 700); /* a path may be as long as this */
    model.incidents = &notes;
    begin("echo \"${GOMON_INCIDENT-none}\" end >>$OUT");
    model.mono_ns += NS_PER_S;
    incident_notes_add(&notes, raise_alert(1), &fate);
    tick(0);
    cr_assert(comes("d/one.gmr end\n"), "%s", text);
    cr_assert_eq(strspn(text, "d"), 700, "%s", text);
}

Test(alert_command, it_is_told_no_path_of_what_is_not_recorded)
{
    static struct incident_notes notes;
    struct incident_fate fate = {.number = 1, .state = INCIDENT_NOT, .text = "no room"};

    model.incidents = &notes;
    begin("echo \"${GOMON_INCIDENT-none}\" end >>$OUT");
    model.mono_ns += NS_PER_S;
    incident_notes_add(&notes, raise_alert(1), &fate);
    tick(0);
    cr_assert(comes("none end\n"), "%s", text);
}

Test(alert_command, it_runs_when_an_alert_is_raised_and_when_it_is_cleared_only)
{
    begin("echo $GOMON_STATE >>$OUT");
    model.mono_ns += NS_PER_S;
    raise_alert(1);
    cr_assert(tick(0), "nothing was raised");
    cr_assert(comes("raised\n"), "%s", text);
    cr_assert_not(tick(NS_PER_S), "raised again");
    model.mono_ns += NS_PER_S;
    alerts_clear(&alerts, LINT_TASK_GROWTH, 1, model.mono_ns);
    cr_assert_not(tick(0), "clearing is no raising");
    cr_assert(comes("cleared\n"), "%s", text);
    wait_for_all();
    cr_assert(comes("raised\ncleared\n") && strlen(text) == strlen("raised\ncleared\n"), "%s",
              text);
}

Test(alert_command, nobody_is_told_of_what_is_silenced)
{
    begin("echo $GOMON_STATE $GOMON_TEXT >>$OUT");
    cr_assert(alerts_silence(&alerts, LINT_TASK_GROWTH, 1, true), "no room");
    model.mono_ns += NS_PER_S;
    raise_alert(1);
    cr_assert_not(tick(0), "the bell rings when it is raised");
    cr_assert(running() == 0 && c.nleft_out == 0, "%d run, %u left out", running(), c.nleft_out);
    model.mono_ns += NS_PER_S;
    alerts_clear(&alerts, LINT_TASK_GROWTH, 1, model.mono_ns);
    cr_assert_not(tick(0), "the bell rings when it is cleared");
    cr_assert(running() == 0 && c.nleft_out == 0, "%d run, %u left out", running(), c.nleft_out);
    alerts_silence(&alerts, LINT_TASK_GROWTH, 1, false);
    model.mono_ns += NS_PER_S;
    raise_alert(1);
    cr_assert(tick(0), "it is not heard again");
    cr_assert(comes("raised tasks grow\n"), "%s", text);
}

/* Raises an alert that nobody hears. */
static void raise_silently(uint64_t key)
{
    cr_assert(alerts_silence(&alerts, LINT_TASK_GROWTH, key, true), "no room");
    model.mono_ns += NS_PER_S;
    raise_alert(key);
    tick(0);
    tick(NS_PER_S);
    cr_assert(running() == 0 && c.nleft_out == 0, "%d run, %u left out", running(), c.nleft_out);
}

Test(alert_command, what_is_heard_again_while_it_stands_is_told_as_raised)
{
    begin("echo $GOMON_STATE >>$OUT");
    raise_silently(1);
    alerts_silence(&alerts, LINT_TASK_GROWTH, 1, false);
    cr_assert(tick(NS_PER_S), "the bell does not ring");
    cr_assert(comes("raised\n"), "%s", text);
    cr_assert_not(tick(NS_PER_S), "it is told twice");
    model.mono_ns += NS_PER_S;
    alerts_clear(&alerts, LINT_TASK_GROWTH, 1, model.mono_ns);
    cr_assert_not(tick(0), "the bell rings when it is cleared");
    cr_assert(comes("raised\ncleared\n"), "%s", text);
    wait_for_all();
}

Test(alert_command, what_was_told_before_it_was_silenced_is_not_told_again)
{
    begin("echo $GOMON_STATE >>$OUT");
    model.mono_ns += NS_PER_S;
    raise_alert(1);
    tick(0);
    cr_assert(comes("raised\n"), "%s", text);
    alerts_silence(&alerts, LINT_TASK_GROWTH, 1, true);
    tick(NS_PER_S);
    alerts_silence(&alerts, LINT_TASK_GROWTH, 1, false);
    cr_assert_not(tick(NS_PER_S), "it is told as new");
    model.mono_ns += NS_PER_S;
    alerts_clear(&alerts, LINT_TASK_GROWTH, 1, model.mono_ns);
    tick(0);
    cr_assert(comes("raised\ncleared\n"), "%s", text);
    wait_for_all();
}

Test(alert_command, what_is_over_when_it_is_heard_again_is_not_told)
{
    begin("echo $GOMON_STATE >>$OUT");
    raise_silently(1);
    model.mono_ns += NS_PER_S;
    alerts_silence(&alerts, LINT_TASK_GROWTH, 1, false);
    alerts_clear(&alerts, LINT_TASK_GROWTH, 1, model.mono_ns);
    cr_assert_not(tick(0), "the bell rings");
    cr_assert(running() == 0 && c.nleft_out == 0, "%d run, %u left out", running(), c.nleft_out);
}

Test(alert_command, what_was_silent_and_is_raised_once_more_is_another_one)
{
    begin("echo $GOMON_STATE >>$OUT");
    raise_silently(1);
    model.mono_ns += NS_PER_S;
    alerts_clear(&alerts, LINT_TASK_GROWTH, 1, model.mono_ns);
    tick(0);
    cr_assert_eq(c.unheard.n, 0, "%u are remembered", c.unheard.n);
    alerts_silence(&alerts, LINT_TASK_GROWTH, 1, false);
    cr_assert_not(tick(NS_PER_S), "the first one is told");
    model.mono_ns += NS_PER_S;
    raise_alert(1);
    cr_assert(tick(0), "the second one is not told");
    cr_assert(comes("raised\n"), "%s", text);
    wait_for_all();
}

Test(alert_command, what_is_raised_with_the_first_sample_is_told)
{
    alert_command_init(&c, "echo told >$OUT");
    raise_alert(1);
    cr_assert(tick(0), "nothing was raised");
    cr_assert(comes("told"), "%s", text);
}

Test(alert_command, few_run_at_once_and_the_next_is_told_how_many_were_left_out)
{
    begin("echo left $GOMON_LEFT_OUT >>$OUT; kill -STOP $$");
    model.mono_ns += NS_PER_S;
    for (uint64_t key = 1; key <= 10; key++)
        raise_alert(key);
    tick(0);
    cr_assert_eq(running(), ALERT_COMMANDS_MAX, "%d run", running());
    cr_assert_eq(c.nleft_out, 10 - ALERT_COMMANDS_MAX, "%u left out", c.nleft_out);
    model.mono_ns += 100 * NS_PER_S;
    raise_alert(11);
    tick(0); /* there is credit, but those that were started do not end */
    cr_assert_eq(c.nleft_out, 11 - ALERT_COMMANDS_MAX, "%u left out", c.nleft_out);
    for (int i = 0; i < ALERT_COMMANDS_MAX; i++)
        kill(c.running[i], SIGKILL);
    wait_for_all();
    model.mono_ns += NS_PER_S;
    raise_alert(12);
    tick(0);
    cr_assert(comes("left 7\n"), "%s", text);
    kill(c.running[0], SIGKILL);
    wait_for_all();
}

Test(alert_command, after_a_burst_one_starts_in_fifteen_seconds)
{
    begin("echo run >>$OUT");
    for (uint64_t key = 1; key <= 20; key++) {
        model.mono_ns += NS_PER_S;
        raise_alert(key);
        tick(0);
        wait_for_all();
    }
    cr_assert_eq(c.nleft_out < 16 && c.nleft_out > 0, 1, "%u left out", c.nleft_out);
    cr_assert(comes("run\nrun\nrun\nrun\nrun\n"), "%s", text);
    cr_assert_eq(strlen(text), 5 * strlen("run\n"), "in 20 s: %s", text);
}

Test(alert_command, none_is_run_if_none_is_wanted_but_the_bell_may_ring)
{
    alert_command_init(&c, NULL);
    raise_alert(1);
    cr_assert(tick(0), "nothing was raised");
    alert_command_init(&c, "");
    cr_assert(tick(0), "nothing was raised");
    cr_assert(running() == 0 && c.nleft_out == 0, "%d run", running());
}

Test(alert_command, a_shell_that_cannot_write_is_no_concern_of_ours)
{
    begin("yes; false; echo >/dev/null");
    model.mono_ns += NS_PER_S;
    raise_alert(1);
    tick(0);
    cr_assert_eq(running(), 1, "%d run", running());
    kill(-c.running[0], SIGKILL); /* its own group: yes has no end */
    wait_for_all();
}
