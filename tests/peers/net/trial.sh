# Sourced by cephfs.sh and nfs.sh: two hosts write to one workspace while parts of it are cut off, and
# afterwards nothing acknowledged may be missing. The script that sources this defines
#	host_run HOST COMMAND...    runs it on a or b, in the foreground; returns its status
#	workspace_of HOST           the workspace's directory as HOST sees it
#	index_of HOST NAME          a directory on a local disk of HOST
#	journals                    a variable: a directory on a disk of this machine
# and calls the functions below in this order.

driver=$PWD/$build/peers/net/net_writer
load=$PWD/tests/peers/net/load.sh
export NET_WRITER=$driver BINNACLE

# Runs the program, or net_writer, on a host with a separate index.
with_index() { # HOST NAME COMMAND...
	local host=$1 index=$2
	shift 2
	host_run "$host" env BINNACLE_INDEX="$(index_of "$host" "$index")" "$@"
}

trial_prepare() {
	mkdir -p "$journals"
	host_run a mkdir -p "$(workspace_of a)" &&
		with_index a live "$BINNACLE" -C "$(workspace_of a)" init --quiet &&
		with_index a live "$driver" create "$(workspace_of a)" 0 1 2 3 4 5 6 7 8
}

# Failures are printed at once and remembered; the trial continues to its end.
complain() {
	echo "FAIL: $*"
	touch "$work/failed"
}

# A run started on one host is never an invalid event on the other: its creation is visible before the records of its
# supervisor, although the process that created it is still running.
trial_run_is_seen_whole() {
	local seen='' line starter
	host_run a env BINNACLE_INDEX="$(index_of a live)" "$BINNACLE" -C "$(workspace_of a)" --quiet \
		run start --name whole --wait -- sleep 3 &
	starter=$!
	for _ in $(seq 30); do
		line=$(with_index b live "$BINNACLE" -C "$(workspace_of b)" --tsv audit log --outcome invalid)
		if grep -q '[[:space:]]run\.' <<<"$line"; then
			complain "host b sees a run's events before its creation: $(tail -n 1 <<<"$line")"
			break
		fi
		with_index b live "$BINNACLE" -C "$(workspace_of b)" --json run show whole 2>/dev/null |
			grep -q '"status": "FINISHED"' && seen=yes && break
		sleep 0.3
	done
	wait $starter || complain "the run on host a"
	[ -z "$seen" ] || echo "ok a run of host a is seen whole on host b"
}

# An unreachable workspace must not be reported as missing.
judge_unreachable() { # WHERE STATUS OUTPUT
	if [ "$2" = 0 ] || grep -qiE 'no workspace|binnacle init|out of memory' <<<"$3"; then
		complain "$1: exit $2: $3"
	else
		echo "ok $1: $(head -n 1 <<<"$3")"
	fi
}

trial_dead_mount() { # WORKSPACE
	local out status
	out=$(timeout 20 "$BINNACLE" -C "$1" run ls 2>&1)
	status=$?
	judge_unreachable "a mount that has died" $status "$out"
}

# Waits inside DIRECTORY until FILE exists, then lists without naming a directory. FILE.ready reports that it is inside.
trial_stay_inside() { # DIRECTORY FILE
	local out status
	cd "$1" || { complain "cannot go to $1"; return; }
	touch "$2.ready"
	while [ ! -e "$2" ] && [ -d "$work" ]; do sleep 0.1; done
	out=$(timeout 20 env -u PWD "$BINNACLE" run ls 2>&1)
	status=$?
	judge_unreachable "a working directory that has gone" $status "$out"
}

# In the background: the load of a host, and a reader that keeps its index up to date.
loads=()
trial_load() { # HOST SECONDS
	local first=1
	[ "$1" = b ] && first=5
	with_index "$1" live "$load" "$(workspace_of "$1")" "$journals" $first "$2" &
	loads+=($!)
	with_index "$1" live "$driver" follow "$(workspace_of "$1")" "$2" >>"$work/follow.$1" &
	loads+=($!)
}
trial_wait() { wait "${loads[@]}"; }

field() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" <<<"$2"; }

# Adopts what dead writers left on both hosts, then compares; the counts are in a NOTE line. Returns whether the whole
# trial succeeded.
trial_check() { # WHAT WAS CUT
	local host index line dump first=''
	for host in a b; do
		with_index $host live "$driver" settle "$(workspace_of $host)" 0 || complain "settle on host $host"
	done
	for host in a b; do
		for index in live fresh; do
			line=$(with_index $host $index "$driver" check "$(workspace_of $host)" "$journals"/*.journal) ||
				complain "something is lost on host $host, $index index"
			echo "host $host, $index index: $line"
			[ -n "$first" ] || first=$line
			dump=$(field dump "$line")
			[ -n "$dump" ] && [ "$dump" = "$(field dump "$first")" ] ||
				complain "the dump differs on host $host, $index index"
		done
		with_index $host fresh "$BINNACLE" -C "$(workspace_of $host)" audit verify >"$work/verify" 2>&1 ||
			complain "audit verify on host $host: $(tail -n 5 "$work/verify")"
	done
	echo "ok followed meanwhile: $(tr '\n' ' ' <"$work/follow.a")on host a, $(tr '\n' ' ' <"$work/follow.b")on host b"
	[ "$(field invalid "$first")" = 0 ] || complain "$(field invalid "$first") invalid events"
	echo "NOTE: $1: 8 writers on 2 hosts, $(($(cat "$journals"/*.kills | paste -sd+))) kills," \
		"$(field acknowledged "$first") acknowledged, $(field lost "$first") lost," \
		"$(field claims "$first") claims, $(field twice "$first") given twice," \
		"$(field errors "$first") refused meanwhile, dumps $(field dump "$first" | head -c 12)"
	[ ! -e "$work/failed" ]
}
