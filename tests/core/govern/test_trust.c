/*
 * test_trust.c - whether a workspace is the known one, for users with and without a memory: first use, invitations,
 * and what an attacker with an account may put in its place.
 */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/authority.h"
#include "core/govern/identity.h"
#include "core/govern/policy.h"
#include "core/govern/trust.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;
static team t;
static person *ann, *bob, *cleo, *dan;

/* Class "note": events that anybody may sign, judged when they are folded. */
static int note_apply(bn_fold *f, const bn_event *ev, bn_err *e)
{
	bn_standing s;
	int rc = bn_authority_judge(&s, bn_fold_db(f), ev, e);
	if (rc >= 0 && s.kind != BN_STANDING_COUNTS)
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "%s", s.words);
	return rc;
}

static int note_clear(bn_fold *f, const char *entity, bn_err *e)
{
	(void)f;
	(void)entity;
	(void)e;
	return 0;
}

static const bn_fold_kind note_kinds[] = {{"note.made", .fields = BN_FIELDS("v")}, {0}};
static const bn_fold_class note_class = {
	.name = "note", .kinds = note_kinds, .apply = note_apply, .clear = note_clear};
static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_user_class, &bn_policy_class, &note_class, NULL};

static void setup(void)
{
	team_make_signed(&t, classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
}

static void teardown(void)
{
	team_remove(&t);
}

/* A path in the team's directory, in a buffer that the fourth call from now reuses. */
static const char *in_team(const char *fmt, ...)
{
	static char paths[4][400];
	static int next;
	char *path = paths[next++ % 4];
	int n = snprintf(path, 400, "%s/", t.dir);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(path + n, 400 - (size_t)n, fmt, ap);
	va_end(ap);
	return path;
}

static void shell(const char *fmt, ...)
{
	char command[1600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	ck_assert_msg(system(command) == 0, "%s", command);
}

/* ---- looking ----------------------------------------------------------------------------------- */

static bn_trust *look_with(person *p, const bn_trust_options *opt)
{
	bn_trust *trust = NULL;
	ck_assert_bn_ok(bn_trust_look(&trust, p->ws, opt, &err), &err);
	return trust;
}

static bn_trust *look(person *p)
{
	const bn_trust_options opt = {.start = bn_workspace_dir(p->ws)};
	return look_with(p, &opt);
}

static bool has(const bn_trust *trust, bn_memory_kind kind)
{
	const bn_memory_verdict *v = bn_trust_verdict(trust);
	for (size_t i = 0; i < v->count; i++)
		if (v->findings[i].kind == kind)
			return true;
	return false;
}

/* Checks what p is allowed, and the kind of the most severe finding; -1: none. */
static void expect(person *p, bn_memory_allows allows, int kind)
{
	bn_trust *trust = look(p);
	const bn_memory_verdict *v = bn_trust_verdict(trust);
	const char *words = v->count ? v->findings[0].words : "nothing";
	ck_assert_msg(bn_trust_allows(trust) == allows, "%s is allowed %d, not %d: %s", p->name,
		(int)bn_trust_allows(trust), (int)allows, words);
	ck_assert_msg(kind < 0 || (v->count && (int)v->findings[0].kind == kind),
		"%s is told of %d, not %d: %s", p->name, v->count ? (int)v->findings[0].kind : -1,
		kind, words);
	int rc = bn_trust_require(trust, allows, &err);
	ck_assert_bn_ok(rc, &err);
	if (allows > BN_ALLOWS_ALL) {
		rc = bn_trust_require(trust, allows - 1, &err);
		ck_assert_int_eq(rc, kind == BN_MEMORY_FIRST_USE || kind == BN_MEMORY_PLACE_ABOVE
					     ? BN_EREFUSED
					     : BN_ECONFLICT);
		ck_assert_str_eq(err.msg, v->findings[0].words);
		ck_assert(err.hint[0]);
		bn_err_clear(&err);
	}
	bn_trust_free(trust);
}

static void accept(person *p)
{
	bn_trust *trust = look(p);
	ck_assert_bn_ok(bn_trust_accept(trust, "accept", "", &err), &err);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	bn_trust_free(trust);
}

static void invitation(char out[BN_PIN_TEXT], person *p)
{
	bn_trust *trust = look(p);
	bn_trust_about *about = bn_alloc_zeroed(1, sizeof *about);
	ck_assert_bn_ok(bn_trust_about_read(about, trust, &err), &err);
	ck_assert(about->has_chain);
	memcpy(out, about->invitation, BN_PIN_TEXT);
	bn_free(about);
	bn_trust_free(trust);
}

/* Opens the workspace in another directory, as the same user. */
static void move_to(person *p, const char *dir)
{
	bn_workspace_close(p->ws);
	p->ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&p->ws, &p->env, classes, dir, &err), &err);
}

