/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/incident.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/child.h"
#include "mon/incident_file.h"
#include "mon/monitor.h"
#include "mon/options.h"
#include "mon/report.h"

#define ASKED_NS   NS_PER_S /* as of gomon --report */
#define NICE       5
#define MANY_TASKS 100000 /* so many are read from outside, unless somebody asked */

/* How a packet of the child begins: a path follows, or why not; of SAYS_OLDEST a name. */
enum { SAYS_BEGUN = 'B', SAYS_FAILED = 'F', SAYS_KNOWN = 'K', SAYS_OLDEST = 'O' };

/* ---- what both spell alike ---- */

static struct incident_folder folder_of(const struct options *o)
{
    return (struct incident_folder){.path = o->incident_dir,
                                    .keep = o->incidents,
                                    .most_bytes = o->incident_bytes,
                                    .state = getenv("XDG_STATE_HOME"),
                                    .home = getenv("HOME")};
}

static struct incident_what what_of(const struct model *m, const struct alert *alert)
{
    return (struct incident_what){.lint = alert != NULL ? alert_lint_name(alert->lint) : NULL,
                                  .name = m->target.name,
                                  .pid = m->target.pid,
                                  .real_ns = m->real_ns};
}

/* ---- in the child ---- */

static pid_t gomon_pid;
static volatile sig_atomic_t was_told;

static void on_signal(int number)
{
    (void)number;
    was_told = 1;
}

static bool must_end(void)
{
    return was_told != 0 || getppid() != gomon_pid;
}

/* The terminal and the output are the parent's: a reader of it must not wait for this one too. The
 * keys of the terminal are for the parent alone. */
static void detach(void)
{
    struct sigaction end = {.sa_handler = on_signal};
    sigset_t none;

    child_drop_standard_files();
    setsid();
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigaction(SIGTERM, &end, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(077);
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE);
}

struct job {
    const struct options *options;
    struct monitor *monitor;
    const struct alert *alert; /* NULL: it was asked for */
    int out;                   /* where the news go */
};

/* One packet. If nobody is there to take it, that is seen elsewhere. */
static void say(const struct job *j, char mark, const char *text)
{
    char line[INCIDENT_TEXT_BYTES];

    snprintf(line, sizeof line, "%c%s", mark, text);
    send(j->out, line, strlen(line), MSG_NOSIGNAL);
}

/* How the stacks are had: of very many tasks the target is not asked for the sake of an alert. */
static enum dumpjob_way way_of(const struct job *j)
{
    const struct snapshot *s = monitor_model_now(j->monitor)->snapshot;
    uint64_t tasks = 0;

    if (j->options->read_only)
        return DUMPJOB_PEEK;
    snapshot_value(s, MON_TASKS, &tasks);
    return j->alert != NULL && tasks > MANY_TASKS ? DUMPJOB_PEEK : DUMPJOB_ASK_OR_PEEK;
}

static bool make_file(const struct job *j, char path[static INCIDENT_PATH_BYTES])
{
    struct incident_folder folder = folder_of(j->options);
    struct incident_what what = what_of(monitor_model_now(j->monitor), j->alert);
    char why[INCIDENT_WHY_BYTES];
    char oldest[INCIDENT_NAME_BYTES];
    enum incident_verdict verdict = incident_file_make(&folder, &what, path, why);

    incident_file_oldest(&folder, oldest);
    say(j, SAYS_OLDEST, oldest);
    if (verdict == INCIDENT_REFUSED)
        say(j, SAYS_FAILED, why);
    if (verdict == INCIDENT_TOLD)
        say(j, SAYS_KNOWN, path);
    return verdict == INCIDENT_READY;
}

static bool begin_recording(const struct job *j, const char *path,
                            char why[static RECORDER_WHY_BYTES])
{
    struct monitor_options how = {.record = MONITOR_RECORDS_FILE,
                                  .recorder = {.path = path,
                                               .max_bytes = j->options->incident_bytes,
                                               .past_ns = j->alert != NULL ? INCIDENT_BEFORE_NS : 0,
                                               .is_whole = true}};

    return monitor_part(j->monitor) && monitor_record(j->monitor, &how, why);
}

/* A file that holds nothing but its beginning is of no use. */
static void give_up(const struct job *j, const char *path, const char *why)
{
    char text[INCIDENT_PATH_BYTES + RECORDER_WHY_BYTES];
    struct stat st;

    if (stat(path, &st) == 0 && st.st_size == 0)
        incident_file_remove(path);
    snprintf(text, sizeof text, "%s: %s", path, why);
    say(j, SAYS_FAILED, text);
}

