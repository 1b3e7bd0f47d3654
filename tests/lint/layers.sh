#!/bin/sh
# SPDX-License-Identifier: MIT
# layers.sh - who may include whom: base <- runtime; base <- mon <- panels; page.h stands between.
# Each rule is a set of files and a pattern that every quoted include of theirs must match.
lint=$(dirname "$0")/lint.sh
. "$lint"

# includes FILE...: "file:line:name" of each include of ours.
includes() {
    grep -nHE '^ *# *include *("|<gort[./])' "$@" /dev/null |
        sed 's/^\([^:]*:[0-9]*\):[^"<]*["<]\([^">]*\)[">].*/\1:\2/'
}

# allow PATTERN FILE...: complains of every quoted include that PATTERN does not match.
allow() {
    pattern=$1
    shift
    [ $# -gt 0 ] || return 0
    includes "$@" | awk -F: -v pattern="^($pattern)\$" '$3 !~ pattern' |
        complain_of 'this layer may not include it'
}

# forbid PATTERN FILE...: complains of every quoted include that PATTERN matches.
forbid() {
    pattern=$1
    shift
    [ $# -gt 0 ] || return 0
    includes "$@" | awk -F: -v pattern="^($pattern)\$" '$3 ~ pattern' |
        complain_of 'this layer may not include it'
}

# forbid_system PATTERN FILE...: complains of every system header that PATTERN matches.
forbid_system() {
    pattern=$1
    shift
    [ $# -gt 0 ] || return 0
    grep -nHE "^ *# *include *<($pattern)>" "$@" /dev/null | complain_of 'not in this layer'
}

# in_dir DIR: its sources, separated by blanks (no name of ours holds one).
in_dir() { sources "$1" | tr '\n' ' '; }

page_parts='page(file|ident|image|layout|name|stale|write)|dump|history|publish_[a-z]+'
page_parts="$page_parts|task(groups|holders)"
page_headers="runtime/($page_parts|tasktab_read)\\.h"
page_sources="runtime/($page_parts|publish|command|tasktab)\\.c"
page_users="^src/($page_headers|runtime/tasktab_move\\.h|$page_sources)\$"
panel_users='^src/mon/((app|main)[a-z_]*\.c|app_parts\.h)$'
terminal='^src/mon/(term(_cells|_key|_line|_mouse|_read)?\.c|term_line\.h)$'
panel_view='model|canvas|draw|dump|dump_text|fleetrow|histogram|keys|layout|plot|scroll|theme'
panel_view="$panel_view|changed|dumpdiff|incident_note|recorder|spark|timetext"
all=$(in_dir src)
runtime=$(in_dir src/runtime)
mon=$(in_dir src/mon)
panels=$(in_dir panels)
pick() { printf '%s\n' $1 | grep -E "$2"; }
others() { printf '%s\n' $1 | grep -vE "$2"; }

own='config\.h|base/.*'
tables='metrics\.def|waits\.def'
public='gort\.h|gort/.*'
outside='libproc2/.*|proc/.*|elfutils/.*|gelf\.h|jansson\.h|sqlite3\.h'

allow "$own" $(in_dir src/base)
allow 'gort/.*' $(pick "$all" '^src/gort(/.*)?\.h$')
allow "$tables|page(mail)?\.h" $(pick "$all" '^src/page(mail)?\.h$')
allow "$own|runtime/.*|$public|$tables" $(others "$runtime" "$page_users")
allow "$own|runtime/.*|$public|$tables|page\.h" $(pick "$runtime" "$page_users")
forbid "$page_headers" $(others "$runtime" "$page_users")
allow "$own|mon/.*|$tables|page\.h" $(others "$mon" "$panel_users")
allow "$own|mon/.*|$tables|page\.h|panels/(panel|screen)\.h" $(pick "$mon" "$panel_users")
allow "config\.h|base/fmt\.h|mon/($panel_view)\.h|mon/keys\.def|panels/.*" $panels
allow "config\.h|$public|demo/.*" $(in_dir src/demo)

forbid_system '.*curses.*|term\.h|panel\.h' $(others "$all $panels" "$terminal")
forbid_system 'unistd\.h|fcntl\.h|time\.h|sys/.*|pthread\.h|stdatomic\.h' $panels
forbid_system "$outside" $runtime $panels $(in_dir src/base)

verdict
