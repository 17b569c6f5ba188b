#!/bin/bash
# A source is opened once, and no part of the table is read back. Sources that cannot be read twice, and values that
# contradict the sample early or late, give the same bytes as with the final types declared.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
rows=200000
awk -v n=$rows 'BEGIN { print "id,host,w"; for (i = 0; i < n; i++) printf "%d,n%02d,%d.%d\n", i, i % 40, i % 977, i % 8 }' >jobs.csv

hash_of() { "$BINNACLE" data show "$1" --json 2>/dev/null | sed -n 's/^ *"hash": *"\(.*\)",\{0,1\}$/\1/p'; }

# ---- one descriptor -------------------------------------------------------------------------------------------
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	strace -f -y -o trace -e trace=open,openat,openat2,read,pread64,mmap "$BINNACLE" data add jobs jobs.csv -q >/dev/null 2>err ||
		echo "not ok traced: $(cat err)"
	check opened_once 1 "$(grep -cE 'open(at|at2)?\(.*jobs\.csv.* = [0-9]+' trace)"
	read_bytes=$(grep -E 'p?read(64)?\([0-9]+<[^>]*jobs\.csv>' trace | sed 's/.* = //' | awk '{ s += $1 } END { print s + 0 }')
	size=$(stat -c %s jobs.csv)
	# one pass, and what detects format and types: 4 KiB, 1 MiB of header, the sample
	check read_about_once yes "$([ "$read_bytes" -ge "$size" ] && [ "$read_bytes" -le $((size + 4096 + 3 * 1048576)) ] && echo yes || echo "$read_bytes of $size")"
	check no_read_back 0 "$(grep -cE '(p?read(64)?|mmap)\(.*<[^>]*/(tmp/object-|objects/../)' trace | awk '{ print $1 }')"
else
	"$BINNACLE" data add jobs jobs.csv -q >/dev/null 2>&1
	echo "SKIP: no strace: how often the source is opened is not counted"
fi
first=$(hash_of jobs)
check added 64 "${#first}"
check sha256 "$(sha256sum jobs.csv | cut -d' ' -f1)" "$("$BINNACLE" data show jobs --json | sed -n 's/^ *"sha256": *"\(.*\)",\{0,1\}$/\1/p' | head -1)"

# ---- what cannot be read twice --------------------------------------------------------------------------------
cat jobs.csv | "$BINNACLE" data add piped - -q >/dev/null 2>err
check from_a_pipe "$first" "$(hash_of piped)"
mkfifo fifo
cat jobs.csv >fifo &
"$BINNACLE" data add fifo fifo -q >/dev/null 2>err
check from_a_fifo "$first" "$(hash_of fifo)"
wait
"$BINNACLE" data add redirected - -q <jobs.csv >/dev/null 2>err
check from_a_file_as_input "$first" "$(hash_of redirected)"
"$BINNACLE" data add empty - -q </dev/null >/dev/null 2>err
check nothing_comes 2 $?
check left_in_tmp 0 "$(ls .binnacle/tmp | wc -l)"

printf '%s\n' h >few.csv
awk 'BEGIN { for (i = 0; i < 300000; i++) print i }' >>few.csv
sed '250001s/.*/x7/' few.csv | "$BINNACLE" data add said - 2>err >/dev/null
check widening_is_said "column 'h' is string although it began as int64: line 250001 has \"x7\"" "$(grep -o "column 'h'.*" err)"

# ---- a value that contradicts the sample ------------------------------------------------------------------------
for at in 60000 100000 199999; do
	for what in 'id:x7:string' 'id:1.5:float64' 'w:hot:category' 'host::category'; do
		IFS=: read -r column value type <<<"$what"
		awk -F, -v OFS=, -v at=$at -v c="$column" -v v="$value" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == c) k = i }
			NR == at { $k = v } { print }' jobs.csv >odd.csv
		odd=odd_${column}_${at}_$type # a new name, since later versions use the types of the first
		"$BINNACLE" data add "$odd" odd.csv -q >/dev/null 2>err || cat err
		"$BINNACLE" data add "declared_$odd" odd.csv --type "$column=$type" -q >/dev/null 2>err || cat err
		check "as_declared_${column}_${type}_$at" "$(hash_of "declared_$odd")" "$(hash_of "$odd")"
		cat odd.csv | "$BINNACLE" data add "piped_$odd" - -q >/dev/null 2>err
		check "as_piped_${column}_${type}_$at" "$(hash_of "$odd")" "$(hash_of "piped_$odd")"
	done
done
exit $bad
