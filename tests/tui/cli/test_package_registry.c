/*
 * package push and pull as a user runs them, against a registry with faults (tests/support/registry_server.h):
 * exit statuses, results, what is left on the disk, and that a password is in no output, file or argument.
 */
#include "core/base/buf.h"
#include "core/package/layout.h"
#include "core/package/tar.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_server.h"
#include "tests/support/toy.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PASSWORD "pass-word-7"

static registry_server *reg;
static toy_dir scratch;
static char said[20000];
static char layer_bytes[50000];

static void begin(registry_options o)
{
	const char *program = getenv("BINNACLE");
	char absolute[4096];
	toy_dir_make(&scratch);
	reg = registry_start(&o);
	ck_assert_ptr_nonnull(realpath(program ? program : "build/binnacle", absolute));
	setenv("PROGRAM", absolute, 1);
	setenv("HOME", scratch.path, 1);
	setenv("XDG_STATE_HOME", scratch.path, 1);
	setenv("XDG_RUNTIME_DIR", scratch.path, 1);
	setenv("REG", registry_host(reg), 1);
	ck_assert_int_eq(chdir(scratch.path), 0);
	unsetenv("BINNACLE_REGISTRY_USER");
	unsetenv("BINNACLE_REGISTRY_PASSWORD");
	unsetenv("REGISTRY_AUTH_FILE");
	setenv("http_proxy", "http://127.0.0.1:9", 1); /* not for this machine's own addresses */
}

static void end(void)
{
	registry_free(reg);
	ck_assert_int_eq(chdir("/"), 0);
	toy_dir_remove(&scratch);
}

static void login(const char *password)
{
	setenv("BINNACLE_REGISTRY_USER", "ann", 1);
	setenv("BINNACLE_REGISTRY_PASSWORD", password, 1);
}

/* binnacle WORDS through the shell: its exit status; both streams are in said. */
static int run(const char *words)
{
	char line[1000];
	snprintf(line, sizeof line, "\"$PROGRAM\" %s 2>&1", words);
	FILE *p = popen(line, "r");
	ck_assert_ptr_nonnull(p);
	said[fread(said, 1, sizeof said - 1, p)] = '\0';
	int status = pclose(p);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(!strstr(said, PASSWORD) && !strstr(said, "token-number-"),
		"a secret is in: %s", said);
	return WEXITSTATUS(status);
}

static void exits(int status, const char *words, const char *says)
{
	int got = run(words);
	ck_assert_msg(got == status && strstr(said, says),
		"exit %d, expected %d and '%s': binnacle %s: %s", got, status, says, words, said);
}

/* An image of one layer, labelled as one of `binnacle package`. */
static void make_image_of(const char *path, const void *bytes, size_t n)
{
	static const char config[] = "{\"config\":{\"Labels\":{\"binnacle.model\":\"power\","
				     "\"binnacle.version\":\"3\"}}}";
	const bn_layout_making how = {0};
	bn_oci_descriptor layer = {.media_type = BN_OCI_LAYER};
	bn_oci_descriptor manifest = {.media_type = BN_OCI_MANIFEST};
	bn_oci_manifest m = {.media_type = BN_OCI_MANIFEST, .layers = &layer, .layer_count = 1};
	bn_buf text = BN_BUF_INIT;
	bn_layout *l = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_layout_create(&l, bn_env_real(), path, &how, &err), &err);
	ck_assert_bn_ok(bn_layout_put(&layer, l, bytes, n, &err), &err);
	strcpy(m.config.media_type, BN_OCI_CONFIG);
	ck_assert_bn_ok(bn_layout_put(&m.config, l, config, strlen(config), &err), &err);
	ck_assert_bn_ok(bn_oci_manifest_format(&text, &m, &err), &err);
	ck_assert_bn_ok(bn_layout_put(&manifest, l, text.ptr, text.len, &err), &err);
	ck_assert_bn_ok(bn_layout_set_index(l, &manifest, NULL, &err), &err);
	ck_assert_bn_ok(bn_layout_finish(l, &err), &err);
	bn_layout_close(l);
	bn_buf_release(&text);
}

static void make_image(void)
{
	for (size_t i = 0; i < sizeof layer_bytes; i++)
		layer_bytes[i] = (char)(i * i >> 4);
	make_image_of("image", layer_bytes, sizeof layer_bytes);
}

static int add_bytes(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	(void)err;
	bn_buf_add(ctx, bytes, n);
	return 0;
}

/* An image whose layer has these directories, each with a file of its name in it. */
static void make_image_with(const char *path, const char *one, const char *other)
{
	const char *const names[] = {one, other};
	bn_buf bytes = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_tar_writer w;
	bn_tar_init(&w, (bn_tar_sink){add_bytes, &bytes});
	for (size_t i = 0; i < 2 && names[i]; i++) {
		char file[100];
		snprintf(file, sizeof file, "%s/%s", names[i], names[i]);
		ck_assert_bn_ok(bn_tar_put_dir(&w, names[i], 0755, &err), &err);
		ck_assert_bn_ok(bn_tar_put_file(&w, file, 0644, "bytes", 5, &err), &err);
	}
	ck_assert_bn_ok(bn_tar_finish(&w, &err), &err);
	make_image_of(path, bytes.ptr, bytes.len);
	bn_tar_release(&w);
	bn_buf_release(&bytes);
}

