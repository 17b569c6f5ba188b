/* cmd_data_add.c - binnacle data add, append and generate: new versions from outside of the
 * workspace. The catalogue of versions is in cmd_data.c. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/data/add.h"
#include "core/data/append.h"
#include "tui/cli/data_json.h"
#include "tui/cli/data_look.h"
#include "tui/cli/data_retype.h"
#include "tui/cli/reading.h"
#include "tui/cli/suites.h"
#include "tui/cli/target.h"
#include "tui/cli/verbs.h"

#include <string.h>

/* Bytes of an older version: the name still means the newest one. */
static void tell_nothing_new(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v)
{
	char ref[192], latest[192];
	bn_dataset_version *newest = NULL;
	bn_dataset_version_name(v, ref, sizeof ref);
	if (bn_dataset_resolve(&newest, ws, v->name, BN_DATASET_LIVE, NULL) == 0 &&
		newest->version != v->version)
		bn_cli_say(cli, "nothing new: these are the bytes of %s; %s stays the newest", ref,
			bn_dataset_version_name(newest, latest, sizeof latest));
	else
		bn_cli_say(cli, "nothing new: these are the bytes of %s", ref);
	bn_dataset_version_free(newest);
}

/* How it was read, for programs. */
static json_t *reading_json(const bn_source_notes *notes)
{
	json_t *o = notes->dialect.delimiter ? bn_dialect_json(&notes->dialect) : json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < notes->count; i++)
		json_array_append_new(list, json_string(notes->items[i].text));
	if (o)
		json_object_set(o, "notes", list);
	json_decref(list);
	return o;
}

/* notes: NULL if nothing was read. before: the version that rows were appended to, or NULL. */
static int show_added(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v, bool added,
	const bn_dataset_version *before, const bn_source_notes *notes, bn_err *err)
{
	char ref[192];
	json_t *o = bn_data_version_json(v);
	if (!o)
		return bn_err_nomem(err, "a dataset");
	json_object_set_new(o, "added", json_boolean(added));
	if (before) {
		json_object_set_new(o, "rows_before", json_integer((json_int_t)before->rows));
		json_object_set_new(
			o, "rows_added", json_integer((json_int_t)(v->rows - before->rows)));
	}
	if (notes && (notes->dialect.delimiter || notes->count))
		json_object_set_new(o, "read", reading_json(notes));
	bn_dataset_version_name(v, ref, sizeof ref);
	if (added && before)
		bn_cli_say(cli,
			"added %s: %llu rows were there, %llu were added, %llu are there now", ref,
			(unsigned long long)before->rows,
			(unsigned long long)(v->rows - before->rows), (unsigned long long)v->rows);
	else if (added)
		bn_cli_say(cli, "added %s", ref);
	else
		tell_nothing_new(cli, ws, v);
	return bn_cli_object(cli, o, bn_data_version_fields, err);
}

/* ---- add ------------------------------------------------------------------------------------ */

#define TYPES_MAX 512

typedef struct add_options {
	bn_source_options source;
	bn_source_type types[TYPES_MAX];
	char *names[TYPES_MAX];
	const char **nulls;
	const char *pseudonymise[TYPES_MAX];
	char *rejects;
} add_options;

static bool add_progress(void *ctx, uint64_t done, uint64_t total, uint64_t rows)
{
	(void)rows;
	bn_cli_progress(ctx, "reading", done, total, "B");
	return !bn_cli_interrupted();
}

static int bad_type(const char *text, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "--type %s is not COLUMN=TYPE", text);
	bn_err_hint(err, "for example --type %s=float64", text);
	return BN_EINVAL;
}

static int read_types(add_options *o, bn_cli *cli, bn_err *err)
{
	const char *text;
	for (size_t i = 0; (text = bn_cli_opt_nth(cli, "type", i)); i++) {
		const char *equals = strrchr(text, '=');
		if (i == TYPES_MAX)
			return bn_err_set(err, BN_EINVAL, "more than %d --type", TYPES_MAX);
		if (!equals)
			return bad_type(text, err);
		int rc = bn_field_parse_type(&o->types[i].type, equals + 1, err);
		if (rc)
			return rc;
		o->names[i] = bn_strndup(text, (size_t)(equals - text));
		o->types[i].column = o->names[i];
		o->source.type_count = i + 1;
	}
	o->source.types = o->types;
	return 0;
}

