/* fake_source.c - see fake_source.h. Actions are recorded by the worker and read after the page
 * arrived. The pages of each folder of screens are in tests/tui/views/NAME/fake.c. */
#include "tests/tui/views/_fake.h"

#include "core/base/mem.h"

#include <check.h>

void *bn_fake_take(bn_page *p, const void *data, size_t bytes)
{
	void *copy = bn_arena_alloc(&p->arena, bytes);
	memcpy(copy, data, bytes);
	p->data = copy;
	return copy;
}

int bn_fake_status(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	page->data = bn_arena_strf(&page->arena, "%s%s%s", fake->is_empty ? "" : "1 running  1 to approve  1 alert",
		fake->stuck ? "\n" : "", fake->stuck ? fake->stuck : "");
	return 0;
}

/* The first step of every job. */
int bn_fake_work(bn_fake *fake, bn_job *job, const char *what, bn_err *err)
{
	atomic_fetch_add(&fake->jobs, 1);
	bn_job_log(job, "began with %s", what);
	bn_job_step(job, what, "rows", 421, 1000);
	while (atomic_load(&fake->hold) && !bn_job_is_cancelled(job))
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	if (bn_job_is_cancelled(job))
		return bn_err_set(err, BN_EINTR, "stopped");
	if (fake->job_fails) {
		bn_err_set(err, BN_ECORRUPT, "object 9f2c01ab77de is damaged");
		bn_err_hint(err, "fetch it again from where it came from");
		return BN_ECORRUPT;
	}
	return 0;
}

/* For jobs whose result is a name. */
int bn_fake_named(bn_fake *fake, bn_page *page, bn_job *job, const char *name, bn_err *err)
{
	int rc = bn_fake_work(fake, job, "working", err);
	if (rc == 0)
		page->data = bn_arena_strdup(&page->arena, name);
	return rc;
}

int bn_fake_action(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_action_arg *a = arg;
	int rc = fake->measures && a->action == BN_ACTION_APPROVE
			 ? bn_fake_work(fake, job, "measuring", err)
			 : 0;
	if (rc < 0)
		return rc;
	fake->last = *a;
	fake->actions++;
	page->data = a->action == BN_ACTION_REGISTER
			     ? bn_arena_strf(&page->arena, BN_REGISTERED "%s/1", fake->last.ref)
			     : bn_arena_strf(&page->arena, "done: %s", fake->last.ref);
	return 0;
}

/* Three words of each kind, "alpha", "alps" and "beta", with the kind's letter; of a field its values. */
int bn_fake_words(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const char *const all[] = {"", "", "", "", "data/", "jobs", "power", "run-", "reviewer"};
	static const char *const ends[] = {"alpha", "alps", "beta"};
	const bn_words_arg *a = arg;
	bn_words *out = bn_arena_alloc(&page->arena, sizeof *out);
	const char **items = bn_arena_alloc(&page->arena, 3 * sizeof *items);
	*out = (bn_words){items, 0, false};
	for (int i = 0; i < 3; i++) {
		const char *word = a->field[0] ? bn_arena_strf(&page->arena, "%s-%s", a->field, ends[i])
					       : bn_arena_strf(&page->arena, "%s%s", all[a->kind], ends[i]);
		if (strncmp(word, a->begin, strlen(a->begin)) == 0)
			items[out->count++] = word;
	}
	page->data = out;
	return 0;
}

/* A run, a dataset and a version, if they contain the words. */
int bn_fake_find(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_found all[] = {
		{"mlp-wide", "run", "FINISHED mlp", "7f3a004d000000000000000000000000", 0},
		{"jobs", "data", "v3, 321 098 rows", "jobs", 1},
		{"power/3", "version", "requested by ada", "power/3", 2}};
	bn_found_page *out = bn_arena_alloc(&page->arena, sizeof *out);
	out->items = bn_arena_alloc(&page->arena, sizeof all);
	out->count = 0;
	for (size_t i = 0; i < 3; i++)
		if (strstr(all[i].name, ((const bn_find_arg *)arg)->words))
			out->items[out->count++] = all[i];
	page->data = out;
	return 0;
}

