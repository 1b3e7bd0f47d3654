# SPDX-License-Identifier: MIT
# gomon.fish - completion for fish: options from gomon --help, targets from gomon --list, figures of
# expressions from gomon --list-metrics.

# One pid, or the last one of a list, with those that stand before it.
function __gomon_pids
    set -l word (commandline -ct | string replace -r '^(--pid=|-p)' '')
    set -l before (string match -r '^[0-9,]*,' -- $word)
    gomon --list 2>/dev/null | awk -v before="$before" '
        NR > 1 && $3 == "live" && index("," before, "," $1 ",") == 0 { print before $1 "\t" $NF }'
end

function __gomon_names
    gomon --list 2>/dev/null | awk 'NR > 1 && $3 == "live" { print $NF }' | sort -u
end

# The last name of an expression, with what stands before it.
function __gomon_expression
    set -l word (commandline -ct | string replace -r '^[\'"]' '')
    set -l before (string replace -r '[a-z0-9_.-]*$' '' -- $word)
    gomon --list-metrics 2>/dev/null | awk -v before="$before" '{
        name = $1; $1 = $2 = $3 = ""; sub(/^ +/, ""); print before name "\t" $0 }'
end

# The last name of a list, with those that stand before it.
function __gomon_lints
    set -l word (commandline -ct | string replace -r '^(--[a-z]+=|-[WA])' '')
    set -l before (string match -r '^.*,' -- $word)
    gomon --config /dev/null --print-config 2>/dev/null | awk -v before="$before" '
        /^# / { help = substr($0, 3) }
        $1 == "lint" { sub(/=.*/, "", $3); print before $3 "\t" help }'
end

# How the argument of an option is completed.
function __gomon_argument -a option argument
    switch $argument
        case 'PID*'
            echo '(__gomon_pids)'
        case EXPR
            echo '(__gomon_expression)'
        case 'LINT*'
            echo '(__gomon_lints)'
        case KIND
            echo 'auto braille blocks lines ascii'
        case NAME
            test $option = theme; and echo 'auto dark light contrast'; or echo '(__gomon_names)'
        case DIR
            echo '(__fish_complete_directories)'
        case CMD
            echo '(__fish_complete_command)'
    end
end

# What follows -- is a command.
function __gomon_has_command
    contains -- -- (commandline -opc)
end

function __gomon_command
    set -l words (commandline -opc)
    set -e words[1..(contains -i -- -- $words)]
    complete -C "$words "(commandline -ct)
end

complete -c gomon -f -n 'not __gomon_has_command; and not __fish_contains_opt diff' \
    -a '(__gomon_names; __gomon_pids)'
complete -c gomon -F -n '__fish_contains_opt diff'
complete -c gomon -f -n __gomon_has_command -a '(__gomon_command)'
gomon --help 2>/dev/null | while read -l line
    # Each group takes part, be it with nothing: others would be left out of the list.
    set -l parts (string match -r '^ +((?:-., )?)--([a-z-]+)((?: [A-Z]+[A-Z,.]*)?)  +(.*)$' -- $line)
    or continue
    set -l option -c gomon -l $parts[3] -d $parts[5]
    set -l argument (string trim -- $parts[4])
    test -n "$parts[2]"; and set -a option -s (string sub -s 2 -l 1 -- $parts[2])
    if test "$argument" = FILE
        set -a option -r -F
    else if test -n "$argument"
        set -l values (__gomon_argument $parts[3] $argument)
        set -a option -x
        test -n "$values"; and set -a option -a "$values"
    end
    complete $option
end
