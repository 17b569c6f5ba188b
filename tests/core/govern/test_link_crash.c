/*
 * test_link_crash.c - the acts that extend a chain of authority, when the process is killed, or the disk fails or is
 * full, at every change of the disk.
 *
 * A forked child performs one act: it requests admission of its key, admits somebody, grants or revokes a role,
 * revokes a key, removes a person, sets the policy, signs a waiting link, closes a loss, or makes or ends a bot. If
 * the disk fails and the process survives, it tries a second time, as a user would. Afterwards:
 *
 *	1  what was acknowledged is done, exactly once: no two links of one person at the same number
 *	2  what was not acknowledged is done completely or not at all, and the next process can do it
 *	3  readers who remember the workspace are not alarmed
 *	4  a reader with a new index has the same rows, and the log is complete
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/govern/bots.h"
#include "core/govern/identity.h"
#include "core/govern/key.h"
#include "core/govern/people.h"
#include "core/govern/trust.h"
#include "core/store/inspect.h"
#include "core/store/recent.h"
#include "tests/support/check_main.h"
#include "tests/support/crash_points.h"
#include "tests/support/faultfs.h"
#include "tests/support/human.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_user_class, &bn_policy_class, NULL};

static bn_err err = BN_ERR_INIT;
static toy_dir dir;
static char team[300];
static human ann, bob; /* admins */
static human asker;    /* a new one for each trial */
static int serial;

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

/* ---- people ------------------------------------------------------------------------------------- */

static void human_open(human *h)
{
	must(bn_workspace_open(&h->ws, &h->toy.env, classes, team, &err));
}

static void remember(human *h)
{
	const bn_trust_options opt = {.start = team};
	bn_trust *trust = NULL;
	must(bn_trust_look(&trust, h->ws, &opt, &err));
	must(bn_trust_accept(trust, "accept", "", &err));
	bn_trust_free(trust);
}

static void expect_no_alarm(human *h, const char *what)
{
	const bn_trust_options opt = {.start = team};
	bn_trust *trust = NULL;
	must(bn_trust_look(&trust, h->ws, &opt, &err));
	const bn_memory_verdict *v = bn_trust_verdict(trust);
	ck_assert_msg(bn_trust_allows(trust) == BN_ALLOWS_ALL, "%s: %s", what,
		v->count ? v->findings[0].words : "nothing");
	bn_trust_free(trust);
	bn_workspace_unmark_recent(h->ws); /* the next command is another process */
}

/* ---- counting ----------------------------------------------------------------------------------- */

static int64_t count(const char *sql)
{
	sqlite3 *db = NULL;
	must(bn_workspace_read(&db, ann.ws, &err));
	return bn_sql_int(db, -1, sql, "");
}

static int64_t newest(void)
{
	return count("SELECT max(n) FROM authority_link");
}

static int64_t count_of_key(const char *sql, const human *h)
{
	uint8_t key[32];
	sqlite3 *db = NULL;
	human_key(h, key);
	must(bn_workspace_read(&db, ann.ws, &err));
	return bn_sql_int(db, -1, sql, "b", key, (size_t)32);
}

/* ---- the acts ------------------------------------------------------------------------------------- */

/* before: creates what the act needs. run: in the child, and again in the parent; returns 0 also if the act is already
 * done. by: the actor. is: how often it has been done, in ann's view; 1 at the end. */
typedef struct act {
	const char *name;
	human *by;
	void (*before)(void);
	int (*run)(bn_workspace *ws, bn_err *why);
	int64_t (*is)(void);
	int links; /* links added to the chain */
} act;

/* A refusal because the act is already done counts as success. */
static int or_done(int rc, bn_err *why)
{
	if (rc == BN_ECONFLICT) {
		bn_err_clear(why);
		return 0;
	}
	return rc;
}

static void asker_make(void)
{
	char name[40], index[330];
	uint8_t key[32];
	bn_workspace_close(asker.ws);
	snprintf(name, sizeof name, "asker%d", ++serial);
	human_make(&asker, &dir, name, NULL);
	snprintf(index, sizeof index, "%.200s/askers-index", dir.path); /* independent of the key */
	toy_env_own_index(&asker.toy, index);
	human_key(&asker, key);
	human_open(&asker);
}

static const char *asker_name(void)
{
	static char name[40];
	snprintf(name, sizeof name, "asker%d", serial);
	return name;
}

