#!/bin/bash
# The interface as typed: exit statuses, suggestions, help, man page, completion.
set -u
. tests/support/shell.sh || exit 2
export HOME=$dir
cd "$dir" || exit 1

expect() { # STATUS PATTERN COMMAND...
	local want=$1 pattern=$2 out status
	shift 2
	out=$("$@" 2>&1 </dev/null)
	status=$?
	if [ "$status" != "$want" ] || ! grep -qE -- "$pattern" <<<"$out"; then
		echo "FAIL: $* -> $status (wanted $want and /$pattern/): $out"
		bad=1
	else
		echo "ok $*"
	fi
}

b=$BINNACLE
expect 0 '^binnacle [0-9]' "$b" --version
expect 0 'usage: binnacle' "$b" --help
expect 0 'usage: binnacle' "$b" help
for noun in $("$b" help | awk '/^  [a-z]/ { print $1 }'); do
	expect 0 '^0$' bash -c '"$0" "$1" --help | grep -c "^usage: binnacle  " || true' "$b" "$noun"
done
expect 0 '^  package ls \[MODEL\] ' "$b" package --help
expect 2 "did you mean 'data'" "$b" dtaa ls
expect 2 "did you mean 'data ls'" "$b" data lss
expect 2 'did you mean --json' "$b" data ls --jsno
expect 2 "hint: --filter \"status = 'FAILED'\"" "$b" run ls --status FAILED
expect 2 'run log RUN \| tail' "$b" run log --tail 5 latest
expect 2 'needs a value' "$b" data ls -C
expect 3 'binnacle init' "$b" data ls
expect 3 '"code": ?"not_found"' "$b" data ls --json
expect 0 '  data add NAME' "$b" help data
expect 1 '^$' grep . <("$b" --help | awk '/^  [a-z]/ { print $1 }' | sort | uniq -d)
expect 3 'no command' "$b" help nonsense
expect 0 'examples:' "$b" data add --help
expect 0 '^\.TH BINNACLE' "$b" help --man
# Whoever has only the binary has no docs: no help names them, and what it names instead is there.
expect 1 '^$' grep -o 'docs/[a-z_-]*\.md' <("$b" help --man)
expect 0 'BETWEEN x AND y' "$b" help expressions
expect 0 'Great Expectations' "$b" help checks
expect 0 'complete -o default' "$b" completion bash
expect 2 'no completion for shell' "$b" completion tcsh
expect 0 '^data$' "$b" complete --
expect 0 '^--help$' "$b" complete -- data add
expect 0 '' "$b" init
expect 6 'already|exists' "$b" init
expect 0 '"count": 0' "$b" data ls --json

if command -v mandoc >/dev/null; then
	"$b" help --man >page.1
	expect 0 '' mandoc -T lint -W error page.1
else
	echo "SKIP: man page lint: mandoc is not installed"
fi
exit $bad
