#!/bin/bash
# The registry on the command line: a model from its run to champion, what is refused and with which
# exit status, and what verification reports after files were changed.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1

"$B" init >/dev/null || fail init
"$B" data generate jobs --rows 600 -q >/dev/null || fail generate
"$B" run start --trainer ridge --data jobs --target node_power_consumption --name first --wait -q >/dev/null ||
	fail "run start"

expect 0 "an empty registry says what to do" "$B" model ls
says "binnacle model register"
expect 2 "register wants a name" "$B" model register first
expect 3 "an unknown run" "$B" model register nothing-like-it --name power
expect 0 "dry run of register" "$B" model register first --name power --dry-run
expect 0 "dry run changed nothing" "$B" model ls --json
says '"count": 0'
expect 0 "register" "$B" model register first --name power --json
says '"spec": "power/1"'
expect 3 "unknown model gets the nearest" "$B" model show pwoer
says "did you mean 'power'"
expect 6 "no decision without a request" "$B" model reject power/1 --reason no
expect 0 "request" "$B" model request power/1 --reason "better"
expect 4 "an author may not approve their own" "$B" model approve power/1
says "an author may not approve their own"
expect 2 "a rejection needs a reason" "$B" model reject power/1

cat >policy.json <<'END'
{"self_approval": true, "gates": [
  {"name": "error", "metric": "rmse", "op": "<=", "threshold": 0.001, "by": "author"},
  {"check": "data"}, {"check": "signature"}, {"check": "reproducible", "severity": "warn", "by": "author"}]}
END
echo '{"gates": [{"metric": "rmse", "op": "=<", "threshold": 1}]}' >bad.json
expect 2 "a bad policy names the field" "$B" policy check bad.json
says "gates[0].op"
expect 1 "policy check evaluates the gates" "$B" policy check policy.json --model power/1
expect 0 "policy set" "$B" policy set policy.json --reason "test"
expect 4 "a failing gate blocks" "$B" model approve power/1
says "gate 'error' is fail"
sed -i 's/0.001/100000/' policy.json
expect 0 "policy set again" "$B" policy set policy.json
expect 4 "champion is for approved versions" "$B" model alias power/1 champion
expect 0 "attest" "$B" model attest power/1 reproducible pass --detail bit-identical
expect 0 "inbox" "$B" model ls --inbox --json
says '"can_approve": true'
expect 0 "approve" "$B" model approve power/1 --reason "fine" --json
says '"state": "approved"'
expect 6 "a second decision is a conflict" "$B" model approve power/1
expect 0 "alias" "$B" model alias power/1 champion
expect 0 "resolves" "$B" model show power@champion --json
says '"spec": "power/1"'
expect 4 "a version with an alias stays" "$B" model rm power/1 --yes
expect 0 "lineage" "$B" model lineage power@champion
says "jobs@v1"
expect 0 "card" "$B" model card power/1
says "approved by"
expect 0 "export" "$B" model export power/1 out --json
says '"dir": "out"'
[ -s out/MLmodel ] && [ -s out/model.safetensors ] || fail "export left files out"
grep -q 'loader_module: binnacle_model' out/MLmodel && cmp -s out/code/binnacle_model.py "$root/share/embed/binnacle_model.py" ||
	fail "export has no loader for Python"
digest=$("$B" model show power/1 --json | sed -n 's/.*"digest": "\(.*\)".*/\1/p')
grep -q "sha256:${digest#sha256:}" out/MLmodel || fail "the exported MLmodel does not name the digest $digest"
expect 4 "the last admin stays" "$B" role revoke "$(id -un)" admin
expect 0 "refused acts are in the audit log" "$B" audit log --outcome refused --json
says '"count": 4'
expect 0 "model verify" "$B" model verify power/1
expect 0 "audit verify" "$B" audit verify
expect 0 "audit verify as JSON" "$B" audit verify --json
says '"faults": 0'

expect 0 "my key" "$B" user key --json
chmod 640 "$XDG_CONFIG_HOME/binnacle/identity.pem"
expect 4 "a key that others may read is refused" "$B" model alias power/1 canary
says "chmod 600"
chmod 600 "$XDG_CONFIG_HOME/binnacle/identity.pem"

hash=$(sha256sum out/model.safetensors | cut -d' ' -f1)
object=.binnacle/objects/${hash:0:2}/${hash:2}
chmod u+w "$object" && printf 'x' | dd of="$object" bs=1 seek=100 conv=notrunc status=none
expect 1 "model verify finds the altered file" "$B" model verify power/1
says "model.safetensors"
expect 1 "audit verify finds it too" "$B" audit verify
says "${hash:2}"
expect 5 "export does not hand it out" "$B" model export power/1 out2
[ ! -e out2 ] || fail "a damaged model was exported"
echo "ok nothing was left behind"
knows_its_fields
