/*
 * A value that contradicts the type inferred from the sample, at any position: in every chunk and kind of
 * column, several at once, from a file and from a pipe, with one thread and several. The table is byte for byte
 * the same as in a pass with the final types declared, and what the report says of a column holds for the line
 * that it names.
 * BINNACLE_TABLES=500 tries that many random tables (default 20).
 */
#include "core/base/fs.h"
#include "core/base/rng.h"
#include "core/base/timestamp.h"
#include "core/source/ingest.h"
#include "tests/support/check_main.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 6, CHUNK_ROWS = BN_BATCH_ROWS, CHUNKS = 3 };

static char dir[] = "/tmp/bn-widening-XXXXXX";
static char in_path[64], pipe_path[64], first_path[64], second_path[64];
static const bn_env *env;

/* ---- a table ------------------------------------------------------------------------------------ */

typedef enum kind { WHOLE, FRACTION, TRUTH, TIME, NAME, NOTHING, KINDS } kind;

/* Texts that contradict a column of each kind. */
static const char *const contradictions[KINDS][5] = {
	[WHOLE] = {"0.5", "9007199254740993000", "x7", "true", "2024-01-01"},
	[FRACTION] = {"9007199254740993", "abc", "1e400", "false", "+-1"},
	[TRUTH] = {"1", "yes", "2.5", "truely", "2024-01-01T00:00:00Z"},
	[TIME] = {"2023-02-29", "17", "noon", "1.5", "true"},
	[NAME] = {"7", "0.5", "true", "", "2024-01-01"}, /* none: a category takes any text */
	[NOTHING] = {"4", "2.5", "true", "z", "2024-01-01T00:00:01Z"},
};

typedef struct column {
	kind kind;
	bool many_names; /* has more distinct values later than a category can hold */
	size_t at[3];    /* rows with a contradiction; SIZE_MAX: none */
	const char *text[3];
} column;

typedef struct table {
	bn_rng dice;
	size_t rows;
	column columns[COLUMNS];
	bn_buf text;
} table;

static void put_value(table *t, const column *c, size_t row)
{
	char iso[BN_TIMESTAMP_TEXT];
	const uint64_t n = bn_rng_below(&t->dice, 1000);
	for (size_t k = 0; k < 3; k++)
		if (c->at[k] == row) {
			bn_buf_adds(&t->text, c->text[k]);
			return;
		}
	if (n < 20 && c->kind != NAME) /* absent */
		return;
	switch (c->kind) {
	case WHOLE:
		bn_buf_addf(&t->text, "%d", (int)n - 500);
		break;
	case FRACTION:
		bn_buf_addf(&t->text, "%.3f", (double)n / 7);
		break;
	case TRUTH:
		bn_buf_adds(&t->text, n % 2 ? "true" : "false");
		break;
	case TIME:
		bn_buf_adds(&t->text, bn_timestamp_iso((int64_t)n * 86400000000000, iso));
		break;
	case NAME:
		bn_buf_addf(&t->text, "node%zu",
			c->many_names && row > CHUNK_ROWS ? row : (size_t)(n % 40));
		break;
	default: /* nothing at all */
		break;
	}
}

static void tell_column(table *t, column *c)
{
	c->kind = (kind)bn_rng_below(&t->dice, KINDS);
	c->many_names = bn_rng_below(&t->dice, 3) == 0;
	for (size_t k = 0; k < 3; k++) {
		bool some = bn_rng_below(&t->dice, 3) == 0;
		c->at[k] = some ? bn_rng_below(&t->dice, t->rows) : SIZE_MAX;
		c->text[k] = contradictions[c->kind][bn_rng_below(&t->dice, 5)];
	}
}

static void tell_table(table *t, uint64_t seed)
{
	bn_buf_clear(&t->text);
	bn_rng_init(&t->dice, seed, "widening", 0);
	t->rows = 1 + bn_rng_below(&t->dice, CHUNKS * CHUNK_ROWS);
	for (size_t c = 0; c < COLUMNS; c++)
		tell_column(t, &t->columns[c]);
	bn_buf_adds(&t->text, "a,b,c,d,e,id\n");
	for (size_t r = 0; r < t->rows; r++) {
		for (size_t c = 0; c + 1 < COLUMNS; c++) {
			put_value(t, &t->columns[c], r);
			bn_buf_adds(&t->text, ",");
		}
		bn_buf_addf(&t->text, "%zu\n", r);
	}
	ck_assert(!t->text.failed);
	ck_assert_int_eq(bn_fs_write_file(env, in_path, t->text.ptr, t->text.len, 0644, NULL), 0);
}

/* ---- reading it ---------------------------------------------------------------------------------- */

static void *pour(void *arg)
{
	const table *t = arg;
	FILE *f = fopen(pipe_path, "w");
	fwrite(t->text.ptr, 1, t->text.len, f);
	fclose(f);
	return NULL;
}

