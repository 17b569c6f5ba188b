#!/bin/bash
# Incomplete files: Arrow files and streams truncated at many positions, two streams in one file, and text that begins
# like a binary format. Either an input error (exit 2) or the rows with a warning; rows are never dropped silently.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
stream=$root/tests/fuzz/corpus/arrow/stream_codes
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
size=$(stat -c %s "$stream")

# ---- Arrow streams
expect 0 "a whole stream" "$B" data add whole "$stream"
case $err in *warning*) fail "a whole stream is warned of: $err" ;; esac
head -c $((size - 8)) "$stream" >unmarked.arrows
expect 0 "a stream without its mark" "$B" data add unmarked unmarked.arrows
says "warning: unmarked.arrows ends without the end-of-stream mark, after row 4: rows are missing if its writer was stopped or the copy was cut"
expect 0 "and of it from a pipe" "$B" data append unmarked - < <(cat unmarked.arrows)
says "warning: standard input ends without the end-of-stream mark, after row 4"
expect 0 "and looked at" "$B" data head unmarked.arrows
says "ends without the end-of-stream mark"
expect 0 "and for programs" "$B" data add unmarked2 unmarked.arrows --json
says '"unmarked.arrows ends without the end-of-stream mark'
cat "$stream" "$stream" >two.arrows
expect 2 "two streams in one file" "$B" data add two two.arrows
says "two.arrows: another stream begins at byte $size, behind the end of the first"
says "a file holds one stream: write each to a file of its own"
quiet=0
for ((n = 9; n < size - 8; n += 23)); do
	head -c $n "$stream" >cut.arrows
	text=$("$B" data head cut.arrows -q 2>&1 >/dev/null)
	case $?:$text in
	2:*) ;;
	0:*"end-of-stream mark"*) ;;
	*) quiet=$((quiet + 1)) && echo "cut at $n: $text" ;;
	esac
done
check "a stream cut at many of its bytes says so" 0 $quiet
head -c $((size - 20)) "$stream" >cut.arrows
expect 2 "a stream cut inside of a message" "$B" data add cut cut.arrows
says "cut.arrows: the stream ends 12 bytes before the end of the message at byte"
says "it was not written or copied to the end: fetch it again, or write it anew"

# ---- Arrow files
printf 'x,g\n1,a\n2,b\n3,\n' >in.csv
"$B" data export in.csv in.arrow -q || fail "export"
size=$(stat -c %s in.arrow) quiet=0
for ((n = 6; n < size; n += 41)); do
	head -c $n in.arrow >cut.arrow
	"$B" data head cut.arrow >/dev/null 2>&1
	[ $? = 2 ] || quiet=$((quiet + 1))
done
check "a file cut at many of its bytes is an error of the input" 0 $quiet
head -c $((size - 40)) in.arrow >cut.arrow
expect 2 "added" "$B" data add cut cut.arrow
says "cut.arrow: an Arrow IPC file without its end"
says "it was not written or copied to the end"
"$B" data add t in.csv -q >/dev/null || fail "add"
expect 2 "appended" "$B" data append t cut.arrow
expect 2 "exported" "$B" data export cut.arrow out.csv
[ ! -e out.csv ] || fail "a file was left"
expect 0 "nothing came of it" "$B" data ls
case $out in *cut*) fail "a dataset of a cut file: $out" ;; esac

# ---- what only begins as something else
for name in "PAR1....PAR1:a Parquet file" "ORC.....:an ORC file" "GIF89a..:a GIF picture" "Rar!....:a RAR archive" \
	"PARE....PARE:an encrypted Parquet file"; do
	printf '%s' "${name%%:*}" >fake
	expect 2 "${name%%:*}" "$B" data add fake fake
	says "fake is ${name#*:}"
done
printf 'PAR1,GIF8\n1,2\n' >named.csv
expect 0 "columns may be called so" "$B" data add named named.csv
printf 'ORC\n1\n2\n' >named.csv
expect 0 "and one alone" "$B" data add orc named.csv

# ---- what is no file at all
expect 2 "a directory is looked at" "$B" data head .
says ". is a directory"
expect 3 "what is not there" "$B" data head none.csv
says "cannot open none.csv: No such file or directory"
mkfifo pipe
cat in.csv >pipe &
expect 0 "a pipe with a name is read" "$B" data head pipe
mkdir ../none
cd ../none || exit 1
expect 2 "a directory without a workspace" "$B" data head .
says ". is a directory"
expect 2 "and exported" "$B" data export . x.csv
expect 2 "a device" "$B" data head /dev/null
says "/dev/null is neither a regular file nor a pipe"
mkfifo pipe
cat ../ws/in.csv >pipe &
expect 0 "a pipe without a workspace" "$B" data export pipe -
says "3,"
expect 3 "a file that is not there" "$B" data head none.csv
says "cannot open none.csv: No such file or directory"
expect 3 "a dataset without a workspace" "$B" data head none
says "no workspace at or above"
exit $bad
