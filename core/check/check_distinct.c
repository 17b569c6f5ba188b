/* check_distinct.c - checks of the set of a column's values, and of its most frequent ones. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/_check_run.h"
#include "core/profile/frequencies.h"

#include <string.h>

#define SHOWN_MAX 20 /* values that a result lists */

/* Which values of the set occur, and how many rows have a value outside of it. */
typedef struct occurrence {
	bn_check_set set;
	uint8_t *seen;
	size_t seen_count;
	uint64_t outside;
	json_t *strange; /* values outside of the set, the first SHOWN_MAX different ones */
	bool more;       /* there are more */
} occurrence;

static void note_strange(occurrence *o, const bn_column *c, size_t row)
{
	json_t *value = bn_column_json(c, row);
	size_t i = 0, n = json_array_size(o->strange);
	while (i < n && !json_equal(value, json_array_get(o->strange, i)))
		i++;
	o->more |= i == n && n == SHOWN_MAX;
	if (i == n && n < SHOWN_MAX)
		json_array_append(o->strange, value);
	json_decref(value);
}

static void occurrence_add(occurrence *o, const bn_column *c)
{
	for (size_t r = 0; r < c->rows; r++) {
		if (bn_column_is_null(c, r) ||
			bn_column_is_absent(c, r))
			continue;
		long at = bn_check_set_find(&o->set, c, r);
		if (at < 0) {
			o->outside++;
			if (!o->more)
				note_strange(o, c, r);
		} else if (!o->seen[at]) {
			o->seen[at] = 1;
			o->seen_count++;
		}
	}
}

