#!/bin/bash
# If a full disk cuts off the output, the exit status is 5, for every verb of the table and every format, whatever the
# verb's own status is. A verb that prints nothing on stdout must succeed.
set -u
. tests/support/shell.sh || exit 2
[ -e /dev/full ] || { echo "SKIP: results on a full disk: there is no /dev/full"; exit 0; }
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
export B XDG_CACHE_HOME=$dir/cache
b() { "$B" "$@" >"$dir/made" 2>&1 || fail "$*: $(cat "$dir/made")"; }
b init
b data generate jobs --rows 300
b data export jobs rows.csv
b data infer jobs
"$B" data infer jobs >suite.json 2>/dev/null
b run start --trainer ridge --data jobs --target node_power_consumption --name fit --wait
b model register fit --name power
echo '{"self_approval": true}' >policy.json
b policy set policy.json --reason x --yes
b model request power/1 --reason x
b run start --name other2 --wait -- sh -c 'seq 1 5'
"$B" user key --pem >key.pem 2>/dev/null || "$B" user key >key.txt 2>/dev/null

declare -A seen
cut=0 silent=0 nothing=
# full VERB... -- ARGS: runs the verb with its output on a full device; PREPARE runs before each format
PREPARE=:
full() {
	local verb=$1 format printed status
	shift
	seen[$verb]=1
	for format in "" --json --tsv; do
		eval "$PREPARE" >/dev/null 2>&1
		"$B" $verb "$@" $format >printed 2>"$dir/err" </dev/null
		status=$?
		printed=$(wc -c <printed)
		case $status in 0 | 1 | 7) ;; *) fail "$verb $* $format: exit $status: $(cat "$dir/err")" ;; esac
		eval "$PREPARE" >/dev/null 2>&1
		"$B" $verb "$@" $format >/dev/full 2>"$dir/err" </dev/null
		status=$?
		if [ "$printed" = 0 ]; then
			[ "$format" != --json ] || fail "$verb --json answers nothing"
			silent=$((silent + 1)) nothing+="$verb $format; "
			[ $status != 5 ] || fail "$verb $format prints nothing and fails: $(cat "$dir/err")"
			continue
		fi
		cut=$((cut + 1))
		[ $status = 5 ] || { echo "FAIL: $verb $* $format: exit $status, expected 5: $(cat "$dir/err")"; bad=1; continue; }
		grep -q "cannot write the result" "$dir/err" || { echo "FAIL: $verb $format says $(cat "$dir/err")"; bad=1; }
	done
	echo "ok $verb"
}
same() { full "$1" "${@:2}"; }
each() { # PREPARE VERB ARGS...: for verbs that change the workspace, restores what they need
	PREPARE=$1
	full "${@:2}"
	PREPARE=:
}
n=0
fresh='n=$((n + 1))'

