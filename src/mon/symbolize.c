/* SPDX-License-Identifier: MIT */
/* symbolize.c - adds file and line to stacks that a program wrote of itself.
 * A frame is "    function+0x1f  /path/of/module+0x1c20f", perhaps behind a prefix that a log put
 * there. Behind the last stack stands "modules:", and for each path its build-id. The text is read
 * whole, for the build-ids come last. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/dump_command.h"
#include "mon/pool.h"

#define TEXT_BYTES_MAX   ((size_t)64 << 20)
#define FILES_MAX        1024
#define ANSWER_WITHIN_NS (10 * NS_PER_S)
#define ID_MARK          " build-id "

struct file {
    const char *path;
    uint8_t id[64];
    size_t id_bytes;
    uint64_t at; /* the address of its address 0; 0: not added yet */
};

struct job {
    struct symbols *symbols;
    struct pool pool; /* paths */
    struct file file[FILES_MAX];
    size_t nfiles;
};

/* The file of this path, new if it must be; NULL if there are too many. */
static struct file *find_file(struct job *job, const char *path, size_t bytes)
{
    char copy[4096];

    if (bytes >= sizeof copy)
        return NULL;
    memcpy(copy, path, bytes);
    copy[bytes] = '\0';
    for (size_t i = 0; i < job->nfiles; i++) {
        if (strcmp(job->file[i].path, copy) == 0)
            return &job->file[i];
    }
    if (job->nfiles == FILES_MAX)
        return NULL;
    job->file[job->nfiles].path = pool_text(&job->pool, copy);
    return &job->file[job->nfiles++];
}

static int digit_of(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits);
}

/* Takes the pairs of digits that TEXT begins with; a digit without its other half is none. */
static size_t take_id(const char *text, uint8_t *id, size_t most)
{
    size_t n = 0;

    while (n < most && digit_of(text[0]) >= 0 && digit_of(text[1]) >= 0) {
        id[n++] = (uint8_t)(digit_of(text[0]) << 4 | digit_of(text[1]));
        text += 2;
    }
    return n;
}

/* Takes a line "    /path build-id 3f2a..", if it is one. */
static void take_module(struct job *job, const char *line)
{
    const char *mark = strstr(line, ID_MARK), *path = strchr(line, '/');
    struct file *file;

    if (mark == NULL || path == NULL || path > mark)
        return;
    file = find_file(job, path, (size_t)(mark - path));
    if (file != NULL)
        file->id_bytes = take_id(mark + strlen(ID_MARK), file->id, sizeof file->id);
}

/* Finds "  /path+0x1c20f" at the end of the line: the path and the offset. */
static bool is_frame(const char *line, const char **path, size_t *path_bytes, uint64_t *offset)
{
    const char *plus = NULL, *start = NULL;
    int end = 0;

    for (const char *p = strstr(line, "+0x"); p != NULL; p = strstr(p + 1, "+0x"))
        plus = p;
    if (plus == NULL || sscanf(plus, "+0x%" SCNx64 "%n", offset, &end) != 1 || plus[end] != '\0')
        return false;
    for (const char *p = strstr(line, "  /"); p != NULL && p < plus; p = strstr(p + 1, "  /"))
        start = p;
    if (start == NULL)
        return false;
    *path = start + 2;
    *path_bytes = (size_t)(plus - *path);
    return true;
}

static const struct symbol *look_up(struct job *job, struct file *file, uint64_t offset)
{
    int64_t deadline_ns = clock_mono_ns() + ANSWER_WITHIN_NS;

    if (file->at == 0)
        file->at = symbols_add_file(job->symbols, file->path, file->id, file->id_bytes);
    return symbols_wait(job->symbols, file->at + offset, SYMBOL_AT_RETURN, deadline_ns);
}

static void write_line(struct job *job, const char *line, FILE *out)
{
    const struct symbol *symbol = NULL;
    const struct symbol_frame *last;
    struct file *file;
    const char *path;
    size_t path_bytes;
    uint64_t offset;

    if (is_frame(line, &path, &path_bytes, &offset)) {
        file = find_file(job, path, path_bytes);
        symbol = file == NULL ? NULL : look_up(job, file, offset);
    }
    if (symbol == NULL || symbol->nframes == 0) {
        fprintf(out, "%s\n", line);
        return;
    }
    for (size_t i = 0; i + 1 < symbol->nframes; i++)
        fprintf(out, "    %s (inlined)  %s:%" PRIu32 "\n", symbol->frame[i].function,
                symbol->frame[i].file, symbol->frame[i].line);
    last = &symbol->frame[symbol->nframes - 1];
    if (last->line > 0)
        fprintf(out, "%s  %s:%" PRIu32 "\n", line, last->file, last->line);
    else
        fprintf(out, "%s\n", line);
}

/* Calls VISIT with each line of TEXT, which it cuts into strings. */
static void for_each_line(char *text, void (*visit)(struct job *, const char *, FILE *),
                          struct job *job, FILE *out)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        char ended = text[n];

        text[n] = '\0';
        visit(job, text, out);
        text[n] = ended;
        text += n + (ended != '\0');
    }
}

static void visit_module(struct job *job, const char *line, FILE *out)
{
    (void)out;
    take_module(job, line);
}

/* All of IN, at most TEXT_BYTES_MAX, malloc'ed; bytes of 0 end it. */
static char *read_all(FILE *in)
{
    char *text = NULL;
    size_t used = 0, room = 0;
    int c;

    while (used < TEXT_BYTES_MAX && (c = getc(in)) != EOF) {
        text = array_grow(text, used, &room, 1);
        text[used++] = (char)c;
    }
    text = array_grow(text, used, &room, 1);
    text[used] = '\0';
    return text;
}

enum exit_status symbolize_run(FILE *in, FILE *out, enum symbol_download download)
{
    struct job *job = calloc(1, sizeof *job);
    char *text = read_all(in);
    bool read = !ferror(in), written;

    CHECK(job != NULL);
    pool_init(&job->pool);
    job->symbols = symbols_new(0, download);
    for_each_line(text, visit_module, job, out);
    for_each_line(text, write_line, job, out);
    written = fflush(out) == 0 && !ferror(out);
    if (!read || !written)
        fprintf(stderr, "gomon: the text could not be %s\n", read ? "written" : "read");
    symbols_free(job->symbols);
    pool_fini(&job->pool);
    free(job);
    free(text);
    return read && written ? EXIT_OK : EXIT_FAILED;
}