static void read_table(
	const char *from, const bn_source_options *o, const char *to, bn_ingest_report *r)
{
	bn_err err = BN_ERR_INIT;
	unlink(to);
	ck_assert_bn_ok(bn_ingest(env, "csv", from, o, NULL, to, r, &err), &err);
}

static void assert_same_bytes(const char *a, const char *b, uint64_t seed)
{
	bn_buf x = BN_BUF_INIT, y = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_fs_read_file(env, a, &x, &err), &err);
	ck_assert_bn_ok(bn_fs_read_file(env, b, &y, &err), &err);
	ck_assert_msg(x.len == y.len && memcmp(x.ptr, y.ptr, x.len) == 0,
		"table %llu: %zu bytes, declared %zu", (unsigned long long)seed, x.len, y.len);
	bn_buf_release(&x);
	bn_buf_release(&y);
}

/* The field of a column in a line, as written in the file. */
static bn_text field_of(const table *t, uint64_t line, size_t place)
{
	const char *at = t->text.ptr, *end = t->text.ptr + t->text.len;
	for (uint64_t l = 1; l < line; l++)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	for (size_t c = 0; c < place; c++)
		at = (const char *)memchr(at, ',', (size_t)(end - at)) + 1;
	return (bn_text){at, strcspn(at, ",\n")};
}

/* The report names the first value that the column's first type cannot hold. */
static void check_report(const table *t, const bn_ingest_report *r, uint64_t seed)
{
	for (size_t i = 0; i < r->widened_count; i++) {
		const bn_widened *w = &r->widened[i];
		const column *c = &t->columns[w->column];
		ck_assert_msg(w->column + 1 < COLUMNS, "table %llu: a column that was as promised",
			(unsigned long long)seed);
		if (!w->line) {
			ck_assert(c->kind == NAME);
			continue;
		}
		bn_text field = field_of(t, w->line, w->column);
		ck_assert_msg(
			strlen(w->text) == field.len && !memcmp(w->text, field.ptr, field.len),
			"table %llu: line %llu has '%.*s', not '%s'", (unsigned long long)seed,
			(unsigned long long)w->line, (int)field.len, field.ptr, w->text);
		bool planted = false;
		for (size_t k = 0; k < 3; k++)
			planted |= c->at[k] + 2 == w->line;
		ck_assert_msg(planted, "table %llu: line %llu, column %zu is as the others",
			(unsigned long long)seed, (unsigned long long)w->line, w->column);
	}
}

static void try_table(table *t, uint64_t seed, uint64_t *passes, uint64_t *widened)
{
	bn_ingest_report r = {0}, again = {0};
	bn_source_type declared[COLUMNS];
	bn_source_options guess = BN_SOURCE_OPTIONS_INIT, known = BN_SOURCE_OPTIONS_INIT;
	tell_table(t, seed);
	guess.threads = 1 + (int)(seed % 3) * 3;
	read_table(in_path, &guess, first_path, &r);
	check_report(t, &r, seed);
	*passes += (uint64_t)r.passes;
	*widened += r.widened_count;
	for (size_t c = 0; c < COLUMNS; c++)
		declared[c] = (bn_source_type){
			.column = r.schema.fields[c].name, .type = r.schema.fields[c]};
	known.types = declared;
	known.type_count = COLUMNS;
	read_table(in_path, &known, second_path, &again);
	ck_assert_int_eq(again.passes, 1);
	assert_same_bytes(first_path, second_path, seed);
	bn_ingest_report_release(&again);
	pthread_t writer;
	ck_assert_int_eq(pthread_create(&writer, NULL, pour, t), 0);
	guess.threads = 2;
	read_table(pipe_path, &guess, second_path, &again);
	pthread_join(writer, NULL);
	assert_same_bytes(first_path, second_path, seed);
	ck_assert_uint_eq(again.widened_count, r.widened_count);
	bn_ingest_report_release(&again);
	bn_ingest_report_release(&r);
}

START_TEST(test_a_contradiction_anywhere_gives_the_table_of_the_final_types)
{
	const char *asked = getenv("BINNACLE_TABLES");
	uint64_t n = asked ? strtoull(asked, NULL, 10) : 20, passes = 0, widened = 0;
	static table t;
	env = bn_env_real();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(in_path, sizeof in_path, "%s/in.csv", dir);
	snprintf(pipe_path, sizeof pipe_path, "%s/pipe.csv", dir);
	snprintf(first_path, sizeof first_path, "%s/first.arrow", dir);
	snprintf(second_path, sizeof second_path, "%s/second.arrow", dir);
	ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
	bn_buf_init(&t.text);
	for (uint64_t seed = 1; seed <= n; seed++)
		try_table(&t, seed, &passes, &widened);
	printf("NOTE: widening: %llu tables, %llu columns contradicted their sample, %.1f passes a "
	       "table\n",
		(unsigned long long)n, (unsigned long long)widened, (double)passes / (double)n);
	bn_buf_release(&t.text);
	bn_fs_remove_tree(env, dir, NULL);
}
END_TEST

BN_TEST_MAIN(
	"core/source/widening", test_a_contradiction_anywhere_gives_the_table_of_the_final_types)
