#!/bin/bash
# A pipeline that binnacle writes, run job by job on fresh clones by a shell executor: once it passes, once its gate fails.
set -u
. tests/support/shell.sh || exit 2
. tests/support/ci_executor.sh || exit 2
export HOME=$dir/home ci=$dir/ci PATH=$(cd "$build" && pwd):$PATH
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
unset CI JENKINS_URL GITLAB_CI GITHUB_ACTIONS CI_COMMIT_SHA CI_COMMIT_REF_NAME BINNACLE_KEY BINNACLE_TRUST
mkdir -p "$HOME" "$ci" "$dir/p/data"
cd "$dir/p" || exit 1
git init -q -b main . || fail "git init"

# Power of synthetic jobs, with a spread that a linear model cannot explain: its rmse is about 5.
awk 'BEGIN { srand(3); print "nodes,cpu,part,power"
	for (i = 0; i < 400; i++) {
		n = 1 + int(8 * rand()); c = rand(); p = rand() < 0.5 ? "a" : "b"
		g = rand() + rand() + rand() + rand() - 2
		printf "%d,%.3f,%s,%.2f\n", n, c, p, 100 * n + 50 * c + (p == "a" ? 20 : 0) + 9 * g } }' >data/jobs.csv
printf 'lint:\n\ttest -f data/jobs.csv\ntest:\n\tgrep -q nodes data/jobs.csv\n' >Makefile
cat >suite.json <<'END'
{"name": "jobs", "expectations": [
  {"type": "expect_column_values_to_be_between", "kwargs": {"column": "nodes", "min_value": 1, "max_value": 8}},
  {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "power"}}]}
END
policy() { # LIMIT
	cat >policy.json <<END
{"gates": [
  {"name": "error", "metric": "rmse", "part": "test", "op": "<=", "threshold": $1},
  {"name": "no worse", "metric": "rmse", "op": "<=", "than": "champion", "margin": 0.5},
  {"name": "card", "check": "card"}, {"name": "reviewed", "check": "reviewed"}]}
END
}
policy 10

# ---- settings and files --------------------------------------------------------------------------

expect 3 "without settings" "$B" ci gitlab
says "binnacle ci init"
expect 0 "settings from what is there" "$B" ci init --model power --trainer ridge --target power
expect 6 "never over a file" "$B" ci init
expect 0 "settings" cat binnacle.yaml
says "file: data/jobs.csv"
says "suite: suite.json"
says "policy: policy.json"
says "lint: make lint"
says "unit: make test"
says "# deploy:"
cat >>binnacle.yaml <<'END'
  deploy: {command: 'echo "deployed $(basename "$PWD")" >>"$DEPLOYS"', secrets: [DEPLOY_TOKEN]}
  smoke: {command: 'grep -q deployed "$DEPLOYS"'}
  monitor: {command: binnacle run ls --json, cron: "0 6 * * *"}
  tags: {all: [linux], train: [gpu, slurm]}
END
# An image has the libraries of this program, and so those of a sanitizer.
has_sanitizer || echo '  package: {format: oci-archive}' >>binnacle.yaml
expect 0 "GitLab" "$B" ci gitlab
expect 6 "never over a pipeline" "$B" ci gitlab
says "already exists"
expect 0 "unless told to" "$B" ci gitlab --force
expect 0 "GitHub" "$B" ci github
expect 0 "Jenkins" "$B" ci jenkins
expect 0 "printed" "$B" ci jenkins --out -
cmp -s "$dir/said" Jenkinsfile || fail "--out - differs from the file"
stages=$(ci_field .gitlab-ci.yml "" stages)
check "all stages" "$(printf '%s\n' lint unit data-check train evaluate package deploy smoke monitor)" "$stages"
check "Jenkins has the same stages" "$stages" "$(sed -n "s/^ *stage('\([^']*\)').*/\1/p" Jenkinsfile)"
check "GitHub has the same jobs" "$stages" "$(sed -n '/^jobs:/,$s/^  \([a-z-]*\):$/\1/p' .github/workflows/binnacle.yml)"
grep -q "DEPLOY_TOKEN = credentials('DEPLOY_TOKEN')" Jenkinsfile || fail "Jenkins does not name the secret"
grep -q 'DEPLOY_TOKEN: .*secrets.DEPLOY_TOKEN' .github/workflows/binnacle.yml || fail "GitHub does not name the secret"

