/* SPDX-License-Identifier: MIT */
/* dump_folded.c - a dump as folded stacks: a line a group, its functions from the outermost on,
 * joined by semicolons, a blank, and how many tasks stand there. What they do is one more function
 * at the inner end, in brackets; a stack that is not whole begins with one that says so.
 * Source: Gregg, stackcollapse and flamegraph.pl; of two dumps, the two columns of difffolded.pl.
 */
#include "config.h"

#include <inttypes.h>

#include "mon/dump_text.h"

#define PLACE_BYTES 600

/* A semicolon would end the name. */
static void put_name(const char *name, FILE *out)
{
    for (; *name != '\0'; name++)
        fputc(*name == ';' ? ':' : *name, out);
}

static void put_frame(const struct dump_frame *frame, FILE *out)
{
    char place[PLACE_BYTES];

    if (frame->function[0] != '\0') {
        put_name(frame->function, out);
        return;
    }
    dump_format_place(frame, place, sizeof place);
    put_name(place, out);
}

static void put_stack(const struct dump_group *group, FILE *out)
{
    char state[DUMP_STATE_BYTES];

    if (dump_end_text(group->end)[0] != '\0')
        fprintf(out, "[%s];", dump_end_text(group->end));
    for (size_t i = group->nframes; i-- > 0;) {
        put_frame(&group->frame[i], out);
        fputc(';', out);
    }
    fprintf(out, "[%s]", dump_state_text(group, state));
}

bool dump_write_folded(const struct dump *dump, FILE *out)
{
    for (size_t i = 0; i < dump->ngroups; i++) {
        put_stack(&dump->group[i], out);
        fprintf(out, " %zu\n", dump->group[i].ntasks);
    }
    return fflush(out) == 0 && !ferror(out);
}

bool dumpdiff_write_folded(const struct dumpdiff *diff, FILE *out)
{
    for (size_t i = 0; i < diff->dump.ngroups; i++) {
        put_stack(&diff->dump.group[i], out);
        fprintf(out, " %" PRIu64 " %" PRIu64 "\n", diff->count[i].before, diff->count[i].after);
    }
    return fflush(out) == 0 && !ferror(out);
}
