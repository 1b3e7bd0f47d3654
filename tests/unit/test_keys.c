/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <string.h>

#include "mon/keys.h"

/* Calls VISIT for every key of every entry. */
static void for_each_key(void (*visit)(const struct key_entry *entry, const char *name))
{
    int n;
    const struct key_entry *entry = keys_table(&n);

    for (int i = 0; i < n; i++) {
        const char *name = entry[i].keys;
        while (*name != '\0') {
            visit(&entry[i], name);
            name += strcspn(name, " ");
            name += strspn(name, " ");
        }
    }
}

static void expect_known(const struct key_entry *entry, const char *name)
{
    (void)entry;
    cr_assert_neq(keys_from_name(name), (uint32_t)KEY_CODE_NONE, "no key is called %s", name);
}

Test(keys, every_name_in_the_table_is_a_key)
{
    for_each_key(expect_known);
}

static void expect_found(const struct key_entry *entry, const char *name)
{
    unsigned scopes = SCOPE_EVERYWHERE | (unsigned)entry->scope;
    enum command found = keys_lookup(scopes, keys_from_name(name));

    cr_assert_eq(found, entry->command, "%s means command %d, not %d", name, (int)found,
                 (int)entry->command);
}

Test(keys, no_key_is_hidden_by_another_of_its_panel)
{
    for_each_key(expect_found);
}

/* The scopes that no panel has together with SCOPE: a dump has no time, and of a dump, the table of
 * targets, what has changed and the alerts, none is another. */
static unsigned never_with(enum key_scope scope)
{
    const unsigned alone = SCOPE_STACKS | SCOPE_FLEET | SCOPE_CHANGED | SCOPE_ALERTS;

    if (scope == SCOPE_TIME)
        return SCOPE_STACKS;
    if ((scope & alone) == 0)
        return 0;
    return (alone & ~(unsigned)scope) | (scope == SCOPE_STACKS ? SCOPE_TIME : 0);
}

Test(keys, no_key_has_two_meanings_in_a_panel_of_all_scopes_but_one)
{
    int n;
    const struct key_entry *entry = keys_table(&n);

    for (int i = 0; i < n; i++) {
        enum command found = keys_lookup(~never_with(entry[i].scope),
                                         keys_from_name(entry[i].keys));
        cr_assert_eq(found, entry[i].command, "%s is taken twice", entry[i].keys);
    }
}

Test(keys, a_key_of_another_panel_means_nothing)
{
    enum command found = keys_lookup(SCOPE_EVERYWHERE, 'w');

    cr_assert_eq(found, COMMAND_NONE, "w means %d on a panel without a dump", (int)found);
}

Test(keys, every_entry_explains_itself)
{
    int n;
    const struct key_entry *entry = keys_table(&n);

    for (int i = 0; i < n; i++) {
        size_t bytes = strlen(entry[i].help);
        cr_assert(bytes >= 4 && bytes < 80, "%s: %zu characters", entry[i].keys, bytes);
    }
}

Test(keys, names_are_read_as_they_are_written)
{
    cr_assert_eq(keys_from_name("^C"), 3, "%u", keys_from_name("^C"));
    cr_assert_eq(keys_from_name("F10"), (uint32_t)KEY_CODE_F0 + 10, "%u", keys_from_name("F10"));
    cr_assert_eq(keys_from_name("Space p"), ' ', "%u", keys_from_name("Space p"));
    cr_assert_eq(keys_from_name("Nokey"), (uint32_t)KEY_CODE_NONE, "%u", keys_from_name("Nokey"));
    cr_assert_eq(keys_from_name(""), (uint32_t)KEY_CODE_NONE, "%u", keys_from_name(""));
}

Test(keys, nothing_pressed_is_no_command)
{
    enum command found = keys_lookup(~0u, KEY_CODE_NONE);

    cr_assert_eq(found, COMMAND_NONE, "%d", (int)found);
}
