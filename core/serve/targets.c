/* targets.c - see targets.h. */
#include "core/serve/targets.h"

#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/members.h"
#include "core/net/message.h"

#include <stdlib.h>
#include <string.h>

static int by_id(const void *a, const void *b)
{
	const bn_endpoint *const *x = a, *const *y = b;
	return strcmp((*x)->id, (*y)->id);
}

static bool is_listed(const bn_endpoint *e, int64_t now_ms, int64_t lost_ms)
{
	int64_t last_ms = e->seen_ms > e->started_ms ? e->seen_ms : e->started_ms;
	if (e->state == BN_ENDPOINT_LOST)
		return now_ms - last_ms <= lost_ms;
	return e->state == BN_ENDPOINT_RUNNING;
}

/* "http://HOST:PORT" -> "HOST:PORT"; NULL for a Unix socket. */
static const char *address_of(const bn_endpoint *e)
{
	const char *at = strstr(e->url, "://");
	return at ? at + 3 : NULL;
}

/* A name that is not UTF-8 is shown as far as it is. */
static void set_text(json_t *labels, const char *name, const char *value, size_t n)
{
	json_object_set_new(labels, name, bn_json_lossy(value, n));
}

/* For a server of one model: "power/3". */
static void set_model(json_t *labels, const bn_endpoint *e)
{
	const char *slash = strrchr(e->models, '/');
	if (!slash || strstr(e->models, ", "))
		return;
	set_text(labels, "__meta_binnacle_model", e->models, (size_t)(slash - e->models));
	set_text(labels, "__meta_binnacle_version", slash + 1, strlen(slash + 1));
}

typedef struct named {
	const char *name, *value;
} named;

static int add_target(json_t *list, const bn_endpoint *e, const char *workspace, bn_err *err)
{
	const named all[] = {{"workspace", workspace}, {"endpoint", e->id},
		{"serves", e->models}, {"host", e->host}, {"user", e->user}};
	json_t *labels = json_object();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		set_text(labels, all[i].name, all[i].value, strlen(all[i].value));
	set_model(labels, e);
	if (bn_str_starts(e->url, "https:"))
		json_object_set_new(labels, "__scheme__", json_string("https"));
	size_t want = sizeof all / sizeof *all;
	if (json_object_size(labels) < want) {
		json_decref(labels);
		return bn_err_nomem(err, "targets");
	}
	json_t *target = json_pack("{s:[s], s:o}", "targets", address_of(e), "labels", labels);
	return json_array_append_new(list, target) ? bn_err_nomem(err, "targets") : 0;
}

/* members: a JSON array of uids; NULL: everybody is one. */
static bool is_member(const json_t *members, uid_t uid)
{
	size_t i;
	json_t *v;
	json_array_foreach((json_t *)members, i, v) if (json_integer_value(v) == (json_int_t)uid)
		return true;
	return !members;
}

/* Whether it is a target; else it is counted. */
static bool is_target(const bn_endpoint *e, bn_targets_counts *c, const bn_env *env,
	const bn_targets_options *o, const json_t *members)
{
	const char *address = address_of(e);
	bool is_own = e->uid == env->uid(env), is_here = !strcmp(e->host, env->host(env));
	if (!is_own && (!o->all_users || !is_member(members, e->uid)))
		c->of_others++;
	else if (!address)
		c->on_sockets++;
	else if (!is_here && bn_http_is_loopback_name(address))
		c->on_loopbacks++;
	else
		return true;
	return false;
}

static int read_members(json_t **out, bn_workspace *ws, bn_err *err)
{
	sqlite3 *db = NULL;
	char *text = NULL;
	const bn_env *env = bn_workspace_env(ws);
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_member_accounts(&text, db, env->uid(env), err)) < 0 || !text)
		goto out;
	rc = bn_json_parse(out, text, strlen(text), "members", err);
out:
	bn_free(text);
	return rc;
}

int bn_targets_write(bn_buf *out, bn_targets_counts *counts, bn_workspace *ws,
	const bn_targets_options *o, bn_err *err)
{
	int rc = 0;
	size_t n = 0;
	bn_endpoints l = {NULL, 0};
	const bn_endpoint **chosen = NULL;
	json_t *list = json_array(), *members = NULL;
	const bn_env *env = bn_workspace_env(ws);
	*counts = (bn_targets_counts){0, 0, 0, 0, 0};
	if ((rc = bn_endpoint_list(&l, ws, err)) < 0 || (rc = read_members(&members, ws, err)) < 0)
		goto out;
	chosen = bn_alloc((l.count + 1) * sizeof *chosen);
	if (!chosen || !list) {
		rc = bn_err_nomem(err, "targets");
		goto out;
	}
	for (size_t i = 0; i < l.count; i++)
		if (is_listed(&l.items[i], bn_env_now_ms(env), o->lost_ms) &&
			is_target(&l.items[i], counts, env, o, members))
			chosen[n++] = &l.items[i];
	qsort(chosen, n, sizeof *chosen, by_id);
	for (size_t i = 0; i < n; i++) {
		if ((rc = add_target(list, chosen[i], o->workspace, err)) < 0)
			goto out;
		counts->lost += chosen[i]->state == BN_ENDPOINT_LOST;
	}
	counts->listed = n;
	rc = bn_json_pretty(list, out, err);
out:
	bn_free(chosen);
	bn_endpoints_release(&l);
	json_decref(members);
	json_decref(list);
	return rc;
}
