#!/bin/bash
# binnacle data head and export: rows of files, reading and writing, without a workspace.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
printf 'id,at,host,x\r\n1,2024-01-01,"a ""b"", c",0.1\r\n2,NA,,-3e-7\r\n3,2024-01-02T03:04:05.5Z,"",1e22\r\n' >in.csv
want='id,at,host,x
1,2024-01-01T00:00:00Z,"a ""b"", c",0.1
2,,,-3e-7
3,2024-01-02T03:04:05.5Z,"",1e22'
got=$("$BINNACLE" data export in.csv)
# Either 1e22 or 1e+22: this test is not about the notation of numbers.
check csv_reads_back "$(sed 's/e22/e+22/; s/e-7/e-07/' <<<"$want")" "$(sed 's/e22/e+22/; s/e-7/e-07/' <<<"$got")"
"$BINNACLE" data export in.csv -o out.arrow --quiet
check arrow_holds_the_same "$got" "$("$BINNACLE" data export out.arrow)"
check no_temporary_is_left "in.csv out.arrow" "$(echo *)"
"$BINNACLE" data export out.arrow -o again.arrow --quiet
check arrow_is_deterministic "$(sha256sum <out.arrow)" "$(sha256sum <again.arrow)"
check columns_in_that_order "x	id
0.1	1" "$("$BINNACLE" data export in.csv --format tsv --columns x,id | head -2)"
check head_from "id	at
2	
3	2024-01-02T03:04:05.5Z" "$("$BINNACLE" data head in.csv --tsv --from 1 -n 2 -c id,at)"
printf 'a,b\n1,2\n3\n' >bad.csv
"$BINNACLE" data export bad.csv >/dev/null 2>err
check malformed_exit 2 $?
check malformed_place "bad.csv:3:1: 1 field instead of 2" "$(grep -o 'bad.csv:.*' err)"
"$BINNACLE" data head ./none.csv 2>/dev/null
check missing_exit 3 $?
"$BINNACLE" data export in.csv --format arrow >/dev/null 2>&1
check arrow_needs_a_name 2 $?
exit $bad
