#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [MODEL...] - tries all interleavings of the models, or of those named (park, chan, ...).
# A model must hold as it is, and must not with each of the faults that its head lists: so it is
# seen to look where it matters. Needs spin and a compiler; SPIN and CC name them.
# To see how a fault comes about: spin -DFAULT -a MODEL.pml, compile and run pan, then
# spin -DFAULT -t -p MODEL.pml.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 99
spin=${SPIN:-spin}
command -v "$spin" >/dev/null || { echo "no spin here"; exit 77; }
[ $# -gt 0 ] || set -- park chan detach lock mutex rwmutex wake
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failures=0

# search MODEL [FAULT]: what pan says of it. A fault is found early: better compiled fast than fast.
search() {
    optimise=-O${2:+0}
    rm -rf "$work/search"
    mkdir "$work/search" && cp "$here/$1.pml" "$work/search" && cd "$work/search" || exit 99
    "$spin" ${2:+"-D$2"} -a "$1.pml" &&
        ${CC:-cc} "$optimise" -w -DSAFETY -DCOLLAPSE -DMEMLIM=1000 -o pan pan.c &&
        ./pan -m20000
}

# judge GOOD WHAT: counts a failure and shows what was said.
judge() {
    if [ "$1" = yes ]; then
        echo "ok - $2"
    else
        echo "not ok - $2"
        cat "$work/said"
        failures=$((failures + 1))
    fi
}

# holds MODEL: no error, and all of it searched.
holds() {
    search "$1" >"$work/said" 2>&1 && grep -q 'errors: 0' "$work/said" &&
        ! grep -q 'search not completed\|max search depth too small' "$work/said"
}

# fails MODEL FAULT: a claim is found broken. Other trouble, of the compiler say, is none.
fails() {
    search "$1" "$2" >"$work/said" 2>&1
    grep -q '^pan:1: \(assertion violated\|invalid end state\)' "$work/said"
}

for model in "$@"; do
    good=yes
    holds "$model" || good=no
    states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p' "$work/said")
    judge $good "$model holds: $states"
    faults=$(sed -n '/^ \* Faults/,/\*\//s/^ \*   \([A-Z][A-Z_]*\) .*/\1/p' "$here/$model.pml")
    [ -n "$faults" ] || judge no "$model lists faults"
    for fault in $faults; do
        good=yes
        fails "$model" "$fault" || good=no
        judge $good "$model with $fault: $(sed -n 's/^pan:1: //p' "$work/said")"
    done
done
exit $((failures > 0))
