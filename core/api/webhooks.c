/*
 * webhooks.c - the routes of webhooks. They are those of the server's user (core/registry/webhook.h), and only managers
 * see them, since an address may be a secret by itself. A test is sent by the threads of hooks.h.
 */
#include "core/api/_routes.h"
#include "core/api/hooks.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <stdlib.h>
#include <string.h>

static const char *const entity_words[] = {"ENTITY_UNSPECIFIED", "REGISTERED_MODEL",
	"MODEL_VERSION", "MODEL_VERSION_TAG", "MODEL_VERSION_ALIAS", "PROMPT", "PROMPT_VERSION",
	"PROMPT_TAG", "PROMPT_VERSION_TAG", "PROMPT_ALIAS", "BUDGET_POLICY", NULL};
static const char *const action_words[] = {
	"ACTION_UNSPECIFIED", "CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED", NULL};
static const char *const status_words[] = {"", "ACTIVE", "DISABLED", NULL};
enum { STATUS_ACTIVE = 1 };

static const bn_wire_field event_fields[] = {BN_WIRE_WORD("entity", ENUM, 0, entity_words),
	BN_WIRE_WORD("action", ENUM, 0, action_words), {0}};
static const bn_wire_field create_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("url", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_OF("events", LIST, BN_WIRE_REQUIRED, event_fields),
	BN_WIRE_FIELD("description", TEXT, 0), BN_WIRE_FIELD("secret", TEXT, 0),
	BN_WIRE_WORD("status", ENUM, 0, status_words), {0}};
static const bn_wire_field update_fields[] = {BN_WIRE_FIELD("name", TEXT, 0),
	BN_WIRE_FIELD("description", TEXT, 0), BN_WIRE_FIELD("url", TEXT, 0),
	BN_WIRE_OF("events", LIST, 0, event_fields), BN_WIRE_FIELD("secret", TEXT, 0),
	BN_WIRE_WORD("status", ENUM, 0, status_words), {0}};
static const bn_wire_field list_fields[] = {
	BN_WIRE_FIELD("max_results", INT, 0), BN_WIRE_FIELD("page_token", TEXT, 0), {0}};
static const bn_wire_field test_fields[] = {BN_WIRE_OF("event", OBJECT, 0, event_fields), {0}};
static const bn_wire_field no_fields[] = {{0}};

/* ---- answers -------------------------------------------------------------------------------- */

static void lower(char *out, size_t size, const char *word)
{
	size_t i = 0;
	for (; word[i] && i + 1 < size; i++)
		out[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] | 32) : word[i];
	out[i] = '\0';
}

static void put_upper(bn_wire *w, const char *name, const char *word)
{
	char text[64];
	size_t i = 0;
	for (; word[i] && i + 1 < sizeof text; i++)
		text[i] = word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] & ~32) : word[i];
	text[i] = '\0';
	bn_wire_put_text(w, name, text);
}

static void put_webhook(bn_wire *w, const char *name, bn_api_call *c, const bn_webhook *h)
{
	bn_webhook_target t = {NULL, NULL};
	bn_err why = BN_ERR_INIT;
	/* A host that does not have the address shows its origin. */
	bn_webhook_target_read(&t, c->api->env, bn_workspace_id(c->ws), h->id, &why);
	bn_wire_open(w, name, '{');
	bn_wire_put_text(w, "webhook_id", h->id);
	bn_wire_put_text(w, "name", h->name);
	bn_wire_put_text(w, "description", h->description);
	bn_wire_put_text(w, "url", t.url ? t.url : h->origin);
	if (h->events)
		bn_wire_open(w, "events", '[');
	for (unsigned e = 0; e < BN_WEBHOOK_EVENT_COUNT; e++) {
		if (!(h->events >> e & 1))
			continue;
		bn_wire_open(w, NULL, '{');
		put_upper(w, "entity", bn_webhook_entity((bn_webhook_event)e));
		put_upper(w, "action", bn_webhook_action((bn_webhook_event)e));
		bn_wire_close(w, '}');
	}
	if (h->events)
		bn_wire_close(w, ']');
	bn_wire_put_text(w, "status", h->is_active ? "ACTIVE" : "DISABLED");
	bn_wire_put_ms(w, "creation_timestamp", h->created_ms);
	bn_wire_put_ms(w, "last_updated_timestamp", h->updated_ms);
	bn_wire_close(w, '}');
	bn_webhook_target_release(&t);
}

