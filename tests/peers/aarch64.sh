#!/bin/bash
# The library on another architecture: cross-compiled for aarch64 with Debian's compiler, its base, store, table and
# kernel suites run by qemu-user, and the bytes of a workspace, tables, metric chunks and the program's own arithmetic
# (cross_bytes.c) compared with those of this machine. Debian's arm64 libraries are unpacked below the build folder, not
# installed; the development packages cannot be installed, since libgit2-dev of two architectures conflict.
set -u
build=${BINNACLE%/binnacle}
build=${build#"$PWD"/}
cross=build-aarch64
root=$PWD/$cross/root
libraries="libncurses-dev libsqlite3-dev libgit2-dev libjansson-dev libopenblas-dev libcurl4-openssl-dev
	libssl-dev nettle-dev libyaml-dev libzstd-dev libpcre2-dev check"
suites="core/base core/store core/table core/source core/profile core/check core/data kernels/test_ops core/run/test_metric_chunk core/learn/test_safetensors
	core/track/test_series_pack"

qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)
if [ "$(uname -m)" = aarch64 ]; then
	echo "SKIP: aarch64: this machine is one"
	exit 0
fi
if [ -z "$qemu" ] || ! command -v aarch64-linux-gnu-gcc >/dev/null; then
	echo "SKIP: aarch64: no cross compiler or qemu-user (apt-get install -y --no-install-recommends" \
		"gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"
	exit 0
fi

# Unpacks the libraries once, and again if the list changes.
unpack_libraries() {
	local apt=$PWD/$cross/apt options deb
	[ "$(cat "$root/unpacked" 2>/dev/null)" = "$libraries" ] && return 0
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	rm -rf "$root" "$apt"
	mkdir -p "$apt"/{lists/partial,cache/archives/partial} "$root"
	: >"$apt/status"
	options=(-q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=
		-o "Dir::State::Lists=$apt/lists" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache")
	apt-get "${options[@]}" update >"$apt/log" 2>&1 &&
		apt-get "${options[@]}" install -y --no-install-recommends --download-only $libraries \
			>>"$apt/log" 2>&1 || return 1
	for deb in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$root" || return 1; done
	# Redirects absolute links (libm.so) into the unpacked libraries.
	find "$root" -type l -lname '/*' -printf '%p %l\n' |
		while read -r link target; do ln -sfn "$root$target" "$link"; done
	# Links that Debian's alternatives would create.
	ln -s openblas-pthread/libopenblas.so.0 openblas-pthread/libopenblas.so "$root/usr/lib/aarch64-linux-gnu/" &&
		ln -s ../openblas-pthread/pkgconfig/openblas.pc "$root/usr/lib/aarch64-linux-gnu/pkgconfig/" &&
		rm -rf "$apt" && echo "$libraries" >"$root/unpacked"
}

unpack_libraries || {
	echo "SKIP: aarch64: Debian's arm64 libraries cannot be fetched: $(tail -n 1 "$cross/apt/log" 2>/dev/null)"
	exit 0
}

targets=("$cross/peers/cross/cross_bytes")
for suite in $(find tests -name 'test_*.c' | sed 's:^tests/::; s:\.c$::' | sort); do
	for wanted in $suites; do [[ $suite == "$wanted"* ]] && targets+=("$cross/tests/$suite"); done
done
PKG_CONFIG_LIBDIR=$root/usr/lib/aarch64-linux-gnu/pkgconfig:$root/usr/share/pkgconfig \
	PKG_CONFIG_SYSROOT_DIR=$root make -s -j"$(nproc)" CC=aarch64-linux-gnu-gcc BUILD="$cross" NVCC= DEVELOPER=1 \
	CFLAGS="-g --sysroot=$root" LDFLAGS="--sysroot=$root -Wl,-rpath-link,$root/usr/lib/aarch64-linux-gnu" \
	"${targets[@]}" >"$cross/log" 2>&1 || { echo "FAIL: it does not build"; tail -n 20 "$cross/log"; exit 1; }
[ -x "$build/peers/cross/cross_bytes" ] || make -s BUILD="$build" "$build/peers/cross/cross_bytes" || exit 1

scratch=$(mktemp -d "${TMPDIR:-/dev/shm}/binnacle-aarch64-XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch CK_TIMEOUT_MULTIPLIER=1000 BINNACLE_CRASH_STRIDE=29
# The same core for any qemu; idle threads sleep, since emulated threads compete.
emulate() { QEMU_LD_PREFIX=$root OPENBLAS_CORETYPE=ARMV8 "$qemu" "$@"; }

# Writes output, status and seconds to files with the suite's number.
run_suite() { # NUMBER BINARY
	local start=$SECONDS
	emulate "$2" >"$scratch/$1.log" 2>&1 </dev/null
	echo "$? $((SECONDS - start))" >"$scratch/$1.end"
}
count=$((${#targets[@]} - 1))
for i in $(seq $count); do
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
	run_suite "$i" "${targets[$i]}" &
done
wait

bad=0 checks=0
for i in $(seq $count); do
	read -r status took <"$scratch/$i.end"
	name=${targets[$i]#"$cross/tests/"}
	n=$(sed -n 's/.*Checks: \([0-9]*\).*/\1/p' "$scratch/$i.log" | tail -n 1)
	checks=$((checks + ${n:-0}))
	if [ "$status" = 0 ]; then
		echo "ok $name: ${n:-0} checks, $took s"
	else
		echo "FAIL: $name on aarch64"
		grep -vE '^(ok |SKIP: |NOTE: )' "$scratch/$i.log" | tail -n 12
		bad=1
	fi
done

CK_FORK=no "$build/peers/cross/cross_bytes" "$scratch/ws" >"$scratch/here" 2>&1 || bad=1
rm -rf "$scratch/ws"
CK_FORK=no emulate "$cross/peers/cross/cross_bytes" "$scratch/ws" >"$scratch/there" 2>&1 || bad=1
if ! diff <(grep '^same ' "$scratch/here") <(grep '^same ' "$scratch/there") >"$scratch/diff"; then
	echo "FAIL: bytes differ between x86-64 and aarch64:"
	cat "$scratch/diff"
	bad=1
fi
equal=$(comm -12 <(grep '^blas ' "$scratch/here" | sort) <(grep '^blas ' "$scratch/there" | sort) | wc -l)
echo "NOTE: aarch64 by qemu-user: $count suites, $checks checks; $(grep -c '^same ' "$scratch/there")" \
	"hashes of bytes, $(grep -c '^[<>]' "$scratch/diff") lines differ; through OpenBLAS $equal of" \
	"$(grep -c '^blas ' "$scratch/here") are equal to the last bit"
exit $bad
