/* schema_change.c - see schema_change.h. */
#include "core/check/schema_change.h"

#include "core/base/mem.h"
#include "core/profile/tally.h"

#include <string.h>

const char *bn_schema_change_name(bn_schema_change_kind kind)
{
	static const char *const names[] = {
		"added", "removed", "widened", "retyped", "unit", "values gained", "values lost"};
	return names[kind];
}

int bn_schema_policy_parse(bn_schema_policy *out, const char *name, bn_err *err)
{
	static const char *const names[] = {"additive", "closed", "same"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name)) {
			*out = (bn_schema_policy)i;
			return 0;
		}
	return bn_err_set(err, BN_EINVAL, "policy '%.40s' is none of additive, closed and same", name);
}

bool bn_schema_change_is_compatible(bn_schema_change_kind kind, bn_schema_policy policy)
{
	if (kind == BN_SCHEMA_LOST)
		return true;
	if (policy == BN_SCHEMA_SAME)
		return false;
	if (kind == BN_SCHEMA_GAINED)
		return policy == BN_SCHEMA_ADDITIVE;
	return kind == BN_SCHEMA_ADDED || kind == BN_SCHEMA_WIDENED;
}

/* ---- types ---------------------------------------------------------------------------------- */

/* Bits of an integer without its sign; 0 for other types. */
static int integer_bits(bn_type type)
{
	switch (type) {
	case BN_TYPE_INT8:
		return 7;
	case BN_TYPE_UINT8:
		return 8;
	case BN_TYPE_INT16:
		return 15;
	case BN_TYPE_UINT16:
		return 16;
	case BN_TYPE_INT32:
		return 31;
	case BN_TYPE_UINT32:
		return 32;
	case BN_TYPE_INT64:
		return 63;
	case BN_TYPE_UINT64:
		return 64;
	default:
		return 0;
	}
}

static bool is_signed(bn_type type)
{
	return type == BN_TYPE_INT8 || type == BN_TYPE_INT16 || type == BN_TYPE_INT32 ||
	       type == BN_TYPE_INT64;
}

static bool integer_widens(bn_type from, const bn_field *to)
{
	static const int digits[] = {[7] = 3, [8] = 3, [15] = 5, [16] = 5, [31] = 10, [32] = 10,
		[63] = 19, [64] = 20};
	int bits = integer_bits(from), more = integer_bits(to->type);
	if (more)
		return more >= bits && (is_signed(to->type) || !is_signed(from));
	if (to->type == BN_TYPE_FLOAT64 || to->type == BN_TYPE_FLOAT32)
		return bits <= (to->type == BN_TYPE_FLOAT64 ? 53 : 24);
	return to->type == BN_TYPE_DECIMAL && to->precision - to->scale >= digits[bits];
}

/* Whether every value of one type is a value of the other. */
static bool type_widens(const bn_field *from, const bn_field *to)
{
	if (bn_type_is_text(from->type) && bn_type_is_text(to->type))
		return true;
	if (integer_bits(from->type))
		return integer_widens(from->type, to);
	if (from->type == BN_TYPE_FLOAT32)
		return to->type == BN_TYPE_FLOAT64;
	if (from->type == BN_TYPE_DATE)
		return to->type == BN_TYPE_TIMESTAMP;
	if (from->type == BN_TYPE_DECIMAL)
		return to->type == BN_TYPE_DECIMAL && to->scale >= from->scale &&
		       to->precision - to->scale >= from->precision - from->scale;
	if (bn_type_is_list(from->type) && from->child && to->child)
		return (to->type == BN_TYPE_LIST ||
			       (from->type == to->type && from->fixed_size == to->fixed_size)) &&
		       (bn_field_same_type(from->child, to->child) ||
			       type_widens(from->child, to->child));
	return false;
}

/* ---- finding -------------------------------------------------------------------------------- */

typedef struct finder {
	bn_schema_changes *out;
	size_t cap;
	bn_err *err;
} finder;

static int add(bn_schema_change **made, finder *f, bn_schema_change_kind kind, const char *column)
{
	bn_schema_changes *l = f->out;
	if (bn_grow(&l->items, &f->cap, l->count + 1, sizeof *l->items))
		return bn_err_nomem(f->err, "changes of a schema");
	bn_schema_change *c = &l->items[l->count];
	*c = (bn_schema_change){.kind = kind, .column = bn_strdup(column)};
	if (!c->column)
		return bn_err_nomem(f->err, "changes of a schema");
	l->count++;
	*made = c;
	return 0;
}

