/* SPDX-License-Identifier: MIT */
/* test_term.c - the terminal on a pseudo-terminal whose other end is this test: of any kind, any
 * size, stuck, or gone. */
#include "config.h"

#include <criterion/criterion.h>
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "base/bits.h"
#include "mon/canvas.h"
#include "mon/keys.h"
#include "mon/term.h"

static int master;
static int slave;
static char got[1 << 20]; /* what the terminal was sent and pump has taken */
static size_t ngot;
static struct canvas canvas;

static void resize(unsigned short rows, unsigned short cols)
{
    struct winsize size = {.ws_row = rows, .ws_col = cols};

    cr_assert_eq(ioctl(master, TIOCSWINSZ, &size), 0, "TIOCSWINSZ: %s", strerror(errno));
}

static void setup(void)
{
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "no terminal: %s",
              strerror(errno));
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    cr_assert(slave >= 0 && dup2(slave, STDIN_FILENO) == STDIN_FILENO &&
                  dup2(slave, STDOUT_FILENO) == STDOUT_FILENO,
              "no terminal: %s", strerror(errno));
    resize(24, 80);
    setenv("TERM", "vt100", 1);
    setenv("LC_ALL", "C", 1);
}

TestSuite(term, .init = setup, .timeout = 30);

/* Takes what has been sent. */
static void pump(void)
{
    ssize_t n;

    while (ngot < sizeof got - 1 && (n = read(master, got + ngot, sizeof got - 1 - ngot)) > 0)
        ngot += (size_t)n;
    got[ngot] = '\0';
}

static bool open_term(void)
{
    return term_open(&(struct term_wishes){.colour = TERM_COLOUR, .mouse = true});
}

/* A picture of the terminal's size with TEXT in its first line. */
static void draw(const char *text)
{
    int rows, cols;

    term_size(&rows, &cols);
    canvas_init(&canvas, rows, cols);
    canvas_text(&canvas, 0, 0, ROLE_STRONG, text);
    canvas_put(&canvas, rows - 1, cols - 1, '#', ROLE_BAD);
}

/* Waits until all has been sent. False if that is not to be had. */
static bool drain(void)
{
    bool good = true;

    for (int i = 0; i < 1000 && good && term_is_sending(); i++) {
        struct pollfd p = {.fd = term_output_fd(), .events = POLLOUT};

        poll(&p, 1, 10);
        good = term_flush();
        pump();
    }
    pump();
    return good && !term_is_sending();
}

/* What curses sends first is under way when it begins. */
static bool show(const char *text)
{
    bool shown;

    draw(text);
    shown = drain() && term_show(&canvas) && drain();
    canvas_fini(&canvas);
    return shown;
}

static bool has_got(const char *text)
{
    pump();
    return memmem(got, ngot, text, strlen(text)) != NULL;
}

/* ---- kinds ---- */

/* In a process of its own: curses does not forget a kind of terminal. */
static int status_of(void (*fn)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        fn();
        _exit(0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid, "waitpid: %s", strerror(errno));
    return status;
}

enum { UNKNOWN_HERE = 2, REFUSED, NOT_SHOWN, NOT_SENT, CAN_HIDE };

static void show_and_end(void)
{
    int error;

    if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
        _exit(UNKNOWN_HERE);
    if (!term_is_usable())
        _exit(REFUSED);
    if (!open_term() || !show("first") || !show("other"))
        _exit(NOT_SHOWN);
    if (!has_got("first") || !has_got("other"))
        _exit(NOT_SENT);
    term_bell();
    term_best_tier();
    term_close();
}

/* 0: the terminal can't hide its cursor. */
static void hide(void)
{
    int error;

    if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
        _exit(UNKNOWN_HERE);
    _exit(cursor_invisible == NULL ? 0 : CAN_HIDE);
}

