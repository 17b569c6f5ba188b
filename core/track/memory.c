/* memory.c - see _memory.h and bn_run_memory in query.h. */
#include "core/track/_memory.h"

#include "core/base/hash.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ID_HEX = BN_RUN_ID_TEXT - 1, COLUMNS_MOST = 32 };

int bn_run_memory_new(bn_run_memory **out, bn_err *err)
{
	bn_run_memory *m = bn_alloc_zeroed(1, sizeof *m);
	if (!m)
		return bn_err_nomem(err, "a list of runs");
	bn_buf_init(&m->words);
	*out = m;
	return 0;
}

static void filter_forget(bn_run_memory *m)
{
	bn_free(m->filter);
	bn_free(m->filtered);
	m->filter = NULL;
	m->filtered = NULL;
}

/* All of them, or those that depend on the clock. */
static void columns_forget(bn_run_memory *m, bool all)
{
	size_t kept = 0;
	bn_free(m->parent); /* a tag may say it */
	m->parent = NULL;
	for (size_t i = 0; i < m->column_count; i++) {
		if (!all && !m->columns[i].is_attribute) {
			m->columns[kept++] = m->columns[i];
			continue;
		}
		bn_free(m->columns[i].name);
		bn_column_free(m->columns[i].column);
	}
	m->column_count = kept;
}

void bn_run_memory_free(bn_run_memory *m)
{
	if (!m)
		return;
	filter_forget(m);
	columns_forget(m, true);
	bn_free(m->columns);
	bn_free(m->runs);
	bn_free(m->order);
	bn_free(m->made_below);
	bn_buf_release(&m->words);
	bn_free(m);
}

const bn_run_memory_work *bn_run_memory_did(const bn_run_memory *m)
{
	return &m->work;
}

/* ---- the runs ------------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static int part_add(bn_run_memory *m, const char *text, size_t n, bn_err *err)
{
	if (bn_buf_reserve(&m->words, n + 1) < 0)
		return bn_err_nomem(err, "a list of runs");
	char *to = m->words.ptr + m->words.len;
	*to++ = '\0';
	for (size_t i = 0; i < n; i++)
		to[i] = lower(text[i]);
	to[n] = '\0';
	m->words.len += n + 1;
	return 0;
}

/* Values that many runs share, by number: some of the requested texts. */
enum { SHARED_KEPT = 256 };
typedef struct shared_text {
	const char *sql;
	int64_t of[SHARED_KEPT];
	char *text[SHARED_KEPT];
} shared_text;

static int shared_read(bn_run_memory *m, shared_text *s, size_t k, int64_t of, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_sql_prepare(&st, m->runs_of, err, s->sql, "i", of)) < 0 ||
		(rc = bn_sql_step(st, err)) < 0)
		goto out;
	const char *text = rc ? (const char *)sqlite3_column_text(st, 0) : NULL;
	bn_free(s->text[k]);
	s->text[k] = bn_strdup(text ? text : "");
	s->of[k] = of;
	rc = s->text[k] ? 0 : bn_err_nomem(err, "a list of runs");
out:
	sqlite3_finalize(st);
	return rc;
}

static int shared_add(bn_run_memory *m, shared_text *s, int64_t of, bn_err *err)
{
	size_t k = (uint64_t)of % SHARED_KEPT;
	int rc;
	if ((!s->text[k] || s->of[k] != of) && (rc = shared_read(m, s, k, of, err)) < 0)
		return rc;
	return part_add(m, s->text[k], strlen(s->text[k]), err);
}

static void shared_release(shared_text *s)
{
	for (size_t k = 0; k < SHARED_KEPT; k++)
		bn_free(s->text[k]);
}

typedef struct runs_reader {
	bn_run_memory *m;
	sqlite3_stmt *st;
	shared_text experiment, user;
} runs_reader;

