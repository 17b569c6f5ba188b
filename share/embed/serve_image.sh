#!/bin/sh
# Serves @MODEL@ with the container runtime that this machine has, or without one.
#
#	./serve.sh [OPTIONS OF binnacle serve]
#
# It listens on 127.0.0.1:8420 unless --host and --port say otherwise. BINNACLE_TOKEN is the token of its clients;
# without it one is made and printed. BINNACLE_RUNTIME chooses among apptainer, singularity, podman, ch-run and
# none; a model.sif beside this file (apptainer build model.sif binnacle.def) is used by the first two.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/rootfs

runtime=${BINNACLE_RUNTIME:-}
for each in apptainer singularity podman ch-run; do
	[ -n "$runtime" ] || ! command -v "$each" >/dev/null 2>&1 || runtime=$each
done

case ${runtime:-none} in
apptainer | singularity)
	image=$root
	[ ! -f "$here/model.sif" ] || image=$here/model.sif
	exec "$runtime" exec --pwd / "$image" /usr/bin/binnacle -C / serve /model --as '@MODEL@' "$@"
	;;
podman)
	# Rootless, the user is root inside and nobody else outside; as root it becomes nobody.
	if [ "$(id -u)" = 0 ]; then user=65534:65534; else user=0:0; fi
	exec podman run --rm --network host --read-only --user "$user" --env BINNACLE_TOKEN \
		--rootfs "$root" /usr/bin/binnacle -C / serve /model --as '@MODEL@' "$@"
	;;
ch-run)
	USER=${USER:-$(id -un)} # which it asks for
	export USER
	exec ch-run --cd / --unset-env='LD_*' "$root" -- \
		/usr/bin/binnacle -C / serve /model --as '@MODEL@' "$@"
	;;
none)
	# The program with the loader and the libraries it was packaged with.
	unset LD_PRELOAD LD_LIBRARY_PATH || true
	loader='@LOADER@'
	if [ -n "$loader" ]; then
		set -- --library-path "$root@LIBRARIES@" "$root/usr/bin/binnacle" -C / serve "$root/model" \
			--as '@MODEL@' "$@"
		exec "$root$loader" "$@"
	fi
	exec "$root/usr/bin/binnacle" -C / serve "$root/model" --as '@MODEL@' "$@"
	;;
*)
	echo "serve.sh: BINNACLE_RUNTIME is '$runtime': apptainer, singularity, podman, ch-run or none" >&2
	exit 2
	;;
esac
