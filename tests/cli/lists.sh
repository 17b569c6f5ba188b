#!/bin/bash
# A list in the workbench agrees with its command line: the command copied by Y, after sorting, choosing columns and
# filtering runs, prints the same values in the same order as the exported list.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 2000 -q >/dev/null || fail generate
"$B" data split jobs -q >/dev/null || fail split
for alpha in 0.1 10 3; do
	"$B" run start --trainer ridge --data jobs.train --target node_power_consumption \
		--features num_nodes_alloc,run_time,partition --set alpha=$alpha \
		--name "ridge-$alpha" --wait -q >/dev/null 2>&1 || fail "run start"
done

# same NAME "KEYS..." "VALUE,VALUE...": opens a list, saves the command of Y and the export, and compares the values.
same() {
	local name=$1 keys=$2 values=$3
	rm -f "$name.json"
	printf '%s\nY\n:save-screen %s\n:export %s.json\n' "$keys" "$name" "$name" >keys
	"$B" workbench --script keys --save-dir "$dir" --size=240x40 --utc || fail "the script of $name"
	local line
	line=$(shown_command "$name.screen")
	[ -n "$line" ] || fail "no command on the screen $name"
	echo "   $line"
	eval "${line/#binnacle/\"\$B\"}" >"$name.out" 2>"$name.err" || fail "$name: $line: $(cat "$name.err")"
	check "$name prints what its list shows" "$(values "$name.json" "$values")" \
		"$(values "$name.out" "$values")"
}

# The values of each row, from the workbench or the command line.
values() {
	python3 - "$1" "$2" <<'END'
import json, sys
doc = json.load(open(sys.argv[1]))
rows = doc["items"] if isinstance(doc, dict) else doc
def get(row, key):
    if key in row:
        return row[key]
    if "values" in row and key in row["values"]:
        return row["values"][key]
    head, _, rest = key.partition(".")
    return get(row[head], rest) if rest and isinstance(row.get(head), dict) else None
for row in rows:
    print(*[float(v) if isinstance(v, (int, float)) or str(v).replace(".", "", 1).isdigit() else v
            for v in (get(row, k) for k in sys.argv[2].split(","))])
print(len(rows), "rows")
END
}

same datasets $'2\n:sort -rows,dataset\n:columns rows,columns,size' \
	name,latest.rows,latest.columns,latest.size_bytes
same filtered $'2\n:sort dataset\n/ "jobs.t" Enter' name,latest.rows
same versions $'2 Enter\n:sort -added' rows,schema_hash
same profile $'2 I\n:sort -distinct,column\n:columns distinct,mean,min' name,distinct,mean
same values $'2 I\n/ "partition" Enter F\n:sort value' value,count,share
same runs $'3\n:sort -metrics.test_rmse,params.alpha' name,metrics.test_rmse,params.alpha
same oldest $'3\n:sort created\n:columns -test_mae' name
same matched $'3\n:sort run\n/ "ridge-1" Enter' name
same people $':people\n:sort name' name,key
same events $'9\n:sort what,-when\n/ "run.created" Enter' kind,entity

expect 2 "a value that is not there" "$B" data ls --sort bogus
says "--sort: no value 'bogus'; there are name, versions, latest.rows"
expect 0 "columns as asked for" "$B" data ls --columns name,latest.parts --sort=-name --tsv
check "columns as asked for" $'name\tlatest.parts\njobs.train\t1\njobs.test\t1\njobs\t1' "$out"
expect 0 "words" "$B" data ls --match 'train 34' --columns name --tsv
check "words" $'name\njobs.train' "$out"
exit $bad