/* Seals all files of all members. */
static void all_seal(void)
{
	for (size_t i = 0; i < PEOPLE; i++)
		person_reopen(&t, &t.people[i], false);
}

static void ann_admits(person *p)
{
	person_link(ann, (bn_change[]){person_admitted(p)}, 1);
}

/* A signed act by p. */
static void act(person *p)
{
	sqlite3 *db = NULL;
	json_t *payload = json_pack("{s:i}", "v", 1);
	ck_assert_bn_ok(bn_workspace_read(&db, p->ws, &err), &err);
	ck_assert_bn_ok(bn_authority_append(p->ws, 1, "note.made", "note/a", payload, &err), &err);
	json_decref(payload);
	ck_assert_bn_ok(bn_workspace_sync(p->ws, &err), &err);
}

/* ---- first use --------------------------------------------------------------------------------- */

START_TEST(test_founding_is_the_founders_first_use_and_another_user_is_asked_once)
{
	setup();
	ck_assert_bn_ok(bn_trust_founded(ann->ws, &err), &err);
	expect(ann, BN_ALLOWS_ALL, -1);
	expect(bob, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	expect(bob, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	bn_trust *trust = look(bob);
	ck_assert(bn_trust_asks(trust));
	ck_assert_ptr_null(bn_memory_first(bn_trust_memory(trust)));
	ck_assert_bn_ok(bn_trust_accept(trust, "terminal", "", &err), &err);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	ck_assert(!bn_trust_asks(trust));
	bn_trust_free(trust);
	expect(bob, BN_ALLOWS_ALL, -1);
	trust = look(bob);
	ck_assert_str_eq(bn_memory_first(bn_trust_memory(trust))->by, "terminal");
	ck_assert_str_eq(bn_trust_note(trust), "");
	bn_trust_free(trust);
	expect(cleo, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	teardown();
}
END_TEST

START_TEST(test_what_there_is_to_compare_names_founder_admins_and_the_newest_link)
{
	char text[BN_PIN_TEXT];
	setup();
	ann_admits(bob);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_ADMIN, true)}, 1);
	bn_trust *trust = look(cleo);
	bn_trust_about *about = bn_alloc_zeroed(1, sizeof *about);
	ck_assert_bn_ok(bn_trust_about_read(about, trust, &err), &err);
	ck_assert_str_eq(about->founder.name, "ann");
	ck_assert_int_eq(strncmp(about->founder.fingerprint, "ed25519:", 8), 0);
	ck_assert_uint_eq(about->newest, 2);
	ck_assert_uint_eq(about->n_admins, 2);
	ck_assert_str_eq(about->admins[0].name, "ann");
	ck_assert_str_eq(about->admins[1].name, "bob");
	ck_assert_str_eq(about->admins[0].fingerprint, about->founder.fingerprint);
	invitation(text, ann);
	ck_assert_str_eq(text, about->invitation);
	bn_free(about);
	bn_trust_free(trust);
	teardown();
}
END_TEST

