#!/bin/bash
# A disk that is full after the first page, the second, the third, and so on, of `data add` and of a training run: each
# succeeds, or exits with status 5, the path, the cause and a remedy; what was acknowledged is complete, a run without a
# stored model is FAILED at once, with the reason, and with free space everything works again. Needs a file system of
# its own, which root makes in memory.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/disk"
if ! mount -t tmpfs -o size=8m,mode=777 tmpfs "$dir/disk" 2>/dev/null; then
	echo "SKIP: a disk that fills up: a tmpfs cannot be mounted here"
	exit 0
fi
at_end() { cd / && umount -l "$dir/disk"; }
export BINNACLE_HEARTBEAT=200ms
"$B" data generate --help >/dev/null || fail "the program"
cd "$dir/disk" && "$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 300 --seed 1 -q >/dev/null || fail generate
seq 1 4000 | sed 's/.*/&,&.5,text &/; 1i a,b,c' >"$dir/in.csv"

leave() { # PAGES
	dd if=/dev/zero of=filler bs=4k 2>/dev/null
	truncate -s $(($(stat -c %s filler) - $1 * 4096)) filler
}
# full OUT: checks the output on a full disk.
full() {
	[ "$got" = 5 ] || fail "$1: exit $got, not 5: $out $err"
	grep -q "No space left on device" <<<"$err" || fail "$1 does not say that the disk is full: $err"
	grep -q "$dir/disk" <<<"$err" || fail "$1 names no path: $err"
	grep -q "free some space" <<<"$err" || fail "$1 does not say what to do: $err"
}

added=() refused=0
for pages in {0..48}; do
	leave "$pages"
	out=$("$B" data add "d$pages" "$dir/in.csv" -q 2>"$dir/err")
	got=$? err=$(cat "$dir/err")
	rm filler
	if [ $got = 0 ]; then
		added+=("d$pages")
	else
		full "data add with $pages pages"
		refused=$((refused + 1))
		"$B" data show "d$pages" >/dev/null 2>&1
		[ $? = 3 ] || fail "data add with $pages pages failed, and there is a version"
	fi
	[ ${#added[@]} = 3 ] && break
done
[ ${#added[@]} = 3 ] && [ $refused -ge 20 ] || fail "$refused additions failed, ${#added[@]} did not"
echo "ok data add on a disk that is full after any page: status 5, what to do, and no half version"
for d in "${added[@]}"; do
	[ "$("$B" data show "$d" --json | sed -n 's/^ *"rows": \([0-9]*\).*/\1/p' | head -n 1)" = 4000 ] || fail "$d has other rows"
	"$B" data head "$d" >/dev/null || fail "$d cannot be read"
done
expect 0 "what was acknowledged is whole" "$B" audit verify
for d in "${added[@]}"; do "$B" data rm "$d" -y -q || fail "data rm"; done
expect 0 "gc takes the leftovers" "$B" gc --older-than 0s -y

finished=0 failed=0 other=0 digests=
for pages in {0..48}; do
	leave "$pages"
	out=$(timeout 10 "$B" run start --trainer ridge --data jobs --target node_power_consumption --name "r$pages" --wait -q 2>"$dir/err")
	got=$? err=$(cat "$dir/err")
	rm filler
	shown=$("$B" run show "r$pages" 2>&1)
	model=$(sed -n 's/^model  *//p' <<<"$shown")
	case $got in
	0)
		grep -q '^status  *FINISHED' <<<"$shown" && [ ${#model} = 64 ] || fail "a run with $pages pages ended well: $shown"
		digests+="$model "
		finished=$((finished + 1))
		;;
	5) # either not started, or FAILED with the reason
		full "run start with $pages pages"
		if ! grep -q "no run 'r$pages'" <<<"$shown"; then
			grep -q '^status  *FAILED' <<<"$shown" && [ "$model" = - ] || fail "a run with $pages pages failed: $shown"
			grep -q '^reason .*No space left on device' <<<"$shown" || fail "a run with $pages pages does not say why it failed: $shown"
			failed=$((failed + 1))
		fi
		;;
	*) fail "a run with $pages pages: exit $got: $out $err" ;;
	esac
	[ $got = 0 ] || other=$((other + 1))
	[ $finished = 3 ] && break
done
[ $finished = 3 ] && [ $other -ge 15 ] && [ $failed -ge 3 ] ||
	fail "$other runs did not finish ($failed of them FAILED), $finished did"
[ "$(tr ' ' '\n' <<<"$digests" | sort -u | grep -c .)" = 1 ] || fail "the models differ: $digests"
echo "ok a training run on a disk that is full after any page: FINISHED with its whole model, or status 5, FAILED and without"

# The files of the command fit, but the stored copies do not.
leave 120
out=$(timeout 20 "$B" run start --name leaves --wait -q -- sh -c 'mkdir "$BINNACLE_RUN_DIR/artifacts"; head -c 300000 /dev/urandom >"$BINNACLE_RUN_DIR/artifacts/a"' 2>"$dir/err")
got=$? err=$(cat "$dir/err")
rm filler
full "a command whose files cannot be kept"
shown=$("$B" run show leaves)
grep -q '^status  *FAILED' <<<"$shown" && grep -q '^reason  *not all that it left could be stored: .*No space' <<<"$shown" ||
	fail "a command whose files cannot be kept: $shown"
echo "ok a command whose files cannot be kept has not FINISHED"
expect 0 "and what was acknowledged is whole" "$B" audit verify
expect 0 "with room again a run is as ever" "$B" run start --trainer ridge --data jobs --target node_power_consumption --wait -q
exit $bad
