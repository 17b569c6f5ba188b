/* pages.c - see pages.h. */
#include "core/base/mem.h"
#include "core/data/protect_marks.h"
#include "core/share/remotes.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

static void page_release(void *data)
{
	bn_protect_page *p = data;
	bn_protection_release(&p->own);
	bn_protection_release(&p->holds);
	bn_protect_history_release(&p->history);
}

/* Names of the columns, and which of them to propose. What cannot be read (another user's private version) has none. */
static int add_columns(bn_protect_page *p, bn_reader *r, const bn_dataset_version *v, bn_arena *arena, bn_err *err)
{
	bn_table_reader *table = NULL;
	bn_buf proposed = BN_BUF_INIT;
	bn_err own = BN_ERR_INIT;
	const bn_schema *s = bn_dataset_open_whole(&table, r->ws, v, NULL, &own) < 0 ? NULL : bn_table_schema(table);
	size_t n = s ? s->count : 0;
	const char **names = bn_arena_alloc(arena, (n + 1) * sizeof *names);
	int rc = names ? 0 : bn_err_nomem(err, "columns");
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		if (!(names[i] = bn_arena_strdup(arena, s->fields[i].name)))
			rc = bn_err_nomem(err, "columns");
		else if (bn_protect_proposes(&p->holds, names[i]))
			bn_buf_addf(&proposed, "%s%s", proposed.len ? "," : "", names[i]);
	}
	if (rc >= 0) {
		names[n] = NULL;
		p->columns = names;
		p->proposed = bn_arena_strdup(arena, proposed.len ? proposed.ptr : "");
	}
	bn_buf_release(&proposed);
	bn_table_reader_free(table);
	return rc;
}

static int add_remotes(bn_protect_page *p, bn_reader *r, bn_arena *arena, bn_err *err)
{
	bn_remotes all = BN_REMOTES_INIT;
	int rc = bn_remotes_load(&all, r->ws, err);
	const char **names = bn_arena_alloc(arena, (all.count + 1) * sizeof *names);
	for (size_t i = 0; rc >= 0 && names && i < all.count; i++)
		names[i] = bn_arena_strdup(arena, all.items[i].name);
	if (names)
		names[rc < 0 ? 0 : all.count] = NULL;
	p->remotes = names;
	bn_remotes_release(&all);
	return rc;
}

int bn_source_protection(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	static const char *const none[] = {NULL};
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_dataset_version *v = NULL;
	bn_protect_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	int rc;
	(void)job;
	if (!p)
		return bn_err_nomem(err, "a form");
	*p = (bn_protect_page){.columns = none, .remotes = none, .proposed = ""};
	if ((rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, r->ws, a->ref, BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_protection_of_name(&p->own, r->ws, a->ref, err)) < 0 ||
		(rc = bn_protection_of(&p->holds, r->ws, v, err)) < 0 ||
		(rc = bn_protect_history_load(&p->history, r->ws, a->ref, err)) < 0 ||
		(rc = add_columns(p, r, v, &page->arena, err)) < 0 ||
		(rc = add_remotes(p, r, &page->arena, err)) < 0)
		goto out;
	bn_ref_format(p->ref, v->name, "@v", v->version);
	p->created_ms = v->created_ms;
	rc = BN_PAGE_TAKE(page, p, page_release);
out:
	if (rc < 0)
		page_release(p);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- changing ----------------------------------------------------------------------------------- */

enum { NAMES_MOST = BN_PROTECT_TEXT / 2 };

typedef struct names {
	char text[BN_PROTECT_TEXT];
	const char *items[NAMES_MOST];
	size_t count;
} names;

static void cut(names *out, const char *text)
{
	snprintf(out->text, sizeof out->text, "%s", text);
	for (char *rest = out->text, *one; (one = strsep(&rest, ","));) {
		one += strspn(one, " ");
		for (size_t n = strlen(one); n && one[n - 1] == ' ';)
			one[--n] = '\0';
		if (*one)
			out->items[out->count++] = one;
	}
}

int bn_source_protect(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_protect_arg *a = arg;
	names *of = bn_alloc_zeroed(3, sizeof *of);
	int rc;
	(void)job;
	if (!of)
		return bn_err_nomem(err, "names");
	cut(&of[0], a->personal);
	cut(&of[1], a->cleared);
	cut(&of[2], a->remotes);
	const bn_protect_change c = {.level = a->level[0] ? a->level : NULL,
		.owner = a->sets_owner ? a->owner : NULL,
		.licence = a->sets_licence ? a->licence : NULL,
		.purpose = a->sets_purpose ? a->purpose : NULL,
		.keep_days = a->keep_days,
		.personal = of[0].items,
		.personal_count = of[0].count,
		.cleared = of[1].items,
		.cleared_count = of[1].count,
		.remotes = of[2].items,
		.remote_count = of[2].count,
		.no_remotes = a->sets_remotes && !of[2].count,
		.reason = a->reason[0] ? a->reason : NULL};
	if ((rc = bn_reader_need_trust(r, err)) < 0 || (rc = bn_protect_set(r->ws, a->dataset, &c, err)) < 0)
		goto out;
	r->generation++; /* the next refresh does not see what was folded here */
	if (!(page->data = bn_arena_strf(&page->arena, "the protection of %s is set", a->dataset)))
		rc = bn_err_nomem(err, "a message");
out:
	bn_free(of);
	return rc;
}
