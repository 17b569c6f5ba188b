/* export.c - runs of the workspace to another tracker, one after the other: see exchange.h. */
#include "core/exchange/_export.h"

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/exchange/_sent.h"

#include <string.h>

/* ---- a run as MLflow has it ----------------------------------------------------------------------- */

static const char *status_of(const bn_run_info *info)
{
	if (info->status == BN_RUN_QUEUED)
		return "SCHEDULED";
	return info->status == BN_RUN_LOST ? "FAILED" : bn_run_status_name(info->status);
}

static void set_word(json_t *tags, const char *key, const char *value, bool replaces)
{
	if (value && *value && (replaces || !json_object_get(tags, key)))
		json_object_set_new(tags, key, json_string(value));
}

static int read_tags(bn_export_run *r, bn_workspace *ws, bn_err *err)
{
	bn_pairs tags = BN_PAIRS_INIT;
	int rc = bn_run_tags(&tags, ws, r->info->id, err);
	r->tags = json_object();
	for (size_t i = 0; i < tags.count; i++)
		if (strcmp(tags.items[i].key, BN_IMPORT_TAG) != 0)
			set_word(r->tags, tags.items[i].key, tags.items[i].value, true);
	bn_pairs_release(&tags);
	if (rc < 0)
		return rc;
	set_word(r->tags, "mlflow.runName", r->info->name, true);
	set_word(r->tags, "mlflow.user", r->user, false);
	set_word(r->tags, "mlflow.source.name", r->info->title, false);
	set_word(r->tags, "mlflow.parentRunId", r->info->parent, false);
	set_word(r->tags, "mlflow.note.content", r->info->note, false);
	return r->tags ? 0 : bn_err_nomem(err, "tags");
}

static void release(bn_export_run *r)
{
	bn_run_info_free(r->info);
	bn_experiment_free(r->experiment);
	bn_pairs_release(&r->params);
	json_decref(r->tags);
	bn_run_links_release(&r->links);
	bn_series_list_release(&r->series);
	bn_artifacts_release(&r->files);
}

static int load(bn_export_run *r, bn_workspace *ws, const char *id, bn_err *err)
{
	int rc;
	*r = (bn_export_run){.params = BN_PAIRS_INIT,
		.links = BN_RUN_LINKS_INIT,
		.series = BN_SERIES_LIST_INIT,
		.files = BN_ARTIFACTS_INIT};
	if ((rc = bn_run_get(&r->info, ws, id, err)) < 0)
		return rc;
	r->status = status_of(r->info);
	r->user = r->info->reported_user ? r->info->reported_user : r->info->user;
	if ((rc = bn_experiment_by_name(&r->experiment, ws, r->info->experiment, err)) < 0 ||
		(rc = bn_run_params(&r->params, ws, id, err)) < 0 ||
		(rc = read_tags(r, ws, err)) < 0 ||
		(rc = bn_run_links_load(&r->links, ws, id, err)) < 0 ||
		(rc = bn_series_find_all(&r->series, ws, id, err)) < 0)
		return rc;
	for (size_t i = 0; i < r->links.dataset_count; i++)
		if ((rc = bn_dataset_input_load(&r->links.datasets[i], ws, err)) < 0)
			return rc;
	bool is_default = !strcmp(r->experiment->name, BN_EXPERIMENT_DEFAULT);
	r->experiment_name = is_default ? "Default" : r->experiment->name;
	return bn_run_artifacts(&r->files, ws, id, err);
}

/* Of everything that is sent of a run. */
static int hash_of(char hash[65], const bn_export_run *r, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	int rc;
	bn_buf_addf(&b, "%s\n%s\n%s\n%lld %lld\n", r->info->name, r->experiment_name, r->status,
		(long long)r->info->started_ms, (long long)r->info->finished_ms);
	if ((rc = bn_json_canonical(r->tags, &b, err)) < 0)
		goto out;
	for (size_t i = 0; i < r->params.count; i++)
		bn_buf_addf(&b, "\np %s=%s", r->params.items[i].key, r->params.items[i].value);
	for (size_t i = 0; i < r->series.count; i++)
		bn_buf_addf(&b, "\nm %s %lld %lld %lld %a", r->series.items[i].key,
			(long long)r->series.items[i].count,
			(long long)r->series.items[i].last_step,
			(long long)r->series.items[i].last_time_ms, r->series.items[i].last);
	for (size_t i = 0; i < r->files.count; i++)
		bn_buf_addf(&b, "\nf %s %s", r->files.items[i].path, r->files.items[i].hash);
	bn_buf_addf(&b, "\nl %zu %zu %zu", r->links.dataset_count, r->links.input_count,
		r->links.output_count);
	if ((rc = bn_buf_check(&b, err, "a run")) >= 0)
		bn_sha256_hex(b.ptr, b.len, hash);
out:
	bn_buf_release(&b);
	return rc;
}

