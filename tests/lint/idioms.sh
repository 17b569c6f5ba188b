#!/bin/bash
# Counts retired forms (CONTRIBUTING.md) per module. Fails above the limits in tests/lint/idioms.allowed,
# which may only fall:
#   copies   bn_err_set(err, rc, "%s", why.msg), which loses the hint: bn_err_move, bn_err_recode
#   ladders  if (rc == 0), if (!rc), !(rc = f()), rc = rc ? rc : f(): if ((rc = f()) < 0) goto out;
#   nested   a ? b : c ? d : e
# Also, in scripts of tests, a `sleep` outside of a loop (sleeps.awk): a test waits for the event, with a limit.
# idioms.sh -l [MODULE] lists them, idioms.sh -w writes the current counts.
set -u
cd "$(dirname "$0")/../.." || exit 2
allowed=tests/lint/idioms.allowed
found=$(find core kernels tui -name '*.c' | sort | xargs awk -f tests/lint/code.awk | awk -f tests/lint/idioms.awk)
counts=$({ ls core | sed 's/$/ none/'; echo "kernels none"; echo "tui none"; echo "$found"; } |
	awk 'NF { modules[$1] = 1; n[$1, $2]++ }
		END { for (m in modules) print m, n[m, "copy"] + 0, n[m, "ladder"] + 0, n[m, "nested"] + 0 }' | sort)
case ${1:-} in
-l) grep "^${2:-}" <<<"$found"; exit 0 ;;
-w) { echo "# module copies ladders nested: see idioms.sh"; echo "$counts"; } >$allowed; exit 0 ;;
esac
sleeps=$(find tests -name '*.sh' | sort | xargs awk -f tests/lint/sleeps.awk)
if [ -n "$sleeps" ]; then
	echo "wait for the event (until_says in tests/support/shell.sh), or add '# time itself: WHY':"
	echo "$sleeps"
	exit 1
fi
awk -v allowed=$allowed '
	BEGIN {
		while ((getline line < allowed) > 0) {
			split(line, f, " ")
			if (f[1] != "#")
				for (i = 2; i <= 4; i++)
					most[f[1], i] = f[i]
		}
		split("x copies ladders nested", name, " ")
	}
	{
		for (i = 2; i <= 4; i++)
			if ($i > most[$1, i] + 0) {
				printf "%s has %d %s, %d are allowed: tests/lint/idioms.sh -l %s\n", $1, $i, name[i],
					most[$1, i], $1
				bad = 1
			} else if ($i < most[$1, i])
				fewer = 1
		all = all sprintf("  %-9s %d/%d/%d", $1, $2, $3, $4)
		if (++n % 4 == 0)
			all = all "\n"
	}
	END {
		print "idioms (copies/ladders/nested):\n" all
		if (fewer)
			print "fewer than allowed: tests/lint/idioms.sh -w"
		exit bad
	}' <<<"$counts"
