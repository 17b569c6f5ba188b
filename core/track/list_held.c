/* list_held.c - see _memory.h: a list from the runs and columns in its query's memory. */
#include "core/track/_memory.h"

#include "core/track/_group.h"

#include <math.h>
#include <string.h>

/* The runs of the query as a set; yours. */
static int chosen(uint8_t **out, bn_run_list *l, bn_err *err)
{
	bn_run_memory *m = l->q->memory;
	const uint8_t *filtered;
	size_t bytes = m->count / 8 + 1;
	int rc = bn_memory_filter(&filtered, m, l, err);
	if (rc < 0)
		return rc;
	uint8_t *set = bn_alloc(bytes);
	if (!set)
		return bn_err_nomem(err, "a list of runs");
	if (filtered)
		memcpy(set, filtered, bytes);
	else
		memset(set, 0xff, bytes);
	if (l->q->search && (rc = bn_memory_search(set, m, l->q->search, err)) < 0) {
		bn_free(set);
		return rc;
	}
	*out = set;
	return 0;
}

static int keys_prepare(bn_run_list *l, size_t rows, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < l->key_count && rc == 0; i++) {
		bn_sort_key *k = &l->keys[i];
		if (k->is_text)
			k->text = bn_alloc((rows + 1) * sizeof *k->text);
		else
			k->number = bn_alloc((rows + 1) * sizeof *k->number);
		if (!k->text && !k->number)
			return bn_err_nomem(err, "a list of runs");
		if (!k->is_lead)
			rc = bn_memory_column(&k->column, l->q->memory, &k->field, &l->world, err);
	}
	return rc;
}

static bool is_live(uint8_t status)
{
	return bn_run_status_is_live((bn_run_status)status);
}

static void rows_take(bn_run_list *l, uint8_t *status, const uint8_t *set)
{
	const bn_run_memory *m = l->q->memory;
	for (size_t place = 0; place < m->count; place++) {
		const bn_held_run *run = &m->runs[m->order[place]];
		if (!bn_set_has(set, m->order[place]))
			continue;
		size_t at = l->count++;
		l->no[at] = run->no;
		status[at] = run->status;
		for (size_t i = 0; i < l->key_count; i++)
			if (l->keys[i].is_lead)
				l->keys[i].number[at] = !is_live(run->status);
			else
				bn_sort_key_take(l, &l->keys[i], at);
	}
}

int bn_run_list_held(bn_run_list *l, bn_err *err)
{
	bn_run_memory *m = l->q->memory;
	uint8_t *set = NULL, *status = NULL;
	int rc;
	if ((rc = bn_memory_refresh(m, &l->world, err)) < 0 || (rc = chosen(&set, l, err)) < 0 ||
		(rc = keys_prepare(l, m->count, err)) < 0)
		goto out;
	l->no = bn_alloc((m->count + 1) * sizeof *l->no);
	status = bn_alloc(m->count + 1);
	if (!l->no || !status) {
		rc = bn_err_nomem(err, "a list of runs");
		goto out;
	}
	rows_take(l, status, set);
	l->matched = (int64_t)l->count;
	if (l->q->group && l->q->group[0])
		rc = bn_run_list_group(l, status, err);
out:
	bn_free(set);
	bn_free(status);
	return rc;
}
