#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# containers.sh - two containers with the same pids and one /dev/shm: each target has its own page
# and its own image, a gomon outside tells them apart, and one inside sees the one beside it alone.
. "$(dirname "$0")/../support/e2e.sh"
need unshare nsenter pgrep
unshare --pid --fork --mount-proc true 2>/dev/null || skip 'no namespaces of pids here'

# Programs of names that nobody else has.
one=one$$
two=two$$
cp "$gort_demo" "$work/$one"
cp "$gort_demo" "$work/$two"

# start_inside NAME: runs it as process 1 of a container; its pid outside is then in $outside.
begins() { outside=$(pgrep -P "$1" -x "$2"); }
start_inside() {
    start unshare --pid --fork --mount-proc --kill-child "$work/$1" idle --seconds 200
    local starter=$started_pid
    wait_until 60 begins "$starter" "$1" || fail "$1 does not start"
    e2e_pids+=("$outside")
    wait_until 60 has_page "$outside" || fail "$1 has no page: $(cat "$work/unshare.$starter")"
}

# inside PID COMMAND...: runs it in the container of that process.
inside() {
    local pid=$1
    shift
    nsenter --target "$pid" --pid --mount "$@"
}

# image_of PID: its image, which it holds open.
image_of() {
    find "/proc/$1/fd" -lname '/dev/shm/gomon-*/1.*' -printf '%l\n' 2>/dev/null
}
has_image() { [ -n "$(image_of "$1")" ]; }

start_inside "$one"
first=$outside
# Not in the same hundredth of a second: then they would have one name for their images.
ticks() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }
wait_until 60 eval '[ "$(ticks self)" -gt "$(ticks "$first")" ]'
start_inside "$two"
second=$outside
inside "$first" true 2>/dev/null || skip 'containers cannot be entered'
[ "$(inside "$second" readlink /proc/self/ns/pid)" != "$(readlink /proc/self/ns/pid)" ] ||
    fail 'it is not a container'

# From outside.
for pair in "$first $one" "$second $two"; do
    read -r pid name <<<"$pair"
    ends_with 0 "^ *$pid .* live .* $name" -l
    ends_with 0 "^[^,]*,$pid,$name,live," --csv -c 1 -p "$pid"
    ends_with 0 'idle' --dump -p "$pid"
    wait_until 60 has_image "$pid" || fail "no image of $name"
done
[ "$(image_of "$first")" != "$(image_of "$second")" ] || fail 'one image for both'

# From inside: 1 is the own one, and the other one is neither live nor dead.
for pair in "$first $one $two" "$second $two $one"; do
    read -r pid name other <<<"$pair"
    inside "$pid" "$gomon" -l >"$work/out" 2>&1 || fail "$(cat "$work/out")"
    grep -qE "^ *1 .* live .* $name" "$work/out" || fail "it is not found: $(cat "$work/out")"
    grep -q "$other" "$work/out" && fail "the other one is seen: $(cat "$work/out")"
    inside "$pid" "$gomon" --csv -c 1 -p 1 2>&1 | grep -qE "^[^,]*,1,$name,live," ||
        fail "1 is another one than $name"
    inside "$pid" "$gomon" --dump -p 1 2>&1 | grep -q idle || fail "no stacks of $name"
done

# A sidecar: it has the pids of its neighbour, but files and a /dev/shm of its own.
sidecar() {
    nsenter --target "$first" --pid --mount unshare --mount --propagation private sh -c \
        'mount -t tmpfs tmpfs /dev/shm && exec "$@"' sidecar "$@"
}
if sidecar true 2>/dev/null; then
    sidecar "$gomon" -l >"$work/out" 2>&1 || fail "$(cat "$work/out")"
    grep -qE "^ *1 .* live .* $one" "$work/out" || fail "no neighbour: $(cat "$work/out")"
    grep -q "$two" "$work/out" && fail "a stranger is seen: $(cat "$work/out")"
    sidecar "$gomon" --csv -c 1 -p 1 2>&1 | grep -qE "^[^,]*,1,$one,live," ||
        fail 'the neighbour cannot be read'
    sidecar "$gomon" --dump -p 1 2>&1 | grep -q idle || fail 'no stacks of the neighbour'
fi

# Without the pids there is nothing to see, and that is said.
alone() { unshare --pid --fork --mount-proc "$@"; }
for ask in "-p $first" "$one"; do
    alone "$gomon" --csv -c 1 $ask >"$work/out" 2>&1 && fail "$ask is found: $(cat "$work/out")"
    [ "$(wc -l <"$work/out")" = 1 ] || fail "not one line for $ask: $(cat "$work/out")"
    grep -q 'gomon -l lists' "$work/out" || fail "no advice for $ask: $(cat "$work/out")"
done

# Dead, the other one has left an image with the pid of the one that lives, which hides it.
kill -KILL "$second"
wait_until 60 is_gone "$second" || fail 'it does not end'
inside "$first" "$gomon" --dead -l 2>&1 | grep -qE "^ *1 .* dead .* $two" ||
    fail "it left nothing: $(inside "$first" "$gomon" --dead -l 2>&1)"
inside "$first" "$gomon" --csv -c 1 -p 1 2>&1 | grep -qE "^[^,]*,1,$one,live," ||
    fail 'a dead one takes the place of the live one'
inside "$first" "$gomon" --dead -1 "$two" 2>&1 | grep -qE '^heap.alloc ' ||
    fail 'what it left cannot be read'
is_gone "$first" && fail 'the other one did not survive'
exit 0
