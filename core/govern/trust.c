/* trust.c - see trust.h. */
#include "core/govern/trust.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/_trust.h"
#include "core/govern/authority.h"
#include "core/govern/closed.h"
#include "core/govern/key.h"
#include "core/store/recent.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ID = BN_SHA256_BYTES, PAUSE_MS = 250 };

struct bn_trust {
	bn_workspace *ws;
	sqlite3 *db;
	const bn_env *env;
	bn_pins pins;
	bn_memory *memory;
	bn_place place;
	bn_memory_verdict verdict;
	char *named;   /* the directory that was named, absolute */
	bool is_above; /* the workspace is above it */
	bool has_chain, has_folded, met_by_invitation;
	char note[700];
};

static void look_release(bn_trust *t)
{
	bn_memory_verdict_release(&t->verdict);
	bn_place_release(&t->place);
	t->place = (bn_place){0};
	bn_memory_free(t->memory);
	t->memory = NULL;
}

void bn_trust_free(bn_trust *t)
{
	if (!t)
		return;
	look_release(t);
	bn_pins_release(&t->pins);
	bn_free(t->named);
	bn_free(t);
}

static void note(bn_trust *t, const char *words)
{
	size_t n = strlen(t->note);
	if (words[0])
		snprintf(t->note + n, sizeof t->note - n, "%s%s", n ? "; " : "", words);
}

/* ---- looking ----------------------------------------------------------------------------------- */

/* The directory that bn_workspace_open began with; *out is yours. */
static int named_find(char **out, const bn_env *env, const char *start, bn_err *err)
{
	const char *home = bn_env_get(env, "BINNACLE_HOME");
	if (!start)
		start = home && *home ? home : ".";
	int rc = bn_path_absolute(out, start, err);
	if (rc < 0)
		return rc;
	size_t n = strlen(*out);
	while (n > 1 && (*out)[n - 1] == '/')
		(*out)[--n] = '\0';
	return 0;
}

/* Another user's workspace that was not named. One without a chain is used as before, unless anyone could
 * have put it there. */
static bool is_unasked(const bn_trust *t)
{
	struct stat root, dir;
	uid_t me = t->env->uid(t->env);
	if (!t->is_above || t->env->fs->stat(t->env, NULL, bn_workspace_root(t->ws), &root) < 0 ||
		t->env->fs->stat(t->env, NULL, bn_workspace_dir(t->ws), &dir) < 0 ||
		root.st_uid == me)
		return false;
	return t->has_chain || (root.st_uid != 0 && (dir.st_mode & S_IWOTH));
}

static int judge(bn_trust *t, bn_err *err)
{
	bn_trust_view v;
	int rc = bn_trust_view_open(&v, t->db, bn_workspace_id(t->ws), err);
	if (rc < 0)
		goto out;
	t->has_chain = v.view.has_chain;
	t->place.is_unasked = is_unasked(t);
	rc = bn_memory_judge(&t->verdict, t->memory, &v.view, &t->pins, &t->place, err);
out:
	bn_trust_view_close(&v);
	return rc;
}

static int place_find(bn_trust *t, bn_err *err)
{
	const char *id = bn_workspace_id(t->ws);
	int rc = bn_place_find(&t->place, t->env, bn_workspace_root(t->ws), id, err);
	if (rc < 0 || !t->is_above)
		return rc;
	return bn_place_find_lost(&t->place, t->env, t->named, id, err);
}

static int look_once(bn_trust *t, bn_err *err)
{
	const char *id = bn_workspace_id(t->ws);
	bool changed = false;
	int rc;
	look_release(t);
	bn_workspace_unmark_recent(t->ws);
	if ((rc = bn_memory_load(&t->memory, t->env, id, err)) < 0 ||
		(rc = place_find(t, err)) < 0 ||
		(rc = bn_workspace_refresh(t->ws, &changed, err)) < 0)
		return rc;
	t->has_folded |= changed;
	if (!(t->db = bn_workspace_index(t->ws)))
		return bn_err_set(err, BN_EIO, "the index cannot be opened");
	return judge(t, err);
}

