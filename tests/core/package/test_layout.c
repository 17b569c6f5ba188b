/* OCI image layouts: written whole, read with suspicion. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/package/layout.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static char path[300];
static bn_err err = BN_ERR_INIT;
static const bn_layout_making fresh = {.force = false}, forced = {.force = true},
			      resuming = {.resumes = true};

static void start(void)
{
	toy_dir_make(&dir);
	snprintf(path, sizeof path, "%s/image", dir.path);
}

static void put_file(const char *name, const char *text)
{
	char file[700];
	snprintf(file, sizeof file, "%s/%s", path, name);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), file, text, strlen(text), 0644, &err), &err);
}

static size_t entries(const char *at)
{
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), at, &names, &err), &err);
	size_t n = names.count;
	bn_names_release(&names);
	return n;
}

static bn_oci_descriptor put(bn_layout *l, const char *text, const char *media_type)
{
	bn_oci_descriptor d = {.size = 0};
	ck_assert_bn_ok(bn_layout_put(&d, l, text, strlen(text), &err), &err);
	snprintf(d.media_type, sizeof d.media_type, "%s", media_type);
	return d;
}

/* A layout with one image of one layer; its manifest. */
static bn_oci_descriptor fill(bn_layout *l, const char *name)
{
	bn_oci_descriptor layer = put(l, "layer", BN_OCI_LAYER), manifest;
	bn_oci_manifest m = {.media_type = BN_OCI_MANIFEST, .layers = &layer, .layer_count = 1};
	bn_buf text = BN_BUF_INIT;
	m.config = put(l, "{}", BN_OCI_CONFIG);
	m.annotations = json_pack("{s:s}", "a.b", "c");
	ck_assert_bn_ok(bn_oci_manifest_format(&text, &m, &err), &err);
	json_decref(m.annotations);
	manifest = put(l, text.ptr, BN_OCI_MANIFEST);
	bn_buf_release(&text);
	ck_assert_bn_ok(bn_layout_set_index(l, &manifest, name, &err), &err);
	return manifest;
}

static bn_oci_descriptor make(const char *name)
{
	bn_layout *l = NULL;
	ck_assert_bn_ok(bn_layout_create(&l, bn_env_real(), path, &fresh, &err), &err);
	bn_oci_descriptor manifest = fill(l, name);
	ck_assert(!bn_fs_exists(bn_env_real(), path));
	ck_assert_bn_ok(bn_layout_finish(l, &err), &err);
	bn_layout_close(l);
	return manifest;
}

static bn_layout *open_it(void)
{
	bn_layout *l = NULL;
	ck_assert_bn_ok(bn_layout_open(&l, bn_env_real(), path, &err), &err);
	return l;
}

