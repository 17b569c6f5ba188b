/*
 * The workspace written by the first version (tests/fixtures, made by first-version.sh) can be opened, folds to
 * the same rows, shows the same, and can be written to.
 *
 * Its segments belong to three users. Here they are unpacked as files of the current user, and the file system
 * of the env reports their owners: an entry below log/ belongs to the user in its writer's name. So root is not
 * needed. Verbs run in a child of this process, through bn_cli_main as in the program.
 */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/dump.h"
#include "tui/cli/cli.h"

#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ADA = 40101, BEN = 40102, CLEO = 40103, NOBODY = 40109 };

/*
 * Columns that newer versions omit from the dump. User names are resolved when they are shown; the JSON of the
 * verbs below contains them.
 */
static const dump_dropped dropped[] = {
	{"event", "user", NULL},
	{"writer", "user", NULL},
	{"experiment", "user", "uid"},
	{"run", "user", "uid"},
	{"metric_chunk", NULL, NULL}, /* the dump has its points instead */
	{"dataset_check", "user", "uid"},
	{"dataset_version", "user", "uid"},
	{"endpoint", "user", "uid"},
	{"model_alias", "user", "uid"},
	{"model_attestation", "user", "uid"},
	{"model_decision", "user", "uid"},
	{"model_version", "registrar", "registrar_uid"},
	{"model_version", "requester", "requester_uid"},
	{"monitor_report", "user", "uid"},
	{"policy_version", "user", "uid"},
	{"role_change", "by_user", "by_uid"},
	{NULL, NULL, NULL},
};

static char dir[200], workspace[300];
static uid_t me;

/* ---- owners of files ------------------------------------------------------------------------ */

static struct {
	dev_t dev;
	ino_t ino;
	uid_t uid;
} owned[4096];
static size_t n_owned;

static int note_owner(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)kind;
	(void)at;
	const char *writer = strstr(path, "/.binnacle/log/");
	writer = writer ? writer + strlen("/.binnacle/log/") : "";
	uid_t uid = !strncmp(writer, "ben@", 4) ? BEN : !strncmp(writer, "cleo@", 5) ? CLEO : ADA;
	if (n_owned == sizeof owned / sizeof *owned)
		abort();
	owned[n_owned].dev = st->st_dev;
	owned[n_owned].ino = st->st_ino;
	owned[n_owned++].uid = uid;
	return 0;
}

/* Records the owners of existing files; files created later belong to the current user. */
static void look_who_owns(void)
{
	n_owned = 0;
	ck_assert_int_eq(nftw(workspace, note_owner, 16, FTW_PHYS), 0);
}

static void set_owner(struct stat *st)
{
	for (size_t i = 0; i < n_owned; i++)
		if (owned[i].dev == st->st_dev && owned[i].ino == st->st_ino) {
			st->st_uid = owned[i].uid;
			return;
		}
	if (st->st_uid == geteuid())
		st->st_uid = me;
}

static int owners_stat(const bn_env *env, const bn_dir *at, const char *path, struct stat *st)
{
	int e = bn_fs_real.stat(env, at, path, st);
	if (e == 0)
		set_owner(st);
	return e;
}

static int owners_fstat(const bn_env *env, int fd, struct stat *st)
{
	int e = bn_fs_real.fstat(env, fd, st);
	if (e == 0)
		set_owner(st);
	return e;
}

/* ---- an env: a user with a configuration of their own, and one index for all ------------------ */

static uid_t env_uid(const bn_env *env)
{
	(void)env;
	return me;
}

static void env_user_name(const bn_env *env, uid_t uid, char *name, size_t size)
{
	(void)env;
	snprintf(name, size, "uid-%lu", (unsigned long)uid);
}

/* Users who continue writing have names, since these are part of their writers' names. */
static void env_known_name(const bn_env *env, uid_t uid, char *name, size_t size)
{
	if (uid == ADA || uid == BEN || uid == CLEO)
		snprintf(name, size, "%s", uid == ADA ? "ada" : uid == BEN ? "ben" : "cleo");
	else
		env_user_name(env, uid, name, size);
}