/* RESOURCE_DOES_NOT_EXIST. *out is borrowed from l. */
static int find(const bn_webhook **out, bn_webhooks *l, bn_api_call *c, const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_webhook_get(out, l, c->ws, id, &why);
	if (rc == BN_ENOTFOUND)
		return bn_api_refuse(
			c, BN_API_RESOURCE_DOES_NOT_EXIST, "Webhook with ID %s not found.", id);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

static int answer(bn_api_call *c, const char *id, bn_err *err)
{
	bn_webhooks l = BN_WEBHOOKS_INIT;
	const bn_webhook *h = NULL;
	int rc = find(&h, &l, c, id, err);
	if (rc >= 0) {
		bn_wire w = bn_api_answer(c);
		put_webhook(&w, "webhook", c, h);
		bn_wire_close(&w, '}');
	}
	bn_webhooks_release(&l);
	return rc;
}

/* ---- checks --------------------------------------------------------------------------------- */

static bool is_alnum(char ch)
{
	return (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z');
}

static int check_name(bn_api_call *c, const char *name)
{
	size_t n = strlen(name);
	bool ok = n && n <= BN_WEBHOOK_NAME_MOST && is_alnum(name[0]) && is_alnum(name[n - 1]);
	for (size_t i = 0; ok && i < n; i++)
		ok = is_alnum(name[i]) || strchr("._-", name[i]);
	if (ok)
		return 0;
	return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"Webhook name '%.200s' is invalid. It must start and end with a letter or digit, "
		"be less than 63 characters long, and contain only letters, digits, dots (.), "
		"underscores (_), and hyphens (-).",
		name);
}

/* One event of a request. */
static int read_event(bn_webhook_event *out, bn_api_call *c, const json_t *event)
{
	char entity[32], action[32], valid[64] = "";
	int e = bn_wire_enum(event, "entity", entity_words);
	int a = bn_wire_enum(event, "action", action_words);
	lower(entity, sizeof entity, entity_words[e < 0 ? 0 : e]);
	lower(action, sizeof action, action_words[a < 0 ? 0 : a]);
	if (bn_webhook_event_find(out, entity, action))
		return 0;
	for (unsigned i = 0; i < BN_WEBHOOK_EVENT_COUNT; i++) {
		size_t n = strlen(valid);
		const char *other = bn_webhook_action((bn_webhook_event)i);
		bool first = !n;
		if (strcmp(bn_webhook_entity((bn_webhook_event)i), entity) != 0)
			continue;
		/* MLflow sorts them. */
		if (!first && strcmp(other, valid + 1) < 0)
			snprintf(valid, sizeof valid, "'%s', 'set'", other);
		else
			snprintf(valid + n, sizeof valid - n, "%s'%s'", first ? "" : ", ", other);
	}
	if (!valid[0])
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"There are no events of '%s' here.", entity);
	return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"Invalid action '%s' for entity '%s'. Valid actions are: [%s]", action, entity,
		valid);
}

static int read_events(int64_t *bits, bn_api_call *c)
{
	const json_t *list = bn_wire_list(c->body, "events");
	size_t i;
	json_t *event;
	*bits = list ? 0 : -1;
	json_array_foreach((json_t *)(uintptr_t)list, i, event)
	{
		bn_webhook_event e;
		int rc = read_event(&e, c, event);
		if (rc < 0)
			return rc;
		*bits |= (int64_t)1 << e;
	}
	return 0;
}

static int check_text(bn_api_call *c, const char *what, const char *text, size_t most)
{
	if (!text || strlen(text) <= most)
		return 0;
	return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"The webhook's %s has more than %zu bytes.", what, most);
}

/* What a request says of a webhook, checked; *origin is the caller's. */
static int read_change(bn_webhook_change *out, char **origin, bn_api_call *c, bn_err *err)
{
	const char *name = bn_wire_text(c->body, "name"), *url = bn_wire_text(c->body, "url");
	const char *secret = bn_wire_text(c->body, "secret");
	int status = bn_wire_enum(c->body, "status", status_words), rc = 0;
	*out = (bn_webhook_change){.name = name && name[0] ? name : NULL,
		.description = bn_wire_text(c->body, "description"),
		.events = -1,
		.is_active = status < 0 ? -1 : status == STATUS_ACTIVE,
		.is_signed = secret ? secret[0] != '\0' : -1};
	*origin = NULL;
	if ((out->name && (rc = check_name(c, name)) < 0) ||
		(url && url[0] && (rc = bn_hook_check_url(origin, c, url, err)) < 0) ||
		(rc = read_events(&out->events, c)) < 0 ||
		(rc = check_text(c, "description", out->description, BN_WEBHOOK_TEXT_MOST)) < 0 ||
		(rc = check_text(c, "secret", secret, BN_WEBHOOK_SECRET_MOST)) < 0)
		return rc;
	out->origin = *origin;
	return 0;
}

/* ---- changing ------------------------------------------------------------------------------- */

