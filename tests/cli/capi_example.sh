#!/bin/bash
# The example simulation, built outside the tree as a user would: installed header, pkg-config, .so.
set -u
B=${BINNACLE:-$PWD/build/binnacle}
root=$PWD build=$(dirname "$B")
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
export XDG_CONFIG_HOME=$dir/config XDG_STATE_HOME=$dir/state
unset BINNACLE_HOME BINNACLE_RUN_ID

fail() {
	echo "FAIL: $*"
	exit 1
}

if nm "$build/libbinnacle.so" 2>/dev/null | grep -qE '__(asan|tsan)_init'; then
	echo "SKIP: the example against an installed library: this build has a sanitizer in it"
	exit 0
fi
prefix="$dir/a prefix"
(unset MAKEFLAGS MFLAGS MAKELEVEL && make -s install BUILD="${build#"$PWD/"}" PREFIX="$prefix" >/dev/null) ||
	fail "make install"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
cp "$root/share/examples/simulation_loop.c" "$dir/"
cd "$dir" || exit 1

# eval, as the prefix has a space in it.
eval "cc -Wall -Wextra -Werror simulation_loop.c $(pkg-config --cflags --libs binnacle) -lm -o sim" ||
	fail "does not build"
echo "ok builds with pkg-config"
out=$(./sim 0.05 2>err) || fail "without a workspace: $(cat err)"
grep -q "not logged" err || fail "does not say that it is not logged"
echo "ok runs without a workspace"
"$B" init -q >/dev/null || fail init
out=$(./sim 0.05) || fail "in a workspace: $out"
"$B" run show latest --json >shown.json || fail "run show"
for word in '"status": "FINISHED"' '"experiment": "oscillator"' '"dt": "0.05"' '"kind": "api"' \
	'"count": 800'; do
	grep -q "$word" shown.json || fail "no $word in $(cat shown.json)"
done
echo "ok a run of its own"
"$B" run start --name supervised --wait -q -- ./sim 0.02 >/dev/null || fail "run start"
"$B" run show supervised --json >shown.json
for word in '"status": "FINISHED"' '"kind": "command"' '"dt": "0.02"' '"count": 2000'; do
	grep -q "$word" shown.json || fail "no $word in $(cat shown.json)"
done
echo "ok inside a run that was started"
if command -v c++ >/dev/null; then
	printf '#include <binnacle.h>\nint main() { return binnacle_log_metric(0, "x", 1, 0); }\n' >t.cc
	eval "c++ -Wall -Wextra -Werror -pedantic t.cc $(pkg-config --cflags --libs binnacle) -o t" && ./t ||
		fail "the header in C++"
	echo "ok the header is good C++"
else
	echo "SKIP: the header in C++: no c++"
fi
