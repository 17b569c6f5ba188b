#!/bin/bash
# Predictions for a file have the same columns and bytes with a server as without one, for all names of classes and all
# trainers.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init

# rows FILE NAME...: 240 rows whose class follows from x
rows() {
	local file=$1 i
	shift
	echo "x,z,y" >"$file"
	for i in $(seq 240); do
		printf '%d.%d,%d,%s\n' $((i % $#)) $((i * 37 % 97)) $((i * 11 % 13)) "${@:$((i % $# + 1)):1}"
	done >>"$file"
}
rows text.csv a b
rows three.csv low mid high
rows numbers.csv 3 7 11
rows zero_one.csv 0 1
rows bool.csv true false
rows quoted.csv '"a,b"' '"say ""x"""' "it's"
rows letters.csv größe naïve
rows padded.csv 007 08
awk -F, 'NR == 1 { print } NR > 1 { print $1 "," $2 "," $1 * 3 + $2 }' text.csv >real.csv
models=()
train() { # NAME TRAINER [OPTION...]
	local file=${1%-*}.csv name=$1 trainer=$2
	shift 2
	"$B" data ls --tsv | cut -f1 | grep -qx "${file%.csv}" || "$B" data add "${file%.csv}" "$file" -q "${types[@]}" >/dev/null || fail "add $file"
	expect 0 "train $name" "$B" run start --trainer "$trainer" --data "${file%.csv}" --target y --name "$name" --wait -q "$@"
	expect 0 "register $name" "$B" model register "$name" --name "$name" -q
	models+=("$name/1")
}
types=()
for m in text three numbers zero_one bool quoted letters; do train $m-logistic logistic; done
types=(--type y=category)
train padded-logistic logistic
types=()
train text-mlp mlp --set epochs=3
train real-ridge ridge

{ echo when,y; for i in $(seq 100); do printf '2026-01-%02dT%02d:00:00Z,%d\n' $((1 + i % 28)) $((i % 24)) $i; done; } >times.csv
train times-ridge ridge

"$B" serve "${models[@]}" --unix "$dir/s" >served 2>&1 &
server=$!
for _ in $(seq 200); do [ -S "$dir/s" ] && break; kill -0 $server || fail "serve: $(cat served)"; sleep 0.05; done
for m in "${models[@]}"; do
	file=${m%-*}.csv
	expect 0 "$m from here" "$B" predict "$m" "$file" --out here.csv --force -q
	expect 0 "$m from the server" "$B" predict "$m" "$file" --endpoint "unix:$dir/s" --out there.csv --force -q
	cmp -s here.csv there.csv || fail "$m: $(diff here.csv there.csv | head -n 4)"
	"$B" predict "$m" "$file" --json >here.json && "$B" predict "$m" "$file" --endpoint "unix:$dir/s" --json >there.json || fail "$m --json"
	cmp -s here.json there.json || fail "$m --json: $(diff here.json there.json | head -n 4)"
done
[ "$(head -n 1 here.csv)" = prediction ] || fail "ridge has no classes: $(head -n 1 here.csv)"
# The default response for MLflow is unchanged: it has only the predictions.
body=$(curl -sf --unix-socket "$dir/s" -H 'Content-Type: text/csv' --data-binary @text.csv http://localhost/invocations/text-logistic)
case $body in *probabilities*) fail "/invocations answers more than asked: $body" ;; esac
ask() { curl -s --unix-socket "$dir/s" "http://localhost/$1" "${@:2}"; }
# The names of classes are one CSV record.
says_of() { # MODEL WANT
	case $(ask v2/models/$1) in *"$2"*) echo "ok classes of $1" ;; *) fail "classes of $1: $(ask v2/models/$1)" ;; esac
}
says_of three-logistic '"classes":"high,low,mid"'
says_of quoted-logistic '"classes":"\"a,b\",it'"'"'s,\"say \"\"x\"\"\""'
# For an invalid time the response gives the valid form.
for when in '"yesterday"' '"1700000000"' '"2026-02-30"' '"12:30"' true '"31.01.2026"'; do
	case $(ask predict/times-ridge -H 'Content-Type: application/json' -d "{\"when\":$when}") in
	*"field 'when': expected a time, got "*2026-01-31T09:30:00Z*nanoseconds*) echo "ok a bad time: $when" ;;
	*) fail "a bad time $when: $(ask predict/times-ridge -H 'Content-Type: application/json' -d "{\"when\":$when}")" ;;
	esac
done
# A misspelt name of a field: in a row, in a table of rows, in CSV.
near() { # NAME ROUTE TYPE BODY WANT
	case $(ask "$2" -H "Content-Type: $3" -d "$4") in *"$5"*) echo "ok $1" ;; *) fail "$1: $(ask "$2" -H "Content-Type: $3" -d "$4")" ;; esac
}
near "a near field" predict/text-logistic application/json '{"X":1,"z":2}' "\"missing field 'x'\",\"hint\":\"the row has 'X', which the model does not know"
near "the near one of several" predict/text-logistic application/json '[{"x":1,"z":2},{"x":1,"Z":2,"y":3}]' "row 2: missing field 'z'\",\"hint\":\"the row has 'Z'"
near "nothing near" predict/text-logistic application/json '{"a":1,"b":2}' "missing field 'x' and 1 more\",\"hint\":\"the model takes 2 fields"
near "a near column" invocations/text-logistic application/json '{"dataframe_split":{"columns":["x","Z"],"data":[[1,2]]}}' "missing column 'z'\",\"hint\":\"there is a column 'Z', which the model does not know"
near "a near column of CSV" predict/text-logistic text/csv "$(printf 'x,Z\n1,2\n')" "missing column 'z'\",\"hint\":\"there is a column 'Z'"
for when in yesterday 12:30 2026-02-30; do
	printf 'when\n2026-01-01T00:00:00Z\n%s\n' $when >asked.csv
	expect 2 "a bad time in a file: $when" "$B" predict times-ridge/1 asked.csv
	says "asked.csv:3:1"
	says 2026-01-31T09:30:00Z
done
kill $server && wait $server
server=
exit $bad
