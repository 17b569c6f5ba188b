/* suite_history.c - see suite_history.h. */
#include "core/data/suite_history.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/checks.h"
#include "core/data/protect.h"
#include "core/data/suites.h"

#include <stdlib.h>
#include <string.h>

const char *bn_check_verdict_name(bn_check_verdict v)
{
	static const char *const names[] = {"-", "pass", "INFO", "WARN", "ERROR", "FAIL"};
	return names[v];
}

bn_check_verdict bn_check_verdict_of(const json_t *result, bn_check_verdict *weighs)
{
	static const bn_check_verdict failed[] = {[BN_SEVERITY_INFO] = BN_CHECK_INFO,
		[BN_SEVERITY_WARNING] = BN_CHECK_WARNING,
		[BN_SEVERITY_CRITICAL] = BN_CHECK_FAILED};
	const json_t *config = json_object_get(result, "expectation_config");
	bn_severity severity = BN_SEVERITY_CRITICAL;
	bn_check_verdict own = BN_CHECK_PASSED, for_suite = BN_CHECK_PASSED;
	if (!bn_json_bool(result, "success", false)) {
		bn_severity_parse(&severity, bn_json_str(config, "severity", "critical"), NULL);
		own = for_suite = failed[severity];
		if (bn_json_bool(json_object_get(result, "exception_info"), "raised_exception", false)) {
			own = BN_CHECK_UNDECIDED;
			for_suite = severity == BN_SEVERITY_CRITICAL ? own : for_suite;
		}
	}
	if (weighs)
		*weighs = for_suite;
	return own;
}

void bn_suite_history_release(bn_suite_history *h)
{
	for (size_t i = 0; i < h->line_count; i++) {
		bn_suite_line *l = &h->lines[i];
		bn_free(l->suite);
		bn_free(l->user);
		bn_free(l->cells);
		bn_free(l->key);
		json_decref(l->config);
	}
	bn_free(h->lines);
	bn_free(h->versions);
	bn_free(h->dataset);
	*h = (bn_suite_history)BN_SUITE_HISTORY_INIT;
}

/* What is read while lines are made. */
typedef struct reading {
	bn_suite_history *h;
	bn_workspace *ws;
	bn_dataset_versions *versions;
	bn_suites attached;
	bn_dataset_checks checks;
	size_t first; /* the line of the suite that is read */
} reading;

/* ---- lines ------------------------------------------------------------------------------------ */

/* key NULL: the line of a suite. Borrowed until the next line. */
static int add_line(bn_suite_line **out, bn_suite_history *h, const char *suite, const char *key,
	json_t *config, bn_err *err)
{
	bn_suite_line l = {.suite = bn_strdup(suite),
		.key = key ? bn_strdup(key) : NULL,
		.cells = bn_alloc_zeroed(h->version_count + 1, sizeof *l.cells)};
	if (!l.suite || !l.cells || (key && !l.key) ||
		bn_grow(&h->lines, &h->line_cap, h->line_count + 1, sizeof *h->lines)) {
		bn_free(l.suite);
		bn_free(l.key);
		bn_free(l.cells);
		return bn_err_nomem(err, "the history of suites");
	}
	l.config = json_incref(config);
	for (size_t i = 0; i < h->version_count; i++)
		l.cells[i].failing = -1;
	*out = &h->lines[h->line_count++];
	**out = l;
	return 0;
}

/* The type and the columns of a check, as one text. */
static int key_of(char **out, const json_t *config, bn_err *err)
{
	const char *type = bn_json_str(config, "type", bn_json_str(config, "expectation_type", ""));
	json_t *columns = bn_check_columns(type, json_object_get(config, "kwargs"));
	char *names = columns ? json_dumps(columns, JSON_COMPACT) : NULL;
	*out = names ? bn_strf("%s %s", type, names) : NULL;
	free(names);
	json_decref(columns);
	return *out ? 0 : bn_err_nomem(err, "the history of suites");
}

/* The line of check number `at` of a suite's result, made if there is none; most results have the checks of the one
 * before in the same order. */
static int line_of(bn_suite_line **out, reading *r, size_t at, size_t seen, json_t *config, bn_err *err)
{
	bn_suite_history *h = r->h;
	char *key = NULL;
	size_t guess = r->first + 1 + at;
	int rc = key_of(&key, config, err);
	*out = NULL;
	if (rc < 0)
		return rc;
	if (guess < h->line_count && h->lines[guess].seen != seen && !strcmp(h->lines[guess].key, key))
		*out = &h->lines[guess];
	for (size_t i = r->first + 1; !*out && i < h->line_count; i++)
		if (h->lines[i].seen != seen && !strcmp(h->lines[i].key, key))
			*out = &h->lines[i];
	if (!*out)
		rc = add_line(out, h, h->lines[r->first].suite, key, config, err);
	if (rc >= 0)
		(*out)->seen = seen;
	bn_free(key);
	return rc;
}

/* ---- cells ------------------------------------------------------------------------------------ */

/* A result of the suite that is read, on version number v. */
static int add_result(reading *r, size_t v, const json_t *doc, bn_err *err)
{
	bn_suite_history *h = r->h;
	const json_t *results = json_object_get(doc, "results"), *one;
	size_t i;
	json_array_foreach(results, i, one)
	{
		bn_suite_line *l = NULL;
		bn_check_verdict weighs = BN_CHECK_PASSED;
		const json_t *n = json_object_get(json_object_get(one, "result"), "unexpected_count");
		int rc = line_of(&l, r, i, v + 1, json_object_get(one, "expectation_config"), err);
		if (rc < 0)
			return rc;
		l->cells[v] = (bn_suite_cell){.verdict = bn_check_verdict_of(one, &weighs),
			.failing = json_is_integer(n) ? json_integer_value(n) : -1,
			.at = (int64_t)i};
		bn_suite_cell *all = &h->lines[r->first].cells[v];
		if (weighs > all->verdict)
			all->verdict = weighs;
	}
	return 0;
}

