/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/addrspace.h"
#include "mon/liveness.h"
#include "mon/procstat.h"
#include "tests/support/sleeper.h"

static struct source_facts facts;
static struct liveness_ask ask;
static struct target_status status;

static void setup(void)
{
    struct procstat stat;
    pid_t pid = fork_sleeper();

    cr_assert(procstat_read(pid, &stat), "no child");
    facts = (struct source_facts){.interval_ns = NS_PER_S, .heartbeat_ns = 100 * NS_PER_S};
    ask = (struct liveness_ask){.pid = pid,
                                .start_ticks = stat.start_ticks,
                                .pidfd = liveness_pidfd(pid),
                                .spacefd = addrspace_open(pid),
                                .facts = &facts};
    status = (struct target_status){0};
}

static void teardown(void)
{
    kill(ask.pid, SIGKILL);
    waitpid(ask.pid, NULL, 0);
}

TestSuite(liveness, .init = setup, .fini = teardown, .timeout = 20);

static void assert_state(int64_t mono_ns, enum target_state state)
{
    liveness_look(&ask, mono_ns, &status);
    cr_assert_eq(status.state, state, "state %s, not %s", target_state_name(status.state),
                 target_state_name(state));
}

Test(liveness, a_fresh_heartbeat_is_live)
{
    assert_state(101 * NS_PER_S, TARGET_LIVE);
    cr_assert_eq(status.heartbeat_age_ns, NS_PER_S, "age %" PRId64, status.heartbeat_age_ns);
}

Test(liveness, an_old_heartbeat_is_stalled_and_a_new_one_live_again)
{
    assert_state(101 * NS_PER_S, TARGET_LIVE);
    assert_state(104 * NS_PER_S, TARGET_STALLED);
    cr_assert_eq(status.since_ns, 104 * NS_PER_S, "since %" PRId64, status.since_ns);
    assert_state(105 * NS_PER_S, TARGET_STALLED);
    cr_assert_eq(status.since_ns, 104 * NS_PER_S, "since %" PRId64, status.since_ns);
    facts.heartbeat_ns = 106 * NS_PER_S;
    assert_state(106 * NS_PER_S, TARGET_LIVE);
}

Test(liveness, a_short_interval_is_not_late_before_two_seconds)
{
    facts.interval_ns = NS_PER_MS;
    assert_state(101 * NS_PER_S + 900 * NS_PER_MS, TARGET_LIVE);
    assert_state(102 * NS_PER_S + 100 * NS_PER_MS, TARGET_STALLED);
}

Test(liveness, a_stopped_process_is_stopped)
{
    kill(ask.pid, SIGSTOP);
    waitpid(ask.pid, NULL, WUNTRACED);
    assert_state(101 * NS_PER_S, TARGET_STOPPED);
    kill(ask.pid, SIGCONT);
    waitpid(ask.pid, NULL, WCONTINUED);
    assert_state(101 * NS_PER_S, TARGET_LIVE);
}

static void end_child(void)
{
    siginfo_t info;

    kill(ask.pid, SIGKILL);
    waitid(P_PID, (id_t)ask.pid, &info, WEXITED | WNOWAIT);
}

Test(liveness, a_zombie_has_ended)
{
    end_child();
    assert_state(101 * NS_PER_S, TARGET_KILLED);
}

Test(liveness, a_zombie_has_ended_without_a_pidfd_too)
{
    close(ask.pidfd);
    ask.pidfd = -1;
    end_child();
    assert_state(101 * NS_PER_S, TARGET_KILLED);
}

Test(liveness, how_it_ended_is_what_the_page_says)
{
    end_child();
    facts.said = SOURCE_SAID_EXITED;
    assert_state(101 * NS_PER_S, TARGET_EXITED);
    status = (struct target_status){0};
    facts.said = SOURCE_SAID_CRASHED;
    assert_state(101 * NS_PER_S, TARGET_CRASHED);
}

Test(liveness, another_process_of_that_pid_is_not_it)
{
    ask.start_ticks++;
    assert_state(101 * NS_PER_S, TARGET_KILLED);
}

/* ---- exec ---- */

/* In the place of the sleeper. */
static struct execer become_execer(void)
{
    struct execer e;
    struct procstat stat;

    teardown();
    e = fork_execer();
    cr_assert(procstat_read(e.pid, &stat), "no child");
    ask.pid = e.pid;
    ask.start_ticks = stat.start_ticks;
    ask.pidfd = liveness_pidfd(e.pid);
    ask.spacefd = addrspace_open(e.pid);
    return e;
}

Test(liveness, a_process_that_has_called_exec_is_replaced_once_its_heartbeat_is_late)
{
    struct execer e = become_execer();

    assert_state(104 * NS_PER_S, TARGET_STALLED);
    execer_exec(&e);
    assert_state(101 * NS_PER_S, TARGET_LIVE);
    assert_state(104 * NS_PER_S, TARGET_REPLACED);
    facts.heartbeat_ns = 105 * NS_PER_S;
    assert_state(105 * NS_PER_S, TARGET_REPLACED);
    cr_assert_eq(status.since_ns, 104 * NS_PER_S, "since %" PRId64, status.since_ns);
}

Test(liveness, a_process_that_holds_its_page_no_longer_is_replaced_at_once_if_it_has_called_exec)
{
    struct execer e = become_execer();

    facts.let_go = true;
    assert_state(101 * NS_PER_S, TARGET_LIVE); /* it has only closed its files */
    execer_exec(&e);
    assert_state(101 * NS_PER_S, TARGET_REPLACED);
}

Test(liveness, one_that_had_called_exec_before_is_replaced)
{
    ask = (struct liveness_ask){.replaced = true, .pidfd = -1, .spacefd = -1, .facts = &facts};
    assert_state(101 * NS_PER_S, TARGET_REPLACED);
}

Test(liveness, a_process_that_was_stopped_after_exec_is_replaced_all_the_same)
{
    struct execer e = become_execer();

    execer_exec(&e);
    kill(ask.pid, SIGSTOP);
    waitpid(ask.pid, NULL, WUNTRACED);
    assert_state(104 * NS_PER_S, TARGET_REPLACED);
}

Test(liveness, a_process_that_ended_after_exec_has_ended)
{
    struct execer e = become_execer();

    execer_exec(&e);
    end_child();
    assert_state(104 * NS_PER_S, TARGET_KILLED);
}

Test(liveness, an_address_space_that_is_gone_without_another_one_is_not_replaced)
{
    cr_assert_not(addrspace_is_replaced(ask.spacefd, ask.pid), "while it lives");
    end_child();
    cr_assert_not(addrspace_is_replaced(ask.spacefd, ask.pid), "as a zombie");
}

Test(liveness, without_its_address_space_it_is_stalled_after_exec)
{
    struct execer e = become_execer();

    ask.spacefd = -1;
    execer_exec(&e);
    assert_state(104 * NS_PER_S, TARGET_STALLED);
}

Test(liveness, the_end_is_final)
{
    end_child();
    assert_state(101 * NS_PER_S, TARGET_KILLED);
    facts.said = SOURCE_SAID_EXITED;
    assert_state(102 * NS_PER_S, TARGET_KILLED);
    cr_assert_eq(status.since_ns, 101 * NS_PER_S, "since %" PRId64, status.since_ns);
}
