#!/bin/sh
# SPDX-License-Identifier: MIT
# scripts.sh - our shell scripts parse, are executable where they are called by name, and pass
# shellcheck where it is installed.
lint=$(dirname "$0")/lint.sh
. "$lint"

for script in bootstrap .ci/run $(find tests -name '*.sh' | sort); do
    [ -f "$script" ] || continue
    case $(head -n 2 "$script") in
        *bash*) shell=bash ;;
        *) shell=sh ;;
    esac
    $shell -n "$script" 2>>"$faults"
    if head -n 1 "$script" | grep -q '^#!' && [ ! -x "$script" ]; then
        complain "$script: begins with #! but is not executable"
    fi
done

if command -v shellcheck >/dev/null; then
    shellcheck -f gcc bootstrap .ci/run >>"$faults"
fi

verdict
