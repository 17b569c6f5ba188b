#!/bin/bash
# The founder's key is lost: the recovery key of `init --recovery` admits an admin and removes the founder; another key
# cannot do either, and afterwards the new admin works without it.
set -u
. tests/support/shell.sh || exit 2
own=$XDG_CONFIG_HOME cold=$dir/cold
mkdir -p "$cold" "$dir/ws" && chmod 700 "$cold" && cd "$dir/ws" || exit 2
with_recovery() { BINNACLE_KEY=$cold/recovery.pem "$B" "$@"; }
links() { "$B" trust log --json | grep -c '"state": "holds"'; }

expect 0 "init makes a recovery key" "$B" init --name ann --recovery "$cold/recovery.pem"
says "the recovery key is"
check "the recovery key has signed link 1" 2 "$(links)"

"$B" init --recovery "$dir/second.pem" >"$dir/out" 2>&1 && fail "init twice"
[ ! -e "$dir/second.pem" ] || fail "a recovery key was left of a workspace that was not made"
mv "$own/binnacle/identity.pem" "$dir/lost.pem"
expect 0 "a new key asks" "$B" user request --name ann-2
key=$("$B" user key | sed -n 's/^Fingerprint *//p')
expect 4 "a key that is nobody's admits nobody" "$B" user accept "$key" --role admin
says "is not admitted to this workspace"
expect 0 "the recovery key admits an admin alone" with_recovery user accept "$key" --role admin
says "admitted ann-2 with key $key"
expect 0 "it removes the founder, who is senior to the new admin" with_recovery user remove ann --yes
says "ann is no longer a member"
check "both links hold" 4 "$(links)"
expect 0 "the new admin goes on alone" "$B" role grant ann-2 reviewer
says "ann-2 has now role reviewer"
expect 0 "a dataset" "$B" data generate x --rows 10
expect 4 "the recovery key is nobody who may tag" with_recovery data tag x key=value
exit $bad
