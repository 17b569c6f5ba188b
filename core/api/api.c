/* api.c - see api.h: a server's state, its callbacks of the listener, and its life. */
#include "core/api/_api.h"

#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/registry/attempts.h"

#include <sqlite3.h>
#include <string.h>

#define DEFAULT_BODY ((size_t)32 << 20)
#define BODIES_AT_ONCE ((size_t)4)
#define MOST_THREADS 4

/* ---- callbacks of the listener ---------------------------------------------------------------- */

static bn_api_call **call_of(bn_exchange *x)
{
	return bn_exchange_state(x);
}

static bool on_head(void *user, bn_exchange *x)
{
	bn_api *a = user;
	bn_err err = BN_ERR_INIT;
	bn_http_sink sink = {0};
	bn_api_call *c =
		bn_api_admit(a, BN_API_NOBODY, bn_exchange_request(x), bn_exchange_response(x));
	*call_of(x) = c;
	if (!c)
		return false;
	c->exchange = x;
	if (!c->about->receive)
		return true;
	int rc = c->about->receive(c, &sink, &err);
	if (rc >= 0) {
		bn_exchange_set_sink(x, &sink);
		return true;
	}
	if (!c->fault.code)
		bn_api_refuse(c, bn_api_error_of(&err), "%s", err.msg);
	c->exchange = NULL; /* the listener sends the response */
	bn_api_complete(c);
	return false;
}

static int on_request(void *user, bn_exchange *x)
{
	bn_api *a = user;
	bn_api_call *c = *call_of(x);
	bn_api_place place = c->about->place;
	c->exchange = NULL; /* what is answered here is not finished elsewhere */
	if (!bn_api_read(c))
		return 0;
	if (place == BN_API_QUICK) {
		bn_api_run_handler(c);
		bn_api_complete(c);
		return 0;
	}
	bool reads = place == BN_API_READS || place == BN_API_BRIEF;
	if (reads ? bn_api_readers_try(a, c) : bn_api_writer_try(a, c))
		return 0;
	c->exchange = x;
	if (reads)
		bn_api_readers_add(a, c);
	else
		bn_api_writer_add(a, c);
	return BN_HTTP_LATER;
}

static void on_sent(void *user, bn_exchange *x, bool whole)
{
	(void)user;
	(void)whole;
	bn_api_call_free(*call_of(x));
	*call_of(x) = NULL;
}

static void on_refusal(void *user, bn_exchange *x, int status, const bn_err *err)
{
	bn_api_write_refusal(user, bn_exchange_request(x), status, err, bn_exchange_response(x));
}

/* ---- life ----------------------------------------------------------------------------------- */

static int copy_string(char **out, const char **option, bn_err *err)
{
	*out = *option ? bn_strdup(*option) : NULL;
	if (*option && !*out)
		return bn_err_nomem(err, "a server");
	*option = *out;
	return 0;
}

static int copy_options(bn_api *a, bn_err *err)
{
	int rc = 0;
	bn_api_options *o = &a->o;
	if (!o->host)
		o->host = "127.0.0.1";
	if (!o->max_body_bytes)
		o->max_body_bytes = DEFAULT_BODY;
	if (o->threads <= 0)
		o->threads = bn_process_cpus() < MOST_THREADS ? bn_process_cpus() : MOST_THREADS;
	if (o->readers <= 0)
		o->readers = bn_process_cpus() < MOST_THREADS ? bn_process_cpus() : MOST_THREADS;
	if (o->readers > BN_API_MOST_READERS)
		o->readers = BN_API_MOST_READERS;
	if ((rc = copy_string(&a->host, &o->host, err)) < 0 ||
		(rc = copy_string(&a->unix_path, &o->unix_path, err)) < 0 ||
		(rc = copy_string(&a->tls_cert, &o->tls_cert, err)) < 0 ||
		(rc = copy_string(&a->tls_key, &o->tls_key, err)) < 0 ||
		(rc = copy_string(&a->artifact_root, &o->artifact_root, err)) < 0 ||
		(rc = bn_api_clients_read(a, o->tokens, err)) < 0)
		return rc;
	o->tokens = NULL;
	if (!o->no_auth || o->no_tcp || bn_http_is_loopback_name(o->host))
		return 0;
	bn_err_set(err, BN_EINVAL, "%s is reachable over the network: a server there needs tokens",
		o->host);
	bn_err_hint(err, "only on a loopback address may everyone who can connect be answered");
	return BN_EINVAL;
}

static int open_handles(bn_api *a, bn_err *err)
{
	int rc = a->o.open(a->o.open_user, &a->ws, err);
	for (int i = 0; i < a->o.readers && rc >= 0; i++) {
		bn_api_reader *r = &a->readers[i];
		r->api = a;
		if ((rc = a->o.open(a->o.open_user, &r->ws, err)) >= 0)
			a->reader_count++;
	}
	if (rc < 0)
		return rc;
	sqlite3 *db = NULL;
	if ((rc = bn_workspace_objects(&a->objects, a->ws, err)) < 0 ||
		(rc = bn_workspace_read(&db, a->ws, err)) < 0)
		return rc;
	const char *file = sqlite3_db_filename(db, "main");
	a->is_shared = file && file[0];
	return 0;
}

