/* memory_judge.c - compares the view with the memory; see memory.h. No files, no clock. */
#include "core/govern/_memory.h"

#include "core/base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A link's id for display. */
#define SHORT 13

static const char *shortened(const uint8_t id[32], char text[SHORT])
{
	bn_hex(id, (SHORT - 1) / 2, text);
	return text;
}

__attribute__((format(printf, 6, 7))) static int add(bn_memory_verdict *v, bn_memory_kind kind,
	bn_memory_allows allows, const char *hint, bn_err *err, const char *fmt, ...)
{
	va_list ap;
	/* Reserves one more entry, so that a later failure leaves no partial one. */
	bn_memory_finding *items = bn_realloc(v->findings, (v->count + 1) * sizeof *items);
	if (!items)
		return bn_err_nomem(err, "what is to be said");
	v->findings = items;
	bn_memory_finding *f = &items[v->count++];
	*f = (bn_memory_finding){.kind = kind, .allows = allows};
	va_start(ap, fmt);
	vsnprintf(f->words, sizeof f->words, fmt, ap);
	va_end(ap);
	snprintf(f->hint, sizeof f->hint, "%s", hint);
	if (allows > v->allows)
		v->allows = allows;
	return 0;
}

#define ASK_AN_ADMIN \
	"ask an admin of the workspace what happened; `binnacle trust accept` believes what is " \
	"there " \
	"now"

/* ---- files and places ----------------------------------------------------------------------- */

static int judge_files(bn_memory_verdict *v, const bn_memory *m, bn_err *err)
{
	int rc;
	if (m->state == BN_MEMORY_DAMAGED &&
		(rc = add(v, BN_MEMORY_ALL_DAMAGED, BN_ALLOWS_TRUST,
			 m->why.hint[0]
				 ? m->why.hint
				 : "compare with an invitation of an admin, then `binnacle trust "
				   "accept`",
			 err, "the memory of this workspace cannot be trusted: %.300s",
			 m->why.msg)) < 0)
		return rc;
	if (m->state == BN_MEMORY_NOWHERE &&
		(rc = add(v, BN_MEMORY_UNREADABLE, BN_ALLOWS_ALL, m->why.hint, err,
			 "cannot record what was seen of this workspace: %.300s", m->why.msg)) < 0)
		return rc;
	for (size_t i = 0; i < m->n_faults; i++)
		if ((rc = add(v, BN_MEMORY_FILE_DAMAGED, BN_ALLOWS_ALL, m->faults[i].hint, err,
			     "the memory of one host is not believed: %.300s", m->faults[i].msg)) <
			0)
			return rc;
	return 0;
}

static int judge_place(bn_memory_verdict *v, const bn_memory *m, const bn_place *p, bn_err *err)
{
	const char *at = p->other_path ? p->other_path : p->path;
	int rc = 0;
	if (p->lost_path &&
		(rc = add(v, BN_MEMORY_PLACE_LOST, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
			 "workspace %s was in '%.180s' and is gone; '%.180s' above it is %s",
			 p->lost_id, p->lost_path, p->path, m->id)) < 0)
		return rc;
	switch (p->kind) {
	case BN_PLACE_OTHER:
		rc = add(v, BN_MEMORY_PLACE_OTHER, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
			"'%.300s' contains another workspace than before: this one is %s, that "
			"was %s",
			at, m->id, p->other_id);
		break;
	case BN_PLACE_BENEATH:
		rc = add(v, BN_MEMORY_PLACE_BENEATH, BN_ALLOWS_TRUST,
			"check who made it; `binnacle trust accept` if it belongs there", err,
			"workspace %s in '%.200s' is within '%.200s', which is workspace %s", m->id,
			p->path, at, p->other_id);
		break;
	case BN_PLACE_MOVED:
		if (p->is_copy) {
			rc = add(v, BN_MEMORY_PLACE_NEW, BN_ALLOWS_ALL,
				"work in only one of the two: what you sign in one is missing in "
				"the other",
				err,
				"this is a copy of the workspace in '%.300s', which also exists",
				at);
			break;
		}
		rc = add(v, BN_MEMORY_PLACE_NEW, BN_ALLOWS_ALL, "", err,
			"this workspace was in '%.220s' before, and is now in '%.220s'", at,
			p->path);
		break;
	case BN_PLACE_UNREAD:
		rc = add(v, BN_MEMORY_PLACE_UNKNOWN,
			m->state == BN_MEMORY_KNOWN ? BN_ALLOWS_ALL : BN_ALLOWS_TRUST,
			"compare with an invitation of an admin, then `binnacle trust accept`", err,
			"the known paths of workspaces cannot be read: %.300s", p->why);
		break;
	case BN_PLACE_NEW:
	case BN_PLACE_KNOWN:
		if (p->why[0] && m->state != BN_MEMORY_NOWHERE)
			rc = add(v, BN_MEMORY_FILE_DAMAGED, BN_ALLOWS_ALL, "", err,
				"the memory of one host is not believed: %.300s", p->why);
		break;
	}
	return rc;
}

