/* pages.c - the state of every station, and the text at the right of the title. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/str.h"
#include "core/monitor/report.h"
#include "core/serve/endpoint.h"
#include "core/store/index/report.h"
#include "tui/ui/format.h"
#include "tui/views/overview/_overview.h"

#include <stdio.h>
#include <string.h>

#define NEWS 12
enum { RUNS_LOOKED_AT_AT_ONCE = 2000 }; /* the best of more runs arrives after the rest */
#define NEWS_READ 120                   /* number of records examined for them */

typedef bn_overview_gather gather;

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void station_set(
	gather *g, bn_station_id id, bn_state state, int64_t count, const char *detail)
{
	g->o->stations[id] = (bn_station){state, count, detail};
}

static int gather_data(gather *g)
{
	bn_dataset_list *list = NULL;
	bn_dataset_versions *all = NULL;
	char rows_text[BN_FORMAT_BYTES];
	int64_t rows = 0, profiled = 0, made = 0, split = 0, checked = 0, failed = 0;
	const char *failing = NULL;
	int rc = bn_dataset_list_load(&list, g->r->ws, BN_DATASET_LIVE, g->err);
	if (!rc && list->count)
		rc = bn_dataset_versions_load(&all, g->r->ws, NULL, BN_DATASET_LIVE, g->err);
	size_t n = all ? all->count : 0;
	for (size_t i = 0; !rc && i < n; i++) {
		const bn_dataset_version *v = all->items[i];
		bool is_split = v->source_kind && strcmp(v->source_kind, "split") == 0;
		rows += v->rows;
		profiled += v->profile_hash[0] != '\0';
		split += is_split;
		made += v->parent_count > 0 && !is_split;
		checked += v->checked_ms > 0;
		if (v->checked_ms > 0 && !v->check_success && !failed++)
			failing = bn_arena_strf(g->arena,
				"%s@v%lld: %lld of %lld expectations failed", v->name,
				(long long)v->version, (long long)v->check_failed,
				(long long)v->check_evaluated);
	}
	if (!rc) {
		int64_t sets = (int64_t)list->count;
		station_set(g, BN_STATION_INGEST, sets ? BN_STATE_OK : BN_STATE_NONE, sets,
			bn_arena_strf(g->arena, "%lld dataset%s, %zu version%s, %s rows",
				(long long)sets, plural(sets), n, plural((int64_t)n),
				bn_format_count(rows_text, rows)));
		station_set(g, BN_STATION_PROFILE, profiled ? BN_STATE_OK : BN_STATE_NONE, profiled,
			bn_arena_strf(g->arena, "%lld version%s profiled", (long long)profiled,
				plural(profiled)));
		station_set(g, BN_STATION_TRANSFORM, made ? BN_STATE_OK : BN_STATE_NONE, made,
			made ? "versions made from others" : NULL);
		station_set(g, BN_STATION_VALIDATE,
			failed    ? BN_STATE_FAIL
			: checked ? BN_STATE_OK
				  : BN_STATE_NONE,
			checked,
			failing   ? failing
			: checked ? "every checked version passes"
				  : NULL);
		station_set(g, BN_STATION_SPLIT, split ? BN_STATE_OK : BN_STATE_NONE, split,
			split ? "parts for training and testing" : NULL);
	}
	bn_dataset_versions_free(all);
	bn_dataset_list_free(list);
	return rc;
}

/* Runs that have a metric of a test part: metrics of one part are logged together. */
static int evaluated_count(gather *g, int64_t *out)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_run_fields(&names, g->r->ws, NULL, g->err);
	*out = 0;
	for (size_t i = 0; rc >= 0 && *out == 0 && i < names.count; i++)
		if (strncmp(names.items[i], "metrics.test", 12) == 0)
			rc = bn_run_field_runs(out, g->r->ws, names.items[i], g->err);
	bn_names_release(&names);
	return rc;
}

