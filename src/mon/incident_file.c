/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/incident_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fmt.h"

#define PREFIX      "incident-"
#define ASKED       "report-"
#define SUFFIX      ".gmr"
#define TIME_BYTES  17 /* 20261127T140510Z */
#define FILES_MAX   4096
#define FREE_FACTOR 4 /* a file is begun where so many times its size are free */

static enum incident_verdict no(char why[static INCIDENT_WHY_BYTES], const char *path,
                                const char *text)
{
    snprintf(why, INCIDENT_WHY_BYTES, "%.150s: %s", path, text);
    return INCIDENT_REFUSED;
}

/* ---- the folder ---- */

static bool spell_folder(const struct incident_folder *f, char path[static INCIDENT_PATH_BYTES])
{
    int n;

    if (f->path != NULL && f->path[0] != '\0')
        n = snprintf(path, INCIDENT_PATH_BYTES, "%s", f->path);
    else if (f->state != NULL && f->state[0] == '/')
        n = snprintf(path, INCIDENT_PATH_BYTES, "%s/gomon/incidents", f->state);
    else if (f->home != NULL && f->home[0] == '/')
        n = snprintf(path, INCIDENT_PATH_BYTES, "%s/.local/state/gomon/incidents", f->home);
    else
        return false;
    return n < INCIDENT_PATH_BYTES - INCIDENT_NAME_BYTES;
}

