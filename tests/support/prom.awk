# SPDX-License-Identifier: MIT
# prom.awk - whether the standard input is what the text format 0.0.4 of Prometheus allows, and
# promtool's rules of naming hold: each family once, with HELP, then TYPE, then its samples; each
# sample once; counters end in _total, nothing else does; buckets of histograms rise up to +Inf,
# which is the count. Prints what is wrong; the status is then 1.

function wrong(why) { print "line " NR ": " why ": " $0; faults++ }

# What a sample's name may be within the family.
function belongs(name) {
    if (type == "counter" || type == "gauge") return name == family
    if (type == "summary") return name == family || name == family "_sum" || name == family "_count"
    return name == family "_bucket" || name == family "_sum" || name == family "_count"
}

function end_of_family() { if (family != "" && !samples) wrong("no sample of " family) }

/^# HELP / {
    end_of_family()
    family = $3; type = ""; samples = 0
    if (seen[family]++) wrong("a family twice")
    if (family !~ /^[a-z_:][a-z0-9_:]*$/) wrong("no name")
    if (NF < 4) wrong("no help")
    next
}
/^# TYPE / {
    if ($3 != family || type != "") wrong("TYPE out of order")
    type = $4
    if (type !~ /^(counter|gauge|summary|histogram)$/) wrong("no type")
    if ((type == "counter") != (family ~ /_total$/)) wrong("_total is for counters")
    next
}
{
    samples++
    if (!match($0, /^[a-zA-Z_:][a-zA-Z0-9_:]*/)) { wrong("no sample"); next }
    name = substr($0, 1, RLENGTH)
    if (!belongs(name)) wrong("not of the family " family)
    rest = substr($0, RLENGTH + 1)
    if (!match(rest, /^\{([a-z_]+="([^"\\]|\\[\\"n])*",?)*\} /)) { wrong("no labels"); next }
    labels = substr(rest, 1, RLENGTH)
    value = substr(rest, RLENGTH + 1)
    if (value !~ /^(-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?|[-+]Inf|NaN)$/) wrong("no value")
    if (type == "counter" && value ~ /^-/) wrong("a counter below 0")
    if (once[name labels]++) wrong("a sample twice")
    if (name == family "_bucket") {
        if (value + 0 < last + 0) wrong("a bucket below the one before")
        last = value
        if (labels ~ /le="\+Inf"/) { all = value; last = 0 }
    }
    if (type == "histogram" && name == family "_count" && value != all) wrong("not the sum of all")
}
END {
    end_of_family()
    if (NR == 0) { print "nothing at all"; faults++ }
    exit faults > 0
}
