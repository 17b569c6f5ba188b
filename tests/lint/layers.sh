#!/bin/bash
# Arrows point down only (docs/architecture.md, "The storeys"). Fails, naming file and line, on an
# include that points up, curses outside tui/term, CUDA outside kernels/cuda, and on printf, exit,
# getenv or a raw clock inside core/ and kernels/.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0

complain() { # TITLE LINES
	[ -z "$2" ] && return
	echo "$1"
	sed 's/^/  /' <<<"$2"
	bad=1
}

# The order in which the rooms of core/ may know each other: a room includes itself and those before.
rooms=(base store govern data train track registry deploy monitor pipeline)
for i in "${!rooms[@]}"; do
	[ -d "core/${rooms[$i]}" ] || continue
	above=$(IFS='|'; echo "${rooms[*]:i+1}")
	# A run is both launched by train and recorded by track: train writes through track's events.
	case ${rooms[$i]} in
	train) above=${above/track|/} ;;
	esac
	[ -n "$above" ] && complain "core/${rooms[$i]} includes a room below it:" \
		"$(grep -rnE "#include \"core/($above)/" "core/${rooms[$i]}")"
done
complain "core/ or kernels/ includes tui/:" "$(grep -rnE '#include "tui/' core kernels)"
complain "kernels/ includes more than core/base:" \
	"$(grep -rnE '#include "core/' kernels | grep -v '"core/base/')"
complain "curses outside tui/term:" \
	"$(grep -rnE '#include <(n?curses(w?)/)?(n?curses|term|panel)\.h>' core kernels tui tests --include='*.[ch]' |
		grep -vE '^(tui/term|tests/tui/term)/')"
complain "CUDA outside kernels/cuda:" \
	"$(grep -rnE '#include [<"](cuda|cublas|nvml)' core kernels tui | grep -v '^kernels/cuda/')"
# Words in comments and strings do not call anything: cut comments before looking.
calls=$(for f in $(find core kernels -name '*.c'); do
	[ "$f" = core/base/env.c ] && continue
	sed -E 's://.*$::; s:/\*[^*]*\*/::g; /^[[:space:]]*\*/d; /^\/\*/,/\*\//d' "$f" |
		grep -nE '(^|[^a-zA-Z0-9_.>])(printf|puts|putchar|perror|exit|getenv|secure_getenv|time|rand|srand|random) ?\(' |
		grep -vE '"[^"]*(printf|puts|exit|time|random) ?\([^"]*"' | sed "s:^:$f\::"
done)
# A child after fork() leaves with _exit, which is not matched; fprintf(stderr) is a print as well.
calls+=$(grep -rnE 'fprintf ?\((stdout|stderr)|fputs ?\([^;]*, ?(stdout|stderr)\)' core kernels --include='*.c')
complain "core/ or kernels/ prints, exits, or asks the environment itself:" "$calls"
[ $bad = 0 ] && echo "layers: every arrow points down"
exit $bad
