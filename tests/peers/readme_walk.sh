#!/bin/bash
# README.md from a fresh clone on a fresh machine, by two users: a minimal Debian 12 with git and make in a directory, an
# account ann that builds and works there, and another account ben that approves. The commands are taken from the README.
# Needs root and Debian's archive (tests/support/machine.sh).
#   BINNACLE_WALK=full             also `make check`, as in the README (long)
set -u
what="README by two users on a fresh machine"
readme=$PWD/README.md
. tests/support/readme.sh && . tests/support/machine.sh || exit 2
command -v git >/dev/null || skip "git is not here"
machine_make bookworm
machine_start
inside root "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git make sudo" >"$work/out" 2>&1 ||
	skip "no packages: $(tail -n 1 "$work/out")"
step root "echo 'ann ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ann"
git bundle create -q "$top/srv/binnacle.bundle" HEAD >"$work/out" 2>&1 && chmod 644 "$top/srv/binnacle.bundle" ||
	fail "a bundle of this repository"

# ---- ann builds it --------------------------------------------------------------------------------
at=/home/ann
step ann "git clone -q /srv/binnacle.bundle binnacle"
at=/home/ann/binnacle
mapfile -t firsts < <(readme_first "$readme")
[ "${firsts[*]}" = "make demo make check" ] || fail "README's first commands are '${firsts[*]}'"
step ann "${firsts[0]}"
[ "${BINNACLE_WALK:-}" != full ] || step ann "${firsts[1]}"
install=$(readme_quoted "$readme" "make install PREFIX=")
[ -n "$install" ] || fail "README does not say how to install"
step ann "$install"
step root "mkdir -p /home/ben && cp -r /home/ann/.local /home/ben/ && chown -R ben:ben /home/ben/.local"
at=/home/ann
step ann "binnacle --version && test -s .local/share/man/man1/binnacle.1"
readme_follow "$readme"
echo "NOTE: README from a fresh clone: $lines lines by ann, the approval by ben, on a minimal Debian 12"
