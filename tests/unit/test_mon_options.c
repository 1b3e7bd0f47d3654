/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/options.h"

static struct options o;
static char error[OPTIONS_ERROR_BYTES];

/* Parses words that are separated by blanks. */
static bool parse(const char *line)
{
    static char words[256];
    static char *argv[32];
    int argc = 1;

    snprintf(words, sizeof words, "%s", line);
    argv[0] = (char[]){"gomon"};
    for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
        argv[argc++] = w;
    argv[argc] = NULL;
    error[0] = '\0';
    options_init(&o);
    return options_parse(&o, argc, argv, NULL, error);
}

static void assert_mode(const char *line, enum options_mode mode)
{
    cr_assert(parse(line), "\"%s\": %s", line, error);
    cr_assert_eq(o.mode, mode, "\"%s\" is mode %d, not %d", line, o.mode, mode);
}

static void assert_wrong(const char *line, const char *words)
{
    cr_assert_not(parse(line), "\"%s\" is right", line);
    cr_assert_not_null(strstr(error, words), "\"%s\" not in \"%s\"", words, error);
}

Test(options, nothing_at_all_watches_at_one_second)
{
    assert_mode("", MODE_WATCH);
    cr_assert(o.target == NULL && o.interval_ns == NS_PER_S && o.lint_window_ns == 900 * NS_PER_S,
              "interval %" PRId64, o.interval_ns);
}

Test(options, a_target_is_a_pid_or_a_name)
{
    assert_mode("-p 4711", MODE_WATCH);
    cr_assert_str_eq(o.target, "4711", "%s", o.target);
    assert_mode("gort-kv", MODE_WATCH);
    cr_assert_str_eq(o.target, "gort-kv", "%s", o.target);
    assert_mode("--once gort-kv", MODE_BATCH);
    assert_mode("gort-kv --once", MODE_BATCH);
}

Test(options, some_only_imply_batch_output)
{
    assert_mode("-p 1 --json", MODE_BATCH);
    assert_mode("-p 1 -c 3", MODE_BATCH);
    cr_assert_eq(o.count, 3, "count %" PRIu64, o.count);
    assert_mode("-p 1 -1 -c 3", MODE_BATCH);
    cr_assert_eq(o.count, 1, "count %" PRIu64, o.count);
    assert_mode("-p 1 --json --dump", MODE_DUMP);
    assert_mode("-l -j", MODE_LIST);
}

Test(options, help_and_version_win)
{
    assert_mode("-l -h", MODE_HELP);
    assert_mode("-h --dump", MODE_HELP);
    assert_mode("-V", MODE_VERSION);
}

Test(options, two_modes_do_not_go_together)
{
    assert_wrong("-l --dump -p 1", "does not go with");
    assert_wrong("--symbolize -l", "does not go with");
}

Test(options, seconds_may_have_a_fraction)
{
    assert_mode("-p 1 -d 0.25 --lint-window 60", MODE_WATCH);
    cr_assert_eq(o.interval_ns, NS_PER_S / 4, "interval %" PRId64, o.interval_ns);
    cr_assert_eq(o.lint_window_ns, 60 * NS_PER_S, "window %" PRId64, o.lint_window_ns);
}

Test(options, what_makes_no_sense_is_refused_by_name)
{
    assert_wrong("-p 0", "\"0\" is no PID,... for --pid");
    assert_wrong("-p 99999999999", "is no PID");
    assert_wrong("-p 1 -d 0", "is no SECONDS for --delay");
    assert_wrong("-p 1 -d 1x", "is no SECONDS");
    assert_wrong("-p 1 -d nan", "is no SECONDS");
    assert_wrong("-p 1 -d -1", "is no SECONDS");
    assert_wrong("-p 1 --lint-window 29", "is no SECONDS");
    assert_wrong("-p 1 -c 0", "is no N");
    assert_wrong("-p 1 -c 2x", "is no N");
    assert_wrong("-p 1 --glyphs round", "is no KIND");
    assert_wrong("-p", "needs an argument");
    assert_wrong("--frobnicate", "no option --frobnicate");
    assert_wrong("a b", "one target at a time");
    assert_wrong("-p 1 b", "one target at a time");
    assert_wrong("-b", "which process");
    assert_wrong("--dump", "which process");
}

