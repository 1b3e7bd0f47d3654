/* SPDX-License-Identifier: MIT */
/* keyboard.h - a screen of 80x24 on the fixture, keys for it, and what is on it.
 * For the suites that press keys: TestSuite(NAME, .init = keyboard_init, .fini = keyboard_fini). */
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

static inline void keyboard_init(void)
{
    setenv("TZ", "UTC", 1);
    fixture = fixture_new(FIXTURE_NORMAL);
    screen_init(&screen, PLOT_BRAILLE, PLOT_BRAILLE, 1000000000);
    screen_fit(&screen, &fixture->model, ROWS, COLS);
}

static inline void keyboard_fini(void)
{
    fixture_free(fixture);
}

static inline enum screen_wish press(uint32_t key)
{
    screen_fit(&screen, &fixture->model, ROWS, COLS);
    return screen_key(&screen, &fixture->model, key);
}

static inline void type(const char *text)
{
    for (; *text != '\0'; text++)
        press((unsigned char)*text);
}

static inline bool shows(const char *what)
{
    struct canvas canvas;

    canvas_init(&canvas, ROWS, COLS);
    screen_fit(&screen, &fixture->model, ROWS, COLS);
    screen_draw(&screen, &fixture->model, &canvas);
    char *text = canvas_to_text(&canvas);
    bool found = strstr(text, what) != NULL;
    free(text);
    canvas_fini(&canvas);
    return found;
}

#endif
