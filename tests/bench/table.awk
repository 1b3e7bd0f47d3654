# SPDX-License-Identifier: MIT
# table.awk GOALS OURS [GO...] - a line for each benchmark of OURS, in their order: medians of all,
# the ratio to each Go (its time divided by ours), the goal, and whether the first ratio reaches it;
# last a line on all. -v labels="A B" are the headings of the columns of GO.

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

# Whether RATIO reaches the goal of NAME; counts it.
function judge(name, ratio,    share) {
    if (!(name in goal))
        return "-"
    judged++
    share = ratio / goal[name]
    below += share < 1
    if (judged == 1 || share < worst_share) {
        worst_share = share
        worst = sprintf("%s, %.2f of %s", short, ratio, goal[name])
    }
    return share >= 1 ? "ok" : "below"
}

FNR == 1 { for (i = 1; i < ARGC; i++) if (ARGV[i] == FILENAME) file = i }
file == 1 && !/^#/ && NF == 2 { goal[$1] = $2 }
file > 1 && /^Benchmark/ && $4 == "ns/op" {
    name = $1
    sub(/-[0-9]+$/, "", name)
    if (file == 2 && !count[file, name])
        order[++names] = name
    value[file, name, ++count[file, name]] = $3 + 0
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
        verdict = "-"
        printf "%-30s %12s", short, show_ns(ours)
        for (g = 3; g <= last; g++) {
            if (!count[g, name] || ours <= 0) {
                printf " %12s %7s", "-", "-"
                continue
            }
            theirs = median(g, name)
            printf " %12s %7.2f", show_ns(theirs), theirs / ours
            if (g == 3)
                verdict = judge(name, theirs / ours)
        }
        printf " %5s  %s\n", name in goal ? goal[name] : "-", verdict
    }
    if (judged)
        printf "%d benchmarks, %d with a goal, %d below it; the worst: %s\n", names, judged, below,
            worst
    else
        printf "%d benchmarks, none compared\n", names
}
