/* Packages in every form: the same image, whole or not at all, and replaced only by their like. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/package/form.h"
#include "core/package/package_log.h"
#include "core/pipeline/fold_classes.h"
#include "core/registry/registry.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static toy_env te;
static bn_workspace *ws;
static bn_err err = BN_ERR_INIT;
static char path[400];

static void put_part(bn_manifest *m, const char *file, const char *text, uint64_t at, bool whole)
{
	bn_manifest_part p = {.path = (char *)(uintptr_t)file, .at = at, .whole = whole};
	p.bytes = strlen(text);
	ck_assert_bn_ok(bn_object_put(ws, text, p.bytes, p.hash, &err), &err);
	ck_assert_bn_ok(bn_manifest_add(m, &p, &err), &err);
}

/* A model with a file in two parts, and directories beside files of a similar name. */
static void start(void)
{
	bn_manifest m;
	char hash[65];
	int64_t version;
	toy_dir_make(&dir);
	toy_env_init(&te, &dir);
	te.env.fs = &faultfs_ops;
	snprintf(path, sizeof path, "%s/ws", dir.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_bn_ok(bn_workspace_init(&te.env, path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &te.env, bn_fold_classes, path, &err), &err);
	snprintf(path, sizeof path, "%s/out", dir.path);
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	put_part(&m, "MLmodel", "flavors:\n", 0, true);
	put_part(&m, "a.txt", "beside a", 0, true);
	put_part(&m, "a/b.txt", "in a", 0, true);
	put_part(&m, "a/c/d.txt", "", 0, true);
	put_part(&m, "a0", "after a", 0, true);
	put_part(&m, "weights", "first ", 0, false);
	put_part(&m, "weights", "second", 6, false);
	ck_assert_bn_ok(bn_manifest_seal(&m, &err), &err);
	ck_assert_bn_ok(bn_manifest_store(ws, &m, hash, &err), &err);
	bn_manifest_release(&m);
	bn_registration r = {.name = "power",
		.author_uid = getuid(),
		.author = "me",
		.manifest = hash,
		.trainer = "ridge"};
	ck_assert_bn_ok(bn_version_register_manifest(&version, ws, &r, &err), &err);
	ck_assert_int_eq(version, 1);
}

static void stop(void)
{
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

static int make(bn_package_made *made, bn_package_format f, bool force, bool dry_run, bn_err *e)
{
	const bn_package_making making = {.image = {.spec = "power/1", .unapproved = true},
		.format = f,
		.path = path,
		.force = force,
		.dry_run = dry_run};
	return bn_package_make(made, ws, &making, e);
}

static void file_holds(const char *name, const char *text)
{
	bn_buf b = BN_BUF_INIT;
	char *file = bn_path_join(path, name);
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), file, &b, &err), &err);
	ck_assert_str_eq(b.ptr, text);
	bn_buf_release(&b);
	free(file);
}

START_TEST(test_image_has_the_models_files_as_they_are)
{
	bn_package_made made;
	start();
	ck_assert_bn_ok(make(&made, BN_PACKAGE_DIR, false, false, &err), &err);
	file_holds("model/MLmodel", "flavors:\n");
	file_holds("model/a.txt", "beside a");
	file_holds("model/a/b.txt", "in a");
	file_holds("model/a/c/d.txt", "");
	file_holds("model/a0", "after a");
	file_holds("model/weights", "first second");
	ck_assert_str_eq(made.image.reference, "power:1");
	ck_assert(made.image.is_unapproved);
	ck_assert_ptr_null(made.image.run);
	bn_package_made_release(&made);
	stop();
}
END_TEST

START_TEST(test_image_is_the_same_in_every_form_and_labelled)
{
	bn_package_made first, made;
	bn_layout *l;
	bn_oci_descriptor d;
	bn_oci_manifest m;
	bn_buf config = BN_BUF_INIT;
	char *model;
	int64_t version;
	start();
	ck_assert_bn_ok(make(&first, BN_PACKAGE_OCI, false, true, &err), &err);
	ck_assert(!bn_fs_exists(bn_env_real(), path));
	for (int f = 0; f < BN_PACKAGE_FORMATS; f++) {
		snprintf(path, sizeof path, "%s/out-%d", dir.path, f);
		ck_assert_bn_ok(make(&made, (bn_package_format)f, false, false, &err), &err);
		ck_assert_str_eq(made.image.manifest.digest, first.image.manifest.digest);
		ck_assert_str_eq(made.path, path);
		bn_package_made_release(&made);
		ck_assert_int_eq(
			make(&made, (bn_package_format)f, false, false, NULL), BN_ECONFLICT);
	}
	for (int f = BN_PACKAGE_OCI; f <= BN_PACKAGE_OCI_ARCHIVE; f++) {
		snprintf(path, sizeof path, "%s/out-%d", dir.path, f);
		ck_assert_bn_ok(bn_layout_open(&l, bn_env_real(), path, &err), &err);
		ck_assert_bn_ok(bn_layout_find(&d, l, "power:1", &err), &err);
		ck_assert_str_eq(d.digest, first.image.manifest.digest);
		ck_assert_bn_ok(bn_layout_manifest(&m, NULL, l, &d, &err), &err);
		for (size_t i = 0; i < m.layer_count; i++)
			ck_assert_bn_ok(bn_layout_blob_verify(l, &m.layers[i], NULL, &err), &err);
		ck_assert_bn_ok(bn_layout_blob_get(&config, l, &m.config, &err), &err);
		ck_assert_bn_ok(
			bn_image_labels(&model, &version, config.ptr, config.len, &err), &err);
		ck_assert_str_eq(model, "power");
		ck_assert_int_eq(version, 1);
		bn_free(model);
		bn_buf_clear(&config);
		bn_oci_manifest_release(&m);
		bn_layout_close(l);
	}
	bn_packages list;
	ck_assert_bn_ok(bn_package_list(&list, ws, "power", 1, 0, &err), &err);
	ck_assert_uint_eq(list.count, BN_PACKAGE_FORMATS);
	bn_packages_release(&list);
	bn_buf_release(&config);
	bn_package_made_release(&first);
	stop();
}
END_TEST

