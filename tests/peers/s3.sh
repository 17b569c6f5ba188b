#!/bin/bash
# Remotes on Ceph's radosgw: push killed again and again, the server killed meanwhile, what a fresh workspace gets, what the
# user is told of wrong keys, buckets, clocks and full quotas; then speed beside boto3 and s5cmd on 10 000 small and 4
# large objects, alternating. BINNACLE_S3_ROUNDS (1) rounds of these.
set -u
. tests/peers/net/rgw.sh
B=$BINNACLE
build=${BINNACLE%/binnacle}
build=${build#"$PWD"/}
rounds=${BINNACLE_S3_ROUNDS:-1}
if missing=$(rgw_missing); then
	echo "SKIP: S3: $missing is not here (apt-get install -y --no-install-recommends $rgw_packages)"
	exit 0
fi
[ "$(id -u)" = 0 ] || { echo "SKIP: S3: Ceph's servers are started by root"; exit 0; }
bash tests/peers/venv.sh s3 || exit 1
python=$PWD/.venv/s3/bin/python s5cmd=$PWD/.venv/s3/bin/s5cmd
"$python" -c 'import boto3' 2>/dev/null || { echo "SKIP: S3: no boto3"; exit 0; }
make -s "$build/peers/net/net_s3" || exit 1
net_s3=$PWD/$build/peers/net/net_s3 clients=$PWD/tests/peers/s3_clients.py
work=$(mktemp -d "${TMPDIR:-/var/tmp}/binnacle-s3-XXXXXX") || exit 1
ceph=$work/ceph
mkdir -p "$ceph"
trap 'rgw_down; rm -rf --one-file-system "$work"' EXIT
export HOME=$work/home XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
mkdir -p "$HOME"
unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_SESSION_TOKEN
rgw_up 3221225472 || { echo "FAIL: radosgw does not start"; tail -n 5 "$ceph"/log/*; exit 1; }
export AWS_ACCESS_KEY_ID=$rgw_id AWS_SECRET_ACCESS_KEY=$rgw_secret
bad=0
fail() {
	echo "FAIL: $*"
	bad=1
}
is() { [ "$2" = "$3" ] && echo "ok $1" || fail "$1: '$3' instead of '$2'"; }
says() { # NAME STATUS TEXT COMMAND...
	local name=$1 status=$2 text=$3 got
	shift 3
	said=$("$@" 2>&1)
	got=$?
	[ $got = "$status" ] || fail "$name: exit $got instead of $status: $said"
	case $said in *"$text"*) echo "ok $name" ;; *) fail "$name: does not say '$text': $said" ;; esac
	case $said in *"$rgw_secret"*) fail "$name: shows the secret" ;; esac
}
new() { # DIRECTORY URL
	mkdir -p "$1" && cd "$1" && "$B" init . >/dev/null 2>&1 || exit 1
	"$B" remote add lab "$2" --endpoint "$rgw_url" -q
}
bucket() { "$python" "$clients" bucket "$rgw_url" "$1" || exit 1; }

# ---- whole, whatever happens ----------------------------------------------------------------------
bucket lab
new "$work/one" s3://lab/a
for i in 1 2 3; do "$B" data generate "jobs$i" --rows $((i * 20000)) --seed $i -q >/dev/null; done
awk 'BEGIN { srand(3); print "a,b,c"; for (i = 0; i < 2000000; i++) print i "," rand() "," rand() * 300 }' >big.csv
"$B" data add big big.csv -q >/dev/null
rm big.csv
says test 0 "remove" "$B" remote test
killed=0
for i in $(seq 12); do
	"$B" data push --all >/dev/null 2>&1 &
	push=$!
	sleep "0.$((RANDOM % 5))$((RANDOM % 10))" # time itself: somewhere in the push
	kill -9 $push 2>/dev/null && killed=$((killed + 1))
	wait $push 2>/dev/null
done
kill -9 "$(rgw_pid)" # a connection that is lost, and a server that comes back
"$B" data push --all >"$work/push" 2>&1 &
push=$!
sleep 1 # time itself: the server is away
rgw_start || fail "radosgw does not start again"
wait $push
is push_while_the_server_comes_back 0 $?
"$B" data push --all -q >/dev/null || fail "the last push"
is states "both both both both" "$("$B" data status --all --tsv 2>/dev/null | awk -F'\t' 'NR > 1 { print $1 }' | xargs)"
is objects_whole_for_boto3 12 "$("$python" "$clients" check "$rgw_url" lab)"
echo "NOTE: S3: killed $killed of 12 pushes"
new "$work/two" s3://lab/a
for i in $(seq 6); do
	"$B" data pull --all >/dev/null 2>&1 &
	pull=$!
	sleep "0.$((RANDOM % 4))$((RANDOM % 10))" # time itself: somewhere in the pull
	kill -9 $pull 2>/dev/null
	wait $pull 2>/dev/null
done
"$B" data pull --all -q >/dev/null || fail "the last pull"
is pulled "$(cd ../one && for d in big jobs1 jobs2 jobs3; do "$B" data show $d --json | grep '"content"'; done)" \
	"$(for d in big jobs1 jobs2 jobs3; do "$B" data show $d --json | grep '"content"'; done)"
says audit 0 "whole" "$B" audit verify

# ---- what the user is told ------------------------------------------------------------------------
says wrong_key 4 "this access key ID is not known there" env AWS_ACCESS_KEY_ID=NOBODY "$B" data push big
says wrong_secret 4 "the secret key is wrong" env AWS_SECRET_ACCESS_KEY=wrong "$B" data push big
"$B" remote add gone s3://no-such-bucket/x --endpoint "$rgw_url" -q
says wrong_bucket 2 "there is no bucket 'no-such-bucket'" "$B" data push big --remote gone
says wrong_bucket_status 2 "there is no bucket 'no-such-bucket'" "$B" data status --remote gone
"$B" remote add down s3://lab/x --endpoint http://127.0.0.1:9 -q
says no_server 5 "Failed to connect" "$B" remote test down
if command -v faketime >/dev/null; then
	says clock_ahead 0 "Versions" faketime -f +3h "$B" data push jobs1 --remote lab
	says clock_behind 0 "Versions" faketime -f -3h "$B" data push jobs1 --remote lab
else
	echo "SKIP: S3: clocks that differ: faketime is not here"
fi
bucket small
radosgw-admin -n client.rgw.a quota set --quota-scope=bucket --uid=peer --bucket=small --max-size=1048576 >/dev/null 2>&1
radosgw-admin -n client.rgw.a quota enable --quota-scope=bucket --uid=peer --bucket=small >/dev/null 2>&1
"$B" remote add small s3://small/x --endpoint "$rgw_url" -q
says full 5 "is full (QuotaExceeded)" "$B" data push big --remote small
radosgw-admin -n client.rgw.a quota disable --quota-scope=bucket --uid=peer --bucket=small >/dev/null 2>&1
says not_full_any_more 0 "Versions" "$B" data push big --remote small
cd "$OLDPWD" || exit 1

# ---- speed ----------------------------------------------------------------------------------------
"$python" "$clients" make "$work/files" || exit 1
seconds() { # COMMAND...: how long it takes
	local from=${EPOCHREALTIME/./}
	"$@" >"$work/log" 2>&1 || { fail "$*: $(tail -n 2 "$work/log")"; return; }
	awk -v us=$((${EPOCHREALTIME/./} - from)) 'BEGIN { printf "%.2f\n", us / 1e6 }'
}
median() { tr ' ' '\n' <<<"$*" | grep . | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
have_s5cmd=$([ -x "$s5cmd" ] && echo yes)
[ -n "$have_s5cmd" ] || echo "SKIP: S3: s5cmd could not be installed"
declare -A took=()
for round in $(seq "$rounds"); do
	for kind in small large; do
		b=speed$round
		[ $kind = large ] || bucket "$b"
		rm -rf "$work/got"
		mkdir -p "$work"/got/{ours,boto3,s5cmd}
		took[put,ours,$kind]+=" $(seconds "$net_s3" put "$work/files/$kind" "s3://$b/ours-$kind" "$rgw_url")"
		took[put,boto3,$kind]+=" $(seconds "$python" "$clients" put "$work/files/$kind" "$rgw_url" "$b" "boto3-$kind")"
		[ -z "$have_s5cmd" ] || took[put,s5cmd,$kind]+=" $(seconds "$s5cmd" --endpoint-url "$rgw_url" --numworkers 16 \
			cp "$work/files/$kind/*" "s3://$b/s5cmd-$kind/")"
		took[get,ours,$kind]+=" $(seconds "$net_s3" get "$work/got/ours" "s3://$b/ours-$kind" "$rgw_url")"
		diff -rq "$work/files/$kind" "$work/got/ours" || fail "what came back differs"
		took[get,boto3,$kind]+=" $(seconds "$python" "$clients" get "$work/got/boto3" "$rgw_url" "$b" "boto3-$kind")"
		[ -z "$have_s5cmd" ] || took[get,s5cmd,$kind]+=" $(seconds "$s5cmd" --endpoint-url "$rgw_url" --numworkers 16 \
			cp "s3://$b/s5cmd-$kind/*" "$work/got/s5cmd/")"
		"$s5cmd" --endpoint-url "$rgw_url" rm "s3://$b/*" >/dev/null 2>&1
	done
done
for kind in small large; do
	for verb in put get; do
		line="S3: $verb $([ $kind = small ] && echo '10 000 of 4 kB' || echo '4 of 64 MiB')"
		for who in ours boto3 s5cmd; do
			[ -z "${took[$verb,$who,$kind]:-}" ] || line+=", $who $(median "${took[$verb,$who,$kind]}") s"
		done
		echo "NOTE: $line"
	done
done
exit $bad
