/* SPDX-License-Identifier: MIT */
/* keys.h - keys of the terminal and the commands that they stand for.
 * keys.def is the one table: the lookup, the help panel and the manual are made of it. A key is a
 * Unicode character, or one of the codes below for those that are none.
 * Threads: pure functions. */
#ifndef MON_KEYS_H
#define MON_KEYS_H

#include <stdint.h>

/* Above all of Unicode. */
enum key_code {
    KEY_CODE_NONE = 0x110000, /* nothing was pressed */
    KEY_CODE_UP,
    KEY_CODE_DOWN,
    KEY_CODE_LEFT,
    KEY_CODE_RIGHT,
    KEY_CODE_PAGE_UP,
    KEY_CODE_PAGE_DOWN,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_BACK_TAB,
    KEY_CODE_BACKSPACE,
    KEY_CODE_DELETE,
    KEY_CODE_CLICK, /* of the mouse: its place is told beside it */
    KEY_CODE_WHEEL_UP,
    KEY_CODE_WHEEL_DOWN,
    KEY_CODE_OTHER,         /* one that means nothing here */
    KEY_CODE_F0 = 0x110100, /* F1 is KEY_CODE_F0 + 1 */
};

enum command {
    COMMAND_NONE,
#define KEY(id, scope, keys, help) COMMAND_##id,
#include "mon/keys.def"
#undef KEY
    COMMAND_COUNT
};

/* Where a key is known; a panel states the sum of its scopes. */
enum key_scope {
    SCOPE_EVERYWHERE = 1,
    SCOPE_LIST = 2,
    SCOPE_FILTER = 4,
    SCOPE_SORT = 8,
    SCOPE_METRICS = 16,
    SCOPE_STACKS = 32,
    SCOPE_TIME = 64, /* all panels with a digit, and what has changed */
    SCOPE_FLEET = 128,
    SCOPE_CHANGED = 256,
    SCOPE_ALERTS = 512,
};

struct key_entry {
    enum command command;
    enum key_scope scope;
    const char *keys; /* names, separated by blanks */
    const char *help;
};

/* The table in the order of keys.def; *COUNT entries. */
const struct key_entry *keys_table(int *count);

/* The command of KEY where SCOPES, or-ed, are known; COMMAND_NONE if there is none. */
enum command keys_lookup(unsigned scopes, uint32_t key);

/* The key of a name of keys.def: "q", "^C", "F10", "Space", "PgUp"; KEY_CODE_NONE if unknown. NAME
 * ends at a blank or a NUL. */
uint32_t keys_from_name(const char *name);

#endif
