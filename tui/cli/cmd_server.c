/*
 * cmd_server.c - binnacle server: MLflow's REST protocol on the workspace, until SIGTERM or Ctrl-C.
 *
 * The server answers from its own threads (core/api/api.h), each with its own handle of the workspace. This thread
 * waits for the end, and records the endpoint's state in the log.
 */
#include "core/api/api.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"
#include "core/govern/rights.h"
#include "core/net/message.h"
#include "core/pipeline/fold_classes.h"
#include "core/serve/endpoint.h"
#include "tui/cli/verbs.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_PORT 5000 /* MLflow's */
#define LOOP_MS 100
#define SEEN_MS 20000
#define LOOK_MS 5000 /* interval of comparing the workspace with what this user knows of it */

typedef struct serving {
	bn_cli *cli;
	bn_workspace *ws;
	bn_api *api;
	bn_api_options o;
	char *tokens;        /* lines for the server */
	char made[49];       /* the token that was made for this start; "" for none */
	char *unix_path;     /* absolute, or NULL */
	char *artifact_root; /* absolute, or NULL */
	int64_t grace_ns;
	char id[BN_ENDPOINT_ID_TEXT];
	bool is_noted; /* endpoint.started is in the log */
} serving;

/* ---- setting up ----------------------------------------------------------------------------- */

static int read_places(serving *s, bn_err *err)
{
	int rc = 0;
	int64_t port = DEFAULT_PORT;
	bn_cli *cli = s->cli;
	const char *path = bn_cli_opt(cli, "unix"), *host = bn_cli_opt(cli, "host");
	const char *root = bn_cli_opt(cli, "artifact-root");
	s->o.host = host ? host : "127.0.0.1";
	s->o.no_tcp = path && !host && !bn_cli_opt(cli, "port");
	s->o.tls_cert = bn_cli_opt(cli, "tls-cert");
	s->o.tls_key = bn_cli_opt(cli, "tls-key");
	if ((rc = bn_cli_opt_int(cli, "port", 0, 65535, &port, err)) < 0)
		return rc;
	s->o.port = (int)port;
	if (!s->o.tls_cert != !s->o.tls_key)
		return bn_err_set(err, BN_EINVAL, "--tls-cert and --tls-key go together");
	if (s->o.tls_cert && s->o.no_tcp) {
		bn_err_set(err, BN_EINVAL, "a Unix socket needs no TLS");
		bn_err_hint(err, "give --port as well, to listen there with TLS");
		return BN_EINVAL;
	}
	if (path && !*path) {
		bn_err_set(err, BN_EINVAL, "--unix needs the path of the socket");
		bn_err_hint(err, "such as --unix ~/.binnacle.sock; the path must not exist yet");
		return BN_EINVAL;
	}
	if ((path && (rc = bn_path_absolute(&s->unix_path, path, err)) < 0) ||
		(root && (rc = bn_path_absolute(&s->artifact_root, root, err)) < 0))
		return rc;
	s->o.unix_path = s->unix_path;
	s->o.artifact_root = s->artifact_root;
	return 0;
}

static int read_limits(serving *s, bn_err *err)
{
	int rc = 0;
	bn_cli *cli = s->cli;
	int64_t threads = 0, readers = 0, body = 0, rate = 0, connections = 0;
	s->grace_ns = (int64_t)10 * 1000000000;
	if ((rc = bn_cli_opt_int(cli, "threads", 1, 64, &threads, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "readers", 1, 16, &readers, err)) < 0 ||
		(rc = bn_cli_opt_bytes(cli, "max-body", &body, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "max-rate", 1, 1000000, &rate, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "max-connections", 1, 1000000, &connections, err)) < 0 ||
		(rc = bn_cli_opt_duration(cli, "grace", &s->grace_ns, err)) < 0)
		return rc;
	if (bn_cli_opt(cli, "max-body") && body <= 0)
		return bn_err_set(err, BN_EINVAL, "--max-body: must be at least one byte");
	s->o.threads = (int)threads;
	s->o.readers = (int)readers;
	s->o.max_body_bytes = (size_t)body;
	s->o.max_rate = (unsigned)rate;
	s->o.max_connections = (unsigned)connections;
	return 0;
}

