/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/pagefile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "page.h"
#include "runtime/publish.h"

#define WRITE_EVERY_NS NS_PER_S
#define WRITE_SOON_NS  (200 * NS_PER_MS) /* the first image is of a program without tasks */
#define RETRY_EVERY_NS (60 * NS_PER_S)
#define EARLY_NS       (50 * NS_PER_MS) /* a tick that comes a little too soon still counts */

void pagefile_init(struct pagefile *f, const char *dir, const void *page,
                   const struct pagelayout *layout)
{
    const struct page_header *header = page;

    *f = (struct pagefile){
        .pid = header->pid,
        .start_ticks = header->start_ticks,
        .page = page,
        .layout = layout,
        .name = PAGENAME_INIT,
    };
    snprintf(f->dir, sizeof f->dir, "%s", dir);
}

static void give_up(struct pagefile *f, int error, int64_t now_ns)
{
    char text[160];

    pagename_remove(&f->name);
    pagename_close(&f->name);
    f->due_ns = now_ns + RETRY_EVERY_NS;
    if (f->in_trouble)
        return;
    f->in_trouble = true;
    snprintf(text, sizeof text, "%s: %s", f->dir, pagename_reason(error));
    publish_event(PAGE_EVENT_OUT_OF_SHM, (uint64_t)error, 0, text);
}

static int make(struct pagefile *f)
{
    int error = pagename_make(&f->name, f->dir, f->pid, f->start_ticks);

    if (error == 0)
        error = pageimage_begin(&f->image, f->name.fd, f->page, f->layout);
    if (error == 0)
        error = pagename_show(&f->name);
    return error;
}

static int update(struct pagefile *f)
{
    if (!pagename_is_there(&f->name, f->layout->bytes))
        return ENOENT;
    return pageimage_update(&f->image);
}

void pagefile_tick(struct pagefile *f, int64_t now_ns)
{
    bool is_new = f->name.fd < 0;
    int error = 0;

    if (now_ns + EARLY_NS < f->due_ns)
        return;
    error = is_new ? make(f) : update(f);
    if (error != 0) {
        give_up(f, error, now_ns);
        return;
    }
    f->in_trouble = false;
    f->due_ns = now_ns + (is_new ? WRITE_SOON_NS : WRITE_EVERY_NS);
}

void pagefile_write(struct pagefile *f)
{
    if (f->name.fd >= 0 && pagename_is_there(&f->name, f->layout->bytes))
        (void)pageimage_update(&f->image);
}

void pagefile_write_state(const struct pagefile *f, uint32_t state)
{
    if (fileid_is(f->name.fd, f->name.id))
        pageimage_write_state(f->name.fd, state);
}

void pagefile_remove(struct pagefile *f)
{
    if (f->name.fd < 0)
        return;
    pagename_remove(&f->name);
    pagename_close(&f->name);
}

void pagefile_leave(struct pagefile *f)
{
    pagename_close(&f->name);
}
