/*
 * cmd_serve.c - binnacle serve: models over HTTP until SIGTERM or Ctrl-C.
 *
 * The server answers from its own threads. This one waits, records the endpoint's state in the log
 * of the workspace (if there is one), and updates the drift gauges.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/monitor/gauges.h"
#include "core/monitor/prediction_log.h"
#include "core/net/message.h"
#include "core/registry/proof.h"
#include "core/serve/endpoint.h"
#include "core/serve/server.h"
#include "tui/cli/model_as.h"
#include "tui/cli/serve_access.h"
#include "tui/cli/token.h"
#include "tui/cli/verbs.h"

#include <math.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_MODELS 64
#define DEFAULT_PORT 8420
#define LOOP_MS 100
#define SAFE_TOKEN 16 /* characters */
#define SEEN_MS 20000
#define GAUGES_MS 5000
#define LOOK_MS 5000  /* interval of checking the served models */
#define TELL_MS 60000 /* interval of repeating that the log fails */

typedef struct serving {
	bn_cli *cli;
	bn_workspace *ws; /* NULL: outside a workspace, or --no-log */
	bn_predictor *models[MAX_MODELS];
	bn_model_view *views[MAX_MODELS]; /* of those that were proven; else NULL */
	const char *names[MAX_MODELS], *sources[MAX_MODELS];
	size_t count;
	bn_server *server;
	bn_prediction_log *log;
	bn_drift_gauges *gauges;
	bn_serve_access access;
	char id[BN_ENDPOINT_ID_TEXT];
	char *token;
	bool token_made;
	int64_t port, threads, max_body, max_connections, max_per_address, max_per_token, grace_ns;
	const char *host, *cert, *key;
	char *unix_path; /* absolute, or NULL */
	bool no_tcp;
	bool is_noted; /* endpoint.started is in the log */
} serving;

/* ---- setting up ----------------------------------------------------------------------------- */

/* Where to listen: an address, a Unix socket, or both if both are given. */
static int read_places(serving *s, bn_err *err)
{
	int rc = 0;
	bn_cli *cli = s->cli;
	const char *path = bn_cli_opt(cli, "unix"), *host = bn_cli_opt(cli, "host");
	s->port = DEFAULT_PORT;
	s->host = host ? host : "127.0.0.1";
	s->no_tcp = path && !host && !bn_cli_opt(cli, "port");
	s->cert = bn_cli_opt(cli, "tls-cert");
	s->key = bn_cli_opt(cli, "tls-key");
	if ((rc = bn_cli_opt_int(cli, "port", 0, 65535, &s->port, err)) < 0)
		return rc;
	if (!s->cert != !s->key)
		return bn_err_set(err, BN_EINVAL, "--tls-cert and --tls-key go together");
	if (s->cert && s->no_tcp) {
		bn_err_set(err, BN_EINVAL, "a Unix socket needs no TLS");
		bn_err_hint(err, "give --port as well, to listen there with TLS");
		return BN_EINVAL;
	}
	if (path && !*path) {
		bn_err_set(err, BN_EINVAL, "--unix needs the path of the socket");
		bn_err_hint(err, "such as --unix ~/.power.sock; the path must not exist yet");
		return BN_EINVAL;
	}
	return path ? bn_path_absolute(&s->unix_path, path, err) : 0;
}

static int read_options(serving *s, bn_err *err)
{
	int rc = 0;
	bn_cli *cli = s->cli;
	s->grace_ns = (int64_t)10 * 1000000000;
	if ((rc = read_places(s, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "threads", 1, 64, &s->threads, err)) < 0 ||
		(rc = bn_cli_opt_bytes(cli, "max-body", &s->max_body, err)) < 0 ||
		(rc = bn_cli_opt_int(
			 cli, "max-connections", 1, 1000000, &s->max_connections, err)) < 0 ||
		(rc = bn_cli_opt_int(
			 cli, "max-per-address", 1, 1000000, &s->max_per_address, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "max-per-token", 1, 1000000, &s->max_per_token, err)) <
			0 ||
		(rc = bn_cli_opt_duration(cli, "grace", &s->grace_ns, err)) < 0)
		return rc;
	if (bn_cli_opt(cli, "max-body") && s->max_body <= 0)
		return bn_err_set(err, BN_EINVAL, "--max-body: must be at least one byte");
	if (bn_cli_nargs(cli) > MAX_MODELS)
		return bn_err_set(err, BN_EINVAL, "at most %d models", MAX_MODELS);
	return 0;
}

