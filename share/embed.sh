#!/bin/bash
# Writes C for the files named on the command line: a table of {path, bytes, length} that
# core/base/embedded.h declares. Uses od, since xxd is not available on every machine.
set -eu
echo '#include "core/base/embedded.h"'
i=0
for f in "$@"; do
	echo "static const unsigned char file_$i[] = {"
	od -An -v -tx1 "$f" | sed 's/ \(..\)/0x\1,/g'
	echo "0};"
	i=$((i + 1))
done
echo 'const bn_embedded_file bn_embedded_files[] = {'
i=0
for f in "$@"; do
	echo "{\"$f\", (const char *)file_$i, sizeof file_$i - 1},"
	i=$((i + 1))
done
echo '{0, 0, 0}};'