/* Whether it is stopped by something missing that may just not have arrived yet. */
static bool shows_less(const bn_trust *t, bn_memory_allows need)
{
	for (size_t i = 0; i < t->verdict.count; i++) {
		const bn_memory_finding *f = &t->verdict.findings[i];
		if (f->allows > need &&
			(f->kind == BN_MEMORY_CHAIN_BEHIND || f->kind == BN_MEMORY_PIN_BEHIND ||
				f->kind == BN_MEMORY_WRITER_BEHIND))
			return true;
	}
	return false;
}

/* 1: link 0 has an author, with the key in hex. */
static int founder_key(char key[2 * ID + 1], int64_t *founded_ms, sqlite3 *db, bn_err *err)
{
	uint8_t bytes[ID];
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(
		&st, db, err, "SELECT author, time_ms FROM authority_link WHERE n = 0", "");
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, err);
	if (rc == 1 && bn_sql_bytes(st, 0, bytes, ID)) {
		bn_hex(bytes, ID, key);
		*founded_ms = sqlite3_column_int64(st, 1);
	} else if (rc == 1) {
		rc = 0;
	}
	sqlite3_reset(st);
	return rc;
}

/* A founder who lost the memory has nobody to ask. */
static void hint_founder(bn_trust *t)
{
	char founder[2 * ID + 1];
	int64_t when;
	bn_key *key = NULL;
	for (size_t i = 0; i < t->verdict.count; i++) {
		bn_memory_finding *f = &t->verdict.findings[i];
		if (f->kind != BN_MEMORY_FIRST_USE || bn_key_find(&key, t->env, NULL) < 0)
			continue;
		if (founder_key(founder, &when, t->db, NULL) == 1 &&
			!strcmp(founder, bn_key_public(key)))
			snprintf(f->hint, sizeof f->hint,
				"your key founded it: see `binnacle trust show`, then: binnacle "
				"trust accept --yes");
		bn_key_free(key);
		return;
	}
}

static int look_on(bn_trust *t, const bn_trust_options *opt, bn_err *err)
{
	int64_t began = bn_env_monotonic_ns(t->env), most = opt->look_ms;
	if (!most && bn_dir_is_network(bn_workspace_at(t->ws)))
		most = BN_TRUST_LOOK_MS;
	for (;;) {
		int rc = look_once(t, err);
		if (rc < 0)
			return rc;
		hint_founder(t);
		int64_t spent = (bn_env_monotonic_ns(t->env) - began) / 1000000;
		if (spent >= most || !shows_less(t, opt->need))
			return 0;
		if ((rc = bn_progress_step(opt->progress, "looking for records that are missing",
			     (uint64_t)spent / 1000, (uint64_t)most / 1000, err)) < 0)
			return rc;
		nanosleep(&(struct timespec){0, PAUSE_MS * 1000000}, NULL);
	}
}

/* ---- remembering ------------------------------------------------------------------------------- */

/* Whether the memory lacks something in the view; heads are the missing ones. */
static int has_news(const bn_trust *t, const bn_trust_view *v, bn_err *err)
{
	uint8_t id[ID];
	const bn_memory_link *tip = bn_memory_newest(t->memory);
	if (!bn_memory_first(t->memory) || bn_memory_is_due(t->memory) || v->view.n_heads || !tip ||
		tip->n != v->view.newest)
		return 1;
	int rc = v->view.link_at(v->view.user, tip->n, id, err);
	return rc < 0 ? rc : memcmp(id, tip->id, ID) != 0;
}

static int memory_learn(bn_trust *t, const bn_memory_answer *answer, bn_err *err)
{
	bn_trust_view v;
	int rc = bn_trust_view_open(&v, t->db, bn_workspace_id(t->ws), err);
	if (rc < 0 ||
		(rc = bn_trust_view_add_heads(&v, t->memory, bn_memory_is_due(t->memory), err)) < 0)
		goto out;
	if ((rc = has_news(t, &v, err)) == 1)
		rc = bn_memory_learn(NULL, t->env, &v.view, answer, err);
out:
	bn_trust_view_close(&v);
	return rc;
}

