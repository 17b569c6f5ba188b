/* run_links.c - see run_links.h. */
#include "core/track/run_links.h"

#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/store/object/object.h"
#include "core/track/_fold.h"

#include <string.h>

#define TEXT_MAX (64 << 20)

static int read_tags(bn_dataset_input *d, sqlite3 *db, int64_t run, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT key, value FROM run_dataset_tag WHERE run = ? AND name = ? AND digest = ? "
		"ORDER BY key",
		"iss", run, d->name, d->digest);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&d->tags.items, &d->tags.cap, d->tags.count + 1,
			    sizeof *d->tags.items) != 0) {
			rc = bn_err_nomem(err, "the inputs of a run");
			break;
		}
		bn_pair *p = &d->tags.items[d->tags.count++];
		*p = (bn_pair){bn_sql_text(st, 0), bn_sql_text(st, 1)};
		if (!p->key || !p->value) {
			rc = bn_err_nomem(err, "the inputs of a run");
			break;
		}
	}
	sqlite3_reset(st);
	return rc;
}

static int read_datasets(bn_run_links *l, sqlite3 *db, int64_t run, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT name, digest, source_type, source, schema, schema_hash, profile, "
		"profile_hash "
		"FROM run_dataset WHERE run = ? ORDER BY place",
		"i", run);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&l->datasets, &l->dataset_cap, l->dataset_count + 1,
			    sizeof *l->datasets) != 0) {
			rc = bn_err_nomem(err, "the inputs of a run");
			break;
		}
		bn_dataset_input *d = &l->datasets[l->dataset_count++];
		*d = (bn_dataset_input){bn_sql_text(st, 0), bn_sql_text(st, 1), bn_sql_text(st, 2),
			bn_sql_text(st, 3), bn_sql_text(st, 4), bn_sql_text(st, 6),
			bn_sql_text(st, 5), bn_sql_text(st, 7), BN_PAIRS_INIT};
		if (!d->name || !d->digest || !d->source_type || !d->source) {
			rc = bn_err_nomem(err, "the inputs of a run");
			break;
		}
		if ((rc = read_tags(d, db, run, err)) < 0)
			break;
	}
	sqlite3_reset(st);
	return rc;
}

static int read_models(bn_model_link **list, size_t *count, size_t *cap, sqlite3 *db, int64_t run,
	bool output, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT model, coalesce(step, -1) FROM run_model WHERE run = ? AND output = ? "
		"ORDER BY "
		"place",
		"ii", run, (int64_t)output);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(list, cap, *count + 1, sizeof **list) != 0) {
			rc = bn_err_nomem(err, "the models of a run");
			break;
		}
		bn_model_link *m = &(*list)[(*count)++];
		*m = (bn_model_link){bn_sql_text(st, 0), sqlite3_column_int64(st, 1)};
		if (!m->model) {
			rc = bn_err_nomem(err, "the models of a run");
			break;
		}
	}
	sqlite3_reset(st);
	return rc;
}

int bn_run_links_load(bn_run_links *out, bn_workspace *ws, const char *id, bn_err *err)
{
	sqlite3 *db;
	*out = (bn_run_links)BN_RUN_LINKS_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	int64_t run = bn_run_number(db, id);
	if ((rc = read_datasets(out, db, run, err)) < 0 ||
		(rc = read_models(&out->inputs, &out->input_count, &out->input_cap, db, run, false,
			 err)) < 0)
		return rc;
	return read_models(&out->outputs, &out->output_count, &out->output_cap, db, run, true, err);
}

void bn_run_links_release(bn_run_links *l)
{
	for (size_t i = 0; i < l->dataset_count; i++) {
		bn_dataset_input *d = &l->datasets[i];
		char *const owned[] = {d->name, d->digest, d->source_type, d->source, d->schema,
			d->profile, d->schema_hash, d->profile_hash};
		for (size_t k = 0; k < sizeof owned / sizeof *owned; k++)
			bn_free(owned[k]);
		bn_pairs_release(&d->tags);
	}
	for (size_t i = 0; i < l->input_count; i++)
		bn_free(l->inputs[i].model);
	for (size_t i = 0; i < l->output_count; i++)
		bn_free(l->outputs[i].model);
	bn_free(l->datasets);
	bn_free(l->inputs);
	bn_free(l->outputs);
	*l = (bn_run_links)BN_RUN_LINKS_INIT;
}

static int load_text(char **text, const char *hash, bn_workspace *ws, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	int rc = 0;
	if (*text || !hash)
		return 0;
	if ((rc = bn_object_load(&b, ws, hash, TEXT_MAX, err)) < 0)
		goto out;
	size_t head = strlen(BN_RUN_TEXT_OBJECT);
	if (b.len < head || memcmp(b.ptr, BN_RUN_TEXT_OBJECT, head) != 0) {
		rc = bn_err_set(
			err, BN_ECORRUPT, "object %.12s is not the text of a dataset", hash);
		goto out;
	}
	*text = bn_strndup(b.ptr + head, b.len - head);
	rc = *text ? 0 : bn_err_nomem(err, "a dataset");
out:
	bn_buf_release(&b);
	return rc;
}

int bn_dataset_input_load(bn_dataset_input *d, bn_workspace *ws, bn_err *err)
{
	int rc = load_text(&d->schema, d->schema_hash, ws, err);
	return rc < 0 ? rc : load_text(&d->profile, d->profile_hash, ws, err);
}

/* ---- the datasets of an experiment ---------------------------------------------------------- */

int bn_dataset_summaries_load(
	bn_dataset_summaries *out, bn_workspace *ws, const char *experiment, bn_err *err)
{
	static const char sql[] =
		"SELECT DISTINCT d.name, d.digest, t.value FROM run r JOIN run_dataset d ON d.run = r.no "
		"LEFT JOIN run_dataset_tag t ON t.run = d.run AND t.name = d.name AND "
		"t.digest = d.digest AND t.key = 'mlflow.data.context' "
		"WHERE r.experiment = ? ORDER BY 1, 2, 3 LIMIT 1000";
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_prepare(&st, db, err, sql, "i",
		     bn_index_name(db, BN_NAME_EXPERIMENT, experiment))) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "datasets");
			break;
		}
		bn_dataset_summary *s = &out->items[out->count++];
		s->name = bn_sql_text(st, 0);
		s->digest = bn_sql_text(st, 1);
		s->context = bn_sql_text(st, 2);
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

void bn_dataset_summaries_release(bn_dataset_summaries *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].name);
		bn_free(l->items[i].digest);
		bn_free(l->items[i].context);
	}
	bn_free(l->items);
	*l = (bn_dataset_summaries){.items = NULL};
}