/* Those that can't hide their cursor are among them. */
Test(term, it_shows_on_any_kind_that_can_move_its_cursor)
{
    static const char *const kinds[] = {
        "vt52",          "vt100",      "ansi", "sun",          "linux",          "screen",
        "tmux-256color", "xterm",      "rxvt", "screen.xterm", "xterm-256color", "vt220",
        "Eterm",         "xterm-mono", "hurd", "cons25",       "wsvt25",         "cygwin"};
    int shown = 0;
    int bare = 0;

    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        setenv("TERM", kinds[i], 1);
        ngot = 0;
        int status = status_of(show_and_end);
        bool unknown = WIFEXITED(status) && WEXITSTATUS(status) == UNKNOWN_HERE;
        cr_assert(status == 0 || unknown, "%s: status %#x", kinds[i], (unsigned)status);
        shown += !unknown;
        bare += status_of(hide) == 0;
    }
    cr_assert(shown >= 3 && bare >= 1, "no more than %d are known here, of which %d can't hide it",
              shown, bare);
}

static void be_usable(void)
{
    _exit(term_is_usable() ? 1 : 0);
}

Test(term, other_kinds_are_refused)
{
    static const char *const kinds[] = {"dumb", "", "no-such-terminal", "unknown"};

    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        setenv("TERM", kinds[i], 1);
        cr_assert_eq(status_of(be_usable), 0, "\"%s\" is usable", kinds[i]);
    }
    unsetenv("TERM");
    cr_assert_eq(status_of(be_usable), 0, "it is usable without TERM");
}

/* Kinds that terminfo does not have: they can do one of the two things that it takes. */
Test(term, a_kind_that_can_only_clear_or_only_move_is_refused)
{
    static const char *const kinds[] = {"odd|odd,clear=\\E[2J,", "odd|odd,cup=\\E[%p1%d;%p2%dH,"};
    char dir[] = "/tmp/test_term.XXXXXX";
    char command[160];

    cr_assert_not_null(mkdtemp(dir), "mkdtemp");
    setenv("TERMINFO", dir, 1);
    setenv("TERM", "odd", 1);
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        snprintf(command, sizeof command, "printf '%%s\\n' '%s' | tic -x - 2>/dev/null", kinds[i]);
        int status = system(command);
        bool usable = status == 0 && status_of(be_usable) != 0;

        snprintf(command, sizeof command, "rm -rf %s", dir);
        cr_assert_eq(system(command), 0, "%s", command);
        if (status != 0)
            cr_skip_test("there is no tic");
        cr_assert_not(usable, "%s is usable", kinds[i]);
    }
}

Test(term, what_is_no_terminal_is_refused)
{
    int ends[2];

    cr_assert(term_is_usable(), "a terminal is not");
    cr_assert_eq(pipe(ends), 0, "pipe");
    dup2(ends[1], STDOUT_FILENO);
    cr_assert_not(term_is_usable(), "stdout is a pipe");
    dup2(slave, STDOUT_FILENO);
    dup2(ends[0], STDIN_FILENO);
    cr_assert_not(term_is_usable(), "stdin is a pipe");
    close(STDIN_FILENO);
    cr_assert_not(term_is_usable(), "stdin is closed");
    dup2(slave, STDIN_FILENO);
    close(STDOUT_FILENO);
    cr_assert_not(term_is_usable(), "stdout is closed");
}

/* ---- sizes ---- */

Test(term, each_size_is_taken)
{
    static const unsigned short sizes[][2] = {{1, 1},    {200, 2}, {3, 500}, {3, 12},
                                              {39, 184}, {1, 500}, {200, 1}, {24, 80}};
    int rows, cols;
    char all_scroll[16];

    cr_assert(open_term(), "it cannot be had");
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        resize(sizes[i][0], sizes[i][1]);
        term_size(&rows, &cols);
        cr_assert(rows == sizes[i][0] && cols == sizes[i][1], "%dx%d, not %dx%d", cols, rows,
                  sizes[i][1], sizes[i][0]);
        ngot = 0;
        cr_assert(show("x"), "%dx%d is not shown", cols, rows);
        cr_assert(has_got("#"), "%dx%d: its last cell was not sent", cols, rows);
        snprintf(all_scroll, sizeof all_scroll, "\033[1;%dr", rows);
        cr_assert(has_got(all_scroll), "%dx%d: not all rows scroll", cols, rows);
    }
    resize(0, 0);
    term_size(&rows, &cols);
    cr_assert(rows == 24 && cols == 80, "no size is %dx%d", cols, rows);
    term_close();
}