/* The words of -p are WANTED, which blanks separate. */
static void assert_several(const char *wanted)
{
    char text[1024] = "";

    for (unsigned i = 0; i < o.several.n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "",
                 o.several.word[i]);
    cr_assert_str_eq(text, wanted, "%s, not %s", text, wanted);
}

#define TEN         "abcdefghij"
#define SIXTY_THREE TEN TEN TEN TEN TEN TEN "xyz"

Test(options, several_targets_are_a_list_without_doubles)
{
    assert_mode("-p 5,6 -p 7,5", MODE_WATCH);
    assert_several("5 6 7");
    assert_mode("-p kv,7 -p web,kv,x1", MODE_WATCH);
    assert_several("kv 7 web x1");
    assert_mode("-p 5,5", MODE_WATCH);
    cr_assert_str_eq(o.target, "5", "one pid twice is %s", o.target);
    assert_several("5");
    assert_mode("-p kv", MODE_WATCH);
    cr_assert_str_eq(o.target, "kv", "one name is %s", o.target);
    assert_wrong("-p 5,", "\"5,\" is no PID");
    assert_wrong("-p kv,,x", "\"kv,,x\" is no PID");
    assert_wrong("-p kv,05", "\"kv,05\" is no PID");
    assert_wrong("-p kv," SIXTY_THREE "x", "is no PID");
    assert_mode("-p kv," SIXTY_THREE, MODE_WATCH);
    assert_wrong("-p ,5", "\",5\" is no PID");
    assert_wrong("-p 5,6 name", "one target at a time");
}

Test(options, what_is_of_one_process_is_refused_for_several)
{
    assert_wrong("-p 5,6 -w file", "-w records one process");
    assert_mode("-b -p 5 -p 6 --follow", MODE_BATCH);
    assert_mode("-p 5 -p 6 --follow", MODE_WATCH);
    assert_mode("--csv -p 5,6 --wait", MODE_BATCH);
    assert_mode("-p 5,6 --wait", MODE_WATCH);
    assert_wrong("--prom -p 5,6 --wait",
                 "--wait of several processes is for the screen and for -b");
    assert_wrong("--check 1<2 -p 5,6 --follow", "--follow of several processes is for the screen");
    assert_wrong("-p 5,6 --demo", "of one process");
    assert_wrong("-p 5,6 --dump", "--dump is of one process");
    assert_wrong("-p 5,6 --status", "--status is of one process");
    assert_mode("-p 5,6 --check gc.count>1", MODE_CHECK);
    assert_mode("-p 5,6 --prom", MODE_PROM);
    assert_mode("-p 5,6 -l", MODE_LIST);
}

Test(options, so_many_pids_and_no_more)
{
    char line[512] = "-p 1";

    for (int i = 2; i <= PIDLIST_MAX; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), ",%d", i);
    cr_assert(strlen(line) < 250, "the line is cut");
    assert_mode(line, MODE_WATCH);
    cr_assert_eq(o.several.n, PIDLIST_MAX, "%u pids", o.several.n);
    snprintf(line + strlen(line), sizeof line - strlen(line), ",%d", 999);
    assert_wrong(line, "at most 64 processes");
}

Test(options, glyphs_have_names)
{
    assert_mode("-p 1 --glyphs blocks", MODE_WATCH);
    cr_assert_eq(o.glyphs, GLYPHS_BLOCKS, "glyphs %d", o.glyphs);
    assert_mode("-p 1 -U", MODE_WATCH);
    cr_assert_eq(o.glyphs, GLYPHS_ASCII, "glyphs %d", o.glyphs);
}

Test(options, no_color_is_an_option_or_a_variable_that_is_not_empty)
{
    char *argv[] = {(char[]){"gomon"}, NULL};

    assert_mode("-p 1", MODE_WATCH);
    cr_assert_not(o.no_color, "without either");
    assert_mode("-p 1 -C", MODE_WATCH);
    cr_assert(o.no_color, "with the option");
    options_init(&o);
    options_parse(&o, 1, argv, "1", error);
    cr_assert(o.no_color, "with the variable");
    options_init(&o);
    options_parse(&o, 1, argv, "", error);
    cr_assert_not(o.no_color, "with an empty one");
}

