/* reproduce.c - see reproduce.h. */
#include "core/launch/reproduce.h"

#include "core/base/dir.h"
#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/launch/resolve.h"
#include "core/learn/fit.h"
#include "core/learn/model.h"
#include "core/learn/safetensors.h"
#include "core/run/environment.h"

#include <stdio.h>
#include <string.h>

/* ---- the first difference ------------------------------------------------------------------- */

/* Element i of a tensor as a number, for the types that our models have. */
static bool element(const bn_tensor *t, uint64_t i, double *x)
{
	float f;
	if (t->dtype == BN_DTYPE_F64) {
		memcpy(x, (const char *)t->data + i * 8, 8);
		return true;
	}
	if (t->dtype != BN_DTYPE_F32)
		return false;
	memcpy(&f, (const char *)t->data + i * 4, 4);
	*x = (double)f;
	return true;
}

static void describe_tensor(char *out, size_t size, const bn_tensor *was, const bn_tensor *now)
{
	uint64_t width = bn_dtype_bits(was->dtype) / 8, count = width ? was->bytes / width : 0;
	uint64_t first = 0, differ = 0;
	char a[BN_FMT] = "?", b[BN_FMT] = "?";
	double x, y;
	for (uint64_t i = count; i-- > 0;)
		if (memcmp((const char *)was->data + i * width, (const char *)now->data + i * width,
			    width) != 0) {
			first = i;
			differ++;
		}
	if (element(was, first, &x) && element(now, first, &y)) {
		bn_fmt_f64(x, a);
		bn_fmt_f64(y, b);
	}
	snprintf(out, size,
		"model.safetensors: tensor '%.80s', element %llu: was %s, is %s (%llu of %llu "
		"elements differ)",
		was->name, (unsigned long long)first, a, b, (unsigned long long)differ,
		(unsigned long long)count);
}

static bool describe_tensors(char *out, size_t size, const bn_buf *was, const bn_buf *now)
{
	bn_tensors *a = NULL, *b = NULL;
	bool found = false;
	if (bn_safetensors_parse(&a, was->ptr, was->len, "the run's model", NULL) != 0 ||
		bn_safetensors_parse(&b, now->ptr, now->len, "the new model", NULL) != 0)
		goto out;
	for (size_t i = 0; i < bn_tensors_count(a) && !found; i++) {
		const bn_tensor *t = bn_tensors_get(a, i);
		const bn_tensor *u = bn_tensors_find(b, t->name);
		found = true;
		if (!u)
			snprintf(
				out, size, "model.safetensors: tensor '%.80s' is missing", t->name);
		else if (u->dtype != t->dtype || u->rank != t->rank ||
			 memcmp(u->shape, t->shape, t->rank * sizeof *t->shape) != 0)
			snprintf(out, size,
				"model.safetensors: tensor '%.80s' has another shape or type",
				t->name);
		else if (memcmp(t->data, u->data, t->bytes) != 0)
			describe_tensor(out, size, t, u);
		else
			found = false;
	}
out:
	bn_tensors_free(a);
	bn_tensors_free(b);
	return found;
}

/* Text files: the line, with old and new content. */
static void describe_text(
	char *out, size_t size, const char *name, const bn_buf *was, const bn_buf *now)
{
	size_t at = 0, line = 1, from = 0;
	while (at < was->len && at < now->len && was->ptr[at] == now->ptr[at]) {
		if (was->ptr[at++] == '\n') {
			line++;
			from = at;
		}
	}
	snprintf(out, size, "%.80s: line %zu, byte %zu: was '%.*s', is '%.*s'", name, line, at,
		(int)(strcspn(was->ptr + from, "\n") < 120 ? strcspn(was->ptr + from, "\n") : 120),
		was->ptr + from,
		(int)(strcspn(now->ptr + from, "\n") < 120 ? strcspn(now->ptr + from, "\n") : 120),
		now->ptr + from);
}

static int compare_file(bn_reproduction *r, const bn_dir *was_dir, const bn_dir *now_dir,
	const char *name, bn_err *err)
{
	bn_buf was = BN_BUF_INIT, now = BN_BUF_INIT;
	bn_path_kind there;
	int rc = bn_dir_read_file(was_dir, name, &was, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_dir_look(&there, now_dir, name, err)) < 0)
		goto out;
	if (there == BN_PATH_ABSENT) {
		snprintf(r->difference, sizeof r->difference, "%.80s: is no longer written", name);
		goto out;
	}
	if ((rc = bn_dir_read_file(now_dir, name, &now, err)) < 0)
		goto out;
	if (was.len == now.len && !memcmp(was.ptr, now.ptr, was.len))
		goto out;
	if (!bn_str_ends(name, ".safetensors") ||
		!describe_tensors(r->difference, sizeof r->difference, &was, &now))
		describe_text(r->difference, sizeof r->difference, name, &was, &now);
