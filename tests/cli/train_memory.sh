#!/bin/bash
# Training takes little memory, and if a limit leaves too little it ends with a message: OpenBLAS retries allocations
# forever (its threads did so when the library was loaded, and every fork waited for them).
set -u
. tests/support/shell.sh || exit 2

# ---- what they take, and twice the table under the same limit ------------------------------------------------------
has_sanitizer && exit "$bad" # it takes more memory than the bounds, and reserves more than the limits
ROWS=100000 TIMES=2 BINNACLE=$BINNACLE bash tests/bench/train_memory.sh >"$dir/memory" 2>"$dir/skipped"
check within_the_bounds 0 $?
check fits_measured yes "$([ "$(wc -l <"$dir/memory")" -ge 5 ] && echo yes || cat "$dir/memory" "$dir/skipped")"
grep BAD "$dir/memory"
grep ^SKIP "$dir/skipped"

# ---- too little ----------------------------------------------------------------------------------------------------
cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
awk 'BEGIN { srand(1); print "a,b,y,k"; for (i = 0; i < 9000; i++) { a = rand(); b = rand(); print a "," b "," a - b "," (a > b ? "p" : a + b > 1 ? "q" : "r") } }' >t.csv
"$BINNACLE" data add t t.csv -q >/dev/null 2>err || cat err
limited() { # KIB TRAINER TARGET EXCLUDED
	(ulimit -d "$1" && timeout 60 "$BINNACLE" run start --wait --data t --trainer "$2" --target "$3" --exclude "$4" \
		--set "$([ "$2" = mlp ] && echo epochs=2 || echo fit_intercept=true)" >out 2>err)
}
for kib in 20000 40000 80000 150000 400000; do
	for fit in "ridge y k" "logistic k y" "mlp y k"; do
		read -r trainer target other <<<"$fit"
		limited "$kib" "$trainer" "$target" "$other"
		status=$?
		said=$(grep -c 'out of memory' err)
		check "${trainer}_in_${kib}_KiB_ends" yes "$([ $status -eq 0 ] || { [ $status -ne 124 ] && [ "$said" -gt 0 ]; } && echo yes || echo "$status: $(cat err)")"
	done
done
limited 60000 ridge y k
check ridge_needs_no_openblas 0 $?
exit "$bad"