static int gather_runs(gather *g)
{
	bn_run_counts c;
	int64_t evaluated = 0;
	int rc = bn_run_count(&c, g->r->ws, g->err);
	if (!rc)
		rc = evaluated_count(g, &evaluated);
	if (rc)
		return rc;
	int64_t live = c.by_status[BN_RUN_RUNNING] + c.by_status[BN_RUN_SCHEDULED];
	int64_t bad =
		c.by_status[BN_RUN_FAILED] + c.by_status[BN_RUN_KILLED] + c.by_status[BN_RUN_LOST];
	int64_t good = c.by_status[BN_RUN_FINISHED];
	bn_state state = live                         ? BN_STATE_RUN
			 : c.by_status[BN_RUN_QUEUED] ? BN_STATE_WAIT
			 : good                       ? BN_STATE_OK
			 : bad                        ? BN_STATE_FAIL
						      : BN_STATE_NONE;
	station_set(g, BN_STATION_TRAIN, state, c.total,
		bn_arena_strf(g->arena,
			"%lld running, %lld queued, %lld finished, %lld ended badly",
			(long long)live, (long long)c.by_status[BN_RUN_QUEUED], (long long)good,
			(long long)bad));
	station_set(g, BN_STATION_EVALUATE, evaluated ? BN_STATE_OK : BN_STATE_NONE, evaluated,
		evaluated ? bn_arena_strf(g->arena, "run%s with metrics of a test part",
				    plural((int64_t)evaluated))
			  : NULL);
	station_set(g, BN_STATION_SCALE, BN_STATE_NONE, -1, NULL);
	return 0;
}

/* The next step for the newest model without a decision, and for an approved one. */
static const char *to_champion(gather *g, const bn_version_page *versions, bn_model_state state)
{
	for (size_t i = 0; i < versions->count; i++) {
		const bn_version *v = &versions->items[i];
		if (v->state == state)
			return bn_arena_strf(g->arena,
				state == BN_MODEL_APPROVED
					? "binnacle model alias %s/%lld champion"
					: "binnacle model request %s/%lld --reason WHY",
				v->name, (long long)v->version);
	}
	return NULL;
}

static int gather_models(gather *g)
{
	bn_inbox *inbox = NULL;
	bn_version_page *versions = NULL;
	int64_t approved = 0, champions = 0, n;
	const char *champion = NULL;
	int rc = bn_inbox_read(&inbox, g->r->ws, g->err);
	if (!rc)
		rc = bn_version_list(&versions, g->r->ws, NULL, false, g->err);
	for (size_t i = 0; !rc && i < versions->count; i++) {
		const bn_version *v = &versions->items[i];
		approved += v->state == BN_MODEL_APPROVED;
		for (size_t k = 0; k < v->n_aliases; k++)
			if (strcmp(v->aliases[k], "champion") == 0 && !champions++)
				champion = bn_arena_strf(g->arena, "%s@champion is version %lld",
					v->name, (long long)v->version);
	}
	if (!rc) {
		n = (int64_t)versions->count;
		station_set(g, BN_STATION_APPROVE,
			inbox->count ? BN_STATE_WAIT
			: approved   ? BN_STATE_OK
			: n          ? BN_STATE_WAIT
				     : BN_STATE_NONE,
			n,
			bn_arena_strf(g->arena, "%zu waiting, %lld of %lld version%s approved",
				inbox->count, (long long)approved, (long long)n, plural(n)));
		if (approved || !inbox->count)
			g->o->to_champion = to_champion(
				g, versions, approved ? BN_MODEL_APPROVED : BN_MODEL_REGISTERED);
		station_set(g, BN_STATION_DEPLOY, champions ? BN_STATE_OK : BN_STATE_NONE,
			champions, champion);
	}
	bn_version_page_free(versions);
	bn_inbox_free(inbox);
	return rc;
}

static int gather_serving(gather *g)
{
	bn_endpoints servers = {NULL, 0};
	bn_monitor_reports reports = {NULL, 0};
	int64_t running = 0, lost = 0, served = 0;
	char served_text[BN_FORMAT_BYTES];
	int rc = bn_endpoint_list(&servers, g->r->ws, g->err);
	for (size_t i = 0; !rc && i < servers.count; i++) {
		running += servers.items[i].state == BN_ENDPOINT_RUNNING;
		lost += servers.items[i].state == BN_ENDPOINT_LOST;
		served += servers.items[i].predictions;
	}
	if (!rc)
		station_set(g, BN_STATION_SERVE,
			running         ? BN_STATE_RUN
			: lost          ? BN_STATE_FAIL
			: servers.count ? BN_STATE_OK
					: BN_STATE_NONE,
			running,
			servers.count
				? bn_arena_strf(g->arena, "%lld running, %s predictions answered",
					  (long long)running, bn_format_count(served_text, served))
				: NULL);
	if (!rc)
		rc = bn_monitor_report_list(&reports, g->r->ws, NULL, 100, g->err);
	if (!rc && reports.count) {
		const bn_monitor_report *r = reports.items[0];
		bool drift = r->dataset.verdict == BN_DRIFT_FOUND;
		station_set(g, BN_STATION_MONITOR,
			drift                                 ? BN_STATE_FAIL
			: r->dataset.verdict == BN_DRIFT_NONE ? BN_STATE_OK
							      : BN_STATE_WARN,
			(int64_t)reports.count,
			bn_arena_strf(g->arena, "%s: %zu of %zu features drifted", r->model,
				r->dataset.drifted, r->dataset.columns));
	}
	bn_monitor_reports_release(&reports);
	bn_endpoints_release(&servers);
	return rc;
}

