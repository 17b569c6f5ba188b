/* Where credentials come from, which entry of a file is used, and that no message holds a secret. */
#include "core/package/credentials.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static bn_env env;
static bn_credentials *found;
static bn_err err;
static char warned[2000], home[300];
static struct {
	const char *name, *value;
} variables[8];

static const char *variable(const bn_env *e, const char *name)
{
	(void)e;
	for (size_t i = 0; i < 8; i++)
		if (variables[i].name && !strcmp(variables[i].name, name))
			return variables[i].value;
	return NULL;
}

static void set(const char *name, const char *value)
{
	size_t i = 0;
	while (variables[i].name && strcmp(variables[i].name, name) != 0)
		i++;
	variables[i].name = name;
	variables[i].value = value;
}

static void warn(void *user, const char *text)
{
	(void)user;
	strncat(warned, text, sizeof warned - strlen(warned) - 1);
}

static void setup(void)
{
	err = (bn_err)BN_ERR_INIT;
	toy_dir_make(&dir);
	env = *bn_env_real();
	env.get = variable;
	memset(variables, 0, sizeof variables);
	snprintf(home, sizeof home, "%s/home", dir.path);
	set("HOME", home);
	set("XDG_RUNTIME_DIR", dir.path);
}

static void teardown(void)
{
	bn_credentials_free(found);
	found = NULL;
	toy_dir_remove(&dir);
}

/* A file below the scratch directory; its path is valid until the next call. */
static const char *file(const char *name, const char *text, mode_t mode)
{
	static char path[600];
	snprintf(path, sizeof path, "%s/%s", dir.path, name);
	for (char *p = path + strlen(dir.path) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(path, 0700);
	}
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

static int look(const char *reference, const char *auth_file)
{
	bn_reference ref;
	const bn_credentials_options o = {.auth_file = auth_file, .warn = warn};
	bn_err_clear(&err);
	warned[0] = '\0';
	bn_credentials_free(found);
	found = NULL;
	ck_assert_bn_ok(bn_reference_parse(&ref, reference, &err), &err);
	return bn_credentials_find(&found, &env, &ref, &o, &err);
}

static void finds(
	const char *reference, const char *auth_file, const char *user, const char *password)
{
	ck_assert_bn_ok(look(reference, auth_file), &err);
	if (!user) {
		ck_assert_ptr_null(found);
		return;
	}
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->user, user);
	ck_assert_str_eq(found->password, password);
}

static void fails(const char *reference, const char *auth_file, int code, const char *says)
{
	ck_assert_int_eq(look(reference, auth_file), code);
	ck_assert_msg(strstr(err.msg, says) != NULL, "'%s' is not in: %s", says, err.msg);
	ck_assert_msg(!strstr(err.msg, "c2VjcmV0") && !strstr(err.msg, "secret") &&
			      !strstr(err.hint, "secret"),
		"a secret is in: %s", err.msg);
}

START_TEST(test_longest_key_wins)
{
	setup();
	/* base64 of host:1, group:2, power:3, scheme:4, hub:5 */
	const char *path = file("auth.json",
		"{\"auths\": {\"h.org\": {\"auth\": \"aG9zdDox\"}, \"h.org/group\": {\"auth\": "
		"\"Z3JvdXA6Mg==\"},"
		" \"h.org/group/power\": {\"auth\": \"cG93ZXI6Mw\"}, \"https://s.org/v1/\": "
		"{\"auth\": \"c2NoZW1lOjQ=\"},"
		" \"https://index.docker.io/v1/\": {\"auth\": \"aHViOjU=\"}, \"empty.org\": {}}}",
		0600);
	finds("h.org/other:1", path, "host", "1");
	finds("h.org/group/x:1", path, "group", "2");
	finds("h.org/groups/x:1", path, "host", "1");
	finds("h.org/group/power:1", path, "power", "3");
	finds("h.org/group/power/sub:1", path, "power", "3");
	finds("H.ORG/group:1", path, "group", "2");
	finds("h.org:5000/group:1", path, NULL, NULL);
	finds("s.org/group/x:1", path, "scheme", "4");
	finds("docker.io/alpine:1", path, "hub", "5");
	finds("empty.org/x:1", path, NULL, NULL);
	ck_assert_str_eq(warned, "");
	teardown();
}
END_TEST

