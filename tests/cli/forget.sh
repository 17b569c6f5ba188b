#!/bin/bash
# data forget: after it no byte of a person is found by a search over workspace, state and cache, in text or as the numbers of
# columns; what is left can be verified, and readers are told which version to use.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
mkdir "$dir/ws" "$dir/given"
cd "$dir/ws" || exit 1

# Marks of the person: a category, a text, a double and an int64, of values that no other row has.
person=markerperson note='markednote of one row'
badge=987654321.125 badge_bytes='\x00\x00\x00\x90X4o\xcdA'
account=4242424242424242 account_bytes='\xb2\xc9\xf4\]v\x12\x0f\x00'
power=31415.9265 # in the middle of a feature that a model is trained on
rows() { # FROM TO
	awk -v from="$1" -v to="$2" 'BEGIN { srand(from + 1)
		if (!from) print "job,user,note,badge,account,cores,watts"
		for (i = from; i < to; i++) printf "%d,user%02d,plain %d,%d.5,%d,%d,%.3f\n", i, i % 40, i, i % 97, 1000 + i % 50,
			1 + i % 16, 40000 * rand() }'
}
mine() { # JOB
	echo "$1,$person,$note,$badge,$account,3,$power"
}
{ rows 0 400; mine 400; mine 401; rows 402 1200; } >../given/a.csv
{ rows 1200 1500; mine 1500; } >../given/b.csv
sed -i 1d ../given/b.csv 2>/dev/null
{ head -1 ../given/a.csv; cat ../given/b.csv; } >../given/b2.csv
rows 0 50 >../given/a2.csv
{ head -1 ../given/a.csv; rows 0 30 | sed 1d; mine 31; echo "x,$person,$note"; } >../given/bad.csv

"$B" init >/dev/null 2>&1 || fail init
quiet() { "$B" "$@" -q >/dev/null 2>"$dir/err" || fail "$*: $(cat "$dir/err")"; }
quiet data add jobs ../given/a.csv
quiet data append jobs ../given/b2.csv
quiet data split jobs
quiet data transform big jobs --where 'cores > 2' --column 'kw=watts / 1000'
quiet data transform narrow jobs --keep badge,account,cores
quiet data sample some jobs --rows 1400
(cd ../given && "$B" -C "$dir/ws" data add odd bad.csv --on-error reject -q >/dev/null 2>&1)
printf '{"name":"s","expectations":[{"type":"expect_column_values_to_be_between","kwargs":{"column":"badge","max_value":100}}]}' >../given/suite.json
"$B" data check jobs --suite ../given/suite.json -q >/dev/null 2>&1
"$B" data check jobs@v1 --suite ../given/suite.json -q >/dev/null 2>&1
"$B" data describe jobs --where 'cores = 3' -q >/dev/null 2>&1
quiet data add gone ../given/a.csv
"$B" data rm gone -q >/dev/null 2>&1

expect 0 "train" "$B" run start --trainer ridge --data jobs.train --target cores --exclude job,user,note,badge,account \
	--name first --wait -q
quiet model register first --name power
"$B" serve power/1 --port 0 --json >serve.json 2>serve.err &
server=$!
if until_says 10 '"url"' cat serve.json; then
	url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' serve.json)
	BINNACLE_TOKEN=$(sed -n 's/.*shown once): //p' serve.err) "$B" predict --endpoint "$url" ../given/a.csv -q >/dev/null 2>&1
	until_says 10 '"rows": 1200' "$B" monitor report power/1 --dry-run --json
	"$B" monitor report power/1 -q >/dev/null 2>&1
fi
kill -TERM "$server"
wait "$server" 2>/dev/null
server=
mkdir -p .binnacle/tmp && cp ../given/a.csv .binnacle/tmp/left-by-a-kill && touch -d '1 hour ago' .binnacle/tmp/left-by-a-kill

# Every file below the workspace, the state directory and the cache.
found() {
	local places=(.binnacle "$XDG_STATE_HOME" "$XDG_CONFIG_HOME")
	{
		LC_ALL=C grep -rlaF -e "$person" -e "$note" "${places[@]}"
		LC_ALL=C grep -rlaP -e "$badge_bytes" "${places[@]}"
		LC_ALL=C grep -rlaP -e "$account_bytes" "${places[@]}"
		LC_ALL=C grep -rlaF -e "$badge" -e "$account" -e "$power" "${places[@]}"
	} 2>/dev/null | sort -u
}
[ "$(found | wc -l)" -gt 12 ] || fail "the search finds too little before: $(found)"

