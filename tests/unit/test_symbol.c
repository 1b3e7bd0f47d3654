/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/symbol.h"

#define WITHIN_NS (20 * NS_PER_S)

static uintptr_t return_address;
static uintptr_t inlined_address;

static __attribute__((noinline)) void note_caller(uintptr_t *place)
{
    *place = (uintptr_t)__builtin_return_address(0);
}

static __attribute__((noinline)) void calls_on_a_known_line(void)
{
    note_caller(&return_address);
    __asm__ volatile("");
}
enum { KNOWN_LINE = __LINE__ - 3 };

static inline __attribute__((always_inline)) void is_inlined(void)
{
    note_caller(&inlined_address);
    __asm__ volatile("");
}
enum { INLINED_LINE = __LINE__ - 3 };

static uintptr_t interface_address;

/* Named like one of our own interface. */
static inline __attribute__((always_inline)) void gort_is_inlined(void)
{
    note_caller(&interface_address);
}

static __attribute__((noinline)) void calls_the_interface(void)
{
    gort_is_inlined();
    __asm__ volatile("");
}

static __attribute__((noinline)) void holds_the_inlined(void)
{
    is_inlined();
}
enum { HOLDING_LINE = __LINE__ - 2 };

static const struct symbol *find(struct symbols *symbols, uintptr_t pc, enum symbol_at at)
{
    return symbols_wait(symbols, pc, at, clock_mono_ns() + WITHIN_NS);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static void need_libdw(void)
{
    if (!HAVE_LIBDW)
        cr_skip_test("built without libdw");
}

TestSuite(symbol, .init = need_libdw, .timeout = 60);

Test(symbol, tells_function_file_and_line_of_a_call)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    const struct symbol *s;

    calls_on_a_known_line();
    s = find(symbols, return_address, SYMBOL_AT_RETURN);

    cr_assert_not_null(s, "no answer");
    cr_assert_eq(s->nframes, 1, "%zu frames", s->nframes);
    cr_assert_str_eq(s->frame[0].function, "calls_on_a_known_line", "%s", s->frame[0].function);
    cr_assert(ends_with(s->frame[0].file, "test_symbol.c"), "%s", s->frame[0].file);
    cr_assert_eq(s->frame[0].line, KNOWN_LINE, "line %" PRIu32, s->frame[0].line);
    cr_assert(ends_with(s->module, "test_symbol"), "%s", s->module);
    symbols_free(symbols);
}

Test(symbol, spells_out_inlined_calls)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    const struct symbol *s;

    holds_the_inlined();
    s = find(symbols, inlined_address, SYMBOL_AT_RETURN);

    cr_assert_eq(s->nframes, 2, "%zu frames", s->nframes);
    cr_assert_str_eq(s->frame[0].function, "is_inlined", "%s", s->frame[0].function);
    cr_assert_eq(s->frame[0].line, INLINED_LINE, "line %" PRIu32, s->frame[0].line);
    cr_assert_str_eq(s->frame[1].function, "holds_the_inlined", "%s", s->frame[1].function);
    cr_assert_eq(s->frame[1].line, HOLDING_LINE, "line %" PRIu32, s->frame[1].line);
    symbols_free(symbols);
}

Test(symbol, an_inlined_half_of_our_interface_is_told_as_its_caller)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    char text[160];

    calls_the_interface();
    find(symbols, interface_address, SYMBOL_AT_RETURN);
    symbols_text(symbols, interface_address, SYMBOL_AT_RETURN, text, sizeof text);
    cr_assert_not_null(strstr(text, "calls_the_interface test_symbol.c:"), "%s", text);
    symbols_free(symbols);
}

Test(symbol, names_functions_of_libraries)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    const struct symbol *s = find(symbols, (uintptr_t)getenv, SYMBOL_AT_EXACT);

    cr_assert_geq(s->nframes, 1, "no function");
    cr_assert_str_eq(s->frame[0].function, "getenv", "%s", s->frame[0].function);
    cr_assert_not_null(strstr(s->module, "libc.so"), "%s", s->module);
    symbols_free(symbols);
}

Test(symbol, knows_nothing_of_an_address_without_code)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    const struct symbol *s = find(symbols, 0x1234, SYMBOL_AT_EXACT);
    char text[64];

    cr_assert_eq(s->nframes, 0, "%zu frames", s->nframes);
    cr_assert_str_eq(s->module, "", "%s", s->module);
    cr_assert(symbols_text(symbols, 0x1234, SYMBOL_AT_EXACT, text, sizeof text), "not final");
    cr_assert_str_eq(text, "0x1234", "%s", text);
    symbols_free(symbols);
}

