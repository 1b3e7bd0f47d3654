/* SPDX-License-Identifier: MIT */
/* keyboard.h - a screen on the fixture, of 80x24 unless a test sets width, keys for it, and what is
 * on it. For the suites that press keys: TestSuite(NAME, .init = keyboard_init, .fini =
 * keyboard_fini). */
#ifndef SUPPORT_KEYBOARD_H
#define SUPPORT_KEYBOARD_H

#include <stdlib.h>
#include <string.h>

#include "panels/screen.h"
#include "tests/support/fixture.h"

#define ROWS 24
#define COLS 80

static struct screen screen;
static struct fixture *fixture;
static int width = COLS;

static inline void keyboard_init(void)
{
    setenv("TZ", "UTC", 1);
    fixture = fixture_new(FIXTURE_NORMAL);
    screen_init(&screen, PLOT_BRAILLE, PLOT_BRAILLE, 1000000000);
    screen_fit(&screen, &fixture->model, ROWS, width);
}

static inline void keyboard_fini(void)
{
    fixture_free(fixture);
}

static inline enum screen_wish press(uint32_t key)
{
    screen_fit(&screen, &fixture->model, ROWS, width);
    return screen_key(&screen, &fixture->model, key);
}

static inline void type(const char *text)
{
    for (; *text != '\0'; text++)
        press((unsigned char)*text);
}

/* What the screen shows; valid until the next call. */
static inline const char *picture(void)
{
    static char *text;
    struct canvas canvas;

    free(text);
    canvas_init(&canvas, ROWS, width);
    screen_fit(&screen, &fixture->model, ROWS, width);
    screen_draw(&screen, &fixture->model, &canvas);
    text = canvas_to_text(&canvas);
    canvas_fini(&canvas);
    return text;
}

static inline bool shows(const char *what)
{
    return strstr(picture(), what) != NULL;
}

#endif
