/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "demo/commands.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum command_flag {
    COMMAND_READS = 1,
    COMMAND_WRITES = 2,
    COMMAND_ENDS = 4, /* the connection */
};

struct command {
    const char *name; /* in lower case */
    int arity;        /* words, with the name; negative: at least */
    unsigned flags;   /* enum command_flag bits */
    int first_key;    /* index of the first key, 0: none; the rest tells COMMAND's readers */
    int last_key;     /* negative: from the end */
    int key_step;
    void (*answer)(struct kv *kv, const struct request *request, struct outbuf *out);
};

struct text request_text(const struct request *request, uint32_t i)
{
    const struct resp_arg *arg = &request->args[i];

    return (struct text){.data = request->data + arg->offset, .bytes = arg->bytes};
}

static bool text_is(struct text text, const char *name)
{
    return text.bytes == strlen(name) && strncasecmp(text.data, name, text.bytes) == 0;
}

static void add_value(struct outbuf *out, const struct blob *value)
{
    if (value == NULL)
        outbuf_null(out);
    else
        outbuf_text(out, value->data, value->bytes);
}

static void answer_ping(struct kv *kv, const struct request *request, struct outbuf *out)
{
    (void)kv;
    if (request->nargs > 2) {
        outbuf_error(out, "ERR wrong number of arguments for 'ping' command");
    } else if (request->nargs == 2) {
        struct text text = request_text(request, 1);

        outbuf_text(out, text.data, text.bytes);
    } else {
        outbuf_status(out, "PONG");
    }
}

static void answer_echo(struct kv *kv, const struct request *request, struct outbuf *out)
{
    struct text text = request_text(request, 1);

    (void)kv;
    outbuf_text(out, text.data, text.bytes);
}

static void answer_get(struct kv *kv, const struct request *request, struct outbuf *out)
{
    add_value(out, table_get(kv->table, request_text(request, 1)));
}

static void answer_set(struct kv *kv, const struct request *request, struct outbuf *out)
{
    if (request->nargs > 3) {
        outbuf_error(out, "ERR syntax error: SET takes no options here");
        return;
    }
    table_set(kv->table, request_text(request, 1), request_text(request, 2));
    outbuf_status(out, "OK");
}

static void answer_mget(struct kv *kv, const struct request *request, struct outbuf *out)
{
    outbuf_array(out, request->nargs - 1);
    for (uint32_t i = 1; i < request->nargs; i++)
        add_value(out, table_get(kv->table, request_text(request, i)));
}

static void answer_mset(struct kv *kv, const struct request *request, struct outbuf *out)
{
    if (request->nargs % 2 == 0) {
        outbuf_error(out, "ERR wrong number of arguments for 'mset' command");
        return;
    }
    for (uint32_t i = 1; i < request->nargs; i += 2)
        table_set(kv->table, request_text(request, i), request_text(request, i + 1));
    outbuf_status(out, "OK");
}

static void answer_del(struct kv *kv, const struct request *request, struct outbuf *out)
{
    int64_t deleted = 0;

    for (uint32_t i = 1; i < request->nargs; i++)
        deleted += table_delete(kv->table, request_text(request, i));
    outbuf_number(out, deleted);
}

static void answer_exists(struct kv *kv, const struct request *request, struct outbuf *out)
{
    int64_t found = 0;

    for (uint32_t i = 1; i < request->nargs; i++)
        found += table_get(kv->table, request_text(request, i)) != NULL;
    outbuf_number(out, found);
}

static void answer_incr(struct kv *kv, const struct request *request, struct outbuf *out)
{
    int64_t sum = 0;

    switch (table_add(kv->table, request_text(request, 1), 1, &sum)) {
    case TABLE_OK:
        outbuf_number(out, sum);
        break;
    case TABLE_NOT_A_NUMBER:
        outbuf_error(out, "ERR value is not an integer or out of range");
        break;
    case TABLE_OVERFLOW:
        outbuf_error(out, "ERR increment or decrement would overflow");
        break;
    }
}

static void answer_dbsize(struct kv *kv, const struct request *request, struct outbuf *out)
{
    (void)request;
    outbuf_number(out, (int64_t)table_count(kv->table));
}

static void answer_flushall(struct kv *kv, const struct request *request, struct outbuf *out)
{
    (void)request;
    table_clear(kv->table);
    outbuf_status(out, "OK");
}

static void answer_info(struct kv *kv, const struct request *request, struct outbuf *out)
{
    struct text part = {0};

    if (request->nargs > 1)
        part = request_text(request, 1);
    info_answer(kv, request->nargs > 1 ? &part : NULL, out);
}

/* One setting that CONFIG GET may ask for: a name and its value. */
struct setting {
    const char *name;
    char value[24];
};

