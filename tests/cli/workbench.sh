#!/bin/bash
# The workbench in a real workspace, driven by scripts: each screen shows what it reads from the modules of core. The
# layout of screens is tested by the golden pictures of tests/tui.
set -u
. tests/support/shell.sh || exit 2

shows() { # SCREEN WORDS...
	local screen=$1 word
	shift
	for word in "$@"; do
		grep -qF -- "$word" "$dir/$screen.screen" || {
			cat "$dir/$screen.screen"
			fail "no '$word' on the screen $screen"
		}
	done
	echo "ok $screen"
}

cd "$dir" || exit 1
"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 2000 -q >/dev/null || fail generate
"$B" data split jobs -q >/dev/null || fail split
for alpha in 0.1 10; do
	"$B" run start --trainer ridge --data jobs.train --target node_power_consumption \
		--features num_nodes_alloc,run_time,partition --set alpha=$alpha \
		--name "ridge-$alpha" --wait -q >/dev/null 2>&1 || fail "run start"
done
"$B" model register ridge-0.1 --name power -q >/dev/null || fail register
"$B" model request power/1 --reason "the first" -q >/dev/null || fail request

# The form warns that a part was made from the training data.
printf '2 L g j j j j Enter "jobs.train@v1" Enter\n:save-screen shared\n' >keys
"$B" workbench --script keys --save-dir "$dir" --size=110x30 || fail "the script: $?"
grep -q "jobs.train@v1" "$dir/shared.screen" || fail "no part in the form"
grep -E '^ ! .*(share|rows)' "$dir/shared.screen" || { cat "$dir/shared.screen"; fail "no word of shared rows"; }
echo "ok the launch form says which parts may share rows"
# A run is reproduced by a job, which compares every byte.
printf '3 Enter\n:reproduce\nB\n:save-screen reproduced\n' >keys
"$B" workbench --script keys --save-dir "$dir" --size=110x30 || fail "the script: $?"
shows reproduced "reproduction of ridge-" "bit-identical: ridge-"
cat >keys <<'END'
:save-screen overview
v
:save-screen stations
2
:save-screen data
Enter Enter
:save-screen rows
:filter partition!=1 AND num_nodes_alloc>=2
:save-screen filtered
Esc Esc Esc 2 I
:save-screen profile
/ "partition" Enter F
:save-screen frequency
Enter
:save-screen those-rows
3
:where params.alpha = 10
:save-screen where
:where
Enter Tab
:save-screen run
3
:sort -metrics.test_rmse
Y
:save-screen sorted
Space Space x
:save-screen compare
4
:save-screen models
Enter A
:save-screen own-model
6
:save-screen monitor
9 Enter
:save-screen audit
END
"$B" workbench --script keys --save-dir "$dir" --size=110x30 || fail "the script: $?"
shows overview "best so far" "jobs.train@v1" "test_rmse "
shows stations "3 datasets, 3 versions" "1 waiting, 0 of 1 version approved"
shows data jobs.train generate
shows rows job_id 2020-05-01
shows filtered "of 2 000 rows"
shows profile num_nodes_alloc
shows frequency share
shows those-rows '`partition` ='
shows where ridge-10 "where params.alpha = 10"
grep -q ridge-0.1 "$dir/where.screen" && fail ":where does not choose"
shows run alpha test_rmse
shows sorted "run ls --json --sort=-metrics.test_rmse"
"$B" run ls --json --sort='-metrics.`test_rmse`' >/dev/null || fail "what Y says"
shows compare ridge-10 ridge-0.1 alpha rmse
shows models power/1 requested
shows own-model "an author may not approve their own"
shows monitor "no drift report yet"
shows audit outcome applied

# Jobs: the profile of filtered rows, which is cached; verifying; exporting the rows shown; adding data.
printf 'a,b\n1,x\n2,y\n' >in.csv
cat >work <<'END'
2 Enter Enter
:filter num_nodes_alloc>=2
I
:save-screen part
Esc
:export part.csv
:save-screen exported
4 Enter
:verify
:save-screen verified
9
:verify
:save-screen whole
2 2
:add small in.csv
:save-screen added
B
:save-screen jobs
END
"$B" workbench --script work --save-dir "$dir" --size=110x30 || fail "the script of jobs: $?"
shows part "profile of jobs@v1 where num_nodes_alloc>=2" "num_nodes_alloc"
shows exported "wrote "
shows verified "byte for byte and signature for signature" "file model.safetensors"
shows whole "whole: every record, signature and object" "records, in chains"
shows added "added small@v1, 2 rows" small
shows jobs "export jobs@v1 to part.csv  " "add small from in.csv  " "added small@v1, 2 rows, 2 columns"
rows=$(($(wc -l <part.csv) - 1))
[ "$rows" -gt 0 ] && [ "$rows" -lt 2000 ] || fail "$rows rows were exported"
"$B" cache status --json | grep -q '"entries": 0' && fail "the profile was not kept"
echo "ok the profile of filtered rows is kept"
# Rows: a derived column, filtered by it, exported in each format, correlations, two versions.
"$B" data generate jobs --rows 2000 --seed 2 -q >/dev/null || fail "a second version"
cat >data <<'END'
2 Enter
x
:save-screen versions-differ
Esc G Enter
:derive per_node = node_power_consumption / num_nodes_alloc
:save-screen derived
F
:save-screen bins
Esc
:where per_node > 1000
:save-screen narrowed
:columns job_id,per_node
:export some.csv
:export some.arrow
:export some.json
C
:save-screen correlated
END
"$B" workbench --script data --save-dir "$dir" --size=110x30 || fail "the script of data: $?"
shows versions-differ "jobs@v2 against jobs@v1" "by value, row by row" run_time
shows derived per_node "of all 2 000 rows"
shows bins "bins of equal width, of 2 000 rows, counted"
shows narrowed "of 2 000 rows" "of these"
shows correlated "correlations of jobs@v1 where per_node > 1000" "number columns"
want=$(($("$B" data freq jobs@v1 job_id --where "node_power_consumption / num_nodes_alloc > 1000" \
	-n 5000 --json | grep -c '"value"')))
rows=$(($(wc -l <some.csv) - 1))
[ "$rows" -gt 0 ] && [ "$rows" -eq "$want" ] || fail "$rows rows are exported, $want match"
[ "$(head -n 1 some.csv)" = "job_id,per_node" ] || fail "columns: $(head -n 1 some.csv)"
"$B" data add back some.arrow -q >/dev/null || fail "the Arrow file is not read back"
"$B" data export back back.csv -q >/dev/null || fail "export of what was read back"
cmp -s some.csv back.csv || fail "the Arrow file holds other rows than the CSV file"
[ "$(grep -c '"per_node":' some.json)" -eq "$rows" ] || fail "rows of the JSON file"
echo "ok rows are derived, narrowed and exported"
"$B" workbench --script <(echo ":frobnicate") >out 2>&1 && fail "an unknown command passes"
grep -q "no command 'frobnicate'" out || fail "$(cat out)"
echo "ok a wrong command ends a script"
"$B" workbench --script <(printf '3\n:sort nobody\n') >out 2>&1 && fail "an unknown column passes"
grep -q "no column 'nobody' here, but: status, starred, run," out || fail "$(cat out)"
echo "ok sorting by a column that is not there says which are"
"$B" workbench --script keys --save-dir "$dir" --readonly --size=60x15 || fail "60x15"
echo "ok 60x15, read-only"
