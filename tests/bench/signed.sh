#!/bin/bash
# The cost of signatures and the chain of authority: 100 000 records of 300 writers, 2 000 of them signed, folded into a
# new index, next to the same records without signatures; a new link, which replays no decision whose standing is
# unchanged; and FLOOD (1 000 000) records with invalid signatures of unknown keys, none of which is verified.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CONFIG_HOME=$dir/config XDG_STATE_HOME=$dir/state BINNACLE_INDEX=$dir/index
unset BINNACLE_HOME
bench=$BUILD/bench/bench_signed
field() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" <<<"$2"; }
line() { printf '{"area":"signed","what":"%s","ours_s":%s,"peer":%s,"peer_s":%s,"note":"%s"}\n' "$@"; }
fold() { # DIR: the best of three
	for _ in 1 2 3; do
		rm -rf "$BINNACLE_INDEX"
		"$bench" fold "$1"
	done | sort -t: -k6 -g | head -1
}
for kind in plain signed; do mkdir "$dir/$kind" && "$bench" make "$dir/$kind" $kind || exit 1; done
mkdir "$dir/flood" && "$bench" make "$dir/flood" signed "${FLOOD:-1000000}" || exit 1
plain=$(fold "$dir/plain") signed=$(fold "$dir/signed")
line "fold, 2 000 of 100 000 records signed" "$(field fold_s "$signed")" '"the same, unsigned"' "$(field fold_s "$plain")" \
	"$(field verified "$signed") signatures verified"
line "a new link after that" "$(field link_s "$signed")" null null "signed, written and folded"
flood=$(FLOOD= "$bench" fold "$dir/flood")
line "the same with ${FLOOD:-1000000} bad signatures of unknown keys" "$(field fold_s "$flood")" null null \
	"$(field verified "$flood") signatures verified"
