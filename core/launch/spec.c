/* spec.c - see spec.h. */
#include "core/launch/spec.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/data/table.h"
#include "core/learn/trainer.h"
#include "core/run/environment.h"
#include "core/store/object/object.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const spec_keys[] = {"format", "trainer", "command", "hyper", "data", "target",
	"features", "exclude", "task", "impute", "standardise", "split", "seed", "threads",
	"time_limit_s", "grace_s", "code", "environment", "workdir", "tags", NULL};
static const char *const data_keys[] = {"name", "version", "digest", "part", NULL};
static const char *const split_keys[] = {"kind", "valid", "test", "seed", NULL};
static const char *const code_keys[] = {
	"path", "commit", "branch", "dirty", "untracked", "diff", "unavailable", NULL};
static const char *const tasks[] = {"auto", "regression", "classification", NULL};
static const char *const imputes[] = {"mean", "median", "most_frequent", NULL};
static const char *const kinds[] = {"random", "order", NULL};
static const char *const parts[] = {"train", "valid", "test", NULL};

/* ---- checks --------------------------------------------------------------------------------- */

static int wrong(const char *where, const char *key, const char *must, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "%s: field '%s' must be %s", where, key, must);
}

static int check_word(
	const json_t *o, const char *key, const char *const *words, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(o, key);
	if (!v)
		return 0;
	const char *text = json_string_value(v);
	for (size_t i = 0; text && words[i]; i++)
		if (!strcmp(words[i], text))
			return 0;
	char list[128] = "";
	for (size_t i = 0; words[i]; i++) {
		size_t n = strlen(list);
		snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "one of ", words[i]);
	}
	wrong(where, key, list, err);
	const char *near = text ? bn_nearest_word(text, words) : NULL;
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	return BN_EINVAL;
}

static int check_int(const json_t *o, const char *key, int64_t min, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(o, key);
	char must[64];
	if (!v || (json_is_integer(v) && json_integer_value(v) >= min))
		return 0;
	snprintf(must, sizeof must, "an integer of at least %lld", (long long)min);
	return wrong(where, key, must, err);
}

static int check_text(const json_t *o, const char *key, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(o, key);
	return !v || json_string_length(v) > 0 ? 0 : wrong(where, key, "a text", err);
}

static int check_texts(
	const json_t *o, const char *key, bool may_be_empty, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(o, key), *item;
	size_t i;
	if (!v)
		return 0;
	bool ok = json_is_array(v) && (may_be_empty || json_array_size(v) > 0);
	json_array_foreach((json_t *)(uintptr_t)v, i, item) ok =
		ok && json_is_string(item) && (i > 0 || may_be_empty || json_string_length(item));
	return ok ? 0 : wrong(where, key, "a list of texts", err);
}

static int check_share(const json_t *o, const char *key, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(o, key);
	double x = json_number_value(v);
	return !v || (json_is_number(v) && x >= 0 && x < 1)
		       ? 0
		       : wrong(where, key, "a share, at least 0 and below 1", err);
}

static int check_data(const json_t *data, const char *where, bn_err *err)
{
	char place[200];
	json_t *d;
	size_t i;
	int rc = 0;
	if (!data)
		return 0;
	if (!json_is_array(data))
		return wrong(where, "data", "a list of dataset versions", err);
	json_array_foreach((json_t *)(uintptr_t)data, i, d)
	{
		const char *name, *digest;
		int64_t version;
		snprintf(place, sizeof place, "%.150s: data[%zu]", where, i);
		if (rc == 0 && !json_is_object(d))
			rc = bn_err_set(err, BN_EINVAL, "%s must be an object", place);
		if (rc == 0)
			rc = bn_json_only_keys(d, data_keys, place, err);
		if (rc == 0)
			rc = bn_json_need_str(d, "name", &name, place, err);
		if (rc == 0)
			rc = bn_json_need_int(d, "version", &version, place, err);
		if (rc == 0)
			rc = bn_json_need_str(d, "digest", &digest, place, err);
		if (rc == 0 && version < 1)
			rc = wrong(place, "version", "1 or more", err);
		if (rc == 0)
			rc = check_word(d, "part", parts, place, err);
	}
	return rc;
}

