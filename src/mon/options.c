/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "mon/options_agree.h"
#include "mon/optvalue.h"
#include "mon/recorder.h"

enum option_id {
#define OPTION(id, letter, name, argument, help) OPTION_##id,
#include "mon/options.def"
#undef OPTION
    OPTIONS
};

struct option_row {
    char letter; /* 0: none */
    const char *name;
    const char *argument; /* NULL: none */
    const char *help;
};

static const struct option_row rows[OPTIONS] = {
#define OPTION(id, letter, name, argument, help) {letter, name, argument, help},
#include "mon/options.def"
#undef OPTION
};

#define LONG_BASE        256 /* getopt's value of row i is LONG_BASE + i */
#define FOUND_WORD       1   /* ... and of a word that is no option's */
#define LEAST_DELAY_S    0.1
#define MOST_DELAY_S     3600.0
#define LEAST_WINDOW_S   30.0
#define MOST_WINDOW_S    604800.0
#define DEFAULT_WINDOW_S 900
#define DEFAULT_BYTES    (INT64_C(1) << 30)
#define MOST_INCIDENTS   1000
#define INCIDENTS        10
#define INCIDENT_BYTES   (INT64_C(8) << 20)

#define WRONG(...) (snprintf(error, OPTIONS_ERROR_BYTES, __VA_ARGS__), false)

/* ---- arguments ---- */

static bool take_incidents(const char *text, uint64_t *n)
{
    uint64_t taken = 0;

    if (strcmp(text, "0") != 0 && (!optvalue_count(text, &taken) || taken > MOST_INCIDENTS))
        return false;
    *n = taken;
    return true;
}

static const char *const glyph_names[] = {[GLYPHS_AUTO] = "auto",
                                          [GLYPHS_BRAILLE] = "braille",
                                          [GLYPHS_BLOCKS] = "blocks",
                                          [GLYPHS_LINES] = "lines",
                                          [GLYPHS_ASCII] = "ascii"};

static bool take_glyphs(const char *text, enum options_glyphs *glyphs)
{
    for (size_t i = 0; i < ARRAY_COUNT(glyph_names); i++) {
        if (strcmp(text, glyph_names[i]) == 0) {
            *glyphs = (enum options_glyphs)i;
            return true;
        }
    }
    return false;
}

static bool take_theme(const char *text, enum theme *theme)
{
    for (unsigned i = 0; theme_name(i) != NULL; i++) {
        if (strcmp(text, theme_name(i)) == 0) {
            *theme = (enum theme)i;
            return true;
        }
    }
    return false;
}

/* Of several -p, each adds. */
static bool take_targets(struct options *o, const char *text)
{
    const char *comma = strrchr(text, ',');

    o->target = comma == NULL ? text : comma + 1;
    return wordlist_add(&o->several, text);
}

/* ---- options ---- */

/* An argument that is taken as it is, for later. */
static bool take_text(struct options *o, enum option_id id, const char *text)
{
    const char **to = id == OPTION_WRITE   ? &o->write_path
                      : id == OPTION_READ  ? &o->read_path
                      : id == OPTION_BEGIN ? &o->begin
                      : id == OPTION_DIFF  ? &o->diff
                      : id == OPTION_END   ? &o->end
                                           : &o->incident_dir;

    *to = text;
    return text[0] != '\0' || id == OPTION_INCIDENT_DIR;
}

/* Takes an option that has an argument; false if it makes no sense. */
static bool take_argument(struct options *o, enum option_id id, const char *text)
{
    if (id == OPTION_COUNT)
        return optvalue_count(text, &o->count);
    if (id == OPTION_DELAY)
        return optvalue_seconds(text, LEAST_DELAY_S, MOST_DELAY_S, &o->interval_ns);
    if (id == OPTION_LINT_WINDOW)
        return optvalue_seconds(text, LEAST_WINDOW_S, MOST_WINDOW_S, &o->lint_window_ns);
    if (id == OPTION_LINT)
        return lint_set_take(&o->lints, text);
    if (id == OPTION_ALLOW)
        return lint_set_allow(&o->lints, text);
    if (id == OPTION_KEEP)
        return optvalue_span(text, 60 * NS_PER_S, &o->keep_ns);
    if (id == OPTION_MAX_SIZE)
        return optvalue_size(text, RECORDER_LEAST_BYTES, &o->max_bytes);
    if (id == OPTION_INCIDENT_SIZE)
        return optvalue_size(text, RECORDER_LEAST_BYTES, &o->incident_bytes);
    if (id == OPTION_INCIDENTS)
        return take_incidents(text, &o->incidents);
    if (id == OPTION_WRITE || id == OPTION_READ || id == OPTION_BEGIN || id == OPTION_END ||
        id == OPTION_DIFF || id == OPTION_INCIDENT_DIR)
        return take_text(o, id, text);
    if (id == OPTION_GLYPHS)
        return take_glyphs(text, &o->glyphs);
    if (id == OPTION_THEME)
        return take_theme(text, &o->theme);
    if (id == OPTION_ON_ALERT) {
        if (strlen(text) >= OPTIONS_VALUE_BYTES)
            return false;
        o->on_alert = text;
        return true;
    }
    if (id == OPTION_CHECK || id == OPTION_CRITICAL) {
        *(id == OPTION_CHECK ? &o->check : &o->critical) = text;
        return true;
    }
    if (id == OPTION_CONFIG)
        return true; /* see options_config */
    CHECK(id == OPTION_PID);
    return take_targets(o, text);
}

