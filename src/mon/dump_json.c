/* SPDX-License-Identifier: MIT */
/* dump_json.c - a dump, or the difference of two, as JSON, in one line. It is written group by
 * group: a million tasks never are one tree in memory. */
#include "config.h"

#include <errno.h>

#include "mon/dump_text.h"

#if HAVE_JANSSON

#include <jansson.h>

#include "base/check.h"

static json_t *frame_object(const struct dump_frame *f)
{
    json_t *o = json_pack("{s:I, s:s, s:s, s:i, s:s, s:I, s:b}", "pc", (json_int_t)f->pc,
                          "function", f->function, "file", f->file, "line", (int)f->line, "module",
                          f->module, "offset", (json_int_t)f->offset, "inlined", f->inlined);

    CHECK(o != NULL);
    return o;
}

static json_t *task_object(const struct dump *dump, const struct dump_task *t)
{
    json_t *o = json_pack("{s:I, s:I}", "id", (json_int_t)t->id, "age_ns",
                          (json_int_t)dump_age_ns(dump, t));

    CHECK(o != NULL);
    if (t->name[0] != '\0')
        json_object_set_new(o, "name", json_string(t->name));
    if (t->tid != 0)
        json_object_set_new(o, "tid", json_integer(t->tid));
    if (t->holder != 0)
        json_object_set_new(o, "held_by", json_integer((json_int_t)t->holder));
    if (t->readers != 0)
        json_object_set_new(o, "readers", json_integer((json_int_t)t->readers));
    return o;
}

/* What is in both kinds of groups. */
static json_t *stack_object(const struct dump_group *g)
{
    char state[DUMP_STATE_BYTES], key[24];
    json_t *frames = json_array(), *o;

    snprintf(key, sizeof key, "%016llx", (unsigned long long)g->key);
    for (size_t i = 0; i < g->nframes; i++)
        json_array_append_new(frames, frame_object(&g->frame[i]));
    o = json_pack("{s:s, s:s, s:b, s:b, s:s, s:o}", "key", key, "state", dump_state_text(g, state),
                  "whole", g->end == DUMP_END_START, "moved", g->moved, "end",
                  dump_end_text(g->end), "frames", frames);
    CHECK(o != NULL);
    if (g->spawned_at.pc != 0)
        json_object_set_new(o, "started_by", frame_object(&g->spawned_at));
    return o;
}

static json_t *group_object(const struct dump *dump, const struct dump_group *g)
{
    json_t *tasks = json_array(), *o = stack_object(g);

    for (size_t i = 0; i < dump_listed(g); i++)
        json_array_append_new(tasks, task_object(dump, &g->task[i]));
    json_object_set_new(o, "count", json_integer((json_int_t)g->ntasks));
    json_object_set_new(o, "tasks", tasks);
    return o;
}

static json_t *changed_object(const struct dumpdiff *diff, size_t i)
{
    json_t *o = stack_object(&diff->dump.group[i]);

    json_object_set_new(o, "before", json_integer((json_int_t)diff->count[i].before));
    json_object_set_new(o, "after", json_integer((json_int_t)diff->count[i].after));
    return o;
}

/* Writes OBJECT as number I of an array, and frees it. */
static void put_element(json_t *object, size_t i, FILE *out)
{
    fputs(i == 0 ? "" : ",", out);
    json_dumpf(object, out, JSON_COMPACT);
    json_decref(object);
}

bool dump_write_json(const struct dump *dump, FILE *out)
{
    json_t *note = json_string(dump->note);

    fprintf(out,
            "{\"schema\":%d,\"real_ns\":%llu,\"mono_ns\":%llu,\"took_ns\":%llu,\"ntasks\":%llu,"
            "\"skipped\":%llu,\"asked\":%s,\"note\":",
            DUMP_SCHEMA, (unsigned long long)dump->real_ns, (unsigned long long)dump->mono_ns,
            (unsigned long long)dump->took_ns, (unsigned long long)dump->ntasks,
            (unsigned long long)dump->nskipped, dump->origin == DUMP_ASKED ? "true" : "false");
    json_dumpf(note, out, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(note);
    fputs(",\"groups\":[", out);
    for (size_t i = 0; i < dump->ngroups; i++)
        put_element(group_object(dump, &dump->group[i]), i, out);
    fputs("]}\n", out);
    return fflush(out) == 0 && !ferror(out);
}

bool dumpdiff_write_json(const struct dumpdiff *diff, FILE *out)
{
    fprintf(out,
            "{\"schema\":%d,\"difference\":true,\"before\":{\"real_ns\":%llu,\"ntasks\":%llu},"
            "\"after\":{\"real_ns\":%llu,\"ntasks\":%llu},\"groups\":[",
            DUMP_SCHEMA, (unsigned long long)diff->before_real_ns,
            (unsigned long long)diff->before_ntasks, (unsigned long long)diff->dump.real_ns,
            (unsigned long long)diff->dump.ntasks);
    for (size_t i = 0; i < diff->dump.ngroups; i++)
        put_element(changed_object(diff, i), i, out);
    fputs("]}\n", out);
    return fflush(out) == 0 && !ferror(out);
}

#else

bool dump_write_json(const struct dump *dump, FILE *out)
{
    (void)dump;
    (void)out;
    errno = ENOTSUP;
    return false;
}

bool dumpdiff_write_json(const struct dumpdiff *diff, FILE *out)
{
    (void)diff;
    (void)out;
    errno = ENOTSUP;
    return false;
}

#endif
