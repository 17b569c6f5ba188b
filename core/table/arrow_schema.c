/*
 * arrow_schema.c - Arrow's Schema message to bn_schema, and how each column lies in the file.
 *
 * Wider than what we write, so that files of pandas, polars and R can be read: smaller and unsigned
 * integers are widened, dates and coarser timestamps become nanoseconds, categories may have codes
 * of any signed or unsigned width up to 32 bits. What has no exact place in bn_type is refused by
 * name.
 */
#include "core/base/utf8.h"
#include "core/table/_arrow.h"

#include <string.h>

/* By number in the Type union of Schema.fbs. */
static const char *const arrow_type_names[] = {"none", "null", "int", "floating point", "binary",
	"utf8", "bool", "decimal", "date", "time", "timestamp", "interval", "list", "struct",
	"union", "fixed-size binary", "fixed-size list", "map", "duration", "large binary",
	"large utf8", "large list", "run-end encoded", "binary view", "utf8 view", "list view",
	"large list view"};

static int unsupported(const char *name, const char *what, bn_err *err)
{
	bn_err_set(err, BN_EUNSUPPORTED, "column '%s': Arrow type %s is not supported", name, what);
	bn_err_hint(err, "cast the column to a number, bool, timestamp, string or dictionary, or "
			 "leave it out");
	return BN_EUNSUPPORTED;
}

static int read_int(bn_fb_table t, const char *name, bn_phys *phys, bn_type *type, bn_err *err)
{
	int64_t bits = bn_fb_int(t, 0, 4, 0);
	bool is_signed = bn_fb_int(t, 1, 1, 0) != 0;

	switch (bits) {
	case 8:
		*phys = is_signed ? PHYS_I8 : PHYS_U8;
		*type = is_signed ? BN_TYPE_INT8 : BN_TYPE_INT32;
		return 0;
	case 16:
		*phys = is_signed ? PHYS_I16 : PHYS_U16;
		*type = BN_TYPE_INT32;
		return 0;
	case 32:
		*phys = is_signed ? PHYS_I32 : PHYS_U32;
		*type = is_signed ? BN_TYPE_INT32 : BN_TYPE_INT64;
		return 0;
	case 64:
		*phys = PHYS_I64;
		*type = BN_TYPE_INT64;
		return is_signed ? 0 : unsupported(name, "uint64", err);
	default:
		return bn_err_set(err, BN_ECORRUPT, "column '%s': an integer of %lld bits", name,
			(long long)bits);
	}
}

static int read_timestamp(
	bn_fb_table t, int arrow_type, const char *name, bn_arrow_column *c, bn_err *err)
{
	static const int64_t ns_per_unit[] = {1000000000, 1000000, 1000, 1};

	c->phys = PHYS_I64;
	if (arrow_type == ARROW_TIMESTAMP) {
		int64_t unit = bn_fb_int(t, 0, 2, 0);
		if (unit < 0 || unit > 3)
			return bn_err_set(err, BN_ECORRUPT, "column '%s': no such time unit", name);
		c->scale = ns_per_unit[unit];
	} else if (bn_fb_int(t, 0, 2, 1) == 0) { /* date in days */
		c->phys = PHYS_I32;
		c->scale = 86400 * ns_per_unit[0];
	} else {
		c->scale = ns_per_unit[1];
	}
	return 0;
}

/* The type of the values: of the strings, for a dictionary-encoded field. */
static int read_type(
	bn_fb_table field, const char *name, bn_arrow_column *c, bn_type *type, bn_err *err)
{
	int64_t id = bn_fb_int(field, FIELD_TYPE_TYPE, 1, 0);
	bn_fb_table t = bn_fb_child(field, FIELD_TYPE);

	switch (id) {
	case ARROW_NULL:
		c->phys = PHYS_NULL;
		*type = BN_TYPE_FLOAT64;
		return 0;
	case ARROW_INT:
		return read_int(t, name, &c->phys, type, err);
	case ARROW_FLOAT: {
		int64_t precision = bn_fb_int(t, 0, 2, 0);
		c->phys = precision == 1 ? PHYS_F32 : PHYS_F64;
		*type = precision == 1 ? BN_TYPE_FLOAT32 : BN_TYPE_FLOAT64;
		return precision == 1 || precision == 2 ? 0 : unsupported(name, "float16", err);
	}
	case ARROW_UTF8:
	case ARROW_LARGE_UTF8:
		c->phys = id == ARROW_UTF8 ? PHYS_TEXT : PHYS_LARGE_TEXT;
		*type = BN_TYPE_STRING;
		return 0;
	case ARROW_BOOL:
		c->phys = PHYS_BOOL;
		*type = BN_TYPE_BOOL;
		return 0;
	case ARROW_DATE:
	case ARROW_TIMESTAMP:
		*type = BN_TYPE_TIMESTAMP;
		return read_timestamp(t, (int)id, name, c, err);
	default:
		if (id < 1 || id >= (int64_t)(sizeof arrow_type_names / sizeof *arrow_type_names))
			return bn_err_set(err, BN_ECORRUPT, "column '%s': Arrow type number %lld",
				name, (long long)id);
		return unsupported(name, arrow_type_names[id], err);
	}
}

