/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/diff_command.h"

#include <errno.h>

#include "mon/dumpfile.h"
#include "mon/fail.h"

static enum exit_status write_difference(const struct dump *before, const struct dump *after,
                                         enum dump_format format, FILE *out)
{
    struct dumpdiff *diff = dumpdiff_new(before, after);
    bool written = dumpsave_write(after, diff, format, out);
    int error = errno;

    dumpdiff_free(diff);
    if (written)
        return EXIT_OK;
    return fail(EXIT_FAILED, "the difference could not be written: %s", dumpsave_error(error));
}

enum exit_status diff_command_run(const char *before, const char *after, enum dump_format format,
                                  FILE *out)
{
    char why[DUMPFILE_WHY_BYTES];
    struct dump *earlier = dumpfile_read(before, why);
    struct dump *later = earlier != NULL ? dumpfile_read(after, why) : NULL;
    enum exit_status status;

    if (later == NULL)
        status = fail(EXIT_FAILED, "%s", why);
    else
        status = write_difference(earlier, later, format, out);
    dump_free(earlier);
    dump_free(later);
    return status;
}
