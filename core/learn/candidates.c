/* candidates.c - see _candidates.h. */
#include "core/learn/_candidates.h"

#include <string.h>

/* A candidate for each value of a vector, "x[0]", "x[1]", ... */
static int add_vector(bn_candidates *c, const bn_schema *s, size_t column, bn_err *err)
{
	const bn_field *f = &s->fields[column];
	for (size_t k = 0; k < f->fixed_size; k++) {
		char *name = bn_arena_strf(&c->arena, "%s[%zu]", f->name, k);
		if (!name)
			return bn_err_nomem(err, "columns");
		if (bn_schema_find(s, name) != BN_SCHEMA_NONE) {
			bn_err_set(err, BN_ECONFLICT,
				"column '%s' has the name of value %zu of column '%s'", name, k,
				f->name);
			bn_err_hint(err, "leave one of them out");
			return BN_ECONFLICT;
		}
		c->items[c->count++] = (bn_candidate){
			name, f->name, column, k, f->fixed_size, f->child->type};
	}
	return 0;
}

int bn_candidates_find(bn_candidates *c, const bn_part *train, bn_err *err)
{
	const bn_schema *s = bn_table_schema(train->table);
	size_t most = 1;
	int rc;

	*c = (bn_candidates){.items = NULL};
	for (size_t i = 0; i < train->column_count; i++) {
		const bn_field *f = &s->fields[train->columns[i]];
		most += bn_input_is_vector(f) ? f->fixed_size : 1;
	}
	if (!(c->items = bn_alloc_zeroed(most, sizeof *c->items)))
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < train->column_count; i++) {
		const bn_field *f = &s->fields[train->columns[i]];
		if (!bn_input_is_vector(f))
			c->items[c->count++] = (bn_candidate){
				.name = f->name, .column = train->columns[i], .type = f->type};
		else if ((rc = add_vector(c, s, train->columns[i], err)) < 0)
			return rc;
	}
	return 0;
}

static bool is_called(const bn_candidate *c, const char *name)
{
	return strcmp(c->name, name) == 0 || (c->vector && strcmp(c->vector, name) == 0);
}

bool bn_candidates_have(const bn_candidates *c, const char *name)
{
	size_t i = 0;
	while (i < c->count && !is_called(&c->items[i], name))
		i++;
	return i < c->count;
}

static bool is_listed(const char *const *names, size_t n, const bn_candidate *c)
{
	for (size_t i = 0; i < n; i++)
		if (is_called(c, names[i]))
			return true;
	return false;
}

bool bn_candidate_is_wanted(const bn_features_options *opt, const bn_candidate *c)
{
	return !is_called(c, opt->target) && !is_listed(opt->excluded, opt->excluded_count, c) &&
	       (!opt->inputs || is_listed(opt->inputs, opt->input_count, c));
}

void bn_candidates_release(bn_candidates *c)
{
	bn_free(c->items);
	bn_arena_release(&c->arena);
}
