#!/bin/bash
# libbinnacle as installed: `make install` under a prefix with a space in it, pkg-config, programs that start without
# LD_LIBRARY_PATH, linked dynamically and statically; the cost for a process; and uninstalling.
set -u
. tests/support/shell.sh || exit 2
unset LD_LIBRARY_PATH DESTDIR MAKEFLAGS MFLAGS MAKELEVEL

if has_sanitizer; then
	echo "SKIP: the installed library: this build has a sanitizer in it"
	exit 0
fi

prefix="$dir/a prefix"
installed() { make -s "$1" BUILD="${build#"$root/"}" PREFIX="$prefix" "${@:2}" >"$dir/log" 2>&1; }
installed install || fail "make install: $(cat "$dir/log")"
(cd "$prefix" && find . ! -type d | sort) >"$dir/there"
# Installed pages link only to installed pages.
doc=$prefix/share/doc/binnacle
for page in "$doc"/*.md "$doc"/docs/*.md; do
	for link in $(grep -oE '\]\([^):#]+' "$page" | sed 's/^](//'); do
		[ "$link" = https ] || [ -e "${page%/*}/$link" ] || fail "${page#"$doc/"} links to $link, which is not installed"
	done
done
grep -qF '](docs/runs.md' "$doc/README.md" || fail "no link to docs/runs.md in the installed README"
echo "ok links of the installed pages lead somewhere"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
flags=$(pkg-config --cflags --libs binnacle) || fail "pkg-config"
static=$(pkg-config --static --cflags --libs binnacle) || fail "pkg-config --static"
cd "$dir" || exit 1
"$B" init -q >/dev/null || fail init

# ---- what it links ----------------------------------------------------------------------------------
needed=$(readelf -d "$prefix/lib/libbinnacle.so.0" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
for lib in $needed; do
	case $lib in
	libjansson.so.* | libzstd.so.* | libnettle.so.* | libm.so.* | libc.so.* | ld-linux*) ;;
	*) fail "libbinnacle.so.0 needs $lib" ;;
	esac
done
echo "ok needs $(wc -w <<<"$needed") libraries, and none that only the program does"
symbols=$(nm -D --defined-only "$prefix/lib/libbinnacle.so.0" | awk '{ print $3 }')
[ -n "$symbols" ] && ! grep -qv '^binnacle_' <<<"$symbols" || fail "the library shows $symbols"
symbols=$(nm -g --defined-only "$prefix/lib/libbinnacle.a" | awk 'NF == 3 { print $3 }')
[ -n "$symbols" ] && ! grep -qv '^binnacle_' <<<"$symbols" || fail "the archive shows $symbols"
echo "ok shows binnacle_* alone, shared and static"

# ---- the header's example ---------------------------------------------------------------------------
sed -n '/^ \*\t/s/^ \*\t//p' "$prefix/include/binnacle.h" >example.c
grep -q 'int main' example.c || fail "no example in binnacle.h"
eval "cc -std=c11 -Wall -Wextra -Werror example.c $flags -o example" || fail "the header's example"
./example || fail "the header's example, run"
"$B" run show latest --json >shown.json || fail "run show"
for word in '"status": "FINISHED"' '"kind": "api"' '"count": 1000' '"dt": "1e-3"'; do
	grep -q "$word" shown.json || fail "no $word in $(cat shown.json)"
done
echo "ok the header's own example, from a prefix with a space"

# ---- a program that does not close its run -------------------------------------------------------------
cat >left.c <<'END'
#include <binnacle.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	binnacle_run *run = binnacle_run_open(NULL);
	for (int i = 0; i < 100; i++)
		binnacle_log_metric(run, "x", i, i);
	if (argc > 2)
		_exit(atoi(argv[1]));
	if (argc > 1)
		exit(atoi(argv[1]));
	return 0;
}
END
left() { # STATUS [ARGUMENT...]
	./left "${@:2}" 2>err
	"$B" run show latest --json >shown.json || fail "run show"
	grep -q "\"status\": \"$1\"" shown.json || fail "left ${*:2} is not $1: $(cat shown.json)"
	[ "$1" = LOST ] || grep -q '"count": 100' shown.json || fail "left ${*:2} has lost points"
	[ ! -s err ] || fail "left ${*:2} says $(cat err)"
}
eval "cc -std=c11 -Wall -Wextra -Werror left.c $flags -o left" || fail "left.c"
left FINISHED
left FINISHED 0
left FAILED 3
left LOST 0 at-once
"$B" run start -q --wait --name given -- "$dir/left" >/dev/null || fail "run start"
"$B" run show given --json >shown.json
grep -q '"count": 100' shown.json || fail "a program inside a run has lost points"
echo "ok exit, return and _exit with an open run"

# ---- what a process pays ------------------------------------------------------------------------------
cat >costs.c <<'END'
#include <binnacle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long field(const char *name)
{
	char line[256];
	long n = -1;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, strlen(name)))
			n = atol(line + strlen(name));
	if (f)
		fclose(f);
	return n;
}

int main(int argc, char **argv)
{
	int keys = argc > 1 ? atoi(argv[1]) : 1;
	char key[32];
	long before = field("Threads:");
	binnacle_run *run = binnacle_run_open(NULL);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "m%d", i % keys);
		if (binnacle_log_metric(run, key, i * 0.37, i / keys) != 0)
			return 1;
	}
	if (!run || binnacle_run_flush(run) != 0)
		return 1;
	printf("%ld %ld\n", field("Threads:") - before, field("RssAnon:"));
	return binnacle_run_close(run, 0) == 0 ? 0 : 1;
}
END
eval "cc -Wall -Wextra -Werror costs.c $flags -o costs" || fail "the costs do not build"
for keys in 1 1000; do
	read -r threads kb < <(./costs $keys) || fail "the costs do not run"
	[ "$threads" = 1 ] || fail "$threads threads of the library"
	[ "$kb" -lt 1500 ] || fail "$kb kB of private memory with $keys metrics"
	echo "NOTE: 1 000 points of $keys metrics: $threads thread, $kb kB private (RssAnon), $(wc -w <<<"$needed") libraries"
	echo "ok 1 000 points of $keys metrics: one thread, less than 1.5 MB"
done

# ---- a program that has closed its standard streams ---------------------------------------------------
cat >closed.c <<'END'
#include <binnacle.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	char value[8001], key[32];
	binnacle_run *run = binnacle_run_open(NULL);
	close(0), close(1), close(2);
	for (int i = 0; i < 8000; i++)
		value[i] = (char)('a' + i * i % 23);
	value[8000] = 0;
	for (int i = 0; i < 2500; i++) { /* more than a segment holds */
		snprintf(key, sizeof key, "tag%d", i);
		binnacle_log_tag(run, key, value);
		if (write(1, "a line of the program\n", 22) == 22 || write(2, "another\n", 8) == 8)
			return 9;
		if (i % 100 == 99 && binnacle_run_flush(run) != 0)
			return 8;
	}
	return binnacle_run_close(run, 0) ? 7 : 0;
}
END
eval "cc -std=c11 -Wall -Wextra -Werror closed.c $flags -o closed" || fail "closed.c"
./closed
status=$?
[ $status = 0 ] || fail "a program without standard streams: $status"
"$B" audit verify >verified 2>&1 || fail "audit verify after a program without streams: $(cat verified)"
echo "ok no file of ours takes the number of a closed stream"

