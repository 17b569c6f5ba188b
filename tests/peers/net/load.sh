#!/bin/bash
# Four writers on this host, killed with SIGKILL at random moments and started again.
#   load.sh WORKSPACE JOURNALS FIRST SECONDS
# Writers have the numbers FIRST to FIRST + 3; the last one is the program itself, one process for each tag. JOURNALS is a
# directory on a local disk: N.journal lists what was acknowledged to writer N (see net_writer.c), N.generation counts its
# processes, FIRST.kills the signals.
set -u
ws=$1 journals=$2 first=$3
end=$((SECONDS + $4))
driver=${NET_WRITER:?} binnacle=${BINNACLE:?}

generation() { # WRITER
	local g=0
	[ -s "$journals/$1.generation" ] && read -r g <"$journals/$1.generation"
	echo $((g + 1)) >"$journals/$1.generation"
	echo $((g + 1))
}

# The process id is in a file, where the killer finds the newest one.
running() { # WRITER PID
	echo "$2" >"$journals/$1.pid"
	wait "$2" 2>/dev/null
}

library_writer() { # WRITER
	local g
	while [ $SECONDS -lt $end ]; do
		g=$(generation "$1")
		"$driver" write "$ws" "$1" "$g" "$journals/$1.journal" $((end - SECONDS)) &
		running "$1" $!
	done
}

program_writer() { # WRITER
	local g run n=0
	g=$(generation "$1")
	run=$(printf '%032x' "$1")
	while [ $SECONDS -lt $end ]; do
		n=$((n + 1))
		BINNACLE_RUN_ID=$run "$binnacle" -C "$ws" log tag "g$g.$n=g$g.$n" 2>"$journals/$1.error" &
		if running "$1" $!; then
			echo "tag $run g$g.$n" >>"$journals/$1.journal"
		elif [ -s "$journals/$1.error" ]; then
			echo "error $(head -n 1 "$journals/$1.error")" >>"$journals/$1.journal"
			sleep 0.2
		fi
	done
}

killer() {
	local n pid kills=0
	[ -s "$journals/$first.kills" ] && read -r kills <"$journals/$first.kills"
	while [ $SECONDS -lt $((end - 1)) ]; do
		sleep "0.$((RANDOM % 7 + 2))"
		n=$((first + RANDOM % 4))
		read -r pid 2>/dev/null <"$journals/$n.pid" || continue
		if kill -9 "$pid" 2>/dev/null; then
			kills=$((kills + 1))
			echo $kills >"$journals/$first.kills"
		fi
	done
}

for n in $first $((first + 1)) $((first + 2)); do library_writer "$n" & done
program_writer $((first + 3)) &
killer
wait