static bool take_yes_no(const char *text, bool *on)
{
    *on = strcmp(text, "yes") == 0;
    return *on || strcmp(text, "no") == 0;
}

/* The mode that an option asks for; those that ask for none give MODE_WATCH. */
static enum options_mode mode_of(enum option_id id)
{
    static const enum options_mode mode[OPTIONS] = {
        [OPTION_LIST] = MODE_LIST,           [OPTION_BATCH] = MODE_BATCH,
        [OPTION_ONCE] = MODE_BATCH,          [OPTION_DUMP] = MODE_DUMP,
        [OPTION_DIFF] = MODE_DIFF,           [OPTION_COUNT] = MODE_BATCH,
        [OPTION_REPORT] = MODE_REPORT,
        [OPTION_SYMBOLIZE] = MODE_SYMBOLIZE, [OPTION_VERSION] = MODE_VERSION,
        [OPTION_HELP] = MODE_HELP,           [OPTION_CSV] = MODE_BATCH,
        [OPTION_PROM] = MODE_PROM,           [OPTION_CHECK] = MODE_CHECK,
        [OPTION_CRITICAL] = MODE_CHECK,      [OPTION_LIST_METRICS] = MODE_METRICS,
        [OPTION_PRINT_CONFIG] = MODE_CONFIG, [OPTION_STATUS] = MODE_STATUS,
    };

    return mode[id];
}

/* Where the value of an option without an argument is; NULL: it asks for a mode only. */
static bool *flag_of(struct options *o, enum option_id id)
{
    const struct {
        enum option_id id;
        bool *flag;
    } flags[] = {
        {OPTION_ONCE, &o->once},
        {OPTION_JSON, &o->json},
        {OPTION_CSV, &o->csv},
        {OPTION_FOLDED, &o->folded},
        {OPTION_DEBUGINFOD, &o->debuginfod},
        {OPTION_READ_ONLY, &o->read_only},
        {OPTION_NO_COLOR, &o->no_color},
        {OPTION_NO_MOUSE, &o->no_mouse},
        {OPTION_BELL, &o->bell},
        {OPTION_WAIT, &o->wait},
        {OPTION_FOLLOW, &o->follow},
        {OPTION_DEMO, &o->demo},
        {OPTION_DEAD, &o->dead},
    };

    for (size_t i = 0; i < ARRAY_COUNT(flags); i++)
        if (flags[i].id == id)
            return flags[i].flag;
    return NULL;
}

/* TEXT is NULL, yes or no. */
static bool take_flag(struct options *o, enum option_id id, const char *text)
{
    bool *flag = flag_of(o, id);
    bool on = true;

    if (text != NULL && !take_yes_no(text, &on))
        return false;
    if (flag != NULL)
        *flag = on;
    if (id == OPTION_NO_UNICODE)
        o->glyphs = GLYPHS_ASCII;
    return true;
}

/* Help and version win over all else, and any other over batch output, which some options only
 * imply. Two others do not go together. */
static bool merge_mode(struct options *o, enum options_mode mode)
{
    if (mode == MODE_WATCH || o->mode >= MODE_HELP)
        return true;
    if (o->mode == MODE_WATCH || o->mode == MODE_BATCH || mode >= MODE_HELP) {
        o->mode = mode;
        return true;
    }
    return mode == o->mode || mode == MODE_BATCH;
}

/* ---- settings ---- */

static const enum option_id settings[] = {
#define SETTING(id) OPTION_##id,
#include "mon/settings.def"
#undef SETTING
};