Test(options, help_tells_of_every_option_in_lines_of_bounded_width)
{
    static const char *const names[] = {
#define OPTION(id, letter, name, argument, help) "--" name,
#include "mon/options.def"
#undef OPTION
    };
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    options_print_help(out);
    fclose(out);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        cr_assert_not_null(strstr(text, names[i]), "%s is missing", names[i]);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        cr_assert_leq(strlen(line), 96, "%zu columns: %s", strlen(line), line);
    free(text);
}

Test(options, output_for_scripts_has_modes_of_its_own)
{
    assert_mode("--csv kv", MODE_BATCH);
    cr_assert(o.csv, "no CSV");
    assert_mode("--prom", MODE_PROM);
    assert_mode("--list-metrics", MODE_METRICS);
    assert_mode("--check a>1 --critical a>2 -p 5", MODE_CHECK);
    cr_assert(strcmp(o.check, "a>1") == 0 && strcmp(o.critical, "a>2") == 0, "%s %s", o.check,
              o.critical);
    assert_wrong("--csv --json kv", "not both");
    assert_wrong("--check a>1", "which process");
    assert_wrong("--prom --check a>1 kv", "does not go with");
}

Test(options, waiting_and_following_want_somebody)
{
    assert_mode("--wait --follow kv", MODE_WATCH);
    cr_assert(o.wait && o.follow, "%d %d", o.wait, o.follow);
    assert_mode("--demo", MODE_WATCH);
    assert_mode("--demo churn -b", MODE_BATCH);
    cr_assert(o.demo && strcmp(o.target, "churn") == 0, "%s", o.target);
    assert_wrong("--wait", "which process");
    assert_wrong("--wait --demo leak", "which process");
}

Test(options, a_command_is_what_follows_two_dashes)
{
    assert_mode("--csv -b -- server -b --help", MODE_BATCH);
    cr_assert(o.target == NULL && o.csv, "the target is %s", o.target);
    cr_assert_str_eq(o.command[0], "server", "%s", o.command[0]);
    cr_assert(strcmp(o.command[1], "-b") == 0 && strcmp(o.command[2], "--help") == 0 &&
                  o.command[3] == NULL,
              "its words are %s, %s", o.command[1], o.command[2]);
    assert_mode("--dump -- server", MODE_DUMP);
    assert_mode("--", MODE_WATCH);
    cr_assert_null(o.command, "a command of no words");
    assert_wrong("-p 1 -- server", "nothing beside it");
    assert_wrong("--wait -- server", "nothing beside it");
    assert_wrong("-r x.gmr -- server", "nothing beside it");
    assert_wrong("-l -- server", "to be watched");
    assert_wrong("--list-metrics -- server", "to be watched");
}

Test(options, two_dashes_that_are_an_options_argument_begin_no_command)
{
    assert_mode("-w -- -p 1", MODE_WATCH);
    cr_assert(strcmp(o.write_path, "--") == 0 && strcmp(o.target, "1") == 0 && o.command == NULL,
              "to %s, target %s", o.write_path, o.target);
    assert_mode("-w -- kv", MODE_WATCH);
    cr_assert(o.command == NULL && strcmp(o.target, "kv") == 0, "kv is a command");
    assert_mode("kv --on-alert --", MODE_WATCH);
    cr_assert(o.command == NULL && strcmp(o.target, "kv") == 0, "kv is a command");
    assert_mode("-w -- -- kv", MODE_WATCH);
    cr_assert(strcmp(o.write_path, "--") == 0 && o.target == NULL &&
                  strcmp(o.command[0], "kv") == 0,
              "kv is no command");
}

Test(options, a_word_before_two_dashes_is_no_part_of_the_command)
{
    assert_wrong("kv -- server", "nothing beside it");
    assert_wrong("kv -b -- server", "nothing beside it");
    assert_wrong("kv kv2 -- server", "one target");
}

