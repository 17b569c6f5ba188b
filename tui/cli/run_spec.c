/* run_spec.c - see run_spec.h. */
#include "tui/cli/run_spec.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/trainer.h"
#include "core/run/run_log.h"
#include "core/run/runlog.h"
#include "core/track/run.h"

#include <string.h>
#include <sys/stat.h>

/* Copies an option's text; without the option the value is unchanged. */
static int set_text(const char **field, bn_spec *spec, bn_cli *cli, const char *option, bn_err *err)
{
	const char *text = bn_cli_opt(cli, option);
	if (!text)
		return 0;
	*field = bn_spec_text(spec, text);
	return *field ? 0 : bn_err_nomem(err, "a spec");
}

/* "a,b" replaces the list. */
static int set_list(
	bn_spec_texts *list, bn_spec *spec, bn_cli *cli, const char *option, bn_err *err)
{
	const char *text = bn_cli_opt(cli, option);
	int rc = 0;
	if (!text)
		return 0;
	*list = (bn_spec_texts){NULL, 0};
	if ((rc = bn_spec_add_text(spec, list, NULL, err)) < 0)
		return rc;
	while (*text) {
		size_t n = strcspn(text, ",");
		char *name = n ? bn_strndup(text, n) : NULL;
		if (n && !name)
			return bn_err_nomem(err, "a spec");
		if (name)
			rc = bn_spec_add_text(spec, list, name, err);
		bn_free(name);
		if (rc < 0)
			return rc;
		text += n + (text[n] == ',');
	}
	return 0;
}

/* ":val" is common, and used in the examples of data split. */
static const char *part_of(const char *colon)
{
	static const struct {
		const char *text, *part;
	} parts[] = {
		{":train", "train"}, {":valid", "valid"}, {":val", "valid"}, {":test", "test"}};
	for (size_t i = 0; colon && i < sizeof parts / sizeof *parts; i++)
		if (!strcmp(colon, parts[i].text))
			return parts[i].part;
	return NULL;
}

/* "ALIAS=NAME@V:PART" */
static int add_data(bn_spec *spec, const char *text, bn_err *err)
{
	bn_spec_data *d = NULL;
	const char *eq = strchr(text, '='), *name = eq ? eq + 1 : text;
	const char *colon = strrchr(name, ':'), *part = part_of(colon);
	char *as = NULL, *ref = NULL;
	int rc;
	if (eq == text || !*name)
		return bn_err_set(err, BN_EINVAL, "--data '%s': %s", text,
			*name ? "expected an alias before the ="
			      : "expected the name of a dataset");
	if ((rc = bn_spec_add_data(spec, &d, err)) < 0)
		return rc;
	if (eq && !(as = bn_strndup(text, (size_t)(eq - text)))) {
		rc = bn_err_nomem(err, "a spec");
		goto out;
	}
	if (!(ref = part ? bn_strndup(name, (size_t)(colon - name)) : bn_strdup(name))) {
		rc = bn_err_nomem(err, "a spec");
		goto out;
	}
	d->as = bn_spec_text(spec, as);
	d->name = bn_spec_text(spec, ref);
	d->part = part;
	if (!d->name || (as && !d->as))
		rc = bn_err_nomem(err, "a spec");
out:
	bn_free(as);
	bn_free(ref);
	return rc;
}

static int set_data(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	const char *text;
	int rc = 0;
	if (bn_cli_opt_nth(cli, "data", 0))
		bn_spec_remove(spec, "data");
	for (size_t i = 0; rc == 0 && (text = bn_cli_opt_nth(cli, "data", i)); i++)
		rc = add_data(spec, text, err);
	return rc;
}

static int set_hyper(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	const bn_trainer *trainer;
	const char *text, *value;
	char *key = NULL;
	int rc;
	if (!bn_cli_opt_nth(cli, "set", 0))
		return 0;
	if (!spec->trainer)
		return bn_err_set(err, BN_EINVAL, "--set needs --trainer");
	if ((rc = bn_trainer_find(&trainer, spec->trainer, err)) < 0)
		return rc;
	if (!spec->hyper && !(spec->hyper = json_object()))
		return bn_err_nomem(err, "a spec");
	for (size_t i = 0; rc == 0 && (text = bn_cli_opt_nth(cli, "set", i)); i++) {
		if ((rc = bn_cli_pair(&key, &value, text, "set", err)) < 0)
			return rc;
		rc = bn_hyper_set_text(
			spec->hyper, trainer->hyper, trainer->hyper_count, key, value, err);
		bn_free(key);
	}
	return rc;
}

