#!/bin/bash
# binnacle run chart: text, JSON and SVG of the same points; what is refused, and with which status.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$B" init . >/dev/null 2>&1 || fail init
export LC_ALL=C.UTF-8
train() { # NAME VALUES...
	local name=$1 step=0 lines="" v
	shift
	for v in "$@"; do
		lines+="\"$B\" log metric loss=$v $([ "$step" = 2 ] || echo "system/gpu0/power=$step system/gpu1/power=9") --step $step &&"
		step=$((step + 1))
	done
	"$B" run start --wait --name "$name" -q -- sh -c "$lines true" >/dev/null 2>err || cat err
}
train one 5 4 nan 2
train 'two <b>&' 6 5 4 3
train two 7 6 5

expect 0 text "$B" run chart one --metric loss
says '1 gap'
says one
expect 0 ascii "$B" run chart one two --metric loss --ascii
check ascii_is_ascii 0 "$(LC_ALL=C grep -c '[^ -~]' said)"
expect 0 json "$B" run chart one --metric loss --json
check points '[5,4,null,2]' "$(tr -d ' \n' <said | sed 's/"nan"/null/' | grep -o '"y":\[[^]]*\]' | sed 's/"y"://; s/\.0\b//g')"
check gaps 1 "$(grep -c '"gaps": 1' said)"
expect 0 the_main_metric "$B" run chart one --json
says '"title": "loss"'
expect 0 rows_of_devices "$B" run chart one --metric 'system/gpu*/power'
says gpu1
expect 0 by_words "$B" run chart one two --match gpu --json
says '"kind": "rows"'

expect 0 picture "$B" run chart one 'two <b>&' --metric loss --metric 'system/gpu*/power' --smooth 0.5 --log --out c.svg
grep -q 'two &lt;b&gt;&amp;' c.svg || fail "a name is not escaped"
grep -q '<b>' c.svg && fail "a name adds markup"
if command -v xmllint >/dev/null; then
	check well_formed '' "$(xmllint --noout c.svg 2>&1)"
else
	echo "SKIP: xmllint is not installed: the picture is not parsed by another program"
fi
expect 6 existing "$B" run chart one --metric loss --out c.svg
says '--force replaces it'
expect 0 replaced "$B" run chart one --metric loss --out c.svg --force
expect 2 other_form "$B" run chart one --metric loss --out c.png
says 'does not end with .svg'
expect 3 no_directory "$B" run chart one --metric loss --out none/c.svg
expect 3 no_metric "$B" run chart one --metric lass
says "did you mean 'loss'?"
expect 3 no_words "$B" run chart one --match zzz
expect 3 no_run "$B" run chart nobody
expect 2 axis "$B" run chart one --x week
says 'step, relative, time or epoch'
expect 2 half_a_part "$B" run chart one --from 3
says '--from and --to belong together'
expect 2 no_part "$B" run chart one --from 3 --to 3
says 'not below'
expect 2 weight "$B" run chart one --smooth 1
expect 2 both "$B" run chart one --metric loss --match loss
expect 0 part "$B" run chart one --metric loss --from 0 --to 1 --json
check part_points '[5,4]' "$(tr -d ' \n' <said | grep -o '"y":\[[^]]*\]' | sed 's/"y"://; s/\.0\b//g')"
"$B" run start --wait --name silent -q -- true >/dev/null 2>&1
expect 3 nothing_logged "$B" run chart silent
exit $bad