START_TEST(test_layout_written_is_read_back)
{
	start();
	bn_oci_descriptor written = make("power-3"), found;
	bn_layout *l = open_it();
	bn_oci_manifest m;
	bn_buf text = BN_BUF_INIT, layer = BN_BUF_INIT;
	char digest[BN_OCI_DIGEST_TEXT];
	ck_assert_bn_ok(bn_layout_find(&found, l, NULL, &err), &err);
	ck_assert_str_eq(found.digest, written.digest);
	ck_assert_uint_eq(found.size, written.size);
	ck_assert_bn_ok(bn_layout_find(&found, l, "power-3", &err), &err);
	ck_assert_bn_ok(bn_layout_manifest(&m, &text, l, &found, &err), &err);
	bn_oci_digest(text.ptr, text.len, digest);
	ck_assert_str_eq(digest, written.digest);
	ck_assert_uint_eq(m.layer_count, 1);
	ck_assert_str_eq(m.layers[0].media_type, BN_OCI_LAYER);
	ck_assert_str_eq(m.artifact_type, "");
	ck_assert_str_eq(json_string_value(json_object_get(m.annotations, "a.b")), "c");
	ck_assert_bn_ok(bn_layout_blob_get(&layer, l, &m.layers[0], &err), &err);
	ck_assert_str_eq(layer.ptr, "layer");
	ck_assert_bn_ok(bn_layout_blob_verify(l, &m.layers[0], NULL, &err), &err);
	ck_assert(bn_layout_has(l, &m.config));
	bn_oci_manifest_release(&m);
	bn_buf_release(&text);
	bn_buf_release(&layer);
	ck_assert_int_eq(bn_layout_find(&found, l, "power-4", &err), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.hint, "power-3"));
	bn_layout_close(l);
	ck_assert_uint_eq(entries(dir.path), 1);
	ck_assert_uint_eq(entries(path), 3);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_layout_unfinished_leaves_nothing)
{
	start();
	bn_layout *l = NULL;
	ck_assert_bn_ok(bn_layout_create(&l, bn_env_real(), path, &fresh, &err), &err);
	put(l, "x", BN_OCI_LAYER);
	ck_assert_int_lt(bn_layout_finish(l, NULL), 0); /* no index */
	bn_layout_close(l);
	ck_assert_uint_eq(entries(dir.path), 0);
	make(NULL);
	ck_assert_int_eq(bn_layout_create(&l, bn_env_real(), path, &fresh, NULL), BN_ECONFLICT);
	ck_assert_bn_ok(bn_layout_create(&l, bn_env_real(), path, &forced, &err), &err);
	fill(l, "new");
	ck_assert_bn_ok(bn_layout_finish(l, &err), &err);
	bn_layout_close(l);
	l = open_it();
	bn_oci_descriptor d;
	ck_assert_bn_ok(bn_layout_find(&d, l, "new", &err), &err);
	ck_assert_int_eq(bn_layout_set_index(l, &d, "a b", NULL), BN_EINVAL);
	bn_layout_close(l);
	put_file("blobs/sha256/thesis.tex", "x");
	ck_assert_int_eq(bn_layout_create(&l, bn_env_real(), path, &forced, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "thesis.tex"));
	bn_err_clear(&err);
	put_file("thesis.tex", "x");
	ck_assert_int_eq(bn_layout_create(&l, bn_env_real(), path, &forced, NULL), BN_EREFUSED);
	toy_dir_remove(&dir);
}
END_TEST

static const char expected_text[] = "0123456789";

static bn_oci_descriptor expected(void)
{
	bn_oci_descriptor d = {.size = strlen(expected_text)};
	bn_oci_digest(expected_text, strlen(expected_text), d.digest);
	return d;
}