expect 0 "without an image" "$B" ci github --out -
says "no image: the runner must have binnacle on its PATH"
says "nobody can approve it, and monitor has no workspace"
says "# Branch that deploys: main (ci.branch)"
git init -q -b master "$dir/old" && cp binnacle.yaml "$dir/old/" || fail "git init"
expect 0 "a repository without a commit" "$B" -C "$dir/old" ci github --out -
says "github.ref_name == 'master'"
(cd "$dir/old" && git commit -q --allow-empty -m first && git checkout -q -b feature) || fail commit
expect 0 "master beside a feature" "$B" -C "$dir/old" ci jenkins --out -
says "// Branch that deploys: master (ci.branch)"
says "branch 'master'"
git -C "$dir/old" symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/trunk
expect 0 "what origin says" "$B" -C "$dir/old" ci init --out -
says "# branch: trunk"
echo 'ci: {image: i:1, unit: make}' >"$dir/old/binnacle.yaml"
expect 0 "with an image, and nothing to approve" "$B" -C "$dir/old" ci github --out -
case $out$err in *"no image"* | *BINNACLE_HOME\ \(a*) fail "it warns of what does not matter" ;; esac

wrong() { # TEXT WORDS...
	local text=$1
	shift
	mkdir -p "$dir/wrong"
	printf '%s\n' "$text" >"$dir/wrong/binnacle.yaml"
	expect 2 "refused: $1" "$B" -C "$dir/wrong" ci gitlab --out -
	for word; do says "$word"; done
}
wrong $'ci:\n  modle: power' "binnacle.yaml:2: ci.modle" "did you mean 'model'"
wrong $'ci:\n  train:\n    trainer: rigde\n    target: x' "binnacle.yaml:3: ci.train.trainer" "ridge"
wrong $'ci:\n  data:\n    - name: a\n      file: a.csv\n      suit: b.json' "binnacle.yaml:5: ci.data[0].suit" "suite"
wrong $'ci:\n  deploy:\n    command: x\n    secrets: ["hunter2 "]' "binnacle.yaml:4: ci.deploy.secrets" "names of variables"
case $out$err in *hunter2*) fail "the value of a secret is shown" ;; esac
wrong $'ci:\n  train: {test: 3}' "ci.train.test" "share from 0 to 1"
wrong $'ci: [' "binnacle.yaml:"
"$B" ci init --help >"$dir/help"
for section in "" train evaluate package deploy smoke monitor; do
	text=$'ci:\n  qqqqqqqqq: 1'
	[ -z "$section" ] || text=$'ci:\n  '$section$': {qqqqqqqqq: 1}'
	wrong "$text" "there is no such field" "fields: "
	for word in $(printf '%s' "$err" | sed -n 's/.*fields: //p' | tr -d ,); do
		grep -qw -- "$word" "$dir/help" || fail "help of ci init does not name '$word' of '$section'"
	done
done

git add -A
git commit -qm "first" || fail commit

# ---- a pipeline that passes -----------------------------------------------------------------------

export DEPLOYS=$dir/deploys
ci_pipeline "$dir/p" || fail "job $failed ended with $ci_status: $(cat "$ci/$failed.log")"
check "every job ran, in order" "$(echo $stages)" "$(echo $ran)"
for file in junit.xml metrics.txt note.md report.json; do
	[ -s "$ci/artifacts/evaluate/ci-report/$file" ] || fail "evaluate leaves no $file"
done
check "metrics end as OpenMetrics must" "# EOF" "$(tail -n 1 "$ci/artifacts/evaluate/ci-report/metrics.txt")"
grep -q 'Gate: ✅ passed' "$ci/artifacts/evaluate/ci-report/note.md" || fail "the note does not say that it passed"
if python3 -c '' 2>/dev/null; then
	counts() { python3 -c 'import sys, xml.etree.ElementTree as e; r = e.parse(sys.argv[1]).getroot(); print(*[r.get(k) for k in ("tests", "failures", "errors", "skipped")], len(list(r.iter("testcase"))))' "$1"; }
	check "its JUnit" "9 0 0 2 9" "$(counts "$ci/artifacts/evaluate/ci-report/junit.xml")"
else
	echo "SKIP: JUnit is not read by another parser: there is no python3"
