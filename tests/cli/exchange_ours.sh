#!/bin/bash
# Our own server as a source of runs and as a store: ids that cannot be kept, logged models, prompts and models without
# versions, aliases, artifacts, and addresses whose scheme was forgotten.
set -u
. tests/support/shell.sh || exit 2
command -v curl >/dev/null || { echo "SKIP: no curl"; exit 0; }
cd "$dir" || exit 1
is() { # NAME GOT WANT
	check "$1" "$3" "$2"
}
count() { # FIELD of the report in r.json
	sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p" r.json | head -1
}
of() { # FIELD of the JSON on stdin
	grep -o "\"$1\": *\"[^\"]*\"" | head -1 | sed 's/.*: *"\(.*\)"/\1/'
}
for w in a b c; do "$B" -C . init $w -q >/dev/null 2>&1 || fail "init $w"; done
(cd a && exec "$B" server --unix "$dir/sock" --no-auth >server.out 2>server.err) &
server=$!
at_end() { kill $server 2>/dev/null; wait $server 2>/dev/null; }
for _ in $(seq 600); do [ -S sock ] && break; sleep 0.1; done
store=unix:$dir/sock
ask() { # PATH JSON
	curl -s --unix-socket "$dir/sock" -H 'Content-Type: application/json' -d "$2" "http://x/api/2.0/mlflow/$1"
}

# ---- what an MLflow client leaves -----------------------------------------------------------------
experiment=$(ask experiments/create '{"name": "vision"}' | of experiment_id)
run=$(ask runs/create "{\"experiment_id\": \"$experiment\", \"run_name\": \"one\", \"start_time\": 1700000000000}" | of run_id)
ask runs/log-batch "{\"run_id\": \"$run\", \"params\": [{\"key\": \"lr\", \"value\": \"0.1\"}], \"metrics\": [
	{\"key\": \"loss\", \"value\": 2, \"timestamp\": 1700000000000, \"step\": 0},
	{\"key\": \"loss\", \"value\": 1, \"timestamp\": 1700000001000, \"step\": 1}]}" >/dev/null
model=$(ask logged-models "{\"experiment_id\": \"$experiment\", \"name\": \"net\", \"source_run_id\": \"$run\"}" | of model_id)
put() { # PATH TEXT
	curl -s --unix-socket "$dir/sock" -T - "http://x/api/2.0/mlflow-artifacts/artifacts/$1" <<<"$2" >/dev/null
}
put "$experiment/models/$model/artifacts/MLmodel" 'flavors: {}'
put "$experiment/models/$model/artifacts/data/weights" 0123456789
put "$experiment/$run/artifacts/notes.txt" hello
curl -s --unix-socket "$dir/sock" -X PATCH -H 'Content-Type: application/json' -d "{\"model_id\": \"$model\", \"status\": \"LOGGED_MODEL_READY\"}" \
	"http://x/api/2.0/mlflow/logged-models/$model" >/dev/null
ask runs/outputs "{\"run_id\": \"$run\", \"models\": [{\"model_id\": \"$model\", \"step\": 1}]}" >/dev/null
ask runs/update "{\"run_id\": \"$run\", \"status\": \"FINISHED\", \"end_time\": 1700000005000}" >/dev/null
ask registered-models/create '{"name": "power"}' >/dev/null
ask registered-models/create '{"name": "empty", "description": "none yet"}' >/dev/null
ask model-versions/create "{\"name\": \"power\", \"source\": \"models:/$model\", \"run_id\": \"$run\"}" >/dev/null
ask registered-models/alias '{"name": "power", "alias": "canary", "version": "1"}' >/dev/null
ask registered-models/create '{"name": "ask", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}' >/dev/null
ask model-versions/create '{"name": "ask", "source": "dummy", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"},
	{"key": "mlflow.prompt.text", "value": "Say {{x}}"}]}' >/dev/null