cat >prints.c <<'END'
#include <binnacle.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
	char path[40], to[4096];
	binnacle_run *run = binnacle_run_open(NULL);
	binnacle_log_metric(run, "x", 1, 1);
	if (binnacle_run_flush(run) != 0)
		return 9;
	for (int fd = 3; fd < 64; fd++) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, to, sizeof to - 1);
		to[n > 0 ? n : 0] = 0;
		if (strstr(to, "open.seg") && write(fd, "a line of the program\n", 22) != 22)
			return 8;
	}
	binnacle_log_metric(run, "x", 2, 2);
	if (binnacle_run_flush(run) == 0 || !strstr(binnacle_run_error(run), "other code in this process"))
		return 7;
	return binnacle_run_flush(run) || binnacle_run_close(run, 0) ? 6 : 0;
}
END
eval "cc -std=gnu11 -Wall -Wextra -Werror prints.c $flags -o prints" || fail "prints.c"
./prints
status=$?
[ $status = 0 ] || fail "a program that prints to a descriptor of ours: $status"
"$B" audit verify >verified 2>&1 || fail "audit verify after a program that prints into a segment: $(cat verified)"
"$B" run show latest --json | grep -q '"count": 2' || fail "points are lost when a program prints into a segment"
echo "ok what a program prints into a segment is cut off, told, and costs nothing"

