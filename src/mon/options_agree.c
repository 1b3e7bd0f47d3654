/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/options_agree.h"

#include <stdio.h>

#define WRONG(...) (snprintf(error, OPTIONS_ERROR_BYTES, __VA_ARGS__), false)

/* What does not go together with a recording, or without one. */
static bool check_recording(const struct options *o, char *error)
{
    if (o->read_path == NULL && (o->begin != NULL || o->end != NULL))
        return WRONG("--begin and --end are of a recording: say which with -r");
    if (o->read_path != NULL &&
        (o->target != NULL || o->write_path != NULL || o->dead || o->demo || o->wait || o->follow))
        return WRONG("-r shows a recording, and no process beside it");
    if (o->write_path != NULL && o->follow)
        return WRONG("-w records one process: leave out --follow");
    if (o->read_path != NULL && o->mode != MODE_WATCH && o->mode != MODE_BATCH &&
        o->mode != MODE_DUMP && o->mode < MODE_HELP)
        return WRONG("a recording can be watched or written out with -b or --dump, no more");
    if (o->write_path != NULL && o->mode != MODE_WATCH && o->mode != MODE_BATCH &&
        o->mode < MODE_HELP)
        return WRONG("-w records what is watched, on the screen or with -b");
    return true;
}

/* A command is the target itself. */
static bool check_command(const struct options *o, char *error)
{
    if (o->command == NULL || o->mode >= MODE_HELP)
        return true;
    if (o->target != NULL || o->read_path != NULL || o->dead || o->demo || o->wait || o->follow)
        return WRONG("a command after -- is started and watched, and nothing beside it");
    if (o->mode == MODE_LIST || o->mode == MODE_DIFF || o->mode >= MODE_METRICS)
        return WRONG("a command after -- is to be watched: on the screen, or by --batch and such");
    return true;
}

/* What is of one process only. */
static bool check_several(const struct options *o, char *error)
{
    if (o->several.is_full)
        return WRONG("at most %d processes at a time", PIDLIST_MAX);
    if (o->several.n < 2 || o->mode >= MODE_HELP)
        return true;
    if (o->write_path != NULL)
        return WRONG("-w records one process: give -p one");
    if (o->demo)
        return WRONG("--demo is of one process: give -p one");
    if ((o->wait || o->follow) && o->mode != MODE_WATCH && o->mode != MODE_BATCH)
        return WRONG("--%s of several processes is for the screen and for -b: else give -p one",
                     o->wait ? "wait" : "follow");
    if (o->mode == MODE_DUMP || o->mode == MODE_STATUS || o->mode == MODE_REPORT)
        return WRONG("--%s is of one process: give -p one", o->mode == MODE_DUMP     ? "dump"
                                                            : o->mode == MODE_STATUS ? "status"
                                                                                     : "report");
    return true;
}

static bool check_dump(const struct options *o, char *error)
{
    if (o->mode >= MODE_HELP)
        return true;
    if (o->mode == MODE_DIFF && (o->target == NULL || o->several.n > 0 || o->demo || o->wait))
        return WRONG("--diff compares two files: gomon --diff BEFORE AFTER");
    if (o->folded && o->mode != MODE_DUMP && o->mode != MODE_DIFF)
        return WRONG("--folded is a format of --dump and --diff");
    if (o->folded && o->json)
        return WRONG("--json or --folded, not both");
    return true;
}

bool options_agree(const struct options *o, char error[static OPTIONS_ERROR_BYTES])
{
    if (!check_command(o, error) || !check_recording(o, error) || !check_several(o, error) ||
        !check_dump(o, error))
        return false;
    if (o->json && o->csv)
        return WRONG("--json or --csv, not both");
    if (o->wait && (o->target == NULL || o->demo))
        return WRONG("which process is to be waited for?");
    if (o->target == NULL && o->read_path == NULL && !o->demo && o->command == NULL &&
        (o->mode == MODE_BATCH || o->mode == MODE_DUMP || o->mode == MODE_CHECK ||
         o->mode == MODE_STATUS || o->mode == MODE_REPORT))
        return WRONG("which process? gomon -l lists them");
    return true;
}