Test(symbol, never_blocks_a_caller_that_does_not_wait)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    char text[160];
    int64_t deadline_ns = clock_mono_ns() + WITHIN_NS;

    calls_on_a_known_line();
    cr_assert_null(symbols_find(symbols, return_address, SYMBOL_AT_RETURN), "known at once");
    cr_assert_not(symbols_text(symbols, return_address, SYMBOL_AT_RETURN, text, sizeof text),
                  "final at once: %s", text);
    cr_assert_not_null(strstr(text, "test_symbol+0x"), "%s", text);
    while (!symbols_text(symbols, return_address, SYMBOL_AT_RETURN, text, sizeof text)) {
        cr_assert_lt(clock_mono_ns(), deadline_ns, "no answer");
        symbols_step(symbols);
    }
    cr_assert_not_null(strstr(text, "calls_on_a_known_line test_symbol.c:"), "%s", text);
    symbols_free(symbols);
}

/* The pid of a child of this process that is not OTHER, or 0. */
static pid_t find_child(pid_t other)
{
    DIR *dir = opendir("/proc");
    pid_t found = 0;

    for (struct dirent *e = readdir(dir); e != NULL && found == 0; e = readdir(dir)) {
        char path[300];
        int pid, parent;
        FILE *file;

        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        file = e->d_name[0] > '0' && e->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        if (file == NULL)
            continue;
        if (fscanf(file, "%d (%*[^)]) %*c %d", &pid, &parent) == 2 && parent == getpid() &&
            pid != other)
            found = pid;
        fclose(file);
    }
    closedir(dir);
    return found;
}

Test(symbol, goes_on_when_the_child_is_killed)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    const struct symbol *s;
    pid_t child;

    calls_on_a_known_line();
    find(symbols, (uintptr_t)getenv, SYMBOL_AT_EXACT);
    child = find_child(0);
    cr_assert_gt(child, 0, "no child");
    kill(child, SIGKILL);
    s = find(symbols, return_address, SYMBOL_AT_RETURN);
    cr_assert_not_null(s, "no answer after the death");
    s = find(symbols, (uintptr_t)getppid, SYMBOL_AT_EXACT);
    cr_assert_geq(s->nframes, 1, "no function after the death");
    symbols_free(symbols);
}

Test(symbol, gives_up_a_question_that_is_never_answered)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    const struct symbol *s;
    pid_t child;

    find(symbols, (uintptr_t)getenv, SYMBOL_AT_EXACT);
    child = find_child(0);
    kill(child, SIGSTOP);
    s = find(symbols, (uintptr_t)getppid, SYMBOL_AT_EXACT);

    cr_assert_not_null(s, "no answer");
    cr_assert_eq(s->nframes, 0, "an answer of %zu frames from a stopped child", s->nframes);
    cr_assert_str_neq(s->module, "", "the module is not known");
    symbols_free(symbols);
}

Test(symbol, ends_a_child_that_is_not_asked_anything)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    int64_t deadline_ns = clock_mono_ns() + WITHIN_NS;

    find(symbols, (uintptr_t)getenv, SYMBOL_AT_EXACT);
    cr_assert_gt(find_child(0), 0, "no child");
    while (find_child(0) != 0) { /* a zombie is still a child */
        int64_t left_ns = symbols_wake_ns(symbols) - clock_mono_ns();

        cr_assert_lt(clock_mono_ns(), deadline_ns, "the child stays");
        poll(NULL, 0, left_ns < NS_PER_S ? 100 : 1000);
        symbols_step(symbols);
    }
    cr_assert_eq(symbols_wake_ns(symbols), INT64_MAX, "it still wants to be called");
    symbols_free(symbols);
}

Test(symbol, leaves_no_child_behind)
{
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);

    find(symbols, (uintptr_t)getenv, SYMBOL_AT_EXACT);
    cr_assert_gt(find_child(0), 0, "no child");
    symbols_free(symbols);
    cr_assert_eq(find_child(0), 0, "the child stays");
}

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;

    cr_assert_not_null(dir, "%s", path);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* A process of another user that runs this program's code. */
static pid_t start_as(uid_t uid)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(1);
        for (;;)
            pause();
    }
    return pid;
}

static unsigned uid_of(pid_t pid)
{
    char path[32], line[256];
    unsigned uid = ~0u;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    cr_assert_not_null(file, "%s", path);
    while (fgets(line, sizeof line, file) != NULL)
        sscanf(line, "Uid: %u", &uid);
    fclose(file);
    return uid;
}