/* CONFIG GET PATTERN, for which tools ask before they begin; nothing can be set. */
static void answer_config(struct kv *kv, const struct request *request, struct outbuf *out)
{
    struct setting settings[] = {
        {"appendonly", "no"}, {"databases", "1"}, {"maxclients", ""}, {"port", ""}, {"save", ""},
    };
    enum { MAXCLIENTS = 2, PORT = 3, NSETTINGS = sizeof settings / sizeof settings[0] };
    bool matches[NSETTINGS];
    char pattern[64];
    struct text text;
    size_t found = 0;

    if (request->nargs != 3 || !text_is(request_text(request, 1), "get")) {
        outbuf_error(out, "ERR only CONFIG GET pattern is known here");
        return;
    }
    text = request_text(request, 2);
    snprintf(pattern, sizeof pattern, "%.*s", (int)(text.bytes < 63 ? text.bytes : 63), text.data);
    snprintf(settings[MAXCLIENTS].value, sizeof settings[0].value, "%" PRId64, kv->max_clients);
    snprintf(settings[PORT].value, sizeof settings[0].value, "%d", kv->port);
    for (size_t i = 0; i < NSETTINGS; i++) {
        matches[i] = fnmatch(pattern, settings[i].name, FNM_CASEFOLD) == 0;
        found += matches[i];
    }
    outbuf_array(out, 2 * found);
    for (size_t i = 0; i < NSETTINGS; i++) {
        if (matches[i]) {
            outbuf_text(out, settings[i].name, strlen(settings[i].name));
            outbuf_text(out, settings[i].value, strlen(settings[i].value));
        }
    }
}

static void answer_quit(struct kv *kv, const struct request *request, struct outbuf *out)
{
    (void)kv;
    (void)request;
    outbuf_status(out, "OK");
}

static void answer_command(struct kv *kv, const struct request *request, struct outbuf *out);

/* Those that load brings most often come first: it is searched in this order. */
static const struct command commands[] = {
    {"get", 2, COMMAND_READS, 1, 1, 1, answer_get},
    {"set", -3, COMMAND_WRITES, 1, 1, 1, answer_set},
    {"incr", 2, COMMAND_WRITES, 1, 1, 1, answer_incr},
    {"mget", -2, COMMAND_READS, 1, -1, 1, answer_mget},
    {"mset", -3, COMMAND_WRITES, 1, -1, 2, answer_mset},
    {"del", -2, COMMAND_WRITES, 1, -1, 1, answer_del},
    {"exists", -2, COMMAND_READS, 1, -1, 1, answer_exists},
    {"ping", -1, 0, 0, 0, 0, answer_ping},
    {"echo", 2, 0, 0, 0, 0, answer_echo},
    {"dbsize", 1, COMMAND_READS, 0, 0, 0, answer_dbsize},
    {"flushall", -1, COMMAND_WRITES, 0, 0, 0, answer_flushall},
    {"info", -1, 0, 0, 0, 0, answer_info},
    {"command", -1, 0, 0, 0, 0, answer_command},
    {"config", -2, 0, 0, 0, 0, answer_config},
    {"quit", -1, COMMAND_ENDS, 0, 0, 0, answer_quit},
};
#define NCOMMANDS (sizeof commands / sizeof commands[0])

static void add_command(struct outbuf *out, const struct command *command)
{
    bool writes = (command->flags & COMMAND_WRITES) != 0;
    bool reads = (command->flags & COMMAND_READS) != 0;

    outbuf_array(out, 6);
    outbuf_text(out, command->name, strlen(command->name));
    outbuf_number(out, command->arity);
    outbuf_array(out, writes || reads ? 1 : 0);
    if (writes || reads)
        outbuf_status(out, writes ? "write" : "readonly");
    outbuf_number(out, command->first_key);
    outbuf_number(out, command->last_key);
    outbuf_number(out, command->key_step);
}

/* COMMAND and COMMAND COUNT; COMMAND DOCS, which redis-cli asks for at its start, is empty. */
static void answer_command(struct kv *kv, const struct request *request, struct outbuf *out)
{
    (void)kv;
    if (request->nargs == 1) {
        outbuf_array(out, NCOMMANDS);
        for (size_t i = 0; i < NCOMMANDS; i++)
            add_command(out, &commands[i]);
    } else if (text_is(request_text(request, 1), "count")) {
        outbuf_number(out, NCOMMANDS);
    } else if (text_is(request_text(request, 1), "docs")) {
        outbuf_array(out, 0);
    } else {
        outbuf_error(out, "ERR only COMMAND, COMMAND COUNT and COMMAND DOCS are known here");
    }
}

static const struct command *find_command(struct text name)
{
    for (size_t i = 0; i < NCOMMANDS; i++) {
        if (text_is(name, commands[i].name))
            return &commands[i];
    }
    return NULL;
}

static bool takes(const struct command *command, uint32_t nargs)
{
    return command->arity >= 0 ? nargs == (uint32_t)command->arity
                               : nargs >= (uint32_t)-command->arity;
}

/* An unknown name comes from a stranger: only what can be printed is echoed. */
static void answer_unknown(struct text name, struct outbuf *out)
{
    char error[128];
    char shown[64];
    uint32_t n = name.bytes < sizeof shown - 1 ? name.bytes : (uint32_t)sizeof shown - 1;

    for (uint32_t i = 0; i < n; i++)
        shown[i] = name.data[i] >= ' ' && name.data[i] <= '~' ? name.data[i] : '?';
    shown[n] = '\0';
    snprintf(error, sizeof error, "ERR unknown command '%s'", shown);
    outbuf_error(out, error);
}

bool commands_run(struct kv *kv, const struct request *request, struct outbuf *out)
{
    const struct command *command = find_command(request_text(request, 0));
    char error[128];

    if (command == NULL) {
        answer_unknown(request_text(request, 0), out);
        return true;
    }
    if (!takes(command, request->nargs)) {
        snprintf(error, sizeof error, "ERR wrong number of arguments for '%s' command",
                 command->name);
        outbuf_error(out, error);
        return true;
    }
    command->answer(kv, request, out);
    return (command->flags & COMMAND_ENDS) == 0;
}
