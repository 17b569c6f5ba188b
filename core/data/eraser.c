/* eraser.c - see eraser.h: searching. Writing is in eraser_write.c. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/_dataset.h"
#include "core/data/_eraser.h"
#include "core/table/expr/eval.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { VALUES_IN_ONE = 300 }; /* of an expression: below BN_EXPR_TESTS_MAX */

int bn_eraser_new(bn_eraser **out, bn_workspace *ws, const bn_erase_what *what, const bn_progress *progress, bn_err *err)
{
	bn_eraser *e = bn_alloc_zeroed(1, sizeof *e);
	if (!e)
		return bn_err_nomem(err, "a search for rows");
	e->ws = ws;
	e->what = what;
	e->progress = progress;
	e->texts = e->asked = (bn_dict_builder)BN_DICT_BUILDER_INIT;
	*out = e;
	return 0;
}

void bn_eraser_free(bn_eraser *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->count; i++)
		bn_free(e->parts[i].bits);
	for (size_t i = 0; i < e->made_count; i++) {
		for (size_t k = 0; k < e->made[i].count; k++)
			json_decref(e->made[i].parts[k].stats);
		bn_free(e->made[i].parts);
	}
	bn_free(e->parts);
	bn_free(e->made);
	bn_free(e->seen);
	bn_dict_builder_release(&e->texts);
	bn_dict_builder_release(&e->asked);
	bn_free(e);
}

bn_erase_part *bn_eraser_find(const bn_eraser *e, const char *hash)
{
	for (size_t i = 0; i < e->count; i++)
		if (!strcmp(e->parts[i].hash, hash))
			return &e->parts[i];
	return NULL;
}

/* ---- what to look for ------------------------------------------------------------------------ */

typedef struct exprs {
	bn_expr **items;
	bn_expr_scratch **scratch;
	size_t count;
	size_t *columns; /* of the table that are read: of the expressions, and all categories; ascending */
	size_t column_count;
} exprs;

static void exprs_release(exprs *x)
{
	for (size_t i = 0; i < x->count; i++) {
		bn_expr_scratch_free(x->scratch[i]);
		bn_expr_free(x->items[i]);
	}
	bn_free(x->items);
	bn_free(x->scratch);
	bn_free(x->columns);
}

static bool is_plain(const char *value)
{
	for (const char *s = value; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '.' && *s != '-' && *s != '+')
			return false;
	return value[0] != '\0';
}

/* `column` IN (values), written as that type of column needs it. */
static int put_values(bn_buf *b, const bn_erase_what *w, bn_type type, size_t from, bn_err *err)
{
	bool text = bn_type_is_text(type) || bn_type_is_time(type);
	bn_expr_put_quoted(b, w->column, strlen(w->column), '`');
	bn_buf_addf(b, " IN (");
	for (size_t i = from; i < w->value_count && i < from + VALUES_IN_ONE; i++) {
		const char *v = w->values[i];
		bn_buf_addf(b, i > from ? ", " : "");
		if (text || !is_plain(v))
			bn_expr_put_quoted(b, v, strlen(v), '\'');
		else
			bn_buf_addf(b, "%s", v);
	}
	bn_buf_addf(b, ")");
	return bn_buf_check(b, err, "an expression");
}

static int exprs_of_values(exprs *x, const bn_erase_what *w, const bn_schema *schema, bn_err *err)
{
	size_t column;
	int rc = bn_schema_need(schema, w->column, &column, err);
	for (size_t from = 0; rc >= 0 && from < w->value_count; from += VALUES_IN_ONE) {
		bn_buf text = BN_BUF_INIT;
		if ((rc = put_values(&text, w, schema->fields[column].type, from, err)) >= 0 &&
			(rc = bn_expr_of_rows(&x->items[x->count], text.ptr, "--key", schema, BN_EXPR_BOOL, err)) >= 0)
			x->count++;
		bn_buf_release(&text);
	}
	return rc;
}