static int set_tags(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	const char *text, *value;
	char *key = NULL;
	int rc = 0;
	for (size_t i = 0; rc == 0 && (text = bn_cli_opt_nth(cli, "tag", i)); i++) {
		if (!spec->tags && !(spec->tags = json_object()))
			return bn_err_nomem(err, "a spec");
		if ((rc = bn_cli_pair(&key, &value, text, "tag", err)) < 0)
			return rc;
		if ((rc = bn_run_key_check("tag", key, err)) == 0 &&
			json_object_set_new(spec->tags, key, json_string(value)) != 0)
			rc = bn_err_set(err, BN_EINVAL, "--tag '%s': not UTF-8 text", text);
		bn_free(key);
	}
	return rc;
}

/* "--output *.png --output model.pt" replaces the list. */
static int set_outputs(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	const char *text;
	int rc = 0;
	if (bn_cli_opt_nth(cli, "output", 0))
		bn_spec_remove(spec, "outputs");
	for (size_t i = 0; rc >= 0 && (text = bn_cli_opt_nth(cli, "output", i)); i++)
		rc = bn_spec_add_text(spec, &spec->outputs, text, err);
	return rc;
}

/* The paths of a command line are below the current directory, which the command's may not be. */
static const char *input_path(bn_spec *spec, const char *text, bn_err *err)
{
	char *whole = NULL;
	if (!spec->workdir || text[0] == '/')
		return bn_spec_text(spec, text);
	const char *path =
		bn_path_absolute(&whole, text, err) < 0 ? NULL : bn_spec_text(spec, whole);
	bn_free(whole);
	return path;
}

static int set_inputs(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	bn_spec_input *in = NULL;
	const char *text;
	struct stat st;
	int rc;
	if (bn_cli_opt_nth(cli, "input", 0))
		bn_spec_remove(spec, "inputs");
	for (size_t i = 0; (text = bn_cli_opt_nth(cli, "input", i)); i++) {
		if (stat(text, &st) == 0 && S_ISDIR(st.st_mode)) {
			bn_err_set(err, BN_EINVAL,
				"--input '%s' is a directory, but inputs are files", text);
			bn_err_hint(err, "give --input for each file that counts");
			return BN_EINVAL;
		}
		if ((rc = bn_spec_add_input(spec, &in, err)) < 0)
			return rc;
		if (!(in->path = input_path(spec, text, err)))
			return bn_err_nomem(err, "a spec");
	}
	return 0;
}

/* "NAME=env:VARIABLE"; adds to those of --spec or --again. */
static int set_secrets(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	const char *text;
	for (size_t i = 0; (text = bn_cli_opt_nth(cli, "secret", i)); i++) {
		const char *eq = strchr(text, '=');
		/* A malformed value may be the secret itself, so it is not repeated. */
		if (!eq || eq == text) {
			bn_err_set(err, BN_EINVAL, "--secret: expected NAME=REFERENCE");
			bn_err_hint(err,
				"NAME=env:VARIABLE, or NAME=file:/PATH of a file of mode 0600");
			return BN_EINVAL;
		}
		if (bn_str_starts(eq + 1, "file:") && eq[6] != '/') {
			bn_err_set(err, BN_EINVAL, "--secret %.*s: '%s' is a relative path",
				(int)(eq - text), text, eq + 6);
			bn_err_hint(err, "give the absolute path: file:/home/...");
			return BN_EINVAL;
		}
		char *name = bn_strndup(text, (size_t)(eq - text));
		if (!spec->secrets)
			spec->secrets = json_object();
		int failed = !name || json_object_set_new(spec->secrets, name, json_string(eq + 1));
		bn_free(name);
		if (failed)
			return bn_err_set(err, BN_EINVAL, "--secret: not UTF-8 text");
	}
	return 0;
}

