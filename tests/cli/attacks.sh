#!/bin/bash
# Rows of tests/attacks/table.txt that need real accounts: what a member of the group can do to a shared workspace with
# mv, ln, rm and other programs, and what its users are told.
set -u
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo "SKIP: attacks by another account: only root can be several accounts (with setpriv)"
	exit 0
fi
TMPDIR=/tmp
. tests/support/shell.sh || exit 2
chmod 755 "$dir"
group=$(getent group users games nogroup | head -n 1)
[ -n "$group" ] || fail "no group to share with"
gid=$(cut -d: -f3 <<<"$group") group=${group%%:*}
declare -A uid=([ann]=64201 [ben]=64202 [mal]=64204)
mkdir "$dir/bin" "$dir/team" && cp "$BINNACLE" "$dir/bin/binnacle" || fail "a copy of the program"
for who in ann ben mal; do
	mkdir -m 700 "$dir/$who" && chown "${uid[$who]}:$gid" "$dir/$who"
done
chown "${uid[ann]}:$gid" "$dir/team" && chmod 2775 "$dir/team" # a group may rename what lies in it

# as WHO LINE: runs a line of shell as that account, in the shared directory.
as() {
	(cd "$dir/team" && exec env -i HOME="$dir/$1" PATH="$dir/bin:/usr/bin:/bin" LANG=C.UTF-8 \
		setpriv --reuid "${uid[$1]}" --regid "$gid" --clear-groups bash -c "$2") 2>&1
}
works() { text=$(as "$1" "$2") || fail "$1: $2: $text"; }
stops() { # WHO LINE WORDS
	text=$(as "$1" "$2") && fail "$1: $2 went on: $text"
	grep -qi -- "$3" <<<"$text" || fail "$1: $2 does not say '$3': $text"
}

works ann "umask 077 && binnacle init --shared $group"
invitation=$(as ann 'binnacle trust show' | sed -n 's/^ *invitation *//p')
[ -n "$invitation" ] || fail "no invitation"
works ben "binnacle trust accept '$invitation' --yes"
works ann "binnacle user accept uid-${uid[ben]} --role reviewer"
works ann 'binnacle run start --wait -q --name first -- true'
works ben 'binnacle run ls && binnacle audit verify'
works ben 'umask 077 && binnacle run start --wait -q --name hidden -- true'
works ann 'binnacle run ls'
grep -q hidden <<<"$text" || fail "who has umask 077 is not seen: $text"
echo "ok what is shared is read by its members whatever the umask of each is"

# ---- the directory ---------------------------------------------------------------------------------
works mal 'mv .binnacle aside && binnacle init --name ann'
stops ben 'binnacle run ls' 'another workspace'
stops ann 'binnacle run start --wait -q -- true' 'another workspace'
works ben 'binnacle trust show; true'
grep -qi 'another workspace' <<<"$text" || fail "trust show does not say it: $text"
works mal 'rm -rf .binnacle && mv aside .binnacle'
works ben 'binnacle run ls && binnacle audit verify'
echo "ok a workspace moved aside by another account, and his own in its place"

works mal 'mkdir sub && cd sub && binnacle init'
stops ben 'cd sub && binnacle run ls' 'is within'
works mal 'rm -rf sub'
echo "ok a workspace of another account planted beneath"

works mal "mkdir $dir/mal/own && cd $dir/mal/own && binnacle init && chmod -R a+rX $dir/mal && cd $dir/team && mv .binnacle aside && ln -s $dir/mal/own/.binnacle .binnacle"
stops ben 'binnacle run ls' .
stops ann 'binnacle user ls' .
works mal 'rm .binnacle && mv aside .binnacle'
works ben 'binnacle run ls && binnacle audit verify'
echo "ok a link of another account in its place"

# ---- files of others ---------------------------------------------------------------------------------
for line in 'mv .binnacle/log/uid-64201@* /tmp/x' 'rm -rf .binnacle/log/uid-64201@*' \
	'echo {} >.binnacle/workspace.json' 'mv .binnacle/workspace.json .binnacle/w' 'rm -f .binnacle/workspace.json' \
	'touch .binnacle/log/uid-64201@*/0000000099-0000000099.seg' "ls $dir/ann/.local" "ls $dir/ben/.config" \
	'for f in .binnacle/log/uid-64201@*/*.seg; do echo x >>$f; done'; do
	text=$(as mal "$line") && fail "mal may: $line"
done
works ben 'binnacle audit verify'
echo "ok logs, keys and memories of others are out of reach"

