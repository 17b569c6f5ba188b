#!/bin/bash
# Our checks compared with the installed Great Expectations: it regenerates the table of cases, which the test of the
# committed table then reads.
set -eu
build=${BINNACLE%/binnacle}
if ! "$PYTHON" -c 'import great_expectations' 2>/dev/null; then
	echo "SKIP: Great Expectations: not in $PYTHON"
	exit 0
fi
table=$(mktemp)
trap 'rm -f "$table"' EXIT
"$PYTHON" tests/reference/expect.py >"$table" 2>/dev/null
[ -x "$build/tests/core/check/test_expect" ] || make "$build/tests/core/check/test_expect"
BINNACLE_EXPECT_TABLE=$table "$build/tests/core/check/test_expect"
