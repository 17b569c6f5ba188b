/*
 * chain_state.c - see _chain.h: whether a link is valid, and the state after it.
 *
 * Every cell that a link changes is recorded with its previous value, so that the walk can undo a link
 * when it leaves it. Numbers in comments are those of chain.h, "Validity".
 */
#include "core/govern/_chain.h"

#include <string.h>

/* A link being checked. */
typedef struct trial {
	chain_state *s;
	const chain_tree *t;
	chain_node *node;
	const chain_signers *by;
	uint32_t before[BN_CHAIN_ADMINS_MAX], n_before; /* tenures of the admins of state n-1 */
} trial;

/* ---- cells ---------------------------------------------------------------------------------- */

static void set(chain_state *s, uint32_t *at, uint32_t value)
{
	if (*at == value)
		return;
	if (bn_grow(&s->undo, &s->cap_undo, s->n_undo + 1, sizeof *s->undo) < 0) {
		s->failed = true;
		return;
	}
	s->undo[s->n_undo++] = (chain_undo){.at = at, .old = *at};
	*at = value;
}

void bn_chain_state_undo(chain_state *s, size_t mark)
{
	while (s->n_undo > mark) {
		s->n_undo--;
		*s->undo[s->n_undo].at = s->undo[s->n_undo].old;
	}
}

/* ---- persons and keys
 * ----------------------------------------------------------------------------- */

/* The person (atom) who owns the key, or CHAIN_NONE. */
static uint32_t person_of(const chain_state *s, uint32_t key)
{
	uint32_t person = s->owner[key] - 1;
	return s->owner[key] && s->owner_life[key] == s->life[person] ? person : CHAIN_NONE;
}

uint32_t bn_chain_state_tenure(const chain_tree *t, const chain_state *s, uint32_t key)
{
	uint32_t person = person_of(s, key);
	if (s->has_recovery && key == t->recovery)
		return CHAIN_RECOVERY;
	return person != CHAIN_NONE && s->tenure[person] ? s->tenure[person] : CHAIN_NONE;
}

static uint32_t position_of(const chain_state *s, uint32_t person)
{
	for (uint32_t i = 0; i < s->n_admins; i++)
		if (s->admins[i] == person)
			return i;
	return CHAIN_NONE;
}

void bn_chain_signers_find(
	chain_signers *out, const chain_tree *t, const chain_state *s, const chain_node *node)
{
	*out = (chain_signers){.top = CHAIN_NONE};
	for (uint32_t i = 0; i < node->n_signers; i++) {
		uint32_t key = t->slots[node->signer0 + i];
		uint32_t tenure = bn_chain_state_tenure(t, s, key);
		if (tenure == CHAIN_NONE)
			continue;
		out->has_author = out->has_author || i == 0;
		if (tenure == CHAIN_RECOVERY) {
			out->has_recovery = true;
			continue;
		}
		uint32_t at = position_of(s, person_of(s, key));
		out->who |= UINT64_C(1) << at;
		out->top = at < out->top ? at : out->top;
	}
	out->count = (uint32_t)__builtin_popcountll(out->who);
	out->is_majority = out->count * 2 > s->n_admins;
}

static void admin_add(chain_state *s, uint32_t person)
{
	set(s, &s->tenure[person], ++s->n_tenures);
	set(s, &s->admins[s->n_admins], person);
	set(s, &s->n_admins, s->n_admins + 1);
	s->was_admin[person] = 1;
}

static void admin_remove(chain_state *s, uint32_t person)
{
	for (uint32_t i = position_of(s, person); i + 1 < s->n_admins; i++)
		set(s, &s->admins[i], s->admins[i + 1]);
	set(s, &s->n_admins, s->n_admins - 1);
	set(s, &s->tenure[person], 0);
}

static void person_add(chain_state *s, uint32_t key)
{
	set(s, &s->exists[key], 1);
	set(s, &s->n_keys[key], 1);
	set(s, &s->owner[key], key + 1);
	set(s, &s->owner_life[key], s->life[key]);
}

/* ---- reasons for a refusal
 * --------------------------------------------------------------------- */

static bool flawed(trial *x, chain_flaw flaw, size_t at, uint32_t atom)
{
	x->node->flaw = flaw;
	x->node->flaw_at = (uint32_t)at;
	x->node->flaw_atom = atom;
	return false;
}

static bool flawed_count(trial *x, chain_flaw flaw, size_t at, uint64_t have, uint64_t need)
{
	x->node->flaw_have = have;
	x->node->flaw_need = need;
	return flawed(x, flaw, at, CHAIN_NONE);
}

/* ---- 4, 5, 6: power ------------------------------------------------------------------------- */

/* Whether those who signed may remove the admin with this tenure (4). */
static bool may_remove(const trial *x, uint32_t tenure)
{
	if (x->by->is_majority || x->by->has_recovery)
		return true;
	for (uint32_t i = 0; i < x->n_before; i++)
		if (x->before[i] == tenure)
			return x->by->top < i || x->by->who >> i & 1;
	return true; /* an admin appointed by this link */
}

