/* spec.c - see spec.h. */
#include "core/run/spec.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/run/_spec.h"
#include "core/store/object/object.h"

#include <string.h>

/* ---- making and reading --------------------------------------------------------------------- */

int bn_spec_new(bn_spec **out, bn_err *err)
{
	bn_spec *spec = bn_alloc_zeroed(1, sizeof *spec);
	if (!spec)
		return bn_err_nomem(err, "a spec");
	bn_fields_clear(bn_spec_fields, spec);
	if (!(spec->source = json_object())) {
		bn_free(spec);
		return bn_err_nomem(err, "a spec");
	}
	*out = spec;
	return 0;
}

void bn_spec_free(bn_spec *spec)
{
	if (!spec)
		return;
	json_decref(spec->hyper);
	json_decref(spec->environment);
	json_decref(spec->tags);
	json_decref(spec->secrets);
	json_decref(spec->source);
	bn_arena_release(&spec->arena);
	bn_free(spec);
}

/* Takes the reference, even on failure. */
static int spec_take(bn_spec **out, json_t *source, bn_err *err)
{
	bn_spec *spec = NULL;
	int rc = bn_spec_new(&spec, err);
	if (rc < 0)
		goto out;
	json_decref(spec->source);
	spec->source = json_incref(source);
	if ((rc = bn_fields_read(bn_spec_fields, spec, source, &spec->arena, err)) < 0)
		goto out;
	*out = spec;
	spec = NULL;
out:
	bn_spec_free(spec);
	json_decref(source);
	return rc;
}

static int check(const json_t *json, bool unknown_too, const char *where, bn_err *err)
{
	if (!json_is_object(json))
		return bn_err_set(err, BN_EINVAL, "%s: a spec is a JSON object", where);
	int rc = bn_fields_check(bn_spec_fields, json, unknown_too, where, err);
	if (rc < 0)
		return rc;
	bool command = json_object_get(json, "command");
	if (command == (json_object_get(json, "trainer") != NULL))
		return bn_err_set(
			err, BN_EINVAL, "%s: give exactly one of 'trainer' and 'command'", where);
	unsigned wrong = command ? BN_FIELD_TRAINER : BN_FIELD_COMMAND;
	for (const bn_field *f = bn_spec_fields; f->name; f++)
		if ((f->flags & wrong) && json_object_get(json, f->name))
			return bn_err_set(err, BN_EINVAL, "%s: field '%s' is for %s", where,
				f->name,
				command ? "trainers, not for a command"
					: "commands, not for a trainer");
	return 0;
}

int bn_spec_from_json(bn_spec **out, const json_t *json, const char *source, bn_err *err)
{
	int rc = check(json, true, source, err);
	if (rc < 0)
		return rc;
	json_t *copy = json_deep_copy(json);
	return copy ? spec_take(out, copy, err) : bn_err_nomem(err, "a spec");
}

int bn_spec_parse(bn_spec **out, const char *text, size_t n, const char *source, bn_err *err)
{
	json_t *json = NULL;
	int rc = bn_json_parse(&json, text, n, source, err);
	if (rc < 0)
		return rc;
	if ((rc = check(json, true, source, err)) < 0) {
		json_decref(json);
		return rc;
	}
	return spec_take(out, json, err);
}

int bn_spec_load(bn_spec **out, const bn_env *env, const char *path, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	int rc = bn_fs_read_file(env, path, &b, err);
	if (rc < 0)
		goto out;
	rc = bn_spec_parse(out, b.ptr, b.len, path, err);
out:
	bn_buf_release(&b);
	return rc;
}

int bn_spec_to_json(json_t **out, const bn_spec *spec, bn_err *err)
{
	json_t *o = json_deep_copy(spec->source);
	int rc = o ? bn_fields_write(bn_spec_fields, spec, o, err) : bn_err_nomem(err, "a spec");
	if (rc < 0)
		json_decref(o);
	else
		*out = o;
	return rc;
}

int bn_spec_dup(bn_spec **out, const bn_spec *spec, bn_err *err)
{
	json_t *json = NULL;
	int rc = bn_spec_to_json(&json, spec, err);
	return rc < 0 ? rc : spec_take(out, json, err);
}

int bn_spec_store(bn_workspace *ws, const bn_spec *spec, char hash[65], bn_err *err)
{
	json_t *json = NULL;
	int rc = bn_spec_to_json(&json, spec, err);
	if (rc < 0)
		return rc;
	rc = bn_object_put_json(ws, json, hash, err);
	json_decref(json);
	return rc;
}

int bn_spec_fetch(bn_spec **out, bn_workspace *ws, const char *hash, bn_err *err)
{
	json_t *json = NULL;
	int rc = bn_object_load_json(&json, ws, hash, err);
	if (rc < 0)
		return rc;
	if (!json_is_object(json)) {
		json_decref(json);
		return bn_err_set(err, BN_ECORRUPT, "object %.12s is not a spec", hash);
	}
	return spec_take(out, json, err);
}

/* ---- changing ------------------------------------------------------------------------------- */

const char *bn_spec_text(bn_spec *spec, const char *text)
{
	return bn_arena_strdup(&spec->arena, text);
}

