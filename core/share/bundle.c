/* bundle.c - see bundle.h. */
#include "core/share/bundle.h"

#include "core/base/mem.h"
#include "core/share/_share.h"

#include <stdio.h>
#include <string.h>

static void key_of(char key[BN_SHARE_NAME_KEY], const bn_share_bundle *b)
{
	snprintf(key, BN_SHARE_NAME_KEY, "models/%.128s/v%lld-%.64s.json", b->name, (long long)b->version,
		b->manifest);
}

/* *recorded: the remote has its description. */
static int ask_description(bool *recorded, bn_remote_store *s, const bn_share_bundle *b, bn_err *err)
{
	char key[BN_SHARE_NAME_KEY];
	bn_remote_info info;
	bn_err why = BN_ERR_INIT;
	key_of(key, b);
	int rc = bn_remote_store_stat(s, key, &info, &why);
	*recorded = rc >= 0;
	return rc < 0 && rc != BN_ENOTFOUND ? bn_err_move(err, &why) : 0;
}

static int collect(bn_share_objects *all, bn_workspace *ws, const bn_share_bundle *list, size_t n,
	bool for_push, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < n && rc >= 0; i++) {
		bool open = false;
		if (!for_push || !list[i].left_out)
			rc = bn_share_objects_of(all, &open, ws, list[i].manifest, "", false, err);
	}
	bn_share_objects_settle(all);
	return rc < 0 ? rc : bn_share_objects_look(all, ws, err);
}

/* A row for each, with where its bytes are. */
static int report_all(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_objects *all, const bn_share_bundle *list, size_t n, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < n; i++) {
		bn_share_version *to = bn_share_report_add(out, list[i].name, err);
		if (!to)
			return BN_ENOMEM;
		to->version = list[i].version;
		to->created_ms = list[i].created_ms;
		to->left_out = list[i].left_out;
		snprintf(to->hash, sizeof to->hash, "%.64s", list[i].manifest);
		if ((rc = bn_share_count(to, all, ws, "", err)) < 0 ||
			(rc = ask_description(&to->recorded, s, &list[i], err)) < 0)
			return rc;
		to->number = to->recorded ? list[i].version : 0;
	}
	return 0;
}

int bn_share_bundle_status(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_bundle *list, size_t n, const bn_share_options *o, bn_err *err)
{
	bn_share_objects all = BN_SHARE_OBJECTS_INIT;
	int rc;
	*out = (bn_share_report){.asked_ms = bn_env_now_ms(bn_workspace_env(ws))};
	if ((rc = collect(&all, ws, list, n, false, err)) < 0 ||
		(rc = bn_share_objects_ask(&all, s, o, err)) < 0)
		goto out;
	rc = report_all(out, ws, s, &all, list, n, err);
out:
	bn_share_objects_release(&all);
	return rc;
}

/* All of what goes is here. */
static int check_whole(const bn_share_report *r, bn_err *err)
{
	for (size_t i = 0; i < r->count; i++) {
		const bn_share_version *v = &r->versions[i];
		if (v->left_out || (v->is_open && v->here == v->objects))
			continue;
		bn_err_set(err, BN_ENOTFOUND, "%s/%lld is not whole here: files of it are missing", v->name,
			(long long)v->version);
		bn_err_hint(err, "a remote that has them: binnacle model fetch %s/%lld", v->name,
			(long long)v->version);
		return BN_ENOTFOUND;
	}
	return 0;
}

static int describe_all(bn_share_report *r, bn_remote_store *s, const bn_share_bundle *list, bn_err *err)
{
	char key[BN_SHARE_NAME_KEY];
	int rc = 0;
	for (size_t i = 0; i < r->count && rc >= 0; i++) {
		bn_share_version *v = &r->versions[i];
		if (v->left_out || v->recorded)
			continue;
		key_of(key, &list[i]);
		rc = bn_remote_store_put_bytes(s, key, list[i].description, strlen(list[i].description),
			BN_REMOTE_IF_ABSENT, NULL, err);
		v->recorded = rc >= 0;
		v->number = v->version;
	}
	return rc;
}

int bn_share_bundle_push(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_bundle *list, size_t n, const bn_share_options *o, bn_err *err)
{
	bn_share_objects all = BN_SHARE_OBJECTS_INIT;
	int rc;
	*out = (bn_share_report){.asked_ms = bn_env_now_ms(bn_workspace_env(ws))};
	if ((rc = bn_share_need_writable(s, err)) < 0 || (rc = collect(&all, ws, list, n, true, err)) < 0 ||
		(rc = bn_share_objects_ask(&all, s, o, err)) < 0 ||
		(rc = report_all(out, ws, s, &all, list, n, err)) < 0 || (rc = check_whole(out, err)) < 0)
		goto out;
	for (bn_share_level level = BN_SHARE_BYTES; level <= BN_SHARE_TOP; level++)
		if ((rc = bn_share_send_level(out, ws, s, &all, level, o, err)) < 0)
			goto out;
	out->present = all.count - out->objects;
	if (!o->dry_run)
		rc = describe_all(out, s, list, err);
out:
	bn_share_objects_release(&all);
	return rc;
}

int bn_share_bundle_fetch(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_bundle *list, size_t n, const bn_share_options *o, bn_err *err)
{
	bn_share_wanted *wanted = bn_alloc_zeroed(n + 1, sizeof *wanted);
	int rc = wanted ? 0 : bn_err_nomem(err, "models");
	*out = (bn_share_report){.asked_ms = bn_env_now_ms(bn_workspace_env(ws))};
	for (size_t i = 0; i < n && rc >= 0; i++) {
		bn_share_version *to = bn_share_report_add(out, list[i].name, err);
		if (!to) {
			rc = BN_ENOMEM;
			break;
		}
		to->version = list[i].version;
		snprintf(to->hash, sizeof to->hash, "%.64s", list[i].manifest);
		wanted[i] = (bn_share_wanted){list[i].name, list[i].manifest, "", false};
	}
	if (rc >= 0)
		rc = bn_share_get_versions(out, ws, s, wanted, n, o, err);
	bn_free(wanted);
	return rc;
}
