/* memory_content.c - the content of a memory file: its text, and merging. See memory.h. */
#include "core/govern/_host_files.h"
#include "core/govern/_memory.h"

#include "core/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BESIDE_MOST = 16 };

void bn_memory_content_release(bn_memory_content *c)
{
	bn_free(c->links);
	bn_free(c->beside);
	bn_free(c->heads);
	bn_arena_release(&c->texts);
	*c = (bn_memory_content){0};
}

const uint8_t *bn_memory_content_link(const bn_memory_content *c, uint32_t n)
{
	size_t low = 0, high = c->n_links;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (c->links[mid].n < n)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->n_links && c->links[low].n == n ? c->links[low].id : NULL;
}

/* ---- text ----------------------------------------------------------------------------------- */

static int link_add(
	bn_memory_link **items, size_t *n, size_t *cap, uint32_t number, const uint8_t id[32])
{
	if (bn_grow(items, cap, *n + 1, sizeof **items) < 0)
		return BN_ENOMEM;
	(*items)[*n].n = number;
	memcpy((*items)[(*n)++].id, id, 32);
	return 0;
}

int bn_memory_content_add_link(bn_memory_content *c, uint32_t n, const uint8_t id[32])
{
	return link_add(&c->links, &c->n_links, &c->cap_links, n, id);
}

static int text_keep(const char **out, bn_memory_content *c, const bn_host_line *l, size_t i)
{
	char *name;
	int rc = bn_host_line_name(&name, l, i);
	if (rc < 0)
		return rc;
	*out = bn_arena_strdup(&c->texts, name);
	bn_free(name);
	return *out ? 0 : BN_ENOMEM;
}

static int parse_link(bn_memory_content *c, const bn_host_line *l)
{
	int64_t n;
	uint8_t id[32];
	bool chain = bn_host_line_is(l, "link", 3);
	if (!bn_host_line_number(l, 1, UINT32_MAX, &n) || !bn_host_line_hex(l, 2, id))
		return BN_ECORRUPT;
	if (!chain)
		return link_add(&c->beside, &c->n_beside, &c->cap_beside, (uint32_t)n, id);
	if (c->n_links && c->links[c->n_links - 1].n >= n)
		return BN_ECORRUPT;
	return link_add(&c->links, &c->n_links, &c->cap_links, (uint32_t)n, id);
}

static int parse_first(bn_memory_content *c, const bn_host_line *l)
{
	int rc;
	if (c->first.by || !bn_host_line_number(l, 2, INT64_MAX, &c->first.when_ms))
		return BN_ECORRUPT;
	if ((rc = text_keep(&c->first.by, c, l, 1)) < 0)
		return rc;
	return text_keep(&c->first.words, c, l, 3);
}

static int parse_head(bn_memory_content *c, const bn_host_line *l)
{
	bn_memory_head h = {0};
	int64_t since, seq;
	int rc;
	if (!bn_host_line_number(l, 1, UINT32_MAX, &since) ||
		!bn_host_line_number(l, 2, INT64_MAX, &seq) || !bn_host_line_hex(l, 3, h.after) ||
		!bn_host_line_hex(l, 4, h.key))
		return BN_ECORRUPT;
	h.since = (uint32_t)since;
	h.seq = (uint64_t)seq;
	h.acts = l->len[5] == 4 && !memcmp(l->at[5], "acts", 4);
	if (!h.acts && (l->len[5] != 5 || memcmp(l->at[5], "cards", 5)))
		return BN_ECORRUPT;
	if ((rc = text_keep(&h.writer, c, l, 6)) < 0)
		return rc;
	if (c->n_heads && strcmp(c->heads[c->n_heads - 1].writer, h.writer) >= 0)
		return BN_ECORRUPT;
	if (bn_grow(&c->heads, &c->cap_heads, c->n_heads + 1, sizeof h) < 0)
		return BN_ENOMEM;
	c->heads[c->n_heads++] = h;
	return 0;
}