fi
grep -q "asked for approval of power/1" "$ci/package.log" || fail "package did not request approval: $(cat "$ci/package.log")"
has_sanitizer || [ -s "$ci/artifacts/package/power-image.tar" ] || fail "package leaves no image"
cp -r "$ci/artifacts/monitor" "$dir/last" && cd "$dir/last" && tar -xf ci-workspace.tar || fail "no state is left"
state=$dir/last/.binnacle-state
expect 0 "a person decides" env XDG_STATE_HOME="$state" "$B" model show power/1 --json
says '"state": "requested"'
expect 0 "the verdict is an event" env XDG_STATE_HOME="$state" "$B" audit log --json
says '"ci.checked"'
XDG_STATE_HOME=$state knows_its_fields
cd "$dir/p" || exit 1

# ---- gates that fail, or cannot be decided ---------------------------------------------------------

policy 1
git commit -qam "a gate that is too strict"
ci_pipeline "$dir/p"
check "the gate's job fails" "evaluate 1" "$failed $ci_status"
grep -q "the gate fails: 1 of its cases" "$ci/evaluate.log" || fail "$(cat "$ci/evaluate.log")"
[ -s "$ci/artifacts/evaluate/ci-report/junit.xml" ] || fail "a failed gate leaves no JUnit"
grep -q '<failure message="test rmse &lt;= 1:' "$ci/artifacts/evaluate/ci-report/junit.xml" || fail "JUnit has no failure"
python3 -c '' 2>/dev/null && check "its JUnit" "9 1 0 2 9" "$(counts "$ci/artifacts/evaluate/ci-report/junit.xml")"

policy 10
sed -i 's/"max_value": 8/"max_value": 7/' suite.json
git commit -qam "data that does not fit"
ci_pipeline "$dir/p"
check "bad data ends it before training" "data-check 1" "$failed $ci_status"
sed -i 's/"max_value": 7/"max_value": 8/' suite.json
git commit -qam "and back"

# ---- the same by hand, and against the target branch -------------------------------------------------

mkdir "$dir/hand" && cd "$dir/hand" || exit 1
cp -r "$dir/p/." . && "$B" init -q >/dev/null || fail init
"$B" data add jobs data/jobs.csv -q >/dev/null || fail "data add"
"$B" run start --trainer ridge --data jobs --target power --seed 1 --name mine --wait -q >/dev/null || fail train
expect 0 "by hand it passes too" "$B" ci check --reports ci-report --junit other.xml
cmp -s ci-report/junit.xml other.xml || fail "--junit differs from --reports"
before=$("$B" audit log --json | grep -c ci.checked)
expect 0 "without a record" "$B" ci check --dry-run
check "nothing was recorded" "$before" "$("$B" audit log --json | grep -c ci.checked)"
expect 0 "as JSON" "$B" ci check --json
says '"kind": "binnacle.ci.report"'
says '"verdict": "pass"'
cp ci-report/report.json main.json
printf '  evaluate: {policy: policy.json, margin: {rmse: 0.1}}\n' >extra
grep -v -e '^  evaluate:' -e '^    policy:' -e '^    # margin' binnacle.yaml >b && cat b extra >binnacle.yaml
expect 0 "no worse than itself" "$B" ci check --baseline main.json --note note.md
grep -q "target branch" note.md || fail "the note has no column of the target branch"
"$B" run start --trainer baseline --data jobs --target power --seed 1 --name poor --wait -q >/dev/null || fail train
policy 1000
expect 1 "worse than the target branch" "$B" ci check --baseline main.json
says "test rmse is worse by"
expect 0 "which the older run is not" "$B" ci check --run mine --baseline main.json
expect 3 "no such run" "$B" ci check --run nothing
expect 3 "no such baseline" "$B" ci check --baseline nothing.json
echo '{}' >nothing.json
expect 2 "a baseline that is none" "$B" ci check --baseline nothing.json
says "nothing.json: not a report"
"$B" run start --trainer ridge --data jobs --target power --seed 2 --name mine --wait -q >/dev/null || fail train
expect 2 "two runs of a name" "$B" ci check --run mine
says "NAME@latest"
expect 0 "the newest of them" "$B" ci check --run mine@latest

sed 's/"metric": "rmse", "part": "test"/"metric": "nonsense", "part": "test"/' policy.json >odd.json
mv policy.json kept.json && mv odd.json policy.json
expect 7 "without evidence it is inconclusive" "$B" ci check --run mine@latest
says "not a metric that is computed here"
mv kept.json policy.json