each "$fresh; rm -rf new; mkdir new" init new
full doctor
full help
full "tour --list"
full completion bash
full "data ls"
full "data show" jobs
full "data describe" jobs
full "data freq" jobs job_state
each '"$B" data generate later --rows 200 --seed 3 -q' "data diff" jobs later
each '"$B" data generate later --rows 200 --seed 3 -q' "data leaks" jobs later
full "data balance" jobs job_state
each : "data sample" some jobs --rows 50
full "data check" jobs --suite suite.json
full "data infer" jobs
each : "suite add" jobs suite.json --name limits
"$B" data infer jobs --tfdv >schema.pbtxt 2>/dev/null
full "data anomalies" jobs schema.pbtxt
full "data gaps" jobs --time submit_time --every 1h
full "suite ls"
full "suite show" jobs limits
"$B" data check jobs -q >/dev/null 2>&1
full "suite history" jobs
each '"$B" suite add jobs suite.json --name gone -q' "suite rm" jobs gone
full "data head" jobs
full "data export" jobs
each '"$B" data rm added -y -q' "data add" added rows.csv
each '"$B" data rm generated -y -q' "data generate" generated --rows 100
each '"$B" data add growing rows.csv -q' "data append" growing rows.csv
each : "data split" jobs --parts a=0.5,b=0.5
each : "data transform" wider jobs --column twice=2*time_limit
each : "data tag" jobs k=v
full "data protect"
full "data protect" jobs
full "data forget" jobs --where "time_limit > 0" --dry-run
each '"$B" data add gone rows.csv -q' "data rm" gone -y
each '"$B" data rm gone -y -q' "data restore" gone
mkdir -p tracked/.dvc && cp rows.csv tracked/t.csv
printf '[core]\nremote = r\n[%s]\nurl = %s/store\n' "'remote \"r\"'" "$dir" >tracked/.dvc/config
each : "dvc add" tracked/t.csv
full "dvc status" tracked
each 'rm -rf "$dir/store"' "dvc push" tracked
full "dvc pull" tracked
mkdir -p place
"$B" remote add place "$PWD/place" -q
full "remote ls"
full "remote test"
each '"$B" remote rm other -q' "remote add" other "$PWD/place"
each '"$B" remote add other "$PWD/place" -q' "remote rm" other
full "data push" jobs --remote place
full "data status" --remote place
full "data fetch" jobs --remote place
full "data pull" jobs --remote place
full "run ls"
full "run show" fit
full "run log" other2
full "run watch" other2
full "run compare" fit other2
full "run chart" fit
full "run artifacts" fit
each 'rm -rf runs.out' "run export" fit --to runs.out
full "run import" runs.out
full "run sync" runs.out
full "run reproduce" fit
each : "run start" --wait -- true
each '"$B" run start --name stops -q -- sleep 60; stops=$("$B" run ls --tsv | sed -n 2p | cut -f1)' "run stop" latest
each : "run tag" fit k=v
each : "run note" fit words
each '"$B" run start --wait --name away -q -- true' "run rm" latest -y
each '"$B" run rm other2 -y -q' "run restore" other2
full "experiment ls"
each '"$B" experiment create one -q; "$B" experiment restore one -q' "experiment show" one
each : "experiment note" one words
each : "experiment tag" one k=v
each '"$B" experiment rename uno one -q' "experiment rename" one uno
each '"$B" experiment rename uno one -q' "experiment rename" one one
each '"$B" experiment restore one -q' "experiment rm" one -y
each '"$B" experiment rm one -y -q' "experiment restore" one
each 'name=e$RANDOM$RANDOM; "$B" experiment rename late $name -q' "experiment create" late
full "queue ls"
full "queue show"
full "queue pause"
full "queue resume"
full "queue set" --cores 1
full "model ls"
full "model show" power/1
full "model lineage" power/1
full "model verify" power/1
full "model card" power/1
each 'rm -rf out' "model export" power/1 out
each : "model attest" power/1 bias pass
each : "model tag" power/1 k v
each '"$B" run start --again fit --wait -q; "$B" model register latest --name many -q' "model request" many --reason x
each '"$B" model register fit --name two -q' "model ls" two
each 'rm -rf image' package power/1 --unapproved --out image
full "package ls"
full predict fit rows.csv
full "endpoint ls"
full "monitor ls"
full "monitor targets" --file-sd -
full "monitor export" --textfile -
full "user ls"
full "user key"
full "role ls"
full "bot ls"
full "policy show"
full "policy check" policy.json
full "trust show"
full "trust log"
full "audit late"
full "audit log"
full "audit verify"
full "index status"
full "index rebuild"
full "cache status"
each : "cache clear" -y
full gc --dry-run
[ $cut -ge 130 ] || fail "only $cut results were cut"
echo "NOTE: $cut results were cut; nothing to cut: $nothing"

# Also the output of --help and --version.
for words in --version --help "help data" "data add --help" "help --man"; do
	"$B" $words >/dev/full 2>"$dir/err"
	[ $? = 5 ] || { echo "FAIL: $words: $(cat "$dir/err")"; bad=1; }
done
# Verbs that are not tested here; a new verb must be added here or above.
left="workbench upgrade demo serve server
package push|package pull|ci init|ci gitlab|ci github|ci jenkins|ci check|model push|model pull|ci note|ci status|ci baseline
run resume|
log metric|log param|log tag|log artifact|model register|model check|model approve|model reject|model alias|model rm
endpoint show|monitor report|monitor show|user request|user accept|user remove|user revoke|role grant|role revoke
workspace export|workspace import|monitor skew|model fetch|model status
bot add|bot end|policy set|trust accept|trust forget|trust restore|trust sign|doctor fs"
for noun in $("$B" help | sed -n '/^  [a-z]/s/^  \([a-z]*\) .*/\1/p'); do
	while IFS= read -r verb; do
		[ -n "${seen[$verb]:-}" ] && continue
		case "|$(tr '\n ' '||' <<<"$left")|$(tr '\n' '|' <<<"$left")" in
		*"|$verb|"*) ;;
		*) echo "FAIL: '$verb' is neither tried nor named"; bad=1 ;;
		esac
	done < <("$B" help "$noun" 2>/dev/null | sed -n "s/^  \($noun [a-z]*\) .*/\1/p" | sort -u)
done
exit $bad
