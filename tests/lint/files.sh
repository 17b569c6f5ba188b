#!/bin/bash
# Only one file of core/ opens, renames, links and lists files: core/base/fs_real.c. All others use
# core/base/dir.h (below a directory that others may write to) or core/base/fs.h (a path that the
# user named). Fails on a call of a system function for files elsewhere in core/.
set -u
cd "$(dirname "$0")/../.." || exit 2
calls='open(at|at2|64)?|creat|l?stat(64)?|fstatat|statx|v?statv?fs|statfs|rename(at2?)?|link(at)?|unlink(at)?|remove|rmdir'
calls+='|(fd)?opendir|readdir(64)?(_r)?|scandir|n?ftw|glob|mkdir(at)?|mkn?od(at)?|mkfifo(at)?|symlink(at)?|readlink(at)?'
calls+='|realpath|canonicalize_file_name|get(current_dir_name|cwd|wd)|(f|euid)?access(at)?|fopen(64)?|freopen(64)?|truncate(64)?'
calls+='|utime(s|nsat)?|lutimes|futimesat|l?chmod|fchmodat|l?chown|fchownat|mkostemps?|mkd?s?temps?|tmpfile|tempnam|tmpnam'
bad=$(find core -name '*.c' ! -path core/base/fs_real.c | sort | xargs awk -f tests/lint/code.awk |
	grep -E "(^|[^A-Za-z0-9_.>])($calls) *\(")
if [ -n "$bad" ]; then
	echo "core/ calls system functions for files (use core/base/dir.h or fs.h):"
	sed 's/^/  /' <<<"$bad"
	exit 1
fi
echo "files: only one file of core/ opens, renames, links and lists files"
