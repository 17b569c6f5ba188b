#!/bin/bash
# The cost of hashing a version's bytes at their first use on a host, next to that of adding it:
# tests/bench/first_use.sh. In PAIRS (7) pairs `data head` reads a version for the first time (the cache of this user is
# removed) and again, in alternating order; the figures are processor time, user and system, and elapsed time. ROWS
# (1000000). The lower bound is libcrypto's SHA-256 of the same bytes, which is sequential (each step needs the one
# before).
set -u
program=$(realpath "${BINNACLE:-${BUILD:-build}/binnacle}") pairs=${PAIRS:-7} rows=${ROWS:-1000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config TIMEFORMAT='%U %S %R'
unset BINNACLE_HOME BINNACLE_CACHE BINNACLE_INDEX
cd "$work" && "$program" init -q >/dev/null && "$program" data generate made --rows "$rows" -q >/dev/null &&
	"$program" data export made in.csv -q || exit 1
# Milliseconds of processor time and of elapsed time.
spent() { { time "$@" >/dev/null; } 2>&1 | awk '{ printf "%.0f %.0f\n", ($1 + $2) * 1000, $3 * 1000 }'; }
cpu() { spent "$program" "$@" -q; }
median() { # COLUMN
	awk -v c="${1:-1}" '{ print $c }' | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
for ((i = 0; i < 3; i++)); do
	cpu data add "read$i" in.csv >>add
	"$program" data rm "read$i" -y -q && "$program" gc --older-than 0s -y -q >/dev/null # its bytes are new each time
done
echo a >row.txt
"$program" data add once in.csv -q >/dev/null
sleep 3 # time itself: results for files written just now are not cached (core/store/object/verify_once.h)
mapfile -t parts < <(find .binnacle/objects -type f -size +1M -newer row.txt)
for ((i = 0; i < pairs; i++)); do
	spent openssl dgst -sha256 "${parts[@]}" >>floor
	spent openssl dgst -sha256 row.txt >>nothing
	rm -rf "$work"/state/binnacle/*/cache
	cpu data head once >>first
	cpu data head once >>again
done
size=$(stat -c %s in.csv) bytes=$(stat -c %s "${parts[@]}" | awk '{ n += $1 } END { print n }') add=$(median <add) first=$(median <first) again=$(median <again)
floor=$(($(median <floor) - $(median <nothing))) wall=$(($(median 2 <first) - $(median 2 <again))) add_wall=$(median 2 <add)
awk -v rows="$rows" -v size="$size" -v add="$add" -v first="$first" -v again="$again" -v floor="$floor" -v wall="$wall" \
	-v add_wall="$add_wall" -v bytes="$bytes" -v parts="${#parts[@]}" 'BEGIN {
	printf "{\"area\":\"first use\",\"what\":\"hash a version once\",\"ours_s\":%.3f,\"peer\":\"data add\",\"peer_s\":%.3f,", (first - again) / 1e3, add / 1e3
	printf "\"note\":\"%.1f %% of adding %d rows, %.0f MB of CSV and %.0f of table in %d parts (by the clock %.1f %%; libcrypto alone, on the same bytes, %.1f %%); later uses %.0f ms\"}\n", 100 * (first - again) / add, rows, size / 1e6, bytes / 1e6, parts, 100 * wall / add_wall, 100 * floor / add, again
}'
