#!/bin/bash
# install | uninstall, from $BUILD, under $DESTDIR$PREFIX. All installed files are in one list. Paths
# inside files (binnacle.pc) use only $PREFIX: DESTDIR is a packager's staging directory.
set -eu
prefix=${PREFIX:?}
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
root=${DESTDIR:-}$prefix
files=(
	bin/binnacle
	include/binnacle.h
	lib/libbinnacle.a
	lib/libbinnacle.so.0
	lib/libbinnacle.so
	lib/binnacle/binnacle_cuda.so
	lib/pkgconfig/binnacle.pc
	share/binnacle/fortran/binnacle.f90
	share/binnacle/python/binnacle.py
	share/man/man1/binnacle.1
	share/bash-completion/completions/binnacle
	share/zsh/site-functions/_binnacle
	share/fish/vendor_completions.d/binnacle.fish
	share/doc/binnacle/README.md
	share/doc/binnacle/CHANGELOG.md
	share/doc/binnacle/CONTRIBUTING.md
	share/doc/binnacle/LICENSE
)
# Dashboards, rules and examples for Grafana and Prometheus, at their paths below share/.
monitoring=(share/prometheus/*.yml share/grafana/dashboards/*.json share/grafana/provisioning/*/*.yaml)
for f in "${monitoring[@]}"; do files+=("share/binnacle/${f#share/}"); done
# The pages that README.md links to, and the examples that they mention, at the paths of the links.
for f in docs/*.md; do files+=("share/doc/binnacle/$f"); done
for f in share/examples/*; do files+=("share/doc/binnacle/examples/${f##*/}"); done

# The run path lets a program linked with these flags start without LD_LIBRARY_PATH.
write_pc() {
	cat <<-END
		prefix=$prefix
		libdir=\${prefix}/lib
		includedir=\${prefix}/include
		fortrandir=\${prefix}/share/binnacle/fortran
		pythondir=\${prefix}/share/binnacle/python

		Name: binnacle
		Description: log runs, metrics and artifacts to a Binnacle workspace
		Version: $VERSION
		Cflags: -I"\${includedir}"
		Libs: -L"\${libdir}" "-Wl,-rpath,\${libdir}" -lbinnacle
		Libs.private: $CLIENT_LIBS -Wl,-z,nodelete
	END
}

put() { # MODE SOURCE NAME
	install -Dm"$1" "$2" "$root/$3"
}

case $1 in
install)
	program=$PWD/$BUILD/binnacle
	put 755 "$program" bin/binnacle
	put 644 share/include/binnacle.h include/binnacle.h
	put 644 "$BUILD/libbinnacle.a" lib/libbinnacle.a
	put 755 "$BUILD/libbinnacle.so.0" lib/libbinnacle.so.0
	ln -sf libbinnacle.so.0 "$root/lib/libbinnacle.so"
	if [ -e "$BUILD/binnacle_cuda.so" ]; then
		put 755 "$BUILD/binnacle_cuda.so" lib/binnacle/binnacle_cuda.so
	fi
	put 644 share/fortran/binnacle.f90 share/binnacle/fortran/binnacle.f90
	put 644 share/python/binnacle.py share/binnacle/python/binnacle.py
	for f in README.md CHANGELOG.md CONTRIBUTING.md LICENSE docs/*.md; do
		put 644 "$f" "share/doc/binnacle/$f"
	done
	for f in share/examples/*; do
		put 644 "$f" "share/doc/binnacle/examples/${f##*/}"
	done
	for f in "${monitoring[@]}"; do
		put 644 "$f" "share/binnacle/${f#share/}"
	done
	sed -i "s#/usr/local/share/binnacle#$prefix/share/binnacle#" \
		"$root/share/binnacle/grafana/provisioning/dashboards/binnacle.yaml"
	install -d "$root/lib/pkgconfig" "$root/share/man/man1" \
		"$root/share/bash-completion/completions" "$root/share/zsh/site-functions" \
		"$root/share/fish/vendor_completions.d"
	write_pc >"$root/lib/pkgconfig/binnacle.pc"
	"$program" help --man >"$root/share/man/man1/binnacle.1"
	"$program" completion bash >"$root/share/bash-completion/completions/binnacle"
	"$program" completion zsh >"$root/share/zsh/site-functions/_binnacle"
	"$program" completion fish >"$root/share/fish/vendor_completions.d/binnacle.fish"
	;;
uninstall)
	for f in "${files[@]}"; do
		rm -f "$root/$f"
		dir=$(dirname "$f")
		# Directories that are empty now, up to the prefix.
		(cd "$root" 2>/dev/null && rmdir -p --ignore-fail-on-non-empty "$dir" 2>/dev/null) || true
	done
	;;
*)
	echo "usage: $0 install|uninstall" >&2
	exit 2
	;;
esac