static int check_split(const json_t *split, const char *where, bn_err *err)
{
	char place[200];
	if (!split)
		return 0;
	snprintf(place, sizeof place, "%.150s: split", where);
	if (!json_is_object(split))
		return bn_err_set(err, BN_EINVAL, "%s must be an object", place);
	int rc = bn_json_only_keys(split, split_keys, place, err);
	if (rc == 0)
		rc = check_word(split, "kind", kinds, place, err);
	if (rc == 0)
		rc = check_share(split, "valid", place, err);
	if (rc == 0)
		rc = check_share(split, "test", place, err);
	if (rc == 0)
		rc = check_int(split, "seed", 0, place, err);
	if (rc == 0 && !(bn_json_num(split, "valid", 0) + bn_json_num(split, "test", 0) < 1))
		rc = bn_err_set(
			err, BN_EINVAL, "%s: valid and test leave nothing to train on", place);
	return rc;
}

static int check_objects(const json_t *spec, const char *where, bn_err *err)
{
	static const char *const objects[] = {"hyper", "code", "environment", "tags"};
	const char *key;
	json_t *value;
	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
		const json_t *v = json_object_get(spec, objects[i]);
		if (v && !json_is_object(v))
			return wrong(where, objects[i], "an object", err);
	}
	json_object_foreach(json_object_get(spec, "tags"), key, value)
	{
		if (!json_is_string(value))
			return bn_err_set(
				err, BN_EINVAL, "%s: tags: '%s' must be a text", where, key);
	}
	const json_t *code = json_object_get(spec, "code");
	return code ? bn_json_only_keys(code, code_keys, where, err) : 0;
}

static int check_numbers(const json_t *spec, const char *where, bn_err *err)
{
	int rc = check_int(spec, "seed", 0, where, err);
	if (rc == 0)
		rc = check_int(spec, "threads", 0, where, err);
	if (rc == 0)
		rc = check_int(spec, "time_limit_s", 1, where, err);
	if (rc == 0)
		rc = check_int(spec, "grace_s", 0, where, err);
	const json_t *format = json_object_get(spec, "format");
	if (rc == 0 && format && json_integer_value(format) != 1) {
		rc = bn_err_set(err, BN_EINVAL, "%s: format is not 1", where);
		bn_err_hint(err, "a newer version of binnacle wrote it");
	}
	const json_t *standardise = json_object_get(spec, "standardise");
	if (rc == 0 && standardise && !json_is_boolean(standardise))
		rc = wrong(where, "standardise", "true or false", err);
	return rc;
}

static bool has_part(const json_t *spec, const char *part)
{
	json_t *d;
	size_t i;
	json_array_foreach(json_object_get(spec, "data"), i, d)
	{
		if (!strcmp(bn_json_str(d, "part", "train"), part))
			return true;
	}
	return false;
}

/* A share would be taken off the training rows in place of the version that is there for it. */
static int check_parts(const json_t *spec, const char *where, bn_err *err)
{
	const json_t *split = json_object_get(spec, "split");
	for (size_t i = 1; i < 3; i++)
		if (has_part(spec, parts[i]) && bn_json_num(split, parts[i], 0) > 0)
			return bn_err_set(err, BN_EINVAL,
				"%s: part '%s' has a version in 'data' and a share in 'split': "
				"give one of them",
				where, parts[i]);
	return 0;
}

static int check_trainer(const json_t *spec, const char *where, bn_err *err)
{
	const bn_trainer *trainer;
	const char *name = json_string_value(json_object_get(spec, "trainer"));
	json_t *resolved = NULL;
	if (!name)
		return wrong(where, "trainer", "the name of a trainer", err);
	int rc = bn_trainer_find(&trainer, name, err);
	if (rc == 0 && json_object_get(spec, "hyper"))
		rc = bn_hyper_resolve(&resolved, trainer->hyper, trainer->hyper_count,
			json_object_get(spec, "hyper"), err);
	json_decref(resolved);
	if (rc != 0) {
		bn_err_prefix(err, "%s", where);
		return rc == BN_ENOTFOUND ? (err ? (err->code = BN_EINVAL) : BN_EINVAL) : rc;
	}
	if (!json_object_get(spec, "target"))
		return bn_err_set(err, BN_EINVAL,
			"%s: a trainer needs field 'target', the column to predict", where);
	const json_t *d = json_array_get(json_object_get(spec, "data"), 0);
	if (!d || strcmp(bn_json_str(d, "part", "train"), "train") != 0)
		return bn_err_set(err, BN_EINVAL,
			"%s: a trainer needs field 'data', first the version to train on", where);
	return check_parts(spec, where, err);
}

