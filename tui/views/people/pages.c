/* pages.c - the members and who admitted them, what waits for the user, and the actions that change
 * it. */
#include "core/base/hash.h"
#include "core/govern/key.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

void bn_authority_page_release(void *page)
{
	bn_authority_page *p = page;
	bn_people_free(p->people);
	bn_links_free(p->links);
	bn_late_list_free(p->late);
}

int bn_reader_authority(bn_authority_page *out, bn_reader *r, bn_err *err)
{
	sqlite3 *db;
	char hex[2 * BN_CHAIN_ID_BYTES + 1];
	int rc;
	*out = (bn_authority_page){.people = NULL};
	if ((rc = bn_workspace_read(&db, r->ws, err)) < 0 ||
		(rc = bn_self_read(&out->me, r->ws, db, err)) < 0)
		return rc;
	out->is_chained = out->me.is_chained;
	if (!out->is_chained)
		return 0;
	if (out->me.has_key) {
		bn_hex(out->me.key, BN_CHAIN_ID_BYTES, hex);
		bn_key_fingerprint(hex, out->print);
	}
	if (out->me.person[0] &&
		(rc = bn_authority_roles(&out->roles, db, out->me.epoch, out->me.person, err)) < 0)
		return rc;
	if ((rc = bn_people_read(&out->people, r->ws, err)) < 0 ||
		(rc = bn_links_read(&out->links, r->ws, err)) < 0 ||
		(rc = bn_registry_late(&out->late, r->ws, err)) < 0)
		goto out;
	return 0;
out:
	bn_authority_page_release(out);
	*out = (bn_authority_page){.people = NULL};
	return rc;
}

int bn_source_authority(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	int rc;
	(void)arg;
	(void)job;
	bn_authority_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "who is here");
	if ((rc = bn_reader_refresh(r, err)) < 0 || (rc = bn_reader_authority(p, r, err)) < 0)
		return rc;
	return BN_PAGE_TAKE(page, p, bn_authority_page_release);
}

/* ---- what waits -------------------------------------------------------------------------------- */

static void who_fill(bn_waiting *w, const bn_authority_page *a)
{
	char roles[80];
	const bn_request_row *mine = NULL;
	for (size_t i = 0; i < a->people->n_requests && !mine; i++)
		if (a->people->requests[i].is_mine)
			mine = &a->people->requests[i];
	bn_roles_text(a->roles, roles, sizeof roles);
	w->is_nobody = !a->me.person[0];
	if (a->me.key_fault[0])
		snprintf(w->who, sizeof w->who, "your key cannot be read: %s", a->me.key_fault);
	else if (a->me.person[0])
		snprintf(w->who, sizeof w->who, "you are %s: %s", a->me.name, roles);
	else if (mine)
		snprintf(w->who, sizeof w->who, "your key %s asks; an admin admits it",
			mine->key.print);
	else
		snprintf(w->who, sizeof w->who, "your key is not admitted: :request asks");
}

int bn_reader_waiting(const bn_waiting **out, bn_reader *r, bn_err *err)
{
	bn_authority_page a;
	int rc;
	*out = &r->waiting;
	if (r->waiting_of == r->generation)
		return 0;
	if ((rc = bn_reader_authority(&a, r, err)) < 0)
		return rc;
	r->waiting = (bn_waiting){.who = ""};
	if (a.is_chained) {
		bool is_admin = a.roles & 1u << BN_ROLE_ADMIN;
		who_fill(&r->waiting, &a);
		r->waiting.requests = is_admin ? (int64_t)a.people->n_requests : 0;
		r->waiting.late = (int64_t)a.late->count;
		for (size_t i = 0; is_admin && i < a.links->count; i++)
			r->waiting.to_sign += a.links->items[i].waits && !a.links->items[i].mine;
	}
	bn_authority_page_release(&a);
	r->waiting_of = r->generation;
	return 0;
}

/* ---- actions --------------------------------------------------------------------------------- */

typedef struct action {
	bn_reader *r;
	const bn_action_arg *a;
	bn_people *people;
	uint8_t link[BN_CHAIN_ID_BYTES];
	char *text;
	size_t size;
	bn_err *err;
} action;