static int request(bn_workspace *ws, bn_err *why)
{
	int rc = bn_people_request(ws, asker_name(), why);
	return rc < 0 ? rc : 0;
}

static int64_t requests(void)
{
	return count_of_key("SELECT count(*) FROM authority_request WHERE key = ?", &asker);
}

static void asker_asks(void)
{
	asker_make();
	must(request(asker.ws, &err));
	must(bn_workspace_seal(asker.ws, &err));
}

static int admit(bn_workspace *ws, bn_err *why)
{
	bn_people *p = NULL;
	const bn_request_row *r = NULL;
	uint8_t link[32];
	int rc = bn_people_read(&p, ws, why);
	if (rc >= 0 && (rc = bn_people_find_request(&r, p, asker_name(), why)) == BN_ENOTFOUND) {
		bn_err_clear(why); /* they are already a person */
		rc = 0;
	} else if (rc >= 0)
		rc = bn_people_admit(ws, r, NULL, 1u << BN_ROLE_DEVELOPER, NULL, link, why);
	bn_people_free(p);
	return rc;
}

static int64_t admitted(void)
{
	return count_of_key("SELECT count(*) FROM authority_key WHERE key = ?", &asker);
}

static void asker_is_there(void)
{
	asker_asks();
	must(admit(ann.ws, &err));
}

static void asker_text(char person[65])
{
	uint8_t key[32];
	human_key(&asker, key);
	bn_hex(key, 32, person);
}

static int grant(bn_workspace *ws, bn_err *why)
{
	uint8_t link[32];
	char person[65];
	asker_text(person);
	return or_done(
		bn_people_set_role(ws, person, BN_ROLE_REVIEWER, true, "good", link, why), why);
}

static const char roles_sql[] =
	"SELECT count(*) FROM authority_role WHERE role = 'reviewer' AND to_n IS NULL AND person = "
	"lower(hex(?))";

static int64_t granted(void)
{
	return count_of_key(roles_sql, &asker);
}

static void asker_reviews(void)
{
	asker_is_there();
	must(grant(ann.ws, &err));
}

static int take_back(bn_workspace *ws, bn_err *why)
{
	uint8_t link[32];
	char person[65];
	asker_text(person);
	return or_done(
		bn_people_set_role(ws, person, BN_ROLE_REVIEWER, false, "bad", link, why), why);
}

static int64_t taken_back(void)
{
	return !granted();
}

/* A person with one key is removed instead, so revoking a key needs two. */
static void asker_has_two_keys(void)
{
	human other = asker;
	uint8_t link_id[32];
	bn_change c = {.kind = BN_CHANGE_KEY};
	const bn_link link = {.changes = &c, .n_changes = 1};
	asker_is_there();
	human_key(&asker, c.person);
	other.toy.env.ctx = &other;
	snprintf(other.config, sizeof other.config, "%.200s/other%d", dir.path, serial);
	human_key(&other, c.key);
	must(bn_authority_change(ann.ws, &link, link_id, &err));
}

static int revoke_key(bn_workspace *ws, bn_err *why)
{
	uint8_t link[32];
	char key[65];
	asker_text(key);
	return bn_people_revoke_key(ws, key, 0, "lost", link, why);
}

static int64_t revoked(void)
{
	return count_of_key(
		"SELECT count(*) FROM authority_key WHERE key = ? AND to_n IS NOT NULL", &asker);
}

static int remove_person(bn_workspace *ws, bn_err *why)
{
	uint8_t link[32];
	char person[65];
	asker_text(person);
	return bn_people_remove(ws, person, "gone", link, why);
}

static int set_policy(bn_workspace *ws, bn_err *why)
{
	uint8_t link[32];
	char name[40];
	snprintf(name, sizeof name, "gate%d", serial);
	json_t *policy = json_pack("{s:[{s:s, s:s, s:s, s:i}]}", "gates", "metric", "rmse", "name",
		name, "op", "<=", "threshold", 1);
	int rc = bn_people_set_policy(ws, policy, NULL, link, why);
	json_decref(policy);
	return or_done(rc, why);
}

static void next_serial(void)
{
	serial++;
}

static int64_t policies(void)
{
	char sql[160];
	snprintf(sql, sizeof sql,
		"SELECT count(*) FROM authority_policy WHERE document LIKE '%%\"gate%d\"%%'",
		serial);
	return count(sql);
}

static uint8_t waiting[32];

