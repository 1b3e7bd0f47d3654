/* SPDX-License-Identifier: MIT */
/* app_pick.h - the screen before there is a target: the user picks one.
 * Who: app.c, with the terminal open. */
#ifndef MON_APP_PICK_H
#define MON_APP_PICK_H

struct monitor;
struct monitor_options;
struct options;

/* Shows what can be watched, brought up to date every two seconds, until one is chosen that can be
 * opened. Returns its monitor; NULL: the user quit. */
struct monitor *app_pick(const struct options *options, const struct monitor_options *how);

#endif