static int parse_line(bn_memory_content *c, const bn_host_line *l, const char *id, size_t number)
{
	if (number == 1)
		return bn_host_line_is(l, "id", 2) && l->len[1] == strlen(id) &&
				       !memcmp(l->at[1], id, l->len[1])
			       ? 0
			       : BN_ECORRUPT;
	if (number == 2)
		return bn_host_line_is(l, "generation", 2) &&
				       bn_host_line_number(l, 1, INT64_MAX - 1, &c->generation)
			       ? 0
			       : BN_ECORRUPT;
	if (bn_host_line_is(l, "first", 4))
		return parse_first(c, l);
	if (bn_host_line_is(l, "link", 3) || bn_host_line_is(l, "beside", 3))
		return parse_link(c, l);
	return bn_host_line_is(l, "head", 7) ? parse_head(c, l) : BN_ECORRUPT;
}

int bn_memory_content_parse(
	bn_memory_content *c, const char *workspace_id, const char *body, size_t n, bn_err *err)
{
	bn_host_line l;
	const char *at = body, *end = body + n;
	size_t number = 0;
	int rc;
	*c = (bn_memory_content){.texts = BN_ARENA_INIT};
	while ((rc = bn_host_line_next(&l, &at, end)) == 1)
		if ((rc = parse_line(c, &l, workspace_id, ++number)) < 0)
			break;
	if (rc == BN_ENOMEM)
		return bn_err_nomem(err, "what is remembered");
	if (rc < 0 || number < 2)
		return bn_err_set(err, BN_ECORRUPT, "has an invalid line: %zu after the head",
			number + (rc < 0 && !number));
	return 0;
}

void bn_memory_content_format(bn_buf *out, const bn_memory_content *c, const char *workspace_id)
{
	char a[65], b[65];
	bn_buf_addf(out, "id %s\ngeneration %lld\n", workspace_id, (long long)c->generation);
	if (c->first.by) {
		bn_buf_adds(out, "first ");
		bn_host_name_add(out, c->first.by);
		bn_buf_addf(
			out, " %lld ", (long long)(c->first.when_ms > 0 ? c->first.when_ms : 0));
		bn_host_name_add(out, c->first.words);
		bn_buf_addch(out, '\n');
	}
	for (size_t i = 0; i < c->n_links; i++) {
		bn_hex(c->links[i].id, 32, a);
		bn_buf_addf(out, "link %u %s\n", c->links[i].n, a);
	}
	for (size_t i = 0; i < c->n_beside; i++) {
		bn_hex(c->beside[i].id, 32, a);
		bn_buf_addf(out, "beside %u %s\n", c->beside[i].n, a);
	}
	for (size_t i = 0; i < c->n_heads; i++) {
		const bn_memory_head *h = &c->heads[i];
		bn_hex(h->after, 32, a);
		bn_hex(h->key, 32, b);
		bn_buf_addf(out, "head %u %llu %s %s %s ", h->since, (unsigned long long)h->seq, a,
			b, h->acts ? "acts" : "cards");
		bn_host_name_add(out, h->writer);
		bn_buf_addch(out, '\n');
	}
}

/* ---- merging -------------------------------------------------------------------------------- */

static const bn_memory_link *tip(const bn_memory_content *c)
{
	return c->n_links ? &c->links[c->n_links - 1] : NULL;
}

/* The longer chain; of equally long ones that with the smaller id. */
static bool is_before(const bn_memory_link *a, const bn_memory_link *b)
{
	if (a->n != b->n)
		return a->n < b->n;
	return memcmp(a->id, b->id, 32) > 0;
}

static int beside_add(bn_memory_content *out, const bn_memory_link *l)
{
	const uint8_t *on = bn_memory_content_link(out, l->n);
	if (on && !memcmp(on, l->id, 32))
		return 0;
	for (size_t i = 0; i < out->n_beside; i++)
		if (out->beside[i].n == l->n && !memcmp(out->beside[i].id, l->id, 32))
			return 0;
	if (out->n_beside == BESIDE_MOST)
		return 0; /* one is enough to stop */
	return link_add(&out->beside, &out->n_beside, &out->cap_beside, l->n, l->id);
}