# ---- what he may write ---------------------------------------------------------------------------------
works mal 'd=$(ls -d .binnacle/log/uid-64201@*-0 | head -n 1) && n=$(basename $d) && cp -r $d .binnacle/log/uid-64202@${n#*@} 2>/dev/null || mkdir .binnacle/log/uid-64202@other-boot-0'
works mal 'mkdir -p .binnacle/log/uid-64202@x-y-0 && head -c 5000 /dev/urandom >.binnacle/log/uid-64202@x-y-0/0000000001-0000000009.seg'
works ben 'binnacle run start --wait -q --name second -- true && binnacle run ls'
works ann 'binnacle index rebuild; binnacle run ls'
grep -q second <<<"$text" || fail "ben's run is not seen: $text"
as ann 'binnacle audit verify' >"$dir/verified"
grep -q 'uid-64202@' "$dir/verified" || fail "the forged log is not named: $(cat "$dir/verified")"
works mal 'rm -rf .binnacle/log/uid-64202@x-y-0'
echo "ok logs in the name of another account"

works mal 'ln -s /etc .binnacle/log/mal@a-b-0; ln -s /dev/zero .binnacle/log/mal@a-b-1; mkfifo .binnacle/log/mal@a-b-2; true'
text=$(as ben 'timeout 60 binnacle run ls') || fail "links and pipes in the log: $text"
works mal 'rm -f .binnacle/log/mal@a-b-*'
echo "ok links and pipes in the log"

# ---- an old state --------------------------------------------------------------------------------------
works ann 'mkdir old && cp -a .binnacle/log/uid-64201@* old/'
works ann "binnacle role grant uid-${uid[ben]} admin"
works ben 'binnacle trust show'
works ann 'mkdir new && cp -a .binnacle/log/uid-64201@* new/ && rm -rf .binnacle/log/uid-64201@* && cp -a old/uid-64201@* .binnacle/log/'
stops ben 'binnacle run ls' 'link'
works ann 'rm -rf .binnacle/log/uid-64201@* && cp -a new/uid-64201@* .binnacle/log/'
works ben 'binnacle run ls'
echo "ok the founder rolls his log back"

# ---- other ways to it ------------------------------------------------------------------------------------
works mal "test -d $dir/mal/own/.binnacle" # made above
ln -s "$dir/team" "$dir/way" || fail "a link"
works ben "cd $dir/way && binnacle run ls && BINNACLE_HOME=$dir/way binnacle audit verify"
stops mal "ln -sfn $dir/mal/own $dir/way" .
works mal "ln -s $dir/team $dir/mal/way"
works ben "cd $dir/mal/way && binnacle run ls"
works mal "ln -sfn $dir/mal/own $dir/mal/way"
stops ben "cd $dir/mal/way && binnacle run start --wait -q -- true" .
stops ben "BINNACLE_HOME=$dir/mal/way binnacle run start --wait -q -- true" .
works ben 'binnacle run ls'
echo "ok a path that is a link of another account, and is turned to his own"

mkdir -m 1777 "$dir/open" && mkdir -m 777 "$dir/open/deep" || fail "a directory like /tmp"
works mal "chmod 600 $dir/mal/.config/binnacle/identity.pem && cd $dir/open && binnacle init"
stops ben "cd $dir/open/deep && binnacle run ls" .
stops ben "cd $dir/open/deep && binnacle run start --wait -q -- true" .
echo "ok one of another account above, in a directory like /tmp"

if mkdir "$dir/bound" && mount --bind "$dir/team" "$dir/bound" 2>/dev/null; then
	text=$(as ben "cd $dir/bound && binnacle run ls && binnacle run start --wait -q --name bound -- true")
	rc=$?
	umount "$dir/bound"
	[ $rc = 0 ] || fail "the known one, mounted elsewhere: $text"
	mount --bind "$dir/mal/own" "$dir/team" || fail "a mount"
	text=$(as ben "cd $dir/team && binnacle run ls")
	rc=$?
	umount "$dir/team"
	[ $rc != 0 ] || fail "another one is mounted over the known one, and used: $text"
	grep -q 'another workspace' <<<"$text" || fail "it does not say what is wrong: $text"
	works ben 'binnacle run ls && binnacle audit verify'
	echo "ok bind mounts of the known one elsewhere, and of another in its place"
else
	echo "SKIP: bind mounts: mount --bind is not allowed here"
fi

# ---- first use -------------------------------------------------------------------------------------------
wrong=$(sed 's/\(.*\)[0-9a-f]/\1/' <<<"$invitation")
[ "$wrong" != "$invitation" ] || fail "no other invitation"
text=$(as mal "binnacle trust accept '${wrong}0' --yes; binnacle trust accept '${wrong}1' --yes")
grep -qi -e 'not for' -e 'another' -e 'invitation' <<<"$text" || fail "a wrong invitation: $text"
echo "ok a wrong invitation is compared and refused"

works mal "binnacle trust accept '$invitation' --yes && binnacle user request --name uid-64203"
stops ann 'binnacle user accept uid-64203 --role reviewer' 'uid-64204'
works ann 'binnacle user ls'
grep -q 'uid-64203.*asks' <<<"$text" || fail "the request is not there: $text"
grep -q 'uid-64203 .*member' <<<"$text" && fail "somebody was admitted by the name of another account: $text"
echo "ok a request in the name of an account that has not asked yet"
[ "$bad" = 0 ] || exit 1
