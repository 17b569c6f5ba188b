/*
 * people.c - the members of a workspace with a chain of authority: first the keys that request
 * admission, then the persons. A admits, after showing the fingerprint; roles are granted and
 * revoked, persons removed.
 */
#include "core/base/str.h"
#include "tui/ui/format.h"
#include "tui/views/people/_authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct people_view {
	bn_list list;
	char key[2 * BN_CHAIN_ID_BYTES + 1]; /* the request or the person of the open dialog */
	bn_role role; /* roles of the open confirmation; BN_ROLES: to be asked for */
} people_view;

enum { COL_STATE, COL_NAME, COL_ROLES, COL_KEY, COL_SINCE, COL_ACCOUNT, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_STATE] = {.stays = true, .title = "state",
		.name = "status",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 8},
	[COL_NAME] = {.stays = true, .title = "name", .min = 6, .max = 24, .wish = 10, .flexible = true},
	[COL_ROLES] = {.title = "roles", .min = 8, .max = 36},
	[COL_KEY] = {.title = "key", .min = 24, .priority = 1},
	[COL_SINCE] = {.title = "since",
		.name = "since_ms",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 2},
	[COL_ACCOUNT] = {.title = "file of", .name = "owner", .min = 8, .max = 20, .priority = 3},
};

static const bn_request_row *request_at(const bn_list *l, int64_t row)
{
	const bn_authority_page *d = bn_list_data(l);
	const bn_people *p = d ? d->people : NULL;
	return p && row >= 0 && (size_t)row < p->n_requests ? &p->requests[row] : NULL;
}

