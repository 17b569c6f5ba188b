/* test_settings.c - settings of a site, a user and a workspace, and which of them applies. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/settings.h"
#include "tests/support/check_main.h"
#include "tests/support/remembered.h"
#include "tests/support/toy.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static remembered_env me;
static bn_fs_ops ops;
static uid_t site_owner, site_dir_owner, user_owner, workspace_owner;
static mode_t site_mode, site_dir_mode;
static int site_fd, workspace_fd;
static bn_err err = BN_ERR_INIT;
static bn_settings *s;
static bn_dir *root;

static const char *below(const char *name)
{
	static char path[2][400];
	static int i;
	i = !i;
	snprintf(path[i], sizeof path[i], "%s/%s", dir.path, name);
	return path[i];
}

static int open_faked(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	bool is_site = !at && !strcmp(path, BN_SITE_FILE);
	int fd = bn_fs_real.open(env, at, is_site ? below("site.json") : path, flags, mode);
	if (is_site || fd == site_fd)
		site_fd = is_site ? fd : -1;
	if (fd == workspace_fd || at)
		workspace_fd = at ? fd : -1;
	return fd;
}

static int fstat_faked(const bn_env *env, int fd, struct stat *st)
{
	int rc = bn_fs_real.fstat(env, fd, st);
	if (rc == 0 && S_ISREG(st->st_mode))
		st->st_uid = fd == workspace_fd ? workspace_owner : user_owner;
	if (rc == 0 && fd == site_fd) {
		st->st_uid = site_owner;
		st->st_mode = (st->st_mode & S_IFMT) | site_mode;
	}
	return rc;
}

static int stat_faked(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	bool is_site = !at && !strcmp(path, "/etc/binnacle");
	int rc = bn_fs_real.stat(env, at, is_site ? dir.path : path, st);
	if (rc == 0 && is_site) {
		st->st_uid = site_dir_owner;
		st->st_mode = (st->st_mode & S_IFMT) | site_dir_mode;
	}
	return rc;
}

static void setup(void)
{
	toy_dir_make(&dir);
	remembered_env_init(&me, dir.path, "login3");
	ops = bn_fs_real;
	ops.open = open_faked;
	ops.fstat = fstat_faked;
	ops.stat = stat_faked;
	me.env.fs = &ops;
	site_owner = site_dir_owner = 0;
	user_owner = workspace_owner = geteuid();
	site_mode = 0644;
	site_dir_mode = 0755;
	site_fd = workspace_fd = -1;
	root = NULL;
	s = NULL;
}

static void teardown(void)
{
	bn_settings_free(s);
	bn_dir_close(root);
	bn_err_clear(&err);
	toy_dir_remove(&dir);
}

static void put(const char *path, const char *text)
{
	char *at = bn_strndup(path, (size_t)(bn_path_base(path) - path));
	bn_fs_make_dirs(bn_env_real(), at, 0700, NULL);
	bn_free(at);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path, text, strlen(text), 0600, &err), &err);
}

#define SITE(text) put(below("site.json"), text)
#define USER(text) put(below("config/binnacle/settings.json"), text)

static void workspace(const char *text)
{
	put(below("ws/settings.json"), text);
	ck_assert_bn_ok(bn_dir_open(&root, &me.env, below("ws"), &err), &err);
}

static int load(void)
{
	bn_settings_free(s);
	s = NULL;
	bn_err_clear(&err);
	return bn_settings_load(&s, &me.env, root, &err);
}

static const bn_setting *loaded(bn_setting_key key)
{
	ck_assert_bn_ok(load(), &err);
	return bn_settings_get(s, key);
}

static void refused(int code, const char *words)
{
	ck_assert_int_eq(load(), code);
	ck_assert_ptr_null(s);
	ck_assert_msg(strstr(err.msg, words) != NULL, "'%s' in: %s", words, err.msg);
}

START_TEST(test_settings_without_files_are_unset)
{
	setup();
	ck_assert(!loaded(BN_SETTING_EXECUTOR)->is_set);
	ck_assert_int_eq(bn_settings_number(s, BN_SETTING_RETENTION_DAYS, 14), 14);
	ck_assert(!bn_settings_on_login_host(s, &me.env));
	ck_assert_int_eq(bn_settings_check_remote(s, "https://far.example.org", &err), 0);
	ck_assert_int_eq(bn_settings_check_number(s, BN_SETTING_RETENTION_DAYS, 0, "x", &err), 0);
	teardown();
}
END_TEST

START_TEST(test_settings_the_later_one_decides)
{
	setup();
	SITE("{\"executor\": \"queue\", \"account\": \"p1\", \"retention_days\": 30}");
	ck_assert_str_eq(loaded(BN_SETTING_EXECUTOR)->text, "queue");
	ck_assert_str_eq(bn_settings_get(s, BN_SETTING_EXECUTOR)->path, BN_SITE_FILE);
	USER("{\"executor\": \"local\", \"retention_days\": 7}");
	ck_assert_str_eq(loaded(BN_SETTING_EXECUTOR)->text, "local");
	ck_assert_int_eq(bn_settings_get(s, BN_SETTING_RETENTION_DAYS)->number, 7);
	ck_assert_str_eq(bn_settings_get(s, BN_SETTING_ACCOUNT)->text, "p1");
	workspace("{\"executor\": \"queue\"}");
	ck_assert_str_eq(loaded(BN_SETTING_EXECUTOR)->text, "queue");
	ck_assert_ptr_nonnull(
		strstr(bn_settings_get(s, BN_SETTING_EXECUTOR)->path, "ws/settings.json"));
	ck_assert_int_eq(bn_settings_get(s, BN_SETTING_RETENTION_DAYS)->number, 7);
	teardown();
}
END_TEST

START_TEST(test_settings_enforced_are_made_stricter_and_no_looser)
{
	setup();
	SITE("{\"executor\": \"queue\", \"retention_days\": 30, \"login_cores\": 4, "
	     "\"login_minutes\": 20, \"login_hosts\": [\"login*\"], "
	     "\"enforce\": [\"executor\", \"retention_days\", \"login_cores\"]}");
	USER("{\"executor\": \"local\", \"retention_days\": 7, \"login_cores\": 2, "
	     "\"login_minutes\": 90}");
	workspace("{\"retention_days\": 60}");
	const bn_setting *set = loaded(BN_SETTING_EXECUTOR);
	ck_assert_str_eq(set->text, "queue");
	ck_assert(set->enforced);
	ck_assert_ptr_nonnull(strstr(set->overruled, "config/binnacle/settings.json"));
	set = bn_settings_get(s, BN_SETTING_RETENTION_DAYS);
	ck_assert_int_eq(set->number, 60);
	ck_assert_ptr_nonnull(strstr(set->overruled, "config/binnacle/settings.json"));
	ck_assert_int_eq(bn_settings_get(s, BN_SETTING_LOGIN_CORES)->number, 2);
	ck_assert_ptr_null(bn_settings_get(s, BN_SETTING_LOGIN_CORES)->overruled);
	ck_assert_int_eq(bn_settings_get(s, BN_SETTING_LOGIN_MINUTES)->number, 90);
	ck_assert(bn_settings_on_login_host(s, &me.env));
	/* the command line is bounded by the limits of the site, not by the user's own */
	ck_assert_int_eq(bn_settings_check_number(s, BN_SETTING_RETENTION_DAYS, 30, "x", &err), 0);
	ck_assert_int_eq(bn_settings_check_number(s, BN_SETTING_LOGIN_CORES, 4, "x", &err), 0);
	ck_assert_int_eq(bn_settings_check_number(s, BN_SETTING_LOGIN_MINUTES, 900, "x", &err), 0);
	ck_assert_int_eq(bn_settings_check_text(s, BN_SETTING_EXECUTOR, "queue", "x", &err), 0);
	ck_assert_int_eq(
		bn_settings_check_number(s, BN_SETTING_LOGIN_CORES, 5, "--threads 5", &err),
		BN_EREFUSED);
	ck_assert_str_eq(err.msg, "--threads 5: " BN_SITE_FILE " enforces login_cores: at most 4");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_settings_check_number(
				 s, BN_SETTING_RETENTION_DAYS, 29, "--older-than 29d", &err),
		BN_EREFUSED);
	ck_assert_str_eq(
		err.msg, "--older-than 29d: " BN_SITE_FILE " enforces retention_days: at least 30");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_settings_check_text(s, BN_SETTING_EXECUTOR, "local", "executor", &err),
		BN_EREFUSED);
	ck_assert_str_eq(err.msg, "executor: " BN_SITE_FILE " enforces executor: queue");
	teardown();
}
END_TEST