/* Of the run that is read now. */
static int parent_take(bn_run_memory *m, const char *id, bn_err *err)
{
	bn_held_parent p = {.run = (uint32_t)m->count};
	if (!id || strlen(id) != ID_HEX || bn_unhex(id, sizeof p.parent, p.parent) < 0)
		return 0;
	if (bn_grow(&m->made_below, &m->made_below_cap, m->made_below_count + 1,
		    sizeof *m->made_below) != 0)
		return bn_err_nomem(err, "a list of runs");
	m->made_below[m->made_below_count++] = p;
	return 0;
}

static int run_take(runs_reader *r, bn_err *err)
{
	enum {
		NO,
		ID,
		CREATED,
		EXPERIMENT,
		OWNER,
		STATUS,
		PARTS = 9,
		PARENT = PARTS
	}; /* STATUS and following: searched */
	bn_run_memory *m = r->m;
	bn_run_status status = BN_RUN_LOST;
	size_t cap = m->cap;
	int rc;
	if (bn_grow(&m->runs, &cap, m->count + 2, sizeof *m->runs) != 0)
		return bn_err_nomem(err, "a list of runs");
	m->cap = cap;
	bn_held_run *run = &m->runs[m->count];
	if (sqlite3_column_bytes(r->st, ID) != sizeof run->id)
		return bn_sql_damaged(err, "a run without an id");
	bn_run_status_parse(&status, (const char *)sqlite3_column_text(r->st, STATUS));
	memcpy(run->id, sqlite3_column_blob(r->st, ID), sizeof run->id);
	run->no = sqlite3_column_int64(r->st, NO);
	run->created_ms = sqlite3_column_int64(r->st, CREATED);
	run->status = (uint8_t)status;
	run->words = m->words.len;
	if ((rc = parent_take(m, (const char *)sqlite3_column_text(r->st, PARENT), err)) < 0)
		return rc;
	m->count++;
	for (int i = STATUS; i < PARTS; i++) {
		const char *text = (const char *)sqlite3_column_text(r->st, i);
		size_t n = (size_t)sqlite3_column_bytes(r->st, i);
		if (text && (rc = part_add(m, text, n, err)) < 0)
			return rc;
	}
	rc = shared_add(m, &r->experiment, sqlite3_column_int64(r->st, EXPERIMENT), err);
	return rc < 0 ? rc : shared_add(m, &r->user, sqlite3_column_int64(r->st, OWNER), err);
}

/* The public order: newest first, then by id. */
static int public_cmp(const void *a, const void *b, void *memory)
{
	const bn_run_memory *m = memory;
	const bn_held_run *x = &m->runs[*(const uint32_t *)a], *y = &m->runs[*(const uint32_t *)b];
	if (x->created_ms != y->created_ms)
		return x->created_ms > y->created_ms ? -1 : 1;
	return memcmp(x->id, y->id, sizeof x->id);
}

/* Runs are mostly in order of creation: then reversing is enough. */
static int runs_order(bn_run_memory *m, bn_err *err)
{
	bool sorted = true;
	bn_free(m->order);
	m->order = bn_alloc((m->count + 1) * sizeof *m->order);
	if (!m->order)
		return bn_err_nomem(err, "a list of runs");
	for (size_t i = 0; i < m->count; i++)
		m->order[i] = (uint32_t)(m->count - 1 - i);
	for (size_t i = 1; i < m->count && sorted; i++)
		sorted = public_cmp(&m->order[i - 1], &m->order[i], m) < 0;
	if (!sorted)
		qsort_r(m->order, m->count, sizeof *m->order, public_cmp, m);
	return 0;
}

