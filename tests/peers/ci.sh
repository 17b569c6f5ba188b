#!/bin/bash
# Pipelines and reports with the programs that read them: check-jsonschema's schemas of GitLab and GitHub, junitparser,
# prometheus_client's OpenMetrics parser, markdown-it; and the runner image's list of libraries with Debian's packages.
set -u
python=${PYTHON:-.venv/bin/python}
case $python in /*) ;; *) python=$PWD/$python ;; esac
binnacle=${BINNACLE:-$PWD/build/binnacle}
root=$PWD
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config HOME=$work/home PYTHONDONTWRITEBYTECODE=1
unset BINNACLE_HOME GITLAB_CI GITHUB_ACTIONS CI_COMMIT_SHA
mkdir -p "$work/p" "$HOME"
cd "$work/p" || exit 1
bad=0
run() { "$binnacle" "$@" >"$work/log" 2>&1 || { echo "FAIL: binnacle $*"; cat "$work/log"; exit 1; }; }

# ---- what is written for CI systems --------------------------------------------------------------

cat >small.yaml <<'END'
ci:
  unit: make test
END
cat >whole.yaml <<'END'
ci:
  model: power
  image: registry.example.org/runner:1
  cache: [.venv, .cache/pip]
  data:
    - {name: jobs, file: data/my jobs.csv, suite: suite.json}
    - {name: later, file: "https://example.org/l.csv?x=1&y='2'", part: test}
  lint: ["echo \"${{ secrets.X }}\" 'it''s' # no", ": yes", "- x", "true", "ünï \\ {a} [b] & * ! | > % @"]
  unit: make test
  train: {trainer: ridge, target: job's power, test: 0.2, seed: 1, where: "a > 'b c'", set: {alpha: 0.5}}
  evaluate: {policy: policy.json, margin: {rmse: 0.5}}
  package: {format: oci-archive}
  deploy: {command: ./deploy.sh, environment: it's, url: "https://x.example.org", secrets: [TOKEN]}
  smoke: {endpoint: "http://h:1", rows: s.csv}
  monitor: {model: power@champion, window: 1d, cron: "0 6 * * *"}
  tags: {all: [linux], train: [gpu, slurm]}
END
for settings in small whole; do
	cp $settings.yaml binnacle.yaml
	for form in gitlab github; do
		run ci $form --out $settings.$form.yml
		if ! "$python" -c 'import check_jsonschema' 2>/dev/null; then
			echo "SKIP: schemas of GitLab and GitHub: $python has no check-jsonschema"
			break 2
		fi
		schema=vendor.gitlab-ci
		[ $form = gitlab ] || schema=vendor.github-workflows
		if "$python" -m check_jsonschema --builtin-schema $schema $settings.$form.yml >"$work/log" 2>&1; then
			echo "ok $schema accepts the pipeline of $settings settings"
		else
			echo "FAIL: $schema refuses $settings.$form.yml"
			cat "$work/log"
			bad=1
		fi
	done
done
rm binnacle.yaml

# ---- reports with names that try to be something else -----------------------------------------------

cat >names.py <<'PY'
import csv, json, random
names = ["a|b", "`x`", "```", "<script>alert(1)</script>", "</code><img src=x onerror=y>", "@all @group/team",
         "#1 !2 ~label $3", "https://evil.example/ www.evil.example a@evil.example", "line\nbreak\r\n| a | b |",
         "]]>&amp;&#0;", '"quoted" \\ back\\', "![](x)[y](z)", "# head", "_a_ *b* ~~c~~", "\u202e reversed", "::error::x",
         "\x1b[31m", "\x7f", "{{x}} ${y}"]
random.seed(1)
with open("t.csv", "w", newline="") as f:
    w = csv.writer(f)
    w.writerow(["n"] + [n for n in names if n.isprintable() or "\n" in n] + ["y"])
    for i in range(200):
        w.writerow([i] + [random.random() for n in names if n.isprintable() or "\n" in n] + [2 * i + random.random()])
json.dump({"name": "s", "expectations": [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": n, "min_value": 5}}
    for n in names if n.isprintable()]}, open("suite.json", "w"))
json.dump({"gates": [{"name": n, "metric": "rmse", "part": "test", "op": "<=", "threshold": 0} for n in names] +
           [{"name": "person " + n, "check": n or "x"} for n in names]}, open("policy.json", "w"))
PY
"$python" names.py 2>/dev/null || python3 names.py || { echo "SKIP: reports: there is no Python"; exit $bad; }
cat >binnacle.yaml <<'END'
ci:
  data: [{name: t, file: t.csv, suite: suite.json}]
  train: {trainer: ridge, target: y}
  evaluate: {policy: policy.json}
END
run init
run data add t t.csv
run run start --trainer ridge --data t --target y --seed 1 --name '@all|`<b>' --wait
export CI_COMMIT_REF_NAME='@all/`<img src=x>|b' BINNACLE_CI_URL='https://x/"><script>'
"$binnacle" ci check --reports first >"$work/log" 2>&1
[ $? = 1 ] || { echo "FAIL: ci check did not fail: $(cat "$work/log")"; exit 1; }
"$binnacle" ci check --reports second --baseline first/report.json >"$work/log" 2>&1
"$python" "$root/tests/peers/ci_reports.py" second || bad=1

# ---- the image of a runner ---------------------------------------------------------------------------

if [ "$(. /etc/os-release && echo "$ID$VERSION_ID")" = debian12 ] && command -v readelf >/dev/null; then
	packages=$(sed -n '/^FROM docker.io.*slim$/,$p' "$root/share/ci/Containerfile")
	for lib in $(readelf -d "$binnacle" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') libopenblas.so.0; do
		case $lib in libc.* | libm.* | ld-linux* | libgcc_s.* | libtinfo.*) continue ;; esac # of Debian's base
		package=$(dpkg -S "*-linux-gnu/$lib" 2>/dev/null | head -n 1 | cut -d: -f1)
		[ -n "$package" ] || package=$(dpkg -S "*/$lib" 2>/dev/null | head -n 1 | cut -d: -f1)
		grep -qw -- "$package" <<<"$packages" || { echo "FAIL: share/ci/Containerfile lacks $package, for $lib"; bad=1; }
	done
	[ $bad = 1 ] || echo "ok the runner's image has the libraries of the program"
else
	echo "SKIP: libraries of the runner's image: this is no Debian 12 with readelf"
fi
exit $bad
