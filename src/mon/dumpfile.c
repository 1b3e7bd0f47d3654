/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dumpfile.h"

#include <stdio.h>

#if HAVE_JANSSON

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "mon/dump_text.h"
#include "mon/pool.h"
#include "mon/tasks.h"
#include "mon/text.h"

#define TEXT_BYTES 4096                /* of a name, with room for what it is made safe with */
#define MOST_TASKS (UINT64_C(1) << 40) /* of a group; more are none that can be added up */

static const char *text_in(struct pool *pool, const json_t *object, const char *name)
{
    const char *given = json_string_value(json_object_get(object, name));
    char text[TEXT_BYTES];

    if (given == NULL)
        return "";
    text_clean(text, sizeof text, given, strlen(given));
    return pool_text(pool, text);
}

/* 0 if it is not there, or below. */
static uint64_t number_in(const json_t *object, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(object, name));

    return n > 0 ? (uint64_t)n : 0;
}

/* The same for what is an int where it is written. */
static int32_t small_in(const json_t *object, const char *name)
{
    uint64_t n = number_in(object, name);

    return n <= INT32_MAX ? (int32_t)n : 0;
}

/* What dump_state_text says, read. False: nobody does that. */
static bool read_state(const char *given, struct dump_group *group)
{
    static const char leaked[] = " (leaked)";
    char text[DUMP_STATE_BYTES];
    size_t bytes = strlen(given);
    unsigned state;

    group->leaked = bytes > sizeof leaked &&
                    strcmp(given + bytes - (sizeof leaked - 1), leaked) == 0;
    snprintf(text, sizeof text, "%.*s", (int)(group->leaked ? bytes - (sizeof leaked - 1) : bytes),
             given);
    for (uint32_t reason = 1; reason <= UINT8_MAX; reason++) {
        if (strcmp(task_reason_name(reason), text) == 0) {
            group->state = PAGE_TASK_WAITING;
            group->reason = (uint8_t)reason;
            return true;
        }
    }
    for (state = TASK_DEAD + 1; state < TASK_STATES; state++) {
        if (strcmp(task_state_name((enum task_state)state), text) == 0)
            break;
    }
    if (state == TASK_STATES && (sscanf(text, "state %u", &state) != 1 || state > UINT8_MAX))
        return false;
    group->state = (uint8_t)state;
    return true;
}

static struct dump_frame read_frame(struct pool *pool, const json_t *o)
{
    return (struct dump_frame){.pc = number_in(o, "pc"),
                               .function = text_in(pool, o, "function"),
                               .file = text_in(pool, o, "file"),
                               .module = text_in(pool, o, "module"),
                               .offset = number_in(o, "offset"),
                               .line = (uint32_t)small_in(o, "line"),
                               .inlined = json_is_true(json_object_get(o, "inlined"))};
}

static void read_frames(struct pool *pool, const json_t *array, struct dump_group *group)
{
    size_t n = json_array_size(array);
    struct dump_frame *frame = pool_alloc(pool, (n + 1) * sizeof *frame);

    for (size_t i = 0; i < n; i++)
        frame[i] = read_frame(pool, json_array_get(array, i));
    group->frame = frame;
    group->nframes = n;
}

/* Of a crowd there may be fewer tasks than its COUNT. */
static void read_tasks(struct dump *dump, const json_t *array, uint64_t count,
                       struct dump_group *group)
{
    struct pool *pool = dump_pool(dump);
    size_t n = json_array_size(array);
    struct dump_task *task = pool_alloc(pool, (n + 1) * sizeof *task);

    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(array, i);
        uint64_t age_ns = number_in(o, "age_ns");

        task[i] = (struct dump_task){.id = number_in(o, "id"),
                                     .since_ns = dump->mono_ns > age_ns ? dump->mono_ns - age_ns
                                                                        : 0,
                                     .name = text_in(pool, o, "name"),
                                     .tid = small_in(o, "tid")};
    }
    group->task = task;
    group->ntasks = max_size(n, min_size(count, MOST_TASKS));
    group->nunlisted = group->ntasks - n;
}

static bool read_group(struct dump *dump, const json_t *o, struct dump_group *group)
{
    struct pool *pool = dump_pool(dump);
    const char *state = json_string_value(json_object_get(o, "state"));
    const char *end = json_string_value(json_object_get(o, "end"));
    const char *key = json_string_value(json_object_get(o, "key"));
    const json_t *frames = json_object_get(o, "frames"), *tasks = json_object_get(o, "tasks");

    if (state == NULL || end == NULL || !json_is_array(frames) || !json_is_array(tasks) ||
        !read_state(state, group))
        return false;
    group->key = key != NULL ? strtoull(key, NULL, 16) : 0;
    group->end = dump_end_of_text(end);
    group->moved = json_is_true(json_object_get(o, "moved"));
    group->spawned_at = read_frame(pool, json_object_get(o, "started_by"));
    read_frames(pool, frames, group);
    read_tasks(dump, tasks, number_in(o, "count"), group);
    dump->ntasks += group->ntasks;
    return true;
}

static bool read_groups(struct dump *dump, const json_t *array)
{
    size_t n = json_array_size(array);
    struct dump_group *group = pool_alloc(dump_pool(dump), (n + 1) * sizeof *group);

    for (size_t i = 0; i < n; i++) {
        if (!read_group(dump, json_array_get(array, i), &group[i]))
            return false;
    }
    dump->group = group;
    dump->ngroups = n;
    return true;
}

static struct dump *read_dump(const json_t *root)
{
    const json_t *groups = json_object_get(root, "groups");
    struct dump *dump;
    const char *note;

    if (number_in(root, "schema") != DUMP_SCHEMA || !json_is_array(groups) ||
        json_object_get(root, "difference") != NULL)
        return NULL;
    dump = dump_new(json_is_true(json_object_get(root, "asked")) ? DUMP_ASKED : DUMP_PEEKED);
    dump->mono_ns = number_in(root, "mono_ns");
    dump->real_ns = number_in(root, "real_ns");
    dump->took_ns = number_in(root, "took_ns");
    dump->nskipped = number_in(root, "skipped");
    note = text_in(dump_pool(dump), root, "note");
    text_clean(dump->note, sizeof dump->note, note, strlen(note));
    if (read_groups(dump, groups))
        return dump;
    dump_free(dump);
    return NULL;
}

struct dump *dumpfile_read(const char *path, char why[static DUMPFILE_WHY_BYTES])
{
    FILE *in = fopen(path, "re");
    json_error_t error;
    json_t *root;
    struct dump *dump;

    if (in == NULL) {
        snprintf(why, DUMPFILE_WHY_BYTES, "%.150s: %s", path, strerror(errno));
        return NULL;
    }
    root = json_loadf(in, 0, &error);
    fclose(in);
    dump = root != NULL ? read_dump(root) : NULL;
    json_decref(root);
    if (dump == NULL)
        snprintf(why, DUMPFILE_WHY_BYTES, "%.150s: not a dump that gomon wrote as JSON", path);
    return dump;
}

#else

struct dump *dumpfile_read(const char *path, char why[static DUMPFILE_WHY_BYTES])
{
    snprintf(why, DUMPFILE_WHY_BYTES, "%.150s: this gomon was built without JSON", path);
    return NULL;
}

#endif
