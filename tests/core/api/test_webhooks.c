/* Webhooks: what is sent, to whom, how often, and what is never sent. The receiver follows a script. */
#include "core/api/hooks.h"
#include "core/base/fs.h"
#include "core/base/hmac.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/support/api_world.h"
#include "tests/support/check_main.h"
#include "tests/support/raw_server.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ANSWER(status) "HTTP/1.1 " status "\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
/* Each body has at least 100 bytes, and comes at once. */
static const raw_step good[] = {{RAW_HEAD, NULL, 0}, {RAW_READ, NULL, 100},
	{RAW_SEND, ANSWER("200 OK"), 0}, {RAW_DRAIN, NULL, 0}, {0}};
static const raw_step busy[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, ANSWER("503 Service Unavailable"), 0}, {RAW_DRAIN, NULL, 0}, {0}};
static const raw_step moved[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND,
		"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n"
		"Connection: close\r\n\r\n",
		0},
	{RAW_DRAIN, NULL, 0}, {0}};

static api_world w;
static raw_server *receiver;
static char hook[64], text[4096];

static void serve(const raw_step *const *scripts, size_t n)
{
	const raw_server_options o = {.scripts = scripts, .count = n};
	receiver = raw_server_start(&o);
}

static void done(void)
{
	raw_server_free(receiver);
	receiver = NULL;
	api_remove(&w);
}

/* events: JSON. The webhook's id is in `hook`. */
static void create(const char *url, const char *events, const char *rest)
{
	snprintf(text, sizeof text, "{\"name\": \"h\", \"url\": \"%s\", \"events\": [%s]%s}", url,
		events, rest);
	ck_assert_msg(api_ask(&w, "POST", "webhooks", text) == 200, "%s", w.text);
	snprintf(hook, sizeof hook, "%s", api_text(&w, "webhook.webhook_id"));
}

#define EVENT(entity, action) "{\"entity\": \"" entity "\", \"action\": \"" action "\"}"
#define CREATED EVENT("REGISTERED_MODEL", "CREATED")

static void make_model(const char *name)
{
	snprintf(text, sizeof text, "{\"name\": \"%s\"}", name);
	ck_assert_msg(api_ask(&w, "POST", "registered-models/create", text) == 200, "%s", w.text);
}

static long counted(const char *line)
{
	bn_buf b = BN_BUF_INIT;
	bn_api_hooks_write_metrics(w.api->hooks, &b);
	const char *at = strstr(b.ptr, line);
	ck_assert_ptr_nonnull(at);
	long n = strtol(at + strlen(line), NULL, 10);
	bn_buf_release(&b);
	return n;
}
#define SENT "webhooks_total{result=\"sent\"} "
#define FAILED "webhooks_total{result=\"failed\"} "
#define DROPPED "webhooks_total{result=\"dropped\"} "
#define RETRIED "\nbinnacle_server_webhook_retries_total "
#define WAITING "\nbinnacle_server_webhooks_waiting "

