#!/bin/bash
# Includes point down only (docs/architecture.md, "The layers"). Fails, naming file and line, on an
# include that points up, curses outside tui/term, CUDA outside kernels/cuda, and on printf, exit,
# getenv or a raw clock inside core/ and kernels/. files.sh, idioms.sh and circles.sh check
# file access, retired forms and include cycles.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0

complain() { # TITLE LINES
	[ -z "$2" ] && return
	echo "$1"
	sed 's/^/  /' <<<"$2"
	bad=1
}

# The order of the modules of core/: a module may include itself and those before it.
modules=(base net remote dvc lfs store govern run table source profile check data share learn launch track registry predict monitor forget serve package archive ci mlflow exchange api pipeline client)
for m in core/*/; do
	case " ${modules[*]} " in *" $(basename "$m") "*) ;; *)
		echo "$m is no module that tests/lint/layers.sh knows"; bad=1 ;; esac
done
for i in "${!modules[@]}"; do
	above=$(IFS='|'; echo "${modules[*]:i+1}")
	[ -n "$above" ] && complain "core/${modules[$i]} includes a module above it:" \
		"$(grep -rnE "#include \"core/($above)/" "core/${modules[$i]}")"
done
complain "core/client includes more than base, store/log, run and the workspace that it writes to:" \
	"$(grep -nE '#include "core/' core/client/*.[ch] |
		grep -vE '"core/(base|run|client|store/log)/|"core/store/workspace\.h"')"
# Within store: the log; the index, which is folded from it; the workspace (the files directly in
# core/store), which opens both; and the objects with gc, which work on an open workspace.
store=(core/store/log core/store/index core/store core/store/object)
for part in core/store/*/; do
	case " ${store[*]} " in *" ${part%/} "*) ;; *)
		echo "$part is no part of store that tests/lint/layers.sh knows"; bad=1 ;; esac
done
for i in "${!store[@]}"; do
	for above in "${store[@]:i+1}"; do
		complain "${store[$i]} includes $above, which is above it:" \
			"$(grep -nE "#include \"$above/[a-z_]+\.h\"" "${store[$i]}"/*.[ch])"
	done
done
# A header with a leading underscore is internal to its folder and the folder's tests.
complain "a header of another folder that is for that folder alone:" \
	"$(grep -rnE '#include "(core|kernels|tui)/([a-z]+/)*_' core kernels tui --include='*.[ch]' |
		awk -F: '{ dir = $1; sub(/[^\/]*$/, "", dir); inc = $3; sub(/^[^"]*"/, "", inc); sub(/[^\/]*$/, "", inc)
			if (dir != inc && index(dir, inc) != 1) print }')"
# Former representations of a column besides bn_column (docs/architecture.md, section 6), and a second way to apply features.
complain "a retired shape of columns:" \
	"$(grep -rniE 'row_?set\b|bn_(features_transform|model_batch|design_batch|session_cell)\b' core kernels tui tests --include='*.[ch]' --include='*.cu' |
		grep -v 'bn_features_transform_target')"
complain "a column of training beside bn_column (core/learn/part.h has what a fit looks at):" \
	"$(grep -rnE '\bbn_(frame_view|column_view|frame_find|features_fit|part_columns|columns_of_frame)\b|learn/(frame|columns)\.h' core kernels tui tests --include='*.[ch]')"
complain "core/ or kernels/ includes tui/:" "$(grep -rnE '#include "tui/' core kernels)"
complain "kernels/ includes more than core/base:" \
	"$(grep -rnE '#include "core/' kernels | grep -v '"core/base/')"
complain "curses outside tui/term:" \
	"$(grep -rnE '#include <(n?curses(w?)/)?(n?curses|term|panel)\.h>' core kernels tui tests --include='*.[ch]' |
		grep -vE '^(tui/term|tests/tui/term)/')"
complain "CUDA outside kernels/cuda:" \
	"$(grep -rnE '#include [<"](cuda|cublas|nvml)' core kernels tui | grep -v '^kernels/cuda/')"
calls=$(find core kernels -name '*.c' ! -path core/base/env_real.c | sort | xargs awk -f tests/lint/code.awk |
	grep -E '(^|[^a-zA-Z0-9_.>])(printf|puts|putchar|perror|exit|getenv|secure_getenv|time|rand|srand|random) ?\(')
# A child after fork() exits with _exit, which is not matched; fprintf(stderr) counts as a print.
calls+=$(grep -rnE 'fprintf ?\((stdout|stderr)|fputs ?\([^;]*, ?(stdout|stderr)\)' core kernels --include='*.c')
complain "core/ or kernels/ prints, exits, or asks the environment itself:" "$calls"
# One way to a terminal: tui/cli/stream.c for the command line (and two fixed words of a signal's handler in
# interrupt.c), tui/term for the workbench. Files that the user asked
# for are written by frame_export.c and frame_draw.c.
calls=$(find tui -name '*.c' ! -path tui/cli/stream.c ! -path tui/cli/interrupt.c ! -path 'tui/term/*' | sort | xargs awk -f tests/lint/code.awk |
	grep -vE '__attribute__|fflush\(stdout\)|setvbuf\(stdout, NULL' |
	grep -E '(^|[^a-zA-Z0-9_])(f?printf|vf?printf|dprintf|perror|puts|fputs|putchar|putc|fputc|fwrite|write|stdout|stderr) ?(\(|[,);])' |
	grep -vE '^tui/ui/frame_(export|draw)\.c:[0-9]+:.*fwrite\(|bn_stream_open\(&cli\.(out|err), std(out|err)\)')
complain "tui/ writes past its streams (tui/cli/stream.h, tui/term):" "$calls"
complain "raw bytes to a terminal (bn_cli_write_raw, bn_stream_raw) beside run log --raw:" \
	"$(grep -rnE 'bn_(cli_write|stream)_raw' tui --include='*.[ch]' |
		grep -vE '^tui/cli/(stream\.[ch]|out\.c|cli\.h|cmd_run\.c|run_follow\.c):')"
[ $bad = 0 ] && echo "layers: every include points down"
exit $bad
