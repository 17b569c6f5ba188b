/* remote_pages.c - runs, models and acts of a store elsewhere. See remote.h. */
#include "core/base/mem.h"
#include "core/mlflow/pushdown.h"
#include "tui/views/remote/_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- overview and runs ------------------------------------------------------------------------- */

/* Of a workspace's Overview: what runs, what failed, the best runs. Stations of work that a server does not know are
 * empty, and there are no first steps. */
/* A server that never answered has not said that it has no runs. */
static int need_known(const bn_reader *r, bn_err *err)
{
	bn_mirror_news news;
	if (!r->remote->follower)
		return 0;
	bn_mirror_follow_news(&news, r->remote->follower);
	if (!news.fails || news.seen_ms >= 0)
		return 0;
	bn_err_set(err, news.is_refused ? BN_EREFUSED : BN_EIO, "%s", news.why);
	bn_err_hint(err, "%s", news.hint[0] ? news.hint : "it is tried again by itself");
	return news.is_refused ? BN_EREFUSED : BN_EIO;
}

int bn_remote_overview(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	int rc = need_known(context, err);
	if (rc < 0)
		return rc;
	rc = bn_source_overview(context, arg, page, job, err);
	bn_overview *o = page->data;
	if (rc < 0)
		return rc;
	size_t kept = 0;
	for (size_t i = 0; i < o->line_count; i++)
		if (o->lines[i].part != BN_LINE_STEP)
			o->lines[kept++] = o->lines[i];
	o->line_count = kept;
	for (int i = 0; i < BN_STATION_COUNT; i++)
		if (i != BN_STATION_TRAIN && i != BN_STATION_EVALUATE)
			o->stations[i] = (bn_station){.count = -1, .detail = ""};
	o->is_elsewhere = true;
	o->place = NULL;
	o->to_champion = NULL;
	o->who = NULL;
	o->news = NULL;
	o->news_count = 0;
	return 0;
}

int bn_remote_runs(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_reader *r = context;
	const bn_runs_arg *a = arg;
	bn_mirror_news news;
	int rc = need_known(r, err);
	if (rc < 0)
		return rc;
	if (r->remote->follower && a->filter[0]) {
		bn_mirror_follow_news(&news, r->remote->follower);
		bn_buf filter = BN_BUF_INIT;
		if (!news.is_whole) /* those that may match are read first */
			bn_mlflow_pushdown(&filter, a->filter);
		if (filter.len)
			bn_mirror_follow_filter(r->remote->follower, filter.ptr);
		bn_buf_release(&filter);
	}
	return bn_source_runs(context, arg, page, job, err);
}

/* Whether points of the run have not been read yet, and will be. */
static bool is_partial(const bn_reader *r, const char *id)
{
	bn_mirror_news news;
	if (!r->remote->follower || bn_mirror_has_points(r->mirror, id))
		return false;
	bn_mirror_follow_news(&news, r->remote->follower);
	return !news.fails;
}

int bn_remote_run(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const char *id = ((const bn_run_arg *)arg)->id;
	bn_remote_want_run(context, id);
	bool partial = is_partial(context, id); /* before: what is read meanwhile is on the page */
	int rc = bn_source_run(context, arg, page, job, err);
	if (rc >= 0)
		((bn_run_detail *)page->data)->is_partial = partial;
	return rc;
}

/* Asks for the points of a run; whether they are still to come. */
static bool want_named(const bn_reader *r, const char *word)
{
	char id[BN_RUN_ID_TEXT];
	bn_err none = BN_ERR_INIT;
	if (bn_run_resolve(r->ws, word, id, &none) < 0)
		return false;
	bn_remote_want_run(r, id);
	return is_partial(r, id);
}

int bn_remote_compare(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_compare_arg *a = arg;
	bool partial = false;
	for (size_t i = 0; i < a->count; i++)
		partial |= want_named(r, a->ids[i]);
	int rc = bn_source_compare(context, arg, page, job, err);
	if (rc >= 0)
		((bn_compare_page *)page->data)->is_partial = partial;
	return rc;
}

int bn_remote_statistics(
	void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_compare_arg *a = arg;
	bool partial = false;
	for (size_t i = 0; i < a->count; i++)
		partial |= want_named(context, a->ids[i]);
	int rc = bn_source_statistics(context, arg, page, job, err);
	if (rc >= 0)
		((bn_statistics_page *)page->data)->is_partial = partial;
	return rc;
}

int bn_remote_charts(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_charts_arg *a = arg;
	bool partial = false;
	for (size_t i = 0; i < a->count; i++)
		partial |= want_named(context, a->ids[i]);
	int rc = bn_source_charts(context, arg, page, job, err);
	if (rc >= 0)
		((bn_charts_page *)page->data)->is_partial = partial;
	return rc;
}

/* ---- models ------------------------------------------------------------------------------------ */

static void models_release(void *data)
{
	bn_models *m = data;
	bn_inbox_free(m->inbox);
	bn_version_page_free(m->versions);
}

int bn_remote_models(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_models *m = bn_arena_alloc(&page->arena, sizeof *m);
	(void)arg;
	(void)job;
	if (!m || !(m->inbox = bn_alloc_zeroed(1, sizeof *m->inbox)))
		return bn_err_nomem(err, "models");
	int rc = bn_reader_refresh(r, err);
	if (rc >= 0)
		rc = bn_mirror_versions(&m->versions, r->mirror, NULL, err);
	if (rc < 0) {
		models_release(m);
		return rc;
	}
	return BN_PAGE_TAKE(page, m, models_release);
}