static int create(bn_api_call *c, bn_err *err)
{
	bn_webhooks there = BN_WEBHOOKS_INIT;
	bn_webhook_change change;
	char id[BN_UUID_TEXT], *origin = NULL;
	const char *secret = bn_wire_text(c->body, "secret");
	const bn_webhook_target target = {(char *)(uintptr_t)bn_wire_text(c->body, "url"),
		secret && secret[0] ? (char *)(uintptr_t)secret : NULL};
	int rc = read_change(&change, &origin, c, err);
	if (rc < 0 || (rc = bn_webhook_list(&there, c->ws, 0, err)) < 0)
		goto out;
	if (there.count >= BN_WEBHOOKS_MOST) {
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"There are %d webhooks already: delete one.", BN_WEBHOOKS_MOST);
		goto out;
	}
	change.is_active = change.is_active != 0;
	change.is_signed = target.secret != NULL;
	if ((rc = bn_uuid_new(c->api->env, id, err)) < 0 ||
		(rc = bn_webhook_target_write(
			 c->api->env, bn_workspace_id(c->ws), id, &target, err)) < 0 ||
		(rc = bn_webhook_write_created(c->ws, id, &change, err)) < 0 ||
		(rc = bn_workspace_sync(c->ws, err)) < 0)
		goto out;
	rc = answer(c, id, err);
out:
	bn_webhooks_release(&there);
	bn_free(origin);
	return rc;
}
const bn_api_about bn_api_webhooks_create = {
	create, create_fields, BN_API_MANAGER, BN_API_ALONE, NULL, NULL};

/* Address and secret after the change, if it changes one of them. */
static int write_target(bn_api_call *c, const bn_webhook *h, bn_err *err)
{
	const char *url = bn_wire_text(c->body, "url"), *secret = bn_wire_text(c->body, "secret");
	bn_webhook_target before = {NULL, NULL}, after;
	bn_err why = BN_ERR_INIT;
	int rc;
	if (!(url && url[0]) && !secret)
		return 0;
	rc = bn_webhook_target_read(&before, c->api->env, bn_workspace_id(c->ws), h->id, &why);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	after = before;
	if (url && url[0])
		after.url = (char *)(uintptr_t)url;
	if (secret)
		after.secret = secret[0] ? (char *)(uintptr_t)secret : NULL;
	if (!after.url || (h->is_signed && !secret && !after.secret))
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"This host does not have the webhook's address and secret: give both.");
	else
		rc = bn_webhook_target_write(
			c->api->env, bn_workspace_id(c->ws), h->id, &after, err);
	bn_webhook_target_release(&before);
	return rc;
}

static int update(bn_api_call *c, bn_err *err)
{
	bn_webhooks l = BN_WEBHOOKS_INIT;
	const bn_webhook *h = NULL;
	bn_webhook_change change;
	char *origin = NULL;
	int rc = 0;
	if ((rc = find(&h, &l, c, c->params[0], err)) < 0 ||
		(rc = read_change(&change, &origin, c, err)) < 0 ||
		(rc = write_target(c, h, err)) < 0 ||
		(rc = bn_webhook_write_updated(c->ws, h->id, &change, err)) < 0 ||
		(rc = bn_workspace_sync(c->ws, err)) < 0)
		goto out;
	rc = answer(c, h->id, err);
out:
	bn_webhooks_release(&l);
	bn_free(origin);
	return rc;
}
const bn_api_about bn_api_webhooks_update = {
	update, update_fields, BN_API_MANAGER, BN_API_ALONE, NULL, NULL};

static int delete_webhook(bn_api_call *c, bn_err *err)
{
	bn_webhooks l = BN_WEBHOOKS_INIT;
	const bn_webhook *h = NULL;
	int rc = 0;
	if ((rc = find(&h, &l, c, c->params[0], err)) < 0 ||
		(rc = bn_webhook_write_deleted(c->ws, h->id, err)) < 0 ||
		(rc = bn_workspace_sync(c->ws, err)) < 0)
		goto out;
	rc = bn_webhook_target_remove(c->api->env, bn_workspace_id(c->ws), h->id, err);
out:
	bn_webhooks_release(&l);
	return rc;
}
const bn_api_about bn_api_webhooks_delete = {
	delete_webhook, no_fields, BN_API_MANAGER, BN_API_ALONE, NULL, NULL};

/* ---- reading -------------------------------------------------------------------------------- */

static int get(bn_api_call *c, bn_err *err)
{
	return answer(c, c->params[0], err);
}
const bn_api_about bn_api_webhooks_get = {get, no_fields, BN_API_MANAGER, BN_API_READS, NULL, NULL};

enum { PAGE = 100, PAGE_MOST = 1000 };

