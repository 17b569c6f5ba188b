#!/bin/bash
# Rows of tests/attacks/files.txt that need real accounts: what mal, a member of ann's group, puts in ann's way before,
# during and after her work, and what a stranger puts into /tmp. A command of ann's that makes the directory of its run
# writable for all gives mal more access than Binnacle does. The goal is a secret file of ann.
set -u
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo "SKIP: attacks on files by another account: only root can be several accounts (with setpriv)"
	exit 0
fi
TMPDIR=/tmp
. tests/support/shell.sh || exit 2
chmod 755 "$dir"
gid=64600
declare -A uid=([ann]=64601 [mal]=64604 [eve]=64609) group=([ann]=$gid [mal]=$gid [eve]=64699)
mkdir "$dir/bin" "$dir/team" && cp "$BINNACLE" "$dir/bin/binnacle" || fail "a copy of the program"
for who in ann mal eve; do
	mkdir -m 700 "$dir/$who" && chown "${uid[$who]}:${group[$who]}" "$dir/$who"
done
mkdir -m 1777 "$dir/scratch"
chown "${uid[ann]}:$gid" "$dir/team" && chmod 3770 "$dir/team"
as() { # WHO LINE
	(cd "$dir/team" && exec env -i HOME="$dir/$1" PATH="$dir/bin:/usr/bin:/bin" LANG=C.UTF-8 S="$dir/scratch" \
		BINNACLE_HEARTBEAT=200ms setpriv --reuid "${uid[$1]}" --regid "${group[$1]}" --clear-groups \
		timeout 60 bash -c "umask 002; $2") 2>&1
}
works() { text=$(as "$1" "$2") || fail "$1: $2: $text"; }
stops() { # WHO LINE WORDS
	text=$(as "$1" "$2") && fail "$1: $2 went on: $text"
	[ $? -lt 124 ] || fail "$1: $2 did not end by itself"
	grep -qi -- "$3" <<<"$text" || fail "$1: $2 does not say '$3': $text"
}
mentions() { grep -qi -- "$1" <<<"$text" || fail "'$1' is not said: $text"; }
# The secret is neither stored, nor overwritten, nor readable for mal.
untouched() { # WHAT
	[ "$(cat "$dir/ann/secret")" = "the secret of ann" ] || fail "$1: the secret was written to"
	[ ! -e "$(object "$secret")" ] || fail "$1: the secret was stored"
	as mal 'grep -rsl "the secret of ann" .binnacle' | grep . && fail "$1: mal reads the secret"
	echo "ok $1"
}
object() { echo "$dir/team/.binnacle/objects/${1:0:2}/${1:2}"; }

works ann "binnacle init -q --shared $gid"
works ann "printf 'the secret of ann' >secret.tmp && mv secret.tmp \$HOME/secret && chmod 600 \$HOME/secret"
secret=$(sha256sum "$dir/ann/secret" | cut -c1-64)
invitation=$(as ann 'binnacle trust show' | sed -n 's/^ *invitation *//p')
works mal "binnacle trust accept '$invitation' --yes"
works ann "binnacle user accept uid-${uid[mal]} --role developer"
works ann 'printf "x,y\n1,2\n3,4\n5,7\n" >$HOME/a.csv && binnacle data generate jobs --rows 200 --seed 1 -q'

works ann 'binnacle run start --trainer ridge --data jobs --target node_power_consumption --name trained --wait -q && binnacle model register trained --name power -q && binnacle data export jobs $HOME/new.csv -q'

