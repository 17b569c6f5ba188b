/*
 * cmd_data_table.c - binnacle data head and export: the rows of a dataset version, or of a file
 * outside a workspace.
 *
 * A word with a '/' is a file, and so is one with the suffix of a table (.csv, .tsv, .arrow,
 * .feather and so on) when such a file exists; "-" is standard input; everything else is a dataset, and
 * where there is none of that name, whatever lies there: a pipe is read, a directory is refused as one.
 */
#include "core/base/file_out.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/source/arrow_source.h"
#include "core/source/cast.h"
#include "core/source/csv_write.h"
#include "core/source/ingest.h"
#include "core/table/parquet_write.h"
#include "core/table/scan.h"
#include "tui/cli/failing.h"
#include "tui/cli/file_format.h"
#include "tui/cli/reading.h"
#include "tui/cli/target.h"
#include "tui/cli/unmask.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_COLUMNS 32 /* limit of a displayed list */

/* ---- which table ---------------------------------------------------------------------------- */

static bool has_suffix(const char *word)
{
	static const char *const suffixes[] = {".csv", ".tsv", ".tab", ".psv", ".txt", ".dat",
		".arrow", ".arrows", ".feather", ".swf", ".json", ".parquet", ".xlsx", ".gz"};
	bool looks = false;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		looks |= bn_str_ends(word, suffixes[i]);
	return looks;
}

static bool is_file(const bn_env *env, const char *word)
{
	return !strcmp(word, "-") || strchr(word, '/') ||
	       (has_suffix(word) && bn_fs_exists(env, word));
}

static int open_dataset(bn_table_reader **out, bn_cli *cli, const char *ref, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);

	rc = rc ? rc : bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, err);
	rc = rc < 0 ? rc : bn_cli_unmask(cli, ws, v, err);
	rc = rc ? rc : bn_dataset_open_table_watched(out, ws, v, &watch, err);
	bn_dataset_version_free(v);
	return rc;
}

static bool show_reading(void *ctx, uint64_t done, uint64_t total, uint64_t rows)
{
	(void)rows;
	bn_cli_progress(ctx, "reading", done, total, "B");
	return !bn_cli_interrupted();
}

/* A file's rows as a table: in place, or ingested into a temporary file, which is unlinked once open. */
static int open_file(bn_table_reader **out, bn_cli *cli, const char *path, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);
	const bn_source *source = NULL;
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_ingest_report report = {0};
	const char **nulls = NULL;
	const char *tmp = bn_env_get(env, "TMPDIR");
	char *dir = NULL, *name = NULL;
	bn_input *in = NULL;
	int rc = bn_input_open(&in, env, path, NULL, err);

	if (rc < 0 || (rc = bn_cli_read_dialect(&o, &nulls, cli, err)) < 0 ||
		(rc = bn_source_find(&source, NULL, in, &o, err)) < 0)
		goto out;
	if (!strcmp(source->name, "arrow")) {
		rc = bn_arrow_source_table(out, in, &report.notes, err);
		bn_cli_tell_notes(cli, &report.notes);
		goto out;
	}
	dir = bn_strf("%s/binnacle-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!dir || !mkdtemp(dir)) { /* of mode 0700: the file may hold private data */
		bn_free(dir);
		dir = NULL;
		rc = bn_err_set(err, BN_EIO, "cannot create a temporary directory");
		goto out;
	}
	o.progress = show_reading;
	o.progress_ctx = cli;
	if (!(name = bn_path_join(dir, "table"))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	rc = bn_ingest_file(in, source, &o, NULL, name, &report, err);
	bn_cli_progress_end(cli);
	bn_cli_tell_notes(cli, &report.notes);
	rc = rc ? rc : bn_table_open(out, env, name, err);
	unlink(name);
out:
	if (dir)
		rmdir(dir);
	bn_free(dir);
	bn_free(name);
	bn_free(nulls);
	bn_ingest_report_release(&report);
	bn_input_free(in);
	return rc;
}