static int occurrence_read(occurrence *o, bn_check_run *run, bn_err *err)
{
	size_t column;
	bn_batch batch = BN_BATCH_INIT;
	memset(o, 0, sizeof *o);
	int rc = bn_check_column(run, "column", &column, err);
	if (!rc)
		rc = bn_check_set_read(&o->set, json_object_get(run->kwargs, "value_set"),
			run->schema->fields[column].type, err);
	if (!rc && (!(o->seen = bn_alloc_zeroed(bn_check_set_size(&o->set), 1)) ||
			   !(o->strange = json_array())))
		rc = bn_err_nomem(err, "a set of values");
	for (size_t b = 0; !rc && b < bn_table_batches(run->table); b++) {
		rc = bn_table_read(run->table, b, &column, 1, &batch, err);
		if (!rc)
			occurrence_add(o, &batch.columns[0]);
		bn_table_forget(run->table, &batch);
		if (!rc)
			rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	if (!rc) {
		json_object_set_new(
			run->result, "rows_outside_set", json_integer((json_int_t)o->outside));
		json_object_set_new(run->result, "set_values_missing",
			json_integer((json_int_t)(bn_check_set_size(&o->set) + o->set.foreign -
						  o->seen_count)));
	}
	return rc;
}

/* The findings of a failing check: values that are not in the set, values of the set that do not
 * occur. */
static void occurrence_report(
	const occurrence *o, bn_check_run *run, bn_type type, bool within, bool whole)
{
	json_t *absent = json_array(), *value;
	for (size_t i = 0; json_array_size(absent) < SHOWN_MAX &&
			   (value = bn_check_set_value(&o->set, type, i));
		i++) {
		if (!o->seen[i])
			json_array_append(absent, value);
		json_decref(value);
	}
	if (within)
		json_object_set(run->result, "values_outside_set", o->strange);
	if (whole)
		json_object_set(run->result, "values_not_found", absent);
	json_decref(absent);
}

static void occurrence_release(occurrence *o)
{
	json_decref(o->strange);
	bn_check_set_release(&o->set);
	bn_free(o->seen);
}

static int distinct_run(bn_check_run *run, bool within, bool whole, bn_err *err)
{
	occurrence o;
	size_t column = 0;
	int rc;

	if ((rc = occurrence_read(&o, run, err)) < 0 ||
		(rc = bn_check_column(run, "column", &column, err)) < 0)
		goto out;
	bool all = o.seen_count == bn_check_set_size(&o.set) && !o.set.foreign;
	run->item->success = (!within || !o.outside) && (!whole || all);
	if (!run->item->success)
		occurrence_report(&o, run, run->schema->fields[column].type, within, whole);
out:
	occurrence_release(&o);
	return rc;
}

int bn_check_distinct_in_set(bn_check_run *run, bn_err *err)
{
	return distinct_run(run, true, false, err);
}

int bn_check_distinct_contain_set(bn_check_run *run, bn_err *err)
{
	return distinct_run(run, false, true, err);
}

int bn_check_distinct_equal_set(bn_check_run *run, bn_err *err)
{
	return distinct_run(run, true, true, err);
}

/* ---- the most frequent value --------------------------------------------------------------- */

/* How often each value of a set occurs. */
static int set_counts(
	bn_check_run *run, size_t column, const bn_check_set *set, uint64_t *counts, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;

	for (size_t b = 0; b < bn_table_batches(run->table); b++) {
		if ((rc = bn_table_read(run->table, b, &column, 1, &batch, err)) < 0)
			goto out;
		for (size_t r = 0; r < batch.rows; r++) {
			long at = bn_column_is_absent(&batch.columns[0], r)
					  ? -1
					  : bn_check_set_find(set, &batch.columns[0], r);
			if (at >= 0)
				counts[at]++;
		}
		bn_table_forget(run->table, &batch);
		if ((rc = bn_check_cancelled(run, err)) < 0)
			goto out;
	}
out:
	bn_batch_release(&batch);
	return rc;
}

/* The most frequent values, the first SHOWN_MAX of them; *most: how often each occurs, *ties:
 * whether there is more than one. NaN is absent, and counts among the frequencies. */
static int modes_of(bn_check_run *run, size_t column, json_t *shown, uint64_t *most, bool *ties,
	bn_err *err)
{
	const bn_progress watch = bn_check_progress(run);
	bn_frequencies f = {.values = NULL};
	int rc;

	*most = 0;
	if ((rc = bn_frequencies_count(&f, run->table, column, SHOWN_MAX + 1, &watch, err)) < 0)
		return rc;
	for (size_t i = 0; i < f.count && json_array_size(shown) < SHOWN_MAX; i++) {
		json_t *value = NULL;
		if (*most && f.values[i].count < *most)
			break;
		if ((rc = bn_check_row_value(
			     &value, run, f.values[i].first_row, &column, 1, err)) < 0)
			goto out;
		if (json_is_string(value) && !strcmp(json_string_value(value), "nan") &&
			!bn_type_is_text(run->schema->fields[column].type)) {
			json_decref(value);
			continue;
		}
		*most = f.values[i].count;
		if (json_array_append_new(shown, value)) {
			rc = bn_err_nomem(err, "the result of a check");
			goto out;
		}
	}
	*ties = json_array_size(shown) > 1;
out:
	bn_frequencies_release(&f);
	return rc;
}

int bn_check_most_common(bn_check_run *run, bn_err *err)
{
	size_t column;
	bn_check_set set = {0};
	uint64_t *counts = NULL, most;
	json_t *shown = json_array();
	bool ties = false, found = false;
	int rc;

	if ((rc = bn_check_column(run, "column", &column, err)) < 0 ||
		(rc = bn_check_set_read(&set, json_object_get(run->kwargs, "value_set"),
			 run->schema->fields[column].type, err)) < 0)
		goto out;
	if (!shown || !(counts = bn_alloc_zeroed(bn_check_set_size(&set), sizeof *counts))) {
		rc = bn_err_nomem(err, "a set of values");
		goto out;
	}
	if ((rc = modes_of(run, column, shown, &most, &ties, err)) < 0 ||
		(rc = set_counts(run, column, &set, counts, err)) < 0)
		goto out;
	for (size_t i = 0; i < bn_check_set_size(&set); i++)
		found |= most > 0 && counts[i] == most;
	run->item->success = found && (!ties || bn_json_bool(run->kwargs, "ties_okay", false));
	if (json_object_set(run->result, "observed_value", shown))
		rc = bn_err_nomem(err, "the result of a check");
out:
	json_decref(shown);
	bn_check_set_release(&set);
	bn_free(counts);
	return rc;
}
