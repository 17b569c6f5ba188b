/* terms.c - the terms on which runs are measured, cached by the worker: Runs and Overview need them
 * for each run repeatedly, and they are in a file. See _source.h. */
#include "core/base/mem.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

enum { KEPT_MOST = 4096 };

typedef struct kept {
	char id[BN_RUN_ID_TEXT];
	bn_run_terms terms;
} kept;

struct bn_terms_memory {
	kept items[KEPT_MOST]; /* by id */
	size_t count;
};

static void empty(struct bn_terms_memory *m)
{
	for (size_t i = 0; i < m->count; i++)
		bn_run_terms_release(&m->items[i].terms);
	m->count = 0;
}

/* The index of the run, or where to insert it. */
static size_t place_of(const struct bn_terms_memory *m, const char *run, bool *found)
{
	size_t low = 0, high = m->count;
	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(m->items[mid].id, run);
		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int bn_reader_terms(bn_run_terms *out, bn_reader *r, const char *run, bn_err *err)
{
	bn_run_info *info = NULL;
	bool found;
	int rc;
	if (!r->terms && !(r->terms = bn_alloc_zeroed(1, sizeof *r->terms)))
		return bn_err_nomem(err, "the terms of runs");
	struct bn_terms_memory *m = r->terms;
	if (m->count == KEPT_MOST)
		empty(m);
	size_t at = place_of(m, run, &found);
	if (!found) {
		kept one = {.terms = {NULL, NULL, NULL}};
		if ((rc = bn_run_get(&info, r->ws, run, err)) < 0)
			return rc;
		rc = bn_run_terms_read(&one.terms, r->ws, info, err);
		bn_run_info_free(info);
		if (rc < 0)
			return rc;
		snprintf(one.id, sizeof one.id, "%s", run);
		memmove(&m->items[at + 1], &m->items[at], (m->count - at) * sizeof one);
		m->items[at] = one;
		m->count++;
	}
	*out = m->items[at].terms;
	return 0;
}

void bn_terms_memory_free(struct bn_terms_memory *m)
{
	if (m)
		empty(m);
	bn_free(m);
}
