#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bench.sh - a program of benchmarks refuses wrong flags in one line, with status 2; the comparison
# with Go shows medians, ratios and goals, and works without a go command.
. "$(dirname "$0")/../support/e2e.sh"

sync=$top_builddir/tests/bench/sync
compare=$(cd "$top_srcdir" && pwd)/tests/bench/compare.sh

# refuses PATTERN FLAG...: status 2, nothing on stdout, one line on stderr that the pattern matches.
refuses() {
    local pattern=$1 status
    shift
    timeout 10 "$sync" "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ $status = 2 ] || fail "status $status from $*"
    [ ! -s "$work/out" ] || fail "something on stdout from $*"
    [ "$(wc -l <"$work/err")" = 1 ] || fail "not one line from $*: $(cat "$work/err")"
    grep -qE -e "$pattern" "$work/err" || fail "$* says: $(cat "$work/err")"
}

refuses "'5' is not a flag" 5
refuses 'no flag -benches' -benches
refuses '-benchtime takes a time such as 1s' -benchtime 5
refuses '-count takes a number from 1' -count 0
refuses '-cpu takes numbers of procs' -cpu 1,x
refuses "-bench '\['" -bench '['
"$sync" --help | grep -qE '^  -benchtime T ' || fail "-help does not show -benchtime"

# shows WORDS: whether a line of the table consists of these words.
shows() {
    tr -s ' ' <"$work/table" | grep -qxF -e "$1" || fail "no line '$1' in: $(cat "$work/table")"
}

# The table alone, on figures that are known.
printf 'BenchmarkA 2\nBenchmarkB/x 1.5\nBenchmarkGone 3\n' >"$work/goals"
printf '%s\n' 'goos: linux' 'BenchmarkA-2 100 30 ns/op' 'BenchmarkA-2 100 10 ns/op' \
    'BenchmarkA-2 100 20 ns/op' 'BenchmarkB/x-2 1 2000 ns/op' 'BenchmarkB/x-2 1 4000 ns/op' \
    'BenchmarkC-2 1 5 ns/op' 'BenchmarkD-2 1 7 ns/op' PASS >"$work/ours"
printf '%s\n' 'BenchmarkA-2 100 50 ns/op' 'BenchmarkB/x-2 1 3000 ns/op' 'BenchmarkC-2 1 10 ns/op' \
    >"$work/go"
awk -f "$top_srcdir/tests/bench/table.awk" "$work/goals" "$work/ours" "$work/go" |
    sed 's/ *$//' >"$work/table" || fail "table.awk fails"
shows 'A 20.0 50.0 2.50 2 ok'
shows 'B/x 3000 3000 1.00 1.5 below'
shows 'C 5.0 10.0 2.00 - -'
shows 'D 7.0 - - - -'
shows '4 benchmarks, 2 with a goal, 1 below it; the worst: B/x, 1.00 of 1.5'

# With two versions of Go, of which the first has not measured everything.
printf '%s\n' 'BenchmarkA-2 100 10 ns/op' 'BenchmarkD-2 1 14 ns/op' >"$work/go2"
awk -v labels='Go1.90 Go1.24' -f "$top_srcdir/tests/bench/table.awk" "$work/goals" "$work/ours" \
    "$work/go" "$work/go2" | sed 's/ *$//' >"$work/table" || fail "table.awk fails on two"
shows 'benchmark ours ns/op Go1.90 ns/op ratio Go1.24 ns/op ratio goal ok?'
shows 'A 20.0 50.0 2.50 10.0 0.50 2 ok'
shows 'B/x 3000 3000 1.00 - - 1.5 below'
shows 'D 7.0 - - 14.0 2.00 - -'
shows '4 benchmarks, 2 with a goal, 1 below it; the worst: B/x, 1.00 of 1.5'