/* NAME.rejects, or NAME.2.rejects and so on: files of earlier additions are kept. NULL if out of memory. */
static char *free_rejects_name(const bn_env *env, const char *dataset)
{
	char *name = bn_strf("%s.rejects", dataset);
	for (int i = 2; name && bn_fs_exists(env, name); i++) {
		bn_free(name);
		name = bn_strf("%s.%d.rejects", dataset, i);
	}
	return name;
}

static int read_on_error(add_options *o, bn_cli *cli, bn_err *err)
{
	const char *how = bn_cli_opt(cli, "on-error"), *file = bn_cli_opt(cli, "rejects");
	if (how && strcmp(how, "fail") != 0 && strcmp(how, "reject") != 0)
		return bn_err_set(err, BN_EINVAL, "--on-error is fail or reject, not %s", how);
	if (how && !strcmp(how, "fail") && file)
		return bn_err_set(err, BN_EINVAL, "--rejects needs --on-error reject");
	if (!file && !(how && !strcmp(how, "reject")))
		return 0;
	int rc = bn_cli_target(cli, file, bn_cli_arg(cli, 1), err);
	if (rc < 0)
		return rc;
	o->rejects =
		file ? bn_strdup(file) : free_rejects_name(bn_cli_env(cli), bn_cli_arg(cli, 0));
	o->source.rejects = o->rejects;
	return o->rejects ? 0 : bn_err_nomem(err, "a name");
}

#define WIDENED_SHOWN 5

/* Types in the sample that the rest contradicted. */
static void tell_widened(bn_cli *cli, const bn_ingest_report *r)
{
	for (size_t i = 0; i < r->widened_count && i < WIDENED_SHOWN; i++) {
		const bn_widened *w = &r->widened[i];
		const char *name = r->schema.fields[w->column].name;
		if (w->line)
			bn_cli_say(cli,
				"column '%s' is %s although it began as %s: line %llu has "
				"\"%s\"%s%s",
				name, bn_type_name(w->to), bn_type_name(w->from),
				(unsigned long long)w->line, w->text, w->why ? ", and " : "",
				w->why ? w->why : "");
		else
			bn_cli_say(cli, "column '%s' is %s: its values are too many for %s", name,
				bn_type_name(w->to), bn_type_name(w->from));
	}
	if (r->widened_count > WIDENED_SHOWN)
		bn_cli_say(cli, "and %zu more columns", r->widened_count - WIDENED_SHOWN);
	if (r->widened_count)
		bn_cli_say(cli, "so it was read again, which --type COLUMN=TYPE avoids");
}

int bn_cli_privacy(bn_dataset_privacy *out, bn_cli *cli, bn_err *err)
{
	bool is_private = bn_cli_flag(cli, "private"), is_shared = bn_cli_flag(cli, "shared");
	*out = BN_DATASET_AS_BEFORE;
	if (is_private && is_shared)
		return bn_err_set(err, BN_EINVAL, "--private and --shared exclude each other");
	if (is_private)
		*out = BN_DATASET_PRIVATE;
	else if (is_shared)
		*out = BN_DATASET_SHARED;
	return 0;
}

/* Changes are reported for types that this user can see. */
static int load_former(bn_former *former, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_former_load(former, ws, name, &why);
	return rc < 0 && rc != BN_EREFUSED ? bn_err_move(err, &why) : 0;
}

/* What appending inherits from the previous version: types and access. */
static int read_choices(add_options *o, bn_dataset_privacy *privacy, bn_cli *cli, bn_err *err)
{
	o->source.retype = bn_cli_flag(cli, "retype");
	int rc = read_types(o, cli, err);
	return rc < 0 ? rc : bn_cli_privacy(privacy, cli, err);
}