/* ---- all of them ------------------------------------------------------------------------------------ */

static int export_run(bn_exporter *x, bn_dst *d, const char *id, bn_sent *sent, bn_err *err)
{
	bn_export_run r;
	bn_exchange_counts *n = &x->report->added;
	char hash[65] = "";
	int rc = load(&r, x->ws, id, err);
	if (rc < 0)
		goto out;
	n->runs_seen++;
	if (r.info->removed) {
		bn_exchange_leave_out(x->report, "run", "it is in the trash", "run %s", id);
		goto out;
	}
	if (sent && ((rc = hash_of(hash, &r, err)) < 0 || bn_sent_has(sent, id, hash))) {
		n->runs_same += rc >= 0;
		goto out;
	}
	int64_t made = n->runs_new;
	x->grew = false;
	if ((rc = d->ops->send(d, x, &r, err)) < 0)
		goto out;
	if (n->runs_new == made)
		*(x->grew ? &n->runs_grown : &n->runs_same) += 1;
	if (sent && !x->options->dry_run)
		rc = bn_sent_set(sent, id, hash, err);
out:
	release(&r);
	return rc;
}

/* A text that means a server or a store is refused, instead of becoming the name of a new directory. */
static int check_target(const bn_env *env, const char *to, bn_err *err)
{
	bn_path_kind kind = BN_PATH_ABSENT;
	if (bn_fs_look(&kind, env, to, NULL) >= 0 && kind != BN_PATH_ABSENT)
		return 0;
	if (bn_mlflow_lacks_scheme(to)) {
		bn_err_set(err, BN_EINVAL, "'%.200s' has no scheme: a server is http://HOST:PORT", to);
		bn_err_hint(err, "http://%.200s, or ./%.200s for a directory of that name", to, to);
		return BN_EINVAL;
	}
	if (!strstr(to, "://") && !bn_str_starts(to, "sqlite:"))
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED, "'%.200s' is neither an MLflow directory nor a server", to);
	bn_err_hint(err, "MLflow's databases and stores get runs through `mlflow server`");
	return BN_EUNSUPPORTED;
}

static int open_target(bn_dst **out, bn_exporter *x, const char *to, bn_err *err)
{
	const bn_env *env = bn_workspace_env(x->ws);
	if (bn_mlflow_is_address(to))
		return bn_dst_server_open(out, env, to, x->options, x->report, err);
	if (!bn_str_starts(to, "file://")) {
		int rc = check_target(env, to, err);
		if (rc < 0)
			return rc;
	}
	return bn_dst_dir_open(
		out, env, bn_str_starts(to, "file://") ? to + 7 : to, x->options, err);
}

int bn_export(bn_exchange_report *out, bn_workspace *ws, const char *const *ids, size_t count,
	const char *to, const bn_export_options *options, bn_err *err)
{
	bn_exporter x = {ws, options, out, false};
	bn_dst *d = NULL;
	bn_sent *sent = NULL;
	int rc;
	*out = (bn_exchange_report)BN_EXCHANGE_REPORT_INIT;
	if ((rc = bn_workspace_refresh(ws, NULL, err)) < 0 ||
		(rc = open_target(&d, &x, to, err)) < 0 ||
		(options->only_news && (rc = bn_sent_open(&sent, ws, to, err)) < 0))
		goto out;
	out->kind = d->ops->kind;
	for (size_t i = 0; rc >= 0 && i < count; i++)
		if ((rc = bn_progress_step(options->progress, "exporting", i, count, err)) >= 0)
			rc = export_run(&x, d, ids[i], sent, err);
out:
	if (d)
		d->ops->close(d);
	bn_sent_close(sent);
	return rc;
}
