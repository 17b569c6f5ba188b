/* leaks.c - see leaks.h: the columns of a search, its steps and its findings. */
#include "core/data/leaks.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/_leaks.h"
#include "core/profile/tally.h"

#include <string.h>

static const char *const kind_names[BN_LEAK_KINDS] = {
	"duplicate", "near", "group", "time", "target", "after"};

const char *bn_leak_kind_name(bn_leak_kind kind)
{
	return kind_names[kind];
}

/* ---- columns --------------------------------------------------------------------------------------- */

/* Adds the column if every table has it; types must be of one sort, or values would never be equal. */
static int add_column(bn_leaks_search *l, const bn_field *f, size_t at, bn_err *err)
{
	bn_leaks_column *c = &l->columns[l->column_count];

	c->name = f->name;
	c->type = f->type;
	c->at[0] = at;
	for (size_t t = 1; t < l->table_count; t++) {
		const bn_schema *s = bn_table_schema(l->tables[t]);
		c->at[t] = bn_schema_find(s, f->name);
		if (c->at[t] == BN_SCHEMA_NONE)
			return 0;
		const bn_field *other = &s->fields[c->at[t]];
		if (bn_type_is_text(other->type) != bn_type_is_text(f->type) ||
			bn_type_is_time(other->type) != bn_type_is_time(f->type))
			return bn_err_set(err, BN_EINVAL,
				"column '%s' is not of one type: text or times in one part, and not in another",
				f->name);
	}
	for (size_t t = 0; t < l->table_count; t++) {
		const bn_dict *d = bn_table_dict(l->tables[t], c->at[t]);
		if (!d)
			continue;
		if (!(c->dict_keys[t] = bn_alloc((d->count + 1) * sizeof *c->dict_keys[t]))) {
			l->column_count++;
			return bn_err_nomem(err, "keys of a dictionary");
		}
		for (size_t i = 0; i < d->count; i++) {
			bn_text text = bn_dict_get(d, i);
			c->dict_keys[t][i] = bn_hash_text(text.ptr, text.len);
		}
	}
	l->column_count++;
	return 0;
}

static int open_columns(bn_leaks_search *l, bn_err *err)
{
	const bn_schema *s = bn_table_schema(l->tables[0]);
	int rc;

	if (!(l->columns = bn_alloc_zeroed(s->count + 1, sizeof *l->columns)))
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < s->count; i++)
		if ((rc = add_column(l, &s->fields[i], i, err)) < 0)
			return rc;
	for (size_t i = 0; i < l->o->ignore_count; i++) {
		size_t at;
		if ((rc = bn_leaks_need(&at, l, l->o->ignore[i], err)) < 0)
			return rc;
		l->columns[at].role = BN_LEAKS_IGNORED;
	}
	return 0;
}

int bn_leaks_need(size_t *out, const bn_leaks_search *l, const char *name, bn_err *err)
{
	size_t at;
	int rc;

	for (size_t i = 0; i < l->column_count; i++)
		if (!strcmp(l->columns[i].name, name)) {
			*out = i;
			return 0;
		}
	for (size_t t = 0; t < l->table_count; t++)
		if ((rc = bn_schema_need(bn_table_schema(l->tables[t]), name, &at, err)) < 0)
			return rc;
	return bn_err_set(err, BN_ENOTFOUND, "no column '%s' in every part", name);
}

/* ---- begin and end ---------------------------------------------------------------------------------- */

static int search_open(bn_leaks_search *l, bn_err *err)
{
	const bn_leaks_parts *p = l->parts;

	if (!p->count || p->count > BN_LEAKS_PARTS)
		return bn_err_set(err, BN_EINVAL, "%zu parts: 1 to %d can be searched", p->count, BN_LEAKS_PARTS);
	l->only[0] = p->table;
	l->tables = p->tables ? p->tables : l->only;
	l->table_count = p->tables ? p->count : 1;
	for (size_t t = 0; t < l->table_count; t++)
		l->first[t + 1] = l->first[t] + bn_table_rows(l->tables[t]);
	l->out->rows = l->first[l->table_count];
	for (size_t t = 0; p->tables && t < p->count; t++)
		l->part_rows[t] = bn_table_rows(p->tables[t]);
	for (uint64_t r = 0; !p->tables && r < l->out->rows; r++)
		if (p->part_of[r] != BN_LEAKS_NO_PART)
			l->part_rows[p->part_of[r]]++;
	return 0;
}

