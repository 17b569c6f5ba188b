#!/bin/bash
# Prometheus, Alertmanager and the node exporter themselves (Debian's) with the files of share/: a server is found by
# file_sd and scraped with its token, a workspace by the textfile collector; every rule is evaluated, every query of
# every dashboard gives data; drift raises an alert that Alertmanager delivers to a webhook; a killed server is down. The
# dashboards are read by the models of grafana-foundation-sdk. Needs loopback.
set -u
for tool in prometheus promtool prometheus-alertmanager amtool prometheus-node-exporter curl python3; do
	command -v "$tool" >/dev/null ||
		{ echo "SKIP: Prometheus: no $tool (Debian: prometheus, prometheus-alertmanager, prometheus-node-exporter)"; exit 0; }
done
. tests/support/shell.sh || exit 2
python=${PYTHON:-python3}
share=$root/share
pids=()
at_end() {
	[ ${#pids[@]} = 0 ] || kill -9 "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
}
umask 022
mkdir "$dir/power" "$dir/prom" "$dir/prom/targets" "$dir/textfiles"

# ---- the files by themselves ---------------------------------------------------------------------
cp "$share"/prometheus/* "$dir/prom/"
(umask 077 && echo token-of-prometheus >"$dir/prom/binnacle.token")
expect 0 "promtool check rules" promtool check rules "$dir/prom/binnacle.rules.yml"
expect 0 "promtool test rules" promtool test rules "$dir/prom/binnacle.rules.test.yml"
expect 0 "promtool check config" promtool check config "$dir/prom/prometheus.yml"
expect 0 "amtool check-config" amtool check-config "$dir/prom/alertmanager.yml"
boards=("$share"/grafana/dashboards/*.json)
if "$python" -c "import grafana_foundation_sdk" 2>/dev/null; then
	expect 0 "the dashboards are read by grafana-foundation-sdk" "$python" tests/peers/grafana_models.py check "${boards[@]}"
	sdk="read by grafana-foundation-sdk"
else
	echo "SKIP: dashboards against grafana-foundation-sdk: it is not installed"
	sdk="not read by grafana-foundation-sdk"
fi
"$python" tests/peers/grafana_models.py queries "${boards[@]}" >"$dir/queries" || fail "the queries of the dashboards"

# ---- a workspace ---------------------------------------------------------------------------------
cd "$dir/power" || exit 1
"$B" init -q >/dev/null && "$B" data generate jobs --rows 1500 -q >/dev/null &&
	"$B" data generate later --rows 1500 --seed 7 --drift 1.5 -q >/dev/null && "$B" data export later later.csv -q &&
	"$B" run start --trainer ridge --data jobs --target node_power_consumption --name first --wait -q >/dev/null &&
	"$B" model register first --name power -q >/dev/null &&
	"$B" run start --trainer logistic --data jobs --target job_state --name state --wait -q >/dev/null &&
	"$B" model register state --name state -q >/dev/null &&
	"$B" run start --name metered --experiment energy --wait -q -- sh -c "$B log metric energy_joules=5" >/dev/null &&
	"$B" data infer jobs >suite.json 2>/dev/null && "$B" data check jobs --suite suite.json -q >/dev/null || fail "a workspace"
"$B" run start --name broken --wait -q -- false >/dev/null
printf 'token-of-clients\ntoken-of-prometheus\n' >tokens
chmod 600 tokens
export BINNACLE_TOKEN=token-of-clients

ports() { # N: that many free ports
	"$python" -c "import socket, sys
s = [socket.socket() for _ in range(int(sys.argv[1]))]
for x in s: x.bind(('127.0.0.1', 0))
print(*[x.getsockname()[1] for x in s])" "$1"
}
start_server() {
	: >out
	"$B" serve power/1 state/1 --port 0 --token-file tokens --access-log access.jsonl >out 2>err </dev/null &
	server=$!
	pids+=($!)
	until_says 30 'http://' cat out || {
		grep -q "cannot listen" err && { echo "SKIP: Prometheus: $(cat err)"; exit 0; }
		fail "serve: $(cat err)"
	}
	url=$(grep -oE 'http://[0-9.:]+' out | head -n 1)
}
start_server
expect 0 "monitor targets" "$B" monitor targets --file-sd "$dir/prom/targets/power.json"
expect 0 "monitor export" "$B" monitor export --textfile "$dir/textfiles/power.prom"
for who in "$dir/textfiles/power.prom" /metrics; do
	case $who in
	/metrics) curl -s -H "Authorization: Bearer $BINNACLE_TOKEN" "$url/metrics" >text ;;
	*) cat "$who" >text ;;
	esac
	expect 0 "promtool check metrics: ${who##*/}" bash -c 'promtool check metrics <text'
	[ -z "$out$err" ] || fail "promtool check metrics says: $out $err"
done

# ---- the peers -----------------------------------------------------------------------------------
cd "$dir/prom" || exit 1
read -r prom_port am_port node_port hook_port < <(ports 4)
sed -i "s/127.0.0.1:9093/127.0.0.1:$am_port/; s/127.0.0.1:9100/127.0.0.1:$node_port/; s/_interval: 15s/_interval: 1s/" prometheus.yml
sed -i "s#127.0.0.1:9099#127.0.0.1:$hook_port#; s/group_wait: 10s/group_wait: 1s/" alertmanager.yml
prom=http://127.0.0.1:$prom_port
"$python" - "$hook_port" "$dir/hooks" <<'END' &
import http.server, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2], "ab") as f:
            f.write(body + b"\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
END
pids+=($!)
prometheus-node-exporter --web.listen-address="127.0.0.1:$node_port" --collector.disable-defaults \
	--collector.textfile --collector.textfile.directory="$dir/textfiles" >node.log 2>&1 &
pids+=($!)
prometheus-alertmanager --config.file=alertmanager.yml --storage.path="$dir/am" --cluster.listen-address= \
	--web.listen-address="127.0.0.1:$am_port" >am.log 2>&1 &
pids+=($!)
prometheus --config.file=prometheus.yml --storage.tsdb.path="$dir/tsdb" --web.listen-address="127.0.0.1:$prom_port" \
	>prom.log 2>&1 &
pids+=($!)
until_says 60 Ready curl -s "$prom/-/ready" || fail "Prometheus does not start: $(tail -n 5 prom.log)"

query() { curl -s -G "$prom/api/v1/query" --data-urlencode "query=$1"; }
until_data() { # SECONDS QUERY PATTERN
	until_says "$1" "$3" query "$2" || fail "$2 is $(query "$2")"
}
until_data 60 'up{job="binnacle",workspace="power",serves="power/1, state/1"}' '"1"'
echo "ok the server is found by file_sd and scraped with its token"
until_data 60 'binnacle_runs{state="FAILED",workspace="power",job="node"}' '"1"'
[ -z "$(query 'node_textfile_scrape_error > 0' | grep -o '"value"')" ] || fail "the textfile: $(cat node.log)"
echo "ok the export is collected by the node exporter"
grep -rqF token-of- "$dir/power/access.jsonl" && fail "a token is in the access log"

# ---- traffic, drift, an alert --------------------------------------------------------------------
cd "$dir/power" || exit 1
ask() {
	"$B" predict power --endpoint "$url" later.csv -q >/dev/null 2>&1 &&
		"$B" predict state --endpoint "$url" later.csv -q >/dev/null 2>&1 || fail "predict"
}
ask
until_says 60 '"rows": 1500' "$B" monitor report power/1 --dry-run --json || fail "predictions are not logged"
"$B" monitor report power/1 --share 0.1 >report 2>&1
[ $? = 1 ] || fail "no drift: $(cat report)"
"$B" monitor export --textfile "$dir/textfiles/power.prom" -q >/dev/null || fail export
until_data 60 'binnacle_drift_dataset_detected{job="binnacle",model="power"}' '"1"'
until_data 60 'ALERTS{alertname="BinnacleDrift",alertstate="firing",workspace="power",model="power",version="1"}' '"1"'
until_data 60 'ALERTS{alertname="BinnacleRunFailed",alertstate="firing",state="FAILED"}' '"1"'
echo "ok drift and a failed run raise their alerts"
until_says 60 '"alertname":"BinnacleDrift".*The inputs of power/1 have drifted' cat "$dir/hooks" ||
	fail "not delivered: $(cat "$dir/hooks" 2>/dev/null; tail -n 3 ../prom/am.log)"
echo "ok Alertmanager delivers it to the webhook"
[ "$(curl -s "$prom/api/v1/rules" | grep -o '"health":"ok"' | wc -l)" -ge 17 ] &&
	! curl -s "$prom/api/v1/rules" | grep -q '"health":"err"' || fail "rules: $(curl -s "$prom/api/v1/rules")"
echo "ok every rule is evaluated without error"

# ---- the dashboards ------------------------------------------------------------------------------
# Rates need two samples of traffic, and what a rule records comes a little later.
asked=0 ends=$((SECONDS + 90))
while :; do
	ask
	: >"$dir/empty"
	asked=0
	while IFS=$'\t' read -r board panel expr; do
		asked=$((asked + 1))
		answer=$(query "$expr")
		case $answer in
		*'"status":"success"'*'"value":'*) ;;
		*) printf '%s: %s: %s: %s\n' "$board" "$panel" "$expr" "$answer" >>"$dir/empty" ;;
		esac
	done <"$dir/queries"
	[ -s "$dir/empty" ] && [ $SECONDS -lt $ends ] || break
	sleep 1
done
[ ! -s "$dir/empty" ] || fail "queries without data: $(cat "$dir/empty")"
[ $asked -gt 60 ] || fail "only $asked queries"
echo "ok $asked queries of ${#boards[@]} dashboards give data"

# ---- a server that is killed ---------------------------------------------------------------------
kill -9 "$server"
wait "$server" 2>/dev/null
expect 0 "monitor targets keeps the lost server" "$B" monitor targets --file-sd "$dir/prom/targets/power.json" --json
says '"changed": false'
until_data 60 'ALERTS{alertname="BinnacleEndpointDown",serves="power/1, state/1"}' '"1"'
echo "ok a killed server is down"
echo "NOTE: $(prometheus --version 2>&1 | head -n 1 | cut -d' ' -f1-3): $asked queries of ${#boards[@]} dashboards ($sdk), 17 rules, an alert delivered"
exit $bad
