/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/about.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/modmap.h"
#include "mon/procstat.h"
#include "mon/text.h"

#define FILE_BYTES     65536 /* of a file that is read */
#define LIBRARIES      64
#define SETTING_PREFIX "GORT_"

void about_clear(struct about *a)
{
    for (unsigned i = 0; i < a->n; i++)
        free(a->fact[i].value);
    a->n = 0;
}

static bool is_known(const struct about *a, const char *name)
{
    for (unsigned i = 0; i < a->n; i++)
        if (strcmp(a->fact[i].name, name) == 0)
            return true;
    return false;
}

void about_add(struct about *a, const char *name, const char *format, ...)
{
    char text[ABOUT_VALUE_BYTES];
    char clean[ABOUT_VALUE_BYTES];
    struct about_fact *fact = &a->fact[a->n];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_clean(clean, sizeof clean, text, strlen(text));
    if (a->n == ABOUT_FACTS || clean[0] == '\0' || is_known(a, name))
        return;
    text_clean(fact->name, sizeof fact->name, name, strlen(name));
    fact->value = strdup(clean);
    a->n += fact->value != NULL;
}

/* ---- the process ---- */

/* The start of a file of the process, its bytes; 0: it can't be read. */
static size_t read_of(pid_t pid, const char *file, char text[FILE_BYTES])
{
    char path[64];
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    n = procstat_read_file(AT_FDCWD, path, text, FILE_BYTES);
    return n > 0 ? (size_t)n : 0;
}

static void add_link(struct about *a, pid_t pid, const char *name, const char *file)
{
    char path[64];
    char to[ABOUT_VALUE_BYTES];
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    n = readlink(path, to, sizeof to - 1);
    if (n > 0)
        about_add(a, name, "%.*s", (int)n, to);
}

/* Words with a blank between them. One that holds blanks is not quoted: it is to be read, not run.
 */
static void add_command(struct about *a, pid_t pid, char text[FILE_BYTES])
{
    size_t n = read_of(pid, "cmdline", text);

    while (n > 0 && text[n - 1] == '\0')
        n--;
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    about_add(a, "command", "%.*s", (int)n, text);
}

static void add_settings(struct about *a, pid_t pid, char text[FILE_BYTES])
{
    const size_t prefix = strlen(SETTING_PREFIX);
    size_t n = read_of(pid, "environ", text);

    for (size_t at = 0; at < n; at += strlen(text + at) + 1) {
        char *value = strchr(text + at, '=');

        if (strncmp(text + at, SETTING_PREFIX, prefix) != 0 || value == NULL)
            continue;
        *value = '\0';
        about_add(a, text + at, "%s", value + 1);
        *value = '=';
    }
}

static void add_modules(struct about *a, pid_t pid)
{
    struct modmap map;
    unsigned n = 0;

    modmap_init(&map, pid);
    if (modmap_read(&map) != 0)
        map.n = 0;
    for (size_t i = 0; i < map.n && n < LIBRARIES; i++) {
        const struct modmap_module *m = &map.module[i];
        char name[ABOUT_NAME_BYTES];
        char id[2 * MODMAP_ID_BYTES + 1] = "";

        for (size_t k = 0; k < m->build_id_bytes; k++)
            snprintf(id + 2 * k, 3, "%02x", m->build_id[k]);
        snprintf(name, sizeof name, "build-id of %.*s", (int)sizeof name - 16, m->shown);
        n += m->has_code && id[0] != '\0';
        if (m->has_code)
            about_add(a, name, "%s", id);
    }
    modmap_fini(&map);
}

static void add_process(struct about *a, pid_t pid)
{
    char *text = malloc(FILE_BYTES);

    if (text == NULL)
        return;
    add_command(a, pid, text);
    add_link(a, pid, "executable", "exe");
    add_link(a, pid, "folder", "cwd");
    add_settings(a, pid, text);
    if (read_of(pid, "cgroup", text) > 0)
        about_add(a, "cgroup", "%.*s", (int)strcspn(text, "\n"), text);
    add_modules(a, pid);
    free(text);
}

/* ---- the machine ---- */

static void add_system(struct about *a)
{
    static const char key[] = "PRETTY_NAME=";
    FILE *f = fopen("/etc/os-release", "re");
    char line[256];

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *value = line + sizeof key - 1;

        if (strncmp(line, key, sizeof key - 1) != 0)
            continue;
        value += *value == '"';
        about_add(a, "system", "%.*s", (int)strcspn(value, "\"\n"), value);
    }
    if (f != NULL)
        fclose(f);
}

static void add_host(struct about *a)
{
    struct utsname u;
    long pages = sysconf(_SC_PHYS_PAGES);

    if (uname(&u) == 0) {
        about_add(a, "host", "%s", u.nodename);
        about_add(a, "kernel", "%s %s %s", u.sysname, u.release, u.version);
        about_add(a, "machine", "%s", u.machine);
    }
    add_system(a);
    about_add(a, "processors", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    if (pages > 0)
        about_add(a, "memory", "%" PRId64, (int64_t)pages * sysconf(_SC_PAGESIZE));
}

static void add_time(struct about *a, const char *name, int64_t real_ns)
{
    time_t seconds = real_ns / NS_PER_S;
    struct tm tm;
    char text[32];

    if (real_ns > 0 && gmtime_r(&seconds, &tm) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        about_add(a, name, "%s", text);
}

void about_read(struct about *a, const struct model *m)
{
    about_add(a, "name", "%s", m->target.name);
    about_add(a, "pid", "%d", (int)m->target.pid);
    about_add(a, "build-id", "%s", m->target.build_id);
    add_time(a, "started", m->target.start_real_ns);
    add_time(a, "taken", m->real_ns);
    about_add(a, "state", "%s", target_state_name(m->status.state));
    if (!m->target.post_mortem)
        add_process(a, m->target.pid);
    about_add(a, "page", "%s", m->target.page_version);
    about_add(a, "gomon", "%s", PACKAGE_VERSION);
    add_host(a);
}