static void link_waits(void)
{
	asker_asks();
	ck_assert_int_eq(count("SELECT count(*) FROM authority_link WHERE lacks"), 0);
	bn_change c = {.kind = BN_CHANGE_PERSON, .text = asker_name()};
	const bn_link link = {.changes = &c, .n_changes = 1};
	human_key(&asker, c.key);
	ck_assert_int_eq(bn_authority_change(ann.ws, &link, waiting, &err), BN_LINK_WAITS);
	must(bn_workspace_seal(ann.ws, &err));
	must(bn_workspace_refresh(bob.ws, NULL, &err));
}

static int cosign(bn_workspace *ws, bn_err *why)
{
	return bn_authority_cosign(ws, waiting, why);
}

static int restore(bn_workspace *ws, bn_err *why)
{
	const bn_change c = {.kind = BN_CHANGE_RESTORED, .text = "a loss"};
	const bn_link link = {.changes = &c, .n_changes = 1};
	uint8_t id[32];
	return bn_authority_change(ws, &link, id, why);
}

static int64_t restored_before;

static void restored_count(void)
{
	restored_before = count("SELECT count(*) FROM authority_link WHERE restored");
}

static int64_t restored(void)
{
	return count("SELECT count(*) FROM authority_link WHERE restored") - restored_before;
}

static char bot_name[40];
static bn_key *bot_key;

static void bot_key_make(void)
{
	char file[330];
	bn_key_free(bot_key);
	snprintf(bot_name, sizeof bot_name, "bot%d", ++serial);
	snprintf(file, sizeof file, "%.200s/%s.pem", dir.path, bot_name);
	must(bn_key_create(&bot_key, &ann.toy.env, file, &err));
}

static int bot_add(bn_workspace *ws, bn_err *why)
{
	static const char *const verbs[] = {"register", NULL}, *const all[] = {"*", NULL};
	const bn_bot_wish wish = {
		.name = bot_name, .verbs = verbs, .patterns = all, .until_ms = -1};
	return or_done(bn_bot_add(ws, bot_key, &wish, why), why);
}

static int64_t bots(void)
{
	char sql[120];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM authority_bot WHERE name = '%s'", bot_name);
	return count(sql);
}

static void bot_is_there(void)
{
	bot_key_make();
	must(bot_add(ann.ws, &err));
}

static int bot_end(bn_workspace *ws, bn_err *why)
{
	return or_done(bn_bot_end(ws, bot_name, why), why);
}

static int64_t bots_ended(void)
{
	char sql[160];
	snprintf(sql, sizeof sql,
		"SELECT count(DISTINCT e.id) FROM authority_bot_end e JOIN authority_bot b ON "
		"b.key = e.key WHERE b.name = '%s'",
		bot_name);
	return count(sql);
}

/* ---- a trial -------------------------------------------------------------------------------------- */

typedef struct outcome {
	int rc;       /* of the act; 1: killed before it reported */
	int retried;  /* failed once, and tried again */
	long changes; /* 0: killed before it reported */
} outcome;

static uint32_t *point_kinds; /* kinds of the changes in a run without a fault */

static void child(const act *a, faultfs_kind kind, long at, int fd)
{
	outcome o = {.rc = 1};
	bn_workspace *mine = NULL;
	bn_workspace_abandon(ann.ws);
	bn_workspace_abandon(bob.ws);
	if (asker.ws)
		bn_workspace_abandon(asker.ws);
	a->by->toy.env.fs = &faultfs_ops;
	if (kind == FAULTFS_NONE)
		faultfs_note_kinds(point_kinds, CRASH_POINTS_MOST);
	if (bn_workspace_open(&mine, &a->by->toy.env, classes, team, NULL) < 0)
		_exit(2);
	bn_workspace_refresh(mine, NULL, NULL);
	faultfs_arm(kind, at);
	o.rc = a->run(mine, NULL);
	if (o.rc < 0 && kind != FAULTFS_FULL) {
		o.retried = 1;
		o.rc = a->run(mine, NULL);
	}
	if (write(fd, &o, sizeof o) != sizeof o)
		_exit(3);
	bn_workspace_close(mine);
	o.changes = faultfs_count();
	if (write(fd, &o, sizeof o) != sizeof o)
		_exit(3);
	_exit(0);
}

