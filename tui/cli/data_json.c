/* data_json.c - see data_json.h. */
#include "tui/cli/data_json.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const bn_col bn_data_version_fields[] = {{"ref", "Dataset", BN_AS_TEXT},
	{"rows", "Rows", BN_AS_COUNT}, {"columns", "Columns", BN_AS_COUNT},
	{"size_bytes", "Size", BN_AS_BYTES}, {"hash", "Hash", BN_AS_TEXT},
	{"schema_hash", "Schema", BN_AS_ID}, {"source.kind", "Source", BN_AS_TEXT},
	{"source.path", "Path", BN_AS_TEXT}, {"source.rejected", "Rejected rows", BN_AS_COUNT},
	{"parents_text", "Made from", BN_AS_TEXT}, {"children_text", "Made into", BN_AS_TEXT},
	{"tags_text", "Tags", BN_AS_TEXT}, {"checks_text", "Checks", BN_AS_TEXT},
	{"user", "By", BN_AS_TEXT}, {"private_to", "Private to", BN_AS_TEXT},
	{"created_ms", "At", BN_AS_TIME_MS}, {"removed", "Removed", BN_AS_BOOL},
	{"bytes_gone", "Bytes gone", BN_AS_BOOL}, {0}};

static json_t *tags_json(const bn_dataset_version *v)
{
	json_t *tags = json_object();
	for (size_t i = 0; i < v->tag_count; i++)
		json_object_set_new(tags, v->tag_keys[i], json_string(v->tag_values[i]));
	return tags;
}

static json_t *parents_json(const bn_dataset_version *v)
{
	json_t *array = json_array();
	for (size_t i = 0; i < v->parent_count; i++)
		json_array_append_new(array,
			json_pack("{s:s, s:I, s:s}", "name", v->parents[i].name, "version",
				(json_int_t)v->parents[i].version, "hash", v->parents[i].hash));
	return array;
}

static json_t *check_json(const bn_dataset_version *v)
{
	if (!v->checked_ms)
		return json_null();
	return json_pack("{s:b, s:I, s:I, s:I, s:s, s:s}", "success", (int)v->check_success,
		"evaluated", (json_int_t)v->check_evaluated, "failed", (json_int_t)v->check_failed,
		"checked_ms", (json_int_t)v->checked_ms, "suite", v->check_suite, "result",
		v->check_result);
}

/* For display: "all 12 passed", "3 of 12 failed"; and tags, parents in one line. */
static void add_texts(json_t *o, const bn_dataset_version *v)
{
	bn_buf b = BN_BUF_INIT;
	if (v->checked_ms && v->check_success && v->check_failed)
		bn_buf_addf(&b, "%lld of %lld warn", (long long)v->check_failed,
			(long long)v->check_evaluated);
	else if (v->checked_ms && v->check_success)
		bn_buf_addf(&b, "all %lld passed", (long long)v->check_evaluated);
	else if (v->checked_ms)
		bn_buf_addf(&b, "%lld of %lld failed", (long long)v->check_failed,
			(long long)v->check_evaluated);
	json_object_set_new(o, "checks_text", b.len ? json_string(b.ptr) : json_null());
	bn_buf_clear(&b);
	for (size_t i = 0; i < v->tag_count; i++)
		bn_buf_addf(&b, "%s%s%s%s", i ? ", " : "", v->tag_keys[i],
			v->tag_values[i][0] ? "=" : "", v->tag_values[i]);
	json_object_set_new(o, "tags_text", b.len ? json_string(b.ptr) : json_null());
	bn_buf_clear(&b);
	for (size_t i = 0; i < v->parent_count; i++)
		bn_buf_addf(&b, "%s%s@v%lld", i ? ", " : "", v->parents[i].name,
			(long long)v->parents[i].version);
	json_object_set_new(o, "parents_text", b.len ? json_string(b.ptr) : json_null());
	bn_buf_release(&b);
}

static const char *state_text(const bn_dataset_version *v)
{
	if (v->forgotten)
		return "forgotten";
	if (v->bytes_gone)
		return "bytes gone";
	return v->removed ? "removed" : "live";
}

