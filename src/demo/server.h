/* SPDX-License-Identifier: MIT */
/* server.h - the connections of gort-kv: one task each.
 * A task reads what has come, answers every whole command in it, and sends the answers of that
 * batch in one write: with pipelining clients that is the difference. Its two buffers are
 * pointer-free objects of the collected heap; nothing is freed by hand but the parser. */
#ifndef DEMO_SERVER_H
#define DEMO_SERVER_H

#include <gort.h>

#include "demo/commands.h"

/* Accepts connections and spawns a task for each. Blocks the task until the listener is closed. */
void server_accept_all(struct kv *kv, gort_listener *listener);

#endif
