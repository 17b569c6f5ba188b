/* json.c - see json.h. */
#include "core/base/json.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json_tokens.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* jansson counts columns in characters and reports -1 if unknown. */
static int parse_failed(const json_error_t *je, const char *source, bn_err *err)
{
	if (json_error_code(je) == json_error_out_of_memory)
		return bn_err_nomem(err, source);
	return bn_err_set(err, BN_EINVAL, "%s:%d:%d: %s", source, je->line < 0 ? 1 : je->line,
		je->column < 0 ? 1 : je->column, je->text);
}

int bn_json_parse(json_t **out, const char *text, size_t n, const char *source, bn_err *err)
{
	json_error_t je;
	json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (!value)
		return parse_failed(&je, source, err);
	*out = value;
	return 0;
}

/* A word that is not JSON becomes a string of the same length, so that positions in errors stay correct: it
 * begins with DEL, which no program writes, and its length tells which word it was. */
#define WORD_MARK '\x7f'

static const struct {
	const char *word;
	double value;
} words[] = {{"NaN", NAN}, {"-Infinity", -INFINITY}, {"Infinity", INFINITY}};

static bool mark_word(bn_buf *out, const char *token, size_t n)
{
	static const char blanks[] = "          ";
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (n != strlen(words[i].word) || memcmp(token, words[i].word, n) != 0)
			continue;
		bn_buf_addf(out, "\"%c%.*s\"", WORD_MARK, (int)n - 3, blanks);
		return true;
	}
	return false;
}

/* Numbers as Python writes them: integers of any size are read as reals, and one beyond the range of double is marked,
 * so that the other numbers of the file can still be read. */
static bool mark_number(bn_buf *out, const char *token, size_t n)
{
	size_t sign = token[0] == '-', digits = sign;
	int64_t whole;
	if (mark_word(out, token, n))
		return true;
	if (bn_is_beyond_f64(token, n)) {
		bn_buf_addf(out, "\"%c%.*s\"", WORD_MARK, (int)n, token);
		return true;
	}
	while (digits < n && token[digits] >= '0' && token[digits] <= '9') /* no NUL at its end */
		digits++;
	if (n == sign || digits < n || bn_parse_i64(token, n, &whole))
		return false;
	bn_buf_addf(out, "%.*s.0", (int)n, token);
	return true;
}

int bn_json_parse_numbers(json_t **out, const char *text, size_t n, const char *source, bn_err *err)
{
	bn_buf marked = BN_BUF_INIT;
	json_error_t je;
	int rc;
	if (!memmem(text, n, "NaN", 3) && !memmem(text, n, "Infinity", 8)) {
		*out = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
		if (*out)
			return 0;
		if (json_error_code(&je) != json_error_numeric_overflow)
			return parse_failed(&je, source, err);
	}
	bn_json_rewrite(&marked, text, n, mark_number);
	if ((rc = bn_buf_check(&marked, err, source)) < 0)
		goto out;
	rc = bn_json_parse(out, marked.ptr, marked.len, source, err);
out:
	bn_buf_release(&marked);
	return rc;
}

const char *bn_json_beyond_of(const json_t *v)
{
	const char *text = json_string_value(v);
	return text && text[0] == WORD_MARK && strpbrk(text, "123456789") ? text + 1 : NULL;
}

bool bn_json_number_of(const json_t *v, double *out)
{
	const char *text = json_string_value(v);
	if (json_is_number(v))
		*out = json_number_value(v);
	bool word = text && text[0] == WORD_MARK && !bn_json_beyond_of(v);
	for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
		if (json_string_length(v) == strlen(words[i].word) - 2) {
			*out = words[i].value;
			return true;
		}
	return json_is_number(v);
}

/* Whether the whole text is one integer from 2^63 to 2^64 - 1. */
static bool is_wide(const char *token, size_t n)
{
	uint64_t x = 0;
	for (size_t i = 0; i < n; i++)
		if (token[i] < '0' || token[i] > '9' || __builtin_mul_overflow(x, 10, &x) ||
			__builtin_add_overflow(x, (uint64_t)(token[i] - '0'), &x))
			return false;
	return n && x > INT64_MAX && token[0] != '0';
}

static bool quote_wide(bn_buf *out, const char *token, size_t n)
{
	bool wide = is_wide(token, n);
	if (wide)
		bn_buf_addf(out, "\"%.*s\"", (int)n, token);
	return wide;
}