static void wait_for(const char *line, long n)
{
	for (int i = 0; i < 1000 && counted(line) < n; i++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	ck_assert_int_eq(counted(line), n);
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static const char *header(const char *sent, const char *name, char *out, size_t size)
{
	const char *at = strstr(sent, name);
	ck_assert_msg(at != NULL, "%s: %s", name, sent);
	at += strlen(name) + 2;
	snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
	return out;
}

START_TEST(test_delivery_is_signed_as_receivers_check_it)
{
	static const raw_step *const scripts[] = {good};
	char id[64], at[64], signature[128], signed_text[2048];
	uint8_t mac[32];
	bn_buf expected = BN_BUF_INIT;
	api_make(&w, NULL);
	serve(scripts, 1);
	snprintf(text, sizeof text, "%s/in?k=v", raw_server_url(receiver));
	char *url = bn_strdup(text);
	create(url, CREATED, ", \"secret\": \"s3cret\"");
	bn_free(url);
	ck_assert_int_eq(api_ask(&w, "POST", "registered-models/create",
				 "{\"name\": \"p\\u00e4\", \"tags\": [{\"key\": \"a\", \"value\": "
				 "\"b\"}]}"),
		200);
	wait_for(SENT, 1);
	const char *sent = raw_server_received(receiver);
	ck_assert_msg(strstr(sent, "POST /in?k=v HTTP/1.1\r\n") == sent, "%s", sent);
	const char *body = strstr(sent, "\r\n\r\n") + 4;
	header(sent, BN_HOOK_ID, id, sizeof id);
	header(sent, BN_HOOK_TIME, at, sizeof at);
	header(sent, BN_HOOK_SIGNATURE, signature, sizeof signature);
	snprintf(signed_text, sizeof signed_text, "%s.%s.%s", id, at, body);
	bn_hmac_sha256("s3cret", 6, signed_text, strlen(signed_text), mac);
	bn_buf_adds(&expected, "v1,");
	bn_base64_add(&expected, mac, sizeof mac);
	ck_assert_str_eq(signature, expected.ptr);
	bn_buf_release(&expected);
	json_t *o = json_loads(body, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(o, "entity")), "registered_model");
	ck_assert_str_eq(json_string_value(json_object_get(o, "action")), "created");
	json_t *data = json_object_get(o, "data");
	ck_assert_str_eq(json_string_value(json_object_get(data, "name")), "p\xc3\xa4");
	ck_assert_str_eq(json_string_value(json_object_get(data, "description")), "");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(data, "tags"), "a")), "b");
	json_decref(o);
	done();
}
END_TEST

#define ALL_EVENTS \
	CREATED "," EVENT("MODEL_VERSION", "CREATED") "," EVENT("MODEL_VERSION_TAG", \
		"SET") "," EVENT("MODEL_VERSION_TAG", "DELETED") "," EVENT("MODEL_VERSION_ALIAS", \
		"CREATED") "," EVENT("MODEL_VERSION_ALIAS", "DELETED") "," EVENT("PROMPT", \
		"CREATED") "," EVENT("PROMPT_VERSION", "CREATED") "," EVENT("PROMPT_TAG", \
		"SET") "," EVENT("PROMPT_TAG", "DELETED") "," EVENT("PROMPT_VERSION_TAG", \
		"SET") "," EVENT("PROMPT_VERSION_TAG", "DELETED") "," EVENT("PROMPT_ALIAS", \
		"CREATED") "," EVENT("PROMPT_ALIAS", "DELETED")

