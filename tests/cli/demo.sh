#!/bin/bash
# The life of a model as shown by `binnacle demo`: every step ends as expected, the index can be
# rebuilt, and the log verifies.
set -u
. tests/support/shell.sh || exit 2
export HOME=$dir/home
mkdir -p "$HOME"
cd "$dir" || exit 1

check() { # WHAT CONDITION...
	local what=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $what"
	else
		echo "FAIL: $what"
		head -c 2000 "$dir/out"
		bad=1
	fi
}

start=$(date +%s)
if ! "$BINNACLE" demo tour >demo.log 2>&1 </dev/null; then
	tail -n 40 demo.log
	echo "FAIL: demo"
	exit 1
fi
seconds=$(($(date +%s) - start))
echo "NOTE: the demo took $seconds s"
for station in ingest profile validate split train evaluate approve serve monitor log; do
	check "station $station" grep -qE "^$station " demo.log
done
check "no drift on data like that of training" grep -qE 'report [0-9a-f]+: no drift$' demo.log
check "drift after the world has moved" grep -qE 'report [0-9a-f]+: drift$' demo.log
check "the best run is reproduced" grep -q 'bit-identical' demo.log
cd tour || exit 1
check "the champion is approved" bash -c '"$BINNACLE" model show power@champion --json | grep -q "\"state\": \"approved\""'
# The reference rows compared by a drift test are those that its number opens.
reference_rows() {
	local name rows
	printf '6\nEnter\no\n:save-screen reference\n' >"$dir/keys"
	"$BINNACLE" workbench --script "$dir/keys" --save-dir "$dir" --size 80x24 || return 1
	name=$(grep -o '`[a-z_]*` > -inf' "$dir/reference.screen" | head -n 1 | tr -d '`' | cut -d' ' -f1)
	rows=$(grep -oE '^ [0-9 ]+ of [0-9 ]+ rows' "$dir/reference.screen" | sed 's/ of.*//' | tr -dc 0-9)
	echo "$name: $rows rows"
	[ -n "$rows" ] && "$BINNACLE" monitor show latest --json | tr -d '\n ' |
		grep -qF "\"n_ref\":$rows,\"name\":\"$name\""
}
check "reference rows of the worst input are those that are counted" reference_rows
check "nothing keeps running" bash -c '! "$BINNACLE" endpoint ls --json | grep -qi "\"running\""'
"$BINNACLE" index status --dump >"$dir/before" 2>/dev/null
check "the index is rebuilt" "$BINNACLE" index rebuild
"$BINNACLE" index status --dump >"$dir/after" 2>/dev/null
check "the rebuilt index is equal" cmp "$dir/before" "$dir/after"
check "the dump is not empty" test -s "$dir/before"
check "the log verifies" "$BINNACLE" audit verify
check "it knows each field that it writes" bash -c '"$BINNACLE" index status --json | grep -q "\"unknown_fields\": \[\]"'
check "a demo may be run again" bash -c 'cd "$1" && "$BINNACLE" demo tour' _ "$dir"
mkdir "$dir/mine" && cd "$dir/mine" && "$BINNACLE" init >/dev/null 2>&1
check "somebody's workspace is not overwritten" bash -c 'cd "$1" && ! "$BINNACLE" demo mine' _ "$dir"
exit $bad
