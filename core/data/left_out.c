/* left_out.c - see left_out.h. */
#include "core/data/left_out.h"

#include "core/base/account.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/claim.h"

#include <stdio.h>
#include <string.h>

#define TOLD_MAX 10

typedef struct left_out {
	bn_workspace *ws;
	const bn_dataset_version *v;
	const bn_dataset_versions *all; /* newest first, including removed ones */
	bool *chain;                    /* whether v continues version one of `all` */
	bn_left_out_tell tell;
	void *ctx;
	size_t told;
} left_out;

static bool is_append(const bn_dataset_version *v)
{
	json_t *recipe = v->recipe && v->parent_count ? json_loads(v->recipe, 0, NULL) : NULL;
	bool yes = recipe && !strcmp(bn_json_str(recipe, "do", ""), "append");

	json_decref(recipe);
	return yes;
}

/* The version that v was appended to: its index in the list, or all->count. */
static size_t before(const left_out *l, const bn_dataset_version *v)
{
	for (size_t i = 0; v->parent_count && i < l->all->count; i++)
		if (!strcmp(l->all->items[i]->hash, v->parents[0].hash))
			return i;
	return l->all->count;
}

static void mark_chain(left_out *l)
{
	const bn_dataset_version *at = l->v;
	size_t i;

	while (is_append(at) && (i = before(l, at)) < l->all->count && !l->chain[i]) {
		l->chain[i] = true;
		at = l->all->items[i];
	}
}

/* Whether the same file was appended again since. */
static bool is_made_good(const left_out *l, const bn_dataset_version *w)
{
	bool same = w->source_sha256[0] && !strcmp(l->v->source_sha256, w->source_sha256);

	for (size_t i = 0; i < l->all->count && !same; i++)
		same = l->chain[i] && w->source_sha256[0] &&
		       !strcmp(l->all->items[i]->source_sha256, w->source_sha256);
	return same;
}

static void tell_version(left_out *l, const bn_dataset_version *w)
{
	size_t i = before(l, w);
	char text[700], ref[192];

	if (w->removed || !strcmp(w->hash, l->v->hash) || !is_append(w) || i == l->all->count ||
		!l->chain[i] || is_made_good(l, w) || l->told++ >= TOLD_MAX)
		return;
	snprintf(text, sizeof text,
		"the %lld rows appended by %s as %s@v%lld are missing in %s, because both continue "
		"v%lld: add them with binnacle data append %s %s",
		(long long)(w->rows - l->all->items[i]->rows), w->user ? w->user : "somebody",
		w->name, (long long)w->version, bn_dataset_version_name(l->v, ref, sizeof ref),
		(long long)l->all->items[i]->version, w->name,
		w->source_path ? w->source_path : "SOURCE");
	l->tell(l->ctx, text);
}

static bool is_seen(const left_out *l, int64_t number)
{
	for (size_t i = 0; i < l->all->count; i++)
		if (l->all->items[i]->version == number)
			return true;
	return false;
}

/* A claimed number without a version. The claiming process may have died, or its log is not visible
 * here yet. */
static void tell_number(left_out *l, int64_t number)
{
	char text[500], ref[192], who[64] = "somebody";
	char *claim = bn_strf("dataset/%s/%lld", l->v->name, (long long)number);
	uid_t owner;

	if (!claim || bn_claim_owner(l->ws, claim, &owner, NULL) < 0 || l->told++ >= TOLD_MAX)
		goto out;
	if (!bn_account_name(owner, who, sizeof who))
		snprintf(who, sizeof who, "user %u", (unsigned)owner);
	snprintf(text, sizeof text,
		"%s claimed %s@v%lld, which is not visible here: if it was added on another host, "
		"its rows are missing in %s (binnacle data show %s then says so)",
		who, l->v->name, (long long)number, bn_dataset_version_name(l->v, ref, sizeof ref),
		l->v->name);
	l->tell(l->ctx, text);
out:
	bn_free(claim);
}

void bn_dataset_left_out(
	bn_workspace *ws, const bn_dataset_version *v, bn_left_out_tell tell, void *ctx)
{
	bn_dataset_versions *all = NULL;
	left_out l = {.ws = ws, .v = v, .tell = tell, .ctx = ctx};

	if (!is_append(v) ||
		bn_dataset_versions_load(&all, ws, v->name, BN_DATASET_REMOVED_TOO, NULL) < 0)
		return;
	l.all = all;
	if (!(l.chain = bn_alloc_zeroed(all->count + 1, sizeof *l.chain)))
		goto out;
	mark_chain(&l);
	for (size_t i = 0; i < all->count; i++)
		if (!l.chain[i])
			tell_version(&l, all->items[i]);
	for (int64_t n = v->parents[0].version + 1; n < v->version && l.told < TOLD_MAX; n++)
		if (!is_seen(&l, n))
			tell_number(&l, n);
out:
	bn_free(l.chain);
	bn_dataset_versions_free(all);
}
