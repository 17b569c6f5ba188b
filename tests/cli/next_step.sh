#!/bin/bash
# The next steps suggested by Overview can be executed: each command is the next one in the life of a model, and none
# needs something that does not exist yet.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
echo '{"self_approval": true}' >policy.json
"$BINNACLE" policy set policy.json -q >/dev/null 2>&1
echo '{"name":"s","expectations":[{"type":"expect_column_to_exist","kwargs":{"column":"x"}}]}' >suite.json
seq 200 | awk 'BEGIN { print "x,y" } { print $1 % 7 "," 3 * ($1 % 7) + $1 % 3 }' >jobs.csv
printf ':save-screen now\n' >keys
next() {
	"$BINNACLE" workbench --script keys --size 80x30 --save-dir . >/dev/null 2>&1 || echo "no workbench"
	sed -n "s,^.*next: \(binnacle [^|│]*[^ |│]\).*\$,\1,p" now.screen
}
quietly() { "$BINNACLE" "$@" >/dev/null 2>err || cat err; }
quietly data add jobs jobs.csv -q
quietly data check jobs --suite suite.json
quietly data split jobs
quietly run start --wait --trainer ridge --target y --data jobs.train --data jobs.test:test --name r
check trained "binnacle model register RUN --name NAME" "$(next)"
quietly model register r --name m
check registered "binnacle model request m/1 --reason WHY" "$(next)"
quietly model request m/1 --reason WHY
check requested "" "$(next)"
quietly model approve m/1 --reason good
check approved "binnacle model alias m/1 champion" "$(next)"
quietly model alias m/1 champion
check in_use "binnacle serve NAME@champion" "$(next)"
exit "$bad"