/* --webhook-allow http,private */
static int read_webhooks(serving *s, bn_err *err)
{
	const char *at = bn_cli_opt(s->cli, "webhook-allow");
	while (at && *at) {
		size_t n = strcspn(at, ",");
		if (bn_str_is("http", at, n))
			s->o.webhook_http = true;
		else if (bn_str_is("private", at, n))
			s->o.webhook_private = true;
		else
			return bn_err_set(err, BN_EINVAL,
				"--webhook-allow: '%.*s' is neither http nor private",
				(int)(n < 60 ? n : 60), at);
		at += n + (at[n] == ',');
	}
	return 0;
}

/* Without --tokens: one token, made for this start, whose owner may do everything. */
static int make_token(serving *s, bn_err *err)
{
	uint8_t bytes[24];
	char user[128];
	const bn_env *env = bn_cli_env(s->cli);
	int rc = bn_env_random(env, bytes, sizeof bytes, err);
	if (rc < 0)
		return rc;
	bn_hex(bytes, sizeof bytes, s->made);
	env->user_name(env, env->uid(env), user, sizeof user);
	s->tokens = bn_strf("%s manager %s", user, s->made);
	return s->tokens ? 0 : bn_err_nomem(err, "a token");
}

static int choose_tokens(serving *s, bn_err *err)
{
	const char *path = bn_cli_opt(s->cli, "tokens");
	int rc = 0;
	s->o.no_auth = bn_cli_flag(s->cli, "no-auth");
	if (path && s->o.no_auth)
		return bn_err_set(err, BN_EINVAL, "--tokens and --no-auth exclude each other");
	if (path)
		rc = bn_secret_file_read(&s->tokens, bn_cli_env(s->cli), path, "--tokens", err);
	else if (!s->o.no_auth && !s->o.no_tcp)
		rc = make_token(s, err);
	s->o.tokens = s->tokens;
	return rc;
}

static int open_workspace(void *user, bn_workspace **out, bn_err *err)
{
	serving *s = user;
	int rc = bn_workspace_open(
		out, bn_cli_env(s->cli), bn_fold_classes, bn_workspace_dir(s->ws), err);
	if (rc >= 0)
		bn_rights_seal(*out);
	return rc;
}

static int set_up(serving *s, bn_err *err)
{
	int rc = 0;
	if ((rc = read_places(s, err)) < 0 || (rc = read_limits(s, err)) < 0 ||
		(rc = read_webhooks(s, err)) < 0 || (rc = choose_tokens(s, err)) < 0 ||
		(rc = bn_cli_workspace(s->cli, &s->ws, err)) < 0)
		return rc;
	s->o.open = open_workspace;
	s->o.open_user = s;
	if ((rc = bn_api_new(&s->api, bn_cli_env(s->cli), &s->o, err)) < 0)
		return rc;
	return bn_api_start(s->api, err);
}

/* ---- telling -------------------------------------------------------------------------------- */

/* What a user must know to send requests. */
static void tell_how_to_ask(const serving *s, const char *url)
{
	char user[128];
	const bn_env *env = bn_cli_env(s->cli);
	int port = bn_api_port(s->api);
	env->user_name(env, env->uid(env), user, sizeof user);
	if (s->unix_path)
		bn_cli_say(s->cli,
			"%s only answers you, without a token: curl --unix-socket %s "
			"http://localhost/health",
			s->unix_path, s->unix_path);
	if (s->o.no_tcp)
		return;
	bn_cli_say(s->cli, "export MLFLOW_TRACKING_URI=%s", url);
	if (s->made[0])
		bn_cli_say(s->cli, "export MLFLOW_TRACKING_TOKEN=%s   (shown once)", s->made);
	else if (s->o.no_auth)
		bn_cli_warn(s->cli,
			"no token: everyone who can reach %s port %d may change everything",
			s->o.host, port);
	if (!s->o.tls_cert && !bn_http_is_loopback_name(s->o.host))
		bn_cli_warn(s->cli,
			"%s is reachable over the network without TLS: tokens and data can be "
			"intercepted (use --tls-cert and --tls-key, or omit --host and use ssh)",
			s->o.host);
	bn_cli_say(s->cli, "from your own machine: ssh -N -L %d:%s:%d %s@%s", port,
		bn_endpoint_host(env, s->o.host), port, user, env->host(env));
}

