#!/bin/bash
# Names, notes, tags and logs come from other users: no character in them can control the terminal or make a name look
# like another one. JSON escapes them, and a pipe gets the bytes of a log unchanged.
set -u
. tests/support/shell.sh || exit 2
export LC_ALL=C.UTF-8
mkdir "$dir/ws"
cd "$dir/ws" || exit 1

# U+202E, U+061C, U+2067, C1 (U+009B) and an escape.
turn=$(printf 'x\342\200\256y\330\234\342\201\247\302\233\033[31mz')
"$B" init -q >/dev/null || fail init
expect 0 "a run with such texts" "$B" run start --wait --name "$turn" --note "$turn" --tag "k=$turn" \
	-- printf 'a\033[32mgreen\033[0m \342\200\256\033]0;t\007\r\nok\n'
for what in "run show latest" "run ls" "run ls --tsv" "run show latest --json" "run ls --json"; do
	expect 0 "$what" "$B" $what
	grep -qP '[\x{00}-\x{09}\x{0b}-\x{1f}\x{7f}-\x{9f}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]' \
		<<<"${out//$'\t'/ }" && fail "$what shows a character that steers"
done
expect 0 "a message has none" "$B" run ls --filter "tags.k = '$turn'"
expect 3 "an error has none" "$B" run show "no$turn"
says 'x?y'
expect 0 "JSON is the text, escaped" "$B" run show latest --json
says "x\\u202ey\\u061c\\u2067\\u009b\\u001b[31mz"
"$B" run log latest >raw || fail "run log"
grep -qF "$(printf "\033[32mgreen")" raw || fail "a pipe has the bytes as they are"
if command -v script >/dev/null; then
	script -qc "$B run log latest" /dev/null </dev/null >seen
	grep -q "$(printf '\033\\|\342\200\256')" seen && fail "a terminal gets what steers it"
	grep -q 'agreen' seen || fail "a terminal gets the text"
else
	echo "SKIP: run log on a terminal: script is not installed"
fi
