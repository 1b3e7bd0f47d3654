#!/bin/sh
# SPDX-License-Identifier: MIT
# contract.sh - gort-page(5) shows the structures, enumerations and metrics of page.h: each field
# with its offset and type, each value with its name, no more and no less.
lint=$(dirname "$0")/lint.sh
. "$lint"
command -v mandoc >/dev/null || { echo "contract.sh: no mandoc here"; exit 77; }
[ -f man/gort-page.5 ] || { echo "contract.sh: no man/gort-page.5"; exit 77; }

cc=${CC:-cc}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$faults" "$work"' EXIT

# A program that prints what the header says, one line a row: "struct NAME|OFFSET|TYPE|FIELD".
awk '
    function show(format, values) { print "    printf(\"" format "\\n\", " values ");" }
    BEGIN {
        print "#include <stdio.h>\n#include \"page.h\"\nint main(void)\n{"
        short["uint8_t"] = "u8"; short["uint16_t"] = "u16"; short["uint32_t"] = "u32"
        short["uint64_t"] = "u64"; short["int32_t"] = "i32"
    }
    /^struct page_[a-z_]+ \{/ { kind = "struct"; name = $2; next }
    /^enum page_[a-z_]+ \{/ { kind = "enum"; name = $2 }
    kind == "struct" && /^}/ {
        show("struct " name "|bytes|%zu", "sizeof(struct " name ")")
    }
    kind == "struct" && match($0, /^ +(struct )?[a-z0-9_]+ [a-z0-9_]+(\[[^]]*\])?;/) {
        split(substr($0, RSTART, RLENGTH), word, /[ ;[]+/)
        i = word[2] == "struct" ? 3 : 2
        type = i == 3 ? "struct " word[3] : short[word[2]]
        field = word[i + 1]
        this = "((struct " name " *)0)->" field
        offset = "offsetof(struct " name ", " field ")"
        if ($0 ~ /\[[^]]*\];/)
            show("struct " name "|%zu|" type "[%zu]|" field, \
                offset ", sizeof " this " / sizeof " this "[0]")
        else
            show("struct " name "|%zu|" type "|" field, offset)
    }
    kind == "enum" {
        line = $0
        while (match(line, /PAGE_[A-Z0-9_]+ = [0-9]+/)) {
            split(substr(line, RSTART, RLENGTH), word, " ")
            show("enum " name "|%d|" word[1], word[1])
            line = substr(line, RSTART + RLENGTH)
        }
    }
    /^}|};/ { kind = "" }
    END {
        print "#define METRIC(id, name, kind, unit, level, keep, help) \\"
        print "    printf(\"METRICS|%d|%s|%s|%s|%s\\n\", METRIC_##id, name, \\"
        print "           #kind, #unit, keep ? \"kept\" : \"not\");"
        print "#include \"metrics.def\"\n    return 0;\n}"
    }' src/page.h src/pagemail.h >"$work/rows.c"
$cc -Isrc -o "$work/rows" "$work/rows.c" || exit 99
"$work/rows" | tr '[:upper:]' '[:lower:]' | sort >"$work/wanted"

# The same rows as a reader of the manual sees them.
mandoc -T ascii -O width=300 man/gort-page.5 | without_overstrike | awk '
    /^[A-Z]/ { part = $0 == "METRICS" ? $0 : "" }
    /^ ? ? ?(struct|enum) page_[a-z_]+$/ { part = $1 " " $2; next }
    /^ ? ? ?[A-Z]/ && !/^ *[0-9]/ { if (part != "METRICS") part = "" }
    part ~ /^struct/ && match($0, /[0-9]+ bytes\./) {
        split(substr($0, RSTART), word, " ")
        print part "|bytes|" word[1]
    }
    part != "" && /^ +[0-9]+ / {
        sub(/ struct /, " struct:")
        row = part
        most = part == "METRICS" ? 5 : part ~ /^enum/ ? 2 : 3
        for (i = 1; i <= most; i++)
            row = row "|" $i
        sub(/struct:/, "struct ", row)
        if ($2 != "bytes.")
            print row
    }' | tr '[:upper:]' '[:lower:]' | sort >"$work/shown"

for rows in wanted shown; do
    [ -s "$work/$rows" ] || { echo "contract.sh: no rows $rows"; exit 99; }
done
comm -23 "$work/wanted" "$work/shown" | complain_of 'in page.h, but not in gort-page(5)'
comm -13 "$work/wanted" "$work/shown" | complain_of 'in gort-page(5), but not in page.h'

verdict