static int place_learn(bn_trust *t, bool replace, bn_err *err)
{
	return bn_place_learn(
		t->env, bn_workspace_root(t->ws), bn_workspace_id(t->ws), replace, err);
}

/* If it cannot be recorded now, it will be next time: a message, not an error, and nothing at all if another
 * process holds the lock. */
static void failed_to_learn(bn_trust *t, bn_err *why)
{
	if (why->code != BN_ECONFLICT) {
		bn_err_prefix(why, "cannot record what was seen of this workspace");
		note(t, why->msg);
	}
	bn_err_clear(why);
}

static void learn(bn_trust *t)
{
	bn_err why = BN_ERR_INIT;
	bn_memory_state state = bn_memory_state_of(t->memory);
	const bn_pin *pin = t->verdict.pin;
	const bn_memory_answer answer = {
		.by = pin && pin->source == BN_PIN_OPTION ? "option" : "pin",
		.words = pin ? pin->where : ""};
	if (!t->has_chain || t->verdict.allows == BN_ALLOWS_TRUST ||
		!(state == BN_MEMORY_KNOWN || (state == BN_MEMORY_NONE && pin)))
		return;
	if (memory_learn(t, state == BN_MEMORY_NONE ? &answer : NULL, &why) < 0) {
		failed_to_learn(t, &why);
		return;
	}
	t->met_by_invitation = state == BN_MEMORY_NONE;
	if (t->place.kind != BN_PLACE_KNOWN && place_learn(t, false, &why) < 0)
		failed_to_learn(t, &why);
}

int bn_trust_look(bn_trust **out, bn_workspace *ws, const bn_trust_options *opt, bn_err *err)
{
	int rc;
	bn_trust *t = bn_alloc_zeroed(1, sizeof *t);
	if (!t)
		return bn_err_nomem(err, "what is known of a workspace");
	t->ws = ws;
	t->env = bn_workspace_env(ws);
	if ((rc = bn_pins_load(&t->pins, t->env, opt->invitation, err)) < 0 ||
		(rc = named_find(&t->named, t->env, opt->start, err)) < 0)
		goto out;
	t->is_above = strcmp(t->named, bn_workspace_dir(ws)) != 0;
	if ((rc = look_on(t, opt, err)) < 0 || (rc = bn_sql_failed(t->db, err)) < 0)
		goto out;
	note(t, t->pins.notes);
	learn(t);
	bn_workspace_mark_recent(ws, t->has_folded);
	*out = t;
	t = NULL;
out:
	bn_trust_free(t);
	return rc;
}

void bn_trust_explain_missing(const bn_env *env, const char *start, bn_err *err)
{
	char *named = NULL;
	bn_place p = {.path = bn_strdup("/")};
	if (!p.path || named_find(&named, env, start, NULL) < 0 ||
		bn_place_find_lost(&p, env, named, "", NULL) < 0 || !p.lost_path)
		goto out;
	bn_err_clear(err);
	bn_err_set(
		err, BN_ENOTFOUND, "workspace %s was in '%s' and is gone", p.lost_id, p.lost_path);
	bn_err_hint(err, "ask who may write to that directory; if it was removed on purpose: "
			 "binnacle init");
out:
	bn_place_release(&p);
	bn_free(named);
}

/* ---- what was found ---------------------------------------------------------------------------- */

bn_memory_allows bn_trust_allows(const bn_trust *t)
{
	return t->verdict.allows;
}

const bn_memory_verdict *bn_trust_verdict(const bn_trust *t)
{
	return &t->verdict;
}

const char *bn_trust_note(const bn_trust *t)
{
	return t->note;
}

bool bn_trust_is_named(const bn_trust *t)
{
	return !t->is_above;
}

bool bn_trust_met_by_invitation(const bn_trust *t)
{
	return t->met_by_invitation;
}