static int list(bn_api_call *c, bn_err *err)
{
	bn_webhooks l = BN_WEBHOOKS_INIT;
	int64_t most = 0, from = 0;
	int rc = bn_wire_token(bn_wire_text(c->body, "page_token"), &from, &c->fault);
	if (rc < 0)
		return rc;
	bn_wire_int(c->body, "max_results", &most);
	if (most < 0 || most > PAGE_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"max_results must be between 1 and %d.", PAGE_MOST);
	most = most ? most : PAGE;
	if ((rc = bn_webhook_list(&l, c->ws, 0, err)) < 0)
		goto out;
	bn_wire w = bn_api_answer(c);
	size_t first = (uint64_t)from < l.count ? (size_t)from : l.count;
	size_t end = l.count - first > (size_t)most ? first + (size_t)most : l.count;
	if (first < end)
		bn_wire_open(&w, "webhooks", '[');
	for (size_t i = first; i < end; i++)
		put_webhook(&w, NULL, c, &l.items[i]);
	if (first < end)
		bn_wire_close(&w, ']');
	if (end < l.count)
		bn_wire_put_token(&w, (int64_t)end);
	bn_wire_close(&w, '}');
out:
	bn_webhooks_release(&l);
	return rc;
}
const bn_api_about bn_api_webhooks_list = {
	list, list_fields, BN_API_MANAGER, BN_API_READS, NULL, NULL};

/* ---- test ----------------------------------------------------------------------------------- */

/* The data of an event that did not happen. */
static json_t *example(bn_webhook_event e)
{
	const char *entity = bn_webhook_entity(e);
	bool is_prompt = !strncmp(entity, "prompt", 6),
	     is_set = !strcmp(bn_webhook_action(e), "set");
	json_t *o = json_pack("{s:s}", "name", is_prompt ? "example_prompt" : "example_model");
	if (strstr(entity, "alias"))
		json_object_set_new(o, "alias", json_string("example_alias"));
	if ((strstr(entity, "version") && !strstr(entity, "alias")) ||
		e == BN_WEBHOOK_ALIAS_CREATED || e == BN_WEBHOOK_PROMPT_ALIAS_CREATED)
		json_object_set_new(o, "version", json_string("1"));
	if (strstr(entity, "_tag"))
		json_object_set_new(o, "key", json_string("example_key"));
	if (is_set)
		json_object_set_new(o, "value", json_string("example_value"));
	if (e == BN_WEBHOOK_PROMPT_VERSION_CREATED)
		json_object_set_new(o, "template", json_string("Hello {{name}}!"));
	if (e == BN_WEBHOOK_VERSION_CREATED) {
		json_object_set_new(o, "source", json_string("runs:/abcd1234abcd5678/model"));
		json_object_set_new(o, "run_id", json_string("abcd1234abcd5678"));
	}
	if (e == BN_WEBHOOK_MODEL_CREATED || e == BN_WEBHOOK_PROMPT_CREATED ||
		e == BN_WEBHOOK_VERSION_CREATED || e == BN_WEBHOOK_PROMPT_VERSION_CREATED) {
		json_object_set_new(o, "tags", json_pack("{s:s}", "example_key", "example_value"));
		json_object_set_new(o, "description", json_string("An example"));
	}
	return o;
}

static int choose_event(bn_webhook_event *out, bn_api_call *c, const bn_webhook *h)
{
	const json_t *event = json_object_get(c->body, "event");
	unsigned first = 0;
	if (json_is_object(event))
		return read_event(out, c, event);
	while (first + 1 < BN_WEBHOOK_EVENT_COUNT && !(h->events >> first & 1))
		first++;
	*out = (bn_webhook_event)first;
	return 0;
}

static int sends_never(bn_api_call *c, bn_err *err)
{
	(void)c;
	return bn_err_set(err, BN_EIO, "a test of a webhook is not run by a handler");
}
static const bn_api_about sends = {sends_never, NULL, BN_API_MANAGER, BN_API_SENDS, NULL, NULL};

static int test(bn_api_call *c, bn_err *err)
{
	bn_webhooks l = BN_WEBHOOKS_INIT;
	const bn_webhook *h = NULL;
	bn_webhook_event e;
	bn_api_delivery *d = NULL;
	json_t *data = NULL;
	char *body = NULL;
	int rc = 0;
	if ((rc = find(&h, &l, c, c->params[0], err)) < 0 || (rc = choose_event(&e, c, h)) < 0)
		goto out;
	if (!(data = example(e)) || !(body = bn_api_hook_body(c->api->env, e, data))) {
		rc = bn_err_nomem(err, "a webhook");
		goto out;
	}
	if ((rc = bn_api_delivery_new(&d, c->api->env, h, body, err)) < 0)
		goto out;
	c->told = d;
	c->then = &sends;
out:
	free(body);
	json_decref(data);
	bn_webhooks_release(&l);
	return rc;
}
const bn_api_about bn_api_webhooks_test = {
	test, test_fields, BN_API_MANAGER, BN_API_READS, NULL, NULL};
