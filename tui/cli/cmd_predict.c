/* cmd_predict.c - binnacle predict: predicts the rows of a file with a local model; predict_endpoint.c uses a
 * server. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/predict/predict_file.h"
#include "core/source/csv_write.h"
#include "tui/cli/_predict.h"
#include "tui/cli/file_format.h"
#include "tui/cli/reading.h"
#include "tui/cli/target.h"

#include <math.h>
#include <string.h>

const char *bn_answers_shown(const char *file)
{
	return strcmp(file, "-") ? file : "standard input";
}

void bn_answers_tell_notes(void *answers, const bn_source_notes *notes)
{
	const bn_answers *o = answers;
	bn_cli_tell_notes(o->cli, notes);
}

/* ---- local ---------------------------------------------------------------------------------- */

static size_t class_count(const bn_session *s)
{
	return bn_features_class_count(
		bn_model_features(bn_predictor_model(bn_session_predictor(s))));
}

static const char *class_name(const bn_session *s, size_t k)
{
	return bn_features_class(bn_model_features(bn_predictor_model(bn_session_predictor(s))), k);
}

static int open_arrow(bn_answers *o, const bn_session *s, bn_err *err)
{
	bn_schema schema = BN_SCHEMA_INIT;
	int rc = bn_predictor_answers(&schema, bn_session_predictor(s), err);
	if (rc < 0)
		goto out;
	rc = bn_table_create(&o->w, bn_cli_env(o->cli), NULL, o->path, &schema, err);
out:
	bn_schema_release(&schema);
	return rc;
}

static int arrow_row(bn_answers *o, const bn_session *s, size_t r, bn_err *err)
{
	const char *label = bn_session_label(s, r);
	if (label)
		bn_table_row_text(o->w, 0, label, strlen(label));
	else
		bn_table_row_f64(o->w, 0, bn_session_prediction(s, r));
	for (size_t k = 0; k < class_count(s); k++)
		bn_table_row_f64(o->w, 1 + k, bn_session_outputs(s, r)[k]);
	return bn_table_row_end(o->w, err);
}

static const char *class_of(const void *session, size_t k)
{
	return class_name(session, k);
}

void bn_answers_head(bn_answers *o, size_t classes,
	const char *(*name_of)(const void *ctx, size_t k), const void *ctx)
{
	bn_buf_adds(&o->text, "prediction");
	for (size_t k = 0; k < classes; k++) {
		bn_buf name = BN_BUF_INIT;
		bn_buf_addf(&name, "probability_%s", name_of(ctx, k));
		bn_buf_addch(&o->text, ',');
		bn_csv_add_field(&o->text, name.ptr, name.len, ',');
		bn_buf_release(&name);
	}
	bn_buf_addch(&o->text, '\n');
}

void bn_answers_number(bn_buf *b, double x)
{
	char text[BN_FMT];
	if (!isnan(x))
		bn_buf_adds(b, bn_fmt_f64(x, text));
}

static void csv_row(bn_answers *o, const bn_session *s, size_t r)
{
	const char *label = bn_session_label(s, r);
	if (label)
		bn_csv_add_field(&o->text, label, strlen(label), ',');
	else
		bn_answers_number(&o->text, bn_session_prediction(s, r));
	for (size_t k = 0; k < class_count(s); k++) {
		bn_buf_addch(&o->text, ',');
		bn_answers_number(&o->text, bn_session_outputs(s, r)[k]);
	}
	bn_buf_addch(&o->text, '\n');
}

static void json_row(bn_answers *o, const bn_session *s, size_t r, uint64_t row)
{
	json_t *item = json_pack(
		"{s:I, s:o}", "row", (json_int_t)row, "prediction", bn_session_json(s, r));
	if (class_count(s)) {
		json_t *p = json_object();
		for (size_t k = 0; k < class_count(s); k++)
			json_object_set_new(p, class_name(s, k),
				bn_json_real_or_null(bn_session_outputs(s, r)[k]));
		json_object_set_new(item, "probabilities", p);
	}
	json_array_append_new(o->items, item);
}

