#!/bin/bash
# binnacle init, index, gc and doctor fs in scripts.
set -u
. tests/support/shell.sh || exit 2

"$B" init "$dir/w" >/dev/null
check init_exit 0 $?
"$B" init "$dir/w" >/dev/null 2>&1
check init_twice_conflicts 6 $?
cd "$dir/w" || exit 1
mkdir -p deep/er
(cd deep/er && "$B" index status >/dev/null)
check found_by_walking_up 0 $?
(cd / && "$B" index status >/dev/null 2>&1)
check no_workspace 3 $?
printf 'a,b\n1,2\n3,4\n' >t.csv
"$B" data add t t.csv >/dev/null 2>&1
check writes 0 $?
"$B" index status --dump >before
rm "$XDG_STATE_HOME"/binnacle/*/index.db*
"$B" index status --dump >after
cmp -s before after
check dump_after_deleting_the_index_is_the_same 0 $?
"$B" index rebuild >/dev/null
"$B" index status --dump >after
cmp -s before after
check dump_after_rebuild_is_the_same 0 $?
"$B" gc --dry-run --json 2>/dev/null | grep -q '"dry_run": true'
check gc_dry_run 0 $?
"$B" gc --older-than 0s --json 2>/dev/null | grep -q '"objects": 0'
check gc_keeps_what_is_named 0 $?
"$B" audit verify >/dev/null 2>&1
check audit_verify_whole 0 $?
"$B" cache status --json | grep -q '"entries": 0'
check cache_status 0 $?
"$B" cache clear --dry-run >/dev/null 2>&1
check cache_clear_dry_run 0 $?
"$B" cache clear --json 2>/dev/null | grep -q '"bytes": 0'
check cache_clear 0 $?
BINNACLE_CACHE=0 "$B" cache status >/dev/null 2>&1
check cache_that_is_off 3 $?
BINNACLE_CACHE=much "$B" cache status >/dev/null 2>&1
check cache_of_no_size 2 $?
"$B" doctor --json 2>/dev/null | grep -q '"what": "cache"'
check doctor_names_the_cache 0 $?
seg=$(find .binnacle/log -name '*-*.seg' | head -1)
chmod u+w "$seg"
printf X | dd of="$seg" bs=1 seek=200 conv=notrunc 2>/dev/null
"$B" audit verify >/dev/null 2>&1
check audit_verify_finds_a_changed_byte 1 $?
rm "$XDG_STATE_HOME"/binnacle/*/index.db*
"$B" audit log --json 2>shown >/dev/null
grep -q 'warning: 1 writer of the log is partly left out' shown && grep -q 'hint: `binnacle index status`' shown
check a_reader_says_that_a_writer_is_left_out_in_part 0 $?
[ "$(grep -c 'partly left out' shown)" = 1 ] && [ -e "$(dirname "$seg")/damaged" ]
check its_slot_is_given_up 0 $?
name=$(dirname "$seg")
cp -r "$name" "$(printf '%s\033[31m' "$name")"
"$B" index status >shown 2>&1
check a_writer_of_damaged_segments_is_a_gap 1 $?
grep -q "$(printf '\033')" shown
check names_from_the_disk_do_not_steer_the_terminal 1 $?
"$B" doctor fs "$dir" --json | grep -q '"verdict"'
check doctor_fs 0 $?
"$B" doctor fs "$dir/nowhere" >/dev/null 2>&1
check doctor_fs_of_nothing 3 $?
exit $bad
