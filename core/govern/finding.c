/* finding.c - see finding.h. */
#include "core/govern/finding.h"

#include "core/base/hash.h"
#include "core/base/mem.h"

#include <string.h>

const char *bn_rule_name(int rule)
{
	static const char *const names[] = {"", "signed records", "seals", "chain of authority",
		"epochs", "forked links", "order", "persons", "evidence", "decisions", "holes"};
	return rule > 0 && rule < (int)(sizeof names / sizeof *names) ? names[rule] : "";
}

void bn_proof_finding_text(const bn_proof_finding *f, bn_buf *out)
{
	if (f->rule)
		bn_buf_addf(out, "rule %d (%s)%s", f->rule, bn_rule_name(f->rule),
			f->writer ? ", " : "");
	if (f->writer)
		bn_buf_addf(out, "log/%s record %llu", f->writer, (unsigned long long)f->seq);
	if (f->kind)
		bn_buf_addf(out, ", %s on %s", f->kind, f->entity);
	bn_buf_addf(out, "%s%s", f->rule || f->writer ? ": " : "", f->words);
	if (f->count > 1)
		bn_buf_addf(out, " (the first of %llu such records)", (unsigned long long)f->count);
}

static void finding_release(bn_proof_finding *x)
{
	bn_free(x->writer);
	bn_free(x->kind);
	bn_free(x->entity);
	bn_free(x->words);
}

void bn_proof_findings_release(bn_proof_findings *f)
{
	for (size_t i = 0; i < f->count; i++)
		finding_release(&f->items[i]);
	bn_free(f->items);
	*f = (bn_proof_findings){0};
}

/* The slot for the next finding: the end or, if the list is full, that of one that is not a fault; NULL:
 * none. */
static int place_find(bn_proof_finding **out, bn_proof_findings *f, bool is_fault, bn_err *err)
{
	size_t at = f->count;
	*out = NULL;
	if (f->count < BN_FINDINGS_MAX) {
		if (bn_grow(&f->items, &f->cap, f->count + 1, sizeof *f->items))
			return bn_err_nomem(err, "a report");
		*out = &f->items[f->count++];
		return 0;
	}
	while (is_fault && at && f->items[at - 1].is_fault)
		at--;
	if (!is_fault || !at)
		return 0;
	*out = &f->items[at - 1];
	finding_release(*out);
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Hash of writer, rule and kind; equal ones are compared. */
static uint32_t group_of(const bn_proof_finding *f)
{
	uint32_t crc = bn_crc32c((uint32_t)f->rule, f->writer, strlen(f->writer));
	return f->kind ? bn_crc32c(crc, f->kind, strlen(f->kind)) : crc;
}

/* The finding that also counts this one, if enough of the same writer, rule and kind are named; NULL: list
 * it. */
static bn_proof_finding *group_find(
	bn_proof_findings *f, const bn_proof_finding *of, uint32_t group)
{
	bn_proof_finding *last = NULL;
	int named = 0;
	for (size_t i = f->count; i-- > 0;) {
		bn_proof_finding *x = &f->items[i];
		if (x->group != group || x->is_fault || x->rule != of->rule ||
			!is_same(x->writer, of->writer) || !is_same(x->kind, of->kind))
			continue;
		if (!last)
			last = x;
		if (last->count > 1 || ++named == BN_FINDINGS_NAMED)
			return last;
	}
	return NULL;
}

int bn_proof_finding_add(bn_proof_findings *f, const bn_proof_finding *of, bn_err *err)
{
	const uint64_t count = of->count ? of->count : 1;
	const bool is_grouped = !of->is_fault && of->writer;
	const uint32_t group = is_grouped ? group_of(of) : 0;
	bn_proof_finding *x = is_grouped ? group_find(f, of, group) : NULL;
	if (x) {
		f->others += count;
		x->count += count;
		return 0;
	}
	int rc = place_find(&x, f, of->is_fault, err);
	if (rc < 0)
		return rc;
	*(of->is_fault ? &f->faults : &f->others) += count;
	if (!x)
		return 0;
	*x = *of;
	x->count = count;
	x->group = group;
	x->writer = bn_strdup(of->writer);
	x->kind = bn_strdup(of->kind);
	x->entity = bn_strdup(of->entity);
	x->words = bn_strdup(of->words);
	bool whole = x->words && (!of->writer || x->writer) && (!of->kind || x->kind) &&
		     (!of->entity || x->entity);
	return whole ? 0 : bn_err_nomem(err, "a report");
}
