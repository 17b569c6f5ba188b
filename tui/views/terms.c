/* terms.c - the terms on which runs are measured, cached by the worker: Runs and Overview need them
 * for each run repeatedly, and they are in a file, the spec. Thousands of runs may share one: it is read once.
 * See _source.h. */
#include "core/base/mem.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

enum { KEPT_MOST = 4096 };

typedef struct kept {
	char key[65]; /* a run's id, or the hash of a spec */
	bn_run_terms terms;
} kept;

typedef struct kept_list {
	kept items[KEPT_MOST]; /* by key */
	size_t count;
} kept_list;

struct bn_terms_memory {
	kept_list runs, specs;
};

static void empty(kept_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		bn_run_terms_release(&l->items[i].terms);
	l->count = 0;
}

/* The index of the key, or where to insert it. */
static size_t place_of(const kept_list *l, const char *key, bool *found)
{
	size_t low = 0, high = l->count;
	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(l->items[mid].key, key);
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

/* NULL: not there. Borrowed until the next change of the list. */
static const bn_run_terms *get(const kept_list *l, const char *key)
{
	bool found;
	size_t at = place_of(l, key, &found);
	return found ? &l->items[at].terms : NULL;
}

static int dup(char **out, const char *text)
{
	*out = text ? bn_strdup(text) : NULL;
	return text && !*out ? -1 : 0;
}

/* Keeps a copy. */
static int keep(kept_list *l, const char *key, const bn_run_terms *terms, bn_err *err)
{
	kept one = {.terms = {NULL, NULL, NULL}};
	bool found;
	if (l->count == KEPT_MOST)
		empty(l);
	size_t at = place_of(l, key, &found);
	if (found)
		return 0;
	if (dup(&one.terms.key, terms->key) || dup(&one.terms.target, terms->target) ||
		dup(&one.terms.where, terms->where)) {
		bn_run_terms_release(&one.terms);
		return bn_err_nomem(err, "the terms of runs");
	}
	snprintf(one.key, sizeof one.key, "%s", key);
	memmove(&l->items[at + 1], &l->items[at], (l->count - at) * sizeof one);
	l->items[at] = one;
	l->count++;
	return 0;
}

/* Reads and keeps the terms of a run that is not in the list. 1: its spec would have to be read, and *left is 0. */
static int look(struct bn_terms_memory *m, bn_reader *r, const char *run, int *left, bn_err *err)
{
	bn_run_info *info = NULL;
	bn_run_terms own = {NULL, NULL, NULL};
	int rc = bn_run_get(&info, r->ws, run, err);
	if (rc < 0)
		return rc;
	const bn_run_terms *terms = info->spec_hash ? get(&m->specs, info->spec_hash) : NULL;
	if (!terms) {
		if (left && info->spec_hash && (*left)-- <= 0) {
			*left = 0;
			rc = 1;
			goto out;
		}
		if ((rc = bn_run_terms_read(&own, r->ws, info, err)) < 0)
			goto out;
		/* Without a key the spec is gone: that holds for this run. */
		if (info->spec_hash && own.key &&
			(rc = keep(&m->specs, info->spec_hash, &own, err)) < 0)
			goto out;
		terms = &own;
	}
	rc = keep(&m->runs, run, terms, err);
out:
	bn_run_terms_release(&own);
	bn_run_info_free(info);
	return rc;
}

int bn_reader_terms_within(
	bn_run_terms *out, bn_reader *r, const char *run, int *left, bn_err *err)
{
	int rc;
	if (!r->terms && !(r->terms = bn_alloc_zeroed(1, sizeof *r->terms)))
		return bn_err_nomem(err, "the terms of runs");
	const bn_run_terms *terms = get(&r->terms->runs, run);
	if (!terms && (rc = look(r->terms, r, run, left, err)) != 0)
		return rc;
	*out = *get(&r->terms->runs, run);
	return 0;
}

int bn_reader_terms(bn_run_terms *out, bn_reader *r, const char *run, bn_err *err)
{
	return bn_reader_terms_within(out, r, run, NULL, err);
}

void bn_terms_memory_free(struct bn_terms_memory *m)
{
	if (m) {
		empty(&m->runs);
		empty(&m->specs);
	}
	bn_free(m);
}
