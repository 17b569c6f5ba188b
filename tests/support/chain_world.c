/* chain_world.c - see chain_world.h. */
#include "tests/support/chain_world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 16 }; /* changes of a link */

typedef struct draft {
	bn_link link;
	bn_change changes[MANY];
	bn_chain_head heads[MANY];
	bn_chain_cut cuts[MANY];
} draft;

void world_bytes(uint8_t out[BN_CHAIN_ID_BYTES], const char *text)
{
	size_t n = strlen(text);
	memset(out, 0, BN_CHAIN_ID_BYTES);
	memcpy(out, text, n < BN_CHAIN_ID_BYTES ? n : BN_CHAIN_ID_BYTES);
}

void world_init(chain_world *w, const char *founder)
{
	*w = (chain_world){.root = {.signers = 1}};
	world_bytes(w->root.id, "0");
	world_bytes(w->root.founder, founder);
	w->root.founder_name = bn_arena_strdup(&w->arena, founder);
}

void world_release(chain_world *w)
{
	bn_arena_release(&w->arena);
	bn_free(w->links);
	bn_free(w->acts);
}

static bn_chain_link *find(chain_world *w, const char *id)
{
	uint8_t bytes[BN_CHAIN_ID_BYTES];
	world_bytes(bytes, id);
	for (size_t i = w->n; i-- > 0;)
		if (!memcmp(w->links[i].id, bytes, sizeof bytes))
			return &w->links[i];
	return NULL;
}

static bn_change *change(draft *d, bn_change_kind kind, const char *person, const char *key)
{
	bn_change *c = &d->changes[d->link.n_changes++];
	c->kind = kind;
	if (person)
		world_bytes(c->person, person);
	if (key)
		world_bytes(c->key, key);
	return c;
}

static void role(draft *d, const char *person, bn_role r, bool grant)
{
	bn_change *c = change(d, BN_CHANGE_ROLE, person, NULL);
	c->role = r;
	c->grant = grant;
}

static void person(chain_world *w, draft *d, const char *key)
{
	change(d, BN_CHANGE_PERSON, NULL, key)->text = bn_arena_strdup(&w->arena, key);
}

/* verb[0] the verb, verb[1..3] its arguments. */
static void say(chain_world *w, draft *d, char *const verb[4])
{
	const char *v = verb[0];
	if (v[0] == '+') {
		person(w, d, v + 1);
		role(d, v + 1, BN_ROLE_ADMIN, true);
	} else if (!strcmp(v, "person")) {
		person(w, d, verb[1]);
	} else if (!strcmp(v, "remove")) {
		change(d, BN_CHANGE_REMOVE, verb[1], NULL);
	} else if (!strcmp(v, "key")) {
		change(d, BN_CHANGE_KEY, verb[1], verb[2]);
	} else if (!strcmp(v, "revoke")) {
		change(d, BN_CHANGE_REVOKE, NULL, verb[1]);
	} else if (!strcmp(v, "policy")) {
		change(d, BN_CHANGE_POLICY, NULL, NULL)->signers = (uint32_t)atoi(verb[1]);
	} else if (!strcmp(v, "restored")) {
		change(d, BN_CHANGE_RESTORED, NULL, NULL)->text = "lost";
	} else if (!strcmp(v, "admin") || !strcmp(v, "unadmin")) {
		role(d, verb[1], BN_ROLE_ADMIN, v[0] == 'a');
	} else if (!strcmp(v, "reviewer") || !strcmp(v, "unreviewer")) {
		role(d, verb[1], BN_ROLE_REVIEWER, v[0] == 'r');
	} else if (!strcmp(v, "head")) {
		bn_chain_head *h = &d->heads[d->link.n_horizon++];
		h->writer = bn_arena_strdup(&w->arena, verb[1]);
		h->seq = strtoull(verb[2], NULL, 10);
		world_bytes(h->after, verb[3]);
	} else if (!strcmp(v, "cut")) {
		bn_chain_cut *c = &d->cuts[d->link.n_cuts++];
		world_bytes(c->key, verb[1]);
		c->writer = bn_arena_strdup(&w->arena, verb[2]);
		c->seq = strtoull(verb[3], NULL, 10);
	} else if (!strcmp(v, "n")) {
		d->link.n = (uint32_t)strtoul(verb[1], NULL, 10);
	} else if (!strcmp(v, "newer")) {
		d->link.is_newer = true;
	} else {
		ck_abort_msg("no change '%s'", v);
	}
}

static void changes_parse(chain_world *w, draft *d, const char *text)
{
	char *copy = bn_arena_strdup(&w->arena, text), *rest = NULL;
	for (char *one = strtok_r(copy, " ", &rest); one; one = strtok_r(NULL, " ", &rest)) {
		char *verb[4] = {one, "", "", ""}, *more = NULL;
		strtok_r(one, ":", &more);
		for (int i = 1; i < 4; i++) {
			char *part = strtok_r(NULL, ":", &more);
			verb[i] = part ? part : "";
		}
		say(w, d, verb);
	}
}

