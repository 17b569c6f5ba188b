#!/bin/bash
# Counts the files of core/ in include cycles, per module. Fails above the limits in
# tests/lint/circles.allowed, which may only fall; -w writes the current counts.
set -u
cd "$(dirname "$0")/../.." || exit 2
allowed=tests/lint/circles.allowed
circles=$(grep -rnE '^#include "core/' core --include='*.[ch]' | awk -f tests/lint/circles.awk | sort -k2)
counts=$(awk 'NF { n[$2] += $1 } END { for (m in n) print m, n[m] }' <<<"$circles" | sort)
if [ "${1:-}" = -w ]; then
	{ echo "# module files in include cycles: see circles.sh"; echo "$counts"; } >$allowed
	exit 0
fi
[ -n "$circles" ] && echo "include cycles:" && sed 's/^/  /' <<<"$circles"
while read -r module n; do
	most=$(awk -v m="$module" '$1 == m { print $2 }' $allowed)
	if [ "$n" -gt "${most:-0}" ]; then
		echo "core/$module has $n files in include cycles, ${most:-0} are allowed"
		exit 1
	fi
done < <(grep . <<<"$counts")
