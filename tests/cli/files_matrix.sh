#!/bin/bash
# Three accounts with umask 002, 022 and 077 work in a workspace of their group, as in the README's five minutes,
# without chmod; the files get the same modes with each umask. Then every operation of one user on files of another, and
# of a stranger, as a printed matrix: user x path x operation. docs/files.md contains it.
set -u
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo "SKIP: a matrix of accounts: only root can be several accounts (with setpriv)"
	exit 0
fi
TMPDIR=/tmp
. tests/support/shell.sh || exit 2
export BINNACLE_HEARTBEAT=200ms
chmod 755 "$dir"
gid=64400
declare -A uid=([ann]=64401 [ben]=64402 [cleo]=64403 [eve]=64409) mask=([ann]=002 [ben]=022 [cleo]=077 [eve]=002) \
	group=([ann]=$gid [ben]=$gid [cleo]=$gid [eve]=64499)
mkdir "$dir/bin" && cp "$BINNACLE" "$dir/bin/binnacle" || fail "a copy of the program"
mkdir -m 755 "$dir/proj" && chown "${uid[ann]}" "$dir/proj"
for who in ann ben cleo eve; do
	mkdir -m 700 "$dir/$who" && chown "${uid[$who]}:${group[$who]}" "$dir/$who"
done
as() { # WHO LINE
	(cd "$dir/proj" && exec env -i HOME="$dir/$1" PATH="$dir/bin:/usr/bin:/bin" LANG=C.UTF-8 W="$dir/proj/team" \
		BINNACLE_HEARTBEAT=200ms setpriv --reuid "${uid[$1]}" --regid "${group[$1]}" --clear-groups \
		bash -c "umask ${mask[$1]}; cd \$W 2>/dev/null; $2") 2>&1
}
works() { text=$(as "$1" "$2") || fail "$1: $2: $text"; }

# ---- the same tree, whatever the umask is ------------------------------------------------------------
for kind in "" --private "--shared $gid"; do
	for m in 002 022 077; do
		works ann "umask $m; binnacle init -q /$dir/ann/w$m $kind >/dev/null && cd /$dir/ann/w$m && binnacle log metric a=1 --run x 2>/dev/null; binnacle run start --name r --wait -q -- true >/dev/null"
		(cd "$dir/ann/w$m" && find . -printf '%M %P\n' | sed -E 's/[0-9a-f]{32,64}/ID/g; s,/[0-9a-f]{2}/,/XX/,; s,objects/[0-9a-f]{2}$,objects/XX,; s/[0-9]{6}-[0-9]{6}/N/; s/@[^ /]*/@W/' | sort -u) >"$dir/tree$m"
	done
	cmp -s "$dir/tree002" "$dir/tree022" && cmp -s "$dir/tree022" "$dir/tree077" ||
		fail "init $kind: the umask changes the tree: $(diff "$dir/tree002" "$dir/tree077"; diff "$dir/tree022" "$dir/tree077")"
	echo "ok init $kind: umask 002, 022 and 077 give the same tree"
	rm -rf "$dir"/ann/w0*
done

# ---- five minutes, together ----------------------------------------------------------------------------
works ann "binnacle init -q team --shared $gid >/dev/null"
invitation=$(as ann 'binnacle trust show' | sed -n 's/^ *invitation *//p')
for who in ben cleo; do
	works "$who" "binnacle trust accept '$invitation' --yes"
	works ann "binnacle user accept uid-${uid[$who]} --role reviewer"
done
works ann "binnacle user accept uid-${uid[ben]} --role reviewer; true"
for who in ann ben cleo; do
	works "$who" "binnacle data generate $who --rows 600 --seed ${uid[$who]} -q"
	works "$who" "binnacle data describe $who && binnacle data infer $who >\$HOME/suite.json && { binnacle data check $who --suite \$HOME/suite.json; true; }"
	works "$who" "binnacle data split $who --parts train=0.7,val=0.15,test=0.15 --seed 1 -q"
	works "$who" "binnacle run start --trainer ridge --data $who.train --data $who.val:valid --data $who.test:test --target node_power_consumption --name of-$who --wait -q"
	works "$who" "binnacle run start --again of-$who --set alpha=3 --name again-$who --wait -q"
	works "$who" 'binnacle run start --name cmd-'"$who"' --wait -q -- sh -c "mkdir -p \$BINNACLE_RUN_DIR/artifacts; echo hello >\$BINNACLE_RUN_DIR/artifacts/a.txt; echo {\\\"loss\\\": 0.5} >\$BINNACLE_RUN_DIR/metrics.json"'
	works "$who" "binnacle run start --queue --name queued-$who --wait -q -- true"
	works "$who" "binnacle model register again-$who --name power -q && binnacle run compare of-$who again-$who"
done
for n in 1 2 3; do
	for who in ann ben cleo; do works "$who" "binnacle model request power/$n --reason x; true"; done
done
works ben "binnacle model approve power/1 --reason 'gates pass' && binnacle model alias power/1 champion"
works cleo "binnacle model approve power/2 --reason 'gates pass'"
for who in ann ben cleo; do
	works "$who" "binnacle data export ann \$HOME/new.csv -q && binnacle predict power@champion \$HOME/new.csv --out \$HOME/answers.csv"
	works "$who" "binnacle audit log && binnacle audit verify && binnacle gc --older-than 0s"
	works "$who" "binnacle data head ann && binnacle data head ben && binnacle data head cleo && binnacle run log cmd-ann && binnacle run show cmd-cleo"
