#!/bin/bash
# The first process of a User Mode Linux kernel started by uml.sh. The host's file system is its root, read-only except
# $share. Runs each script that appears as JOB.run in the node's directory there, and writes JOB.out and JOB.status.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
parameter() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
node=$(parameter peer_node) address=$(parameter peer_address) share=$(parameter peer_share)
hostname "$node"
for dir in /run /media; do mount -t tmpfs tmpfs $dir; done
mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
mkdir -p /dev/shm /media/nfs /run/home
mount -t tmpfs tmpfs /dev/shm
mount -t hostfs none "$share" -o "$share"
ip link set lo up
ip link set eth0 up
ip addr add "$address/24" dev eth0
export HOME=/run/home TMPDIR=/run OPENBLAS_NUM_THREADS=1
unset XDG_STATE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR
# See uml_xstate.c.
export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512CD,-AVX512DQ

jobs=$share/$node
run() { # JOB
	bash "$1.now" >"$1.out" 2>&1 </dev/null
	echo $? >"$1.done"
	mv "$1.done" "$1.status"
}
mkfifo /run/pause
exec 9<>/run/pause
: >"$jobs/up"
while :; do
	for script in "$jobs"/*.run; do
		[ -e "$script" ] || continue
		mv "$script" "${script%.run}.now"
		run "${script%.run}" &
	done
	read -r -t 0.2 -u 9
done
