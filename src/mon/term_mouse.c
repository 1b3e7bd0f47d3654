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

#define PREFIX       "\033[<"
#define ASK          "\033[?1000h\033[?1006h"
#define KEY_SEQUENCE (KEY_MAX + 1)

static struct {
    int row;
    int col;
} last; /* [owner] */

static struct {
    bool is_asked; /* for sequences; else curses has the mouse, or nobody */
    bool is_open;  /* one has begun */
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

/* Presses are clicks at once: waiting for a release, to tell a double click, would cost time. */
void term_mouse_begin(int fd)
{
    sequence.is_asked = key_mouse != NULL && strcmp(key_mouse, PREFIX) == 0 &&
                        define_key(PREFIX, KEY_SEQUENCE) == OK;
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

/* ---- sequences ---- */

bool term_mouse_open(wint_t code)
{
    if (code != KEY_SEQUENCE)
        return false;
    sequence.is_open = true;
    sequence.n = 0;
    return true;
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

/* The key of a whole sequence. Columns and rows are counted from 1. */
static uint32_t key_of(const char *text)
{
    enum { LEFT = 0, WHEEL_UP = 64, WHEEL_DOWN = 65 };
    int button = take_number(&text, ';');
    int col = button < 0 ? -1 : take_number(&text, ';');
    int row = col < 0 ? -1 : take_number(&text, 'M'); /* m: it was let go */

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

/* Source: ECMA-48, 5.4: parameters and intermediate bytes are 0x20 to 0x3f, and the next one up to
 * 0x7e is the last. */
bool term_mouse_take(wint_t code, uint32_t *key)
{
    bool belongs = code >= 0x20 && code <= 0x7e && sequence.n < sizeof sequence.text - 1;

    if (!sequence.is_open || !belongs) {
        sequence.is_open = false;
        return false;
    }
    sequence.text[sequence.n++] = (char)code;
    *key = KEY_CODE_NONE;
    if (code < 0x40)
        return true;
    sequence.text[sequence.n] = '\0';
    sequence.is_open = false;
    *key = key_of(sequence.text);
    return true;
}
