/* memory_learn.c - what a view adds to the memory; see memory.h, invariant 1. No files here. */
#include "core/govern/_memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- the chain ------------------------------------------------------------------------------ */

/* Finds the smallest of the first `count` remembered numbers at which the view has another link; at the
 * last one it does. */
static int find_parting(uint32_t *at, const bn_memory_content *c, const bn_memory_view *view,
	size_t count, bn_err *err)
{
	size_t low = 0, high = count - 1;
	uint8_t id[32];
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int rc = view->link_at(view->user, c->links[mid].n, id, err);
		if (rc < 0)
			return rc;
		if (memcmp(id, c->links[mid].id, 32))
			high = mid;
		else
			low = mid + 1;
	}
	*at = c->links[high].n;
	return 0;
}

int bn_memory_relate(bn_memory_relation *out, uint32_t *at, const bn_memory_content *c,
	const bn_memory_view *view, bn_err *err)
{
	uint8_t id[32];
	size_t n = c->n_links;
	*out = BN_MEMORY_SAME;
	*at = 0;
	if (!n)
		return 0;
	if (!view->has_chain) {
		*out = BN_MEMORY_BEFORE;
		return 0;
	}
	/* The last one known to both. */
	while (n && c->links[n - 1].n > view->newest)
		n--;
	if (n < c->n_links)
		*out = BN_MEMORY_BEFORE;
	if (!n)
		return 0;
	int rc = view->link_at(view->user, c->links[n - 1].n, id, err);
	if (rc < 0 || !memcmp(id, c->links[n - 1].id, 32))
		return rc;
	*out = BN_MEMORY_AWAY;
	return find_parting(at, c, view, n, err);
}

/* Drops links in the middle. */
static void links_thin(bn_memory_content *c)
{
	size_t first = c->n_links && c->links[0].n == 0 ? 1 : 0;
	if (c->n_links <= BN_MEMORY_LINKS + first)
		return;
	size_t drop = c->n_links - BN_MEMORY_LINKS - first;
	memmove(c->links + first, c->links + first + drop,
		(c->n_links - first - drop) * sizeof *c->links);
	c->n_links -= drop;
}

static int links_learn(
	bn_memory_content *c, bn_memory_news *news, const bn_memory_view *view, bn_err *err)
{
	uint8_t id[32];
	int64_t n = c->n_links ? (int64_t)c->links[c->n_links - 1].n + 1 : 0;
	int rc;
	while (n <= view->newest) {
		if ((rc = view->link_at(view->user, (uint32_t)n, id, err)) < 0)
			return rc;
		if (bn_memory_content_add_link(c, (uint32_t)n, id) < 0)
			return bn_err_nomem(err, "links to remember");
		*news = BN_MEMORY_NEWS;
		n++;
		if (n < (int64_t)view->newest - BN_MEMORY_LINKS + 1)
			n = (int64_t)view->newest - BN_MEMORY_LINKS + 1;
	}
	links_thin(c);
	return 0;
}

/* ---- heads ---------------------------------------------------------------------------------- */

static int writer_order(const void *key, const void *item)
{
	return strcmp(key, ((const bn_memory_head *)item)->writer);
}

/* Whether the view has that record with that hash. 1, 0. */
static int view_has(const bn_memory_view *view, const bn_memory_head *h, bn_err *err)
{
	uint8_t after[32];
	int rc = view->after_at(view->user, h->writer, h->seq, after, err);
	return rc == 1 ? memcmp(after, h->after, 32) == 0 : rc;
}

enum { HEAD_OLD, HEAD_TAKE, HEAD_CONTRADICTS };

/* Whether h from the view may replace the remembered head (old, NULL for none): one of the three. */
static int head_judge(
	const bn_memory_view *view, const bn_memory_head *old, const bn_memory_head *h, bn_err *err)
{
	int rc;
	if (old && old->since > view->restored)
		return HEAD_OLD;
	if (old && old->since == view->restored) {
		bool same = h->seq == old->seq && !memcmp(h->after, old->after, 32);
		if (same)
			return h->acts && !old->acts ? HEAD_TAKE : HEAD_OLD;
		if (h->seq < old->seq)
			return HEAD_OLD;
		if (h->seq == old->seq)
			return HEAD_CONTRADICTS;
		if ((rc = view_has(view, old, err)) != 1)
			return rc < 0 ? rc : HEAD_CONTRADICTS;
	}
	rc = view_has(view, h, err);
	if (rc < 0)
		return rc;
	return rc ? HEAD_TAKE : HEAD_CONTRADICTS;
}

