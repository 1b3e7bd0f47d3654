/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/keys.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

static const struct key_entry table[] = {
#define KEY(id, where, names, words) \
    {.command = COMMAND_##id, .scope = SCOPE_##where, .keys = names, .help = words},
#include "mon/keys.def"
#undef KEY
};

static const struct {
    const char *name;
    uint32_t key;
} named[] = {
    {"Space", ' '},
    {"Tab", '\t'},
    {"S-Tab", KEY_CODE_BACK_TAB},
    {"Enter", '\r'},
    {"Esc", 0x1b},
    {"Backspace", KEY_CODE_BACKSPACE},
    {"Up", KEY_CODE_UP},
    {"Down", KEY_CODE_DOWN},
    {"Left", KEY_CODE_LEFT},
    {"Right", KEY_CODE_RIGHT},
    {"PgUp", KEY_CODE_PAGE_UP},
    {"PgDn", KEY_CODE_PAGE_DOWN},
    {"Home", KEY_CODE_HOME},
    {"End", KEY_CODE_END},
    {"Click", KEY_CODE_CLICK},
    {"WheelUp", KEY_CODE_WHEEL_UP},
    {"WheelDown", KEY_CODE_WHEEL_DOWN},
};

const struct key_entry *keys_table(int *count)
{
    *count = (int)ARRAY_COUNT(table);
    return table;
}

static bool is_name(const char *name, size_t bytes, const char *known)
{
    return strlen(known) == bytes && memcmp(name, known, bytes) == 0;
}

uint32_t keys_from_name(const char *name)
{
    size_t bytes = strcspn(name, " ");

    if (bytes == 0)
        return KEY_CODE_NONE;
    if (bytes == 1)
        return (uint8_t)name[0];
    if (bytes == 2 && name[0] == '^')
        return (uint32_t)name[1] & 0x1f;
    if (name[0] == 'F' && name[1] >= '1' && name[1] <= '9')
        return KEY_CODE_F0 + (uint32_t)strtoul(name + 1, NULL, 10);
    for (size_t i = 0; i < ARRAY_COUNT(named); i++) {
        if (is_name(name, bytes, named[i].name))
            return named[i].key;
    }
    return KEY_CODE_NONE;
}

static bool names_key(const char *names, uint32_t key)
{
    while (*names != '\0') {
        if (keys_from_name(names) == key)
            return true;
        names += strcspn(names, " ");
        names += strspn(names, " ");
    }
    return false;
}

enum command keys_lookup(unsigned scopes, uint32_t key)
{
    if (key == KEY_CODE_NONE)
        return COMMAND_NONE;
    for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
        if ((scopes & table[i].scope) != 0 && names_key(table[i].keys, key))
            return table[i].command;
    }
    return COMMAND_NONE;
}
