# What the scripts of tests/cli share; they source it from the root of the tree. It makes $dir, a directory of the
# script's own that is removed at its end, where the program keeps what it keeps for its user. TMPDIR=/tmp before
# it, where other users have to look into $dir. A script that has more to end at its end defines at_end.

root=$PWD
export BINNACLE=${BINNACLE:-$root/build/binnacle}
B=$BINNACLE build=$(dirname "$BINNACLE")
bad=0
dir=$(mktemp -d) || exit 2
at_end() { :; }
trap 'at_end; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
export XDG_CONFIG_HOME=$dir/config XDG_STATE_HOME=$dir/state
unset BINNACLE_HOME BINNACLE_INDEX BINNACLE_RUN_ID BINNACLE_DATA BINNACLE_TOKEN

fail() {
	echo "FAIL: $*"
	exit 1
}

check() { # NAME WANT GOT
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3")
		bad=1
	fi
}

# expect STATUS NAME COMMAND...: stdout in $out and, byte for byte, in the file $dir/said, stderr in $err
expect() {
	local want=$1 name=$2 got
	shift 2
	"$@" >"$dir/said" 2>"$dir/err"
	got=$?
	out=$(cat "$dir/said")
	err=$(cat "$dir/err")
	[ "$got" = "$want" ] || fail "$name: exit $got, expected $want: $* :: $out $err"
	echo "ok $name"
}

says() {
	case $out$err in
	*"$1"*) echo "ok   and says '$1'" ;;
	*) fail "expected '$1' in: $out $err" ;;
	esac
}

# Whether the program was built with a sanitizer, which reserves address space and memory of its own.
has_sanitizer() { nm -D "$BINNACLE" 2>/dev/null | grep -qE '__(asan|tsan)_init'; }

# Waits until a command's output has the pattern; false when it has not within so many seconds.
until_says() { # SECONDS PATTERN COMMAND...
	local ends=$((SECONDS + $1)) pattern=$2
	shift 2
	until "$@" 2>&1 | grep -q -- "$pattern"; do
		[ $SECONDS -lt $ends ] || return 1
		sleep 0.05
	done
}

# The program's tables of kinds have each field that it has written in this workspace.
knows_its_fields() {
	expect 0 "index status" "${B:-$BINNACLE}" index status --json
	says '"unknown_fields": []'
}
