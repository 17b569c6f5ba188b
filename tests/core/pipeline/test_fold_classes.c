/* Every file of share/sql is named by a class, so tables are created nowhere else. */
#include "core/base/embedded.h"
#include "core/pipeline/fold_classes.h"
#include "core/store/index/fold.h"
#include "tests/support/check_main.h"

#include <string.h>

static bool is_named(const char *path)
{
	for (const bn_fold_class *const *c = bn_fold_classes; *c; c++)
		if ((*c)->schema && !strcmp((*c)->schema, path))
			return true;
	return !strcmp(path, "share/sql/0001_store.sql");
}

START_TEST(test_every_schema_file_belongs_to_a_class)
{
	for (const bn_embedded_file *f = bn_embedded_files; f->path; f++)
		if (!strncmp(f->path, "share/sql/", 10))
			ck_assert_msg(is_named(f->path), "no class has .schema = \"%s\"", f->path);
}
END_TEST

START_TEST(test_every_class_names_a_schema_file_that_exists)
{
	for (const bn_fold_class *const *c = bn_fold_classes; *c; c++)
		ck_assert_msg((*c)->schema && bn_embedded_get((*c)->schema), "class %s: no file '%s'",
			(*c)->name, (*c)->schema ? (*c)->schema : "-");
}
END_TEST

BN_TEST_MAIN("core/pipeline/fold_classes", test_every_schema_file_belongs_to_a_class,
	test_every_class_names_a_schema_file_that_exists)
