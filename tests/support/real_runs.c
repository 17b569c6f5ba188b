/* real_runs.c - see _real.h: runs as their supervisors write them (core/launch/exec.c), but at times set by the story,
 * and with an environment that is the same on every machine. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/launch/resolve.h"
#include "core/learn/evaluate.h"
#include "core/learn/fit.h"
#include "core/run/run_dir.h"
#include "core/run/run_id.h"
#include "core/run/run_log.h"
#include "core/run/runlog.h"
#include "tests/support/_real.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

static bn_err err;

static json_t *parsed(const char *text)
{
	json_t *o = NULL;
	ck_assert_bn_ok(bn_json_parse(&o, text, strlen(text), "test", &err), &err);
	return o;
}

/* The output of bn_environment_describe on n12. */
static json_t *environment(void)
{
	return parsed(
		"{\"binnacle\": \"0.1.0\", \"host\": \"n12\", \"cpu\": \"Intel Xeon Platinum "
		"8360Y\","
		"\"cores\": 72, \"kernel\": \"Linux 5.14.0 x86_64\", \"compiler\": \"12.2.0\","
		"\"blas_core\": \"SkylakeX\", \"libraries\": {\"openblas\": \"0.3.21\"}}");
}

typedef struct real_run {
	bn_workspace *ws;
	bn_spec *spec;
	bn_dir *dir;
	bn_run_id made;
	bn_metric_set metrics;
} real_run;

static void run_create(real_run *r, team *t, person *p, const char *name, json_t *json_taken)
{
	bn_spec *given = NULL;
	char hash[65];
	*r = (real_run){.ws = real_open(t, p), .metrics = BN_METRIC_SET_INIT};
	ck_assert_bn_ok(bn_spec_from_json(&given, json_taken, "test", &err), &err);
	json_decref(json_taken);
	ck_assert_bn_ok(bn_spec_resolve(&r->spec, r->ws, given, &err), &err);
	bn_spec_free(given);
	r->spec->environment = environment();
	ck_assert_bn_ok(bn_run_id_make(&r->made, r->ws, &err), &err);
	ck_assert_bn_ok(bn_spec_store(r->ws, r->spec, hash, &err), &err);
	ck_assert_bn_ok(bn_run_dir_make(&r->dir, r->ws, r->made.id, &err), &err);
	ck_assert_bn_ok(bn_dir_write_file(r->dir, "spec", hash, strlen(hash), 0644, &err), &err);
	char *title = bn_spec_title(r->spec);
	char *data = bn_strf("%s@v%lld", r->spec->data->name, (long long)r->spec->data->version);
	const bn_run_created created = {.name = name,
		.kind = bn_spec_is_command(r->spec) ? "command" : "trainer",
		.title = title,
		.spec_hash = hash,
		.dataset = data,
		.nonce = r->made.nonce};
	ck_assert_bn_ok(bn_runlog_created(r->ws, r->made.id, &created, &err), &err);
	bn_free(title);
	bn_free(data);
}

static void run_start(real_run *r)
{
	char entity[64];
	json_t *started = json_pack("{ss ss si si}", "host", "n12", "boot_id",
		bn_workspace_env(r->ws)->boot_id(bn_workspace_env(r->ws)), "pid", 4711,
		"interval_ms", 5000);
	snprintf(entity, sizeof entity, "run/%s", r->made.id);
	ck_assert_bn_ok(bn_workspace_append(r->ws, "run.started", entity, started, &err), &err);
	json_decref(started);
}

static void metric(real_run *r, const char *key, int64_t step, int64_t time_ms, double value)
{
	ck_assert_int_eq(bn_metric_set_add(&r->metrics, key, step, time_ms, value), 0);
}

static void used(real_run *r, int64_t cpu_ms, int64_t rss, int64_t peak)
{
	const bn_process_usage u = {.processes = 1,
		.threads = 1,
		.rss_bytes = rss,
		.cpu_ms = cpu_ms,
		.read_bytes = 3 << 20,
		.write_bytes = 291 << 10};
	ck_assert_bn_ok(bn_runlog_resources(r->ws, r->made.id, &u, peak, &err), &err);
}