/* The columns that are read. */
static int exprs_columns(exprs *x, const bn_schema *schema, bn_err *err)
{
	size_t *of = bn_alloc((schema->count + 1) * sizeof *of);
	bool *wanted = bn_alloc_zeroed(schema->count + 1, sizeof *wanted);
	int rc = 0;
	if (!of || !wanted || !(x->columns = bn_alloc((schema->count + 1) * sizeof *x->columns))) {
		rc = bn_err_nomem(err, "a search for rows");
		goto out;
	}
	for (size_t i = 0; i < x->count; i++) {
		size_t n = bn_expr_columns(x->items[i], of, schema->count);
		for (size_t k = 0; k < n && k < schema->count; k++)
			wanted[of[k]] = true;
	}
	for (size_t i = 0; i < schema->count; i++)
		if (wanted[i] || schema->fields[i].type == BN_TYPE_CATEGORY)
			x->columns[x->column_count++] = i;
	for (size_t i = 0; rc >= 0 && i < x->count; i++)
		rc = bn_expr_scratch_new(&x->scratch[i], x->items[i], x->columns, x->column_count, err);
out:
	bn_free(of);
	bn_free(wanted);
	return rc;
}

static int exprs_make(exprs *x, const bn_erase_what *w, const bn_schema *schema, bn_err *err)
{
	size_t most = w->value_count / VALUES_IN_ONE + 1;
	int rc;
	x->items = bn_alloc_zeroed(most, sizeof *x->items);
	x->scratch = bn_alloc_zeroed(most, sizeof *x->scratch);
	if (!x->items || !x->scratch)
		return bn_err_nomem(err, "a search for rows");
	if (!w->where)
		return exprs_of_values(x, w, schema, err);
	if ((rc = bn_expr_of_rows(&x->items[0], w->where, "--where", schema, BN_EXPR_BOOL, err)) >= 0)
		x->count = 1;
	return rc;
}

/* ---- its texts ------------------------------------------------------------------------------- */

static int ask_text(bn_eraser *e, bn_expr_text t, bn_err *err)
{
	if (t.len >= BN_ERASE_TEXT_LEAST && bn_dict_builder_add(&e->asked, t.ptr, t.len) < 0)
		return bn_err_nomem(err, "texts of an expression");
	return 0;
}

static int ask_expr(bn_eraser *e, const bn_expr *x, bn_err *err)
{
	size_t n;
	const bn_expr_node *nodes = bn_expr_nodes(x, &n);
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		const bn_expr_node *node = &nodes[i];
		if (node->op == BN_OP_CONSTANT && node->value.type == BN_EXPR_TEXT)
			rc = ask_text(e, node->value.s, err);
		for (size_t k = 0; rc >= 0 && node->op == BN_OP_IN && k < node->list.count; k++)
			if (node->list.items[k].type == BN_EXPR_TEXT)
				rc = ask_text(e, node->list.items[k].s, err);
	}
	return rc;
}

/* Of the expressions as they were bound, and the values as they were given: numbers, too. */
static int ask_texts(bn_eraser *e, const exprs *x, bn_err *err)
{
	int rc = 0;
	if (e->asked.count)
		return 0;
	for (size_t i = 0; rc >= 0 && i < e->what->value_count; i++)
		rc = ask_text(e, (bn_expr_text){e->what->values[i], strlen(e->what->values[i])}, err);
	for (size_t i = 0; rc >= 0 && e->what->where && i < x->count; i++)
		rc = ask_expr(e, x->items[i], err);
	return rc;
}

bn_dict bn_eraser_texts(const bn_eraser *e)
{
	return bn_dict_builder_view(&e->asked);
}

/* ---- one part -------------------------------------------------------------------------------- */

static int set_bits(bn_erase_part *p, const uint32_t *rows, size_t n, uint64_t first, bn_err *err)
{
	if (n && !p->bits && !(p->bits = bn_alloc_zeroed(p->found.rows / 8 + 1, 1)))
		return bn_err_nomem(err, "rows that match");
	for (size_t i = 0; i < n; i++) {
		uint64_t r = first + rows[i];
		p->found.matched += !bn_erase_matches(p, r);
		p->bits[r >> 3] |= (uint8_t)(1u << (r & 7));
	}
	return 0;
}

/* For each code of a category, where it is used. */
static void mark_codes(const bn_erase_part *p, const bn_batch *b, const bn_column *c, uint8_t *used)
{
	for (size_t r = 0; r < b->rows; r++)
		if (!bn_column_is_null(c, r))
			used[c->codes[r]] |= bn_erase_matches(p, b->first_row + r) ? BN_ERASE_MATCHED : BN_ERASE_KEPT;
}

