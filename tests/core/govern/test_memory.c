/* test_memory.c - what a reader remembers: each rule of memory.h, with views built from numbers. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/_host_files.h"
#include "core/govern/_memory.h"
#include "tests/support/check_main.h"
#include "tests/support/remembered.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static toy_dir dir;
static remembered_env here, there;
static remembered_view seen;
static const bn_memory_answer by_terminal = {.by = "terminal", .words = "asked ann"};

static void setup(void)
{
	toy_dir_make(&dir);
	remembered_env_init(&here, dir.path, "node1");
	remembered_env_init(&there, dir.path, "node2");
	remembered_view_init(&seen, 3);
	remembered_writer(&seen, "ann@node1-0", 20, true);
	remembered_writer(&seen, "bob@node2-0", 7, false);
}

static void teardown(void)
{
	toy_dir_remove(&dir);
}

static bn_memory_learned learn(remembered_env *e)
{
	bn_err err = BN_ERR_INIT;
	bn_memory_learned out;
	ck_assert_bn_ok(bn_memory_learn(&out, &e->env, &seen.view, &by_terminal, &err), &err);
	return out;
}

static int learn_fails(remembered_env *e, const bn_memory_answer *answer, const char *word)
{
	bn_err err = BN_ERR_INIT;
	int rc = bn_memory_learn(NULL, &e->env, &seen.view, answer, &err);
	ck_assert_int_lt(rc, 0);
	ck_assert_msg(strstr(err.msg, word) != NULL, "'%s' does not say '%s'", err.msg, word);
	return rc;
}

static bn_memory *load(remembered_env *e)
{
	bn_err err = BN_ERR_INIT;
	bn_memory *m = NULL;
	ck_assert_bn_ok(bn_memory_load(&m, &e->env, REMEMBERED_ID, &err), &err);
	return m;
}

/* The result of judging the view on a host: the level, and the kinds of all findings as bits. */
typedef struct told {
	bn_memory_allows allows;
	unsigned kinds;
	size_t count, left_out;
	char words[512], hint[256]; /* of the first finding */
	bn_memory_state state;
} told;

static told judge_with(remembered_env *e, const bn_pins *pins, const bn_place *place)
{
	bn_err err = BN_ERR_INIT;
	bn_memory *m = load(e);
	bn_memory_verdict v;
	told t = {.state = bn_memory_state_of(m)};
	ck_assert_bn_ok(bn_memory_judge(&v, m, &seen.view, pins, place, &err), &err);
	t.allows = v.allows;
	t.count = v.count;
	t.left_out = v.left_out;
	for (size_t i = 0; i < v.count; i++)
		t.kinds |= 1u << v.findings[i].kind;
	if (v.count) {
		snprintf(t.words, sizeof t.words, "%s", v.findings[0].words);
		snprintf(t.hint, sizeof t.hint, "%s", v.findings[0].hint);
	}
	bn_memory_verdict_release(&v);
	bn_memory_free(m);
	return t;
}

static told judge(remembered_env *e)
{
	return judge_with(e, NULL, NULL);
}

static void assert_told(told t, bn_memory_allows allows, bn_memory_kind kind)
{
	ck_assert_msg(t.kinds == 1u << kind && t.allows == allows,
		"told kinds %x and level %d instead of kind %d and level %d: %s", t.kinds,
		(int)t.allows, (int)kind, (int)allows, t.words);
}

static void assert_quiet(told t)
{
	ck_assert_msg(t.count == 0 && t.allows == BN_ALLOWS_ALL, "level %d, and '%s'",
		(int)t.allows, t.words);
}

static const char *file_of(remembered_env *e)
{
	char what[200];
	snprintf(what, sizeof what, "%s/%s", REMEMBERED_ID, e->host);
	return remembered_path(e, what);
}

static void put_file(const char *path, const char *text)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path, text, strlen(text), 0600, &err), &err);
}

/* ---- first use ------------------------------------------------------------------------------ */

