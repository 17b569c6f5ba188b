/* real_serving.c - see _real.h: the records that a model server writes. */
#include "core/base/mem.h"
#include "core/monitor/prediction_log.h"
#include "core/serve/endpoint.h"
#include "tests/support/_real.h"
#include "tests/support/check_main.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bn_err err;
static uint64_t answered; /* rows */

/* Like bn_endpoint_write_started, for a process that is the same in every test. */
void real_serve(team *t, person *p, const char *model, char id[BN_ENDPOINT_ID_TEXT])
{
	char entity[40];
	bn_workspace *ws = real_open(t, p);
	json_t *started = json_pack("{s:[s], s:s, s:s, s:s, s:i, s:i, s:i}", "models", model, "url",
		"http://127.0.0.1:8420", "host", p->env.host(&p->env), "boot_id",
		p->env.boot_id(&p->env), "pid", 4242, "start_ticks", 1, "port", 8420);
	answered = 0;
	ck_assert_bn_ok(bn_endpoint_id_new(id, &p->env, &err), &err);
	snprintf(entity, sizeof entity, "endpoint/%s", id);
	ck_assert_bn_ok(bn_workspace_append(ws, "endpoint.started", entity, started, &err), &err);
	json_decref(started);
	real_shut(p);
}

/* A cell of a CSV line; *n is its length. */
static const char *cell_of(const char *line, size_t column, size_t *n)
{
	for (; column > 0; column--)
		line += strcspn(line, ",\n") + 1;
	*n = strcspn(line, ",\n");
	return line;
}

static size_t column_of(const char *head, const char *name)
{
	size_t n, i = 0;
	for (const char *at;
		at = cell_of(head, i, &n), n != strlen(name) || strncmp(at, name, n) != 0;)
		i++;
	return i;
}

static void row_fill(bn_session *s, size_t row, const char *head, const char *line)
{
	const bn_predictor *p = bn_session_predictor(s);
	for (size_t i = 0; i < bn_predictor_input_count(p); i++) {
		size_t n;
		const char *at = cell_of(line, column_of(head, bn_predictor_input_name(p, i)), &n);
		if (n == 0)
			continue;
		int rc = bn_predictor_input_kind(p, i) == BN_INPUT_CATEGORY
				 ? bn_session_set_text(s, row, i, at, n, &err)
				 : bn_session_set_number(s, row, i, strtod(at, NULL), &err);
		ck_assert_msg(rc == 0, "%s", err.msg);
	}
}

static void rows_log(team *t, person *p, const char *model, const char *id, const real_jobs *rows)
{
	static const bn_session_policy lenient = {true, true};
	/* One batch: no deadline of the log's own clock is reached. */
	const bn_prediction_log_options o = {.workspace_dir = t->dir,
		.endpoint = id,
		.batch_rows = 1 << 20,
		.interval_ms = 3600000};
	bn_predictor *predictor = NULL;
	bn_prediction_log *log = NULL;
	bn_session *s = NULL;
	char *csv = real_jobs_csv(rows), *line = csv;
	bn_workspace *ws = real_open(t, p);
	ck_assert_bn_ok(bn_predictor_open(&predictor, ws, model, &err), &err);
	ck_assert_bn_ok(bn_session_new(&s, predictor, &lenient, &err), &err);
	ck_assert_bn_ok(bn_session_begin(s, (size_t)rows->rows, &err), &err);
	for (int i = 0; i < rows->rows; i++) {
		line = strchr(line, '\n') + 1;
		row_fill(s, (size_t)i, csv, line);
	}
	ck_assert_bn_ok(bn_session_run(s, &err), &err);
	ck_assert_bn_ok(bn_prediction_log_start(&log, &p->env, &o, &err), &err);
	bn_prediction_log_add(log, &(bn_served){s, "request-1", t->clock_ns, 212.5, 0});
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_session_free(s);
	bn_predictor_free(predictor);
	bn_free(csv);
	real_shut(p);
}

void real_seen(team *t, person *p, const char *id)
{
	const bn_endpoint_counters now = {.requests = answered / 4 + 3,
		.predictions = answered,
		.errors = 1,
		.p50_ms = 0.21,
		.p95_ms = 0.46,
		.p99_ms = 0.9,
		.has_log = true,
		.logged = answered};
	bn_workspace *ws = real_open(t, p);
	ck_assert_bn_ok(bn_endpoint_write_seen(ws, id, &now, &err), &err);
	real_shut(p);
}

void real_answer(team *t, person *p, const char *model, const char *id, const real_jobs *rows)
{
	rows_log(t, p, model, id, rows);
	answered += (uint64_t)rows->rows;
	real_seen(t, p, id);
}
