/* failing.c - see failing.h. */
#include "tui/cli/failing.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/check/expect.h"
#include "core/data/checks.h"
#include "core/data/dataset.h"
#include "core/table/scan.h"
#include "tui/cli/unmask.h"

#include <string.h>

/* "3", or "limits:3"; *suite is yours, NULL: the newest result of any. */
static int parse(char **suite, int64_t *number, const char *text, bn_err *err)
{
	const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
	*suite = NULL;
	if (!bn_parse_i64(digits, strlen(digits), number) || *number < 1 || *number > INT32_MAX)
		return bn_err_set(err, BN_EINVAL,
			"--failing %.60s is neither the number of a check nor SUITE:NUMBER", text);
	if (colon && !(*suite = bn_strndup(text, (size_t)(colon - text))))
		return bn_err_nomem(err, "a name");
	return 0;
}

/* The hash of the newest result of the version, of that suite if it is not NULL. */
static int find_result(char hash[65], bn_workspace *ws, const bn_dataset_version *v,
	const char *suite, bn_err *err)
{
	bn_dataset_checks checks = {NULL, 0};
	char ref[192];
	int rc;
	bn_dataset_version_name(v, ref, sizeof ref);
	hash[0] = '\0';
	rc = bn_dataset_checks_history(&checks, ws, v->name, v->version, suite, err);
	if (rc >= 0 && checks.count)
		snprintf(hash, 65, "%s", checks.items[0].result_hash);
	bn_dataset_checks_release(&checks);
	if (rc < 0 || hash[0])
		return rc;
	bn_err_set(err, BN_ENOTFOUND, "%s has not been checked%s%.60s%s", ref,
		suite ? " with suite '" : "", suite ? suite : "", suite ? "'" : "");
	bn_err_hint(err, "binnacle data check %s --suite FILE", ref);
	return BN_ENOTFOUND;
}

/* All rows that fail it, from the result and the table. *rows is yours. */
static int find_rows(uint64_t **rows, size_t *count, bn_workspace *ws, const bn_dataset_version *v,
	bn_table_reader *table, const char *check, bn_err *err)
{
	json_t *result = NULL;
	bn_suite *one = NULL;
	char hash[65], *suite = NULL;
	int64_t number = 0;
	int rc;
	if ((rc = parse(&suite, &number, check, err)) < 0 ||
		(rc = find_result(hash, ws, v, suite, err)) < 0 ||
		(rc = bn_dataset_load_json(&result, ws, v, hash, err)) < 0 ||
		(rc = bn_suite_of_result(&one, result, (size_t)(number - 1), err)) < 0)
		goto out;
	rc = bn_expect_rows(rows, count, table, &one->items[0], NULL, err);
out:
	bn_suite_free(one);
	json_decref(result);
	bn_free(suite);
	return rc;
}

int bn_cli_open_failing(bn_table_reader **out, bn_table_reader **whole, bn_cli *cli, const char *ref,
	const char *check, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_table_reader *values = NULL; /* which rows fail does not depend on masks */
	uint64_t *rows = NULL;
	size_t count = 0;
	int rc;
	_Static_assert(sizeof(uint64_t) == sizeof(int64_t), "row numbers");
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, err)) < 0 ||
		(rc = bn_cli_unmask(cli, ws, v, err)) < 0 ||
		(rc = bn_dataset_open_table_watched(whole, ws, v, &watch, err)) < 0 ||
		(rc = bn_dataset_open_whole(&values, ws, v, &watch, err)) < 0 ||
		(rc = find_rows(&rows, &count, ws, v, values, check, err)) < 0)
		goto out;
	rc = bn_table_pick(out, *whole, (const int64_t *)(const void *)rows, count, err);
out:
	bn_free(rows);
	bn_table_reader_free(values);
	bn_dataset_version_free(v);
	return rc;
}
