#!/bin/bash
# The store on kernel NFS 4.2: a server and two clients, each a separate kernel (User Mode Linux), so that power cuts
# are realistic. Two hosts with four writers each, which are killed at random, while the server loses power, loses power
# and its state about clients, and one client loses power. Nothing acknowledged is lost, no number is assigned twice,
# both hosts see the same. They write for BINNACLE_NET_SECONDS (60).
set -u
build=${BINNACLE%/binnacle}
build=${build#"$PWD"/}
seconds=${BINNACLE_NET_SECONDS:-60}
packages="user-mode-linux uml-utilities nfs-kernel-server nfs-common e2fsprogs iproute2 kmod"
PATH=$PATH:/usr/sbin:/sbin

for tool in linux.uml uml_switch exportfs rpc.nfsd mount.nfs4 mkfs.ext4 ip modprobe cc; do
	command -v $tool >/dev/null && continue
	echo "SKIP: NFS: $tool is not here (apt-get install -y --no-install-recommends $packages)"
	exit 0
done
if [ "$(id -u)" != 0 ]; then
	echo "SKIP: NFS: needs root"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/var/tmp}/binnacle-nfs-XXXXXX") || exit 1
uml=$work/uml share=$work/share
journals=$share/journals
. tests/peers/net/uml.sh
. tests/peers/net/trial.sh

cleanup() {
	uml_down
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

workspace_of() { echo /media/nfs/ws; }
index_of() { echo "/run/index-$2"; }
host_run() { # HOST COMMAND...
	local host=$1 script
	shift
	printf -v script '%q ' env NET_WRITER="$driver" BINNACLE="$BINNACLE" "$@"
	node_run "$host" 300 "$script"
}

uml_up || exit 1
if ! nfs_serve >"$work/log" 2>&1; then
	# An old kernel on a new machine is not what is tested here.
	echo "SKIP: NFS: no server in User Mode Linux: $(tail -n 2 "$work/log" | tr '\n' ' ')"
	exit 0
fi
nfs_mount a && nfs_mount b || exit 1
trial_prepare || exit 1
trial_run_is_seen_whole

trial_load a "$seconds"
trial_load b "$seconds"
for memory in keep forget; do
	sleep $((seconds / 5)) # time itself: the load between two cuts
	node_cut s
	sleep 1 # time itself: the server is away
	nfs_serve $memory || exit 1
done
sleep $((seconds / 5)) # time itself: the load before the next cut
node_cut b
nfs_mount b || exit 1
trial_load b $((seconds * 2 / 5))
trial_wait
trial_check "NFS, server cut twice and a client once"

# An export is withdrawn: file handles are stale, for processes inside and outside of it.
host_run b bash -c 'cd /media/nfs/ws && touch /run/inside && while [ ! -e /run/gone ]; do sleep 0.1; done
	env -u PWD "$BINNACLE" run ls; echo "status $?"' >"$work/inside" &
inside=$!
node_run b 30 'until [ -e /run/inside ]; do sleep 0.1; done'
node_run s 20 'exportfs -ua; exportfs -f; rm -rf /media/disk/share/ws'
out=$(host_run b "$BINNACLE" -C /media/nfs/ws run ls)
judge_unreachable "a share that is withdrawn" $? "$out"
node_run b 5 'touch /run/gone'
wait $inside
judge_unreachable "a working directory on it" "$(sed -n 's/^status //p' "$work/inside")" "$(cat "$work/inside")"
[ ! -e "$work/failed" ]
