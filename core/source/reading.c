/* reading.c - see reading.h. */
#include "core/source/reading.h"

#include "core/base/json.h"
#include "core/source/cell.h"

#include <ctype.h>
#include <string.h>

void bn_reading_release(bn_reading *r)
{
	bn_arena_release(&r->arena);
	*r = (bn_reading)BN_READING_INIT;
}

static bool is_among(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], text))
			return true;
	return false;
}

/* Appends what is not there yet; *list has room for it. */
static int add_text(bn_reading *r, const char **list, size_t *n, const char *text, bn_err *err)
{
	if (is_among(list, *n, text))
		return 0;
	if (!(list[*n] = bn_arena_strdup(&r->arena, text)))
		return bn_err_nomem(err, "the spellings of absent");
	++*n;
	return 0;
}

static int make_room(bn_reading *r, const char ***list, size_t n, bn_err *err)
{
	*list = bn_arena_alloc(&r->arena, (n + 1) * sizeof **list);
	return *list ? 0 : bn_err_nomem(err, "the spellings of absent");
}

static int add_all(bn_reading *r, const char **list, size_t *n, const char *const *from,
	size_t from_count, bn_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < from_count && rc == 0; i++)
		rc = add_text(r, list, n, from[i], err);
	return rc;
}

/* ---- as text -------------------------------------------------------------------------------- */

static const char *const WHERE = "how a column is read";

static int read_texts(bn_reading *r, const char ***out, size_t *count, const json_t *list,
	const char *key, bn_err *err)
{
	int rc = make_room(r, out, json_array_size(list), err);

	if (rc < 0)
		return rc;
	if (!json_is_array(list))
		return bn_err_set(err, BN_EINVAL, "%s: field '%s' is not an array", WHERE, key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (!text)
			return bn_err_set(err, BN_EINVAL, "%s: '%s' has a value that is no string",
				WHERE, key);
		if ((rc = add_text(r, *out, count, text, err)) < 0)
			return rc;
	}
	return 0;
}

static int read_sign(char *out, const json_t *doc, const char *key, const char *of, bn_err *err)
{
	const json_t *value = json_object_get(doc, key);
	const char *text = json_string_value(value);

	if (!value)
		return 0;
	if (!text || !text[0] || text[1] || !strchr(of, text[0]))
		return bn_err_set(err, BN_EINVAL, "%s: '%s' is not one of \"%s\"", WHERE, key, of);
	*out = text[0];
	return 0;
}

static int read_members(bn_reading *r, const json_t *doc, bn_err *err)
{
	const json_t *nulls = json_object_get(doc, "null"), *texts = json_object_get(doc, "text");
	const json_t *only = json_object_get(doc, "only_null"),
		     *trim = json_object_get(doc, "trim");
	const json_t *order = json_object_get(doc, "date_order");
	int rc = 0;

	if (only || nulls)
		rc = read_texts(r, &r->nulls, &r->null_count, only ? only : nulls,
			only ? "only_null" : "null", err);
	r->only = only != NULL;
	if (rc < 0 ||
		(texts &&
			(rc = read_texts(r, &r->texts, &r->text_count, texts, "text", err)) < 0) ||
		(rc = read_sign(&r->decimal, doc, "decimal", ".,", err)) < 0 ||
		(rc = read_sign(&r->thousands, doc, "thousands", BN_THOUSANDS, err)) < 0)
		return rc;
	if (r->thousands && (!r->decimal || r->thousands == r->decimal))
		return bn_err_set(
			err, BN_EINVAL, "%s: 'thousands' without another 'decimal'", WHERE);
	r->trim = json_is_true(trim);
	if (order && !json_is_string(order))
		return bn_err_set(err, BN_EINVAL, "%s: 'date_order' is no string", WHERE);
	return order ? bn_date_order_parse(&r->date_order, json_string_value(order), err) : 0;
}

int bn_reading_parse(bn_reading *out, const char *text, bn_err *err)
{
	json_t *doc = NULL;
	int rc;

	if (!text)
		return 0;
	if ((rc = bn_json_parse(&doc, text, strlen(text), WHERE, err)) < 0)
		return rc;
	rc = json_is_object(doc) ? read_members(out, doc, err)
				 : bn_err_set(err, BN_EINVAL, "%s: it is not an object", WHERE);
	json_decref(doc);
	return rc;
}

/* What is not UTF-8 is in no cell. */
static json_t *texts_json(const char *const *list, size_t n)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *text = json_string(list[i]);
		if (text)
			json_array_append_new(out, text);
	}
	return out;
}