# Another figure than the time, and a goal against another column than the first.
printf 'BenchmarkA 2\nBenchmarkA:peak-B 0.9\nBenchmarkA peer 1.0\n' >"$work/goals"
printf '%s\n' 'BenchmarkA-2 100 20 ns/op 1000 peak-B 7 x-B' 'BenchmarkA 100 30 ns/op' >"$work/ours"
printf '%s\n' 'BenchmarkA-2 100 50 ns/op 800 peak-B' 'BenchmarkA 100 90 ns/op' >"$work/go"
printf '%s\n' 'BenchmarkA-2 100 10 ns/op' >"$work/peer"
awk -v labels='Go1.90 peer' -v by_cpu=1 -f "$top_srcdir/tests/bench/table.awk" "$work/goals" \
    "$work/ours" "$work/go" "$work/peer" | sed 's/ *$//' >"$work/table" || fail "no table of three"
shows 'A-2 20.0 50.0 2.50 10.0 0.50! 2 ok'
shows 'A-2:peak-B 1000 800.0 0.80 - - 0.9 below'
shows 'A 30.0 90.0 3.00 - - 2 ok'
awk -v labels='peer' -f "$top_srcdir/tests/bench/table.awk" "$work/goals" "$work/ours" \
    "$work/peer" | sed 's/ *$//' >"$work/table" || fail "no table of a peer alone"
shows 'A 25.0 10.0 0.40! 2 -'

# A goal for our figure itself, which the peer may have no twin of.
printf 'Benchmark%s:pause-ms <0.5\n' A B C >"$work/goals"
printf '%s\n' 'BenchmarkA-2 9 20 ns/op 0.4 pause-ms' 'BenchmarkB-2 9 20 ns/op 0.6 pause-ms' \
    'BenchmarkC-2 9 20 ns/op 0 pause-ms' >"$work/ours"
printf '%s\n' 'BenchmarkA-2 9 20 ns/op' 'BenchmarkB-2 9 20 ns/op 9 pause-ms' >"$work/go"
awk -v labels='Go1.90' -f "$top_srcdir/tests/bench/table.awk" "$work/goals" "$work/ours" \
    "$work/go" | sed 's/ *$//' >"$work/table" || fail "no table of absolute goals"
shows 'A:pause-ms 0.4 - - <0.5 ok'
shows 'B:pause-ms 0.6 9.0 15.00 <0.5 below'
shows 'C:pause-ms 0.0 - - <0.5 -'
shows '6 benchmarks, 2 with a goal, 1 below it; the worst: B:pause-ms, 0.60 of <0.5'

# A go command that makes a twin of shell: the rounds are interleaved, and all reach the table.
cat >"$work/gocommand" <<GO
#!/bin/sh
cat >"\$4" <<'TWIN'
#!/bin/sh
echo "BenchmarkWaitGroup-2 10 1000000000 ns/op"
TWIN
chmod +x "\$4"
GO
chmod +x "$work/gocommand"
(cd "$work" && GO=$work/gocommand BENCH=WaitGroup BENCHTIME=10x COUNT=2 timeout 60 "$compare" \
    "$sync" >table 2>log) || fail "compare.sh fails: $(cat "$work/table" "$work/log")"
grep -qE '^WaitGroup +[0-9.]+ +1000000000 +[0-9.]+ +1.2  ok$' "$work/table" ||
    fail "no line of WaitGroup in: $(cat "$work/table")"
[ "$(grep -c '^BenchmarkWaitGroup' "$work/tests/bench/ours.txt")" = 2 ] || fail "not two rounds"
tail -n 1 "$work/table" | grep -q '^1 benchmarks, 1 with a goal, 0 below it' ||
    fail "the last line: $(tail -n 1 "$work/table")"

(cd "$work" && GO="$work/gocommand $work/gocommand" BENCH=WaitGroup BENCHTIME=10x COUNT=1 \
    timeout 60 "$compare" "$sync" >table 2>log) ||
    fail "compare.sh fails with two: $(cat "$work/table")"
grep -qE '^WaitGroup +[0-9.]+( +1000000000 +[0-9.]+){2} +1.2  ok$' "$work/table" ||
    fail "no line of WaitGroup with two columns in: $(cat "$work/table")"

(cd "$work" && GO=$work/none BENCH=WaitGroup BENCHTIME=1x COUNT=1 timeout 60 "$compare" "$sync" \
    >table 2>log) || fail "compare.sh fails without go: $(cat "$work/table")"
shows 'no go command: nothing to compare with; GO=path names one'
shows '1 benchmarks, none compared'
