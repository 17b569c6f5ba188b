/*
 * needs.c - what needs the user: requests that they may decide, failing checks, runs that ended
 * badly, drift, servers that disappeared, and requests of the chain of authority. Each line opens
 * its object. See _overview.h.
 *
 * Only recent objects count: the newest version of a dataset, the newest report of a model, and
 * runs and servers that ended badly within a day.
 */
#include "core/monitor/report.h"
#include "core/serve/endpoint.h"
#include "tui/views/overview/_overview.h"

#include <stdio.h>
#include <string.h>

#define A_DAY_MS (24 * 3600 * 1000LL)
enum { MOST_RUNS = 8 };

bn_line *bn_overview_line(bn_overview_gather *g, bn_line_part part, bn_state state)
{
	if (g->o->line_count == BN_LINES_MAX)
		return NULL;
	bn_line *l = &g->o->lines[g->o->line_count++];
	*l = (bn_line){.part = part,
		.state = state,
		.time_ms = -1,
		.step = -1,
		.steps = -1,
		.left_ms = -1};
	return l;
}

static void need(bn_overview_gather *g, bn_state state, const char *word, const char *subject,
	const char *detail, int64_t time_ms, bn_line_opens opens, const char *ref)
{
	bn_line *l = bn_overview_line(g, BN_LINE_NEED, state);
	if (!l)
		return;
	l->word = word;
	l->subject = bn_arena_strdup(g->arena, subject);
	l->detail = detail;
	l->time_ms = time_ms;
	l->opens = opens;
	l->ref = bn_arena_strdup(g->arena, ref);
}

static void counted(
	bn_overview_gather *g, int64_t n, const char *word, const char *what, bn_line_opens opens)
{
	char count[32];
	snprintf(count, sizeof count, "%lld", (long long)n);
	if (n > 0)
		need(g, BN_STATE_WAIT, word, count, what, -1, opens, "");
}

static int people(bn_overview_gather *g)
{
	const bn_waiting *w;
	int rc = bn_reader_waiting(&w, g->r, g->err);
	if (rc < 0)
		return rc;
	counted(g, w->requests, "admit", "keys that ask to be admitted", BN_OPENS_PEOPLE);
	counted(g, w->to_sign, "sign", "links of the chain that wait for you", BN_OPENS_CHAIN);
	counted(g, w->late, "late", "what you signed too late, to repeat", BN_OPENS_LATE);
	return 0;
}

static const char *gates_words(bn_overview_gather *g, const bn_inbox_item *i)
{
	const bn_gate_report *r = i->gates;
	if (!r || r->count == 0)
		return "no gate was set for it";
	return bn_arena_strf(g->arena, "%zu gate%s pass%s, %zu fail, %zu unclear%s", r->passed,
		r->passed == 1 ? "" : "s", r->passed == 1 ? "es" : "", r->failed, r->inconclusive,
		r->blocked ? ": blocked" : "");
}

static int requests(bn_overview_gather *g)
{
	bn_inbox *inbox = NULL;
	int rc = bn_inbox_read(&inbox, g->r->ws, g->err);
	for (size_t i = 0; rc >= 0 && i < inbox->count; i++) {
		const bn_inbox_item *item = &inbox->items[i];
		const bn_version *v = item->version;
		char spec[BN_REF_BYTES];
		bool can_approve = item->can_approve || item->override_allowed;
		if (!item->waits_for_me)
			continue;
		g->to_approve += can_approve;
		bn_ref_format(spec, v->name, "/", v->version);
		need(g, BN_STATE_WAIT, "approve", spec, gates_words(g, item), v->requested_ms,
			BN_OPENS_MODEL, spec);
	}
	bn_inbox_free(inbox);
	return rc;
}

/* As on the command line: what could not be decided has not failed. For an unreadable result only
 * the index is used. */
static const char *checks_words(bn_overview_gather *g, const bn_dataset_version *v)
{
	int64_t raised = 0;
	if (bn_reader_checks_raised(&raised, g->r, v, NULL) < 0)
		raised = 0;
	long long failed = (long long)(v->check_failed - raised),
		  all = (long long)v->check_evaluated;
	if (raised == 0)
		return bn_arena_strf(g->arena, "%lld of %lld checks failed", failed, all);
	return bn_arena_strf(g->arena, "%lld of %lld checks failed, %lld ended in an error", failed,
		all, (long long)raised);
}

