/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/incident.h"
#include "mon/monitor_parts.h"
#include "mon/options.h"
#include "mon/procstat.h"
#include "mon/spill.h"
#include "tests/support/fakepage.h"
#include "tests/support/sleeper.h"

#define S           NS_PER_S
#define BEFORE_S    400
#define DEADLINE_NS (60 * S)

/* The clocks are the real ones: the child of an incident reads them. */
static struct {
    struct fakepage page;
    struct target target;
    struct monitor *monitor;
    struct options options;
    struct incident incident;
    char folder[40];
    char dir[64];
    char file[400]; /* the last that was found */
} t = {.folder = "/tmp/gomon-test-incident.XXXXXX"};

static void fill_page(int64_t now_ns)
{
    for (int64_t i = -BEFORE_S; i < 0; i++) {
        t.page.value[METRIC_HEAP_ALLOC] = (uint64_t)(BEFORE_S + i + 1);
        fakepage_second(&t.page, now_ns + i * S);
    }
    fakepage_publish(&t.page, now_ns);
}

static void setup(void)
{
    struct monitor_failure failure;
    struct procstat stat;
    int64_t now_ns = clock_mono_ns();

    cr_assert_not_null(mkdtemp(t.folder), "no folder");
    snprintf(t.dir, sizeof t.dir, "%s/incidents", t.folder);
    fakepage_init(&t.page, &(struct fakepage_options){.name = "fake",
                                                      .nprocs = 2,
                                                      .task_rows = 10,
                                                      .mono_ns = now_ns - BEFORE_S * S,
                                                      .real_ns = clock_real_ns() - BEFORE_S * S});
    t.target = (struct target){.pid = fork_sleeper(), .uid = getuid(), .live = true};
    cr_assert(procstat_read(t.target.pid, &stat), "no child");
    t.target.start_ticks = stat.start_ticks;
    t.page.header->pid = t.target.pid;
    t.page.header->start_ticks = stat.start_ticks;
    fill_page(now_ns);
    options_init(&t.options);
    t.options.incident_dir = t.dir;
    t.options.read_only = true;
    t.monitor = monitor_new(&t.target, &(struct monitor_options){0}, &failure);
    cr_assert_not_null(t.monitor, "%s", failure.text);
    incident_init(&t.incident, &t.options);
}

