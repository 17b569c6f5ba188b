#!/bin/bash
# 500 random bits, each flipped in an object of a dataset version or a model, one at a time: every reader of the bytes
# reports the damage, exits with a status other than 0, and nothing is recorded as made from them. The readers take turns.
#   BINNACLE_FLIPS=N tests/cli/flips.sh     another number;  BINNACLE_SEED=N: the same bits again
set -u
. tests/support/shell.sh || exit 2
flips=${BINNACLE_FLIPS:-500} seed=${BINNACLE_SEED:-$RANDOM}
RANDOM=$seed
mkdir "$dir/ws" && cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 7000 --seed 1 -q >/dev/null || fail "data"
"$B" data infer jobs >"$dir/suite.json" 2>/dev/null || fail "infer"
"$B" data export jobs "$dir/new.csv" -q >/dev/null 2>&1 || fail "export"
head -n 20 "$dir/new.csv" >"$dir/few.csv"
"$B" run start --trainer ridge --data jobs --target node_power_consumption --name first --wait -q >/dev/null || fail "run"
"$B" model register first --name power -q >/dev/null || fail "register"

object() { echo ".binnacle/objects/${1:0:2}/${1:2}"; }
hashes() { grep -oE '[0-9a-f]{64}' "$1" | sort -u; }
manifest=$("$B" data show jobs --json | sed -n 's/.*"hash": "\([0-9a-f]\{64\}\)".*/\1/p' | head -n 1)
part=$(grep -oE '"hash":"[0-9a-f]{64}"' "$(object "$manifest")" | head -n 1 | grep -oE '[0-9a-f]{64}')
model=$("$B" model show power/1 --json | sed -n 's/.*"manifest": "\([0-9a-f]\{64\}\)".*/\1/p' | head -n 1)
[ -f "$(object "$manifest")" ] && [ -f "$(object "$part")" ] && [ -f "$(object "$model")" ] || fail "the objects: $manifest $part $model"
data_objects=("$(object "$part")" "$(object "$part")" "$(object "$part")" "$(object "$manifest")")
model_objects=("$(object "$model")")
for h in $(grep -oE '"hash":"[0-9a-f]{64}"' "$(object "$model")" | grep -oE '[0-9a-f]{64}' | sort -u); do model_objects+=("$(object "$h")"); done
[ ${#model_objects[@]} -ge 5 ] || fail "files of the model: ${model_objects[*]}"

data_readers=("data head jobs" "data check jobs --suite $dir/suite.json" "data split jobs --parts train=0.5,test=0.5"
	"data export jobs $dir/out.csv" "data freq jobs partition" "data infer jobs"
	"run start --trainer ridge --data jobs --target node_power_consumption --wait"
	"run start --data jobs --wait -- true" "run start --again first --wait")
model_readers=("model export power/1 $dir/exported" "model verify power/1" "predict power/1 $dir/few.csv"
	"serve power/1 --port 0 --no-token" "audit verify")
read_by() { # a line of words; what stays of it is removed
	# predict and serve use intact copies that they made before; remove these, as for a first use.
	find "$dir/state" -type d -name models -exec rm -rf {} + 2>/dev/null
	# shellcheck disable=SC2086
	timeout 30 "$B" $1 </dev/null >"$dir/out" 2>"$dir/err"
	status=$?
	rm -rf "$dir/exported" "$dir/out.csv"
}
recorded() { # versions of data, checks and runs that succeeded
	"$B" data ls --json | grep -c '"name"'
	"$B" run ls --json | grep -c '"FINISHED"'
	"$B" audit log --limit 100000 --json | grep -cE '"kind": "(dataset\.(version|checked)|run\.artifact|model\.)'
}
# Without damage the readers succeed.
for r in "data head jobs" "data check jobs --suite $dir/suite.json" "data export jobs $dir/out.csv" "data freq jobs partition" \
	"model export power/1 $dir/exported" "model verify power/1" "predict power/1 $dir/few.csv" "audit verify"; do
	read_by "$r"
	[ "$status" = 0 ] || [ "${r#data check}" != "$r" ] || fail "undamaged, $r: exit $status: $(cat "$dir/err")"
done
before=$(recorded)

declare -A seen
missed=0
for ((i = 0; i < flips; i++)); do
	if ((i % 2)); then
		file=${model_objects[RANDOM % ${#model_objects[@]}]} reader=${model_readers[(i / 2) % ${#model_readers[@]}]}
	else
		file=${data_objects[RANDOM % ${#data_objects[@]}]} reader=${data_readers[(i / 2) % ${#data_readers[@]}]}
	fi
	size=$(stat -c %s "$file") at=$(((RANDOM * 32768 + RANDOM) % size)) bit=$((1 << (RANDOM % 8)))
	was=$(od -An -tu1 -j "$at" -N 1 "$file")
	chmod u+w "$file"
	# shellcheck disable=SC2059
	printf "\\x$(printf %02x $((was ^ bit)))" | dd of="$file" bs=1 seek="$at" conv=notrunc 2>/dev/null
	chmod 444 "$file"
	read_by "$reader"
	if [ "$status" = 0 ] || [ "$status" -ge 124 ]; then
		echo "not ok flip $i of $file, byte $at, bit $bit: $reader: exit $status: $(head -c 300 "$dir/err")"
		missed=$((missed + 1))
	elif ! grep -qE "${file#.binnacle/objects/??/}|$(sed 's,.*/\(..\)/\(.\{10\}\).*,\1\2,' <<<"$file")|hash" "$dir/out" "$dir/err"; then
		echo "not ok flip $i: $reader does not say which bytes: $(head -c 300 "$dir/err")"
		missed=$((missed + 1))
	fi
	seen[${reader%% --*}]=1
	chmod u+w "$file"
	# shellcheck disable=SC2059
	printf "\\x$(printf %02x "$was")" | dd of="$file" bs=1 seek="$at" conv=notrunc 2>/dev/null
	chmod 444 "$file"
done
check "of $flips flipped bits (BINNACLE_SEED=$seed), read in ${#seen[@]} ways, none was missed" 0 "$missed"
check "nothing is recorded as made from damaged bytes" "$before" "$(recorded)"
expect 0 "put right, all is whole" "$B" audit verify
exit $bad
