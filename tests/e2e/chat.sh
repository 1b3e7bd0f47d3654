#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# chat.sh - gort-chat passes lines on, is not held up by who does not read, and ends gracefully.
. "$(dirname "$0")/../support/e2e.sh"
chat=$top_builddir/gort-chat

start "$chat" --port 0
server=$started_pid
log=$(output_of gort-chat "$server")
wait_until 10 grep -q 'port [1-9]' "$log" || fail "no port: $(cat "$log")"
port=$(sed -n 's/.*port \([0-9]*\)$/\1/p' "$log")

# hears TEXT WHO: waits for a whole line.
hears() {
    wait_until 10 grep -qxF -e "$1" "$work/$2" ||
        fail "$2 does not hear '$1': $(tail -n 3 "$work/$2" | cut -c1-60)"
}

# Each has its descriptor to speak by, and a cat that notes what it hears.
exec 3<>"/dev/tcp/127.0.0.1/$port"
cat <&3 >"$work/ann" &
ann=$!
echo ann >&3
hears '* joins: ann' ann
exec 4<>"/dev/tcp/127.0.0.1/$port"
cat <&4 >"$work/bob" &
bob=$!
e2e_pids+=("$ann" "$bob")
printf 'bob\r\n' >&4
hears '* joins: bob' ann
hears '* joins: bob' bob
printf 'hel' >&3
printf 'lo\nhow are you?\n' >&3
hears 'ann: hello' bob
hears 'ann: how are you?' bob
echo fine >&4
hears 'bob: fine' ann

# One without a name, and one that never reads while much is said.
exec 5<>"/dev/tcp/127.0.0.1/$port"
exec 6<>"/dev/tcp/127.0.0.1/$port"
echo deaf >&6
hears '* joins: deaf' ann
words=$(head -c 400 /dev/zero | tr '\0' w)
for ((i = 0; i < 100 && i >= 0; i++)); do
    for ((j = 0; j < 200; j++)); do echo "$words"; done >&4
    echo "part $i" >&4
    hears "bob: part $i" ann
    hears "bob: part $i" bob
    ! grep -qxF '* leaves: deaf' "$work/ann" || break
done
hears '* leaves: deaf' ann

exec 4>&-
kill "$bob"
wait "$bob" 2>/dev/null
hears '* leaves: bob' ann

kill -TERM "$server"
hears '* the server ends' ann
wait_until 10 is_gone "$server" || fail "it does not end on SIGTERM"
wait "$server"
status=$?
[ $status = 0 ] || fail "it ended with status $status: $(cat "$log")"
grep -q '^gort-chat: ended$' "$log" || fail "no last word: $(cat "$log")"
wait_until 10 is_gone "$ann" || fail "the connections stay open"