static int runs_read(bn_run_memory *m, const bn_filter_world *w, bn_err *err)
{
	runs_reader r = {.m = m,
		.experiment = {.sql = "SELECT shown FROM index_experiment WHERE no = ?"},
		.user = {.sql = "SELECT bn_user(?)"}};
	int rc;
	m->has_runs = false;
	m->runs_of = w->db;
	m->count = m->made_below_count = 0;
	bn_buf_clear(&m->words);
	bn_free(m->parent);
	m->parent = NULL;
	filter_forget(m); /* its bits refer to the previous runs */
	if ((rc = bn_sql_prepare(&r.st, w->db, err,
		     "SELECT no, id, created_ms, experiment, owner, status, name, title, dataset, "
		     "parent FROM run NOT INDEXED WHERE removed = 0 ORDER BY no",
		     "")) < 0)
		goto out;
	while ((rc = bn_sql_step(r.st, err)) > 0)
		if ((rc = run_take(&r, err)) < 0)
			goto out;
	if (rc < 0 || (rc = runs_order(m, err)) < 0)
		goto out;
	m->work.runs_read += (int64_t)m->count;
	m->has_runs = true;
out:
	sqlite3_finalize(r.st);
	shared_release(&r.experiment);
	shared_release(&r.user);
	return rc;
}

static int state_read(bn_index_state *out, sqlite3 *db, bn_err *err)
{
	*out = (bn_index_state){.db = db,
		.own = sqlite3_total_changes(db),
		.others = bn_sql_int(db, -1, "PRAGMA data_version", ""),
		.runs = bn_sql_int(db, 0, "SELECT stamp FROM index_run_changes", "")};
	return bn_sql_failed(db, err);
}

static bool is_same(const bn_index_state *a, const bn_index_state *b)
{
	return a->db == b->db && a->own == b->own && a->others == b->others && a->runs == b->runs;
}

/* One that could not be loaded is tried again. */
static bool columns_failed(const bn_run_memory *m)
{
	bool any = false;
	for (size_t i = 0; i < m->column_count; i++)
		any |= m->columns[i].column->code < 0;
	return any;
}

int bn_memory_refresh(bn_run_memory *m, const bn_filter_world *w, bn_err *err)
{
	bn_index_state now;
	int rc = state_read(&now, w->db, err);
	if (rc < 0)
		return rc;
	bool is_other =
		!is_same(&now, &m->of) || m->column_count > COLUMNS_MOST || columns_failed(m);
	if (is_other || w->now_ms - m->read_ms > BN_MEMORY_MS || w->now_ms < m->read_ms) {
		filter_forget(m);
		columns_forget(m, is_other);
		m->of = now;
		m->read_ms = w->now_ms;
	}
	if (m->has_runs && m->runs_of == now.db && m->changes == now.runs)
		return 0;
	if ((rc = runs_read(m, w, err)) < 0)
		return rc;
	m->changes = now.runs;
	return 0;
}

/* ---- columns -------------------------------------------------------------------------------- */

static int attribute_value(bn_column *c, sqlite3_stmt *st, bool is_text, bn_err *err)
{
	size_t run = (size_t)sqlite3_column_int64(st, 0);
	if (run >= c->count || sqlite3_column_type(st, 1) == SQLITE_NULL)
		return 0;
	bn_set_add(c->has, run);
	if (!is_text) {
		c->number[run] = bn_sql_double(st, 1);
		return 0;
	}
	c->text[run] = bn_arena_strdup(&c->arena, (const char *)sqlite3_column_text(st, 1));
	c->number[run] = (double)NAN;
	return c->text[run] ? 0 : bn_err_nomem(err, "a column of runs");
}

