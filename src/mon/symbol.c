/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/symbol.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/lookup.h"
#include "mon/modmap.h"
#include "mon/pcmap.h"
#include "mon/procmem.h"
#include "mon/unwind.h"

#define KEPT_MAX (4 * PCMAP_MAX) /* answers of one process, however often its modules change */
#define FILE_ADDRESSES (UINT64_C(1) << 44) /* for each file of no process */
#define REREAD_NS (5 * NS_PER_S)

struct symbols {
    struct modmap map;
    struct pool pool; /* rules and symbols */
    struct pcmap rules;
    struct pcmap names;
    struct lookup lookup;
    size_t nkept;
    int64_t read_ns; /* when the modules were last read, or 0 */
    bool is_kept;    /* the process is another program now: what was known before stays */
    char trouble[160];
};

/* Stand in the maps for what has been asked. */
static const struct unwind_rule asked_rule;
static const struct symbol asked_symbol;

static const struct unwind_rule no_rule;
static const struct symbol no_symbol = {.module = ""};

static void keep_rule(struct symbols *s, uint64_t pc, const struct helper_reply *reply)
{
    struct unwind_rule *rule;

    if (reply == NULL || reply->rule.kind == UNWIND_RULE_NONE) {
        pcmap_set(&s->rules, pc, &no_rule);
        return;
    }
    rule = pool_alloc(&s->pool, sizeof *rule);
    *rule = reply->rule;
    pcmap_set(&s->rules, pc, rule);
}

static void keep_symbol(struct symbols *s, uint64_t pc, const struct helper_reply *reply)
{
    const struct modmap_module *m = modmap_find(&s->map, pc);
    struct symbol *symbol = pool_alloc(&s->pool, sizeof *symbol);
    size_t n = reply == NULL ? 0 : reply->nframes;
    struct symbol_frame *frame = n == 0 ? NULL : pool_alloc(&s->pool, n * sizeof *frame);

    for (size_t i = 0; i < n; i++) {
        frame[i].function = pool_text(&s->pool, reply->frame[i].function);
        frame[i].file = pool_text(&s->pool, reply->frame[i].file);
        frame[i].line = reply->frame[i].line;
    }
    symbol->frame = frame;
    symbol->nframes = n;
    symbol->module = m == NULL ? "" : pool_text(&s->pool, m->shown);
    symbol->offset = m == NULL ? pc : pc - m->bias;
    pcmap_set(&s->names, pc, symbol);
}

static void take_answer(void *arg, const struct helper_question *question,
                        const struct helper_reply *reply)
{
    struct symbols *s = arg;

    s->nkept++;
    if (question->kind == HELPER_RULE)
        keep_rule(s, question->pc, reply);
    else
        keep_symbol(s, question->pc, reply);
}

struct symbols *symbols_new(pid_t pid, enum symbol_download download)
{
    struct symbols *s = calloc(1, sizeof *s);

    CHECK(s != NULL);
    modmap_init(&s->map, pid);
    pool_init(&s->pool);
    lookup_init(&s->lookup, &s->map, download, take_answer, s);
    return s;
}

void symbols_free(struct symbols *s)
{
    if (s == NULL)
        return;
    lookup_fini(&s->lookup);
    pcmap_fini(&s->rules);
    pcmap_fini(&s->names);
    pool_fini(&s->pool);
    modmap_fini(&s->map);
    free(s);
}

/* Other code lies at the same addresses now: everything is asked again. */
static void forget(struct symbols *s)
{
    pcmap_fini(&s->rules);
    pcmap_fini(&s->names);
    lookup_fini(&s->lookup);
    lookup_init(&s->lookup, &s->map, s->lookup.download, take_answer, s);
}

void symbols_refresh(struct symbols *s)
{
    struct modmap now;
    int error;

    if (s->is_kept)
        return;
    modmap_init(&now, s->map.pid);
    error = modmap_read(&now);
    s->read_ns = clock_mono_ns();
    s->trouble[0] = '\0';
    lookup_forgive(&s->lookup);
    if (error < 0) { /* what was known before still helps */
        procmem_explain(s->map.pid, -error, s->trouble, sizeof s->trouble);
        modmap_fini(&now);
        return;
    }
    if (modmap_equal(&now, &s->map)) {
        modmap_fini(&now);
        return;
    }
    forget(s);
    modmap_fini(&s->map);
    s->map = now;
}

void symbols_keep(struct symbols *s)
{
    s->is_kept = true;
}

/* The module at PC; looks again what is mapped if that was long ago. */
static const struct modmap_module *module_at(struct symbols *s, uint64_t pc)
{
    const struct modmap_module *m = modmap_find(&s->map, pc);

    if (m == NULL && s->map.pid != 0 &&
        (s->read_ns == 0 || clock_mono_ns() - s->read_ns > REREAD_NS)) {
        symbols_refresh(s);
        m = modmap_find(&s->map, pc);
    }
    return m;
}

