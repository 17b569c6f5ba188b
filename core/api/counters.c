/*
 * counters.c - what the server counts, and GET /metrics in Prometheus' text format 0.0.4.
 *
 * Names follow Prometheus' rules (base units, _total on counters).
 */
#include "core/api/_api.h"
#include "core/api/hooks.h"

#include "core/net/exposition.h"

#include <stdio.h>
#include <string.h>

static const int statuses[BN_API_STATUSES] = {BN_API_STATUS_LIST};
static const char *const places[] = {[BN_API_QUICK] = "quick",
	[BN_API_BRIEF] = "brief",
	[BN_API_READS] = "read",
	[BN_API_WRITES] = "write",
	[BN_API_ALONE] = "write_alone",
	[BN_API_SENDS] = "send"};

void bn_api_count(bn_api *a, const bn_route *route, bn_api_place place, int status, int64_t took_ns)
{
	size_t s = 0;
	bn_api_counters *k = &a->counters;
	while (s < BN_API_STATUSES - 1 && statuses[s] != status)
		s++;
	atomic_fetch_add(&k->requests[bn_api_route_index(route)][s], 1);
	if (took_ns < 0)
		return;
	bn_latency_count(&k->latency[place], took_ns);
	bn_percentiles_count(&k->took, took_ns);
}

void bn_api_get_stats(const bn_api *a, bn_api_stats *out)
{
	const bn_api_counters *k = &a->counters;
	memset(out, 0, sizeof *out);
	for (size_t r = 0; r <= BN_API_MOST_ROUTES; r++)
		for (size_t s = 0; s < BN_API_STATUSES; s++) {
			uint64_t n = atomic_load(&k->requests[r][s]);
			out->requests += n;
			out->errors += statuses[s] == 200 ? 0 : n;
		}
	out->commits = atomic_load(&k->commits);
	out->written = atomic_load(&k->written);
	out->webhooks_lost = a->hooks ? bn_api_hooks_lost(a->hooks) : 0;
	out->p50_ms = 1e3 * bn_percentiles_get(&k->took, 0.50);
	out->p95_ms = 1e3 * bn_percentiles_get(&k->took, 0.95);
	out->p99_ms = 1e3 * bn_percentiles_get(&k->took, 0.99);
}

/* ---- exposition ----------------------------------------------------------------------------- */

static void write_requests(const bn_api_counters *k, bn_buf *out)
{
	bn_exposition_head(out, "binnacle_server_requests_total", "counter",
		"Requests by route, method and HTTP status.");
	for (size_t r = 0; r <= BN_API_MOST_ROUTES; r++)
		for (size_t s = 0; s < BN_API_STATUSES; s++) {
			uint64_t n = atomic_load(&k->requests[r][s]);
			char code[16] = "other";
			const char *name = bn_api_route_name(r);
			if (!n)
				continue;
			if (statuses[s])
				snprintf(code, sizeof code, "%d", statuses[s]);
			const bn_exposition_pair labels[] = {{"route", name ? name : "none"},
				{"method", bn_api_route_method(r)}, {"code", code}};
			bn_exposition_sample(
				out, "binnacle_server_requests_total", labels, 3, (double)n);
		}
}

static void write_latency(const bn_api_counters *k, bn_buf *out)
{
	bn_exposition_head(out, "binnacle_server_request_seconds", "histogram",
		"Time from a complete request to its response, waiting included.");
	for (size_t p = 0; p < BN_API_PLACES; p++) {
		const bn_latency *l = &k->latency[p];
		char label[32];
		snprintf(label, sizeof label, "kind=\"%s\"", places[p]);
		bn_latency_write(out, "binnacle_server_request_seconds", label, &l, 1);
	}
}

static void one(bn_buf *out, const char *name, const char *type, const char *help, double value)
{
	bn_exposition_head(out, name, type, help);
	bn_exposition_sample(out, name, NULL, 0, value);
}

static void write_limited(const bn_api *a, bn_buf *out)
{
	if (!a->o.max_rate || !a->client_count)
		return;
	bn_exposition_head(out, "binnacle_server_limited_total", "counter",
		"Requests refused because their token sent too many.");
	for (size_t i = 0; i < a->client_count; i++) {
		const bn_exposition_pair label[] = {{"client", a->clients[i].name}};
		bn_exposition_sample(out, "binnacle_server_limited_total", label, 1,
			(double)atomic_load(&a->clients[i].limited));
	}
}

void bn_api_write_metrics(bn_api *a, bn_buf *out)
{
	const bn_api_counters *k = &a->counters;
	bn_listener_stats net = {0};
	if (a->http)
		bn_listener_get_stats(a->http, &net);
	write_requests(k, out);
	write_latency(k, out);
	one(out, "binnacle_server_commits_total", "counter",
		"Commits of the log; each makes a group of requests durable.",
		(double)atomic_load(&k->commits));
	one(out, "binnacle_server_written_total", "counter", "Requests that a commit made durable.",
		(double)atomic_load(&k->written));
	one(out, "binnacle_server_commit_seconds_total", "counter", "Time spent in commits.",
		1e-9 * (double)atomic_load(&k->commit_ns));
	one(out, "binnacle_server_largest_group", "gauge",
		"Most requests that one commit made durable.",
		(double)atomic_load(&k->largest_group));
	one(out, "binnacle_server_index_refreshes_total", "counter",
		"How often a reader looked for news in the log.",
		(double)atomic_load(&k->refreshes));
	one(out, "binnacle_server_waiting_writes", "gauge", "Requests waiting for the writer.",
		(double)atomic_load(&k->waiting_writes));
	one(out, "binnacle_server_waiting_reads", "gauge", "Requests waiting for a reader.",
		(double)atomic_load(&k->waiting_reads));
	one(out, "binnacle_server_in_flight", "gauge", "Requests being answered.",
		(double)atomic_load(&k->in_flight));
	one(out, "binnacle_server_connections", "gauge", "Open connections.", (double)net.open);
	one(out, "binnacle_server_body_bytes", "gauge", "Bytes held by bodies and responses.",
		(double)net.memory_bytes);
	bn_api_hooks_write_metrics(a->hooks, out);
	write_limited(a, out);
	bn_exposition_process(out, a->env);
}