static int open_table(bn_table_reader **out, bn_cli *cli, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);
	const char *word = bn_cli_arg(cli, 0);
	bn_err why = BN_ERR_INIT;
	int rc;

	if (is_file(env, word)) {
		rc = open_file(out, cli, word, err);
	} else {
		rc = open_dataset(out, cli, word, &why);
		if ((rc == BN_ENOTFOUND || rc == BN_EINVAL) &&
			(has_suffix(word) || bn_fs_exists(env, word)))
			rc = open_file(out, cli, word, err);
		else if (rc < 0)
			rc = bn_err_move(err, &why);
	}
	return rc < 0 ? rc : bn_cli_where(out, cli, err);
}

/* --failing: only the rows that fail a check, which are those of *whole. */
static int open_rows(bn_table_reader **out, bn_table_reader **whole, bn_cli *cli, bn_err *err)
{
	const char *check = bn_cli_opt(cli, "failing");
	int rc;
	if (!check)
		return open_table(out, cli, err);
	if (is_file(bn_cli_env(cli), bn_cli_arg(cli, 0)))
		return bn_err_set(
			err, BN_EINVAL, "--failing is for versions of datasets, which were checked");
	rc = bn_cli_open_failing(out, whole, cli, bn_cli_arg(cli, 0), check, err);
	return rc < 0 ? rc : bn_cli_where(out, cli, err);
}

/* --columns a,b,c as numbers, or all; *out is yours. */
static int pick_columns(size_t **out, size_t *n, bn_cli *cli, const bn_schema *schema, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "columns");
	size_t *list = bn_alloc_zeroed(schema->count + 1, sizeof *list);
	int rc = 0;

	if (!list)
		return bn_err_nomem(err, "a list of columns");
	*n = 0;
	for (size_t i = 0; !text && i < schema->count; i++)
		list[(*n)++] = i;
	for (const char *p = text; p && !rc; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		char *name = bn_strndup(p, strcspn(p, ","));
		if (!name)
			rc = bn_err_nomem(err, "a list of columns");
		else if (*n == schema->count)
			rc = bn_err_set(err, BN_EINVAL, "--columns names more than the %zu columns",
				schema->count);
		else
			rc = bn_schema_need(schema, name, &list[*n], err);
		*n += !rc;
		bn_free(name);
	}
	if (rc == BN_ENOTFOUND) {
		char has[BN_CAST_COLUMNS];
		bn_cast_columns(schema, has);
		bn_err_hint(err, "the table has: %s", has);
	}
	if (rc)
		bn_free(list);
	else
		*out = list;
	return rc;
}

/* ---- head ----------------------------------------------------------------------------------- */

/* A missing value is displayed as '-', so texts that look like it, or are empty, are quoted; in TSV
 * it is empty, so empty texts are quoted as by data export. */
static json_t *cell_json(const bn_column *c, size_t row, const bn_cli *cli)
{
	json_t *value = bn_column_json(c, row);
	const char *text = bn_cli_is_json(cli) ? NULL : json_string_value(value);
	bool dash = text && bn_cli_is_text(cli) && !strcmp(text, "-");

	if (!text || !bn_type_is_text(c->type) || (text[0] && !dash))
		return value;
	json_t *quoted = json_sprintf("\"%s\"", text);
	json_decref(value);
	return quoted;
}

