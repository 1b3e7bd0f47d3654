/* SPDX-License-Identifier: MIT */
/* incident_note.h - which recording an alert is in, or why in none.
 * Whoever is told of an alert is told where its recording will be: a child writes that later and,
 * once it knows better, says so. Alerts that are raised while one is written share its fate. Only
 * the last ones are remembered. None of it looks at the disk.
 * Who: incident.c writes; the command of an alert and panels read. Threads: one owner. */
#ifndef MON_INCIDENT_NOTE_H
#define MON_INCIDENT_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/alert.h"
#include "mon/incident_file.h"

enum incident_state {
    INCIDENT_COMES, /* nothing has been heard of it yet */
    INCIDENT_RECORDED,
    INCIDENT_EARLIER, /* in that of the same alert, less than an hour ago */
    INCIDENT_GONE,    /* it has made room for later ones */
    INCIDENT_NOT,
};

struct incident_fate {
    uint32_t number; /* of the recording */
    enum incident_state state;
    char text[INCIDENT_NAME_BYTES]; /* the name of its file; of INCIDENT_NOT, why there is none */
};

struct incident_notes {
    char folder[INCIDENT_PATH_BYTES]; /* "": none */
    uint32_t next;                    /* the oldest one, which goes next */
    struct incident_note {
        int64_t raised_ns; /* 0: none */
        uint64_t key;
        enum alert_lint lint;
        struct incident_fate fate;
    } note[ALERTS_MAX];
};

void incident_notes_add(struct incident_notes *n, const struct alert *a,
                        const struct incident_fate *fate);

/* All that share the number of FATE have that one now. */
void incident_notes_change(struct incident_notes *n, const struct incident_fate *fate);

/* Recordings whose names are before this one, the oldest that is there, are gone. */
void incident_notes_drop(struct incident_notes *n, const char *oldest);

/* The last name that is of WHAT and from the last hour (incident_file.h), or NULL. Borrowed until
 * the next change. */
const char *incident_notes_find(const struct incident_notes *n, const struct incident_what *what);

/* Where A is recorded or will be. False: nowhere, as far as is known; N may be NULL. */
bool incident_notes_path(const struct incident_notes *n, const struct alert *a,
                         char path[static INCIDENT_PATH_BYTES]);

#define INCIDENT_WORDS_BYTES (INCIDENT_PATH_BYTES + 64)

/* The same in words, for people. False: there is nothing to tell. */
bool incident_notes_words(const struct incident_notes *n, const struct alert *a,
                          char words[static INCIDENT_WORDS_BYTES]);

#endif
