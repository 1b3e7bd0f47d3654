# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# gomon.bash - completion for bash: options from gomon --help, targets from gomon --list, figures of
# expressions from gomon --list-metrics. So it needs no list of its own that could be out of date.

# _gomon_options GOMON: all options, a line each.
_gomon_options() {
    "$1" --help 2>/dev/null | sed -nE 's/^  (-., |    )(--[a-z-]+).*/\2/p'
    "$1" --help 2>/dev/null | sed -nE 's/^  (-.), .*/\1/p'
}

# _gomon_takes GOMON OPTION: what the argument of the option is called; nothing if it has none.
_gomon_takes() {
    "$1" --help 2>/dev/null |
        sed -nE "s/^  (-., |    )$2 ([A-Z]+)[,.]* .*/\\2/p; s/^  $2, --[a-z-]+ ([A-Z]+)[,.]* .*/\\1/p"
}

# _gomon_targets GOMON COLUMN: pids (1) or names (5) of what lives.
_gomon_targets() {
    "$1" --list 2>/dev/null | awk -v column="$2" '
        NR > 1 && $3 == "live" { print column == 1 ? $1 : $NF }' | sort -u
}

# _gomon_pids GOMON WORD: pids that can be the last one of a list, with those that stand before it.
_gomon_pids() {
    local before=${2%"${2##*,}"}
    _gomon_targets "$1" 1 | awk -v before="$before" '
        index("," before, "," $1 ",") == 0 { print before $1 }'
}

# _gomon_expression GOMON WORD: the last name of an expression, with what stands before it.
_gomon_expression() {
    local name=${2##*[!a-z0-9_.-]}
    local before=${2%"$name"}
    "$1" --list-metrics 2>/dev/null | awk -v before="$before" '{ print before $1 }'
}

# _gomon_lints GOMON OPTION WORD: names of lints, after those of a list that stand before.
_gomon_lints() {
    local before=${3%"${3##*,}"} after==
    [[ $2 == --allow || $2 == -A ]] && after=
    "$1" --config /dev/null --print-config 2>/dev/null | awk -v before="$before" -v after="$after" '
        $1 == "lint" { sub(/=.*/, "", $3); print before $3 after }'
}

# _gomon_command INDEX: a command that begins at that word, and its own words.
_gomon_command() {
    if declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif [[ $COMP_CWORD == "$1" ]]; then
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
    else
        compopt -o default 2>/dev/null
    fi
}

_gomon() {
    local gomon=${COMP_WORDS[0]} word=$2 option=$3 words i
    if [[ $option == '=' ]]; then # --glyphs=b is three words
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $word == '=' ]]; then
        word='' option=${COMP_WORDS[COMP_CWORD - 1]}
    fi
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] || continue
        _gomon_command $((i + 1))
        return
    done
    case $option in -*) ;; *) option='' ;; esac
    case ${option:+$(_gomon_takes "$gomon" "$option")} in
    PID*) words=$(_gomon_pids "$gomon" "$word") ;;
    EXPR)
        local IFS=$'\n'
        compopt -o nospace 2>/dev/null
        mapfile -t COMPREPLY < <(_gomon_expression "$gomon" "$word" |
            awk -v word="$word" 'index($0, word) == 1')
        return
        ;;
    LINT*)
        [[ $option == -A || $option == --allow ]] || compopt -o nospace 2>/dev/null
        words=$(_gomon_lints "$gomon" "$option" "$word")
        ;;
    KIND) words='auto braille blocks lines ascii' ;;
    NAME)
        words='auto dark light contrast'
        [[ $option == --theme ]] || words=$(_gomon_targets "$gomon" 5)
        ;;
    FILE)
        compopt -o default 2>/dev/null
        return
        ;;
    DIR)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    CMD)
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
        return
        ;;
    ?*) return ;;
    *)
        if [[ $COMP_CWORD -gt 2 && ${COMP_WORDS[COMP_CWORD - 2]} == --diff ]]; then # the other one
            compopt -o default 2>/dev/null
            return
        fi
        case $word in
        -*) words=$(_gomon_options "$gomon") ;;
        *) words="$(_gomon_targets "$gomon" 5) $(_gomon_targets "$gomon" 1)" ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _gomon gomon