/* Requests, and what each makes be sent; NULL: nothing. */
static const struct {
	const char *method, *path, *body, *sent;
} changes[] = {
	{"POST", "registered-models/create", "{'name': 'm'}",
		"'entity': 'registered_model', 'action': 'created'"},
	{"POST", "registered-models/set-tag", "{'name': 'm', 'key': 'k', 'value': 'v'}", NULL},
	{"POST", "model-versions/create", "{'name': 'm', 'source': 's3://b/x', 'run_link': 'l'}",
		"'data': {'name': 'm', 'version': '1', 'source': 's3://b/x', 'run_id': null, "
		"'tags': {}, 'description': null}"},
	{"POST", "model-versions/set-tag",
		"{'name': 'm', 'version': '1', 'key': 'k', 'value': 'v'}",
		"'data': {'name': 'm', 'version': '1', 'key': 'k', 'value': 'v'}"},
	{"DELETE", "model-versions/delete-tag", "{'name': 'm', 'version': '1', 'key': 'k'}",
		"'data': {'name': 'm', 'version': '1', 'key': 'k'}"},
	{"POST", "registered-models/alias", "{'name': 'm', 'alias': 'a', 'version': '1'}",
		"'data': {'name': 'm', 'alias': 'a', 'version': '1'}"},
	{"DELETE", "registered-models/alias", "{'name': 'm', 'alias': 'a'}",
		"'data': {'name': 'm', 'alias': 'a'}"},
	{"DELETE", "registered-models/alias", "{'name': 'm', 'alias': 'a'}", NULL},
	{"POST", "registered-models/create",
		"{'name': 'q', 'tags': [{'key': 'mlflow.prompt.is_prompt', 'value': 'true'}, "
		"{'key': 'own', 'value': '1'}]}",
		"'entity': 'prompt', 'action': 'created'"},
	{"POST", "model-versions/create",
		"{'name': 'q', 'source': 'prompt-template', 'tags': [{'key': "
		"'mlflow.prompt.is_prompt', 'value': 'true'}, {'key': 'mlflow.prompt.text', "
		"'value': 'Hi {{x}}'}, {'key': '_mlflow_prompt_type', 'value': 'text'}, {'key': "
		"'own', 'value': '1'}]}",
		"'data': {'name': 'q', 'version': '1', 'template': 'Hi {{x}}', 'tags': {'own': "
		"'1'}, 'description': null}"},
	{"POST", "registered-models/set-tag", "{'name': 'q', 'key': 'k', 'value': 'v'}",
		"'data': {'name': 'q', 'key': 'k', 'value': 'v'}"},
	{"DELETE", "registered-models/delete-tag", "{'name': 'q', 'key': 'k'}",
		"'data': {'name': 'q', 'key': 'k'}"},
	{"POST", "model-versions/set-tag",
		"{'name': 'q', 'version': '1', 'key': 'k', 'value': 'v'}",
		"'entity': 'prompt_version_tag', 'action': 'set'"},
	{"DELETE", "model-versions/delete-tag", "{'name': 'q', 'version': '1', 'key': 'k'}",
		"'entity': 'prompt_version_tag', 'action': 'deleted'"},
	{"POST", "registered-models/alias", "{'name': 'q', 'alias': 'a', 'version': '1'}",
		"'entity': 'prompt_alias', 'action': 'created'"},
	{"DELETE", "registered-models/alias", "{'name': 'q', 'alias': 'a'}",
		"'entity': 'prompt_alias', 'action': 'deleted'"},
};

static char *quoted(const char *with_apostrophes)
{
	char *s = bn_strdup(with_apostrophes);
	for (char *p = s; *p; p++)
		if (*p == '\'')
			*p = '"';
	return s;
}

START_TEST(test_every_event_has_the_data_of_mlflow_and_comes_in_order)
{
	static const raw_step *const scripts[] = {good};
	long n = 0;
	api_make(&w, NULL);
	serve(scripts, 1);
	create(raw_server_url(receiver), ALL_EVENTS, "");
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char *body = quoted(changes[i].body);
		ck_assert_msg(api_ask(&w, changes[i].method, changes[i].path, body) == 200,
			"%s: %s", body, w.text);
		bn_free(body);
		n += changes[i].sent != NULL;
	}
	wait_for(SENT, n);
	wait_for(WAITING, 0);
	const char *at = raw_server_received(receiver);
	ck_assert_ptr_null(strstr(at, BN_HOOK_SIGNATURE)); /* it has no secret */
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		if (!changes[i].sent)
			continue;
		char *expected = quoted(changes[i].sent);
		const char *found = strstr(at, expected);
		ck_assert_msg(found != NULL, "%.500s in %.2000s", expected, at);
		at = found + 1;
		bn_free(expected);
	}
	done();
}
END_TEST

START_TEST(test_refused_changes_and_disabled_webhooks_send_nothing)
{
	static const raw_step *const scripts[] = {good};
	api_make(&w, NULL);
	serve(scripts, 1);
	create(raw_server_url(receiver), CREATED, ", \"status\": \"DISABLED\"");
	make_model("a");
	snprintf(text, sizeof text, "webhooks/%s", hook);
	char *path = bn_strdup(text);
	api_ask(&w, "PATCH", path, "{\"status\": \"ACTIVE\"}");
	ck_assert_str_eq(api_text(&w, "webhook.status"), "ACTIVE");
	api_ask(&w, "POST", "registered-models/create", "{\"name\": \"a\"}");
	ck_assert_int_eq(w.status, 400);
	api_ask(&w, "POST", "registered-models/create", "{\"name\": \"a/b\"}");
	ck_assert_int_eq(w.status, 400);
	make_model("b");
	wait_for(SENT, 1);
	ck_assert_int_eq(api_ask(&w, "DELETE", path, "{}"), 200);
	make_model("c");
	wait_for(WAITING, 0);
	ck_assert_int_eq(raw_server_connections(receiver), 1);
	bn_free(path);
	done();
}
END_TEST