static int add_items(json_t *items, bn_table_reader *r, const size_t *columns, size_t n,
	uint64_t from, uint64_t to, const bn_cli *cli, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(r);
	bn_batch b = BN_BATCH_INIT;
	int rc = 0;

	for (size_t i = 0; i < bn_table_batches(r) && !rc; i++) {
		uint64_t start = bn_table_batch_start(r, i);
		if (start + bn_table_batch_rows(r, i) <= from || start >= to)
			continue;
		rc = bn_table_read(r, i, columns, n, &b, err);
		for (size_t k = from > start ? (size_t)(from - start) : 0;
			!rc && k < b.rows && start + k < to; k++) {
			json_t *o = json_object();
			for (size_t c = 0; o && c < n; c++)
				json_object_set_new(o, schema->fields[columns[c]].name,
					cell_json(&b.columns[c], k, cli));
			if (!o || json_array_append_new(items, o))
				rc = bn_err_nomem(err, "rows");
			else if (bn_cli_interrupted())
				rc = bn_err_set(err, BN_EINTR, "reading rows was interrupted");
		}
	}
	bn_batch_release(&b);
	return rc;
}

static bn_col *list_columns(const bn_schema *schema, const size_t *columns, size_t n)
{
	bn_col *cols = bn_alloc_zeroed(n + 1, sizeof *cols);

	for (size_t i = 0; cols && i < n; i++) {
		const bn_field *f = &schema->fields[columns[i]];
		bool number = f->type == BN_TYPE_FLOAT64 || f->type == BN_TYPE_FLOAT32;
		bool whole = bn_type_is_number(f->type) && !number;
		cols[i] = (bn_col){f->name, f->name,
			number  ? BN_AS_NUM
			: whole ? BN_AS_INT
				: BN_AS_TEXT};
	}
	return cols;
}

static int run_head(bn_cli *cli, bn_err *err)
{
	bn_table_reader *r = NULL, *whole = NULL;
	size_t *columns = NULL, n = 0;
	bn_col *cols = NULL;
	json_t *items = NULL;
	int64_t rows = 10, from = 0;
	int rc = bn_cli_opt_int(cli, "rows", 0, 1000000, &rows, err);

	rc = rc ? rc : bn_cli_opt_int(cli, "from", 0, INT64_MAX / 2, &from, err);
	if (rc < 0 || (rc = open_rows(&r, &whole, cli, err)) < 0 ||
		(rc = pick_columns(&columns, &n, cli, bn_table_schema(r), err)) < 0)
		goto out;
	cols = list_columns(bn_table_schema(r), columns, n);
	items = json_array();
	if (!cols || !items) {
		rc = bn_err_nomem(err, "rows");
		goto out;
	}
	rc = add_items(items, r, columns, n, (uint64_t)from, (uint64_t)(from + rows), cli, err);
	if (rc)
		goto out;
	if (bn_cli_is_text(cli) && n > TEXT_COLUMNS)
		bn_cli_say(
			cli, "%zu of %zu columns; choose with --columns", (size_t)TEXT_COLUMNS, n);
	rc = bn_cli_list(cli, items, cols, "no rows", err);
	items = NULL;
out:
	json_decref(items);
	bn_free(cols);
	bn_free(columns);
	bn_table_reader_free(r);
	bn_table_reader_free(whole);
	return rc;
}

/* ---- export --------------------------------------------------------------------------------- */

typedef struct export_target {
	bn_cli *cli;
	const char *path;  /* NULL: stdout */
	bn_file_out *file; /* of text */
} export_target;

static int put_text(void *ctx, const char *bytes, size_t n, bn_err *err)
{
	export_target *t = ctx;

	if (bn_cli_interrupted())
		return bn_err_set(err, BN_EINTR, "the export was interrupted");
	if (t->path)
		return bn_file_out_add(t->file, bytes, n, err);
	bn_cli_write_data(t->cli, bytes, n);
	return 0;
}

static int export_text(export_target *t, bn_table_reader *r, const size_t *columns, size_t n,
	char delimiter, bn_err *err)
{
	int rc = t->path ? bn_file_out_open(&t->file, bn_cli_env(t->cli), t->path, 0666, err) : 0;

	if (rc < 0)
		return rc;
	rc = bn_csv_export(r, columns, n, 0, UINT64_MAX, delimiter, put_text, t, err);
	if (!rc && t->path)
		rc = bn_file_out_finish(t->file, err);
	bn_file_out_free(t->file);
	return rc;
}

