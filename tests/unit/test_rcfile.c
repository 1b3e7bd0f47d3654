/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mon/rcfile.h"

static struct options o;
static char text[4096];
static char *faults;
static size_t faults_bytes;

static void setup(void)
{
    options_init(&o);
}

static void teardown(void)
{
    options_fini(&o);
    free(faults);
}

TestSuite(rcfile, .init = setup, .fini = teardown);

static void parse_bytes(const char *lines, size_t bytes)
{
    FILE *out;

    free(faults);
    cr_assert_lt(bytes, sizeof text, "%zu bytes", bytes);
    memcpy(text, lines, bytes);
    text[bytes] = '\0';
    out = open_memstream(&faults, &faults_bytes);
    rcfile_parse(&o, "rc", text, bytes, out);
    fclose(out);
}

static void parse(const char *lines)
{
    parse_bytes(lines, strlen(lines));
}

Test(rcfile, takes_settings_with_blanks_comments_and_without_a_last_newline)
{
    parse("# a comment\n\n  delay = 2.5  \r\n\tglyphs=blocks\nread-only yes");
    cr_assert_str_eq(faults, "", "%s", faults);
    cr_assert(o.interval_ns == 2500 * NS_PER_MS && o.glyphs == GLYPHS_BLOCKS && o.read_only,
              "delay %g", (double)o.interval_ns);
}

Test(rcfile, says_file_line_and_mend_of_what_is_wrong_and_takes_the_rest)
{
    parse("frobnicate = 1\ndelay = fast\nread-only = perhaps\ndelay\nglyphs = lines\n");
    cr_assert_str_eq(faults,
                     "gomon: rc:1: \"frobnicate\" is no setting: gomon --print-config lists them\n"
                     "gomon: rc:2: \"fast\" is no SECONDS for delay: time between samples, 0.1 to "
                     "3600; 1 if not given\n"
                     "gomon: rc:3: \"perhaps\" is no yes or no for read-only: write nothing to the "
                     "target, not even a request for a dump\n"
                     "gomon: rc:4: \"\" is no SECONDS for delay: time between samples, 0.1 to "
                     "3600; 1 if not given\n",
                     "%s", faults);
    cr_assert_eq(strncmp(o.rc_fault, "rc:1: ", 6), 0, "%s", o.rc_fault);
    cr_assert(o.glyphs == GLYPHS_LINES && o.interval_ns == NS_PER_S && !o.read_only, "taken");
}

Test(rcfile, a_line_with_a_nul_is_told_and_left_out)
{
    static const char lines[] =
        "delay = 2\0\nglyphs = li\0nes\n\0\ntheme = light\nread-only = yes\0";

    parse_bytes(lines, sizeof lines - 1);
    cr_assert_str_eq(faults,
                     "gomon: rc:1: a NUL byte in the line: it is left out\n"
                     "gomon: rc:2: a NUL byte in the line: it is left out\n"
                     "gomon: rc:3: a NUL byte in the line: it is left out\n"
                     "gomon: rc:5: a NUL byte in the line: it is left out\n",
                     "%s", faults);
    cr_assert(o.theme == THEME_LIGHT && o.interval_ns == NS_PER_S && !o.read_only, "taken");
}

Test(rcfile, what_is_an_option_but_no_setting_is_refused)
{
    parse("pid = 5\nhelp = yes\njson = yes\n");
    cr_assert_not_null(strstr(faults, "rc:1: \"pid\" is no setting"), "%s", faults);
    cr_assert_not_null(strstr(faults, "rc:3: \"json\" is no setting"), "%s", faults);
    cr_assert(o.target == NULL && !o.json && o.mode == MODE_WATCH, "mode %d", o.mode);
}

Test(rcfile, does_not_pass_control_characters_on)
{
    parse("\033[31m = 1\n");
    cr_assert_null(strchr(faults, 033), "%s", faults);
}

Test(rcfile, the_command_line_wins_over_it)
{
    char *argv[] = {(char[]){"gomon"}, (char[]){"--no-color=no"}, (char[]){"-d"}, (char[]){"5"},
                    NULL};
    char error[OPTIONS_ERROR_BYTES];

    parse("no-color = yes\ndelay = 2\nread-only = yes\n");
    cr_assert(options_parse(&o, 4, argv, "1", error), "%s", error);
    cr_assert(!o.no_color && o.read_only && o.interval_ns == 5 * NS_PER_S, "the file wins");
}

Test(rcfile, what_it_prints_it_reads_without_a_fault_and_unchanged)
{
    struct options_setting a, b;
    struct options other;
    char *printed;
    size_t bytes;
    FILE *out;

    parse("delay = 0.25\nlint-window = 60\nread-only = yes\nglyphs = ascii\nno-color = yes\n");
    out = open_memstream(&printed, &bytes);
    rcfile_print(&o, out);
    fclose(out);
    other = o;
    options_init(&o);
    parse(printed);
    cr_assert_str_eq(faults, "", "%s", faults);
    unsigned n = 0;
    for (; options_setting(&o, n, &a) && options_setting(&other, n, &b); n++)
        cr_assert_str_eq(a.text, b.text, "%s: %s, not %s", a.name, a.text, b.text);
    cr_assert_gt(n, 5, "%u settings", n);
    free(printed);
}

Test(rcfile, what_is_refused_is_not_kept)
{
    static char lines[OPTIONS_VALUE_BYTES + 64];

    snprintf(lines, sizeof lines, "incidents = 5\nincidents = 1001\non-alert = %0*d\n",
             OPTIONS_VALUE_BYTES, 0);
    parse(lines);
    cr_assert_not_null(strstr(faults, "rc:2: "), "%s", faults);
    cr_assert_not_null(strstr(faults, "rc:3: "), "%s", faults);
    cr_assert(o.incidents == 5 && o.on_alert == NULL, "%d incidents", (int)o.incidents);
}

Test(rcfile, a_fraction_of_a_second_is_printed_as_it_was_written)
{
    struct options_setting s;

    parse("delay = 0.29\n");
    for (unsigned i = 0; options_setting(&o, i, &s); i++)
        if (strcmp(s.name, "delay") == 0)
            cr_assert_str_eq(s.text, "0.29", "%s", s.text);
    cr_assert_eq(o.interval_ns, 290 * NS_PER_MS, "%ld ns", (long)o.interval_ns);
}

Test(rcfile, is_below_xdg_or_home)
{
    char path[RCFILE_PATH_BYTES];
    char dir[RCFILE_PATH_BYTES + 8];

    cr_assert(rcfile_path("/x", "/h", path) && strcmp(path, "/x/gomon/gomonrc") == 0, "%s", path);
    cr_assert(rcfile_path("", "/h", path) && strcmp(path, "/h/.config/gomon/gomonrc") == 0, "%s",
              path);
    cr_assert(rcfile_path("not/absolute", "/h", path) && path[1] == 'h', "%s", path);
    cr_assert_not(rcfile_path(NULL, NULL, path), "%s", path);
    memset(dir, '/', sizeof dir - 1);
    dir[sizeof dir - 1] = '\0';
    cr_assert_not(rcfile_path(dir, "/h", path), "%s", path);
}
