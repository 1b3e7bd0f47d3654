/* SPDX-License-Identifier: MIT */
/* fuzz_term.c - what a terminal sends, read as the screen reads its keys: any bytes, which come in
 * any pieces. On a pseudo-terminal, for curses reads from nothing else.
 * Input: pieces, each a byte with its length and then so many bytes; between two of them all keys
 * are taken, as after a silence. Claims: no byte is more than one key, a key is a character or one
 * of keys.h, the mouse is within what can be reported, nothing waits for bytes that do not come,
 * and whatever came before, the keys that are typed afterwards arrive. */
#include "config.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "mon/keys.h"
#include "mon/term.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX  4096 /* a pseudo-terminal holds so much */
#define MOUSE_MAX  9999
#define HANGS_S    60
#define PROBES_MAX 4 /* keys that may be taken for the rest of what was cut off */

static int master = -1;

/* ---- the terminal ---- */

static void die(const char *why)
{
    fprintf(stderr, "fuzz_term: %s: %s\n", why, strerror(errno));
    exit(1);
}

static void on_hang(int number)
{
    static const char text[] = "fuzz_term: a key is waited for that does not come\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);

    (void)number;
    (void)written;
    abort();
}

/* Not by alarm(), which is the fuzzer's. */
static timer_t new_watchdog(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    timer_t timer;

    signal(SIGUSR2, on_hang);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        die("no timer");
    return timer;
}

static void watch(bool on)
{
    static timer_t timer;
    static bool is_new = true;

    if (is_new)
        timer = new_watchdog();
    is_new = false;
    timer_settime(timer, 0, &(struct itimerspec){.it_value.tv_sec = on ? HANGS_S : 0}, NULL);
}

static void open_pty(void)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    int slave;

    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        die("no terminal");
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || dup2(slave, STDIN_FILENO) < 0 || dup2(slave, STDOUT_FILENO) < 0 ||
        ioctl(master, TIOCSWINSZ, &size) != 0)
        die("no terminal");
    close(slave);
}

static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
#define FAULTS (sizeof faults / sizeof faults[0])

/* Once a process. A lone Esc is told from a sequence by what has come already, not by time. The
 * handlers of fatal signals stay the fuzzer's. */
static void open_screen(void)
{
    struct sigaction handler[FAULTS];

    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i], NULL, &handler[i]);
    open_pty();
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    if (!term_is_usable())
        exit(77);
    if (!term_open(&(struct term_wishes){.colour = TERM_NO_COLOUR, .mouse = true}))
        die("the terminal cannot be had");
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i], &handler[i], NULL);
    term_flush();
    set_escdelay(0);
}

/* ---- keys ---- */

static size_t unread(void)
{
    int bytes = 0;

    if (ioctl(STDIN_FILENO, FIONREAD, &bytes) != 0)
        die("the terminal is gone");
    return (size_t)bytes;
}

/* Returns when they can be read: the kernel hands them over by a thread of its own. What came
 * before has been read. The fuzzer's clock interrupts system calls. */
static void send_bytes(const uint8_t *data, size_t bytes)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t n;

    do
        n = write(master, data, bytes);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)bytes)
        die("the terminal does not take it");
    while (unread() < bytes)
        poll(&p, 1, 1);
}

static void check_key(uint32_t key)
{
    int row, col;
    bool known = key < KEY_CODE_NONE || (key > KEY_CODE_NONE && key <= KEY_CODE_OTHER) ||
                 (key > KEY_CODE_F0 && key <= KEY_CODE_F0 + 12);

    if (!known)
        __builtin_trap();
    term_mouse(&row, &col);
    if (row < 0 || col < 0 || row >= MOUSE_MAX || col >= MOUSE_MAX)
        __builtin_trap();
}

/* Takes all keys, of MOST bytes at most; returns how many, and the last one in *LAST. */
static size_t take_keys(size_t most, uint32_t *last)
{
    size_t n = 0;
    uint32_t key;

    do {
        key = term_key();
        if (key == KEY_CODE_NONE)
            continue;
        check_key(key);
        *last = key;
        if (++n > most)
            __builtin_trap();
    } while (key != KEY_CODE_NONE || unread() > 0);
    return n;
}

/* One that is typed now is the next key, but for the few that a sequence still waits for. */
static void probe(size_t held)
{
    static const uint8_t letter = 'q';

    for (int i = 0; i < PROBES_MAX; i++) {
        uint32_t key = KEY_CODE_NONE;

        send_bytes(&letter, 1);
        if (take_keys(held + 1, &key) == 1 && key == letter)
            return;
        held = 0;
    }
    __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint32_t key;
    size_t sent = 0;
    size_t taken = 0;

    if (master < 0)
        open_screen();
    if (bytes > INPUT_MAX)
        return 0;
    watch(true);
    while (bytes > 0) {
        size_t piece = data[0] < bytes - 1 ? data[0] : bytes - 1;

        send_bytes(data + 1, piece);
        data += 1 + piece;
        bytes -= 1 + piece;
        sent += piece;
        taken += take_keys(sent - taken, &key);
    }
    probe(sent - taken);
    watch(false);
    return 0;
}
