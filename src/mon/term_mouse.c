/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/term_mouse.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "mon/keys.h"
#include "mon/term.h"

#define CSI_PREFIX "\033[<"
#define OLD_PREFIX "\033[M"
#define OLD_BYTES  3
#define ASK        "\033[?1000h\033[?1006h"
#define GPM_SOCKET "/dev/gpmctl"

enum { KEY_CSI = KEY_MAX + 1, KEY_OLD }; /* a report begins */

static struct {
    int row;
    int col;
} last; /* [owner] */

enum report { REPORT_NONE, REPORT_CSI, REPORT_OLD };

static struct {
    bool is_asked;    /* for reports; else curses has the mouse, or nobody */
    enum report open; /* one of this kind has begun */
    size_t n;
    char text[32]; /* of that one */
} sequence;        /* [owner] */

static void put(int fd, const char *text)
{
    ssize_t written = write(fd, text, strlen(text));

    (void)written;
}

void term_mouse_pause(int fd)
{
    if (sequence.is_asked)
        put(fd, TERM_MOUSE_END);
}

void term_mouse_resume(int fd)
{
    if (sequence.is_asked)
        put(fd, ASK);
}

/* The mouse daemon of Linux' console, which curses asks by itself. */
static bool is_daemon(void)
{
    const char *type = getenv("TERM");

    return type != NULL && strncmp(type, "linux", 5) == 0 && access(GPM_SOCKET, F_OK) == 0;
}

static bool reports(void)
{
    return key_mouse != NULL &&
           (strcmp(key_mouse, CSI_PREFIX) == 0 || strcmp(key_mouse, OLD_PREFIX) == 0);
}

/* Presses are clicks at once: waiting for a release, to tell a double click, would cost time. */
void term_mouse_begin(int fd)
{
    sequence.open = REPORT_NONE;
    sequence.is_asked = reports() && !is_daemon() && define_key(CSI_PREFIX, KEY_CSI) == OK &&
                        define_key(OLD_PREFIX, KEY_OLD) == OK;
    if (sequence.is_asked) {
        term_mouse_resume(fd);
        return;
    }
    mouseinterval(0);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
}

uint32_t term_mouse_key(void)
{
    MEVENT event;

    if (getmouse(&event) != OK)
        return KEY_CODE_OTHER;
    last.row = event.y;
    last.col = event.x;
    if ((event.bstate & BUTTON4_PRESSED) != 0)
        return KEY_CODE_WHEEL_UP;
    if ((event.bstate & BUTTON5_PRESSED) != 0)
        return KEY_CODE_WHEEL_DOWN;
    return (event.bstate & BUTTON1_PRESSED) != 0 ? (uint32_t)KEY_CODE_CLICK
                                                 : (uint32_t)KEY_CODE_OTHER;
}

void term_mouse(int *row, int *col)
{
    *row = last.row;
    *col = last.col;
}

/* ---- reports ---- */

bool term_mouse_open(wint_t code)
{
    if (code != KEY_CSI && code != KEY_OLD)
        return false;
    sequence.open = code == KEY_CSI ? REPORT_CSI : REPORT_OLD;
    sequence.n = 0;
    return true;
}

/* Columns and rows are counted from 1. */
static uint32_t key_of(int button, int col, int row)
{
    enum { LEFT = 0, WHEEL_UP = 64, WHEEL_DOWN = 65 };

    if (col < 1 || row < 1)
        return KEY_CODE_OTHER;
    last.row = row - 1;
    last.col = col - 1;
    if (button == WHEEL_UP)
        return KEY_CODE_WHEEL_UP;
    if (button == WHEEL_DOWN)
        return KEY_CODE_WHEEL_DOWN;
    return button == LEFT ? (uint32_t)KEY_CODE_CLICK : (uint32_t)KEY_CODE_OTHER;
}

/* A number of at most 4 digits, and END behind it; *TEXT goes on behind that. -1: there is none. */
static int take_number(const char **text, char end)
{
    int value = 0;
    size_t digits = strspn(*text, "0123456789");

    if (digits == 0 || digits > 4 || (*text)[digits] != end)
        return -1;
    value = atoi(*text);
    *text += digits + 1;
    return value;
}

static uint32_t key_of_csi(const char *text)
{
    int button = take_number(&text, ';');
    int col = button < 0 ? -1 : take_number(&text, ';');
    int row = col < 0 ? -1 : take_number(&text, 'M'); /* m: it was let go */

    return key_of(button, col, row);
}

/* Numbers as characters, from the space on; a button 3 is let go. */
static uint32_t key_of_old(const char *text)
{
    const uint8_t *byte = (const uint8_t *)text;

    return key_of(byte[0] - ' ', byte[1] - ' ', byte[2] - ' ');
}

/* Source: ECMA-48, 5.4: parameters and intermediate bytes are 0x20 to 0x3f, and the next one up to
 * 0x7e is the last. */
static bool belongs(wint_t code)
{
    return code >= 0x20 && code <= (sequence.open == REPORT_OLD ? 0xff : 0x7e) &&
           sequence.n < sizeof sequence.text - 1;
}

static bool is_last(wint_t code)
{
    return sequence.open == REPORT_OLD ? sequence.n == OLD_BYTES : code >= 0x40;
}

bool term_mouse_take(wint_t code, uint32_t *key)
{
    if (sequence.open == REPORT_NONE || !belongs(code)) {
        sequence.open = REPORT_NONE;
        return false;
    }
    sequence.text[sequence.n++] = (char)code;
    *key = KEY_CODE_NONE;
    if (!is_last(code))
        return true;
    sequence.text[sequence.n] = '\0';
    *key = sequence.open == REPORT_OLD ? key_of_old(sequence.text) : key_of_csi(sequence.text);
    sequence.open = REPORT_NONE;
    return true;
}