int bn_reading_format(char **out, const bn_reading *r, bn_type type, bool texts, bn_err *err)
{
	json_t *o = json_object();
	bn_buf text = BN_BUF_INIT;
	int rc = 0;

	*out = NULL;
	if (!o)
		return bn_err_nomem(err, WHERE);
	if (r->only || r->null_count)
		json_object_set_new(
			o, r->only ? "only_null" : "null", texts_json(r->nulls, r->null_count));
	if (texts && r->text_count && bn_type_is_text(type))
		json_object_set_new(o, "text", texts_json(r->texts, r->text_count));
	if (r->decimal && bn_type_is_number(type))
		json_object_set_new(o, "decimal", json_stringn(&r->decimal, 1));
	if (r->decimal && r->thousands && bn_type_is_number(type))
		json_object_set_new(o, "thousands", json_stringn(&r->thousands, 1));
	if (r->date_order && (type == BN_TYPE_TIMESTAMP || type == BN_TYPE_DATE))
		json_object_set_new(
			o, "date_order", json_string(bn_date_order_name(r->date_order)));
	if (r->trim && bn_type_is_text(type))
		json_object_set_new(o, "trim", json_true());
	if (!json_object_size(o) || bn_type_is_list(type))
		goto out;
	if ((rc = bn_json_canonical(o, &text, err)) < 0)
		goto out;
	if (!(*out = bn_strdup(text.ptr)))
		rc = bn_err_nomem(err, WHERE);
out:
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}

int bn_reading_for_table(char **out, const char *read, bn_type type, bn_err *err)
{
	bn_reading r = BN_READING_INIT;
	bn_err why = BN_ERR_INIT;
	int rc;

	*out = NULL;
	if ((rc = bn_reading_parse(&r, read, &why)) < 0)
		goto out;
	rc = bn_reading_format(out, &r, type, false, &why);
out:
	bn_reading_release(&r);
	return rc == BN_ENOMEM ? bn_err_move(err, &why) : 0;
}

/* ---- several readings ----------------------------------------------------------------------- */