START_TEST(test_unknown_workspace_may_be_read_and_nothing_is_remembered_unanswered)
{
	setup();
	told t = judge(&here);
	assert_told(t, BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	ck_assert_int_eq(t.state, BN_MEMORY_NONE);
	ck_assert_ptr_nonnull(strstr(t.hint, "trust accept"));
	ck_assert_int_eq(learn_fails(&here, NULL, "not answered"), BN_EREFUSED);
	ck_assert_int_ne(access(remembered_path(&here, ""), F_OK), 0);
	teardown();
}
END_TEST

START_TEST(test_answered_first_use_is_known_on_every_host)
{
	setup();
	ck_assert(learn(&here).wrote);
	assert_quiet(judge(&here));
	assert_quiet(judge(&there));
	bn_memory *m = load(&there);
	ck_assert_str_eq(bn_memory_first(m)->by, "terminal");
	ck_assert_str_eq(bn_memory_first(m)->words, "asked ann");
	ck_assert_uint_eq(bn_memory_newest(m)->n, 3);
	bn_memory_free(m);
	teardown();
}
END_TEST

START_TEST(test_files_are_private_whatever_the_umask_is)
{
	struct stat st;
	setup();
	umask(0);
	learn(&here);
	umask(0077);
	learn(&there);
	ck_assert_int_eq(stat(file_of(&here), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(remembered_path(&here, REMEMBERED_ID), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(remembered_path(&here, ""), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	teardown();
}
END_TEST

START_TEST(test_invitation_answers_a_first_use_and_is_a_floor_ever_after)
{
	setup();
	bn_pin pin = {
		.workspace_id = REMEMBERED_ID, .n = 3, .link_digits = 32, .where = "the option"};
	bn_pins pins = {.items = &pin, .count = 1};
	remembered_link(&seen, 3, pin.link);
	assert_quiet(judge_with(&here, &pins, NULL));
	pin.n = 4;
	told t = judge_with(&here, &pins, NULL);
	ck_assert_uint_eq(t.kinds, 1u << BN_MEMORY_PIN_BEHIND | 1u << BN_MEMORY_FIRST_USE);
	ck_assert_int_eq(t.allows, BN_ALLOWS_TRUST);
	pin.n = 2;
	t = judge_with(&here, &pins, NULL);
	ck_assert_uint_eq(t.kinds, 1u << BN_MEMORY_PIN_BESIDE | 1u << BN_MEMORY_FIRST_USE);
	ck_assert_int_eq(t.allows, BN_ALLOWS_TRUST);
	learn(&here);
	assert_told(judge_with(&here, &pins, NULL), BN_ALLOWS_TRUST, BN_MEMORY_PIN_BESIDE);
	snprintf(pin.workspace_id, sizeof pin.workspace_id, "%s", REMEMBERED_OTHER);
	assert_told(judge_with(&here, &pins, NULL), BN_ALLOWS_TRUST, BN_MEMORY_PIN_OTHER);
	pin.source = BN_PIN_VARIABLE;
	assert_quiet(judge_with(&here, &pins, NULL));
	teardown();
}
END_TEST

/* ---- the chain ------------------------------------------------------------------------------ */

START_TEST(test_chain_that_goes_on_is_no_alarm_and_is_learned)
{
	setup();
	learn(&here);
	seen.view.newest = 9;
	assert_quiet(judge(&here));
	ck_assert(learn(&here).wrote);
	ck_assert(!learn(&here).wrote);
	bn_memory *m = load(&there);
	ck_assert_uint_eq(bn_memory_newest(m)->n, 9);
	bn_memory_free(m);
	teardown();
}
END_TEST

START_TEST(test_older_chain_stops_and_is_not_learned)
{
	setup();
	learn(&here);
	seen.view.newest = 2;
	told t = judge(&there);
	assert_told(t, BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
	ck_assert_ptr_nonnull(strstr(t.words, "ends with link 2, and link 3"));
	ck_assert(!learn(&here).wrote);
	assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
	teardown();
}
END_TEST

START_TEST(test_chain_that_vanished_is_behind_and_one_that_comes_is_not)
{
	setup();
	remembered_view_init(&seen, -1);
	learn(&here);
	assert_quiet(judge(&here));
	remembered_view_init(&seen, 0);
	assert_quiet(judge(&here));
	learn(&here);
	remembered_view_init(&seen, -1);
	assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
	teardown();
}
END_TEST

START_TEST(test_other_link_at_a_known_number_stops_however_long_the_chain_is)
{
	setup();
	learn(&here);
	seen.fork_at = 2;
	for (uint32_t newest = 2; newest < 6; newest++) {
		seen.view.newest = newest;
		told t = judge(&here);
		assert_told(t, BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BESIDE);
		ck_assert_ptr_nonnull(strstr(t.words, "link 2 of the chain"));
	}
	teardown();
}
END_TEST

/* CVE-2025-2888: if memory is updated before it is compared, the alarm ends. */
START_TEST(test_alarm_goes_on_however_often_the_other_chain_is_shown)
{
	setup();
	learn(&here);
	seen.fork_at = 3;
	seen.view.newest = 8;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
			learn_fails(&here, &by_terminal, "chain of authority"), BN_EREFUSED);
		ck_assert_int_eq(
			learn_fails(&there, &by_terminal, "chain of authority"), BN_EREFUSED);
		assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BESIDE);
	}
	seen.fork_at = -1;
	assert_quiet(judge(&here));
	teardown();
}
END_TEST

START_TEST(test_two_hosts_that_saw_two_chains_stop)
{
	char kept[400];
	setup();
	learn(&here);
	snprintf(kept, sizeof kept, "%s/aside", dir.path);
	ck_assert_int_eq(rename(file_of(&here), kept), 0);
	seen.fork_at = 2;
	seen.view.newest = 5;
	learn(&there);
	ck_assert_int_eq(rename(kept, file_of(&here)), 0);
	assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_SPLIT);
	assert_told(judge(&there), BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_SPLIT);
	seen.fork_at = -1;
	told t = judge(&there);
	ck_assert_uint_eq(t.kinds, 1u << BN_MEMORY_CHAIN_SPLIT | 1u << BN_MEMORY_CHAIN_BESIDE);
	teardown();
}
END_TEST

START_TEST(test_very_long_chain_is_remembered_in_bounds)
{
	setup();
	learn(&here);
	seen.view.newest = 3 * BN_MEMORY_LINKS;
	learn(&here);
	assert_quiet(judge(&here));
	bn_memory *m = load(&here);
	ck_assert_uint_eq(m->all.n_links, BN_MEMORY_LINKS + 1);
	ck_assert_ptr_nonnull(bn_memory_content_link(&m->all, 0));
	ck_assert_ptr_nonnull(
		bn_memory_content_link(&m->all, seen.view.newest - BN_MEMORY_LINKS + 1));
	bn_memory_free(m);
	seen.view.newest--;
	assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
	seen.view.newest = 1000; /* not remembered: reported as behind */
	assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_CHAIN_BEHIND);
	teardown();
}
END_TEST

/* ---- writers -------------------------------------------------------------------------------- */

START_TEST(test_lost_records_of_a_writer_that_acts_leave_reading)
{
	setup();
	learn(&here);
	seen.writers[0].length = 19;
	told t = judge(&here);
	assert_told(t, BN_ALLOWS_READING, BN_MEMORY_WRITER_BEHIND);
	ck_assert_ptr_nonnull(strstr(t.words, "ann@node1-0 ends before record 20"));
	teardown();
}
END_TEST

START_TEST(test_lost_records_of_a_writer_of_cards_are_a_warning)
{
	setup();
	learn(&here);
	seen.writers[1].length = 0;
	assert_told(judge(&here), BN_ALLOWS_ALL, BN_MEMORY_WRITER_BEHIND);
	seen.writers[1].length = 30;
	seen.writers[1].fork_at = 7;
	assert_told(judge(&here), BN_ALLOWS_ALL, BN_MEMORY_WRITER_BESIDE);
	teardown();
}
END_TEST

START_TEST(test_replaced_log_of_a_writer_is_never_learned)
{
	setup();
	learn(&here);
	seen.writers[0].fork_at = 15;
	remembered_writer(&seen, "ann@node1-0", 40, true);
	for (int i = 0; i < 2; i++) {
		assert_told(judge(&here), BN_ALLOWS_READING, BN_MEMORY_WRITER_BESIDE);
		ck_assert_uint_eq(learn(&here).refused, 1);
	}
	seen.writers[0].fork_at = 0;
	assert_quiet(judge(&here));
	teardown();
}
END_TEST

START_TEST(test_head_that_the_view_does_not_have_is_not_learned)
{
	setup();
	seen.heads[0].seq = 1000000; /* if it were learned, every later view would be an alarm */
	ck_assert_uint_eq(learn(&here).refused, 1);
	assert_quiet(judge(&here));
	seen.heads[0].seq = 20;
	seen.heads[0].after[0] ^= 1;
	ck_assert_uint_eq(learn(&here).refused, 1);
	assert_quiet(judge(&here));
	teardown();
}
END_TEST

START_TEST(test_restored_link_closes_a_loss_for_all_hosts)
{
	setup();
	learn(&here);
	remembered_writer(&seen, "ann@node1-0", 12, true);
	assert_told(judge(&here), BN_ALLOWS_READING, BN_MEMORY_WRITER_BEHIND);
	seen.view.newest = 4;
	seen.view.restored = 4;
	assert_quiet(judge(&here));
	learn(&there);
	assert_quiet(judge(&here));
	remembered_writer(&seen, "ann@node1-0", 11, true); /* a later loss is reported again */
	assert_told(judge(&here), BN_ALLOWS_READING, BN_MEMORY_WRITER_BEHIND);
	teardown();
}
END_TEST

START_TEST(test_many_lost_writers_are_counted_and_what_stops_is_said_first)
{
	setup();
	bn_memory *m = bn_alloc_zeroed(1, sizeof *m);
	bn_memory_head heads[60];
	bn_memory_verdict v;
	bn_err err = BN_ERR_INIT;
	char names[60][24];
	m->state = BN_MEMORY_KNOWN;
	snprintf(m->id, sizeof m->id, "%s", REMEMBERED_ID);
	for (int i = 0; i < 60; i++) {
		snprintf(names[i], sizeof names[i], "gone-%02d", i);
		heads[i] = (bn_memory_head){.writer = names[i], .seq = 1, .acts = i == 59};
	}
	m->all.heads = heads;
	m->all.n_heads = 60;
	ck_assert_bn_ok(bn_memory_judge(&v, m, &seen.view, NULL, NULL, &err), &err);
	ck_assert_uint_eq(v.count, BN_MEMORY_FINDINGS);
	ck_assert_uint_eq(v.left_out, 40);
	ck_assert_int_eq(v.allows, BN_ALLOWS_READING);
	ck_assert_str_eq(v.findings[0].writer, "gone-59");
	bn_memory_verdict_release(&v);
	bn_free(m);
	teardown();
}
END_TEST

/* Adds n writers of one key to the view's two. The names are in one block: free(names[0]). */
static void flood(bn_memory_head *heads, char (*names)[16], int n)
{
	for (int i = 0; i < n; i++) {
		snprintf(names[i], sizeof names[i], "mal-%05d", i);
		heads[i] = (bn_memory_head){.writer = names[i], .seq = 9, .key = {99}};
		remembered_crowd(9, heads[i].after);
	}
	heads[n - 1].acts = true;
	memcpy(heads + n, seen.heads, 2 * sizeof *heads);
	seen.crowd = true;
	seen.view.heads = heads;
	seen.view.n_heads = (size_t)n + 2;
}

START_TEST(test_key_that_floods_fills_its_own_bound_only)
{
	setup();
	enum { MANY = BN_MEMORY_HEADS_PER_KEY + 10 };
	bn_memory_head *heads = bn_alloc_zeroed(MANY + 2, sizeof *heads);
	char(*names)[16] = bn_alloc_zeroed(MANY, sizeof *names);
	size_t n;
	flood(heads, names, MANY);
	ck_assert_uint_eq(learn(&here).left_out, 10);
	bn_memory *m = load(&here);
	bn_memory_heads(m, &n);
	ck_assert_uint_eq(n, BN_MEMORY_HEADS_PER_KEY + 2);
	ck_assert_str_eq(m->all.heads[0].writer, "ann@node1-0");
	ck_assert_str_eq(m->all.heads[n - 1].writer, names[MANY - 1]); /* it acts: kept */
	bn_memory_free(m);
	assert_quiet(judge(&there));
	heads[0] = (bn_memory_head){.writer = "ann@node1-1", .seq = 9, .key = {1}, .acts = true};
	remembered_crowd(9, heads[0].after);
	ck_assert_uint_eq(learn(&here).left_out, 10);
	m = load(&here);
	ck_assert_str_eq(bn_memory_heads(m, &n)[1].writer, "ann@node1-1"); /* has space */
	bn_memory_free(m);
	bn_free(heads);
	bn_free(names);
	teardown();
}
END_TEST

START_TEST(test_heads_of_cards_wait_for_something_of_weight_or_for_ten_minutes)
{
	setup();
	learn(&here);
	remembered_writer(&seen, "bob@node2-0", 8, false);
	bn_memory_learned out = learn(&here);
	ck_assert(out.waits && !out.wrote);
	remembered_writer(&seen, "ann@node1-0", 21, true);
	ck_assert(learn(&here).wrote);
	remembered_writer(&seen, "bob@node2-0", 9, false);
	ck_assert(learn(&here).waits);
	here.now_ms = bn_env_now_ms(bn_env_real()) + 2 * BN_MEMORY_CARDS_MS;
	ck_assert(learn(&here).wrote);
	remembered_writer(&seen, "bob@node2-0", 8, false);
	assert_told(judge(&here), BN_ALLOWS_ALL, BN_MEMORY_WRITER_BEHIND);
	teardown();
}
END_TEST

/* ---- a person decides ----------------------------------------------------------------------- */

START_TEST(test_accepting_counts_on_every_host_against_what_they_wrote_before)
{
	bn_err err = BN_ERR_INIT;
	setup();
	learn(&here);
	seen.view.newest = 7;
	learn(&there);
	seen.fork_at = 2;
	seen.view.newest = 4;
	remembered_writer(&seen, "ann@node1-0", 3, true);
	ck_assert_int_eq(judge(&here).allows, BN_ALLOWS_TRUST);
	bn_memory_answer answer = {.by = "accept", .words = ""};
	ck_assert_bn_ok(bn_memory_accept(&here.env, &seen.view, &answer, &err), &err);
	assert_quiet(judge(&here));
	assert_quiet(judge(&there));
	bn_memory *m = load(&there);
	ck_assert_str_eq(bn_memory_first(m)->by, "accept");
	bn_memory_free(m);
	seen.view.newest = 5;
	learn(&there); /* continues from what was accepted, not from the old memory */
	assert_quiet(judge(&here));
	teardown();
}
END_TEST

START_TEST(test_forgetting_makes_a_first_use_on_every_host)
{
	bn_err err = BN_ERR_INIT;
	setup();
	ck_assert_int_eq(bn_memory_forget(&here.env, REMEMBERED_ID, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	learn(&here);
	learn(&there);
	ck_assert_bn_ok(bn_memory_forget(&there.env, REMEMBERED_ID, &err), &err);
	assert_told(judge(&here), BN_ALLOWS_READING, BN_MEMORY_FIRST_USE);
	learn_fails(&here, NULL, "not answered");
	ck_assert_int_eq(bn_memory_forget(&here.env, REMEMBERED_ID, &err), BN_ENOTFOUND);
	learn(&here);
	assert_quiet(judge(&there));
	teardown();
}
END_TEST

START_TEST(test_wrong_clocks_harm_nobody)
{
	setup();
	here.now_ms = (int64_t)1 << 52;
	learn(&here);
	there.now_ms = -5;
	seen.view.newest = 6;
	learn(&there);
	here.now_ms = 1;
	seen.view.newest = 8;
	learn(&here);
	assert_quiet(judge(&there));
	bn_memory *m = load(&there);
	ck_assert_uint_eq(bn_memory_newest(m)->n, 8);
	bn_memory_free(m);
	teardown();
}
END_TEST

/* ---- files ---------------------------------------------------------------------------------- */

static void damage(const char *path)
{
	int fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "#", 1, 100), 1);
	close(fd);
}

START_TEST(test_damaged_file_of_one_host_is_a_warning_and_is_written_anew)
{
	setup();
	learn(&here);
	seen.view.newest = 5;
	learn(&there);
	damage(file_of(&there));
	told t = judge(&here);
	assert_told(t, BN_ALLOWS_ALL, BN_MEMORY_FILE_DAMAGED);
	ck_assert_ptr_nonnull(strstr(t.words, "node2"));
	ck_assert_ptr_nonnull(strstr(t.hint, "rm '"));
	seen.view.newest = 3;
	ck_assert(learn(&there).wrote);
	assert_quiet(judge(&here));
	teardown();
}
END_TEST

START_TEST(test_all_files_damaged_is_a_stop_and_no_first_use)
{
	bn_err err = BN_ERR_INIT;
	setup();
	learn(&here);
	seen.view.newest = 5;
	learn(&there);
	damage(file_of(&here));
	ck_assert_int_eq(truncate(file_of(&there), 0), 0);
	told t = judge(&here);
	assert_told(t, BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	bn_pin pin = {.workspace_id = REMEMBERED_ID, .n = 3, .link_digits = 32};
	bn_pins pins = {.items = &pin, .count = 1};
	remembered_link(&seen, 3, pin.link);
	assert_told(judge_with(&here, &pins, NULL), BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	ck_assert_int_eq(learn_fails(&here, &by_terminal, "damaged"), BN_EREFUSED);
	remembered_env third;
	remembered_env_init(&third, dir.path, "node3");
	assert_told(judge(&third), BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	ck_assert_bn_ok(bn_memory_accept(&third.env, &seen.view, &by_terminal, &err), &err);
	assert_quiet(judge(&here));
	assert_quiet(judge(&third));
	teardown();
}
END_TEST

START_TEST(test_every_altered_byte_and_every_cut_is_noticed)
{
	setup();
	learn(&here);
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), file_of(&here), &text, &err), &err);
	for (size_t i = 0; i < text.len; i += 1 + i / 40) {
		const char *body;
		size_t n;
		text.ptr[i] ^= 4;
		ck_assert_int_lt(
			bn_host_file_check(&body, &n, "memory", text.ptr, text.len, NULL), 0);
		text.ptr[i] ^= 4;
		ck_assert_int_lt(bn_host_file_check(&body, &n, "memory", text.ptr, i, NULL), 0);
		ck_assert_int_lt(
			bn_host_file_check(&body, &n, "paths", text.ptr, text.len, NULL), 0);
	}
	bn_buf_release(&text);
	teardown();
}
END_TEST

START_TEST(test_file_of_a_newer_binnacle_is_neither_believed_nor_written_over)
{
	setup();
	learn(&here);
	put_file(file_of(&here), "binnacle memory 2\nwho knows\n");
	assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	learn_fails(&here, &by_terminal, "newer binnacle");
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_memory_accept(&here.env, &seen.view, &by_terminal, &err), BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_memory_accept(&there.env, &seen.view, &by_terminal, &err), &err);
	assert_told(judge(&here), BN_ALLOWS_ALL, BN_MEMORY_FILE_DAMAGED);
	seen.view.newest = 9;
	learn_fails(&here, NULL, "newer binnacle");
	teardown();
}
END_TEST

