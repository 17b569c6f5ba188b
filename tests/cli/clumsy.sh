#!/bin/bash
# Mistakes of users: each is reported at once by the command that contains it, by name and with a
# hint, and nothing is left behind.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
seq 40 | awk 'BEGIN { print "nodes,power" } { print $1 "," 2 * $1 + $1 % 3 }' >jobs.csv
"$BINNACLE" data add jobs jobs.csv >/dev/null 2>&1

# Columns and hyper-parameters are checked before a run is created.
train() {
	"$BINNACLE" run start --trainer ridge --data jobs "$@" >/dev/null 2>err
	echo "$? $(cat err)"
}
check target "2 binnacle: jobs@v1: target: no column 'pwer'
  hint: did you mean 'power'?" "$(train --target pwer)"
check features "2 binnacle: jobs@v1: features: no column 'noodes'
  hint: did you mean 'nodes'?" "$(train --target power --features noodes)"
check exclude "2 binnacle: jobs@v1: exclude: no column 'x'" \
	"$(train --target power --exclude x | head -1)"
check hyper 1 "$(train --target power --set zzzzzz=1 | grep -c 'there are: alpha')"
check no_run_begins 0 "$("$BINNACLE" run ls --json | sed -n 's/.*"count": *\([0-9]*\).*/\1/p')"

# --dry-run changes nothing; verbs without support for it refuse.
before=$("$BINNACLE" index status --dump | sha256sum)
while read -r words; do
	# shellcheck disable=SC2086
	timeout 20 "$BINNACLE" $words --dry-run >/dev/null 2>err
	echo "$? $words"
done >dry <<'W'
data add more jobs.csv
data generate invented
data split jobs
serve jobs/1
init new
demo tour
data export jobs out.csv
data tag jobs k=v
data rm jobs
W
check dry_run "2 data add more jobs.csv
2 data generate invented
0 data split jobs
2 serve jobs/1
2 init new
2 demo tour
2 data export jobs out.csv
0 data tag jobs k=v
0 data rm jobs" "$(cat dry)"
check dry_run_changes_nothing "$before" "$("$BINNACLE" index status --dump | sha256sum)"
check dry_run_writes_no_file "config dry err jobs.csv state" "$(echo *)"

# Sources that are not files or have no end.
add() {
	timeout 20 "$BINNACLE" data add "$@" >/dev/null 2>err
	echo "$? $(head -1 err)"
}
check directory "2 binnacle: . is a directory" "$(add x .)"
check device "2 binnacle: /dev/zero is neither a regular file nor a pipe" "$(add x /dev/zero)"
check name_first "2 binnacle: 'a/b' cannot be the name of a dataset" "$(add a/b missing.csv)"
check one_line "2 binnacle: 'a?b' cannot be the name of a dataset" "$(add $'a\nb' jobs.csv)"
check nothing_left 0 "$(ls .binnacle/tmp | wc -l)"

# Messages name standard input, with a hint.
told() { # INPUT WORD...: all that is said
	local input=$1
	shift
	printf "$input" | timeout 20 "$BINNACLE" "$@" 2>&1 >out
}
check stdin_by_name "binnacle: standard input:3:1: 1 field instead of 2" "$(told 'a,b\n1,2\n3\n' data add x - | head -1)"
check stdin_empty "binnacle: standard input is empty
  hint: a table begins with a line that names its columns" "$(told '' data add x -)"
check stdin_compressed "  hint: decompress it first: gunzip -c FILE | binnacle ... -" "$(told '\037\213xx' data add x - | tail -1)"
check delimiter_is_seen "binnacle: standard input: no column 'nodes', which jobs@v1 has
  hint: the file has: nodes:power (--retype takes it without)" "$(told 'nodes:power\n1:2\n' data add jobs -)"
check delimiter_is_found "inferred from the first records: fields separated by ';' (set with --delimiter)" \
	"$(told 'nodes;power\n1;2\n' data add other - | head -1)"
check one_row "warning: 1 row was rejected: one.rejects has it with the reason
added one@v1" "$(told 'a,b\n1,2\n3\n' data add one - --on-error reject)"
check path_of_stdin 1 "$(grep -c '^Path  *standard input$' out)"
check two_rows "warning: 2 rows were rejected: two.rejects has them with their reasons" \
	"$(told 'a,b\n1,2\n3\n4\n' data add two - --on-error reject | head -1)"
check rejects_elsewhere "binnacle: cannot create 'no/two.rejects': No such file or directory
  hint: --rejects FILE writes malformed records to another file" \
	"$(told 'a,b\n1,2\n3\n' data add three - --rejects no/two.rejects)"
told 'a,b\n8,9\n' data add one - >/dev/null
cp one.rejects kept
check rejects_are_kept "warning: 1 row was rejected: one.2.rejects has it with the reason" \
	"$(told 'a,b\n1,2\n4\n' data add one - --on-error reject | head -1)"
check earlier_rejects "" "$(cmp one.rejects kept 2>&1)"
check none_may_be_rejected "binnacle: standard input:3:1: 1 field instead of 2" \
	"$(told 'a,b\n1,2\n3\n' data add four - --on-error reject --max-rejects 0 | head -1)"
