#!/bin/bash
# Makes a tar of the program that runs where it is unpacked, on any x86-64 Linux with glibc 2.28 or later (RHEL 8,
# Debian 10, SLES 15 SP3 ...), without installed packages: $BUILD/binnacle-$VERSION-linux-x86_64.tar.gz.
#
# The objects are those of `make`. They are linked again by a linker that knows the symbols of glibc 2.28 (Zig's, on
# PyPI as ziglang; ZIG=... names another one), with the static archives of Debian's -dev packages. Two libraries are
# special: libcurl, whose static archive in Debian needs Kerberos, is built from Debian's source with HTTP only;
# OpenBLAS stays a library that is loaded when needed, from lib/ next to the program. The Kerberos functions
# that libgit2's archive needs are stubs in share/tar_gssapi.c.
# Needs the network for pip and apt-get source. Called by `make tar` with BUILD, VERSION, ARCHIVES.
set -eu
GLIBC=2.28
build=$PWD/$BUILD
work=$build/tar
name=binnacle-$VERSION-linux-x86_64
mkdir -p "$work"
fail() { echo "make tar: $*" >&2; exit 1; }
[ "$(uname -m)" = x86_64 ] || fail "on x86-64 only"

find_zig() {
	[ -n "${ZIG:-}" ] && return
	ZIG="$work/zig/bin/python -m ziglang"
	$ZIG version >/dev/null 2>&1 && return
	echo "  ZIG   from PyPI"
	python3 -m venv "$work/zig" && "$work/zig/bin/pip" install -q ziglang || fail "no ziglang from PyPI; ZIG=/path/of/zig names another one"
}

# Separate deb-src lines: the machine's own are not changed.
find_curl() {
	[ -e "$work/libcurl.a" ] && return
	local lists=$work/lists dir suite
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ -n "$suite" ] || fail "libcurl is built from Debian's source: not on this system"
	echo "  CURL  from Debian's source"
	mkdir -p "$lists"
	printf 'deb-src http://deb.debian.org/debian %s main\n' "$suite" >"$work/sources.list"
	local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/nonexistent
		-o "Dir::State::lists=$lists" -o APT::Sandbox::User=root)
	(cd "$work" && "${apt[@]}" update && "${apt[@]}" source curl) >"$work/curl.log" 2>&1 || fail "no source of curl: $work/curl.log"
	dir=$(echo "$work"/curl-*/)
	(cd "$dir" && ./configure --disable-shared --with-openssl --without-gssapi --without-libssh2 --without-libpsl \
		--without-libidn2 --without-nghttp2 --without-brotli --without-zstd --without-librtmp --without-zlib \
		--disable-ldap --disable-ldaps --disable-ftp --disable-file --disable-dict --disable-gopher --disable-imap \
		--disable-mqtt --disable-pop3 --disable-rtsp --disable-smb --disable-smtp --disable-telnet --disable-tftp \
		--disable-manual --disable-ntlm --with-ca-fallback --without-ca-bundle --without-ca-path \
		ac_cv_func_arc4random=no && make -C lib) >>"$work/curl.log" 2>&1 || fail "curl: $work/curl.log"
	cp "$dir/lib/.libs/libcurl.a" "$work/libcurl.a"
}

# The system's static archives; --start-group, since they depend on each other.
static() { # NAME...
	local n f
	for n in "$@"; do
		f=$(${CC:-gcc} -print-file-name="lib$n.a")
		[ -e "$f" ] || fail "there is no lib$n.a (Debian's -dev package of it)"
		echo "$f"
	done
}

link() { # OUTPUT ARGUMENT...
	local out=$1
	shift
	$ZIG cc -target "x86_64-linux-gnu.$GLIBC" -O2 -s -o "$out" "$@" -Wl,--as-needed -lm -lpthread -ldl -lrt ||
		fail "$out cannot be linked"
}

# Checks the newest glibc symbol version that each file needs.
check() { # FILE...
	local f newest
	for f in "$@"; do
		newest=$(objdump -T "$f" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1)
		[ "$(printf '%s\n' "GLIBC_$GLIBC" "${newest:-GLIBC_2}" | sort -V | tail -n 1)" = "GLIBC_$GLIBC" ] ||
			fail "$f needs $newest"
		objdump -p "$f" | awk '/NEEDED/ && $2 !~ /^(libc|libm|libpthread|libdl|librt|ld-linux-x86-64)\.so/ { print $2; bad = 1 } END { exit bad }' ||
			fail "$f needs a library that is not glibc's"
		echo "  CHECK ${f#"$work"/} needs ${newest:-nothing} at most"
	done
}

find_zig
find_curl
top=$work/$name
rm -rf "$top"
mkdir -p "$work/out" "$top/lib"
mapfile -t archives < <(static ncursesw tinfo sqlite3 git2 mbedtls mbedx509 mbedcrypto http_parser ssh2 gcrypt gpg-error jansson ssl crypto hogweed nettle gmp yaml zstd lz4 pcre2-8 z)
echo "  LINK  binnacle for glibc $GLIBC"
# What core/base/library.h would open later: here it is taken from the archives, whether the linker sees a call or not.
mapfile -t late < <(grep -hoE 'X\((git|curl)_[a-z0-9_]+\)' core/base/git2.h core/base/curl.h | sed 's/X(\(.*\))/-Wl,-u,\1/')
[ "${#late[@]}" -gt 50 ] || fail "no names of functions in core/base/git2.h and curl.h"
# shellcheck disable=SC2086 # a list
${CC:-gcc} -O2 -Wall -c -o "$work/out/gssapi.o" share/tar_gssapi.c
link "$work/out/binnacle" -rdynamic '-Wl,-rpath,$ORIGIN/../lib' "${late[@]}" $ARCHIVES "$work/out/gssapi.o" -Wl,--start-group "$work/libcurl.a" "${archives[@]}" -Wl,--end-group
echo "  LINK  OpenBLAS"
blas=()
for f in cblas_sgemm cblas_dgemm cblas_dsyrk openblas_get_config openblas_get_corename openblas_set_num_threads; do blas+=("-Wl,-u,$f"); done
link "$top/lib/libopenblas.so.0" -shared -Wl,-soname,libopenblas.so.0 -Wl,-Bsymbolic "${blas[@]}" "$(static openblas)"
echo "  TAR   $name.tar.gz"
install -Dm755 "$work/out/binnacle" "$top/bin/binnacle"
for f in README.md CHANGELOG.md LICENSE docs/*.md share/examples/*; do
	install -Dm644 "$f" "$top/share/doc/binnacle/${f#share/}"
done
mkdir -p "$top/share/man/man1" "$top/share/bash-completion/completions"
"$top/bin/binnacle" help --man >"$top/share/man/man1/binnacle.1"
"$top/bin/binnacle" completion bash >"$top/share/bash-completion/completions/binnacle"
check "$top/bin/binnacle" "$top/lib/libopenblas.so.0"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -czf "$build/$name.tar.gz" "$name"
ls -l "$build/$name.tar.gz"