static int check_command(const json_t *spec, const char *where, bn_err *err)
{
	static const char *const only[] = {
		"hyper", "target", "features", "exclude", "task", "impute", "standardise", "split"};
	for (size_t i = 0; i < sizeof only / sizeof *only; i++)
		if (json_object_get(spec, only[i]))
			return bn_err_set(err, BN_EINVAL,
				"%s: field '%s' is for trainers, not for a command", where,
				only[i]);
	return check_texts(spec, "command", false, where, err);
}

/* Everything but whether trainer and data are complete. */
static int check_fields(const json_t *spec, const char *where, bn_err *err)
{
	if (!json_is_object(spec))
		return bn_err_set(err, BN_EINVAL, "%s: a spec is a JSON object", where);
	int rc = bn_json_only_keys(spec, spec_keys, where, err);
	if (rc == 0)
		rc = check_numbers(spec, where, err);
	if (rc == 0)
		rc = check_text(spec, "target", where, err);
	if (rc == 0)
		rc = check_text(spec, "workdir", where, err);
	if (rc == 0)
		rc = check_texts(spec, "features", false, where, err);
	if (rc == 0)
		rc = check_texts(spec, "exclude", true, where, err);
	if (rc == 0)
		rc = check_word(spec, "task", tasks, where, err);
	if (rc == 0)
		rc = check_word(spec, "impute", imputes, where, err);
	if (rc == 0)
		rc = check_split(json_object_get(spec, "split"), where, err);
	if (rc == 0)
		rc = check_objects(spec, where, err);
	bool trainer = json_object_get(spec, "trainer"), command = json_object_get(spec, "command");
	if (rc == 0 && trainer == command)
		rc = bn_err_set(err, BN_EINVAL,
			"%s: give either 'trainer' or 'command', one of them", where);
	return rc;
}

int bn_spec_check(const json_t *spec, const char *where, bn_err *err)
{
	int rc = check_fields(spec, where, err);
	if (rc == 0)
		rc = check_data(json_object_get(spec, "data"), where, err);
	if (rc == 0)
		rc = bn_spec_is_command(spec) ? check_command(spec, where, err)
					      : check_trainer(spec, where, err);
	return rc;
}

int bn_spec_parse(json_t **out, const char *text, size_t n, const char *source, bn_err *err)
{
	json_t *spec = NULL;
	int rc = bn_json_parse(&spec, text, n, source, err);
	if (rc == 0)
		rc = check_fields(spec, source, err);
	if (rc == 0)
		*out = spec;
	else
		json_decref(spec);
	return rc;
}

int bn_spec_load(json_t **out, const bn_env *env, const char *path, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	int rc = bn_fs_read_file(env, path, &b, err);
	if (rc == 0)
		rc = bn_spec_parse(out, b.ptr, b.len, path, err);
	bn_buf_release(&b);
	return rc;
}

bool bn_spec_is_command(const json_t *spec)
{
	return json_object_get(spec, "command") != NULL;
}

/* ---- filling in ----------------------------------------------------------------------------- */

/* One item of data as the user wrote it: "jobs@v3", or an object with a name and perhaps a version,
 * digest and part. */
static int resolve_data_item(json_t **out, bn_workspace *ws, const json_t *item, bn_err *err)
{
	bn_dataset_version *v = NULL;
	const char *name =
		json_is_string(item) ? json_string_value(item) : bn_json_str(item, "name", NULL);
	int64_t version = bn_json_int(item, "version", 0);
	if (!name)
		return bn_err_set(err, BN_EINVAL,
			"data: an item is a name such as \"jobs@v3\" or an object with a name");
	if (json_is_object(item)) {
		int rc = bn_json_only_keys(item, data_keys, "data", err);
		if (rc != 0)
			return rc;
	}
	char *ref = version > 0 ? bn_strf("%s@v%lld", name, (long long)version) : bn_strdup(name);
	if (!ref)
		return bn_err_nomem(err, "a name");
	int rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, err);
	const char *digest = bn_json_str(item, "digest", NULL);
	if (rc == 0 && digest && strcmp(digest, v->hash) != 0)
		rc = bn_err_set(
			err, BN_EINVAL, "data: %s is %.12s, not %.12s", ref, v->hash, digest);
	if (rc == 0)
		*out = json_pack("{ss sI ss}", "name", v->name, "version", (json_int_t)v->version,
			"digest", v->hash);
	if (rc == 0 && !*out)
		rc = bn_err_nomem(err, "a spec");
	const char *part = bn_json_str(item, "part", NULL);
	if (rc == 0 && part)
		json_object_set_new(*out, "part", json_string(part));
	bn_dataset_version_free(v);
	bn_free(ref);
	return rc;
}