START_TEST(test_file_of_another_workspace_is_not_believed)
{
	char other[500];
	setup();
	learn(&here);
	snprintf(other, sizeof other, "%s", remembered_path(&here, REMEMBERED_OTHER));
	ck_assert_int_eq(rename(remembered_path(&here, REMEMBERED_ID), other), 0);
	seen.view.workspace_id = REMEMBERED_OTHER;
	bn_memory *m = NULL;
	ck_assert_int_eq(bn_memory_load(&m, &here.env, REMEMBERED_OTHER, NULL), 0);
	ck_assert_int_eq(bn_memory_state_of(m), BN_MEMORY_DAMAGED);
	ck_assert_ptr_nonnull(strstr(bn_memory_why(m), "1 after the head"));
	bn_memory_free(m);
	teardown();
}
END_TEST

START_TEST(test_links_pipes_and_directories_in_the_place_of_files_are_not_believed)
{
	char aside[400], own[500];
	setup();
	learn(&here);
	snprintf(aside, sizeof aside, "%s/aside", dir.path);
	snprintf(own, sizeof own, "%s", file_of(&here));
	ck_assert_int_eq(rename(own, aside), 0);
	ck_assert_int_eq(symlink(aside, own), 0);
	told t = judge(&there);
	assert_told(t, BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	ck_assert_ptr_nonnull(strstr(t.words, "link"));
	ck_assert_int_eq(unlink(own), 0);
	ck_assert_int_eq(mkfifo(own, 0600), 0);
	assert_told(judge(&there), BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	ck_assert_int_eq(unlink(own), 0);
	ck_assert_int_eq(mkdir(own, 0700), 0);
	assert_told(judge(&there), BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_memory_accept(&there.env, &seen.view, &by_terminal, &err), &err);
	assert_quiet(judge(&here)); /* the damaged files were set aside */
	teardown();
}
END_TEST

static uid_t not_me(const bn_env *env)
{
	(void)env;
	return geteuid() + 1;
}

static int foreign_fstat(const bn_env *env, int fd, struct stat *st)
{
	int rc = bn_fs_real.fstat(env, fd, st);
	if (rc == 0 && S_ISREG(st->st_mode))
		st->st_uid += 1;
	return rc;
}

START_TEST(test_files_and_directories_of_another_user_are_a_stop)
{
	setup();
	learn(&here);
	bn_fs_ops ops = bn_fs_real;
	ops.fstat = foreign_fstat;
	here.env.fs = &ops;
	told t = judge(&here);
	assert_told(t, BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	ck_assert_ptr_nonnull(strstr(t.words, "belongs to"));
	here.env.fs = &bn_fs_real;
	here.env.uid = not_me; /* root in the home of a user */
	assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	learn_fails(&here, &by_terminal, "only you can write to");
	teardown();
}
END_TEST

START_TEST(test_what_others_may_write_to_is_a_stop_with_the_cure)
{
	setup();
	learn(&here);
	ck_assert_int_eq(chmod(file_of(&here), 0620), 0);
	told t = judge(&here);
	assert_told(t, BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	ck_assert_ptr_nonnull(strstr(t.hint, "chmod 600"));
	ck_assert_int_eq(chmod(file_of(&here), 0600), 0);
	assert_quiet(judge(&here));
	static const char *const levels[] = {REMEMBERED_ID, "", ".."};
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(chmod(remembered_path(&here, levels[i]), 0770), 0);
		t = judge(&here);
		assert_told(t, BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
		ck_assert_ptr_nonnull(strstr(t.hint, "chmod go-w"));
		ck_assert_int_eq(learn_fails(&here, &by_terminal, "only you"), BN_EREFUSED);
		ck_assert_int_eq(chmod(remembered_path(&here, levels[i]), 0700), 0);
		assert_quiet(judge(&here));
	}
	teardown();
}
END_TEST

START_TEST(test_directory_that_is_a_link_is_a_stop)
{
	char trust[500], aside[400];
	setup();
	learn(&here);
	snprintf(trust, sizeof trust, "%s/state/binnacle/trust", dir.path);
	snprintf(aside, sizeof aside, "%s/aside", dir.path);
	ck_assert_int_eq(rename(trust, aside), 0);
	ck_assert_int_eq(symlink(aside, trust), 0);
	assert_told(judge(&here), BN_ALLOWS_TRUST, BN_MEMORY_ALL_DAMAGED);
	teardown();
}
END_TEST

START_TEST(test_without_a_home_reading_goes_on_and_an_invitation_answers)
{
	setup();
	here.homeless = true;
	told t = judge(&here);
	ck_assert_uint_eq(t.kinds, 1u << BN_MEMORY_FIRST_USE | 1u << BN_MEMORY_UNREADABLE);
	ck_assert_int_eq(t.allows, BN_ALLOWS_READING);
	bn_pin pin = {.workspace_id = REMEMBERED_ID, .n = 3, .link_digits = 32};
	bn_pins pins = {.items = &pin, .count = 1};
	remembered_link(&seen, 3, pin.link);
	assert_told(judge_with(&here, &pins, NULL), BN_ALLOWS_ALL, BN_MEMORY_UNREADABLE);
	ck_assert_int_eq(learn_fails(&here, &by_terminal, "no home"), BN_EIO);
	ck_assert_int_eq(bn_memory_forget(&here.env, REMEMBERED_ID, NULL), BN_EIO);
	teardown();
}
END_TEST

static int dead_mount(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	if (strstr(path, "state") || at)
		return -EIO;
	return bn_fs_real.open(env, at, path, flags, mode);
}

START_TEST(test_home_that_cannot_be_read_is_no_empty_home)
{
	setup();
	learn(&here);
	bn_fs_ops ops = bn_fs_real;
	ops.open = dead_mount;
	here.env.fs = &ops;
	told t = judge(&here);
	ck_assert_uint_eq(t.kinds, 1u << BN_MEMORY_FIRST_USE | 1u << BN_MEMORY_UNREADABLE);
	ck_assert_int_eq(learn_fails(&here, &by_terminal, "not remembered"), BN_EIO);
	teardown();
}
END_TEST

static int read_only_open(
	const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	return flags & (O_CREAT | O_WRONLY | O_RDWR) ? -EROFS
						     : bn_fs_real.open(env, at, path, flags, mode);
}

static int read_only_mkdir(const bn_env *env, const bn_dir *at, const char *path, mode_t mode)
{
	(void)env;
	(void)at;
	(void)path;
	(void)mode;
	return -EROFS;
}

START_TEST(test_read_only_home_is_read_and_says_what_it_does_not_keep)
{
	setup();
	bn_fs_ops ops = bn_fs_real;
	ops.open = read_only_open;
	ops.mkdir = read_only_mkdir;
	here.env.fs = &ops;
	ck_assert_int_eq(judge(&here).allows, BN_ALLOWS_READING);
	ck_assert_int_eq(learn_fails(&here, &by_terminal, "Read-only"), BN_EIO);
	learn(&there);
	assert_quiet(judge(&here));
	ck_assert(!learn(&here).wrote); /* nothing new to write */
	seen.view.newest = 4;
	ck_assert_int_eq(learn_fails(&here, NULL, "Read-only"), BN_EIO);
	teardown();
}
END_TEST

static int no_quota(const bn_env *env, int fd)
{
	(void)env;
	(void)fd;
	return -EDQUOT;
}

START_TEST(test_quota_leaves_the_file_as_it_was_and_no_leftover)
{
	setup();
	learn(&here);
	bn_fs_ops ops = bn_fs_real;
	ops.fsync = no_quota; /* NFS reports the quota at fsync */
	here.env.fs = &ops;
	seen.view.newest = 4;
	ck_assert_int_eq(learn_fails(&here, NULL, "quota"), BN_EIO);
	seen.view.newest = 3;
	assert_quiet(judge(&here));
	bn_names names = BN_NAMES_INIT;
	bn_fs_list_dir(bn_env_real(), remembered_path(&here, REMEMBERED_ID), &names, NULL);
	ck_assert_uint_eq(names.count, 2); /* the file and its lock */
	bn_names_release(&names);
	teardown();
}
END_TEST

START_TEST(test_lock_that_is_kept_is_waited_for_and_then_named)
{
	char path[600];
	setup();
	learn(&here);
	snprintf(path, sizeof path, "%s.lock", file_of(&here));
	int fd = open(path, O_RDWR);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	assert_quiet(judge(&here));
	ck_assert(!learn(&here).wrote);
	seen.view.newest = 4;
	int64_t from = bn_env_monotonic_ns(bn_env_real());
	ck_assert_int_eq(learn_fails(&here, NULL, "keeps the lock"), BN_ECONFLICT);
	int64_t took_ms = (bn_env_monotonic_ns(bn_env_real()) - from) / 1000000;
	ck_assert_int_ge(took_ms, BN_MEMORY_WAIT_MS / 2);
	ck_assert(learn(&there).wrote); /* hosts have separate locks */
	close(fd);
	teardown();
}
END_TEST

static int no_locks(const bn_env *env, int fd, int operation)
{
	(void)env;
	(void)fd;
	(void)operation;
	return -EOPNOTSUPP;
}

START_TEST(test_file_system_without_locks_is_written_all_the_same)
{
	setup();
	bn_fs_ops ops = bn_fs_real;
	ops.flock = no_locks;
	here.env.fs = &ops;
	ck_assert(learn(&here).wrote);
	assert_quiet(judge(&there));
	teardown();
}
END_TEST

static int opened;

static int counting_open(
	const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	opened += at && !strncmp(path, "host", 4);
	return bn_fs_real.open(env, at, path, flags, mode);
}

START_TEST(test_many_hosts_files_are_read_once)
{
	enum { HOSTS = 60 };
	char body[200];
	setup();
	learn(&here);
	for (int i = 0; i < HOSTS; i++) {
		char what[200], text[500];
		bn_buf b = BN_BUF_INIT;
		snprintf(body, sizeof body, "id %s\ngeneration 0\nfirst init %d x\n", REMEMBERED_ID,
			i);
		bn_buf_addf(&b, "binnacle memory 1\n%s", body);
		bn_host_file_finish(&b);
		snprintf(text, sizeof text, "%s", b.ptr);
		snprintf(what, sizeof what, "%s/host%d", REMEMBERED_ID, i);
		put_file(remembered_path(&here, what), text);
		bn_buf_release(&b);
	}
	bn_fs_ops ops = bn_fs_real;
	ops.open = counting_open;
	there.env.fs = &ops;
	assert_quiet(judge(&there));
	ck_assert_int_eq(opened, HOSTS);
	ck_assert(learn(&there).wrote); /* saves a summary, so the files need not be read again */
	opened = 0;
	assert_quiet(judge(&there));
	ck_assert_int_eq(opened, 0);
	ck_assert(!learn(&there).wrote);
	char path[500];
	snprintf(path, sizeof path, "%s", remembered_path(&here, REMEMBERED_ID "/host7"));
	put_file(path, "cut");
	opened = 0;
	assert_told(judge(&there), BN_ALLOWS_ALL, BN_MEMORY_FILE_DAMAGED);
	ck_assert_int_eq(opened, 1);
	teardown();
}
END_TEST

/* Writes the file of a host that has seen the chain up to link `newest`, that many days ago. */
static void put_old(int host, uint32_t newest, int days)
{
	remembered_env e;
	char name[32];
	snprintf(name, sizeof name, "old%d", host);
	remembered_env_init(&e, dir.path, name);
	bn_memory_content c = {
		.texts = BN_ARENA_INIT, .first = {.by = "init", .words = "", .when_ms = 1}};
	bn_memory_learned out;
	bn_memory_news news;
	bn_buf b = BN_BUF_INIT;
	seen.view.newest = newest;
	ck_assert_int_eq(bn_memory_content_learn(&c, &news, &out, &seen.view, NULL), 0);
	bn_buf_adds(&b, "binnacle memory 1\n");
	bn_memory_content_format(&b, &c, REMEMBERED_ID);
	bn_host_file_finish(&b);
	put_file(file_of(&e), b.ptr);
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = time(NULL) - days * 86400L}};
	ck_assert_int_eq(utimensat(AT_FDCWD, file_of(&e), times, 0), 0);
	bn_buf_release(&b);
	bn_memory_content_release(&c);
}

static size_t files_there(void)
{
	bn_names names = BN_NAMES_INIT;
	bn_fs_list_dir(bn_env_real(), remembered_path(&here, REMEMBERED_ID), &names, NULL);
	size_t n = names.count;
	bn_names_release(&names);
	return n;
}

START_TEST(test_old_files_of_hosts_that_are_gone_go_and_what_they_knew_stays)
{
	enum { OLD = BN_HOST_FILES_KEPT + 30 };
	setup();
	learn(&here);
	for (int i = 0; i < OLD; i++)
		put_old(i, i == 3 ? 40 : 20, 100 - i);
	ck_assert_int_eq(unlink(remembered_path(&here, REMEMBERED_ID "/node1.lock")), 0);
	seen.view.newest = 30;
	ck_assert(learn(&there).wrote);
	ck_assert_uint_eq(files_there(), BN_HOST_FILES_KEPT + 2); /* and those of node2 */
	bn_memory *m = load(&here);
	ck_assert_uint_eq(bn_memory_newest(m)->n, 40); /* known only from a removed file */
	bn_memory_free(m);
	seen.view.newest = 45;
	learn(&here);
	assert_quiet(judge(&there));
	teardown();
}
END_TEST

START_TEST(test_file_that_its_host_is_writing_is_not_removed)
{
	enum { OLD = BN_HOST_FILES_KEPT + 5 };
	char path[600];
	setup();
	learn(&here);
	for (int i = 0; i < OLD; i++)
		put_old(i, 20, 100 - i);
	snprintf(path, sizeof path, "%s", remembered_path(&here, REMEMBERED_ID "/old0.lock"));
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	seen.view.newest = 30;
	ck_assert(learn(&here).wrote);
	ck_assert_int_eq(access(remembered_path(&here, REMEMBERED_ID "/old0"), F_OK), 0);
	ck_assert_int_ne(access(remembered_path(&here, REMEMBERED_ID "/old1"), F_OK), 0);
	close(fd);
	teardown();
}
END_TEST

START_TEST(test_leftovers_of_killed_processes_are_no_memory_and_go)
{
	char path[600];
	setup();
	learn(&here);
	snprintf(path, sizeof path, "%s.0123456789abcdef.tmp", file_of(&here));
	put_file(path, "half");
	assert_quiet(judge(&here));
	seen.view.newest = 4;
	learn(&here);
	ck_assert_int_ne(access(path, F_OK), 0);
	teardown();
}
END_TEST

START_TEST(test_host_name_of_any_form_is_a_file_name)
{
	setup();
	snprintf(here.host, sizeof here.host, "../../x.lock");
	ck_assert(learn(&here).wrote);
	ck_assert_int_eq(access(remembered_path(&here, REMEMBERED_ID "/______x_lock"), F_OK), 0);
	here.host[0] = '\0';
	seen.view.newest = 4;
	ck_assert(learn(&here).wrote);
	ck_assert_int_eq(access(remembered_path(&here, REMEMBERED_ID "/localhost"), F_OK), 0);
	teardown();
}
END_TEST

START_TEST(test_only_ids_name_a_directory)
{
	bn_memory *m = NULL;
	static const char *const wrong[] = {"", "../../../../etc/x-------------------", "paths",
		"0F8B1C2D-0000-8000-8000-00000000000A"};
	setup();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_int_eq(bn_memory_load(&m, &here.env, wrong[i], NULL), BN_EINVAL);
	ck_assert_int_eq(bn_memory_load(&m, &here.env, NULL, NULL), BN_EINVAL);
	teardown();
}
END_TEST

START_TEST(test_names_with_any_byte_come_back)
{
	setup();
	remembered_writer(&seen, "o d%d\n\x7f\xc3\xa9", 4, true);
	bn_memory_answer answer = {.by = "a b", .words = ""};
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_memory_learn(NULL, &here.env, &seen.view, &answer, &err), &err);
	bn_memory *m = load(&there);
	size_t n;
	const bn_memory_head *heads = bn_memory_heads(m, &n);
	ck_assert_str_eq(heads[n - 1].writer, "o d%d\n\x7f\xc3\xa9");
	ck_assert_str_eq(bn_memory_first(m)->by, "a b");
	ck_assert_str_eq(bn_memory_first(m)->words, "");
	bn_memory_free(m);
	teardown();
}
END_TEST

START_TEST(test_error_of_the_view_is_passed_on_and_nothing_is_written)
{
	setup();
	learn(&here);
	seen.view.newest = 4;
	seen.blind = true;
	bn_memory *m = load(&here);
	bn_memory_verdict v;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_memory_judge(&v, m, &seen.view, NULL, NULL, &err), BN_EIO);
	bn_memory_verdict_release(&v);
	bn_memory_free(m);
	ck_assert_int_eq(learn_fails(&here, NULL, "index"), BN_EIO);
	teardown();
}
END_TEST

