/* mlflow_normal.c - see mlflow_normal.h. */
#include "tests/support/mlflow_normal.h"

#include "core/base/mem.h"
#include "tests/support/check_main.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define DAY_MS 86400000.0
#define LONG_RUN 100

/* ---- what was taken ------------------------------------------------------------------------- */

void mlflow_take(mlflow_taken *t, const char *name, const char *value)
{
	size_t at = 0;
	while (at < t->count && strcmp(t->names[at], name) != 0)
		at++;
	ck_assert_uint_lt(at, MLFLOW_TAKEN);
	if (at < t->count)
		bn_free(t->values[at]);
	else
		t->names[t->count++] = bn_strdup(name);
	ck_assert_ptr_nonnull(t->values[at] = bn_strdup(value));
}

const char *mlflow_taken_value(const mlflow_taken *t, const char *name, size_t n)
{
	for (size_t i = 0; i < t->count; i++)
		if (strlen(t->names[i]) == n && !memcmp(t->names[i], name, n))
			return t->values[i];
	return NULL;
}

void mlflow_forget(mlflow_taken *t)
{
	for (size_t i = 0; i < t->count; i++) {
		bn_free(t->names[i]);
		bn_free(t->values[i]);
	}
	t->count = 0;
}

/* ---- filling in ----------------------------------------------------------------------------- */

char *mlflow_fill(const mlflow_taken *t, const char *text)
{
	bn_buf out = BN_BUF_INIT;
	for (const char *p = text; *p;) {
		const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;
		const char *value =
			end ? mlflow_taken_value(t, p + 2, (size_t)(end - p - 2)) : NULL;
		if (end && p[3] == '*') {
			for (int i = atoi(p + 4); i > 0; i--)
				bn_buf_add(&out, p + 2, 1);
			p = end + 1;
		} else if (value) {
			bn_buf_add(&out, value, strlen(value));
			p = end + 1;
		} else {
			bn_buf_add(&out, p++, 1);
		}
	}
	bn_buf_add(&out, "", 1);
	char *copy = bn_strdup(out.ptr);
	ck_assert_ptr_nonnull(copy);
	bn_buf_release(&out);
	return copy;
}

json_t *mlflow_fill_tree(const mlflow_taken *t, const json_t *v)
{
	const char *key;
	json_t *item, *out;
	size_t i;
	if (json_is_string(v)) {
		char *text = mlflow_fill(t, json_string_value(v));
		out = json_string(text);
		bn_free(text);
		return out;
	}
	if (json_is_array(v)) {
		out = json_array();
		json_array_foreach(v, i, item)
			json_array_append_new(out, mlflow_fill_tree(t, item));
		return out;
	}
	if (!json_is_object(v))
		return json_deep_copy(v);
	out = json_object();
	json_object_foreach((json_t *)v, key, item)
	{
		char *name = mlflow_fill(t, key);
		json_object_set_new(out, name, mlflow_fill_tree(t, item));
		bn_free(name);
	}
	return out;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static bool is_now(const mlflow_taken *t, double ms)
{
	return fabs(ms - (double)t->now_ms) < DAY_MS;
}

/* Bytes of a word of hexadecimal digits of that length, not followed by a letter or digit. */
static size_t hex_word(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && p[i] && strchr("0123456789abcdef", p[i]))
		i++;
	return i == n && !isalnum((unsigned char)p[n]) ? n : 0;
}

static size_t uuid(const char *p)
{
	static const size_t parts[] = {8, 4, 4, 4, 12};
	size_t at = 0;
	for (size_t i = 0; i < 5; i++) {
		if (!hex_word(p + at, parts[i]) || (i < 4 && p[at + parts[i]] != '-'))
			return 0;
		at += parts[i] + (i < 4);
	}
	return at;
}

static size_t instant(const mlflow_taken *t, const char *p)
{
	return hex_word(p, 13) && strspn(p, "0123456789") == 13 && is_now(t, atof(p)) ? 13 : 0;
}