START_TEST(test_invitation_by_option_answers_and_one_of_another_workspace_stops)
{
	char text[BN_PIN_TEXT], other[BN_PIN_TEXT];
	uint8_t link[32] = {7};
	setup();
	invitation(text, ann);
	bn_trust_options opt = {.start = t.dir, .invitation = text};
	bn_pin_format(other, "0f8b1c2d-0000-8000-8000-00000000000b", 0, link);
	opt.invitation = other;
	bn_trust *trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_TRUST);
	ck_assert(has(trust, BN_MEMORY_PIN_OTHER));
	bn_trust_free(trust);
	bn_pin_format(other, bn_workspace_id(bob->ws), 0, link);
	trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_TRUST);
	ck_assert(has(trust, BN_MEMORY_PIN_BESIDE));
	bn_trust_free(trust);
	expect(bob, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE); /* nothing was remembered */
	opt.invitation = text;
	trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	bn_trust_free(trust);
	expect(bob, BN_ALLOWS_ALL, -1);
	opt.invitation = "bn1:nonsense";
	ck_assert_int_eq(bn_trust_look(&trust, bob->ws, &opt, &err), BN_EINVAL);
	bn_err_clear(&err);
	teardown();
}
END_TEST

START_TEST(test_pasted_invitation_is_compared)
{
	char text[BN_PIN_TEXT], other[BN_PIN_TEXT];
	uint8_t link[32] = {7};
	setup();
	invitation(text, ann);
	ann_admits(bob);
	bn_trust *trust = look(bob);
	ck_assert_bn_ok(bn_trust_compare(trust, text, &err), &err);
	bn_pin_format(other, bn_workspace_id(bob->ws), 0, link);
	ck_assert_int_eq(bn_trust_compare(trust, other, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	bn_pin_format(other, bn_workspace_id(bob->ws), 2, link);
	ck_assert_int_eq(bn_trust_compare(trust, other, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	bn_pin_format(other, "0f8b1c2d-0000-8000-8000-00000000000b", 0, link);
	ck_assert_int_eq(bn_trust_compare(trust, other, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_trust_compare(trust, "yes", &err), BN_EINVAL);
	bn_err_clear(&err);
	bn_trust_free(trust);
	teardown();
}
END_TEST

START_TEST(test_first_use_without_a_home_is_answered_for_this_command)
{
	setup();
	snprintf(bob->state, sizeof bob->state, "/dev/null/nowhere");
	bn_trust *trust = look(bob);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_READING);
	ck_assert(bn_trust_asks(trust));
	ck_assert_int_lt(bn_trust_accept(trust, "terminal", "", &err), 0);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	bn_trust_free(trust);
	expect(bob, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	teardown();
}
END_TEST

START_TEST(test_forgetting_makes_the_next_use_a_first_one)
{
	setup();
	accept(bob);
	bn_trust *trust = look(bob);
	ck_assert_bn_ok(bn_trust_forget(trust, &err), &err);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_READING);
	ck_assert_int_eq(bn_trust_forget(trust, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	bn_trust_free(trust);
	expect(bob, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	teardown();
}
END_TEST

START_TEST(test_workspace_without_a_chain_is_no_first_use_and_leaves_no_memory)
{
	team_make(&t, classes);
	bob = &t.people[1];
	expect(bob, BN_ALLOWS_ALL, -1);
	ck_assert_int_ne(access(in_team("bob-state/binnacle/trust"), F_OK), 0);
	ck_assert_bn_ok(bn_trust_founded(bob->ws, &err), &err);
	ck_assert_int_ne(access(in_team("bob-state/binnacle/trust"), F_OK), 0);
	teardown();
}
END_TEST

/* ---- another workspace in its place ------------------------------------------------------------ */

START_TEST(test_workspace_moved_aside_and_a_new_one_in_its_place_stops_who_knew_it)
{
	setup();
	accept(bob);
	all_seal();
	ck_assert_int_eq(rename(in_team(".binnacle"), in_team("aside")), 0);
	const bn_authority_start as_ann = {.name = "ann"};
	ck_assert_bn_ok(bn_authority_init(&dan->env, t.dir, &as_ann, NULL, &err), &err);
	all_seal();
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_PLACE_OTHER);
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_PLACE_OTHER);
	expect(cleo, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	shell("rm -rf %s && mv %s %s", in_team(".binnacle"), in_team("aside"),
		in_team(".binnacle"));
	all_seal();
	expect(bob, BN_ALLOWS_ALL, -1);
	teardown();
}
END_TEST

START_TEST(test_one_without_a_chain_in_its_place_stops_too)
{
	setup();
	accept(bob);
	all_seal();
	ck_assert_int_eq(rename(in_team(".binnacle"), in_team("aside")), 0);
	ck_assert_bn_ok(bn_workspace_init(&dan->env, t.dir, &err), &err);
	all_seal();
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_PLACE_OTHER);
	teardown();
}
END_TEST

START_TEST(test_accepting_another_workspace_makes_the_old_one_the_stop)
{
	setup();
	accept(bob);
	all_seal();
	ck_assert_int_eq(rename(in_team(".binnacle"), in_team("aside")), 0);
	ck_assert_bn_ok(bn_authority_init(&dan->env, t.dir, NULL, NULL, &err), &err);
	all_seal();
	accept(bob);
	expect(bob, BN_ALLOWS_ALL, -1);
	ck_assert_int_eq(rename(in_team(".binnacle"), in_team("new")), 0);
	ck_assert_int_eq(rename(in_team("aside"), in_team(".binnacle")), 0);
	all_seal();
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_PLACE_OTHER);
	teardown();
}
END_TEST

START_TEST(test_founding_record_renamed_away_is_a_stop_and_not_an_old_workspace)
{
	setup();
	accept(bob);
	all_seal();
	shell("mkdir %s && mv %s/*ann* %s", in_team("hidden"), in_team(".binnacle/log"),
		in_team("hidden"));
	person_reopen(&t, bob, false);
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
	person_reopen(&t, bob, true);
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
	shell("mv %s/* %s", in_team("hidden"), in_team(".binnacle/log"));
	person_reopen(&t, bob, false);
	expect(bob, BN_ALLOWS_ALL, -1);
	teardown();
}
END_TEST

/* ---- an old state, another history --------------------------------------------------------------- */

static void log_keep(const char *name)
{
	all_seal();
	shell("rm -rf %s && cp -a %s %s", in_team("%s", name), in_team(".binnacle/log"),
		in_team("%s", name));
}

static void log_put(const char *name)
{
	all_seal();
	shell("rm -rf %s && cp -a %s %s", in_team(".binnacle/log"), in_team("%s", name),
		in_team(".binnacle/log"));
	all_seal();
}

START_TEST(test_older_copy_of_the_log_stops_who_has_seen_more_however_often)
{
	setup();
	accept(bob);
	log_keep("old");
	ann_admits(cleo);
	expect(bob, BN_ALLOWS_ALL, -1);
	log_keep("new");
	log_put("old");
	for (int fresh = 0; fresh < 2; fresh++) {
		person_reopen(&t, bob, fresh);
		expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
		expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
	}
	person_reopen(&t, dan, true);
	expect(dan, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	log_put("new");
	person_reopen(&t, bob, false);
	expect(bob, BN_ALLOWS_ALL, -1);
	teardown();
}
END_TEST

START_TEST(test_chain_that_goes_on_beside_the_known_one_is_a_stop_until_a_person_accepts)
{
	setup();
	accept(bob);
	log_keep("old");
	ann_admits(cleo);
	expect(bob, BN_ALLOWS_ALL, -1);
	log_put("old");
	person_reopen(&t, ann, true);
	ann_admits(dan);
	all_seal();
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BESIDE);
	ann_admits(cleo);
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BESIDE);
	accept(bob);
	expect(bob, BN_ALLOWS_ALL, -1);
	teardown();
}
END_TEST

START_TEST(test_writer_whose_acts_are_gone_stops_signing_until_a_restored_link)
{
	char writer[300];
	setup();
	ann_admits(bob);
	act(bob);
	accept(cleo);
	all_seal();
	expect(cleo, BN_ALLOWS_ALL, -1);
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	uint8_t key[32];
	person_key(bob, key);
	ck_assert_bn_ok(bn_workspace_read(&db, cleo->ws, &err), &err);
	ck_assert_bn_ok(bn_sql_prepare(&st, db, &err,
				"SELECT w.name FROM signed_record s JOIN index_name w ON w.no = "
				"s.writer WHERE s.key = ? LIMIT 1",
				"b", key, (size_t)32),
		&err);
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	snprintf(writer, sizeof writer, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	shell("rm -rf %s", in_team(".binnacle/log/%s", writer));
	person_reopen(&t, cleo, false);
	expect(cleo, BN_ALLOWS_READING, BN_MEMORY_WRITER_BEHIND);
	person_reopen(&t, cleo, true);
	expect(cleo, BN_ALLOWS_READING, BN_MEMORY_WRITER_BEHIND);
	person_reopen(&t, ann, true);
	const bn_change restored = {.kind = BN_CHANGE_RESTORED, .text = "bob removed his log"};
	person_link(ann, &restored, 1);
	expect(cleo, BN_ALLOWS_ALL, -1);
	expect(cleo, BN_ALLOWS_ALL, -1);
	teardown();
}
END_TEST

START_TEST(test_what_a_stranger_signs_and_removes_stops_nobody)
{
	setup();
	accept(cleo);
	act(dan);
	all_seal();
	expect(cleo, BN_ALLOWS_ALL, -1);
	shell("rm -rf %s/*dan*", in_team(".binnacle/log"));
	person_reopen(&t, cleo, true);
	expect(cleo, BN_ALLOWS_ALL, -1);
	teardown();
}
END_TEST

/* The missing log returns while the reader is waiting for it. */
static bool put_back(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	int *asked = ctx;
	(void)what;
	(void)done;
	(void)total;
	if (++*asked == 2)
		shell("rm -rf %s && cp -a %s %s", in_team(".binnacle/log"), in_team("new"),
			in_team(".binnacle/log"));
	return *asked < 10;
}

START_TEST(test_what_only_arrives_late_is_looked_for_before_less_is_shown)
{
	int asked = 0;
	setup();
	accept(bob);
	log_keep("old");
	ann_admits(cleo);
	expect(bob, BN_ALLOWS_ALL, -1);
	log_keep("new");
	log_put("old");
	bn_progress progress = {put_back, &asked};
	bn_trust_options opt = {.start = t.dir, .look_ms = 20000, .progress = &progress};
	bn_trust *trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	ck_assert_int_eq(asked, 2);
	bn_trust_free(trust);
	log_put("old");
	asked = 100;
	ck_assert_int_eq(bn_trust_look(&trust, bob->ws, &opt, &err), BN_EINTR);
	bn_err_clear(&err);
	opt.need = BN_ALLOWS_TRUST; /* showing the workspace does not wait for anything */
	asked = 3;
	trust = look_with(bob, &opt);
	ck_assert_int_eq(asked, 3);
	bn_trust_free(trust);
	teardown();
}
END_TEST

/* ---- planted ------------------------------------------------------------------------------------- */

START_TEST(test_workspace_planted_beneath_a_known_one_is_not_used)
{
	setup();
	accept(bob);
	const char *below = in_team("project");
	for (int chained = 0; chained < 2; chained++) {
		shell("rm -rf %s && mkdir %s", below, below);
		if (chained)
			ck_assert_bn_ok(
				bn_authority_init(&dan->env, below, NULL, NULL, &err), &err);
		else
			ck_assert_bn_ok(bn_workspace_init(&dan->env, below, &err), &err);
		move_to(bob, below);
		expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_PLACE_BENEATH);
	}
	accept(bob);
	expect(bob, BN_ALLOWS_ALL, -1);
	move_to(bob, t.dir);
	expect(bob, BN_ALLOWS_ALL, -1);
	teardown();
}
END_TEST

START_TEST(test_workspace_planted_above_is_used_only_when_it_is_named)
{
	setup();
	const char *below = in_team("work/project");
	shell("mkdir -p %s", below);
	bn_trust_options opt = {.start = below};
	bn_trust *trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_TRUST);
	ck_assert(has(trust, BN_MEMORY_PLACE_ABOVE));
	ck_assert(bn_trust_asks(trust));
	bn_trust_free(trust);
	trust = look_with(ann, &opt); /* ann's own workspace */
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_READING);
	bn_trust_free(trust);
	expect(bob, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	accept(bob);
	trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	bn_trust_free(trust);
	teardown();
}
END_TEST

START_TEST(test_known_workspace_that_is_gone_is_not_looked_for_above)
{
	setup();
	const char *below = in_team("work");
	shell("mkdir %s", below);
	ck_assert_bn_ok(bn_authority_init(&dan->env, below, NULL, NULL, &err), &err);
	accept(bob);
	move_to(bob, below);
	accept(bob);
	expect(bob, BN_ALLOWS_ALL, -1);
	shell("rm -rf %s/.binnacle", below);
	move_to(bob, t.dir); /* the workspace found when starting from below */
	bn_trust_options opt = {.start = below};
	bn_trust *trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_TRUST);
	ck_assert(has(trust, BN_MEMORY_PLACE_LOST));
	ck_assert_bn_ok(bn_trust_accept(trust, "accept", "", &err), &err);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	bn_trust_free(trust);
	trust = look_with(bob, &opt);
	ck_assert_uint_eq(bn_trust_verdict(trust)->count, 0);
	bn_trust_free(trust);
	teardown();
}
END_TEST

START_TEST(test_one_without_a_chain_above_is_used_unless_everybody_could_have_put_it_there)
{
	team_make(&t, classes);
	bob = &t.people[1];
	const char *below = in_team("work");
	shell("mkdir -p %s", below);
	const bn_trust_options opt = {.start = below};
	bn_trust *trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	bn_trust_free(trust);
	ck_assert_int_eq(chmod(t.dir, 01777), 0);
	trust = look_with(bob, &opt);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_TRUST);
	ck_assert(has(trust, BN_MEMORY_PLACE_ABOVE));
	bn_trust_free(trust);
	expect(bob, BN_ALLOWS_ALL, -1); /* it was named explicitly */
	teardown();
}
END_TEST

