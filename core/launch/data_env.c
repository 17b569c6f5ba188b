/* data_env.c - see data_env.h. */
#include "core/launch/data_env.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/data/dataset.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "BINNACLE_DATA"

typedef struct variable {
	char text[sizeof PREFIX + 1 + BN_NAME_MAX + 1];
} variable;

static const char *name_of(const bn_spec_data *d)
{
	return d->as ? d->as : d->name;
}

static variable variable_of(const bn_spec_data *d)
{
	variable v;
	snprintf(v.text, sizeof v.text, PREFIX "_%s", name_of(d));
	for (char *c = v.text + sizeof PREFIX; *c; c++)
		*c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
	return v;
}

/* "small@v2:test", as in --data. */
static const char *item_text(const bn_spec_data *d, char *text, size_t size)
{
	int n = snprintf(text, size, "%s%s%.100s", d->as ? d->as : "", d->as ? "=" : "", d->name);
	if (d->version > 0 && n > 0 && (size_t)n < size)
		n += snprintf(text + n, size - (size_t)n, "@v%lld", (long long)d->version);
	if (d->part && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, ":%s", d->part);
	return text;
}

int bn_data_env_check(const bn_spec *spec, bn_err *err)
{
	char a[320], b[320];
	for (size_t i = 1; i < spec->data_count; i++) {
		variable v = variable_of(&spec->data[i]);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(variable_of(&spec->data[k]).text, v.text) != 0)
				continue;
			bn_err_set(err, BN_EINVAL, "data: %.120s and %.120s would both be %.150s",
				item_text(&spec->data[k], a, sizeof a),
				item_text(&spec->data[i], b, sizeof b), v.text);
			bn_err_hint(err, "give one of them a name: --data NAME=%.120s",
				strchr(b, '=') ? strchr(b, '=') + 1 : b);
			return BN_EINVAL;
		}
	}
	return 0;
}

static int add_item(char **out, json_t *all, bn_workspace *ws, const bn_spec_data *d, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	char **paths = NULL;
	size_t n = 0;
	json_t *list = NULL, *o = NULL;
	int rc = bn_dataset_paths(&paths, &n, ws, d->digest, NULL, err);
	if (rc < 0)
		return rc;
	bn_buf_adds(&b, variable_of(d).text);
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		size_t from = b.len + 1;
		bn_buf_addf(&b, "%c%s/%s", i ? ':' : '=', bn_workspace_at(ws)->path, paths[i]);
		json_array_append_new(list, json_string(b.failed ? "" : b.ptr + from));
	}
	o = json_pack("{ss sI ss ss sO}", "dataset", d->name, "version", (json_int_t)d->version,
		"digest", d->digest, "part", d->part ? d->part : "train", "paths", list);
	if (json_array_size(list) != n || json_object_set(all, name_of(d), o) != 0 ||
		!(*out = bn_buf_take(&b, NULL)))
		rc = bn_err_nomem(err, "an environment");
	json_decref(list);
	json_decref(o);
	bn_buf_release(&b);
	bn_dataset_paths_free(paths, n);
	return rc;
}

int bn_data_env_make(char ***out, bn_workspace *ws, const bn_spec *spec, bn_err *err)
{
	size_t n = spec->data_count;
	bn_buf b = BN_BUF_INIT;
	json_t *all = json_object();
	char **list = bn_alloc_zeroed(n + 2, sizeof *list);
	int rc = all && list ? bn_data_env_check(spec, err) : bn_err_nomem(err, "an environment");
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if ((rc = add_item(&list[i], all, ws, &spec->data[i], err)) < 0)
			goto out;
	bn_buf_adds(&b, PREFIX "=");
	if ((rc = bn_json_canonical(all, &b, err)) < 0)
		goto out;
	if (!(list[n] = bn_buf_take(&b, NULL))) {
		rc = bn_err_nomem(err, "an environment");
		goto out;
	}
	*out = list;
	list = NULL;
out:
	json_decref(all);
	bn_buf_release(&b);
	bn_data_env_free(list);
	return rc;
}

void bn_data_env_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		bn_free(list[i]);
	bn_free(list);
}