START_TEST(test_layout_blob_expected_is_checked)
{
	start();
	bn_layout *l = NULL;
	bn_layout_blob_in *b;
	bn_oci_descriptor d = expected(), got;
	ck_assert_bn_ok(bn_layout_create(&l, bn_env_real(), path, &fresh, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_begin(&b, l, &d, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_in_add(b, "01234567", 8, &err), &err);
	ck_assert_int_eq(bn_layout_blob_in_add(b, "89ABC", 5, NULL), BN_ECORRUPT);
	ck_assert_int_eq(bn_layout_blob_in_finish(b, &got, NULL), BN_ECORRUPT); /* short */
	ck_assert_bn_ok(bn_layout_blob_in_add(b, "8x", 2, &err), &err);
	ck_assert_int_eq(bn_layout_blob_in_finish(b, &got, NULL), BN_ECORRUPT); /* other */
	bn_layout_blob_in_free(b);
	ck_assert(!bn_layout_has(l, &d));
	ck_assert_bn_ok(bn_layout_blob_begin(&b, l, &d, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_in_add(b, "9999", 4, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_in_restart(b, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_in_add(b, expected_text, 10, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_in_finish(b, &got, &err), &err);
	bn_layout_blob_in_free(b);
	ck_assert(bn_layout_has(l, &d));
	ck_assert_str_eq(got.digest, d.digest);
	strcpy(d.digest, "sha256:../../../etc/passwd");
	ck_assert_int_eq(bn_layout_blob_begin(&b, l, &d, NULL), BN_EINVAL);
	bn_layout_close(l);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_layout_blob_continues_after_an_interruption)
{
	start();
	bn_layout *l = NULL;
	bn_layout_blob_in *b;
	bn_oci_descriptor d = expected(), other = expected();
	other.digest[20] = other.digest[20] == 'a' ? 'b' : 'a';
	ck_assert_bn_ok(bn_layout_create(&l, bn_env_real(), path, &resuming, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_begin(&b, l, &d, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_in_add(b, "0123", 4, &err), &err);
	bn_layout_blob_in_free(b);
	ck_assert_bn_ok(bn_layout_blob_begin(&b, l, &other, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_in_add(b, "zz", 2, &err), &err);
	bn_layout_blob_in_free(b);
	bn_layout_close(l);
	ck_assert(!bn_fs_exists(bn_env_real(), path));
	ck_assert_bn_ok(bn_layout_create(&l, bn_env_real(), path, &resuming, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_begin(&b, l, &d, &err), &err);
	ck_assert_uint_eq(bn_layout_blob_in_have(b), 4);
	ck_assert_bn_ok(bn_layout_blob_in_add(b, "456789", 6, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_in_finish(b, &d, &err), &err);
	bn_layout_blob_in_free(b);
	fill(l, NULL);
	ck_assert_bn_ok(bn_layout_finish(l, &err), &err);
	bn_layout_close(l);
	char blobs[400];
	snprintf(blobs, sizeof blobs, "%s/blobs/sha256", path);
	ck_assert_uint_eq(entries(blobs), 4); /* layer, config, manifest, d; no piece of `other` */
	ck_assert_uint_eq(entries(dir.path), 1);
	toy_dir_remove(&dir);
}
END_TEST

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ENTRY(digest, size) \
	"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" BN_OCI_MANIFEST \
	"\",\"digest\":\"" digest "\",\"size\":" size "}]}"

START_TEST(test_layout_hostile_index_is_refused_with_its_field)
{
	static const struct {
		const char *text, *says;
		int code;
	} cases[] = {
		{"", "index.json:1", BN_EINVAL},
		{"[]", "is not a JSON object", BN_EINVAL},
		{"{}", "schemaVersion", BN_EINVAL},
		{"{\"schemaVersion\":1,\"manifests\":[]}", "schemaVersion 1", BN_EUNSUPPORTED},
		{"{\"schemaVersion\":2}", "manifests", BN_EINVAL},
		{"{\"schemaVersion\":2,\"manifests\":[]}", "no image", BN_ENOTFOUND},
		{"{\"schemaVersion\":2,\"manifests\":[7]}", "manifests[0]", BN_EINVAL},
		{ENTRY("sha256:../../../../etc/passwd", "7"), "64 lower-case hex", BN_EINVAL},
		{ENTRY("sha256:../" HEX64, "7"), "limit", BN_EINVAL},
		{ENTRY("sha512:" HEX64, "7"), "SHA-512", BN_EUNSUPPORTED},
		{ENTRY("md5:" HEX64, "7"), "64 lower-case hex", BN_EINVAL},
		{ENTRY("sha256:" HEX64, "-1"), "size -1", BN_EINVAL},
		{ENTRY("sha256:" HEX64, "1e3"), "size", BN_EINVAL},
		{ENTRY("sha256:" HEX64, "9007199254740993"), "size", BN_EINVAL},
		{ENTRY("sha256:" HEX64, "99999999999999999999"), "index.json:1", BN_EINVAL},
		{ENTRY("sha256:" HEX64, "7"), "has no blob", BN_ENOTFOUND},
	};
	start();
	make(NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_oci_descriptor d;
		bn_oci_manifest m;
		put_file("index.json", cases[i].text);
		bn_layout *l = open_it();
		bn_err_clear(&err);
		int rc = bn_layout_find(&d, l, NULL, &err);
		if (!rc)
			rc = bn_layout_manifest(&m, NULL, l, &d, &err);
		ck_assert_msg(rc == cases[i].code, "case %zu: %d '%s'", i, rc, err.msg);
		ck_assert_msg(strstr(err.msg, cases[i].says) != NULL, "case %zu: '%s'", i, err.msg);
		bn_layout_close(l);
	}
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_layout_hostile_files_are_refused)
{
	start();
	bn_oci_descriptor d = make(NULL);
	bn_oci_manifest m;
	bn_layout *l = open_it();
	char name[300], file[700];
	snprintf(name, sizeof name, "blobs/sha256/%s", strchr(d.digest, ':') + 1);
	snprintf(file, sizeof file, "%s/%s", path, name);
	/* a size that lies, a content that lies, a link, a pipe */
	d.size++;
	ck_assert_int_eq(bn_layout_manifest(&m, NULL, l, &d, NULL), BN_ECORRUPT);
	d.size--;
	char *zeros = bn_alloc_zeroed(d.size + 1, 1);
	memset(zeros, ' ', d.size);
	put_file(name, zeros);
	ck_assert_int_eq(bn_layout_manifest(&m, NULL, l, &d, &err), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(err.msg, d.digest));
	ck_assert_int_eq(bn_layout_blob_verify(l, &d, NULL, NULL), BN_ECORRUPT);
	bn_free(zeros);
	unlink(file);
	ck_assert_int_eq(symlink("/etc/passwd", file), 0);
	ck_assert_int_eq(bn_layout_manifest(&m, NULL, l, &d, NULL), BN_EREFUSED);
	unlink(file);
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	ck_assert_int_lt(bn_layout_manifest(&m, NULL, l, &d, NULL), 0);
	/* documents of a gigabyte, sparse */
	snprintf(file, sizeof file, "%s/index.json", path);
	ck_assert_int_eq(truncate(file, (off_t)1 << 30), 0);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_layout_find(&d, l, NULL, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "limit is 4 MiB"));
	unlink(file);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_layout_find(&d, l, NULL, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "no file index.json"));
	bn_layout_close(l);
	put_file("oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
	ck_assert_int_eq(bn_layout_open(&l, bn_env_real(), path, NULL), BN_EUNSUPPORTED);
	put_file("oci-layout", "{}");
	ck_assert_int_eq(bn_layout_open(&l, bn_env_real(), path, NULL), BN_EINVAL);
	ck_assert_int_eq(bn_layout_open(&l, bn_env_real(), dir.path, NULL), BN_EINVAL);
	ck_assert_int_eq(bn_layout_open(&l, bn_env_real(), "/nonexistent", NULL), BN_ENOTFOUND);
	toy_dir_remove(&dir);
}
END_TEST

/* The same files in a tar file are the same layout. */
START_TEST(test_layout_in_an_archive_is_read)
{
	start();
	bn_oci_descriptor written = make("power-3"), found;
	bn_oci_manifest m;
	bn_layout *l;
	char command[1000], archive[400];
	snprintf(archive, sizeof archive, "%s/a.tar", dir.path);
	snprintf(command, sizeof command, "tar cf %s -C %s .", archive, path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_bn_ok(bn_layout_open(&l, bn_env_real(), archive, &err), &err);
	ck_assert_bn_ok(bn_layout_find(&found, l, "power-3", &err), &err);
	ck_assert_str_eq(found.digest, written.digest);
	ck_assert_bn_ok(bn_layout_manifest(&m, NULL, l, &found, &err), &err);
	ck_assert_bn_ok(bn_layout_blob_verify(l, &m.layers[0], NULL, &err), &err);
	m.layers[0].size++;
	ck_assert_int_eq(bn_layout_blob_verify(l, &m.layers[0], NULL, NULL), BN_ECORRUPT);
	found.digest[10] = found.digest[10] == 'a' ? 'b' : 'a';
	ck_assert(!bn_layout_has(l, &found));
	bn_oci_manifest_release(&m);
	bn_layout_close(l);
	/* a file twice; not a layout; not a tar file */
	snprintf(command, sizeof command, "tar rf %s -C %s ./index.json", archive, path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(bn_layout_open(&l, bn_env_real(), archive, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "'index.json' twice"));
	snprintf(command, sizeof command, "tar cf %s -C %s ./blobs", archive, path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(bn_layout_open(&l, bn_env_real(), archive, NULL), BN_EINVAL);
	ck_assert_int_eq(bn_layout_open(&l, bn_env_real(), "/bin/true", NULL), BN_EINVAL);
	ck_assert_int_eq(bn_layout_open(&l, bn_env_real(), "/dev/null", NULL), BN_EINVAL);
	toy_dir_remove(&dir);
}
END_TEST

/* ---- documents ------------------------------------------------------------------------------ */

static int parse_manifest(const char *text)
{
	bn_oci_manifest m;
	bn_err_clear(&err);
	int rc = bn_oci_manifest_parse(&m, text, strlen(text), "m", &err);
	bn_oci_manifest_release(&m);
	return rc;
}

#define DESCRIPTOR "{\"mediaType\":\"a/b\",\"digest\":\"sha256:" HEX64 "\",\"size\":1}"

START_TEST(test_manifest_faults_are_named)
{
	ck_assert_bn_ok(parse_manifest("{\"schemaVersion\":2,\"config\":" DESCRIPTOR
				       ",\"layers\":[" DESCRIPTOR "]}"),
		&err);
	ck_assert_bn_ok(parse_manifest("{\"schemaVersion\":2,\"mediaType\":\"" BN_DOCKER_MANIFEST
				       "\",\"config\":" DESCRIPTOR ",\"layers\":[]}"),
		&err);
	ck_assert_int_eq(parse_manifest("{\"schemaVersion\":2,\"manifests\":[]}"), BN_EINVAL);
	ck_assert_str_eq(err.msg, "m: is an index, not a manifest");
	ck_assert_int_eq(parse_manifest("{\"schemaVersion\":2,\"layers\":[]}"), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "config"));
	ck_assert_int_eq(parse_manifest("{\"schemaVersion\":2,\"config\":" DESCRIPTOR
					",\"layers\":[" DESCRIPTOR ",{}]}"),
		BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "layers[1]: field 'mediaType'"));
	ck_assert_int_eq(parse_manifest("{\"schemaVersion\":2,\"mediaType\":\"text/plain\","
					"\"config\":" DESCRIPTOR ",\"layers\":[]}"),
		BN_EUNSUPPORTED);
	ck_assert_int_eq(parse_manifest("{\"schemaVersion\":2,\"config\":" DESCRIPTOR
					",\"layers\":[],\"annotations\":{\"a\":1}}"),
		BN_EINVAL);
	bn_buf many = BN_BUF_INIT;
	bn_buf_adds(&many, "{\"schemaVersion\":2,\"config\":" DESCRIPTOR ",\"layers\":[");
	for (int i = 0; i <= BN_OCI_ENTRIES_MAX; i++)
		bn_buf_addf(&many, "%s" DESCRIPTOR, i ? "," : "");
	bn_buf_adds(&many, "]}");
	ck_assert_int_eq(parse_manifest(many.ptr), BN_EINVAL);
	bn_buf_release(&many);
}
END_TEST

START_TEST(test_index_chooses_this_machine)
{
	bn_oci_index_entry items[3] = {
		{.name = "a", .os = "linux", .architecture = "vax"},
		{.name = "a", .os = "linux"},
		{.name = "b", .os = "windows", .architecture = "vax"},
	};
	const bn_oci_index x = {items, 3};
	const bn_oci_index_entry *e;
	snprintf(items[1].architecture, sizeof items[1].architecture, "%s", bn_oci_architecture());
	ck_assert_bn_ok(bn_oci_index_pick(&e, &x, NULL, "x", &err), &err);
	ck_assert_ptr_eq(e, &items[1]);
	ck_assert_bn_ok(bn_oci_index_pick(&e, &x, "b", "x", &err), &err);
	ck_assert_ptr_eq(e, &items[2]);
	strcpy(items[1].os, "plan9");
	ck_assert_int_eq(bn_oci_index_pick(&e, &x, NULL, "x", &err), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.hint, "a linux/vax"));
	items[0] = items[1];
	strcpy(items[0].os, "linux");
	items[1] = items[0];
	ck_assert_int_eq(bn_oci_index_pick(&e, &x, "a", "x", NULL), BN_EINVAL);
}
END_TEST

BN_TEST_MAIN("core/package/layout", test_layout_written_is_read_back,
	test_layout_unfinished_leaves_nothing, test_layout_blob_expected_is_checked,
	test_layout_blob_continues_after_an_interruption,
	test_layout_hostile_index_is_refused_with_its_field, test_layout_hostile_files_are_refused,
	test_layout_in_an_archive_is_read, test_manifest_faults_are_named,
	test_index_chooses_this_machine)
