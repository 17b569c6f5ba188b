#!/bin/bash
# docs/monitoring.md as printed: every line of its path works, in that order. Lines of promtool, prometheus and curl
# are left out, and named, where these are not installed.
set -u
. tests/support/shell.sh || exit 2
page=$root/docs/monitoring.md
at_end() { kill %1 %2 2>/dev/null; wait 2>/dev/null; }
mkdir -p "$dir/bin" "$dir/ws"
ln -s "$B" "$dir/bin/binnacle"
export PATH=$dir/bin:$PATH
cd "$dir/ws" && ln -s "$root/share" share || exit 1
ports=$(python3 -c 'import socket
s = [socket.socket() for _ in range(2)]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])' 2>/dev/null) || { echo "SKIP: docs/monitoring.md: no python3 to find free ports"; exit 0; }
read -r port prom_port <<<"$ports"

answers() { # PORT
	for _ in $(seq 600); do
		(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
		sleep 0.05
	done
	return 1
}
lines=0 left_out=0
while IFS= read -r line; do
	lines=$((lines + 1))
	tool=$(grep -oE '(^|exec )(promtool|prometheus|curl) ' <<<"$line" | sed 's/exec //; s/ //')
	if [ -n "$tool" ] && { ! command -v "$tool" >/dev/null || { [[ $line == *9090* ]] && ! command -v prometheus >/dev/null; }; }; then
		[ $left_out = 0 ] && echo "SKIP: docs/monitoring.md: lines of $tool, which is not installed"
		left_out=1
		continue
	fi
	[[ $line == *metrics && $line == grep* && ! -e metrics ]] && continue # curl's
	line=${line//8421/$port} line=${line//9090/$prom_port}
	case $line in
	"binnacle predict"*) answers "$port" || { grep -q "cannot listen" "$dir"/out.* && echo "SKIP: docs/monitoring.md: no loopback" && exit 0; } ;;
	"curl"*"$prom_port"*) answers "$prom_port" || fail "Prometheus does not answer" ;;
	"binnacle monitor report"*) until_says 30 '"rows": 2000' binnacle monitor report power/1 --dry-run --json || fail "predictions are not logged" ;;
	esac
	eval "$line" >"$dir/out.$lines" 2>&1 </dev/null || fail "'$line' ended with $?: $(cat "$dir/out.$lines")"
	echo "ok $line"
done < <(sed -n '/^## From a model/,/^## Rules/p' "$page" | sed -n '/^```$/,/^```$/p' | grep -v '^```')
[ $lines -ge 23 ] || fail "only $lines lines in docs/monitoring.md"
grep -q "127.0.0.1:$port" prometheus/targets/power.json || fail "the server is not listed"
grep -q '^binnacle_runs' textfiles/power.prom || fail "nothing is exported"
[ "$(grep -c . access.jsonl)" -ge 1 ] || fail "no access log"

# What the tables of the page name, and nothing else, is there.
sed -n '/^## Rules/,/^## Dash/p' "$page" | grep -oE '`Binnacle[A-Za-z]+`' | tr -d '`' | sort -u >named
sed -n 's/^ *- alert: //p' "$root/share/prometheus/binnacle.rules.yml" | sort -u >there
diff named there >said || fail "alerts of the page and of the rules: $(cat said)"
sed -n '/^## Dashboards/,$p' "$page" | grep -oE '`binnacle-[a-z]+\.json`' | tr -d '`' | sort >named
(cd "$root/share/grafana/dashboards" && ls) | sort >there
diff named there >said || fail "dashboards of the page and of share: $(cat said)"
exit $bad
