/* acts.c - labels of runs and the trash, executed by a worker. See tui/views/_source.h. */
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/mlflow/mirror.h"
#include "core/run/runlog.h"
#include "core/track/admit.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

static int tag(bn_reader *r, const char *id, const char *text, bn_err *err)
{
	const char *eq = strchr(text, '=');
	char *key = eq ? bn_strndup(text, (size_t)(eq - text)) : bn_strdup(text);
	int rc = key ? bn_run_key_check("tag", key, err) : bn_err_nomem(err, "a tag");
	if (rc >= 0)
		rc = bn_runlog_tag(r->ws, id, key, eq ? eq + 1 : NULL, err);
	bn_free(key);
	return rc;
}

static int move(bn_reader *r, const bn_run_info *run, bool removed, bn_err *err)
{
	int rc = bn_run_admits_trash(run, removed, err);
	if (rc < 0)
		return rc;
	return removed ? bn_runlog_removed(r->ws, run->id, err)
		       : bn_runlog_restored(r->ws, run->id, err);
}

/* The last author of a run's note or tags, for a message; "another user" if the log does not
 * say. */
static void writer_find(char out[80], bn_reader *r, const char *run, const char *kind)
{
	char entity[BN_RUN_ID_TEXT + 8];
	bn_audit_page *page = NULL;
	snprintf(entity, sizeof entity, "run/%s", run);
	bn_audit_filter last = {
		.kind = kind, .entity = entity, .outcome = BN_OUTCOME_APPLIED, .limit = 1};
	snprintf(out, 80, "another user");
	if (bn_audit_read(&page, r->ws, &last, NULL) == 0 && page->count > 0)
		snprintf(out, 80, "%.60s",
			page->items[0].person ? page->items[0].person : page->items[0].user);
	bn_audit_page_free(page);
}

static int need_expected(bn_reader *r, const bn_action_arg *a, const bn_run_info *run, bn_err *err)
{
	bn_pairs tags = BN_PAIRS_INIT;
	bool is_note = a->action == BN_ACTION_RUN_NOTE;
	const char *now = run->note;
	char key[sizeof a->reason], who[80];
	int rc = 0;
	snprintf(key, sizeof key, "%.*s", (int)strcspn(a->reason, "="), a->reason);
	if (!is_note) {
		if ((rc = bn_run_tags(&tags, r->ws, run->id, err)) < 0)
			return rc;
		now = bn_pairs_get(&tags, key);
	}
	if (strcmp(now ? now : "", a->expects) != 0) {
		writer_find(who, r, run->id, is_note ? "run.note" : "run.tag");
		char label[BN_RUN_LABEL_BYTES];
		rc = bn_err_set(err, BN_ECONFLICT,
			"%s%.60s of %.60s was changed since by %s: not undone",
			is_note ? "the note" : "tag ", is_note ? "" : key,
			bn_run_label(label, run->name, run->title, run->id), who);
	}
	bn_pairs_release(&tags);
	return rc;
}

/* On a store elsewhere: one request to the server. */
static int act_remotely(
	bn_reader *r, const bn_action_arg *a, const bn_run_info *run, bn_err *err)
{
	const char *eq = strchr(a->reason, '=');
	int rc = a->is_guarded ? need_expected(r, a, run, err) : 0;
	if (rc < 0)
		return rc;
	if (a->action == BN_ACTION_RUN_NOTE)
		return bn_mirror_note(r->mirror, run->id, a->reason, err);
	if (a->action != BN_ACTION_RUN_TAG)
		return bn_mirror_remove(
			r->mirror, run->id, a->action == BN_ACTION_RUN_REMOVE, err);
	char *key = bn_strndup(a->reason, strcspn(a->reason, "="));
	rc = key ? bn_run_key_check("tag", key, err) : bn_err_nomem(err, "a tag");
	if (rc >= 0)
		rc = bn_mirror_tag(r->mirror, run->id, key, eq ? eq + 1 : NULL, err);
	bn_free(key);
	return rc;
}

static int act_on(bn_reader *r, const bn_action_arg *a, const bn_run_info *run, bn_err *err)
{
	if (r->mirror)
		return act_remotely(r, a, run, err);
	bool is_label = a->action == BN_ACTION_RUN_TAG || a->action == BN_ACTION_RUN_NOTE;
	int rc = bn_run_admits_act(r->ws, run->id, is_label ? BN_ACT_TAG : BN_ACT_REMOVE, err);
	if (rc < 0)
		return rc;
	if (a->is_guarded && (rc = need_expected(r, a, run, err)) < 0)
		return rc;
	if (a->action == BN_ACTION_RUN_TAG)
		return tag(r, run->id, a->reason, err);
	if (a->action == BN_ACTION_RUN_NOTE)
		return bn_runlog_note(r->ws, run->id, a->reason, err);
	return move(r, run, a->action == BN_ACTION_RUN_REMOVE, err);
}

static void words(char *text, size_t size, const bn_action_arg *a, size_t done, const char *name)
{
	char who[100];
	if (done == 1)
		snprintf(who, sizeof who, "%.80s", name);
	else
		snprintf(who, sizeof who, "%zu runs", done);
	if (a->action == BN_ACTION_RUN_TAG)
		snprintf(text, size, "%.100s of %s", a->reason, who);
	else if (a->action == BN_ACTION_RUN_NOTE)
		snprintf(text, size, "the note of %s is %s", who,
			a->reason[0] ? "written" : "taken off");
	else if (a->action == BN_ACTION_RUN_REMOVE)
		snprintf(text, size, "%s moved to the trash; u brings %s back", who,
			done == 1 ? "it" : "them");
	else
		snprintf(text, size, "%s taken out of the trash", who);
}

/* Tries all; if some succeeded, the first failure's reason is written to text, otherwise it is the
 * error. */
int bn_reader_run_act(bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err)
{
	size_t done = 0, refused = 0;
	bn_err why = BN_ERR_INIT;
	char name[100] = "";
	int rc = bn_reader_refresh(r, err);
	for (size_t i = 0; rc >= 0 && i < (a->stop_count ? a->stop_count : 1); i++) {
		char id[BN_RUN_ID_TEXT];
		bn_run_info *run = NULL;
		bn_err one = BN_ERR_INIT;
		if ((rc = bn_run_resolve(r->ws, a->stop_count ? a->stop[i] : a->ref, id, err)) <
				0 ||
			(rc = bn_run_get(&run, r->ws, id, err)) < 0)
			break;
		if (act_on(r, a, run, &one) < 0) {
			refused++;
			bn_err_move(&why, &one);
		} else {
			done++;
			char label[BN_RUN_LABEL_BYTES];
			snprintf(name, sizeof name, "%.90s",
				bn_run_label(label, run->name, run->title, run->id));
		}
		bn_run_info_free(run);
	}
	if (rc < 0)
		return rc;
	if (!done)
		return bn_err_move(err, &why);
	words(text, size, a, done, name);
	if (refused)
		snprintf(text + strlen(text), size - strlen(text), "; %zu not: %.100s", refused,
			why.msg);
	return 0;
}
