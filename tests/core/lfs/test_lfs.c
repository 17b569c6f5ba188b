/* Pointers of Git LFS, and their bytes from the store, from a directory and from a server. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/lfs/object.h"
#include "core/lfs/place.h"
#include "core/lfs/url.h"
#include "tests/support/check_main.h"
#include "tests/support/lfs_server.h"
#include "tests/support/toy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OID "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
#define V "version https://git-lfs.github.com/spec/v1\n"
#define BYTES "id,v\n1,2\n"

/* ---- texts -------------------------------------------------------------------------------------- */

START_TEST(test_pointers_are_read_or_refused_with_their_line)
{
	static const struct {
		const char *text;
		int code;
		const char *says;
	} cases[] = {{V "oid sha256:" OID "\nsize 12345\n", 0, ""},
		{V "oid sha256:" OID "\r\nsize 12345\r\n", 0, ""},
		{"version https://hawser.github.com/spec/v1\noid sha256:" OID "\nsize 12345", 0,
			""},
		{V "later x\noid sha256:" OID "\nsize 12345\n", 0, ""},
		{"version https://git-lfs.github.com/spec/v9\noid sha256:" OID "\nsize 1\n",
			BN_EUNSUPPORTED, "p:1: "},
		{V "ext-0-foo sha256:" OID "\noid sha256:" OID "\nsize 1\n", BN_EUNSUPPORTED,
			"p:2: extensions"},
		{V "oid sha1:" OID "\nsize 1\n", BN_EUNSUPPORTED, "p:2: an oid"},
		{V "oid sha256:abc\nsize 1\n", BN_EINVAL, "p:2: the oid"},
		{V "oid "
		   "sha256:../../../../../../../../etc/"
		   "passwd0000000000000000000000000000000000000\nsize 1\n",
			BN_EINVAL, "p:2: "},
		{V "oid sha256:" OID "\nsize -1\n", BN_EINVAL, "p:3: the size"},
		{V "oid sha256:" OID "\nsize 99999999999999999999\n", BN_EINVAL, "p:3: the size"},
		{V "oid sha256:" OID "\n", BN_EINVAL, "without a size"},
		{V "size 1\n", BN_EINVAL, "without an oid"}, {V "\n", BN_EINVAL, "p:2: not a line"},
		{"oid sha256:" OID "\n" V, BN_EINVAL, "p:1: "}, {"", BN_EINVAL, "without"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_lfs_pointer p;
		bn_err err = BN_ERR_INIT;
		int rc = bn_lfs_pointer_parse(&p, cases[i].text, strlen(cases[i].text), "p", &err);
		ck_assert_msg(rc == cases[i].code && strstr(err.msg, cases[i].says), "%zu: %d %s",
			i, rc, err.msg);
		if (rc < 0)
			continue;
		ck_assert_str_eq(p.oid, OID);
		ck_assert_uint_eq(p.size, 12345);
		ck_assert(bn_lfs_is_pointer(cases[i].text, strlen(cases[i].text)));
	}
	ck_assert(!bn_lfs_is_pointer("version,x\n", 10) && !bn_lfs_is_pointer("", 0));
}
END_TEST

/* https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md */
START_TEST(test_urls_of_remotes_are_those_of_the_specification)
{
	static const struct {
		const char *remote, *url, *user;
	} cases[] = {{"https://git-server.com/foo/bar",
			     "https://git-server.com/foo/bar.git/info/lfs", NULL},
		{"https://git-server.com/foo/bar.git",
			"https://git-server.com/foo/bar.git/info/lfs", NULL},
		{"https://git-server.com:8443/foo/bar.git/",
			"https://git-server.com:8443/foo/bar.git/info/lfs", NULL},
		{"http://h/bar", "http://h/bar.git/info/lfs", NULL},
		{"https://ann:geheim@h/bar.git", "https://h/bar.git/info/lfs", "ann"},
		{"git@git-server.com:foo/bar.git", "https://git-server.com/foo/bar.git/info/lfs",
			NULL},
		{"git-server.com:foo/bar", "https://git-server.com/foo/bar.git/info/lfs", NULL},
		{"ssh://git-server.com/foo/bar.git", "https://git-server.com/foo/bar.git/info/lfs",
			NULL},
		{"ssh://git@git-server.com:2222/foo/bar.git",
			"https://git-server.com/foo/bar.git/info/lfs", NULL},
		{"/srv/bar.git", NULL, NULL}, {"../bar", NULL, NULL},
		{"file:///srv/bar.git", NULL, NULL}, {"./a:b", NULL, NULL}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_lfs_url u;
		ck_assert_int_eq(bn_lfs_url_of_remote(&u, cases[i].remote, NULL), 0);
		ck_assert_msg((!u.text && !cases[i].url) ||
				      (u.text && cases[i].url && !strcmp(u.text, cases[i].url)),
			"%s: %s", cases[i].remote, u.text ? u.text : "none");
		ck_assert_msg((!u.user && !cases[i].user) ||
				      (u.user && cases[i].user && !strcmp(u.user, cases[i].user)),
			"%s: %s", cases[i].remote, u.user ? u.user : "none");
		bn_lfs_url_release(&u);
	}
}
END_TEST

/* ---- repositories -------------------------------------------------------------------------------- */

static toy_dir dir;
static toy_env env;
static char oid[65];

static void sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void sh(const char *format, ...)
{
	char command[2000], rest[1500];
	va_list ap;
	va_start(ap, format);
	vsnprintf(rest, sizeof rest, format, ap);
	va_end(ap);
	snprintf(command, sizeof command, "cd '%s' && %s", dir.path, rest);
	ck_assert_msg(system(command) == 0, "%s", command);
}

/* A repository r with the pointer p.csv of BYTES. */
static void set_up(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	setenv("HOME", dir.path, 1); /* of Git and of curl's .netrc */
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	unsetenv("XDG_CONFIG_HOME");
	bn_sha256_hex(BYTES, strlen(BYTES), oid);
	sh("git init -q r && cd r && printf '" V
	   "oid sha256:%s\\nsize %zu\\n' >p.csv && git config user.email a@b && "
	   "git config user.name a && git add . && git commit -qm x",
		oid, strlen(BYTES));
}

static void tear_down(void)
{
	toy_dir_remove(&dir);
}

static int open_at(bn_lfs_object *o, const char *file, bn_err *err)
{
	char path[400];
	bn_lfs_pointer p = {.size = strlen(BYTES)};
	memcpy(p.oid, oid, sizeof p.oid);
	snprintf(path, sizeof path, "%s/%s", dir.path, file);
	return bn_lfs_object_open(o, &env.env, path, &p, NULL, err);
}

static void check_bytes(const char *file)
{
	bn_lfs_object o;
	bn_err err = BN_ERR_INIT;
	char got[64] = "";
	ck_assert_bn_ok(open_at(&o, file, &err), &err);
	ck_assert_int_eq(pread(o.fd, got, sizeof got - 1, 0), (ssize_t)strlen(BYTES));
	ck_assert_str_eq(got, BYTES);
	ck_assert_str_eq(o.path, "p.csv");
	ck_assert_uint_eq(strlen(o.rev), 40);
	bn_lfs_object_close(&o);
}

static const char *fails(int code, const char *file)
{
	static bn_err err;
	bn_lfs_object o;
	err = (bn_err)BN_ERR_INIT;
	int rc = open_at(&o, file, &err);
	ck_assert_msg(rc == code, "%d: %s", rc, err.msg);
	ck_assert_int_eq(o.fd, -1);
	bn_lfs_object_close(&o);
	return err.msg;
}

/* Puts the object into a store. */
static void put_object(const char *store, const char *bytes)
{
	sh("mkdir -p %s/objects/%.2s/%.2s && printf '%s' >%s/objects/%.2s/%.2s/%s", store, oid,
		oid + 2, bytes, store, oid, oid + 2, oid);
}

START_TEST(test_user_and_password_of_a_url_are_decoded)
{
	bn_lfs_url u;
	ck_assert_int_eq(bn_lfs_url_parse(&u, "https://a%40b:p%2f%C3%BC%zz%00@h:8/x//", NULL), 0);
	ck_assert_str_eq(u.text, "https://h:8/x");
	ck_assert_str_eq(u.user, "a@b");
	ck_assert_str_eq(u.password, "p/\xc3\xbc%zz%00");
	bn_lfs_url_release(&u);
}
END_TEST

START_TEST(test_bytes_come_from_the_store_of_the_repository)
{
	set_up();
	ck_assert_ptr_nonnull(strstr(fails(BN_ENOTFOUND, "r/p.csv"), "is a pointer of Git LFS"));
	put_object("r/.git/lfs", "id,v\\n1,2\\n");
	check_bytes("r/p.csv");
	sh("git -C r worktree add -q ../w");
	check_bytes("w/p.csv");
	sh("rm -r r/.git/lfs && git -C r config lfs.storage ../elsewhere");
	put_object("r/elsewhere", "id,v\\n1,2\\n");
	check_bytes("w/p.csv");
	sh("git -C r config lfs.storage '%s/shared'", dir.path);
	put_object("shared", "id,v\\n1,3\\n");
	ck_assert_ptr_nonnull(strstr(fails(BN_ECORRUPT, "r/p.csv"), "has other bytes"));
	sh("rm -r shared && mkdir shared && ln -s /etc shared/objects");
	ck_assert_ptr_nonnull(strstr(fails(BN_EREFUSED, "r/p.csv"), "symbolic link"));
	sh("cp r/p.csv .");
	ck_assert_ptr_nonnull(strstr(fails(BN_ENOTFOUND, "p.csv"), "in no Git repository"));
	tear_down();
}
END_TEST

START_TEST(test_bytes_come_from_a_remote_that_is_a_directory)
{
	set_up();
	sh("git clone -q --bare r bare.git && git clone -q bare.git clone");
	put_object("bare.git/lfs", "id,v\\n1,2\\n");
	check_bytes("clone/p.csv");
	sh("git -C clone remote set-url origin 'file://%s/bare.git'", dir.path);
	check_bytes("clone/p.csv");
	sh("git -C clone remote set-url origin ../r");
	put_object("r/.git/lfs", "id,v\\n1,2\\n");
	check_bytes("clone/p.csv");
	tear_down();
}
END_TEST

/* ---- servers -------------------------------------------------------------------------------------- */

#define BASIC "Basic YW5uOmdlaGVpbQ==" /* ann:geheim */

/* A server that the repository knows. */
static lfs_server *serve(const lfs_options *o)
{
	char made[65];
	lfs_server *s = lfs_server_start(o);
	lfs_server_put(s, BYTES, strlen(BYTES), made);
	ck_assert_str_eq(made, oid);
	sh("git -C r config lfs.url %s/a.git/info/lfs/", lfs_server_url(s));
	return s;
}

static lfs_server *start(const lfs_options *o)
{
	set_up();
	return serve(o);
}

START_TEST(test_bytes_come_from_a_server_and_stay_in_the_store)
{
	lfs_server *s = start(&(lfs_options){.busy_once = true});
	check_bytes("r/p.csv");
	ck_assert_ptr_nonnull(
		strstr(lfs_server_log(s), "POST /a.git/info/lfs/objects/batch -\nGET /files/"));
	sh("test -f r/.git/lfs/objects/%.2s/%.2s/%s && test -z \"$(ls r/.git/lfs/tmp)\"", oid,
		oid + 2, oid);
	size_t before = strlen(lfs_server_log(s));
	check_bytes("r/p.csv");
	ck_assert_uint_eq(strlen(lfs_server_log(s)), before);
	/* .lfsconfig names it as well, and cannot name the store */
	sh("cd r && rm -r .git/lfs && git config --unset lfs.url && git config -f .lfsconfig "
	   "lfs.url %s/a.git/info/lfs && "
	   "git config -f .lfsconfig lfs.storage '%s/evil'",
		lfs_server_url(s), dir.path);
	check_bytes("r/p.csv");
	sh("test -d r/.git/lfs && test ! -e evil");
	/* and so does the remote's address */
	sh("cd r && rm -r .git/lfs .lfsconfig && git remote add origin %s/a", lfs_server_url(s));
	check_bytes("r/p.csv");
	lfs_server_free(s);
	tear_down();
}
END_TEST

START_TEST(test_credentials_go_to_the_server_of_the_api_alone)
{
	lfs_server *files = lfs_server_start(&(lfs_options){.download_header = "X-Token: t0ken"});
	lfs_server *s = start(&(lfs_options){.authorization = BASIC,
		.download_header = "X-Token: t0ken",
		.downloads_at = files});
	char made[65];
	lfs_server_put(files, BYTES, strlen(BYTES), made);
	const char *says = fails(BN_EREFUSED, "r/p.csv");
	ck_assert_msg(strstr(says, "Credentials needed"), "%s", says);
	sh("git -C r config lfs.url http://ann:geheim@%s/a.git/info/lfs", lfs_server_url(s) + 7);
	check_bytes("r/p.csv");
	ck_assert_ptr_null(strstr(lfs_server_log(files), "Basic"));
	ck_assert_ptr_nonnull(strstr(lfs_server_log(s), "batch " BASIC));
	/* a wrong password is not shown */
	sh("rm -r r/.git/lfs && git -C r config lfs.url http://ann:falsch@%s/a.git/info/lfs",
		lfs_server_url(s) + 7);
	says = fails(BN_EREFUSED, "r/p.csv");
	ck_assert_msg(!strstr(says, "falsch") && !strstr(says, "ann"), "%s", says);
	/* http.extraHeader, as CI sets it, and the user's own helper of Git */
	sh("cd r && git config lfs.url %s/a.git/info/lfs && git config http.%s/.extraHeader "
	   "'Authorization: " BASIC "'",
		lfs_server_url(s), lfs_server_url(s));
	check_bytes("r/p.csv");
	sh("cd r && rm -r .git/lfs && git config --unset http.%s/.extraHeader && git config "
	   "http.http://elsewhere/.extraHeader "
	   "'Authorization: Basic wrong' && git config --global credential.helper "
	   "'!f() { echo username=ann; echo password=geheim; }; f'",
		lfs_server_url(s));
	check_bytes("r/p.csv");
	/* a header for every server does not go to one that the repository brings along, nor do its own helpers run */
	sh("cd r && rm -r .git/lfs && git config --global --unset credential.helper && git config "
	   "--unset lfs.url && "
	   "git config -f .lfsconfig lfs.url %s/a.git/info/lfs && git config http.extraHeader "
	   "'Authorization: " BASIC "' && git config credential.helper '!touch %s/ran; f'",
		lfs_server_url(s), dir.path);
	fails(BN_EREFUSED, "r/p.csv");
	sh("test ! -e ran && cd r && git config lfs.url %s/a.git/info/lfs", lfs_server_url(s));
	check_bytes("r/p.csv");
	lfs_server_free(s);
	lfs_server_free(files);
	tear_down();
}
END_TEST

START_TEST(test_answers_that_are_wrong_are_errors)
{
	static const struct {
		lfs_options o;
		int code;
		const char *says;
	} cases[] = {{{.wrong_bytes = true}, BN_ECORRUPT, "has other bytes"},
		{{.status = 404}, BN_ENOTFOUND, "no"}, {{.status = 403}, BN_EREFUSED, "no"},
		{{.batch = "[1, 2"}, BN_EINVAL, "info/lfs:1:"},
		{{.batch = "{}"}, BN_EIO, "not about the object"},
		{{.batch = "{\"objects\": [{\"oid\": \"" OID "\", \"actions\": {}}]}"}, BN_EIO,
			"not about the object"},
		{{.batch = "{\"transfer\": \"tus\", \"objects\": []}"}, BN_EUNSUPPORTED, "'tus'"},
		{{.batch = "{\"objects\": [{\"error\": {\"code\": 404, \"message\": \"gone\"}}]}"},
			BN_ENOTFOUND, "404: gone"}};
	char text[400];
	set_up();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lfs_server *s = serve(&cases[i].o);
		const char *says = fails(cases[i].code, "r/p.csv");
		ck_assert_msg(strstr(says, cases[i].says), "%s", says);
		lfs_server_free(s);
	}
	snprintf(text, sizeof text,
		"{\"objects\": [{\"oid\": \"%s\", \"actions\": {\"download\": {\"href\": "
		"\"file:///etc/passwd\"}}}]}",
		oid);
	lfs_server *s = serve(&(lfs_options){.batch = text});
	fails(BN_EINVAL, "r/p.csv");
	lfs_server_free(s);
	sh("test -z \"$(find r/.git/lfs -type f)\"");
	tear_down();
}
END_TEST

START_TEST(test_without_a_store_to_write_to_the_bytes_are_used_all_the_same)
{
	lfs_server *s = start(&(lfs_options){.status = 0});
	sh("touch r/.git/lfs");
	check_bytes("r/p.csv");
	lfs_server_free(s);
	tear_down();
}
END_TEST

BN_TEST_MAIN("core/lfs", test_pointers_are_read_or_refused_with_their_line,
	test_urls_of_remotes_are_those_of_the_specification,
	test_user_and_password_of_a_url_are_decoded,
	test_bytes_come_from_the_store_of_the_repository,
	test_bytes_come_from_a_remote_that_is_a_directory,
	test_bytes_come_from_a_server_and_stay_in_the_store,
	test_credentials_go_to_the_server_of_the_api_alone, test_answers_that_are_wrong_are_errors,
	test_without_a_store_to_write_to_the_bytes_are_used_all_the_same)
