/* Work on a DVC repository: S3 with keys of the configuration, what is pushed in which order, damaged objects, refused
 * remotes, and which hashes are remembered. tests/cli/dvc.sh has the rest. */
#include "core/base/mem.h"
#include "core/dvc/add.h"
#include "core/dvc/remote.h"
#include "core/dvc/scan.h"
#include "core/dvc/status.h"
#include "core/dvc/transfer.h"
#include "tests/support/check_main.h"
#include "tests/support/s3_server.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static char root[300];

static void sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void sh(const char *format, ...)
{
	char command[2400], rest[2000];
	va_list ap;
	va_start(ap, format);
	vsnprintf(rest, sizeof rest, format, ap);
	va_end(ap);
	snprintf(command, sizeof command, "cd '%s' && { %s; }", root, rest);
	ck_assert_msg(system(command) == 0, "%s", command);
}

/* An empty repository without Git, with that configuration. */
static void set_up(const char *config)
{
	char path[400];
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	snprintf(root, sizeof root, "%s/r", dir.path);
	ck_assert_int_eq(mkdir(root, 0755), 0);
	sh("mkdir .dvc");
	snprintf(path, sizeof path, "%s/.dvc/config", root);
	FILE *f = fopen(path, "w");
	fputs(config, f);
	fclose(f);
}

static void open_session(bn_dvc_session *s, bool to_write)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_dvc_session_open(s, &env.env, root, to_write, NULL, &err), &err);
	ck_assert_msg(!s->tracked.problem_count, "%s",
		s->tracked.problem_count ? s->tracked.problems[0].why.msg : "");
}

static void add(const char *name)
{
	bn_dvc_session s;
	bn_dvc_added a;
	bn_err err = BN_ERR_INIT;
	char path[400];
	open_session(&s, true);
	snprintf(path, sizeof path, "%s/%s", root, name);
	ck_assert_bn_ok(bn_dvc_add(&a, &s, path, &err), &err);
	bn_dvc_added_release(&a);
	bn_dvc_session_close(&s);
}

/* Pulls or pushes everything. *objects: how many. */
static int move(bool pulls, const char *remote, int64_t *objects, bn_err *err)
{
	const bn_dvc_transfer_options o = {.remote = remote};
	bn_dvc_moved moved;
	bn_dvc_chosen all;
	bn_dvc_session s;
	open_session(&s, true);
	ck_assert_bn_ok(bn_dvc_choose(&all, &s, NULL, 0, err), err);
	int rc = pulls ? bn_dvc_pull(&moved, &s, &all, &o, err)
		       : bn_dvc_push(&moved, &s, &all, &o, err);
	if (objects)
		*objects = moved.objects;
	bn_dvc_moved_release(&moved);
	bn_dvc_chosen_release(&all);
	bn_dvc_session_close(&s);
	return rc;
}

static const char *s3_config(const s3_server *s3, const char *more)
{
	static char text[600];
	snprintf(text, sizeof text,
		"[core]\nremote = lab\n['remote \"lab\"']\nurl = remote://base/dvc\nendpointurl = "
		"%s\nregion = eu-1\n%s\n"
		"['remote \"base\"']\nurl = s3://lab\n",
		s3_url(s3), more);
	return text;
}

/* ---- S3 ------------------------------------------------------------------------------------------ */

