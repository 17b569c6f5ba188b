/* predict_file.c - see predict_file.h. */
#include "core/predict/predict_file.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/predict/_predictor.h"
#include "core/predict/_session.h"
#include "core/source/sources.h"

#include <math.h>
#include <string.h>

#define BLOCK_ROWS 4096

/* ---- streaming batches from a file -------------------------------------------------------- */

/* The columns that are asked for: a vector that the file does not have, by those of its elements that it has. */
typedef struct wanted {
	const bn_schema *as;         /* the model's */
	const bn_features *features; /* of it; NULL: a server has them */
	bn_schema found;
	size_t *source; /* by column of found: which of `as` it is, */
	size_t *input;  /* and the input, of an element of features */
} wanted;

#define NO_INPUT SIZE_MAX

static void wanted_release(wanted *a)
{
	bn_schema_release(&a->found);
	bn_free(a->source);
	bn_free(a->input);
	a->source = a->input = NULL;
}

static size_t most_columns(const bn_schema *as)
{
	size_t n = 1;
	for (size_t i = 0; i < as->count; i++)
		n += as->fields[i].type == BN_TYPE_FIXED ? as->fields[i].fixed_size : 1;
	return n;
}

/* Adds the elements of vector i: those that a model here takes, or else those that the file has. 0: it has none of them. */
static int add_elements(wanted *a, size_t i, const bn_schema *has, bn_err *err)
{
	const bn_field *vector = &a->as->fields[i];
	const bn_feature_source *s = a->features ? bn_features_source(a->features, i) : NULL;
	size_t n = s ? s->count : vector->fixed_size, seen = 0;
	for (int pass = 0; pass < 2; pass++)
		for (size_t k = 0; k < n && (pass == 0 || seen); k++) {
			size_t e = s ? bn_features_input(a->features, s->first + k)->element : k;
			char *name = bn_strf("%s[%zu]", vector->name, e);
			if (!name)
				return bn_err_nomem(err, "the name of a column");
			bool there = bn_schema_find(has, name) != BN_SCHEMA_NONE;
			int rc = 0;
			seen += pass == 0 && there;
			if (pass && (s || there)) {
				a->source[a->found.count] = i;
				a->input[a->found.count] = s ? s->first + k : 0;
				rc = bn_schema_add(
					&a->found, name, vector->child->type, true, NULL, err);
			}
			bn_free(name);
			if (rc < 0)
				return rc;
		}
	return seen > 0;
}

static const bn_schema *find_columns(void *user, const bn_schema *has, bn_err *err)
{
	wanted *a = user;
	size_t most = most_columns(a->as);
	wanted_release(a);
	a->source = bn_alloc_zeroed(most, sizeof *a->source);
	a->input = bn_alloc_zeroed(most, sizeof *a->input);
	if (!a->source || !a->input) {
		bn_err_nomem(err, "columns");
		return NULL;
	}
	for (size_t i = 0; i < a->as->count; i++) {
		const bn_field *f = &a->as->fields[i];
		int rc = 0;
		if (f->type == BN_TYPE_FIXED && bn_schema_find(has, f->name) == BN_SCHEMA_NONE)
			rc = add_elements(a, i, has, err);
		if (rc > 0)
			continue;
		a->source[a->found.count] = i;
		a->input[a->found.count] = NO_INPUT;
		if (rc < 0 || bn_schema_add_field(&a->found, f, NULL, err) < 0)
			return NULL;
	}
	return &a->found;
}

/* asked->as NULL: types are guessed. */
static int open_stream(bn_stream **out, const bn_env *env, const char *path,
	const bn_source_options *reading, wanted *asked, bn_err *err)
{
	const bn_source_options none = BN_SOURCE_OPTIONS_INIT;
	const bn_source *source = NULL;
	bn_source_options options = reading ? *reading : none;
	options.no_rejects = true;
	options.as = asked->as;
	options.as_for = asked->as ? find_columns : NULL;
	options.as_for_user = asked;
	options.as_whose = "the model needs";
	options.readings_of = "in training";
	options.as_only = options.as_inputs = true;
	int rc = bn_sources_open(out, &source, env, NULL, path, &options, err);
	if (rc < 0 || !source->live)
		return rc;
	bn_sources_close(*out);
	*out = NULL;
	return bn_err_set(err, BN_EINVAL, "'%s' is not a file", path);
}