/* The longest chain, and links that are not on it. */
static int chains_merge(bn_memory_content *out, const bn_memory_content *parts, size_t n)
{
	const bn_memory_content *longest = NULL;
	int rc;
	for (size_t i = 0; i < n; i++)
		if (parts[i].generation == out->generation && parts[i].n_links &&
			(!longest || is_before(tip(longest), tip(&parts[i]))))
			longest = &parts[i];
	for (size_t i = 0; longest && i < longest->n_links; i++)
		if ((rc = link_add(&out->links, &out->n_links, &out->cap_links, longest->links[i].n,
			     longest->links[i].id)) < 0)
			return rc;
	for (size_t i = 0; i < n; i++) {
		const bn_memory_content *p = &parts[i];
		if (p->generation != out->generation)
			continue;
		const uint8_t *on = p->n_links ? bn_memory_content_link(out, tip(p)->n) : NULL;
		if (on && memcmp(on, tip(p)->id, 32) && (rc = beside_add(out, tip(p))) < 0)
			return rc;
		for (size_t k = 0; k < p->n_beside; k++)
			if ((rc = beside_add(out, &p->beside[k])) < 0)
				return rc;
	}
	return 0;
}

/* By writer; for one writer the valid one comes first. */
static int by_writer(const void *a, const void *b)
{
	const bn_memory_head *x = a, *y = b;
	int order = strcmp(x->writer, y->writer);
	if (order)
		return order;
	if (x->since != y->since)
		return x->since > y->since ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq > y->seq ? -1 : 1;
	order = memcmp(x->after, y->after, 32);
	return order ? order : memcmp(x->key, y->key, 32);
}

void bn_memory_content_settle_heads(bn_memory_content *c)
{
	size_t kept = 0;
	if (!c->n_heads)
		return;
	qsort(c->heads, c->n_heads, sizeof *c->heads, by_writer);
	for (size_t i = 0; i < c->n_heads; i++) {
		bn_memory_head *last = kept ? &c->heads[kept - 1] : NULL;
		if (last && !strcmp(last->writer, c->heads[i].writer))
			last->acts = last->acts || c->heads[i].acts;
		else
			c->heads[kept++] = c->heads[i];
	}
	c->n_heads = kept;
}

static int heads_merge(bn_memory_content *out, const bn_memory_content *parts, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += parts[i].generation == out->generation ? parts[i].n_heads : 0;
	if (!count)
		return 0;
	if (bn_grow(&out->heads, &out->cap_heads, count, sizeof *out->heads) < 0)
		return BN_ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (parts[i].generation == out->generation && parts[i].n_heads) {
			memcpy(out->heads + out->n_heads, parts[i].heads,
				parts[i].n_heads * sizeof *out->heads);
			out->n_heads += parts[i].n_heads;
		}
	bn_memory_content_settle_heads(out);
	for (size_t i = 0; i < out->n_heads; i++)
		if (!(out->heads[i].writer = bn_arena_strdup(&out->texts, out->heads[i].writer)))
			return BN_ENOMEM;
	return 0;
}

/* The earliest confirmation, by any clock; for display only. */
static int first_merge(bn_memory_content *out, const bn_memory_content *parts, size_t n)
{
	const bn_memory_answer *first = NULL;
	for (size_t i = 0; i < n; i++) {
		const bn_memory_answer *a = &parts[i].first;
		if (parts[i].generation != out->generation || !a->by)
			continue;
		if (!first || a->when_ms < first->when_ms ||
			(a->when_ms == first->when_ms && strcmp(a->words, first->words) < 0))
			first = a;
	}
	if (!first)
		return 0;
	out->first.when_ms = first->when_ms;
	out->first.by = bn_arena_strdup(&out->texts, first->by);
	out->first.words = bn_arena_strdup(&out->texts, first->words);
	return out->first.by && out->first.words ? 0 : BN_ENOMEM;
}

int bn_memory_content_merge(
	bn_memory_content *out, const bn_memory_content *parts, size_t n, bn_err *err)
{
	*out = (bn_memory_content){.texts = BN_ARENA_INIT};
	for (size_t i = 0; i < n; i++)
		if (parts[i].generation > out->generation)
			out->generation = parts[i].generation;
	if (chains_merge(out, parts, n) < 0 || heads_merge(out, parts, n) < 0 ||
		first_merge(out, parts, n) < 0)
		return bn_err_nomem(err, "what is remembered");
	return 0;
}