# ---- looking --------------------------------------------------------------------------------
printf '%s\n' "$person" >../person.txt
expect 2 "which rows" "$B" data forget jobs
says "--key COLUMN=VALUE, or --where EXPR"
expect 2 "a version" "$B" data forget jobs@v1 --key "user=@../person.txt"
expect 3 "no such dataset" "$B" data forget nothing --key user=x
expect 2 "no such column" "$B" data forget jobs --key nobody=x
says "no column 'nobody'"
expect 2 "the reason must not name the person" "$B" data forget jobs --key user=$person --reason "for $person" --yes
expect 0 "nobody" "$B" data forget jobs --key user=nobody123 --dry-run
says "no version, and no logged prediction"
before=$(found)
expect 0 "a dry run" "$B" data forget jobs --key "user=@../person.txt" --derived --dry-run
says "jobs.train@v1"
says "power/1"
says "predictions"
says "../given/a.csv"
check "a dry run changes nothing" "$before" "$(found)"
expect 4 "it asks" "$B" data forget jobs --key "user=@../person.txt" --derived </dev/null
says "Erase"
expect 0 "as JSON" "$B" data forget jobs --key "user=@../person.txt" --dry-run --json
says '"fate": "replaced"'

# ---- doing ----------------------------------------------------------------------------------
expect 0 "forget" "$B" data forget jobs --key "user=@../person.txt" --derived --reason 'request 17' --yes
says "jobs@v4 has the other rows of v2"
"$B" data forget odd --key "user=@../person.txt" --yes -q >/dev/null 2>&1 || fail "forget odd"
check "no byte is found" "" "$(found)"
expect 0 "audit verify" "$B" audit verify
says "Missing objects      0"
expect 0 "doctor" "$B" doctor
expect 0 "gc" "$B" gc --older-than 0s
expect 0 "audit verify after gc" "$B" audit verify

# ---- afterwards -----------------------------------------------------------------------------
expect 0 "the other rows" "$B" data export jobs@v4 ../whole.csv -q
grep -v "$person" ../given/a.csv >../want.csv
grep -v "$person" ../given/b.csv >>../want.csv
cut -d, -f1,2 ../want.csv >../want2.csv
check "are those without the person" "" "$(cut -d, -f1,2 ../whole.csv | diff - ../want2.csv)"
expect 4 "a forgotten version" "$B" data head jobs@v1
says "was forgotten on 20"
says "use jobs@v3"
expect 4 "restoring it" "$B" data restore jobs@v1
says "was forgotten on"
"$B" data add jobs ../given/a.csv >"$dir/out" 2>"$dir/err" && fail "the same bytes come back"
grep -q "rows that must not be kept" "$dir/err" || fail "why not: $(cat "$dir/err")"
check "the attempt leaves nothing" "" "$(found)"
expect 4 "reproducing the run" "$B" run reproduce first
says "was forgotten on"
expect 0 "lineage" "$B" model lineage power/1
says "jobs.train@v1"
expect 0 "data ls" "$B" data ls jobs --all
says "forgotten"
expect 0 "data show" "$B" data show jobs@v1
says "was forgotten on"
expect 0 "append goes on" "$B" data append jobs - -q < <(head -1 ../given/a.csv; rows 1501 1510)
expect 0 "again" "$B" data forget jobs --key "user=@../person.txt" --yes
says "no version, and no logged prediction"
"$B" data ls --all --tsv >before
expect 0 "rebuild" "$B" index rebuild
"$B" data ls --all --tsv >after
check "a rebuilt index tells the same" "" "$(diff before after)"
expect 0 "the log" "$B" audit log --kind forget.rows --json
says 'request 17'
case $out in *"$person"*) fail "the log names the person" ;; esac
knows_its_fields

# ---- retention ------------------------------------------------------------------------------
quiet data add old ../given/a2.csv
quiet data protect old --keep 30d
quiet data protect jobs.train --keep 30d
expect 0 "train on it" "$B" run start --trainer ridge --data old --target cores --exclude job,user,note,badge,account \
	--name second --wait -q
quiet model register second --name used
expect 0 "nothing is due" "$B" gc --json
says '"due": []'
if command -v faketime >/dev/null; then
	expect 0 "what is due is shown" faketime -f +40d "$B" gc --dry-run
	says "old@v1 was to be kept until"
	says "stays: needed by model used/1"
	says "jobs.train@v2 was to be kept until"
	says "gc --expired removes"
	expect 4 "it asks" faketime -f +40d "$B" gc --expired </dev/null
	expect 0 "and removes" faketime -f +40d "$B" gc --expired --yes
fi

# ---- objects that a scratch purge took ------------------------------------------------------
quiet data add purged ../given/b2.csv
mkdir ../site && quiet remote add site "$dir/site"
quiet data push purged --remote site
for object in $("$B" data show purged --json | sed -n 's/.*"hash": "\([0-9a-f]*\)".*/\1/p' | head -1); do
	chmod -R u+w .binnacle/objects && rm -f ".binnacle/objects/${object:0:2}/${object:2}"
done
expect 0 "data show names the remote" "$B" data show purged
says "binnacle data fetch purged@v1 --remote site brings them back"
"$B" audit verify >"$dir/out" 2>&1
grep -q "fetch purged@v1 --remote site" "$dir/out" || fail "audit verify does not name the remote: $(cat "$dir/out")"
quiet data fetch purged@v1 --remote site
expect 0 "and it is back" "$B" data head purged
exit $bad
