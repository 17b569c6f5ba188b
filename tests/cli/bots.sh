#!/bin/bash
# A bot's key: what it may do, what it may not, and that it does not count any more after its end.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init

expect 0 "a run" "$B" data generate jobs --rows 300 -q
expect 0 "another" "$B" run start --trainer ridge --data jobs --target node_power_consumption --name first --wait -q
expect 2 "a bot never approves" "$B" bot add nightly --may register,approve
says "a bot may register"
[ ! -e nightly.pem ] || fail "a key was made for a bot that was refused"
expect 0 "a bot" "$B" bot add nightly --may register,request --on 'power*' --key bot.pem
expect 6 "one of that name is enough" "$B" bot add nightly --may tag --key other.pem
expect 0 "it is listed" "$B" bot ls --json
says '"verbs": "register, request"'
says '"mine": true'

bot() { BINNACLE_KEY=bot.pem "$B" "$@"; }
expect 0 "it registers" bot model register first --name power
expect 4 "not what it is not set up for" bot model register first --name cooling
says "is not set up for 'cooling'"
expect 0 "it asks" bot model request power/1
expect 0 "it trains" bot run start --trainer ridge --data jobs --target node_power_consumption --name second --wait -q
expect 0 "what it trained is registered" "$B" model register second --name trained
expect 0 "and vouched for" "$B" model verify trained/1
expect 4 "it never approves" bot model approve power/1
says "takes a person"
expect 4 "it has not that act" bot model tag power/1 a b
says "may not tag"
expect 4 "it makes no bots" bot bot add more --key more.pem
echo '{}' >policy.json
expect 4 "it sets no policy" bot policy set policy.json
expect 0 "who acted is its person" "$B" model show power/1 --json

expect 0 "the end" "$B" bot end nightly
expect 6 "once" "$B" bot end nightly
expect 4 "it acts no more" bot model register first --name power
says "has ended"

expect 2 "an end that is over is none" "$B" bot add past --may tag --until 1960-01-01 --key past.pem
says "is in the past"
[ ! -e past.pem ] || fail "a key was made for a bot that was refused"
expect 0 "an end date" "$B" bot add brief --may tag --until 1s --key brief.pem
ends_ms=$("$B" bot ls --json | sed -n '/"name": "brief"/,/}/s/.*"until_ms": \([0-9]*\).*/\1/p')
[ "${ends_ms:-0}" -gt 0 ] || fail "no end date: $("$B" bot ls --json)"
while [ "$(date +%s%3N)" -le "$ends_ms" ]; do sleep 0.05; done
expect 4 "is kept by the bot" env BINNACLE_KEY=brief.pem "$B" model tag power/1 a b
says "has ended"
expect 0 "and made good by its person" "$B" model tag power/1 a b
expect 0 "in the log" "$B" bot ls --json
says '"ended": true'
expect 0 "what it did before stands" "$B" model verify power/1
expect 0 "the whole log is proven" "$B" audit verify
knows_its_fields