/* Which rows were seen to have the text in that column; none if it is new. NULL: no memory. */
static uint8_t *seen_of(bn_eraser *e, const char *column, bn_text t)
{
	bn_buf key = BN_BUF_INIT;
	bn_buf_add(&key, column, strlen(column) + 1);
	bn_buf_add(&key, t.ptr, t.len);
	size_t before = e->texts.count;
	int32_t code = key.failed ? -1 : bn_dict_builder_add(&e->texts, key.ptr, key.len);
	bn_buf_release(&key);
	if (code < 0 || bn_grow(&e->seen, &e->seen_cap, e->texts.count + 1, 1))
		return NULL;
	if (e->texts.count > before)
		e->seen[code] = 0;
	return &e->seen[code];
}

static int add_text(bn_eraser *e, const char *column, bn_text t, uint8_t used, bn_err *err)
{
	uint8_t *seen = seen_of(e, column, t);
	if (!seen)
		return bn_err_nomem(err, "texts of rows that match");
	*seen |= used;
	return 0;
}

static int add_texts(bn_eraser *e, const bn_table_reader *t, uint8_t **used, bn_err *err)
{
	const bn_schema *s = bn_table_schema(t);
	int rc = 0;
	for (size_t i = 0; i < s->count; i++) {
		const bn_dict *d = used[i] ? bn_table_dict(t, i) : NULL;
		for (size_t k = 0; rc >= 0 && d && k < d->count; k++)
			if (used[i][k])
				rc = add_text(e, s->fields[i].name, bn_dict_get(d, k), used[i][k], err);
	}
	return rc;
}

static int scan_batch(bn_erase_part *p, exprs *x, const bn_batch *b, uint32_t *rows, uint8_t **used, bn_err *err)
{
	for (size_t i = 0; i < x->count; i++) {
		size_t n = 0;
		int rc = bn_expr_select(x->scratch[i], b, rows, &n, err);
		if (rc < 0 || (rc = set_bits(p, rows, n, b->first_row, err)) < 0)
			return rc;
	}
	for (size_t i = 0; i < x->column_count; i++)
		if (used[x->columns[i]])
			mark_codes(p, b, &b->columns[i], used[x->columns[i]]);
	return 0;
}

static int scan_batches(bn_eraser *e, bn_erase_part *p, bn_table_reader *t, exprs *x, uint8_t **used, bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	uint32_t *rows = NULL;
	size_t cap = 0;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < bn_table_batches(t); i++) {
		if ((rc = bn_progress_step(e->progress, "searching rows", bn_table_batch_start(t, i), p->found.rows,
			     err)) < 0 ||
			(rc = bn_table_read(t, i, x->columns, x->column_count, &b, err)) < 0)
			break;
		if (bn_grow(&rows, &cap, b.rows + 1, sizeof *rows))
			rc = bn_err_nomem(err, "rows that match");
		else
			rc = scan_batch(p, x, &b, rows, used, err);
		bn_table_forget(t, &b);
	}
	bn_batch_release(&b);
	bn_free(rows);
	return rc;
}

static int scan_table(bn_eraser *e, bn_erase_part *p, bn_table_reader *t, exprs *x, bn_err *err)
{
	const bn_schema *s = bn_table_schema(t);
	uint8_t **used = bn_alloc_zeroed(s->count + 1, sizeof *used);
	int rc = used ? exprs_columns(x, s, err) : bn_err_nomem(err, "a search for rows");
	for (size_t i = 0; rc >= 0 && i < s->count; i++) {
		const bn_dict *d = s->fields[i].type == BN_TYPE_CATEGORY ? bn_table_dict(t, i) : NULL;
		if (d && !(used[i] = bn_alloc_zeroed(d->count + 1, 1)))
			rc = bn_err_nomem(err, "a search for rows");
	}
	if (rc >= 0 && (rc = scan_batches(e, p, t, x, used, err)) >= 0)
		rc = add_texts(e, t, used, err);
	for (size_t i = 0; used && i < s->count; i++)
		bn_free(used[i]);
	bn_free(used);
	return rc;
}

/* The caller has checked that it is new. */
static int scan_part(bn_erase_part *p, bn_eraser *e, bn_err *err)
{
	bn_table_reader *t = NULL;
	exprs x = {NULL, NULL, 0, NULL, 0};
	bn_err why = BN_ERR_INIT;
	int rc = bn_dataset_open_parts(&t, e->ws, p->hash, e->progress, err);
	if (rc < 0)
		return rc;
	p->found.rows = bn_table_rows(t);
	rc = exprs_make(&x, e->what, bn_table_schema(t), &why);
	p->found.searched = rc >= 0;
	if (rc >= 0) {
		rc = ask_texts(e, &x, err);
		rc = rc < 0 ? rc : scan_table(e, p, t, &x, err);
	} else if (rc == BN_ENOTFOUND || rc == BN_EINVAL) {
		snprintf(p->found.why, sizeof p->found.why, "%.199s", why.msg);
		rc = 0;
	} else {
		bn_err_move(err, &why);
	}
	exprs_release(&x);
	bn_table_reader_free(t);
	return rc;
}

