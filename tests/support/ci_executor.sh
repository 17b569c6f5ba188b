# A shell executor for the scripts that test pipelines: runs a job of .gitlab-ci.yml as a runner does, on a fresh clone
# with nothing but the artifacts of the jobs that it needs.

# The lines of a field of a job: script, artifacts.paths, needs, stages (job "").
ci_field() { # FILE JOB FIELD
	if python3 -c 'import yaml' 2>/dev/null; then
		python3 - "$@" <<'PY'
import sys, yaml
doc = yaml.safe_load(open(sys.argv[1]))
here = doc[sys.argv[2]] if sys.argv[2] else doc
for part in sys.argv[3].split("."):
    here = here.get(part, {}) if isinstance(here, dict) else {}
for item in here or []:
    print(item["job"] if isinstance(item, dict) else item)
PY
		return
	fi
	# Without PyYAML: the layout that binnacle writes, two blanks a level, texts plain or in single quotes.
	awk -v job="$2" -v field="$3" '
		function text(s) {
			if (s ~ /^'\''.*'\''$/) { s = substr(s, 2, length(s) - 2); gsub(/'\'''\''/, "'\''", s) }
			return s
		}
		/^[^ #]/ { top = $0; sub(/:.*/, "", top); second = third = ""; if (job == "" && top == field) on = 1; else on = 0; next }
		/^  [^ -]/ { second = $1; sub(/:.*/, "", second); third = "" }
		/^    [^ -]/ { third = $1; sub(/:.*/, "", third) }
		{
			where = second (third != "" ? "." third : "")
			if (job == "" && on && /^  - /) print text(substr($0, 5))
			else if (job == top && where == field && /^ *- /) {
				s = $0; sub(/^ *- /, "", s); sub(/^job: /, "", s); print text(s)
			}
		}' "$1"
}

# Runs one job of the repository in a fresh clone, $ci/clone, and keeps its artifacts in $ci/artifacts/JOB, also when it
# fails; returns its status. Its output is in $ci/JOB.log. $ci: a directory of the caller's. With CI_FRESH_HOMES each job
# has a new home, as in containers.
ci_job() { # REPOSITORY JOB
	local repository=$1 job=$2 path need status
	rm -rf "$ci/clone"
	git clone -q "$repository" "$ci/clone" || return 99
	for need in $(ci_field "$ci/clone/.gitlab-ci.yml" "$job" needs); do
		[ -d "$ci/artifacts/$need" ] && cp -a "$ci/artifacts/$need/." "$ci/clone/"
	done
	ci_field "$ci/clone/.gitlab-ci.yml" "$job" script >"$ci/$job.script"
	ci_field "$ci/clone/.gitlab-ci.yml" "$job" after_script >"$ci/$job.after"
	[ -s "$ci/$job.script" ] || return 98
	(
		cd "$ci/clone" || exit 97
		[ -z "${CI_FRESH_HOMES:-}" ] || { HOME=$(mktemp -d -p "$ci") && export HOME XDG_CONFIG_HOME=$HOME/.config; }
		sha=$(git rev-parse HEAD)
		export CI=true GITLAB_CI=true CI_PROJECT_DIR=$PWD CI_COMMIT_SHA=$sha CI_COMMIT_REF_NAME=main
		export BINNACLE_HOME=${CI_HOME:-$PWD} XDG_STATE_HOME=$PWD/.binnacle-state
		export BINNACLE_CI_RUN=ci-$sha BINNACLE_CI_URL=https://ci.example.org/pipelines/7
		bash -e -o pipefail "$ci/$job.script"
		status=$?
		bash -e -o pipefail "$ci/$job.after"
		exit $status
	) >"$ci/$job.log" 2>&1 </dev/null
	status=$?
	mkdir -p "$ci/artifacts/$job"
	while IFS= read -r path; do
		[ -e "$ci/clone/$path" ] && cp -a "$ci/clone/$path" "$ci/artifacts/$job/"
	done < <(ci_field "$ci/clone/.gitlab-ci.yml" "$job" artifacts.paths)
	return $status
}

# All jobs in the order of the stages, up to the first that fails: $ran has their names, and $failed that one's.
ci_pipeline() { # REPOSITORY
	local job
	ran= failed=
	rm -rf "$ci/artifacts"
	while IFS= read -r job; do
		ran="$ran $job"
		ci_job "$1" "$job"
		ci_status=$?
		[ $ci_status = 0 ] || { failed=$job; return $ci_status; }
	done < <(ci_field "$1/.gitlab-ci.yml" "" stages)
	return 0
}