START_TEST(test_merging_does_not_depend_on_the_order)
{
	setup();
	bn_memory_content parts[3] = {{0}, {0}, {0}}, swapped[3], a, b;
	bn_err err = BN_ERR_INIT;
	bn_buf x = BN_BUF_INIT, y = BN_BUF_INIT;
	for (int i = 0; i < 3; i++) {
		bn_memory_learned out = {0};
		bn_memory_news news;
		remembered_view_init(&seen, 4 + i);
		seen.fork_at = i == 1 ? 3 : -1;
		remembered_writer(&seen, "ann@node1-0", (uint64_t)(20 - i), i == 2);
		ck_assert_bn_ok(
			bn_memory_content_learn(&parts[i], &news, &out, &seen.view, &err), &err);
		swapped[(i + 1) % 3] = parts[i];
	}
	ck_assert_bn_ok(bn_memory_content_merge(&a, parts, 3, &err), &err);
	ck_assert_bn_ok(bn_memory_content_merge(&b, swapped, 3, &err), &err);
	bn_memory_content_format(&x, &a, REMEMBERED_ID);
	bn_memory_content_format(&y, &b, REMEMBERED_ID);
	ck_assert_str_eq(x.ptr, y.ptr);
	ck_assert_uint_eq(a.n_links, 7);
	ck_assert_uint_eq(a.n_beside, 1);
	ck_assert_uint_eq(a.heads[0].seq, 20);
	ck_assert(a.heads[0].acts);
	bn_buf_release(&x);
	bn_buf_release(&y);
	bn_memory_content_release(&a);
	bn_memory_content_release(&b);
	for (int i = 0; i < 3; i++)
		bn_memory_content_release(&parts[i]);
	teardown();
}
END_TEST