static void warn_of_short_tokens(const serving *s)
{
	for (const char *at = s->token; *at;) {
		size_t n = strcspn(at, "\n");
		if (n && n < SAFE_TOKEN) {
			bn_cli_warn(s->cli,
				"a token of %zu characters can be guessed: head -c 24 "
				"/dev/urandom | base64 creates a better one",
				n);
			return;
		}
		at += n + (at[n] == '\n');
	}
}

static int choose_token(serving *s, bn_err *err)
{
	uint8_t bytes[24];
	if (bn_cli_flag(s->cli, "no-token"))
		return 0;
	int rc = 0;
	if ((rc = bn_cli_tokens(&s->token, s->cli, err)) < 0)
		return rc;
	if (s->token) {
		warn_of_short_tokens(s);
		return 0;
	}
	if ((rc = bn_env_random(bn_cli_env(s->cli), bytes, sizeof bytes, err)) < 0)
		return rc;
	if (!(s->token = bn_alloc(2 * sizeof bytes + 1)))
		return bn_err_nomem(err, "a token");
	bn_hex(bytes, sizeof bytes, s->token);
	s->token_made = true;
	return 0;
}

/* Without a workspace model directories can still be served, without logging. */
static int find_workspace(serving *s, bn_err *err)
{
	bn_err mine = BN_ERR_INIT;
	int rc = bn_cli_workspace(s->cli, &s->ws, &mine);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &mine);
	if (rc)
		s->ws = NULL;
	return 0;
}

/* A registered version is checked again while it is served. */
static int open_model(serving *s, int i, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_cli_open_model(&s->models[i], s->cli, s->ws, bn_cli_arg(s->cli, i), err);
	if (rc < 0 || !s->ws)
		return rc;
	const bn_predictor *p = s->models[i];
	if (bn_predictor_damage(p))
		bn_cli_warn(s->cli, "%s", bn_predictor_damage(p));
	char *exact = bn_strf("%s/%s", bn_predictor_name(p), bn_predictor_version(p));
	if (!exact)
		return bn_err_nomem(err, "a name");
	bool is_registered = !strcmp(exact, bn_predictor_source(p));
	rc = is_registered ? bn_version_demand(&s->views[i], s->ws, exact, &why) : 0;
	bn_free(exact);
	if (rc == BN_ENOTFOUND) /* a directory of that name */
		bn_err_clear(&why);
	return rc < 0 && rc != BN_ENOTFOUND ? bn_err_move(err, &why) : 0;
}

static int open_models(serving *s, bn_err *err)
{
	int rc = 0;
	for (int i = 0; i < bn_cli_nargs(s->cli) && !rc; i++) {
		rc = open_model(s, i, err);
		if (rc)
			break;
		s->names[i] = bn_predictor_name(s->models[i]);
		s->sources[i] = bn_predictor_source(s->models[i]);
		s->count++;
		for (int j = 0; j < i && !rc; j++)
			if (!strcmp(s->names[i], s->names[j]) &&
				!strcmp(bn_predictor_version(s->models[i]),
					bn_predictor_version(s->models[j])))
				rc = bn_err_set(err, BN_ECONFLICT,
					"%s and %s are both %s version %s", bn_cli_arg(s->cli, j),
					bn_cli_arg(s->cli, i), s->names[i],
					bn_predictor_version(s->models[i]));
	}
	return rc;
}

static void warn_line(void *user, const char *line)
{
	serving *s = user;
	bn_cli_warn(s->cli, "%s", line);
}

static int refresh_gauges(serving *s, bn_err *err)
{
	return bn_drift_gauges_refresh(s->gauges, s->ws, s->names, s->count, warn_line, s, err);
}