static int resolve_data(json_t *spec, bn_workspace *ws, bn_err *err)
{
	json_t *given = json_object_get(spec, "data"), *item, *list, *one;
	size_t i;
	int rc = 0;
	if (!given)
		return 0;
	if (!json_is_array(given) && !json_is_string(given))
		return wrong("spec", "data", "a name or a list of dataset versions", err);
	list = json_array();
	if (json_is_string(given)) {
		rc = resolve_data_item(&one, ws, given, err);
		if (rc == 0)
			json_array_append_new(list, one);
	}
	json_array_foreach(given, i, item)
	{
		if (rc == 0 && (rc = resolve_data_item(&one, ws, item, err)) == 0)
			json_array_append_new(list, one);
	}
	if (rc == 0)
		json_object_set(spec, "data", list);
	json_decref(list);
	return rc;
}

static void set_default(json_t *o, const char *key, json_t *value_taken)
{
	if (!json_object_get(o, key))
		json_object_set(o, key, value_taken);
	json_decref(value_taken);
}

static int resolve_trainer(json_t *spec, bn_err *err)
{
	const bn_trainer *trainer;
	json_t *hyper = NULL, *split = json_object_get(spec, "split");
	const char *name = json_string_value(json_object_get(spec, "trainer"));
	if (!name)
		return wrong("spec", "trainer", "the name of a trainer", err);
	int rc = bn_trainer_find(&trainer, name, err);
	if (rc == 0)
		rc = bn_hyper_resolve(&hyper, trainer->hyper, trainer->hyper_count,
			json_object_get(spec, "hyper"), err);
	if (rc != 0)
		return rc;
	json_object_set_new(spec, "hyper", hyper);
	set_default(spec, "task", json_string("auto"));
	set_default(spec, "impute", json_string("mean"));
	set_default(spec, "standardise", json_true());
	if (!split) {
		split = json_object();
		json_object_set_new(spec, "split", split);
	}
	set_default(split, "kind", json_string("random"));
	set_default(split, "valid", json_real(has_part(spec, "valid") ? 0 : 0.15));
	set_default(split, "test", json_real(has_part(spec, "test") ? 0 : 0.15));
	set_default(split, "seed", json_integer(bn_json_int(spec, "seed", 0)));
	return 0;
}

/* The columns that the spec names are looked up before the run begins: who misspells one hears it in
 * the shell that asked, not from a run that failed. */
static int check_columns_of(
	const json_t *spec, const bn_schema *schema, const char *data, bn_err *err)
{
	static const char *const lists[] = {"features", "exclude"};
	const char *target = bn_json_str(spec, "target", NULL);
	json_t *name;
	size_t i, at;
	int rc = target ? bn_schema_need(schema, target, &at, err) : 0;
	if (rc != 0)
		bn_err_prefix(err, "%s: target", data);
	for (size_t k = 0; rc == 0 && k < sizeof lists / sizeof *lists; k++) {
		json_array_foreach(json_object_get(spec, lists[k]), i, name)
		{
			if (rc == 0 && (rc = bn_schema_need(
						schema, json_string_value(name), &at, err)) != 0)
				bn_err_prefix(err, "%s: %s", data, lists[k]);
		}
	}
	if (rc == BN_ENOTFOUND && err)
		err->code = BN_EINVAL; /* the spec is wrong */
	return rc == BN_ENOTFOUND ? BN_EINVAL : rc;
}

static int check_columns(const json_t *spec, bn_workspace *ws, bn_err *err)
{
	json_t *d;
	size_t i;
	int rc = 0;
	json_array_foreach(json_object_get(spec, "data"), i, d)
	{
		bn_dataset_version *v = NULL;
		bn_table_reader *table = NULL;
		if (rc != 0 || strcmp(bn_json_str(d, "part", "train"), "train") != 0)
			continue;
		char *ref = bn_strf("%s@v%lld", bn_json_str(d, "name", ""),
			(long long)bn_json_int(d, "version", 0));
		rc = ref ? bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, err)
			 : bn_err_nomem(err, "a name");
		if (rc == 0)
			rc = bn_dataset_open_table(&table, ws, v, err);
		if (rc == 0)
			rc = check_columns_of(spec, bn_table_schema(table), ref, err);
		bn_table_reader_free(table);
		bn_dataset_version_free(v);
		bn_free(ref);
	}
	return rc;
}