Test(options, two_dumps_are_compared_and_dumps_are_folded)
{
    assert_mode("--diff a b", MODE_DIFF);
    cr_assert(strcmp(o.diff, "a") == 0 && strcmp(o.target, "b") == 0, "%s %s", o.diff, o.target);
    assert_mode("--folded --diff a b", MODE_DIFF);
    assert_mode("--json --diff=a b", MODE_DIFF);
    assert_mode("--dump --folded kv", MODE_DUMP);
    cr_assert(o.folded, "not folded");
    assert_mode("--folded --help", MODE_HELP);
    assert_wrong("--diff a", "gomon --diff BEFORE AFTER");
    assert_wrong("--diff a -p 5", "gomon --diff BEFORE AFTER");
    assert_wrong("--diff a b c", "one target");
    assert_wrong("--diff a b --dump", "does not go with");
    assert_wrong("--diff a b -w c", "-w records");
    assert_wrong("--folded kv", "--folded is a format");
    assert_wrong("--dump --folded --json kv", "not both");
}

Test(options, a_recording_is_written_to_a_file_within_bounds)
{
    assert_mode("-w x.gmr -p 12 --keep 36h --max-size 64M", MODE_WATCH);
    cr_assert_str_eq(o.write_path, "x.gmr", "%s", o.write_path);
    cr_assert_eq(o.keep_ns, 36 * 3600 * NS_PER_S, "keep %" PRId64, o.keep_ns);
    cr_assert_eq(o.max_bytes, INT64_C(64) << 20, "max-size %" PRId64, o.max_bytes);
    assert_mode("-b -w x.gmr -p 12", MODE_BATCH);
    cr_assert(o.keep_ns == 0 && o.max_bytes == INT64_C(1) << 30, "max-size %" PRId64, o.max_bytes);
    assert_wrong("-w x -p 12 --keep soon", "TIME");
    assert_wrong("-w x -p 12 --keep 5s", "TIME");
    assert_wrong("-w x -p 12 --keep 1hh", "TIME");
    assert_wrong("-w x -p 12 --max-size 1K", "SIZE");
    assert_wrong("-w x -p 12 --max-size -1G", "SIZE");
    assert_wrong("-w x -p 12 --max-size nan", "SIZE");
    assert_wrong("-l -w x", "-w records what is watched");
    assert_wrong("-w x --follow kv", "records one process");
}

Test(options, a_recording_is_read_in_the_place_of_a_target)
{
    assert_mode("-r x.gmr", MODE_WATCH);
    assert_mode("-r x.gmr -B 14:05 -E -5m -b", MODE_BATCH);
    cr_assert_str_eq(o.begin, "14:05", "%s", o.begin);
    cr_assert_str_eq(o.end, "-5m", "%s", o.end);
    assert_wrong("-B 14:05 -p 12", "of a recording");
    assert_wrong("-r x.gmr -p 12", "no process beside it");
    assert_wrong("-r x.gmr -w y.gmr", "no process beside it");
    assert_wrong("-r x.gmr --demo", "no process beside it");
    assert_wrong("-r x.gmr --follow", "no process beside it");
    assert_mode("-r x.gmr -D", MODE_DUMP);
    assert_wrong("-r x.gmr --report", "a recording can be watched");
}

Test(options, a_report_is_of_one_process)
{
    assert_mode("--report kv", MODE_REPORT);
    assert_mode("--report --dead kv", MODE_REPORT);
    assert_wrong("--report", "which process");
    assert_wrong("--report -p 1,2", "--report is of one process");
    assert_wrong("--report -w x.gmr kv", "-w records what is watched");
}

Test(options, incidents_are_bounded_or_turned_off)
{
    assert_mode("kv", MODE_WATCH);
    cr_assert(o.incidents == 10 && o.incident_dir == NULL && o.incident_bytes == 8 << 20,
              "%" PRIu64 " of %" PRId64, o.incidents, o.incident_bytes);
    assert_mode("--incidents 0 --incident-dir /a --incident-size 16M kv", MODE_WATCH);
    cr_assert(o.incidents == 0 && o.incident_bytes == 16 << 20, "%" PRIu64, o.incidents);
    cr_assert_str_eq(o.incident_dir, "/a");
    assert_wrong("--incidents 1001", "no N for --incidents");
    assert_wrong("--incidents -1", "no N for --incidents");
    assert_wrong("--incidents 00", "no N for --incidents");
    assert_wrong("--incident-size 1M", "no SIZE for --incident-size");
}
