# Shared by scripts that follow README.md: its commands, taken from the page.

# The lines of "Five minutes", joined where they are continued, without comments.
readme_lines() { # README
	sed -n '/^## Five minutes/,/^No data at hand/p' "$1" | sed -n '/^```$/,/^```$/p' |
		grep -v '^```' | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta' | sed 's/ *#.*//' | grep -v '^ *$'
}

# A line as the test runs it: with less waiting, and accepting exit statuses 1 and 7 where these are results.
readme_line() { # LINE
	local line=$1
	case $line in
	"binnacle data add node"*) line=${line/--for 10s/--for 1s} ;;
	"binnacle run start"*first*) line+=" --set epochs=20 --exclude job_id,cpu_power_consumption" ;;
	"binnacle monitor report"*) line+=" || [ \$? = 1 ] || [ \$? = 7 ]" ;;
	esac
	printf '%s\n' "$line"
}

# The commands of its first block, "make demo" and "make check".
readme_first() { sed -n '/^## /q; s/^    \(make [a-z]*\).*/\1/p' "$1"; }
# A command quoted in the text, which may go on in the next line.
readme_quoted() { tr '\n' ' ' <"$1" | grep -o "\`$2[^\`]*\`" | head -n 1 | tr -d '`'; } # README BEGINNING

# Runs "Five minutes" on a machine (tests/support/machine.sh) where `binnacle` is on the path of ann and ben: ann works
# in /srv/team, ben approves. Sets $lines.
readme_follow() { # README
	local readme=$1 data line invitation accept admit
	data=$(readme_quoted "$readme" "binnacle data generate jobs")
	at=/home/ann
	step ann "mkdir own && cd own && binnacle init -q && $data && binnacle data export jobs /srv/team/jobs.csv &&
		${data/jobs/later} --seed 9 && binnacle data export later /srv/team/new.csv"
	at=/srv/team lines=0
	while IFS= read -r line; do
		lines=$((lines + 1))
		line=$(readme_line "$line")
		case $line in
		"binnacle init"*)
			# For a team, as the line's comment and the README say.
			grep -q '^binnacle init .*--shared GROUP' "$readme" || fail "README says nothing of --shared"
			step ann "$line --shared team"
			invitation=$(grep -o 'bn1:[0-9a-f.]*' "$work/out" | head -n 1)
			accept=$(readme_quoted "$readme" "binnacle trust accept")
			admit=$(readme_quoted "$readme" "binnacle user accept")
			step ben "${accept%bn1:*}$invitation --yes"
			step ann "$(readme_quoted "$readme" "binnacle user ls")"
			step ann "${admit/NAME/ben} --yes"
			;;
		"binnacle serve"*)
			(inside ann "echo \$\$ >/tmp/serving; exec $line" >"$work/serve" 2>&1) &
			for _ in $(seq 600); do grep -q http:// "$work/serve" && break || sleep 0.1; done
			step ann "binnacle predict --endpoint $(grep -oE 'http://[0-9.:]+' "$work/serve" | head -n 1) new.csv --out served.csv"
			step ann 'kill -TERM "$(cat /tmp/serving)"'
			wait $! || fail "the server did not end well: $(cat "$work/serve")"
			;;
		"binnacle model approve"*)
			inside ann "$line" >"$work/out" 2>&1
			[ $? = 4 ] || fail "the author approves: $line"
			step ben "$line"
			;;
		binnacle)
			# The workbench, if the machine has tmux.
			inside ann "command -v tmux" >/dev/null || continue
			step ann "tmux -f /dev/null new-session -d -x 80 -y 24 binnacle &&
				for i in \$(seq 600); do tmux capture-pane -p | grep -q station && break; sleep 0.1; done
				tmux capture-pane -p && tmux capture-pane -p | grep -q station && tmux send-keys Q"
			;;
		*) step ann "$line" ;;
		esac
	done < <(readme_lines "$readme")
	[ $lines -ge 20 ] || fail "only $lines lines found in the README"
	step ben "binnacle model verify power/1"
}
