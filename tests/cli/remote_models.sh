#!/bin/bash
# Files of models at a remote: pushed, lost here, and got back; where they are; what may not leave. Protection of datasets
# goes with them to whoever pulls.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
mkdir place one two && cd one || exit 1
expect 0 init "$B" init . -q
{ echo id,power,user; seq 1 200 | awk '{ print $1 "," $1 * 3 ",u" $1 % 7 }'; } >a.csv
expect 0 data "$B" data add jobs a.csv -q
expect 0 train "$B" run start --trainer ridge --data jobs --target power --name first --wait -q
expect 0 register "$B" model register first --name power -q
expect 3 "no remote" "$B" model status
expect 0 remote "$B" remote add origin ../place -q
where() { "$B" model status --tsv 2>/dev/null | sed -n 2p | cut -f1; }
check "here alone" "here" "$(where)"
expect 0 "dry run" "$B" model push power/1 remote --dry-run
check "sends nothing" "0" "$(find ../place -type f | wc -l)"
expect 0 "push" "$B" model push power/1 remote:origin --json
says '"objects"'
check "in both places" "both" "$(where)"
check "described" "1" "$(find ../place/models/power -name 'v1-*.json' | wc -l)"
expect 0 "again" "$B" model push power/1 remote
says "Sent"
check "nothing is sent twice" "0" "$("$B" model push power/1 remote --json 2>/dev/null | sed -n 's/.*"objects": \([0-9]*\),*/\1/p' | tail -1)"
rm -rf .binnacle/objects/*
check "lost here" "there" "$(where)"
"$B" model verify power/1 >/dev/null 2>&1
check "does not verify" "no" "$([ $? = 0 ] || echo no)"
expect 0 "fetch" "$B" model fetch power/1
says "Got"
check "whole again" "both" "$(where)"
expect 0 "its files" "$B" model export power/1 out
expect 3 "no such model" "$B" model push power/9 remote
expect 3 "no such remote" "$B" model push power/1 remote:none
expect 2 "a word too few" "$B" model push power/1
object=$(find ../place/objects -type f | head -1)
find .binnacle/objects -type f -delete
chmod u+w "$object" && printf x >>"$object"
"$B" model fetch power/1 >/dev/null 2>&1
check "damaged bytes are refused" "no" "$([ $? = 0 ] || echo no)"

# ---- protection -----------------------------------------------------------------------------------
rm -rf ../place/* .binnacle/objects/*
expect 0 "the data again" "$B" data add again a.csv -q
expect 0 "protect" "$B" data protect again --class personal --owner ops --licence CC0 --purpose tests --keep 90d --personal user -q
expect 0 "push data" "$B" data push again -q
cd ../two || exit 1
expect 0 init "$B" init . -q
expect 0 remote "$B" remote add origin ../place -q
expect 0 "pull" "$B" data pull again -q
expect 0 "what holds" "$B" data protect again --json
says '"class": "personal"'
says '"owner": "ops"'
says '"licence": "CC0"'
says '"purpose": "tests"'
says '"keep_days": 90'
says '"user"'
expect 0 "masked" "$B" data head again
says "***"
expect 0 "why" "$B" audit log --json
says "pulled from $dir/place"
cd ../one || exit 1
expect 0 "restrict" "$B" data protect jobs --class restricted -q
expect 4 "a model of restricted data stays" "$B" model push power/1 remote
says "was trained on it"
exit $bad
