/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/term_read.h"

#include <curses.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "mon/keys.h"
#include "mon/term_key.h"
#include "mon/term_mouse.h"

/* ---- characters ---- */

static struct {
    mbstate_t state; /* of one whose bytes have not all come */
    bool is_cut;
} character; /* [owner] */

static void drop_character(void)
{
    character.is_cut = false;
    memset(&character.state, 0, sizeof character.state);
}

/* False: more bytes belong to it. A byte that can't go on with what has come begins anew; one that
 * can't begin anything is a key that means nothing. */
static bool take_byte(char byte, uint32_t *key)
{
    wchar_t wide = 0;
    bool was_cut = character.is_cut;
    size_t n = mbrtowc(&wide, &byte, 1, &character.state);

    character.is_cut = n == (size_t)-2;
    if (character.is_cut)
        return false;
    if (n == (size_t)-1) {
        drop_character();
        if (was_cut)
            return take_byte(byte, key);
        *key = KEY_CODE_OTHER;
        return true;
    }
    *key = (uint32_t)wide < KEY_CODE_NONE ? (uint32_t)wide : (uint32_t)KEY_CODE_OTHER;
    return true;
}

/* ---- keys ---- */

static uint32_t key_of_code(wint_t code)
{
    drop_character();
    return code == KEY_MOUSE ? term_mouse_key() : term_special_key(code);
}

/* Takes one byte or special key. Not by wget_wch: that loses what has come of a character with the
 * first byte that does not belong to it, and tells that there is nothing while more is there. True:
 * it was a part of a key only. */
static bool read_part(WINDOW *input, uint32_t *key)
{
    int code = wgetch(input);

    *key = KEY_CODE_NONE;
    if (code == ERR || term_mouse_open((wint_t)code))
        return code != ERR;
    if (term_mouse_take((wint_t)code, key))
        return *key == KEY_CODE_NONE;
    if (code < KEY_MIN)
        return !take_byte((char)code, key);
    *key = key_of_code((wint_t)code);
    return false;
}

uint32_t term_read_key(WINDOW *input)
{
    uint32_t key;

    while (read_part(input, &key))
        ;
    return key;
}