/* Rounded up: half a second of grace must not become 0. */
static int set_seconds(int64_t *field, bn_cli *cli, const char *option, bn_err *err)
{
	int64_t ns = -1;
	int rc = bn_cli_opt_duration(cli, option, &ns, err);
	if (rc == 0 && ns >= 0)
		*field = ns / 1000000000 + (ns % 1000000000 > 0);
	return rc;
}

static int set_log_limit(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	int64_t bytes = spec->log_limit_bytes;
	int rc = bn_cli_opt_bytes(cli, "log-limit", &bytes, err);
	if (rc < 0)
		return rc;
	if (bytes >= 0 && bytes < BN_RUN_LOG_LIMIT_LEAST)
		return bn_err_set(
			err, BN_EINVAL, "--log-limit: at least %d bytes", BN_RUN_LOG_LIMIT_LEAST);
	spec->log_limit_bytes = bytes;
	return 0;
}

static int set_numbers(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	int rc;
	if ((rc = bn_cli_opt_int(cli, "seed", 0, INT64_MAX, &spec->seed, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "retries", 0, 1000, &spec->retries, err)) < 0 ||
		(rc = bn_cli_opt_num(cli, "valid", 0, 0.99, &spec->split.valid, err)) < 0 ||
		(rc = bn_cli_opt_num(cli, "test", 0, 0.99, &spec->split.test, err)) < 0)
		return rc;
	return set_text(&spec->split.kind, spec, cli, "split", err);
}

/* 0 removes the spec's value. */
static void or_absent(int64_t *field)
{
	*field = *field == 0 ? BN_SPEC_ABSENT : *field;
}

int bn_run_spec_surround(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	int rc;
	if ((rc = bn_cli_opt_int(cli, "threads", 0, 4096, &spec->threads, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "cores", 0, 1 << 20, &spec->resources.cpus, err)) < 0 ||
		(rc = bn_cli_opt_bytes(cli, "memory", &spec->resources.memory_bytes, err)) < 0 ||
		(rc = set_log_limit(spec, cli, err)) < 0 ||
		(rc = set_seconds(&spec->time_limit_s, cli, "time-limit", err)) < 0 ||
		(rc = set_seconds(&spec->grace_s, cli, "grace", err)) < 0)
		return rc;
	or_absent(&spec->resources.cpus);
	or_absent(&spec->resources.memory_bytes);
	or_absent(&spec->time_limit_s);
	return set_tags(spec, cli, err);
}

/* The spec of another run, without fields specific to that run. */
static int spec_of_run(bn_spec **out, bn_cli *cli, bn_workspace *ws, const char *run,
	char again[BN_RUN_ID_TEXT], bn_err *err)
{
	static const char *const not_again[] = {"code", "environment", "tags"};
	bn_run_info *r = NULL;
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_run_resolve(ws, run, again, err)) < 0)
		return rc;
	if ((rc = bn_run_get(&r, ws, again, err)) < 0)
		return rc;
	if ((rc = bn_cli_need_trust_of(cli, r->uid, err)) < 0)
		goto out;
	if (!r->spec_hash) {
		rc = bn_err_set(
			err, BN_EINVAL, "run %.8s has no spec: it came from the API", again);
		goto out;
	}
	if ((rc = bn_spec_fetch(out, ws, r->spec_hash, err)) < 0)
		goto out;
	for (size_t i = 0; i < sizeof not_again / sizeof *not_again; i++)
		bn_spec_remove(*out, not_again[i]);
	/* The files may have changed: this run has them as they are now. */
	for (size_t i = 0; i < (*out)->input_count; i++)
		(*out)->inputs[i].hash = NULL;
out:
	bn_run_info_free(r);
	return rc;
}

static int base_spec(
	bn_spec **out, bn_cli *cli, bn_workspace *ws, char again[BN_RUN_ID_TEXT], bn_err *err)
{
	const char *file = bn_cli_opt(cli, "spec"), *run = bn_cli_opt(cli, "again");
	again[0] = '\0';
	if (file && run)
		return bn_err_set(err, BN_EINVAL, "--spec and --again exclude each other");
	if (file)
		return bn_spec_load(out, bn_cli_env(cli), file, err);
	return run ? spec_of_run(out, cli, ws, run, again, err) : bn_spec_new(out, err);
}

