/* remote.c - opening a store elsewhere, its title, and the table of its pages. See remote.h. */
#include "core/base/mem.h"
#include "core/pipeline/fold_classes.h"
#include "tui/ui/format.h"
#include "tui/views/remote/_remote.h"

#include <string.h>

#define FRESH_MS 15000 /* data that is older shows its age */

/* "mlflow.example.org:5000" of an address; the path of a socket. */
static char *title_of(const char *address)
{
	const char *host = strstr(address, "://");
	if (!host)
		return bn_strdup(address);
	host += 3;
	return bn_strndup(host, strcspn(host, "/"));
}

int bn_remote_open(bn_remote **out, const bn_env *env, const bn_remote_source_options *o, bn_err *err)
{
	bn_remote *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r)
		return bn_err_nomem(err, "a store elsewhere");
	r->env = env;
	r->o = *o;
	int rc = 0;
	if (!(r->address = bn_strdup(o->address)) || !(r->title = title_of(o->address)))
		rc = bn_err_nomem(err, "a store elsewhere");
	r->o.address = r->address;
	if (rc >= 0 && !o->is_cached)
		rc = bn_mirror_follow(
			&r->follower, env, r->address, o->access, bn_fold_classes_mirror, err);
	if (rc >= 0)
		*out = r;
	else
		bn_remote_close(r);
	return rc;
}

void bn_remote_close(bn_remote *r)
{
	if (!r)
		return;
	bn_mirror_follow_end(r->follower);
	bn_free(r->address);
	bn_free(r->title);
	bn_free(r);
}

const char *bn_remote_title(const bn_remote *r)
{
	return r->title;
}

int bn_source_remote_open(void **context, bn_remote *remote, bn_err *err)
{
	bn_reader *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r)
		return bn_err_nomem(err, "a reader of a store elsewhere");
	int rc = bn_mirror_open(
		&r->mirror, remote->env, remote->address, remote->o.access, bn_fold_classes_mirror, err);
	if (rc < 0) {
		bn_free(r);
		return rc;
	}
	r->ws = bn_mirror_workspace(r->mirror);
	r->remote = remote;
	r->generation = 1;
	*context = r;
	return 0;
}

void bn_remote_want_run(const bn_reader *r, const char *run)
{
	if (r->remote->follower)
		bn_mirror_follow_run(r->remote->follower, run);
}

int bn_remote_need(const bn_reader *r, bn_err *err)
{
	bn_mirror_news news;
	if (!r->remote->follower) {
		bn_err_set(err, BN_EREFUSED, "--cached: what is shown is not asked for, and nothing can be changed");
		bn_err_hint(err, "start it without --cached");
		return BN_EREFUSED;
	}
	bn_mirror_follow_news(&news, r->remote->follower);
	if (!news.fails)
		return 0;
	bn_err_set(err, BN_EIO, "nothing was changed: %.200s", news.why);
	bn_err_hint(err, "it is tried again by itself; this works as soon as it answers");
	return BN_EIO;
}

/* ---- the title --------------------------------------------------------------------------------- */

/* How old the data is, where that matters: the server does not answer, or is not asked. */
static void age_add(bn_buf *text, bn_reader *r)
{
	bn_mirror_news news = {.seen_ms = -1};
	bn_mirror_state state;
	bn_err none = BN_ERR_INIT;
	char age[64];
	if (r->remote->follower)
		bn_mirror_follow_news(&news, r->remote->follower);
	else if (bn_mirror_state_read(&state, r->mirror, &none) >= 0)
		news = (bn_mirror_news){.seen_ms = state.seen_ms, .runs = state.runs, .is_whole = true};
	int64_t now = bn_env_now_ms(r->remote->env);
	const char *gap = text->len ? "  " : "";
	const char *silence = news.is_refused ? "refused" : "no answer";
	if (news.seen_ms >= 0)
		bn_format_age(age, news.seen_ms, now);
	if (!r->remote->follower && news.seen_ms >= 0)
		bn_buf_addf(text, "%sas of %s", gap, age);
	else if (news.fails && news.seen_ms >= 0)
		bn_buf_addf(text, "%s%s, data of %s", gap, silence, age);
	else if (news.fails)
		bn_buf_addf(text, "%s%s", gap, silence);
	else if (news.seen_ms < 0)
		bn_buf_addf(text, "%sconnecting", gap);
	else if (now - news.seen_ms > FRESH_MS)
		bn_buf_addf(text, "%sdata of %s", gap, age);
	else if (!news.is_whole)
		bn_buf_addf(text, "%s%lld runs, reading more", gap, (long long)news.runs);
}