START_TEST(test_a_repository_goes_to_s3_and_comes_back)
{
	s3_server *s3 = s3_start(&(s3_options){.region = "eu-1"});
	bn_err err = BN_ERR_INIT;
	int64_t n;
	set_up(s3_config(s3, ""));
	sh("printf '[%%s]\\naccess_key_id = " S3_ID
	   "\\nsecret_access_key = \"%%s\"\\n' \"'remote \\\"lab\\\"'\" '" S3_SECRET
	   "' >.dvc/config.local");
	sh("mkdir -p d/sub && echo a >d/a && echo b >d/sub/b && cp d/a d/same && echo t >t.csv");
	add("d");
	add("t.csv");
	ck_assert_bn_ok(move(false, NULL, &n, &err), &err);
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(s3_keys(s3), 4);
	ck_assert_ptr_nonnull(
		s3_get(s3, "dvc/files/md5/60/b725f10c9c85c70d97880dfe8191b3", &(size_t){0}));
	/* the listing is the last one */
	const char *log = s3_log(s3), *last = strstr(log, ".dir");
	for (const char *p = last; (p = strstr(p + 1, ".dir"));)
		last = p;
	ck_assert_ptr_null(strstr(last, "PUT"));
	ck_assert_bn_ok(move(false, NULL, &n, &err), &err);
	ck_assert_int_eq(n, 0);
	sh("rm -rf .dvc/cache d t.csv");
	ck_assert_bn_ok(move(true, NULL, &n, &err), &err);
	ck_assert_int_eq(n, 4);
	sh("test \"$(cat d/a d/sub/b d/same t.csv | tr -d '\\n')\" = abat");
	s3_free(s3);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_wrong_keys_are_refused_and_not_shown)
{
	s3_server *s3 = s3_start(&(s3_options){.page = 0});
	bn_err err = BN_ERR_INIT;
	set_up(s3_config(s3, "access_key_id = AKIDWRONG\nsecret_access_key = geheim"));
	sh("echo t >t.csv");
	add("t.csv");
	ck_assert_int_eq(move(false, NULL, NULL, &err), BN_EREFUSED);
	ck_assert_msg(!strstr(err.msg, "geheim") && !strstr(err.hint, "geheim"), "%s", err.msg);
	s3_free(s3);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_a_listing_is_not_pushed_without_its_files)
{
	bn_err err = BN_ERR_INIT;
	int64_t n;
	set_up("[core]\nremote = l\n['remote \"l\"']\nurl = ../../store\n");
	sh("mkdir d && echo a >d/a && echo b >d/b && echo t >t");
	add("d");
	add("t");
	sh("rm -f .dvc/cache/files/md5/60/b725f10c9c85c70d97880dfe8191b3"); /* of d/a */
	ck_assert_int_eq(move(false, NULL, &n, &err), BN_ENOTFOUND);
	ck_assert_int_eq(n, 2);
	sh("test $(find ../store/files -type f | wc -l) = 2 && test -z \"$(find ../store -name "
	   "'*.dir')\"");
	add("d"); /* stores it again */
	err = (bn_err)BN_ERR_INIT;
	ck_assert_bn_ok(move(false, NULL, &n, &err), &err);
	ck_assert_int_eq(n, 2);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_a_damaged_object_stays_in_the_cache)
{
	bn_err err = BN_ERR_INIT;
	set_up("[core]\nremote = l\n['remote \"l\"']\nurl = ../../store\n");
	sh("echo t >t");
	add("t");
	sh("cd .dvc/cache/files/md5/*/ && chmod u+w * && echo x >$(ls)");
	ck_assert_int_eq(move(false, NULL, NULL, &err), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(err.msg, "other bytes than its name says"));
	sh("test -z \"$(find ../store -type f)\"");
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_remotes_that_mean_something_else_are_refused_by_name)
{
	static const struct {
		const char *config, *says;
		int code;
	} cases[] = {{"", "no remote is set", BN_ENOTFOUND},
		{"[core]\nremote = x\n", "no remote 'x'", BN_ENOTFOUND},
		{"[core]\nremote = x\n['remote \"x\"']\nurl = ssh://h/p\n",
			"'ssh://' is not supported", BN_EUNSUPPORTED},
		{"[core]\nremote = x\n['remote \"x\"']\nurl = gs://b\n", "'gs://' is not supported",
			BN_EUNSUPPORTED},
		{"[core]\nremote = x\n['remote \"x\"']\nurl = s3://b\nversion_aware = true\n",
			"'version_aware'", BN_EUNSUPPORTED},
		{"[core]\nremote = x\n['remote \"x\"']\nurl = /tmp\nworktree = true\n",
			"'worktree'", BN_EUNSUPPORTED},
		{"[core]\nremote = x\n['remote \"x\"']\nurl = s3://b\nssl_verify = false\n",
			"'ssl_verify'", BN_EUNSUPPORTED},
		{"[core]\nremote = x\n['remote \"x\"']\nurl = https://h/p\nauth = basic\n",
			"'auth'", BN_EUNSUPPORTED},
		{"[core]\nremote = x\n['remote \"x\"']\nurl = remote://x/a\n", "in a circle",
			BN_EINVAL},
		{"[core]\nremote = x\n['remote \"x\"']\nurl =\n", "is empty", BN_EINVAL},
		{"[core]\nremote = x\n['remote \"x\"']\nurl = s3://b\nuse_ssl = maybe\n",
			"is true or false", BN_EINVAL}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_dvc_repo *r = NULL;
		bn_dvc_remote remote;
		bn_err err = BN_ERR_INIT;
		set_up(cases[i].config);
		ck_assert_bn_ok(bn_dvc_repo_open(&r, &env.env, root, &err), &err);
		int rc = bn_dvc_remote_open(&remote, r, NULL, false, &err);
		ck_assert_msg(rc == cases[i].code && strstr(err.msg, cases[i].says), "%s: %d %s",
			cases[i].config, rc, err.msg);
		bn_dvc_remote_close(&remote);
		bn_dvc_repo_close(r);
		toy_dir_remove(&dir);
	}
}
END_TEST

START_TEST(test_a_server_of_files_is_read_and_not_pushed_to)
{
	bn_err err = BN_ERR_INIT;
	set_up("[core]\nremote = x\n['remote \"x\"']\nurl = http://127.0.0.1:9/p\n");
	sh("echo t >t");
	add("t");
	ck_assert_int_eq(move(false, NULL, NULL, &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "for reading only"));
	toy_dir_remove(&dir);
}
END_TEST