static const char *env_get(const bn_env *env, const char *name)
{
	static char config[300], index[300];
	(void)env;
	snprintf(config, sizeof config, "%s/home-%lu", dir, (unsigned long)me);
	snprintf(index, sizeof index, "%s/index-%lu", dir, (unsigned long)me);
	if (!strcmp(name, "XDG_CONFIG_HOME") || !strcmp(name, "XDG_STATE_HOME") ||
		!strcmp(name, "HOME"))
		return config;
	if (!strcmp(name, "BINNACLE_INDEX"))
		return index;
	return !strncmp(name, "BINNACLE_", 9) ? NULL : getenv(name);
}

static bn_env env;

static void act_as(uid_t uid)
{
	static bn_fs_ops fs;
	char path[300];
	fs = bn_fs_real;
	fs.stat = owners_stat;
	fs.fstat = owners_fstat;
	me = uid;
	env = *bn_env_real();
	env.fs = &fs;
	env.uid = env_uid;
	env.get = env_get;
	env.user_name = uid == NOBODY ? env_user_name : env_known_name;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s-%lu", dir, i ? "index" : "home",
			(unsigned long)me);
		if (mkdir(path, 0700) != 0)
			ck_assert_int_eq(errno, EEXIST);
	}
	look_who_owns();
}

