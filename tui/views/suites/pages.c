/* pages.c - see pages.h: the page of a dataset's suites, and attaching and detaching them. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/suites.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

static void page_release(void *data)
{
	bn_suite_history_release(&((bn_suites_page *)data)->history);
}

static int name_checks(bn_suites_page *p, bn_arena *arena, bn_err *err)
{
	const bn_suite_history *h = &p->history;
	bn_check_row *rows = bn_arena_alloc(arena, (h->line_count + 1) * sizeof *rows);
	if (!rows)
		return bn_err_nomem(err, "suites");
	memset(rows, 0, (h->line_count + 1) * sizeof *rows);
	for (size_t i = 0; i < h->line_count; i++) {
		if (!h->lines[i].config)
			continue;
		json_t *result = json_pack("{s:O}", "expectation_config", h->lines[i].config);
		if (!result)
			return bn_err_nomem(err, "suites");
		bn_check_row_fill(&rows[i], arena, result);
		json_decref(result);
	}
	p->checks = rows;
	return 0;
}

int bn_source_suites(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_suites_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	int rc;
	(void)job;
	if (!p)
		return bn_err_nomem(err, "suites");
	*p = (bn_suites_page){.history = BN_SUITE_HISTORY_INIT};
	if ((rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_suite_history_load(&p->history, r->ws, a->ref, BN_SUITE_HISTORY_VERSIONS, err)) < 0 ||
		(rc = name_checks(p, &page->arena, err)) < 0) {
		page_release(p);
		return rc;
	}
	return BN_PAGE_TAKE(page, p, page_release);
}

/* ---- acts -------------------------------------------------------------------------------------- */

/* Takes "--require " and "--shared " off the beginning. */
static const char *take_flags(const char *text, bool *required, bool *shared)
{
	static const char *const flags[] = {"--require", "--shared"};
	bool *const set[] = {required, shared};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		size_t n = strlen(flags[i]);
		text += strspn(text, " ");
		if (!bn_str_starts(text, flags[i]) || text[n] != ' ')
			continue;
		*set[i] = true;
		text += n;
		i = (size_t)-1; /* in any order */
	}
	return text;
}

static int attach(bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err)
{
	bn_suite *suite = NULL;
	bool required = false, shared = false;
	const char *path = take_flags(a->reason, &required, &shared);
	int rc = bn_suite_load(&suite, bn_workspace_env(r->ws), path, err);
	if (rc < 0 || (rc = bn_suite_attach(r->ws, a->ref, suite, NULL, required, shared, err)) < 0)
		goto out;
	snprintf(text, size, "suite %.60s with %zu checks %s", suite->name, suite->count,
		required ? "keeps out versions that fail it" : "runs at each new version");
out:
	bn_suite_free(suite);
	return rc;
}

int bn_reader_suite_act(bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err)
{
	int rc = bn_reader_need_trust(r, err);
	if (rc < 0)
		return rc;
	if (a->action == BN_ACTION_SUITE_ATTACH)
		return attach(r, a, text, size, err);
	snprintf(text, size, "suite %.60s is detached; its results are kept", a->reason);
	return bn_suite_detach(r->ws, a->ref, a->reason, err);
}
