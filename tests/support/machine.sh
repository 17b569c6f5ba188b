# A fresh machine for scripts of tests/peers: a minimal Debian in a directory (debootstrap), with its own processes,
# accounts and mounts, which end with the script. The script that sources it sets $what, for SKIP lines, and runs from
# the root of the tree. Needs root, and Debian's archive.
#   BINNACLE_ROOTS=DIR             DIR/bookworm, DIR/bullseye: existing roots made by debootstrap; they are copied
#
#	machine_make SUITE      sets $top to its root; SKIP if it cannot be made
#	machine_start           makes accounts ann and ben in group team, which owns /srv/team
#	inside WHO LINE         runs a line of shell there, in directory $at
#	step WHO LINE           the same; it must succeed

skip() { echo "SKIP: $what: $*"; exit 0; }
fail() {
	echo "FAIL: $*"
	tail -n 25 "$work/out" 2>/dev/null
	exit 1
}
[ "$(id -u)" = 0 ] || skip "not root"
for tool in unshare nsenter setpriv chroot; do command -v $tool >/dev/null || skip "$tool is not here"; done
work=$(mktemp -d /var/tmp/binnacle-machine-XXXXXX) || exit 1
top=$work/root holder='' at=/
# unshare ignores other signals while it waits for its child; killing it ends the first process, and thus all.
trap '[ -z "$holder" ] || { kill -KILL $holder; wait $holder; } 2>/dev/null; rm -rf --one-file-system "$work"' EXIT

machine_make() {
	if [ -d "${BINNACLE_ROOTS:-/nonexistent}/$1" ]; then
		cp -a "$BINNACLE_ROOTS/$1" "$top" || exit 1
	else
		command -v debootstrap >/dev/null || skip "debootstrap is not here"
		debootstrap --variant=minbase --include=ca-certificates "$1" "$top" http://deb.debian.org/debian >"$work/log" 2>&1 ||
			skip "debootstrap: $(tail -n 1 "$work/log")"
	fi
}

inside() {
	local who=$1 home=/home/$1 as=()
	if [ "$who" = root ]; then home=/root; else as=(setpriv --reuid "$who" --regid "$who" --init-groups); fi
	nsenter -t "$first" -m -p chroot "$top" "${as[@]}" env -i HOME="$home" USER="$who" LANG=C.UTF-8 TERM=xterm \
		PATH="$home/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" BINNACLE_TOKEN=of-the-readme \
		MAKEFLAGS="-j$(nproc)" bash -c "cd $at && { $2
		}" </dev/null
}

step() {
	local began=$SECONDS
	inside "$1" "$2" >"$work/out" 2>&1 || fail "$1\$ $2"
	echo "ok $1\$ $2 ($((SECONDS - began)) s)"
}

machine_start() {
	cp /etc/resolv.conf "$top/etc/resolv.conf" 2>/dev/null
	echo "127.0.0.1 localhost $(uname -n)" >"$top/etc/hosts"
	unshare --mount --pid --fork --kill-child --propagation private bash -c '
		mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && mount -t tmpfs -o mode=1777 none "$1/tmp" &&
			touch "$1/machine-is-up" && exec sleep infinity' machine "$top" &
	holder=$!
	for _ in $(seq 600); do
		[ -e "$top/machine-is-up" ] && break
		kill -0 $holder 2>/dev/null || skip "nothing can be mounted here"
		sleep 0.1
	done
	first=$(pgrep -P $holder) || fail "the machine is not up"
	step root 'groupadd team && for who in ann ben; do useradd -m -s /bin/bash -G team $who || exit 1; done &&
		mkdir -m 2775 /srv/team && chown ann:team /srv/team'
}
