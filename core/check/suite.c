/* suite.c - see suite.h. */
#include "core/check/suite.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

void bn_suite_free(bn_suite *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		json_decref(s->items[i].config);
	bn_free(s->items);
	bn_free(s->name);
	json_decref(s->parameters);
	json_decref(s->meta);
	bn_free(s);
}

static const char *const severities[] = {"info", "warning", "critical"};

const char *bn_severity_name(bn_severity severity)
{
	return severities[severity];
}

int bn_severity_parse(bn_severity *out, const char *name, bn_err *err)
{
	for (size_t i = 0; i < sizeof severities / sizeof *severities; i++)
		if (!strcmp(severities[i], name)) {
			*out = (bn_severity)i;
			return 0;
		}
	return bn_err_set(err, BN_EINVAL, "severity '%.40s' is none of critical, warning and info",
		name);
}

/* The new reference that replaces `value` when parameters are substituted. */
static int substitute(json_t **out, const json_t *value, const json_t *parameters, int depth,
	const char *where, bn_err *err)
{
	const char *name = bn_json_str(value, "$PARAMETER", NULL);
	if (depth > 16)
		return bn_err_set(err, BN_EINVAL, "%s: kwargs are nested too deep", where);
	if (name) {
		const json_t *found = json_object_get(parameters, name);
		if (!found)
			return bn_err_set(
				err, BN_EINVAL, "%s: no suite parameter '%s'", where, name);
		*out = json_deep_copy(found);
		return *out ? 0 : bn_err_nomem(err, "a suite");
	}
	int rc = 0;
	json_t *copy = json_is_array(value)    ? json_array()
		       : json_is_object(value) ? json_object()
					       : json_deep_copy(value);
	if (!copy)
		return bn_err_nomem(err, "a suite");
	for (size_t i = 0; !rc && i < json_array_size(value); i++) {
		json_t *item = NULL;
		rc = substitute(&item, json_array_get(value, i), parameters, depth + 1, where, err);
		if (!rc)
			json_array_append_new(copy, item);
	}
	for (void *it = json_object_iter((json_t *)value); !rc && it;
		it = json_object_iter_next((json_t *)value, it)) {
		json_t *item = NULL;
		rc = substitute(
			&item, json_object_iter_value(it), parameters, depth + 1, where, err);
		if (!rc)
			json_object_set_new(copy, json_object_iter_key(it), item);
	}
	if (rc)
		json_decref(copy);
	else
		*out = copy;
	return rc;
}

static void copy_key(json_t *to, const json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);
	if (value && !json_is_null(value))
		json_object_set_new(to, key, json_deep_copy(value));
}

static int item_severity(bn_expectation *e, const json_t *item, const char *where, bn_err *err)
{
	int rc = bn_severity_parse(&e->severity, bn_json_str(item, "severity", "critical"), err);
	if (rc < 0)
		bn_err_prefix(err, "%s", where);
	return rc;
}

static int item_read(bn_expectation *e, const json_t *item, const json_t *parameters,
	const char *where, bn_err *err)
{
	const char *type = bn_json_str(item, "type", bn_json_str(item, "expectation_type", NULL));
	const json_t *kwargs = json_object_get(item, "kwargs");
	json_t *replaced = NULL;
	if (!json_is_object(item) || !type)
		return bn_err_set(err, BN_EINVAL, "%s: no \"type\"", where);
	int rc = bn_check_find(&e->def, type, err);
	if (rc) {
		bn_err_prefix(err, "%s", where);
		return rc;
	}
	if (kwargs && !json_is_object(kwargs))
		return bn_err_set(err, BN_EINVAL, "%s: \"kwargs\" is not an object", where);
	if (kwargs)
		rc = substitute(&replaced, kwargs, parameters, 0, where, err);
	else if (!(replaced = json_object()))
		rc = bn_err_nomem(err, "a suite");
	if (!rc)
		rc = bn_check_validate(e->def, replaced, where, err);
	rc = rc < 0 ? rc : item_severity(e, item, where, err);
	if (!rc && !(e->config = json_pack("{s:s, s:O}", "type", type, "kwargs", replaced)))
		rc = bn_err_nomem(err, "a suite");
	if (!rc) {
		e->kwargs = replaced;
		copy_key(e->config, item, "meta");
		copy_key(e->config, item, "id");
		copy_key(e->config, item, "severity");
		copy_key(e->config, item, "description");
		copy_key(e->config, item, "notes");
		if (!json_object_get(e->config, "meta"))
			json_object_set_new(e->config, "meta", json_object());
	}
	json_decref(replaced);
	return rc;
}