/* Moves the text to the file if there is much of it, or the file has been started. */
int bn_answers_spill(bn_answers *o, size_t most, bn_err *err)
{
	int rc;
	if ((rc = bn_buf_check(&o->text, err, "the answers")) < 0)
		return rc;
	if (o->text.len <= most)
		return 0;
	bool named = o->path && !bn_fs_is_device(bn_cli_env(o->cli), o->path);
	if (!o->file && (rc = bn_file_out_open(&o->file, bn_cli_env(o->cli), named ? o->path : NULL,
				 0666, err)) < 0)
		return rc;
	rc = bn_file_out_add(o->file, o->text.ptr, o->text.len, err);
	bn_buf_clear(&o->text);
	return rc;
}

static void find_unknown(bn_answers *o, const bn_session *s, uint64_t first_row)
{
	const bn_features *f = bn_model_features(bn_predictor_model(bn_session_predictor(s)));
	size_t inputs = bn_features_input_count(f);
	for (size_t at = 0; at < bn_session_rows(s) * inputs && !o->first[0]; at++)
		if (bn_session_cell_is_unknown(s, at / inputs, at % inputs))
			snprintf(o->first, sizeof o->first, ": row %llu, field '%.60s': '%.80s'",
				(unsigned long long)(first_row + at / inputs + 1),
				bn_features_input(f, at % inputs)->name,
				bn_session_cell_text(s, at / inputs, at % inputs));
}

static void add_infinite(bn_answers *o, const bn_session *s, uint64_t first_row)
{
	const bn_features *f = bn_model_features(bn_predictor_model(bn_session_predictor(s)));
	size_t row, input, n = bn_session_infinite(s, &row, &input);
	if (n && !o->infinite)
		snprintf(o->first_infinite, sizeof o->first_infinite, ": row %llu, field '%.60s'",
			(unsigned long long)(first_row + row + 1),
			bn_features_input(f, input)->name);
	o->infinite += n;
}

static int take_rows(void *user, const bn_session *s, uint64_t first_row, bn_err *err)
{
	bn_answers *o = user;
	int rc = 0;
	if (bn_cli_interrupted())
		return bn_err_set(err, BN_EINTR, "interrupted");
	if (o->arrow && !o->w)
		rc = open_arrow(o, s, err);
	if (!o->arrow && !o->items && !o->headed)
		bn_answers_head(o, class_count(s), class_of, s);
	o->headed = true;
	if (!o->unknown && bn_session_unknown(s))
		find_unknown(o, s, first_row);
	o->unknown += bn_session_unknown(s);
	add_infinite(o, s, first_row);
	for (size_t r = 0; r < bn_session_rows(s) && !rc; r++) {
		if (o->arrow)
			rc = arrow_row(o, s, r, err);
		else if (o->items)
			json_row(o, s, r, first_row + r + 1);
		else
			csv_row(o, s, r);
	}
	if (rc < 0)
		return rc;
	bn_cli_progress(o->cli, "predicting", first_row + bn_session_rows(s), 0, "rows");
	return bn_answers_spill(o, BN_ANSWERS_TEXT, err);
}

void bn_answers_clear(bn_answers *o)
{
	bn_buf_clear(&o->text);
	bn_file_out_free(o->file);
	o->file = NULL;
	bn_table_writer_free(o->w);
	o->w = NULL;
	o->headed = false;
	o->unknown = o->infinite = 0;
	o->first[0] = '\0';
	if (o->items)
		json_array_clear(o->items);
}

static int print(void *user, const void *bytes, size_t n, bn_err *err)
{
	(void)err;
	bn_cli_write_data(user, bytes, n);
	return 0;
}

typedef struct device {
	const bn_env *env;
	const char *path;
	int fd;
} device;

static int write_device(void *user, const void *bytes, size_t n, bn_err *err)
{
	const device *d = user;
	return bn_fs_write_all(d->env, d->fd, bytes, n, d->path, err);
}