START_TEST(test_settings_of_a_site_are_believed_of_root_alone)
{
	setup();
	SITE("{\"executor\": \"queue\"}");
	site_owner = 1000;
	refused(BN_EREFUSED, BN_SITE_FILE " is not believed: it does not belong to root");
	ck_assert_ptr_nonnull(strstr(err.hint, "chown root"));
	site_owner = 0;
	site_mode = 0664;
	refused(BN_EREFUSED, "group or others may write to it");
	site_mode = 0646;
	refused(BN_EREFUSED, "group or others may write to it");
	site_mode = 0644;
	site_dir_mode = 0777;
	refused(BN_EREFUSED, "may write to its directory");
	site_dir_mode = 0755;
	site_dir_owner = 1000;
	refused(BN_EREFUSED, "its directory does not belong to root");
	site_dir_owner = 0;
	ck_assert(loaded(BN_SETTING_EXECUTOR)->is_set);
	teardown();
}
END_TEST

START_TEST(test_settings_of_others_are_not_believed)
{
	setup();
	USER("{}");
	user_owner = geteuid() + 1;
	refused(BN_EREFUSED, "settings.json is not believed: it belongs to another user");
	user_owner = geteuid();
	workspace("{\"executor\": \"queue\"}");
	ck_assert(loaded(BN_SETTING_EXECUTOR)->is_set);
	workspace_owner = geteuid() + 1;
	refused(BN_EREFUSED, "ws/settings.json is not believed: it belongs to another user");
	workspace_owner = geteuid();
	ck_assert_int_eq(chmod(below("ws/settings.json"), 0664), 0);
	refused(BN_EREFUSED, "group or others may write to it");
	/* links are not followed */
	ck_assert_int_eq(rename(below("ws/settings.json"), below("elsewhere")), 0);
	ck_assert_int_eq(symlink(below("elsewhere"), below("ws/settings.json")), 0);
	ck_assert_int_eq(load(), BN_EREFUSED);
	teardown();
}
END_TEST