/* ---- the endpoint in the log: `endpoint ls`, and the workbench's list of servers -------------- */

static bn_endpoint_about about_endpoint(const serving *s)
{
	static const char *const names[] = {"tracking"};
	return (bn_endpoint_about){.models = names,
		.model_count = 1,
		.host = s->o.host,
		.port = bn_api_port(s->api),
		.is_tls = s->o.tls_cert != NULL,
		.unix_path = s->unix_path};
}

static bn_endpoint_counters counters(const serving *s)
{
	bn_api_stats stats;
	bn_api_get_stats(s->api, &stats);
	return (bn_endpoint_counters){.requests = stats.requests,
		.errors = stats.errors,
		.p50_ms = stats.p50_ms,
		.p95_ms = stats.p95_ms,
		.p99_ms = stats.p99_ms};
}

/* Commits what was appended. A failure is a warning: clients are answered all the same. */
static bool note(serving *s, int appended, bn_err *why)
{
	int rc = bn_workspace_commit(s->ws, appended < 0 ? NULL : why);
	if (appended >= 0 && rc >= 0)
		return true;
	bn_cli_warn(s->cli, "this server cannot be listed: %s", why->msg);
	return false;
}

static void note_started(serving *s)
{
	bn_err why = BN_ERR_INIT;
	bn_endpoint_about about = about_endpoint(s);
	int rc = bn_endpoint_id_new(s->id, bn_cli_env(s->cli), &why);
	if (rc >= 0)
		rc = bn_endpoint_write_started(s->ws, s->id, &about, &why);
	s->is_noted = note(s, rc, &why);
}

static void note_seen(serving *s, bool stopped)
{
	bn_err why = BN_ERR_INIT;
	bn_endpoint_counters c = counters(s);
	if (!s->is_noted)
		return;
	note(s,
		stopped ? bn_endpoint_write_stopped(s->ws, s->id, &c, &why)
			: bn_endpoint_write_seen(s->ws, s->id, &c, &why),
		&why);
}

static int announce(serving *s, bn_err *err)
{
	static const bn_col fields[] = {
		{"url", "Tracking URI", BN_AS_TEXT}, {"workspace", "Workspace", BN_AS_TEXT}, {0}};
	bn_endpoint_about about = about_endpoint(s);
	char *url = bn_endpoint_url(bn_cli_env(s->cli), &about);
	if (!url)
		return bn_err_nomem(err, "a URL");
	tell_how_to_ask(s, url);
	json_t *o = json_pack("{s:s, s:i, s:s, s:i}", "url", url, "port", about.port, "workspace",
		bn_workspace_dir(s->ws), "pid", (int)getpid());
	if (o && s->unix_path)
		json_object_set_new(o, "unix", json_string(s->unix_path));
	bn_free(url);
	int rc = bn_cli_object(s->cli, o, fields, err);
	fflush(NULL); /* the starting process waits for the port */
	return rc;
}

