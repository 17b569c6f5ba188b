# Sourced by s3.sh: Ceph's radosgw on loopback, with one monitor and one object store in memory. All files are in the
# directory $ceph. Debian's ceph 16: radosgw wants keys of the cluster, so cephx is on.

rgw_packages="ceph-mon ceph-osd radosgw ceph-common"
rgw_id=BINNACLEPEER
rgw_secret=binnacle/peer+secret=0123456789

rgw_missing() { # prints the first tool that is not here
	local tool
	for tool in ceph-mon ceph-osd radosgw radosgw-admin ceph ceph-authtool monmaptool; do
		command -v $tool >/dev/null || { echo $tool; return 0; }
	done
	return 1
}

rgw_configure() { # BYTES of the object store
	local port=$((20000 + RANDOM % 10000))
	rgw_port=$((port + 1))
	rgw_url=http://127.0.0.1:$rgw_port
	fsid=$(cat /proc/sys/kernel/random/uuid)
	monitor="v2:127.0.0.1:$port"
	mkdir -p "$ceph"/{mon,osd,rgw,run,log}
	cat >"$ceph/ceph.conf" <<END
[global]
fsid = $fsid
mon host = $monitor
mon initial members = a
public network = 127.0.0.0/8
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
keyring = $ceph/keyring
run dir = $ceph/run
admin socket = $ceph/run/\$name.\$pid.asok
pid file = $ceph/run/\$name.pid
log file = $ceph/log/\$name.log
mon data = $ceph/mon
osd data = $ceph/osd
rgw data = $ceph/rgw
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon max pg per osd = 2000
mon data avail crit = 1
mon data avail warn = 1
mon allow pool size one = true
mon warn on pool no redundancy = false
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = $1
osd class load list = *
osd class default list = *
rgw frontends = beast endpoint=127.0.0.1:$rgw_port
rgw thread pool size = 32
END
	export CEPH_CONF=$ceph/ceph.conf
}

rgw_pid() { cat "$ceph/run/client.rgw.a.pid" 2>/dev/null; }

rgw_start() {
	radosgw -n client.rgw.a >>"$ceph/log/start" 2>&1 || return 1
	for _ in $(seq 300); do
		(exec 3<>"/dev/tcp/127.0.0.1/$rgw_port") 2>/dev/null && return 0
		sleep 0.1
	done
	return 1
}

rgw_up() { # BYTES
	local keyring=$ceph/keyring uuid
	rgw_configure "$1"
	ceph-authtool --create-keyring "$keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null &&
		ceph-authtool "$keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' >/dev/null &&
		ceph-authtool "$keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *' >/dev/null &&
		ceph-authtool "$keyring" --gen-key -n client.rgw.a --cap mon 'allow rw' --cap osd 'allow rwx' >/dev/null &&
		monmaptool --create --fsid "$fsid" --addv a "[$monitor]" "$ceph/monmap" >/dev/null &&
		ceph-mon --mkfs -i a --monmap "$ceph/monmap" --keyring "$keyring" >/dev/null 2>&1 &&
		ceph-mon -i a >/dev/null 2>&1 || return 1
	uuid=$(cat /proc/sys/kernel/random/uuid)
	timeout 60 ceph osd new "$uuid" >/dev/null 2>&1 || return 1
	for name in osd.0 client.rgw.a; do timeout 60 ceph auth import -i "$keyring" >/dev/null 2>&1; done
	ceph-osd -i 0 --mkfs --osd-uuid "$uuid" >/dev/null 2>&1 &&
		timeout 60 ceph osd crush add osd.0 1.0 root=default host=peer >/dev/null 2>&1 &&
		ceph-osd -i 0 >/dev/null 2>&1 && rgw_start || return 1
	radosgw-admin -n client.rgw.a user create --uid=peer --display-name=peer --access-key=$rgw_id \
		--secret-key="$rgw_secret" >/dev/null 2>&1
}

rgw_down() {
	local d
	for d in client.rgw.a osd.0 mon.a; do kill -9 "$(cat "$ceph/run/$d.pid" 2>/dev/null)" 2>/dev/null; done
}