static int read_dictionary(
	bn_fb_table encoding, const char *name, bn_arrow_column *c, bn_type *type, bn_err *err)
{
	bn_fb_table index = bn_fb_child(encoding, DICTENC_INDEX);
	bn_type index_type;

	if (*type != BN_TYPE_STRING)
		return unsupported(name, "dictionary of something else than strings", err);
	c->dict_phys = c->phys;
	c->dict_id = bn_fb_int(encoding, DICTENC_ID, 8, 0);
	c->phys = PHYS_I32; /* the default of the format */
	*type = BN_TYPE_CATEGORY;
	if (!index.fb)
		return 0;
	int rc = read_int(index, name, &c->phys, &index_type, err);
	if (!rc && c->phys == PHYS_U32)
		rc = unsupported(name, "dictionary with uint32 codes", err);
	if (!rc && c->phys == PHYS_I64)
		rc = unsupported(name, "dictionary with int64 codes", err);
	return rc;
}

static char *dup_text(const char *s, size_t n, const char *what, size_t i, bn_err *err)
{
	if (!bn_utf8_is_valid(s, n) || memchr(s, 0, n)) {
		bn_err_set(err, BN_ECORRUPT, "the %s of column %zu is not UTF-8", what, i + 1);
		return NULL;
	}
	char *copy = bn_strndup(s, n);
	if (!copy)
		bn_err_nomem(err, "an Arrow schema");
	return copy;
}

/* The value of key in a list of KeyValue tables, as a copy; NULL when there is none. */
static char *find_metadata(bn_fb_vector list, const char *key, size_t column, bn_err *err)
{
	for (size_t i = 0; i < list.count; i++) {
		bn_fb_table kv = bn_fb_list_table(list, i);
		const char *k, *v;
		size_t nk, nv;
		if (bn_fb_string(kv, KV_KEY, &k, &nk) && nk == strlen(key) && !memcmp(k, key, nk) &&
			bn_fb_string(kv, KV_VALUE, &v, &nv))
			return dup_text(v, nv, "unit", column, err);
	}
	return NULL;
}

static int read_field(
	bn_fb_table field, size_t i, bn_schema *schema, bn_arrow_column *c, bn_err *err)
{
	const char *s = "";
	size_t n = 0;
	bn_type type = BN_TYPE_FLOAT64;
	bn_err local = BN_ERR_INIT;
	int rc;

	bn_fb_string(field, FIELD_NAME, &s, &n);
	char *name = dup_text(s, n, "name", i, &local), *unit = NULL;
	rc = local.code;
	if (!rc)
		rc = read_type(field, name, c, &type, &local);
	bn_fb_table encoding = bn_fb_child(field, FIELD_DICTIONARY);
	if (!rc && encoding.fb)
		rc = read_dictionary(encoding, name, c, &type, &local);
	if (!rc) {
		unit = find_metadata(bn_fb_list(field, FIELD_METADATA, 4), "unit", i, &local);
		rc = local.code;
	}
	if (!rc) {
		bool nullable = bn_fb_int(field, FIELD_NULLABLE, 1, 0) != 0;
		rc = bn_schema_add(schema, name, type, nullable, unit, &local);
		if (rc == BN_ECONFLICT || rc == BN_EINVAL) {
			rc = local.code = BN_EUNSUPPORTED;
			bn_err_hint(&local, "rename one of them");
		}
	}
	if (rc < 0)
		bn_err_recode(err, &local, rc);
	bn_free(name);
	bn_free(unit);
	return rc;
}

static int read_metadata(bn_fb_table t, bn_schema *schema, bn_err *err)
{
	bn_fb_vector list = bn_fb_list(t, SCHEMA_METADATA, 4);
	int rc = 0;

	for (size_t i = 0; i < list.count && !rc; i++) {
		bn_fb_table kv = bn_fb_list_table(list, i);
		const char *k, *v;
		size_t nk, nv;
		/* Metadata of others may be bytes, not text: that is left out. */
		if (!bn_fb_string(kv, KV_KEY, &k, &nk) || !bn_fb_string(kv, KV_VALUE, &v, &nv) ||
			!bn_utf8_is_valid(k, nk) || !bn_utf8_is_valid(v, nv) || memchr(k, 0, nk) ||
			memchr(v, 0, nv))
			continue;
		char *key = bn_strndup(k, nk), *value = bn_strndup(v, nv);
		rc = key && value ? bn_schema_set_meta(schema, key, value, err)
				  : bn_err_nomem(err, "an Arrow schema");
		bn_free(key);
		bn_free(value);
	}
	return rc;
}

int bn_arrow_read_schema(
	bn_fb_table t, bn_schema *schema, bn_arrow_column **columns, size_t *buffers, bn_err *err)
{
	bn_fb_vector fields = bn_fb_list(t, SCHEMA_FIELDS, 4);
	bn_arrow_column *list = NULL;
	int rc = 0;

	*buffers = 0;
	if (t.fb && bn_fb_int(t, SCHEMA_ENDIANNESS, 2, 0) != 0)
		return bn_err_set(err, BN_EUNSUPPORTED, "it was written big-endian");
	list = bn_alloc_zeroed(fields.count + 1, sizeof *list);
	if (!list)
		return bn_err_nomem(err, "an Arrow schema");
	for (size_t i = 0; i < fields.count && !rc; i++) {
		bn_fb_table field = bn_fb_list_table(fields, i);
		if (!field.fb)
			break;
		rc = read_field(field, i, schema, &list[i], err);
		list[i].first_buffer = *buffers;
		bn_phys phys = list[i].phys;
		*buffers += phys == PHYS_NULL                              ? 0
			    : phys == PHYS_TEXT || phys == PHYS_LARGE_TEXT ? 3
									   : 2;
	}
	rc = rc ? rc : read_metadata(t, schema, err);
	if (!rc && (!t.fb || t.fb->bad))
		rc = bn_err_set(err, BN_ECORRUPT, "its schema is damaged");
	if (rc)
		bn_free(list);
	else
		*columns = list;
	return rc;
}