json_t *bn_data_version_json(const bn_dataset_version *v)
{
	char ref[192];
	json_t *source = json_pack("{s:s, s:s?, s:s?, s:I}", "kind", v->source_kind, "path",
		v->source_path, "sha256", v->source_sha256[0] ? v->source_sha256 : NULL, "rejected",
		(json_int_t)v->rejected);
	json_t *o = json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:s, s:s?, s:I, s:s, s:b, s:o}",
		"ref", bn_dataset_version_name(v, ref, sizeof ref), "name", v->name, "version",
		(json_int_t)v->version, "hash", v->hash, "size_bytes", (json_int_t)v->size_bytes,
		"rows", (json_int_t)v->rows, "columns", (json_int_t)v->columns, "schema_hash",
		v->schema_hash, "profile", v->profile_hash[0] ? v->profile_hash : NULL,
		"created_ms", (json_int_t)v->created_ms, "user", v->user, "removed",
		(int)v->removed, "source", source);
	if (!o)
		return NULL;
	json_t *recipe = v->recipe ? json_loads(v->recipe, 0, NULL) : NULL;
	json_object_set_new(o, "recipe", recipe ? recipe : json_null());
	json_object_set_new(o, "state_text", json_string(state_text(v)));
	json_object_set_new(o, "bytes_gone", json_boolean(v->bytes_gone));
	json_object_set_new(o, "forgotten", v->forgotten ? json_string(v->forgotten) : json_null());
	json_object_set_new(o, "private", json_boolean(v->is_private));
	json_object_set_new(o, "private_to", v->is_private ? json_string(v->user) : json_null());
	json_object_set_new(o, "content", json_string(v->content));
	json_object_set_new(o, "parts", json_integer((json_int_t)v->parts));
	json_object_set_new(o, "tags", tags_json(v));
	json_object_set_new(o, "parents", parents_json(v));
	json_object_set_new(o, "check", check_json(v));
	add_texts(o, v);
	return o;
}

static bool has_sizes(const bn_profile_column *c)
{
	return bn_type_is_list(c->type) || c->type == BN_TYPE_BINARY;
}

/* "3 values each, 0 to 41.5"; of bytes and lists. */
static void sizes_of(bn_buf *b, const bn_profile_column *c, const char *sep)
{
	const bn_profile_column *v = c->values;
	const char *what = bn_type_is_list(c->type) ? "values" : "bytes";
	unsigned long long least = c->length_min, most = c->length_max;

	if (c->rows == c->missing)
		return;
	if (least == most)
		bn_buf_addf(b, "%s%llu %s each", sep, most, what);
	else
		bn_buf_addf(b, "%s%llu to %llu %s", sep, least, most, what);
	if (v && v->min_text && v->max_text)
		bn_buf_addf(b, ", %s to %s", v->min_text, v->max_text);
	else if (v && v->top_count)
		bn_buf_addf(b, ", most: %.24s", v->top[0].text);
}

/* Remarkable properties of a column, as text. */
static void notes_of(bn_buf *b, const bn_profile_column *c)
{
	const char *sep = "";
	if (c->masked) {
		bn_buf_adds(b, "masked");
		return;
	}
	if (c->rows && c->missing == c->rows) {
		bn_buf_adds(b, "empty");
		if (c->nan)
			bn_buf_addf(b, ", %llu NaN", (unsigned long long)c->nan);
		return;
	}
	if (c->constant) {
		bn_buf_adds(b, "constant");
		sep = ", ";
	}
	if (c->unique == BN_YES && c->rows - c->missing > 1) {
		bn_buf_addf(b, "%sunique", sep);
		sep = ", ";
	}
	if (c->increasing || c->decreasing) {
		bn_buf_addf(b, "%s%s", sep, c->increasing ? "rising" : "falling");
		sep = ", ";
	}
	if (!c->distinct_exact) {
		bn_buf_addf(b, "%sdistinct +-%.1f %% (two standard errors)", sep,
			200 * c->distinct_error);
		sep = ", ";
	}
	if (c->is_numeric && !c->quantiles_exact && c->rank_error > 0) {
		bn_buf_addf(b, "%smedian +-%.2g %% of the rows", sep, 100 * c->rank_error);
		sep = ", ";
	}
	if (c->infinities) {
		bn_buf_addf(b, "%s%llu infinite", sep, (unsigned long long)c->infinities);
		sep = ", ";
	}
	if (c->nan) {
		bn_buf_addf(b, "%s%llu NaN", sep, (unsigned long long)c->nan);
		sep = ", ";
	}
	if (has_sizes(c))
		sizes_of(b, c, sep);
	else if (!c->is_numeric && c->top_count && !c->constant && c->unique != BN_YES)
		bn_buf_addf(b, "%smost: %.24s", sep, c->top[0].text);
}