#define LABELS(model, version) \
	"{\"config\":{\"Labels\":{\"binnacle.model\":" model ",\"binnacle.version\":" version "}}" \
	"}"

START_TEST(test_labels_of_other_images_name_no_version)
{
	static const char *const configs[] = {"{}", "{\"config\":{}}",
		"{\"config\":{\"Labels\":7}}", LABELS("\"../x\"", "\"1\""),
		LABELS("\"x\"", "\"0\""), LABELS("\"x\"", "1"), LABELS("7", "\"1\"")};
	char *model;
	int64_t version;
	for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
		ck_assert_bn_ok(
			bn_image_labels(&model, &version, configs[i], strlen(configs[i]), &err),
			&err);
		ck_assert_ptr_null(model);
		ck_assert_int_eq(version, 0);
	}
	ck_assert_int_eq(bn_image_labels(&model, &version, "{", 1, NULL), BN_EINVAL);
}
END_TEST

/* The digest of what is at the path: "" if nothing is; the test fails if it is not whole. */
static void whole_digest(char digest[BN_OCI_DIGEST_TEXT])
{
	bn_layout *l;
	bn_oci_descriptor d;
	bn_oci_manifest m;
	digest[0] = '\0';
	if (!bn_fs_exists(bn_env_real(), path))
		return;
	ck_assert_bn_ok(bn_layout_open(&l, bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_layout_find(&d, l, NULL, &err), &err);
	ck_assert_bn_ok(bn_layout_manifest(&m, NULL, l, &d, &err), &err);
	for (size_t i = 0; i < m.layer_count; i++)
		ck_assert_bn_ok(bn_layout_blob_verify(l, &m.layers[i], NULL, &err), &err);
	memcpy(digest, d.digest, sizeof d.digest);
	bn_oci_manifest_release(&m);
	bn_layout_close(l);
}

/* A layout or an archive after a failure of the disk: not there, or whole. */
static void fails_whole(bn_package_format f, faultfs_kind kind)
{
	enum { POINTS = 8 };
	char digest[BN_OCI_DIGEST_TEXT];
	bn_package_made made;
	faultfs_arm(FAULTFS_NONE, 0);
	ck_assert_bn_ok(make(&made, f, false, false, &err), &err);
	bn_package_made_release(&made);
	long changes = faultfs_count(), stride = 1 + changes / POINTS;
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
	for (long at = 1; at <= changes; at += at > 4 && at + 4 < changes ? stride : 1) {
		faultfs_arm(kind, at);
		int rc = make(&made, f, false, false, NULL);
		faultfs_arm(FAULTFS_NONE, 0);
		whole_digest(digest);
		if (!rc)
			ck_assert_str_eq(digest, made.image.manifest.digest);
		if (!rc)
			bn_package_made_release(&made);
		bn_workspace_commit(ws, NULL); /* the log's own failure is reported once */
		ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
	}
}

START_TEST(test_package_is_whole_after_every_fault_of_the_disk)
{
	start();
	fails_whole(BN_PACKAGE_OCI, FAULTFS_EIO);
	fails_whole(BN_PACKAGE_OCI_ARCHIVE, FAULTFS_EIO);
	fails_whole(BN_PACKAGE_OCI_ARCHIVE, FAULTFS_ENOSPC);
	stop();
}
END_TEST

START_TEST(test_package_without_memory_is_an_error)
{
	bn_package_made made;
	start();
	int rc = -1;
	for (long at = 1; rc < 0; at += at < 20 ? 1 : 37) {
		bn_err_clear(&err);
		bn_alloc_fail_at(at);
		rc = make(&made, BN_PACKAGE_OCI, false, true, &err);
		bn_alloc_fail_at(0);
		ck_assert_msg(!rc || err.msg[0], "allocation %ld: %d without a message", at, rc);
		ck_assert_int_lt(at, 100000);
	}
	bn_package_made_release(&made);
	stop();
}
END_TEST

BN_TEST_MAIN("core/package/form", test_image_has_the_models_files_as_they_are,
	test_image_is_the_same_in_every_form_and_labelled,
	test_labels_of_other_images_name_no_version,
	test_package_is_whole_after_every_fault_of_the_disk,
	test_package_without_memory_is_an_error)
