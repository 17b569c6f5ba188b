/* pages.c - statistics over compared runs, read from a workspace. The comparison itself is with the pages of runs. */
#include "core/base/mem.h"
#include "tui/views/_source.h"

static void statistics_release(void *data)
{
	bn_statistics_page *p = data;
	bn_seeds_free(p->seeds);
	bn_importance_release(&p->importance);
	bn_comparison_free(p->table);
}

static int statistics_make(bn_statistics_page *p, const bn_compare_arg *a, bn_err *err)
{
	const bn_compare_row *metric = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_comparison_metric(&metric, p->table, a->metric[0] ? a->metric : NULL, &why);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0)
		return bn_err_move(err, &why);
	if ((rc = bn_seeds_compare(&p->seeds, p->table, metric->key, err)) < 0)
		return rc;
	return bn_importance_measure(&p->importance, p->table, metric->key, err);
}

int bn_source_statistics(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_compare_arg *a = arg;
	bn_statistics_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	const char **ids = bn_arena_alloc(&page->arena, (a->count + 1) * sizeof *ids);
	char(*full)[BN_RUN_ID_TEXT] = bn_arena_alloc(&page->arena, (a->count + 1) * sizeof *full);
	int rc;
	(void)job;
	if (!p || !ids || !full)
		return bn_err_nomem(err, "a comparison");
	*p = (bn_statistics_page){.table = NULL};
	if ((rc = bn_reader_refresh(r, err)) < 0)
		return rc;
	for (size_t i = 0; i < a->count; i++) {
		if ((rc = bn_run_resolve(r->ws, a->ids[i], full[i], err)) < 0)
			return rc;
		ids[i] = full[i];
	}
	if ((rc = bn_compare_runs(&p->table, r->ws, ids, a->count, a->baseline, err)) < 0)
		return rc;
	if ((rc = statistics_make(p, a, err)) < 0) {
		statistics_release(p);
		return rc;
	}
	return BN_PAGE_TAKE(page, p, statistics_release);
}
