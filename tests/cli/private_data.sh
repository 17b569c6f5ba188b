#!/bin/bash
# Private data with real accounts: ann adds rows that only she can read, and works with them. ben, a member of her
# group, can see names, numbers and the digest, is refused anything else with a message, and can read no byte of the
# rows. What is derived from the rows (profile, parts, checks, drift) is private too; models trained on them are not.
set -u
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo "SKIP: private data of another account: only root can be several accounts (with setpriv)"
	exit 0
fi
TMPDIR=/tmp
. tests/support/shell.sh || exit 2
chmod 755 "$dir"
gid=64700
declare -A uid=([ann]=64701 [ben]=64702) mask=([ann]=002 [ben]=022)
mkdir "$dir/bin" && cp "$BINNACLE" "$dir/bin/binnacle" || fail "a copy of the program"
mkdir -m 755 "$dir/team" && chown "${uid[ann]}" "$dir/team"
for who in ann ben; do mkdir -m 700 "$dir/$who" && chown "${uid[$who]}:$gid" "$dir/$who"; done
as() { # WHO LINE
	(cd "$dir/team" && exec env -i HOME="$dir/$1" PATH="$dir/bin:/usr/bin:/bin" LANG=C.UTF-8 BINNACLE_HEARTBEAT=200ms \
		setpriv --reuid "${uid[$1]}" --regid $gid --clear-groups timeout 120 bash -c "umask ${mask[$1]}; $2") 2>&1
}
works() { text=$(as "$1" "$2") || fail "$1: $2: $text"; }
fails() { # WHO STATUS LINE
	text=$(as "$1" "$3")
	[ $? = "$2" ] || fail "$1: $3: not exit status $2: $text"
}
# Refused with a message that names the owner.
private() { # LINE
	text=$(as ben "$1")
	[ $? = 4 ] || fail "ben: $1: not exit status 4: $text"
	grep -q "is private" <<<"$text" && grep -q "only uid-${uid[ann]} can" <<<"$text" || fail "ben: $1 does not say whose it is: $text"
}
says() { grep -qF -- "$1" <<<"$text" || fail "'$1' is not said: $text"; }
hides() { grep -qF -- "$1" <<<"$text" && fail "'$1' is shown: $text"; }
# Words in the rows, which ben must not find in any file.
untouched() {
	as ben 'grep -rlaE "zirkonium|hafnium" .binnacle' | grep -v 'Permission denied' | grep . && fail "$1: ben reads it"
	echo "ok $1"
}

works ann "binnacle init -q --shared $gid"
invitation=$(as ann 'binnacle trust show' | sed -n 's/^ *invitation *//p')
works ben "binnacle trust accept '$invitation' --yes"
works ann "binnacle user accept uid-${uid[ben]} --role reviewer"
works ann '{ echo "metal,load,power"; for i in $(seq 400); do echo "$([ $((i % 2)) = 0 ] && echo zirkonium || echo hafnium),$((i % 17)),$((3 * (i % 17) + i % 2))"; done; } >$HOME/rows.csv'

works ann 'binnacle data add metals $HOME/rows.csv --private'
says "Private to"
digest=$(as ann 'binnacle data show metals --json' | sed -n 's/.*"hash": "\([0-9a-f]*\)".*/\1/p' | head -n 1)
works ann "binnacle data head metals && binnacle data describe metals && binnacle data export metals \$HOME/again.csv -q && cmp \$HOME/rows.csv \$HOME/again.csv"
untouched "a version that is added private"

works ann 'binnacle data split metals --parts train=0.8,test=0.2 -q && binnacle data describe metals.test'
works ann 'binnacle data infer metals >$HOME/suite.json && binnacle data check metals --suite $HOME/suite.json'
works ann 'sed s/hafnium/yttrium/ $HOME/suite.json >$HOME/bad.json; binnacle data check metals --suite $HOME/bad.json; true'
untouched "what is made from its rows"

works ben 'binnacle data ls && binnacle data show metals && binnacle data show metals.train'
works ben 'binnacle data show metals --json'
says '"private": true'
says '"rows": 400'
says "$digest"
works ben 'binnacle data show metals && binnacle data ls && binnacle data ls metals'
[ "$(grep -ciE "private to|uid-${uid[ann]}\$" <<<"$text")" -ge 5 ] || fail "the lists do not say whose it is: $text"
for line in "data head metals" "data describe metals" "data describe metals.test" "data freq metals metal" "data export metals \$HOME/x.csv" \
	"data infer metals" "data split metals" "data add metals \$HOME/own.csv" "run start --trainer ridge --data metals --target power --wait -q"; do
	as ben 'printf "metal,load,power\nlead,1,2\n" >$HOME/own.csv' >/dev/null
	private "binnacle $line"
done
as ben 'echo "{\"expectations\": []}" >$HOME/suite.json' >/dev/null
private 'binnacle data check metals --suite $HOME/suite.json'
[ ! -e "$dir/ben/x.csv" ] || fail "an export was begun"
echo "ok another member is told whose it is"

