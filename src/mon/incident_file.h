/* SPDX-License-Identifier: MIT */
/* incident_file.h - where recordings of incidents lie: their names, how many there are, who makes
 * room.
 * One folder, by default $XDG_STATE_HOME/gomon/incidents. A name has the time first, so that names
 * are in the order of time; only files with such names are counted and removed. What the folder
 * says decides, so that gomons that do not know each other keep to the same bounds: not more than
 * so many, not the same alert of a process twice in an hour, and none on a disk that is about full.
 * Who: incident.c, in its child: what opens the folder may wait for the disk. Names and paths are
 * spelled without it, for gomon itself. Threads: one. */
#ifndef MON_INCIDENT_FILE_H
#define MON_INCIDENT_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define INCIDENT_PATH_BYTES 1024
#define INCIDENT_NAME_BYTES 256
#define INCIDENT_WHY_BYTES  256
#define INCIDENT_AGAIN_NS   (INT64_C(3600) * 1000000000) /* the same alert of a process */

struct incident_folder {
    const char *path;   /* NULL: the usual one */
    uint64_t keep;      /* files */
    int64_t most_bytes; /* of each */
    const char *state;  /* $XDG_STATE_HOME, or NULL; it and the next make the usual one */
    const char *home;   /* $HOME, or NULL */
};

/* What a file is to be of. */
struct incident_what {
    const char *lint; /* NULL: somebody asked for it. Such a file is neither counted nor removed */
    const char *name; /* of the program; any bytes */
    pid_t pid;
    int64_t real_ns;
};

enum incident_verdict {
    INCIDENT_READY,
    INCIDENT_TOLD,    /* there is one of this alert already; PATH is its path */
    INCIDENT_REFUSED, /* WHY says why */
};

/* Makes the folder if there is none, removes the oldest that there is no room for, and makes an
 * empty file, of this user only, whose path is then in PATH. */
enum incident_verdict incident_file_make(const struct incident_folder *folder,
                                         const struct incident_what *what,
                                         char path[static INCIDENT_PATH_BYTES],
                                         char why[static INCIDENT_WHY_BYTES]);

/* The path that a file of WHAT gets, whether there is one or not. False: there is no folder. */
bool incident_file_path(const struct incident_folder *folder, const struct incident_what *what,
                        char path[static INCIDENT_PATH_BYTES]);

/* Whether NAME, of a file in the folder, is of the same alert and process, from the last hour. */
bool incident_file_is_of(const char *name, const struct incident_what *what);

/* The name of the oldest recording of an alert; "" if there is none. */
void incident_file_oldest(const struct incident_folder *folder,
                          char name[static INCIDENT_NAME_BYTES]);

/* Removes it, with what SQLite put beside it. */
void incident_file_remove(const char *path);

#endif