static void tell_notes(
	const bn_stream *stream, void (*tell)(void *, const bn_source_notes *), void *user)
{
	const bn_source_notes *n = stream->ops->notes ? stream->ops->notes(stream) : NULL;
	if (n && tell)
		tell(user, n);
}

/* ---- with a local model ---------------------------------------------------------------------- */

typedef struct filer {
	const bn_predictor *p;
	bn_session *session;
	wanted asked;
	const bn_predict_sink *sink;
	int32_t *
		*codes; /* of each column that is a category: its dictionary in the model's codes */
	size_t *room;   /* in each of them */
	uint64_t done;
} filer;

static int recode(filer *f, const bn_batch *b, bn_err *err)
{
	for (size_t i = 0; i < b->column_count; i++) {
		const bn_dict *dict = b->columns[i].dict;
		if (!dict)
			continue;
		if (bn_grow(&f->codes[i], &f->room[i], dict->count + 1, sizeof **f->codes))
			return bn_err_nomem(err, "codes of categories");
		bn_predictor_recode(f->codes[i], f->p,
			bn_features_source(f->p->features, f->asked.source[i])->first, dict);
	}
	return 0;
}

static int answer_block(filer *f, const bn_batch *b, size_t from, size_t n, bn_err *err)
{
	int rc = bn_session_begin(f->session, n, err);
	if (rc < 0)
		return rc;
	bn_session_set_first_row(f->session, f->done);
	for (size_t i = 0; i < b->column_count; i++) {
		size_t k = f->asked.source[i], input = f->asked.input[i];
		const bn_feature_source *source = bn_features_source(f->p->features, k);
		const bn_column *c = &b->columns[i];
		if (source->elements && input == NO_INPUT)
			rc = bn_session_set_vectors(f->session, k, c, from, n, err);
		else
			rc = bn_session_set_column(f->session,
				source->elements ? input : source->first, c, from, n, f->codes[i],
				err);
		if (rc < 0)
			return rc;
	}
	if ((rc = bn_session_run(f->session, err)) < 0)
		return rc;
	if ((rc = f->sink->rows(f->sink->user, f->session, f->done, err)) < 0)
		return rc;
	f->done += n;
	return 0;
}

static int answer_batch(filer *f, const bn_batch *b, const char *path, bn_err *err)
{
	int rc = recode(f, b, err);
	if (rc < 0)
		return rc;
	for (size_t from = 0; from < b->rows; from += BLOCK_ROWS) {
		size_t left = b->rows - from;
		rc = answer_block(f, b, from, left < BLOCK_ROWS ? left : BLOCK_ROWS, err);
		if (rc < 0) {
			bn_err_prefix(err, "%s", path);
			return rc;
		}
	}
	return 0;
}

int bn_predict_file(const bn_env *env, const bn_predictor *p, const char *path, bool allow_unknown,
	const bn_predict_sink *sink, uint64_t *rows, bn_err *err)
{
	filer f = {.p = p, .sink = sink};
	bn_session_policy policy = {allow_unknown, true};
	bn_schema as = BN_SCHEMA_INIT;
	bn_stream *stream = NULL;
	const bn_batch *b = NULL;
	int rc;
	if ((rc = bn_predictor_schema(&as, p, err)) < 0)
		goto out;
	f.asked.as = &as;
	f.asked.features = p->features;
	if ((rc = open_stream(&stream, env, path, sink->reading, &f.asked, err)) < 0)
		goto out;
	if ((rc = bn_session_new(&f.session, p, &policy, err)) < 0)
		goto out;
	f.codes = bn_alloc_zeroed(p->input_count, sizeof *f.codes);
	f.room = bn_alloc_zeroed(p->input_count, sizeof *f.room);
	if (!f.codes || !f.room) {
		rc = bn_err_nomem(err, "columns");
		goto out;
	}
	/* All types are known, so the stream never starts over. */
	while ((rc = stream->ops->next(stream, &b, err)) == BN_STREAM_BATCH)
		if ((rc = answer_batch(&f, b, path, err)) < 0)
			goto out;
	if (rc < 0)
		goto out;
	tell_notes(stream, sink->notes, sink->user);
	if (rows)
		*rows = f.done;
out:
	bn_sources_close(stream);
	bn_session_free(f.session);
	wanted_release(&f.asked);
	bn_schema_release(&as);
	for (size_t i = 0; f.codes && i < p->input_count; i++)
		bn_free(f.codes[i]);
	bn_free(f.codes);
	bn_free(f.room);
	return rc;
}