/* ---- invitations ---------------------------------------------------------------------------- */

static int judge_pin(bn_memory_verdict *v, const bn_pin *p, const bn_memory_view *view, bn_err *err)
{
	uint8_t id[32];
	char seen[SHORT], meant[SHORT];
	int rc;
	if (!view->has_chain)
		return add(v, BN_MEMORY_PIN_BEHIND, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
			"%s names link %u of the chain of authority, and there is no chain",
			p->where, p->n);
	if (p->n > view->newest)
		return add(v, BN_MEMORY_PIN_BEHIND, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
			"the chain of authority ends with link %u, and %s names link %u",
			view->newest, p->where, p->n);
	if ((rc = view->link_at(view->user, p->n, id, err)) < 0)
		return rc;
	if (!bn_pin_is_of(p, id))
		return add(v, BN_MEMORY_PIN_BESIDE, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
			"link %u of the chain of authority is %s, and %s names %s", p->n,
			shortened(id, seen), p->where, shortened(p->link, meant));
	if (!v->pin)
		v->pin = p;
	return 0;
}

static int judge_pins(bn_memory_verdict *v, const bn_memory *m, const bn_memory_view *view,
	const bn_pins *pins, bn_err *err)
{
	for (size_t i = 0; pins && i < pins->count; i++) {
		const bn_pin *p = &pins->items[i];
		int rc = 0;
		if (!strcmp(p->workspace_id, m->id))
			rc = judge_pin(v, p, view, err);
		else if (p->source == BN_PIN_OPTION)
			rc = add(v, BN_MEMORY_PIN_OTHER, BN_ALLOWS_TRUST,
				"name the workspace that the invitation is for, or leave it out",
				err, "this is workspace %s, and the invitation is for %s", m->id,
				p->workspace_id);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- the chain ------------------------------------------------------------------------------ */

static int say_away(bn_memory_verdict *v, const bn_memory *m, const bn_memory_view *view,
	uint32_t n, bn_err *err)
{
	uint8_t id[32];
	char seen[SHORT], known[SHORT];
	int rc = view->link_at(view->user, n, id, err);
	if (rc < 0)
		return rc;
	return add(v, BN_MEMORY_CHAIN_BESIDE, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
		"link %u of the chain of authority is %s, and was %s when it was seen before", n,
		shortened(id, seen), shortened(bn_memory_content_link(&m->all, n), known));
}

/* goes_on: whether the heads of writers can be compared. */
static int judge_chain(bn_memory_verdict *v, bool *goes_on, const bn_memory *m,
	const bn_memory_view *view, bn_err *err)
{
	bn_memory_relation relation;
	const bn_memory_link *tip = bn_memory_newest(m);
	char id[SHORT];
	uint32_t at;
	int rc = bn_memory_relate(&relation, &at, &m->all, view, err);
	if (rc < 0)
		return rc;
	*goes_on = relation == BN_MEMORY_SAME;
	if (m->all.n_beside &&
		(rc = add(v, BN_MEMORY_CHAIN_SPLIT, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
			 "your hosts remember two chains of authority: link %u as %s too",
			 m->all.beside[0].n, shortened(m->all.beside[0].id, id))) < 0)
		return rc;
	if (relation == BN_MEMORY_AWAY)
		return say_away(v, m, view, at, err);
	if (relation == BN_MEMORY_SAME)
		return 0;
	if (!view->has_chain)
		return add(v, BN_MEMORY_CHAIN_BEHIND, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
			"there is no chain of authority, and link %u (%s) was seen before", tip->n,
			shortened(tip->id, id));
	return add(v, BN_MEMORY_CHAIN_BEHIND, BN_ALLOWS_TRUST, ASK_AN_ADMIN, err,
		"the chain of authority ends with link %u, and link %u (%s) was seen before",
		view->newest, tip->n, shortened(tip->id, id));
}

/* ---- writers -------------------------------------------------------------------------------- */

static int judge_head(bn_memory_verdict *v, const bn_memory_head *h, const bn_memory_view *view,
	size_t *said, bn_err *err)
{
	uint8_t after[32];
	if (h->since < view->restored)
		return 0;
	int rc = view->after_at(view->user, h->writer, h->seq, after, err);
	if (rc < 0 || (rc == 1 && !memcmp(after, h->after, 32)))
		return rc < 0 ? rc : 0;
	bn_memory_allows allows = h->acts ? BN_ALLOWS_READING : BN_ALLOWS_ALL;
	if ((*said)++ >= BN_MEMORY_FINDINGS) {
		v->left_out++;
		if (allows > v->allows)
			v->allows = allows;
		return 0;
	}
	if (rc == 1)
		rc = add(v, BN_MEMORY_WRITER_BESIDE, allows,
			"two copies of a workspace that both continued look like this: in the one "
			"that counts, `binnacle trust forget`, then `binnacle trust accept`; if "
			"you made no copy, ask an admin",
			err, "record %llu of writer %.200s differs from the one seen before",
			(unsigned long long)h->seq, h->writer);
	else
		rc = add(v, BN_MEMORY_WRITER_BEHIND, allows,
			"records were lost or hidden, or written to a copy of this workspace: ask "
			"their writer; admins close a loss with `binnacle trust restore`",
			err,
			"the log of writer %.200s ends before record %llu, which was seen before",
			h->writer, (unsigned long long)h->seq);
	if (rc < 0)
		return rc;
	v->findings[v->count - 1].writer = h->writer;
	return 0;
}

static int judge_heads(
	bn_memory_verdict *v, const bn_memory *m, const bn_memory_view *view, bn_err *err)
{
	size_t said = 0;
	int rc;
	/* Most severe first, so that the limit drops warnings. */
	for (int acts = 1; acts >= 0; acts--)
		for (size_t i = 0; i < m->all.n_heads; i++)
			if (m->all.heads[i].acts == acts &&
				(rc = judge_head(v, &m->all.heads[i], view, &said, err)) < 0)
				return rc;
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* A workspace that the user did not name is not even read. */
static int judge_unasked(bn_memory_verdict *v, const bn_memory *m, const bn_place *p, bn_err *err)
{
	if (v->pin || m->state == BN_MEMORY_KNOWN || p->kind != BN_PLACE_NEW)
		return 0;
	return add(v, BN_MEMORY_PLACE_ABOVE, BN_ALLOWS_TRUST,
		"if it is the one that you mean, name it: binnacle -C DIR, or BINNACLE_HOME=DIR",
		err,
		"'%.300s', above the current directory, is a workspace of another user that you "
		"have not used before",
		p->path);
}

static int judge_first_use(
	bn_memory_verdict *v, const bn_memory *m, const bn_memory_view *view, bn_err *err)
{
	if (v->pin || !view->has_chain ||
		(m->state != BN_MEMORY_NONE && m->state != BN_MEMORY_NOWHERE))
		return 0;
	return add(v, BN_MEMORY_FIRST_USE, BN_ALLOWS_READING,
		"ask an admin for the invitation (bn1:...), then: binnacle trust accept INVITATION",
		err, "workspace %s is new to you", m->id);
}

static int by_weight(const void *a, const void *b)
{
	const bn_memory_finding *x = a, *y = b;
	if (x->allows != y->allows)
		return x->allows > y->allows ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->writer && y->writer ? strcmp(x->writer, y->writer) : strcmp(x->words, y->words);
}

int bn_memory_judge(bn_memory_verdict *out, const bn_memory *m, const bn_memory_view *view,
	const bn_pins *pins, const bn_place *place, bn_err *err)
{
	bool goes_on = false;
	int rc;
	*out = (bn_memory_verdict){0};
	if ((rc = judge_files(out, m, err)) < 0)
		return rc;
	if (place && (rc = judge_place(out, m, place, err)) < 0)
		return rc;
	if ((rc = judge_pins(out, m, view, pins, err)) < 0)
		return rc;
	if ((rc = judge_chain(out, &goes_on, m, view, err)) < 0)
		return rc;
	if (goes_on && (rc = judge_heads(out, m, view, err)) < 0)
		return rc;
	if (place && place->is_unasked && (rc = judge_unasked(out, m, place, err)) < 0)
		return rc;
	if ((rc = judge_first_use(out, m, view, err)) < 0)
		return rc;
	if (out->count)
		qsort(out->findings, out->count, sizeof *out->findings, by_weight);
	return 0;
}

void bn_memory_verdict_release(bn_memory_verdict *v)
{
	bn_free(v->findings);
	*v = (bn_memory_verdict){0};
}