static void head_put(
	bn_memory_head *to, const char *writer, const bn_memory_head *h, uint32_t since)
{
	bool acts = h->acts || (to->writer && to->acts);
	*to = *h;
	to->writer = writer;
	to->since = since;
	to->acts = acts;
}

/* By key, then by importance: heads of acts first, so that the limit drops the others. */
static int by_key(const void *a, const void *b)
{
	const bn_memory_head *x = *(const bn_memory_head *const *)a;
	const bn_memory_head *y = *(const bn_memory_head *const *)b;
	int order = memcmp(x->key, y->key, 32);
	if (order)
		return order;
	if (x->acts != y->acts)
		return x->acts ? -1 : 1;
	return strcmp(x->writer, y->writer);
}

/* Adds new writers, within the bounds. */
static int heads_add(bn_memory_content *c, bn_memory_news *news, bn_memory_learned *out,
	const bn_memory_head **fresh, size_t n, const bn_memory_view *view, bn_err *err)
{
	size_t known = c->n_heads, of_key = 0;
	if (n)
		qsort(fresh, n, sizeof *fresh, by_key);
	for (size_t i = 0; i < n; i++) {
		const bn_memory_head *h = fresh[i];
		if (i == 0 || memcmp(fresh[i - 1]->key, h->key, 32)) {
			of_key = 0;
			for (size_t k = 0; k < known; k++)
				of_key += !memcmp(c->heads[k].key, h->key, 32);
		}
		if (of_key >= BN_MEMORY_HEADS_PER_KEY || c->n_heads >= BN_MEMORY_HEADS) {
			out->left_out++;
			continue;
		}
		char *writer = bn_arena_strdup(&c->texts, h->writer);
		if (!writer || bn_grow(&c->heads, &c->cap_heads, c->n_heads + 1, sizeof *h) < 0)
			return bn_err_nomem(err, "writers to remember");
		c->heads[c->n_heads] = (bn_memory_head){0};
		head_put(&c->heads[c->n_heads++], writer, h, view->restored);
		of_key++;
		if (*news != BN_MEMORY_NEWS)
			*news = h->acts ? BN_MEMORY_NEWS : BN_MEMORY_CARDS_ALONE;
	}
	bn_memory_content_settle_heads(c);
	return 0;
}

static int heads_learn(bn_memory_content *c, bn_memory_news *news, bn_memory_learned *out,
	const bn_memory_view *view, bn_err *err)
{
	size_t n = 0;
	int rc = 0;
	const bn_memory_head **fresh = bn_alloc_zeroed(view->n_heads + 1, sizeof(void *));
	if (!fresh)
		return bn_err_nomem(err, "writers to remember");
	for (size_t i = 0; i < view->n_heads; i++) {
		const bn_memory_head *h = &view->heads[i];
		bn_memory_head *old = c->n_heads ? bsearch(h->writer, c->heads, c->n_heads,
							   sizeof *c->heads, writer_order)
						 : NULL;
		rc = head_judge(view, old, h, err);
		if (rc < 0)
			goto out;
		out->refused += rc == HEAD_CONTRADICTS;
		if (rc == HEAD_TAKE && old) {
			head_put(old, old->writer, h, view->restored);
			if (*news != BN_MEMORY_NEWS)
				*news = old->acts ? BN_MEMORY_NEWS : BN_MEMORY_CARDS_ALONE;
		} else if (rc == HEAD_TAKE) {
			fresh[n++] = h;
		}
	}
	rc = heads_add(c, news, out, fresh, n, view, err);
out:
	bn_free(fresh);
	return rc;
}

int bn_memory_content_learn(bn_memory_content *c, bn_memory_news *news, bn_memory_learned *out,
	const bn_memory_view *view, bn_err *err)
{
	bn_memory_relation relation;
	uint32_t at;
	*news = BN_MEMORY_NO_NEWS;
	int rc = bn_memory_relate(&relation, &at, c, view, err);
	if (rc < 0)
		return rc;
	if (relation == BN_MEMORY_AWAY || c->n_beside)
		return bn_err_set(err, BN_EREFUSED,
			"not remembered: the chain of authority is not the one that is remembered");
	if (relation == BN_MEMORY_BEFORE)
		return 0; /* another process has already seen more */
	if (view->has_chain && (rc = links_learn(c, news, view, err)) < 0)
		return rc;
	return heads_learn(c, news, out, view, err);
}