int bn_eraser_scan_object(bn_erase_found *out, bn_eraser *e, const char *hash, bn_err *err)
{
	bn_erase_part *p = bn_eraser_find(e, hash);
	if (!p) {
		bn_erase_part fresh = {.clean = true};
		snprintf(fresh.hash, sizeof fresh.hash, "%.64s", hash);
		int rc = scan_part(&fresh, e, err);
		if (rc >= 0 && bn_grow(&e->parts, &e->cap, e->count + 1, sizeof *e->parts))
			rc = bn_err_nomem(err, "parts");
		if (rc < 0) {
			bn_free(fresh.bits);
			return rc;
		}
		p = &e->parts[e->count++];
		*p = fresh;
	}
	*out = p->found;
	return 0;
}

int bn_eraser_scan(bn_erase_found *out, bn_eraser *e, const bn_dataset_version *v, bn_err *err)
{
	bn_manifest m;
	char name[192];
	*out = (bn_erase_found){.searched = true};
	int rc = bn_dataset_parts(&m, e->ws, v->hash, err);
	for (size_t i = 0; rc >= 0 && i < m.count; i++) {
		bn_erase_found one;
		if ((rc = bn_eraser_scan_object(&one, e, m.parts[i].hash, err)) < 0)
			break;
		out->rows += one.rows;
		out->matched += one.matched;
		if (!one.searched)
			*out = one;
		if (!one.searched)
			break; /* all parts have the same columns */
	}
	out->rows = (uint64_t)v->rows;
	bn_manifest_release(&m);
	if (rc < 0)
		bn_err_prefix(err, "dataset %s", bn_dataset_version_name(v, name, sizeof name));
	return rc;
}

/* ---- which are clean ------------------------------------------------------------------------- */

/* Whether it is a text that only matching rows have. */
static bool must_go(bn_eraser *e, const char *column, bn_text t, bool *failed)
{
	const uint8_t *seen = seen_of(e, column, t);
	*failed |= !seen;
	return seen && *seen == BN_ERASE_MATCHED;
}

static int settle_part(bn_eraser *e, bn_erase_part *p, bn_err *err)
{
	bn_table_reader *t = NULL;
	bool failed = false;
	p->clean = p->found.matched == 0;
	if (!p->clean)
		return 0;
	int rc = bn_dataset_open_parts(&t, e->ws, p->hash, NULL, err);
	if (rc < 0)
		return rc;
	const bn_schema *s = bn_table_schema(t);
	for (size_t i = 0; i < s->count && p->clean; i++) {
		const bn_dict *d = s->fields[i].type == BN_TYPE_CATEGORY ? bn_table_dict(t, i) : NULL;
		for (size_t k = 0; d && k < d->count && p->clean && !failed; k++)
			p->clean = !must_go(e, s->fields[i].name, bn_dict_get(d, k), &failed);
	}
	bn_table_reader_free(t);
	return failed ? bn_err_nomem(err, "texts of rows that match") : 0;
}

int bn_eraser_settle(bn_eraser *e, bn_err *err)
{
	uint64_t matched = 0;
	int rc = 0;
	for (size_t i = 0; i < e->count; i++)
		matched += e->parts[i].found.matched;
	for (size_t i = 0; rc >= 0 && matched && i < e->count; i++)
		rc = settle_part(e, &e->parts[i], err);
	return rc;
}

bool bn_eraser_object_is_clean(const bn_eraser *e, const char *hash)
{
	const bn_erase_part *p = bn_eraser_find(e, hash);
	return !p || p->clean;
}

int bn_eraser_unclean(bn_eraser *e, const bn_dataset_version *v, bool all, bn_erase_each *each, void *ctx, bn_err *err)
{
	bn_manifest m;
	int rc = bn_dataset_parts(&m, e->ws, v->hash, err);
	for (size_t i = 0; rc == 0 && i < m.count; i++)
		if (all || !bn_eraser_object_is_clean(e, m.parts[i].hash))
			rc = each(ctx, m.parts[i].hash, m.parts[i].bytes ? m.parts[i].bytes : v->size_bytes, err);
	bn_manifest_release(&m);
	return rc;
}
