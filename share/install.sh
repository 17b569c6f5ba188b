#!/bin/bash
# install | uninstall, under $PREFIX, from $BUILD. Everything that is put there is in one list.
set -eu
prefix=${PREFIX:?}
files=(
	bin/binnacle
	include/binnacle.h
	lib/libbinnacle.a
	lib/libbinnacle.so.0
	lib/libbinnacle.so
	lib/binnacle/binnacle_cuda.so
	lib/pkgconfig/binnacle.pc
	share/man/man1/binnacle.1
	share/bash-completion/completions/binnacle
	share/zsh/site-functions/_binnacle
	share/fish/vendor_completions.d/binnacle.fish
	share/doc/binnacle/README.md
)
case $1 in
install)
	program=$PWD/$BUILD/binnacle
	install -Dm755 "$program" "$prefix/bin/binnacle"
	install -Dm644 share/include/binnacle.h "$prefix/include/binnacle.h"
	install -Dm644 "$BUILD/libbinnacle.a" "$prefix/lib/libbinnacle.a"
	install -Dm755 "$BUILD/libbinnacle.so.0" "$prefix/lib/libbinnacle.so.0"
	ln -sf libbinnacle.so.0 "$prefix/lib/libbinnacle.so"
	[ -e "$BUILD/binnacle_cuda.so" ] &&
		install -Dm755 "$BUILD/binnacle_cuda.so" "$prefix/lib/binnacle/binnacle_cuda.so"
	install -Dm644 "$BUILD/binnacle.pc" "$prefix/lib/pkgconfig/binnacle.pc"
	install -Dm644 README.md "$prefix/share/doc/binnacle/README.md"
	install -d "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" \
		"$prefix/share/zsh/site-functions" "$prefix/share/fish/vendor_completions.d"
	"$program" help --man >"$prefix/share/man/man1/binnacle.1"
	"$program" completion bash >"$prefix/share/bash-completion/completions/binnacle"
	"$program" completion zsh >"$prefix/share/zsh/site-functions/_binnacle"
	"$program" completion fish >"$prefix/share/fish/vendor_completions.d/binnacle.fish"
	;;
uninstall)
	for f in "${files[@]}"; do rm -f "$prefix/$f"; done
	rmdir "$prefix/lib/binnacle" "$prefix/share/doc/binnacle" 2>/dev/null || true
	;;
*)
	echo "usage: $0 install|uninstall" >&2
	exit 2
	;;
esac