out:
	bn_buf_release(&was);
	bn_buf_release(&now);
	return rc;
}

/* Tensors first: their differences explain the rest. */
static int find_difference(
	bn_reproduction *r, const bn_dir *was_dir, const bn_dir *now_dir, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(was_dir, NULL, &names, err);
	if (rc < 0)
		goto out;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < names.count && !r->difference[0]; i++) {
			if (bn_str_ends(names.items[i], ".safetensors") != (pass == 0))
				continue;
			if ((rc = compare_file(r, was_dir, now_dir, names.items[i], err)) < 0)
				goto out;
		}
	if (!r->difference[0])
		snprintf(r->difference, sizeof r->difference, "files were added to the model");
out:
	bn_names_release(&names);
	return rc;
}

/* ---- why ------------------------------------------------------------------------------------ */

static void add_why(bn_reproduction *r, const char *what, const json_t *was, const json_t *now)
{
	const char *a = json_string_value(was), *b = json_string_value(now);
	size_t n = strlen(r->why);
	if (n < sizeof r->why)
		snprintf(r->why + n, sizeof r->why - n, "%s%s: %.60s, now %.60s", n ? "; " : "",
			what, a ? a : "unknown", b ? b : "unknown");
}

static void compare_texts(
	bn_reproduction *r, const json_t *was, const json_t *now, const char *const *keys)
{
	for (size_t i = 0; keys[i]; i++) {
		const json_t *a = json_object_get(was, keys[i]), *b = json_object_get(now, keys[i]);
		/* What was not recorded then is not a known difference. */
		if (a && !json_equal(a, b))
			add_why(r, keys[i], a, b);
	}
}

static int explain(bn_reproduction *r, bn_workspace *ws, const bn_spec *spec, bn_err *err)
{
	static const char *const machine[] = {"blas_core", "kernel_variants", "cpu", "binnacle",
		"compiler", "kernel", "host", NULL};
	static const char *const libraries[] = {"openblas", "jansson", "zstd", NULL};
	const json_t *was = spec->environment;
	json_t *now = NULL;
	int rc = bn_environment_describe(&now, bn_workspace_env(ws), err);
	if (rc < 0)
		return rc;
	compare_texts(r, was, now, machine);
	compare_texts(
		r, json_object_get(was, "libraries"), json_object_get(now, "libraries"), libraries);
	if (!r->why[0])
		snprintf(r->why, sizeof r->why,
			"nothing that was recorded: same CPU, libraries and program");
	json_decref(now);
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------ */

int bn_reproduce(bn_reproduction *out, bn_workspace *ws, const char *spec_hash,
	const char *model_dir, int threads, const bn_fit_hooks *hooks, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	const bn_dir *at = bn_workspace_at(ws);
	bn_spec *spec = NULL;
	char uuid[BN_UUID_TEXT], name[BN_UUID_TEXT + 32] = "";
	bn_dir *was = NULL, *now = NULL;
	bn_fit_report report = {.metrics = NULL};
	memset(out, 0, sizeof *out);
	int rc = bn_spec_fetch(&spec, ws, spec_hash, err);
	if (rc < 0)
		goto out;
	if (bn_spec_is_command(spec)) {
		rc = bn_err_set(err, BN_EUNSUPPORTED,
			"only a trainer's run is reproduced bit for bit, not a command's");
		bn_err_hint(err, "binnacle run start --again RUN runs the command again");
		goto out;
	}
	if ((rc = bn_spec_check_complete(spec, "stored spec", err)) < 0)
		goto out;
	if ((rc = bn_spec_can_run(spec, err)) < 0)
		goto out;
	if ((rc = bn_uuid_new(env, uuid, err)) < 0)
		goto out;
	snprintf(name, sizeof name, "tmp/reproduce-%s", uuid);
	int64_t start = bn_env_monotonic_ns(env);
	out->threads = threads > 0 ? threads : (int)spec->threads;
	if ((rc = bn_fit_run(&report, ws, spec, at, name, out->threads, hooks, err)) < 0)
		goto out;
	out->duration_ns = bn_env_monotonic_ns(env) - start;
	if ((rc = bn_model_digest(out->original, env, NULL, model_dir, err)) < 0)
		goto out;
	memcpy(out->digest, report.digest, sizeof out->digest);
	out->identical = !strcmp(out->digest, out->original);
	if (out->identical)
		goto out;
	if ((rc = bn_dir_open(&was, env, model_dir, err)) < 0)
		goto out;
	if ((rc = bn_dir_open_below(&now, at, name, err)) < 0)
		goto out;
	if ((rc = find_difference(out, was, now, err)) < 0)
		goto out;
	rc = explain(out, ws, spec, err);
out:
	bn_dir_close(was);
	bn_dir_close(now);
	bn_fit_report_release(&report);
	if (name[0])
		bn_dir_remove_tree(at, name, NULL);
	bn_spec_free(spec);
	return rc;
}
