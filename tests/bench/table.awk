# SPDX-License-Identifier: MIT
# table.awk GOALS OURS GO - a line for each benchmark of OURS, in their order: medians of both, the
# ratio (Go's time divided by ours), the goal, and whether it is reached; last a line on all.

# The median of the N numbers VALUE[NAME, 1..N].
function median(value, name, n,    sorted, i, j, v) {
    for (i = 1; i <= n; i++) {
        v = value[name, i]
        for (j = i - 1; j >= 1 && sorted[j] > v; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = v
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function show_ns(ns) {
    return sprintf(ns < 1000 ? "%.1f" : "%.0f", ns)
}

FNR == 1 { file++ }
file == 1 && !/^#/ && NF == 2 { goal[$1] = $2 }
file > 1 && /^Benchmark/ && $4 == "ns/op" {
    name = $1
    sub(/-[0-9]+$/, "", name)
    if (file == 2) {
        if (!ours_n[name])
            order[++names] = name
        ours[name, ++ours_n[name]] = $3 + 0
    } else
        twin[name, ++twin_n[name]] = $3 + 0
}

END {
    format = "%-30s %12s %12s %7s %5s  %s\n"
    printf format, "benchmark", "ours ns/op", "Go ns/op", "ratio", "goal", "ok?"
    for (i = 1; i <= names; i++) {
        name = order[i]
        short = name
        sub(/^Benchmark/, "", short)
        our_ns = median(ours, name, ours_n[name])
        wanted = name in goal ? goal[name] : "-"
        go_ns = ratio = "-"
        verdict = "-"
        if (twin_n[name] && our_ns > 0) {
            go_ns = median(twin, name, twin_n[name])
            ratio = go_ns / our_ns
            if (wanted != "-") {
                judged++
                share = ratio / wanted
                verdict = share >= 1 ? "ok" : "below"
                below += share < 1
                if (judged == 1 || share < worst_share) {
                    worst_share = share
                    worst = sprintf("%s, %.2f of %s", short, ratio, wanted)
                }
            }
            go_ns = show_ns(go_ns)
            ratio = sprintf("%.2f", ratio)
        }
        printf format, short, show_ns(our_ns), go_ns, ratio, wanted, verdict
    }
    if (judged)
        printf "%d benchmarks, %d with a goal, %d below it; the worst: %s\n", names, judged, below,
            worst
    else
        printf "%d benchmarks, none compared\n", names
}
