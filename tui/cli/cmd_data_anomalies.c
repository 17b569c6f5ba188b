/* cmd_data_anomalies.c - binnacle data anomalies: a version against a schema of TensorFlow Data Validation. */
#include "core/base/fs.h"
#include "core/check/tfdv.h"
#include "core/data/dataset.h"
#include "tui/cli/unmask.h"
#include "tui/cli/verbs.h"

static int read_schema(bn_tfdv_schema **out, bn_cli *cli, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = bn_fs_read_file(bn_cli_env(cli), path, &text, err);
	if (rc < 0)
		return rc;
	rc = bn_tfdv_schema_parse(out, text.ptr, text.len, path, err);
	bn_buf_release(&text);
	return rc;
}

/* What the schema says and nothing here checks. */
static void tell_ignored(bn_cli *cli, const bn_tfdv_schema *s)
{
	bn_buf b = BN_BUF_INIT;
	for (size_t i = 0; i < s->ignored.count && i < 10; i++)
		bn_buf_addf(&b, "%s%s", i ? ", " : "", s->ignored.items[i]);
	if (b.len)
		bn_cli_warn(cli, "not checked: %s%s", b.ptr, s->ignored.count > 10 ? ", ..." : "");
	bn_buf_release(&b);
}

/* The version that an option names. */
static int open_other(
	bn_table_reader **out, bn_cli *cli, bn_workspace *ws, const char *option, bn_err *err)
{
	const char *ref = bn_cli_opt(cli, option);
	return ref ? bn_dataset_open_other(ws, ref, out, err) : 0;
}

static json_t *anomalies_json(const bn_tfdv_anomalies *l)
{
	json_t *items = json_array();
	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(items, json_pack("{s:s?, s:s, s:s}", "feature",
						     l->items[i].feature, "type", l->items[i].type,
						     "description", l->items[i].description));
	return items;
}

static int run_anomalies(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"feature", "FEATURE", BN_AS_TEXT}, {"type", "ANOMALY", BN_AS_TEXT},
		{"description", "DESCRIPTION", BN_AS_TEXT}, {0}};
	const char *path = bn_cli_arg(cli, 1);
	const bn_progress watch = bn_cli_watch(cli);
	bn_tfdv_check check = {.environment = bn_cli_opt(cli, "environment"), .watch = &watch};
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_profile *profile = NULL;
	bn_tfdv_schema *schema = NULL;
	bn_tfdv_anomalies l = {.items = NULL};
	int rc;
	if ((rc = read_schema(&schema, cli, path, err)) < 0 ||
		(rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_cli_unmask(cli, ws, v, err)) < 0 || (rc = bn_cli_need_unmasked(ws, v, "", err)) < 0 ||
		(rc = bn_dataset_open_table_watched(&check.data.table, ws, v, &watch, err)) < 0 ||
		(rc = bn_dataset_load_profile(&profile, ws, v, err)) < 0 ||
		(rc = open_other(&check.previous, cli, ws, "previous", err)) < 0 ||
		(rc = open_other(&check.serving, cli, ws, "serving", err)) < 0)
		goto out;
	check.data.profile = profile;
	tell_ignored(cli, schema);
	rc = bn_tfdv_find(&l, schema, &check, err);
	bn_cli_progress_end(cli);
	if (rc < 0 || (rc = bn_cli_list(cli, anomalies_json(&l), cols, "no anomalies", err)) < 0)
		goto out;
	if (l.count)
		rc = bn_err_set(err, BN_EFAILED, "%s@v%lld: %zu anomalies", v->name,
			(long long)v->version, l.count);
out:
	bn_tfdv_anomalies_release(&l);
	bn_tfdv_schema_free(schema);
	bn_profile_free(profile);
	bn_table_reader_free(check.data.table);
	bn_table_reader_free(check.previous);
	bn_table_reader_free(check.serving);
	bn_dataset_version_free(v);
	return rc;
}

static const bn_opt anomalies_opts[] = {BN_OPT_UNMASK,
	{"environment", 0, "NAME", "such as SERVING: features that it lacks are not expected"},
	{"previous", 0, "NAME[@vN]", "compare with this version by the drift comparators"},
	{"serving", 0, "NAME[@vN]", "compare with this version by the skew comparators"}, {0}};

const bn_verb bn_verbs_data_anomalies[] = {
	{"data", "anomalies", "NAME[@vN] SCHEMA", 2, 2,
		"check a version with a schema of TensorFlow Data Validation",
		"SCHEMA is its schema.pbtxt; binnacle data infer --tfdv writes one. Anomalies have "
		"TFDV's\n"
		"names. Exit status 1 if there are some.",
		{"binnacle data anomalies jobs schema.pbtxt",
			"binnacle data anomalies jobs schema.pbtxt --environment SERVING --previous "
			"jobs@v1"},
		anomalies_opts, 0, run_anomalies},
	{0},
};