/* A file of batches: Arrow or Parquet. */
typedef struct export_file {
	bn_table_writer *arrow;
	bn_parquet_writer *parquet;
} export_file;

static int file_open(export_file *f, const export_target *t, bn_file_format format,
	const bn_schema *schema, bn_err *err)
{
	const bn_env *env = bn_cli_env(t->cli);

	if (format == BN_FILE_PARQUET)
		return bn_parquet_create(&f->parquet, env, t->path, schema, err);
	return bn_table_create(&f->arrow, env, NULL, t->path, schema, err);
}

static int file_add(export_file *f, const bn_batch *b, bn_err *err)
{
	return f->parquet ? bn_parquet_write_batch(f->parquet, b, err)
			  : bn_table_write_batch(f->arrow, b, err);
}

static int file_finish(export_file *f, bn_err *err)
{
	return f->parquet ? bn_parquet_finish(f->parquet, err)
			  : bn_table_writer_finish(f->arrow, err);
}

static int columns_schema(bn_schema *out, const bn_schema *from, const size_t *columns, size_t n,
	bn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = bn_schema_add_field(out, &from->fields[columns[i]], NULL, err);
	for (size_t i = 0; i < from->meta_count && !rc; i++)
		rc = bn_schema_set_meta(out, from->meta[i].key, from->meta[i].value, err);
	return rc;
}

static int export_batches(export_target *t, bn_table_reader *r, const size_t *columns, size_t n,
	bn_file_format format, bn_err *err)
{
	bn_schema schema = BN_SCHEMA_INIT;
	export_file f = {NULL, NULL};
	bn_batch b = BN_BATCH_INIT;
	int rc;

	if ((rc = columns_schema(&schema, bn_table_schema(r), columns, n, err)) < 0 ||
		(rc = file_open(&f, t, format, &schema, err)) < 0)
		goto out;
	for (size_t i = 0; i < bn_table_batches(r); i++) {
		if ((rc = bn_table_read(r, i, columns, n, &b, err)) < 0 ||
			(rc = file_add(&f, &b, err)) < 0)
			goto out;
		bn_cli_progress(
			t->cli, "writing", bn_table_batch_start(r, i), bn_table_rows(r), "rows");
		if (bn_cli_interrupted()) {
			rc = bn_err_set(err, BN_EINTR, "the export was interrupted");
			goto out;
		}
	}
	rc = file_finish(&f, err);
out:
	bn_cli_progress_end(t->cli);
	bn_batch_release(&b);
	bn_table_writer_free(f.arrow);
	bn_parquet_free(f.parquet);
	bn_schema_release(&schema);
	return rc;
}

/* --format, or the ending of the file, or CSV on standard output. */
static int pick_format(bn_file_format *out, bn_cli *cli, const char *path, bn_err *err)
{
	static const char formats[] = "--format csv, tsv, arrow or parquet";
	const char *name = bn_cli_opt(cli, "format");
	int rc;

	*out = BN_FILE_CSV;
	if (!name && path &&
		(rc = bn_cli_file_format(out, bn_cli_env(cli), path, formats, err)) < 0)
		return rc;
	if (name && !strcmp(name, "arrow"))
		*out = BN_FILE_ARROW;
	else if (name && !strcmp(name, "parquet"))
		*out = BN_FILE_PARQUET;
	else if (name && !strcmp(name, "tsv"))
		*out = BN_FILE_TSV;
	else if (name && strcmp(name, "csv") != 0)
		return bn_err_set(err, BN_EINVAL, "--format is csv, tsv, arrow or parquet, not %s", name);
	if ((*out == BN_FILE_ARROW || *out == BN_FILE_PARQUET) && !path) {
		bool arrow = *out == BN_FILE_ARROW;
		bn_err_set(err, BN_EINVAL, "%s file needs a name: its end refers to its beginning",
			arrow ? "an Arrow" : "a Parquet");
		bn_err_hint(err, "add --output FILE.%s", arrow ? "arrow" : "parquet");
		return BN_EINVAL;
	}
	return 0;
}