static int add_check(reading *r, size_t v, const bn_dataset_check *c, bn_err *err)
{
	const bn_dataset_version *version = r->versions->items[v];
	bn_suite_cell *cell = &r->h->lines[r->first].cells[v];
	bn_err own = BN_ERR_INIT;
	json_t *doc = NULL;
	*cell = (bn_suite_cell){.verdict = BN_CHECK_PASSED,
		.failing = c->failed,
		.evaluated = c->evaluated,
		.checked_ms = c->checked_ms};
	memcpy(cell->result, c->result_hash, sizeof cell->result);
	int rc = bn_dataset_load_json(&doc, r->ws, version, c->result_hash, &own);
	if (rc == BN_EREFUSED) { /* another user's private version: only the counts are known */
		if (c->failed)
			cell->verdict = c->success ? BN_CHECK_WARNING : BN_CHECK_FAILED;
		cell->result[0] = '\0';
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &own);
	if ((rc = bn_protect_check(doc, r->ws, version, err)) >= 0)
		rc = add_result(r, v, doc, err);
	json_decref(doc);
	return rc;
}

/* ---- suites ----------------------------------------------------------------------------------- */

/* Checks of an attached suite, as they are now. A suite that this program cannot read has none. */
static int add_attached_checks(reading *r, const bn_suite_attached *a, bn_err *err)
{
	bn_suite *suite = NULL;
	int rc = 0;
	if (bn_suite_attached_read(&suite, r->ws, a, NULL) < 0)
		return 0;
	for (size_t i = 0; rc >= 0 && i < suite->count; i++) {
		bn_suite_line *l = NULL;
		rc = line_of(&l, r, i, SIZE_MAX, suite->items[i].config, err);
	}
	bn_suite_free(suite);
	return rc;
}

/* a NULL: it is not attached. */
static int add_suite(reading *r, const char *name, const bn_suite_attached *a, bn_err *err)
{
	bn_suite_line *l = NULL;
	bn_suite_history *h = r->h;
	int rc = add_line(&l, h, name, NULL, NULL, err);
	if (rc < 0)
		return rc;
	r->first = h->line_count - 1;
	if (a) {
		l->attached = true;
		l->required = a->required;
		l->attached_ms = a->attached_ms;
		if (!(l->user = bn_strdup(a->user)))
			return bn_err_nomem(err, "the history of suites");
		if ((rc = add_attached_checks(r, a, err)) < 0)
			return rc;
	}
	for (size_t i = 0, v = 0; i < r->checks.count; i++) { /* both are the newest first */
		const bn_dataset_check *c = &r->checks.items[i];
		if (strcmp(c->suite, name) != 0)
			continue;
		while (v < h->version_count && h->versions[v] > c->version)
			v++;
		if (v < h->version_count && h->versions[v] == c->version &&
			!h->lines[r->first].cells[v].checked_ms && (rc = add_check(r, v, c, err)) < 0)
			return rc;
	}
	return 0;
}

static bool has_suite(const bn_suite_history *h, const char *name)
{
	for (size_t i = 0; i < h->line_count; i++)
		if (!h->lines[i].config && !strcmp(h->lines[i].suite, name))
			return true;
	return false;
}

static int add_suites(reading *r, bn_err *err)
{
	const bn_suite_history *h = r->h;
	int rc;
	for (size_t i = 0; i < r->attached.count; i++)
		if ((rc = add_suite(r, r->attached.items[i].name, &r->attached.items[i], err)) < 0)
			return rc;
	for (size_t i = 0; i < r->checks.count; i++) {
		const bn_dataset_check *c = &r->checks.items[i];
		if (h->version_count && c->version >= h->versions[h->version_count - 1] &&
			!has_suite(h, c->suite) && (rc = add_suite(r, c->suite, NULL, err)) < 0)
			return rc;
	}
	return 0;
}

static int set_versions(reading *r, const char *dataset, size_t most, bn_err *err)
{
	bn_suite_history *h = r->h;
	size_t n = r->versions->count;
	most = most < BN_SUITE_HISTORY_VERSIONS ? most : BN_SUITE_HISTORY_VERSIONS;
	h->version_count = n < most ? n : most;
	h->left_out = n - h->version_count;
	h->dataset = bn_strdup(dataset);
	h->versions = bn_alloc_zeroed(n + 1, sizeof *h->versions);
	if (!h->dataset || !h->versions)
		return bn_err_nomem(err, "the history of suites");
	for (size_t i = 0; i < h->version_count; i++)
		h->versions[i] = r->versions->items[i]->version;
	return 0;
}

int bn_suite_history_load(
	bn_suite_history *out, bn_workspace *ws, const char *dataset, size_t most, bn_err *err)
{
	reading r = {.h = out, .ws = ws};
	int rc;
	if ((rc = bn_suites_load(&r.attached, ws, dataset, err)) < 0 ||
		(rc = bn_dataset_versions_load(&r.versions, ws, dataset, BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_dataset_checks_history(&r.checks, ws, dataset, 0, NULL, err)) < 0 ||
		(rc = set_versions(&r, dataset, most, err)) < 0)
		goto out;
	rc = add_suites(&r, err);
out:
	bn_suites_release(&r.attached);
	bn_dataset_checks_release(&r.checks);
	bn_dataset_versions_free(r.versions);
	return rc;
}