START_TEST(test_places_are_asked_in_order)
{
	setup();
	finds("h.org/x:1", NULL, NULL, NULL);
	file("home/.docker/config.json", "{\"auths\": {\"h.org\": {\"auth\": \"aG9zdDox\"}}}",
		0600);
	finds("h.org/x:1", NULL, "host", "1");
	file("home/.config/containers/auth.json",
		"{\"auths\": {\"h.org\": {\"auth\": \"Z3JvdXA6Mg==\"}}}", 0600);
	finds("h.org/x:1", NULL, "group", "2");
	file("containers/auth.json", "{\"auths\": {\"other.org\": {\"auth\": \"Z3JvdXA6Mg==\"}}}",
		0600);
	finds("h.org/x:1", NULL, "group", "2");
	file("containers/auth.json", "{\"auths\": {\"h.org\": {\"auth\": \"cG93ZXI6Mw==\"}}}",
		0600);
	finds("h.org/x:1", NULL, "power", "3");
	char named[600];
	snprintf(named, sizeof named, "%s",
		file("named.json",
			"{\"auths\": {\"h.org\": {\"username\": \"n\", \"password\": \"p\"}}}",
			0600));
	set("REGISTRY_AUTH_FILE", named);
	finds("h.org/x:1", NULL, "n", "p");
	finds("other.org/x:1", NULL, NULL, NULL);
	set("CI_REGISTRY", "h.org");
	set("CI_REGISTRY_USER", "ci");
	set("CI_REGISTRY_PASSWORD", "job");
	finds("h.org/x:1", NULL, "ci", "job");
	finds("other.org/x:1", NULL, NULL, NULL);
	set("BINNACLE_REGISTRY_USER", "ann");
	fails("h.org/x:1", NULL, BN_EINVAL, "BINNACLE_REGISTRY_PASSWORD is not");
	set("BINNACLE_REGISTRY_PASSWORD", "word");
	finds("other.org/x:1", NULL, "ann", "word");
	ck_assert_str_eq(found->source, "BINNACLE_REGISTRY_USER");
	finds("h.org/x:1", named, "n", "p");
	set("BINNACLE_REGISTRY_USER", "a:nn");
	fails("h.org/x:1", NULL, BN_EINVAL, "no colon");
	teardown();
}
END_TEST

START_TEST(test_tokens_of_a_file)
{
	setup();
	const char *path = file("auth.json",
		"{\"auths\": {\"i.org\": {\"auth\": \"aTo=\", \"identitytoken\": \"refresh\"},"
		" \"r.org\": {\"registrytoken\": \"bearer\"}}}",
		0600);
	ck_assert_bn_ok(look("i.org/x:1", path), &err);
	ck_assert_str_eq(found->identity_token, "refresh");
	ck_assert_ptr_null(found->user);
	ck_assert_bn_ok(look("r.org/x:1", path), &err);
	ck_assert_str_eq(found->registry_token, "bearer");
	ck_assert_ptr_null(found->identity_token);
	teardown();
}
END_TEST