# ---- static ---------------------------------------------------------------------------------------------
eval "cc -Wall -Wextra costs.c -o costs-a $(sed 's/-lbinnacle/-l:libbinnacle.a/' <<<"$static")" ||
	fail "does not link the archive"
./costs-a >/dev/null || fail "linked with the archive"
readelf -d costs-a | grep -q 'NEEDED.*binnacle' && fail "the archive was not taken"
echo "ok links the archive"
# Global names of the library do not clash with those of a program.
printf '%s\n' 'int bn_alloc(void); int bn_alloc(void) { return 1; }' 'int bn_workspace_open(void);' \
	'int bn_workspace_open(void) { return 2; }' >clash.c
eval "cc costs.c clash.c -o clash $(sed 's/-lbinnacle/-l:libbinnacle.a/' <<<"$static")" && ./clash >/dev/null ||
	fail "names of the archive clash"
echo "ok no name of the archive clashes with the program's"
if echo 'int main(void) { return 0; }' >empty.c && cc -static empty.c -ljansson -lzstd -lnettle -o empty 2>/dev/null; then
	eval "cc -static costs.c $static -o costs-s" 2>err || fail "pkg-config --static: $(cat err)"
	readelf -d costs-s 2>/dev/null | grep -q NEEDED && fail "it is not static"
	read -r threads kb < <(./costs-s) || fail "the static program"
	[ "$threads" = 1 ] && [ "$kb" -lt 1500 ] || fail "the static program: $threads threads, $kb kB"
	echo "ok pkg-config --static: a program of one file"
else
	echo "SKIP: pkg-config --static: no static C library, jansson, zstd or nettle"
fi

# ---- DESTDIR, and uninstalling ----------------------------------------------------------------------------
cd "$root" || exit 1
make -s install BUILD="${build#"$root/"}" DESTDIR="$dir/stage" PREFIX=/opt/binnacle >"$dir/log" 2>&1 || fail "DESTDIR"
grep -q '^prefix=/opt/binnacle$' "$dir/stage/opt/binnacle/lib/pkgconfig/binnacle.pc" || fail "DESTDIR is in binnacle.pc"
(cd "$dir/stage/opt/binnacle" && find . ! -type d | sort) | diff - "$dir/there" || fail "DESTDIR: other files"
make -s uninstall DESTDIR="$dir/stage" PREFIX=/opt/binnacle || fail "uninstall"
[ -z "$(find "$dir/stage" ! -type d)" ] || fail "left of DESTDIR: $(find "$dir/stage" ! -type d)"
echo "ok DESTDIR collects the same files"
touch "$prefix/lib/other"
installed uninstall || fail "make uninstall"
[ "$(cd "$prefix" && find . | sort | tr '\n' ' ')" = ". ./lib ./lib/other " ] || fail "left: $(find "$prefix")"
echo "ok uninstall removes all that install made, and nothing else"
