#!/bin/bash
# A workspace, and what belongs to one model, as one file: elsewhere it verifies and trains to the same bytes. What may not
# leave stays; a killed, cut or damaged archive makes no workspace; a copy is known, and an outdated one is noticed.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
export HOME=$dir/home
mkdir -p "$HOME"
expect 0 "demo" "$B" demo w --no-workbench -q
pin=$("$B" -C w trust show 2>/dev/null | grep -o 'bn1:[^ ]*' | head -1)
run=$("$B" -C w model show power@champion --json | sed -n 's/.*"run": "\([0-9a-f]*\)".*/\1/p' | head -1)
digest=$("$B" -C w model show power@champion 2>/dev/null | sed -n "s/^Digest *//p")

# elsewhere: as another person, who has the admin's invitation
elsewhere() {
	HOME=$dir/home2 XDG_CONFIG_HOME=$dir/config2 XDG_STATE_HOME=$dir/state2 BINNACLE_TRUST=$pin "$@"
}
mkdir home2 state2 config2

# ---- the whole ------------------------------------------------------------------------------------
expect 0 "export" "$B" -C w workspace export -o whole.tar
expect 6 "a file is not replaced" "$B" -C w workspace export -o whole.tar
says "exists already"
expect 0 "export again" "$B" -C w workspace export -o again.tar --json
says '"what": "workspace"'
expect 0 "dry run" "$B" -C w workspace export -o never.tar --dry-run
check "a dry run writes nothing" "" "$(ls never.tar 2>/dev/null)"
check "the export is an event" "2" "$("$B" -C w audit log --json | grep -c '"kind": "archive.exported"')"
check "tar reads it" "MANIFEST" "$(tar tf whole.tar | head -1)"
check "only what a workspace is made of" "MANIFEST claims log objects runs" "$(tar tf whole.tar | cut -d/ -f1 | sort -u | xargs)"
expect 0 "import" elsewhere "$B" workspace import whole.tar there
says "trust show"
expect 6 "never into a workspace" elsewhere "$B" workspace import whole.tar there
expect 0 "verify" elsewhere "$B" -C there audit verify
says "whole: every record"
expect 0 "the model verifies" elsewhere "$B" -C there model verify power@champion
expect 0 "trains to the same bytes" elsewhere "$B" -C there run reproduce "$run"
says "bit-identical"
says "${digest:0:12}"
expect 0 "doctor" elsewhere "$B" -C there doctor --json
check "modes are right" "" "$(printf '%s' "$out" | grep -o '"what": "mode[^}]*')"
check "writers of a copy have slots of their own" "1" "$(ls there/.binnacle/log | grep -c -- '-[0-9]\{5,9\}$')"
check "the same objects" "$(cd w/.binnacle/objects && find . -type f | sort)" "$(cd there/.binnacle/objects && find . -type f | sort)"
expect 0 "private import" elsewhere "$B" workspace import whole.tar hidden --private -q
check "only for its user" "700 700" "$(stat -c %a hidden/.binnacle hidden/.binnacle/log/* | sort -u | xargs | sed 's/^700$/700 700/')"

# ---- a model --------------------------------------------------------------------------------------
"$B" -C w workspace export --model power@champion -o - 2>said.err | elsewhere "$B" workspace import - model >/dev/null 2>&1
check "through a pipe" "0 0" "${PIPESTATUS[*]}"
expect 0 "verify the model's" elsewhere "$B" -C model audit verify
says "left out: "
says "whole: every record"
expect 0 "its model verifies" elsewhere "$B" -C model model verify power@champion
expect 0 "trains to the same bytes too" elsewhere "$B" -C model run reproduce "$run"
says "bit-identical"
check "fewer objects" "yes" "$([ "$(find model/.binnacle/objects -type f | wc -l)" -lt "$(find w/.binnacle/objects -type f | wc -l)" ] && echo yes)"
expect 0 "gc keeps what is named" elsewhere "$B" -C model gc
expect 0 "reproduces after gc" elsewhere "$B" -C model run reproduce "$run"
expect 0 "a copy can be exported" elsewhere "$B" -C model workspace export -o copy.tar -q
expect 0 "and imported" elsewhere "$B" workspace import copy.tar model2 -q
expect 0 "and verifies" elsewhere "$B" -C model2 audit verify
expect 3 "no such model" "$B" -C w workspace export --model power/9 -o no.tar
check "leaves nothing" "" "$(ls no.tar* 2>/dev/null)"

# ---- the same reader ------------------------------------------------------------------------------
expect 0 "import by its user" "$B" workspace import again.tar mine -q
expect 0 "no alarm" "$B" -C mine model verify power@champion
says "this is a copy of the workspace"
check "known" "" "$(printf '%s' "$out$err" | grep -i 'new to you\|behind\|first use')"
expect 0 "a decision in the original" "$B" -C w model alias power/2 candidate -q
expect 0 "is remembered" "$B" -C w model verify power@champion
expect 0 "an old archive" "$B" workspace import whole.tar old -q
"$B" -C old model verify power@champion >said 2>&1
check "an outdated copy is noticed" "refused" "$([ $? = 0 ] || echo refused)"
check "and says what it lacks" "yes" "$(grep -qE 'lost|behind|ends|lacks|record' said && echo yes)"

