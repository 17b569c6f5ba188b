# Shared by the scripts of tests/cli, which source it from the root of the tree. It creates $dir, a directory for the
# script that is removed at its end, with the state directories of the program. TMPDIR=/tmp before, if other users need
# access to $dir. A script with more to clean up defines at_end.

root=$PWD
export BINNACLE=${BINNACLE:-$root/build/binnacle}
B=$BINNACLE build=$(dirname "$BINNACLE")
bad=0
dir=$(mktemp -d) || exit 2
at_end() { :; }
trap 'at_end; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
export XDG_CONFIG_HOME=$dir/config XDG_STATE_HOME=$dir/state
unset CI JENKINS_URL GITLAB_CI GITHUB_ACTIONS
unset BINNACLE_HOME BINNACLE_INDEX BINNACLE_RUN_ID BINNACLE_DATA BINNACLE_TOKEN

fail() {
	echo "FAIL: $*"
	exit 1
}

# shown_command SCREEN...: the command lines that Y shows on saved screens, each in one line.
shown_command() {
	sed -n '/^ binnacle [a-z]/,/^ the same as a command/{ s/^ //; s/ *|$//; /^the same as a command/d; p }' "$@" |
		sed -e ':a' -e '/ \\$/{ N; s/ \\\n */ /; ba' -e '}'
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

# Whether the program was built with a sanitizer, which reserves address space and memory.
has_sanitizer() { nm -D "$BINNACLE" 2>/dev/null | grep -qE '__(asan|tsan)_init'; }

# Waits until a command's output matches the pattern; false if it does not within that many seconds.
until_says() { # SECONDS PATTERN COMMAND...
	local ends=$((SECONDS + $1)) pattern=$2
	shift 2
	until "$@" 2>&1 | grep -q -- "$pattern"; do
		[ $SECONDS -lt $ends ] || return 1
		sleep 0.05
	done
}

# All fields written in this workspace are in the program's tables of kinds.
knows_its_fields() {
	expect 0 "index status" "${B:-$BINNACLE}" index status --json
	says '"unknown_fields": []'
}
