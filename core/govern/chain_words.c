/* chain_words.c - the standing of a link in words. */
#include "core/base/hash.h"
#include "core/govern/_chain.h"

#include <inttypes.h>

static void add_id(bn_buf *b, const uint8_t *id)
{
	char hex[17];
	bn_hex(id, 8, hex);
	bn_buf_adds(b, hex);
}

/* "alice", or "key 1f2a..." */
static void add_person(bn_buf *b, const chain_tree *t, uint32_t atom)
{
	if (t->names[atom]) {
		bn_buf_adds(b, t->names[atom]);
		return;
	}
	bn_buf_adds(b, "key ");
	add_id(b, t->atoms[atom]);
}

static const char *const change_names[] = {
	[BN_CHANGE_POLICY] = "policy",
	[BN_CHANGE_PERSON] = "person",
	[BN_CHANGE_KEY] = "key",
	[BN_CHANGE_ROLE] = "role",
	[BN_CHANGE_REVOKE] = "revoke",
	[BN_CHANGE_REMOVE] = "remove",
	[BN_CHANGE_RESTORED] = "restored",
};

/* A prefix that says which change is wrong. */
static void add_place(bn_buf *b, const chain_node *node)
{
	const bn_link *link = node->in->link;
	if (node->flaw_at < link->n_changes)
		bn_buf_addf(b, "change %" PRIu32 " (%s): ", node->flaw_at + 1,
			change_names[link->changes[node->flaw_at].kind]);
}

/* Text before and after the person or key that the flaw is about. */
static const char *const about[][2] = {
	[FLAW_MAKE_ADMIN] = {"only the most senior admin or a majority of the admins makes ",
		" an admin"},
	[FLAW_ADD_KEY] = {"",
		" is an admin, and adds own keys without others: the link is not signed by "
		"that person"},
	[FLAW_RECOVERY] =
		{"only the most senior admin or a majority of the admins revokes the recovery ",
			""},
	[FLAW_PERSON_KNOWN] = {"", " is already admitted"},
	[FLAW_PERSON_UNKNOWN] = {"", " is not admitted"},
	[FLAW_KEY_TAKEN] = {"", ": that key has an owner"},
	[FLAW_KEY_REVOKED] = {"", ": that key was revoked, and cannot come back"},
	[FLAW_KEY_UNKNOWN] = {"", ": that key belongs to nobody"},
	[FLAW_LAST_KEY] = {"", " has no other key: remove the person"},
	[FLAW_ROLE_HELD] = {"", " has that role"},
	[FLAW_ROLE_MISSING] = {"", " does not have that role"},
	[FLAW_MANY_ADMINS] = {"", " would be one admin too many (64 at most)"},
};

static void add_head_flaw(bn_buf *b, const chain_node *node)
{
	bool is_low = node->flaw == FLAW_HORIZON_LOW;
	bn_buf_addf(b, "its horizon for the writer '%s' ",
		node->in->link->horizon[node->flaw_at].writer);
	if (is_low)
		bn_buf_addf(b, "is record %" PRIu64 ", an earlier link says %" PRIu64,
			node->flaw_have, node->flaw_need);
	else
		bn_buf_addf(b,
			"names another chain hash for record %" PRIu64 " than an earlier link",
			node->flaw_need);
}

static void add_flaw(bn_buf *b, const chain_tree *t, const chain_node *node)
{
	switch (node->flaw) {
	case FLAW_NUMBER:
		bn_buf_addf(b, "it says it is link %" PRIu64 ", where link %" PRIu64 " comes",
			node->flaw_have, node->flaw_need);
		return;
	case FLAW_AUTHOR:
		add_person(b, t, node->flaw_atom);
		bn_buf_adds(b, ", who signed it, is no admin there");
		return;
	case FLAW_POWER:
		bn_buf_adds(b, "what it does to ");
		add_person(b, t, node->flaw_atom);
		bn_buf_addf(b,
			", an admin, needs a more senior admin or %" PRIu64 " admins, %" PRIu64
			" signed",
			node->flaw_need, node->flaw_have);
		return;
	case FLAW_RESTORED:
		bn_buf_addf(b, "to restore needs %" PRIu64 " admins, %" PRIu64 " signed",
			node->flaw_need, node->flaw_have);
		return;
	case FLAW_POLICY:
		bn_buf_addf(b,
			"a policy cannot ask for %" PRIu64 " signers of a link (1 to %" PRIu64 ")",
			node->flaw_have, node->flaw_need);
		return;
	case FLAW_HORIZON_LOW:
	case FLAW_HORIZON_OTHER:
		add_head_flaw(b, node);
		return;
	case FLAW_LAST_ADMIN:
		bn_buf_adds(b, "it leaves no admin");
		return;
	default:
		add_place(b, node);
		bn_buf_adds(b, about[node->flaw][0]);
		add_person(b, t, node->flaw_atom);
		bn_buf_adds(b, about[node->flaw][1]);
	}
}