printf 'ci: {model: power}\n' >empty.yaml
mkdir bare && cp empty.yaml bare/binnacle.yaml
expect 0 "a gate that asks nothing" "$B" -C bare ci check --run mine@latest --dry-run --reports bare/out
says "the gate passes: nothing was asked of the data or the model (no suite, no policy)"
grep -q 'passed: nothing was asked' bare/out/note.md || fail "the note does not say that nothing was asked"
grep -q '<skipped message="nothing was asked' bare/out/junit.xml || fail "JUnit does not say that nothing was asked"
expect 4 "a job without a key" env HOME="$dir/nobody" XDG_CONFIG_HOME="$dir/nobody" GITLAB_CI=true \
	"$B" model register mine@latest --name other
says "has no key in this workspace"
says "BINNACLE_KEY"

# A program that is no trainer of ours: what it reports counts.
cat >train.sh <<'END'
mkdir -p "$BINNACLE_RUN_DIR/artifacts/model"
echo '{"test": {"rmse": 4.5}}' >"$BINNACLE_RUN_DIR/artifacts/model/metrics.json"
echo weights >"$BINNACLE_RUN_DIR/artifacts/model/weights"
END
"$B" run start --data jobs --name prog --wait -q -- sh train.sh >/dev/null || fail "a program"
sed -i 's/{"name": "card", "check": "card"}, //' policy.json
expect 0 "as reported" "$B" ci check --run prog
says "not measured here, as reported"
says "4.5, limit 1000"

# A champion: it is measured on the rows that the candidate held out.
echo '{"self_approval": true}' >ours.json
expect 0 "a policy" "$B" policy set ours.json --yes
expect 0 "a version" "$B" model register mine@latest --name power
expect 0 "a request" "$B" model request power/1
expect 0 "an approval, by a person" "$B" model approve power/1 --reason 'the only one'
expect 0 "a champion" "$B" model alias power/1 champion
expect 0 "no worse than itself" "$B" ci check --run mine@latest
says "no worse: test rmse <= champion's + 0.5: "
expect 1 "worse than the champion" "$B" ci check --run poor --dry-run
says "fail         no worse: test rmse <= champion's + 0.5: "

# ---- a team's workspace ----------------------------------------------------------------------------

cd "$dir/p" || exit 1
mkdir "$dir/team"
"$B" -C "$dir/team" init -q >/dev/null || fail init
(cd "$dir/team" && "$B" bot add ci --may register,request --on 'power*' --key "$dir/bot.pem" -q) || fail "bot add"
invitation=$("$B" -C "$dir/team" trust show --json | sed -n 's/.*"invitation": "\(bn1:[^"]*\)".*/\1/p')
[ -n "$invitation" ] || fail "no invitation"
export CI_HOME=$dir/team BINNACLE_TRUST=$invitation BINNACLE_KEY=$dir/bot.pem
HOME=$dir/runner XDG_CONFIG_HOME=$dir/runner/config
export HOME XDG_CONFIG_HOME
mkdir -p "$HOME"
ci_pipeline "$dir/p" || fail "job $failed ended with $ci_status: $(cat "$ci/$failed.log")"
[ ! -e "$ci/artifacts/train/ci-workspace.tar" ] || fail "state was carried beside a team's workspace"
unset CI_HOME BINNACLE_TRUST BINNACLE_KEY
export HOME=$dir/home XDG_CONFIG_HOME=$dir/config
expect 0 "the bot registered for its person" "$B" -C "$dir/team" model show power/1 --json
says '"state": "requested"'
expect 0 "whose Overview has the verdict" "$B" -C "$dir/team" audit log --json
says ci.checked

grep -q 'git ls-files -z ci-report | xargs -0r rm -f' "$dir/p/.gitlab-ci.yml" || fail "a committed baseline is used"

# ---- names from the data begin no line, which a runner could take for a command ---------------------

mkdir "$dir/odd" && cd "$dir/odd" || exit 1
"$B" init -q >/dev/null || fail init
awk 'BEGIN { print "\"a\n::error::b\",y"; for (i = 0; i < 40; i++) print i "," i * 2 }' >odd.csv
"$B" data add odd odd.csv -q >/dev/null || fail add
"$B" run start --trainer ridge --data odd --target y --name odd --wait -q >/dev/null || fail run
echo '{"expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a\n::error::b", "max_value": 1}}]}' >suite.json
printf 'ci:\n  model: odd\n  data: [{name: odd, file: odd.csv, suite: suite.json}]\n  train: {trainer: ridge, target: y}\n' >binnacle.yaml
expect 1 "a check of an odd column fails" "$B" ci check --run odd
says 'a ::error::b'
grep -q '^::' <<<"$out$err" && fail "a column's name is a command of the runner: $out$err"
[ $bad = 0 ]