static bool has_signed(const trial *x, uint32_t tenure)
{
	for (uint32_t i = 0; i < x->n_before; i++)
		if (x->before[i] == tenure)
			return x->by->who >> i & 1;
	return true;
}

static bool power_check(trial *x, size_t at, uint32_t person)
{
	uint32_t tenure = x->s->tenure[person];
	if (!tenure || may_remove(x, tenure))
		return true;
	flawed_count(x, FLAW_POWER, at, x->by->count, x->n_before / 2 + 1);
	x->node->flaw_atom = person;
	return false;
}

/* ---- 8: changes ----------------------------------------------------------------------------- */

static bool key_is_free(trial *x, size_t at, uint32_t key)
{
	if (person_of(x->s, key) != CHAIN_NONE || (x->s->has_recovery && key == x->t->recovery))
		return flawed(x, FLAW_KEY_TAKEN, at, key);
	return !x->s->revoked[key] || flawed(x, FLAW_KEY_REVOKED, at, key);
}

static bool change_policy(trial *x, size_t at, const bn_change *c)
{
	if (c->signers < 1 || c->signers > BN_CHAIN_ADMINS_MAX)
		return flawed_count(x, FLAW_POLICY, at, c->signers, BN_CHAIN_ADMINS_MAX);
	set(x->s, &x->s->signers, c->signers);
	return true;
}

static bool change_person(trial *x, size_t at, uint32_t key)
{
	if (x->s->exists[key])
		return flawed(x, FLAW_PERSON_KNOWN, at, key);
	if (!key_is_free(x, at, key))
		return false;
	person_add(x->s, key);
	return true;
}

static bool change_key(trial *x, size_t at, uint32_t person, uint32_t key)
{
	chain_state *s = x->s;
	if (!s->exists[person])
		return flawed(x, FLAW_PERSON_UNKNOWN, at, person);
	if (!key_is_free(x, at, key))
		return false;
	if (s->tenure[person] && !has_signed(x, s->tenure[person]))
		return flawed(x, FLAW_ADD_KEY, at, person);
	set(s, &s->owner[key], person + 1);
	set(s, &s->owner_life[key], s->life[person]);
	set(s, &s->n_keys[person], s->n_keys[person] + 1);
	return true;
}

static bool change_admin(trial *x, size_t at, uint32_t person, bool grant)
{
	if (!grant) {
		if (!power_check(x, at, person))
			return false;
		admin_remove(x->s, person);
		return true;
	}
	if (!x->by->is_majority && !x->by->has_recovery && x->by->top != 0)
		return flawed(x, FLAW_MAKE_ADMIN, at, person);
	if (x->s->n_admins == BN_CHAIN_ADMINS_MAX)
		return flawed(x, FLAW_MANY_ADMINS, at, person);
	admin_add(x->s, person);
	return true;
}

static bool change_role(trial *x, size_t at, const bn_change *c, uint32_t person)
{
	chain_state *s = x->s;
	uint32_t bit = UINT32_C(1) << c->role;
	if (!s->exists[person])
		return flawed(x, FLAW_PERSON_UNKNOWN, at, person);
	if (!(s->roles[person] & bit) == !c->grant)
		return flawed(x, c->grant ? FLAW_ROLE_HELD : FLAW_ROLE_MISSING, at, person);
	if (c->role == BN_ROLE_ADMIN && !change_admin(x, at, person, c->grant))
		return false;
	set(s, &s->roles[person], s->roles[person] ^ bit);
	return true;
}

static bool change_revoke(trial *x, size_t at, uint32_t key)
{
	chain_state *s = x->s;
	uint32_t person = person_of(s, key);
	if (s->has_recovery && key == x->t->recovery) {
		if (!x->by->is_majority && x->by->top != 0 && !x->by->has_recovery)
			return flawed(x, FLAW_RECOVERY, at, key);
		set(s, &s->has_recovery, 0);
		set(s, &s->revoked[key], 1);
		return true;
	}
	if (person == CHAIN_NONE)
		return flawed(x, FLAW_KEY_UNKNOWN, at, key);
	if (s->n_keys[person] == 1)
		return flawed(x, FLAW_LAST_KEY, at, person);
	if (!power_check(x, at, person))
		return false;
	set(s, &s->revoked[key], 1);
	set(s, &s->owner[key], 0);
	set(s, &s->n_keys[person], s->n_keys[person] - 1);
	return true;
}

static bool change_remove(trial *x, size_t at, uint32_t person)
{
	chain_state *s = x->s;
	if (!s->exists[person])
		return flawed(x, FLAW_PERSON_UNKNOWN, at, person);
	if (!power_check(x, at, person))
		return false;
	if (s->tenure[person])
		admin_remove(s, person);
	set(s, &s->exists[person], 0);
	set(s, &s->life[person], s->life[person] + 1);
	set(s, &s->n_keys[person], 0);
	set(s, &s->roles[person], 0);
	return true;
}

