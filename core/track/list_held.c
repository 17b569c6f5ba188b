/* list_held.c - see _memory.h: a list from the runs and columns in its query's memory. */
#include "core/track/_memory.h"

#include "core/track/_group.h"
#include "core/track/_tree.h"

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
			rc = bn_memory_whole_column(&k->column, l->q->memory, &k->field, &l->world, err);
	}
	return rc;
}

static bool is_live(uint8_t status)
{
	return bn_run_status_is_live((bn_run_status)status);
}

static void rows_take(bn_run_list *l, uint8_t *status, uint32_t *held, const uint8_t *set)
{
	const bn_run_memory *m = l->q->memory;
	for (size_t place = 0; place < m->count; place++) {
		const bn_held_run *run = &m->runs[m->order[place]];
		if (!bn_set_has(set, m->order[place]))
			continue;
		size_t at = l->count++;
		l->no[at] = run->no;
		status[at] = run->status;
		if (held)
			held[at] = m->order[place];
		for (size_t i = 0; i < l->key_count; i++)
			if (l->keys[i].is_lead)
				l->keys[i].number[at] = !is_live(run->status);
			else
				bn_sort_key_take(l, &l->keys[i], at);
	}
}

static bn_column *column_held(
	bn_run_memory *m, const bn_run_field *f, const bn_filter_world *w)
{
	bn_column *c = NULL;
	return bn_memory_column(&c, m, f, w, NULL) < 0 ? NULL : c;
}

int bn_run_list_hold(bn_run_list *l, bn_err *err)
{
	l->world.memory = l->q->memory;
	l->world.held = column_held;
	return bn_memory_refresh(l->q->memory, &l->world, err);
}

int bn_run_list_held(bn_run_list *l, bn_err *err)
{
	bn_run_memory *m = l->q->memory;
	uint8_t *set = NULL, *status = NULL;
	uint32_t *held = NULL;
	bool grouped = l->q->group && l->q->group[0];
	int rc;
	if ((rc = chosen(&set, l, err)) < 0 ||
		(rc = keys_prepare(l, m->count, err)) < 0)
		goto out;
	l->no = bn_alloc((m->count + 1) * sizeof *l->no);
	status = bn_alloc(m->count + 1);
	if (l->q->tree && !grouped)
		held = bn_alloc((m->count + 1) * sizeof *held);
	if (!l->no || !status || (l->q->tree && !grouped && !held)) {
		rc = bn_err_nomem(err, "a list of runs");
		goto out;
	}
	rows_take(l, status, held, set);
	l->matched = (int64_t)l->count;
	if (grouped)
		rc = bn_run_list_group(l, status, err);
	else if (held)
		rc = bn_run_list_tree(l, held, err);
out:
	bn_free(held);
	bn_free(set);
	bn_free(status);
	return rc;
}
