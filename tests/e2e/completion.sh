#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# completion.sh - what the shells offer after gomon: options, live pids and names, figures, values;
# each of them is one that gomon takes. bash is asked as its own line editor would; zsh and fish
# where they are installed.
. "$(dirname "$0")/../support/e2e.sh"

scripts=$top_srcdir/src/completion
PATH=$(cd "$top_builddir" && pwd):$PATH
start_target "$gort_demo" idle --seconds 120
target=$started_pid

# shellcheck source=/dev/null
. "$scripts/gomon.bash"

# offers WORD...: what bash offers for the last word, a line each, sorted.
offers() {
    COMP_WORDS=(gomon "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _gomon gomon "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    [ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort
}

# expect PATTERN WORD...: one of the offers is PATTERN.
expect() {
    local pattern=$1
    shift
    offers "$@" | grep -qxE -e "$pattern" || fail "no $pattern after gomon $*: $(offers "$@")"
}

expect "$target" -p ''
expect "$target" --pid "${target:0:1}"
expect "$target" --pid '='
expect "1,$target" -p 1,
expect "$target" gort-demo "${target:0:1}"
[ -z "$(offers -p "$target,${target:0:1}" | grep "$target,$target\$")" ] || fail 'a pid twice'
expect gort-demo gort-d
expect gort-demo -1 ''
expect --list-metrics --li
expect --check --c
expect -p -
expect 'heap\.live' --check heap.l
expect 'heap\.live > 5M and rate\(gc\.count' --critical 'heap.live > 5M and rate(gc.cou'
expect dark --theme ''
expect braille --glyphs '=' b
expect gc-thrash= --lint gc-
expect 'stale=off,gc-thrash=' -W stale=off,gc-
expect long-pause --allow long
expect stale,long-pause -A stale,long
[ -z "$(offers --delay '')" ] || fail "it offers for a number: $(offers --delay '')"
offers -p "" | grep -q gort-demo && fail '-p is offered names'
expect gort-demo --csv -- gort-d

# Every option is offered, and every value that is offered is taken.
for option in $(gomon --help | grep -oE -e '(^|[ ,])--[a-z-]+' | grep -oE -e '--[a-z-]+'); do
    grep -q -- "^  .*$option " <(gomon --help) || continue
    expect "$option" "$option"
done
for kind in $(offers --glyphs ''); do
    gomon --glyphs "$kind" --version >/dev/null || fail "gomon takes no --glyphs $kind"
done
for theme in $(offers --theme ''); do
    gomon --theme "$theme" --version >/dev/null || fail "gomon takes no --theme $theme"
done

# fish is asked itself.
if command -v fish >/dev/null; then
    # asked LINE PATTERN
    asked() {
        HOME=$work fish --no-config -c "source $scripts/gomon.fish; complete -C '$1'" \
            >"$work/fish" 2>"$work/err"
        grep -qE -e "$2" "$work/fish" ||
            fail "fish: no $2 after $1: $(head -n 5 "$work/fish" "$work/err")"
    }
    asked 'gomon -p ' "^$target"
    asked 'gomon -p 1,' "^1,$target"
    asked 'gomon gort' '^gort-demo'
    asked 'gomon --lis' '^--list-metrics'
    asked 'gomon --theme ' '^light'
    asked 'gomon --check heap.li' '^heap.live'
    asked 'gomon --csv -- gort-' '^gort-demo'
fi

# zsh's line editor cannot be asked without a terminal: what its own functions would be told.
if command -v zsh >/dev/null; then
    cat >"$work/ask.zsh" <<'ZSH'
_arguments() { print -rl -- "$@" }
_describe() { print -rl -- ${(P)@[-1]} }
_call_program() { shift; "$@" }
compset() { return 1 }
words=(gomon) CURRENT=2
function _gomon { eval "$(<$1)" }
_gomon $1
gomon=gomon
_gomon_pids
_normal() { print -r -- "command: $CURRENT $words" }
words=(gomon -b -- gort-demo idle) CURRENT=5
_gomon $1
ZSH
    zsh -f "$work/ask.zsh" "$scripts/_gomon" >"$work/zsh" 2>"$work/err"
    [ ! -s "$work/err" ] || fail "zsh: $(cat "$work/err")"
    for line in '--pid=[watch' '-p+[watch' ':PID,...:_gomon_pids' '--list-metrics[' \
        ':EXPR:_gomon_expression' ':NAME:(auto dark light contrast)' "$target:gort-demo" \
        'command: 2 gort-demo idle'; do
        grep -qF -e "$line" "$work/zsh" || fail "zsh: no $line: $(cat "$work/zsh")"
    done
fi
exit 0
