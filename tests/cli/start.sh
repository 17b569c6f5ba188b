#!/bin/bash
# What a start asks of file systems: the calls with a file name or a directory listing, and fstat, in the first second of
# the workbench and of small commands. On a parallel file system each is a round trip to its server. That the number does
# not depend on the number of runs is tested in tests/tui/views/test_source_runs.c. A third of them are fstat, and a fifth
# the dynamic linker's; name services and locales of a host add to them, so the limits are above what is usual (45, 191, 216).
# Here the user has a key and a memory of the workspace, which are a dozen files more.
set -u
. tests/support/shell.sh || exit 2
at_end() { tmux -L "$socket" kill-server 2>/dev/null; }
socket=start-$$

for late in libgit2 libcurl libldap libkrb5 libgnutls; do
	ldd "$B" | grep -q "$late" && fail "the program links $late, which few commands need"
done
echo "ok libraries that few commands need are not linked"
for tool in strace tmux; do
	command -v $tool >/dev/null || { echo "SKIP: start: no $tool"; exit 0; }
done
strace -o "$dir/calls" true 2>/dev/null || { echo "SKIP: start: strace may not trace here"; exit 0; }
has_sanitizer && { echo "SKIP: start: a sanitizer makes calls of its own"; exit 0; }

first_second() { # of $dir/calls
	awk '{ if (!from) from = $2 } $2 < from + 1 && /\(/ && !/resumed>/ { n++ } END { print n + 0 }' "$dir/calls"
}
trace="strace -f -ttt -e trace=%file,getdents64 -o $dir/calls"
at_most() { # LIMIT WHAT
	n=$(first_second)
	[ "$n" -gt 20 ] && [ "$n" -lt "$1" ] || { cut -c1-160 "$dir/calls"; fail "$2: $n calls in a second, not below $1"; }
	echo "ok $2: $n calls"
}
cd "$dir" || exit 1
"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 300 -q >/dev/null || fail generate
for i in 1 2 3; do "$B" run start --name r$i --wait -q -- true >/dev/null 2>&1 || fail "run start"; done
find .binnacle/log -type d -exec touch -d "1 hour ago" {} + # a directory written to just now is listed again at each look
$trace "$B" --version >/dev/null || fail version
at_most 90 --version
$trace "$B" run ls >/dev/null || fail "run ls"
at_most 260 "run ls"
tmux -L "$socket" -f /dev/null new-session -d -x 80 -y 24 -e LC_ALL=C.UTF-8 "$trace $B" || fail tmux
until_says 20 "Overview" tmux -L "$socket" capture-pane -p || fail "no picture"
sleep 1.5 # time itself: the first second is counted
at_most 300 "the workbench"
exit $bad
