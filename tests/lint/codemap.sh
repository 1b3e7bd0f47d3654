#!/bin/sh
# SPDX-License-Identifier: MIT
# codemap.sh - src/CODE-MAP has a line for every source file, and every line of it a file.
# A line "src/base/  ..." opens a folder; below it, two blanks in, "name.{h,c}  what it is".
lint=$(dirname "$0")/lint.sh
. "$lint"

mapped=$(mktemp) || exit 99
present=$(mktemp) || exit 99
trap 'rm -f "$faults" "$mapped" "$present"' EXIT

awk '
    /^[a-z].*\/ / { folder = $1; next }
    /^  [^ ]/ && folder {
        if (match($1, /\{.*\}/)) {
            stem = substr($1, 1, RSTART - 1)
            tail = substr($1, RSTART + RLENGTH)
            n = split(substr($1, RSTART + 1, RLENGTH - 2), part, ",")
            for (i = 1; i <= n; i++) print folder stem part[i] tail
        } else
            print folder $1
        if (NF < 2) print folder $1 " has no words" > "/dev/stderr"
    }' src/CODE-MAP 2>>"$faults" | sort >"$mapped"
{ sources src panels; find src/completion -type f 2>/dev/null; } | sort >"$present"

sort "$mapped" | uniq -d | complain_of 'twice in src/CODE-MAP'
comm -13 "$mapped" "$present" | complain_of 'not in src/CODE-MAP'
comm -23 "$mapped" "$present" | sort -u | complain_of 'in src/CODE-MAP, but there is no such file'

verdict