int bn_json_parse_wide(json_t **out, const char *text, size_t n, const char *source, bn_err *err)
{
	json_error_t je;
	bn_buf wide = BN_BUF_INIT;
	int rc;
	*out = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (*out)
		return 0;
	bool overflow = json_error_code(&je) == json_error_numeric_overflow;
	if (!overflow || !bn_json_rewrite(&wide, text, n, quote_wide)) {
		rc = parse_failed(&je, source, err);
		goto out;
	}
	if ((rc = bn_buf_check(&wide, err, source)) < 0)
		goto out;
	rc = bn_json_parse(out, wide.ptr, wide.len, source, err);
out:
	bn_buf_release(&wide);
	return rc;
}

bool bn_json_wide_number(const json_t *v, double *out)
{
	const char *text = json_string_value(v);
	size_t n = json_string_length(v);
	return text && is_wide(text, n) && bn_parse_f64(text, n, out);
}

int bn_json_load(json_t **out, const bn_env *env, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = bn_fs_read_file(env, path, &text, err);
	if (rc < 0)
		goto out;
	rc = bn_json_parse(out, text.ptr, text.len, path, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- canonical and pretty output ------------------------------------------------------------ */

typedef struct writer {
	bn_buf *out;
	bool pretty;
	const char *bad;         /* the value that could not be written, or NULL */
	const char *key, *value; /* an additional field of the outer object; NULL: none */
} writer;

static void write_value(writer *w, const json_t *v, int depth);

static void write_newline(writer *w, int depth)
{
	if (!w->pretty)
		return;
	bn_buf_addch(w->out, '\n');
	for (int i = 0; i < depth; i++)
		bn_buf_adds(w->out, "  ");
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_object(writer *w, const json_t *v, int depth)
{
	size_t n = json_object_size(v), i = 0;
	const char **keys = bn_alloc((n + 1) * sizeof *keys);
	if (!keys) {
		w->out->failed = true;
		return;
	}
	const char *key;
	json_t *child;
	json_object_foreach((json_t *)v, key, child) keys[i++] = key;
	if (!depth && w->key)
		keys[n++] = w->key;
	qsort(keys, n, sizeof *keys, compare_keys);
	bn_buf_addch(w->out, '{');
	for (i = 0; i < n; i++) {
		if (i)
			bn_buf_addch(w->out, ',');
		write_newline(w, depth + 1);
		bn_buf_add_json_string(w->out, keys[i], strlen(keys[i]));
		bn_buf_adds(w->out, w->pretty ? ": " : ":");
		if (keys[i] == w->key)
			bn_buf_adds(w->out, w->value);
		else
			write_value(w, json_object_get(v, keys[i]), depth + 1);
	}
	if (n)
		write_newline(w, depth);
	bn_buf_addch(w->out, '}');
	bn_free(keys);
}

static void write_array(writer *w, const json_t *v, int depth)
{
	size_t n = json_array_size(v);
	bool flat = true; /* arrays of scalars stay on one line */
	for (size_t i = 0; i < n && flat; i++) {
		const json_t *item = json_array_get(v, i);
		flat = !json_is_object(item) && !json_is_array(item);
	}
	bn_buf_addch(w->out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			bn_buf_adds(w->out, flat && w->pretty ? ", " : ",");
		if (!flat)
			write_newline(w, depth + 1);
		write_value(w, json_array_get(v, i), depth + 1);
	}
	if (n && !flat)
		write_newline(w, depth);
	bn_buf_addch(w->out, ']');
}

static void write_value(writer *w, const json_t *v, int depth)
{
	char text[BN_FMT];
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		write_object(w, v, depth);
		break;
	case JSON_ARRAY:
		write_array(w, v, depth);
		break;
	case JSON_STRING:
		bn_buf_add_json_string(w->out, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		bn_buf_adds(w->out, bn_fmt_i64(json_integer_value(v), text));
		break;
	case JSON_REAL: {
		double x = json_real_value(v);
		if (!isfinite(x)) {
			w->bad = "a number that is not finite";
			break;
		}
		bn_buf_adds(w->out, bn_fmt_f64(x, text));
		/* A real must be read back as a real. */
		if (!strpbrk(text, ".e"))
			bn_buf_adds(w->out, ".0");
		break;
	}
	case JSON_TRUE:
		bn_buf_adds(w->out, "true");
		break;
	case JSON_FALSE:
		bn_buf_adds(w->out, "false");
		break;
	case JSON_NULL:
		bn_buf_adds(w->out, "null");
		break;
	}
}

static int write_json(writer *w, const json_t *value, bn_err *err)
{
	write_value(w, value, 0);
	if (w->pretty)
		bn_buf_addch(w->out, '\n');
	if (w->bad)
		return bn_err_set(err, BN_EINVAL, "JSON cannot hold %s", w->bad);
	return bn_buf_check(w->out, err, "JSON text");
}

int bn_json_canonical(const json_t *value, bn_buf *out, bn_err *err)
{
	return write_json(&(writer){.out = out}, value, err);
}

int bn_json_canonical_with(
	const json_t *object, const char *key, const char *value, bn_buf *out, bn_err *err)
{
	BN_BUG(!json_is_object(object) || json_object_get(object, key));
	return write_json(&(writer){.out = out, .key = key, .value = value}, object, err);
}

int bn_json_set(json_t *object, const char *key, json_t *value, bn_err *err)
{
	return json_object_set_new(object, key, value) < 0 ? bn_err_nomem(err, "a field of JSON")
							   : 0;
}

int bn_json_pretty(const json_t *value, bn_buf *out, bn_err *err)
{
	return write_json(&(writer){.out = out, .pretty = true}, value, err);
}

int bn_json_hash(const json_t *value, char out[65], bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = bn_json_canonical(value, &text, err);
	if (rc < 0)
		goto out;
	bn_sha256_hex(text.ptr, text.len, out);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- fields --------------------------------------------------------------------------------- */

const char *bn_json_str(const json_t *object, const char *key, const char *fallback)
{
	const char *s = json_string_value(json_object_get(object, key));
	return s ? s : fallback;
}

int64_t bn_json_int(const json_t *object, const char *key, int64_t fallback)
{
	const json_t *v = json_object_get(object, key);
	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

double bn_json_num(const json_t *object, const char *key, double fallback)
{
	const json_t *v = json_object_get(object, key);
	return json_is_number(v) ? json_number_value(v) : fallback;
}

bool bn_json_bool(const json_t *object, const char *key, bool fallback)
{
	const json_t *v = json_object_get(object, key);
	return json_is_boolean(v) ? json_is_true(v) : fallback;
}

static const char *type_name(const json_t *v)
{
	if (!v)
		return "missing";
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a real number";
	case JSON_NULL:
		return "null";
	default:
		return "a boolean";
	}
}

static int need_failed(
	const json_t *object, const char *key, const char *wanted, const char *where, bn_err *err)
{
	if (!json_is_object(object))
		return bn_err_set(
			err, BN_EINVAL, "%s: must be an object, not %s", where, type_name(object));
	const json_t *v = json_object_get(object, key);
	if (!v)
		return bn_err_set(
			err, BN_EINVAL, "%s: field '%s' is missing (%s)", where, key, wanted);
	return bn_err_set(err, BN_EINVAL, "%s: field '%s' must be %s, not %s", where, key, wanted,
		type_name(v));
}

int bn_json_need_str(
	const json_t *object, const char *key, const char **out, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(object, key);
	if (!json_is_string(v))
		return need_failed(object, key, "a string", where, err);
	*out = json_string_value(v);
	return 0;
}

int bn_json_need_int(
	const json_t *object, const char *key, int64_t *out, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(object, key);
	if (!json_is_integer(v))
		return need_failed(object, key, "an integer", where, err);
	*out = json_integer_value(v);
	return 0;
}

int bn_json_need_num(
	const json_t *object, const char *key, double *out, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(object, key);
	if (!json_is_number(v))
		return need_failed(object, key, "a number", where, err);
	*out = json_number_value(v);
	return 0;
}

int bn_json_need_array(
	const json_t *object, const char *key, json_t **out, const char *where, bn_err *err)
{
	json_t *v = json_object_get(object, key);
	if (!json_is_array(v))
		return need_failed(object, key, "an array", where, err);
	*out = v;
	return 0;
}

int bn_json_need_object(
	const json_t *object, const char *key, json_t **out, const char *where, bn_err *err)
{
	json_t *v = json_object_get(object, key);
	if (!json_is_object(v))
		return need_failed(object, key, "an object", where, err);
	*out = v;
	return 0;
}

int bn_json_only_keys(const json_t *object, const char *const *keys, const char *where, bn_err *err)
{
	const char *key;
	json_t *child;
	if (!json_is_object(object))
		return bn_err_set(
			err, BN_EINVAL, "%s: must be an object, not %s", where, type_name(object));
	json_object_foreach((json_t *)object, key, child)
	{
		size_t i = 0;
		while (keys[i] && strcmp(keys[i], key))
			i++;
		if (keys[i])
			continue;
		const char *near = bn_nearest_word(key, keys);
		bn_err_set(err, BN_EINVAL, "%s: unknown field '%s'%s%s%s", where, key,
			near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
		return BN_EINVAL;
	}
	return 0;
}

json_t *bn_json_number(double x)
{
	if (isinf(x))
		return json_string(x > 0 ? "inf" : "-inf");
	return isnan(x) ? json_string("nan") : json_real(x);
}

json_t *bn_json_real_or_null(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}