static size_t count_texts(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

int bn_reading_of_options(bn_reading *out, const bn_source_options *o, bn_err *err)
{
	size_t n = count_texts(o->nulls);
	int rc = make_room(out, &out->nulls, n, err);

	out->only = o->only_nulls;
	out->decimal = o->decimal;
	out->thousands = o->thousands;
	if (!out->decimal && out->thousands)
		out->decimal = out->thousands == '.' ? ',' : '.';
	out->date_order = o->date_order;
	return rc < 0 ? rc : add_all(out, out->nulls, &out->null_count, o->nulls, n, err);
}

int bn_reading_merge(bn_reading *out, const bn_reading *known, const bn_reading *given, bn_err *err)
{
	const bn_reading *form = given->decimal ? given : known;
	int rc;

	if ((rc = make_room(out, &out->nulls, known->null_count + given->null_count, err)) < 0 ||
		(rc = make_room(out, &out->texts, known->text_count, err)) < 0)
		return rc;
	out->only = given->only || known->only;
	if (!given->only && (rc = add_all(out, out->nulls, &out->null_count, known->nulls,
				     known->null_count, err)) < 0)
		return rc;
	if ((rc = add_all(
		     out, out->nulls, &out->null_count, given->nulls, given->null_count, err)) < 0)
		return rc;
	for (size_t i = 0; i < known->text_count && rc == 0; i++)
		if (!is_among(given->nulls, given->null_count, known->texts[i]))
			rc = add_text(out, out->texts, &out->text_count, known->texts[i], err);
	out->decimal = form->decimal;
	out->thousands = form->thousands;
	out->date_order = given->date_order ? given->date_order : known->date_order;
	out->trim = known->trim;
	return rc;
}

static bool same_nulls(const bn_reading *a, const bn_reading *b)
{
	if (a->only != b->only || a->null_count != b->null_count)
		return false;
	for (size_t i = 0; i < a->null_count; i++)
		if (!is_among(b->nulls, b->null_count, a->nulls[i]))
			return false;
	return true;
}

/* What columns of a kind say: the first of them, unless another differs. */
typedef struct kinds {
	bool any, number, time, text;
	bool no_nulls, no_number, no_time, no_text;
} kinds;

static int join(bn_reading *out, kinds *k, const bn_reading *r, bn_type type, bn_err *err)
{
	int rc = 0;

	if (!k->any) {
		out->only = r->only;
		if ((rc = make_room(out, &out->nulls, r->null_count, err)) < 0 ||
			(rc = add_all(out, out->nulls, &out->null_count, r->nulls, r->null_count,
				 err)) < 0)
			return rc;
	}
	k->no_nulls |= k->any && !same_nulls(out, r);
	k->any = true;
	if (bn_type_is_number(type)) {
		k->no_number |=
			k->number && (out->decimal != r->decimal || out->thousands != r->thousands);
		out->decimal = r->decimal;
		out->thousands = r->thousands;
		k->number = true;
	} else if (type == BN_TYPE_TIMESTAMP || type == BN_TYPE_DATE) {
		k->no_time |= k->time && out->date_order != r->date_order;
		out->date_order = r->date_order;
		k->time = true;
	} else if (bn_type_is_text(type)) {
		k->no_text |= k->text && out->trim != r->trim;
		out->trim = r->trim;
		k->text = true;
	}
	return 0;
}

static int join_field(bn_reading *out, kinds *k, const bn_field *f, bn_err *err)
{
	bn_reading r = BN_READING_INIT;
	int rc;

	if ((rc = bn_reading_parse(&r, f->read, err)) < 0) {
		bn_err_prefix(err, "column '%.80s'", f->name);
		goto out;
	}
	rc = join(out, k, &r, f->type, err);
out:
	bn_reading_release(&r);
	return rc;
}

int bn_reading_common(bn_reading *out, const bn_schema *s, bn_err *err)
{
	kinds k = {0};
	bool says = false;
	int rc = 0;

	for (size_t i = 0; i < s->count && !says; i++)
		says = s->fields[i].read != NULL;
	for (size_t i = 0; i < s->count && says; i++) {
		if (bn_type_is_list(s->fields[i].type))
			continue;
		if ((rc = join_field(out, &k, &s->fields[i], err)) < 0)
			return rc;
	}
	if (k.no_nulls) {
		out->only = false;
		out->null_count = 0;
	}
	if (k.no_number)
		out->decimal = out->thousands = 0;
	if (k.no_time)
		out->date_order = BN_DATE_ISO;
	if (k.no_text)
		out->trim = false;
	return 0;
}

int bn_reading_with_values(char **out, const char *read,
	bool (*is_value)(const void *ctx, const char *text), const void *ctx, bn_err *err)
{
	bn_reading r = BN_READING_INIT;
	size_t usual = count_texts(bn_cell_absent_texts);
	int rc;

	if ((rc = bn_reading_parse(&r, read, err)) < 0 ||
		(rc = make_room(&r, &r.texts, usual, err)) < 0)
		goto out;
	r.text_count = 0;
	for (size_t i = 0; i < usual && !r.only; i++) {
		const char *text = bn_cell_absent_texts[i];
		/* An empty field is missing, and so is what the user says. */
		if (!*text || is_among(r.nulls, r.null_count, text) || !is_value(ctx, text))
			continue;
		if ((rc = add_text(&r, r.texts, &r.text_count, text, err)) < 0)
			goto out;
	}
	rc = bn_reading_format(out, &r, BN_TYPE_STRING, true, err);
out:
	bn_reading_release(&r);
	return rc;
}

int bn_reading_nulls(const char *const **out, bn_reading *r, bn_err *err)
{
	size_t usual = count_texts(bn_cell_absent_texts), n = 0;
	const char **list = NULL;
	int rc = make_room(r, &list, usual + r->null_count, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < usual && !r->only; i++)
		if (!is_among(r->texts, r->text_count, bn_cell_absent_texts[i]))
			list[n++] = bn_cell_absent_texts[i];
	for (size_t i = 0; i < r->null_count; i++)
		if (!is_among(list, n, r->nulls[i]))
			list[n++] = r->nulls[i];
	*out = list;
	return 0;
}

/* ---- as options ----------------------------------------------------------------------------- */

static void add_option(bn_buf *out, const char *name, const char *value)
{
	bool plain = *value != '\0';

	for (const char *c = value; *c; c++)
		plain = plain && (isalnum((unsigned char)*c) || strchr("-_.,/+:@%", *c));
	bn_buf_addf(out, "%s--%s ", out->len ? " " : "", name);
	if (plain) {
		bn_buf_adds(out, value);
		return;
	}
	bn_buf_addch(out, '\'');
	for (const char *c = value; *c; c++)
		if (*c == '\'')
			bn_buf_adds(out, "'\\''");
		else
			bn_buf_addch(out, *c);
	bn_buf_addch(out, '\'');
}

void bn_reading_describe(const bn_reading *r, bn_buf *out)
{
	char sign[2] = "";

	for (size_t i = 0; i < r->null_count; i++)
		add_option(out, r->only ? "only-null" : "null", r->nulls[i]);
	if (r->thousands) {
		sign[0] = r->thousands;
		add_option(out, "thousands", sign);
	}
	if (r->decimal) {
		sign[0] = r->decimal;
		add_option(out, "decimal", sign);
	}
	if (r->date_order)
		add_option(out, "date-order", bn_date_order_name(r->date_order));
	if (r->trim)
		add_option(out, "trim", "yes");
}

bool bn_reading_is_usual(const bn_reading *r)
{
	return !r->only && !r->null_count && !r->decimal && !r->date_order && !r->trim;
}
