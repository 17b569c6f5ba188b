/* profiler.c - see profiler.h. One accumulator per column. */
#include "core/profile/profiler.h"

#include "core/profile/_accumulator.h"

struct bn_profiler {
	bn_schema schema;
	bn_accumulator *columns;
};

int bn_profiler_new(bn_profiler **out, const bn_schema *schema, bn_err *err)
{
	bn_profiler *p = bn_alloc_zeroed(1, sizeof *p);
	bn_accumulator *columns = bn_alloc_zeroed(schema->count, sizeof *columns);
	if (!p || !columns) {
		bn_free(p);
		bn_free(columns);
		return bn_err_nomem(err, "a profile");
	}
	p->schema = (bn_schema)BN_SCHEMA_INIT;
	int rc = bn_schema_copy(&p->schema, schema, err);
	if (rc) {
		bn_free(p);
		bn_free(columns);
		return rc;
	}
	p->columns = columns;
	for (size_t i = 0; i < schema->count; i++) {
		if ((rc = bn_accumulator_init(&columns[i], &p->schema.fields[i], err)) < 0) {
			bn_profiler_free(p);
			return rc;
		}
	}
	*out = p;
	return 0;
}

void bn_profiler_free(bn_profiler *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->schema.count; i++)
		bn_accumulator_release(&p->columns[i]);
	bn_free(p->columns);
	bn_schema_release(&p->schema);
	bn_free(p);
}

int bn_profiler_add(bn_profiler *p, const bn_batch *batch, bn_err *err)
{
	BN_BUG(batch->column_count != p->schema.count);
	int rc = 0;
	for (size_t i = 0; !rc && i < batch->column_count; i++)
		rc = bn_accumulator_add(&p->columns[i], &batch->columns[i], err);
	return rc;
}

int bn_profiler_add_column(bn_profiler *p, size_t index, const bn_column *column, bn_err *err)
{
	return bn_accumulator_add(&p->columns[index], column, err);
}

int bn_profiler_merge(bn_profiler *p, const bn_profiler *other, bn_err *err)
{
	if (!bn_schema_equal(&p->schema, &other->schema))
		return bn_err_set(err, BN_EINVAL, "profiles of different schemas do not merge");
	int rc = 0;
	for (size_t i = 0; !rc && i < p->schema.count; i++)
		rc = bn_accumulator_merge(&p->columns[i], &other->columns[i], err);
	return rc;
}

/* ---- the end ----------------------------------------------------------------------------------- */

#define FEW_COLUMNS 1024 /* done before threads are started */

int bn_profile_crew(bn_crew **out, size_t columns, bn_err *err)
{
	*out = NULL;
	return columns > FEW_COLUMNS ? bn_crew_new_default(out, err) : 0;
}

typedef struct finishing {
	bn_profiler *p;
	bn_profile_column *columns;
} finishing;

static int finish_block(void *user, size_t block, bn_err *err)
{
	const finishing *f = user;
	size_t from = block * BN_PROFILE_BLOCK, n = f->p->schema.count;
	int rc = 0;

	for (size_t i = from; !rc && i < n && i < from + BN_PROFILE_BLOCK; i++) {
		bn_accumulator *a = &f->p->columns[i];
		rc = bn_accumulator_finish(a, &f->columns[i], &f->p->schema.fields[i], err);
		bn_accumulator_release(a);
	}
	return rc;
}

int bn_profiler_finish(bn_profile **out, bn_profiler *p, bn_err *err)
{
	size_t n = p->schema.count;
	bn_profile *profile = bn_alloc_zeroed(1, sizeof *profile);
	bn_profile_column *columns = bn_alloc_zeroed(n, sizeof *columns);
	finishing f = {.p = p, .columns = columns};
	bn_crew *crew = NULL;
	int rc;
	if (!profile || !columns) {
		bn_free(profile);
		bn_free(columns);
		return bn_err_nomem(err, "a profile");
	}
	profile->rows = n ? p->columns[0].rows : 0;
	profile->columns = columns;
	profile->column_count = n;
	if ((rc = bn_profile_crew(&crew, n, err)) < 0 ||
		(rc = bn_crew_fan(crew, BN_PROFILE_BLOCKS(n), finish_block, &f, err)) < 0)
		bn_profile_free(profile);
	else
		*out = profile;
	bn_crew_free(crew);
	return rc;
}
