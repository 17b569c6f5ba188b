#!/bin/bash
# The prompt of the workbench with the real program: ~/ completes from the home directory and stays ~/, and a line that
# is refused stays open with its error.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
mkdir -p home/results home/other || exit 2
export HOME=$dir/home
"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 200 -q >/dev/null || fail generate

# script KEYS WANTED: plays the keys; the last screen has the text.
script() {
	printf '%s\n:save-screen last\n' "$1" >keys
	"$B" workbench --script keys --save-dir "$dir" --size=100x30 --utc || fail "the script $1"
	grep -qF -- "$2" last.screen && echo "ok $2" || fail "$1: no '$2': $(cat last.screen)"
}

script '2 Enter Enter e "~/res" Tab' ':export ~/results/'
script '2 Enter Enter e "~/results/a.csv" Enter' 'export'
[ -s home/results/a.csv ] && echo "ok the file is in the home directory" || fail "no home/results/a.csv"
script '2 Enter Enter w "nothing = 1" Enter' ':where nothing = 1'
grep -q "no column 'nothing'" last.screen && echo "ok and why" || fail "no reason: $(cat last.screen)"
script '2 Enter Enter e "a.xlsx" Enter' ':export a.xlsx'
script '3 : "sort bogus" Enter' ':sort bogus'
exit $bad
