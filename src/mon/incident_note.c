/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/incident_note.h"

#include <stdio.h>
#include <string.h>

/* Whether the file of that name is of this alert; "...-LINT.gmr". */
static bool is_named_for(const char *name, enum alert_lint lint)
{
    char end[INCIDENT_NAME_BYTES];
    size_t bytes = (size_t)snprintf(end, sizeof end, "-%s.gmr", alert_lint_name(lint));

    return strlen(name) >= bytes && strcmp(name + strlen(name) - bytes, end) == 0;
}

/* An earlier recording has only what was raised then. */
static void take_fate(struct incident_note *x, const struct incident_fate *fate)
{
    x->fate = *fate;
    if (fate->state != INCIDENT_EARLIER || is_named_for(fate->text, x->lint))
        return;
    x->fate.state = INCIDENT_NOT;
    snprintf(x->fate.text, sizeof x->fate.text, "it came with one that had been, within the hour");
}

void incident_notes_add(struct incident_notes *n, const struct alert *a,
                        const struct incident_fate *fate)
{
    struct incident_note *x = &n->note[n->next];

    *x = (struct incident_note){.raised_ns = a->raised_ns, .key = a->key, .lint = a->lint};
    take_fate(x, fate);
    n->next = (n->next + 1) % ALERTS_MAX;
}

void incident_notes_change(struct incident_notes *n, const struct incident_fate *fate)
{
    for (uint32_t i = 0; i < ALERTS_MAX; i++)
        if (n->note[i].raised_ns != 0 && n->note[i].fate.number == fate->number)
            take_fate(&n->note[i], fate);
}

static bool is_written(const struct incident_fate *fate)
{
    return fate->state == INCIDENT_RECORDED || fate->state == INCIDENT_EARLIER;
}

void incident_notes_drop(struct incident_notes *n, const char *oldest)
{
    for (uint32_t i = 0; i < ALERTS_MAX; i++) {
        struct incident_fate *fate = &n->note[i].fate;

        if (n->note[i].raised_ns != 0 && is_written(fate) && strcmp(fate->text, oldest) < 0)
            fate->state = INCIDENT_GONE;
    }
}

const char *incident_notes_find(const struct incident_notes *n, const struct incident_what *what)
{
    for (uint32_t i = 1; i <= ALERTS_MAX; i++) {
        const struct incident_note *x = &n->note[(n->next + ALERTS_MAX - i) % ALERTS_MAX];

        if (x->raised_ns != 0 && is_written(&x->fate) && incident_file_is_of(x->fate.text, what))
            return x->fate.text;
    }
    return NULL;
}

static const struct incident_fate *fate_of(const struct incident_notes *n, const struct alert *a)
{
    for (uint32_t i = 0; n != NULL && i < ALERTS_MAX; i++) {
        const struct incident_note *x = &n->note[i];

        if (x->raised_ns != 0 && x->raised_ns == a->raised_ns && x->lint == a->lint &&
            x->key == a->key)
            return &x->fate;
    }
    return NULL;
}

bool incident_notes_path(const struct incident_notes *n, const struct alert *a,
                         char path[static INCIDENT_PATH_BYTES])
{
    const struct incident_fate *fate = fate_of(n, a);
    int bytes;

    if (fate == NULL || (!is_written(fate) && fate->state != INCIDENT_COMES))
        return false;
    bytes = snprintf(path, INCIDENT_PATH_BYTES, "%s/%s", n->folder, fate->text);
    return bytes < INCIDENT_PATH_BYTES;
}

bool incident_notes_words(const struct incident_notes *n, const struct alert *a,
                          char words[static INCIDENT_WORDS_BYTES])
{
    static const char *const before[] = {
        [INCIDENT_COMES] = "to be recorded to ",
        [INCIDENT_RECORDED] = "recorded to ",
        [INCIDENT_EARLIER] = "recorded less than an hour before, to ",
        [INCIDENT_GONE] = "its recording has made room for later ones: ",
        [INCIDENT_NOT] = "not recorded: ",
    };
    const struct incident_fate *fate = fate_of(n, a);
    char path[INCIDENT_PATH_BYTES];

    if (fate == NULL)
        return false;
    snprintf(words, INCIDENT_WORDS_BYTES, "%s%s", before[fate->state],
             incident_notes_path(n, a, path) ? path : fate->text);
    return true;
}
