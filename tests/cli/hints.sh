#!/bin/bash
# Every command that a message or a hint of the program names exists, with its options: "binnacle NOUN VERB --option" in the
# texts of core/ and tui/ is looked up in the help of that verb.
set -u
root=$PWD
. tests/support/shell.sh || exit 2
cd "$root" || exit 1

# Adjacent literals are joined; a command ends with its sentence.
sed -z 's/\\"/'"'"'/g; s/\\n/;/g; s/"[ \t\n]*"//g' $(find core tui -name '*.[ch]') | grep -aoE '"[^"]*"' | grep -av '^"[a-z_/]*\.h"' |
	grep -aoE 'binnacle [a-z]+( [a-z]+)?[^;,()"`]*' | sed 's/[.:`]*$//' | sort -u >"$dir/texts"
"$BINNACLE" --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' | sort -u >"$dir/nouns"
check there_are_texts yes "$([ "$(wc -l <"$dir/texts")" -gt 200 ] && echo yes)"
check there_are_nouns yes "$([ "$(wc -l <"$dir/nouns")" -gt 20 ] && echo yes)"

# The help of all verbs: "noun verb" and a line of it.
while read -r noun; do
	"$BINNACLE" "$noun" --help 2>/dev/null >"$dir/help"
	verbs=$(sed -n "s/^  $noun \([a-z]*\) .*/\1/p" "$dir/help")
	if [ -n "$verbs" ]; then
		for verb in $verbs; do "$BINNACLE" "$noun" "$verb" --help 2>/dev/null | sed "s/^/$noun $verb\t/"; done
	else
		sed "s/^/$noun -\t/" "$dir/help"
	fi
done <"$dir/nouns" >"$dir/all"

# A word after "binnacle" that is not a noun is prose ("binnacle wrote it").
awk -F'\t' '
	FILENAME == ARGV[1] { noun[$1] = 1; next }
	FILENAME == ARGV[2] {
		split($1, w, " ")
		verbs[w[1]] = verbs[w[1]] " " w[2]; known[$1] = 1
		line = $2
		while (match(line, /--[a-z][a-z-]*/)) {
			option[$1 " " substr(line, RSTART, RLENGTH)] = 1
			line = substr(line, RSTART + RLENGTH)
		}
		next
	}
	{
		split($0, w, " ")
		if (!noun[w[2]] || w[3] ~ /^(is|has|shows|logs|or|in|with|id)$/)
			next
		verb = known[w[2] " -"] ? "-" : w[3]
		if (verb !~ /^(-|[a-z]+)$/ || w[2] " " verb == "queue run") # which is hidden
			next
		if (!known[w[2] " " verb]) { print "no such verb: " $0; next }
		line = $0
		while (match(line, / --[a-z][a-z-]*/)) {
			o = substr(line, RSTART + 1, RLENGTH - 1)
			if (!option[w[2] " " verb " " o]) print "no such option: " o " in " $0
			line = substr(line, RSTART + RLENGTH)
		}
	}' "$dir/nouns" "$dir/all" "$dir/texts" >"$dir/wrong"
check every_command_exists "" "$(cat "$dir/wrong")"
exit "$bad"
