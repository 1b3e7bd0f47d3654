/* SPDX-License-Identifier: MIT */
/* dump_text.h - a dump, and the difference of two, as text, JSON and folded stacks.
 * Threads: pure functions of finished dumps. */
#ifndef MON_DUMP_TEXT_H
#define MON_DUMP_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "mon/dump.h"
#include "mon/dumpdiff.h"

#define DUMP_SCHEMA 1 /* of the JSON, which only ever gets more members */

/* Room for the ids of dump_format_ids and its NUL. */
#define DUMP_IDS_BYTES 512

/* Room for a holder. */
#define DUMP_HOLDER_BYTES 224

/* Room for two durations. */
#define DUMP_AGE_BYTES 80

/* Writes the ids of a group as ranges, "5-9, 12, 20-31 and 400 more", into TEXT. */
void dump_format_ids(const struct dump_group *group, char text[DUMP_IDS_BYTES]);

/* Writes since when the tasks of a group are where they are: "3m20s", or "1.20s to 3m20s". */
void dump_format_age(const struct dump *dump, const struct dump_group *group,
                     char text[DUMP_AGE_BYTES]);

/* Writes what tasks of the group wait for that holder number I has: "wait for a mutex held by task
 * 7", with the name of that one, or if others wait for another, "3 of them wait for ...". */
void dump_format_holder(const struct dump_group *group, size_t i, char text[DUMP_HOLDER_BYTES]);

/* Writes where a frame is: "server.c:214", else "libfoo.so+0x1234", else "0x7f..". */
void dump_format_place(const struct dump_frame *frame, char *text, size_t bytes);

/* What a person should know about how a stack ends, or "". */
const char *dump_end_text(enum dump_end end);

/* What dump_end_text has made TEXT of; DUMP_END_LOST if nothing. */
enum dump_end dump_end_of_text(const char *text);

/* Writes the whole dump for people to read. False: writing failed, errno says why. */
bool dump_write_text(const struct dump *dump, FILE *out);

/* Writes it as one JSON object on one line. False: writing failed, or this gomon was built without
 * JSON (errno ENOTSUP). */
bool dump_write_json(const struct dump *dump, FILE *out);

/* Writes it as folded stacks, a line a group, as flamegraph.pl and speedscope read them. */
bool dump_write_folded(const struct dump *dump, FILE *out);

/* ---- Of two dumps ---- */

/* Room for "4 294 967 296 tasks, not 4 294 967 296". */
#define DUMPDIFF_COUNT_BYTES 80

/* Room for how many groups grew, shrank, came and went. */
#define DUMPDIFF_KINDS_BYTES 120

/* Writes "15 tasks, not 3", "12 new tasks", "no task, not 4", or "15 tasks" if so it was before. */
void dumpdiff_format_count(const struct dumpdiff_count *count, char text[DUMPDIFF_COUNT_BYTES]);

/* Writes "2 groups grew, 1 came", or that none has changed. */
void dumpdiff_format_kinds(const struct dumpdiff *diff, char *text, size_t bytes);

/* As of one dump. The text leaves out groups that have not changed; folded stacks have two counts,
 * before and after, as flamegraph.pl reads them for a differential flame graph. */
bool dumpdiff_write_text(const struct dumpdiff *diff, FILE *out);
bool dumpdiff_write_json(const struct dumpdiff *diff, FILE *out);
bool dumpdiff_write_folded(const struct dumpdiff *diff, FILE *out);

#endif
