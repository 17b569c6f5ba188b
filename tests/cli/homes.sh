#!/bin/bash
# A home in which no file can be created (a container, a read-only mount), and a copied workspace: what works, and which
# messages are printed.
set -u
. tests/support/shell.sh || exit 2
unset BINNACLE_INDEX
mkdir "$dir/ws" && cd "$dir/ws" && : >"$dir/file" || exit 2
nowhere() { HOME=$dir/file/home XDG_STATE_HOME=$dir/file/state XDG_CONFIG_HOME=$dir/file/config "$B" "$@"; }

expect 0 "init" "$B" init
invitation=$("$B" trust show | awk '$1 == "invitation" { print $2 }')
expect 0 "data" "$B" data generate jobs --rows 400
expect 0 "train" "$B" run start --trainer ridge --data jobs --target node_power_consumption --name first --wait
expect 0 "register" "$B" model register first --name power
expect 0 "a file to predict" "$B" data export jobs new.csv
echo '{"self_approval": true, "gates": [{"metric": "rmse", "part": "train", "op": "<=", "threshold": 1e6, "by": "author"}]}' >policy.json
expect 0 "policy" "$B" policy set policy.json
expect 0 "request" "$B" model request power/1
expect 0 "approve" "$B" model approve power/1

expect 5 "a key needs a place" nowhere init "$dir/other"
says "no place for your signing key"
says "BINNACLE_KEY"
export BINNACLE_TRUST=$invitation
expect 0 "a home that cannot be made: predictions" nowhere predict power/1 new.csv --out answers.csv
says "400 rows predicted"
says "cannot record what was seen of this workspace"
expect 0 "and the proof" nowhere model verify power/1
unset BINNACLE_TRUST

mv "$XDG_STATE_HOME" "$dir/state.before"
expect 4 "a founder whose memory is lost" "$B" model tag power/1 key value
says "your key founded it"
says "trust accept --yes"
expect 0 "accepts" "$B" trust accept --yes
expect 0 "and goes on" "$B" model tag power/1 key value

# The chain is rolled back while a server is running.
cp -a .binnacle/log "$dir/old"
sed 's/1e6/2e6/' policy.json >other.json
expect 0 "one more link" "$B" policy set other.json
"$B" serve power/1 --unix s.sock --no-token >served 2>&1 &
server=$!
for _ in $(seq 600); do grep -q 'erving' served && break; sleep 0.1; done
mv .binnacle/log "$dir/new" && cp -a "$dir/old" .binnacle/log
for _ in $(seq 600); do kill -0 $server 2>/dev/null || break; sleep 0.1; done
kill $server 2>/dev/null
wait $server
check "a chain that was put back ends the server" 6 $?
rm -rf .binnacle/log && mv "$dir/new" .binnacle/log
expect 0 "and it is as it was" "$B" model verify power/1

cp -r "$dir/ws" "$dir/copy" && cd "$dir/copy" || exit 2
expect 0 "a copy" "$B" run ls
says "this is a copy of the workspace in '$dir/ws', which also exists"
expect 0 "a run in the copy" "$B" run start --name there --wait -- true
cd "$dir/ws" && expect 0 "a run beside it" "$B" run start --name here --wait -- true
names() { "$B" -C "$1" run ls --json | grep -o '"name": "[a-z]*"' | sort | tr -d '\n'; }
check "the copy has its own runs" '"name": "first""name": "there"' "$(names "$dir/copy")"
check "and the first one its own" '"name": "first""name": "here"' "$(names "$dir/ws")"
cd "$dir" && mv ws moved && rm -rf copy && cd moved || exit 2
expect 0 "a workspace that was moved" "$B" run ls
says "this workspace was in"
exit $bad
