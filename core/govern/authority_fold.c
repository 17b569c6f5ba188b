/*
 * authority_fold.c - the fold of entity "authority": the links of the log become the chain (chain.h), and
 * the chain becomes rows of what holds in which epoch. See authority.h; the records are in link.h.
 *
 * Signatures are verified only for keys named by link 0 or by a link with a good signature. So a flood
 * of links signed by strangers costs rows, not verifications.
 *
 * A new link changes the standing of few records: those under the link before it that are beyond its
 * horizon, and those it cuts or voids. Only their entities are replayed. When the chain switches to
 * another branch, so are those of every epoch that was removed or added.
 */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/_authority.h"
#include "core/govern/authority.h"
#include "core/govern/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES };

static const bn_fold_kind kinds[] = {
	[BN_AUTHORITY_KIND_FOUNDED] = {BN_AUTHORITY_FOUNDED,
		.fields = BN_FIELDS("founder.key", "founder.name", "host", "nonce", "policy.*",
			"recovery", "uid", "upgrade.closes.*", "upgrade.founder", "user")},
	[BN_AUTHORITY_KIND_LINK] = {BN_AUTHORITY_LINK,
		.fields = BN_FIELDS(
			"changes.*", "cuts.*", "horizon.*", "n", "prev", "reason", "void")},
	[BN_AUTHORITY_KIND_SIGNED] = {BN_AUTHORITY_SIGNED, .fields = BN_FIELDS("id")},
	[BN_AUTHORITY_KIND_BOT] = {BN_AUTHORITY_BOT,
		.fields = BN_FIELDS("key", "name", "patterns", "proof", "until", "verbs")},
	[BN_AUTHORITY_KIND_BOT_ENDED] = {BN_AUTHORITY_BOT_ENDED,
		.fields = BN_FIELDS("horizon.*", "key")},
	[BN_AUTHORITY_KIND_REQUEST] = {BN_AUTHORITY_REQUEST,
		.fields = BN_FIELDS("host", "key", "name", "uid", "user")},
	{0}};

/* ---- gathering ------------------------------------------------------------------------------- */

/* Keys whose signatures are verified, sorted. */
typedef struct keys {
	uint8_t (*items)[ID];
	size_t count, cap;
} keys;

/* An event with a key or an id, in lists sorted by that, so that no link needs a scan of all events. */
typedef struct keyed {
	uint8_t key[ID];
	size_t event;
} keyed;

typedef struct gather {
	bn_fold *f;
	sqlite3 *db;
	const bn_event *events;
	size_t n;
	bn_arena arena;
	keys known;
	uint8_t (*others)[ID]; /* ids of founding records that are not link 0, in order */
	size_t n_others;
	size_t root;               /* the event of link 0; n: there is none */
	const bn_founded *founded; /* its content */
	const bn_link **links;     /* of each event; NULL: not a link, or malformed */
	bool *is_good;             /* of each event: its signature was found good */
	bool *is_asked;            /* ... was checked */
	bn_chain_link *chain_links;
	size_t *event_of; /* of each chain link */
	size_t n_links;
	keyed *by_author;  /* links, by the key that signed them */
	keyed *signatures; /* of links, by the id of the link */
	size_t n_by_author, n_signatures;
} gather;