static void setup(void)
{
	char command[900];
	const char *tmp = getenv("TMPDIR");
	setenv("TZ", "UTC", 1);
	snprintf(dir, sizeof dir, "%.150s/first-version-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(workspace, sizeof workspace, "%s/power", dir);
	snprintf(command, sizeof command,
		"tar -xzf tests/fixtures/first-version.tar.gz --no-same-owner -C %s", dir);
	ck_assert_int_eq(system(command), 0);
	act_as(NOBODY);
}

static void teardown(void)
{
	char command[300];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* ---- reading -------------------------------------------------------------------------------- */

static char *read_all(FILE *f)
{
	bn_buf b = BN_BUF_INIT;
	char chunk[65536];
	ck_assert_ptr_nonnull(f);
	for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
		bn_buf_add(&b, chunk, n);
	return bn_buf_take(&b, NULL);
}

static char *fixture(const char *name)
{
	char command[200];
	snprintf(command, sizeof command, "gzip -dc tests/fixtures/%s", name);
	FILE *f = popen(command, "r");
	char *text = read_all(f);
	ck_assert_int_eq(pclose(f), 0);
	return text;
}

/* Runs the words, split at spaces, like the program; *out (may be NULL) is its output. */
static int verb(char **out, const char *words)
{
	char text[600], output[300], *argv[40] = {"binnacle", "-C", workspace}, *save = NULL;
	int argc = 3, status;
	snprintf(text, sizeof text, "%s", words);
	for (char *w = strtok_r(text, " ", &save); w && argc < 39; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	snprintf(output, sizeof output, "%s/output", dir);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		if (!freopen(output, "w", stdout))
			_exit(99);
		int rc = bn_cli_main(&env, argc, argv);
		fflush(stdout);
		_exit(rc);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(
		WIFEXITED(status), "binnacle %s ended with signal %d", words, WTERMSIG(status));
	if (out) {
		FILE *f = fopen(output, "r");
		*out = read_all(f);
		fclose(f);
	}
	return WEXITSTATUS(status);
}

static void expect(int status, const char *words)
{
	int got = verb(NULL, words);
	ck_assert_msg(got == status, "binnacle %s: exit %d, not %d", words, got, status);
	look_who_owns();
}

static void expect_saying(const char *what, const char *words)
{
	char *out = NULL;
	ck_assert_int_eq(verb(&out, words), 0);
	ck_assert_msg(strstr(out, what) != NULL, "binnacle %s does not say '%s': %.4000s", words,
		what, out);
	bn_free(out);
}

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(test_folds_to_the_dump_that_the_first_version_made)
{
	char *was = fixture("first-version.dump.gz"), *is = NULL;
	bn_buf why = BN_BUF_INIT;
	setup();
	ck_assert_int_eq(verb(&is, "index status --dump"), 0);
	ck_assert_msg(dump_compare(&why, was, is, dropped) == 0, "%s", why.ptr);
	bn_free(was);
	bn_free(is);
	teardown();
}
END_TEST

static bool ends_with(const bn_buf *b, const char *end)
{
	return b->len >= strlen(end) && !strcmp(b->ptr + b->len - strlen(end), end);
}

/* Whether all values in was are in is, numbers to the last digit; a newer version may have more. */
static bool says(const json_t *was, const json_t *is, bn_buf *where)
{
	const char *key;
	json_t *value;
	size_t i, len = where->len;
	if (json_is_object(was) && json_is_object(is)) {
		json_object_foreach((json_t *)was, key, value)
		{
			/* The first version listed a column twice: by its place, too ("c0"). */
			if (key[0] == 'c' && key[1 + strspn(key + 1, "0123456789")] == '\0' && key[1] &&
				json_object_get(is, "values"))
				continue;
			bn_buf_addf(where, ".%s", key);
			if (!says(value, json_object_get(is, key), where))
				return false;
			bn_buf_truncate(where, len);
		}
		return true;
	}
	if (json_is_array(was) && json_array_size(was) == json_array_size(is)) {
		json_array_foreach(was, i, value)
		{
			bn_buf_addf(where, "[%zu]", i);
			if (!says(value, json_array_get(is, i), where))
				return false;
			bn_buf_truncate(where, len);
		}
		return true;
	}
	/* The first version added in the order of chunks; sums are exact now, and rounded once. */
	if (ends_with(where, ".mean") && json_is_real(was) && json_is_real(is))
		return fabs(json_real_value(was) - json_real_value(is)) <=
		       1e-14 * fabs(json_real_value(was));
	/* The first version wrote null for infinity and NaN; now they are distinguished from missing values. */
	const char *infinite = json_is_null(was) ? json_string_value(is) : NULL;
	if (infinite)
		return !strcmp(infinite, "inf") || !strcmp(infinite, "-inf") ||
		       !strcmp(infinite, "nan");
	/* The first version wrote integers of a column as 17.0; now they are integers, exact beyond 2^53. */
	if (json_is_real(was) && json_is_integer(is))
		return json_real_value(was) == (double)json_integer_value(is);
	return json_equal((json_t *)was, (json_t *)is) == 1;
}

/* The first version listed every column of versions with different numbers of rows, since their statistics differ; now
 * only those whose distributions differ are listed. Listed columns have the same values. */
static bool says_changes(const json_t *was, const json_t *is, bn_buf *where)
{
	const json_t *before = json_object_get(was, "items");
	size_t i, k;
	json_t *item, *old;

	json_array_foreach(json_object_get(is, "items"), i, item)
	{
		bool found = false;
		json_array_foreach(before, k, old) if (json_equal(json_object_get(old, "column"),
							       json_object_get(item, "column")))
		{
			found = true;
			if (!says(old, item, where))
				return false;
		}
		if (!found)
			return false;
	}
	return true;
}

static void check_verb(const json_t *line)
{
	const char *words = json_string_value(json_object_get(line, "verb"));
	const json_t *was = json_object_get(line, "says");
	char command[500], *out = NULL;
	bn_buf where = BN_BUF_INIT;
	json_error_t e;
	snprintf(command, sizeof command, "%s --json", words);
	ck_assert_int_eq(verb(&out, command), json_integer_value(json_object_get(line, "status")));
	json_t *is = out[0] ? json_loads(out, JSON_DECODE_ANY, &e) : json_null();
	ck_assert_msg(is != NULL, "binnacle %s: no JSON", words);
	bool same = strncmp(words, "data diff ", 10) == 0 ? says_changes(was, is, &where)
							  : says(was, is, &where);
	if (!same) {
		printf("now it says %s\n", out);
		ck_abort_msg("binnacle %s no longer says what the first version said at %s", words,
			where.ptr);
	}
	bn_buf_release(&where);
	json_decref(is);
	bn_free(out);
}

START_TEST(test_reading_verbs_say_what_the_first_version_said)
{
	char *text = fixture("first-version.json.gz");
	size_t n = 0, count = 0, len = strlen(text);
	json_error_t e;
	setup();
	while (n < len) {
		json_t *line = json_loadb(text + n, len - n, JSON_DISABLE_EOF_CHECK, &e);
		ck_assert_msg(line != NULL, "%s", e.text);
		check_verb(line);
		json_decref(line);
		count++;
		n += (size_t)e.position;
		n += strspn(text + n, "\n");
	}
	ck_assert_uint_ge(count, 30);
	bn_free(text);
	teardown();
}
END_TEST

START_TEST(test_what_the_first_version_signed_and_trained_still_verifies)
{
	char *out = NULL;
	setup();
	expect(0, "audit verify");
	expect(0, "model verify power@champion");
	int status = verb(&out, "run reproduce first --json");
	/* With another processor or OpenBLAS the last digits may differ, and then the output must say so. */
	ck_assert_msg(status == 0 || (status == 1 && !strstr(out, "nothing that was recorded")),
		"%s", out);
	bn_free(out);
	teardown();
}
END_TEST

static void write_policy(int threshold)
{
	char path[300];
	snprintf(path, sizeof path, "%s/looser.json", dir);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
		"{\"default_role\": \"viewer\", \"gates\": [{\"name\": \"error\", \"metric\": "
		"\"rmse\","
		" \"op\": \"<=\", \"threshold\": %d}]}",
		threshold);
	fclose(f);
}

/* A run needs processes, so the program starts this one, as the user who runs the test. */
static void train_with_the_program(void)
{
	char command[1600];
	if (!getenv("BINNACLE"))
		return;
	snprintf(command, sizeof command,
		"XDG_STATE_HOME=%s/real XDG_CONFIG_HOME=%s/real \"$BINNACLE\" -C %s run start -q "
		"--wait"
		" --name new --trainer ridge --data jobs.train@v1 --exclude job --target power"
		" >%s/output 2>&1 || { cat %s/output; false; }",
		dir, dir, workspace, dir, dir);
	ck_assert_int_eq(system(command), 0);
	look_who_owns();
	expect_saying("\"status\": \"FINISHED\"", "run show new --json");
}

START_TEST(test_goes_on_with_data_runs_and_decisions)
{
	char *before = NULL, *after = NULL, words[600];
	setup();
	act_as(ADA);
	write_policy(100);
	train_with_the_program();
	snprintf(words, sizeof words, "data add jobs %s/later.csv -q", workspace);
	expect(0, words);
	expect_saying("\"version\": 3", "data show jobs --json");
	expect(0, "log metric after=4.5 --run script --step 10");
	expect_saying("\"last\": 4.5", "run show script --json");
	expect(0, "run tag second stage=old");
	expect(0, "model register second --name power");
	expect(0, "model request power/4 --reason again");
	expect(4, "model approve power/4 --reason mine");
	act_as(CLEO);
	expect(4, "model approve power/3 --reason mine");
	act_as(BEN);
	expect(4, "model approve power/3 --reason fails");
	act_as(ADA);
	snprintf(words, sizeof words, "policy set %s/looser.json --reason wider", dir);
	expect(0, words);
	act_as(BEN);
	expect(0, "model approve power/3 --reason good");
	expect_saying("\"state\": \"approved\"", "model show power/3 --json");
	expect(0, "model alias power/3 champion");
	expect(0, "audit verify");
	expect_saying("\"unknown_fields\": []", "index status --json");
	ck_assert_int_eq(verb(&before, "index status --dump"), 0);
	expect(0, "index rebuild -q");
	ck_assert_int_eq(verb(&after, "index status --dump"), 0);
	ck_assert_str_eq(before, after);
	bn_free(before);
	bn_free(after);
	teardown();
}
END_TEST

BN_TEST_MAIN("tui/cli/first_version", test_folds_to_the_dump_that_the_first_version_made,
	test_reading_verbs_say_what_the_first_version_said,
	test_what_the_first_version_signed_and_trained_still_verifies,
	test_goes_on_with_data_runs_and_decisions)
