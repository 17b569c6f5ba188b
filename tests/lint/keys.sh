#!/bin/bash
# Checks that a key is in only one line of tui/ui/command.h, and that docs/workbench.md has the same keys, in the first
# column of its table of keys (words in `backquotes` are names of commands, which must exist too).
set -uf
cd "$(dirname "$0")/../.." || exit 2
table=tui/ui/command.h doc=docs/workbench.md
bad=0
say() {
	echo "keys: $*"
	bad=1
}

# X(ID, "name", "keys", ...: a line may be broken after a comma.
commands=$(tr '\n' ' ' <$table | grep -oE 'X\([A-Z_]+, "[a-z-]+", *\\? *"[^"]*"' |
	sed -E 's/^X\([A-Z_]+, "([a-z-]+)", *\\? *"([^"]*)"$/\1 \2/')
[ "$(wc -l <<<"$commands")" -gt 50 ] || say "cannot read $table"
keys=$(cut -d' ' -f2- <<<"$commands" | tr ' ' '\n' | grep .)
twice=$(sort <<<"$keys" | uniq -d)
[ -z "$twice" ] || say "in two lines of $table:" $twice

column=$(sed -n '/^| key | action |/,/^$/p' $doc | tail -n +3 | cut -d'|' -f2)
documented=$(sed 's/`[^`]*`//g' <<<"$column" | tr -s ' ' '\n' | sed 's,\(.\)\,$,\1,' | grep -vxE 'and|or|' | sort -u)
for key in $documented; do
	grep -qxF -- "$key" <<<"$keys" || say "$doc names the key $key, which is not in $table"
done
for key in $(sort -u <<<"$keys"); do
	grep -qxF -- "$key" <<<"$documented" || say "$doc does not name the key $key"
done
for name in $(grep -oE '`:[a-z-]+' <<<"$column" | tr -d '`:'); do
	cut -d' ' -f1 <<<"$commands" | grep -qx -- "$name" || say "$doc names :$name, which is no command"
done
[ $bad = 0 ] && echo "keys: $(wc -l <<<"$keys") keys, each in one line, and in $doc"
exit $bad
