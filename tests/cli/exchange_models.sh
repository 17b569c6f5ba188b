#!/bin/bash
# Registered models and logged models of an MLflow directory: versions with files and without, aliases, stages, twice.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
is() { # NAME GOT WANT
	check "$1" "$3" "$2"
}
count() { # FIELD of the report on stdin
	sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p" | head -1
}
id=abcdefabcdefabcdefabcdefabcdefab
logged=m-eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee
mkdir -p ws s/7/$id/artifacts/model s/7/models/$logged/{params,tags,metrics,artifacts} \
	s/models/power/version-{1,2,4}/tags s/models/power/tags "s/models/my model"
printf "experiment_id: '7'\nname: vision\nlifecycle_stage: active\n" >s/7/meta.yaml
printf "run_id: $id\nrun_name: first\nstatus: 3\nstart_time: 1700000000000\nend_time: 1700000005000\n" >s/7/$id/meta.yaml
printf 'flavors: {}\n' >s/7/$id/artifacts/model/MLmodel
printf 'weights\n' >s/7/$id/artifacts/model/weights.bin
printf "model_id: $logged\nname: net\nsource_run_id: $id\nstatus: 2\nmodel_type: classifier\ncreation_timestamp: 1700000001000\n" \
	>s/7/models/$logged/meta.yaml
printf 0.1 >s/7/models/$logged/params/lr
printf ops >s/7/models/$logged/tags/team
printf "1700000002000 0.5 3 $id jobs abc\n" >s/7/models/$logged/metrics/acc
printf 'flavors: {}\n' >s/7/models/$logged/artifacts/MLmodel
printf "name: power\ndescription: of jobs\naliases: {best: 1, champion: 2}\n" >s/models/power/meta.yaml
printf ann >s/models/power/tags/owner
printf "name: power\nversion: 1\nrun_id: $id\nsource: file:///gone/mlruns/7/$id/artifacts/model\ndescription: small\ncurrent_stage: Staging\n" \
	>s/models/power/version-1/meta.yaml
printf x >s/models/power/version-1/tags/size
printf "name: power\nversion: 2\nrun_id: $id\nsource: s3://bucket/model\ncurrent_stage: Production\n" >s/models/power/version-2/meta.yaml
printf "name: power\nversion: 4\nsource: models:/$logged\ncurrent_stage: None\n" >s/models/power/version-4/meta.yaml
printf "name: my model\n" >"s/models/my model/meta.yaml"

cd ws && "$B" init -q >/dev/null 2>&1 || fail init
"$B" run import ../s --json >r.json 2>err || fail "run import: $(cat err)"
is "versions" "$(count versions <r.json)" 3
is "models" "$(count models <r.json)" 1
is "logged models" "$(count logged_models <r.json)" 1
grep -q "a name here has letters" r.json || fail "a name that is none here is not said"
"$B" model show power/1 --json >v1.json 2>err || fail "model show power/1: $(cat err)"
grep -q '"state": "registered"' v1.json || fail "an imported version is not just registered"
grep -q "\"run[_id]*\": \"$id\"" v1.json || fail "version 1 has no run"
grep -q small v1.json || fail "version 1 has no description"
"$B" model export power/1 out >/dev/null 2>err
grep -q "MLmodel has no metadata" err || fail "version 1 has its files, of which MLmodel says little: $(cat err)"
"$B" model show power/4 >/dev/null 2>err || fail "a version of a logged model, with its number: $(cat err)"
"$B" model export power/2 out2 >/dev/null 2>err
is "a version elsewhere is not exported" $? 4
grep -q "s3://bucket/model" err || fail "where it is: $(cat err)"
"$B" model show power@best --json 2>/dev/null | grep -q '"version": 1' || fail "alias best"
# What only an approval may do is said, and not done.
"$B" model show power@champion >/dev/null 2>&1 && fail "champion without approval"
grep -q champion r.json || fail "champion is not in the report: $(cat r.json)"
"$B" run import ../s --json >r.json 2>err || fail "run import again: $(cat err)"
is "nothing twice" "$(count versions <r.json)$(count models <r.json)$(count logged_models <r.json)$(count points <r.json)$(count tags <r.json)" 00000
before=$("$B" audit log --json 2>/dev/null | wc -l)
"$B" run import ../s >/dev/null 2>&1
is "no event" "$("$B" audit log --json 2>/dev/null | wc -l)" "$before"

# Aliases of the source go to the source's versions alone: other versions here keep theirs.
mkdir ../other && cd ../other && "$B" init -q >/dev/null 2>&1 || fail init
mkdir -p ../o/7 ../o/models/power/version-1
cp ../s/7/meta.yaml ../o/7
printf "name: power\naliases: {best: 1}\n" >../o/models/power/meta.yaml
printf "name: power\nversion: 1\nsource: s3://bucket/other\ncurrent_stage: None\n" >../o/models/power/version-1/meta.yaml
"$B" run import ../s -q >/dev/null 2>&1 || fail "run import"
"$B" model alias power/4 best -q || fail "model alias"
"$B" run import ../o --json >r.json 2>/dev/null
"$B" model show power@best --json 2>/dev/null | grep -q '"version": 4' || fail "an import moved the alias of a version that it did not bring"
grep -q "the version of that number here is another one" r.json || fail "the alias that was left is not said: $(cat r.json)"
# A number that nobody has reached.
printf "name: power\nversion: 9223372036854775807\nsource: s3://bucket/z\ncurrent_stage: None\n" >../o/models/power/version-1/meta.yaml
"$B" run import ../o --json >r.json 2>/dev/null
grep -q "a version's number is 1 to" r.json || fail "a number out of reach is not said: $(cat r.json)"

# What was exported from here comes back as itself.
"$B" run start --name own --wait -q -- true >/dev/null 2>&1 && "$B" run export own --to ../back -q || fail "run export"
"$B" run import ../back --json >r.json 2>/dev/null
is "the run is there once" "$("$B" run ls --filter "name = own" --json | grep -c '"id"')" 1
grep -q "it was made here and exported" r.json || fail "that it is this one is not said: $(cat r.json)"
exit $bad