/* ---- for a server ----------------------------------------------------------------- */

/* A list of numbers, or the text of one, as an array: what is no finite number is missing. What is neither goes as it is: the
 * server has the words for it. */
static json_t *vector_json(const bn_column *c, size_t row)
{
	size_t from, n;
	bn_text text = bn_column_text(c, row);
	json_t *list = text.ptr ? NULL : json_array();
	if (text.ptr && bn_vector_parse(&list, text.ptr, text.len, NULL) < 0)
		return bn_column_json(c, row);
	if (!list || text.ptr)
		return list ? list : bn_column_json(c, row);
	if (!bn_column_list(c, row, &from, &n)) {
		json_decref(list);
		return json_null();
	}
	for (size_t i = from; i < from + n; i++)
		json_array_append_new(list, bn_json_real_or_null(bn_column_number(c->child, i)));
	return list;
}

/* JSON has no infinities. */
static bool is_infinite(const bn_column *c, size_t row)
{
	return (c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32) &&
	       !bn_column_is_null(c, row) && isinf(bn_column_number(c, row));
}

static json_t *cell_json(const bn_schema *s, const bn_schema *as, const bn_batch *b, size_t column,
	size_t row, size_t row_of_block, const bn_frame_sink *sink)
{
	const bn_column *c = &b->columns[column];
	if (as && bn_type_is_list(as->fields[column].type))
		return vector_json(c, row);
	if (!as || !is_infinite(c, row))
		return bn_column_json(c, row);
	if (sink->infinite)
		sink->infinite(sink->user, row_of_block, s->fields[column].name);
	return json_null();
}

static json_t *frame_of(const bn_schema *s, const bn_schema *as, const bn_batch *b, size_t from,
	size_t n, const bn_frame_sink *sink)
{
	json_t *columns = json_array(), *data = json_array();
	for (size_t c = 0; c < s->count; c++)
		json_array_append_new(columns, json_string(s->fields[c].name));
	for (size_t r = 0; r < n; r++) {
		json_t *row = json_array();
		for (size_t c = 0; c < s->count; c++)
			json_array_append_new(row, cell_json(s, as, b, c, from + r, r, sink));
		json_array_append_new(data, row);
	}
	return json_pack("{s:o, s:o}", "columns", columns, "data", data);
}

static int send_batch(bn_stream *stream, const bn_schema *as, const bn_batch *b, size_t block_rows,
	const bn_frame_sink *sink, bn_err *err)
{
	for (size_t from = 0; from < b->rows; from += block_rows) {
		size_t n = b->rows - from < block_rows ? b->rows - from : block_rows;
		json_t *frame = frame_of(stream->ops->schema(stream), as, b, from, n, sink);
		if (!frame)
			return bn_err_nomem(err, "rows");
		int rc = sink->block(sink->user, frame, err);
		json_decref(frame);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int bn_predict_frames(const bn_env *env, const char *path, const bn_schema *as, size_t block_rows,
	const bn_frame_sink *sink, uint64_t *rows, bn_err *err)
{
	bn_stream *stream = NULL;
	const bn_batch *b = NULL;
	wanted asked = {.as = as};
	uint64_t done = 0;
	int rc = open_stream(&stream, env, path, sink->reading, &asked, err);
	if (rc < 0)
		goto out;
	as = as ? &asked.found : NULL;
	while ((rc = stream->ops->next(stream, &b, err)) > 0) {
		if (rc == BN_STREAM_RESTART) {
			done = 0;
			sink->restart(sink->user);
			continue;
		}
		if ((rc = send_batch(stream, as, b, block_rows, sink, err)) < 0)
			goto out;
		done += b->rows;
	}
	if (rc < 0)
		goto out;
	tell_notes(stream, sink->notes, sink->user);
	if (rows)
		*rows = done;
out:
	bn_sources_close(stream);
	wanted_release(&asked);
	return rc;
}