int bn_api_new(bn_api **out, const bn_env *env, const bn_api_options *options, bn_err *err)
{
	int rc = 0;
	bn_api *a = bn_alloc_zeroed(1, sizeof *a);
	if (!a)
		return bn_err_nomem(err, "a server");
	bn_api_queue_init(&a->writes);
	bn_api_queue_init(&a->reads);
	pthread_mutex_init(&a->refreshing, NULL);
	pthread_mutex_init(&a->writing, NULL);
	for (size_t i = 0; i < BN_API_MOST_READERS; i++)
		pthread_mutex_init(&a->readers[i].lock, NULL);
	a->env = env;
	a->o = *options;
	if ((rc = copy_options(a, err)) < 0 || (rc = bn_api_parts_new(&a->parts, err)) < 0 ||
		(rc = bn_api_runs_new(&a->runs, err)) < 0 ||
		(rc = bn_api_history_new(&a->history, err)) < 0 ||
		(rc = open_handles(a, err)) < 0 || (rc = bn_api_hooks_new(&a->hooks, a, err)) < 0 ||
		(rc = bn_attempts_new(&a->attempts, err)) < 0)
		goto failed;
	a->started_ns = bn_env_now_ns(env);
	*out = a;
	return 0;
failed:
	bn_api_free(a);
	return rc;
}

int bn_api_start(bn_api *a, bn_err *err)
{
	int rc = 0;
	bn_listener_options o = {.host = a->o.no_tcp ? NULL : a->o.host,
		.port = a->o.port,
		.unix_path = a->o.unix_path,
		.tls_cert = a->o.tls_cert,
		.tls_key = a->o.tls_key,
		.threads = a->o.threads,
		.limits = {.body_bytes = a->o.max_body_bytes,
			.memory_bytes = BODIES_AT_ONCE * a->o.max_body_bytes,
			.connections = a->o.max_connections},
		.handler = {.head = on_head,
			.handle = on_request,
			.refuse = on_refusal,
			.sent = on_sent,
			.user = a}};
	if ((rc = bn_api_writer_start(a, err)) < 0 || (rc = bn_api_readers_start(a, err)) < 0 ||
		(rc = bn_listener_start(&a->http, a->env, &o, err)) < 0)
		return rc;
	a->port = bn_listener_port(a->http);
	return 0;
}

int bn_api_port(const bn_api *a)
{
	return a->port;
}

/* The threads answer what waits, so the listener can end; then nothing can be added. */
void bn_api_stop(bn_api *a, int grace_ms)
{
	int64_t until_ns = bn_env_monotonic_ns(a->env) + (int64_t)grace_ms * 1000000;
	if (a->hooks)
		bn_api_hooks_hurry(a->hooks);
	bn_listener_stop(a->http, grace_ms);
	a->http = NULL;
	bn_api_readers_stop(a);
	bn_api_writer_stop(a);
	if (a->hooks)
		bn_api_hooks_stop(a->hooks, until_ns);
}

void bn_api_free(bn_api *a)
{
	if (!a)
		return;
	bn_api_stop(a, 0);
	for (size_t i = 0; i < a->reader_count; i++)
		bn_workspace_close(a->readers[i].ws);
	bn_workspace_close(a->ws);
	bn_api_runs_free(a->runs);
	bn_api_history_free(a->history);
	bn_api_hooks_free(a->hooks);
	bn_attempts_free(a->attempts);
	bn_api_clients_release(a);
	bn_api_queue_release(&a->writes);
	bn_api_queue_release(&a->reads);
	pthread_mutex_destroy(&a->refreshing);
	bn_api_parts_free(a->parts);
	pthread_mutex_destroy(&a->writing);
	for (size_t i = 0; i < BN_API_MOST_READERS; i++)
		pthread_mutex_destroy(&a->readers[i].lock);
	bn_free(a->host);
	bn_free(a->unix_path);
	bn_free(a->tls_cert);
	bn_free(a->tls_key);
	bn_free(a->artifact_root);
	bn_free(a);
}

/* ---- without sockets ------------------------------------------------------------------------ */

void bn_api_handle(
	bn_api *a, bn_api_role role, const bn_http_request *request, bn_http_response *out)
{
	bn_err err = BN_ERR_INIT;
	bn_http_sink sink = {0};
	bn_api_call *c = bn_api_admit(a, role, request, out);
	if (!c)
		return;
	if (!c->about->receive && request->body_len > a->o.max_body_bytes) {
		bn_err_set(
			&err, BN_EINVAL, "the body is larger than %zu bytes", a->o.max_body_bytes);
		bn_api_write_refusal(a, request, 413, &err, out);
	} else if (c->about->receive) {
		int rc = c->about->receive(c, &sink, &err);
		if (rc >= 0 && request->body_len)
			rc = sink.write(sink.user, request->body, request->body_len, &err);
		if (sink.close)
			sink.close(sink.user, rc >= 0);
		if (rc < 0 && !c->fault.code)
			bn_api_refuse(c, bn_api_error_of(&err), "%s", err.msg);
	}
	if (!out->status && bn_api_read(c)) {
		if (c->about->place == BN_API_QUICK) {
			bn_api_run_handler(c);
			bn_api_complete(c);
		} else if (c->about->place == BN_API_READS || c->about->place == BN_API_BRIEF) {
			a->readers[0].seen_ns = 0; /* a test may have changed the log */
			if (bn_api_reader_run(&a->readers[0], c))
				;
			else if (c->about->place == BN_API_SENDS)
				bn_api_hooks_run(a->hooks, c);
			else
				bn_api_writer_run(a, c);
		} else {
			bn_api_writer_run(a, c);
		}
	}
	bn_api_call_free(c);
}