/* ---- stuck, or gone ---- */

/* As long as it takes nothing, time goes on: no call waits. */
Test(term, a_stuck_terminal_costs_frames_and_no_time)
{
    cr_assert(open_term() && show("before"), "it cannot be had");
    cr_assert_eq(tcflow(slave, TCOOFF), 0, "tcflow: %s", strerror(errno));
    draw("stuck");
    cr_assert(term_show(&canvas), "the first frame is refused");
    for (int i = 0; i < 1000; i++) {
        cr_assert(term_flush(), "it is taken to be gone");
        cr_assert(term_is_sending(), "it takes what it cannot");
        cr_assert_not(term_show(&canvas), "a second frame is begun");
    }
    canvas_fini(&canvas);
    cr_assert_not(has_got("stuck"), "it was not stuck");
    cr_assert_eq(tcflow(slave, TCOON), 0, "tcflow: %s", strerror(errno));
    cr_assert(drain() && has_got("stuck"), "the frame that waited did not come");
    cr_assert(show("after") && has_got("after"), "the next one did not come");
    term_close();
}

/* Nor does the end of gomon wait for ever. */
Test(term, a_stuck_terminal_is_left)
{
    struct termios modes;

    cr_assert(open_term() && show("before"), "it cannot be had");
    cr_assert_eq(tcflow(slave, TCOOFF), 0, "tcflow: %s", strerror(errno));
    draw("stuck");
    cr_assert(term_show(&canvas), "the frame is refused");
    term_close();
    cr_assert_eq(tcgetattr(slave, &modes), 0, "tcgetattr: %s", strerror(errno));
    cr_assert((modes.c_lflag & ICANON) != 0 && (modes.c_lflag & ECHO) != 0, "it is left raw");
    canvas_fini(&canvas);
    tcflow(slave, TCOON); /* nor may it hold up the end of this process */
}

Test(term, one_that_is_gone_is_noticed)
{
    struct pollfd p = {.events = POLLIN};

    cr_assert(open_term() && show("before"), "it cannot be had");
    close(master);
    p.fd = term_input_fd();
    cr_assert_eq(poll(&p, 1, 5000), 1, "nothing tells of it");
    cr_assert((p.revents & (POLLHUP | POLLERR)) != 0, "events %#x", (unsigned)p.revents);
    cr_assert_eq(term_key(), KEY_CODE_NONE, "a key comes from nowhere");
    draw("gone");
    term_show(&canvas);
    cr_assert_not(term_flush(), "it takes a frame");
    canvas_fini(&canvas);
    term_close();
}

/* ---- keys ---- */

static void type(const char *bytes, size_t n)
{
    cr_assert_eq(write(master, bytes, n), (ssize_t)n, "write: %s", strerror(errno));
}

Test(term, a_byte_that_is_no_character_costs_no_other_key)
{
    static const char bytes[] = "a\xe2q\xff\033OAw\xe2\x82";
    static const uint32_t keys[] = {'a', 'q', KEY_CODE_OTHER, KEY_CODE_UP, 'w', KEY_CODE_NONE};

    setenv("TERM", "screen", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    cr_assert(open_term(), "it cannot be had");
    type(bytes, sizeof bytes - 1);
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        uint32_t key = term_key();

        cr_assert_eq(key, keys[i], "key %zu is %#x, not %#x", i, key, keys[i]);
    }
    type("\xac", 1);
    cr_assert_eq(term_key(), 0x20ac, "the rest of a character is none");
    term_close();
}

Test(term, a_mouse_report_of_bytes_is_read_as_they_come)
{
    static const char begin[] = "\033[M \xff";
    int row, col;

    setenv("TERM", "screen", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    cr_assert(open_term(), "it cannot be had");
    type(begin, sizeof begin - 1);
    cr_assert_eq(term_key(), KEY_CODE_NONE, "a half of it is a key");
    type("\xe2q", 2);
    cr_assert_eq(term_key(), KEY_CODE_CLICK, "the whole is no click");
    term_mouse(&row, &col);
    cr_assert(row == 0xe2 - 33 && col == 0xff - 33, "row %d, column %d", row, col);
    cr_assert_eq(term_key(), 'q', "the key behind it");
    term_close();
}
