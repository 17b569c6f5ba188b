#!/bin/bash
# The storage of runs, models and datasets: what the manifests of a model and of a run's artifacts
# list, what gc frees after removals, what it keeps, and what can be restored.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1

object() { echo ".binnacle/objects/${1:0:2}/${1:2}"; }
id_of() { "$B" run show "$1" --json | sed -n 's/.*"id": "\([0-9a-f]\{32\}\)".*/\1/p'; }
# The manifest of a run's artifacts, from the index.
artefacts_of() { "$B" index status --dump | sed -n "s/^ \"\([0-9a-f]*\)\"|\"run\/$(id_of "$1")\"|\"artifact manifest\".*/\1/p"; }
number() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" <<<"$out"; }

"$B" init >/dev/null || fail init
"$B" data generate jobs --rows 400 -q >/dev/null || fail generate
for name in kept plain; do
	"$B" run start --trainer ridge --data jobs --target node_power_consumption --name $name --seed ${#name} \
		--wait -q >/dev/null || fail "run start $name"
done
expect 0 "register" "$B" model register kept --name power --json
model=$(sed -n 's/.*"manifest": "\([0-9a-f]\{64\}\)".*/\1/p' <<<"$out")

# ---- manifests ---------------------------------------------------------------------------------
expect 0 "the model's manifest" cat "$(object "$model")"
says '"kind":"model"'
says '"path":"model.safetensors","tensors":[{'
says '"name":"coef","shape":[1,'
says '"name":"intercept","shape":[1],"type":"F64"'
kept=$(artefacts_of kept) plain=$(artefacts_of plain)
expect 0 "the manifest of a run's artefacts" cat "$(object "$plain")"
says '"kind":"artifacts"'
for path in MLmodel features.json metrics.json model.safetensors model_card.md; do
	says "\"path\":\"model/$path\""
done
for hash in $model $kept $plain; do
	[ "$(sha256sum <"$(object "$hash")")" = "$hash  -" ] || fail "manifest $hash has another hash"
done
echo "ok manifests are named by their hash"

# ---- the trash ---------------------------------------------------------------------------------
expect 0 "rm" "$B" run rm kept plain --yes
expect 0 "not released yet" "$B" gc --json
[ "$(number objects)" = 0 ] || fail "gc freed what was removed a moment ago: $out"
expect 0 "restore" "$B" run restore plain
expect 0 "rm again" "$B" run rm plain --yes
kept_dir=.binnacle/runs/$(id_of kept) plain_dir=.binnacle/runs/$(id_of plain)
[ -d "$kept_dir" ] && [ -d "$plain_dir" ] || fail "the directories of runs: $(ls .binnacle/runs)"
expect 0 "in the trash" "$B" run show plain --json
says '"removed": true'
says '"bytes_gone": false'
expect 0 "dry run" "$B" gc --older-than 0s --dry-run --json
would=$(number objects) would_bytes=$(number object_bytes)
[ "$would" -gt 5 ] && [ "$would_bytes" -gt 10000 ] && [ "$(number run_dirs)" = 2 ] || fail "dry run: $out"
[ -d "$kept_dir" ] && [ -d "$plain_dir" ] || fail "a dry run removes a run's directory"
expect 0 "gc" "$B" gc --older-than 0s --json
[ "$(number objects)" = "$would" ] && [ "$(number object_bytes)" = "$would_bytes" ] ||
	fail "gc freed something else than its dry run said: $out"
[ "$(number run_dirs)" = 2 ] && [ ! -e "$kept_dir" ] && [ ! -e "$plain_dir" ] || fail "directories of runs stayed: $out"
[ ! -e "$(object "$kept")" ] && [ ! -e "$(object "$plain")" ] || fail "a manifest of artefacts stayed"
[ -e "$(object "$model")" ] || fail "the manifest of a registered model is gone"
expect 0 "nothing is left to free" "$B" gc --older-than 0s
says "objects removed               0"
expect 0 "a registered model keeps its files" "$B" model verify power/1
expect 0 "and can be taken out" "$B" model export power/1 "$dir/out"
expect 0 "the run says that its bytes are gone" "$B" run show plain
says "files gone     yes"
says "test_rmse"
expect 0 "as JSON" "$B" run show plain --json
says '"bytes_gone": true'
expect 4 "what is gone is not restored" "$B" run restore plain
says "the bytes of run"
expect 4 "nor a run of which only the model stayed" "$B" run restore kept
expect 4 "nor registered" "$B" model register plain --name late
says "the bytes of run"
expect 0 "what is known can be compared" "$B" run compare kept plain --json
says '"test_rmse"'
expect 0 "it is in the trash still" "$B" run ls --removed --json
says '"count": 2'

# ---- models and datasets -----------------------------------------------------------------------
expect 0 "model show" "$B" model show power/1 --json
says '"bytes_gone": false'
expect 0 "model rm" "$B" model rm power/1 --yes
expect 0 "gc of the model" "$B" gc --older-than 0s --json
[ "$(number objects)" -gt 4 ] || fail "the model's files stayed: $out"
[ ! -e "$(object "$model")" ] || fail "the model's manifest stayed"
expect 0 "the model says so" "$B" model show power/1
says "Bytes gone     yes"
expect 0 "as JSON" "$B" model show power/1 --json
says '"bytes_gone": true'
expect 0 "data rm" "$B" data rm jobs@v1
expect 0 "gc of the dataset" "$B" gc --older-than 0s --json
[ "$(number live)" = 0 ] || fail "something is named still: $out"
expect 0 "the dataset says so" "$B" data ls jobs --all --json
says '"bytes_gone": true'
expect 4 "and is not restored" "$B" data restore jobs@v1
says "the bytes of dataset jobs@v1 are gone"

# ---- afterwards --------------------------------------------------------------------------------
expect 0 "audit verify" "$B" audit verify --json
says '"faults": 0'
"$B" index status --dump >"$dir/before"
expect 0 "index rebuild" "$B" index rebuild
"$B" index status --dump >"$dir/after"
cmp "$dir/before" "$dir/after" || fail "the rebuilt index differs"
echo "ok and is equal"

# ---- a lost file ---------------------------------------------------------------------------------
"$B" data generate more --rows 50 -q >/dev/null || fail generate
hash=$("$B" data show more --json | sed -n 's/.*"hash": "\([0-9a-f]\{64\}\)".*/\1/p' | head -1)
rm -f "$(object "$hash")"
printf 'x,y\n1,2\n' >t.csv
"$B" data add other t.csv >/dev/null 2>&1 || fail "data add"
expect 0 "data rm of another" "$B" data rm other
count() { find .binnacle/objects -type f | wc -l; }
there=$(count)
expect 7 "a live manifest is lost" "$B" gc --older-than 0s
says "manifest ${hash:0:12} of dataset/more is not here"
[ "$(count)" = "$there" ] || fail "gc removed something all the same"
expect 0 "removing what it belongs to lets gc go on" "$B" data rm more
expect 0 "gc again" "$B" gc --older-than 0s --json
[ "$(count)" = 0 ] || fail "objects are left: $out"
knows_its_fields
