#!/bin/bash
# How a command finds its data, and errors for datasets whose variables would clash.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
for rows in 3 4; do
	seq $rows | sed '1i n' >small.csv
	"$BINNACLE" data add small small.csv >/dev/null 2>&1
done
"$BINNACLE" data add Small.x small.csv >/dev/null 2>&1

env_of() {
	if "$BINNACLE" run start -q --wait "$@" -- sh -c 'env | grep ^BINNACLE_DATA | sort' >/dev/null 2>err; then
		"$BINNACLE" run log latest
	else
		sed 's/^  *//' err
	fi
}
names_of() { env_of "$@" | sed -n 's/^\(BINNACLE_DATA[A-Z0-9_]*\)=.*/\1/p' | tr '\n' ' '; }

check plain "BINNACLE_DATA BINNACLE_DATA_SMALL " "$(names_of --data small@v1)"
check none "BINNACLE_DATA={}" "$(env_of)"
check inherited "BINNACLE_DATA={}" "$(BINNACLE_DATA_OTHER=x BINNACLE_DATA_SMALL=y env_of)"
check named "BINNACLE_DATA BINNACLE_DATA_HELD BINNACLE_DATA_SMALL " \
	"$(names_of --data small@v1 --data held=small@v2:test)"
check punctuation "BINNACLE_DATA BINNACLE_DATA_SMALL BINNACLE_DATA_SMALL_X " \
	"$(names_of --data small --data Small.x)"
check collision "binnacle: data: small@v1 and small@v2:test would both be BINNACLE_DATA_SMALL
hint: give one of them a name: --data NAME=small@v2:test" \
	"$(env_of --data small@v1 --data small@v2:test)"
check named_alike "binnacle: data: small@v1 and SMALL=Small.x@v1 would both be BINNACLE_DATA_SMALL
hint: give one of them a name: --data NAME=Small.x@v1" \
	"$(env_of --data small@v1 --data SMALL=Small.x)"
check bad_name 1 "$(env_of --data a-b=small | grep -c "'a-b' must be letters")"
check for_commands 1 "$("$BINNACLE" run start --trainer ridge --data a=small --target n 2>&1 |
	grep -c "'as' is for commands")"

# shellcheck disable=SC2016 # the command expands them
# The variables lead to different tables, and the JSON says the same.
"$BINNACLE" run start -q --wait --data small@v1 --data held=small@v2:test -- sh -c '
	cmp -s "$BINNACLE_DATA_SMALL" "$BINNACLE_DATA_HELD" || echo different
	[ -s "$BINNACLE_DATA_SMALL" ] && [ -s "$BINNACLE_DATA_HELD" ] && echo there
	echo "$BINNACLE_DATA" | grep -cF "\"$BINNACLE_DATA_HELD\""
	echo "$BINNACLE_DATA" | grep -o "\"part\":\"[a-z]*\""' >/dev/null
check tables 'different
there
1
"part":"test"
"part":"train"' "$("$BINNACLE" run log latest)"
check again 'different
there
1
"part":"test"
"part":"train"' "$("$BINNACLE" run start -q --wait --again latest >/dev/null && "$BINNACLE" run log latest)"
check both_versions 2 "$("$BINNACLE" run start --dry-run --data small@v1 --data held=small@v2:test -- true |
	grep -c '"digest"')"

exit $bad