int bn_spec_resolve(json_t **out, bn_workspace *ws, const json_t *given, bn_err *err)
{
	int rc = check_fields(given, "spec", err);
	if (rc != 0)
		return rc;
	json_t *spec = json_deep_copy(given);
	if (!spec)
		return bn_err_nomem(err, "a spec");
	set_default(spec, "format", json_integer(1));
	set_default(spec, "seed", json_integer(0));
	set_default(spec, "threads", json_integer(0));
	set_default(spec, "grace_s", json_integer(10));
	rc = resolve_data(spec, ws, err);
	if (rc == 0 && !bn_spec_is_command(spec))
		rc = resolve_trainer(spec, err);
	if (rc == 0)
		rc = bn_spec_check(spec, "spec", err);
	if (rc == 0 && !bn_spec_is_command(spec))
		rc = check_columns(spec, ws, err);
	if (rc == 0)
		*out = spec;
	else
		json_decref(spec);
	return rc;
}

int bn_spec_add_provenance(json_t *spec, bn_workspace *ws, const char *dir, bn_err *err)
{
	json_t *environment = NULL, *code = NULL;
	char *diff = NULL, hash[65];
	bn_err why = BN_ERR_INIT;
	int rc = bn_environment_describe(&environment, bn_workspace_env(ws), err);
	if (rc != 0)
		return rc;
	json_object_set_new(spec, "environment", environment);
	/* A repository that cannot be read is no reason not to run; the spec says why it has no
	 * commit. */
	if (bn_code_describe(&code, &diff, dir, &why) != 0)
		code = json_pack("{ss}", "unavailable", why.msg);
	if (diff) {
		rc = bn_object_put(ws, diff, strlen(diff), hash, err);
		if (rc == 0)
			json_object_set_new(code, "diff", json_string(hash));
	}
	if (rc == 0 && code)
		json_object_set(spec, "code", code);
	json_decref(code);
	bn_free(diff);
	return rc;
}

/* ---- names ---------------------------------------------------------------------------------- */

static void add_quoted(bn_buf *b, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_-./=:,+@%";
	if (word[0] && !word[strspn(word, safe)]) {
		bn_buf_adds(b, word);
		return;
	}
	bn_buf_addch(b, '\'');
	for (; *word; word++)
		if (*word == '\'')
			bn_buf_adds(b, "'\\''");
		else
			bn_buf_addch(b, *word);
	bn_buf_addch(b, '\'');
}

char *bn_spec_title(const json_t *spec)
{
	const char *trainer = json_string_value(json_object_get(spec, "trainer"));
	json_t *word;
	size_t i;
	if (trainer)
		return bn_strdup(trainer);
	bn_buf b = BN_BUF_INIT;
	json_array_foreach(json_object_get(spec, "command"), i, word)
	{
		if (i)
			bn_buf_addch(&b, ' ');
		add_quoted(&b, json_string_value(word) ? json_string_value(word) : "");
	}
	return bn_buf_take(&b, NULL);
}

int bn_spec_recipe_hash(const json_t *spec, char hash[65], bn_err *err)
{
	static const char *const not_recipe[] = {
		"threads", "environment", "workdir", "tags", "time_limit_s", "grace_s"};
	json_t *recipe = json_copy((json_t *)(uintptr_t)spec);
	if (!recipe)
		return bn_err_nomem(err, "a spec");
	for (size_t i = 0; i < sizeof not_recipe / sizeof *not_recipe; i++)
		json_object_del(recipe, not_recipe[i]);
	int rc = bn_json_hash(recipe, hash, err);
	json_decref(recipe);
	return rc;
}

int bn_spec_store(bn_workspace *ws, const json_t *spec, char hash[65], bn_err *err)
{
	return bn_object_put_json(ws, spec, hash, err);
}

int bn_spec_fetch(json_t **out, bn_workspace *ws, const char *hash, bn_err *err)
{
	json_t *spec = NULL;
	int rc = bn_object_load_json(&spec, ws, hash, err);
	if (rc == 0)
		rc = bn_spec_check(spec, "stored spec", err);
	if (rc == 0)
		*out = spec;
	else
		json_decref(spec);
	return rc;
}