static int copy_names(bn_leaks *out, const bn_leaks_parts *p, bn_err *err)
{
	if (!(out->part_names = bn_alloc_zeroed(p->count + 1, sizeof *out->part_names)))
		return bn_err_nomem(err, "names of parts");
	for (; out->part_count < p->count; out->part_count++)
		if (!(out->part_names[out->part_count] = bn_strdup(p->names[out->part_count])))
			return bn_err_nomem(err, "names of parts");
	return 0;
}

static void search_release(bn_leaks_search *l)
{
	for (size_t i = 0; i < l->column_count; i++) {
		for (size_t t = 0; t < l->table_count; t++)
			bn_free(l->columns[i].dict_keys[t]);
		bn_free(l->columns[i].keys);
		bn_free(l->columns[i].numbers);
	}
	bn_free(l->columns);
	bn_free(l->sample_rows);
	bn_free(l->repeated);
	bn_crew_free(l->crew);
}

bn_leak *bn_leaks_add(bn_leaks_search *l, bn_leak_kind kind, const char *column, const char *other,
	bn_err *err)
{
	bn_leaks *out = l->out;

	if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items)) {
		bn_err_nomem(err, "findings");
		return NULL;
	}
	bn_leak *x = &out->items[out->count++];
	*x = (bn_leak){.kind = kind, .column = bn_strdup(column), .other = bn_strdup(other)};
	if ((column && !x->column) || (other && !x->other)) {
		bn_err_nomem(err, "findings");
		return NULL;
	}
	return x;
}

int bn_leaks_find(bn_leaks *out, const bn_leaks_parts *parts, const bn_leaks_options *o, bn_err *err)
{
	bn_leaks_search l = {.parts = parts, .o = o, .out = out};
	int rc;

	memset(out, 0, sizeof *out);
	if ((rc = search_open(&l, err)) < 0 || (rc = copy_names(out, parts, err)) < 0 ||
		(rc = open_columns(&l, err)) < 0 || (rc = bn_crew_new_default(&l.crew, err)) < 0 ||
		(rc = bn_leaks_sample_take(&l, err)) < 0)
		goto out;
	if (parts->count > 1 && ((rc = bn_leaks_rows(&l, err)) < 0 || (rc = bn_leaks_groups(&l, err)) < 0))
		goto out;
	if ((rc = bn_leaks_times(&l, err)) < 0 || (rc = bn_leaks_disguises(&l, err)) < 0)
		goto out;
	rc = bn_leaks_words(out, err);
out:
	search_release(&l);
	return rc;
}

void bn_leaks_release(bn_leaks *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].column);
		bn_free(l->items[i].other);
		bn_free(l->items[i].text);
		bn_free(l->items[i].advice);
	}
	for (size_t i = 0; i < l->part_count; i++)
		bn_free(l->part_names[i]);
	bn_free(l->part_names);
	bn_free(l->items);
	bn_free(l->left_out);
	memset(l, 0, sizeof *l);
}

static json_t *row_json(const bn_leak *x, uint64_t row)
{
	return x->has_example ? json_integer((json_int_t)row) : json_null();
}

static json_t *part_json(const bn_leaks *l, size_t part)
{
	return json_string(l->part_names[part]);
}

json_t *bn_leak_json(const bn_leaks *l, const bn_leak *x)
{
	bool by_pairs = x->kind == BN_LEAK_DUPLICATE || x->kind == BN_LEAK_NEAR;
	json_t *o = json_pack("{s:s, s:o, s:o, s:s?, s:s?, s:s?, s:I, s:I, s:o, s:o, s:o, s:o, s:s?, s:s?}", "kind",
		kind_names[x->kind], "part_a", part_json(l, x->a), "part_b", part_json(l, x->b),
		"column", x->column, "other", x->other, "how", x->how, "rows", (json_int_t)x->rows, "of",
		(json_int_t)x->of, "share",
		x->of ? json_real((double)x->rows / (double)x->of) : json_null(), "strength",
		bn_json_real_or_null(x->strength), "row_a", row_json(x, x->row_a), "row_b",
		row_json(x, x->row_b), "text", x->text, "advice", x->advice);

	if (!o)
		return NULL;
	json_object_set_new(o, "values",
		x->kind == BN_LEAK_GROUP ? json_integer((json_int_t)x->values) : json_null());
	json_object_set_new(o, "by_chance", by_pairs ? json_integer((json_int_t)x->by_chance) : json_null());
	return o;
}
