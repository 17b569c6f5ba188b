/* report.c - what an import or an export did, and what was not kept: see exchange.h. */
#include "core/exchange/_source.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOTES_MAX 1000 /* of different reasons; the rest is counted in the last one */

void bn_exchange_report_release(bn_exchange_report *r)
{
	for (size_t i = 0; i < r->note_count; i++) {
		bn_free(r->notes[i].what);
		bn_free(r->notes[i].where);
		bn_free(r->notes[i].why);
	}
	bn_free(r->notes);
	*r = (bn_exchange_report)BN_EXCHANGE_REPORT_INIT;
}

static bool is_same(const bn_exchange_note *n, const char *what, const char *why, bool unreadable)
{
	return n->unreadable == unreadable && !strcmp(n->what, what) && !strcmp(n->why, why);
}

/* Out of memory, a note is lost; its count is not. */
static void add(bn_exchange_report *r, const char *what, const char *why, bool unreadable,
	const char *where, va_list ap)
{
	char place[512];
	r->unreadable += unreadable;
	for (size_t i = 0; i < r->note_count; i++)
		if (is_same(&r->notes[i], what, why, unreadable)) {
			r->notes[i].count++;
			return;
		}
	if (r->note_count == NOTES_MAX) {
		r->notes[NOTES_MAX - 1].count++;
		return;
	}
	if (bn_grow(&r->notes, &r->note_cap, r->note_count + 1, sizeof *r->notes) != 0)
		return;
	vsnprintf(place, sizeof place, where, ap);
	bn_exchange_note *n = &r->notes[r->note_count];
	*n = (bn_exchange_note){bn_strdup(what), bn_strdup(place), bn_strdup(why), 1, unreadable};
	if (n->what && n->where && n->why) {
		r->note_count++;
		return;
	}
	bn_free(n->what);
	bn_free(n->where);
	bn_free(n->why);
}

void bn_exchange_leave_out(
	bn_exchange_report *r, const char *what, const char *why, const char *where, ...)
{
	va_list ap;
	va_start(ap, where);
	add(r, what, why, false, where, ap);
	va_end(ap);
}

void bn_exchange_unreadable(
	bn_exchange_report *r, const char *what, bn_err *why, const char *where, ...)
{
	va_list ap;
	va_start(ap, where);
	add(r, what, why->msg[0] ? why->msg : "it cannot be read", true, where, ap);
	va_end(ap);
	bn_err_clear(why);
}

bool bn_exchange_ends(int rc)
{
	return rc == BN_ENOMEM || rc == BN_EINTR;
}

static void set_count(json_t *o, const char *key, int64_t n)
{
	json_object_set_new(o, key, json_integer(n));
}

json_t *bn_exchange_report_json(const bn_exchange_report *r)
{
	const bn_exchange_counts *a = &r->added;
	json_t *o = json_object(), *notes = json_array();
	json_object_set_new(o, "source", r->kind ? json_string(r->kind) : json_null());
	const struct {
		const char *key;
		int64_t n;
	} counts[] = {{"runs", a->runs_seen}, {"runs_new", a->runs_new},
		{"runs_grown", a->runs_grown}, {"runs_same", a->runs_same},
		{"experiments", a->experiments}, {"params", a->params}, {"points", a->points},
		{"tags", a->tags}, {"inputs", a->inputs}, {"artifacts", a->artifacts},
		{"artifact_bytes", a->artifact_bytes}, {"logged_models", a->logged_models},
		{"models", a->models}, {"versions", a->versions}, {"aliases", a->aliases},
		{"unreadable", r->unreadable}};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		set_count(o, counts[i].key, counts[i].n);
	for (size_t i = 0; i < r->note_count; i++) {
		const bn_exchange_note *n = &r->notes[i];
		json_array_append_new(
			notes, json_pack("{ss ss ss sI sb}", "what", n->what, "first", n->where,
				       "why", n->why, "count", (json_int_t)n->count, "unreadable",
				       (int)n->unreadable));
	}
	json_object_set_new(o, "left_out", notes);
	return o;
}