static void output(real_run *r, const char *text)
{
	ck_assert_bn_ok(
		bn_dir_write_file(r->dir, BN_RUN_LOG_FILE, text, strlen(text), 0644, &err), &err);
}

/* Writes the collected records; status NULL: it is still running. */
static void run_end(real_run *r, person *p, const char *status, int exit_code, const char *reason)
{
	ck_assert_bn_ok(bn_runlog_metrics(r->ws, r->made.id, &r->metrics, &err), &err);
	if (status)
		ck_assert_bn_ok(
			bn_runlog_finished(r->ws, r->made.id, status, exit_code, 0, reason, &err),
			&err);
	bn_metric_set_release(&r->metrics);
	bn_spec_free(r->spec);
	bn_dir_close(r->dir);
	real_shut(p);
}

/* ---- ridge -------------------------------------------------------------------------------------- */

static void scores_add(real_run *r, const json_t *metrics)
{
	const char *part, *name;
	json_t *scores, *value;
	json_object_foreach((json_t *)(uintptr_t)metrics, part, scores)
	{
		json_object_foreach(scores, name, value)
		{
			char key[128];
			if (!json_is_number(value) || !bn_metric_find(name))
				continue;
			snprintf(key, sizeof key, "%.32s_%.80s",
				strcmp(part, "valid") ? part : "val", name);
			metric(r, key, 0, bn_env_now_ms(bn_workspace_env(r->ws)),
				json_number_value(value));
		}
	}
}

static json_t *ridge_spec(const char *options)
{
	json_t *o = parsed(options);
	json_object_set_new(o, "trainer", json_string("ridge"));
	json_object_set_new(o, "target", json_string("node_power"));
	json_object_set_new(o, "data",
		parsed("[{\"name\": \"jobs.train\"}, {\"name\": \"jobs.val\", \"part\": \"valid\"},"
		       "{\"name\": \"jobs.test\", \"part\": \"test\"}]"));
	return o;
}

static void params_write(real_run *r)
{
	json_t *params = json_copy(r->spec->hyper);
	json_object_set_new(params, "seed", json_integer(r->spec->seed));
	json_object_set_new(params, "target", json_string(r->spec->target));
	json_object_set_new(params, "trainer", json_string(r->spec->trainer));
	ck_assert_bn_ok(bn_runlog_params(r->ws, r->made.id, params, &err), &err);
	json_decref(params);
}

void real_train(team *t, person *p, const char *name, const char *options, int64_t took_ms)
{
	real_run r;
	bn_fit_report report = {.metrics = NULL};
	char text[200];
	t->clock_ns -= took_ms * 1000000;
	run_create(&r, t, p, name, ridge_spec(options));
	params_write(&r);
	run_start(&r);
	t->clock_ns += took_ms * 1000000;
	ck_assert_bn_ok(bn_fit_run(&report, r.ws, r.spec, r.dir, "model", 1, NULL, &err), &err);
	scores_add(&r, report.metrics);
	ck_assert_bn_ok(
		bn_runlog_model(r.ws, r.made.id, r.dir, "model", report.digest, &err), &err);
	used(&r, took_ms * 9 / 10, 31 << 20, 38 << 20);
	snprintf(text, sizeof text, "ridge: %zu rows, 1 solve\nmodel %.12s written\n",
		report.rows[0], report.digest);
	output(&r, text);
	bn_fit_report_release(&report);
	run_end(&r, p, "FINISHED", 0, NULL);
}

/* ---- commands ------------------------------------------------------------------------------------- */

static json_t *command_spec(const char *const *words)
{
	json_t *o = json_object(), *command = json_array();
	for (size_t i = 0; words[i]; i++)
		json_array_append_new(command, json_string(words[i]));
	json_object_set_new(o, "command", command);
	json_object_set_new(o, "workdir", json_string("/scratch/bob/power"));
	json_object_set_new(o, "data", parsed("[{\"name\": \"jobs.train\"}]"));
	return o;
}

