/* pages.c - the charts of some runs, read from a workspace. */
#include "core/base/mem.h"
#include "tui/views/_source.h"

#include <string.h>

static void charts_release(void *data)
{
	bn_charts_free(((bn_charts_page *)data)->charts);
}

int bn_source_charts(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_charts_arg *a = arg;
	bn_charts_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	const char **ids = bn_arena_alloc(&page->arena, (a->count + 1) * sizeof *ids);
	char(*full)[BN_RUN_ID_TEXT] = bn_arena_alloc(&page->arena, (a->count + 1) * sizeof *full);
	int rc;
	(void)job;
	if (!p || !ids || !full)
		return bn_err_nomem(err, "charts");
	if ((rc = bn_reader_refresh(r, err)) < 0)
		return rc;
	for (size_t i = 0; i < a->count; i++) {
		if ((rc = bn_run_resolve(r->ws, a->ids[i], full[i], err)) < 0)
			return rc;
		ids[i] = full[i];
	}
	bn_charts_query q = {.ids = ids,
		.run_count = a->count,
		.words = a->words,
		.axis = a->axis,
		.from = a->from,
		.to = a->to,
		.first = a->first,
		.most = a->most};
	memcpy(&p->asked, a, sizeof p->asked);
	p->charts = NULL;
	if ((rc = bn_charts_read(&p->charts, r->ws, &q, err)) < 0)
		return rc;
	return BN_PAGE_TAKE(page, p, charts_release);
}