static size_t keys_place(const keys *k, const uint8_t key[ID])
{
	size_t low = 0, high = k->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (memcmp(k->items[mid], key, ID) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool keys_have(const keys *k, const uint8_t key[ID])
{
	size_t at = keys_place(k, key);
	return at < k->count && !memcmp(k->items[at], key, ID);
}

/* 1: new, 0: already present, negative: out of memory. */
static int keys_add(keys *k, const uint8_t key[ID], bn_err *err)
{
	size_t at = keys_place(k, key);
	if (at < k->count && !memcmp(k->items[at], key, ID))
		return 0;
	if (bn_grow(&k->items, &k->cap, k->count + 1, sizeof *k->items))
		return bn_err_nomem(err, "the keys of the chain of authority");
	memmove(k->items[at + 1], k->items[at], (k->count - at) * sizeof *k->items);
	memcpy(k->items[at], key, ID);
	k->count++;
	return 1;
}

static int keyed_order(const void *a, const void *b)
{
	const keyed *x = a, *y = b;
	int c = memcmp(x->key, y->key, ID);
	return c ? c : (x->event > y->event) - (x->event < y->event);
}

/* The first entry of the list with the key, or a greater one. */
static size_t keyed_first(const keyed *list, size_t n, const uint8_t key[ID])
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (memcmp(list[mid].key, key, ID) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_kind(const gather *g, size_t i, bn_authority_kind kind)
{
	return g->events[i].kind_no == (size_t)kind && g->events[i].sig && g->events[i].sig->key;
}

/* Verifies the event's signature once. 1: good, 0: bad. */
static int is_good(gather *g, size_t i, bn_err *err)
{
	if (!g->is_asked[i]) {
		const bn_event *ev = &g->events[i];
		int rc = bn_signed_verify(g->db, ev->writer_no, ev->key.seq, err);
		if (rc > 0 &&
			(rc = bn_signed_is_forked(g->db, ev->writer_no, ev->key.seq, err)) >= 0)
			rc = !rc;
		if (rc < 0)
			return rc;
		g->is_good[i] = rc;
		g->is_asked[i] = true;
	}
	return g->is_good[i];
}

/* Whether the record is named: by the workspace's id, which is derived from it, or, by_file, by
 * workspace.json. */
static bool is_named(const gather *g, const bn_event *ev, bool by_file)
{
	char id[BN_UUID_TEXT], hex[2 * ID + 1];
	if (by_file) {
		bn_hex(ev->sig->id, ID, hex);
		return !strcmp(hex, bn_fold_founding(g->f));
	}
	bn_founded_workspace_id(id, ev->key.writer, ev->raw, ev->raw_len);
	return !strcmp(id, bn_fold_workspace_id(g->f));
}

/* Whether event i is link 0. */
static int root_try(gather *g, size_t i, bool by_file, bn_err *err)
{
	const bn_event *ev = &g->events[i];
	const bn_founded *founded;
	bn_err why = BN_ERR_INIT;
	if (ev->sig->epoch || !is_named(g, ev, by_file))
		return 0;
	int rc = bn_founded_decode(
		&founded, &g->arena, ev->raw, ev->raw_len, bn_policy_link_check, &why);
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc < 0) {
		bn_fold_outcome_of(g->f, i,
			rc == BN_EUNSUPPORTED ? BN_OUTCOME_NEWER : BN_OUTCOME_INVALID, "%s",
			why.msg);
		return 0;
	}
	if (founded->is_upgrade != by_file)
		return 0;
	if (memcmp(founded->founder, ev->sig->key, ID) != 0)
		return 0;
	if ((rc = is_good(g, i, err)) <= 0)
		return rc;
	g->root = i;
	g->founded = founded;
	return 1;
}

static int root_find(gather *g, bn_err *err)
{
	int rc = 0;
	g->root = g->n;
	/* The record from which the id is derived precedes the one named by the file. */
	for (int by_file = 0; by_file <= 1 && rc == 0; by_file++)
		for (size_t i = 0; i < g->n && rc == 0; i++)
			if (is_kind(g, i, BN_AUTHORITY_KIND_FOUNDED))
				rc = root_try(g, i, by_file == 1, err);
	return rc < 0 ? rc : 0;
}

static int links_decode(gather *g, bn_err *err)
{
	for (size_t i = 0; i < g->n; i++) {
		const bn_event *ev = &g->events[i];
		bn_err why = BN_ERR_INIT;
		if (!is_kind(g, i, BN_AUTHORITY_KIND_LINK))
			continue;
		int rc = bn_link_decode(&g->links[i], &g->arena, ev->version, ev->raw, ev->raw_len,
			bn_policy_link_check, &why);
		if (rc == BN_ENOMEM)
			return bn_err_move(err, &why);
		if (rc < 0) {
			g->links[i] = NULL;
			bn_fold_outcome_of(g->f, i, BN_OUTCOME_INVALID, "%s", why.msg);
		} else if (!ev->sig->epoch || memcmp(ev->sig->epoch, g->links[i]->prev, ID) != 0) {
			g->links[i] = NULL;
			bn_fold_outcome_of(g->f, i, BN_OUTCOME_INVALID,
				"the link before it is not the one that it is signed under");
		}
	}
	return 0;
}

/* Keys whose links must be examined, each listed once. */
typedef struct pending {
	uint8_t (*keys)[ID];
	size_t count, cap;
} pending;

static int pending_add(pending *p, gather *g, const uint8_t key[ID], bn_err *err)
{
	int rc = keys_add(&g->known, key, err);
	if (rc != 1)
		return rc;
	if (bn_grow(&p->keys, &p->cap, p->count + 1, sizeof *p->keys))
		return bn_err_nomem(err, "the keys of the chain of authority");
	memcpy(p->keys[p->count++], key, ID);
	return 0;
}

/* The keys that a link assigns to someone. */
static int keys_of_link(pending *p, gather *g, const bn_link *link, bn_err *err)
{
	for (size_t i = 0; i < link->n_changes; i++) {
		const bn_change *c = &link->changes[i];
		if (c->kind != BN_CHANGE_PERSON && c->kind != BN_CHANGE_KEY)
			continue;
		int rc = pending_add(p, g, c->key, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int links_of_key(pending *p, gather *g, const uint8_t key[ID], bn_err *err)
{
	size_t at = keyed_first(g->by_author, g->n_by_author, key);
	for (; at < g->n_by_author && !memcmp(g->by_author[at].key, key, ID); at++) {
		size_t i = g->by_author[at].event;
		int rc = is_good(g, i, err);
		if (rc > 0)
			rc = keys_of_link(p, g, g->links[i], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Collects links with a known author until none names another key. */
static int links_verify(gather *g, bn_err *err)
{
	pending p = {0};
	uint8_t key[ID];
	int rc = 0;
	for (size_t i = 0; i < g->n; i++)
		if (g->links[i]) {
			keyed *k = &g->by_author[g->n_by_author++];
			memcpy(k->key, g->events[i].sig->key, ID);
			k->event = i;
		}
	qsort(g->by_author, g->n_by_author, sizeof *g->by_author, keyed_order);
	if ((rc = pending_add(&p, g, g->founded->founder, err)) >= 0 && g->founded->has_recovery)
		rc = pending_add(&p, g, g->founded->recovery, err);
	while (rc >= 0 && p.count) {
		memcpy(key, p.keys[--p.count], ID);
		rc = links_of_key(&p, g, key, err);
	}
	bn_free(p.keys);
	return rc < 0 ? rc : 0;
}

/* Links signed by known keys, each decoded once. */
static void signatures_list(gather *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const bn_event *ev = &g->events[i];
		keyed *k = &g->signatures[g->n_signatures];
		if (!is_kind(g, i, BN_AUTHORITY_KIND_SIGNED) || !ev->sig->epoch ||
			!keys_have(&g->known, ev->sig->key) ||
			bn_link_signed_decode(k->key, ev->raw, ev->raw_len, NULL) < 0)
			continue;
		k->event = i;
		g->n_signatures++;
	}
	qsort(g->signatures, g->n_signatures, sizeof *g->signatures, keyed_order);
}

/* The good co-signatures of a link that are signed under the link before it. */
static int signers_add(gather *g, bn_chain_link *link, bn_err *err)
{
	uint8_t(*signers)[ID] = NULL;
	size_t cap = 0, count = 0, at = keyed_first(g->signatures, g->n_signatures, link->id);
	for (; at < g->n_signatures && !memcmp(g->signatures[at].key, link->id, ID); at++) {
		size_t i = g->signatures[at].event;
		const bn_signed *sig = g->events[i].sig;
		if (memcmp(sig->epoch, link->link->prev, ID) != 0)
			continue;
		int rc = is_good(g, i, err);
		if (rc > 0 && bn_grow(&signers, &cap, count + 1, sizeof *signers))
			rc = bn_err_nomem(err, "the signers of a link");
		if (rc < 0) {
			bn_free(signers);
			return rc;
		}
		if (rc > 0)
			memcpy(signers[count++], sig->key, ID);
	}
	link->signers = (const uint8_t(*)[ID])signers;
	link->n_signers = count;
	return 0;
}

static int others_list(gather *g, bn_err *err)
{
	size_t cap = 0;
	for (size_t i = 0; i < g->n; i++) {
		if (i == g->root || !is_kind(g, i, BN_AUTHORITY_KIND_FOUNDED))
			continue;
		if (bn_grow(&g->others, &cap, g->n_others + 1, sizeof *g->others))
			return bn_err_nomem(err, "founding records");
		memcpy(g->others[g->n_others++], g->events[i].sig->id, ID);
	}
	if (g->n_others)
		qsort(g->others, g->n_others, sizeof *g->others, bn_chain_id_order);
	return 0;
}

static int links_list(gather *g, bn_err *err)
{
	for (size_t i = 0; i < g->n; i++) {
		if (!g->links[i] || !g->is_good[i])
			continue;
		bn_chain_link *l = &g->chain_links[g->n_links];
		memcpy(l->id, g->events[i].sig->id, ID);
		memcpy(l->author, g->events[i].sig->key, ID);
		l->link = g->links[i];
		g->event_of[g->n_links++] = i;
		int rc = signers_add(g, l, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* The links under which a key has signed something; one good record each is enough. */
static int acts_of(void *ctx, const uint8_t key[ID], bn_chain_acts *acts, bn_err *err)
{
	gather *g = ctx;
	uint8_t epoch[ID], last[ID];
	bool has_last = false;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, g->db, err,
		"SELECT epoch, writer, seq FROM signed_record WHERE key = ? AND length(epoch) = 32 "
		"ORDER BY epoch",
		"b", key, (size_t)ID);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (!bn_sql_bytes(st, 0, epoch, ID) || (has_last && !memcmp(last, epoch, ID)))
			continue;
		if ((rc = bn_signed_verify(g->db, sqlite3_column_int64(st, 1),
			     (uint64_t)sqlite3_column_int64(st, 2), err)) < 0)
			break;
		if (rc == 1) {
			bn_chain_acts_add(acts, epoch);
			memcpy(last, epoch, ID);
			has_last = true;
		}
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

static int choose(bn_chain **out, gather *g, bn_err *err)
{
	bn_chain_input in = {.links = g->chain_links,
		.count = g->n_links,
		.acts = acts_of,
		.others = (const uint8_t(*)[ID])g->others,
		.n_others = g->n_others,
		.ctx = g,
		.root = {.has_recovery = g->founded->has_recovery,
			.signers = g->founded->signers,
			.founder_name = g->founded->name}};
	memcpy(in.root.id, g->events[g->root].sig->id, ID);
	memcpy(in.root.founder, g->founded->founder, ID);
	memcpy(in.root.recovery, g->founded->recovery, ID);
	return bn_chain_choose(out, &in, err);
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

/* Why a founding record is not valid. */
static const char *not_link_0(const bn_event *ev)
{
	return json_object_get(ev->payload, "upgrade")
		       ? "it is not the upgrade that workspace.json names"
		       : "it is not the record that the workspace's id names";
}

/* For events that are not links of the chain's tree, and not malformed. */
static void outcomes_of_others(gather *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const bn_event *ev = &g->events[i];
		if (!ev->sig || !ev->sig->key)
			bn_fold_outcome_of(g->f, i, BN_OUTCOME_REFUSED, "it is not signed");
		else if (ev->kind_no == BN_AUTHORITY_KIND_FOUNDED && i != g->root)
			bn_fold_outcome_of(g->f, i, BN_OUTCOME_REFUSED, "%s", not_link_0(ev));
		else if (g->links[i] && !g->is_asked[i])
			bn_fold_outcome_of(g->f, i, BN_OUTCOME_REFUSED,
				"the chain of authority knows no such key");
		else if (g->links[i] && !g->is_good[i])
			bn_fold_outcome_of(
				g->f, i, BN_OUTCOME_REFUSED, "its signature does not fit");
	}
}

static bn_outcome outcome_of(bn_chain_standing standing)
{
	if (standing == BN_CHAIN_NEWER)
		return BN_OUTCOME_NEWER;
	return standing == BN_CHAIN_INVALID ? BN_OUTCOME_INVALID : BN_OUTCOME_REFUSED;
}

static int outcomes_of_links(gather *g, const bn_chain *c, bn_err *err)
{
	bn_buf words = BN_BUF_INIT;
	int rc = 0;
	for (size_t k = 0; k < g->n_links && rc >= 0; k++) {
		size_t i = g->event_of[k];
		bn_buf_clear(&words);
		bn_chain_words(c, k, &words);
		if ((rc = bn_buf_check(&words, err, "the words of a link")) < 0)
			break;
		if (c->standings[k] == BN_CHAIN_CHOSEN)
			bn_fold_place(g->f, i, (int64_t)g->chain_links[k].link->n, 0);
		else
			bn_fold_outcome_of(g->f, i, outcome_of(c->standings[k]), "%s", words.ptr);
	}
	bn_buf_release(&words);
	return rc;
}

/* ---- the class --------------------------------------------------------------------------------- */

static void gather_release(gather *g)
{
	for (size_t k = 0; k < g->n_links; k++)
		bn_free((void *)(uintptr_t)g->chain_links[k].signers);
	bn_free(g->known.items);
	bn_free(g->others);
	bn_free(g->links);
	bn_free(g->is_good);
	bn_free(g->is_asked);
	bn_free(g->chain_links);
	bn_free(g->event_of);
	bn_free(g->by_author);
	bn_free(g->signatures);
	bn_arena_release(&g->arena);
}

static int gather_make(gather *g, bn_err *err)
{
	g->links = bn_alloc_zeroed(g->n, sizeof *g->links);
	g->is_good = bn_alloc_zeroed(g->n, sizeof *g->is_good);
	g->is_asked = bn_alloc_zeroed(g->n, sizeof *g->is_asked);
	g->chain_links = bn_alloc_zeroed(g->n, sizeof *g->chain_links);
	g->event_of = bn_alloc_zeroed(g->n, sizeof *g->event_of);
	g->by_author = bn_alloc_zeroed(g->n, sizeof *g->by_author);
	g->signatures = bn_alloc_zeroed(g->n, sizeof *g->signatures);
	if (!g->links || !g->is_good || !g->is_asked || !g->chain_links || !g->event_of ||
		!g->by_author || !g->signatures)
		return bn_err_nomem(err, "the chain of authority");
	int rc;
	if ((rc = root_find(g, err)) < 0 || (rc = links_decode(g, err)) < 0)
		return rc;
	if (g->root == g->n)
		return 0;
	if ((rc = links_verify(g, err)) < 0)
		return rc;
	if ((rc = others_list(g, err)) < 0)
		return rc;
	signatures_list(g);
	return links_list(g, err);
}

static int authority_apply_all(
	bn_fold *f, const char *entity, const bn_event *events, size_t n, bn_err *err)
{
	gather g = {.f = f, .db = bn_fold_db(f), .events = events, .n = n, .arena = BN_ARENA_INIT};
	bn_chain *c = NULL;
	bn_authority_tree tree = {0};
	if (!n)
		return 0;
	if (strcmp(entity, BN_AUTHORITY_ENTITY) != 0) {
		for (size_t i = 0; i < n; i++)
			bn_fold_outcome_of(f, i, BN_OUTCOME_INVALID, "unknown entity");
		return 0;
	}
	int rc = gather_make(&g, err);
	if (rc < 0)
		goto out;
	outcomes_of_others(&g);
	if (g.root < n) {
		if ((rc = choose(&c, &g, err)) < 0 || (rc = outcomes_of_links(&g, c, err)) < 0)
			goto out;
		bn_fold_place(f, g.root, 0, 0);
		tree = (bn_authority_tree){.chain = c,
			.founded = g.founded,
			.root = &events[g.root],
			.links = g.chain_links,
			.event_of = g.event_of,
			.n_links = g.n_links};
	}
	tree.events = events;
	tree.n_events = n;
	rc = bn_authority_store(f, &tree, err);
out:
	bn_chain_free(c);
	gather_release(&g);
	return rc;
}

/* The rows are replaced at the end: comparing with the previous ones shows what has changed. */
static int authority_clear(bn_fold *f, const char *entity, bn_err *err)
{
	(void)f;
	(void)entity;
	(void)err;
	return 0;
}

const bn_fold_class bn_authority_class = {
	.name = BN_AUTHORITY_ENTITY,
	.kinds = kinds,
	.schema = "share/sql/0006_authority.sql",
	.nameless = true,
	.first = true,
	.apply_all = authority_apply_all,
	.clear = authority_clear,
	.before_replay = bn_authority_before_replay,
};