START_TEST(test_faulty_files_name_the_place_and_no_secret)
{
	setup();
	fails("h.org/x:1", "/nowhere/auth.json", BN_ENOTFOUND, "/nowhere/auth.json");
	fails("h.org/x:1", dir.path, BN_EINVAL, "not a regular file");
	/* jansson would quote the text around the fault. */
	fails("h.org/x:1", file("a", "{\"auths\":\n {\"h.org\": {\"auth\": c2VjcmV0}}}", 0600),
		BN_EINVAL, "/a:2:");
	fails("h.org/x:1", file("a", "[\"secret\"]", 0600), BN_EINVAL, "not a JSON object");
	fails("h.org/x:1", file("a", "{\"auths\": {\"h.org\": {\"auth\": \"c2VjcmV0!\"}}}", 0600),
		BN_EINVAL, "'h.org': 'auth' is not base64");
	fails("h.org/x:1", file("a", "{\"auths\": {\"h.org\": {\"auth\": \"c2VjcmV0\"}}}", 0600),
		BN_EINVAL, "not base64 of USER:PASSWORD");
	fails("h.org/x:1", file("a", "{\"auths\": {\"h.org\": \"secret\"}}", 0600), BN_EINVAL,
		"not an object");
	fails("h.org/x:1", file("a", "{\"auths\": []}", 0600), BN_EINVAL,
		"'auths' is not an object");
	finds("h.org/x:1", file("a", "", 0600), NULL, NULL);
	finds("h.org/x:1", file("a", "{}", 0600), NULL, NULL);
	finds("h.org/x:1", file("a", "{\"auths\": {\"h.org\": {\"auth\": \"aG9zdDox\"}}}", 0644),
		"host", "1");
	ck_assert_ptr_nonnull(strstr(warned, "chmod 600"));
	teardown();
}
END_TEST

/* A helper, found through PATH: it says what it read, in its own way. */
static void make_helper(const char *name, const char *script)
{
	char path[600], text[2000];
	snprintf(path, sizeof path, "bin/docker-credential-%s", name);
	snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
	file(path, text, 0700);
	snprintf(path, sizeof path, "%s/bin:%s", dir.path, "/usr/bin:/bin");
	setenv("PATH", path, 1);
}

START_TEST(test_helpers_are_asked)
{
	setup();
	make_helper("good",
		"[ \"$1\" = get ] || exit 3; read -r server\n"
		"echo \"{\\\"Username\\\": \\\"$server\\\", \\\"Secret\\\": \\\"s\\\"}\"");
	make_helper("token", "echo '{\"Username\": \"<token>\", \"Secret\": \"refresh\"}'");
	make_helper("none", "echo 'credentials not found in native keychain'; exit 1");
	make_helper("bad", "echo 'secret'; echo secret >&2; exit 2");
	make_helper("odd", "echo '{\"Username\": secret}'");
	char path[600];
	snprintf(path, sizeof path, "%s",
		file("a",
			"{\"credHelpers\": {\"h.org\": \"good\", \"docker.io\": \"good\", "
			"\"t.org\": \"token\","
			" \"b.org\": \"bad\", \"o.org\": \"odd\", \"p.org\": \"../bin/x\", "
			"\"m.org\": \"missing\"},"
			" \"auths\": {\"a.org\": {\"auth\": \"aG9zdDox\"}, \"n.org\": {}}, "
			"\"credsStore\": \"none\"}",
			0600));
	finds("h.org/x:1", path, "h.org", "s");
	finds("docker.io/x:1", path, "https://index.docker.io/v1/", "s");
	finds("a.org/x:1", path, "host", "1");
	finds("n.org/x:1", path, NULL, NULL);
	ck_assert_bn_ok(look("t.org/x:1", path), &err);
	ck_assert_str_eq(found->identity_token, "refresh");
	fails("b.org/x:1", path, BN_EIO, "docker-credential-bad failed with status 2");
	fails("o.org/x:1", path, BN_EINVAL, "docker-credential-odd:1:");
	fails("p.org/x:1", path, BN_EINVAL, "not the name of a credential helper");
	fails("m.org/x:1", path, BN_EIO, "docker-credential-missing");
	snprintf(path, sizeof path, "%s", file("b", "{\"credsStore\": \"missing\"}", 0600));
	finds("h.org/x:1", path, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(warned, "is not installed"));
	/* A file that others may change does not say which program is run. */
	fails("h.org/x:1", file("c", "{\"credsStore\": \"good\"}", 0666), BN_EREFUSED,
		"a program to run");
	teardown();
}
END_TEST

BN_TEST_MAIN("core/package/credentials", test_longest_key_wins, test_places_are_asked_in_order,
	test_tokens_of_a_file, test_faulty_files_name_the_place_and_no_secret,
	test_helpers_are_asked)