const bn_memory *bn_trust_memory(const bn_trust *t)
{
	return t->memory;
}

static bool is_unanswered(const bn_memory_finding *f)
{
	return f->kind == BN_MEMORY_FIRST_USE || f->kind == BN_MEMORY_PLACE_ABOVE;
}

bool bn_trust_asks(const bn_trust *t)
{
	bool asks = false;
	for (size_t i = 0; i < t->verdict.count; i++) {
		const bn_memory_finding *f = &t->verdict.findings[i];
		if (f->allows > BN_ALLOWS_ALL && !is_unanswered(f))
			return false;
		asks |= f->allows > BN_ALLOWS_ALL;
	}
	return asks;
}

int bn_trust_require(const bn_trust *t, bn_memory_allows need, bn_err *err)
{
	if (t->verdict.allows <= need)
		return 0;
	/* Findings left out of the list allow reading. */
	const bn_memory_finding *f = t->verdict.count ? &t->verdict.findings[0] : NULL;
	if (!f || f->allows <= need)
		return bn_err_set(err, BN_ECONFLICT,
			"logs of %zu writers are not what was seen before", t->verdict.left_out);
	int rc = bn_err_set(err, is_unanswered(f) ? BN_EREFUSED : BN_ECONFLICT, "%s", f->words);
	if (f->hint[0])
		bn_err_hint(err, "%s", f->hint);
	return rc;
}

/* ---- answers ----------------------------------------------------------------------------------- */

/* Collects everything available. */
static int view_whole(bn_trust_view *v, sqlite3 *db, const bn_workspace *ws, bn_err *err)
{
	int rc = bn_trust_view_open(v, db, bn_workspace_id(ws), err);
	return rc < 0 ? rc : bn_trust_view_add_heads(v, NULL, true, err);
}

/* A confirmed first use that cannot be recorded is valid for this command. */
static void forget_to_ask(bn_trust *t)
{
	bn_memory_verdict *v = &t->verdict;
	size_t kept = 0;
	v->allows = BN_ALLOWS_ALL;
	for (size_t i = 0; i < v->count; i++) {
		if (is_unanswered(&v->findings[i]))
			continue;
		if (v->findings[i].allows > v->allows)
			v->allows = v->findings[i].allows;
		v->findings[kept++] = v->findings[i];
	}
	v->count = kept;
}

int bn_trust_accept(bn_trust *t, const char *by, const char *words, bn_err *err)
{
	bn_trust_view v;
	const bn_memory_answer answer = {.by = by, .words = words};
	bool first = bn_trust_asks(t) || bn_memory_state_of(t->memory) == BN_MEMORY_NONE;
	bool replaces = !first || t->verdict.allows == BN_ALLOWS_TRUST;
	int rc = view_whole(&v, t->db, t->ws, err);
	if (rc >= 0)
		rc = first ? bn_memory_learn(NULL, t->env, &v.view, &answer, err)
			   : bn_memory_accept(t->env, &v.view, &answer, err);
	bn_trust_view_close(&v);
	if (rc >= 0 && t->place.lost_id[0])
		rc = bn_place_forget(t->env, t->place.lost_id, err);
	if (rc < 0 || (rc = place_learn(t, replaces, err)) < 0) {
		if (bn_trust_asks(t))
			forget_to_ask(t);
		return rc;
	}
	return look_once(t, err);
}

static int other_chain(bn_err *err, const char *words)
{
	bn_err_set(err, BN_ECONFLICT, "%s", words);
	bn_err_hint(
		err, "ask who gave you the invitation; `binnacle trust show` shows what is here");
	return BN_ECONFLICT;
}