START_TEST(test_without_memory_every_call_fails_whole)
{
	setup();
	learn(&here);
	seen.view.newest = 5;
	for (long at = 1;; at++) {
		bn_alloc_fail_at(at);
		int rc = bn_memory_learn(NULL, &here.env, &seen.view, NULL, NULL);
		bn_alloc_fail_at(0);
		assert_quiet(judge(&there));
		if (rc == 0)
			break;
		ck_assert_int_eq(rc, BN_ENOMEM);
		ck_assert_int_lt(at, 1000);
	}
	bn_memory *m = load(&here);
	ck_assert_uint_eq(bn_memory_newest(m)->n, 5);
	bn_memory_free(m);
	teardown();
}
END_TEST

/* ---- places --------------------------------------------------------------------------------- */

START_TEST(test_places_stop_or_are_noted)
{
	setup();
	bn_place place = {.kind = BN_PLACE_OTHER, .path = "/w", .other_id = REMEMBERED_OTHER};
	learn(&here);
	assert_told(judge_with(&here, NULL, &place), BN_ALLOWS_TRUST, BN_MEMORY_PLACE_OTHER);
	place.kind = BN_PLACE_BENEATH;
	place.other_path = "/";
	assert_told(judge_with(&here, NULL, &place), BN_ALLOWS_TRUST, BN_MEMORY_PLACE_BENEATH);
	place.kind = BN_PLACE_MOVED;
	assert_told(judge_with(&here, NULL, &place), BN_ALLOWS_ALL, BN_MEMORY_PLACE_NEW);
	place.kind = BN_PLACE_KNOWN;
	assert_quiet(judge_with(&here, NULL, &place));
	place.kind = BN_PLACE_UNREAD;
	assert_told(judge_with(&here, NULL, &place), BN_ALLOWS_ALL, BN_MEMORY_PLACE_UNKNOWN);
	bn_memory_forget(&here.env, REMEMBERED_ID, NULL);
	told t = judge_with(&here, NULL, &place);
	ck_assert_uint_eq(t.kinds, 1u << BN_MEMORY_FIRST_USE | 1u << BN_MEMORY_PLACE_UNKNOWN);
	ck_assert_int_eq(t.allows, BN_ALLOWS_TRUST);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/govern/memory",
	test_unknown_workspace_may_be_read_and_nothing_is_remembered_unanswered,
	test_answered_first_use_is_known_on_every_host,
	test_files_are_private_whatever_the_umask_is,
	test_invitation_answers_a_first_use_and_is_a_floor_ever_after,
	test_chain_that_goes_on_is_no_alarm_and_is_learned,
	test_older_chain_stops_and_is_not_learned,
	test_chain_that_vanished_is_behind_and_one_that_comes_is_not,
	test_other_link_at_a_known_number_stops_however_long_the_chain_is,
	test_alarm_goes_on_however_often_the_other_chain_is_shown,
	test_two_hosts_that_saw_two_chains_stop, test_very_long_chain_is_remembered_in_bounds,
	test_lost_records_of_a_writer_that_acts_leave_reading,
	test_lost_records_of_a_writer_of_cards_are_a_warning,
	test_replaced_log_of_a_writer_is_never_learned,
	test_head_that_the_view_does_not_have_is_not_learned,
	test_restored_link_closes_a_loss_for_all_hosts,
	test_many_lost_writers_are_counted_and_what_stops_is_said_first,
	test_key_that_floods_fills_its_own_bound_only,
	test_heads_of_cards_wait_for_something_of_weight_or_for_ten_minutes,
	test_accepting_counts_on_every_host_against_what_they_wrote_before,
	test_forgetting_makes_a_first_use_on_every_host, test_wrong_clocks_harm_nobody,
	test_damaged_file_of_one_host_is_a_warning_and_is_written_anew,
	test_all_files_damaged_is_a_stop_and_no_first_use,
	test_every_altered_byte_and_every_cut_is_noticed,
	test_file_of_a_newer_binnacle_is_neither_believed_nor_written_over,
	test_file_of_another_workspace_is_not_believed,
	test_links_pipes_and_directories_in_the_place_of_files_are_not_believed,
	test_files_and_directories_of_another_user_are_a_stop,
	test_what_others_may_write_to_is_a_stop_with_the_cure,
	test_directory_that_is_a_link_is_a_stop,
	test_without_a_home_reading_goes_on_and_an_invitation_answers,
	test_home_that_cannot_be_read_is_no_empty_home,
	test_read_only_home_is_read_and_says_what_it_does_not_keep,
	test_quota_leaves_the_file_as_it_was_and_no_leftover,
	test_lock_that_is_kept_is_waited_for_and_then_named,
	test_file_system_without_locks_is_written_all_the_same, test_many_hosts_files_are_read_once,
	test_old_files_of_hosts_that_are_gone_go_and_what_they_knew_stays,
	test_file_that_its_host_is_writing_is_not_removed,
	test_leftovers_of_killed_processes_are_no_memory_and_go,
	test_host_name_of_any_form_is_a_file_name, test_only_ids_name_a_directory,
	test_names_with_any_byte_come_back,
	test_error_of_the_view_is_passed_on_and_nothing_is_written,
	test_merging_does_not_depend_on_the_order, test_without_memory_every_call_fails_whole,
	test_places_stop_or_are_noted)