static outcome try_it(const act *a, faultfs_kind kind, long at)
{
	int fds[2], status;
	outcome o = {.rc = 1};
	ck_assert_int_eq(pipe(fds), 0);
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		child(a, kind, at, fds[1]);
	close(fds[1]);
	while (read(fds[0], &o, sizeof o) == (ssize_t)sizeof o)
		;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : !WEXITSTATUS(status),
		"%s, fault %d at %ld: status %d", a->name, (int)kind, at, status);
	return o;
}

static long killed, failed;

static void trial(const act *a, faultfs_kind kind, long at, long *changes)
{
	char what[100];
	snprintf(what, sizeof what, "%s, fault %d at %ld", a->name, (int)kind, at);
	a->before();
	must(bn_workspace_seal(ann.ws, &err));
	int64_t was = newest();
	outcome o = try_it(a, kind, at);
	if (changes)
		*changes = o.changes;
	killed += !o.changes;
	failed += o.retried || o.rc < 0;
	int64_t is = a->is();
	ck_assert_msg(is == 0 || is == 1, "%s: it is done %d times", what, (int)is);
	ck_assert_msg(o.rc != 0 || is == 1, "%s: what was acknowledged is lost", what);
	ck_assert_msg(newest() == was + (is ? a->links : 0), "%s: %d links more", what,
		(int)(newest() - was));
	if (!is) {
		must(bn_workspace_refresh(a->by->ws, NULL, &err));
		int rc = a->run(a->by->ws, &err);
		ck_assert_msg(rc == 0, "%s: cannot be repeated: %d %s", what, rc, err.msg);
	}
	ck_assert_msg(a->is() == 1, "%s: repeated, it is done %d times", what, (int)a->is());
	ck_assert_msg(newest() == was + a->links, "%s: %d links more when it is repeated", what,
		(int)(newest() - was));
	ck_assert_msg(count("SELECT count(*) FROM authority_link WHERE n IS NULL") == 0,
		"%s: a link beside the chain", what);
	expect_no_alarm(&ann, what);
	expect_no_alarm(&bob, what);
}

static const struct {
	faultfs_kind kind;
	crash_family family;
} faults[] = {{FAULTFS_KILL, CRASH_KILL}, {FAULTFS_TEAR, CRASH_KILL}, {FAULTFS_ENOSPC, CRASH_DISK},
	{FAULTFS_EIO, CRASH_DISK}, {FAULTFS_LOST, CRASH_DISK}, {FAULTFS_FULL, CRASH_DISK}};
enum { FAULTS = sizeof faults / sizeof *faults };

/* ---- the team ------------------------------------------------------------------------------------- */

static void team_begin(void)
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	toy_dir_make(&dir);
	snprintf(team, sizeof team, "%.200s/team", dir.path);
	human_make(&ann, &dir, "ann", NULL);
	human_make(&bob, &dir, "bob", NULL);
	must(bn_authority_init(&ann.toy.env, team, NULL, NULL, &err));
	human_open(&ann);
	bn_change changes[2] = {{.kind = BN_CHANGE_PERSON, .text = "bob"},
		{.kind = BN_CHANGE_ROLE, .role = BN_ROLE_ADMIN, .grant = true}};
	human_key(&bob, changes[0].key);
	human_key(&bob, changes[1].person);
	const bn_link link = {.changes = changes, .n_changes = 2};
	must(bn_authority_change(ann.ws, &link, waiting, &err));
	human_open(&bob);
	remember(&ann);
	remember(&bob);
}

static int add_line(void *ctx, const char *text, size_t n)
{
	bn_buf_add(ctx, text, n);
	return 0;
}

static char *rows_of(human *h)
{
	bn_buf b = BN_BUF_INIT;
	must(bn_workspace_refresh(h->ws, NULL, &err));
	must(bn_index_dump(h->ws, add_line, &b, &err));
	return bn_buf_take(&b, NULL);
}

static void team_end(void)
{
	bn_audit_report *r = NULL;
	human third;
	must(bn_workspace_seal(ann.ws, &err));
	must(bn_workspace_seal(bob.ws, &err));
	must(bn_audit_verify(&r, ann.ws, NULL, &err));
	ck_assert_msg(r->faults == 0, "%s", r->first_fault ? r->first_fault : "");
	bn_audit_report_free(r);
	human_make(&third, &dir, "third", NULL);
	human_open(&third);
	char *old = rows_of(&ann), *bobs = rows_of(&bob), *new = rows_of(&third);
	ck_assert_str_eq(old, new);
	ck_assert_str_eq(old, bobs);
	bn_free(old);
	bn_free(bobs);
	bn_free(new);
	bn_workspace_close(third.ws);
	bn_workspace_close(ann.ws);
	bn_workspace_close(bob.ws);
	bn_workspace_close(asker.ws);
	bn_key_free(bot_key);
	asker.ws = NULL;
	bot_key = NULL;
	toy_dir_remove(&dir);
}

