#!/bin/bash
# data leaks: planted leaks are named with rows and what to do; without one the status is 0.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$B" init -q . >/dev/null 2>&1 || fail "init"

# 1 job a row: 10 users, an hour apart, y follows from a and noise; y2 is y rescaled, late is known after the end.
awk 'BEGIN {
	srand(7); print "job_id,user,submit,done,a,b,late,late_at,y,y2"
	for (i = 1; i <= 600; i++) {
		a = rand(); b = rand() * 50; y = a * 3 + rand()
		t = 1700000000 + 3600 * i
		printf "%d,u%d,%s,%s,%.9f,%.9f,%d,%s,%.6f,%.6f\n", i, int(i / 60), strftime("%FT%TZ", t, 1),
			strftime("%FT%TZ", t + 7200, 1), a, b, i % 3, strftime("%FT%TZ", t + 10800, 1), y, 9 - 2 * y
	}
}' >jobs.csv
"$B" data add jobs jobs.csv -q >/dev/null 2>&1 || fail "add"
"$B" data split jobs --how temporal --by submit -q >/dev/null 2>&1 || fail "split"
leaks() { "$B" data leaks "$@" --tsv 2>/dev/null | sed 1d | cut -f1-3 | tr '\t' ' ' | tr -d '"' | sort; }
check nothing "" "$(leaks jobs.train jobs.test --ignore done --ignore late_at --ignore late)"
expect 0 "status without a leak" "$B" data leaks jobs.train jobs.test --ignore done --ignore late_at --ignore late
check target "target y2 600" "$(leaks jobs.train jobs.test --target y --ignore done --ignore late --ignore late_at)"
expect 1 "status with one" "$B" data leaks jobs.train jobs.test --target y
check group "group user 120" "$("$B" data split jobs -q >/dev/null 2>&1; leaks jobs.train jobs.test --group user)"
check "the time is known from the recipe, and what was known later" "after late 600
time submit 1" "$(leaks jobs.train@v1 jobs.test@v1 --end done | sed 's/submit .*/submit 1/')"
check "ends that overlap" 1 "$("$B" data leaks jobs.train@v1 jobs.test@v1 --horizon 90m --json 2>/dev/null |
	python3 -c 'import json, sys; print(*[i["rows"] for i in json.load(sys.stdin)["items"] if i["kind"] == "time"])')"
check "of one part only features are examined" "target y2 600" "$(leaks jobs --target y)"
check "known by another column" "after b 600" "$(leaks jobs --time submit --ignore done --ignore late --known b=late_at)"

# copies: the first 20 rows again, the next 20 with their numbers rounded
head -21 jobs.csv >copies.csv
sed -n 22,41p jobs.csv | awk -F, -v OFS=, '{ $5 = sprintf("%.4f", $5); $6 = sprintf("%.3f", $6); $9 = sprintf("%.3f", $9)
	$10 = sprintf("%.3f", $10); print }' >>copies.csv
"$B" data add copies copies.csv -q --type b=float64 >/dev/null 2>&1 || fail "copies"
check copies "duplicate - 20
near - 20" "$(leaks jobs copies | sed 's/duplicate *\([0-9]\)/duplicate - \1/; s/near *\([0-9]\)/near - \1/')"
"$B" data leaks jobs copies >out 2>err
check example 1 "$(grep -c 'row 1 of jobs@v1 and row 1 of copies@v1' out)"
check "what to do" 1 "$(grep -c 'remove the repetitions before the split' out)"
check "names of rows" 1 "$("$B" data leaks jobs 2>&1 >/dev/null | grep -c 'only name rows: job_id')"

expect 3 "no such column" "$B" data leaks jobs copies --target nix
expect 2 "no time" "$B" data leaks jobs copies --end done
expect 2 "a length of time" "$B" data leaks jobs copies --time submit --horizon soon
expect 2 "both" "$B" data leaks jobs copies --time submit --horizon 1h --end done
expect 2 "twice" "$B" data leaks jobs jobs
expect 2 "known without a column" "$B" data leaks jobs copies --known late
exit $bad