/* Said before a dialog or a form, not after it. */
static void stuck_add(bn_buf *text, const bn_reader *r)
{
	bn_mirror_news news;
	char age[64];
	if (!r->remote->follower) {
		bn_buf_adds(text, "\n--cached: nothing can be changed; start it without --cached");
		return;
	}
	bn_mirror_follow_news(&news, r->remote->follower);
	if (!news.fails)
		return;
	bn_buf_addf(text, "\n%s: nothing can be changed now", news.is_refused ? "the server refuses" : "the server does not answer");
	if (news.seen_ms >= 0)
		bn_buf_addf(text, "; it answered %s", bn_format_age(age, news.seen_ms, bn_env_now_ms(r->remote->env)));
}

int bn_remote_status(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_run_counts runs;
	bn_buf text = BN_BUF_INIT;
	int rc;
	(void)arg;
	(void)job;
	if ((rc = bn_reader_refresh(r, err)) < 0 || (rc = bn_run_count(&runs, r->ws, err)) < 0)
		return rc;
	if (runs.by_status[BN_RUN_RUNNING])
		bn_buf_addf(&text, "%lld running", (long long)runs.by_status[BN_RUN_RUNNING]);
	age_add(&text, r);
	stuck_add(&text, r);
	page->data = bn_arena_strdup(&page->arena, text.ptr ? text.ptr : "");
	bn_buf_release(&text);
	return page->data ? 0 : bn_err_nomem(err, "the title");
}

/* ---- what a store elsewhere lacks -------------------------------------------------------------- */

static int lacks(const char *what, bn_err *err)
{
	bn_err_set(err, BN_EREFUSED, "a store elsewhere has %s", what);
	bn_err_hint(err, "that is for a workspace: binnacle -C DIR");
	return BN_EREFUSED;
}

#define LACKS(name, what) \
	int name(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err) \
	{ \
		(void)context; \
		(void)arg; \
		(void)page; \
		(void)job; \
		return lacks(what, err); \
	}

LACKS(bn_remote_lacks_data, "no datasets: it only keeps what its runs say of their inputs")
LACKS(bn_remote_lacks_starts, "no place to run anything: runs are started where their data is")
LACKS(bn_remote_lacks_reports, "no record of predictions, so nothing is monitored")
LACKS(bn_remote_lacks_servers, "no list of servers that answer with its models")
LACKS(bn_remote_lacks_audit, "no signed record of who did what")

const bn_page_source *bn_source_remote(void)
{
	static const bn_page_source source = {
		.status = bn_remote_status,
		.overview = bn_remote_overview,
		.datasets = bn_remote_lacks_data,
		.versions = bn_remote_lacks_data,
		.version = bn_remote_lacks_data,
		.changes = bn_remote_lacks_data,
		.order = bn_remote_lacks_data,
		.window = bn_remote_lacks_data,
		.totals = bn_remote_lacks_data,
		.correlations = bn_remote_lacks_data,
		.profile = bn_remote_lacks_data,
		.frequency = bn_remote_lacks_data,
		.checks = bn_remote_lacks_data,
		.suites = bn_remote_lacks_data,
		.row_changes = bn_remote_lacks_data,
		.changed_rows = bn_remote_lacks_data,
		.protection = bn_remote_lacks_data,
		.protect = bn_remote_lacks_data,
		.runs = bn_remote_runs,
		.curves = bn_source_curves,
		.run = bn_remote_run,
		.origin = bn_source_origin,
		.find = bn_source_objects_find,
		.words = bn_source_words,
		.launch = bn_remote_lacks_starts,
		.warnings = bn_remote_lacks_starts,
		.start = bn_remote_lacks_starts,
		.compare = bn_remote_compare,
		.statistics = bn_remote_statistics,
		.charts = bn_remote_charts,
		.object = bn_source_object,
		.code = bn_source_code,
		.models = bn_remote_models,
		.sheet = bn_remote_sheet,
		.card = bn_remote_card,
		.action = bn_remote_action,
		.reports = bn_remote_lacks_reports,
		.report = bn_remote_lacks_reports,
		.endpoints = bn_remote_lacks_servers,
		.audit = bn_remote_lacks_audit,
		.authority = bn_remote_lacks_audit,
		.make_profile = bn_remote_lacks_data,
		.make_frequency = bn_remote_lacks_data,
		.verify_log = bn_remote_lacks_audit,
		.verify_model = bn_remote_lacks_audit,
		.make_report = bn_remote_lacks_reports,
		.make_skew = bn_remote_lacks_reports,
		.reproduce = bn_remote_lacks_starts,
		.export_rows = bn_remote_lacks_data,
		.export_runs = bn_source_export_runs,
		.add_data = bn_remote_lacks_data,
		.split_form = bn_remote_lacks_data,
		.split_plan = bn_remote_lacks_data,
		.make_split = bn_remote_lacks_data,
		.remotes = bn_remote_lacks_data,
		.share = bn_remote_lacks_data,
		.check = bn_remote_lacks_data,
	};
	return &source;
}
