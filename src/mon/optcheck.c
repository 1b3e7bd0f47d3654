/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/optcheck.h"

#define WRONG(...) (snprintf(error, OPTIONS_ERROR_BYTES, __VA_ARGS__), false)

bool optcheck_dump(const struct options *o, char error[static OPTIONS_ERROR_BYTES])
{
    if (o->mode >= MODE_HELP)
        return true;
    if (o->mode == MODE_DIFF && (o->target == NULL || o->pids.n > 0 || o->demo || o->wait))
        return WRONG("--diff compares two files: gomon --diff BEFORE AFTER");
    if (o->folded && o->mode != MODE_DUMP && o->mode != MODE_DIFF)
        return WRONG("--folded is a format of --dump and --diff");
    if (o->folded && o->json)
        return WRONG("--json or --folded, not both");
    return true;
}
