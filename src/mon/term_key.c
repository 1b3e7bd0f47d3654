/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/term_key.h"

#include <curses.h>
#include <stddef.h>

#include "base/bits.h"
#include "mon/keys.h"

uint32_t term_special_key(wint_t code)
{
    static const struct {
        wint_t code;
        uint32_t key;
    } keys[] = {
        {KEY_UP, KEY_CODE_UP},         {KEY_DOWN, KEY_CODE_DOWN},
        {KEY_LEFT, KEY_CODE_LEFT},     {KEY_RIGHT, KEY_CODE_RIGHT},
        {KEY_PPAGE, KEY_CODE_PAGE_UP}, {KEY_NPAGE, KEY_CODE_PAGE_DOWN},
        {KEY_HOME, KEY_CODE_HOME},     {KEY_END, KEY_CODE_END},
        {KEY_BTAB, KEY_CODE_BACK_TAB}, {KEY_BACKSPACE, KEY_CODE_BACKSPACE},
        {KEY_DC, KEY_CODE_DELETE},     {KEY_ENTER, '\r'},
    };

    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        if (keys[i].code == code)
            return keys[i].key;
    }
    if (code > KEY_F0 && code <= KEY_F(12))
        return KEY_CODE_F0 + (uint32_t)(code - KEY_F0);
    return KEY_CODE_OTHER;
}
