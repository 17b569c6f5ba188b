#!/bin/bash
# Every metric in the dashboards and rules of share/ is one that a server or an export really writes, and every recorded
# name is recorded. Needs loopback for a server, and curl; otherwise it prints a SKIP line and stops.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
command -v curl >/dev/null || { echo "SKIP: metrics of the dashboards: no curl"; exit 0; }
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null && "$B" data generate jobs --rows 400 -q >/dev/null &&
	"$B" run start --trainer ridge --data jobs --target node_power_consumption --name power --wait -q >/dev/null &&
	"$B" model register power --name power -q >/dev/null &&
	"$B" run start --trainer logistic --data jobs --target job_state --name state --wait -q >/dev/null &&
	"$B" model register state --name state -q >/dev/null &&
	"$B" run start --name metered --wait -q -- "$B" log metric energy_joules=5 >/dev/null &&
	"$B" data infer jobs >suite.json 2>/dev/null && "$B" data check jobs --suite suite.json -q >/dev/null &&
	"$B" data export jobs jobs.csv -q || fail "a workspace"
: >out
"$B" serve power/1 state/1 --port 0 --no-token --access-log access.jsonl >out 2>err </dev/null &
server=$!
until_says 30 'http://' cat out || {
	grep -q "cannot listen" err && { echo "SKIP: metrics of the dashboards: $(cat err)"; exit 0; }
	fail "serve: $(cat err)"
}
url=$(grep -oE 'http://[0-9.:]+' out | head -n 1)
"$B" predict power --endpoint "$url" jobs.csv -q >/dev/null || fail predict
until_says 30 '"rows": 400' "$B" monitor report power/1 --dry-run --json || fail "predictions are not logged"
"$B" monitor report power/1 >report 2>&1
[ $? -le 1 ] || fail "a report: $(cat report)"
until_says 30 '^binnacle_drift_share' curl -s "$url/metrics" || fail "no drift in /metrics"
curl -s "$url/metrics" >metrics
"$B" monitor export --textfile export.prom >/dev/null || fail "an export"
grep -ohE '^[a-z_:]+' metrics export.prom | sort -u >written
[ "$(wc -l <written)" -gt 50 ] || fail "only $(wc -l <written) names are written"

share=$root/share
sed -n 's/^ *- record: //p' "$share"/prometheus/*.rules.yml | sort -u >recorded
[ -s recorded ] || fail "no rule records anything"

used() { grep -oE '[a-z_:]*(binnacle|process)_[a-z0-9_:]+' | sort -u; }
look() { # WHAT: the names of stdin
	local name n=0
	while IFS= read -r name; do
		n=$((n + 1))
		grep -qxF "$name" written recorded || { echo "FAIL: $1 names $name, which nothing writes"; bad=1; }
	done
	[ $n -ge 5 ] && echo "ok $1: $n names" || fail "$1: only $n names were found"
}
for f in "$share"/grafana/dashboards/*.json; do
	look "$(basename "$f")" < <(grep -hE '^ *"(expr|query)": ' "$f" | used)
done
for f in "$share"/prometheus/*.rules.yml "$share"/prometheus/*.rules.test.yml; do
	look "$(basename "$f")" < <(grep -v '^ *#' "$f" | used)
done
# What is written and in no dashboard would be collected for nothing.
cat "$share"/grafana/dashboards/*.json | used >shown
cat "$share"/prometheus/*.rules.yml | used >>shown
while IFS= read -r name; do
	base=${name%_bucket} base=${base%_sum} base=${base%_count}
	grep -qE "^([a-z]+:)?$base(_bucket)?(:.*)?$" shown || { echo "FAIL: $name is in no dashboard"; bad=1; }
done < <(grep -E '^(binnacle|process)_' written | grep -vE '^process_virtual_memory|^binnacle_start_time_seconds')
# A panel with two of a kind, or without a place, is a slip.
for f in "$share"/grafana/dashboards/*.json; do
	ids=$(grep -cE '^      "id": [0-9]+,$' "$f") unique=$(grep -oE '^      "id": [0-9]+,$' "$f" | sort -u | wc -l)
	[ "$ids" = "$unique" ] && [ "$ids" -ge 8 ] || { echo "FAIL: $f: $ids panels, $unique ids"; bad=1; }
done
exit $bad
