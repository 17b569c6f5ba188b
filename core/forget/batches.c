/* batches.c - see forget.h: logged predictions whose inputs are such rows. */
#include "core/base/mem.h"
#include "core/forget/_forget.h"
#include "core/store/index/fold.h"
#include "core/store/object/object.h"

#include <stdio.h>
#include <string.h>

static int add_batch(bn_forget_plan *p, const char *hash, char *model, bn_err *err)
{
	if (!model || bn_grow(&p->batches, &p->batch_cap, p->batch_count + 1, sizeof *p->batches)) {
		bn_free(model);
		return bn_err_nomem(err, "logged predictions");
	}
	bn_forget_batch *b = &p->batches[p->batch_count++];
	*b = (bn_forget_batch){.model = model};
	snprintf(b->hash, sizeof b->hash, "%.64s", hash);
	return 0;
}

static int scan_batch(bn_forget_plan *p, const char *hash, char *model, bn_err *err)
{
	bn_erase_found found;
	bn_err why = BN_ERR_INIT;
	int rc = add_batch(p, hash, model, err);
	if (rc < 0)
		return rc;
	rc = bn_eraser_scan_object(&found, p->eraser, hash, &why);
	if (rc == BN_ECORRUPT || rc == BN_EUNSUPPORTED) { /* anybody may have written that record */
		p->batch_count--;
		bn_free(model);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	bn_forget_batch *b = &p->batches[p->batch_count - 1];
	b->rows = found.matched;
	b->searched = found.searched;
	b->kept = found.rows - found.matched;
	return 0;
}

int bn_forget_batches_scan(bn_forget_plan *p, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = bn_workspace_index(p->ws);
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT object, min(model || '/' || version) FROM prediction_batch GROUP BY object ORDER BY 1", "");
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		char hash[65];
		int64_t rows = 0;
		snprintf(hash, sizeof hash, "%.64s", (const char *)sqlite3_column_text(st, 0));
		if ((rc = bn_forgotten_instead(hash, &rows, db, err)) >= 0 && hash[0] && bn_object_is_here(p->ws, hash))
			rc = scan_batch(p, hash, bn_sql_text(st, 1), err);
	}
	sqlite3_finalize(st);
	return rc;
}

static bool is_of_model_that_goes(bn_forget_plan *p, const char *model)
{
	for (size_t i = 0; i < p->version_count; i++)
		if (bn_forget_goes(&p->versions[i]) &&
			bn_sql_int(bn_workspace_index(p->ws), 0,
				"SELECT 1 FROM model_version m, json_each(m.data) d WHERE m.name || '/' || m.version = ? AND "
				"json_extract(d.value, '$.digest') = ?",
				"ss", model, p->versions[i].v->hash))
			return true;
	return false;
}

/* The columns of the expression are seldom inputs of a model: such a log cannot be searched. */
static int decide_unsearched(bool *goes, bn_forget_plan *p, bn_forget_batch *b, bn_err *err)
{
	*goes = false;
	if (!is_of_model_that_goes(p, b->model))
		return 0;
	*goes = p->o->derived;
	if (*goes) {
		b->rows = b->kept;
		b->kept = 0;
		return 0;
	}
	for (size_t i = 0; i < p->note_count; i++)
		if (!strcmp(p->notes[i].kind, "predictions") && !strcmp(p->notes[i].name, b->model))
			return 0;
	return bn_forget_note_add(p, "predictions", bn_strdup(b->model),
		bn_strdup("logged inputs cannot be searched by these columns; --derived erases that log"), err);
}

int bn_forget_batches_decide(bn_forget_plan *p, bn_err *err)
{
	size_t n = 0;
	int rc = 0;
	for (size_t i = 0; i < p->batch_count; i++) {
		bn_forget_batch b = p->batches[i];
		bool goes = !bn_eraser_object_is_clean(p->eraser, b.hash);
		if (rc >= 0 && !b.searched)
			rc = decide_unsearched(&goes, p, &b, err);
		if (goes)
			p->batches[n++] = b;
		else
			bn_free(b.model);
	}
	p->batch_count = n;
	return rc;
}
