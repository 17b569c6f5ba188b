#!/bin/bash
# docs/ci.md as printed: every line of its blocks works, in that order; then the pipeline that it wrote runs.
set -u
. tests/support/shell.sh || exit 2
. tests/support/ci_executor.sh || exit 2
export HOME=$dir/home ci=$dir/ci PATH=$(cd "$build" && pwd):$PATH
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
unset GITLAB_CI GITHUB_ACTIONS CI_COMMIT_SHA CI_COMMIT_REF_NAME BINNACLE_KEY BINNACLE_TRUST
mkdir -p "$HOME" "$ci" "$dir/gen" "$dir/p/data"
(cd "$dir/gen" && "$B" init && "$B" data generate jobs --rows 600 && "$B" data export jobs "$dir/p/data/jobs.csv") \
	>"$dir/gen.log" 2>&1 || fail "no data: $(cat "$dir/gen.log")"
cd "$dir/p" || exit 1
git init -q -b main . || fail "git init"
lines=0
while IFS= read -r line; do
	lines=$((lines + 1))
	bash -c "$line" >"$dir/said" 2>&1 </dev/null || fail "'$line' ended with $?: $(cat "$dir/said")"
	echo "ok $line"
done < <(sed -n '/^```sh$/,/^```$/p' "$root/docs/ci.md" | grep -v '^```')
[ $lines -ge 20 ] || fail "docs/ci.md has only $lines lines to run"
[ -s "$dir/ci-key/binnacle/identity.pem" ] || fail "no key was made"
"$B" -C "$dir/team" trust show | grep -q 'bn1:' || fail "trust show prints no invitation"
[ -z "$(git status --porcelain --untracked-files=no)" ] || fail "the page leaves changes: $(git status --porcelain)"
# On runners with containers: no home is kept, and the file of the key is as open as GitLab makes it.
cp "$dir/ci-key/binnacle/identity.pem" "$dir/key.pem" && chmod 666 "$dir/key.pem" || fail "no key"
export CI_FRESH_HOMES=1 BINNACLE_KEY=$dir/key.pem
ci_pipeline "$dir/p" || fail "job $failed ended with $ci_status: $(cat "$ci/$failed.log")"
case $ran in *" evaluate package"*) ;; *) fail "these jobs ran:$ran" ;; esac
echo "ok the pipeline: $ran"