START_TEST(test_settings_errors_name_file_and_field)
{
	setup();
	static const struct {
		const char *text, *words;
	} all[] = {
		{"{\"executer\": \"queue\"}",
			": unknown field 'executer', did you mean 'executor'?"},
		{"{\"executor\": \"slurm\"}", ": field 'executor' must be \"local\" or \"queue\""},
		{"{\"executor\": \"\"}", ": field 'executor' must be a text that is not empty"},
		{"{\"executor\": 3}", ": field 'executor' must be a text that is not empty"},
		{"{\"index\": \"here\"}", ": field 'index' must be an absolute path"},
		{"{\"login_cores\": 0}",
			": field 'login_cores' must be a whole number from 1 to 100000"},
		{"{\"login_cores\": 1.5}", ": field 'login_cores' must be a whole number"},
		{"{\"retention_days\": \"30\"}", ": field 'retention_days' must be a whole number"},
		{"{\"retention_days\": 100001}", ": field 'retention_days' must be a whole number"},
		{"{\"remotes\": \"https://a\"}", ": field 'remotes' must be a list of texts"},
		{"{\"remotes\": [\"\"]}", ": field 'remotes' must be a list of texts"},
		{"{\"login_hosts\": null}", ": field 'login_hosts' must be a list of texts"},
		{"{\"enforce\": [\"account\"]}",
			": field 'enforce' names 'account', which this file does not set"},
		{"{\"enforce\": [\"enforce\"]}", ": field 'enforce' names 'enforce'"},
		{"{\"enforce\": true}", ": field 'enforce' must be a list of fields"},
		{"[]", ": must be an object"},
		{"{\"account\": \"a\", \"account\": \"b\"}", ":1:"},
		{"{\"account\": \"a\"", ":1:"},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		char words[200];
		snprintf(words, sizeof words, BN_SITE_FILE "%s", all[i].words);
		SITE(all[i].text);
		refused(BN_EINVAL, words);
	}
	SITE("{}");
	USER("{\"enforce\": [\"account\"], \"account\": \"a\"}");
	refused(BN_EINVAL, "settings.json: unknown field 'enforce'");
	USER("{\"login_hosts\": []}");
	refused(BN_EINVAL, "settings.json: field 'login_hosts' is for " BN_SITE_FILE " alone");
	USER("{}");
	workspace("{\"index\": \"/tmp/planted\"}");
	refused(BN_EINVAL,
		"ws/settings.json: field 'index' is for " BN_SITE_FILE " and a user's own file");
	teardown();
}
END_TEST