/* Decreases as a fraction of the step, with noise of a thousandth. */
static double loss_at(const real_curves *c, int step, int part)
{
	double noise =
		(real_draw((unsigned)step, (unsigned)(part + c->steps % 7), 100) - 50.0) / 1000;
	double fall = 2.0 / (1 + (double)step * (part ? 0.09 : 0.11));
	double over = part ? (double)step / c->steps * 0.02 : 0;
	return c->best + over + fall * (1 + noise) + (noise / 8);
}

static void curves_add(real_run *r, const real_curves *c, int64_t from_ms)
{
	for (int step = 0; step < c->last; step++) {
		int64_t at = from_ms + step * c->step_ms;
		metric(r, "loss", step, at, loss_at(c, step, 0));
		metric(r, "val_loss", step, at, loss_at(c, step, 1));
		metric(r, "lr", step, at,
			step < c->steps / 5   ? 0.003
			: step < c->steps / 2 ? 0.001
					      : 0.0003);
		metric(r, "grad_norm", step, at,
			0.4 + 3.0 / (1 + step * 0.05) + real_draw((unsigned)step, 9, 100) / 400.0);
		metric(r, "system/rss_bytes", step * c->step_ms / 1000, at,
			(900.0 + real_draw((unsigned)step, 11, 60)) * 1048576);
		metric(r, "system/cpu_seconds", step * c->step_ms / 1000, at,
			(double)(step * c->step_ms) / 1000 * 3.6);
	}
	if (c->test_rmse > 0)
		metric(r, "test_rmse", c->steps, from_ms + c->last * c->step_ms, c->test_rmse);
}

static void console(real_run *r, const real_curves *c)
{
	bn_buf b = BN_BUF_INIT;
	bn_buf_addf(
		&b, "reading jobs.train@v1\nfeatures 8, hidden 64,32, lr %s\n", c->learning_rate);
	for (int step = c->last > 200 ? c->last - 200 : 0; step < c->last; step++)
		bn_buf_addf(&b, "epoch %d loss %.3f val %.3f\n", step, loss_at(c, step, 0),
			loss_at(c, step, 1));
	output(r, b.ptr);
	bn_buf_release(&b);
}

void real_simulate(team *t, person *p, const real_curves *c)
{
	real_run r;
	const char *const words[] = {
		"python", "train.py", "--lr", c->learning_rate, "--hidden", "64,32", NULL};
	int64_t took_ms = c->last * c->step_ms;
	bool lives = strcmp(c->status, "RUNNING") == 0;
	t->clock_ns -= took_ms * 1000000;
	int64_t from_ms = t->clock_ns / 1000000;
	run_create(&r, t, p, c->name, command_spec(words));
	run_start(&r);
	json_t *params = json_pack("{ss si ss si}", "lr", c->learning_rate, "epochs", c->steps,
		"hidden", "64,32", "batch_size", 256);
	ck_assert_bn_ok(bn_runlog_params(r.ws, r.made.id, params, &err), &err);
	json_decref(params);
	t->clock_ns += took_ms * 1000000;
	curves_add(&r, c, from_ms);
	used(&r, took_ms * 36 / 10, 930 << 20, 990 << 20);
	if (lives)
		ck_assert_bn_ok(bn_runlog_heartbeat(r.ws, r.made.id, 5000, &err), &err);
	console(&r, c);
	run_end(&r, p, lives ? NULL : c->status, 0, NULL);
}

void real_fail(team *t, person *p, const char *name)
{
	real_run r;
	static const char *const words[] = {
		"python", "train.py", "--lr", "0.1", "--hidden", "4096,4096", NULL};
	t->clock_ns -= 39 * 1000000;
	run_create(&r, t, p, name, command_spec(words));
	run_start(&r);
	t->clock_ns += 39 * 1000000;
	used(&r, 38, 12 << 20, 13 << 20);
	output(&r, "reading jobs.train@v1\n"
		   "Traceback (most recent call last):\n"
		   "  File \"/scratch/bob/power/train.py\", line 12, in <module>\n"
		   "    model = build(args.hidden)\n"
		   "RuntimeError: CUDA error: out of memory\n");
	run_end(&r, p, "FAILED", 1, "exit status 1");
}
