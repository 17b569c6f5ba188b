#!/bin/bash
# The README's "Five minutes" as printed: every line works, in that order. Approval by the author is
# refused, as the README says; a policy then allows it.
set -u
. tests/support/shell.sh && . tests/support/readme.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
export HOME=$dir/home
mkdir -p "$HOME" "$dir/bin" "$dir/ws"
ln -s "$BINNACLE" "$dir/bin/binnacle"
export PATH=$dir/bin:$PATH BINNACLE_TOKEN=of-the-readme
cd "$dir/ws" || exit 1
lines=0

# The data used by the lines: jobs.csv and new.csv.
(mkdir "$dir/gen" && cd "$dir/gen" && binnacle init && binnacle data generate jobs --rows 3000 &&
	binnacle data export jobs "$dir/ws/jobs.csv" && binnacle data generate later --rows 500 --seed 9 &&
	binnacle data export later "$dir/ws/new.csv") >"$dir/gen.log" 2>&1 || {
	cat "$dir/gen.log"
	exit 1
}

fail() {
	echo "FAIL: $1"
	tail -n 15 "$dir/out"
	bad=1
}

while IFS= read -r line; do
	lines=$((lines + 1))
	case $line in
	binnacle | "binnacle  "*) continue ;; # the workbench needs a terminal
	esac
	line=$(readme_line "$line")
	case $line in
	"binnacle serve"*)
		${line/--port 8420*/--port 0} >"$dir/serve" 2>&1 &
		server=$!
		for _ in $(seq 600); do grep -q http:// "$dir/serve" && break || sleep 0.1; done
		url=$(grep -oE 'http://[0-9.:]+' "$dir/serve" | head -n 1)
		binnacle predict --endpoint "$url" new.csv --out served.csv >"$dir/out" 2>&1 || fail "$line"
		kill "$server" && wait "$server"
		[ $? = 0 ] || fail "the server did not end well"
		server=
		echo "ok $line"
		continue
		;;
	"binnacle model approve"*)
		eval "$line" >"$dir/out" 2>&1
		[ $? = 4 ] && echo "ok an author may not approve their own" || fail "$line"
		echo '{"self_approval": true}' >policy.json
		binnacle policy set policy.json --reason 'alone here' >/dev/null 2>&1
		;;
	esac
	if eval "$line" >"$dir/out" 2>&1 </dev/null; then echo "ok $line"; else fail "$line"; fi
	case $line in
	"binnacle run compare"*)
		grep -q '^ *hidden .*\[128,64\]' "$dir/out" && grep -q '^ *model_digest ' "$dir/out" ||
			fail "the two runs of the README do not differ"
		;;
	esac
done < <(readme_lines "$root/README.md")
[ "$lines" -ge 20 ] || { echo "FAIL: only $lines lines found in the README"; bad=1; }
exit $bad
