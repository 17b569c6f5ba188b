/*
 * cmd_endpoint.c - binnacle endpoint ls, show: the known servers, and details of one.
 *
 * The information comes from the log; servers are not queried. Starting one: cmd_serve.c.
 */
#include "core/base/json.h"
#include "core/serve/endpoint.h"
#include "tui/cli/verbs.h"

static json_t *count_json(int64_t n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static json_t *endpoint_json(const bn_endpoint *e)
{
	bool asked = e->seen_ms > e->started_ms || e->stopped_ms;
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"id", e->id, "state", bn_endpoint_state_name(e->state), "models", e->models, "url",
		e->url, "unix", e->unix_path ? json_string(e->unix_path) : json_null(), "host",
		e->host, "user", e->user, "pid", (json_int_t)e->pid, "port", (json_int_t)e->port,
		"started_ms", (json_int_t)e->started_ms, "seen_ms",
		asked ? json_integer(e->seen_ms) : json_null(), "stopped_ms",
		e->stopped_ms ? json_integer(e->stopped_ms) : json_null(), "requests",
		asked ? json_integer(e->requests) : json_null(), "errors",
		asked ? json_integer(e->errors) : json_null(), "predictions",
		asked ? json_integer(e->predictions) : json_null(), "p50_ms",
		bn_json_real_or_null(e->p50_ms), "p95_ms", bn_json_real_or_null(e->p95_ms),
		"p99_ms", bn_json_real_or_null(e->p99_ms), "logged", count_json(e->logged),
		"set_aside", count_json(e->set_aside), "lost", count_json(e->lost));
}

static int read_endpoints(bn_endpoints *out, bn_cli *cli, bn_err *err)
{
	int rc = 0;
	bn_workspace *ws = NULL;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0)
		return rc;
	return bn_endpoint_list(out, ws, err);
}

static int run_ls(bn_cli *cli, bn_err *err)
{
	/* A socket in addition to a port: the column is shown if a server has both. */
	static const bn_col with_socket[] = {{"id", "ENDPOINT", BN_AS_WHOLE},
		{"state", "STATE", BN_AS_TEXT}, {"models", "MODELS", BN_AS_TEXT},
		{"url", "URL", BN_AS_WHOLE}, {"unix", "SOCKET", BN_AS_TEXT},
		{"host", "HOST", BN_AS_GROUP}, {"user", "USER", BN_AS_GROUP},
		{"requests", "REQUESTS", BN_AS_COUNT}, {"p99_ms", "P99 MS", BN_AS_NUM},
		{"started_ms", "STARTED", BN_AS_TIME_MS}, {0}};
	static const bn_col cols[] = {{"id", "ENDPOINT", BN_AS_WHOLE},
		{"state", "STATE", BN_AS_TEXT}, {"models", "MODELS", BN_AS_TEXT},
		{"url", "URL", BN_AS_WHOLE}, {"host", "HOST", BN_AS_GROUP},
		{"user", "USER", BN_AS_GROUP}, {"requests", "REQUESTS", BN_AS_COUNT},
		{"p99_ms", "P99 MS", BN_AS_NUM}, {"started_ms", "STARTED", BN_AS_TIME_MS}, {0}};
	bn_endpoints l = {NULL, 0};
	bool both = false;
	int rc = read_endpoints(&l, cli, err);
	if (rc < 0)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < l.count; i++) {
		const bn_endpoint *e = &l.items[i];
		if (!bn_cli_flag(cli, "all") && e->state != BN_ENDPOINT_RUNNING)
			continue;
		both = both || (e->unix_path && e->port);
		json_array_append_new(items, endpoint_json(e));
	}
	bn_endpoints_release(&l);
	return bn_cli_list(cli, items, both ? with_socket : cols,
		"nothing is served; start with: binnacle serve MODEL (--all shows what has ended)",
		err);
}

static int run_show(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"id", "Endpoint", BN_AS_WHOLE},
		{"state", "State", BN_AS_TEXT}, {"models", "Models", BN_AS_TEXT},
		{"url", "URL", BN_AS_WHOLE}, {"unix", "Socket", BN_AS_WHOLE},
		{"host", "Host", BN_AS_TEXT}, {"user", "User", BN_AS_TEXT},
		{"pid", "PID", BN_AS_INT}, {"started_ms", "Started", BN_AS_TIME_MS},
		{"seen_ms", "Last word", BN_AS_TIME_MS}, {"stopped_ms", "Stopped", BN_AS_TIME_MS},
		{"requests", "Requests", BN_AS_COUNT}, {"errors", "Errors", BN_AS_COUNT},
		{"predictions", "Predictions", BN_AS_COUNT}, {"logged", "Logged", BN_AS_COUNT},
		{"set_aside", "Set aside", BN_AS_COUNT}, {"lost", "Lost", BN_AS_COUNT},
		{"p50_ms", "P50 ms", BN_AS_NUM}, {"p95_ms", "P95 ms", BN_AS_NUM},
		{"p99_ms", "P99 ms", BN_AS_NUM}, {0}};
	bn_endpoints l = {NULL, 0};
	const bn_endpoint *e = NULL;
	int rc = 0;
	if ((rc = read_endpoints(&l, cli, err)) < 0)
		goto out;
	if ((rc = bn_endpoint_find(&e, &l, bn_cli_arg(cli, 0), err)) < 0)
		goto out;
	rc = bn_cli_object(cli, endpoint_json(e), fields, err);
out:
	bn_endpoints_release(&l);
	return rc;
}

static const bn_opt ls_options[] = {{"all", 'a', NULL, "include those that have ended"}, {0}};

const bn_verb bn_verbs_endpoint[] = {
	{"endpoint", "ls", "", 0, 0, "List servers: running, stopped, lost", NULL,
		{"binnacle endpoint ls", "binnacle endpoint ls --all --json"}, ls_options,
		BN_VERB_LISTS, run_ls},
	{"endpoint", "show", "NAME", 1, 1, "Details of one server",
		"NAME is an id, a unique prefix of one, or a model that it serves: the running "
		"server,\n"
		"else the newest. Counters are from its last report, every 20 seconds.",
		{"binnacle endpoint show power", "binnacle endpoint show 3f9a --json"}, NULL, 0,
		run_show},
	{0}};
