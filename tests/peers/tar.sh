#!/bin/bash
# The relocatable tar (`make tar`): it needs nothing newer than glibc 2.28 on the machine, and runs README's "Five
# minutes" by two users on a minimal Debian 11, which has an older glibc than the one it was built with and none of our
# packages. Needs root, PyPI (ziglang) and Debian's archive (tests/support/machine.sh).
#   BINNACLE_TAR=FILE              an existing tar
set -u
what="the relocatable tar"
readme=$PWD/README.md build=$(dirname "${BINNACLE:-$PWD/build/binnacle}")
. tests/support/readme.sh && . tests/support/machine.sh || exit 2
[ "$(uname -m)" = x86_64 ] || skip "not x86-64"
tar=${BINNACLE_TAR:-}
if [ -z "$tar" ]; then
	make tar BUILD="${build#"$PWD"/}" >"$work/out" 2>&1 || skip "make tar: $(grep '^make tar:' "$work/out" || tail -n 1 "$work/out")"
	tar=$(ls "$build"/binnacle-*-linux-x86_64.tar.gz) || fail "make tar makes no tar"
fi
mkdir "$work/look" && tar -C "$work/look" -xzf "$tar" || fail "$tar cannot be unpacked"
for file in "$work"/look/*/bin/binnacle "$work"/look/*/lib/*; do
	newest=$(objdump -T "$file" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1)
	[ "$(printf '%s\n' GLIBC_2.28 "$newest" | sort -V | tail -n 1)" = GLIBC_2.28 ] || fail "$file needs $newest"
	needs=$(objdump -p "$file" | awk '/NEEDED/ && $2 !~ /^(libc|libm|libpthread|libdl|librt|ld-linux-x86-64)[.]so/ { print $2 }')
	[ -z "$needs" ] || fail "$file needs $needs of the machine"
	echo "ok ${file#"$work"/look/} asks for ${newest:-nothing} at most"
done
machine_make bullseye
machine_start
# Unpacked, and then moved.
mkdir -p "$top/opt/first" && tar -C "$top/opt/first" -xzf "$tar" && mv "$top"/opt/first/* "$top/opt/binnacle" || fail "unpacking"
step root 'ln -s /opt/binnacle/bin/binnacle /usr/local/bin/binnacle'
inside root '! /sbin/ldconfig -p | grep -E "lib(git2|curl|openblas|jansson|sqlite3|ncursesw)"' >"$work/out" || fail "the machine is not bare"
step ann 'binnacle --version'
readme_follow "$readme"
step ann 'binnacle doctor || [ $? = 1 ]'
echo "NOTE: the tar ($(du -k "$tar" | cut -f1) KiB) runs README's $lines lines on $(inside root '. /etc/os-release; echo $PRETTY_NAME') with glibc $(inside root 'ldd --version' | head -n 1 | grep -o '[0-9.]*$')"