START_TEST(test_model_is_pulled_alone)
{
	/* Answers that are cut: the rest is asked for. */
	static const registry_fault f[] = {
		{.method = "GET", .path = "/blobs/", .skip = 2, .times = 5, .part = 700}, {0}};
	begin((registry_options){.faults = f});
	make_image_with("image", "model", NULL);
	exits(0, "package push image $REG/power:3", "Pushed");
	exits(0, "package pull $REG/power:3 --out model --format dir", "power/3");
	/* A file of the directory's own name is no obstacle. */
	ck_assert_int_eq(system("[ \"$(ls -A model)\" = model ] && grep -qx bytes model/model"), 0);
	exits(6, "package pull $REG/power:3 --out model --format dir", "already exists");
	make_image_with("more", "model", "other");
	exits(0, "package push more $REG/power:4", "Pushed");
	exits(2, "package pull $REG/power:4 --out more-model --format dir",
		"not the folder of a model");
	make_image_with("else", "usr", NULL);
	exits(0, "package push else $REG/power:5", "Pushed");
	exits(2, "package pull $REG/power:5 --out more-model --format dir",
		"not the folder of a model");
	ck_assert_int_ne(system("ls -d more-model* *.tmp *.partial 2>/dev/null | grep -q ."), 0);
	end();
}
END_TEST

START_TEST(test_image_goes_there_and_back)
{
	begin((registry_options){.bearer = "ann:" PASSWORD});
	make_image();
	exits(4, "package push image $REG/group/power:3", "token server: answered 401");
	login("other");
	exits(4, "package push image $REG/group/power:3", "BINNACLE_REGISTRY_USER");
	login(PASSWORD);
	exits(0, "package push image $REG/group/power:3 --dry-run", "missing");
	ck_assert_int_eq(registry_count(reg, "POST"), 0);
	exits(0, "package push image $REG/group/power:3 --chunk 20K --json",
		"\"model\": \"power/3\"");
	ck_assert_int_eq(registry_count(reg, "PATCH"), 3);
	exits(0, "package push image $REG/group/power:4 --json", "\"sent_bytes\": 0");
	exits(0, "package pull $REG/group/power:3 --out back", "power/3");
	exits(6, "package pull $REG/group/power:3 --out back", "already exists");
	exits(0, "package pull $REG/group/power:4 --out back --force", "Received");
	ck_assert_int_eq(system("diff -r image/blobs back/blobs >&2"), 0);
	exits(2, "package pull $REG/group/power:3 --out model --format dir", "");
	ck_assert_int_ne(access("model", F_OK), 0);
	ck_assert_int_ne(access("model.partial", F_OK), 0);
	ck_assert_int_ne(system("grep -rq '" PASSWORD "\\|token-number' ."), 0);
	end();
}
END_TEST

START_TEST(test_push_is_recorded)
{
	begin((registry_options){0});
	make_image();
	exits(0, "init .", "");
	exits(0, "package push image $REG/group/power:3", "Pushed");
	exits(0, "package ls --json", "/group/power:3");
	exits(0, "audit verify", "");
	end();
}
END_TEST

START_TEST(test_words_that_are_wrong)
{
	begin((registry_options){0});
	make_image();
	exits(2, "package push image power:3", "names no registry");
	exits(2, "package push image $REG/power", "has no tag");
	exits(2,
		"package push image "
		"$REG/"
		"power:3@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"pushed to a tag");
	exits(2, "package push image $REG/power:3 --chunk 0.5K", "--chunk: from 1K");
	exits(2, "package push image $REG/power:3 --mount-from A", "not the name of a repository");
	exits(2, "package push image $REG/power:3 --unapproved", "is an image");
	exits(3, "package push nothing $REG/power:3", "no image 'nothing'");
	exits(2, "package push . $REG/power:3", "");
	exits(3, "package push image $REG/power:3 --image other", "");
	exits(3, "package push image $REG/power:3 --auth-file none.json", "none.json");
	exits(2, "package pull $REG/power --out x", "neither a tag nor a digest");
	exits(2, "package pull $REG/power:3", "--out DIR");
	exits(2, "package pull $REG/power:3 --out x --format sif", "oci (an image layout)");
	exits(2, "package pull $REG/power:3 --out x --format dir --force", "no other folder");
	exits(3, "package pull $REG/power:3 --out x", "MANIFEST_UNKNOWN");
	ck_assert_int_ne(access("x.partial", F_OK), 0);
	ck_assert_int_eq(registry_count(reg, "PUT"), 0);
	end();
}
END_TEST

/* kill -9 while the registry does not answer a piece; then the same command again. */
START_TEST(test_killed_push_continues)
{
	/* The piece is kept, its answer never sent: the program waits for it. */
	static const registry_fault f[] = {
		{.method = "PATCH", .path = "/uploads/", .skip = 3, .times = 1, .hangs = true},
		{0}};
	begin((registry_options){.faults = f});
	make_image();
	pid_t pid = fork();
	if (pid == 0) {
		char target[200];
		snprintf(target, sizeof target, "%s/group/power:3", registry_host(reg));
		execl(getenv("PROGRAM"), "binnacle", "package", "push", "image", target, "--chunk",
			"10K", "-q", NULL);
		_exit(127);
	}
	while (registry_count(reg, "PATCH") < 4)
		usleep(1000);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	waitpid(pid, NULL, 0);
	exits(0, "package push image $REG/group/power:3 --chunk 10K", "Pushed");
	size_t n;
	ck_assert_ptr_nonnull(registry_get(reg, "3", &n));
	ck_assert_int_eq(
		registry_count(reg, "POST"), 2); /* the layer's, begun once, and the config's */
	ck_assert_uint_lt(registry_body_bytes(reg), 52000);
	end();
}
END_TEST

BN_TEST_MAIN("tui/cli/package_registry", test_image_goes_there_and_back, test_model_is_pulled_alone,
	test_push_is_recorded, test_words_that_are_wrong, test_killed_push_continues)
