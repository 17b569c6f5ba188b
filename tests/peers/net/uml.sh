# Sourced by nfs.sh: nodes that are User Mode Linux kernels, connected by a switch: a server s with its own disk, clients
# a and b. All files are in the directory $uml; nodes can write to $share.
# Debian 12: linux.uml 6.1, which needs ptrace and memory in /dev/shm, but not root. Its root directory is the host's, so
# what root does there on a node needs root on the host.

declare -A node_pid
declare -A node_address=([s]=10.9.0.1 [a]=10.9.0.2 [b]=10.9.0.3)

uml_up() {
	mkdir -p "$share" "$uml/modules/lib"
	ln -s /usr/lib/uml/modules "$uml/modules/lib/modules"
	cc -O2 -shared -fPIC -o "$uml/xstate.so" tests/peers/net/uml_xstate.c || return 1
	cp tests/peers/net/uml_init.sh "$uml/init"
	truncate -s 2G "$uml/disk" && mkfs.ext4 -q "$uml/disk" || return 1
	uml_switch -unix "$uml/switch" </dev/null >"$uml/switch.log" 2>&1 &
	switch_pid=$!
	for _ in $(seq 100); do
		[ -S "$uml/switch" ] && return 0
		sleep 0.05
	done
	echo "uml_switch does not start: $(cat "$uml/switch.log")"
	return 1
}

node_is_alive() { kill -0 "${node_pid[$1]}" 2>/dev/null; }

# Starts a node and waits for its first process.
node_start() { # NODE [KERNEL PARAMETER...]
	local node=$1
	shift
	mkdir -p "$uml/$node" "$share/$node"
	rm -f "$share/$node"/*
	LD_PRELOAD=$uml/xstate.so TMPDIR=/dev/shm setsid linux.uml mem=384M umid="$node" \
		uml_dir="$uml/$node" root=/dev/root rootfstype=hostfs rootflags=/ ro init=/bin/bash \
		con=null con0=null,fd:1 eth0=daemon,,unix,"$uml/switch" peer_node="$node" \
		peer_address="${node_address[$node]}" peer_share="$share" "$@" -- "$uml/init" \
		</dev/null >>"$uml/$node/console" 2>&1 &
	node_pid[$node]=$!
	disown "${node_pid[$node]}"
	for _ in $(seq 200); do
		[ -e "$share/$node/up" ] && return 0
		node_is_alive "$node" || break
		sleep 0.1
	done
	echo "node $node does not come up: $(tail -n 5 "$uml/$node/console")"
	return 1
}

# Power off: data in the memory of the node is lost. The kernel has several processes (one writes to the disk and locks
# it), all in one session.
node_cut() {
	pkill -KILL --session "${node_pid[$1]}"
	while pgrep --session "${node_pid[$1]}" >/dev/null; do sleep 0.1; done
}

# Runs a script on a node: prints its output, returns its status; 99 if the node dies meanwhile, or at the limit.
node_run() { # NODE SECONDS SCRIPT
	local job left=$(($2 * 5))
	job=$(mktemp "$share/$1/XXXXXXXX") || return 1
	echo "$3" >"$job.new"
	mv "$job.new" "$job.run"
	while [ ! -s "$job.status" ] && [ $((left -= 1)) -gt 0 ] && node_is_alive "$1"; do sleep 0.2; done
	cat "$job.out" 2>/dev/null
	return "$(cat "$job.status" 2>/dev/null || echo 99)"
}

uml_down() {
	local node
	for node in "${!node_pid[@]}"; do node_cut "$node"; done
	[ -z "${switch_pid:-}" ] || { kill "$switch_pid" && wait "$switch_pid"; } 2>/dev/null
}

# ---- NFS ------------------------------------------------------------------------------------------

# The server's disk contains the share and what the server must remember of its clients across a restart; with `forget`
# this is lost, and clients lose their open files.
nfs_serve() { # [forget]
	node_start s "ubd0=$uml/disk" && node_run s 60 "
		set -e
		modprobe -d $uml/modules ext4
		modprobe -d $uml/modules nfsd
		mkdir /media/disk
		mount /dev/ubda /media/disk
		mkdir -p /media/disk/share /media/disk/state
		chmod 1777 /media/disk/share
		[ '${1:-}' != forget ] || rm -rf /media/disk/state/*
		mkdir -p /media/disk/state/{v4recovery,rpc_pipefs,sm,nfsdcltrack,nfsdcld}
		touch /media/disk/state/{etab,rmtab,xtab,state}
		mount --bind /media/disk/state /var/lib/nfs
		mount -t nfsd nfsd /proc/fs/nfsd
		echo 10 >/proc/fs/nfsd/nfsv4leasetime
		echo 10 >/proc/fs/nfsd/nfsv4gracetime
		exportfs -o rw,no_root_squash,insecure,no_subtree_check,fsid=0,sync 10.9.0.0/24:/media/disk/share
		rpc.nfsd -N 3 -U 4
		rpc.mountd -N 3
		[ \$(cat /proc/fs/nfsd/threads) = 4 ]"
}

nfs_mount() { # NODE
	node_start "$1" && node_run "$1" 60 "
		modprobe -d $uml/modules nfsv4
		for i in 1 2 3 4 5; do
			mount -t nfs4 -o vers=4.2 ${node_address[s]}:/ /media/nfs && exit 0
			sleep 1
		done
		exit 1"
}