const struct unwind_rule *symbols_rule(struct symbols *s, uint64_t pc)
{
    const struct unwind_rule *rule = pcmap_get(&s->rules, pc);

    if (rule == NULL) {
        if (module_at(s, pc) == NULL || s->nkept >= KEPT_MAX ||
            !pcmap_set(&s->rules, pc, &asked_rule))
            return &no_rule;
        lookup_ask(&s->lookup, HELPER_RULE, pc);
        return NULL;
    }
    return rule == &asked_rule ? NULL : rule;
}

bool symbols_has_code(const struct symbols *s, uint64_t pc)
{
    return modmap_find(&s->map, pc) != NULL;
}

const struct symbol *symbols_find(struct symbols *s, uint64_t pc, enum symbol_at at)
{
    uint64_t inside = pc - (at == SYMBOL_AT_RETURN);
    const struct symbol *symbol = pcmap_get(&s->names, inside);

    if (symbol == NULL) {
        if (module_at(s, inside) == NULL || s->nkept >= KEPT_MAX ||
            !pcmap_set(&s->names, inside, &asked_symbol))
            return &no_symbol;
        lookup_ask(&s->lookup, HELPER_SYMBOL, inside);
        return NULL;
    }
    return symbol == &asked_symbol ? NULL : symbol;
}

bool symbols_step(struct symbols *s)
{
    return lookup_step(&s->lookup);
}

int symbols_fd(const struct symbols *s)
{
    return lookup_fd(&s->lookup);
}

int64_t symbols_wake_ns(const struct symbols *s)
{
    return lookup_wake_ns(&s->lookup);
}

const char *symbols_trouble(const struct symbols *s)
{
    if (!HAVE_LIBDW)
        return "this gomon was built without libdw: no functions, no lines";
    if (s->trouble[0] == '\0' && lookup_is_dead(&s->lookup))
        return "the process that reads debug information failed";
    return s->trouble;
}

uint64_t symbols_add_file(struct symbols *s, const char *path, const uint8_t *id, size_t id_bytes)
{
    uint64_t at = (s->map.n + 1) * FILE_ADDRESSES;

    CHECK(s->map.pid == 0);
    lookup_restart(&s->lookup);
    modmap_add(&s->map, path, at, at + FILE_ADDRESSES, id, id_bytes);
    return at;
}

/* Waits until symbols_step has something to do, or it is UNTIL_NS. */
static void wait_for_answer(const struct symbols *s, int64_t until_ns)
{
    struct pollfd fd = {.fd = symbols_fd(s), .events = POLLIN};
    int64_t wake_ns = symbols_wake_ns(s) < until_ns ? symbols_wake_ns(s) : until_ns;
    int64_t left_ns = wake_ns - clock_mono_ns();

    if (left_ns > 0)
        poll(&fd, 1, (int)(left_ns / NS_PER_MS) + 1);
}

const struct symbol *symbols_wait(struct symbols *s, uint64_t pc, enum symbol_at at,
                                  int64_t deadline_ns)
{
    for (;;) {
        const struct symbol *symbol = symbols_find(s, pc, at);

        if (symbol != NULL || clock_mono_ns() >= deadline_ns)
            return symbol;
        if (!symbols_step(s))
            wait_for_answer(s, deadline_ns);
    }
}

const char *symbol_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* The innermost frame that is the program's: not one of the inlined halves of our own interface. */
static const struct symbol_frame *telling_frame(const struct symbol *symbol)
{
    size_t i = 0;

    while (i + 1 < symbol->nframes && strncmp(symbol->frame[i].function, "gort_", 5) == 0)
        i++;
    return &symbol->frame[i];
}

bool symbols_text(struct symbols *s, uint64_t pc, enum symbol_at at, char *text, size_t bytes)
{
    const struct symbol *symbol = symbols_find(s, pc, at);
    uint64_t inside = pc - (at == SYMBOL_AT_RETURN);
    const struct modmap_module *m = modmap_find(&s->map, inside);

    const struct symbol_frame *f = symbol != NULL && symbol->nframes > 0 ? telling_frame(symbol)
                                                                         : NULL;

    if (f != NULL && f->line > 0)
        snprintf(text, bytes, "%s %s:%" PRIu32, f->function, symbol_base_name(f->file), f->line);
    else if (f != NULL)
        snprintf(text, bytes, "%s (%s+0x%" PRIx64 ")", f->function,
                 symbol_base_name(symbol->module), symbol->offset);
    else if (m != NULL)
        snprintf(text, bytes, "%s+0x%" PRIx64, symbol_base_name(m->shown), inside - m->bias);
    else
        snprintf(text, bytes, "0x%" PRIx64, pc);
    return symbol != NULL;
}
