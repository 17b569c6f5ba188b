/* _payload.c - see _payload.h. */
#include "core/store/index/_payload.h"

#include "core/base/mem.h"
#include "core/store/index/_sql.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One sealed file stays open: a run's events are neighbours. */
typedef struct reader {
	const bn_dir *at;
	bn_log *log;
	char *path; /* below .binnacle; NULL: none is open */
	int fd;
	uint8_t *bytes;
	size_t cap;
} reader;

typedef struct wanted {
	uint64_t seq, at;
	uint32_t crc;
} wanted;

static void reader_close(reader *r)
{
	if (r->fd >= 0)
		r->at->env->fs->close(r->at->env, r->fd);
	bn_free(r->path);
	r->path = NULL;
	r->fd = -1;
}

static void reader_free(void *p)
{
	reader *r = p;
	reader_close(r);
	bn_free(r->bytes);
	bn_free(r);
}

static bool is_it(const bn_record *record, const wanted *w)
{
	return record->seq == w->seq && record->crc == w->crc;
}

/* 1: the record is at the place of the hint. */
static int read_at_hint(bn_record *out, reader *r, const wanted *w, bn_err *err)
{
	const bn_env *env = r->at->env;
	uint8_t front[4];
	size_t got;
	int rc = bn_dir_read_at(
		env, r->at, r->path, r->fd, front, sizeof front, (off_t)w->at, &got, err);
	if (rc < 0 || got < sizeof front)
		return rc;
	size_t size = (size_t)front[0] | (size_t)front[1] << 8 | (size_t)front[2] << 16 |
		      (size_t)front[3] << 24;
	if (size < BN_RECORD_FIXED || size > BN_RECORD_MAX)
		return 0;
	if (bn_grow(&r->bytes, &r->cap, size, 1) != 0)
		return bn_err_nomem(err, "a record of the log");
	if ((rc = bn_dir_read_at(
		     env, r->at, r->path, r->fd, r->bytes, size, (off_t)w->at, &got, err)) < 0)
		return rc;
	return got == size && bn_record_decode(out, r->bytes, size) > 0 && is_it(out, w);
}

/* 1: the record is somewhere in the file. */
static int read_by_search(bn_record *out, reader *r, const wanted *w, bn_err *err)
{
	bn_segment s;
	bn_record record;
	int rc = bn_segment_open(&s, r->at, r->path, false, err);
	if (rc < 0)
		return rc;
	while ((rc = bn_segment_next(&s, &record, err)) == 1 && record.seq < w->seq)
		;
	if (rc == 1 && (rc = is_it(&record, w)) == 1) {
		if (bn_grow(&r->bytes, &r->cap, record.size, 1) != 0) {
			rc = bn_err_nomem(err, "a record of the log");
			goto out;
		}
		memcpy(r->bytes, record.bytes, record.size);
		rc = bn_record_decode(out, r->bytes, record.size) > 0;
	}
out:
	bn_segment_close(&s);
	return rc;
}

static int read_file(
	bn_record *out, reader *r, const char *dir, const char *name, const wanted *w, bn_err *err)
{
	char *path = bn_path_join(dir, name);
	int rc = 0;
	if (!path)
		return bn_err_nomem(err, "a file name");
	if (!r->path || strcmp(r->path, path) != 0) {
		reader_close(r);
		r->path = path;
		path = NULL;
		rc = bn_dir_open_file(&r->fd, r->at, r->path, O_RDONLY, 0, err);
	}
	if (rc >= 0 && (rc = read_at_hint(out, r, w, err)) == 0)
		rc = read_by_search(out, r, w, err);
	if (rc != 1 || !strcmp(name, BN_SEGMENT_OPEN))
		reader_close(r);
	bn_free(path);
	return rc;
}

/* 1: found. The last error of a file that cannot be read is *why. */
static int read_listed(
	bn_record *out, reader *r, const bn_log_writer *w, const wanted *want, bn_err *why)
{
	char name[BN_SEGMENT_NAME];
	int rc;
	for (size_t i = w->sealed_count; i-- > 0;) {
		const bn_log_range *range = &w->sealed[i];
		if (range->first > want->seq || range->last < want->seq)
			continue;
		bn_err_clear(why);
		bn_segment_name(name, range->first, range->last);
		if ((rc = read_file(out, r, w->dir, name, want, why)) == 1 || rc == BN_ENOMEM)
			return rc;
	}
	if (!w->has_open)
		return 0;
	return read_file(out, r, w->dir, BN_SEGMENT_OPEN, want, why->code ? NULL : why);
}

static int read_record(
	bn_record *out, reader *r, const char *writer, const wanted *want, bn_err *err)
{
	bn_log_writer *w = bn_log_find(r->log, writer);
	bn_err why = BN_ERR_INIT;
	int rc = w ? read_listed(out, r, w, want, &why) : 0;
	if (w && rc != 1 && rc != BN_ENOMEM) { /* sealed or merged since it was listed */
		bool stuck = w->stuck;
		bn_err_clear(&why);
		rc = bn_log_relist(w, r->at, &why);
		w->stuck = stuck;
		rc = rc < 0 ? rc : read_listed(out, r, w, want, &why);
	}
	if (rc == 1)
		return 0;
	if (why.code)
		return bn_err_move(err, &why);
	bn_err_set(err, BN_ECORRUPT, "the log of '%s' lacks event %" PRIu64 " as it was folded",
		writer, want->seq);
	bn_err_hint(err, "binnacle index rebuild makes the index anew");
	return BN_ECORRUPT;
}

static int writer_name(char name[BN_WRITER_NAME_MAX + 1], sqlite3 *db, int64_t no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err, "SELECT name FROM index_name WHERE no = ?", "i", no);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1)
		snprintf(name, BN_WRITER_NAME_MAX + 1, "%s",
			(const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
	return rc == 0 ? bn_sql_damaged(err, "a record of an unknown writer") : rc;
}

static void sql_payload(sqlite3_context *c, int n, sqlite3_value **v)
{
	reader *r = sqlite3_user_data(c);
	const wanted want = {(uint64_t)sqlite3_value_int64(v[1]),
		(uint64_t)sqlite3_value_int64(v[2]), (uint32_t)sqlite3_value_int64(v[3])};
	char name[BN_WRITER_NAME_MAX + 1];
	bn_record record;
	bn_err err = BN_ERR_INIT;
	(void)n;
	if (sqlite3_value_type(v[1]) == SQLITE_NULL) {
		sqlite3_result_null(c);
		return;
	}
	int rc = writer_name(name, sqlite3_context_db_handle(c), sqlite3_value_int64(v[0]), &err);
	if (rc >= 0)
		rc = read_record(&record, r, name, &want, &err);
	if (rc == BN_ENOMEM)
		sqlite3_result_error_nomem(c);
	else if (rc < 0)
		sqlite3_result_error(c, err.msg, -1);
	else
		sqlite3_result_blob64(c, record.payload, record.payload_len, SQLITE_TRANSIENT);
}

int bn_payload_register(sqlite3 *db, const bn_dir *at, bn_log *log, bn_err *err)
{
	reader *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r)
		return bn_err_nomem(err, "the index's functions");
	r->at = at;
	r->log = log;
	r->fd = -1;
	return sqlite3_create_function_v2(db, "bn_log_payload", 4, SQLITE_UTF8, r, sql_payload,
		       NULL, NULL, reader_free) != SQLITE_OK
		       ? bn_sql_error(db, err, "adding functions")
		       : 0;
}