/* "mlflow-artifacts:/" and the number of an experiment that was not taken. */
static size_t location(const char *p)
{
	static const char scheme[] = "mlflow-artifacts:/";
	size_t n = sizeof scheme - 1;
	size_t digits = strncmp(p, scheme, n) ? 0 : strspn(p + n, "0123456789");
	return digits >= 4 ? n + digits : 0;
}

/* The longest value that was taken and stands here as a word. */
static size_t taken_here(const mlflow_taken *t, const char *p, const char **name)
{
	size_t best = 0;
	for (size_t i = 0; i < t->count; i++) {
		size_t n = strlen(t->values[i]);
		bool is_word =
			n >= 4 && !strncmp(p, t->values[i], n) && !isalnum((unsigned char)p[n]);
		if (is_word && (n > best || (n == best && strcmp(t->names[i], *name) < 0))) {
			best = n;
			*name = t->names[i];
		}
	}
	return best;
}

static size_t run_of_one(const char *p)
{
	size_t n = 1;
	if (!isalnum((unsigned char)*p) && *p != '_')
		return 0;
	while (p[n] == *p)
		n++;
	return n >= LONG_RUN ? n : 0;
}

/* Two words and a number with '-' between: "able-cat-12". */
static bool is_made_up(const char *p)
{
	size_t a = strspn(p, "abcdefghijklmnopqrstuvwxyz");
	size_t b = a && p[a] == '-' ? strspn(p + a + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
	const char *number = p + a + 1 + b + 1;
	if (!b || p[a + 1 + b] != '-')
		return false;
	size_t digits = strspn(number, "0123456789");
	return digits >= 1 && digits <= 4 && !number[digits];
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* {'b', 'a'} in a message is a set: its words are sorted. */
static size_t sorted_set(bn_buf *out, const char *p)
{
	char *words[64];
	size_t n = 0, len = strcspn(p + 1, "{}");
	if (p[0] != '{' || p[1] != '\'' || p[len + 1] != '}' || p[len] != '\'')
		return 0;
	char *copy = bn_strndup(p + 1, len);
	ck_assert_ptr_nonnull(copy);
	for (char *at = copy, *next; at && n < 64; at = next) {
		if ((next = strstr(at, ", "))) {
			*next = '\0';
			next += 2;
		}
		words[n++] = at;
	}
	qsort(words, n, sizeof *words, by_text);
	bn_buf_add(out, "{", 1);
	for (size_t i = 0; i < n; i++)
		bn_buf_addf(out, "%s%s", i ? ", " : "", words[i]);
	bn_buf_add(out, "}", 1);
	bn_free(copy);
	return len + 2;
}

static json_t *normal_text(const mlflow_taken *t, const char *text)
{
	bn_buf out = BN_BUF_INIT;
	const char *name = NULL;
	if (!strncmp(text, "<!doctype html", 14))
		return json_string("${html}");
	for (const char *p = text; *p;) {
		bool begins = p == text || !isalnum((unsigned char)p[-1]);
		size_t n = 0;
		if (begins && (n = taken_here(t, p, &name)) > 0)
			bn_buf_addf(&out, "${%s}", name);
		else if (begins && ((n = uuid(p)) > 0 || (n = hex_word(p, 32)) > 0))
			bn_buf_addf(&out, "${id}");
		else if ((n = location(p)) > 0 && !taken_here(t, p + 18, &name))
			bn_buf_addf(&out, "mlflow-artifacts:/${id}");
		else if (begins && (n = instant(t, p)) > 0)
			bn_buf_addf(&out, "${now}");
		else if ((n = run_of_one(p)) > 0)
			bn_buf_addf(&out, "${%c*%zu}", *p, n);
		else if ((n = sorted_set(&out, p)) == 0)
			bn_buf_add(&out, p, n = 1);
		p += n;
	}
	bn_buf_add(&out, "", 1);
	json_t *v = json_string(is_made_up(out.ptr) ? "${name}" : out.ptr);
	bn_buf_release(&out);
	ck_assert_ptr_nonnull(v);
	return v;
}

/* ---- trees ---------------------------------------------------------------------------------- */

static bool has_distinct(const json_t *list, const char *key)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *a = json_string_value(json_object_get(json_array_get(list, i), key));
		if (!a)
			return false;
		for (size_t j = 0; j < i; j++)
			if (!strcmp(a, json_string_value(
					       json_object_get(json_array_get(list, j), key))))
				return false;
	}
	return json_array_size(list) > 0;
}

