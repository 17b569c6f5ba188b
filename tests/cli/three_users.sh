#!/bin/bash
# The walkthrough in docs/governance.md with three accounts, one group and a directory: each command line of the page is
# run by the user that it names, and prints what the page shows below it, with the exit status of the page. Numbers,
# keys, dates and ids may differ.
set -u
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo "SKIP: three users: only root can be three accounts (with setpriv)"
	exit 0
fi
TMPDIR=/tmp
. tests/support/shell.sh || exit 2
chmod 755 "$dir"
group=$(getent group users games nogroup | head -n 1)
[ -n "$group" ] || fail "no group to share with"
gid=$(cut -d: -f3 <<<"$group") group=${group%%:*}
declare -A uid=([ann]=64101 [ben]=64102 [eva]=64103) # accounts without a name: they are called uid-64101
mkdir "$dir/bin" "$dir/team" && cp "$BINNACLE" "$dir/bin/binnacle" || fail "a copy of the program"
for who in ann ben eva; do
	mkdir -m 700 "$dir/$who" && chown "${uid[$who]}:$gid" "$dir/$who"
done
chown "${uid[ann]}:$gid" "$dir/team"
serving=
at_end() { [ -z "$serving" ] || kill "$serving" 2>/dev/null; }

# as WHO LINE: runs a line of shell as that account, in the shared directory.
as() {
	cd "$dir/team" && exec env -i HOME="$dir/$1" PATH="$dir/bin:/usr/bin:/bin" LANG=C.UTF-8 \
		setpriv --reuid "${uid[$1]}" --regid "$gid" --clear-groups bash -c "$2"
}
ask() { (as "$@") 2>/dev/null; }

named() { sed "s/uid-${uid[ann]}/ann/g; s/uid-${uid[ben]}/ben/g; s/uid-${uid[eva]}/eva/g"; }
numbered() {
	sed "s/\bann\b/uid-${uid[ann]}/g; s/\bben\b/uid-${uid[ben]}/g; s/\beva\b/uid-${uid[eva]}/g; s/\bhpcteam\b/$group/g"
}
# Replaces what may differ from the page by fixed words.
plain() {
	named | sed -E 's/ed25519:[0-9a-f]{16}/KEY/g; s/bn1:[0-9a-f]+\.[0-9]+\.[0-9a-f]+/INVITATION/g
		s/-?[0-9]+\.[0-9]+/NUMBER/g; s/[[:space:]]+/ /g; s/^ //'
}

# The segments in eva's log.
segments() { [ ! -d "$dir/team/.binnacle/log" ] || (cd "$dir/team/.binnacle/log" && find . -name '*.seg' -path "./*${uid[eva]}*" | sort); }
hide_new() { # all except those in the list
	mkdir -p "$dir/hidden"
	segments | grep -vxF "$1" >"$dir/hidden/list"
	[ -s "$dir/hidden/list" ] || fail "there is nothing to hide"
	while read -r s; do mv "$dir/team/.binnacle/log/$s" "$dir/hidden/$(basename "$s")"; done <"$dir/hidden/list"
}
bring_back() {
	while read -r s; do mv "$dir/hidden/$(basename "$s")" "$dir/team/.binnacle/log/$s"; done <"$dir/hidden/list"
}

begin() { # LINE: "ben$ binnacle run ls"
	who=${1%%\$*} line=${1#*\$ } want=0 shown=()
}
finish() { # runs the last line, and compares its output with the page
	[ -n "$line" ] || return 0
	local command got before text
	command=$(numbered <<<"$line")
	command=${command//INVITATION/$invitation}
	[[ $command != *NEW-KEY* ]] ||
		command=${command//NEW-KEY/$(ask eva 'binnacle user key' | sed -n 's/^Fingerprint *//p')}
	command=${command//OLD-KEY/$old_key}
	before=$(segments)
	if [[ $command == *' &' ]]; then
		command=${command% &}
		(as "$who" "${command/binnacle /exec binnacle }") >"$dir/served" 2>&1 &
		serving=$!
		for _ in $(seq 600); do grep -q '^Serving at' "$dir/served" && break; sleep 0.1; done
		text=$(cat "$dir/served") got=0
	else
		text=$( (as "$who" "$command") 2>&1)
		got=$?
	fi
	[ "$got" = "$want" ] || fail "$who: $line: exit $got, the page says $want :: $text"
	text=$(plain <<<"$text")
	for s in "${shown[@]}"; do
		grep -qF -- "$(plain <<<"$s")" <<<"$text" || fail "$who: $line: the page says '$s' :: $text"
	done
	echo "ok $who: $line"
	case $line in
	*' init '*) invitation=$(ask ann 'binnacle trust show' | sed -n 's/^ *invitation *//p') ;;
	*'mv ~/.config'*) old_key=$(ask ann 'binnacle user ls --json' |
		grep -B4 "\"name\": \"uid-${uid[eva]}\"" | grep -m 1 -o 'ed25519:[0-9a-f]*') ;;
	esac
	if [ "$hide" = 1 ]; then
		hide_new "$before"
		hide=0
	fi
	line=
}

line='' invitation='' old_key='' hide=0 count=0
while IFS= read -r l; do
	case $l in
	'ann$ '* | 'ben$ '* | 'eva$ '*)
		finish
		begin "$l"
		count=$((count + 1))
		;;
	'# what comes next has not reached'*)
		finish
		hide=1
		;;
	'# now it has'*)
		finish
		bring_back
		;;
	'(end)') finish ;;
	'[exit '*) want=${l//[!0-9]/} ;;
	*) [ -z "$line" ] || shown+=("$l") ;;
	esac
done < <(awk '/^## /{ on = $0 == "## Walkthrough" } /^```/{ block = !block; if (on) print "(end)"; next } on && block' docs/governance.md)
finish
[ "$count" -ge 40 ] || fail "the page has $count commands of its walk"
for who in ann ben eva; do
	[ "$who" = ben ] || ask "$who" 'binnacle model verify power@champion' >/dev/null || fail "$who does not verify the champion"
done
[ -s "$dir/ben/answers.csv" ] || fail "the server gave no answers"
echo "ok the champion is proven for those who are still there, and was served"

# An account of the group that was not admitted names a manifest and removes it: gc works and reports that.
uid[mal]=64104
mkdir -m 700 "$dir/mal" && chown "${uid[mal]}:$gid" "$dir/mal"
(as mal 'printf "a,b\n1,2\n" >$HOME/in.csv; binnacle data add junk $HOME/in.csv -q') >/dev/null 2>&1 || fail "mal adds nothing"
manifest() { ask "$1" "binnacle data show $2 --json" | sed -n 's/^ *"hash": "\(..\)\(.*\)",*/.binnacle\/objects\/\1\/\2/p'; }
take=$(manifest mal junk)
(as mal "chmod u+w $take; rm $take") || fail "mal removes nothing: $take"
expect 0 "gc goes on where a stranger hides what he names" as ann 'binnacle gc --dry-run'
says "is not here: what it names is not known, ignored"
says "of writers who were not admitted name it (log/uid-${uid[mal]}"
expect 0 "and when it removes" as ann 'binnacle gc --older-than 0s -y'
take=$(manifest ann jobs)
[ -n "$take" ] && mv "$dir/team/$take" "$dir/away" || fail "jobs has no manifest"
expect 7 "and not where a member does" as ann 'binnacle gc --dry-run'
says "is not here: what it names is not known"
mv "$dir/away" "$dir/team/$take"
echo "ok a manifest that a stranger names and hides stops nobody's gc"
exit $bad