/* 0 if told to stop; BN_EREFUSED if the workspace no longer matches what this user knows of it. */
static int wait_for_the_end(serving *s, bn_err *err)
{
	const bn_env *env = bn_cli_env(s->cli);
	int64_t looked_ms = bn_env_monotonic_ns(env) / 1000000, seen_ms = looked_ms;
	while (!bn_cli_interrupted()) {
		nanosleep(&(struct timespec){0, LOOP_MS * 1000000}, NULL);
		int64_t now_ms = bn_env_monotonic_ns(env) / 1000000;
		if (now_ms - seen_ms >= SEEN_MS) {
			seen_ms = now_ms;
			note_seen(s, false);
		}
		bn_workspace_tick(s->ws, NULL);
		if (now_ms - looked_ms < LOOK_MS)
			continue;
		looked_ms = now_ms;
		int rc = bn_cli_trust_again(s->cli, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void shut_down(serving *s)
{
	bn_api_stats stats;
	bn_cli_say(s->cli, "stopping: finishing requests in progress");
	bn_api_stop(s->api, (int)(s->grace_ns / 1000000));
	note_seen(s, true);
	bn_api_get_stats(s->api, &stats);
	bn_cli_say(s->cli, "answered %llu requests; %llu were made durable in %llu commits",
		(unsigned long long)stats.requests, (unsigned long long)stats.written,
		(unsigned long long)stats.commits);
	if (stats.webhooks_lost)
		bn_cli_warn(s->cli, "webhooks: %llu events were not delivered and are lost",
			(unsigned long long)stats.webhooks_lost);
}

/* Large bodies are mapped separately, so their memory is returned when they are freed, and few arenas are kept. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 2 << 20);
	mallopt(M_ARENA_MAX, 4);
#endif
}

static int run_server(bn_cli *cli, bn_err *err)
{
	serving s = {.cli = cli};
	give_memory_back();
	int rc = set_up(&s, err);
	if (rc >= 0) { /* requests are answered from here on */
		note_started(&s);
		rc = announce(&s, err);
		if (rc >= 0)
			rc = wait_for_the_end(&s, err);
		shut_down(&s);
	}
	bn_api_free(s.api);
	bn_secret_free(s.tokens);
	explicit_bzero(s.made, sizeof s.made);
	bn_free(s.unix_path);
	bn_free(s.artifact_root);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static const bn_opt server_options[] = {{"port", 'p', "N", "port (default 5000; 0: any free one)"},
	{"host", 0, "ADDR", "address to listen on (default 127.0.0.1; * for all)"},
	{"unix", 0, "PATH", "listen on a Unix socket for your user; with --port or --host on both"},
	{"tls-cert", 0, "FILE", "TLS on the port: certificate and its chain (PEM)"},
	{"tls-key", 0, "FILE", "the certificate's key (PEM, mode 0600)"},
	{"tokens", 0, "FILE",
		"lines NAME ROLE TOKEN; roles: reader, writer, manager (default: a new token)"},
	{"no-auth", 0, NULL, "answer everyone who can connect; on loopback only"},
	{"artifact-root", 0, "DIR",
		"list files of experiments that keep them below DIR (default: the workspace's)"},
	{"threads", 0, "N", "threads for connections (default: one per CPU, at most 4)"},
	{"readers", 0, "N", "threads that read (default: one per CPU, at most 4)"},
	{"max-body", 0, "BYTES", "largest request (default 32M)"},
	{"max-rate", 0, "N", "requests per second with one token (default: unlimited)"},
	{"max-connections", 0, "N", "concurrent connections (default 4096)"},
	{"webhook-allow", 0, "WORDS",
		"where webhooks may go, too: http, private addresses (default: public ones, "
		"https)"},
	{"grace", 0, "TIME", "time for requests to finish when stopping (default 10s)"}, {0}};

const bn_verb bn_verbs_server[] = {
	{"server", NULL, "", 0, 0, "Answer MLflow clients over HTTP until SIGTERM",
		"Scripts that log with MLflow's client log to this workspace instead, without a "
		"change:\nset MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN as printed. Runs, "
		"metrics, artifacts,\nmodels and the registry are those of the workspace. What was "
		"answered is on disk.",
		{"binnacle server", "binnacle server --port 0 --unix ~/.binnacle.sock"},
		server_options, BN_VERB_NEEDS_TRUST, run_server},
	{0}};