static int run_export(bn_cli *cli, bn_err *err)
{
	const char *path = bn_cli_arg(cli, 1) ? bn_cli_arg(cli, 1) : bn_cli_opt(cli, "output");
	if (path && !strcmp(path, "-"))
		path = NULL;
	export_target t = {.cli = cli, .path = path};
	bn_file_format format;
	bn_table_reader *r = NULL, *whole = NULL;
	size_t *columns = NULL, n = 0;
	int rc = pick_format(&format, cli, path, err);

	if (rc < 0 || (rc = bn_cli_target(cli, path, NULL, err)) < 0 ||
		(rc = open_rows(&r, &whole, cli, err)) < 0 ||
		(rc = pick_columns(&columns, &n, cli, bn_table_schema(r), err)) < 0)
		goto out;
	if (!path)
		bn_cli_begin_text(cli);
	if (format == BN_FILE_ARROW || format == BN_FILE_PARQUET)
		rc = export_batches(&t, r, columns, n, format, err);
	else
		rc = export_text(&t, r, columns, n, format == BN_FILE_TSV ? '\t' : ',', err);
	if (rc == 0 && path)
		bn_cli_say(cli, "%s: %llu rows, %zu columns", path,
			(unsigned long long)bn_table_rows(r), n);
out:
	bn_free(columns);
	bn_table_reader_free(r);
	bn_table_reader_free(whole);
	return rc;
}

/* ---- verbs ---------------------------------------------------------------------------------- */

static const bn_opt head_opts[] = {{"rows", 'n', "N", "how many (10)"},
	{"from", 0, "ROW", "number of the first one (0), among those that --where keeps"},
	BN_OPT_WHERE, {"columns", 'c', "A,B", "only these columns, in this order"},
	BN_OPT_FAILING,
	BN_OPT_UNMASK, BN_CLI_READING_OPTS, {0}};
static const bn_opt export_opts[] = {BN_OPT_WHERE, BN_OPT_FAILING,
	{"output", 'o', "FILE", "same as the second argument; default, or -: standard output"},
	BN_OPT_FORCE, {"format", 0, "KIND", "csv, tsv, arrow or parquet; default: by the suffix of FILE"},
	{"columns", 'c', "A,B", "only these columns, in this order"}, BN_OPT_UNMASK, BN_CLI_READING_OPTS, {0}};

const bn_verb bn_verbs_data_table[] = {
	{"data", "head", "DATASET|FILE", 1, 1, "show the first rows, or any others",
		"Works on a dataset version and on a file outside a workspace (- is standard "
		"input).\n"
		"A missing value is '-' (null with --json), the text - is \"-\".",
		{"binnacle data head power@v3", "binnacle data head jobs.csv --from 1000 -n 5",
			"binnacle data head jobs --where \"job_state = FAILED AND run_time > "
			"3600\""},
		head_opts, BN_VERB_NO_WORKSPACE, run_head},
	{"data", "export", "DATASET|FILE [FILE]", 1, 2, "write a table as CSV, TSV, Arrow or Parquet",
		"CSV: RFC 4180, LF line ends, absent values empty, shortest numbers that read back "
		"equal, times\nin UTC. Arrow: IPC file (Feather V2), read by pandas, polars, "
		"DuckDB "
		"and R.\nParquet: zstd, with statistics; columns of lists are not written to it.",
		{"binnacle data export power@v3 power.csv",
			"binnacle data export jobs.csv -o jobs.arrow",
			"binnacle data export jobs.csv jobs.parquet"},
		export_opts, BN_VERB_NO_WORKSPACE | BN_VERB_NEEDS_TRUST, run_export},
	{0}};