static json_t *object_or_empty(const json_t *doc, const char *key, const char *old_key)
{
	const json_t *v = json_object_get(doc, key);
	if (!json_is_object(v) && old_key)
		v = json_object_get(doc, old_key);
	return json_is_object(v) ? json_deep_copy(v) : json_object();
}

int bn_suite_from_json(bn_suite **out, const json_t *doc, const char *source, bn_err *err)
{
	json_t *list = NULL;
	bn_suite *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a suite");
	const char *name =
		bn_json_str(doc, "name", bn_json_str(doc, "expectation_suite_name", source));
	int rc = json_is_object(doc)
			 ? bn_json_need_array(doc, "expectations", &list, source, err)
			 : bn_err_set(err, BN_EINVAL, "%s: a suite is a JSON object", source);
	size_t n = json_array_size(list);
	if (!rc && n > BN_SUITE_MAX_ITEMS)
		rc = bn_err_set(err, BN_EINVAL, "%s: %zu checks, over the limit of %d", source, n,
			BN_SUITE_MAX_ITEMS);
	if (!rc) {
		s->name = bn_strdup(name);
		s->parameters = object_or_empty(doc, "suite_parameters", "evaluation_parameters");
		s->meta = object_or_empty(doc, "meta", NULL);
		s->items = bn_alloc_zeroed(n, sizeof *s->items);
		if (!s->name || !s->parameters || !s->meta || !s->items)
			rc = bn_err_nomem(err, "a suite");
	}
	for (size_t i = 0; !rc && i < n; i++) {
		char where[160];
		snprintf(where, sizeof where, "%.120s: check %zu", source, i + 1);
		s->count = i + 1;
		rc = item_read(&s->items[i], json_array_get(list, i), s->parameters, where, err);
	}
	if (rc)
		bn_suite_free(s);
	else
		*out = s;
	return rc;
}

int bn_suite_parse(bn_suite **out, const char *text, size_t n, const char *source, bn_err *err)
{
	json_t *doc = NULL;
	int rc = bn_json_parse_wide(&doc, text, n, source, err);
	if (!rc)
		rc = bn_suite_from_json(out, doc, source, err);
	size_t at = 0;
	while (at < n && strchr(" \t\r\n", text[at]))
		at++;
	if (rc < 0 && (at == n || text[at] != '{'))
		bn_err_hint(err, "a suite is a JSON object, as binnacle data infer writes it");
	json_decref(doc);
	return rc;
}

int bn_suite_load(bn_suite **out, const bn_env *env, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = bn_fs_read_file(env, path, &text, err);
	if (!rc)
		rc = bn_suite_parse(out, text.ptr, text.len, path, err);
	bn_buf_release(&text);
	return rc;
}

int bn_suite_of_result(bn_suite **out, const json_t *result, size_t at, bn_err *err)
{
	json_t *one = json_array_get(json_object_get(result, "results"), at);
	json_t *config = json_object_get(one, "expectation_config"), *doc;
	if (!config)
		return bn_err_set(err, BN_ENOTFOUND, "the result has no check number %zu", at + 1);
	doc = json_pack("{s:s, s:[O]}", "name", "one", "expectations", config);
	int rc = doc ? bn_suite_from_json(out, doc, "the check's result", err)
		     : bn_err_nomem(err, "a check");
	json_decref(doc);
	return rc;
}

int bn_suite_to_json(json_t **out, const bn_suite *s, bn_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < s->count; i++)
		json_array_append_new(list, json_deep_copy(s->items[i].config));
	json_t *doc = json_pack("{s:s, s:o, s:O, s:O, s:n}", "name", s->name, "expectations", list,
		"suite_parameters", s->parameters, "meta", s->meta, "notes");
	if (!doc)
		return bn_err_nomem(err, "a suite");
	*out = doc;
	return 0;
}