static int add_types(
	finder *f, bn_schema_change_kind kind, const bn_field *from, const bn_field *to)
{
	bn_schema_change *c = NULL;
	int rc = add(&c, f, kind, (from ? from : to)->name);
	if (rc < 0)
		return rc;
	if (from)
		bn_field_type_text(from, c->from);
	if (to)
		bn_field_type_text(to, c->to);
	return 0;
}

static int add_unit(finder *f, const bn_field *from, const bn_field *to)
{
	bn_schema_change *c = NULL;
	const char *a = from->unit ? from->unit : "", *b = to->unit ? to->unit : "";
	int rc;
	if (!strcmp(a, b))
		return 0;
	if ((rc = add(&c, f, BN_SCHEMA_UNIT, from->name)) < 0)
		return rc;
	snprintf(c->from, sizeof c->from, "%s", a);
	snprintf(c->to, sizeof c->to, "%s", b);
	return 0;
}

/* Which codes of `of` are not texts of `among`: adds a change if there are some. */
static int add_values(finder *f, bn_schema_change_kind kind, const char *column, const bn_dict *of,
	const bn_dict *among)
{
	bn_schema_change *c = NULL;
	size_t n = 64;
	int rc = 0;
	while (n < 2 * (among->count + 1))
		n *= 2;
	uint32_t *slots = bn_alloc_zeroed(n, sizeof *slots);
	if (!slots)
		return bn_err_nomem(f->err, "values of a category");
	for (size_t i = 0; i < among->count; i++) {
		bn_text t = bn_dict_get(among, i);
		size_t at = bn_hash_text(t.ptr, t.len) & (n - 1);
		while (slots[at])
			at = (at + 1) & (n - 1);
		slots[at] = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < of->count; i++) {
		bn_text t = bn_dict_get(of, i);
		size_t at = bn_hash_text(t.ptr, t.len) & (n - 1);
		bool found = false;
		for (; slots[at] && !found; at = (at + 1) & (n - 1)) {
			bn_text x = bn_dict_get(among, slots[at] - 1);
			found = x.len == t.len && !memcmp(x.ptr, t.ptr, t.len);
		}
		if (found)
			continue;
		if (!c && (rc = add(&c, f, kind, column)) < 0)
			break;
		if (c->count < BN_SCHEMA_VALUES &&
			!(c->values[c->count] = bn_strndup(t.ptr, t.len))) {
			rc = bn_err_nomem(f->err, "values of a category");
			break;
		}
		c->count++;
	}
	bn_free(slots);
	return rc;
}

static int compare_column(finder *f, const bn_table_reader *before, size_t i,
	const bn_table_reader *after, size_t k)
{
	const bn_field *from = &bn_table_schema(before)->fields[i];
	const bn_field *to = &bn_table_schema(after)->fields[k];
	const bn_dict *a = bn_table_dict(before, i), *b = bn_table_dict(after, k);
	int rc = 0;
	if (!bn_field_same_type(from, to) &&
		(rc = add_types(f, type_widens(from, to) ? BN_SCHEMA_WIDENED : BN_SCHEMA_RETYPED,
			 from, to)) < 0)
		return rc;
	if ((rc = add_unit(f, from, to)) < 0 || !a || !b)
		return rc;
	if ((rc = add_values(f, BN_SCHEMA_GAINED, from->name, b, a)) < 0)
		return rc;
	return add_values(f, BN_SCHEMA_LOST, from->name, a, b);
}

int bn_schema_changes_find(
	bn_schema_changes *out, const bn_table_reader *before, const bn_table_reader *after, bn_err *err)
{
	const bn_schema *a = bn_table_schema(before), *b = bn_table_schema(after);
	finder f = {.out = out, .err = err};
	int rc = 0;
	*out = (bn_schema_changes){NULL, 0};
	for (size_t i = 0; i < a->count && rc == 0; i++) {
		size_t k = bn_schema_find(b, a->fields[i].name);
		rc = k == BN_SCHEMA_NONE ? add_types(&f, BN_SCHEMA_REMOVED, &a->fields[i], NULL)
					 : compare_column(&f, before, i, after, k);
	}
	for (size_t k = 0; k < b->count && rc == 0; k++)
		if (bn_schema_find(a, b->fields[k].name) == BN_SCHEMA_NONE)
			rc = add_types(&f, BN_SCHEMA_ADDED, NULL, &b->fields[k]);
	return rc;
}

void bn_schema_changes_release(bn_schema_changes *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].column);
		for (size_t k = 0; k < BN_SCHEMA_VALUES; k++)
			bn_free(l->items[i].values[k]);
	}
	bn_free(l->items);
	*l = (bn_schema_changes){NULL, 0};
}
