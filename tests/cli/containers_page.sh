#!/bin/bash
# docs/containers.md as printed: every line of its path works, in that order. A line of a program that is not
# installed is skipped and named. podman gets settings for machines without cgroups, by its own file.
set -u
TMPDIR=/tmp
. tests/support/shell.sh || exit 2
at_end() {
	podman rm -f -t 1 power >/dev/null 2>&1
	podman rmi -f localhost/power:1 >/dev/null 2>&1
	kill %1 2>/dev/null
}
export USER=${USER:-$(id -un)} HOME=$dir/home XDG_RUNTIME_DIR=$dir/run PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$HOME" "$XDG_RUNTIME_DIR" "$dir/bin" "$dir/ws"
ln -s "$BINNACLE" "$dir/bin/binnacle"
export PATH=$dir/bin:$PATH
cat >"$dir/containers.conf" <<-CONF
	[containers]
	default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
	[engine]
	runtime = "runc"
	cgroup_manager = "cgroupfs"
	events_logger = "none"
CONF
cat >"$dir/storage.conf" <<-CONF
	[storage]
	driver = "vfs"
	graphroot = "$dir/store"
	runroot = "$dir/run/store"
CONF
export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf
page=$PWD/docs/containers.md
cd "$dir/ws" || exit 1

# A port that is free now, in place of the page's.
binnacle init "$dir/other" >/dev/null 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null)
port=${port:-18420}

usable() { # PROGRAM: whether it is there and can start a container here
	command -v "$1" >/dev/null || { echo "SKIP: docs/containers.md: $1 is not installed"; return 1; }
	case $1 in
	podman) podman info >"$dir/log" 2>&1 && command -v runc >/dev/null ;;
	ch-run) ch-run --cd / "$dir/ws/power-root" -- /usr/bin/binnacle --version >"$dir/log" 2>&1 ;;
	docker) docker info >"$dir/log" 2>&1 ;;
	esac || { echo "SKIP: docs/containers.md: $1 does not run here: $(tail -n 1 "$dir/log")"; return 1; }
}
declare -A use=()
lines=0 skipped=
while IFS= read -r line; do
	lines=$((lines + 1))
	line=${line//8420/$port}
	for tool in podman docker apptainer ch-run; do
		case "$line" in
		"$tool "* | *"&& $tool "*) ;;
		*) continue ;;
		esac
		[ -n "${use[$tool]:-}" ] || if usable $tool; then use[$tool]=yes; else use[$tool]=no; fi
		[ "${use[$tool]}" = yes ] || continue 2
	done
	case $line in
	"binnacle predict --endpoint"*)
		if ! [ -e "$dir/up" ]; then skipped=$line; continue; fi
		for _ in $(seq 200); do
			(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
			sleep 0.05
		done
		;;
	esac
	if eval "$line" >"$dir/out.$lines" 2>&1 </dev/null; then
		echo "ok $line"
	else
		echo "FAIL: $line"
		tail -n 15 "$dir/out.$lines"
		bad=1
	fi
	case $line in
	*"serve.sh"* | "podman run"* | "docker run"*) touch "$dir/up" ;;
	"kill %1") wait %1 2>/dev/null; rm -f "$dir/up" ;;
	"podman stop"* | "docker stop"*)
		rm -f "$dir/up"
		cmp -s served.csv local.csv || { echo "FAIL: other answers than predict"; bad=1; }
		;;
	esac
done < <(sed -n '/^## From a model/,/^## Forms/p' "$page" | sed -n '/^```$/,/^```$/p' | grep -v '^```')
[ $lines -ge 30 ] || { echo "FAIL: only $lines lines found in $page"; bad=1; }
[ -z "$skipped" ] || [ "${use[podman]:-}" = no ] || [ "${use[docker]:-}" = no ] || { echo "FAIL: not run: $skipped"; bad=1; }

# What the page says of files that exist, and of forms.
for format in $(sed -n '/^## Forms/,/^## What/s/^| `\([a-z-]*\)`.*/\1/p' "$page"); do
	binnacle package power/1 --format "$format" --out "all-$format" -q >/dev/null || { echo "FAIL: format $format"; bad=1; }
	binnacle package power/1 --format "$format" --out "all-$format" -q >/dev/null 2>&1
	[ $? = 6 ] || { echo "FAIL: $format replaces what is there"; bad=1; }
done
[ "$(ls -d all-* | wc -l)" = 6 ] || { echo "FAIL: the page has not six forms"; bad=1; }
for label in $(sed -n '/^Labels say/,/^$/p' "$page" | grep -o '`binnacle\.[a-z]*`' | tr -d '`' | sort -u); do
	grep -q "\"$label\":" all-oci/blobs/sha256/* || [ $label = binnacle.commit ] || { echo "FAIL: no label $label"; bad=1; }
done
exit $bad