int bn_trust_compare(const bn_trust *t, const char *invitation, bn_err *err)
{
	bn_pin pin;
	bn_trust_view v;
	uint8_t id[ID];
	char words[200];
	int rc = bn_pin_parse(&pin, invitation, strlen(invitation), err);
	if (rc < 0)
		return rc;
	if (strcmp(pin.workspace_id, bn_workspace_id(t->ws)) != 0) {
		snprintf(words, sizeof words, "the invitation is for workspace %s, and this is %s",
			pin.workspace_id, bn_workspace_id(t->ws));
		return other_chain(err, words);
	}
	if ((rc = bn_trust_view_open(&v, t->db, bn_workspace_id(t->ws), err)) < 0)
		goto out;
	if (!v.view.has_chain || pin.n > v.view.newest) {
		snprintf(words, sizeof words,
			"the invitation names link %u of the chain of authority, which is not here",
			pin.n);
		rc = other_chain(err, words);
		goto out;
	}
	if ((rc = v.view.link_at(v.view.user, pin.n, id, err)) < 0)
		goto out;
	if (!bn_pin_is_of(&pin, id))
		rc = other_chain(err, "the invitation names another chain of authority than this");
out:
	bn_trust_view_close(&v);
	return rc;
}

int bn_trust_forget(bn_trust *t, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	const char *id = bn_workspace_id(t->ws);
	int rc = bn_memory_forget(t->env, id, err);
	if (rc < 0)
		return rc;
	/* The places come second: without a memory they only tell where it was. */
	if ((rc = bn_place_forget(t->env, id, &why)) < 0)
		return bn_err_move(err, &why);
	return look_once(t, err);
}

int bn_trust_founded(bn_workspace *ws, bn_err *err)
{
	bn_trust_view v = {0};
	sqlite3 *db = NULL;
	const bn_env *env = bn_workspace_env(ws);
	static const bn_memory_answer answer = {.by = "init", .words = ""};
	int rc = bn_workspace_read(&db, ws, err);
	if (rc < 0 || (rc = view_whole(&v, db, ws, err)) < 0 || !v.view.has_chain)
		goto out;
	if ((rc = bn_memory_learn(NULL, env, &v.view, &answer, err)) < 0)
		goto out;
	rc = bn_place_learn(env, bn_workspace_root(ws), bn_workspace_id(ws), true, err);
out:
	bn_trust_view_close(&v);
	return rc;
}

/* ---- what there is to compare ------------------------------------------------------------------ */

static void person_read(bn_trust_person *p, sqlite3 *db, int64_t epoch, const char *person)
{
	bn_authority_name(db, epoch, person, p->name, sizeof p->name);
	bn_key_fingerprint(person, p->fingerprint);
}

static int admins_read(bn_trust_about *a, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT person FROM authority_role WHERE role = 'admin' AND to_n IS NULL ORDER BY "
		"seniority",
		"");
	if (rc < 0)
		return rc;
	while (a->n_admins < BN_TRUST_ADMINS && (rc = bn_sql_step(st, err)) == 1)
		person_read(&a->admins[a->n_admins++], db, a->newest,
			(const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
	return rc < 0 ? rc : 0;
}

static int founder_read(bn_trust_about *a, sqlite3 *db, bn_err *err)
{
	char person[2 * ID + 1];
	int rc = founder_key(person, &a->founded_ms, db, err);
	if (rc == 1)
		person_read(&a->founder, db, 0, person);
	return rc < 0 ? rc : 0;
}

int bn_trust_about_read(bn_trust_about *out, const bn_trust *t, bn_err *err)
{
	uint8_t id[ID];
	*out = (bn_trust_about){0};
	int64_t newest = bn_authority_newest(t->db, id);
	if (newest < 0)
		return 0;
	out->has_chain = true;
	out->newest = (uint32_t)newest;
	bn_pin_format(out->invitation, bn_workspace_id(t->ws), out->newest, id);
	bn_names doubts = BN_NAMES_INIT;
	out->is_upgraded = bn_closed_is_upgraded(t->db);
	int rc = out->is_upgraded ? bn_closed_doubts(&doubts, t->db, err) : 0;
	out->doubts = doubts.count;
	bn_names_release(&doubts);
	if (rc < 0 || (rc = founder_read(out, t->db, err)) < 0)
		return rc;
	return admins_read(out, t->db, err);
}
