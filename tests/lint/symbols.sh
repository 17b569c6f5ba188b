#!/bin/bash
# symbols.sh BUILD: checks the global names of core/ and kernels/ in the object files. Each starts with bn_
# or bnk_ (binnacle_ in the public C interface) and has a caller in another file: a name that is only used in
# its own file is static. Names that only tests call are counted; tests/lint/symbols.allowed
# has the limit, which may only fall. tests/lint/symbols.ahead lists names that are not
# counted, since their callers are added later. The installed archive exports only binnacle_*, all
# declared in its header.
set -u
export LC_ALL=C
build=${1:-build}
cd "$(dirname "$0")/../.." || exit 2
most=$(cat tests/lint/symbols.allowed)
bad=0
defined=$(nm -A --defined-only -g "$build/libengine.a" 2>/dev/null |
	awk '$2 ~ /^[A-Z]$/ { split($1, at, ":"); print $3, at[2] }' | grep -v ' embedded.o$' | sort)
names=$(awk '$1 !~ /^(bnk?|binnacle)_/ { print "  " $2 ": " $1 }' <<<"$defined")
[ -n "$names" ] && echo "global names without bn_ or bnk_:" && echo "$names" && bad=1
undefined() { nm -u "$@" 2>/dev/null | awk 'NF == 2 { print $2 }' | sort -u; }
unused=$(join -v1 <(echo "$defined") \
	<(undefined "$build/libengine.a" "$build/libtui.a" "$build/obj/tui/main.o") | grep -v '^binnacle_')
tested=$(grep -rhoE '\bbnk?_[a-z0-9_]+' tests --include='*.[ch]' | sort -u)
dead=$(join -v1 <(echo "$unused") <(echo "$tested") | awk 'NF { print "  " $2 ": " $1 }')
[ -n "$dead" ] && echo "global names without a caller:" && echo "$dead" && bad=1
ahead=$(awk '!/^#/ && NF { print $1 }' tests/lint/symbols.ahead | sort)
late=$(join -v1 <(echo "$ahead") <(echo "$unused"))
[ -n "$late" ] && echo "named in tests/lint/symbols.ahead, and called, or not there:" && sed 's/^/  /' <<<"$late" && bad=1
for_tests=$(join -j1 <(echo "$unused") <(echo "$tested") | join -v1 - <(echo "$ahead") |
	awk 'NF { print "  " $2 ": " $1 }')
n=$(grep -c . <<<"$for_tests")
if [ "$n" -gt "$most" ] || [ "${2:-}" = -l ]; then
	echo "global names that tests alone call ($n, $most are allowed):"
	echo "$for_tests"
fi
[ "$n" -gt "$most" ] && bad=1
shown=$(nm --defined-only -g "$build/libbinnacle.a" 2>/dev/null | awk '$2 ~ /^[A-Z]$/ { print $3 }' | sort)
public=$(grep -oE '\bbinnacle_[a-z_]+\(' share/include/binnacle.h | tr -d '(' | sort -u)
if [ -z "$shown" ] || [ "$shown" != "$public" ]; then
	echo "libbinnacle.a does not show the functions of binnacle.h and nothing else:"
	diff <(echo "$shown") <(echo "$public") | sed 's/^/  /'
	bad=1
fi
[ $bad = 0 ] && echo "symbols: $(wc -l <<<"$defined") global names, each prefixed; $n called by tests alone"
exit $bad
