/* leaks_of.c - see leaks_of.h. */
#include "core/data/leaks_of.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/instant.h"

#include <string.h>

typedef struct searching {
	bn_table_reader *tables[BN_LEAKS_PARTS];
	char *names[BN_LEAKS_PARTS];
	size_t n;
	json_t *recipe;
	const char **groups;
} searching;

static int open_part(searching *s, bn_workspace *ws, const bn_dataset_version *v, const bn_leaks_ask *ask, bn_err *err)
{
	char ref[192];
	int rc;

	bn_dataset_version_name(v, ref, sizeof ref);
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->names[i], ref))
			return bn_err_set(err, BN_EINVAL, "%s is given twice", ref);
	if (!(s->names[s->n] = bn_strdup(ref)))
		return bn_err_nomem(err, "a name");
	s->n++;
	if ((rc = bn_dataset_open_whole(&s->tables[s->n - 1], ws, v, ask->progress, err)) < 0)
		return rc;
	if (ask->where)
		return bn_dataset_where(&s->tables[s->n - 1], ask->where, "--where", ask->progress, NULL, err);
	return 0;
}

/* Adds the columns that the recipe of the first part names. */
static int add_recipe(searching *s, bn_leaks_options *o, const bn_dataset_version *v, bn_err *err)
{
	const char *how, *column, *group;

	s->recipe = v->recipe ? json_loads(v->recipe, 0, NULL) : NULL;
	if (!(s->groups = bn_alloc((o->group_count + 1) * sizeof *s->groups)))
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < o->group_count; i++)
		s->groups[i] = o->groups[i];
	if (!s->recipe || strcmp(bn_json_str(s->recipe, "do", ""), "split") != 0)
		return 0;
	how = bn_json_str(s->recipe, "how", "");
	column = bn_json_str(s->recipe, "column", NULL);
	group = bn_json_str(s->recipe, "group", !strcmp(how, "group") ? column : NULL);
	if (group && !o->group_count) {
		s->groups[0] = group;
		o->groups = s->groups;
		o->group_count = 1;
	}
	if (!o->time && column && !strcmp(how, "temporal"))
		o->time = column;
	return 0;
}

int bn_dataset_leaks(bn_leaks *out, bn_workspace *ws, const bn_dataset_version *const *v, size_t n,
	const bn_leaks_ask *ask, bn_err *err)
{
	searching s = {.n = 0};
	bn_leaks_options o = ask->o;
	size_t time;
	int rc = 0;

	memset(out, 0, sizeof *out);
	if (!n || n > BN_LEAKS_PARTS)
		return bn_err_set(err, BN_EINVAL, "%zu parts: 1 to %d can be searched", n, BN_LEAKS_PARTS);
	for (size_t i = 0; i < n; i++)
		if ((rc = open_part(&s, ws, v[i], ask, err)) < 0)
			goto out;
	if ((rc = add_recipe(&s, &o, v[0], err)) < 0)
		goto out;
	o.progress = ask->progress;
	if (ask->horizon && !o.time) {
		rc = bn_err_set(err, BN_EINVAL, "--horizon needs the time of a row's event: --time COLUMN");
		goto out;
	}
	if (ask->horizon && ((rc = bn_schema_need(bn_table_schema(s.tables[0]), o.time, &time, err)) < 0 ||
				    (rc = bn_instant_length(&o.horizon, &bn_table_schema(s.tables[0])->fields[time],
					     ask->horizon, "--horizon", err)) < 0))
		goto out;
	const bn_leaks_parts parts = {
		.count = n, .names = (const char *const *)s.names, .tables = s.tables};
	rc = bn_leaks_find(out, &parts, &o, err);
out:
	for (size_t i = 0; i < s.n; i++) {
		bn_table_reader_free(s.tables[i]);
		bn_free(s.names[i]);
	}
	bn_free(s.groups);
	json_decref(s.recipe);
	return rc;
}
