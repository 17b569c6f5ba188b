#!/bin/bash
# Two hosts append to one version, and the second one has not seen the log of the first: the rows missing in the newest
# version are reported, with the user who appended them and a remedy.
set -u
if [ "$(id -u)" != 0 ] || ! unshare --uts true 2>/dev/null; then
	echo "SKIP: appends of two hosts: only root can be another host (with unshare)"
	exit 0
fi
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
there() { BINNACLE_INDEX=$dir/there unshare --uts sh -c 'hostname elsewhere && exec "$@"' sh "$B" "$@"; }
mkdir "$dir/there"
for k in 1 2 3 4; do printf 'x\n%d\n%d\n' $k $((10 * k)) >$k.csv; done
"$B" data add t 1.csv -q >/dev/null || fail add
expect 0 "an append elsewhere" there data append t 2.csv
log=$(echo .binnacle/log/*@elsewhere-*)
[ -d "$log" ] || fail "no log of another host: $(ls .binnacle/log)"
mv "$log" "$dir/hidden" # what it wrote is not seen here yet
rm -rf "$dir/state/binnacle"/*/index* 2>/dev/null
expect 0 "an append here" env BINNACLE_INDEX="$dir/here" "$B" data append t 3.csv
says "added t@v3: 2 rows were there, 2 were added, 4 are there now"
says "warning: $(id -un) claimed t@v2, which is not visible here: if it was added on another host, its rows are missing in t@v3"
mv "$dir/hidden" "$log"
left="warning: the 2 rows appended by $(id -un) as t@v2 are missing in t@v3, because both continue v1: add them with binnacle data append t 2.csv"
expect 0 "is shown" "$B" data show t
says "$left"
"$B" audit verify >../said 2>../err </dev/null || fail "audit verify: $(cat ../err)"
grep -q "^left out .*the 2 rows appended by $(id -un) as t@v2 are missing in t@v3" ../said || fail "audit verify: $(cat ../said)"
"$B" audit verify --json 2>/dev/null | grep -q "\"left_out\": .\"the 2 rows appended by .* as t@v2 are missing in t@v3" ||
	fail "audit verify --json: $("$B" audit verify --json)"
expect 0 "and said by the next append" "$B" data append t 4.csv
says "${left/t@v3/t@v4}"
expect 0 "the cure" "$B" data append t 2.csv
case $err in *"are missing in"*) fail "said after the cure: $err" ;; esac
expect 0 "nothing is said any more" "$B" data show t
case $err in *"are missing in"*) fail "said after the cure: $err" ;; esac
check "all rows are there" "1 2 3 4 10 20 30 40" "$("$B" data export t - | tail -n +2 | sort -n | xargs)"
exit $bad