const bn_page_source *bn_fake_source(void)
{
	static const bn_page_source source = {.status = bn_fake_status,
		.overview = bn_fake_overview,
		.datasets = bn_fake_datasets,
		.versions = bn_fake_versions,
		.version = bn_fake_version,
		.changes = bn_fake_changes,
		.order = bn_fake_order,
		.window = bn_fake_window,
		.totals = bn_fake_totals,
		.correlations = bn_fake_correlations,
		.profile = bn_fake_profile,
		.frequency = bn_fake_frequency,
		.checks = bn_fake_checks,
		.suites = bn_fake_suites,
		.row_changes = bn_fake_row_changes,
		.changed_rows = bn_fake_changed_rows,
		.protection = bn_fake_protection,
		.protect = bn_fake_protect,
		.runs = bn_fake_runs,
		.curves = bn_fake_curves,
		.run = bn_fake_run,
		.compare = bn_fake_compare,
		.charts = bn_fake_charts,
		.statistics = bn_fake_statistics,
		.object = bn_fake_object,
		.code = bn_fake_code,
		.origin = bn_fake_origin,
		.find = bn_fake_find,
		.launch = bn_fake_launch,
		.warnings = bn_fake_warnings,
		.start = bn_fake_start,
		.split_form = bn_fake_split_form,
		.split_plan = bn_fake_split_plan,
		.make_split = bn_fake_make_split,
		.models = bn_fake_models,
		.sheet = bn_fake_sheet,
		.card = bn_fake_card,
		.action = bn_fake_action,
		.reports = bn_fake_reports,
		.report = bn_fake_report,
		.endpoints = bn_fake_endpoints,
		.remotes = bn_fake_remotes,
		.audit = bn_fake_audit,
		.authority = bn_fake_authority,
		.make_profile = bn_fake_make_profile,
		.make_frequency = bn_fake_make_frequency,
		.verify_log = bn_fake_findings,
		.verify_model = bn_fake_findings,
		.make_skew = bn_fake_make_skew,
		.make_report = bn_fake_make_report,
		.reproduce = bn_fake_reproduce,
		.export_rows = bn_fake_export,
		.export_runs = bn_fake_export,
		.add_data = bn_fake_add,
		.check = bn_fake_check};
	return &source;
}

static int lane_open(void **context, bn_lane lane, void *user, bn_err *err)
{
	(void)lane;
	(void)err;
	*context = user;
	return 0;
}

static int64_t host_now(void *user)
{
	return ((bn_fake *)user)->now_ms;
}

static bool host_copy(void *user, const char *text)
{
	bn_fake *fake = user;
	snprintf(fake->copied, sizeof fake->copied, "%s", text);
	return !fake->no_clipboard;
}

static char *host_recall(void *user, const char *what)
{
	const bn_fake *fake = user;
	if (strcmp(what, BN_KEPT_TOUR) == 0)
		return fake->answered_tour ? bn_strdup("answered") : NULL;
	return bn_strdup(strcmp(what, BN_KEPT_BASE) ? fake->remembered : fake->base);
}

static int host_remember(void *user, const char *what, const char *text, bn_err *err)
{
	(void)err;
	if (strcmp(what, BN_KEPT_TOUR) == 0) {
		((bn_fake *)user)->answered_tour = true;
		return 0;
	}
	bn_fake *fake = user;
	if (strcmp(what, BN_KEPT_BASE) == 0)
		snprintf(fake->base, sizeof fake->base, "%s", text);
	else
		snprintf(fake->remembered, sizeof fake->remembered, "%s", text);
	return 0;
}

bn_frame *bn_fake_frame(bn_fake *fake, bool readonly)
{
	bn_frame *f = NULL;
	bn_err err = BN_ERR_INIT;
	fake->now_ms = NOW;
	bn_frame_options o = {
		.host = {.now_ms = host_now,
			.copy = host_copy,
			.recall = host_recall,
			.remember = host_remember,
			.user = fake},
		.loader = {.open = lane_open, .user = fake},
		.tabs = bn_view_tabs,
		.tab_count = bn_view_tab_count,
		.side = bn_view_side,
		.side_count = bn_view_side_count,
		.make_text = bn_view_text_new,
		.status = bn_fake_status,
		.find = bn_fake_find,
		.words = bn_fake_words,
		.open_found = bn_view_open_found,
		.title = "power-forecast",
		.save_dir = fake->save_dir ? fake->save_dir : "/nonexistent",
		.home = fake->save_dir,
		.source = bn_fake_source(),
		.tour = fake->is_demo ? bn_view_tour : NULL,
		.tour_count = fake->is_demo ? bn_view_tour_count : 0,
		.readonly = readonly,
		.utc = true,
	};
	ck_assert_msg(bn_frame_new(&f, &o, &err) == 0, "%s", err.msg);
	return f;
}