static void sheet_release(void *data)
{
	bn_inbox_item_free(((bn_sheet *)data)->item);
}

int bn_remote_sheet(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_sheet *s = bn_arena_alloc(&page->arena, sizeof *s);
	(void)job;
	if (!s || !(s->item = bn_alloc_zeroed(1, sizeof *s->item)))
		return bn_err_nomem(err, "a sheet");
	int rc = bn_reader_refresh(r, err);
	if (rc >= 0)
		rc = bn_mirror_version(&s->item->version, r->mirror, a->ref, err);
	s->item->why_not = bn_strdup("a store elsewhere has no approval");
	if (rc >= 0 && !s->item->why_not)
		rc = bn_err_nomem(err, "a sheet");
	if (rc < 0) {
		sheet_release(s);
		return rc;
	}
	return BN_PAGE_TAKE(page, s, sheet_release);
}

/* What the server keeps of a version in words. */
int bn_remote_card(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_version *v = NULL;
	bn_buf text = BN_BUF_INIT;
	const char *key;
	json_t *value;
	(void)job;
	int rc = bn_mirror_version(&v, r->mirror, ((const bn_ref_arg *)arg)->ref, err);
	if (rc < 0)
		return rc;
	bn_buf_addf(&text, "# %s/%lld\n\n%s\n", v->name, (long long)v->version,
		v->description ? v->description : "No description.");
	if (v->source)
		bn_buf_addf(&text, "\n- made of: %s\n", v->source);
	if (v->stage && strcmp(v->stage, "None") != 0)
		bn_buf_addf(&text, "- stage: %s\n", v->stage);
	if (json_object_size(v->tags))
		bn_buf_adds(&text, "\n## Tags\n\n");
	json_object_foreach(v->tags, key, value)
		bn_buf_addf(&text, "- %s: %s\n", key, json_string_value(value));
	page->data = text.ptr ? bn_arena_strndup(&page->arena, text.ptr, text.len) : NULL;
	rc = page->data ? 0 : bn_err_nomem(err, "a card");
	bn_buf_release(&text);
	bn_version_free(v);
	return rc;
}

/* ---- acts -------------------------------------------------------------------------------------- */

/* The model's name of a reference, "power" of "power/3". */
static void name_of(char out[BN_REF_BYTES], const char *ref)
{
	snprintf(out, BN_REF_BYTES, "%.*s", (int)strcspn(ref, "/@"), ref);
}

static int model_act(bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err)
{
	char name[BN_REF_BYTES], run[BN_RUN_ID_TEXT];
	int64_t version = 0;
	bn_version *v = NULL;
	int rc;
	name_of(name, a->ref);
	switch (a->action) {
	case BN_ACTION_REGISTER:
		if ((rc = bn_run_resolve(r->ws, a->reason, run, err)) >= 0 &&
			(rc = bn_mirror_register(&version, r->mirror, a->ref, run, NULL, err)) >= 0)
			snprintf(text, size, BN_REGISTERED "%.100s/%lld", a->ref, (long long)version);
		return rc;
	case BN_ACTION_ALIAS:
		if ((rc = bn_mirror_version(&v, r->mirror, a->ref, err)) >= 0)
			rc = bn_mirror_alias(r->mirror, name, v->version, a->reason, err);
		bn_version_free(v);
		snprintf(text, size, "%.100s is %.60s now", a->ref, a->reason);
		return rc;
	case BN_ACTION_ALIAS_REMOVE:
		snprintf(text, size, "%.100s has no %.60s any more", name, a->reason);
		return bn_mirror_alias(r->mirror, name, 0, a->reason, err);
	default: /* BN_ACTION_WITHDRAW */
		if ((rc = bn_mirror_version(&v, r->mirror, a->ref, err)) >= 0)
			rc = bn_mirror_version_remove(r->mirror, name, v->version, err);
		bn_version_free(v);
		snprintf(text, size, "removed %.100s from the server", a->ref);
		return rc;
	}
}

static int act(bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err)
{
	switch (a->action) {
	case BN_ACTION_REGISTER:
	case BN_ACTION_ALIAS:
	case BN_ACTION_ALIAS_REMOVE:
	case BN_ACTION_WITHDRAW:
		return model_act(r, a, text, size, err);
	case BN_ACTION_RUN_TAG:
	case BN_ACTION_RUN_NOTE:
	case BN_ACTION_RUN_REMOVE:
	case BN_ACTION_RUN_RESTORE:
		return bn_reader_run_act(r, a, text, size, err);
	case BN_ACTION_APPROVE:
	case BN_ACTION_REJECT:
	case BN_ACTION_ASK:
		bn_err_set(err, BN_EREFUSED, "a store elsewhere has no approval");
		bn_err_hint(err, "import the run, and register its model in a workspace");
		return BN_EREFUSED;
	case BN_ACTION_STOP:
		return bn_err_set(err, BN_EREFUSED, "a run of a store elsewhere can only be stopped where it runs");
	default:
		return bn_err_set(err, BN_EREFUSED, "a store elsewhere does not have that");
	}
}

int bn_remote_action(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	char text[256] = "";
	int rc = bn_remote_need(r, err);
	if (rc < 0 || (rc = act(r, arg, text, sizeof text, err)) < 0)
		return rc;
	r->generation++; /* the next refresh does not see what the act has folded */
	bn_mirror_follow_soon(r->remote->follower);
	bn_job_log(job, "%s", text);
	page->data = bn_arena_strdup(&page->arena, text);
	return page->data ? 0 : bn_err_nomem(err, "a message");
}
