#!/bin/bash
# What people get wrong: each mistake is told in the shell that made it, by name, with a cure, and
# nothing is left behind.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
seq 40 | awk 'BEGIN { print "nodes,power" } { print $1 "," 2 * $1 + $1 % 3 }' >jobs.csv
"$BINNACLE" data add jobs jobs.csv >/dev/null 2>&1

# Columns and hyper-parameters are looked up before a run begins.
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

# --dry-run changes nothing: a verb that cannot promise that does not begin.
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
2 data split jobs
2 serve jobs/1
2 init new
2 demo tour
2 data export jobs out.csv
0 data tag jobs k=v
0 data rm jobs" "$(cat dry)"
check dry_run_changes_nothing "$before" "$("$BINNACLE" index status --dump | sha256sum)"
check dry_run_writes_no_file "config dry err jobs.csv state" "$(echo *)"

# What is no file with an end.
add() {
	timeout 20 "$BINNACLE" data add "$@" >/dev/null 2>err
	echo "$? $(head -1 err)"
}
check directory "2 binnacle: . is a directory" "$(add x .)"
check device "2 binnacle: /dev/zero is neither a regular file nor a pipe" "$(add x /dev/zero)"
check name_first "2 binnacle: 'a/b' cannot be the name of a dataset" "$(add a/b missing.csv)"
check one_line "2 binnacle: 'a?b' cannot be the name of a dataset" "$(add $'a\nb' jobs.csv)"
check nothing_left 0 "$(ls .binnacle/tmp | wc -l)"

# A device or a pipe is written to; a file never takes its place.
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

# A log says by itself which workspace it is of. One that does not is nobody's to take over.
mkdir -p lost
(cd lost && "$BINNACLE" init . && "$BINNACLE" data add a ../jobs.csv) >/dev/null 2>&1
was=$(cat lost/.binnacle/workspace.json)
rm lost/.binnacle/workspace.json
check lost_identity "0 same 1" "$("$BINNACLE" init lost >/dev/null 2>&1; echo $?) $([ "$was" = "$(cat lost/.binnacle/workspace.json)" ] && echo same) $("$BINNACLE" -C lost data ls --tsv | grep -c '^a')"
# An identity that the log does not know is named, and makes nobody admin.
sed 's/"id": "......../"id": "11111111/' lost/.binnacle/workspace.json >other && cp other lost/.binnacle/workspace.json
check identity_stops 6 "$("$BINNACLE" -C lost audit verify >out 2>&1; echo $?)"
"$BINNACLE" -C lost trust accept --yes >/dev/null 2>&1
check identity_unknown "1 1" "$("$BINNACLE" -C lost audit verify >out 2>&1; echo $?) $(grep -c -m1 -e 'founding record that' -e 'signature of a record' out)"
echo '{"format":2,"id":"11111111-2222-4333-8444-555555555555"}' >lost/.binnacle/workspace.json
"$BINNACLE" -C lost trust accept --yes >/dev/null 2>&1
check identity_of_old "1 1 4" "$("$BINNACLE" -C lost audit verify >out 2>&1; echo $?) $(grep -c -m1 -e 'does not name' -e 'signature of a record' out) $("$BINNACLE" -C lost role grant nobody reviewer >/dev/null 2>&1; echo $?)"
rm lost/.binnacle/workspace.json lost/.binnacle/log/*/0000000001-*
check orphan_log 6 "$("$BINNACLE" init lost >/dev/null 2>&1; echo $?)"

# An error is JSON wherever --json stands, and whatever bytes it names.
json() {
	"$BINNACLE" "$@" >/dev/null 2>err
	grep -c '^{"error": {"code": "[a-z_]*", "hint": ".*", "message": ".*"}}$' err
}
check json_after_the_mistake 1 "$(json run ls --nonsense --json)"
check json_of_bytes 1 "$(json data show $'\xff\xfe' --json)"

# An index that cannot be made where it belongs is made elsewhere, and status says why.
touch no-directory
elsewhere() { XDG_STATE_HOME=$dir/no-directory XDG_RUNTIME_DIR=$dir/runtime "$BINNACLE" "$@"; }
check index_elsewhere "jobs" "$(elsewhere data ls --tsv 2>err | sed -n 2p | cut -f1)"
check index_says_why 1 "$(elsewhere index status | grep -c 'no-directory')"
check index_is_private 700 "$(stat -c %a "$dir/runtime/binnacle/"*)"
check index_not_in_the_workspace 4 "$(BINNACLE_INDEX=.binnacle/tmp "$BINNACLE" data ls >/dev/null 2>&1; echo $?)"
# What the first version left in the workspace is removed.
touch .binnacle/index.db .binnacle/index.db-wal
"$BINNACLE" data ls >/dev/null
check old_index_is_removed 0 "$(find .binnacle -name 'index.db*' | wc -l)"

# The numbers of closed standard streams go to nothing that is opened later.
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