/* Appending a file again is rarely intended: its rows are then duplicated. */
static void tell_repeated(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v)
{
	bn_dataset_versions *all = NULL;
	const bn_dataset_version *at = v;
	if (!v->source_sha256[0] ||
		bn_dataset_versions_load(&all, ws, v->name, BN_DATASET_REMOVED_TOO, NULL) < 0)
		return;
	for (size_t i = 0; i < all->count; i++) {
		const bn_dataset_version *before = all->items[i]; /* newest first, like parents */
		if (!at->parent_count || strcmp(at->parents[0].hash, before->hash) != 0)
			continue;
		at = before;
		if (strcmp(at->source_sha256, v->source_sha256) != 0)
			continue;
		bn_cli_warn(cli,
			"%s@v%lld was made from the same bytes: their rows are in %s@v%lld twice",
			at->name, (long long)at->version, v->name, (long long)v->version);
		break;
	}
	bn_dataset_versions_free(all);
}

/* The version that was appended to; NULL if it cannot be read. */
static void load_parent(bn_dataset_version **out, bn_workspace *ws, const bn_dataset_version *v)
{
	char *ref = bn_strf("%s@v%lld", v->parents[0].name, (long long)v->parents[0].version);
	if (ref)
		bn_dataset_resolve(out, ws, ref, BN_DATASET_REMOVED_TOO, NULL);
	bn_free(ref);
}

/* Options shared by add and append. */
static int read_source(add_options *o, bn_cli *cli, bn_err *err)
{
	int64_t threads = 0, max_rejects = 0;
	int rc;
	o->source.progress = add_progress;
	o->source.progress_ctx = cli;
	if ((rc = bn_cli_read_dialect(&o->source, &o->nulls, cli, err)) < 0 ||
		(rc = read_on_error(o, cli, err)) < 0 ||
		(rc = bn_cli_opt_duration(cli, "for", &o->source.duration_ns, err)) < 0 ||
		(rc = bn_cli_opt_duration(cli, "every", &o->source.interval_ns, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "threads", 0, 1024, &threads, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "max-rejects", 0, INT64_MAX, &max_rejects, err)) < 0)
		return rc;
	for (const char *text; (text = bn_cli_opt_nth(cli, "pseudonymise", o->source.pseudonymise_count));) {
		if (o->source.pseudonymise_count == TYPES_MAX)
			return bn_err_set(err, BN_EINVAL, "more than %d --pseudonymise", TYPES_MAX);
		o->pseudonymise[o->source.pseudonymise_count++] = text;
	}
	o->source.pseudonymise = o->pseudonymise;
	o->source.threads = (int)threads;
	o->source.max_rejects = (uint64_t)max_rejects;
	if (bn_cli_opt(cli, "max-rejects") && max_rejects == 0)
		o->source.rejects = NULL; /* no row may be malformed: the first one is reported */
	return 0;
}

static void release_options(add_options *o)
{
	for (size_t i = 0; i < TYPES_MAX; i++) {
		bn_free(o->names[i]);
		bn_field_release(&o->types[i].type);
	}
	bn_free(o->rejects);
	bn_free(o->nulls);
	bn_free(o);
}

static void tell_rejected(bn_cli *cli, uint64_t rejected, const char *file)
{
	bool one = rejected == 1;
	if (rejected)
		bn_cli_warn(cli, "%llu %s rejected: %s has %s", (unsigned long long)rejected,
			one ? "row was" : "rows were", file,
			one ? "it with the reason" : "them with their reasons");
}

