#!/bin/bash
# Copies at remotes in scripts: a directory that two workspaces share, an interrupted push, lost bytes, what is refused.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
new() { # DIRECTORY: a workspace, and go there
	mkdir -p "$1" && cd "$1" && "$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
}
rows() { # FIRST LAST
	echo id,power
	seq "$1" "$2" | awk '{ print $1 "," $1 * 7 % 300 }'
}
mkdir place
new one
"$BINNACLE" data push >out 2>err
check no_remote_exit 3 $?
check no_remote_hint "hint: binnacle remote add origin /scratch/shared/data, or s3://BUCKET/PREFIX" "$(grep -o 'hint:.*' err)"
"$BINNACLE" remote add origin ../place -q
check recorded_absolute "$dir/place" "$("$BINNACLE" remote ls --tsv | sed -n 2p | cut -f2)"
"$BINNACLE" remote add origin /tmp >/dev/null 2>err
check taken_exit 6 $?
"$BINNACLE" remote add keys s3://id:secret@bucket/x >/dev/null 2>err
check keys_in_url_exit 2 $?
check keys_in_url_hidden "" "$(grep -o secret err)"
"$BINNACLE" remote add web https://host.example/x --region r >/dev/null 2>err
check region_of_web 2 $?
check test_steps "look write read put if absent list remove" "$("$BINNACLE" remote test --tsv 2>/dev/null | awk -F'\t' 'NR > 1 && $2 == "ok" { print $1 }' | xargs)"
rows 1 100 >a.csv
"$BINNACLE" data add jobs a.csv -q >/dev/null
rows 1 150 >a.csv
"$BINNACLE" data add jobs a.csv -q >/dev/null
rows 5 20 >own.csv
"$BINNACLE" data add own own.csv --private -q >/dev/null
check here "here" "$("$BINNACLE" data status jobs --tsv 2>/dev/null | sed -n 2p | cut -f1)"
check dry_run "3" "$("$BINNACLE" data push jobs --dry-run --json 2>/dev/null | sed -n 's/.*"objects": \([0-9]*\),*/\1/p' | head -1)"
check dry_run_sends_nothing 0 "$(find ../place -name 'v*.json' | wc -l)"
"$BINNACLE" data push --all >out 2>err
check push_exit 0 $?
check push_keeps_private "own@v1 stays here: it is private (--private-too)" "$(cat err)"
check descriptions 2 "$(find ../place -name 'v*.json' | wc -l)"
"$BINNACLE" data push own >/dev/null 2>err
check push_private_exit 4 $?
check both "both both here" "$("$BINNACLE" data status --all --tsv 2>/dev/null | awk -F'\t' 'NR > 1 { print $1 }' | sort | xargs)"
check cached "both" "$("$BINNACLE" data status jobs --cached --tsv 2>/dev/null | awk -F'\t' '$2 == "jobs@v2" { print $1 }')"

cd ..
new two
"$BINNACLE" remote add origin ../place -q
check only_there 2 "$("$BINNACLE" data status --tsv 2>/dev/null | grep -c 'only there')"
"$BINNACLE" data pull jobs@v1 >/dev/null 2>err
check pulled "jobs@v1 there is jobs@v1 here" "$(cat err)"
"$BINNACLE" data pull jobs -q >/dev/null
check equal "$(cd ../one && "$BINNACLE" data ls jobs --json | grep '"hash"' | sort)" "$("$BINNACLE" data ls jobs --json | grep '"hash"' | sort)"
check rows 150 "$("$BINNACLE" data export jobs 2>/dev/null | tail -n +2 | wc -l)"
rm -rf .binnacle/objects/*
"$BINNACLE" data head jobs >/dev/null 2>&1
check lost 3 $?
"$BINNACLE" data fetch --all -q >/dev/null
check fetch_exit 0 $?
check rows_again 150 "$("$BINNACLE" data export jobs 2>/dev/null | tail -n +2 | wc -l)"
"$BINNACLE" audit verify >/dev/null 2>&1
check verifies 0 $?

# ---- bytes that a disk damaged: the size is the same ----
object=$(cd ../place && find objects -type f -size +1k | head -1)
chmod u+w "../place/$object" && printf X | dd of="../place/$object" bs=1 seek=700 conv=notrunc 2>/dev/null
rm -f ".binnacle/$object"
"$BINNACLE" data fetch --all >/dev/null 2>err
check damaged_fetch "5 binnacle data push --verify" "$? $(grep -o 'binnacle data push --verify' err)"
check damaged_found 1 "$(cd ../one && "$BINNACLE" data push --all --verify --dry-run --json 2>/dev/null | sed -n 's/.*"damaged": \([0-9]*\).*/\1/p')"
(cd ../one && "$BINNACLE" data push --all --verify -q >/dev/null 2>../err)
check damaged_replaced "1 object there was damaged, and replaced" "$(grep -o '1 object.*' ../err)"
"$BINNACLE" data fetch --all -q >/dev/null 2>&1
check damaged_fetched 0 $?
check verified_none 0 "$(cd ../one && "$BINNACLE" data push --all --verify --json 2>/dev/null | sed -n 's/.*"damaged": \([0-9]*\).*/\1/p')"
"$BINNACLE" data pull jobs@v7 >/dev/null 2>err
check unknown_version 3 $?
"$BINNACLE" remote rm origin -q
"$BINNACLE" data fetch >/dev/null 2>&1
check removed 3 $?
exit $bad