static bool change_apply(trial *x, size_t at)
{
	const bn_change *c = &x->node->in->link->changes[at];
	const uint32_t *atoms = &x->t->slots[x->node->change0 + 2 * at];
	switch (c->kind) {
	case BN_CHANGE_POLICY:
		return change_policy(x, at, c);
	case BN_CHANGE_PERSON:
		return change_person(x, at, atoms[1]);
	case BN_CHANGE_KEY:
		return change_key(x, at, atoms[0], atoms[1]);
	case BN_CHANGE_ROLE:
		return change_role(x, at, c, atoms[0]);
	case BN_CHANGE_REVOKE:
		return change_revoke(x, at, atoms[1]);
	case BN_CHANGE_REMOVE:
		return change_remove(x, at, atoms[0]);
	case BN_CHANGE_RESTORED:
		return x->by->is_majority ||
		       flawed_count(x, FLAW_RESTORED, at, x->by->count, x->n_before / 2 + 1);
	}
	return false;
}

/* ---- 7: the horizon ------------------------------------------------------------------------- */

static bool horizon_apply(trial *x, bool is_restored)
{
	const bn_link *link = x->node->in->link;
	for (size_t i = 0; i < link->n_horizon; i++) {
		uint32_t index = x->node->head0 + (uint32_t)i;
		const chain_head *to = &x->t->heads[index];
		uint32_t *cell = &x->s->head[to->writer];
		const bn_chain_head *from = *cell ? x->t->heads[*cell - 1].in : NULL;
		if (from && !is_restored && to->in->seq < from->seq)
			return flawed_count(x, FLAW_HORIZON_LOW, i, to->in->seq, from->seq);
		if (from && !is_restored && to->in->seq == from->seq &&
			memcmp(to->in->after, from->after, BN_CHAIN_ID_BYTES) != 0)
			return flawed_count(x, FLAW_HORIZON_OTHER, i, to->in->seq, from->seq);
		set(x->s, cell, index + 1);
	}
	return true;
}

/* ---- a link --------------------------------------------------------------------------------- */

/* 1, 2, 3. */
static bool form_check(trial *x)
{
	uint32_t before = x->t->nodes[x->node->parent].n;
	uint32_t majority = x->n_before / 2 + 1;
	uint32_t need = x->s->signers < majority ? x->s->signers : majority;
	if (x->node->in->link->n != before + 1)
		return flawed_count(x, FLAW_NUMBER, 0, x->node->in->link->n, before + 1);
	if (!x->by->has_author)
		return flawed(x, FLAW_AUTHOR, 0, x->t->slots[x->node->signer0]);
	if (x->by->count < need && !x->by->has_recovery)
		return flawed_count(x, FLAW_SIGNERS, 0, x->by->count, need);
	return true;
}

static bool link_apply(trial *x)
{
	const bn_link *link = x->node->in->link;
	bool is_restored = false;
	if (!form_check(x))
		return false;
	for (size_t i = 0; i < link->n_cuts; i++) {
		uint32_t person = person_of(x->s, x->t->slots[x->node->cut0 + i]);
		if (person != CHAIN_NONE && !power_check(x, i, person))
			return false;
	}
	for (size_t i = 0; i < link->n_changes; i++) {
		is_restored = is_restored || link->changes[i].kind == BN_CHANGE_RESTORED;
		if (!change_apply(x, i))
			return false;
	}
	if (!x->s->n_admins)
		return flawed(x, FLAW_LAST_ADMIN, 0, CHAIN_NONE);
	return horizon_apply(x, is_restored);
}

bool bn_chain_state_apply(
	chain_state *s, const chain_tree *t, chain_node *node, const chain_signers *by)
{
	trial x = {.s = s, .t = t, .node = node, .by = by, .n_before = s->n_admins};
	size_t mark = s->n_undo;
	for (uint32_t i = 0; i < s->n_admins; i++)
		x.before[i] = s->tenure[s->admins[i]];
	if (link_apply(&x))
		return true;
	bn_chain_state_undo(s, mark);
	return false;
}

int bn_chain_state_init(chain_state *s, chain_tree *t, bn_err *err)
{
	uint32_t **cells[] = {&s->owner, &s->owner_life, &s->revoked, &s->exists, &s->life,
		&s->n_keys, &s->roles, &s->tenure};
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		if (!(*cells[i] = bn_arena_alloc(&t->arena, t->n_atoms * sizeof **cells[i])))
			return bn_err_nomem(err, "links");
	s->head = bn_arena_alloc(&t->arena, (t->n_writers + 1) * sizeof *s->head);
	s->was_admin = bn_arena_alloc(&t->arena, t->n_atoms);
	if (!s->head || !s->was_admin)
		return bn_err_nomem(err, "links");
	s->signers = t->in->root.signers ? t->in->root.signers : 1;
	s->has_recovery = t->recovery != CHAIN_NONE;
	person_add(s, t->founder);
	s->roles[t->founder] = UINT32_C(1) << BN_ROLE_ADMIN;
	admin_add(s, t->founder);
	if (s->failed)
		return bn_err_nomem(err, "links");
	return 0;
}

void bn_chain_state_release(chain_state *s)
{
	bn_free(s->undo);
	*s = (chain_state){.undo = NULL};
}