/* All folders of PATH that are not there yet; whether it is there is seen when it is opened. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
}

/* A file in a folder that is everybody's could be prepared by anybody. */
static int open_folder(char *path, char why[static INCIDENT_WHY_BYTES])
{
    struct stat st;
    int fd;

    make_folders(path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        no(why, path, strerror(errno));
    } else if ((st.st_mode & S_IWOTH) != 0) {
        no(why, path, "everybody can write to it: choose another folder for incidents");
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- names ---- */

static void spell_time(int64_t real_ns, char text[static TIME_BYTES])
{
    time_t seconds = real_ns / NS_PER_S;
    struct tm tm = {0};

    gmtime_r(&seconds, &tm);
    if (strftime(text, TIME_BYTES, "%Y%m%dT%H%M%SZ", &tm) != TIME_BYTES - 1)
        snprintf(text, TIME_BYTES, "00000000T000000Z");
}

/* What follows the time in the name. */
static void spell_tail(const struct incident_what *w, char text[static INCIDENT_NAME_BYTES])
{
    char name[33];
    size_t n = 0;

    for (; w->name[n] != '\0' && n < sizeof name - 1; n++) {
        char c = w->name[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_';
        name[n] = plain ? c : '_';
    }
    name[n] = '\0';
    snprintf(text, INCIDENT_NAME_BYTES, "-%s-%d%s%s" SUFFIX, name, (int)w->pid,
             w->lint != NULL ? "-" : "", w->lint != NULL ? w->lint : "");
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The time in a name of ours, or NULL. */
static const char *time_in(const char *name)
{
    const char *t = name + strlen(PREFIX);
    size_t digits = strncmp(name, PREFIX, strlen(PREFIX)) == 0 ? strspn(t, "0123456789TZ") : 0;

    return digits == TIME_BYTES - 1 && t[digits] == '-' && ends_in(t, SUFFIX) ? t : NULL;
}

/* Appends to PATH, of the folder, the name that a file of WHAT gets. */
static void append_name(const struct incident_what *what, char path[static INCIDENT_PATH_BYTES])
{
    size_t used = strlen(path);
    char tail[INCIDENT_NAME_BYTES];
    char time[TIME_BYTES];

    spell_tail(what, tail);
    spell_time(what->real_ns, time);
    snprintf(path + used, INCIDENT_PATH_BYTES - used, "/%s%s%s",
             what->lint != NULL ? PREFIX : ASKED, time, tail);
}

bool incident_file_path(const struct incident_folder *folder, const struct incident_what *what,
                        char path[static INCIDENT_PATH_BYTES])
{
    if (!spell_folder(folder, path))
        return false;
    append_name(what, path);
    return true;
}

/* ---- what is there ---- */

struct names {
    size_t n;
    char *name[FILES_MAX];
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_file(int dir, const char *name)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* All recordings of alerts, oldest first. */
static void read_names(int dir, struct names *names)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy < 0 ? NULL : fdopendir(copy);

    names->n = 0;
    if (d == NULL && copy >= 0)
        close(copy);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL && names->n < FILES_MAX;
         e = readdir(d)) {
        char *name = time_in(e->d_name) != NULL && is_file(dir, e->d_name) ? strdup(e->d_name)
                                                                           : NULL;
        if (name != NULL)
            names->name[names->n++] = name;
    }
    if (d != NULL)
        closedir(d);
    qsort(names->name, names->n, sizeof names->name[0], by_name);
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
}

/* The clock may have been set: one from the future does not count. */
bool incident_file_is_of(const char *name, const struct incident_what *what)
{
    const char *t = time_in(name);
    char tail[INCIDENT_NAME_BYTES];
    char from[TIME_BYTES];
    char to[TIME_BYTES];

    spell_tail(what, tail);
    spell_time(what->real_ns - INCIDENT_AGAIN_NS, from);
    spell_time(what->real_ns + INCIDENT_AGAIN_NS, to);
    return t != NULL && strcmp(t + TIME_BYTES - 1, tail) == 0 &&
           strncmp(t, from, TIME_BYTES - 1) > 0 && strncmp(t, to, TIME_BYTES - 1) < 0;
}

/* The last one of this alert, or NULL. */
static const char *find_told(const struct names *names, const struct incident_what *what)
{
    for (size_t i = names->n; i > 0; i--)
        if (incident_file_is_of(names->name[i - 1], what))
            return names->name[i - 1];
    return NULL;
}

static void remove_at(int dir, const char *path)
{
    static const char *const beside[] = {"", "-wal", "-shm", "-journal"};
    char name[INCIDENT_PATH_BYTES + 16];

    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, beside[i]);
        unlinkat(dir, name, 0);
    }
}

void incident_file_remove(const char *path)
{
    remove_at(AT_FDCWD, path);
}

/* ---- room ---- */

static bool has_room(int dir, int64_t most_bytes, char why[static INCIDENT_WHY_BYTES],
                     const char *path)
{
    struct statvfs st;
    char text[80];
    char free_text[FMT_BYTES_MAX];

    if (fstatvfs(dir, &st) != 0)
        return true;
    double free_bytes = (double)st.f_bavail * (double)st.f_frsize;
    if (free_bytes >= (double)most_bytes * FREE_FACTOR)
        return true;
    snprintf(text, sizeof text, "only %s are free there, too little to begin a recording",
             fmt_bytes(free_text, sizeof free_text, free_bytes));
    no(why, path, text);
    return false;
}

static enum incident_verdict make_in(int dir, const struct incident_folder *f,
                                     const struct incident_what *what,
                                     char path[static INCIDENT_PATH_BYTES],
                                     char why[static INCIDENT_WHY_BYTES], struct names *names)
{
    size_t used = strlen(path);
    const char *told;
    int fd;

    read_names(dir, names);
    told = what->lint != NULL ? find_told(names, what) : NULL;
    if (told != NULL) {
        snprintf(path + used, INCIDENT_PATH_BYTES - used, "/%s", told);
        return INCIDENT_TOLD;
    }
    for (size_t i = 0; what->lint != NULL && names->n - i >= f->keep && i < names->n; i++)
        remove_at(dir, names->name[i]);
    if (!has_room(dir, f->most_bytes, why, path))
        return INCIDENT_REFUSED;
    append_name(what, path);
    fd = openat(dir, path + used + 1, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST && what->lint != NULL) /* another gomon was faster */
        return INCIDENT_TOLD;
    if (fd < 0)
        return no(why, path, strerror(errno));
    close(fd);
    return INCIDENT_READY;
}

enum incident_verdict incident_file_make(const struct incident_folder *folder,
                                         const struct incident_what *what,
                                         char path[static INCIDENT_PATH_BYTES],
                                         char why[static INCIDENT_WHY_BYTES])
{
    struct names *names = calloc(1, sizeof *names);
    enum incident_verdict verdict = INCIDENT_REFUSED;
    int dir;

    if (names == NULL || !spell_folder(folder, path)) {
        free(names);
        return no(why, "incidents", "there is no folder for them: --incident-dir names one");
    }
    dir = open_folder(path, why);
    if (dir >= 0) {
        verdict = make_in(dir, folder, what, path, why, names);
        close(dir);
    }
    free_names(names);
    free(names);
    return verdict;
}

void incident_file_oldest(const struct incident_folder *folder,
                          char name[static INCIDENT_NAME_BYTES])
{
    struct names *names = calloc(1, sizeof *names);
    char path[INCIDENT_PATH_BYTES];
    int dir = -1;

    name[0] = '\0';
    if (names != NULL && spell_folder(folder, path))
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        read_names(dir, names);
        close(dir);
        if (names->n > 0)
            snprintf(name, INCIDENT_NAME_BYTES, "%s", names->name[0]);
        free_names(names);
    }
    free(names);
}
