/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/wordlist.h"

#include <string.h>

#define PID_DIGITS 9 /* more than any pid has, and no overflow yet */

bool wordlist_is_pid(const char *word)
{
    return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

static bool is_word(const char *text)
{
    if (wordlist_is_pid(text))
        return text[0] != '0' && strlen(text) <= PID_DIGITS;
    return text[0] != '\0';
}

static bool has(const struct wordlist *l, const char *word)
{
    for (unsigned i = 0; i < l->n; i++)
        if (strcmp(l->word[i], word) == 0)
            return true;
    return false;
}

static bool add(struct wordlist *l, const char *text, size_t bytes)
{
    char word[WORDLIST_WORD_BYTES];

    if (bytes >= sizeof word)
        return false;
    memcpy(word, text, bytes);
    word[bytes] = '\0';
    if (!is_word(word))
        return false;
    if (has(l, word))
        return true;
    if (l->n == PIDLIST_MAX)
        l->is_full = true;
    else
        memcpy(l->word[l->n++], word, bytes + 1);
    return true;
}

bool wordlist_add(struct wordlist *l, const char *text)
{
    for (;;) {
        size_t bytes = strcspn(text, ",");

        if (!add(l, text, bytes))
            return false;
        text += bytes;
        if (*text == '\0')
            return true;
        text++;
    }
}
