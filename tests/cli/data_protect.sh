#!/bin/bash
# Protection of datasets: class, owner, marked columns and where they are masked, asking for more, pseudonyms.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
printf 'user,n,state\nann.lee,1,ok\nbob.ray,22,ok\nann.lee,3,bad\neve.kay,4,ok\n' >jobs.csv
printf 'uid,team\nann.lee,red\nbob.ray,blue\n' >teams.csv
seen() { "$BINNACLE" "$@" 2>/dev/null | grep -cE 'ann\.lee|bob\.ray|eve\.kay'; } # lines of output that show a person
"$BINNACLE" data add jobs jobs.csv -q >/dev/null 2>&1
check unmarked 3 "$(("$(seen data head jobs)" > 2 ? 3 : 0))"
"$BINNACLE" data protect jobs >/dev/null 2>err
check proposed "may be personal, by their names: --personal user" "$(grep -o 'may be.*' err)"
for verb in describe infer "infer --tfdv"; do
	check "proposed_by ${verb##* }" "may be personal, by their names: binnacle data protect jobs --personal user" \
		"$("$BINNACLE" data $verb jobs 2>&1 >/dev/null | grep -o 'may be.*')"
done
check no_mark_yet "" "$("$BINNACLE" data ls 2>/dev/null | grep -o PROTECTION)"
"$BINNACLE" data protect jobs --class personal --owner 'HPC operations' --licence internal --purpose billing --keep 180d --personal user -q >/dev/null
check shown "personal HPC operations 180 user" "$("$BINNACLE" data protect --tsv 2>/dev/null | awk -F'\t' '$1 == "jobs" { print $2, $4, $7, $6 }')"
check no_proposal "" "$("$BINNACLE" data describe jobs 2>&1 >/dev/null | grep -o 'may be.*')"
check listed "personal, 1 masked" "$("$BINNACLE" data ls --tsv 2>/dev/null | sed -n 2p | cut -f9)"
check misspelt 3 "$("$BINNACLE" data protect jobs --personal usr >/dev/null 2>err; echo $?)"
check misspelt_hint "did you mean 'user'?" "$(grep -o 'did you.*' err)"
check bad_class 2 "$("$BINNACLE" data protect jobs --class secret >/dev/null 2>&1; echo $?)"
check none 3 "$("$BINNACLE" data protect nothing --class public >/dev/null 2>&1; echo $?)"

# ---- masks: nowhere is a person shown ----
"$BINNACLE" data transform derived jobs --column 'who = upper(user)' --column 'm = n * 2' -q >/dev/null 2>&1
"$BINNACLE" data split jobs --parts a=0.5,b=0.5 -q >/dev/null 2>&1
printf 'user,n,state\nann.lee,9,ok\n' | "$BINNACLE" data append jobs - -q >/dev/null 2>&1
printf '{"expectations":[{"expectation_type":"expect_column_values_to_be_in_set","kwargs":{"column":"user","value_set":["x"]}}]}' >suite.json
"$BINNACLE" data export jobs out.csv -q
"$BINNACLE" data export jobs out.arrow -q
for verb in "head jobs" "head derived" "head jobs.a" "describe jobs" "describe jobs user --json" "describe derived who" \
	"freq jobs state" "export jobs" "infer jobs --ranges" "check jobs --suite suite.json" "check jobs --suite suite.json --json" \
	"head jobs --failing 1" "head jobs --json" "diff jobs jobs@v1" "show jobs --json"; do
	check "masked_${verb// /_}" 0 "$(seen data $verb)"