START_TEST(test_known_workspace_through_a_link_and_moved_is_the_known_one)
{
	char elsewhere[300];
	setup();
	accept(bob);
	all_seal();
	shell("mkdir %s && ln -s %s %s", in_team("links"), t.dir, in_team("links/team"));
	move_to(bob, in_team("links/team"));
	expect(bob, BN_ALLOWS_ALL, -1);
	bn_trust *trust = look(bob);
	ck_assert_uint_eq(bn_trust_verdict(trust)->count, 0);
	bn_trust_free(trust);
	bn_workspace_close(bob->ws);
	bob->ws = NULL;
	snprintf(elsewhere, sizeof elsewhere, "%s-moved", t.dir);
	shell("mkdir %s && mv %s %s", elsewhere, in_team(".binnacle"), elsewhere);
	ck_assert_bn_ok(bn_workspace_open(&bob->ws, &bob->env, classes, elsewhere, &err), &err);
	trust = look(bob);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	ck_assert(has(trust, BN_MEMORY_PLACE_NEW)); /* reported once */
	bn_trust_free(trust);
	trust = look(bob);
	ck_assert_uint_eq(bn_trust_verdict(trust)->count, 0);
	bn_trust_free(trust);
	shell("mv %s/.binnacle %s && rmdir %s", elsewhere, in_team(".binnacle"), elsewhere);
	teardown();
}
END_TEST

