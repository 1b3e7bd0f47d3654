#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# soak.sh [-n SEEDS] [-e EVERY] [-j JOBS] [-t MINUTES] [-s SEED] [-b KIND=FOLDER]... [PROGRAM...]
# Runs the conformance programs, or those named (chan, select, ...), with SEEDS (1000) seeds of
# random yields. Each seed is one build of three (plain, address, thread), one of 1, 2, 4 and 16
# procs, a frequency of yields, and the collector as it is or GORT_GC_MODE=stw: 96 ways in turn.
# Every EVERYth program is run with it: so each program has SEEDS / EVERY runs, give or take a few,
# as many in each of the 12 pairs of a build and a number of procs, but for one. A run is all claims
# of a program, and one of those that end the process (support/conform.h).
#   -e  13; 1 if programs are named; odd, or it meets the frequencies of yields in step
#   -j  runs at a time; as many as there are processors
#   -t  begins no run after so many minutes, builds not counted; 60
#   -s  the seed of the whole, for other schedules than the last time; 1
#   -b  a build that is there already, one for each kind; what is missing is configured and built
#       in folders below soak/ in the working folder
# soak/done-SEED has a line for each run that passed; the same command goes on where it ended.
# soak/failed-SEED has those that did not, with the command that repeats each; logs are beside it.
# The last line is "soak: N runs of M passed, K failed"; the exit status is 0 if all passed.
set -u

source=$(cd "$(dirname "$0")/.." && pwd)
seeds=1000
every=
jobs=$(nproc 2>/dev/null || echo 2)
minutes=60
run_seed=1
declare -A build=()
kinds=(plain address thread)
procs=(1 2 4 16)
modes=('' stw)
limit=300 # seconds for one run of one program

die() {
    printf 'soak: %s\n' "$*" >&2
    exit 2
}

# ---- builds -------------------------------------------------------------------------------------

# configure_in FOLDER ARGUMENT...: there, for debugging, with what the kind asks for.
configure_in() (
    local folder=$1
    shift
    mkdir -p "$folder" &&
        cd "$folder" &&
        { [ -f Makefile ] || "$source/configure" --disable-shared --enable-debug "$@"; } \
            >soak.log 2>&1
)

# prepare KIND: its folder, if it was not given.
prepare() {
    local folder=$PWD/soak/build-$1

    [ -z "${build[$1]:-}" ] || return 0
    case $1 in
        plain) configure_in "$folder" ;;
        address) configure_in "$folder" --with-sanitizer=address,undefined ;;
        thread) configure_in "$folder" CC="${CLANG:-clang}" --with-sanitizer=thread ;;
    esac || die "cannot configure for $1: see $folder/soak.log"
    build[$1]=$folder
}

# make_programs KIND: what is to be run.
make_programs() {
    local log=$PWD/soak/make-$1.log

    printf 'soak: building %s in %s\n' "$1" "${build[$1]}"
    make -C "${build[$1]}" -j"$jobs" "${programs[@]/#/tests/conform/}" >"$log" 2>&1 ||
        die "cannot build for $1: see $log"
}

# ---- runs ---------------------------------------------------------------------------------------

# spread NUMBER: an odd seed that has nothing in common with its neighbours.
spread() {
    local x=$(((run_seed * 1000003 + $1) * 2654435761 & 0xffffffff))

    x=$(((x ^ x >> 16) * 2146121005 & 0xffffffff))
    echo $((x ^ x >> 15 | 1))
}