static int start_log(serving *s, bn_err *err)
{
	int rc = bn_endpoint_id_new(s->id, bn_cli_env(s->cli), err);
	if (rc || !s->ws || bn_cli_flag(s->cli, "no-log"))
		return rc;
	bn_prediction_log_options o = {.workspace_dir = bn_workspace_dir(s->ws), .endpoint = s->id};
	rc = bn_prediction_log_start(&s->log, bn_cli_env(s->cli), &o, err);
	if (!rc)
		rc = bn_drift_gauges_new(&s->gauges, err);
	if (!rc)
		rc = refresh_gauges(s, err);
	return rc;
}

static void write_metrics(void *user, bn_buf *out)
{
	serving *s = user;
	if (s->access.log)
		bn_access_log_write_metrics(s->access.log, out);
	if (!s->gauges)
		return;
	bn_prediction_log_write_metrics(s->log, out);
	bn_drift_gauges_write(s->gauges, out);
}

static int start_server(serving *s, bn_err *err)
{
	bn_server_options o = {.host = s->host,
		.port = (int)s->port,
		.token = s->token,
		.threads = (int)s->threads,
		.max_body_bytes = s->max_body > 0 ? (size_t)s->max_body : 0,
		.max_connections = (unsigned)s->max_connections,
		.max_per_address = (unsigned)s->max_per_address,
		.max_per_token = (unsigned)s->max_per_token,
		.unix_path = s->unix_path,
		.no_tcp = s->no_tcp,
		.tls_cert = s->cert,
		.tls_key = s->key,
		.policy = {.allow_unknown = !bn_cli_flag(s->cli, "strict"),
			.allow_extra = !bn_cli_flag(s->cli, "strict")},
		.observe = s->log ? bn_prediction_log_add : NULL,
		.observe_user = s->log,
		.access = s->access.log ? bn_access_log_add : NULL,
		.access_user = s->access.log,
		.more_metrics = write_metrics,
		.more_metrics_user = s};
	int rc = bn_server_new(&s->server, bn_cli_env(s->cli),
		(const bn_predictor *const *)s->models, s->count, &o, err);
	return rc ? rc : bn_server_start(s->server, err);
}

/* ---- telling -------------------------------------------------------------------------------- */

static void counters(const serving *s, bn_endpoint_counters *c)
{
	bn_server_stats stats;
	bn_server_get_stats(s->server, &stats);
	*c = (bn_endpoint_counters){.requests = stats.requests,
		.errors = stats.errors,
		.predictions = stats.predictions,
		.p50_ms = stats.p50_ms,
		.p95_ms = stats.p95_ms,
		.p99_ms = stats.p99_ms};
	if (!s->log)
		return;
	bn_prediction_log_stats log;
	bn_prediction_log_get_stats(s->log, &log);
	c->has_log = true;
	c->logged = log.rows;
	c->set_aside = log.set_aside;
	c->lost = log.lost;
}

/* Commits what was appended; the commit returns an append's failure and clears it. */
static int commit(serving *s, int appended, bn_err *err)
{
	int rc = bn_workspace_commit(s->ws, appended < 0 ? NULL : err);
	return appended < 0 ? appended : rc;
}

static bn_endpoint_about about_endpoint(const serving *s)
{
	return (bn_endpoint_about){.models = s->sources,
		.model_count = s->count,
		.host = s->host,
		.port = bn_server_port(s->server),
		.is_tls = s->cert != NULL,
		.unix_path = s->unix_path};
}

static int write_started(serving *s, bn_err *err)
{
	int rc = 0;
	bn_endpoint_about about = about_endpoint(s);
	if (!s->ws)
		return 0;
	rc = bn_endpoint_write_started(s->ws, s->id, &about, err);
	rc = commit(s, rc, err);
	s->is_noted = rc >= 0;
	return rc;
}

/* If the start could not be recorded it is tried again: a stop needs a start. */
static int write_stopped(serving *s, const bn_endpoint_counters *c, bn_err *err)
{
	int rc = s->is_noted ? 0 : write_started(s, err);
	if (rc < 0)
		return rc;
	rc = bn_endpoint_write_stopped(s->ws, s->id, c, err);
	return commit(s, rc, err);
}

