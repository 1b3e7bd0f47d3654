/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/alert_command.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/check.h"
#include "mon/incident_note.h"

#define VARIABLES      16
#define VARIABLE_BYTES (INCIDENT_PATH_BYTES + 32)

void alert_command_init(struct alert_command *c, const char *command)
{
    *c = (struct alert_command){.command = command, .credit_ns = ALERT_BURST * ALERT_COMMAND_NS};
}

/* ---- what it is told ---- */

struct variables {
    unsigned n;
    char text[VARIABLES][VARIABLE_BYTES];
};

__attribute__((format(printf, 2, 3))) static void set(struct variables *v, const char *format, ...)
{
    va_list args;

    CHECK(v->n < VARIABLES);
    va_start(args, format);
    vsnprintf(v->text[v->n++], VARIABLE_BYTES, format, args);
    va_end(args);
}

static void set_trend(struct variables *v, const struct alert_trend *t)
{
    set(v, "GOMON_FROM=%.15g", t->from_value);
    set(v, "GOMON_TO=%.15g", t->to_value);
    set(v, "GOMON_PER_SECOND=%.15g", t->per_second);
    set(v, "GOMON_SECONDS=%.3f", (double)(t->to_ns - t->from_ns) / 1e9);
    set(v, "GOMON_P=%.3g", t->p);
}

static void fill(struct variables *v, const struct model *m, const struct alert *a,
                 uint32_t nleft_out)
{
    static const char *const severity[] = {"note", "warning", "critical"};
    const char *code = a->pc == 0 ? NULL : model_code_line(m, a->pc);
    char path[INCIDENT_PATH_BYTES];

    v->n = 0;
    set(v, "GOMON_ALERT=%s", alert_lint_name(a->lint));
    set(v, "GOMON_STATE=%s", a->cleared_ns == 0 ? "raised" : "cleared");
    set(v, "GOMON_SEVERITY=%s", severity[a->severity]);
    set(v, "GOMON_TEXT=%s", a->text);
    set(v, "GOMON_PID=%d", (int)m->target.pid);
    set(v, "GOMON_NAME=%s", m->target.name);
    set(v, "GOMON_SINCE=%" PRId64, a->raised_real_ns / 1000000000);
    set(v, "GOMON_LEFT_OUT=%" PRIu32, nleft_out);
    if (code != NULL)
        set(v, "GOMON_CODE=%s", code);
    if (incident_notes_path(m->incidents, a, path))
        set(v, "GOMON_INCIDENT=%s", path);
    if (a->has_trend)
        set_trend(v, &a->trend);
}

/* ---- running ---- */

/* The variables, then gomon's environment: the first of a name is the one that counts. NULL: out of
 * memory. */
static char **environment(struct variables *v)
{
    size_t n = 0;

    while (environ[n] != NULL)
        n++;
    char **all = calloc(v->n + n + 1, sizeof *all);
    if (all == NULL)
        return NULL;
    for (unsigned i = 0; i < v->n; i++)
        all[i] = v->text[i];
    memcpy(all + v->n, environ, n * sizeof *all);
    return all;
}

/* No signal is blocked or ignored, and ^C is not for it. */
static void fill_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, pipe;

    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                             POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &pipe);
}

/* Starts COMMAND with nothing to read and nowhere to write. 0: it cannot be started. */
static pid_t spawn(char *command, struct variables *v)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, command, NULL};
    char **all = environment(v);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    pid_t pid = 0;

    if (all == NULL)
        return 0;
    fill_attributes(&attributes);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    if (posix_spawn(&pid, "/bin/sh", &files, &attributes, argv, all) != 0)
        pid = 0;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    free(all);
    return pid;
}

static void reap(struct alert_command *c)
{
    for (int i = 0; i < ALERT_COMMANDS_MAX; i++)
        if (c->running[i] != 0 && waitpid(c->running[i], NULL, WNOHANG) != 0)
            c->running[i] = 0;
}

/* A place for one more, or NULL: too many run, or too many were started lately. */
static pid_t *place(struct alert_command *c)
{
    if (c->credit_ns < ALERT_COMMAND_NS)
        return NULL;
    for (int i = 0; i < ALERT_COMMANDS_MAX; i++)
        if (c->running[i] == 0)
            return &c->running[i];
    return NULL;
}

static void tell(struct alert_command *c, const struct model *m, const struct alert *a)
{
    char command[ALERT_COMMAND_BYTES];
    struct variables v;
    pid_t *pid = place(c);

    if (c->command == NULL || c->command[0] == '\0')
        return;
    if (pid != NULL) {
        fill(&v, m, a, c->nleft_out);
        snprintf(command, sizeof command, "%s", c->command);
        *pid = spawn(command, &v);
    }
    if (pid == NULL || *pid == 0) {
        c->nleft_out++;
        return;
    }
    c->nleft_out = 0;
    c->credit_ns -= ALERT_COMMAND_NS;
}

/* ---- what is silenced ---- */

static bool is_unheard(const struct unheard *u, const struct alert *a)
{
    for (uint32_t i = 0; i < u->n; i++)
        if (u->alert[i].lint == a->lint && u->alert[i].key == a->key &&
            u->alert[i].raised_ns == a->raised_ns)
            return true;
    return false;
}

static void add_unheard(struct unheard *u, const struct alert *a)
{
    CHECK(u->n < ALERTS_MAX);
    u->alert[u->n].lint = a->lint;
    u->alert[u->n].key = a->key;
    u->alert[u->n++].raised_ns = a->raised_ns;
}

/* ---- time ---- */

/* Tells of A what is new. True: it is heard for the first time, and stands. */
static bool hear(struct alert_command *c, const struct model *m, const struct alert *a)
{
    bool was_unheard = is_unheard(&c->unheard, a);
    bool is_raised = a->cleared_ns == 0 && (was_unheard || a->raised_ns > c->told_ns);
    bool is_cleared = a->cleared_ns > c->told_ns && !was_unheard;

    if (is_raised || is_cleared)
        tell(c, m, a);
    return is_raised;
}

bool alert_command_tick(struct alert_command *c, const struct model *m)
{
    const int64_t most_ns = ALERT_BURST * ALERT_COMMAND_NS;
    int64_t passed_ns = c->last_ns == 0 ? 0 : m->mono_ns - c->last_ns;
    struct unheard unheard = {0};
    bool any = false;

    reap(c);
    c->credit_ns += passed_ns < most_ns ? passed_ns : most_ns;
    if (c->credit_ns > most_ns)
        c->credit_ns = most_ns;
    c->last_ns = m->mono_ns;
    for (uint32_t i = m->alerts->n; i > 0; i--) {
        const struct alert *a = &m->alerts->alert[i - 1];

        if (!a->silenced)
            any |= hear(c, m, a);
        else if (a->cleared_ns == 0 && (a->raised_ns > c->told_ns || is_unheard(&c->unheard, a)))
            add_unheard(&unheard, a);
    }
    c->unheard = unheard;
    c->told_ns = m->mono_ns;
    return any;
}
