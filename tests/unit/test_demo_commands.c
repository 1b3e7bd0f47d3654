/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <gort.h>

#include "demo/commands.h"

static struct {
    char data[65536];
    size_t bytes;
} answers;

static bool keep(void *context, const char *data, size_t bytes)
{
    (void)context;
    if (bytes >= sizeof answers.data - answers.bytes)
        return false;
    memcpy(answers.data + answers.bytes, data, bytes);
    answers.bytes += bytes;
    return true;
}

/* One run of the commands: requests, each a plain line, and what they must answer. */
struct script {
    const char *requests;
    const char *expected; /* NULL: only kept for the test to look at */
    bool ends;            /* the last command ends the connection */
};

static int run_script(void *arg)
{
    const struct script *script = arg;
    struct kv *kv = gort_new(struct kv);
    char *room = gort_alloc_noscan(OUTBUF_BYTES);
    struct resp_parser parser;
    struct outbuf out;
    const char *data = script->requests;
    bool open = true;

    kv->table = table_new();
    kv->max_clients = 10;
    kv->port = 7;
    resp_init(&parser);
    outbuf_init(&out, room, keep, NULL);
    while (open && resp_parse(&parser, data, strlen(data)) == RESP_COMMAND) {
        struct request request = {data, parser.args, parser.nargs};

        open = commands_run(kv, &request, &out);
        data += parser.pos;
        resp_next(&parser);
    }
    outbuf_push(&out);
    resp_fini(&parser);
    cr_expect_eq(open, !script->ends, "the connection is %s", open ? "open" : "closed");
    return 0;
}

static void check(struct script script)
{
    int status = gort_run(NULL, run_script, &script);

    cr_assert_eq(status, 0, "the runtime ended with %d", status);
    answers.data[answers.bytes] = '\0';
    if (script.expected != NULL)
        cr_assert_str_eq(answers.data, script.expected, "answered '%s'", answers.data);
}

Test(commands, values_are_set_and_got)
{
    check((struct script){"SET k hello\nget k\nGET none\n",
                          "+OK\r\n$5\r\nhello\r\n$-1\r\n",
                          false});
}

Test(commands, many_keys_in_one_request)
{
    check((struct script){"MSET a 1 b 2\nMGET a none b\nEXISTS a a none\nDBSIZE\n"
                          "DEL a none b\nDBSIZE\n",
                          "+OK\r\n*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n:2\r\n:2\r\n:2\r\n:0\r\n",
                          false});
}

Test(commands, counting)
{
    check((struct script){"INCR n\nINCR n\nSET s x\nINCR s\nSET m 9223372036854775807\nINCR m\n",
                          ":1\r\n:2\r\n+OK\r\n-ERR value is not an integer or out of range\r\n"
                          "+OK\r\n-ERR increment or decrement would overflow\r\n",
                          false});
}

Test(commands, talk)
{
    check((struct script){"PING\nping hi\nECHO a\nPING a b\n",
                          "+PONG\r\n$2\r\nhi\r\n$1\r\na\r\n"
                          "-ERR wrong number of arguments for 'ping' command\r\n",
                          false});
}

Test(commands, flushall_empties)
{
    check((struct script){"SET a 1\nFLUSHALL\nDBSIZE\n", "+OK\r\n+OK\r\n:0\r\n", false});
}

Test(commands, wrong_requests_say_why)
{
    check((struct script){"NO\x01SUCH x\nGET\nGET a b\nSET a\nMSET a 1 b\n"
                          "SET a 1 EX 5\nCONFIG SET a 1\n",
                          "-ERR unknown command 'NO?SUCH'\r\n"
                          "-ERR wrong number of arguments for 'get' command\r\n"
                          "-ERR wrong number of arguments for 'get' command\r\n"
                          "-ERR wrong number of arguments for 'set' command\r\n"
                          "-ERR wrong number of arguments for 'mset' command\r\n"
                          "-ERR syntax error: SET takes no options here\r\n"
                          "-ERR only CONFIG GET pattern is known here\r\n",
                          false});
}

Test(commands, config_get_takes_a_pattern)
{
    check((struct script){"CONFIG GET save\nCONFIG GET max*\nCONFIG GET nothing\n",
                          "*2\r\n$4\r\nsave\r\n$0\r\n\r\n"
                          "*2\r\n$10\r\nmaxclients\r\n$2\r\n10\r\n*0\r\n",
                          false});
}

Test(commands, quit_ends_the_connection)
{
    check((struct script){"QUIT\nPING\n", "+OK\r\n", true});
}

Test(commands, info_tells_of_the_heap_and_the_tasks)
{
    check((struct script){"SET a 1\nINFO\n", NULL, false});
    cr_assert_not_null(strstr(answers.data, "\r\nNumGC:"), "%s", answers.data);
    cr_assert_not_null(strstr(answers.data, "\r\nTotalAlloc:"), "%s", answers.data);
    cr_assert_not_null(strstr(answers.data, "\r\ntasks:1\r\n"), "%s", answers.data);
    cr_assert_not_null(strstr(answers.data, "\r\ndb0:keys=1,"), "%s", answers.data);
}

Test(commands, info_of_one_part_is_that_part)
{
    check((struct script){"INFO runtime\n", NULL, false});
    cr_assert_not_null(strstr(answers.data, "# Runtime\r\n"), "%s", answers.data);
    cr_assert_null(strstr(answers.data, "# Memory"), "%s", answers.data);
}

Test(commands, command_lists_what_there_is)
{
    const char *begin = ":15\r\n*15\r\n*6\r\n$3\r\nget\r\n:2\r\n";

    check((struct script){"COMMAND COUNT\nCOMMAND\n", NULL, false});
    cr_assert_eq(strncmp(answers.data, begin, strlen(begin)), 0, "%.60s", answers.data);
}
