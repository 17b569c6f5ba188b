/* spec_table.c - the table of a spec's fields (documented in spec.h), and their individual rules. */
#include "core/run/_spec.h"
#include "core/run/run_log.h"

#include <string.h>

static const char *const tasks[] = {"auto", "regression", "classification", NULL};
static const char *const imputes[] = {"mean", "median", "most_frequent", NULL};
static const char *const kinds[] = {"random", "order", NULL};
static const char *const parts[] = {"train", "valid", "test", NULL};
static const char *const runtimes[] = {"apptainer", "podman", "charliecloud", NULL};

/* ---- rules of individual fields
 * ----------------------------------------------------------------- */

static int format_rule(const json_t *v, const char *where, bn_err *err)
{
	if (json_integer_value(v) == 1)
		return 0;
	bn_err_set(err, BN_EINVAL, "%s is not 1", where);
	bn_err_hint(err, "a newer version of binnacle wrote it");
	return BN_EINVAL;
}

static int split_rule(const json_t *v, const char *where, bn_err *err)
{
	double valid = json_number_value(json_object_get(v, "valid"));
	double test = json_number_value(json_object_get(v, "test"));
	return valid + test < 1 ? 0
				: bn_err_set(err, BN_EINVAL,
					  "%s: valid and test leave nothing to train on", where);
}

static bool is_variable(const char *name, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	if (n == 0 || !memchr(letters, name[0], sizeof letters - 1))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!memchr(letters, name[i], sizeof letters - 1) &&
			(name[i] < '0' || name[i] > '9'))
			return false;
	return true;
}

static int as_rule(const json_t *v, const char *where, bn_err *err)
{
	const char *name = json_string_value(v);
	return is_variable(name, strlen(name)) ? 0
					       : bn_err_set(err, BN_EINVAL,
							 "%s: '%.80s' must be letters, digits and "
							 "_, and not begin with a digit",
							 where, name);
}

static int outputs_rule(const json_t *v, const char *where, bn_err *err)
{
	json_t *item;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)v, i, item)
	{
		const char *p = json_string_value(item), *up = strstr(p, "..");
		bool leaves = false;
		for (; up && !leaves; up = strstr(up + 2, ".."))
			leaves = (up == p || up[-1] == '/') && (!up[2] || up[2] == '/');
		if (!p[0] || p[0] == '/' || leaves)
			return bn_err_set(err, BN_EINVAL,
				"%s: '%.120s' must be a pattern below the working directory, such "
				"as \"out/*.png\"",
				where, p);
	}
	return 0;
}

static int secrets_rule(const json_t *v, const char *where, bn_err *err)
{
	const char *name;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)v, name, item)
	{
		const char *ref = json_string_value(item);
		if (!is_variable(name, strlen(name)) || !strncmp(name, "BINNACLE_", 9))
			return bn_err_set(err, BN_EINVAL,
				"%s: '%.80s' is not a valid environment variable for a secret",
				where, name);
		if ((!strncmp(ref, "env:", 4) && is_variable(ref + 4, strlen(ref + 4))) ||
			!strncmp(ref, "file:/", 6))
			continue;
		/* The text may be the secret itself, so it is not repeated. */
		bn_err_set(err, BN_EINVAL,
			"%s: %s must be a reference, \"env:NAME\" or \"file:/PATH\"", where, name);
		bn_err_hint(err, "the value itself must never be in a spec");
		return BN_EINVAL;
	}
	return 0;
}

/* ---- tables --------------------------------------------------------------------------------- */

#define INT(s, n, least, fl) \
	{ \
		.name = #n, .type = BN_FIELD_INT, .offset = offsetof(s, n), .min = (least), \
		.flags = (fl) \
	}
#define TEXT(s, n, fl) \
	{ \
		.name = #n, .type = BN_FIELD_TEXT, .offset = offsetof(s, n), .flags = (fl) \
	}
#define WORD(s, n, list, fl) \
	{ \
		.name = #n, .type = BN_FIELD_TEXT, .offset = offsetof(s, n), .words = (list), \
		.flags = (fl) \
	}
#define SIMPLE(s, n, t, fl) \
	{ \
		.name = #n, .type = (t), .offset = offsetof(s, n), .flags = (fl) \
	}

static const bn_field data_fields[] = {
	TEXT(bn_spec_data, name, 0),
	INT(bn_spec_data, version, 1, 0),
	TEXT(bn_spec_data, digest, 0),
	WORD(bn_spec_data, part, parts, 0),
	{.name = "as",
		.type = BN_FIELD_TEXT,
		.offset = offsetof(bn_spec_data, as),
		.rule = as_rule},
	{.name = NULL},
};

static const bn_field split_fields[] = {
	WORD(bn_spec_split, kind, kinds, 0),
	SIMPLE(bn_spec_split, valid, BN_FIELD_SHARE, 0),
	SIMPLE(bn_spec_split, test, BN_FIELD_SHARE, 0),
	INT(bn_spec_split, seed, 0, 0),
	{.name = NULL},
};

static const bn_field code_fields[] = {
	TEXT(bn_spec_code, path, 0),
	TEXT(bn_spec_code, commit, 0),
	TEXT(bn_spec_code, branch, 0),
	TEXT(bn_spec_code, diff, 0),
	TEXT(bn_spec_code, unavailable, 0),
	SIMPLE(bn_spec_code, dirty, BN_FIELD_BOOL, 0),
	INT(bn_spec_code, untracked, 0, 0),
	{.name = NULL},
};