/* Secondary events of others, of which a run has many. */
static bool is_detail(const char *kind)
{
	static const char *const kinds[] = {"writer.opened", "run.param", "run.artifact",
		"run.submitted", "run.started", "run.metric", "run.tag", "run.environment"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

/* As in Audit: "bob       asked for power/3  'a lower error'". */
static const char *news_text(bn_arena *arena, const bn_audit_row *a)
{
	char did[120], what[160], why[320];
	bn_audit_did(a, did, sizeof did);
	bn_audit_what(a, what, sizeof what);
	bn_audit_why(a, why, sizeof why);
	bool has_reason = a->reason || why[0] == '\'';
	return bn_arena_strf(arena, "%-8s  %s %s%s%s", a->user ? a->user : "-", did, what,
		has_reason ? "  " : "", has_reason ? why : "");
}

static int gather_log(gather *g)
{
	int rc = 0;
	bn_audit_page *log = NULL;
	bn_audit_filter newest = {.outcome = -1, .limit = NEWS_READ};
	sqlite3 *db = NULL;
	if ((rc = bn_audit_read(&log, g->r->ws, &newest, g->err)) < 0)
		goto out;
	bn_news *news = bn_arena_alloc(g->arena, NEWS * sizeof *news);
	if (!news) {
		rc = bn_err_nomem(g->err, "news");
		goto out;
	}
	for (size_t i = 0; i < log->count && g->o->news_count < NEWS; i++) {
		const bn_audit_row *a = &log->items[i];
		size_t at = g->o->news_count;
		if (!a->reason && is_detail(a->kind))
			continue;
		news[at].time_ms = a->time_ms;
		news[at].text = news_text(g->arena, a);
		g->o->news_count = at + 1;
	}
	g->o->news = news;
	if ((rc = bn_workspace_read(&db, g->r->ws, g->err)) < 0)
		goto out;
	int64_t newer = bn_index_newer_count(db);
	bn_state state = log->total ? BN_STATE_OK : BN_STATE_NONE;
	station_set(g, BN_STATION_LOG, newer ? BN_STATE_WARN : state, (int64_t)log->total,
		bn_arena_strf(g->arena,
			newer ? "%zu record%s, %zu refused, %lld of a newer binnacle"
			      : "%zu record%s, %zu refused",
			log->total, plural((int64_t)log->total), log->refused, (long long)newer));
out:
	bn_audit_page_free(log);
	return rc;
}

static int gather_people(gather *g)
{
	const bn_waiting *w;
	int rc = bn_reader_waiting(&w, g->r, g->err);
	if (rc < 0 || !w->who[0])
		return rc;
	g->o->who = bn_arena_strdup(g->arena, w->who);
	g->o->is_nobody = w->is_nobody;
	g->o->requests = w->requests;
	g->o->to_sign = w->to_sign;
	g->o->late = w->late;
	return g->o->who ? 0 : bn_err_nomem(g->err, "who you are");
}

/* Runs is likely the next screen: reads its list into memory after everything else. */
static int runs_hold(gather *g)
{
	bn_run_page *page = NULL;
	bn_run_query q = {.live_first = true, .limit = 1};
	int rc;
	if (g->soon || g->o->stations[BN_STATION_TRAIN].count <= RUNS_LOOKED_AT_AT_ONCE)
		return 0;
	if (!g->r->runs && (rc = bn_run_memory_new(&g->r->runs, g->err)) < 0)
		return rc;
	q.memory = g->r->runs;
	rc = bn_run_query_page(&page, g->r->ws, &q, g->err);
	bn_run_page_free(page);
	return rc;
}

static const char *place_of(gather *g)
{
	const char *dir = bn_workspace_dir(g->r->ws);
	const char *home = bn_env_get(bn_workspace_env(g->r->ws), "HOME");
	size_t n = home ? strlen(home) : 0;
	bool is_below = n > 1 && bn_str_starts(dir, home) && dir[n] == '/';
	return is_below ? bn_arena_strf(g->arena, "~%s", dir + n) : bn_arena_strdup(g->arena, dir);
}

static int gather_queue(gather *g)
{
	int rc;
	bool has_data = g->o->stations[BN_STATION_INGEST].count > 0;
	if (!has_data && g->o->stations[BN_STATION_TRAIN].count == 0) {
		g->o->place = place_of(g);
		return bn_overview_steps(g);
	}
	g->o->is_part = g->soon && g->o->stations[BN_STATION_TRAIN].count > RUNS_LOOKED_AT_AT_ONCE;
	if ((rc = bn_overview_needs(g)) < 0 || (rc = bn_overview_running(g)) < 0 ||
		(rc = bn_overview_best(g)) < 0 || (rc = runs_hold(g)) < 0)
		return rc;
	return bn_overview_in_use(g);
}

/* Counts what needs the user: all faults, and requests that they may decide. Repeated once a
 * minute, since ages change. */
static int needs_count(bn_reader *r, bn_arena *arena, bn_err *err)
{
	int64_t now = bn_env_now_ms(bn_workspace_env(r->ws));
	if (r->needs_of == r->generation && now - r->needs_ms < 60000)
		return 0;
	gather g = {.r = r,
		.arena = arena,
		.o = bn_arena_alloc(arena, sizeof *g.o),
		.now_ms = now,
		.err = err};
	int rc = g.o ? bn_overview_needs(&g) : bn_err_nomem(err, "what needs you");
	if (rc < 0)
		return rc;
	r->alerts = 0;
	r->to_approve = g.to_approve;
	for (size_t i = 0; i < g.o->line_count; i++)
		r->alerts += g.o->lines[i].state != BN_STATE_WAIT;
	r->needs_of = r->generation;
	r->needs_ms = now;
	return 0;
}

/* All of one state of the index: the log and the files of the index are looked at once, not for each question. */
static int gather_all(gather *g)
{
	int rc;
	if ((rc = gather_people(g)) < 0 || (rc = gather_data(g)) < 0 || (rc = gather_runs(g)) < 0 ||
		(rc = gather_models(g)) < 0 || (rc = gather_serving(g)) < 0 ||
		(rc = gather_log(g)) < 0)
		return rc;
	return gather_queue(g);
}

int bn_source_overview(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_overview *o = bn_arena_alloc(&page->arena, sizeof *o);
	bn_reader *r = context;
	gather g = {.r = r,
		.arena = &page->arena,
		.o = o,
		.now_ms = bn_env_now_ms(bn_workspace_env(r->ws)),
		.err = err};
	(void)job;
	int rc = 0;
	g.soon = arg && ((const bn_overview_arg *)arg)->soon;
	if (!o)
		return bn_err_nomem(err, "the overview");
	if ((rc = bn_reader_refresh(g.r, err)) < 0 ||
		(rc = bn_workspace_snapshot_begin(r->ws, err)) < 0)
		return rc;
	rc = gather_all(&g);
	bn_workspace_snapshot_end(r->ws);
	if (rc >= 0)
		page->data = o;
	return rc < 0 ? rc : 0;
}

static void status_add(bn_buf *text, int64_t n, const char *words)
{
	if (n > 0)
		bn_buf_addf(text, "%s%lld %s", text->len ? "  " : "", (long long)n, words);
}

int bn_source_status(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_run_counts runs;
	bn_buf text = BN_BUF_INIT;
	const bn_waiting *w = NULL;
	int rc;
	(void)arg;
	(void)job;
	if ((rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_workspace_snapshot_begin(r->ws, err)) < 0)
		return rc;
	if ((rc = bn_reader_waiting(&w, r, err)) >= 0 && (rc = bn_run_count(&runs, r->ws, err)) >= 0)
		rc = needs_count(r, &page->arena, err);
	bn_workspace_snapshot_end(r->ws);
	if (rc < 0)
		return rc;
	status_add(&text, runs.by_status[BN_RUN_RUNNING], "running");
	status_add(&text, r->to_approve, "to approve");
	status_add(&text, w->requests, "to admit");
	status_add(&text, w->to_sign, "to sign");
	status_add(&text, w->late, "late");
	status_add(&text, r->alerts, r->alerts == 1 ? "alert" : "alerts");
	if (bn_trust_allows(r->trust) > BN_ALLOWS_ALL) /* last: the first ones are left out */
		bn_buf_addf(&text, "%snot trusted: reading only", text.len ? "  " : "");
	page->data = bn_arena_strdup(&page->arena, text.ptr ? text.ptr : "");
	bn_buf_release(&text);
	return 0;
}