static void teardown(void)
{
    char command[96];

    incident_fini(&t.incident);
    monitor_free(t.monitor);
    kill(t.target.pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    fakepage_fini(&t.page);
    snprintf(command, sizeof command, "rm -rf %s", t.folder);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(incident, .init = setup, .fini = teardown, .timeout = 120);

/* The target publishes at the same time: no alert comes of itself, however slow the test is. */
static int64_t sample(void)
{
    int64_t mono_ns = clock_mono_ns();

    fakepage_publish(&t.page, mono_ns);
    monitor_tick(t.monitor, mono_ns, clock_real_ns());
    return mono_ns;
}

static enum incident_news tick(void)
{
    sample();
    return incident_tick(&t.incident, t.monitor);
}

/* As a lint does it: after the tick, and before incidents look. */
static enum incident_news tick_with_alert(enum alert_lint lint)
{
    int64_t mono_ns = sample();
    struct alert *a;

    a = alerts_raise(&t.monitor->alerts, lint, 7, mono_ns, clock_real_ns());
    a->severity = ALERT_CRITICAL;
    snprintf(a->text, sizeof a->text, "something is wrong");
    return incident_tick(&t.incident, t.monitor);
}

static enum incident_news wait_for_news(void)
{
    int64_t end_ns = clock_mono_ns() + DEADLINE_NS;
    enum incident_news news = INCIDENT_NO_NEWS;

    while (news == INCIDENT_NO_NEWS && clock_mono_ns() < end_ns) {
        poll(NULL, 0, 10);
        news = tick();
    }
    return news;
}

/* Until no child of that kind runs any more. */
static bool is_over(enum incident_kind kind)
{
    int64_t end_ns = clock_mono_ns() + DEADLINE_NS;

    while (t.incident.child[kind].pid != 0 && clock_mono_ns() < end_ns) {
        poll(NULL, 0, 10);
        tick();
    }
    return t.incident.child[kind].pid == 0;
}

/* How many files there are whose name ends like that. */
static int count_files(const char *end)
{
    DIR *d = opendir(t.dir);
    int n = 0;

    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        size_t bytes = strlen(e->d_name);

        if (bytes < strlen(end) || strcmp(e->d_name + bytes - strlen(end), end) != 0)
            continue;
        snprintf(t.file, sizeof t.file, "%s/%s", t.dir, e->d_name);
        n++;
    }
    if (d != NULL)
        closedir(d);
    return n;
}

static int64_t query(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    int64_t n = -1;

    cr_assert_eq(sqlite3_open_v2(t.file, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK, "%s", t.file);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    if (sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

/* Where the alert of LINT is recorded, as the model has it; "" for nowhere. */
static const char *path_of(enum alert_lint lint)
{
    static char path[INCIDENT_PATH_BYTES];
    const struct model *m = monitor_model(t.monitor);

    path[0] = '\0';
    for (uint32_t i = 0; i < m->alerts->n && path[0] == '\0'; i++)
        if (m->alerts->alert[i].lint == lint &&
            !incident_notes_path(m->incidents, &m->alerts->alert[i], path))
            path[0] = '\0';
    return path;
}

static const char *words_of(enum alert_lint lint)
{
    static char words[INCIDENT_WORDS_BYTES];
    const struct model *m = monitor_model(t.monitor);

    for (uint32_t i = 0; i < m->alerts->n; i++)
        if (m->alerts->alert[i].lint == lint &&
            incident_notes_words(m->incidents, &m->alerts->alert[i], words))
            return words;
    return "";
}

Test(incident, where_it_will_be_is_known_at_once)
{
    char promised[INCIDENT_PATH_BYTES];

    tick_with_alert(LINT_DEADLOCK);
    snprintf(promised, sizeof promised, "%s", path_of(LINT_DEADLOCK));
    cr_assert_str_eq(words_of(LINT_DEADLOCK) + strlen("to be recorded to "), promised, "%s",
                     words_of(LINT_DEADLOCK));
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    cr_assert_eq(count_files("-deadlock.gmr"), 1, "%s", t.incident.text);
    cr_assert_str_eq(promised, t.file, "%s, not %s", promised, t.file);
    cr_assert_str_eq(path_of(LINT_DEADLOCK), t.file, "%s", path_of(LINT_DEADLOCK));
    cr_assert_eq(strncmp(words_of(LINT_DEADLOCK), "recorded to /", 13), 0, "%s",
                 words_of(LINT_DEADLOCK));
    tick_with_alert(LINT_STALE);
    cr_assert_str_eq(path_of(LINT_STALE), t.file, "%s", path_of(LINT_STALE));
}

Test(incident, news_are_of_the_target_that_was_recorded)
{
    pid_t pid = t.monitor->model.target.pid;

    tick_with_alert(LINT_DEADLOCK);
    t.monitor->model.target.pid++; /* as of a successor, which is followed */
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    cr_assert_eq(t.incident.of.pid, pid, "of %d", (int)t.incident.of.pid);
    cr_assert_str_eq(t.incident.of.name, "fake", "of \"%s\"", t.incident.of.name);
    t.monitor->model.target.pid = pid;
}

Test(incident, where_the_same_alert_was_recorded_is_known_the_next_time)
{
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    cr_assert_eq(count_files("-deadlock.gmr"), 1, "%s", t.incident.text);
    kill(t.incident.child[INCIDENT_OF_ALERT].pid, SIGTERM);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    alerts_clear(&t.monitor->alerts, LINT_DEADLOCK, 7, clock_mono_ns());
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_str_eq(path_of(LINT_DEADLOCK), t.file, "%s", path_of(LINT_DEADLOCK));
    cr_assert_not_null(strstr(words_of(LINT_DEADLOCK), "an hour before"), "%s",
                       words_of(LINT_DEADLOCK));
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    cr_assert_str_eq(path_of(LINT_DEADLOCK), t.file, "%s", path_of(LINT_DEADLOCK));
}

Test(incident, what_is_raised_with_one_that_was_told_is_in_no_recording)
{
    int64_t mono_ns;

    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    kill(t.incident.child[INCIDENT_OF_ALERT].pid, SIGTERM);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    alerts_clear(&t.monitor->alerts, LINT_DEADLOCK, 7, clock_mono_ns());
    mono_ns = sample();
    alerts_raise(&t.monitor->alerts, LINT_DEADLOCK, 7, mono_ns, clock_real_ns())->severity =
        ALERT_CRITICAL;
    alerts_raise(&t.monitor->alerts, LINT_STALE, 7, mono_ns, clock_real_ns());
    incident_tick(&t.incident, t.monitor);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    cr_assert_str_not_empty(path_of(LINT_DEADLOCK), "%s", words_of(LINT_DEADLOCK));
    cr_assert_str_empty(path_of(LINT_STALE), "%s", path_of(LINT_STALE));
    cr_assert_not_null(strstr(words_of(LINT_STALE), "it came with"), "%s", words_of(LINT_STALE));
}

Test(incident, what_another_gomon_recorded_is_found)
{
    struct incident other;

    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    cr_assert_eq(count_files("-deadlock.gmr"), 1, "%s", t.incident.text);
    other = t.incident;
    incident_init(&t.incident, &t.options);
    alerts_clear(&t.monitor->alerts, LINT_DEADLOCK, 7, clock_mono_ns());
    tick_with_alert(LINT_DEADLOCK);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    cr_assert_str_eq(path_of(LINT_DEADLOCK), t.file, "%s", path_of(LINT_DEADLOCK));
    incident_fini(&other);
}

Test(incident, a_recording_that_made_room_is_told_to_be_gone)
{
    char first[sizeof t.file];

    t.options.incidents = 1;
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    cr_assert_eq(count_files("-deadlock.gmr"), 1, "%s", t.incident.text);
    snprintf(first, sizeof first, "%s", t.file);
    kill(t.incident.child[INCIDENT_OF_ALERT].pid, SIGTERM);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    while (t.monitor->model.real_ns / S == clock_real_ns() / S) /* names have seconds */
        poll(NULL, 0, 10);
    tick_with_alert(LINT_STALE);
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    cr_assert_neq(access(first, F_OK), 0, "%s is still there", first);
    cr_assert_str_empty(path_of(LINT_DEADLOCK), "%s", path_of(LINT_DEADLOCK));
    cr_assert_not_null(strstr(words_of(LINT_DEADLOCK), "made room"), "%s", words_of(LINT_DEADLOCK));
    cr_assert_str_not_empty(path_of(LINT_STALE), "%s", words_of(LINT_STALE));
}

Test(incident, why_one_is_not_recorded_is_known_too)
{
    t.options.incident_bytes = INT64_MAX / 8;
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_FAILED, "%s", t.incident.text);
    cr_assert_str_empty(path_of(LINT_DEADLOCK), "%s", path_of(LINT_DEADLOCK));
    cr_assert_not_null(strstr(words_of(LINT_DEADLOCK), "are free there"), "%s",
                       words_of(LINT_DEADLOCK));
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");

    t.incident.credit_ns = 0;
    tick_with_alert(LINT_STALE);
    cr_assert_str_empty(path_of(LINT_STALE), "%s", path_of(LINT_STALE));
    cr_assert_not_null(strstr(words_of(LINT_STALE), "ten minutes"), "%s", words_of(LINT_STALE));

    t.options.incidents = 0;
    tick_with_alert(LINT_TASK_GROWTH);
    cr_assert_str_empty(words_of(LINT_TASK_GROWTH), "%s", words_of(LINT_TASK_GROWTH));
}

Test(incident, a_child_that_is_killed_before_it_says_a_word_has_not_recorded)
{
    t.incident.child[INCIDENT_OF_ALERT].pid = fork_sleeper();
    t.incident.child[INCIDENT_OF_ALERT].fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    t.incident.fate = (struct incident_fate){1, INCIDENT_COMES, "one.gmr"};
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_str_eq(path_of(LINT_DEADLOCK), "/one.gmr", "%s", path_of(LINT_DEADLOCK));
    kill(t.incident.child[INCIDENT_OF_ALERT].pid, SIGKILL);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    cr_assert_str_empty(path_of(LINT_DEADLOCK), "%s", path_of(LINT_DEADLOCK));
    cr_assert_not_null(strstr(words_of(LINT_DEADLOCK), "has ended"), "%s", words_of(LINT_DEADLOCK));
}

Test(incident, an_alert_is_recorded_with_five_minutes_before)
{
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    cr_assert_eq(count_files("-deadlock.gmr"), 1, "%s", t.incident.text);
    cr_assert_not_null(strstr(t.incident.text, t.file), "%s", t.incident.text);
    kill(t.incident.child[INCIDENT_OF_ALERT].pid, SIGTERM);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");

    cr_assert_eq(count_files(""), 3, "something lies beside it"); /* with . and .. */
    cr_assert_eq(count_files(".gmr"), 1, "no file");
    cr_assert_eq(query("SELECT max(mono_ns) - min(mono_ns) BETWEEN 298e9 AND 400e9 FROM samples"),
                 1, "%" PRId64, query("SELECT max(mono_ns) - min(mono_ns) FROM samples"));
    /* Until the child began, nothing went into the page's history. */
    cr_assert_geq(query("SELECT count(*) FROM samples WHERE heap_alloc > 0"), 150, "%" PRId64,
                  query("SELECT count(*) FROM samples"));
    cr_assert_eq(query("SELECT count(*) FROM alerts WHERE lint = 'deadlock' AND text = "
                       "'something is wrong'"),
                 1, "no alert");
    cr_assert_eq(query("SELECT count(*) FROM target WHERE key = 'cause' AND value = "
                       "'alert deadlock'"),
                 1, "no cause");
    cr_assert_eq(query("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'delete'"), 1,
                 "it is not whole");
}

Test(incident, what_is_raised_meanwhile_goes_into_the_same_file)
{
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    pid_t pid = t.incident.child[INCIDENT_OF_ALERT].pid;
    tick_with_alert(LINT_STALE);
    tick();
    cr_assert_eq(t.incident.child[INCIDENT_OF_ALERT].pid, pid, "another child");
    cr_assert_eq(count_files(".gmr"), 1, "another file");
}

Test(incident, an_alert_that_was_told_makes_no_other_file)
{
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    kill(t.incident.child[INCIDENT_OF_ALERT].pid, SIGTERM);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    int64_t credit_ns = t.incident.credit_ns;
    alerts_clear(&t.monitor->alerts, LINT_DEADLOCK, 7, clock_mono_ns());
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_neq(t.incident.child[INCIDENT_OF_ALERT].pid, 0, "nothing was tried");
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");

    cr_assert_eq(count_files(".gmr"), 1, "another file");
    cr_assert_geq(t.incident.credit_ns, credit_ns, "it has cost something");
}

Test(incident, after_a_few_there_is_a_pause)
{
    t.incident.credit_ns = INCIDENT_EACH_NS;
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_neq(t.incident.child[INCIDENT_OF_ALERT].pid, 0, "the last one is not begun");
    kill(t.incident.child[INCIDENT_OF_ALERT].pid, SIGKILL);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    tick_with_alert(LINT_STALE);
    cr_assert_eq(t.incident.child[INCIDENT_OF_ALERT].pid, 0, "one more");
}

Test(incident, nothing_is_recorded_if_it_is_turned_off_or_one_look)
{
    t.options.incidents = 0;
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(t.incident.child[INCIDENT_OF_ALERT].pid, 0, "it is turned off");
    t.options.incidents = 5;
    t.options.once = true;
    tick_with_alert(LINT_STALE);
    cr_assert_eq(t.incident.child[INCIDENT_OF_ALERT].pid, 0, "it is one look");
    t.options.once = false;
    tick();
    cr_assert_eq(t.incident.child[INCIDENT_OF_ALERT].pid, 0, "what was raised before");
}

Test(incident, that_it_cannot_be_written_is_told_once)
{
    t.options.incident_dir = "/proc/nowhere";
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_FAILED, "%s", t.incident.text);
    cr_assert_not_null(strstr(t.incident.text, "/proc/nowhere"), "%s", t.incident.text);
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    t.incident.text[0] = '\0';
    tick_with_alert(LINT_STALE);
    cr_assert_neq(t.incident.child[INCIDENT_OF_ALERT].pid, 0, "nothing was tried");
    cr_assert(is_over(INCIDENT_OF_ALERT), "it does not end");
    cr_assert_str_empty(t.incident.text, "told again: %s", t.incident.text);
}

Test(incident, a_report_has_all_of_the_past_and_is_soon_over)
{
    tick();
    cr_assert(incident_ask(&t.incident, t.monitor), "not begun");
    cr_assert_not(incident_ask(&t.incident, t.monitor), "two at once");
    cr_assert_eq(wait_for_news(), INCIDENT_BEGUN, "%s", t.incident.text);
    cr_assert(is_over(INCIDENT_ASKED), "it does not end");

    cr_assert_eq(count_files(".gmr"), 1, "no file");
    cr_assert_not_null(strstr(t.file, "/report-"), "%s", t.file);
    cr_assert_geq(query("SELECT count(*) FROM samples"), BEFORE_S - 2, "%" PRId64,
                  query("SELECT count(*) FROM samples"));
    cr_assert_eq(query("SELECT count(*) FROM target WHERE key = 'cause' AND value = 'asked for'"),
                 1, "no cause");
}

Test(incident, a_full_disk_is_told_and_leaves_nothing_useless)
{
    cr_assert_eq(mkdir(t.dir, 0700), 0, "%s", t.dir);
    t.options.incident_bytes = INT64_MAX / 8;
    tick_with_alert(LINT_DEADLOCK);
    cr_assert_eq(wait_for_news(), INCIDENT_FAILED, "%s", t.incident.text);
    cr_assert_not_null(strstr(t.incident.text, "are free there"), "%s", t.incident.text);
    cr_assert_eq(count_files(".gmr"), 0, "%s", t.file);
}

/* ---- what child and parent share ---- */

Test(incident_part, what_a_child_writes_to_spilled_memory_is_its_own)
{
    const size_t bytes = 100000;
    char *memory = spill_new(bytes);
    int *good = mmap(NULL, sizeof *good, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = -1;

    memset(memory, 'a', bytes);
    pid_t pid = fork();
    if (pid == 0) {
        *good = spill_part(memory, bytes) && memory[0] == 'a' && memory[bytes - 1] == 'a';
        memset(memory, 'b', bytes);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    cr_assert(status == 0 && *good, "status %d, good %d", status, *good);
    for (size_t i = 0; i < bytes; i++)
        cr_assert_eq(memory[i], 'a', "byte %zu", i);
    spill_free(memory, bytes);
}