static const bn_field resources_fields[] = {
	INT(bn_spec_resources, nodes, 1, 0),
	INT(bn_spec_resources, tasks, 1, 0),
	INT(bn_spec_resources, cpus, 1, 0),
	INT(bn_spec_resources, gpus, 0, 0),
	INT(bn_spec_resources, memory_bytes, 1, 0),
	INT(bn_spec_resources, time_s, 1, 0),
	TEXT(bn_spec_resources, partition, 0),
	TEXT(bn_spec_resources, account, 0),
	TEXT(bn_spec_resources, qos, 0),
	TEXT(bn_spec_resources, constraint, 0),
	{.name = NULL},
};

static const bn_field container_fields[] = {
	TEXT(bn_spec_container, image, 0),
	TEXT(bn_spec_container, digest, 0),
	WORD(bn_spec_container, runtime, runtimes, BN_FIELD_NO_RECIPE),
	{.name = NULL},
};

static const bn_field input_fields[] = {
	TEXT(bn_spec_input, path, 0),
	TEXT(bn_spec_input, hash, 0),
	{.name = NULL},
};

const bn_field bn_spec_fields[] = {
	{.name = "format",
		.type = BN_FIELD_INT,
		.offset = offsetof(bn_spec, format),
		.min = 0,
		.rule = format_rule},
	TEXT(bn_spec, trainer, 0),
	SIMPLE(bn_spec, command, BN_FIELD_TEXTS, 0),
	SIMPLE(bn_spec, hyper, BN_FIELD_OBJECT, BN_FIELD_TRAINER),
	{.name = "data",
		.type = BN_FIELD_LIST,
		.flags = BN_FIELD_MAY_TEXT,
		.offset = offsetof(bn_spec, data),
		.count = offsetof(bn_spec, data_count),
		.size = sizeof(bn_spec_data),
		.source = offsetof(bn_spec_data, source),
		.of = data_fields,
		.what = "a name such as \"jobs@v3\", or an object with a name"},
	TEXT(bn_spec, target, BN_FIELD_TRAINER),
	SIMPLE(bn_spec, features, BN_FIELD_TEXTS, BN_FIELD_TRAINER),
	SIMPLE(bn_spec, exclude, BN_FIELD_TEXTS, BN_FIELD_TRAINER | BN_FIELD_MAY_EMPTY),
	TEXT(bn_spec, where, BN_FIELD_TRAINER),
	WORD(bn_spec, task, tasks, BN_FIELD_TRAINER),
	WORD(bn_spec, impute, imputes, BN_FIELD_TRAINER),
	SIMPLE(bn_spec, standardise, BN_FIELD_BOOL, BN_FIELD_TRAINER),
	{.name = "split",
		.type = BN_FIELD_GROUP,
		.flags = BN_FIELD_TRAINER,
		.offset = offsetof(bn_spec, split),
		.of = split_fields,
		.rule = split_rule},
	INT(bn_spec, seed, 0, 0),
	INT(bn_spec, threads, 0, BN_FIELD_NO_RECIPE),
	INT(bn_spec, time_limit_s, 1, BN_FIELD_NO_RECIPE),
	INT(bn_spec, grace_s, 0, BN_FIELD_NO_RECIPE),
	INT(bn_spec, log_limit_bytes, BN_RUN_LOG_LIMIT_LEAST, BN_FIELD_NO_RECIPE),
	INT(bn_spec, retries, 0, BN_FIELD_NO_RECIPE | BN_FIELD_COMMAND),
	{.name = "code",
		.type = BN_FIELD_GROUP,
		.offset = offsetof(bn_spec, code),
		.of = code_fields},
	SIMPLE(bn_spec, environment, BN_FIELD_OBJECT, BN_FIELD_NO_RECIPE),
	TEXT(bn_spec, workdir, BN_FIELD_NO_RECIPE),
	SIMPLE(bn_spec, tags, BN_FIELD_MAP, BN_FIELD_NO_RECIPE),
	TEXT(bn_spec, executor, BN_FIELD_NO_RECIPE),
	{.name = "resources",
		.type = BN_FIELD_GROUP,
		.flags = BN_FIELD_NO_RECIPE,
		.offset = offsetof(bn_spec, resources),
		.of = resources_fields},
	{.name = "container",
		.type = BN_FIELD_GROUP,
		.flags = BN_FIELD_COMMAND,
		.offset = offsetof(bn_spec, container),
		.of = container_fields},
	{.name = "inputs",
		.type = BN_FIELD_LIST,
		.flags = BN_FIELD_COMMAND,
		.offset = offsetof(bn_spec, inputs),
		.count = offsetof(bn_spec, input_count),
		.size = sizeof(bn_spec_input),
		.source = offsetof(bn_spec_input, source),
		.of = input_fields,
		.what = "a path, or an object with a path"},
	{.name = "outputs",
		.type = BN_FIELD_TEXTS,
		.flags = BN_FIELD_NO_RECIPE | BN_FIELD_COMMAND | BN_FIELD_MAY_EMPTY,
		.offset = offsetof(bn_spec, outputs),
		.rule = outputs_rule},
	{.name = "secrets",
		.type = BN_FIELD_MAP,
		.flags = BN_FIELD_NO_RECIPE | BN_FIELD_COMMAND,
		.offset = offsetof(bn_spec, secrets),
		.rule = secrets_rule},
	{.name = NULL},
};