/* ---- receivers that do not work ---------------------------------------------------------------- */

START_TEST(test_busy_receiver_is_tried_again_with_the_same_id)
{
	static const raw_step *const scripts[] = {busy, good};
	char first[64], second[64];
	api_make(&w, NULL);
	serve(scripts, 2);
	create(raw_server_url(receiver), CREATED, "");
	make_model("a");
	wait_for(SENT, 1);
	ck_assert_int_eq(counted(RETRIED), 1);
	const char *sent = raw_server_received(receiver);
	header(sent, BN_HOOK_ID, first, sizeof first);
	header(strstr(sent + 1, "POST "), BN_HOOK_ID, second, sizeof second);
	ck_assert_str_eq(first, second);
	done();
}
END_TEST

START_TEST(test_redirect_is_a_failure_and_not_followed)
{
	static const raw_step *const scripts[] = {moved, good};
	api_make(&w, NULL);
	serve(scripts, 2);
	create(raw_server_url(receiver), CREATED, "");
	make_model("a");
	wait_for(FAILED, 1);
	ck_assert_int_eq(raw_server_connections(receiver), 1);
	ck_assert_ptr_null(strstr(raw_server_received(receiver), "elsewhere"));
	done();
}
END_TEST

/* A change that many webhooks ask for is in memory once. */
START_TEST(test_deliveries_of_one_change_share_its_body)
{
	bn_webhook about = {.is_signed = false};
	bn_api_delivery *a = NULL, *b = NULL, *c = NULL;
	bn_err err = BN_ERR_INIT;
	api_make(&w, NULL);
	snprintf(about.id, sizeof about.id, "00000000-0000-4000-8000-000000000001");
	ck_assert_bn_ok(bn_api_delivery_new(&a, &w.env.env, &about, "{\"x\": 1}", &err), &err);
	ck_assert_bn_ok(bn_api_delivery_like(&b, &w.env.env, &about, a, &err), &err);
	ck_assert_bn_ok(bn_api_delivery_like(&c, &w.env.env, &about, b, &err), &err);
	ck_assert_ptr_eq(a->body, c->body);
	ck_assert_str_ne(a->id, c->id);
	bn_api_deliveries_free(a);
	bn_api_deliveries_free(c);
	ck_assert_str_eq(b->body, "{\"x\": 1}");
	ck_assert_uint_eq(b->n, 8);
	bn_api_deliveries_free(b);
	api_remove(&w);
}
END_TEST

static int64_t now_ms(void)
{
	return bn_env_monotonic_ns(bn_env_real()) / 1000000;
}

/* Nobody answers; what waits for it is bounded, its neighbours get theirs, and no request waits. */
START_TEST(test_silent_receiver_holds_up_nobody_else)
{
	static const raw_step *const scripts[] = {good};
	bn_webhook about = {.is_signed = false};
	bn_api_call c = {.told = NULL};
	bn_err err = BN_ERR_INIT;
	api_make(&w, NULL);
	raw_server *silent = raw_server_start(&(raw_server_options){.backlog_only = 1});
	serve(scripts, 1);
	create(raw_server_url(silent), CREATED, "");
	memcpy(about.id, hook, BN_UUID_TEXT);
	create(raw_server_url(receiver), CREATED, "");
	int64_t began = now_ms();
	make_model("a");
	make_model("b");
	wait_for(SENT, 2);
	ck_assert_int_lt(now_ms() - began, 9000);
	for (int i = 0; i < 300; i++) {
		bn_api_delivery *d = NULL;
		ck_assert_bn_ok(bn_api_delivery_new(&d, &w.env.env, &about, "{}", &err), &err);
		d->next = c.told;
		c.told = d;
	}
	bn_api_hooks_post(w.api->hooks, &c);
	ck_assert_int_eq(counted(WAITING), 256);
	ck_assert_int_eq(counted(DROPPED), 300 + 2 - 256);
	began = now_ms();
	bn_api_stop(w.api, 100);
	ck_assert_int_lt(now_ms() - began, 3000);
	ck_assert_uint_eq(bn_api_hooks_lost(w.api->hooks), 256);
	raw_server_free(silent);
	done();
}
END_TEST