START_TEST(test_without_memory_a_stop_is_a_stop_or_an_error)
{
	long n = 1;
	setup();
	accept(bob);
	all_seal();
	ck_assert_int_eq(rename(in_team(".binnacle"), in_team("aside")), 0);
	ck_assert_bn_ok(bn_authority_init(&dan->env, t.dir, NULL, NULL, &err), &err);
	all_seal();
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_PLACE_OTHER);
	const bn_trust_options opt = {.start = t.dir};
	for (bool failed = true; failed; n++) {
		bn_trust *trust = NULL;
		bn_alloc_fail_at(n);
		int rc = bn_trust_look(&trust, bob->ws, &opt, NULL);
		failed = bn_alloc_count() >= n;
		bn_alloc_fail_at(0);
		if (rc == 0)
			ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_TRUST);
		bn_trust_free(trust);
	}
	ck_assert_int_gt(n, 30);
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_PLACE_OTHER);
	teardown();
}
END_TEST

/* ---- memory that is damaged --------------------------------------------------------------------- */

START_TEST(test_damaged_memory_is_a_stop_and_no_first_use)
{
	setup();
	accept(bob);
	shell("for f in %s/*; do echo rubbish >$f; done",
		in_team("bob-state/binnacle/trust/%s", bn_workspace_id(bob->ws)));
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	expect(bob, BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	accept(bob);
	expect(bob, BN_ALLOWS_ALL, -1);
	teardown();
}
END_TEST

START_TEST(test_memory_removed_is_a_first_use_and_damaged_places_are_a_warning)
{
	setup();
	accept(bob);
	shell("for f in %s/*; do echo rubbish >$f; done",
		in_team("bob-state/binnacle/trust/paths"));
	bn_trust *trust = look(bob);
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	ck_assert(has(trust, BN_MEMORY_PLACE_UNKNOWN));
	bn_trust_free(trust);
	shell("rm -rf %s", in_team("bob-state/binnacle/trust"));
	expect(bob, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/govern/trust",
	test_founding_is_the_founders_first_use_and_another_user_is_asked_once,
	test_what_there_is_to_compare_names_founder_admins_and_the_newest_link,
	test_invitation_by_option_answers_and_one_of_another_workspace_stops,
	test_pasted_invitation_is_compared,
	test_first_use_without_a_home_is_answered_for_this_command,
	test_forgetting_makes_the_next_use_a_first_one,
	test_workspace_without_a_chain_is_no_first_use_and_leaves_no_memory,
	test_workspace_moved_aside_and_a_new_one_in_its_place_stops_who_knew_it,
	test_one_without_a_chain_in_its_place_stops_too,
	test_accepting_another_workspace_makes_the_old_one_the_stop,
	test_founding_record_renamed_away_is_a_stop_and_not_an_old_workspace,
	test_older_copy_of_the_log_stops_who_has_seen_more_however_often,
	test_chain_that_goes_on_beside_the_known_one_is_a_stop_until_a_person_accepts,
	test_writer_whose_acts_are_gone_stops_signing_until_a_restored_link,
	test_what_a_stranger_signs_and_removes_stops_nobody,
	test_what_only_arrives_late_is_looked_for_before_less_is_shown,
	test_workspace_planted_beneath_a_known_one_is_not_used,
	test_workspace_planted_above_is_used_only_when_it_is_named,
	test_known_workspace_that_is_gone_is_not_looked_for_above,
	test_one_without_a_chain_above_is_used_unless_everybody_could_have_put_it_there,
	test_known_workspace_through_a_link_and_moved_is_the_known_one,
	test_without_memory_a_stop_is_a_stop_or_an_error,
	test_damaged_memory_is_a_stop_and_no_first_use,
	test_memory_removed_is_a_first_use_and_damaged_places_are_a_warning)