static void record(const struct job *j)
{
    char path[INCIDENT_PATH_BYTES];
    char cause[64] = "asked for";
    char why[RECORDER_WHY_BYTES] = "out of memory";
    struct report report = {.monitor = j->monitor,
                            .options = j->options,
                            .cause = cause,
                            .way = way_of(j),
                            .after_ns = j->alert != NULL ? INCIDENT_AFTER_NS : ASKED_NS,
                            .must_end = must_end};

    if (!make_file(j, path))
        return;
    if (j->alert != NULL)
        snprintf(cause, sizeof cause, "alert %s", alert_lint_name(j->alert->lint));
    if (!begin_recording(j, path, why)) {
        give_up(j, path, why);
        return;
    }
    say(j, SAYS_BEGUN, path);
    bool good = report_run(&report, why);
    monitor_record_end(j->monitor);
    if (!good)
        give_up(j, path, why);
}

/* ---- in gomon ---- */

void incident_init(struct incident *in, const struct options *options)
{
    *in = (struct incident){.options = options,
                            .credit_ns = INCIDENT_BURST * INCIDENT_EACH_NS,
                            .child = {{.fd = -1}, {.fd = -1}}};
}

void incident_fini(struct incident *in)
{
    for (int i = 0; i < INCIDENT_KINDS; i++) {
        struct incident_child *c = &in->child[i];

        if (c->pid == 0)
            continue;
        kill(c->pid, SIGTERM);
        close(c->fd);
        waitpid(c->pid, NULL, WNOHANG);
        *c = (struct incident_child){.fd = -1};
    }
}

