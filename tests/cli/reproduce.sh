#!/bin/bash
# Acceptance: `binnacle run reproduce RUN` prints bit-identical for each native trainer, at another
# thread count, and reports the differences if the model is not the one of the run.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1

"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 2000 -q >/dev/null || fail generate
target=$("$B" data describe jobs --json | grep -o '"node_power_consumption"' | head -n 1)
[ -n "$target" ] || fail "the generated jobs have no node_power_consumption"

# trainer, target, more options
try() {
	local trainer=$1 column=$2 name=$1-$2 out
	shift 2
	"$B" run start --trainer "$trainer" --data jobs --target "$column" --threads 1 --seed 3 \
		--name "$name" --wait -q "$@" >/dev/null 2>err || fail "$name: $(cat err)"
	for threads in 2 1; do
		out=$("$B" run reproduce "$name" --threads $threads -q) || fail "$name: $out"
		[[ $out == bit-identical* ]] || fail "$name at $threads threads: $out"
		echo "ok $name is bit-identical at $threads threads"
	done
}

try ridge node_power_consumption
try logistic job_state
try mlp node_power_consumption --set epochs=5
try mlp job_state --set epochs=5

# Two runs with one spec give the same model.
"$B" run start --again ridge-node_power_consumption --name twin --threads 2 --wait -q >/dev/null ||
	fail twin
digest() { "$B" run show "$1" --json | sed -n 's/.*"model_digest": "\([0-9a-f]*\)".*/\1/p'; }
[ "$(digest twin)" = "$(digest ridge-node_power_consumption)" ] || fail "twins differ"
echo "ok two runs of one spec give one model"

# A run without a stored model cannot be reproduced, and the error says so.
"$B" run start --name shell --wait -q -- true >/dev/null || fail shell
"$B" run reproduce shell -q 2>err && fail "a command was reproduced"
grep -q "stored no model" err || fail "wrong words: $(cat err)"
echo "ok a command's run is refused"
echo "NOTE: ridge, logistic, mlp (regression, classification): bit-identical at 1 and 2 threads"