Test(symbol, reads_files_as_the_user_of_the_target)
{
    const uid_t nobody = 65534;
    char path[64];
    struct symbols *symbols;
    pid_t target, child;

    if (geteuid() != 0)
        cr_skip_test("only root can change users");
    target = start_as(nobody);
    symbols = symbols_new(target, SYMBOL_LOCAL);
    while (uid_of(target) != nobody)
        ;
    symbols_wait(symbols, (uintptr_t)getenv, SYMBOL_AT_EXACT, clock_mono_ns() + WITHIN_NS);
    child = find_child(target);
    cr_assert_gt(child, 0, "no child");
    snprintf(path, sizeof path, "/proc/%d/fd", (int)child);
    cr_assert_eq(uid_of(child), nobody, "user %u", uid_of(child));
    cr_assert_leq(count_entries(path), 20, "%zu descriptors", count_entries(path));
    symbols_free(symbols);
    kill(target, SIGKILL);
}

/* ---- Files that lie ---- */

/* Copies this program to PATH, with N bytes of it set to nonsense. */
static size_t copy_damaged(const char *path, int n)
{
    FILE *in = fopen("/proc/self/exe", "re"), *out = fopen(path, "we");
    const size_t most = 32 << 20;
    uint8_t *data = malloc(most);
    size_t bytes;

    cr_assert(in != NULL && out != NULL && data != NULL, "no copy in %s", path);
    bytes = fread(data, 1, most, in);
    for (int i = 0; i < n; i++)
        data[(size_t)rand() % bytes] = (uint8_t)rand();
    cr_assert_eq(fwrite(data, 1, bytes, out), bytes, "%s is short", path);
    fclose(in);
    fclose(out);
    free(data);
    return bytes;
}

Test(symbol, damaged_files_cost_answers_and_nothing_else)
{
    const char *given = getenv("TEST_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)clock_mono_ns();
    char path[] = "/tmp/test_symbol.XXXXXX";
    size_t answered = 0;

    srand(seed);
    close(mkstemp(path));
    for (int round = 0; round < 8; round++) {
        size_t bytes = copy_damaged(path, 200 << round);
        struct symbols *symbols = symbols_new(0, SYMBOL_LOCAL);
        uint64_t at = symbols_add_file(symbols, path, NULL, 0);

        for (int i = 0; i < 50; i++) {
            uint64_t pc = at + (uint64_t)rand() % bytes;

            symbols_rule(symbols, pc);
            answered += find(symbols, pc, SYMBOL_AT_EXACT) != NULL;
        }
        symbols_free(symbols);
    }
    unlink(path);
    cr_assert_eq(answered, 8 * 50, "TEST_SEED=%u: %zu answers", seed, answered);
}

Test(symbol, believes_no_file_of_another_build)
{
    static const uint8_t other[20] = {1, 2, 3};
    struct symbols *symbols = symbols_new(0, SYMBOL_LOCAL);
    uint64_t at = symbols_add_file(symbols, "/proc/self/exe", other, sizeof other);
    const struct symbol *s = find(symbols, at + 0x1000, SYMBOL_AT_EXACT);

    cr_assert_eq(s->nframes, 0, "named %s", s->frame[0].function);
    cr_assert_eq(s->offset, 0x1000, "offset %#" PRIx64, s->offset);
    symbols_free(symbols);
}

Test(symbol, what_a_process_has_mapped_is_not_looked_at_once_it_is_another_program)
{
    uint64_t here = (uint64_t)(uintptr_t)symbols_new;
    struct symbols *symbols = symbols_new(getpid(), SYMBOL_LOCAL);
    struct symbols *kept = symbols_new(getpid(), SYMBOL_LOCAL);

    symbols_refresh(symbols);
    symbols_keep(kept);
    symbols_refresh(kept);
    cr_assert(symbols_has_code(symbols, here), "no code here");
    cr_assert_not(symbols_has_code(kept, here), "it is looked at");
    symbols_free(symbols);
    symbols_free(kept);
}

Test(symbol, opens_nothing_but_plain_files)
{
    char path[] = "/tmp/test_symbol.XXXXXX";
    struct symbols *symbols = symbols_new(0, SYMBOL_LOCAL);
    uint64_t at;

    close(mkstemp(path));
    unlink(path);
    cr_assert_eq(mkfifo(path, 0600), 0, "no fifo");
    at = symbols_add_file(symbols, path, NULL, 0);
    cr_assert_eq(find(symbols, at + 1, SYMBOL_AT_EXACT)->nframes, 0, "a fifo has functions");
    unlink(path);
    symbols_free(symbols);
}