/* An attribute as a column. */
static int attribute_load(
	bn_column *c, const bn_run_field *f, const bn_filter_world *w, bn_err *err)
{
	bool is_text = f->kind == BN_FIELD_TEXT || f->kind == BN_FIELD_STATUS;
	sqlite3_stmt *st = NULL;
	bn_sql_piece p;
	int at = 1, rc;
	bn_sql_piece_init(&p);
	c->loaded = true;
	c->count = (size_t)bn_sql_int(w->db, -1, "SELECT max(no) FROM run", "") + 1;
	c->has = bn_alloc_zeroed(c->count / 8 + 1, 1);
	c->number = bn_alloc((c->count + 1) * sizeof *c->number);
	c->text = is_text ? bn_alloc_zeroed(c->count + 1, sizeof *c->text) : NULL;
	if (!c->has || !c->number || (is_text && !c->text)) {
		rc = bn_err_nomem(err, "a column of runs");
		goto out;
	}
	bn_buf_adds(&p.sql, "SELECT r.no, ");
	bn_filter_field_sql(&p, f, w, true);
	bn_buf_adds(&p.sql, " FROM run r NOT INDEXED WHERE r.removed = 0");
	if ((rc = bn_sql_failed(w->db, err)) < 0 ||
		(rc = bn_buf_check(&p.sql, err, "a query")) < 0 ||
		(rc = bn_sql_prepare(&st, w->db, err, p.sql.ptr, "")) < 0 ||
		(rc = bn_sql_piece_bind(&p, st, &at, err)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = attribute_value(c, st, is_text, err)) < 0)
			break;
out:
	sqlite3_finalize(st);
	bn_sql_piece_release(&p);
	return rc;
}

static char *column_name(const bn_run_field *f)
{
	return bn_field_has_key(f->kind)
		       ? bn_strf("%d %d %lld %s", (int)f->kind, (int)f->aggregate,
				 (long long)f->step, f->key)
		       : bn_strf("%s", f->sql);
}

int bn_memory_column(bn_column **out, bn_run_memory *m, const bn_run_field *f,
	const bn_filter_world *w, bn_err *err)
{
	char *name = column_name(f);
	bn_column *c = NULL;
	int rc;
	for (size_t i = 0; name && i < m->column_count; i++)
		if (strcmp(m->columns[i].name, name) == 0) {
			*out = m->columns[i].column;
			(*out)->watch = w->watch;
			bn_free(name);
			return 0;
		}
	if (!name || bn_grow(&m->columns, &m->column_cap, m->column_count + 1,
			     sizeof *m->columns) != 0) {
		rc = bn_err_nomem(err, "a column of runs");
		goto failed;
	}
	if ((rc = bn_column_new(&c, w->db, bn_field_key_kind(f->kind), f->key ? f->key : "",
		     f->aggregate, false, err)) < 0)
		goto failed;
	c->step = f->step;
	c->watch = w->watch;
	if (!bn_field_has_key(f->kind) && (rc = attribute_load(c, f, w, err)) < 0)
		goto failed;
	m->columns[m->column_count++] = (bn_held_column){name, c, !bn_field_has_key(f->kind)};
	m->work.columns_read++;
	*out = c;
	return 0;
failed:
	bn_free(name);
	bn_column_free(c);
	return rc;
}

int bn_memory_whole_column(bn_column **out, bn_run_memory *m, const bn_run_field *f,
	const bn_filter_world *w, bn_err *err)
{
	int rc;
	if ((rc = bn_memory_column(out, m, f, w, err)) < 0 || (rc = bn_column_load(*out, err)) < 0)
		return rc;
	return bn_column_look_all(*out, err);
}

/* ---- which runs ----------------------------------------------------------------------------- */

/* The place of a run by its number; count: it is not held. Numbers have few gaps. */
static size_t place_of(const bn_run_memory *m, int64_t no)
{
	size_t low = 0, high = m->count;
	size_t guess = m->count && no >= m->runs[0].no ? (size_t)(no - m->runs[0].no) : m->count;
	if (guess < m->count && m->runs[guess].no == no)
		return guess;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (m->runs[mid].no < no)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->count && m->runs[low].no == no ? low : m->count;
}