/* A new command is typed for the current directory; the files that it inherits stay what they were. */
static int run_here(bn_spec *spec, bn_err *err)
{
	for (size_t i = 0; spec->workdir && i < spec->input_count; i++) {
		char *path = bn_path_join(spec->workdir, spec->inputs[i].path);
		bool kept = path && (spec->inputs[i].path = bn_spec_text(spec, path));
		bn_free(path);
		if (!kept)
			return bn_err_nomem(err, "a spec");
	}
	bn_spec_remove(spec, "workdir");
	return 0;
}

static int set_what_runs(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	size_t n = 0;
	const char *const *rest = bn_cli_rest(cli, &n);
	const char *trainer = bn_cli_opt(cli, "trainer");
	int rc = 0;
	if (bn_cli_opt(cli, "again") && (n > 0) != (trainer != NULL))
		bn_spec_clear_other(spec, n > 0);
	if (n)
		spec->command = (bn_spec_texts){NULL, 0};
	if (n && bn_cli_opt(cli, "again") && (rc = run_here(spec, err)) < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if ((rc = bn_spec_add_text(spec, &spec->command, rest[i], err)) < 0)
			return rc;
	/* Another trainer has other hyper-parameters. */
	if (trainer && spec->trainer && strcmp(trainer, spec->trainer) != 0)
		bn_spec_remove(spec, "hyper");
	if ((rc = set_text(&spec->trainer, spec, cli, "trainer", err)) < 0)
		return rc;
	if (spec->trainer || spec->command.items)
		return 0;
	bn_err_set(err, BN_EINVAL,
		"nothing to run: give --trainer NAME, or a command "
		"after --");
	bn_err_hint(err, "binnacle run start -- python train.py");
	return BN_EINVAL;
}

static int set_workdir(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	const char *dir = bn_cli_opt(cli, "workdir");
	char *whole = NULL;
	if (!dir)
		return 0;
	int rc = bn_path_absolute(&whole, dir, err);
	if (rc == 0 && !(spec->workdir = bn_spec_text(spec, whole)))
		rc = bn_err_nomem(err, "a spec");
	bn_free(whole);
	return rc;
}

static int set_options(bn_spec *spec, bn_cli *cli, bn_err *err)
{
	int rc;
	if ((rc = set_what_runs(spec, cli, err)) < 0 || (rc = set_workdir(spec, cli, err)) < 0 ||
		(rc = set_text(&spec->target, spec, cli, "target", err)) < 0 ||
		(rc = set_text(&spec->where, spec, cli, "where", err)) < 0 ||
		(rc = set_text(&spec->task, spec, cli, "task", err)) < 0 ||
		(rc = set_text(&spec->impute, spec, cli, "impute", err)) < 0 ||
		(rc = set_list(&spec->features, spec, cli, "features", err)) < 0 ||
		(rc = set_list(&spec->exclude, spec, cli, "exclude", err)) < 0 ||
		(rc = set_data(spec, cli, err)) < 0 || (rc = set_inputs(spec, cli, err)) < 0 ||
		(rc = set_outputs(spec, cli, err)) < 0 || (rc = set_secrets(spec, cli, err)) < 0 ||
		(rc = set_numbers(spec, cli, err)) < 0 || (rc = set_hyper(spec, cli, err)) < 0)
		return rc;
	if (spec->where && !*spec->where) /* --where '' takes it off a spec that has one */
		spec->where = NULL;
	if (bn_cli_flag(cli, "no-standardise"))
		spec->standardise = 0;
	return bn_run_spec_surround(spec, cli, err);
}

int bn_run_spec_read(
	bn_spec **out, bn_cli *cli, bn_workspace *ws, char again[BN_RUN_ID_TEXT], bn_err *err)
{
	bn_spec *spec = NULL;
	int rc = base_spec(&spec, cli, ws, again, err);
	if (rc == 0)
		rc = set_options(spec, cli, err);
	if (rc < 0)
		bn_spec_free(spec);
	else
		*out = spec;
	return rc;
}