# run_one "NUMBER PROGRAM": one run. A line in done, or in failed.
run_one() {
    local number=${1% *} program=${1#* }
    local kind=${kinds[number % 3]} procs_of_run=${procs[number / 3 % 4]}
    local mode=${modes[number / 48 % 2]}
    local seed log settings status

    seed=$(spread "$number")
    log=soak/$run_seed-$number-$program.log
    settings="seed=$seed,yield=$((2 << (number / 12 % 4))),clobberfree=1"
    GORT_MAXPROCS=$procs_of_run GORT_GC_MODE=$mode GORT_DEBUG=$settings timeout -k 5 $limit \
        "${folders[number % 3]}/tests/conform/$program" --once >"$log" 2>&1
    status=$?
    if [ $status = 0 ] || [ $status = 77 ]; then # 77: cannot run in such a build
        rm -f "$log"
        echo "$number $program" >>"soak/done-$run_seed"
        return
    fi
    printf 'GORT_MAXPROCS=%s GORT_GC_MODE=%s GORT_DEBUG=%s %s/tests/conform/%s --once # %s\n' \
        "$procs_of_run" "$mode" "$settings" "${folders[number % 3]}" "$program" "$log" |
        tee -a "soak/failed-$run_seed"
}

# worker WHICH: every JOBSth of the runs that are left.
worker() {
    local i

    for ((i = $1; i < ${#left[@]}; i += jobs)); do
        [ "$SECONDS" -lt "$((minutes * 60))" ] || return
        run_one "${left[i]}"
    done
}

# find_left: into left what is not done yet, seed by seed; into total how many runs there are. What
# a program runs with are whole dozens of seeds: all builds with all numbers of procs.
find_left() {
    local -A passed=()
    local number which line

    while read -r line; do
        passed[$line]=1
    done <"soak/done-$run_seed"
    left=()
    total=0
    for ((number = 0; number < seeds; number++)); do
        for ((which = (number / 12) % every; which < ${#programs[@]}; which += every)); do
            total=$((total + 1))
            line="$number ${programs[which]}"
            [ -n "${passed[$line]:-}" ] || left+=("$line")
        done
    done
}

# tell_time: the processor time of all that has been waited for, builds too. Not in a subshell,
# whose children they are not.
tell_time() {
    times >soak/times
    sed -n '2s/m\|s/ /gp' soak/times |
        awk '{ printf "soak: %d s of processor time\n", $1 * 60 + $2 + $3 * 60 + $4 }'
}

# ---- the whole ----------------------------------------------------------------------------------

while getopts n:e:j:t:s:b: option; do
    case $option in
        n) seeds=$OPTARG ;;
        e) every=$OPTARG ;;
        j) jobs=$OPTARG ;;
        t) minutes=$OPTARG ;;
        s) run_seed=$OPTARG ;;
        b) build[${OPTARG%%=*}]=$(cd "${OPTARG#*=}" && pwd) || die "no folder ${OPTARG#*=}" ;;
        *) die "usage: see the head of $0" ;;
    esac
done
shift $((OPTIND - 1))
programs=("$@")
: "${every:=$(($# > 0 ? 1 : 13))}"
[ ${#programs[@]} -gt 0 ] ||
    mapfile -t programs < <(cd "$source/tests/conform" && printf '%s\n' *.c | sed 's/\.c$//')

mkdir -p soak || exit 2
for kind in "${kinds[@]}"; do prepare "$kind"; done
for kind in "${kinds[@]}"; do make_programs "$kind"; done
folders=("${build[plain]}" "${build[address]}" "${build[thread]}")
export LSAN_OPTIONS="suppressions=$source/tests/support/lsan.supp:print_suppressions=0"
export ASAN_OPTIONS="handle_segv=0"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:atexit_sleep_ms=50"

touch "soak/done-$run_seed"
: >"soak/failed-$run_seed"
find_left
SECONDS=0 # building takes what it takes
for ((which = 0; which < jobs; which++)); do worker "$which" & done
wait
failed=$(wc -l <"soak/failed-$run_seed")
find_left
tell_time
[ ${#left[@]} -le "$failed" ] ||
    printf 'soak: %d runs are left for the next time\n' $((${#left[@]} - failed))
printf 'soak: %d runs of %d passed, %d failed\n' $((total - ${#left[@]})) "$total" "$failed"
[ ${#left[@]} = 0 ]