static int add_or_append(bn_cli *cli, bool appends, bn_err *err)
{
	const char *name = bn_cli_arg(cli, 0), *uri = bn_cli_arg(cli, 1);
	const char *format = bn_cli_opt(cli, "format");
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL, *before = NULL;
	bn_ingest_report report = {0};
	bool added = false;
	bn_former former = BN_FORMER_INIT;
	bn_dataset_privacy privacy = BN_DATASET_AS_BEFORE;
	int rc;
	add_options *o = bn_alloc_zeroed(1, sizeof *o);
	if (!o)
		return bn_err_nomem(err, "options");
	o->source = (bn_source_options)BN_SOURCE_OPTIONS_INIT;
	if ((!appends && (rc = read_choices(o, &privacy, cli, err)) < 0) ||
		(rc = read_source(o, cli, err)) < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0)
		goto out;
	if (o->source.retype && (rc = load_former(&former, ws, name, err)) < 0)
		goto out;
	rc = appends ? bn_dataset_append(
			       &v, &added, ws, name, format, uri, &o->source, NULL, &report, err)
		     : bn_dataset_add(&v, &added, ws, name, privacy, format, uri, &o->source,
			       &report, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	tell_rejected(cli, report.rejected, o->source.rejects);
	bn_cli_tell_notes(cli, &report.notes);
	tell_widened(cli, &report);
	if (appends && added) {
		tell_repeated(cli, ws, v);
		bn_cli_tell_left_out(cli, ws, v);
	}
	if (v->rows == 0)
		bn_cli_warn(cli, "%s@v%lld has no rows", v->name, (long long)v->version);
	if (appends && v->parent_count)
		load_parent(&before, ws, v);
	if (added)
		bn_cli_tell_suites(cli, ws, v);
	if (added && (rc = bn_cli_tell_retyped(cli, ws, name, &former, &report.schema, err)) < 0)
		goto out;
	rc = show_added(cli, ws, v, added, before, &report.notes, err);
out:
	bn_dataset_version_free(before);
	bn_former_release(&former);
	release_options(o);
	bn_ingest_report_release(&report);
	bn_dataset_version_free(v);
	return rc;
}

static int run_add(bn_cli *cli, bn_err *err)
{
	return add_or_append(cli, false, err);
}

static int run_append(bn_cli *cli, bn_err *err)
{
	return add_or_append(cli, true, err);
}

/* ---- generate ------------------------------------------------------------------------------- */

static bool generate_progress(void *ctx, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, "generating", done, total, "rows");
	return !bn_cli_interrupted();
}

static int run_generate(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bool added = false;
	int64_t rows = 20000, seed = 1;
	const char *start = bn_cli_opt(cli, "start");
	bn_dataset_privacy privacy;
	bn_generate_options o = {.progress = generate_progress, .progress_ctx = cli};
	int rc = bn_cli_opt_int(cli, "rows", 1, (int64_t)BN_GENERATE_MAX_ROWS, &rows, err);
	if (rc || (rc = bn_cli_opt_int(cli, "seed", 0, INT64_MAX, &seed, err)) ||
		(rc = bn_cli_opt_num(cli, "drift", 0, 2, &o.drift, err)) ||
		(rc = bn_cli_privacy(&privacy, cli, err)) || (rc = bn_cli_workspace(cli, &ws, err)))
		return rc;
	if (start && !bn_timestamp_parse(start, strlen(start), &o.start_ns))
		return bn_err_set(err, BN_EINVAL, "--start %s is not an ISO 8601 date", start);
	o.rows = (uint64_t)rows;
	o.seed = (uint64_t)seed;
	rc = bn_dataset_generate(&v, &added, ws, bn_cli_arg(cli, 0), privacy, &o, err);
	bn_cli_progress_end(cli);
	if (!rc) {
		bn_cli_say(
			cli, "SYNTHETIC job telemetry with PM100's columns: these jobs never ran");
		if (added)
			bn_cli_tell_suites(cli, ws, v);
		rc = show_added(cli, ws, v, added, NULL, NULL, err);
	}
	bn_dataset_version_free(v);
	return rc;
}
static const bn_opt add_opts[] = {
	{"format", 0, "KIND", "csv, tsv, arrow or proc; default: detected from the content"},
	BN_CLI_READING_OPTS,
	{"type", 0, "COLUMN=TYPE", "set the type of this column (may be repeated)"},
	{"on-error", 0, "fail|reject", "on a malformed row: fail or reject (fail)"},
	{"rejects", 0, "FILE", "file for rejected rows (NAME.rejects)"}, BN_OPT_FORCE,
	{"max-rejects", 0, "N",
		"fail above this many rejected rows (a tenth, of 10 000 rows or more)"},
	{"pseudonymise", 0, "COLUMN", "replace its values by pseudonyms before anything is stored (may be repeated)"},
	{"retype", 0, NULL, "infer the types again instead of using the newest version's"},
	{"for", 0, "TIME", "live sources: how long to sample (10s)"},
	{"every", 0, "TIME", "live sources: how often (100ms)"},
	{"threads", 0, "N", "threads; affects the time, never the result"},
	{"private", 0, NULL, "only you can read its rows"},
	{"shared", 0, NULL, "others can read it although the newest version is private"}, {0}};