/* "link 5 (1f2a...) of alice" */
static void add_link(bn_buf *b, const chain_tree *t, uint32_t at)
{
	const chain_node *node = &t->nodes[at];
	bn_buf_addf(b, "link %" PRIu32 " (", node->in->link->n);
	add_id(b, node->in->id);
	bn_buf_adds(b, ") of ");
	add_person(b, t, t->slots[node->signer0]);
}

static void add_rival(bn_buf *b, const chain_tree *t, const chain_node *node, const char *why)
{
	bn_buf_adds(b, "beaten by ");
	add_link(b, t, node->rival);
	bn_buf_adds(b, why);
}

const char *bn_chain_standing_name(bn_chain_standing s)
{
	static const char *const names[] = {
		[BN_CHAIN_CHOSEN] = "chosen",
		[BN_CHAIN_OUTNUMBERED] = "outnumbered",
		[BN_CHAIN_JUNIOR] = "junior",
		[BN_CHAIN_LARGER] = "larger",
		[BN_CHAIN_BESIDE] = "beside",
		[BN_CHAIN_INVALID] = "invalid",
		[BN_CHAIN_ELSEWHERE] = "elsewhere",
		[BN_CHAIN_ORPHAN] = "orphan",
		[BN_CHAIN_NEWER] = "newer",
	};
	return names[s];
}

static bool is_for_signers(chain_flaw flaw)
{
	return flaw == FLAW_SIGNERS || flaw == FLAW_POWER || flaw == FLAW_RESTORED ||
	       flaw == FLAW_MAKE_ADMIN || flaw == FLAW_ADD_KEY || flaw == FLAW_RECOVERY;
}

bool bn_chain_lacks_signers(const bn_chain *c, size_t i)
{
	const chain_tree *t = &((const chain_result *)c)->tree;
	return c->standings[i] == BN_CHAIN_INVALID && is_for_signers(t->nodes[t->node_of[i]].flaw);
}

/* A link that only needs more signatures waits for them. */
static void add_invalid(bn_buf *b, const chain_tree *t, const chain_node *node)
{
	uint64_t more = node->flaw_need - node->flaw_have;
	if (node->flaw == FLAW_SIGNERS) {
		bn_buf_addf(b, "waits for %" PRIu64 " more signature%s of %s", more,
			more == 1 ? "" : "s", more == 1 ? "an admin" : "admins");
		return;
	}
	bn_buf_adds(b, is_for_signers(node->flaw) ? "waits for signatures: " : "invalid: ");
	add_flaw(b, t, node);
}

void bn_chain_words(const bn_chain *c, size_t i, bn_buf *out)
{
	const chain_tree *t = &((const chain_result *)c)->tree;
	const chain_node *node = t->node_of[i] == CHAIN_NONE ? NULL : &t->nodes[t->node_of[i]];
	switch (c->standings[i]) {
	case BN_CHAIN_CHOSEN:
		bn_buf_adds(out, "on the chain");
		return;
	case BN_CHAIN_OUTNUMBERED:
		add_rival(out, t, node, ": a majority of the admins before them acted there");
		return;
	case BN_CHAIN_JUNIOR:
		add_rival(out, t, node,
			": the most senior admin who acted in one of them alone acted there");
		return;
	case BN_CHAIN_LARGER:
		add_rival(out, t, node, ": no admin decides, and its id is the smaller one");
		return;
	case BN_CHAIN_BESIDE:
		bn_buf_adds(out, "continues from ");
		add_link(out, t, node->parent);
		bn_buf_adds(out, ", which is not on the chain");
		return;
	case BN_CHAIN_INVALID:
		add_invalid(out, t, node);
		return;
	case BN_CHAIN_ELSEWHERE:
		bn_buf_adds(out, "of another link 0, which does not found this workspace");
		return;
	case BN_CHAIN_ORPHAN:
		bn_buf_adds(out, "a link before it is not in the log");
		return;
	case BN_CHAIN_NEWER:
		bn_buf_adds(out,
			"made by a newer binnacle, or after such a link: what holds after it is "
			"not known");
		return;
	}
}
