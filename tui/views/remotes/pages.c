/* pages.c - see pages.h. A page is what is kept on this host; only a job asks a remote. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/share/kept.h"
#include "core/share/remotes.h"
#include "tui/views/_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int add_rows(bn_remote_rows *out, bn_arena *arena, const char *remote,
	const bn_share_report *kept, bn_err *err)
{
	bn_remote_row *items =
		bn_arena_alloc(arena, (out->count + kept->count + 1) * sizeof *items);
	char *name = bn_arena_strdup(arena, remote);
	if (!items || !name)
		return bn_err_nomem(err, "remotes");
	if (out->count)
		memcpy(items, out->items, out->count * sizeof *items);
	out->items = items;
	for (size_t i = 0; i < kept->count; i++) {
		const bn_share_version *v = &kept->versions[i];
		bn_remote_row *r = &items[out->count++];
		*r = (bn_remote_row){.remote = name,
			.version = *v,
			.asked_ms = v->asked_ms,
			.state = v->version ? bn_share_state(v) : "only there"};
		r->version.name = NULL;
		if (v->version)
			bn_ref_format(r->ref, v->name, "@v", v->version);
		else
			snprintf(r->ref, sizeof r->ref, "%.128s@sha256:%.8s", v->name, v->hash);
	}
	return 0;
}

int bn_source_remotes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_remotes all = BN_REMOTES_INIT;
	bn_remote_rows *rows = bn_arena_alloc(&page->arena, sizeof *rows);
	int rc = rows ? bn_reader_refresh(r, err) : bn_err_nomem(err, "remotes");
	(void)arg;
	(void)job;
	if (rc < 0 || (rc = bn_remotes_load(&all, r->ws, err)) < 0)
		goto out;
	rows->remotes = all.count;
	for (size_t i = 0; i < all.count && rc >= 0; i++) {
		bn_share_report kept = {.versions = NULL};
		if ((rc = bn_share_kept_load(&kept, r->ws, all.items[i].name, err)) >= 0)
			rc = add_rows(rows, &page->arena, all.items[i].name, &kept, err);
		bn_share_report_release(&kept);
	}
	page->data = rc < 0 ? NULL : rows;
out:
	bn_remotes_release(&all);
	return rc;
}

/* ---- jobs ----------------------------------------------------------------------------------------- */

static int open_remote(
	bn_remote_store **s, char **name, bn_reader *r, const char *wanted, bn_err *err)
{
	bn_remotes all = BN_REMOTES_INIT;
	const bn_remote_entry *e = NULL;
	int rc = bn_remotes_find(&e, &all, r->ws, wanted[0] ? wanted : NULL, err);
	if (rc >= 0 && !(*name = bn_strdup(e->name)))
		rc = bn_err_nomem(err, "a remote");
	if (rc >= 0)
		rc = bn_remotes_open(s, r->ws, e, NULL, err);
	bn_remotes_release(&all);
	return rc;
}

static void log_result(
	bn_job *job, const bn_share_arg *a, const char *remote, const bn_share_report *report)
{
	static const char *const done[] = {[BN_SHARE_ASK] = "asked",
		[BN_SHARE_PUSH] = "pushed to",
		[BN_SHARE_PULL] = "pulled from"};
	char n[BN_FMT], size[BN_FMT];
	bn_job_log(job, "%s %s: %zu version%s", done[a->what], remote, report->count,
		report->count == 1 ? "" : "s");
	if (a->what != BN_SHARE_ASK)
		bn_job_log(job, "%s object%s, %s", bn_fmt_count(report->objects, n),
			report->objects == 1 ? "" : "s", bn_fmt_bytes(report->bytes, size));
	for (size_t i = 0; i < report->count; i++) {
		const bn_share_version *v = &report->versions[i];
		if (a->what == BN_SHARE_PUSH && v->left_out)
			bn_job_log(job, "%s@v%" PRId64 " stays here: %s", v->name, v->version,
				v->is_private ? "it is private" : "parts of it are missing");
		if (a->what == BN_SHARE_PULL)
			bn_job_log(job, "%s@v%" PRId64 " there is %s@v%" PRId64 " here", v->name,
				v->number, v->name, v->version);
	}
}

/* What is known of the remote afterwards. */
static int look_again(bn_reader *r, bn_remote_store *s, const char *name, const char *ref,
	const bn_progress *watch, bn_err *err)
{
	bn_share_report report = {.versions = NULL};
	const char *at = strchr(ref, '@');
	char dataset[BN_REF_BYTES];
	const char *refs[] = {dataset};
	snprintf(dataset, sizeof dataset, "%.*s", at ? (int)(at - ref) : (int)strlen(ref), ref);
	bn_share_options o = {
		.refs = refs, .ref_count = ref[0] ? 1 : 0, .all = true, .remote = name, .progress = watch};
	int rc = bn_share_status(&report, r->ws, s, &o, err);
	if (rc >= 0)
		rc = bn_share_kept_save(r->ws, name, &report, err);
	bn_share_report_release(&report);
	return rc;
}

int bn_source_share(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	static int (*const verbs[])(bn_share_report *, bn_workspace *, bn_remote_store *,
		const bn_share_options *, bn_err *) = {[BN_SHARE_ASK] = bn_share_status,
		[BN_SHARE_PUSH] = bn_share_push,
		[BN_SHARE_PULL] = bn_share_pull};
	bn_reader *r = context;
	const bn_share_arg *a = arg;
	bn_remote_store *s = NULL;
	bn_share_report report = {.versions = NULL};
	bn_progress watch = bn_job_watch(job);
	const char *refs[] = {a->ref};
	char *name = NULL;
	bn_share_options o = {.refs = refs,
		.ref_count = a->ref[0] ? 1 : 0,
		.all = !a->ref[0],
		.progress = &watch};
	int rc = bn_reader_refresh(r, err);
	if (rc < 0 || (a->what == BN_SHARE_PUSH && (rc = bn_reader_need_trust(r, err)) < 0) ||
		(rc = open_remote(&s, &name, r, a->remote, err)) < 0)
		goto out;
	o.remote = name;
	if ((rc = verbs[a->what](&report, r->ws, s, &o, err)) < 0)
		goto out;
	log_result(job, a, name, &report);
	rc = a->what == BN_SHARE_ASK ? bn_share_kept_save(r->ws, name, &report, err)
				     : look_again(r, s, name, a->ref, &watch, err);
	if (rc >= 0 && !(page->data = bn_arena_strdup(&page->arena, name)))
		rc = bn_err_nomem(err, "a result");
out:
	bn_share_report_release(&report);
	bn_remote_store_close(s);
	bn_free(name);
	return rc;
}