int bn_spec_add_text(bn_spec *spec, bn_spec_texts *list, const char *text, bn_err *err)
{
	size_t n = list->items ? list->count : 0;
	const char **items = bn_arena_alloc(&spec->arena, (n + 2) * sizeof *items);
	const char *copy = bn_spec_text(spec, text);
	if (!items || (text && !copy))
		return bn_err_nomem(err, "a spec");
	if (n)
		memcpy(items, list->items, n * sizeof *items);
	if (copy)
		items[n++] = copy;
	*list = (bn_spec_texts){items, n};
	return 0;
}

/* A copy of n items with room for one more. */
static void *one_more(bn_spec *spec, const void *items, size_t n, size_t size, bn_err *err)
{
	void *more = bn_arena_alloc(&spec->arena, (n + 1) * size);
	if (!more)
		bn_err_nomem(err, "a spec");
	else if (n)
		memcpy(more, items, n * size);
	return more;
}

int bn_spec_add_data(bn_spec *spec, bn_spec_data **out, bn_err *err)
{
	size_t n = spec->data_count;
	bn_spec_data *items = one_more(spec, spec->data, n, sizeof *items, err);
	if (!items)
		return BN_ENOMEM;
	items[n] = (bn_spec_data){.version = BN_SPEC_ABSENT};
	spec->data = items;
	spec->data_count = n + 1;
	*out = &items[n];
	return 0;
}

int bn_spec_add_input(bn_spec *spec, bn_spec_input **out, bn_err *err)
{
	size_t n = spec->input_count;
	bn_spec_input *items = one_more(spec, spec->inputs, n, sizeof *items, err);
	if (!items)
		return BN_ENOMEM;
	items[n] = (bn_spec_input){.path = NULL};
	spec->inputs = items;
	spec->input_count = n + 1;
	*out = &items[n];
	return 0;
}

void bn_spec_remove(bn_spec *spec, const char *field)
{
	for (const bn_field *f = bn_spec_fields; f->name; f++) {
		bn_field one[2] = {*f, {.name = NULL}};
		if (strcmp(f->name, field) != 0)
			continue;
		if (f->type == BN_FIELD_OBJECT || f->type == BN_FIELD_MAP)
			json_decref(*(json_t **)(void *)((char *)spec + f->offset));
		bn_fields_clear(one, spec);
	}
	json_object_del(spec->source, field);
}

void bn_spec_clear_other(bn_spec *spec, bool is_command)
{
	bn_spec_remove(spec, is_command ? "trainer" : "command");
	for (const bn_field *f = bn_spec_fields; f->name; f++)
		if (f->flags & (is_command ? BN_FIELD_TRAINER : BN_FIELD_COMMAND))
			bn_spec_remove(spec, f->name);
}

/* ---- asking --------------------------------------------------------------------------------- */

int bn_spec_check(const bn_spec *spec, const char *where, bn_err *err)
{
	json_t *json = NULL;
	int rc = bn_spec_to_json(&json, spec, err);
	if (rc < 0)
		return rc;
	rc = check(json, false, where, err);
	json_decref(json);
	return rc;
}

int bn_spec_is_understood(const bn_spec *spec, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	json_t *json = NULL;
	int rc = bn_spec_to_json(&json, spec, err);
	if (rc < 0)
		return rc;
	if (bn_fields_check(bn_spec_fields, json, true, "spec", &why) < 0) {
		rc = bn_err_set(err, BN_EUNSUPPORTED, "this version cannot run it: %s", why.msg);
		bn_err_hint(err, "a newer version of binnacle wrote it");
	}
	json_decref(json);
	return rc;
}

bool bn_spec_is_command(const bn_spec *spec)
{
	return spec->command.items != NULL;
}

int64_t bn_spec_grace_s(const bn_spec *spec)
{
	const int64_t most_s = (int64_t)10 * 366 * 86400;
	int64_t s = spec->grace_s == BN_SPEC_ABSENT ? BN_SPEC_GRACE_S : spec->grace_s;
	return s < most_s ? s : most_s;
}

bool bn_spec_has_part(const bn_spec *spec, const char *part)
{
	for (size_t i = 0; i < spec->data_count; i++)
		if (!strcmp(spec->data[i].part ? spec->data[i].part : "train", part))
			return true;
	return false;
}

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

char *bn_spec_title(const bn_spec *spec)
{
	bn_buf b = BN_BUF_INIT;
	if (spec->trainer)
		return bn_strdup(spec->trainer);
	for (size_t i = 0; i < spec->command.count; i++) {
		if (i)
			bn_buf_addch(&b, ' ');
		add_quoted(&b, spec->command.items[i]);
	}
	return bn_buf_take(&b, NULL);
}

int bn_spec_recipe_hash(const bn_spec *spec, char hash[65], bn_err *err)
{
	const char *key;
	json_t *value, *recipe = NULL;
	void *next;
	int rc = bn_spec_to_json(&recipe, spec, err);
	if (rc < 0)
		return rc;
	for (const bn_field *f = bn_spec_fields; f->name; f++) {
		if (f->flags & BN_FIELD_NO_RECIPE)
			json_object_del(recipe, f->name);
		for (const bn_field *g = f->of; g && f->type == BN_FIELD_GROUP && g->name; g++)
			if (g->flags & BN_FIELD_NO_RECIPE)
				json_object_del(json_object_get(recipe, f->name), g->name);
	}
	json_object_foreach_safe(recipe, next, key, value)
	{
		if (bn_str_starts(key, "x-"))
			json_object_del(recipe, key);
	}
	rc = bn_json_hash(recipe, hash, err);
	json_decref(recipe);
	return rc;
}