done
check masked_upper 0 "$("$BINNACLE" data head derived 2>/dev/null | grep -cE 'ANN|BOB')"
check listed_what_is_made_of_it 4 "$("$BINNACLE" data ls --json 2>/dev/null | grep -cE '"protection": "personal, [12] masked"')"
check other_columns_stay 22 "$("$BINNACLE" data head jobs --tsv 2>/dev/null | awk -F'\t' 'NR == 3 { print $2 }')"
check export_file 0 "$(grep -cE 'ann|bob' out.csv)"
check export_arrow 0 "$(grep -caE 'ann\.lee|bob\.ray' out.arrow)"
check counts_stay 3 "$("$BINNACLE" data describe jobs user --json 2>/dev/null | sed -n 's/.*"distinct": \([0-9]*\),.*/\1/p' | head -1)"
check no_oracle 0 "$("$BINNACLE" data head jobs --where "user = 'ann.lee'" --tsv 2>/dev/null | tail -n +2 | wc -l)"
check freq_refused 4 "$("$BINNACLE" data freq jobs user >/dev/null 2>&1; echo $?)"
check failing_rows 5 "$("$BINNACLE" data head jobs --failing 1 --tsv 2>/dev/null | tail -n +2 | wc -l)"
check derived_class "personal jobs who,user" "$("$BINNACLE" data protect derived --json 2>/dev/null | tr -d ' \n' | sed 's/.*"class":"\([a-z]*\)","class_from":"\([a-z]*\)".*"personal":\["\([a-z]*\)","\([a-z]*\)"\].*/\1 \2 \4,\3/')"
check dry_run "" "$("$BINNACLE" data protect derived --class public --dry-run -q >/dev/null 2>&1; "$BINNACLE" data protect derived --json 2>/dev/null | grep '"class": "public"')"

# ---- asking is an event ----
check empty_reason 2 "$("$BINNACLE" data head jobs --unmask ' ' >/dev/null 2>&1; echo $?)"
check unmasked 3 "$(("$(seen data head jobs --unmask 'ticket 7')" > 2 ? 3 : 0))"
check unmasked_freq 2 "$("$BINNACLE" data freq jobs user --unmask 'ticket 8' --tsv 2>/dev/null | awk '$1 == "bob.ray" { print $2 + 1 }')"
check recorded "jobs@v2 ticket 8|jobs@v2 ticket 7" "$("$BINNACLE" data protect jobs 2>&1 >/dev/null | sed -n 's/.*unmasked: \(jobs@v2\) by [^:]*: /\1 /p' | paste -sd'|')"
check in_log 2 "$("$BINNACLE" audit log --json 2>/dev/null | grep -c 'protection.unmasked')"
"$BINNACLE" data head teams.csv --unmask x >/dev/null 2>&1
check rebuilt "$("$BINNACLE" data protect jobs --json 2>/dev/null)" "$("$BINNACLE" index rebuild -q >/dev/null 2>&1; "$BINNACLE" data protect jobs --json 2>/dev/null)"

# ---- what is wanted and how rows are divided names nobody either ----
printf '{"name":"names","expectations":[{"type":"expect_column_values_to_be_in_set","kwargs":{"column":"user","value_set":["ann.lee","bob.ray","eve.kay"]}},{"type":"expect_column_values_to_be_between","kwargs":{"column":"n","max_value":22}}]}' >names.json
"$BINNACLE" suite add jobs names.json -q 2>/dev/null
printf 'user,n,state\nann.lee,1,ok\nzoe.fox,2,ok\nbob.ray,3,bad\n' >third.csv
"$BINNACLE" data add three third.csv -q >/dev/null 2>&1 && "$BINNACLE" data add three jobs.csv -q >/dev/null 2>&1
"$BINNACLE" data protect three --personal user -q >/dev/null
for verb in "check jobs --json" "split jobs --how group --by user --folds each --dry-run" "split jobs --how stratified --by user --json --dry-run" \
	"split jobs --how group --by user --folds each" "show jobs.fold1.test --json" "sample even jobs --how down --by user" \
	"sample even jobs --how down --by user --json" "diff three@v1 three@v2 --schema" "diff three@v1 three@v2 --schema --json"; do
	check "masked_too_${verb// /_}" 0 "$("$BINNACLE" data $verb 2>&1 | grep -cE 'ann\.lee|bob\.ray|eve\.kay|zoe\.fox')"