static bool is_setting(enum option_id id)
{
    for (size_t i = 0; i < ARRAY_COUNT(settings); i++)
        if (settings[i] == id)
            return true;
    return false;
}

/* What its value is called in messages. */
static const char *argument_of(enum option_id id)
{
    return rows[id].argument != NULL ? rows[id].argument : "yes or no";
}

static bool take_setting(struct options *o, enum option_id id, const char *text, char *error)
{
    if (rows[id].argument == NULL ? take_flag(o, id, text) : take_argument(o, id, text))
        return true;
    return WRONG("\"%.60s\" is no %s for %s: %s", text, argument_of(id), rows[id].name,
                 rows[id].help);
}

bool options_set(struct options *o, const char *name, const char *text,
                 char error[static OPTIONS_ERROR_BYTES])
{
    for (size_t i = 0; i < ARRAY_COUNT(settings); i++)
        if (strcmp(rows[settings[i]].name, name) == 0)
            return take_setting(o, settings[i], text, error);
    return WRONG("\"%.60s\" is no setting: gomon --print-config lists them", name);
}

static void seconds_text(char text[OPTIONS_VALUE_BYTES], int64_t ns)
{
    snprintf(text, OPTIONS_VALUE_BYTES, "%.9g", (double)ns / (double)NS_PER_S);
}

/* In the largest unit that it has a whole number of. */
static void size_text(char text[OPTIONS_VALUE_BYTES], int64_t bytes)
{
    const char *unit = "BKMGT";

    for (; bytes % 1024 == 0 && unit[1] != '\0'; bytes /= 1024)
        unit++;
    snprintf(text, OPTIONS_VALUE_BYTES, "%" PRId64 "%c", bytes, *unit);
}

static void value_text(const struct options *o, enum option_id id, char text[OPTIONS_VALUE_BYTES])
{
    struct options copy = *o; /* flag_of gives what may be written */
    bool *flag = flag_of(&copy, id);

    text[0] = '\0';
    if (flag != NULL)
        snprintf(text, OPTIONS_VALUE_BYTES, "%s", *flag ? "yes" : "no");
    else if (id == OPTION_DELAY)
        seconds_text(text, o->interval_ns);
    else if (id == OPTION_LINT_WINDOW)
        seconds_text(text, o->lint_window_ns);
    else if (id == OPTION_GLYPHS)
        snprintf(text, OPTIONS_VALUE_BYTES, "%s", glyph_names[o->glyphs]);
    else if (id == OPTION_ON_ALERT && o->on_alert != NULL)
        snprintf(text, OPTIONS_VALUE_BYTES, "%s", o->on_alert);
    else if (id == OPTION_INCIDENTS)
        snprintf(text, OPTIONS_VALUE_BYTES, "%" PRIu64, o->incidents);
    else if (id == OPTION_INCIDENT_DIR && o->incident_dir != NULL)
        snprintf(text, OPTIONS_VALUE_BYTES, "%s", o->incident_dir);
    else if (id == OPTION_INCIDENT_SIZE)
        size_text(text, o->incident_bytes);
    else if (id == OPTION_THEME)
        snprintf(text, OPTIONS_VALUE_BYTES, "%s", theme_name(o->theme));
}

/* The setting of LINT number I: a line of its own. */
static bool lint_setting(const struct options *o, unsigned i, struct options_setting *setting)
{
    if (i >= LINTS)
        return false;
    setting->name = rows[OPTION_LINT].name;
    setting->help = alert_lint_help((enum alert_lint)i);
    lint_set_text(&o->lints, (enum alert_lint)i, setting->text);
    return true;
}

bool options_setting(const struct options *o, unsigned i, struct options_setting *setting)
{
    const unsigned nsingle = ARRAY_COUNT(settings) - 1;

    if (i >= nsingle)
        return lint_setting(o, i - nsingle, setting);
    setting->name = rows[settings[i]].name;
    setting->help = rows[settings[i]].help;
    value_text(o, settings[i], setting->text);
    return true;
}

/* ---- the command line ---- */

static int has_argument(enum option_id id)
{
    if (rows[id].argument != NULL)
        return required_argument;
    return is_setting(id) ? optional_argument : no_argument;
}

/* Fills the tables that getopt_long wants. Words come in their order: so where it ends before the
 * last, there was a -- that is no option's argument. */