/* What a user must know to send requests. */
static void tell_how_to_ask(const serving *s)
{
	char user[128];
	const bn_env *env = bn_cli_env(s->cli);
	int port = bn_server_port(s->server);
	env->user_name(env, env->uid(env), user, sizeof user);
	if (s->unix_path)
		bn_cli_say(s->cli,
			"%s only answers you, without a token: curl --unix-socket %s "
			"http://localhost/",
			s->unix_path, s->unix_path);
	if (s->no_tcp)
		return;
	if (s->token_made)
		bn_cli_warn(s->cli, "token (shown once): %s", s->token);
	else if (!s->token)
		bn_cli_warn(s->cli, "no token: everyone who can reach %s port %d may send requests",
			s->host, port);
	if (!s->cert && !bn_http_is_loopback_name(s->host))
		bn_cli_warn(s->cli,
			"%s is reachable over the network without TLS: token and rows can be "
			"intercepted (use --tls-cert and --tls-key, or omit --host and use ssh)",
			s->host);
	bn_cli_say(s->cli, "from your own machine: ssh -N -L %d:%s:%d %s@%s", port,
		bn_endpoint_host(env, s->host), port, user, env->host(env));
}

static int announce(serving *s, bn_err *err)
{
	static const bn_col fields[] = {{"url", "Serving at", BN_AS_TEXT},
		{"models", "Models", BN_AS_TEXT}, {"endpoint", "Endpoint", BN_AS_TEXT},
		{"logged", "Predictions logged", BN_AS_BOOL}, {0}};
	bn_buf models = BN_BUF_INIT;
	bn_endpoint_about about = about_endpoint(s);
	char *url = bn_endpoint_url(bn_cli_env(s->cli), &about);
	if (!url)
		return bn_err_nomem(err, "a URL");
	for (size_t i = 0; i < s->count; i++)
		bn_buf_addf(&models, "%s%s", i ? ", " : "", s->sources[i]);
	tell_how_to_ask(s);
	if (!s->log)
		bn_cli_say(s->cli, "predictions are not logged (%s)",
			s->ws ? "--no-log" : "no workspace here");
	json_t *o = json_pack("{s:s, s:i, s:s, s:s, s:b, s:i}", "url", url, "port", about.port,
		"models", models.ptr, "endpoint", s->id, "logged", s->log != NULL, "pid",
		(int)getpid());
	if (o && s->unix_path)
		json_object_set_new(o, "unix", json_string(s->unix_path));
	bn_buf_release(&models);
	bn_free(url);
	int rc = bn_cli_object(s->cli, o, fields, err);
	fflush(NULL); /* the starting process waits for the port */
	return rc;
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void look_after_workspace(serving *s, int64_t now_ms, int64_t *seen_ms, int64_t *gauges_ms)
{
	bn_err err = BN_ERR_INIT;
	bn_endpoint_counters c;
	if (now_ms - *seen_ms >= SEEN_MS) {
		*seen_ms = now_ms;
		counters(s, &c);
		int rc = bn_endpoint_write_seen(s->ws, s->id, &c, &err);
		if (commit(s, rc, &err) < 0)
			bn_cli_warn(s->cli, "%s", err.msg);
	}
	if (s->gauges && now_ms - *gauges_ms >= GAUGES_MS) {
		*gauges_ms = now_ms;
		bn_err_clear(&err);
		if (refresh_gauges(s, &err) < 0)
			bn_cli_warn(s->cli, "%s", err.msg);
	}
	bn_workspace_tick(s->ws, NULL);
}

/* Whether every model may still be served, and the workspace still matches the memory: BN_EREFUSED or
 * BN_ECONFLICT, with the reason. A log that cannot be read now is a warning. */
static int look_at_models(serving *s, bn_err *err)
{
	for (size_t i = 0; i < s->count; i++) {
		bn_err why = BN_ERR_INIT;
		int rc =
			s->views[i] ? bn_version_demand_again(s->views[i], s->sources[i], &why) : 0;
		if (rc == BN_EREFUSED)
			return bn_err_move(err, &why);
		if (rc < 0)
			bn_cli_warn(s->cli, "%s", why.msg);
	}
	return bn_cli_trust_again(s->cli, err);
}

typedef struct log_news {
	bool is_failing;
	int64_t told_ms;
	uint64_t failures, set_aside;
} log_news;

/* Messages about the prediction log: that it fails (repeated each minute), that it works again, and rows set
 * aside. */
static void tell_of_log(const serving *s, log_news *n, int64_t now_ms)
{
	bn_prediction_log_stats l;
	bn_prediction_log_get_stats(s->log, &l);
	bool failed = l.failures > n->failures && l.last_error[0];
	if (failed && (!n->is_failing || now_ms - n->told_ms >= TELL_MS)) {
		bn_cli_warn(s->cli,
			"predictions cannot be logged: %s; %llu rows are waiting, %llu are lost",
			l.last_error, (unsigned long long)l.waiting, (unsigned long long)l.lost);
		n->told_ms = now_ms;
		n->is_failing = true;
	}
	if (n->is_failing && !l.last_error[0]) {
		bn_cli_say(s->cli, "predictions are logged again; %llu rows are lost",
			(unsigned long long)l.lost);
		n->is_failing = false;
	}
	if (l.set_aside > n->set_aside)
		bn_cli_warn(s->cli, "%llu rows cannot be logged and are set aside, as of %s",
			(unsigned long long)l.set_aside, l.last_set_aside);
	n->failures = l.failures;
	n->set_aside = l.set_aside;
}

/* 0 if told to stop; as look_at_models if a model may no longer be served. */
static int wait_for_the_end(serving *s, bn_err *err)
{
	const bn_env *env = bn_cli_env(s->cli);
	int64_t seen_ms = bn_env_monotonic_ns(env) / 1000000, gauges_ms = seen_ms;
	log_news news = {0};
	int64_t looked_ms = seen_ms;
	while (!bn_cli_interrupted()) {
		int64_t now_ms;
		nanosleep(&(struct timespec){0, LOOP_MS * 1000000}, NULL);
		now_ms = bn_env_monotonic_ns(env) / 1000000;
		if (now_ms - looked_ms >= LOOK_MS) {
			looked_ms = now_ms;
			int rc = look_at_models(s, err);
			if (rc < 0)
				return rc;
		}
		if (s->ws)
			look_after_workspace(s, now_ms, &seen_ms, &gauges_ms);
		if (s->log)
			tell_of_log(s, &news, now_ms);
		bn_serve_access_look(&s->access, s->cli, now_ms);
	}
	return 0;
}

static void tell_counts(const serving *s, const bn_endpoint_counters *c)
{
	char of_log[120] = "";
	if (c->has_log && c->logged < c->predictions)
		snprintf(of_log, sizeof of_log, "; %llu logged, %llu lost, %llu set aside",
			(unsigned long long)c->logged, (unsigned long long)c->lost,
			(unsigned long long)c->set_aside);
	bn_cli_say(s->cli, "served %llu requests, %llu predictions%s",
		(unsigned long long)c->requests, (unsigned long long)c->predictions, of_log);
}

/* ended: why it stops, 0 if told to. Then lost predictions are the error, otherwise a warning. */
static int shut_down(serving *s, int ended, bn_err *err)
{
	bn_endpoint_counters c;
	bn_err why = BN_ERR_INIT;
	bn_cli_say(s->cli, "stopping: finishing requests in progress");
	bn_server_stop(s->server, (int)(s->grace_ns / 1000000));
	bn_serve_access_finish(&s->access, s->cli);
	int rc = s->log ? bn_prediction_log_finish(s->log, &why) : 0;
	if (rc < 0 && ended < 0)
		bn_cli_warn(s->cli, "%s", why.msg);
	else if (rc < 0)
		ended = bn_err_move(err, &why);
	counters(s, &c);
	bn_err_clear(&why);
	rc = s->ws ? write_stopped(s, &c, &why) : 0;
	if (rc < 0)
		bn_cli_warn(s->cli, "cannot record that it stopped: %s", why.msg);
	if (rc < 0 && !ended)
		ended = bn_err_move(err, &why);
	tell_counts(s, &c);
	return ended;
}

/* Large bodies are mapped separately, so their memory is returned when they are freed. By default malloc keeps
 * ever larger ones in the heap of the thread that read them. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 2 << 20);
#endif
}

static int set_up(serving *s, bn_err *err)
{
	int rc = 0;
	if ((rc = read_options(s, err)) < 0 || (rc = choose_token(s, err)) < 0 ||
		(rc = find_workspace(s, err)) < 0 || (rc = open_models(s, err)) < 0 ||
		(rc = start_log(s, err)) < 0 ||
		(rc = bn_serve_access_open(&s->access, s->cli, err)) < 0)
		return rc;
	return start_server(s, err);
}

static int run_serve(bn_cli *cli, bn_err *err)
{
	serving s = {.cli = cli};
	give_memory_back();
	int rc = set_up(&s, err);
	if (!rc) { /* requests are answered from here on */
		rc = write_started(&s, err);
		if (!rc)
			rc = announce(&s, err);
		if (!rc)
			rc = wait_for_the_end(&s, err);
		rc = shut_down(&s, rc, err);
	}
	bn_server_free(s.server);
	bn_access_log_close(s.access.log);
	bn_prediction_log_stop(s.log, NULL);
	bn_drift_gauges_free(s.gauges);
	for (size_t i = 0; i < MAX_MODELS; i++) {
		bn_predictor_free(s.models[i]);
		bn_model_view_close(s.views[i]);
	}
	bn_free(s.token);
	bn_free(s.unix_path);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static const bn_opt serve_options[] = {{"port", 'p', "N", "port (default 8420; 0: any free one)"},
	{"host", 0, "ADDR", "address to listen on (default 127.0.0.1; * for all)"},
	{"as", 0, "NAME/VERSION", "what a model folder is called, as in power/3"},
	{"unix", 0, "PATH", "listen on a Unix socket for your user; with --port or --host on both"},
	{"tls-cert", 0, "FILE", "TLS on the port: certificate and its chain (PEM)"},
	{"tls-key", 0, "FILE", "the certificate's key (PEM, mode 0600)"},
	{"token-file", 0, "FILE",
		"accepted bearer tokens, one per line (else BINNACLE_TOKEN, else a new one)"},
	{"no-token", 0, NULL, "answer everyone who can connect"},
	{"threads", 0, "N", "threads that answer (default: one per CPU, at most 8)"},
	{"max-body", 0, "BYTES", "largest request body (default 16M)"},
	{"max-connections", 0, "N", "concurrent connections (default 4096)"},
	{"max-per-address", 0, "N",
		"connections per address (default: all on loopback, else half)"},
	{"max-per-token", 0, "N", "concurrent requests per token (default: unlimited)"},
	{"strict", 0, NULL, "refuse unknown fields, and categories unseen in training"},
	{"no-log", 0, NULL, "do not log predictions"}, BN_SERVE_ACCESS_OPTIONS,
	{"grace", 0, "TIME", "time for requests to finish when stopping (default 10s)"}, {0}};

const bn_verb bn_verbs_serve[] = {
	{"serve", NULL, "MODEL...", 1, -1, "Answer predictions over HTTP until SIGTERM",
		"Routes: POST /predict, /v2/models/NAME/infer (Open Inference Protocol), "
		"/invocations "
		"(MLflow),\nGET /healthz, /metrics (Prometheus). By default it listens on "
		"loopback and requires a\nbearer token; a new one is printed once to stderr. "
		"Predictions "
		"are logged to the workspace, so\nthat `binnacle monitor report` can compare them "
		"with "
		"the training data.",
		{"binnacle serve power@champion --port 0",
			"binnacle serve power/3 power/4 --unix ~/.power.sock"},
		serve_options, BN_VERB_NEEDS_TRUST, run_serve},
	{0}};
