#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# leak.sh - on a program that leaks tasks at one line and memory at another, both alerts come and
# each names its line, and so does the one for tasks that the collector has proven to be leaked; on
# one that makes garbage, none does. With the shortest window, so that it takes little more than a
# minute.
. "$(dirname "$0")/../support/e2e.sh"
grep -q '^#define HAVE_LIBDW 1' "$top_builddir/config.h" || skip 'gomon was built without libdw'

start_target "$gort_demo" leak --garbage 32M
leaky=$started_pid
start_target "$gort_demo" churn --garbage 16M --live 8M
peaceful=$started_pid

start "$gomon" -b -d 1 --lint-window 30 -p "$leaky"
told=$(output_of gomon "$started_pid")
start "$gomon" -b -d 1 --lint-window 30 -p "$peaceful"
quiet=$(output_of gomon "$started_pid")

# The lines of the source that leak: those that follow the two functions' heads.
line_of() { # FUNCTION TEXT
    awk -v head="$1" -v text="$2" '
        index($0, head "(void)") { inside = 1 }
        inside && index($0, text) { print NR; exit }' "$top_srcdir/src/demo/leak.c"
}
tasks="ask_peer .*leak.c:$(line_of ask_peer gort_go)"
heap="remember_session .*leak.c:$(line_of remember_session gort_alloc)"

wait_until 120 grep -qE "^! .* task-growth: .*$tasks" "$told" ||
    fail "tasks: no '$tasks' after two minutes: $(grep '^!' "$told"; tail -n 3 "$told")"
wait_until 60 grep -qE "^! .* heap-growth: .*$heap" "$told" ||
    fail "heap: no '$heap' after three minutes: $(grep '^!' "$told"; tail -n 3 "$told")"
# Code that is made for a sanitizer keeps dead words on its stacks, which may lead to a task.
[ -n "${SANITIZER:-}" ] || wait_until 120 grep -qE "^! .* leaked: proven leak: .*$tasks" "$told" ||
    fail "proof: no '$tasks' after two minutes more: $(grep '^!' "$told"; tail -n 3 "$told")"
grep -qE 'growth|leaked:' "$quiet" &&
    fail "an alert without a leak: $(grep -E 'growth|leaked:' "$quiet")"
exit 0