done
check masked_suite 0 "$("$BINNACLE" suite show jobs names 2>&1 | grep -cE 'ann\.lee|bob\.ray|eve\.kay')"
check other_limits_stay 22 "$("$BINNACLE" suite show jobs names 2>/dev/null | sed -n 's/.*"max_value": //p')"
check unmasked_suite 1 "$("$BINNACLE" suite show jobs names --unmask 'ticket 6' 2>/dev/null | grep -cE 'ann\.lee')"
check failing_of_masked 1 "$("$BINNACLE" suite add three names.json -q 2>/dev/null; "$BINNACLE" data check three@v1 >/dev/null 2>&1; "$BINNACLE" data head three@v1 --failing names:1 --tsv 2>/dev/null | tail -n +2 | wc -l)"
check schema_counts 'gained 1 lost 1' "$("$BINNACLE" data diff three@v1 three@v2 --schema --tsv 2>/dev/null | sed -n 's/^user\tvalues \(gained\|lost\).*(\([0-9]*\)).*/\1 \2/p' | xargs)"
check schema_policy 1 "$("$BINNACLE" data diff three@v1 three@v2 --policy closed >/dev/null 2>&1; echo $?)"
check key_refused 4 "$("$BINNACLE" data diff three@v1 three@v2 --key user >/dev/null 2>err; echo $?)"
check key_of_rows_refused 4 "$("$BINNACLE" data diff three@v1 three@v2 --key user --rows >/dev/null 2>&1; echo $?)"
check key_refused_says "column 'user' is masked as personal" "$(grep -o 'column.*personal' err)"

# ---- pseudonyms: the same in two datasets, as openssl computes them ----
"$BINNACLE" data add p jobs.csv --pseudonymise user -q >/dev/null 2>&1
"$BINNACLE" data add q teams.csv --pseudonymise uid -q >/dev/null 2>&1
secret=$(find "${XDG_CONFIG_HOME:-$HOME/.config}/binnacle/pseudonyms" -type f | head -1)
check secret_mode 600 "$(stat -c %a "$secret")"
want=$(printf %s ann.lee | openssl dgst -sha256 -hmac "$(head -1 "$secret")" 2>/dev/null | sed 's/.*= //' | cut -c1-32)
check pseudonym "$want" "$("$BINNACLE" data export p 2>/dev/null | sed -n 2p | cut -d, -f1)"
check join "$want" "$("$BINNACLE" data export q 2>/dev/null | sed -n 2p | cut -d, -f1)"
printf 'user,n,state\nann.lee,9,ok\n' | "$BINNACLE" data append p - -q >/dev/null 2>&1
check append_inherits "$want" "$("$BINNACLE" data export p 2>/dev/null | tail -1 | cut -d, -f1)"
printf 'user,n,state\nann.lee,5,ok\n' | "$BINNACLE" data add p - -q >/dev/null 2>&1
check add_inherits "$want" "$("$BINNACLE" data export p 2>/dev/null | tail -1 | cut -d, -f1)"
"$BINNACLE" data transform r jobs --pseudonymise user -q >/dev/null 2>&1
check transform "$want" "$("$BINNACLE" data export r 2>/dev/null | sed -n 2p | cut -d, -f1)"
check twice 2 "$("$BINNACLE" data transform s r --pseudonymise user >/dev/null 2>&1; echo $?)"
check unknown_column 3 "$("$BINNACLE" data add z jobs.csv --pseudonymise usr >/dev/null 2>&1; echo $?)"
check not_logged 0 "$(grep -raF "$(head -1 "$secret")" .binnacle | wc -l)"
printf '%064d\n' 7 >"$secret"
check another_secret 4 "$(printf 'user,n,state\nx,9,ok\n' | "$BINNACLE" data append p - >/dev/null 2>err; echo $?)"
check another_secret_names "pseudonyms of p@v3 were made with another secret" "$(grep -o 'pseudonyms of.*secret ' err | sed 's/ $//')"
rm -rf "$dir/only" && mkdir "$dir/only" && cd "$dir/only" && "$BINNACLE" init . >/dev/null 2>&1
"$BINNACLE" data add p ../jobs.csv --pseudonymise user -q >/dev/null 2>&1
check nothing_stored 0 "$(grep -raE 'ann\.lee|bob\.ray' .binnacle | wc -l)"
exit $bad