/* A filter on metrics, parameters and tags alone needs no rows, but an index, which is a tenth of them. */
static int filter_read(uint8_t *set, bn_run_memory *m, bn_run_list *l, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_buf sql = BN_BUF_INIT;
	int at = 1, rc;
	bn_buf_addf(&sql, "SELECT r.no FROM run r%s%s",
		l->where.reads_rows ? " NOT INDEXED" : " INDEXED BY run_by_time",
		l->where.sql.ptr);
	if ((rc = bn_buf_check(&sql, err, "a query")) < 0 ||
		(rc = bn_sql_prepare(&st, l->world.db, err, sql.ptr, "")) < 0 ||
		(rc = bn_sql_piece_bind(&l->where, st, &at, err)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		size_t place = place_of(m, sqlite3_column_int64(st, 0));
		if (place < m->count)
			bn_set_add(set, place);
	}
	m->work.filters_read += rc == 0;
out:
	sqlite3_finalize(st);
	bn_buf_release(&sql);
	return rc;
}

int bn_memory_filter(const uint8_t **out, bn_run_memory *m, bn_run_list *l, bn_err *err)
{
	const char *text = l->q->filter ? l->q->filter : "";
	*out = NULL;
	if (!text[strspn(text, " \t\n")])
		return 0;
	if (!m->filter || strcmp(m->filter, text) != 0) {
		uint8_t *set = bn_alloc_zeroed(m->count / 8 + 1, 1);
		char *copy = bn_strdup(text);
		int rc = set && copy ? filter_read(set, m, l, err)
				     : bn_err_nomem(err, "a list of runs");
		if (rc < 0) {
			bn_free(set);
			bn_free(copy);
			return rc;
		}
		filter_forget(m);
		m->filter = copy;
		m->filtered = set;
	}
	*out = m->filtered;
	return 0;
}

/* The last run from `run` on whose words begin at or before `place`, by galloping search, since it is usually near. */
static size_t run_at(const bn_run_memory *m, size_t run, size_t place)
{
	size_t step = 1;
	while (step < m->count - run && m->runs[run + step].words <= place) {
		run += step;
		step *= 2;
	}
	size_t hi = step < m->count - run ? run + step : m->count;
	while (hi - run > 1) {
		size_t mid = run + (hi - run) / 2;
		if (m->runs[mid].words <= place)
			run = mid;
		else
			hi = mid;
	}
	return run;
}

/* The runs that contain a text, found in one pass over the words of all. */
static void search_text(uint8_t *set, const bn_run_memory *m, const char *text, size_t n)
{
	const char *words = m->words.ptr;
	for (size_t run = 0; run < m->count; run++) {
		size_t from = m->runs[run].words;
		const char *hit = memmem(words + from, m->words.len - from, text, n);
		if (!hit)
			return;
		run = run_at(m, run, (size_t)(hit - words));
		bn_set_add(set, run);
	}
}

/* Those whose id begins with a hexadecimal word. */
static void search_id(uint8_t *set, const bn_run_memory *m, const char *word, size_t n)
{
	uint8_t bytes[ID_HEX / 2];
	char even[ID_HEX + 1];
	if (n > ID_HEX || strspn(word, "0123456789abcdef") < n)
		return;
	snprintf(even, sizeof even, "%.*s%s", (int)n, word, n % 2 ? "0" : "");
	bn_unhex(even, (n + 1) / 2, bytes);
	for (size_t run = 0; run < m->count; run++) {
		const uint8_t *id = m->runs[run].id;
		bool half = n % 2 && (id[n / 2] ^ bytes[n / 2]) >> 4 != 0;
		if (!half && memcmp(id, bytes, n / 2) == 0)
			bn_set_add(set, run);
	}
}

int bn_memory_search(uint8_t *set, const bn_run_memory *m, const char *words, bn_err *err)
{
	size_t bytes = m->count / 8 + 1;
	uint8_t *hits = bn_alloc(bytes);
	char *copy = bn_strdup(words), *rest = copy, *word;
	for (char *c = copy; c && *c; c++)
		*c = lower(*c);
	while (hits && copy && (word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		memset(hits, 0, bytes);
		search_text(hits, m, word, strlen(word));
		search_id(hits, m, word, strlen(word));
		for (size_t i = 0; i < bytes; i++)
			set[i] &= hits[i];
	}
	bool failed = !hits || !copy;
	bn_free(hits);
	bn_free(copy);
	return failed ? bn_err_nomem(err, "a list of runs") : 0;
}
