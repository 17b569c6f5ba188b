#!/bin/bash
# What telemetry lacks, node by node; how columns change between versions, and whether they may; ranges between quantiles.
# Expected results were counted by hand.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
"$B" init . >/dev/null 2>&1 || fail init
suite() { printf '{"name":"s","expectations":[{"type":"%s","kwargs":%s}]}' "$1" "$2" >s.json; }
ask() { suite "$2" "$3"; "$B" data check "$1" --suite s.json --tsv 2>"$dir/err" | sed 1d | cut -f1,4 | tr '\t' ' '; }
rows() { "$B" "$@" --tsv 2>"$dir/err" | sed 1d | tr '\t' ' '; }

# ---- gaps -----------------------------------------------------------------------------------------------------
# every minute for ten minutes; n2 begins 20 s later, lacks minutes 3 to 5 and has one twice; n3 ends at minute 6
at() { printf '2024-01-01T00:%02d:%02d,%s\n' "$1" "$2" "$3"; }
{
	echo t,node
	for m in 0 1 2 3 4 5 6 7 8 9; do
		at $m 0 n1
		case $m in 3 | 4 | 5) ;; *) at $m 20 n2 ;; esac
		[ $m -gt 6 ] || at $m 0 n3
	done
	at 9 20 n2
} >power.csv
"$B" data add power power.csv -q >/dev/null 2>&1
gaps() { rows data gaps "$1" --time t --key node --every 60s "${@:2}" | cut -d' ' -f1,4- ; }
check by_node 'n1 10 0 0.0 60000000000 0
n2 7 3 0.3 240000000000 1
n3 7 3 0.3 200000000000 0' "$(gaps power)"
check said '6 of 30 instants are missing, in 2 gaps' "$(grep -o '6 of 30.*' "$dir/err")"
check own_span 'n3 7 0 0.0 60000000000 0' "$(gaps power --own-span | tail -1)"
check listed 'n2 2024-01-01T00:02:20Z 2024-01-01T00:06:20Z 3 240000000000
n3 2024-01-01T00:06:00Z 2024-01-01T00:09:20Z 3 200000000000' "$(rows data gaps power --time t --key node --every 60s --gaps)"
check without_key '10 0' "$(rows data gaps power --time t --every 60s --where "node = 'n1'" | cut -d' ' -f4,5)"
{ head -1 power.csv; sed 1d power.csv | sort -r; } >shuffled.csv
"$B" data add shuffled shuffled.csv -q >/dev/null 2>&1
check any_order "$(gaps power | sort)" "$(gaps shuffled | sort)"
check late_is_in_time 'n2 7 3' "$(gaps power --tolerance 2.9 | sed -n 2p | cut -d' ' -f1-3)"
check later_too 'n2 7 0' "$(gaps power --tolerance 3 | sed -n 2p | cut -d' ' -f1-3)"
expect 2 no_interval "$B" data gaps power --time t
says '--every TIME are needed'
expect 2 no_times "$B" data gaps power --time node --every 1s
says "column 'node' is category; this needs times"
expect 3 no_column "$B" data gaps power --time tt --every 1s
complete=expect_column_times_to_be_complete recent=expect_column_times_to_be_recent
check incomplete 'FAIL 6 of 30 instants missing: {"key":"n2","after":"2024-01-01T00:02:20Z","before":"2024-01-01T00:06:20Z","missing":3}' \
	"$(ask power $complete '{"column":"t","key":"node","interval":"60s"}')"
check mostly pass "$(ask power $complete '{"column":"t","key":"node","interval":"1m","mostly":0.8}' | cut -c1-4)"
check no_duration 'ERROR' "$(ask power $complete '{"column":"t","interval":"soon"}' | cut -c1-5)"
check too_old 'FAIL 3 of 3 too old: {"key":"n1","latest":"2024-01-01T00:09:00Z"}' "$(ask power $recent '{"column":"t","key":"node","max_age":"1h"}')"
check young_enough 'pass 0 of 1 too old' "$(ask power $recent '{"column":"t","max_age":"36500d"}')"

# ---- schemas --------------------------------------------------------------------------------------------------
printf 'i,f,d,c,k,g\n1,1.5,1.25,a,x,1\n2,2.5,2.25,b,y,2\n1,2.5,2.25,a,y,2\n' >v1.csv
printf 'i,f,d,c,k,n\n1,1.5,1.255,a,x,7\n2,2.5,2.25,z,y,7\n1,2.5,2.25,a,y,7\n' >v2.csv
"$B" data add t v1.csv --type i=int32 --type f=float32 --type 'd=decimal(5,2)' --type k=string -q >/dev/null 2>&1
"$B" data add t v2.csv --retype --type i=float64 --type f=float64 --type 'd=decimal(6,3)' --type k=string -q >/dev/null 2>&1
diff_of() { "$B" data diff t@v1 t@v2 --json "$@" 2>"$dir/err" | tr -d '\n ' | sed 's/},{/}\n{/g' |
	sed -E 's/.*"change":"([^"]*)","column":"([^"]*)","compatible":(true|false).*/\2 \1 \3/'; }
check evolved 'c valuesgained true
c valueslost true
d widened true
f widened true
g removed false
i widened true
n added true' "$(diff_of --schema | sort)"
check closed 'c valuesgained false' "$(diff_of --policy closed | sort | head -1)"
expect 0 only_listed "$B" data diff t@v1 t@v2 --schema
expect 1 not_compatible "$B" data diff t@v1 t@v2 --policy additive
says '1 of 7 changes are not compatible (policy additive)'
expect 0 itself "$B" data diff t@v1 t@v1 --policy same
expect 2 no_policy "$B" data diff t@v1 t@v2 --policy loose
says 'none of additive, closed and same'
fits=expect_table_schema_to_be_compatible
check as_a_check 'FAIL 7 changes' "$(ask t@v2 $fits '{"other_table_name":"t@v1"}' | cut -d: -f1)"
check as_itself 'pass 0 changes' "$(ask t@v2 $fits '{"other_table_name":"t","policy":"same"}')"
suite $fits '{"other_table_name":"power","policy":"closed"}'
"$B" suite add power s.json --require -q >/dev/null 2>&1
sed 's/n3/n9/' power.csv >other.csv
expect 1 before_each_version "$B" data add power other.csv
says "its required suite 's' fails 1 of 1 checks: table_schema_to_be_compatible"
sed 's/00:0/01:0/' power.csv >later.csv
expect 0 same_columns "$B" data add power later.csv

# ---- ranges between quantiles ---------------------------------------------------------------------------------
seq 0 1000 | sed 's/^/a,/; 1s/.*/k,x/' >q.csv
"$B" data add q q.csv -q >/dev/null 2>&1
"$B" data infer q --quantiles 0.05,0.95 >q.json 2>/dev/null
check between '"max_value": 950.05, "min_value": 50.95, "mostly": 0.898' "$(tr -d '\n' <q.json | tr -s ' ' | grep -oE '"max_value": [0-9.]+, "min_value": [0-9.]+, "mostly": [0-9.]+')"
expect 0 holds_of_itself "$B" data check q --suite q.json
expect 2 no_quantiles "$B" data infer q --quantiles 0.9,0.1
says 'is not LOW,HIGH'
exit $bad