/* ---- where to, and who may ---------------------------------------------------------------------- */

static const struct {
	const char *url;
	unsigned allow; /* 1: http, 2: private */
	bool ok;
} urls[] = {{"https://example.org/x", 0, true}, {"https://example.org:8443", 0, true},
	{"http://example.org/x", 0, false}, {"http://example.org/x", 1, true},
	{"http://localhost:9/x", 0, true}, {"http://127.0.0.1/", 0, true},
	{"https://[::1]:1/", 0, true}, {"https://10.1.2.3/", 0, false},
	{"https://10.1.2.3/", 2, true}, {"http://192.168.1.1/", 2, false},
	{"http://192.168.1.1/", 3, true}, {"https://[fd00::1]/", 0, false},
	{"https://[::ffff:10.0.0.1]/", 0, false}, {"https://[64:ff9b::a00:1]/", 0, false},
	{"https://[2002:a00:1::]/", 0, false}, {"https://169.254.169.254/latest", 3, false},
	{"https://[fe80::1]/", 3, false}, {"https://0.0.0.0/", 3, false},
	{"https://[::]/", 3, false}, {"https://224.0.0.1/", 3, false},
	{"https://0x0a000001/", 0, false}, {"https://ann:pw@example.org/", 0, false},
	{"file:///etc/passwd", 3, false}, {"gopher://example.org/", 3, false}, {"x", 3, false},
	{"https://", 0, false}};

START_TEST(test_where_webhooks_may_go)
{
	api_make(&w, NULL);
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		w.api->o.webhook_http = urls[i].allow & 1;
		w.api->o.webhook_private = urls[i].allow & 2;
		snprintf(text, sizeof text,
			"{\"name\": \"h\", \"url\": \"%s\", \"events\": [" CREATED "]}",
			urls[i].url);
		int status = api_ask(&w, "POST", "webhooks", text);
		ck_assert_msg(status == (urls[i].ok ? 200 : 400), "%s: %d %s", urls[i].url, status,
			w.text);
	}
	api_remove(&w);
}
END_TEST

START_TEST(test_only_managers_see_webhooks)
{
	static const struct {
		const char *method, *path;
	} routes[] = {{"GET", "webhooks"}, {"POST", "webhooks"}, {"GET", "webhooks/x"},
		{"PATCH", "webhooks/x"}, {"DELETE", "webhooks/x"}, {"POST", "webhooks/x/test"}};
	api_make(&w, NULL);
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		ck_assert_int_eq(
			api_ask_as(&w, BN_API_WRITER, routes[i].method, routes[i].path, "{}"), 403);
		api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	}
	api_remove(&w);
}
END_TEST

/* ---- address and secret --------------------------------------------------------------------------- */

/* Fails if a file below the directory has the text. */
static void must_lack(const char *dir, const char *secret)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d))) {
		char path[1200];
		struct stat st;
		bn_buf b = BN_BUF_INIT;
		if (e->d_name[0] == '.' && (!e->d_name[1] || e->d_name[1] == '.'))
			continue;
		snprintf(path, sizeof path, "%.700s/%.300s", dir, e->d_name);
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			must_lack(path, secret);
			continue;
		}
		if (bn_fs_read_file(bn_env_real(), path, &b, NULL) >= 0)
			ck_assert_msg(!b.len || !memmem(b.ptr, b.len, secret, strlen(secret)),
				"%s has %s", path, secret);
		bn_buf_release(&b);
	}
	closedir(d);
}

static char *target_path(void)
{
	char *state = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_env_state_dir(&state, &w.env.env, &err), &err);
	char *path = bn_strf("%s/webhooks/%s/%s", state, bn_workspace_id(w.api->ws), hook);
	bn_free(state);
	return path;
}

