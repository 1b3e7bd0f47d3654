/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/app_pick.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/events.h"
#include "mon/monitor.h"
#include "mon/options.h"
#include "mon/picker.h"
#include "mon/term.h"

#define LIST_NS (2 * NS_PER_S)

struct pick {
    const struct monitor_options *how;
    struct picker picker;
    struct target_list *list;
    struct monitor *monitor; /* of the one that was chosen */
    bool dead;               /* only those that have ended */
    int64_t next_list_ns;
    bool is_over;
};

static void refresh(struct pick *pick, int64_t now_ns)
{
    if (now_ns < pick->next_list_ns)
        return;
    if (pick->dead)
        target_list_read_dead(pick->list);
    else
        target_list_read(pick->list);
    picker_list_is_new(&pick->picker);
    pick->picker.real_ns = clock_real_ns();
    pick->next_list_ns = now_ns + LIST_NS;
}

static void choose(struct pick *pick)
{
    struct monitor_failure failure;
    const struct target *choice = picker_choice(&pick->picker);

    pick->monitor = monitor_new(choice, pick->how, &failure);
    if (pick->monitor == NULL)
        snprintf(pick->picker.message, sizeof pick->picker.message, "%.*s",
                 (int)sizeof pick->picker.message - 1, failure.text);
}

static void take_keys(struct pick *pick)
{
    for (uint32_t key = term_key(); key != KEY_CODE_NONE; key = term_key()) {
        int col;

        term_mouse(&pick->picker.mouse_row, &col);
        switch (picker_key(&pick->picker, key)) {
        case PICKER_NONE:
            break;
        case PICKER_QUIT:
            pick->is_over = true;
            return;
        case PICKER_CHOOSE:
            choose(pick);
            return;
        case PICKER_SUSPEND:
            term_suspend();
            break;
        case PICKER_REDRAW:
            term_forget();
            break;
        }
    }
}

static void draw(struct pick *pick)
{
    struct canvas canvas;
    int rows, cols;

    if (term_is_sending())
        return;
    term_size(&rows, &cols);
    canvas_init(&canvas, rows, cols);
    pick->picker.rows = rows;
    picker_draw(&pick->picker, &canvas);
    term_show(&canvas);
    canvas_fini(&canvas);
    if (!term_flush())
        pick->is_over = true;
}

static void loop_once(struct pick *pick)
{
    struct pollfd fd[] = {
        {.fd = term_input_fd(), .events = POLLIN},
        {.fd = term_is_sending() ? term_output_fd() : -1, .events = POLLOUT},
    };
    unsigned signals = events_wait(fd, 2, pick->next_list_ns);

    if ((signals & EVENT_SIGNAL_END) != 0 || (fd[0].revents & (POLLHUP | POLLERR)) != 0)
        pick->is_over = true;
    if ((signals & EVENT_SIGNAL_STOP) != 0)
        term_suspend();
    else if ((signals & EVENT_SIGNAL_CONTINUE) != 0)
        term_resume();
    if (fd[1].revents != 0 && !term_flush())
        pick->is_over = true;
    refresh(pick, clock_mono_ns());
    if (fd[0].revents != 0 && !pick->is_over)
        take_keys(pick);
    draw(pick);
}

struct monitor *app_pick(const struct options *options, const struct monitor_options *how)
{
    struct pick pick = {.how = how, .dead = options->dead};

    pick.list = calloc(1, sizeof *pick.list);
    CHECK(pick.list != NULL);
    pick.picker.list = pick.list;
    if (options->target != NULL)
        snprintf(pick.picker.filter, sizeof pick.picker.filter, "%.*s", PICKER_FILTER_BYTES - 1,
                 options->target);
    refresh(&pick, clock_mono_ns());
    draw(&pick);
    while (!pick.is_over && pick.monitor == NULL)
        loop_once(&pick);
    free(pick.list);
    return pick.monitor;
}