# ben adds the same bytes, from elsewhere.
cp "$dir/ann/rows.csv" "$dir/ben/same.csv" && chown "${uid[ben]}" "$dir/ben/same.csv"
works ben 'binnacle data add copy $HOME/same.csv --private && binnacle data head copy'
as ann "ls .binnacle/objects/private-${uid[ben]}" >/dev/null && fail "ann lists what is ben's"
private 'binnacle data head metals'
works ann 'binnacle data head metals && binnacle data head metals.test'
echo "ok the same bytes are each one's own"

# gc, doctor and audit verify by a user who cannot read them.
works ben 'binnacle gc --older-than 0s --yes && binnacle audit verify'
says "private: "
says "uid-${uid[ann]}"
works ben 'binnacle doctor --json; true'
hides '"what": "modes"'
works ann 'binnacle gc --older-than 0s --yes && binnacle audit verify && binnacle data head metals && binnacle data head metals.train'
echo "ok gc, doctor and audit verify of others take it for no damage"

# Models trained on them can be read.
works ann 'binnacle run start --trainer ridge --data metals.train --data metals.test:test --target power --name on-private --wait -q && binnacle model register on-private --name metal -q'
works ben 'binnacle run show on-private && binnacle model show metal/1 && printf "metal,load\nhafnium,3\n" >$HOME/in.csv && binnacle predict metal/1 $HOME/in.csv'
private 'binnacle run start --again on-private --wait -q'
echo "ok a model that was trained on it is readable"

# A drift report contains shares of the rows. (It needs loopback sockets.)
works ann 'binnacle serve metal/1 --unix $HOME/s --json >$HOME/serve.json 2>$HOME/serve.err & pid=$!
	until [ -S $HOME/s ]; do kill -0 $pid || exit 1; sleep 0.05; done
	binnacle predict --endpoint unix:$HOME/s $HOME/rows.csv -q && kill -TERM $pid && wait $pid
	binnacle monitor report metal/1; binnacle monitor show latest --json'
says '"kind": "table"'
private 'binnacle monitor show latest'
works ben 'binnacle monitor ls && binnacle audit verify'
works ann 'binnacle monitor export --textfile -'
says 'binnacle_drift_share{'
hides 'binnacle_drift_score{'
hides 'feature='
echo "ok a drift report with private rows is private, and the export for Prometheus has no features of it"

# The next version is private too, unless --shared is given.
works ann 'sed s/zirkonium/lead/ $HOME/rows.csv | sed s/hafnium/tin/ >$HOME/next.csv && binnacle data add metals $HOME/next.csv'
private 'binnacle data head metals@v2'
works ann 'sed "s/^tin/iron/; s/^lead/iron/" $HOME/next.csv >$HOME/last.csv && binnacle data add metals $HOME/last.csv --shared'
works ben 'binnacle data head metals && binnacle data head metals@v3'
works ann 'binnacle data add metals $HOME/last.csv --private; test $? = 6'
says "not private"
works ann 'binnacle data add metals $HOME/next.csv --shared && binnacle data show metals@v4 --json'
says '"private": false'
works ben 'binnacle data head metals@v4'
works ann 'binnacle data generate made --rows 50 --private -q'
private 'binnacle data head made'
echo "ok the versions after it are private until --shared"

# Removed, restored, freed by gc.
works ann 'binnacle data rm made --yes'
works ben 'binnacle gc --older-than 0s --yes'
works ann 'binnacle data restore made && binnacle data head made && binnacle data rm made --yes && binnacle gc --older-than 0s --yes'
works ann 'binnacle data show made@v1 --json'
says '"bytes_gone": true'
echo "ok private bytes are removed by their owner's gc"

# Shared by mistake: the shared bytes must be freed first.
works ann 'printf "a,b\n1,2\n77,78\n" >$HOME/oops.csv; binnacle data add oops $HOME/oops.csv -q'
works ben 'binnacle data head oops'
fails ann 6 'binnacle data add oops $HOME/oops.csv --private'
says "or remove that version (data rm oops@v1) and free it (gc --older-than 0s)"
works ann 'binnacle data rm oops --yes'
fails ann 6 'binnacle data add oops $HOME/oops.csv --private'
works ann 'binnacle gc --older-than 0s --yes && binnacle data add oops $HOME/oops.csv --private -q && binnacle data head oops'
private 'binnacle data head oops'
echo "ok what was shared by mistake is private again once its bytes were freed"

# A mode that lets others read is reported, with the command that corrects it.
own="$dir/team/.binnacle/objects/private-${uid[ann]}"
[ "$(stat -c %a "$own")" = 700 ] || fail "the mode of $own is $(stat -c %a "$own")"
find "$own" -type f ! -perm 400 | grep . && fail "objects of another mode than 0400"
one=$(find "$own" -type f | sort | head -n 1)
chmod 755 "$own" && chmod 444 "$one"
works ann 'binnacle doctor; true'
says "chmod 700 '$own'"
says "chmod 400 '$one'"
eval "$(as ann 'binnacle doctor --json; true' | grep -o "chmod [47]00 '[^']*'")"
works ann 'binnacle doctor --json; true'
hides "chmod"
works ben "mkdir .binnacle/objects/private-4242"
works ann 'binnacle doctor; true'
says "private-4242"
echo "ok doctor names a private object with a wrong mode"
