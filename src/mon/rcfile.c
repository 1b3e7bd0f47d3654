/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/rcfile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mon/text.h"

#define BLANKS " \t\r\f\v"

bool rcfile_path(const char *xdg, const char *home, char path[static RCFILE_PATH_BYTES])
{
    int n;

    if (xdg != NULL && xdg[0] == '/')
        n = snprintf(path, RCFILE_PATH_BYTES, "%s/gomon/gomonrc", xdg);
    else if (home != NULL && home[0] == '/')
        n = snprintf(path, RCFILE_PATH_BYTES, "%s/.config/gomon/gomonrc", home);
    else
        return false;
    return n < RCFILE_PATH_BYTES;
}

/* Tells one fault, and keeps the first for the screen, which hides what stood on the terminal. */
__attribute__((format(printf, 3, 4))) static void tell(struct options *o, FILE *faults,
                                                       const char *format, ...)
{
    char line[OPTIONS_FAULT_BYTES];
    char safe[OPTIONS_FAULT_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_clean(safe, sizeof safe, line, strlen(line));
    fprintf(faults, "gomon: %s\n", safe);
    if (o->rc_fault[0] == '\0')
        snprintf(o->rc_fault, sizeof o->rc_fault, "%s", safe);
}

/* ---- lines ---- */

static char *trim(char *text)
{
    text += strspn(text, BLANKS);
    for (size_t n = strlen(text); n > 0 && strchr(BLANKS, text[n - 1]) != NULL; n--)
        text[n - 1] = '\0';
    return text;
}

/* Cuts LINE into a name, which it returns, and *VALUE. */
static char *cut(char *line, char **value)
{
    char *end = line + strcspn(line, BLANKS "=");

    *value = end + strspn(end, BLANKS);
    if (**value == '=')
        *value = trim(*value + 1);
    *end = '\0';
    return line;
}

static void take_line(struct options *o, const char *path, unsigned number, char *line,
                      FILE *faults)
{
    char error[OPTIONS_ERROR_BYTES];
    char *value;

    line = trim(line);
    if (*line == '\0' || *line == '#')
        return;
    line = cut(line, &value);
    if (!options_set(o, line, value, error))
        tell(o, faults, "%.200s:%u: %s", path, number, error);
}

void rcfile_parse(struct options *o, const char *path, char *text, size_t bytes, FILE *faults)
{
    char *end = text + bytes;

    for (unsigned number = 1; text <= end; number++) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *line_end = newline != NULL ? newline : end;

        *line_end = '\0';
        if (strlen(text) < (size_t)(line_end - text))
            tell(o, faults, "%.200s:%u: a NUL byte in the line: it is left out", path, number);
        else
            take_line(o, path, number, text, faults);
        text = line_end + 1;
    }
}

/* ---- the file ---- */

static bool refuse(struct options *o, const char *path, const char *why, FILE *faults)
{
    tell(o, faults, "%.200s: %s", path, why);
    return false;
}

bool rcfile_read(struct options *o, const char *path, bool wanted, FILE *faults)
{
    FILE *in = fopen(path, "re");

    if (in == NULL)
        return (errno == ENOENT && !wanted) || refuse(o, path, strerror(errno), faults);
    char *text = malloc(RCFILE_BYTES_MAX + 1);
    size_t n = text == NULL ? 0 : fread(text, 1, RCFILE_BYTES_MAX, in);
    bool failed = text == NULL || ferror(in) != 0;
    bool is_long = fgetc(in) != EOF;
    fclose(in);
    if (failed) {
        free(text);
        return refuse(o, path, strerror(errno), faults);
    }
    text[n] = '\0';
    free(o->rc_text);
    o->rc_text = text;
    if (is_long)
        tell(o, faults, "%.200s: only the first %d bytes are read", path, RCFILE_BYTES_MAX);
    rcfile_parse(o, path, text, n, faults);
    return true;
}

void rcfile_print(const struct options *o, FILE *out)
{
    struct options_setting setting;

    fputs("# Settings of gomon, all that there are: see gomonrc(5).\n", out);
    for (unsigned i = 0; options_setting(o, i, &setting); i++)
        fprintf(out, "\n# %s\n%s =%s%s\n", setting.help, setting.name,
                setting.text[0] == '\0' ? "" : " ", setting.text);
}