static json_t *sorted_by(json_t *list, const char *key)
{
	json_t *out = json_array();
	while (json_array_size(list)) {
		size_t first = 0;
		for (size_t i = 1; i < json_array_size(list); i++)
			if (strcmp(json_string_value(json_object_get(json_array_get(list, i), key)),
				    json_string_value(
					    json_object_get(json_array_get(list, first), key))) < 0)
				first = i;
		json_array_append(out, json_array_get(list, first));
		json_array_remove(list, first);
	}
	json_decref(list);
	return out;
}

static json_t *normal_list(const mlflow_taken *t, const json_t *v)
{
	json_t *out = json_array(), *item;
	size_t i;
	json_array_foreach(v, i, item) json_array_append_new(out, mlflow_normal(t, item));
	if (has_distinct(out, "key"))
		return sorted_by(out, "key");
	return has_distinct(out, "alias") ? sorted_by(out, "alias") : out;
}

static json_t *normal_object(const mlflow_taken *t, const json_t *v)
{
	json_t *out = json_object(), *item;
	const char *key;
	json_object_foreach((json_t *)v, key, item)
	{
		json_t *value;
		if (!strcmp(key, "sqlstate") || !strcmp(key, "error_class"))
			continue;
		value = mlflow_normal(t, item);
		const char *text = json_string_value(value);
		if (text && !strcmp(key, "experiment_id") && strlen(text) >= 4 &&
			!text[strspn(text, "0123456789")]) {
			json_decref(value);
			value = json_string("${id}");
		}
		json_object_set_new(out, key, value);
	}
	return out;
}

json_t *mlflow_normal(const mlflow_taken *t, const json_t *v)
{
	if (json_is_array(v))
		return normal_list(t, v);
	if (json_is_object(v))
		return normal_object(t, v);
	if (json_is_string(v))
		return normal_text(t, json_string_value(v));
	if (json_is_number(v) && is_now(t, json_number_value(v)))
		return json_string("${now}");
	return json_deep_copy(v);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static void compare(const json_t *a, const json_t *b, const char *where,
	mlflow_each_difference *each, void *ctx)
{
	char at[512];
	const char *key;
	json_t *item;
	size_t i;
	if (json_is_object(a) && json_is_object(b)) {
		json_object_foreach((json_t *)a, key, item)
		{
			snprintf(at, sizeof at, "%s/%s", where, key);
			compare(item, json_object_get(b, key), at, each, ctx);
		}
		json_object_foreach((json_t *)b, key, item)
		{
			snprintf(at, sizeof at, "%s/%s", where, key);
			if (!json_object_get(a, key))
				each(ctx, at, NULL, item);
		}
	} else if (json_is_array(a) && json_is_array(b) &&
		   json_array_size(a) == json_array_size(b)) {
		json_array_foreach(a, i, item)
		{
			snprintf(at, sizeof at, "%s/%zu", where, i);
			compare(item, json_array_get(b, i), at, each, ctx);
		}
	} else if (json_is_number(a) && json_is_number(b)) {
		if (json_number_value(a) != json_number_value(b))
			each(ctx, where, a, b);
	} else if (!a || !b || !json_equal(a, b)) {
		each(ctx, where, a, b);
	}
}

void mlflow_differences(
	const json_t *expected, const json_t *got, mlflow_each_difference *each, void *ctx)
{
	compare(expected, got, "", each, ctx);
}