static bool start(struct incident *in, enum incident_kind kind, struct monitor *monitor,
                  const struct alert *alert)
{
    struct incident_child *c = &in->child[kind];
    const struct model *m = monitor_model_now(monitor);
    struct job job = {.options = in->options, .monitor = monitor, .alert = alert};
    int fd[2];

    if (c->pid != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
        return false;
    gomon_pid = getpid();
    c->pid = fork();
    if (c->pid == 0) {
        job.out = fd[1];
        detach();
        record(&job);
        _exit(0);
    }
    close(fd[1]);
    if (c->pid < 0) {
        close(fd[0]);
        c->pid = 0;
        return false;
    }
    c->fd = fd[0];
    c->of.pid = m->target.pid;
    snprintf(c->of.name, sizeof c->of.name, "%s", m->target.name);
    return true;
}

static void set_fate(struct incident *in, enum incident_state state, const char *text)
{
    in->fate.state = state;
    snprintf(in->fate.text, sizeof in->fate.text, "%.*s", INCIDENT_NAME_BYTES - 1, text);
    incident_notes_change(&in->notes, &in->fate);
}

/* What the child told of an alert, for who looks at it. */
static void note_line(struct incident *in, const char *line)
{
    const char *slash = strrchr(line, '/');

    if (line[0] == SAYS_FAILED)
        set_fate(in, INCIDENT_NOT, line + 1);
    else if (slash != NULL)
        set_fate(in, line[0] == SAYS_KNOWN ? INCIDENT_EARLIER : INCIDENT_RECORDED, slash + 1);
}

/* What the child told, if it is worth telling on. */
static enum incident_news take_line(struct incident *in, enum incident_kind kind, const char *line)
{
    const char *what = kind == INCIDENT_ASKED ? "the report" : "the alert";
    bool was_failing = in->is_failing && kind == INCIDENT_OF_ALERT;

    if (line[0] == SAYS_OLDEST) {
        incident_notes_drop(&in->notes, line + 1);
        return INCIDENT_NO_NEWS;
    }
    if (kind == INCIDENT_OF_ALERT)
        note_line(in, line);
    if (line[0] == SAYS_KNOWN) { /* it has cost nothing */
        in->credit_ns += INCIDENT_EACH_NS;
        return INCIDENT_NO_NEWS;
    }
    if (kind == INCIDENT_OF_ALERT)
        in->is_failing = line[0] == SAYS_FAILED;
    if (line[0] == SAYS_BEGUN) {
        snprintf(in->text, sizeof in->text, "%s is recorded to %.1300s", what, line + 1);
        return INCIDENT_BEGUN;
    }
    if (was_failing)
        return INCIDENT_NO_NEWS;
    snprintf(in->text, sizeof in->text, "%s is not recorded: %.1300s", what, line + 1);
    return INCIDENT_FAILED;
}

static enum incident_news listen_to(struct incident *in, enum incident_kind kind)
{
    struct incident_child *c = &in->child[kind];
    enum incident_news news = INCIDENT_NO_NEWS;
    char line[INCIDENT_TEXT_BYTES];
    ssize_t n = 1;

    if (c->pid == 0)
        return INCIDENT_NO_NEWS;
    while (news == INCIDENT_NO_NEWS && n > 0) {
        n = recv(c->fd, line, sizeof line - 1, MSG_DONTWAIT);
        line[n > 0 ? n : 0] = '\0';
        if (n > 0)
            news = take_line(in, kind, line);
    }
    if (n > 0) {
        in->of = c->of;
        return news;
    }
    if ((n < 0 && (errno == EAGAIN || errno == EINTR)) || waitpid(c->pid, NULL, WNOHANG) == 0)
        return INCIDENT_NO_NEWS; /* if it is about to end, it is gone by the next tick */
    close(c->fd);
    *c = (struct incident_child){.fd = -1};
    if (kind == INCIDENT_OF_ALERT && in->fate.state == INCIDENT_COMES)
        set_fate(in, INCIDENT_NOT, "the process that was to do it has ended");
    return INCIDENT_NO_NEWS;
}

static void save_up(struct incident *in, int64_t mono_ns)
{
    const int64_t most_ns = INCIDENT_BURST * INCIDENT_EACH_NS;
    int64_t passed_ns = in->last_ns == 0 ? 0 : mono_ns - in->last_ns;

    in->credit_ns += passed_ns < most_ns ? passed_ns : most_ns;
    if (in->credit_ns > most_ns)
        in->credit_ns = most_ns;
    in->last_ns = mono_ns;
}

/* The worst alert that has been raised since the last tick, or NULL. */
static const struct alert *new_alert(const struct incident *in, const struct alerts *alerts)
{
    const struct alert *worst = NULL;

    for (uint32_t i = 0; i < alerts->nstanding; i++) {
        const struct alert *a = &alerts->alert[i];

        if (a->raised_ns > in->told_ns && (worst == NULL || a->severity > worst->severity))
            worst = a;
    }
    return worst;
}

/* Where the recording will be that is about to begin. It will not be made if there is one of the
 * last hour. */
static void promise(struct incident *in, const struct model *m, const struct alert *alert)
{
    struct incident_folder folder = folder_of(in->options);
    struct incident_what what = what_of(m, alert);
    const char *earlier = incident_notes_find(&in->notes, &what);
    char path[INCIDENT_PATH_BYTES];
    char *slash;

    in->fate.number++;
    if (earlier != NULL) {
        set_fate(in, INCIDENT_EARLIER, earlier);
    } else if (incident_file_path(&folder, &what, path)) {
        slash = strrchr(path, '/');
        set_fate(in, INCIDENT_COMES, slash + 1);
        *slash = '\0';
        snprintf(in->notes.folder, sizeof in->notes.folder, "%s", path);
    } else {
        set_fate(in, INCIDENT_NOT, "there is no folder for it");
    }
}

/* One is being written, begins, or does not. */
static void decide(struct incident *in, struct monitor *monitor, const struct alert *alert)
{
    if (in->child[INCIDENT_OF_ALERT].pid != 0)
        return;
    promise(in, monitor_model_now(monitor), alert);
    if (in->credit_ns >= INCIDENT_EACH_NS) {
        if (start(in, INCIDENT_OF_ALERT, monitor, alert))
            in->credit_ns -= INCIDENT_EACH_NS;
        else
            set_fate(in, INCIDENT_NOT, "no process can be had for it");
    } else if (in->fate.state != INCIDENT_EARLIER) {
        set_fate(in, INCIDENT_NOT, "after three in a row it is one each ten minutes");
    }
}

/* All that were raised since the last tick. */
static void note_alerts(struct incident *in, const struct alerts *alerts)
{
    for (uint32_t i = 0; i < alerts->nstanding; i++)
        if (alerts->alert[i].raised_ns > in->told_ns)
            incident_notes_add(&in->notes, &alerts->alert[i], &in->fate);
}

enum incident_news incident_tick(struct incident *in, struct monitor *monitor)
{
    const struct model *m = monitor_model_now(monitor);
    const struct options *o = in->options;
    const struct alert *alert;
    enum incident_news news = INCIDENT_NO_NEWS;

    for (int i = 0; i < INCIDENT_KINDS && news == INCIDENT_NO_NEWS; i++)
        news = listen_to(in, (enum incident_kind)i);
    save_up(in, m->mono_ns);
    alert = m->view.replay || o->once || o->incidents == 0 ? NULL : new_alert(in, m->alerts);
    if (alert != NULL) {
        decide(in, monitor, alert);
        note_alerts(in, m->alerts);
    }
    in->told_ns = m->mono_ns;
    monitor_set_incidents(monitor, &in->notes);
    return news;
}

bool incident_ask(struct incident *in, struct monitor *monitor)
{
    return start(in, INCIDENT_ASKED, monitor, NULL);
}
