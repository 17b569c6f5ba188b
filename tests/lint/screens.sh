#!/bin/bash
# Pictures of screens in README.md and docs are made from golden files.
#   tests/lint/screens.sh          checks that each is equal to its file
#   tests/lint/screens.sh --write  writes them again (a part of `make golden`)
# Before its block of code a picture has a line that names the file below tests, without .screen, and perhaps the
# lines of it that are shown; between two ranges stands a line with ⋮:
#   <!-- screen: tui/views/real/golden/overview-80x24-utf8 1-12,23-24 -->
# A block that looks like a screen (its first line is that of the program) needs one. Blanks at the end of a line are
# left out.
set -u
cd "$(dirname "$0")/../.." || exit 2
write=${1:-}
bad=0 pictures=0

# picture FILE RANGES: the lines of the screen, each ended by |, that come before those of its inks.
picture() {
	local range from to first=1
	local lines
	lines=$(sed -n "1,$(($(sed -E 's/.*-([0-9]+)x([0-9]+)-[a-z0-9]+$/\2/' <<<"$1")))p" "tests/$1.screen" | sed 's/|$//; s/ *$//')
	for range in ${2//,/ }; do
		from=${range%-*} to=${range#*-}
		[ $first = 1 ] || echo "⋮"
		first=0
		sed -n "${from},${to}p" <<<"$lines"
	done
}

refresh() { # PAGE: prints it with its pictures as they should be
	local line file='' ranges state=text
	while IFS= read -r line || [ -n "$line" ]; do
		case $state in
		text)
			echo "$line"
			[[ $line == '<!-- screen: '*' -->' ]] || continue
			read -r _ _ file ranges _ <<<"$line"
			[ "$ranges" = '-->' ] && ranges=1-999
			state=marked
			;;
		marked)
			echo "$line"
			[ "$line" = '```' ] || { state=text; echo "no block of code follows the picture $file" >&2; continue; }
			if [ -f "tests/$file.screen" ]; then
				picture "$file" "$ranges"
			else
				echo "no file tests/$file.screen" >&2
			fi
			state=block
			;;
		block)
			[ "$line" = '```' ] || continue
			echo "$line"
			state=text
			;;
		esac
	done <"$1"
}

new=$(mktemp) && trap 'rm -f "$new" "$new.says"' EXIT
for page in README.md $(git ls-files 'docs/*.md'); do
	grep -q '^<!-- screen: ' "$page" || { grep -nE '^ binnacle  [a-z-]+ ▸' "$page" | sed "s|^|$page: a picture that names no screen: |" | grep . && bad=1; continue; }
	pictures=$((pictures + $(grep -c '^<!-- screen: ' "$page")))
	refresh "$page" >"$new" 2>"$new.says"
	[ -s "$new.says" ] && { sed "s|^|$page: |" "$new.says"; bad=1; continue; }
	awk -v page="$page" '/^<!-- screen: /{ marked = NR } /^ binnacle  [a-z-]+ ▸/ && NR != marked + 2 {
		print page ":" NR ": a picture that names no screen"; wrong = 1 } END { exit !wrong }' "$new" && bad=1
	cmp -s "$new" "$page" && continue
	if [ "$write" = --write ]; then
		cat "$new" >"$page"
	else
		echo "$page: pictures differ from the golden screens (make golden writes them):"
		diff "$page" "$new" | head -n 8
		bad=1
	fi
done
[ $bad = 0 ] && echo "screens: $pictures pictures in README.md and docs, each equal to a golden screen"
exit $bad