# ---- before: files that exist when she starts -----------------------------------------------------------
# In $S, which is like /tmp, eve and mal have created the files that she is going to write.
works eve "ln -s $dir/ann/secret \$S/out.csv && ln -s $dir/ann/secret \$S/next.csv.tmp && mkfifo -m 666 \$S/pipe && ln -s \$S/pipe \$S/to-pipe && mkdir -m 777 \$S/open && ln -s $dir/ann/secret \$S/open/out.csv && echo hers >\$S/hers && chmod 666 \$S/hers"
stops ann 'binnacle data export jobs $S/out.csv --force' 'not permitted'
works ann 'binnacle data export jobs $S/open/out.csv --force -q && test ! -L $S/open/out.csv && grep -q , $S/open/out.csv'
untouched "a link where an export goes"
stops ann 'binnacle data export jobs $S/hers --format csv' 'already exists'
works ann 'binnacle data export jobs $S/next.csv -q; binnacle data export jobs $S/next.arrow -q'
untouched "a link where the unfinished export would be"
stops ann 'binnacle data export jobs $S/pipe' 'a pipe owned by'
stops ann 'binnacle data export jobs $S/to-pipe' 'a pipe owned by'
stops ann 'binnacle predict power/1 $HOME/new.csv --out $S/pipe' 'a pipe owned by'
echo "ok a pipe where an export goes"
stops ann 'binnacle data export jobs $S/hers --force --format csv' 'not permitted'
grep -q hers "$dir/scratch/hers" || fail "another user's file was replaced"
echo "ok a file of another user where an export goes"
works eve "ln -s $dir/ann/secret \$S/open/answers.csv && ln -s $dir/ann/secret \$S/open/answers.arrow"
works ann 'binnacle predict power/1 $HOME/new.csv --out $S/open/answers.csv --force -q && binnacle predict power/1 $HOME/new.csv --out $S/open/answers.arrow --force -q'
untouched "links where predictions go"
works mal "ln -s $dir/ann/secret bad.rejects"
as ann 'printf "x,y\n1,2\n1,2,3\n" >$HOME/bad.csv; binnacle data add bad $HOME/bad.csv --on-error reject -q' >/dev/null
untouched "a link where rejected rows go"
works eve "mkdir -m 777 \$S/model && ln -s $dir/ann/secret \$S/model/MLmodel"
stops ann 'binnacle model export power/1 $S/model' 'already exists'
untouched "a directory with links where a model is exported to"
works eve "ln -s loop \$S/loop && mkdir \$S/dir && truncate -s 1T \$S/giant && chmod 644 \$S/giant"
stops ann 'binnacle data add d $S/dir' 'directory'
stops ann 'binnacle data add d $S/loop' 'symbolic links'
stops ann 'binnacle data add d $S/giant' 'line end'
stops ann 'binnacle run start --spec $S/pipe' 'regular file'
stops ann 'binnacle run start --spec /dev/zero' 'regular file'
echo "ok sources and specs that are directories, loops, pipes, devices and sparse giants"
works eve "echo x >\$S/sock && ln -s $dir/ann/sock \$S/socklink"
stops ann 'binnacle serve power/1 --unix $S/sock' 'in use'
stops ann 'binnacle serve power/1 --unix $S/socklink' 'in use'
[ ! -e "$dir/ann/sock" ] || fail "a socket was made behind a link"
echo "ok a file and a link where a server's socket goes"
works eve 'mkdir -m 777 $S/index'
stops ann 'BINNACLE_INDEX=$S/index binnacle data ls' 'only you can write to'
echo "ok an index in a directory of another user"
for kind in fifo link dir giant; do
	works eve "mkdir -m 777 -p \$S/evil-$kind/.binnacle && cd \$S/evil-$kind/.binnacle && case $kind in fifo) mkfifo -m 666 workspace.json ;; link) ln -s $dir/ann/secret workspace.json ;; dir) mkdir workspace.json ;; giant) truncate -s 1T workspace.json && chmod 644 workspace.json ;; esac"
	stops ann "binnacle -C \$S/evil-$kind run ls" 'workspace.json'
