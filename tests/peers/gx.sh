#!/bin/bash
# Our checks against the Great Expectations that is installed: the table of cases is made anew by it,
# and the same test that reads the committed one reads this.
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
