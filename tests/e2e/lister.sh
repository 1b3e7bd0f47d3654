#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# lister.sh - gomon -l where dead programs, and others, have left much behind: a thousand stale
# images, garbage, half-built files, planted links, names with escape characters. In a /dev/shm of
# its own.
if [ -z "${LISTER_INSIDE:-}" ]; then
    unshare -m true 2>/dev/null || exit 77
    exec env LISTER_INSIDE=1 unshare -m --propagation private "$0"
fi
. "$(dirname "$0")/../support/e2e.sh"
mount -t tmpfs -o size=16m none /dev/shm || skip 'no tmpfs can be mounted'
folder=/dev/shm/gomon-$(id -u)
mkdir -m 700 "$folder"
secret=$work/secret
echo 'not for you' >"$secret"

for i in $(seq 1000); do
    echo "garbage $i" >"$folder/$i.$i"
    [ $((i % 5)) != 0 ] || echo 'half built' >"$folder/.$i.$i.new"
done
find "$folder" -type f -exec touch -d '2 hours ago' {} +
ln -s "$secret" "$folder/2000.1"
ln "$folder/1000.1000" "$folder/2001.1"
ln -s "$folder" "$folder/2002.1"
mkfifo "$folder/2003.1"
: >"$folder/2004.1"
head -c 64 /dev/zero >"$folder/2005.1"

# A program whose name drives a terminal, is two columns wide, and is a line of its own.
mortal=$work/$'m\e[31m\n\xe6\xbc\xa2x'
cp "$gort_demo" "$mortal"
start_target "$mortal" idle --seconds 300
target=$started_pid
has_image() { [ -n "$(find "$folder" -name "$target.*")" ]; }
wait_until 10 has_image || fail 'no image'

# lists STATE: the program in one line, nothing else, and nothing that drives a terminal.
lists() {
    timeout 10 "$gomon" -l >"$work/out" 2>"$work/err" || fail "-l ends with $?"
    LC_ALL=C grep -q $'\e' "$work/out" "$work/err" && fail 'an escape character is printed'
    [ "$(grep -cE "^ *$target .* $1 " "$work/out")" = 1 ] || fail "not $1: $(cat "$work/out")"
    grep -E ' dead ' "$work/out" | grep -vqE "^ *$target " && fail "garbage: $(cat "$work/out")"
    grep -q 'not for you' "$work/out" "$work/err" && fail 'it reads through a link'
}
lists live
for how in -1 --status --csv --prom; do
    timeout 10 "$gomon" $how -c 1 -p "$target" >"$work/out" 2>"$work/err"
    [ -s "$work/out" ] || timeout 10 "$gomon" $how -p "$target" >"$work/out" 2>&1
    LC_ALL=C grep -q $'\e' "$work/out" "$work/err" && fail "$how prints an escape character"
done
kill -KILL "$target"
wait_until 5 is_gone "$target" || fail 'it does not end'
wait "$target" 2>/dev/null
lists dead
timeout 10 "$gomon" -1 -p "$target" | grep -qE '^tasks.total +[0-9]' || fail 'its image is not read'
[ "$(cat "$secret")" = 'not for you' ] || fail 'what a link names was changed'
exit 0
