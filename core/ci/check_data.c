/* check_data.c - the data of a check: suites, a summary of each table, distributions. See _check.h. */
#include "core/ci/_check.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/check/expect.h"
#include "core/ci/suite_cases.h"
#include "core/data/protect.h"
#include "core/data/dataset.h"
#include "core/profile/profile.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MOST = 500, BARS = 10, BAR_WIDTH = 40 };

char *bn_ci_project_path(const bn_ci_checking *c, const char *path)
{
	return c->s->dir ? bn_path_join(c->s->dir, path) : bn_strdup(path);
}

/* ---- suites --------------------------------------------------------------------------------- */

static bool report_checks(void *ctx, uint64_t done, uint64_t total)
{
	const bn_progress *p = ctx;
	return !p || !p->report || p->report(p->ctx, "checking", done, total);
}

static int suite_run(
	bn_ci_checking *c, const bn_ci_data *d, const bn_dataset_version *v, bn_err *err)
{
	const bn_env *env = bn_workspace_env(c->ws);
	char *path = bn_ci_project_path(c, d->suite);
	bn_suite *suite = NULL;
	bn_table_reader *table = NULL;
	bn_expect_result *result = NULL;
	bn_expect_progress progress = {.report = report_checks,
		.ctx = (void *)(uintptr_t)c->progress,
		.open_other = bn_dataset_open_other,
		.tables = c->ws,
		.now_ms = bn_env_now_ms(env)};
	int rc;
	if (!path)
		return bn_err_nomem(err, "a path");
	if (!bn_fs_exists(env, path)) {
		rc = bn_err_set(err, BN_ENOTFOUND, "there is no suite '%s', which %s names for %s",
			d->suite, BN_CI_SETTINGS_FILE, d->name);
		goto out;
	}
	if ((rc = bn_suite_load(&suite, env, path, err)) < 0 ||
		(rc = bn_dataset_open_held(&table, c->ws, v, c->progress, err)) < 0 ||
		(rc = bn_expect_run(&result, table, suite, &progress, err)) < 0)
		goto out;
	if ((rc = bn_protect_check(result->document, c->ws, v, err)) < 0)
		goto out;
	bn_ci_report_add_checks(c->report, "data", d->name, result);
out:
	bn_expect_result_free(result);
	bn_table_reader_free(table);
	bn_suite_free(suite);
	bn_free(path);
	return rc;
}

/* ---- summary and charts ----------------------------------------------------------------------- */

static json_t *column_json(const bn_profile_column *p)
{
	double missing = bn_profile_share_missing(p);
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", p->name, "type",
		bn_type_name(p->type), "missing", bn_json_real_or_null(missing), "mean",
		bn_json_real_or_null(p->is_numeric ? p->mean : NAN), "std",
		bn_json_real_or_null(p->is_numeric ? p->std : NAN));
}

/* The distribution of a column of numbers as bars. */
static void bars_add(bn_ci_checking *c, const bn_ci_data *d, const bn_profile_column *p)
{
	double sums[BARS] = {0}, most = 0, width = (p->hist_hi - p->hist_lo) / BARS;
	char low[BN_FMT], count[BN_FMT];
	bn_buf b = BN_BUF_INIT, title = BN_BUF_INIT;
	for (size_t i = 0; i < p->hist_count; i++)
		sums[i * BARS / p->hist_count] += p->hist[i];
	for (int i = 0; i < BARS; i++)
		most = sums[i] > most ? sums[i] : most;
	for (int i = 0; i < BARS; i++) {
		int n = most > 0 ? (int)(sums[i] / most * BAR_WIDTH + 0.5) : 0;
		bn_buf_addf(&b, "%12s ", bn_fmt_sig(p->hist_lo + i * width, 5, low));
		for (int k = 0; k < BAR_WIDTH; k++)
			bn_buf_adds(&b, k < n ? "█" : " ");
		bn_buf_addf(&b, " %s\n", bn_fmt_count((uint64_t)(sums[i] + 0.5), count));
	}
	bn_buf_addf(&title, "distribution of %s in %s", p->name, d->name);
	bn_ci_report_add_chart(c->report, title.ptr, b.ptr);
	c->report->failed = c->report->failed || b.failed || title.failed;
	bn_buf_release(&title);
	bn_buf_release(&b);
}

static int table_add(
	bn_ci_checking *c, const bn_ci_data *d, const bn_dataset_version *v, bn_err *err)
{
	bn_profile *p = NULL;
	json_t *columns = json_array();
	bn_err why = BN_ERR_INIT;
	int rc = bn_dataset_load_profile(&p, c->ws, v, &why);
	if (rc < 0 && rc != BN_ENOTFOUND) {
		json_decref(columns);
		return bn_err_move(err, &why);
	}
	for (size_t i = 0; p && i < p->column_count && i < COLUMNS_MOST; i++)
		json_array_append_new(columns, column_json(&p->columns[i]));
	bn_ci_report_add_data(
		c->report, json_pack("{s:s, s:I, s:s, s:I, s:o}", "name", v->name, "version",
				   (json_int_t)v->version, "digest", v->content, "rows",
				   (json_int_t)v->rows, "columns", columns));
	const char *target = c->s->train.target;
	const bn_profile_column *column = p && target ? bn_profile_find(p, target) : NULL;
	if (column && column->is_numeric && column->hist_count)
		bars_add(c, d, column);
	bn_profile_free(p);
	return 0;
}

/* ---- each dataset --------------------------------------------------------------------------- */

/* The version that the candidate was trained on, "jobs@v3"; the name alone if it did not use that data. Yours. */
static char *version_of(const bn_ci_checking *c, const char *name)
{
	json_t *d;
	size_t i;
	json_array_foreach(c->candidate->data, i, d)
	{
		int64_t version = bn_json_int(d, "version", 0);
		if (!strcmp(bn_json_str(d, "name", ""), name) && version > 0)
			return bn_strf("%s@v%lld", name, (long long)version);
	}
	return bn_strdup(name);
}

static int data_check(bn_ci_checking *c, const bn_ci_data *d, bool is_first, bn_err *err)
{
	bn_dataset_version *v = NULL;
	char name[200], *ref = version_of(c, d->name);
	bn_err why = BN_ERR_INIT;
	if (!ref)
		return bn_err_nomem(err, "a name");
	int rc = bn_dataset_resolve(&v, c->ws, ref, BN_DATASET_LIVE, &why);
	bn_free(ref);
	if (rc == BN_ENOTFOUND) {
		bn_ci_report_add(c->report, "data", d->name, BN_CI_INCONCLUSIVE,
			"there is no dataset %s: binnacle data add %s %s", d->name, d->name,
			d->file);
		bn_err_clear(&why);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	bn_dataset_version_name(v, name, sizeof name);
	if (is_first)
		c->report->dataset = bn_ci_report_keep(c->report, name);
	if (d->suite)
		rc = suite_run(c, d, v, err);
	else
		bn_ci_report_add(c->report, "data", d->name, BN_CI_SKIPPED,
			"%s has no suite of checks", name);
	if (rc >= 0)
		rc = table_add(c, d, v, err);
	bn_dataset_version_free(v);
	return rc;
}

int bn_ci_check_data(bn_ci_checking *c, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < c->s->n_data; i++)
		if ((rc = data_check(c, &c->s->data[i], i == 0, err)) < 0)
			return rc;
	if (!c->s->n_data)
		bn_ci_report_add(c->report, "data", "data", BN_CI_SKIPPED,
			"%s names no data: ci.data", BN_CI_SETTINGS_FILE);
	return 0;
}
