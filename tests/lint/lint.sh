# SPDX-License-Identifier: MIT
# lint.sh - sourced by the lints: where the tree is, and how to complain.
# A lint takes the root of a tree as its argument (planted.sh gives it a faulty one); else it looks
# at $top_srcdir, else at the working directory. It lists every fault before it fails.

set -u
LC_ALL=C
export LC_ALL

cd "${1:-${top_srcdir:-.}}" || exit 99
faults=$(mktemp) || exit 99
trap 'rm -f "$faults"' EXIT

# complain TEXT...: notes a fault.
complain() {
    printf '%s\n' "$*" >>"$faults"
}

# complain_of REASON: notes each line of the standard input as a fault.
complain_of() {
    sed "s|\$|: $1|" >>"$faults"
}

# sources DIR...: our C files, headers and tables in those of the folders that are there.
sources() {
    for folder in "$@"; do
        shift
        if [ -d "$folder" ]; then set -- "$@" "$folder"; fi
    done
    [ $# -gt 0 ] || return 0
    find "$@" \( -name .git -o -name build-aux -o -name 'build*' -o -name autom4te.cache \) \
        -prune -o -type f \( -name '*.[chS]' -o -name '*.def' \) ! -name config.h -print |
        sort
}

# without_overstrike: what mandoc has printed in bold or underlined, as plain text.
without_overstrike() {
    sed "s/.$(printf '\010')//g"
}

# verdict: ends the lint.
verdict() {
    cat "$faults"
    if [ -s "$faults" ]; then
        printf '%s: %d faults\n' "$(basename "$0")" "$(wc -l <"$faults")"
        exit 1
    fi
    exit 0
}