void world_link(
	chain_world *w, const char *id, const char *prev, const char *signers, const char *changes)
{
	draft *d = bn_arena_alloc(&w->arena, sizeof *d);
	const bn_chain_link *before = find(w, prev);
	d->link.n = before ? before->link->n + 1 : 1;
	world_bytes(d->link.prev, prev);
	changes_parse(w, d, changes);
	d->link.changes = d->changes;
	d->link.horizon = d->heads;
	d->link.cuts = d->cuts;
	ck_assert_int_eq(bn_grow(&w->links, &w->cap, w->n + 1, sizeof *w->links), 0);
	bn_chain_link *l = &w->links[w->n++];
	*l = (bn_chain_link){.link = &d->link};
	world_bytes(l->id, id);
	char *copy = bn_arena_strdup(&w->arena, signers), *rest = NULL;
	char *one = strtok_r(copy, " ", &rest);
	world_bytes(l->author, one);
	while ((one = strtok_r(NULL, " ", &rest)))
		world_sign(w, id, one);
}

void world_sign(chain_world *w, const char *id, const char *key)
{
	bn_chain_link *l = find(w, id);
	uint8_t(*more)[BN_CHAIN_ID_BYTES] =
		bn_arena_alloc(&w->arena, (l->n_signers + 1) * sizeof *more);
	if (l->n_signers)
		memcpy(more, l->signers, l->n_signers * sizeof *more);
	world_bytes(more[l->n_signers++], key);
	l->signers = (const uint8_t(*)[BN_CHAIN_ID_BYTES])more;
}

void world_act_add(chain_world *w, const char *key, const char *epoch)
{
	ck_assert_int_eq(bn_grow(&w->acts, &w->cap_acts, w->n_acts + 1, sizeof *w->acts), 0);
	world_bytes(w->acts[w->n_acts].key, key);
	world_bytes(w->acts[w->n_acts++].epoch, epoch);
}

static int acts_of(
	void *ctx, const uint8_t key[BN_CHAIN_ID_BYTES], bn_chain_acts *acts, bn_err *err)
{
	chain_world *w = ctx;
	(void)err;
	w->asked++;
	for (size_t i = 0; i < w->n_acts; i++)
		if (!memcmp(w->acts[i].key, key, BN_CHAIN_ID_BYTES))
			bn_chain_acts_add(acts, w->acts[i].epoch);
	return 0;
}

bn_chain *world_choose(chain_world *w)
{
	bn_err err = BN_ERR_INIT;
	bn_chain *c = NULL;
	bn_chain_input in = {
		.root = w->root, .links = w->links, .count = w->n, .acts = acts_of, .ctx = w};
	w->asked = 0;
	ck_assert_msg(bn_chain_choose(&c, &in, &err) == 0, "%s", err.msg);
	return c;
}

const char *world_chain(chain_world *w, char *out, size_t size)
{
	bn_chain *c = world_choose(w);
	size_t n = 0;
	out[0] = '\0';
	for (uint32_t i = 0; i < c->newest && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%.32s", i ? " " : "",
			(const char *)w->links[c->on[i]].id);
	bn_chain_free(c);
	return out;
}

bn_chain_standing world_standing(chain_world *w, const char *id, char *words, size_t size)
{
	bn_chain *c = world_choose(w);
	size_t i = (size_t)(find(w, id) - w->links);
	bn_chain_standing s = c->standings[i];
	bn_buf b = BN_BUF_INIT;
	bn_chain_words(c, i, &b);
	snprintf(words, size, "%s", b.ptr);
	bn_buf_release(&b);
	bn_chain_free(c);
	return s;
}

const char *world_admins(chain_world *w, char *out, size_t size)
{
	bn_chain *c = world_choose(w);
	size_t n = 0;
	int64_t last = -1;
	out[0] = '\0';
	for (;;) {
		const bn_chain_fact *next = NULL;
		for (size_t i = 0; i < c->n_facts; i++) {
			const bn_chain_fact *f = &c->facts[i];
			if (f->kind == BN_FACT_ROLE && f->role == BN_ROLE_ADMIN &&
				bn_chain_fact_holds(f, c->newest) && f->rank > last &&
				(!next || f->rank < next->rank))
				next = f;
		}
		if (!next || n >= size)
			break;
		last = next->rank;
		n += (size_t)snprintf(
			out + n, size - n, "%s%.32s", n ? " " : "", (const char *)next->person);
	}
	bn_chain_free(c);
	return out;
}