static const bn_person_row *person_at(const bn_list *l, int64_t row)
{
	const bn_authority_page *d = bn_list_data(l);
	const bn_people *p = d ? d->people : NULL;
	if (!p || row < (int64_t)p->n_requests)
		return NULL;
	row -= (int64_t)p->n_requests;
	return (size_t)row < p->count ? &p->persons[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_authority_page *d = bn_list_data(ctx);
	return d && d->people ? (int64_t)(d->people->n_requests + d->people->count) : 0;
}

static void request_cell(const bn_request_row *r, int col, bn_grid_cell *out)
{
	switch (col) {
	case COL_STATE:
		bn_state_cell(out, BN_STATE_WAIT, "asks");
		return;
	case COL_NAME:
		out->text = r->name;
		return;
	case COL_KEY:
		out->text = r->key.print;
		return;
	case COL_SINCE:
		out->number = (double)r->time_ms;
		return;
	case COL_ACCOUNT:
		snprintf(out->buf, sizeof out->buf, "uid %lu", (unsigned long)r->owner);
		out->text = out->buf;
		out->ink = r->uid == r->owner ? BN_INK_TEXT : BN_INK_WARN;
		return;
	default:
		return;
	}
}

static void person_cell(const bn_person_row *p, int col, bn_grid_cell *out)
{
	switch (col) {
	case COL_STATE:
		out->text = p->is_me ? "you" : "member";
		out->ink = p->is_me ? BN_INK_STRONG : BN_INK_DIM;
		return;
	case COL_NAME:
		out->text = p->name;
		return;
	case COL_ROLES:
		out->number = (double)p->roles;
		bn_roles_text(p->roles, out->buf, sizeof out->buf);
		out->text = out->buf;
		return;
	case COL_KEY:
		if (p->n_keys > 1)
			snprintf(out->buf, sizeof out->buf, "%s +%zu", p->keys[0].print,
				p->n_keys - 1);
		else
			snprintf(out->buf, sizeof out->buf, "%s",
				p->n_keys ? p->keys[0].print : "-");
		out->text = out->buf;
		return;
	case COL_SINCE:
		out->number = (double)p->since_ms;
		return;
	default:
		return;
	}
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_request_row *r = request_at(ctx, row);
	if (r)
		request_cell(r, col, out);
	else
		person_cell(person_at(ctx, row), col, out);
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_request_row *r = request_at(ctx, row);
	char digits[17];
	snprintf(digits, sizeof digits, "%.16s", r ? r->key.hex : person_at(ctx, row)->person);
	return strtoull(digits, NULL, 16);
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

/* ---- the detail -------------------------------------------------------------------------------- */

static void request_describe(
	const bn_frame *f, const bn_request_row *r, const bn_authority_page *d, bn_buf *text)
{
	char line[400], when[BN_FORMAT_BYTES];
	bn_buf_addf(text, "%s asks to be admitted%s\n\n", r->name, r->is_mine ? " (you)" : "");
	bn_authority_fact(text, "fingerprint", r->key.print);
	snprintf(line, sizeof line, "%.120s on %.120s, uid %lu", r->user, r->host,
		(unsigned long)r->uid);
	bn_authority_fact(text, "as it says", line);
	snprintf(line, sizeof line, "uid %lu%s", (unsigned long)r->owner,
		r->uid == r->owner ? "" : ", which is another than it says");
	bn_authority_fact(text, "file of", line);
	bn_authority_fact(text, "asked", bn_format_time(when, r->time_ms, bn_frame_is_utc(f)));
	bn_buf_adds(text, "\n");
	bn_authority_fact(text, "",
		d->roles & 1u << BN_ROLE_ADMIN
			? "compare the fingerprint with what they see (binnacle user key), then A "
			  "on the list admits it"
			: "an admin compares the fingerprint, and admits it");
}

static void person_describe(const bn_frame *f, const bn_person_row *p, bn_buf *text)
{
	char line[120], when[BN_FORMAT_BYTES];
	bn_buf_addf(text, "%s%s\n\n", p->name, p->is_me ? " (you)" : "");
	bn_roles_text(p->roles, line, sizeof line);
	bn_authority_fact(text, "roles", line);
	for (size_t i = 0; i < p->n_keys; i++)
		bn_authority_fact(text, i ? "" : "key", p->keys[i].print);
	if (p->rank) {
		snprintf(line, sizeof line, "%lld of the admins, by seniority", (long long)p->rank);
		bn_authority_fact(text, "rank", line);
	}
	snprintf(line, sizeof line, "%s, link %lld of the chain",
		bn_format_time(when, p->since_ms, bn_frame_is_utc(f)), (long long)p->since_link);
	bn_authority_fact(text, "admitted", line);
}

static void describe(const bn_list *l, int64_t row, bn_buf *text)
{
	const bn_request_row *r = request_at(l, row);
	const bn_person_row *p = person_at(l, row);
	if (r)
		request_describe(l->view.frame, r, bn_list_data(l), text);
	else if (p)
		person_describe(l->view.frame, p, text);
}

/* ---- acts -------------------------------------------------------------------------------------- */

static void accept_ask(people_view *v, const bn_request_row *r)
{
	char title[128], body[768];
	snprintf(v->key, sizeof v->key, "%s", r->key.hex);
	snprintf(title, sizeof title, "Admit %.40s with key %s?", r->name, r->key.print);
	snprintf(body, sizeof body,
		"Asked by %.60s on %.60s, uid %lu; the file belongs to uid %lu%s. Compare the "
		"fingerprint with what they see (binnacle user key), on a way that you trust: who "
		"has this key signs as %.40s from now on.\n"
		"Which roles besides everybody's? Of developer, reviewer, admin; or none.",
		r->user, r->host, (unsigned long)r->uid, (unsigned long)r->owner,
		r->uid == r->owner ? "" : ", WHICH IS ANOTHER", r->name);
	bn_frame_ask(
		v->list.view.frame, &v->list.view, BN_CMD_ACCEPT, title, body, "sign and admit");
}

static void role_ask(people_view *v, const bn_person_row *p, bn_command_id id, const char *word)
{
	bn_frame *f = v->list.view.frame;
	bool grant = id == BN_CMD_GRANT;
	char title[128], roles[80], body[300];
	bn_err err = BN_ERR_INIT;
	v->role = BN_ROLES;
	if (word && *word && bn_role_parse(&v->role, word, &err) < 0) {
		bn_frame_error(f, &err);
		return;
	}
	snprintf(v->key, sizeof v->key, "%s", p->person);
	bn_roles_text(p->roles, roles, sizeof roles);
	snprintf(body, sizeof body,
		"%.60s is %s now. Your key signs a link of the chain of authority, which holds for "
		"what is signed from then on.",
		p->name, roles);
	if (v->role == BN_ROLES) {
		snprintf(title, sizeof title, "%s %.60s which role?", grant ? "Grant" : "Take from",
			p->name);
		bn_frame_ask(f, &v->list.view, id, title, body, "sign");
		return;
	}
	snprintf(title, sizeof title, "%s role %s %s %.60s?", grant ? "Grant" : "Take",
		bn_role_name(v->role), grant ? "to" : "from", p->name);
	bn_frame_confirm(f, &v->list.view, id, title, body, "sign");
}

static void remove_ask(people_view *v, const bn_person_row *p)
{
	char title[128], body[400];
	snprintf(v->key, sizeof v->key, "%s", p->person);
	snprintf(title, sizeof title, "Remove %.60s from the workspace?", p->name);
	snprintf(body, sizeof body,
		"%.60s (%s, %zu key%s) signs nothing any more that counts. What was signed before, "
		"and is known here, stands. These keys cannot come back.",
		p->name, p->n_keys ? p->keys[0].print : "-", p->n_keys, p->n_keys == 1 ? "" : "s");
	bn_frame_confirm(
		v->list.view.frame, &v->list.view, BN_CMD_REMOVE, title, body, "sign and remove");
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	people_view *v = (people_view *)view;
	int64_t row = bn_grid_selected_row(&v->list.grid);
	const bn_request_row *r = request_at(&v->list, row);
	const bn_person_row *p = person_at(&v->list, row);
	switch (id == BN_CMD_APPROVE ? BN_CMD_ACCEPT : id) {
	case BN_CMD_OPEN:
		return (r || p) && bn_authority_list_open(view, r ? r->name : p->name, describe);
	case BN_CMD_REQUEST:
		bn_view_do(view, BN_ACTION_REQUEST, arg ? arg : "", NULL, false);
		return true;
	case BN_CMD_ACCEPT:
		if (r)
			accept_ask(v, r);
		return true;
	case BN_CMD_GRANT:
	case BN_CMD_REVOKE:
		if (p)
			role_ask(v, p, id, arg);
		return true;
	case BN_CMD_REMOVE:
		if (p)
			remove_ask(v, p);
		return true;
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_list *l = (const bn_list *)view;
	int64_t row = bn_grid_selected_row(&l->grid);
	id = id == BN_CMD_APPROVE ? BN_CMD_ACCEPT : id;
	if (id == BN_CMD_REQUEST) {
		const bn_authority_page *d = bn_list_data(l);
		snprintf(why, size, "%s", bn_authority_page_no_request(d));
		return why[0] != '\0';
	}
	if (id != BN_CMD_ACCEPT && id != BN_CMD_GRANT && id != BN_CMD_REVOKE && id != BN_CMD_REMOVE)
		return false;
	if (bn_authority_page_refuses(bn_list_data(l), why, size))
		return true;
	snprintf(why, size, "%s",
		id == BN_CMD_ACCEPT ? "a key that asks is admitted; choose one (state: asks)"
				    : "choose a person; who asks is admitted first (A)");
	return id == BN_CMD_ACCEPT ? !request_at(l, row) : !person_at(l, row);
}

/* "developer, reviewer" or "none". */
static int roles_parse(unsigned *roles, const char *text, bn_err *err)
{
	char word[64];
	bn_role role;
	*roles = 0;
	for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
		size_t n = strcspn(text, " ,");
		snprintf(word, sizeof word, "%.*s", (int)n, text);
		text += n;
		if (strcmp(word, "none") == 0)
			continue;
		int rc = bn_role_parse(&role, word, err);
		if (rc < 0)
			return rc;
		*roles |= 1u << role;
	}
	return 0;
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	people_view *v = (people_view *)view;
	static const struct {
		bn_command_id command;
		bn_ui_action action;
	} actions[] = {{BN_CMD_ACCEPT, BN_ACTION_ACCEPT}, {BN_CMD_GRANT, BN_ACTION_GRANT},
		{BN_CMD_REVOKE, BN_ACTION_REVOKE}, {BN_CMD_REMOVE, BN_ACTION_REMOVE}};
	bn_action_arg arg = {.ref = ""};
	bn_err err = BN_ERR_INIT;
	int rc = 0;
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (actions[i].command == id)
			arg.action = actions[i].action;
	snprintf(arg.ref, sizeof arg.ref, "%s", v->key);
	if (id == BN_CMD_ACCEPT)
		rc = roles_parse(&arg.roles, text, &err);
	else if (id != BN_CMD_REMOVE && text)
		rc = bn_role_parse(&v->role, text + strspn(text, " "), &err);
	if (rc < 0) {
		bn_frame_error(view->frame, &err);
		return;
	}
	if (arg.action == BN_ACTION_GRANT || arg.action == BN_ACTION_REVOKE)
		arg.roles = 1u << v->role;
	bn_view_load(view, BN_LANE_QUICK, BN_KIND_ACTION, bn_view_source(view)->action, &arg,
		sizeof arg);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_authority_list_draw(view, a, focused, describe);
}

static void page(bn_view *view, bn_page *p)
{
	bn_authority_list_page(view, p, "nobody is here");
}

static void cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle user ls --json");
}

static const bn_view_class people_class = {
	.name = "people",
	.kind = BN_ON(PEOPLE),
	.refresh_ms = 5000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = bn_authority_list_refresh,
	.cli = cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_people_new(bn_view **out, bn_frame *f, bn_err *err)
{
	people_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &people_class, f, &source, columns, COLUMNS, NULL, err);
	if (!rc)
		*out = &v->list.view;
	return rc;
}