/* The text that waited in a file. */
static int finish_file(bn_answers *o, bn_err *err)
{
	const bn_env *env = bn_cli_env(o->cli);
	int rc;
	if ((rc = bn_answers_spill(o, 0, err)) < 0)
		return rc;
	if (!o->path)
		return bn_file_out_read(o->file, print, o->cli, err);
	if (!bn_fs_is_device(env, o->path))
		return bn_file_out_finish(o->file, err);
	device d = {env, o->path, -1};
	if ((rc = bn_fs_open_device(&d.fd, env, o->path, err)) < 0)
		return rc;
	rc = bn_file_out_read(o->file, write_device, &d, err);
	int e = env->fs->close(env, d.fd);
	if (rc == 0 && e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot close '%s'", o->path);
	return rc;
}

static int finish_text(bn_answers *o, bn_err *err)
{
	int rc;
	if (o->file)
		return finish_file(o, err);
	if ((rc = bn_buf_check(&o->text, err, "the answers")) < 0)
		return rc;
	if (o->path)
		return bn_fs_write_file(
			bn_cli_env(o->cli), o->path, o->text.ptr, o->text.len, 0666, err);
	bn_cli_write_data(o->cli, o->text.ptr, o->text.len);
	return 0;
}

int bn_answers_finish(bn_answers *o, uint64_t rows, bn_err *err)
{
	static const bn_col cols[] = {
		{"row", "ROW", BN_AS_INT}, {"prediction", "PREDICTION", BN_AS_TEXT}, {0}};
	int rc;
	if (o->unknown)
		bn_cli_warn(o->cli, "%llu cell%s unseen in training%s (--strict refuses)",
			(unsigned long long)o->unknown,
			o->unknown == 1 ? " holds a category" : "s hold categories", o->first);
	if (o->infinite)
		bn_cli_warn(o->cli, "%llu infinite cell%s taken as missing%s",
			(unsigned long long)o->infinite, o->infinite == 1 ? " is" : "s are",
			o->first_infinite);
	if (o->items)
		return bn_cli_list(o->cli, json_incref(o->items), cols, "no rows", err);
	rc = o->w ? bn_table_writer_finish(o->w, err) : finish_text(o, err);
	if (rc < 0)
		return rc;
	bn_cli_say(o->cli, "%llu row%s predicted%s%s%s%s", (unsigned long long)rows,
		rows == 1 ? "" : "s", *o->by ? " by " : "", o->by, o->path ? " into " : "",
		o->path ? o->path : "");
	return 0;
}

/* If it is not a file it may be a dataset. */
static void hint_dataset(bn_workspace *ws, const char *model, const char *file, bn_err *err)
{
	bn_dataset_version *v = NULL;
	if (!strchr(file, '/') && bn_dataset_resolve(&v, ws, file, BN_DATASET_LIVE, NULL) == 0) {
		err->hint[0] = '\0'; /* the error for a missing path */
		bn_err_hint(err, "for a dataset: binnacle data export %s | binnacle predict %s -",
			file, model);
	}
	bn_dataset_version_free(v);
}

static int predict_here(bn_answers *o, const char *model, const char *file, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_predictor *p = NULL;
	uint64_t rows = 0;
	bn_predict_sink sink = {take_rows, o, bn_answers_tell_notes, &o->reading};
	char *mlmodel = bn_path_join(model, "MLmodel");
	bool is_dir = mlmodel && bn_fs_exists(bn_cli_env(o->cli), mlmodel);
	bn_free(mlmodel);
	int rc = is_dir ? 0 : bn_cli_workspace(o->cli, &ws, err);
	if (!rc)
		rc = bn_predictor_open(&p, ws, model, err);
	if (!rc && bn_predictor_damage(p))
		bn_cli_warn(o->cli, "%s", bn_predictor_damage(p));
	if (!rc)
		rc = bn_predict_file(bn_cli_env(o->cli), p, file, !bn_cli_flag(o->cli, "strict"),
			&sink, &rows, err);
	bn_cli_progress_end(o->cli);
	if (rc == BN_ENOTFOUND && p && ws)
		hint_dataset(ws, model, file, err);
	if (!rc && !rows)
		rc = bn_err_set(err, BN_EINVAL, "%s has no rows", bn_answers_shown(file));
	if (!rc)
		rc = bn_answers_finish(o, rows, err);
	bn_predictor_free(p);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int read_format(bn_answers *o, bn_err *err)
{
	bn_file_format format = BN_FILE_CSV;
	int rc;

	if (o->path &&
		(rc = bn_cli_file_format(&format, bn_cli_env(o->cli), o->path, NULL, err)) < 0)
		return rc;
	o->arrow = format == BN_FILE_ARROW;
	if (format != BN_FILE_TSV && format != BN_FILE_PARQUET)
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED, "%s: answers are written as CSV or Arrow", o->path);
	bn_err_hint(err, "name it .csv, .arrow or .feather");
	return BN_EUNSUPPORTED;
}

static int run_predict(bn_cli *cli, bn_err *err)
{
	const char *endpoint = bn_cli_opt(cli, "endpoint");
	bn_answers o = {.cli = cli, .path = bn_cli_opt(cli, "out"), .text = BN_BUF_INIT};
	const char **nulls = NULL;
	int rc, n = bn_cli_nargs(cli);
	if (o.path && !strcmp(o.path, "-"))
		o.path = NULL;
	if (n != 2 && !(endpoint && n == 1))
		return bn_err_set(err, BN_EINVAL, "give a MODEL and a FILE");
	if ((rc = read_format(&o, err)) < 0 || (rc = bn_cli_target(cli, o.path, bn_cli_arg(cli, n - 1), err)) < 0 ||
		(rc = bn_cli_read_dialect(&o.reading, &nulls, cli, err)) < 0)
		return rc;
	if (!o.path && !bn_cli_is_text(cli) && !(o.items = json_array())) {
		bn_free(nulls);
		return bn_err_nomem(err, "the answers");
	}
	rc = endpoint ? bn_predict_there(&o, endpoint, n > 1 ? bn_cli_arg(cli, 0) : NULL,
				bn_cli_arg(cli, n - 1), err)
		      : predict_here(&o, bn_cli_arg(cli, 0), bn_cli_arg(cli, 1), err);
	bn_table_writer_free(o.w);
	bn_file_out_free(o.file);
	json_decref(o.items);
	bn_buf_release(&o.text);
	bn_free(nulls);
	return rc;
}

static const bn_opt predict_options[] = {{"out", 'o', "FILE",
						 "output file: CSV, or Arrow if it ends in .arrow "
						 "or .feather (- is standard output)"},
	BN_OPT_FORCE,
	{"endpoint", 0, "URL",
		"use that server (http:, https:, unix:PATH) instead of loading a model"},
	{"ca-file", 0, "FILE", "trust this certificate (PEM) instead of the system's"},
	{"token-file", 0, "FILE", "the server's token (else BINNACLE_TOKEN)"},
	{"strict", 0, NULL, "refuse categories unseen in training"}, BN_CLI_READING_OPTS, {0}};

const bn_verb bn_verbs_predict[] = {
	{"predict", NULL, "MODEL FILE", 1, 2, "Predict every row of a CSV or Arrow file",
		"MODEL is a registered version (power@champion, power/3), a run, or a model "
		"directory. "
		"FILE may be\na pipe, or - for standard input. Columns are matched by name; "
		"others are ignored. The\npredictions are in the order of the rows, as CSV with a "
		"column per class probability for a\nclassifier. With --endpoint, MODEL is NAME or "
		"NAME/VERSION on the server; without it,\nthe server's first model is used.",
		{"binnacle predict power@champion jobs.csv --out power.csv",
			"binnacle predict power/3 jobs.csv --endpoint http://127.0.0.1:8420"},
		predict_options, BN_VERB_NEEDS_TRUST, run_predict},
	{0}};