static const bn_opt append_opts[] = {
	{"format", 0, "KIND", "csv, tsv, arrow or proc; default: detected from the content"},
	BN_CLI_READING_OPTS,
	{"on-error", 0, "fail|reject", "on a malformed row: fail or reject (fail)"},
	{"rejects", 0, "FILE", "file for rejected rows (NAME.rejects)"}, BN_OPT_FORCE,
	{"max-rejects", 0, "N",
		"fail above this many rejected rows (a tenth, of 10 000 rows or more)"},
	{"pseudonymise", 0, "COLUMN", "replace its values by pseudonyms before anything is stored (may be repeated)"},
	{"for", 0, "TIME", "live sources: how long to sample (10s)"},
	{"every", 0, "TIME", "live sources: how often (100ms)"},
	{"threads", 0, "N", "threads; affects the time, never the result"}, {0}};
static const bn_opt generate_opts[] = {{"rows", 0, "N", "how many jobs (20000)"},
	{"seed", 0, "S", "the same seed gives the same bytes (1)"},
	{"drift", 0, "X", "0 .. 2: amount of drift (0)"},
	{"start", 0, "DATE", "submit time of the first job (2020-05-01)"},
	{"private", 0, NULL, "only you can read its rows"},
	{"shared", 0, NULL, "others can read it although the newest version is private"}, {0}};

const bn_verb bn_verbs_data_add[] = {
	{"data", "add", "NAME SOURCE", 2, 2, "add a file or live telemetry as a new version",
		"SOURCE is a file or a pipe (CSV, TSV, Arrow), - for standard input, or proc: for "
		"the\n"
		"counters of this node. The format of a text table is detected from its first\n"
		"records, and reported if it is not plain CSV; each part can be set. The version "
		"is an Arrow file with schema, profile and content\n"
		"hash. The next one is read with the types of the newest. Adding existing bytes\n"
		"adds no version. With --private only you can read its rows, its profile and what "
		"is\n"
		"made from them; others see name, numbers and digest. Later versions are\n"
		"private as well, until --shared.",
		{"binnacle data add power power.csv",
			"binnacle data add node proc: --for 10s --every 100ms",
			"binnacle data add jobs - --delimiter '|' --on-error reject <sacct.txt"},
		add_opts, 0, run_add},
	{"data", "append", "NAME SOURCE", 2, 2,
		"add a file's rows to a dataset, as its next version",
		"The source is read with the types of the newest version: a missing column, or a "
		"value\n"
		"that does not fit, is an error; other columns are left out. Existing rows are "
		"not\n"
		"written again: the new version names the same parts, and those of the new rows.",
		{"binnacle data append power power-2026-02.csv",
			"binnacle data append node proc: --for 10s"},
		append_opts, 0, run_append},
	{"data", "generate", "NAME", 1, 1, "generate synthetic HPC job telemetry (PM100's columns)",
		"All rows are invented; levels follow public statistics of Marconi100. Targets "
		"that can\n"
		"be learned: node_power_consumption, and failed or job_state.",
		{"binnacle data generate jobs --rows 20000 --seed 42",
			"binnacle data generate later --drift 0.6 --start 2020-08-01"},
		generate_opts, 0, run_generate},
	{0},
};