static bn_role role_of(unsigned roles)
{
	return (bn_role)__builtin_ctz(roles);
}

static int request_do(action *d)
{
	bn_self me;
	sqlite3 *db;
	char hex[2 * BN_CHAIN_ID_BYTES + 1], print[25];
	int asked, rc;
	if ((asked = bn_people_request(d->r->ws, d->a->ref[0] ? d->a->ref : NULL, d->err)) < 0)
		return asked;
	if ((rc = bn_workspace_read(&db, d->r->ws, d->err)) < 0 ||
		(rc = bn_self_read(&me, d->r->ws, db, d->err)) < 0)
		return rc;
	bn_hex(me.key, BN_CHAIN_ID_BYTES, hex);
	bn_key_fingerprint(hex, print);
	snprintf(d->text, d->size, "%s; tell an admin your fingerprint: %s",
		asked ? "asked" : "you have asked before", print);
	return 0;
}

static int accept_do(action *d)
{
	const bn_request_row *found = NULL;
	for (size_t i = 0; i < d->people->n_requests && !found; i++)
		if (strcmp(d->people->requests[i].key.hex, d->a->ref) == 0)
			found = &d->people->requests[i];
	if (!found)
		return bn_err_set(d->err, BN_ENOTFOUND, "that key does not ask any more");
	snprintf(d->text, d->size, "admitted %s with key %s", found->name, found->key.print);
	return bn_people_admit(d->r->ws, found, NULL, d->a->roles, NULL, d->link, d->err);
}

static int person_do(action *d)
{
	const bn_person_row *p = NULL;
	bn_role role = d->a->roles ? role_of(d->a->roles) : BN_ROLE_VIEWER;
	bool grant = d->a->action == BN_ACTION_GRANT;
	for (size_t i = 0; i < d->people->count && !p; i++)
		if (strcmp(d->people->persons[i].person, d->a->ref) == 0)
			p = &d->people->persons[i];
	if (!p)
		return bn_err_set(d->err, BN_ENOTFOUND, "that person is not here any more");
	if (d->a->action == BN_ACTION_REMOVE) {
		snprintf(d->text, d->size,
			"%s is no member any more; what was signed before stands", p->name);
		return bn_people_remove(d->r->ws, p->person, NULL, d->link, d->err);
	}
	snprintf(d->text, d->size, "%s %s role %s", p->name, grant ? "has now" : "has no longer",
		bn_role_name(role));
	return bn_people_set_role(d->r->ws, p->person, role, grant, NULL, d->link, d->err);
}

static int sign_do(action *d)
{
	uint8_t id[BN_CHAIN_ID_BYTES];
	int rc;
	if (bn_unhex(d->a->ref, BN_CHAIN_ID_BYTES, id) < 0)
		return bn_err_set(d->err, BN_EINVAL, "'%s' is no link", d->a->ref);
	if ((rc = bn_rights_may(d->r->ws, BN_ACT_POLICY, d->err)) < 0 ||
		(rc = bn_authority_cosign(d->r->ws, id, d->err)) < 0)
		return rc;
	snprintf(d->text, d->size, "%s",
		rc == BN_LINK_WAITS ? "signed; it waits for more signatures"
				    : "signed; it holds from now on");
	return 0;
}

int bn_reader_authority_action(
	bn_reader *r, const bn_action_arg *a, char *text, size_t size, bn_err *err)
{
	action d = {.r = r, .a = a, .text = text, .size = size, .err = err};
	char hex[2 * BN_CHAIN_ID_BYTES + 1];
	int rc;
	if ((rc = bn_reader_need_trust(r, err)) < 0)
		return rc;
	if (a->action == BN_ACTION_REQUEST)
		return request_do(&d);
	if (a->action == BN_ACTION_SIGN)
		return sign_do(&d);
	if ((rc = bn_people_read(&d.people, r->ws, err)) < 0)
		return rc;
	rc = a->action == BN_ACTION_ACCEPT ? accept_do(&d) : person_do(&d);
	bn_people_free(d.people);
	if (rc != BN_LINK_WAITS)
		return rc;
	bn_hex(d.link, BN_CHAIN_ID_BYTES, hex);
	snprintf(text, size, "recorded as link %.12s, which waits for another admin's signature",
		hex);
	return 0;
}
