#!/bin/bash
# Writes compile_commands.json for clangd: one entry per source, all with the same command.
set -eu
command=$1
shift
sep='['
for f in "$@"; do
	printf '%s\n{"directory": "%s", "file": "%s", "command": "%s -c %s"}' "$sep" "$PWD" "$f" \
		"$(sed 's/\\/\\\\/g; s/"/\\"/g' <<<"$command")" "$f"
	sep=','
done
printf '\n]\n'
