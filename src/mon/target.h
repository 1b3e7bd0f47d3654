/* SPDX-License-Identifier: MIT */
/* target.h - which processes can be watched, and which one is meant.
 * A live target is a process with a page among its open files; a dead one has left an image under
 * /dev/shm that nobody holds the lock of any more. Both are listed: the own user's, or for root
 * everybody's. What cannot be read is counted, not left out in silence.
 * Threads: one owner. */
#ifndef MON_TARGET_H
#define MON_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/pidlist.h"

#define TARGETS_MAX        256
#define TARGET_NAME_BYTES  64
#define TARGET_IMAGE_BYTES 80
#define TARGET_ERROR_BYTES 256

struct target {
    pid_t pid;            /* as gomon sees it; of a dead one, as it was */
    uint64_t start_ticks; /* with the pid, tells processes apart */
    uid_t uid;
    bool live;
    bool replaced; /* not live: its process has called exec, and goes on as another program */
    int64_t since_real_ns;          /* wall clock: live since, or dead since about then */
    char name[TARGET_NAME_BYTES];   /* without control characters */
    char image[TARGET_IMAGE_BYTES]; /* path of the named image, or "" */
};

struct target_list {
    unsigned n;
    unsigned ndenied;                  /* processes of other users that could not be looked into */
    struct target target[TARGETS_MAX]; /* live ones first, newest first */
};

/* All targets of this user, or of everybody for root. LIST is large: not for the stack. */
void target_list_read(struct target_list *list);

/* Those that have ended alone, the last one first. */
void target_list_read_dead(struct target_list *list);

enum target_match {
    TARGET_FOUND,
    TARGET_SEVERAL, /* LIST holds the matches */
    TARGET_NONE,    /* no such process, or it has ended */
    TARGET_NO_PAGE, /* the process is there, but it has no page */
    TARGET_DENIED,  /* the process is another user's */
};

/* Finds the target that WORD means: a pid, or the name of a program (whole, else its start). Live
 * ones hide dead ones of that name. Unless found, ERROR names the cause and the mend. */
enum target_match target_find(const char *word, struct target_list *list, struct target *found,
                              char error[static TARGET_ERROR_BYTES]);

/* The same, but what has ended is not the program of a name. */
enum target_match target_find_live(const char *word, struct target_list *list, struct target *found,
                                   char error[static TARGET_ERROR_BYTES]);

/* The same among those that have ended: of several, the last one. */
enum target_match target_find_dead(const char *word, struct target_list *list, struct target *found,
                                   char error[static TARGET_ERROR_BYTES]);

/* As target_find, for a pid: a process that lives, or else the image of one that died. */
enum target_match target_find_pid(pid_t pid, struct target_list *list, struct target *found,
                                  char error[static TARGET_ERROR_BYTES]);

/* Finds a live target that runs in the place of OLD: in its process, if that has called exec and
 * the new program has a page of its own, whatever its name; else one of the same name and user
 * that began at END_TICKS, when OLD ended, or later; of several the newest, but none of TAKEN,
 * which may be NULL. What began before is not looked into: a process may have very many files. LIST
 * is room to work in. */
bool target_find_successor(const struct target *old, uint64_t end_ticks,
                           const struct pidlist *taken, struct target_list *list,
                           struct target *found);

/* Removes what is not worth keeping of the images that dead processes of this user left: see
 * images_clear. */
void target_clear_images(int64_t now_real_ns);

#endif