static void fill_getopt(struct option longs[OPTIONS + 1], char letters[2 * OPTIONS + 3])
{
    size_t n = 0;

    letters[n++] = '-';
    letters[n++] = ':'; /* a missing argument is told apart, and nothing is printed */
    for (int i = 0; i < OPTIONS; i++) {
        longs[i] = (struct option){
            .name = rows[i].name, .has_arg = has_argument((enum option_id)i), .val = LONG_BASE + i};
        if (rows[i].letter == 0)
            continue;
        letters[n++] = rows[i].letter;
        if (rows[i].argument != NULL)
            letters[n++] = ':';
    }
    letters[n] = '\0';
    longs[OPTIONS] = (struct option){0};
}

/* The row of what getopt_long returned. */
static int row_of(int found)
{
    if (found >= LONG_BASE)
        return found - LONG_BASE;
    for (int i = 0; i < OPTIONS; i++)
        if (rows[i].letter == found)
            return i;
    return -1;
}

static bool take_option(struct options *o, int row, const char *text, char *error)
{
    enum option_id id = (enum option_id)row;

    if (!(rows[row].argument == NULL ? take_flag(o, id, text) : take_argument(o, id, text)))
        return WRONG("\"%s\" is no %s for --%s", text, argument_of(id), rows[row].name);
    if (!merge_mode(o, mode_of(id)))
        return WRONG("--%s does not go with what was asked for before", rows[row].name);
    return true;
}

/* Of N words that are no option's, WORD is the last: at most one target. */
static bool take_target(struct options *o, unsigned n, const char *word, char *error)
{
    if (n == 0)
        return true;
    if (o->target != NULL || n > 1)
        return WRONG("one target at a time, not \"%s\" too", word);
    if (word[0] == '\0')
        return WRONG("a target has a name or a pid");
    o->target = word;
    return true;
}

void options_init(struct options *o)
{
    *o = (struct options){.interval_ns = NS_PER_S,
                          .lint_window_ns = DEFAULT_WINDOW_S * NS_PER_S,
                          .max_bytes = DEFAULT_BYTES,
                          .incidents = INCIDENTS,
                          .incident_bytes = INCIDENT_BYTES};
    lint_set_init(&o->lints);
}

void options_fini(struct options *o)
{
    free(o->rc_text);
    o->rc_text = NULL;
}

const char *options_config(int argc, char **argv)
{
    struct option longs[OPTIONS + 1];
    char letters[2 * OPTIONS + 3];
    const char *path = NULL;
    int found;

    fill_getopt(longs, letters);
    optind = 0;
    while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1)
        if (found == LONG_BASE + OPTION_CONFIG)
            path = optarg;
    return path;
}

bool options_parse(struct options *o, int argc, char **argv, const char *no_color,
                   char error[static OPTIONS_ERROR_BYTES])
{
    struct option longs[OPTIONS + 1];
    char letters[2 * OPTIONS + 3];
    const char *word = NULL;
    unsigned nwords = 0;
    int found;

    o->no_color |= no_color != NULL && no_color[0] != '\0';
    fill_getopt(longs, letters);
    optind = 0; /* GNU: begin anew */
    while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (found == ':')
            return WRONG("%s needs an argument", argv[optind - 1]);
        if (found == '?')
            return WRONG("there is no option %s", argv[optind - 1]);
        if (found == FOUND_WORD) {
            word = optarg;
            nwords++;
        } else if (!take_option(o, row_of(found), optarg, error)) {
            return false;
        }
    }
    if (!take_target(o, nwords, word, error))
        return false;
    if (optind < argc)
        o->command = argv + optind;
    if (o->json && o->mode == MODE_WATCH)
        o->mode = MODE_BATCH;
    if (o->once)
        o->count = 1;
    return options_agree(o, error);
}

/* ---- help ---- */

void options_print_help(FILE *out)
{
    fputs("usage: gomon [OPTION]... [PID|NAME]\n"
          "       gomon [OPTION]... -- COMMAND [WORD]...\n"
          "Watches a program that uses libgort, live. Without a target: choose one.\n\n",
          out);
    for (int i = 0; i < OPTIONS; i++) {
        char name[48];

        snprintf(name, sizeof name, "%s%c%s--%s%s%s", rows[i].letter ? "-" : " ",
                 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ", " : "  ", rows[i].name,
                 rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
        fprintf(out, "  %-27s %s\n", name, rows[i].help);
    }
    fputs("\nIf standard output is not a terminal, output is as with --batch.\n"
          "On the screen, ? tells the keys.\n"
          "Exit status: 0 ok, 1 failed, 2 wrong usage, 3 no such target or no page,\n"
          "4 no permission, 5 page of another version or damaged,\n"
          "6 the target ended during batch output. With --check or --critical:\n"
          "0 ok, 1 warning, 2 critical, 3 unknown.\n",
          out);
}
