#!/bin/bash
# Training/serving skew: rows of the prediction log computed again. A client computes a feature of the recipe differently in
# some rows; Python counts them.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
"$B" init . >/dev/null 2>&1 || fail init
python3 - <<'END'
import random
random.seed(1)
def write(name, rows):
    with open(name, "w") as f:
        print(*rows, sep="\n", file=f)
raw, asked = ["power,nodes,part,y"], ["power,nodes,part,per_node,only_there"]
for i in range(600):
    p, n = round(random.uniform(1, 900), 3), random.randint(1, 16)
    raw.append(f"{p},{n},{random.choice(['batch', 'gpu'])},{p * .3 + n:.4f}")
for i in range(200):
    p, n = round(random.uniform(1, 900), 3), random.randint(1, 16)
    asked.append(f"{p},{n},{random.choice(['batch', 'gpu'])},{p / n + (2 if i % 20 == 3 else 0)!r},{p * 2!r}")
write("raw.csv", raw)
write("asked.csv", asked)
END
"$B" data add raw raw.csv -q >/dev/null 2>&1 || fail add
"$B" data transform feat raw --column 'per_node = power / nodes' --column 'only_there = y + 1' -q >/dev/null 2>&1 || fail transform
"$B" data split feat -q >/dev/null 2>&1 || fail split
"$B" run start --trainer ridge --data feat.train --target y --features power,nodes,part,per_node,only_there --name r --wait -q \
	>/dev/null 2>&1 || fail train
"$B" model register r --name m -q >/dev/null 2>&1 || fail register
expect 3 nothing_logged "$B" monitor skew m/1
says 'no predictions of m/1 were logged'
"$B" serve m/1 --unix "$dir/s" >served 2>&1 &
server=$!
for _ in $(seq 300); do [ -S s ] && grep -q . served && break; sleep 0.1; done
"$B" predict --endpoint "unix:$dir/s" asked.csv --out answers.csv -q >predicted 2>&1 || fail "predict: $(cat predicted served)"
kill "$server"
wait "$server"
expect 1 found "$B" monitor skew m/1
says 'skew: 1 of 3 things that m/1 was served with are computed differently now'
rows() { "$B" monitor skew m/1 --tsv "$@" 2>/dev/null | sed 1d | cut -f1-6 | tr '\t' ' '; }
check computed_again 'same prediction model 200 0 0
DIFFERS per_node recipe 200 10 2' "$(rows | head -2 | sed 's/\.0*$//; s/ 1\.9999[0-9]*$/ 2/; s/ 2\.00000[0-9]*$/ 2/')"
check not_computed skipped "$(rows | sed -n 3p | cut -d' ' -f1)"
"$B" monitor skew m/1 2>/dev/null >text
check needs_what_was_not_logged 1 "$(grep -c "only_there.*'y'" text)"
check values_as_served 'asked' "$("$B" monitor skew m/1 --json 2>/dev/null | python3 -c '
import csv, json, sys
doc = json.load(sys.stdin)
want = [float(r["per_node"]) for i, r in enumerate(csv.DictReader(open("asked.csv"))) if i % 20 == 3][:5]
got = [float(r["served"]) for r in doc["computed_again"][1]["rows"]]
print("asked" if got == want and all(abs(float(r["served"]) - float(r["now"]) - 2) < 1e-6 for r in doc["computed_again"][1]["rows"]) else [got, want])')"
check inputs 'near near near near SKEWED' "$("$B" monitor skew m/1 --json 2>/dev/null | python3 -c '
import json, sys
print(*[i["verdict"] for i in json.load(sys.stdin)["inputs"]])')"
check few_rows 'few rows' "$("$B" monitor skew m/1 --rows 40 --json 2>/dev/null | python3 -c '
import json, sys
print(json.load(sys.stdin)["inputs"][0]["verdict"])')"
expect 2 one_window "$B" monitor skew m/1 --rows 40 --window 1h
expect 1 within_a_tolerance "$B" monitor skew m/1 --tolerance 0.5
says 'inputs of m/1 are distributed differently'
"$B" data protect feat --personal per_node -q >/dev/null 2>&1
check masked '*** ***' "$("$B" monitor skew m/1 --json 2>/dev/null | python3 -c '
import json, sys
r = json.load(sys.stdin)["computed_again"][1]["rows"][0]
print(r["served"], r["now"])')"
exit $bad
