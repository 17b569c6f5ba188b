#!/bin/bash
# The store on CephFS: two hosts (each with a host name, a boot id and a ceph-fuse client) with four writers each, which
# are killed at random, while the metadata server, the object store and one whole host are cut off and come back.
# Nothing acknowledged is lost, no number is assigned twice, both hosts see the same. They write for
# BINNACLE_NET_SECONDS (60).
set -u
build=${BINNACLE%/binnacle}
build=${build#"$PWD"/}
seconds=${BINNACLE_NET_SECONDS:-60}
packages="ceph-mon ceph-osd ceph-mds ceph-common ceph-fuse"

for tool in ceph-mon ceph-osd ceph-mds ceph ceph-fuse monmaptool; do
	command -v $tool >/dev/null && continue
	echo "SKIP: CephFS: $tool is not here (apt-get install -y --no-install-recommends $packages)"
	exit 0
done
if [ "$(id -u)" != 0 ] || ! [ -w /dev/fuse ] || ! unshare --uts --mount true 2>/dev/null; then
	echo "SKIP: CephFS: needs root, /dev/fuse and mount namespaces"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/var/tmp}/binnacle-cephfs-XXXXXX") || exit 1
ceph=$work/ceph journals=$work/journals
declare -A fuse host_name
host_name=([a]=peer [b]=peer-b) # a is a prefix of the other
. tests/peers/net/ceph.sh
. tests/peers/net/trial.sh

workspace_of() { echo "$work/$1/mnt/ws"; }
index_of() { echo "$work/$1/index-$2"; }

host_boot() { # HOST
	mkdir -p "$work/$1/home"
	cat /proc/sys/kernel/random/uuid >"$work/$1/boot_id"
	ceph_mount "$work/$1/mnt" || { echo "FAIL: ceph-fuse of host $1"; exit 1; }
	fuse[$1]=$fuse_pid
}

host_run() { # HOST COMMAND...
	local host=$1
	shift
	setsid --wait unshare --uts --mount bash -c 'echo $$ >>"$2/sessions" && hostname "$1" &&
		mount --bind "$2/boot_id" /proc/sys/kernel/random/boot_id && export HOME=$2/home &&
		unset XDG_STATE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR && shift 2 && exec "$@"' \
		on-host-"$host" "${host_name[$host]}" "$work/$host" "$@"
}

# Power off: kills everything that runs on the host, and its client of the file system.
host_cut() { # HOST
	local session
	ceph_kill_client "$work/$1/mnt" "${fuse[$1]}"
	fuse[$1]=
	while read -r session; do pkill -KILL --session "$session"; done <"$work/$1/sessions"
	rm "$work/$1/sessions"
}

cleanup() {
	local host
	for host in a b; do
		[ -z "${fuse[$host]:-}" ] || ceph_kill_client "$work/$host/mnt" "${fuse[$host]}"
		umount -l "$work/$host/mnt" 2>/dev/null
	done
	ceph_down
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

ceph_up || { echo "FAIL: CephFS does not start"; tail -n 5 "$ceph"/log/*; exit 1; }
host_boot a
host_boot b
trial_prepare || exit 1
trial_run_is_seen_whole

trial_load a "$seconds"
trial_load b "$seconds"
for server in mds osd; do
	sleep $((seconds / 5)) # time itself: the load between two cuts
	ceph_cut $server || exit 1
	sleep 1 # time itself: the server is away
	ceph_start $server || exit 1
done
sleep $((seconds / 5)) # time itself: the load before the next cut
exec 3< <(trial_stay_inside "$work/b/mnt/ws" "$work/cut")
while [ ! -e "$work/cut.ready" ] && [ ! -e "$work/failed" ]; do sleep 0.1; done
host_cut b
trial_dead_mount "$work/b/mnt/ws"
touch "$work/cut"
umount -l "$work/b/mnt"
cat <&3
ceph_do tell mds.a client evict client_metadata.mount_point="$work/b/mnt" || exit 1
host_boot b
trial_load b $((seconds * 2 / 5))
trial_wait
trial_check "CephFS, metadata server, object store and a host cut"