check no_rows "warning: none@v1 has no rows
added none@v1" "$(told 'a,b\n' data add none -)"
check stdin_closed "2 binnacle: standard input is closed" "$(add x - <&-)"
"$BINNACLE" doctor >doctor
check doctor_in_a_file_is_whole "0 1" "$(grep -c '[a-z]>[a-z]' doctor) $(grep -c 'jansson .*PCRE2' doctor)"
check older_bytes "nothing new: these are the bytes of one@v1; one@v2 stays the newest" "$(told 'a,b\n1,2\n' data add one -)"
check head_of_stdin "a 1" "$(told 'a,b\n1,2\n' data head - --tsv -c a; paste -sd' ' out)"
check export_both_ways "b 2" "$(told 'a,b\n1,2\n' data export - - -c b; paste -sd' ' out)"
check suite_to_stdout 1 "$(told '' data infer jobs -o -; grep -c '"expectations"' out)"
check no_file_is_called_so no "$([ -e ./- ] && echo yes || echo no)"

# Output goes into a device or a pipe; it is not replaced by a file.
mkfifo pipe
timeout 20 cat pipe >through &
timeout 20 "$BINNACLE" data export jobs pipe >/dev/null 2>err
status=$?
wait
check pipe_stays_a_pipe "0 yes 41" "$status $([ -p pipe ] && echo yes) $(wc -l <through)"
timeout 20 cat pipe >through &
timeout 20 "$BINNACLE" data infer jobs -o pipe >/dev/null 2>err
wait
check suite_through_a_pipe "yes 1" "$([ -p pipe ] && echo yes) $(grep -c '"expectations"' through)"

# The log itself identifies its workspace. Without that record nobody can take it over.
mkdir -p lost
(cd lost && "$BINNACLE" init . && "$BINNACLE" data add a ../jobs.csv) >/dev/null 2>&1
was=$(cat lost/.binnacle/workspace.json)
rm lost/.binnacle/workspace.json
check lost_identity "0 same 1" "$("$BINNACLE" init lost >/dev/null 2>&1; echo $?) $([ "$was" = "$(cat lost/.binnacle/workspace.json)" ] && echo same) $("$BINNACLE" -C lost data ls --tsv | grep -c '^a')"
# An id unknown to the log is reported, and makes nobody admin.
sed 's/"id": "......../"id": "11111111/' lost/.binnacle/workspace.json >other && cp other lost/.binnacle/workspace.json
check identity_stops 6 "$("$BINNACLE" -C lost audit verify >out 2>&1; echo $?)"
"$BINNACLE" -C lost trust accept --yes >/dev/null 2>&1
check identity_unknown "1 1" "$("$BINNACLE" -C lost audit verify >out 2>&1; echo $?) $(grep -c -m1 -e 'founding record that' -e 'signature of a record' out)"
echo '{"format":2,"id":"11111111-2222-4333-8444-555555555555"}' >lost/.binnacle/workspace.json
"$BINNACLE" -C lost trust accept --yes >/dev/null 2>&1
check identity_of_old "1 1 4" "$("$BINNACLE" -C lost audit verify >out 2>&1; echo $?) $(grep -c -m1 -e 'does not name' -e 'signature of a record' out) $("$BINNACLE" -C lost role grant nobody reviewer >/dev/null 2>&1; echo $?)"
rm lost/.binnacle/workspace.json lost/.binnacle/log/*/0000000001-*
check orphan_log 6 "$("$BINNACLE" init lost >/dev/null 2>&1; echo $?)"

# With --json anywhere, errors are JSON, whatever bytes they contain.
json() {
	"$BINNACLE" "$@" >/dev/null 2>err
	grep -c '^{"error": {"code": "[a-z_]*", "hint": ".*", "message": ".*"}}$' err
}
check json_after_the_mistake 1 "$(json run ls --nonsense --json)"
check json_of_bytes 1 "$(json data show $'\xff\xfe' --json)"

# If the index cannot be created at its usual path, another one is used, and status gives the
# reason.
touch no-directory
elsewhere() { XDG_STATE_HOME=$dir/no-directory XDG_RUNTIME_DIR=$dir/runtime "$BINNACLE" "$@"; }
check index_elsewhere "jobs" "$(elsewhere data ls --tsv 2>err | sed -n 2p | cut -f1)"
check index_says_why 1 "$(elsewhere index status | grep -c 'no-directory')"
check index_is_private 700 "$(stat -c %a "$dir/runtime/binnacle/"*)"
check index_not_in_the_workspace 4 "$(BINNACLE_INDEX=.binnacle/tmp "$BINNACLE" data ls >/dev/null 2>&1; echo $?)"
# Files that the first version left in the workspace are removed.
touch .binnacle/index.db .binnacle/index.db-wal
"$BINNACLE" data ls >/dev/null
check old_index_is_removed 0 "$(find .binnacle -name 'index.db*' | wc -l)"

# Descriptors of closed standard streams are not reused for other files.
"$BINNACLE" run start -q --wait -- sleep 30 <&- >&- 2>&- &
pid=$!
for _ in $(seq 200); do
	[ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$BINNACLE")" ] && [ -e "/proc/$pid/fd/4" ] && break
	sleep 0.05
done
check closed_streams "/ / /" "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | paste -sd' ')"
kill $pid
"$BINNACLE" run stop latest >/dev/null 2>&1
check result_without_stdout 5 "$("$BINNACLE" data ls --tsv >&- 2>/dev/null; echo $?)"
exit $bad