static void test_says(const char *part)
{
	snprintf(text, sizeof text, "webhooks/%.40s/test", hook);
	char *path = bn_strdup(text);
	ck_assert_msg(api_ask(&w, "POST", path, "{}") == 200, "%s", w.text);
	ck_assert(!json_is_true(api_at(&w, "result.success")));
	ck_assert_msg(strstr(api_text(&w, "result.error_message"), part) != NULL, "%s", w.text);
	bn_free(path);
}

START_TEST(test_address_and_secret_are_in_a_private_file_alone)
{
	static const raw_step *const scripts[] = {good};
	struct stat st;
	api_make(&w, NULL);
	serve(scripts, 1);
	snprintf(text, sizeof text, "%s/services/T0KEN", raw_server_url(receiver));
	char *url = bn_strdup(text);
	create(url, CREATED, ", \"secret\": \"open sesame\"");
	ck_assert_str_eq(api_text(&w, "webhook.url"), url);
	ck_assert_ptr_null(strstr(w.text, "sesame"));
	snprintf(text, sizeof text, "%s/.binnacle", w.dir.path);
	char *root = bn_strdup(text);
	must_lack(root, "T0KEN");
	must_lack(root, "sesame");
	char *path = target_path();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	/* Others may read it: nothing is sent. */
	chmod(path, 0644);
	test_says("others may use");
	/* It is not here, as on a host with another home: nothing is sent unsigned, and the origin is shown. */
	remove(path);
	test_says("update its url and secret here");
	snprintf(text, sizeof text, "webhooks/%s", hook);
	char *route = bn_strdup(text);
	api_ask(&w, "GET", route, NULL);
	ck_assert_str_eq(api_text(&w, "webhook.url"), raw_server_url(receiver));
	snprintf(text, sizeof text, "{\"url\": \"%s\"}", url);
	ck_assert_int_eq(api_ask(&w, "PATCH", route, text), 400);
	ck_assert_int_eq(raw_server_connections(receiver), 0);
	snprintf(text, sizeof text, "{\"url\": \"%s\", \"secret\": \"new\"}", url);
	ck_assert_int_eq(api_ask(&w, "PATCH", route, text), 200);
	snprintf(text, sizeof text, "webhooks/%s/test", hook);
	api_ask(&w, "POST", text, "{}");
	ck_assert(json_is_true(api_at(&w, "result.success")));
	ck_assert_int_eq(api_int(&w, "result.response_status"), 200);
	ck_assert_int_eq(api_ask(&w, "DELETE", route, NULL), 200);
	ck_assert_int_ne(stat(path, &st), 0);
	bn_free(route);
	bn_free(path);
	bn_free(root);
	bn_free(url);
	done();
}
END_TEST

/* A record of the log says where it would go, but no server goes there. */
START_TEST(test_record_alone_makes_nothing_be_sent)
{
	static const raw_step *const scripts[] = {good};
	bn_workspace *ws = NULL;
	bn_err err = BN_ERR_INIT;
	api_make(&w, NULL);
	serve(scripts, 1);
	ck_assert_bn_ok(api_open(&w, &ws, &err), &err);
	const bn_webhook_change c = {"h", NULL, raw_server_url(receiver), 1, 1, 0};
	snprintf(hook, sizeof hook, "00000000-0000-4000-8000-000000000001");
	ck_assert_bn_ok(bn_webhook_write_created(ws, hook, &c, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_workspace_close(ws);
	make_model("a");
	wait_for(FAILED, 1);
	ck_assert_int_eq(raw_server_connections(receiver), 0);
	done();
}
END_TEST

BN_TEST_MAIN("core/api/webhooks", test_delivery_is_signed_as_receivers_check_it,
	test_every_event_has_the_data_of_mlflow_and_comes_in_order,
	test_refused_changes_and_disabled_webhooks_send_nothing,
	test_busy_receiver_is_tried_again_with_the_same_id,
	test_redirect_is_a_failure_and_not_followed, test_silent_receiver_holds_up_nobody_else,
	test_deliveries_of_one_change_share_its_body, test_where_webhooks_may_go, test_only_managers_see_webhooks,
	test_address_and_secret_are_in_a_private_file_alone,
	test_record_alone_makes_nothing_be_sent)