/* Makes a new team for each fault, since short chains are fast. first: adds to ann and bob what the acts need; may be
 * NULL. */
static void trials(const act *acts, size_t n, void (*first)(void))
{
	static crash_points points;
	point_kinds = crash_kinds_new();
	for (size_t i = 0; i < n; i++) {
		long changes = 0;
		for (size_t k = 0; k <= FAULTS; k++) {
			team_begin();
			if (first)
				first();
			if (k == 0) {
				trial(&acts[i], FAULTFS_NONE, 0, &changes);
				ck_assert_int_gt(changes, 2);
			} else
				crash_points_choose(
					&points, faults[k - 1].family, point_kinds, changes, 1);
			for (int p = 0; k && p < points.count; p++)
				trial(&acts[i], faults[k - 1].kind, points.at[p], NULL);
			team_end();
		}
	}
	crash_kinds_free(point_kinds);
	printf("NOTE: %ld processes killed and %ld failures of the disk in acts of authority\n",
		killed, failed);
}

START_TEST(test_admissions_are_whole_or_absent_and_once_whatever_dies_or_fails)
{
	const act acts[] = {
		{"a request", &asker, asker_make, request, requests, 0},
		{"an admission", &ann, asker_asks, admit, admitted, 1},
		{"a removal", &ann, asker_is_there, remove_person, revoked, 1},
	};
	trials(acts, sizeof acts / sizeof *acts, NULL);
}
END_TEST

START_TEST(test_roles_keys_and_policies_are_whole_or_absent_and_once_whatever_dies_or_fails)
{
	const act acts[] = {
		{"a role", &ann, asker_is_there, grant, granted, 1},
		{"a role taken back", &ann, asker_reviews, take_back, taken_back, 1},
		{"a key revoked", &ann, asker_has_two_keys, revoke_key, revoked, 1},
		{"a policy", &ann, next_serial, set_policy, policies, 1},
	};
	trials(acts, sizeof acts / sizeof *acts, NULL);
}
END_TEST

START_TEST(test_bots_are_made_and_ended_once_whatever_dies_or_fails)
{
	const act acts[] = {
		{"a bot", &ann, bot_key_make, bot_add, bots, 0},
		{"a bot's end", &ann, bot_is_there, bot_end, bots_ended, 0},
	};
	trials(acts, sizeof acts / sizeof *acts, NULL);
}
END_TEST

static void two_sign(void)
{
	uint8_t link[32];
	json_t *two = json_pack("{s:{s:i}}", "links", "signers", 2);
	must(bn_people_set_policy(ann.ws, two, NULL, link, &err));
	json_decref(two);
}

START_TEST(test_signatures_of_two_are_whole_or_absent_and_once_whatever_dies_or_fails)
{
	const act acts[] = {
		{"a signature", &bob, link_waits, cosign, admitted, 1},
	};
	trials(acts, 1, two_sign);
}
END_TEST

static void bob_is_no_admin(void)
{
	uint8_t key[32], link[32];
	char person[65];
	human_key(&bob, key);
	bn_hex(key, 32, person);
	must(bn_people_set_role(ann.ws, person, BN_ROLE_ADMIN, false, NULL, link, &err));
}

START_TEST(test_closing_a_loss_is_whole_or_absent_and_once_whatever_dies_or_fails)
{
	const act acts[] = {
		{"a loss closed", &ann, restored_count, restore, restored, 1},
	};
	trials(acts, 1, bob_is_no_admin);
}
END_TEST

BN_TEST_MAIN("core/govern/link_crash",
	test_admissions_are_whole_or_absent_and_once_whatever_dies_or_fails,
	test_roles_keys_and_policies_are_whole_or_absent_and_once_whatever_dies_or_fails,
	test_bots_are_made_and_ended_once_whatever_dies_or_fails,
	test_signatures_of_two_are_whole_or_absent_and_once_whatever_dies_or_fails,
	test_closing_a_loss_is_whole_or_absent_and_once_whatever_dies_or_fails)
