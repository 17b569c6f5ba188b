# Sourced by cephfs.sh: a CephFS on loopback: one monitor, one object store in a file (BlueStore), one
# metadata server. All files are in the directory $ceph.
# Debian's ceph 16; authentication is off, since only this script knows the port.

ceph_configure() {
	local port=$((20000 + RANDOM % 20000))
	fsid=$(cat /proc/sys/kernel/random/uuid)
	mkdir -p "$ceph"/{mon,osd,mds,run,log}
	monitor="v2:127.0.0.1:$port"
	cat >"$ceph/ceph.conf" <<END
[global]
fsid = $fsid
mon host = $monitor
mon initial members = a
public network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = false
run dir = $ceph/run
admin socket = $ceph/run/\$name.\$pid.asok
pid file = $ceph/run/\$name.pid
log file = $ceph/log/\$name.log
mon data = $ceph/mon
osd data = $ceph/osd
mds data = $ceph/mds
osd pool default size = 1
osd pool default min size = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
osd crush chooseleaf type = 0
osd objectstore = bluestore
osd class load list = *
osd class default list = *
bluestore block size = 4294967296
bluestore cache autotune = false
bluestore cache size = 67108864
mds cache memory limit = 134217728
mds reconnect timeout = 5
[client]
pid file =
log file = $ceph/log/\$name.\$pid.log
END
	export CEPH_CONF=$ceph/ceph.conf
}

# Runs a command of the cluster; prints nothing unless it fails.
ceph_do() {
	timeout 60 ceph "$@" >"$ceph/log/command" 2>&1 || {
		echo "ceph $*: $(tail -n 2 "$ceph/log/command")"
		return 1
	}
}

ceph_start() { # mon | osd | mds
	case $1 in
	mon) ceph-mon -i a ;;
	osd) ceph-osd -i 0 ;;
	mds) ceph-mds -i a ;;
	esac >>"$ceph/log/start" 2>&1
}

ceph_pid() { # mon | osd | mds
	case $1 in
	osd) cat "$ceph/run/osd.0.pid" ;;
	*) cat "$ceph/run/$1.a.pid" ;;
	esac 2>/dev/null
}

ceph_cut() { kill -9 "$(ceph_pid "$1")"; }

ceph_wait_active() {
	for _ in $(seq 120); do
		timeout 20 ceph mds stat 2>/dev/null | grep -q 'up:active' && return 0
		sleep 0.5
	done
	echo "the metadata server does not become active"
	return 1
}

ceph_up() {
	ceph_configure
	monmaptool --create --fsid "$fsid" --addv a "[$monitor]" "$ceph/monmap" >/dev/null &&
		ceph-mon --mkfs -i a --monmap "$ceph/monmap" >/dev/null 2>&1 &&
		ceph_start mon || return 1
	ceph_do osd new "$(cat /proc/sys/kernel/random/uuid | tee "$ceph/osd.uuid")" || return 1
	ceph-osd -i 0 --mkfs --osd-uuid "$(cat "$ceph/osd.uuid")" >/dev/null 2>&1 || return 1
	ceph_do osd crush add osd.0 1.0 root=default host=peer && ceph_start osd &&
		ceph_do osd pool create meta 8 && ceph_do osd pool create data 8 &&
		ceph_do fs new shared meta data && ceph_start mds && ceph_wait_active
}

ceph_down() {
	local d
	for d in mds osd mon; do kill -9 "$(ceph_pid $d)" 2>/dev/null; done
	umount "$ceph/connections" 2>/dev/null
}

# Mounts the file system at DIR with a new client; fuse_pid is that client.
ceph_mount() { # DIR
	mkdir -p "$1"
	ceph-fuse -f "$1" >>"$ceph/log/fuse" 2>&1 </dev/null &
	fuse_pid=$!
	disown $fuse_pid
	for _ in $(seq 100); do
		mountpoint -q "$1" && return 0
		sleep 0.1
	done
	return 1
}

# Kills the client, and with it every request that waits for it. (A helper of ceph-fuse that remounts may keep the
# connection's descriptor open and wait for it, so killing the client is not enough.)
ceph_kill_client() { # DIR PID
	local connection
	connection=$(mountpoint -d "$1" 2>/dev/null)
	kill -9 "$2" 2>/dev/null
	mkdir -p "$ceph/connections"
	mountpoint -q "$ceph/connections" || mount -t fusectl none "$ceph/connections"
	[ -z "$connection" ] || echo 1 2>/dev/null >"$ceph/connections/${connection#*:}/abort"
}