done
untouched "a workspace.json that is a pipe, a link, a directory or a sparse giant"
works mal "cd .binnacle/claims/dataset && mkdir -p new && echo >new/7 && echo >isfile && ln -s $dir/ann islink && mkfifo isfifo && mkdir -m 700 shut && mkdir -m 755 closed"
works ann 'binnacle data add new $HOME/a.csv'
mentions 'new@v8'
for n in isfile isfifo; do stops ann "binnacle data add $n \$HOME/a.csv" 'in the way'; done
stops ann 'binnacle data add islink $HOME/a.csv' 'is a symbolic link'
for n in shut closed; do stops ann "binnacle data add $n \$HOME/a.csv" 'permission denied'; done
untouched "claims of a name that are files, links, pipes or shut"
works ann 'printf "p,q\n1,2\n" >$HOME/pq.csv && mkdir -p $HOME/w2 && cd $HOME/w2 && binnacle init -q >/dev/null && binnacle data add pq $HOME/pq.csv -q && find .binnacle/objects -type f -printf "%P\n" >$S/objects && chmod 644 $S/objects'
works mal 'for o in $(cat $S/objects); do echo wrong >.binnacle/objects/$o; done'
works ann 'binnacle data add pq $HOME/pq.csv -q && binnacle data head pq && binnacle audit verify'
mentions 'whole'
echo "ok other bytes under the name of an object that is added next"
works mal "mkdir -m 777 .binnacle/trash/${uid[ann]} && echo x >.binnacle/trash/${uid[ann]}/x && mkfifo -m 666 .binnacle/tmp/keep-$secret-1 && mkdir -m 700 .binnacle/tmp/keep-$secret-2 && ln -s $dir/ann .binnacle/tmp/x && mkdir -m 777 .binnacle/tmp/d && touch -hd @1000000000 .binnacle/tmp/*"
works ann 'binnacle data add gone $HOME/a.csv -q; binnacle data rm gone -y -q && binnacle gc --older-than 0s -y'
[ -e "$dir/ann/a.csv" ] || fail "gc removed what a link leads to"
[ -e "$dir/team/.binnacle/trash/${uid[ann]}/x" ] || fail "gc took mal's directory for ann's own"
untouched "links, pipes and shut directories in tmp and trash when gc runs"
works mal 'cd .binnacle/log && mkdir mal@host-1-0 "$(printf "a\nb@host-1-0")" "$(printf "\033[31m@host-1-0")" && cd mal@host-1-0 && truncate -s 1T 0000000001-0000000009.seg open.seg && mkfifo -m 666 0000000010-0000000011.seg && head -c 100000 /dev/urandom >0000000012-0000000013.seg'
works ann 'binnacle data ls && binnacle run ls && { binnacle index status; true; }'
mentions 'mal@host-1-0'
grep -q $'\033' <<<"$text" && fail "a name of a log steers the terminal: $text"
works mal 'rm -r .binnacle/log/*host-1-0'
works ann 'binnacle index rebuild && binnacle audit verify'
echo "ok logs of sparse giants, pipes, random bytes and names that steer"