done
echo "ok three users with umask 002, 022 and 077 work together without a chmod"
works ann "binnacle data generate own --rows 60 --seed 9 --private -q"
works ann "binnacle data generate gone --rows 50 -q && binnacle data rm gone --yes && binnacle gc --older-than 0s --yes"
works cleo 'binnacle doctor --json; true'
grep -qE '"what": "(modes|directories|parents)"' <<<"$text" && grep -v "$dir/proj" <<<"$text" | grep -qE '"what": "(modes|directories)"' &&
	fail "doctor finds wrong modes in it: $text"
echo "ok doctor finds no wrong mode"

# ---- the matrix ------------------------------------------------------------------------------------------
cd "$dir/proj/team/.binnacle" || fail "cd"
of() { find "$1" -user "${uid[ann]}" "${@:2}" -print 2>/dev/null | sort | head -n 1; }
run=$(of runs -mindepth 1 -maxdepth 1 -type d -newer workspace.json)
for r in runs/*; do [ -e "$r/artifacts/a.txt" ] && [ "$(stat -c %u "$r")" = "${uid[ann]}" ] && run=$r; done
paths=("." "workspace.json" "log" "objects" "claims" "runs" "queue" "tmp" "trash"
	"$(of objects -mindepth 1 -maxdepth 1 -type d -name '??')" "$(of objects -type f -path '*/??/*')" "$(of claims -mindepth 1 -type d)" "$(of claims -type f)"
	"$(of log -mindepth 1 -maxdepth 1 -type d)" "$(of log -name '*.seg')" "$run" "$run/log.txt" "$run/artifacts" "$run/artifacts/a.txt"
	"objects/private-${uid[ann]}" "$(of "objects/private-${uid[ann]}" -type f)"
	"$(of queue -mindepth 1 -maxdepth 1 -type d)" "$(of trash -mindepth 1 -maxdepth 1 -type d)")
try() { # WHO OPERATION PATH: yes or no
	local p="\$W/.binnacle/$3" line
	case $2 in
	read) line="if [ -d $p ]; then ls $p; else cat $p; fi" ;;
	write) line="if [ -d $p ]; then mkdir $p/m.\$\$ && rmdir $p/m.\$\$; else : >>$p; fi" ;;
	unlink) line="if [ -d $p ]; then rmdir $p || rm -r $p/* ; else rm -f $p; fi" ;;
	rename) line="mv $p $p.moved" ;;
	replace) line="if [ -d $p ]; then mkdir \$HOME/d.\$\$ && mv -T \$HOME/d.\$\$ $p; else echo x >\$HOME/f.\$\$; mv -f \$HOME/f.\$\$ $p; fi" ;;
	link) line="ln -s /etc/passwd \$HOME/l.\$\$; mv -T -f \$HOME/l.\$\$ $p" ;;
	esac
	if as "$1" "$line" >/dev/null; then echo yes; else echo no; fi
}
shown() { sed -E "s/[0-9a-f]{62,64}/HASH/; s/[0-9a-f]{32}/RUN/; s/uid-${uid[ann]}@[^/]*/ann@HOST/; s,objects/[0-9a-f]{2},objects/ab,; s/${uid[ann]}/ANN/; s/[0-9]{6}-[0-9]{6}/N-N/" <<<"$1"; }
# Files of ben and eve may be removed by themselves.
theirs() { find . ! -user "${uid[ben]}" ! -user "${uid[eve]}" -printf '%P %m %u %s\n' | sort; }
theirs >"$dir/tree.before"
echo "what lies in .binnacle, ann's               a member: read write unlink rename replace link | a stranger: the same"
for p in "${paths[@]}"; do
	[ -e "$p" ] || fail "there is no '$p' of ann's"
	row=
	for who in ben eve; do
		for op in read write unlink rename replace link; do
			got=$(try "$who" "$op" "$p")
			row+=$(printf ' %-3s' "$got")
			want=no
			case $who:$op:$p in
			ben:read:queue/* | ben:read:trash/* | ben:read:objects/private-*) ;;
			ben:read:*) want=yes ;;
			ben:write:. | ben:write:log | ben:write:objects | ben:write:claims | ben:write:runs | ben:write:queue | ben:write:tmp | ben:write:trash | \
				ben:write:objects/?? | ben:write:claims/dataset | ben:write:claims/dataset/ann | ben:write:claims/*) [ -d "$p" ] && want=yes ;;
			esac
			[ "$got" = "$want" ] || { echo "not ok $who may $op $p: $got, wanted $want"; bad=1; }
		done
		row+=' |'
	done
	printf '%-44s%s\n' "$(shown "$p")" "$row"
done
theirs >"$dir/tree.after"
cmp -s "$dir/tree.before" "$dir/tree.after" || fail "somebody has changed something: $(diff "$dir/tree.before" "$dir/tree.after")"
echo "ok nobody does to another's what is not meant"
exit $bad