static int checks(bn_overview_gather *g)
{
	bn_dataset_list *list = NULL;
	int rc = bn_dataset_list_load(&list, g->r->ws, BN_DATASET_LIVE, g->err);
	for (size_t i = 0; rc >= 0 && i < list->count; i++) {
		const bn_dataset_version *v = list->rows[i].latest;
		char ref[BN_REF_BYTES];
		if (!v || v->checked_ms <= 0 || v->check_success)
			continue;
		bn_ref_format(ref, v->name, "@v", v->version);
		need(g, BN_STATE_FAIL, "validate", ref, checks_words(g, v), v->checked_ms,
			BN_OPENS_CHECKS, ref);
	}
	bn_dataset_list_free(list);
	return rc;
}

static int run_line(bn_overview_gather *g, const bn_run_row *row)
{
	bn_run_info *info = NULL;
	int rc = bn_run_get(&info, g->r->ws, row->id, g->err);
	if (rc < 0)
		return rc;
	/* its output says more than its exit status */
	const char *line = bn_reader_run_error(g->r, g->arena, info),
		   *why = line ? line : info->reason;
	char label[BN_RUN_LABEL_BYTES];
	need(g, BN_STATE_FAIL, "run", bn_run_label(label, row->name, row->title, row->id),
		bn_arena_strf(g->arena, "%s%s%s", bn_run_status_name(info->status), why ? ": " : "",
			why ? why : ""),
		info->finished_ms > 0 ? info->finished_ms : info->created_ms, BN_OPENS_RUN,
		row->id);
	bn_run_info_free(info);
	return 0;
}

static int runs(bn_overview_gather *g)
{
	bn_run_page *page = NULL;
	bn_run_query q = {
		.filter = "created > '24h'", .among = BN_AMONG_FAILED, .limit = MOST_RUNS};
	int rc = bn_run_query_page(&page, g->r->ws, &q, g->err);
	for (size_t i = 0; rc >= 0 && i < page->count; i++)
		rc = run_line(g, &page->rows[i]);
	if (rc >= 0 && page->total > (int64_t)page->count)
		need(g, BN_STATE_FAIL, "runs",
			bn_arena_strf(g->arena, "%lld more",
				(long long)(page->total - (int64_t)page->count)),
			"ended badly within a day; 3 lists them", -1, BN_OPENS_NOTHING, "");
	bn_run_page_free(page);
	return rc;
}

static bool is_newest(const bn_monitor_reports *all, size_t i)
{
	for (size_t k = 0; k < i; k++) /* the newest come first */
		if (strcmp(all->items[k]->model, all->items[i]->model) == 0)
			return false;
	return true;
}

static int drift(bn_overview_gather *g)
{
	bn_monitor_reports all = {NULL, 0};
	int rc = bn_monitor_report_list(&all, g->r->ws, NULL, 100, g->err);
	for (size_t i = 0; rc >= 0 && i < all.count; i++) {
		const bn_monitor_report *r = all.items[i];
		if (r->dataset.verdict != BN_DRIFT_FOUND || !is_newest(&all, i))
			continue;
		need(g, BN_STATE_WARN, "monitor",
			bn_arena_strf(g->arena, "%s%s%s", r->model, r->version ? "/" : "",
				r->version ? r->version : ""),
			bn_arena_strf(g->arena, "%zu of %zu inputs drift", r->dataset.drifted,
				r->dataset.columns),
			r->time_ms, BN_OPENS_REPORT, r->id);
	}
	bn_monitor_reports_release(&all);
	return rc;
}

static int servers(bn_overview_gather *g)
{
	bn_endpoints all = {NULL, 0};
	int rc = bn_endpoint_list(&all, g->r->ws, g->err);
	for (size_t i = 0; rc >= 0 && i < all.count; i++) {
		const bn_endpoint *e = &all.items[i];
		if (e->state != BN_ENDPOINT_LOST || g->now_ms - e->seen_ms > A_DAY_MS ||
			bn_endpoint_is_replaced(&all, e))
			continue;
		need(g, BN_STATE_FAIL, "serve", e->models,
			bn_arena_strf(g->arena, "%s is gone, and did not say so", e->url),
			e->seen_ms, BN_OPENS_SERVERS, e->id);
	}
	bn_endpoints_release(&all);
	return rc;
}

int bn_overview_needs(bn_overview_gather *g)
{
	int rc;
	if ((rc = people(g)) < 0 || (rc = requests(g)) < 0 || (rc = checks(g)) < 0 ||
		(rc = runs(g)) < 0 || (rc = bn_overview_gate(g, BN_LINE_NEED)) < 0 ||
		(rc = servers(g)) < 0)
		return rc;
	return drift(g);
}