# ---- as a store -----------------------------------------------------------------------------------
on() { "$B" "$@" --store "$store" 2>err; }
is "models with their aliases, those without versions too" \
	"$(on model ls --json | tr -d ' \n' | grep -o '"name":"[a-z]*"\|"alias_text":[^,]*\|"versions":[0-9]*' | tr '\n' ' ')" \
	'"alias_text":null "name":"empty" "versions":0 "alias_text":"canary1" "name":"power" "versions":1 '
is "prompts apart" "$(on model ls --prompts --tsv | cut -f1,2 | tail -1)" "ask	1"
on model show ask/1 | grep -q 'Say {{x}}' || fail "the text of a prompt: $(cat err)"
on model ls empty >/dev/null
grep -q "has no versions" err || fail "a model without versions: $(cat err)"
is "its source" "$(on model show power@canary --json | of source)" "models:/$model"
is "artifacts of the run and of the model that it logged" "$(on run artifacts one --json | grep -o '"path": "[^"]*"' | tr '\n' ' ')" \
	'"path": "net/MLmodel" "path": "net/data/weights" "path": "notes.txt" '
is "one of them" "$(on run artifacts one net/data/weights --json | grep -c '"path"')" 1
on run artifacts one net --to net >/dev/null || fail "run artifacts --to: $(cat err)"
is "a copy" "$(cat net/data/weights)" 0123456789
on model export power/1 power-1 >/dev/null || fail "model export: $(cat err)"
is "the files of a version" "$(cat power-1/data/weights)" 0123456789
on model alias power/1 champion >/dev/null
is "an alias that is protected there" $? 4
grep -q "may not do this" err && fail "no token is to blame: $(cat err)"
on experiment ls --json >e.json
is "Default is not as old as its mirror" "$(tr -d ' \n' <e.json | grep -o '"created_ms":[^,]*,"experiment":"Default"\|"created_ms":null' | head -1)" '"created_ms":null'

# ---- in the workspace itself ------------------------------------------------------------------------
cd a || fail a
is "artifacts here" "$("$B" run artifacts one --json | grep -o '"path": "[^"]*"' | tr '\n' ' ')" \
	'"path": "net/MLmodel" "path": "net/data/weights" "path": "notes.txt" '
"$B" run artifacts one net --to ../net-here >/dev/null 2>err || fail "run artifacts --to: $(cat err)"
is "a copy here" "$(cat ../net-here/data/weights)" 0123456789
"$B" run show one | grep -q "$model  *net" || fail "the model that the run made has no name"
"$B" model register one --name here >/dev/null 2>err || fail "the logged model of a run: $(cat err)"
is "from the logged model" "$("$B" model show here/1 --json | of source)" "models:/$model"
is "the same files as of the server's version" "$("$B" model show here/1 --json | of digest)" "$("$B" model show power/1 --json | of digest)"
curl -s --unix-socket "$dir/sock" "http://x/api/2.0/mlflow/logged-models/$model" | tr -d ' \\' >logged.json
grep -q '"name":"here","version":1' logged.json || fail "the logged model does not say what was registered: $(cat logged.json)"
"$B" model register one --name here --path nothing >/dev/null 2>err
is "a path with no files" $? 3
grep -q "no files below 'nothing'" err || fail "what is missing: $(cat err)"
second=$(ask logged-models "{\"experiment_id\": \"$experiment\", \"name\": \"tree\", \"source_run_id\": \"$run\"}" | of model_id)
put "$experiment/models/$second/artifacts/MLmodel" 'flavors: {}'
ask runs/outputs "{\"run_id\": \"$run\", \"models\": [{\"model_id\": \"$second\", \"step\": 2}]}" >/dev/null
"$B" model register one --name here >/dev/null 2>err
is "which of two models" $? 2
grep -q "has logged 2 models: net, tree" err || fail "the models are not named: $(cat err)"
"$B" model register one --name here --path tree >/dev/null 2>err
is "one that is not READY" $? 6
grep -q "is PENDING" err || fail "its state: $(cat err)"
"$B" model register one --name here --path "$model" >/dev/null 2>err || fail "one of two by its id: $(cat err)"
curl -s --unix-socket "$dir/sock" -X DELETE "http://x/api/2.0/mlflow/logged-models/$second" >/dev/null
"$B" model register one --name here >/dev/null 2>err || fail "a removed one does not count: $(cat err)"
"$B" run start --again one >/dev/null 2>err && fail "a run of a program is started again"
is "what it is sorted by is shown" "$("$B" run ls --sort -loss,created | head -1 | grep -o 'loss\|CREATED.*CREATED')" loss
"$B" run ls --sort loss --columns lr | head -1 | grep -q loss && fail "columns that were named are not all"
"$B" -y model rm here/1 >/dev/null 2>err && "$B" -y model rm here/2 >/dev/null 2>err && "$B" -y model rm here/3 >/dev/null 2>err ||
	fail "model rm: $(cat err)"
cd .. || fail ..

# ---- into another workspace -----------------------------------------------------------------------
cd b || fail b
"$B" run import "$store" --json >r.json 2>err || fail "run import: $(cat err)"
is "runs, points, logged models, versions" "$(count runs_new) $(count points) $(count logged_models) $(count versions) $(count artifacts)" \
	"1 2 1 2 3"
here=$("$B" run show "$run" --json | of id)
is "found by the id that it has there" "$("$B" run show "$here" --json | of name)" one
[ "$here" != "$run" ] || fail "an id that proves its writer is kept"
"$B" run show one --json | grep -q "\"binnacle.run_id\": \"$run\"" || fail "the id there is a tag"
is "the prompt too" "$("$B" model ls --prompts --tsv | cut -f1 | tail -1)" ask
"$B" run import "$store" --json >r.json 2>err || fail "run import again: $(cat err)"
is "nothing twice" "$(count runs_new)$(count runs_grown)$(count points)$(count tags)$(count logged_models)$(count versions)$(count artifacts)" 0000000
# Sent back, it is the run that is there.
"$B" run sync "$store" --json >r.json 2>err || fail "run sync: $(cat err)"
is "the run there is not doubled" "$(count runs_new)" 0
is "runs there" "$(ask runs/search "{\"experiment_ids\": [\"$experiment\"]}" | grep -o '"run_id"' | wc -l)" 1

cd ../c || fail c
"$B" run import "$store" --only vision --json >r.json 2>err || fail "run import --only: $(cat err)"
is "logged models come with their runs, models do not" "$(count runs_new) $(count logged_models) $(count versions)" "1 1 0"
grep -q -- "--only does not name it" r.json || fail "models that --only skips are not named: $(cat r.json)"
"$B" run import "$store" --only power --json >r.json 2>err || fail "run import --only MODEL: $(cat err)"
is "a model by its name" "$(count versions)" 1

# ---- addresses without a scheme -------------------------------------------------------------------
"$B" run sync localhost:5000 >/dev/null 2>err
is "sync to HOST:PORT" $? 2
grep -q "http://localhost:5000" err || fail "what would be right: $(cat err)"
"$B" run export one --to 127.0.0.1:5000/prefix >/dev/null 2>err
is "export to HOST:PORT/PREFIX" $? 2
"$B" run sync sqlite:///mlflow.db >/dev/null 2>err
is "sync to a database" $? 2
is "no directory was made" "$(ls -d localhost* 127* sqlite* 2>/dev/null)" ""
"$B" run import localhost:5000 >/dev/null 2>err
grep -q "http://" err || fail "import from HOST:PORT: $(cat err)"
"$B" run ls --store localhost:5000 >/dev/null 2>err
grep -q "http://localhost:5000" err || fail "--store HOST:PORT: $(cat err)"
exit $bad
