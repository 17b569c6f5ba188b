#!/bin/bash
# Settings of a site in /etc/binnacle/site.json: defaults, and limits that users can only make stricter; `doctor` shows
# the origin of each value. Runs in a separate mount namespace with its own /etc/binnacle.
set -u
if [ -z "${BINNACLE_SITE_INSIDE:-}" ]; then
	if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
		echo "SKIP: a site's settings: only root can put a file in the place of /etc/binnacle/site.json"
		exit 0
	fi
	BINNACLE_SITE_INSIDE=1 exec unshare -m --propagation private bash "$0"
fi
unset BINNACLE_SITE_INSIDE
. tests/support/shell.sh || exit 2
made=
[ -d /etc/binnacle ] || { mkdir /etc/binnacle 2>/dev/null && made=1; } # an empty one during this test
at_end() {
	umount -l /etc/binnacle 2>/dev/null
	[ -z "$made" ] || rmdir /etc/binnacle
}
mkdir "$dir/site" && mount --bind "$dir/site" /etc/binnacle 2>/dev/null ||
	{ echo "SKIP: a site's settings: nothing can be mounted at /etc/binnacle"; exit 0; }
site=/etc/binnacle/site.json mine=$XDG_CONFIG_HOME/binnacle/settings.json
chmod 755 "$dir/site"
host=$(uname -n)
host=${host%%.*}
mkdir -p "$dir/ws" "${mine%/*}" "$dir/local"
cd "$dir/ws" || exit 1
expect 0 "a workspace" "$B" init -q

# ---- where a value comes from ---------------------------------------------------------------------
cat >$site <<END
{"executor": "queue", "account": "p7", "index": "$dir/local", "login_hosts": ["$host"], "login_cores": 1,
 "login_minutes": 30, "remotes": ["https://*.site.example"], "retention_days": 90,
 "enforce": ["login_cores", "login_minutes", "remotes", "retention_days", "index"]}
END
echo '{"retention_days": 30, "login_minutes": 10, "account": "p8"}' >"$mine"
expect 0 "doctor" "$B" doctor --json
setting() { awk -v what="\"setting $1\"" '/"detail"/ { detail = $0 } index($0, what) { print detail }' <<<"$out"; }
tells() { # KEY WORDS
	case $(setting "$1") in
	*"$2"*) echo "ok doctor tells $1: $2" ;;
	*) fail "doctor of $1: '$(setting "$1")', expected '$2'" ;;
	esac
}
tells executor "queue, from $site"
tells retention_days "90, from $site, enforced by the site; passed over, as it is looser: $mine"
tells login_minutes "10, from $mine, enforced by the site"
tells account "p8, from $mine; no executor of this version asks a scheduler"
tells login_hosts "$host, from $site"
tells index "$dir/local, from $site, enforced by the site"
expect 0 "the index is where the site has it" "$B" index status
says "$dir/local/binnacle-$(id -u)/"
BINNACLE_INDEX=$dir/other expect 4 "and not elsewhere" "$B" run ls
says "BINNACLE_INDEX: $site enforces index: $dir/local"

spec_of() { # RUN
	local hash
	hash=$("$B" run show "$1" --json | sed -n 's/^  "spec": "\(.*\)".*/\1/p')
	cat ".binnacle/objects/${hash:0:2}/${hash:2}" 2>/dev/null || cat ".binnacle/objects/${hash:0:2}/$hash"
}

# ---- limits ---------------------------------------------------------------------------------------
expect 4 "gc removes nothing younger" "$B" gc --older-than 14d --yes
says "--older-than 14d: $site enforces retention_days: at least 90"
expect 0 "older is stricter" "$B" gc --older-than 91d --dry-run
expect 0 "and the default is the site's" "$B" gc --dry-run
expect 0 "a run with the site's executor and the user's time" "$B" run start --name r -q --wait -- sh -c 'nproc; echo done'
[ "$("$B" run log r)" = "1
done" ] || fail "a run may use more cores than the site says: $("$B" run log r)"
expect 0 "its spec" spec_of r
says '"executor":"queue"'
says '"time_limit_s":600'
expect 4 "no more time than the site enforces" "$B" run start --time-limit 31m --wait -- true
says "$site enforces login_minutes: at most 30"
expect 0 "up to that the command line decides" "$B" run start --time-limit 30m --wait -q -- true
expect 4 "no more threads" "$B" run start --queue --cores 2 --wait -- true
says "$site enforces login_cores: at most 1"
echo 'a' >rows.csv
expect 4 "rows go nowhere else" "$B" predict rows.csv --endpoint https://other.example --out o.csv
says "'https://other.example' is none of the servers that 'remotes' in $site allows"
[ ! -e o.csv ] || fail "a file of answers was made"
sed -i "s/\"$host\"/\"another\"/" $site
expect 0 "on another host work is not limited" "$B" run start --time-limit 31m --wait -q -- true

# ---- what is not believed -------------------------------------------------------------------------
for mode in 664 646; do
	chmod $mode $site
	expect 4 "a file that others may write to ($mode)" "$B" run start --wait -- true
	says "$site is not believed: group or others may write to it"
	expect 1 "doctor" "$B" doctor
	says "chown root"
done
chmod 644 $site
chown 65534 $site
expect 4 "a file of another user" "$B" gc --yes
says "it does not belong to root"
chown 0 $site
chmod 777 /etc/binnacle
expect 4 "a directory that others may write to" "$B" gc --yes
says "group or others may write to its directory"
chmod 755 /etc/binnacle
echo '{"executer": "queue"}' >$site
expect 2 "a slip" "$B" run start --wait -- true
says "$site: unknown field 'executer', did you mean 'executor'?"
expect 0 "who only looks is not stopped" "$B" run ls
rm $site
expect 0 "a user's own settings" "$B" gc --dry-run
echo '{"retention_days": 0}' >"$mine"
expect 2 "are read as strictly" "$B" gc --dry-run
says "$mine: field 'retention_days' must be a whole number from 1 to 100000"
rm "$mine"
echo '{"executor": "queue"}' >.binnacle/settings.json
chmod 644 .binnacle/settings.json
expect 0 "a workspace's" "$B" run start --name w --wait -q -- true
expect 0 "its spec" spec_of w
says '"executor":"queue"'
expect 0 "the command line decides" "$B" run start --executor local --name l --wait -q -- true
expect 0 "its spec" spec_of l
case $out in *'"executor":"queue"'*) fail "--executor local: $out" ;; esac
expect 0 "nothing of it is wrong for doctor" "$B" doctor
says "queue, from $dir/ws/.binnacle/settings.json"
chmod 664 .binnacle/settings.json
expect 4 "that others may write to" "$B" run start --wait -q -- true
says "settings.json is not believed: group or others may write to it"
