/* hook_tell.c - what webhooks are told, and which of them. See hooks.h. */
#include "core/api/hooks.h"

#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/registry/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROMPT_TEXT_TAG "mlflow.prompt.text"
#define PROMPT_TYPE_TAG "_mlflow_prompt_type"

static void add_moment(char *out, size_t size, int64_t ns)
{
	char whole[BN_TIMESTAMP_TEXT];
	bn_timestamp_iso(ns - ns % 1000000000, whole); /* "2026-01-31T09:05:07Z" */
	whole[strcspn(whole, "Z.")] = '\0';
	snprintf(out, size, "%s.%06d+00:00", whole, (int)(ns % 1000000000 / 1000));
}

char *bn_api_hook_body(const bn_env *env, bn_webhook_event e, const json_t *data)
{
	char moment[BN_TIMESTAMP_TEXT + 16];
	add_moment(moment, sizeof moment, bn_env_now_ns(env));
	json_t *o = json_pack("{s:s, s:s, s:s, s:O}", "entity", bn_webhook_entity(e), "action",
		bn_webhook_action(e), "timestamp", moment, "data", data);
	char *text = o ? json_dumps(o, JSON_ENSURE_ASCII) : NULL;
	json_decref(o);
	return text;
}

/* ---- deliveries --------------------------------------------------------------------------------- */

/* Deliveries of one change end in different threads. */
struct bn_hook_body {
	atomic_size_t users;
	size_t n;
	char text[];
};

static void body_leave(struct bn_hook_body *b)
{
	if (b && atomic_fetch_sub(&b->users, 1) == 1)
		bn_free(b);
}

static int body_new(struct bn_hook_body **out, const char *text, bn_err *err)
{
	size_t n = strlen(text);
	struct bn_hook_body *b = bn_alloc_zeroed(1, sizeof *b + n + 1);
	if (!b)
		return bn_err_nomem(err, "a webhook");
	atomic_init(&b->users, 1);
	b->n = n;
	memcpy(b->text, text, n + 1);
	*out = b;
	return 0;
}

static int delivery_make(bn_api_delivery **out, const bn_env *env, const bn_webhook *w,
	struct bn_hook_body *body, bn_err *err)
{
	bn_api_delivery *d = bn_alloc_zeroed(1, sizeof *d);
	int rc = d ? bn_uuid_new(env, d->id, err) : bn_err_nomem(err, "a webhook");
	if (rc < 0) {
		bn_free(d);
		return rc;
	}
	atomic_fetch_add(&body->users, 1);
	d->shared = body;
	d->body = body->text;
	d->n = body->n;
	d->is_signed = w->is_signed;
	memcpy(d->webhook, w->id, sizeof d->webhook);
	*out = d;
	return 0;
}

int bn_api_delivery_new(bn_api_delivery **out, const bn_env *env, const bn_webhook *w,
	const char *body, bn_err *err)
{
	struct bn_hook_body *own = NULL;
	int rc = body_new(&own, body, err);
	if (rc >= 0)
		rc = delivery_make(out, env, w, own, err);
	body_leave(own);
	return rc;
}

int bn_api_delivery_like(bn_api_delivery **out, const bn_env *env, const bn_webhook *w,
	const bn_api_delivery *other, bn_err *err)
{
	return delivery_make(out, env, w, other->shared, err);
}

void bn_api_deliveries_free(bn_api_delivery *first)
{
	while (first) {
		bn_api_delivery *d = first;
		first = d->next;
		body_leave(d->shared);
		bn_free(d);
	}
}

/* ---- what a request changed ----------------------------------------------------------------------- */

static uint32_t bit(bn_webhook_event e)
{
	return e < BN_WEBHOOK_EVENT_COUNT ? (uint32_t)1 << e : 0;
}

/* Whether it is a prompt is looked up only if somebody asked for one of the two. */
static int choose(bn_webhook_event *out, bn_api_call *c, bn_webhook_event model,
	bn_webhook_event prompt, const char *name, bn_err *err)
{
	bn_registered_model *m = NULL;
	int rc = bn_registered_model_get(&m, c->ws, name, err);
	if (rc < 0)
		return rc;
	*out = m->is_prompt ? prompt : model;
	bn_registered_model_free(m);
	return 0;
}

static int tell(bn_api_call *c, bn_webhook_event model, bn_webhook_event prompt, const char *name,
	const json_t *data, bn_err *err)
{
	bn_webhooks l = BN_WEBHOOKS_INIT;
	bn_api_delivery *first = NULL; /* of this change */
	bn_webhook_event e;
	char *body = NULL;
	int rc = bn_webhook_list(&l, c->ws, bit(model) | bit(prompt), err);
	if (rc < 0 || !l.count)
		goto out;
	if ((rc = choose(&e, c, model, prompt, name, err)) < 0)
		goto out;
	if (e >= BN_WEBHOOK_EVENT_COUNT)
		goto out;
	if (!data || !(body = bn_api_hook_body(c->api->env, e, data))) {
		rc = bn_err_nomem(err, "a webhook");
		goto out;
	}
	for (size_t i = 0; i < l.count; i++) {
		bn_api_delivery *d = NULL;
		if (!(l.items[i].events & bit(e)))
			continue;
		rc = first ? bn_api_delivery_like(&d, c->api->env, &l.items[i], first, err)
			   : bn_api_delivery_new(&d, c->api->env, &l.items[i], body, err);
		if (rc < 0)
			goto out;
		first = first ? first : d;
		d->next = c->told;
		c->told = d;
	}
out:
	free(body);
	bn_webhooks_release(&l);
	return rc;
}

void bn_api_tell(bn_api_call *c, bn_webhook_event model, bn_webhook_event prompt, const char *name,
	json_t *data)
{
	bn_err why = BN_ERR_INIT;
	if (tell(c, model, prompt, name, data, &why) < 0)
		bn_api_hooks_drop(c->api->hooks, 1);
	json_decref(data);
}

json_t *bn_api_tell_about(const char *name, const char *version, const char *alias, const char *key,
	const char *value)
{
	return json_pack("{s:s, s:s*, s:s*, s:s*, s:s*}", "name", name, "alias", alias, "version",
		version, "key", key, "value", value);
}

json_t *bn_api_tell_tags(const json_t *tags, bool is_prompt, const char **text)
{
	json_t *tag, *out = json_object();
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *key = bn_wire_text(tag, "key"), *value = bn_wire_text(tag, "value");
		bool is_text = key && text && !strcmp(key, PROMPT_TEXT_TAG);
		if (is_text)
			*text = value;
		if (!key || (is_prompt && (is_text || !strcmp(key, BN_PROMPT_TAG) ||
						  !strcmp(key, PROMPT_TYPE_TAG))))
			continue;
		json_object_set_new(out, key, json_string(value ? value : ""));
	}
	return out;
}
