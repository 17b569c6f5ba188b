#!/bin/bash
# Experiments: names and ids, what follows a new name, the trash, and what is refused.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$B" init -q >/dev/null || fail init
is() { # NAME GOT WANT
	check "$1" "$3" "$2"
}
field() { # FIELD of the only object on stdin
	sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" | head -1
}
runs() { # names of the runs of an experiment
	"$B" run ls --experiment "$1" --json | sed -n 's/^ *"name": "\(.*\)",*/\1/p' | sort | tr '\n' ' '
}

"$B" experiment create power --note 'job power' -q || fail "experiment create"
id=$("$B" experiment show power --json | field id)
is "an id as MLflow has them" "${#id}" 18
"$B" run start --experiment power --name first --wait -q -- true >/dev/null 2>&1 || fail "run start"
"$B" experiment rename power 'job power' || fail "experiment rename"
is "a run goes with its experiment" "$(runs 'job power')" "first "
is "the id stays" "$("$B" experiment show 'job power' --json | field id)" "$id"
is "an id names it, too" "$("$B" experiment show "$id" --json | field name)" "job power"
"$B" run start --experiment 'job power' --name second --wait -q -- true >/dev/null 2>&1 || fail "run start"
is "a new run by the new name" "$(runs 'job power')" "first second "

# The old name is free: a new experiment, which takes nothing from the renamed one.
"$B" run start --experiment power --name third --wait -q -- true >/dev/null 2>&1 || fail "run start"
"$B" run start --experiment power --name fourth --wait -q -- true >/dev/null 2>&1 || fail "run start"
is "the old name used again" "$(runs power)" "fourth third "
is "the renamed one is as it was" "$(runs 'job power')" "first second "
before=$("$B" experiment ls --all --json)
"$B" index rebuild -q >/dev/null || fail "index rebuild"
is "a new index says the same" "$("$B" experiment ls --all --json)" "$before"

status() { # EXPECTED COMMAND...
	local want=$1
	shift
	"$B" "$@" >out 2>err
	is "exit status of $*" $? "$want"
}
status 3 experiment show nothing
status 6 experiment create power
status 6 experiment rename power 'job power'
status 0 experiment rename power power
status 2 experiment create ''
status 2 experiment create "$(printf 'x%.0s' {1..600})"
status 2 experiment tag power novalue
status 2 run start --experiment '' -- true
status 0 experiment tag power team=energy 'of a kind=x'
is "tags" "$("$B" experiment show power --json | tr -d ' \n' | grep -o '"tags":{[^}]*}')" \
	'"tags":{"ofakind":"x","team":"energy"}'
status 0 experiment tag power team --remove
"$B" experiment show power --json | grep -q energy && fail "a tag that was removed is there"

status 4 experiment rm power </dev/null
status 0 experiment rm power --dry-run --yes
is "a dry run removes nothing" "$(runs power)" "fourth third "
status 0 experiment rm power --yes
is "its runs are in the trash" "$("$B" run ls --removed --json | grep -c '"id"')" 2
is "it is not listed" "$("$B" experiment ls --json | grep -c '"name": "power"')" 0
is "it is in the trash" "$("$B" experiment ls --removed --json | grep -c '"name": "power"')" 1
status 6 experiment rm power --yes
status 6 experiment create power
grep -q "experiment restore" err || fail "no way back is named: $(cat err)"
status 0 experiment restore power
is "restored with its runs" "$(runs power)" "fourth third "
status 6 experiment restore power
exit $bad
