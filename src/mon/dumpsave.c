/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dumpsave.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mon/dump_text.h"

static bool ends_in(const char *text, const char *end)
{
    size_t bytes = strlen(text), tail = strlen(end);

    return bytes > tail && strcmp(text + bytes - tail, end) == 0;
}

enum dump_format dumpsave_format(const char *path)
{
    if (ends_in(path, ".json"))
        return DUMP_FORMAT_JSON;
    return ends_in(path, ".folded") ? DUMP_FORMAT_FOLDED : DUMP_FORMAT_TEXT;
}

bool dumpsave_write(const struct dump *dump, const struct dumpdiff *diff, enum dump_format format,
                    FILE *out)
{
    switch (format) {
    case DUMP_FORMAT_TEXT:
        return diff != NULL ? dumpdiff_write_text(diff, out) : dump_write_text(dump, out);
    case DUMP_FORMAT_JSON:
        return diff != NULL ? dumpdiff_write_json(diff, out) : dump_write_json(dump, out);
    case DUMP_FORMAT_FOLDED:
        return diff != NULL ? dumpdiff_write_folded(diff, out) : dump_write_folded(dump, out);
    }
    return false;
}

bool dumpsave_file(const struct dump *dump, const struct dumpdiff *diff, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool written = out != NULL && dumpsave_write(dump, diff, dumpsave_format(path), out);
    int error = errno;

    if (fd < 0)
        return false;
    if ((out != NULL ? fclose(out) : close(fd)) != 0 && written) {
        written = false;
        error = errno;
    }
    if (!written)
        unlink(path); /* what is left of it would be in the way of the next try */
    errno = error;
    return written;
}

const char *dumpsave_error(int error)
{
    if (error == ENOTSUP)
        return "this gomon was built without JSON";
    return error == EEXIST ? "it is there already, and stays as it is" : strerror(error);
}
