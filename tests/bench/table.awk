# SPDX-License-Identifier: MIT
# table.awk GOALS OURS [GO...] - a line for each benchmark of OURS, in their order: medians of all,
# the ratio to each Go (its time divided by ours), the goal, and whether the first ratio reaches it;
# last a line on all. -v labels="A B" are the headings of the columns of GO, -v by_cpu=1 keeps runs
# with different numbers of procs apart. GOALS has lines
#     NAME GOAL          for the first of GO
#     NAME LABEL GOAL    for the column of that heading; "!" stands behind a ratio below it
# and NAME may be NAME:UNIT, for another figure of a line than ns/op: that makes a line of its own.
# A GOAL "<N" is for our figure itself, whatever Go's is: it has to be N at most.

# The median of the N numbers VALUE[NAME, 1..N] of FILE.
function median(file, name,    n, sorted, i, j, v) {
    n = count[file, name]
    for (i = 1; i <= n; i++) {
        v = value[file, name, i]
        for (j = i - 1; j >= 1 && sorted[j] > v; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = v
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function show_ns(ns) {
    return sprintf(ns < 1000 ? "%.1f" : "%.0f", ns)
}

# Whether RATIO, or our FIGURE, reaches the goal KEY; counts it.
function judge(key, ratio, figure,    share, most) {
    if (!(key in goal))
        return "-"
    judged++
    most = goal[key] ~ /^</ ? substr(goal[key], 2) + 0 : 0
    share = most ? most / figure : ratio / goal[key]
    below += share < 1
    if (judged == 1 || share < worst_share) {
        worst_share = share
        worst = sprintf("%s, %.2f of %s", short, most ? figure : ratio, goal[key])
    }
    return share >= 1 ? "ok" : "below"
}

# NAME without the number of procs.
function plain(name,    unit) {
    unit = name ~ /:/ ? substr(name, index(name, ":")) : ""
    sub(/:.*/, "", name)
    sub(/-[0-9]+$/, "", name)
    return name unit
}

function add(name, figure) {
    if (file == 2 && !count[file, name])
        order[++names] = name
    value[file, name, ++count[file, name]] = figure + 0
}

FNR == 1 { for (i = 1; i < ARGC; i++) if (ARGV[i] == FILENAME) file = i }
file == 1 && !/^#/ && NF == 2 { goal[$1] = $2 }
file == 1 && !/^#/ && NF == 3 { goal[$1 " " $2] = $3 }
file > 1 && /^Benchmark/ && $4 == "ns/op" {
    name = by_cpu ? $1 : plain($1)
    add(name, $3)
    for (i = 5; i < NF; i += 2)
        if ((plain(name) ":" $(i + 1)) in goal)
            add(name ":" $(i + 1), $i)
}

END {
    last = ARGC > 3 ? ARGC - 1 : 3
    split(labels == "" ? "Go" : labels, label, " ")
    printf "%-30s %12s", "benchmark", "ours ns/op"
    for (g = 3; g <= last; g++)
        printf " %12s %7s", label[g - 2] " ns/op", "ratio"
    printf " %5s  %s\n", "goal", "ok?"
    for (i = 1; i <= names; i++) {
        name = order[i]
        short = name
        sub(/^Benchmark/, "", short)
        ours = median(2, name)
        absolute = plain(name) in goal && goal[plain(name)] ~ /^</
        verdict = absolute && ours > 0 ? judge(plain(name), 0, ours) : "-"
        printf "%-30s %12s", short, show_ns(ours)
        for (g = 3; g <= last; g++) {
            if (!count[g, name] || ours <= 0) {
                printf " %12s %7s", "-", "-"
                continue
            }
            theirs = median(g, name)
            own = plain(name) " " label[g - 2]
            printf " %12s %6.2f%s", show_ns(theirs), theirs / ours,
                judge(own, theirs / ours, ours) == "below" ? "!" : " "
            if (g == 3 && label[1] ~ /^Go/ && !absolute)
                verdict = judge(plain(name), theirs / ours, ours)
        }
        printf " %5s  %s\n", plain(name) in goal ? goal[plain(name)] : "-", verdict
    }
    if (judged)
        printf "%d benchmarks, %d with a goal, %d below it; the worst: %s\n", names, judged, below,
            worst
    else
        printf "%d benchmarks, none compared\n", names
}