/* ---- what is remembered ------------------------------------------------------------------------- */

static int64_t clock_ns;

static int64_t fixed_clock(const bn_env *e)
{
	(void)e;
	return clock_ns;
}

/* The hash of a file when the clock is that long after its change; *known: without reading it. */
static void hash_after(const char *name, int64_t after_ns, char md5[BN_MD5_HEX + 1], bool *known)
{
	bn_dvc_session s;
	bn_dvc_scan scan;
	bn_err err = BN_ERR_INIT;
	struct stat st;
	char path[400];
	snprintf(path, sizeof path, "%s/%s", root, name);
	ck_assert_int_eq(stat(path, &st), 0);
	clock_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec + after_ns;
	env.env.now_ns = fixed_clock;
	open_session(&s, false);
	*known = bn_dvc_state_get(s.state, name, &st, md5);
	ck_assert_bn_ok(bn_dvc_scan_path(&scan, &s, name, BN_DVC_SCAN, &err), &err);
	memcpy(md5, scan.files.items[0].md5, BN_MD5_HEX + 1);
	bn_dvc_scan_release(&scan);
	bn_dvc_session_close(&s);
}

START_TEST(test_a_file_is_read_again_unless_its_times_prove_that_it_is_the_same)
{
	char first[BN_MD5_HEX + 1], again[BN_MD5_HEX + 1];
	bool known;
	set_up("");
	sh("echo one >f");
	hash_after("f", 1000000, first,
		&known); /* changed 1 ms before: a later change may have the same time */
	ck_assert(!known);
	hash_after("f", 1000000, first, &known);
	ck_assert(!known);
	hash_after("f", INT64_C(10000000000), first, &known);
	ck_assert(!known);
	hash_after("f", INT64_C(10000000000), again, &known);
	ck_assert(known);
	ck_assert_str_eq(first, again);
	/* other bytes of the same length, with the old time of modification: the time of change differs */
	sh("touch -r f keep && echo two >f && touch -r keep f");
	hash_after("f", INT64_C(10000000000), again, &known);
	ck_assert(!known);
	ck_assert_str_ne(first, again);
	/* another file of that name */
	sh("cp -p f g && mv g f");
	hash_after("f", INT64_C(10000000000), again, &known);
	ck_assert(!known);
	/* a damaged memory costs time alone */
	sh("for f in ../state/binnacle/dvc/* ../*/dvc/*; do [ -f \"$f\" ] && echo garbage "
	   ">>\"$f\"; done; true");
	hash_after("f", INT64_C(10000000000), again, &known);
	toy_dir_remove(&dir);
}
END_TEST

/* ---- memory --------------------------------------------------------------------------------------- */

static int add_and_compare(bn_err *err)
{
	bn_dvc_session s;
	bn_dvc_added a = {.path = NULL};
	bn_dvc_chosen all = {.numbers = NULL};
	bn_dvc_status status[2];
	char path[400];
	int rc;
	snprintf(path, sizeof path, "%s/d", root);
	if ((rc = bn_dvc_session_open(&s, &env.env, root, true, NULL, err)) < 0 ||
		(rc = bn_dvc_add(&a, &s, path, err)) < 0 ||
		(rc = bn_dvc_choose(&all, &s, NULL, 0, err)) < 0)
		goto out;
	rc = bn_dvc_status_load(status, &s, &all, NULL, err);
out:
	bn_dvc_added_release(&a);
	bn_dvc_chosen_release(&all);
	bn_dvc_session_close(&s);
	return rc;
}

START_TEST(test_any_allocation_may_fail_and_nothing_half_done_stays)
{
	int rc = BN_ENOMEM;
	set_up("");
	sh("mkdir d && echo a >d/a && echo t >t");
	add("t");
	for (long n = 1; rc < 0; n++) {
		bn_err err = BN_ERR_INIT;
		bn_alloc_fail_at(n);
		rc = add_and_compare(&err);
		bn_alloc_fail_at(0);
		ck_assert_msg(rc == 0 || rc == BN_ENOMEM, "%ld: %d %s", n, rc, err.msg);
		ck_assert_int_lt(n, 2000);
	}
	sh("test -z \"$(find . -name '*.tmp')\"");
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/dvc/repo", test_a_repository_goes_to_s3_and_comes_back,
	test_wrong_keys_are_refused_and_not_shown, test_a_listing_is_not_pushed_without_its_files,
	test_a_damaged_object_stays_in_the_cache,
	test_remotes_that_mean_something_else_are_refused_by_name,
	test_a_server_of_files_is_read_and_not_pushed_to,
	test_a_file_is_read_again_unless_its_times_prove_that_it_is_the_same,
	test_any_allocation_may_fail_and_nothing_half_done_stays)
