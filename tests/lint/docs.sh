#!/bin/bash
# Checks that files in backquotes, make targets and links between pages in the docs exist, and that
# every folder of sources is mentioned in docs/architecture.md. Also runs the lints of docs/requirements.md,
# of the table of keys and of pictures of screens.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
docs="README.md CONTRIBUTING.md CHANGELOG.md $(git ls-files 'docs/*.md')"
for d in $docs; do
	[ -e "$d" ] || { echo "missing: $d"; bad=1; continue; }
	while IFS= read -r path; do
		[ -e "$path" ] || { echo "$d names $path, which does not exist"; bad=1; }
	done < <(grep -oE '`(core|tui|kernels|tests|share|themes|docs)/[A-Za-z0-9_./-]+`' "$d" | tr -d '`' | sort -u)
	while IFS= read -r link; do
		case $link in http*|\#*) continue ;; esac
		[ -e "$(dirname "$d")/${link%%#*}" ] || { echo "$d links to $link, which does not exist"; bad=1; }
	done < <(grep -oE '\]\([^)]+\)' "$d" | sed 's/^](//; s/)$//' | sort -u)
	while IFS= read -r target; do
		grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:|^$target:|\\b$target\\b.*\\\\$" Makefile ||
			{ echo "$d names make $target, which does not exist"; bad=1; }
	done < <(grep -oE '`make [a-z-]+' "$d" | sed 's/`make //' | sort -u)
done
for dir in core/*/ core/*/*/ tui/*/ tui/*/*/ kernels/*/; do
	[ -n "$(ls "$dir"*.[ch] "$dir"*.cu 2>/dev/null)" ] || continue
	grep -q "${dir%/}" docs/architecture.md 2>/dev/null || { echo "docs/architecture.md does not mention ${dir%/}"; bad=1; }
done
bash tests/lint/requirements.sh || bad=1
bash tests/lint/keys.sh || bad=1
bash tests/lint/screens.sh || bad=1
[ $bad = 0 ] && echo "docs: every name in them exists"
exit $bad