static json_t *sizes_json(const bn_profile_column *c)
{
	return json_pack("{s:I, s:I, s:o, s:I}", "min", (json_int_t)c->length_min, "max",
		(json_int_t)c->length_max, "mean", bn_json_real_or_null(c->length_mean), "empty",
		(json_int_t)c->empty);
}

/* A number, or text if JSON cannot represent it or it would be unreadable. */
json_t *bn_data_extreme_json(const bn_profile_column *c, double x, const char *text)
{
	bool is_float = c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32;
	int64_t whole;
	if (is_float && isfinite(x))
		return json_real(x);
	if (text && bn_type_is_number(c->type) && bn_parse_i64(text, strlen(text), &whole))
		return json_integer(whole); /* beyond 2^53 too */
	return text ? json_string(text) : json_null();
}

static json_t *quantile_json(const bn_profile_column *c, size_t percent)
{
	const char *digits = bn_profile_quantile_text(c, (double)percent / 100);

	if (bn_type_is_time(c->type) || !c->is_numeric)
		return json_null();
	return digits ? bn_data_extreme_json(c, c->quantiles[percent], digits)
		      : bn_json_real_or_null(c->quantiles[percent]);
}

/* Times in nanoseconds are shown by their text; numbers as numbers. */
json_t *bn_data_column_json(const bn_profile_column *c)
{
	bool times = bn_type_is_time(c->type);
	char type[BN_TYPE_TEXT];
	bn_buf notes = BN_BUF_INIT;
	notes_of(&notes, c);
	double share = bn_profile_share_missing(c);
	json_t *o = json_pack("{s:s, s:s, s:s?, s:I, s:I, s:o, s:I, s:b}", "name", c->name, "type",
		bn_field_type_text(&c->field, type), "unit", c->unit, "rows", (json_int_t)c->rows,
		"missing", (json_int_t)c->missing, "missing_share", bn_json_real_or_null(share),
		"distinct", (json_int_t)c->distinct, "distinct_exact", (int)c->distinct_exact);
	if (!o) {
		bn_buf_release(&notes);
		return NULL;
	}
	static const struct {
		const char *key;
		size_t at;
	} quantiles[] = {{"p25", 25}, {"p50", 50}, {"p75", 75}};
	if (c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32)
		json_object_set_new(
			o, "nan", json_integer((json_int_t)c->nan)); /* included in missing */
	json_object_set_new(o, "masked", json_boolean(c->masked));
	json_object_set_new(o, "mean", bn_json_real_or_null(times ? NAN : c->mean));
	json_object_set_new(o, "std", bn_json_real_or_null(times ? NAN : c->std));
	for (size_t i = 0; i < 3; i++)
		json_object_set_new(o, quantiles[i].key, quantile_json(c, quantiles[i].at));
	json_object_set_new(o, "skew", bn_json_real_or_null(times ? NAN : c->skew));
	json_object_set_new(o, "min", bn_data_extreme_json(c, c->min, c->min_text));
	json_object_set_new(o, "max", bn_data_extreme_json(c, c->max, c->max_text));
	if (has_sizes(c))
		json_object_set_new(o, "sizes", sizes_json(c));
	if (c->values)
		json_object_set_new(o, "values", bn_data_column_json(c->values));
	json_object_set_new(o, "notes", notes.len ? json_string(notes.ptr) : json_null());
	bn_buf_release(&notes);
	return o;
}
