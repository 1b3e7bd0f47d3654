/* SPDX-License-Identifier: MIT */
/* fuzz_diff.c - two files for gomon --diff, which a NUL parts; one file alone is compared with
 * itself. What could be read is written in every format, and each dump, written as JSON and read
 * again, must be what it was. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "mon/dump_text.h"
#include "mon/dumpfile.h"
#include "mon/dumpsave.h"
#include "tests/fuzz/fuzz.h"

/* Reads the BYTES at TEXT as dumpfile_read reads a file. */
static struct dump *read_text(const void *text, size_t bytes)
{
    char path[64];
    char why[DUMPFILE_WHY_BYTES] = "";
    int fd = memfd_create("dump", MFD_CLOEXEC);

    CHECK(fd >= 0 && write(fd, text, bytes) == (ssize_t)bytes);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct dump *dump = dumpfile_read(path, why);
    close(fd);
    CHECK((dump == NULL) == (why[0] != '\0'));
    return dump;
}

static char *json_of(const struct dump *dump, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);

    CHECK(out != NULL && dump_write_json(dump, out));
    fclose(out);
    return text;
}

static void check_round(const struct dump *dump)
{
    size_t first_bytes, second_bytes;
    char *first = json_of(dump, &first_bytes);
    struct dump *again = read_text(first, first_bytes);

    CHECK(again != NULL);
    char *second = json_of(again, &second_bytes);
    if (strcmp(first, second) != 0) {
        fprintf(stderr, "written:\n%s\nand once more:\n%s\n", first, second);
        abort();
    }
    dump_free(again);
    free(first);
    free(second);
}

/* What people read holds no control characters but the ends of lines. */
static void check_text(const struct dump *dump, const struct dumpdiff *diff,
                       enum dump_format format)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    CHECK(out != NULL && dumpsave_write(dump, diff, format, out));
    fclose(out);
    for (size_t i = 0; i < bytes; i++)
        CHECK(text[i] == '\n' || ((uint8_t)text[i] >= 0x20 && text[i] != 0x7f));
    free(text);
}

static void compare(const struct dump *before, const struct dump *after)
{
    struct dumpdiff *diff = dumpdiff_new(before, after);

    for (int format = DUMP_FORMAT_TEXT; format <= DUMP_FORMAT_FOLDED; format++) {
        check_text(after, NULL, (enum dump_format)format);
        check_text(after, diff, (enum dump_format)format);
    }
    dumpdiff_free(diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const uint8_t *zero = memchr(data, '\0', bytes);
    size_t first = zero != NULL ? (size_t)(zero - data) : bytes;
    struct dump *before = read_text(data, first);
    struct dump *after = zero != NULL ? read_text(zero + 1, bytes - first - 1) : NULL;

    if (before != NULL) {
        check_round(before);
        compare(before, after != NULL ? after : before);
    }
    dump_free(before);
    dump_free(after);
    return 0;
}