# ---- during: while a run of ann is running --------------------------------------------------------------
# Her command makes its directory writable for all, waits for mal, and ends.
# during WHAT LINE-OF-MAL [LINE-OF-ROOT]: runs the lines in that directory.
runs=0
during() {
	local n=run$((++runs)) r
	works ann "binnacle run start --name $n -q -- bash -c 'cd \$BINNACLE_RUN_DIR && mkdir -p artifacts && echo mine >artifacts/mine.txt && chmod 777 . artifacts && touch open-$runs && for i in {1..600}; do [ -e go ] && break; sleep 0.05; done; eval \"\$LAST\"'"
	for _ in {1..200}; do compgen -G "$dir/team/.binnacle/runs/*/open-$runs" >/dev/null && break; sleep 0.05; done
	r=$(dirname "$dir"/team/.binnacle/runs/*/open-$runs)
	(cd "$r" && eval "${3:-:}") || fail "$1: what root does"
	as mal "cd $r && { $2; }" >"$dir/said" || fail "$1: $(cat "$dir/said")"
	as mal "touch $r/go"
	works ann "timeout 30 binnacle run wait $n 2>/dev/null; for i in {1..200}; do binnacle run show $n --json | grep -qE '\"status\": \"(FINISHED|FAILED)\"' && exit 0; sleep 0.05; done; binnacle run show $n; exit 1"
	works ann "binnacle run log $n; binnacle run show $n; binnacle run show $n --json"
	untouched "$1"
	rundir=$r
}
kept() { mentions '^ *mine.txt'; }
loses() { grep -qF -- "$1" <<<"$(sed -n '/^artifacts/,$p' <<<"$text" | grep -v '"title"')" && fail "$1 was taken for ann's: $text"; }
during "links to her key among the artefacts" "ln -s $dir/ann/secret artifacts/key && ln -s ../../../../../ann/secret artifacts/key2"
kept
during "links that lead nowhere, in a circle and to a directory" "ln -s loop artifacts/loop && ln -s nowhere artifacts/gone && ln -s $dir/ann artifacts/home"
kept
during "pipes and devices among the artefacts" "mkfifo artifacts/pipe artifacts/zpipe" 'mknod -m 666 artifacts/zero c 1 5; mknod -m 666 artifacts/disk b 7 0'
kept
during "a second name of her key among the artefacts" : "ln $dir/ann/secret artifacts/hard"
kept
during "files of mal's among the artefacts" "echo planted >artifacts/zz.txt && mkdir artifacts/sub && echo planted >artifacts/sub/b"
kept && loses zz.txt && loses sub/b
during "the directory of artefacts swapped for a link to her home" "mv artifacts old && ln -s $dir/ann artifacts"
loses a.csv
during "the directory of artefacts swapped for one of mal's" "mv artifacts old && mkdir artifacts && echo planted >artifacts/zz.txt"
loses zz.txt
during "a directory of her artefacts swapped for a link" "mkdir artifacts/d && echo x >artifacts/d/x && mv artifacts/d artifacts/e && ln -s $dir/ann artifacts/d"
loses d/a.csv
during "metrics.json of mal's" 'echo "{\"loss\": 0.125}" >metrics.json'
grep -q 0.125 <<<"$text" && fail "a metric that mal made up counts: $text"
during "metrics.json that is a link to her key" "ln -s $dir/ann/secret metrics.json"
during "metrics.json that is a pipe" 'mkfifo -m 666 metrics.json'
during "metrics.json that is a sparse giant" 'truncate -s 1T metrics.json' 
during "her log replaced by a link" "rm -f log.txt && ln -s $dir/ann/secret log.txt"
during "her log replaced by mal's" 'rm -f log.txt && echo "loss is 0.0001" >log.txt && chmod 644 log.txt'
grep -q 'loss is 0.0001' <<<"$(as ann "binnacle run log run$runs")" && fail "mal's log is shown as hers"
during "the files of her supervisor replaced by links" "rm -f supervisor stop && ln -s $dir/ann/secret supervisor && ln -s $dir/ann/secret stop"
during "three hundred directories in each other among the artefacts" 'p=artifacts; for i in {1..300}; do p=$p/d; mkdir $p || break; done'
kept
during "a file system mounted over her artefacts" : 'mkdir artifacts/m && { mount -t tmpfs -o size=64k,mode=777 none artifacts/m 2>/dev/null && echo x >artifacts/m/x && chown '"${uid[ann]}"' artifacts/m/x; true; }'
umount "$rundir/artifacts/m" 2>/dev/null
kept

works ann 'binnacle run start --name odd --wait -q -- bash -c "cd \$BINNACLE_RUN_DIR && mkdir -p artifacts/\$(printf \"a\\\\nb\") && cd artifacts && echo 1 >\$(printf \"x%.0s\" {1..255}) && echo 1 >-rf && echo 1 >\"...\" && echo 1 >\$(printf \"\\\\033[31mred\") && echo 1 >\$(printf \"\\\\377\")"; binnacle run show odd; binnacle run show odd --json >$S/odd.json'
grep -q $'\033' <<<"$text" && fail "a name of an artefact steers the terminal"
works ann 'python3 -c "import json,os; json.load(open(os.environ[\"S\"]+\"/odd.json\"))" 2>/dev/null || ! command -v python3 >/dev/null'
untouched "artefacts of 255 bytes, with newlines, escapes, dashes and no UTF-8 in their names"

works ann 'binnacle run start --name grows -q -- bash -c "cd \$BINNACLE_RUN_DIR && mkdir -p artifacts && head -c 30000000 /dev/zero >artifacts/grows && touch open-grows"; f=$(echo .binnacle/runs/*/open-grows); for i in {1..300}; do f=$(echo .binnacle/runs/*/open-grows) && [ -e "$f" ] && break; sleep 0.02; done; for i in {1..300}; do echo $i >>${f%/*}/artifacts/grows; done; for i in {1..200}; do binnacle run show grows --json | grep -qE "\"status\": \"(FINISHED|FAILED)\"" && break; sleep 0.05; done; binnacle audit verify'
mentions 'whole'
untouched "an artefact that grows while it is stored"

works mal 'seq 1 2000000 | sed "s/^/1,/;1i a,b" >$S/big.csv && chmod 644 $S/big.csv'
touch "$dir/mal/changing" && chown "${uid[mal]}" "$dir/mal/changing"
(as mal 'while [ -e $HOME/changing ]; do truncate -s 1000 $S/big.csv; truncate -s 8M $S/big.csv; printf "\n2,3\n" >>$S/big.csv; sleep 0.01; done' >/dev/null) &
changing=$!
text=$(as ann 'binnacle data add changing $S/big.csv -q --on-error reject')
got=$?
[ $got -lt 124 ] || fail "a source that is changed kills the reader: $text"
rm "$dir/mal/changing"
wait $changing
works ann 'binnacle audit verify'
mentions 'whole'
untouched "a source that is cut, filled and grows while it is read"

# ---- after: when her work is done ------------------------------------------------------------------------
works mal "ls -d .binnacle/objects/??/* >\$HOME/all; for o in \$(cat \$HOME/all); do rm -f \$o; mv -f \$o \$HOME/x; echo wrong >\$o; ln -sfn $dir/ann/secret \$o; chmod u+w \$o; done; for d in .binnacle/objects/??; do mv \$d \$HOME/d; done; true"
works ann 'binnacle audit verify && binnacle data head jobs && binnacle model verify power/1; binnacle audit verify'
mentions 'whole'
untouched "her objects removed, renamed, replaced and written to"
works mal "for f in .binnacle/workspace.json .binnacle/claims .binnacle/claims/*/jobs/* .binnacle/log/uid-${uid[ann]}@* .binnacle/log/uid-${uid[ann]}@*/* .binnacle/runs/*; do mv -f \$f \$HOME/y; ln -sfn $dir/ann/secret \$f; done; true"
find "$dir/team/.binnacle" -lname "*/ann/secret" -uid "${uid[mal]}" -path '*/runs/*' -prune -o -lname '*/secret' -uid "${uid[mal]}" -print | grep -vE '/(tmp|claims/dataset|runs)/' | grep . && fail "a link of mal's lies in the place of what is ann's"
works ann 'binnacle audit verify && binnacle run ls'
mentions 'trained'
untouched "her logs, claims, runs and workspace.json replaced by links"
mkdir -p "$dir/ann/precious" && echo precious >"$dir/ann/precious/x" && chown -R "${uid[ann]}:$gid" "$dir/ann/precious"
during "links and shut directories among artefacts that are removed later" "ln -s $dir/ann/precious artifacts/d && mkdir -m 700 artifacts/shut && echo 1 >artifacts/shut/x && mkdir -m 777 artifacts/e && ln -s ../../../../../../ann artifacts/e/home"
works ann "binnacle run rm run$runs -y -q; binnacle gc --older-than 0s -y; true"
[ -e "$dir/ann/precious/x" ] && [ -e "$dir/ann/a.csv" ] || fail "gc removed what a link in a run leads to"
echo "ok links and shut directories in a run that gc removes"
works mal 'mkdir -p .binnacle/runs/0123456789abcdef0123456789abcdef/artifacts && echo x >.binnacle/runs/0123456789abcdef0123456789abcdef/artifacts/x; truncate -s 1T .binnacle/runs/0123456789abcdef0123456789abcdef/log.txt; ln -s '"$dir"'/ann .binnacle/runs/fedcba9876543210fedcba9876543210; true'
works ann 'binnacle run ls && binnacle gc --older-than 0s -y; true'
[ -e "$dir/ann/a.csv" ] || fail "gc followed a run that is a link"
untouched "runs that nobody started, one of them a link"
exit $bad