# ---- what may not leave ---------------------------------------------------------------------------
mkdir p && cd p || exit 1
expect 0 "init" "$B" init . -q
printf 'id,user,power\n1,zzannette,3\n2,zzbertram,4\n' >a.csv
printf 'id,power\n1,77123455\n2,4\n' >b.csv
printf 'id,power\n1,99123455\n2,5\n' >c.csv
"$B" data add open c.csv -q >/dev/null
"$B" data add people a.csv -q >/dev/null
"$B" data add secret b.csv -q >/dev/null
sed 's/99123455/88123455/' c.csv >d.csv
"$B" data add own d.csv --private -q >/dev/null
expect 0 "restrict" "$B" data protect secret --class restricted -q
expect 0 "mark" "$B" data protect people --personal user -q
expect 4 "personal data needs a reason" "$B" workspace export -o x.tar
says "holds personal data"
says "--reason WHY"
expect 0 "with one" "$B" workspace export -o x.tar --reason "moving to the new cluster"
says "secret@v1 is restricted"
says "own@v1"
check "why is recorded" "yes" "$("$B" audit log --json | grep -q 'moving to the new cluster' && echo yes)"
objects() { # of a dataset's version: how many are in the archive
	local hash
	hash=$("$B" data show "$1" --json | sed -n 's/.*"hash": "\([0-9a-f]*\)".*/\1/p' | head -1)
	tar tf "$2" | grep -c "${hash:0:2}/\?${hash:2}"
}
check "restricted data stays" "1 1 0 0" "$(objects open x.tar) $(objects people x.tar) $(objects secret x.tar) $(objects own x.tar)"
check "no key leaves" "0" "$(find "$XDG_CONFIG_HOME" "$XDG_STATE_HOME" -name '*.pem' -exec grep -v -- '---' {} + | sed 's/.*://' | head -1 | grep -c -f - -a x.tar)"
expect 0 "private too" "$B" workspace export -o y.tar --reason x --private-too
check "private data goes" "1" "$(objects own y.tar)"
expect 0 "allow it" "$B" data protect secret --remote export --reason "contract 7" -q
expect 0 "then it goes" "$B" workspace export -o z.tar --reason x
check "restricted data goes" "1" "$(objects secret z.tar)"
expect 2 "no remote has that name" "$B" remote add export "$dir"
pin=$("$B" trust show 2>/dev/null | grep -o 'bn1:[^ ]*' | head -1)
expect 0 "import all" elsewhere "$B" workspace import y.tar q -q
check "private there too" "400" "$(find q/.binnacle/objects/private-* -type f -printf '%m\n' | sort -u)"
expect 0 "verify it" elsewhere "$B" -C q audit verify
expect 0 "rows of the private one" elsewhere "$B" -C q data head own
cd ..

pin=$("$B" -C w trust show 2>/dev/null | grep -o 'bn1:[^ ]*' | head -1)

# ---- what is no archive, and what is damaged ------------------------------------------------------
whole=$(stat -c %s whole.tar)
expect 3 "no such file" "$B" workspace import nothing.tar x
expect 2 "an empty file" "$B" workspace import /dev/null x
expect 2 "another tar file" bash -c 'tar cf other.tar home && "$BINNACLE" workspace import other.tar x'
sed 's/binnacle-archive 1$/binnacle-archive 2/' whole.tar >newer.tar
expect 2 "a newer one" "$B" workspace import newer.tar x
says "newer binnacle"
cuts=0
for n in 100 600 5000 20000 40000 $((whole / 2)) $((whole - 20000)); do
	head -c "$n" whole.tar >cut.tar
	"$B" workspace import cut.tar x >/dev/null 2>&1 && cuts=$((cuts + 1))
done
check "a cut archive" "0" "$cuts"
hits=0
for n in 520 3000 14000 16000 30000 70000 $((whole / 3)) $((whole / 2)) $((whole - 30000)); do
	cp whole.tar flip.tar
	byte=$(od -An -tu1 -j "$n" -N 1 flip.tar)
	printf "\\x$(printf %x $((byte ^ 1)))" | dd of=flip.tar bs=1 seek="$n" conv=notrunc 2>/dev/null
	"$B" workspace import flip.tar x >said 2>&1
	case $? in
	0) # tar's padding, which no file has
		elsewhere "$B" -C x audit verify >/dev/null 2>&1 || hits=$((hits + 1))
		rm -rf x
		;;
	esac
done
check "a damaged archive" "0" "$hits"
check "nothing is left" "" "$(ls -d x 2>/dev/null)"

# ---- killed ---------------------------------------------------------------------------------------
broken=0
set +m
for i in 02 05 10 16 24 34 46 60 80; do
	timeout -s KILL "0.$i" "$B" -C w workspace export -o killed.tar -q >/dev/null 2>&1
	[ ! -e killed.tar ] || "$B" workspace import killed.tar k -q >/dev/null 2>&1 || broken=$((broken + 1))
	rm -rf k killed.tar*
	timeout -s KILL "0.$i" "$B" workspace import whole.tar k -q >/dev/null 2>&1
	[ ! -e k/.binnacle ] || elsewhere "$B" -C k audit verify >/dev/null 2>&1 || broken=$((broken + 1))
	rm -rf k
done
check "kill -9 leaves all or nothing" "0" "$broken"
expect 0 "the original verifies" "$B" -C w audit verify
exit $bad
