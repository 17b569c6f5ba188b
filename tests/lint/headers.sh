#!/bin/bash
# Checks that every header compiles on its own, in C, and the public one also in C++; and every fuzz target, which
# only make fuzz builds.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0 n=0 targets=0
for h in $(git ls-files '*.h'); do
	case $h in kernels/cuda/*) continue ;; esac
	n=$((n + 1))
	if ! printf '#include "%s"\ntypedef int check_headers_not_empty;\n' "$h" |
		${CC:-gcc} ${CFLAGS:--std=c11 -D_GNU_SOURCE -I.} -Ishare/include -fsyntax-only -x c -; then
		echo "not self-contained: $h"
		bad=1
	fi
done
if command -v g++ >/dev/null && [ -e share/include/binnacle.h ]; then
	echo '#include "binnacle.h"' | g++ -std=c++11 -Wall -Wextra -Wpedantic -Ishare/include \
		-fsyntax-only -x c++ - || bad=1
fi
for target in tests/fuzz/*.c; do
	targets=$((targets + 1))
	# shellcheck disable=SC2086
	${CC:-gcc} ${CFLAGS:--std=c11 -D_GNU_SOURCE -I.} -fsyntax-only "$target" || bad=1
done
[ $bad = 0 ] && echo "headers: $n compile on their own, and $targets fuzz targets"
exit $bad
