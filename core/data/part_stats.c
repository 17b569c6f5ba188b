/* part_stats.c - converts a part's statistics to and from the form in its manifest
 * (core/store/object/manifest.h). */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/_dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Integers that a JSON number may not hold exactly are strings. */
static bool is_wide(bn_type type)
{
	return type == BN_TYPE_INT64 || type == BN_TYPE_UINT64 || type == BN_TYPE_TIMESTAMP ||
	       type == BN_TYPE_DURATION;
}

static json_t *bound_json(bn_type type, const bn_expr_value *v, bool greatest)
{
	char text[32];
	switch (v->type) {
	case BN_EXPR_NULL:
		return json_null();
	case BN_EXPR_TEXT:
		return greatest ? bn_manifest_text_max(v->s.ptr, v->s.len)
				: bn_manifest_text_min(v->s.ptr, v->s.len);
	case BN_EXPR_REAL:
		if (isfinite(v->r))
			return json_real(v->r);
		return json_string(v->r < 0 ? "-inf" : "inf");
	default:
		snprintf(text, sizeof text, "%" PRId64, v->i);
		return is_wide(type) ? json_string(text) : json_integer(v->i);
	}
}

json_t *bn_dataset_part_stats(const bn_part_stats *s, const bn_schema *schema)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < s->count && i < BN_MANIFEST_STATS; i++) {
		const bn_column_stats *c = &s->columns[i];
		bn_type type = schema->fields[i].type;
		json_t *one = json_pack("[o, o, o]", bound_json(type, &c->min, false),
			bound_json(type, &c->max, true),
			c->missing < 0 ? json_null() : json_integer(c->missing));
		if (!one || json_array_append_new(list, one)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* ---- reading ---------------------------------------------------------------------------------- */

static bool read_text(bn_column_stats *c, bn_expr_value *v, int which, const json_t *o)
{
	char *room = bn_column_stats_room(c, which);
	size_t n = json_string_length(o);
	if (!room || n > BN_STATS_TEXT)
		return false;
	memcpy(room, json_string_value(o), n);
	*v = (bn_expr_value){BN_EXPR_TEXT, {.s = {room, n}}};
	return true;
}

/* An unreadable value is unknown. */
static void read_bound(
	bn_column_stats *c, bn_expr_value *v, int which, bn_type type, const json_t *o)
{
	bool real = type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32 || type == BN_TYPE_DECIMAL;
	const char *s = json_string_value(o);
	bool known = false;
	*v = (bn_expr_value){.type = BN_EXPR_NULL};
	if (bn_type_is_text(type)) {
		known = s && read_text(c, v, which, o);
	} else if (real) {
		known = s ? bn_parse_f64(s, strlen(s), &v->r) && !isnan(v->r) : json_is_number(o);
		if (known && !s)
			v->r = json_number_value(o);
		v->type = known ? BN_EXPR_REAL : BN_EXPR_NULL;
	} else if (bn_type_is_scalar(type)) {
		known = s ? bn_parse_i64(s, strlen(s), &v->i) : json_is_integer(o);
		if (known && !s)
			v->i = json_integer_value(o);
		v->type = known ? BN_EXPR_INT : BN_EXPR_NULL;
	}
}

static bn_part_stats *stats_read(const json_t *list, const bn_schema *schema, uint64_t rows)
{
	size_t n = json_array_size(list) < schema->count ? json_array_size(list) : schema->count;
	bn_part_stats *s = n ? bn_part_stats_new(n, rows) : NULL;
	for (size_t i = 0; s && i < n; i++) {
		const json_t *one = json_array_get(list, i), *missing = json_array_get(one, 2);
		bn_column_stats *c = &s->columns[i];
		read_bound(c, &c->min, 0, schema->fields[i].type, json_array_get(one, 0));
		read_bound(c, &c->max, 1, schema->fields[i].type, json_array_get(one, 1));
		if (json_is_integer(missing) && json_integer_value(missing) >= 0)
			c->missing = json_integer_value(missing);
	}
	return s;
}

void bn_dataset_attach_stats(bn_table_reader *table, const bn_manifest *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->parts[i].stats && m->parts[i].rows)
			bn_table_take_stats(table, i,
				stats_read(m->parts[i].stats, bn_table_schema(table),
					m->parts[i].rows));
}