static void ask(const char *url, int want)
{
	bn_err_clear(&err);
	ck_assert_msg(bn_settings_check_remote(s, url, &err) == want, "%s: %s", url, err.msg);
}

START_TEST(test_settings_remotes_hold_for_servers_of_other_hosts)
{
	setup();
	SITE("{\"remotes\": [\"https://*.site.org\", \"http://node*:8420\"], \"enforce\": "
	     "[\"remotes\"]}");
	USER("{\"remotes\": [\"https://*\"]}");
	ck_assert(loaded(BN_SETTING_REMOTES)->is_set);
	ask("https://a.site.org", 0);
	ask("HTTPS://A.Site.ORG", 0);
	ask("https://a.site.org/", 0);
	ask("http://node7:8420", BN_EREFUSED); /* the user's own list is narrower */
	ask("https://a.site.org.evil.net", BN_EREFUSED);
	ask("https://evil.net/.site.org", BN_EREFUSED);
	ask("https://evil.net?.site.org", BN_EREFUSED);
	ask("https://evil.net#.site.org", BN_EREFUSED);
	ask("https://x@evil.net", BN_EREFUSED);
	ask("https://evil.net\\.site.org", BN_EREFUSED);
	ask("http://localhost.evil.net", BN_EREFUSED);
	ask("http://127.0.0.1.evil.net", BN_EREFUSED);
	ask("http://127.0.0.1:8420", 0);
	ask("http://localhost:8420/predict", 0);
	ask("http://[::1]:8420", 0);
	ask("unix:/tmp/s", 0);
	SITE("{\"remotes\": [\"https://*.site.org\"]}");
	ck_assert(!loaded(BN_SETTING_REMOTES)->enforced);
	ask("https://other.net", 0);
	USER("{}");
	ck_assert(loaded(BN_SETTING_REMOTES)->is_set);
	ask("https://other.net", BN_EREFUSED);
	teardown();
}
END_TEST

START_TEST(test_settings_without_memory_fail_whole)
{
	setup();
	SITE("{\"remotes\": [\"https://a\"], \"account\": \"p\"}");
	for (long at = 1;; at++) {
		bn_alloc_fail_at(at);
		int rc = load();
		bn_alloc_fail_at(0);
		if (rc == 0)
			break;
		ck_assert_int_eq(rc, BN_ENOMEM);
		ck_assert_int_lt(at, 200);
	}
	teardown();
}
END_TEST

BN_TEST_MAIN("core/base/settings", test_settings_without_files_are_unset,
	test_settings_the_later_one_decides, test_settings_enforced_are_made_stricter_and_no_looser,
	test_settings_of_a_site_are_believed_of_root_alone,
	test_settings_of_others_are_not_believed, test_settings_errors_name_file_and_field,
	test_settings_remotes_hold_for_servers_of_other_hosts,
	test_settings_without_memory_fail_whole)
