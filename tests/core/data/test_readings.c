/*
 * How a file is read is said once: the next version, an appended file and the dataset's parts are read so, column by
 * column. Tables, spellings of missing values, forms of numbers and orders of dates are random; each version must have
 * the rows of its twin, the same table as plain CSV.
 * BINNACLE_READING_ROUNDS=N tries N tables instead of a few.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/add.h"
#include "core/data/append.h"
#include "core/data/former.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/profile/profile.h"
#include "core/source/cell.h"
#include "core/source/csv_write.h"
#include "core/source/reading.h"
#include "tests/support/check_main.h"
#include "tests/support/train_data.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 40, ROWS = 24 };

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};

static bn_err err = BN_ERR_INIT;
static char dir[64];
static bn_workspace *ws;
static uint64_t seed;

static void begin(void)
{
	strcpy(dir, "/tmp/bn-readings-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), classes, dir, &err), &err);
}

static void end(void)
{
	bn_workspace_close(ws);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

static size_t below(size_t n)
{
	return (size_t)(train_data_uniform(&seed) * (double)n);
}

/* ---- datasets ------------------------------------------------------------------------------- */

static const char *file_of(const char *text, size_t n)
{
	static char path[2][100];
	static unsigned k;
	char *p = path[k++ % 2];
	snprintf(p, sizeof path[0], "%s/rows%u.csv", dir, k);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), p, text, n, 0600, &err), &err);
	return p;
}

/* The notes of the last one. */
static char notes[2000];

static void keep_notes(bn_ingest_report *r)
{
	notes[0] = '\0';
	for (size_t i = 0; i < r->notes.count; i++) {
		strncat(notes, r->notes.items[i].text, sizeof notes - strlen(notes) - 2);
		strcat(notes, "\n");
	}
	bn_ingest_report_release(r);
}

static bn_dataset_version *add_bytes(
	const char *name, const char *text, size_t n, const bn_source_options *o)
{
	bn_dataset_version *v = NULL;
	bn_ingest_report r = {0};
	ck_assert_bn_ok(bn_dataset_add(&v, NULL, ws, name, BN_DATASET_AS_BEFORE, NULL,
				file_of(text, n), o, &r, &err),
		&err);
	keep_notes(&r);
	return v;
}

static bn_dataset_version *add(const char *name, const char *text, const bn_source_options *o)
{
	return add_bytes(name, text, strlen(text), o);
}

static bn_dataset_version *append(const char *name, const char *text, size_t n)
{
	bn_dataset_version *v = NULL;
	bn_ingest_report r = {0};
	ck_assert_bn_ok(
		bn_dataset_append(&v, NULL, ws, name, NULL, file_of(text, n), NULL, NULL, &r, &err),
		&err);
	keep_notes(&r);
	return v;
}

/* Rows and types as text, in order; yours. */
static char *text_of(const bn_dataset_version *v)
{
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	bn_buf out = BN_BUF_INIT;
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	for (size_t c = 0; c < bn_table_schema(t)->count; c++)
		bn_buf_addf(&out, "%s ", bn_type_name(bn_table_schema(t)->fields[c].type));
	bn_buf_addch(&out, '\n');
	for (size_t k = 0; k < bn_table_batches(t); k++) {
		ck_assert_bn_ok(bn_table_read(t, k, NULL, 0, &b, &err), &err);
		for (size_t r = 0; r < b.rows; r++)
			for (size_t c = 0; c < b.column_count; c++) {
				if (!bn_column_format(&b.columns[c], r, &out))
					bn_buf_adds(&out, "(missing)");
				bn_buf_addch(&out, c + 1 < b.column_count ? ',' : '\n');
			}
	}
	bn_batch_release(&b);
	bn_table_reader_free(t);
	return out.ptr;
}

static void ck_rows(bn_dataset_version *v, const char *want)
{
	char *text = text_of(v);
	ck_assert_str_eq(text, want);
	bn_free(text);
	bn_dataset_version_free(v);
}

/* ---- random tables -------------------------------------------------------------------------- */

typedef struct row {
	bool has[4];
	int64_t number, whole, minute; /* number: in thousandths */
	const char *word;
} row;

static const char *const words[] = {
	"None", "B", "NA", "running", "a b", "null", "say \"so\"", "x;y", "-1", "0,5"};
enum { WORDS = sizeof words / sizeof *words };

static void random_rows(row *rows)
{
	for (size_t r = 0; r < ROWS; r++) {
		for (size_t c = 0; c < 4; c++)
			rows[r].has[c] = r < WORDS || below(4);
		rows[r].number = (int64_t)below(4000000) + 1;
		rows[r].whole = (int64_t)below(below(2) ? 100 : 5000000);
		rows[r].minute = (int64_t)below(600000);
		rows[r].word = words[r < WORDS ? r : below(WORDS)];
	}
	rows[0].number = 1500; /* a fraction, so that the column is of floats */
}

/* How one table is written; every file of it, but for the delimiter. */
typedef struct style {
	const char *nulls[3]; /* NULL-terminated */
	bool only;
	char decimal, thousands;
	bn_date_order order;
} style;

static void random_style(style *s)
{
	static const char *const nulls[] = {"-999", "?", "missing", "-", "None", "0"};
	static const struct {
		char decimal, thousands;
	} forms[] = {{'.', 0}, {',', 0}, {',', '.'}, {'.', ','}, {'.', '\''}, {',', ' '}};
	size_t form = below(sizeof forms / sizeof *forms), n = below(3), from = below(5);
	*s = (style){.decimal = forms[form].decimal, .thousands = forms[form].thousands};
	for (size_t i = 0; i < n; i++)
		s->nulls[i] = nulls[from + i < 5 ? from + i : 0];
	s->only = n && below(3) == 0;
	s->order = (bn_date_order)below(BN_DATE_YMD + 1);
}

static bool is_null(const style *s, const char *text)
{
	for (size_t i = 0; s->nulls[i]; i++)
		if (!strcmp(s->nulls[i], text))
			return true;
	return false;
}

static void add_number(bn_buf *b, const style *s, int64_t thousandths, bool fraction)
{
	char buf[BN_FMT];
	const char *text = bn_fmt_i64(thousandths / 1000, buf);
	size_t n = strlen(text);
	bool groups = s->thousands && n > 3 && below(3);
	for (size_t i = 0; i < n; i++) {
		if (groups && i && (n - i) % 3 == 0)
			bn_buf_addch(b, s->thousands);
		bn_buf_addch(b, text[i]);
	}
	if (fraction)
		bn_buf_addf(b, "%c%03d", s->decimal, (int)(thousandths % 1000));
}

static void add_time(bn_buf *b, const style *s, int64_t minute)
{
	int day = (int)(minute / 1440) % 28 + 1, month = (int)(minute / 40320) % 12 + 1;
	static const char *const forms[] = {"2024-%2$02d-%1$02d", "%1$02d/%2$02d/2024",
		"%2$02d/%1$02d/2024", "2024/%2$02d/%1$02d"};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	bn_buf_addf(b, forms[s->order], day, month);
#pragma GCC diagnostic pop
	bn_buf_addf(b, " %02d:%02d", (int)(minute / 60 % 24), (int)(minute % 60));
}

/* bare: words that usually spell a missing value stand without quotes. */
static void add_word(bn_buf *b, const style *s, const char *word, char delimiter, bool bare)
{
	bool usual = bn_cell_is_absent(word, strlen(word)) && !s->only && !bare;
	if (usual || is_null(s, word))
		bn_buf_addf(b, "\"%s\"", word);
	else
		bn_csv_add_field(b, word, strlen(word), delimiter);
}

static void add_missing(bn_buf *b, const style *s)
{
	static const char *const usual[] = {"", "n/a", "<NA>"};
	size_t n = 0;
	while (s->nulls[n])
		n++;
	if (n && (s->only || below(2)))
		bn_buf_adds(b, s->nulls[below(n)]);
	else
		bn_buf_adds(b, usual[below(3)]);
}

static void write_rows(bn_buf *b, const style *s, const row *rows, char delimiter, bool bare)
{
	bn_buf cell = BN_BUF_INIT;
	bn_buf_clear(b);
	bn_buf_addf(b, "number%cwhole%cat%cword\n", delimiter, delimiter, delimiter);
	for (size_t r = 0; r < ROWS; r++)
		for (size_t c = 0; c < 4; c++) {
			bn_buf_clear(&cell);
			if (!rows[r].has[c])
				add_missing(b, s);
			else if (c == 0)
				add_number(&cell, s, rows[r].number, true);
			else if (c == 1)
				add_number(&cell, s, rows[r].whole * 1000, false);
			else if (c == 2)
				add_time(&cell, s, rows[r].minute);
			else
				add_word(b, s, rows[r].word, delimiter, bare);
			if (cell.len)
				bn_csv_add_field(b, cell.ptr, cell.len, delimiter);
			bn_buf_addch(b, c < 3 ? delimiter : '\n');
		}
	bn_buf_release(&cell);
}

/* The rows of a plain file of the same values. */
static char *twin(const char *name, const row *rows)
{
	const style plain = {.decimal = '.'};
	bn_buf b = BN_BUF_INIT;
	write_rows(&b, &plain, rows, ',', false);
	bn_dataset_version *v = add_bytes(name, b.ptr, b.len, NULL);
	char *text = text_of(v);
	bn_dataset_version_free(v);
	bn_buf_release(&b);
	return text;
}

static void try_table(unsigned round)
{
	static const char delimiters[] = ";\t|,";
	static row rows[3][ROWS];
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_buf b = BN_BUF_INIT;
	char name[24], *want[3];
	style s;
	seed = round + 1;
	random_style(&s);
	for (size_t k = 0; k < 3; k++) {
		char twins[32];
		random_rows(rows[k]);
		snprintf(twins, sizeof twins, "plain%zu-%u", k, round);
		want[k] = twin(twins, rows[k]);
	}
	snprintf(name, sizeof name, "t%u", round);
	o.nulls = s.nulls;
	o.only_nulls = s.only;
	o.decimal = s.decimal;
	o.thousands = s.thousands;
	o.date_order = s.order;
	write_rows(&b, &s, rows[0], delimiters[below(4)], false);
	bn_dataset_version *v = add_bytes(name, b.ptr, b.len, &o);
	ck_rows(v, want[0]);
	/* Nothing is said any more. */
	write_rows(&b, &s, rows[1], delimiters[below(4)], true);
	ck_rows(add_bytes(name, b.ptr, b.len, NULL), want[1]);
	write_rows(&b, &s, rows[2], delimiters[below(4)], true);
	v = append(name, b.ptr, b.len);
	char *both = bn_strf("%s%s", want[1], strchr(want[2], '\n') + 1);
	ck_rows(v, both);
	bn_free(both);
	for (size_t k = 0; k < 3; k++)
		bn_free(want[k]);
	bn_buf_release(&b);
}

START_TEST(test_what_was_said_once_holds_for_the_next_files)
{
	const char *asked = getenv("BINNACLE_READING_ROUNDS");
	unsigned rounds = asked ? (unsigned)atoi(asked) : ROUNDS;
	begin();
	for (unsigned round = 0; round < rounds; round++)
		try_table(round);
	end();
}
END_TEST

/* ---- by hand -------------------------------------------------------------------------------- */

static char *read_of(const bn_dataset_version *v, size_t column)
{
	bn_table_reader *t = NULL;
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	char *read = bn_strdup(bn_table_schema(t)->fields[column].read);
	bn_table_reader_free(t);
	return read;
}

static void ck_read(const bn_dataset_version *v, size_t column, const char *want)
{
	char *read = read_of(v, column);
	if (want)
		ck_assert_str_eq(read, want);
	else
		ck_assert_ptr_null(read);
	bn_free(read);
}

START_TEST(test_a_column_keeps_what_matters_to_its_type)
{
	static const char *const nulls[] = {"-999", "?", NULL};
	bn_source_options o = {.nulls = nulls, .thousands = '.', .date_order = BN_DATE_DMY};
	begin();
	bn_dataset_version *v =
		add("a", "n;t;s;e\n1.234,5;03/04/2024;x;\n-999;04/04/2024;y;?\n", &o);
	ck_read(v, 0, "{\"decimal\":\",\",\"null\":[\"-999\",\"?\"],\"thousands\":\".\"}");
	ck_read(v, 1, "{\"date_order\":\"dmy\",\"null\":[\"-999\",\"?\"]}");
	ck_read(v, 2, "{\"null\":[\"-999\",\"?\"]}");
	bn_dataset_version_free(v);
	/* A column that had no value is guessed, and its missing values are known. */
	v = add("a", "n;t;s;e\n1,5;03/04/2024;x;1.000\n-999;04/04/2024;y;?\n", NULL);
	ck_rows(v, "float64 timestamp category int64 \n1.5,2024-04-03T00:00:00Z,x,1000\n"
		   "(missing),2024-04-04T00:00:00Z,y,(missing)\n");
	ck_assert_str_eq(notes,
		"inferred from the first records: fields separated by ';' (set with --delimiter)\n"
		"read as a@v1 was: --null -999 --null '?' --thousands . --decimal , --date-order "
		"dmy\n");
	/* Nothing is kept of a plain file, and the same bytes are nothing new. */
	v = add("plain", "n,s\n1.5,x\n,y\n", NULL);
	ck_read(v, 0, NULL);
	ck_read(v, 1, NULL);
	bn_dataset_version_free(v);
	bool added = true;
	ck_assert_bn_ok(bn_dataset_add(&v, &added, ws, "plain", BN_DATASET_AS_BEFORE, NULL,
				file_of("n,s\n1.5,x\n,y\n", 13), NULL, NULL, &err),
		&err);
	ck_assert(!added);
	bn_dataset_version_free(v);
	end();
}
END_TEST

START_TEST(test_a_new_column_is_read_as_all_others_were)
{
	static const char *const nulls[] = {"-999", NULL};
	bn_source_options o = {.nulls = nulls};
	begin();
	bn_dataset_version_free(add("a", "n,s\n1.5,x\n-999,y\n", &o));
	ck_rows(add("a", "n,s,m\n1.5,x,7\n-999,y,-999\n", NULL),
		"float64 category int64 \n1.5,x,7\n(missing),y,(missing)\n");
	end();
}
END_TEST

START_TEST(test_options_add_to_what_is_known_or_replace_it)
{
	static const char *const first[] = {"-999", NULL}, *const second[] = {"-1", NULL};
	bn_source_options o = {.nulls = first, .decimal = ','};
	begin();
	bn_dataset_version_free(add("a", "n;m\n1,5;1\n-999;2\n", &o));
	o = (bn_source_options){.nulls = second};
	bn_dataset_version *v = add("a", "n;m\n1,5;-1\n-999;2\n", &o);
	ck_read(v, 1, "{\"decimal\":\",\",\"null\":[\"-999\",\"-1\"]}");
	ck_rows(v, "float64 int64 \n1.5,(missing)\n(missing),2\n");
	o = (bn_source_options){.nulls = second, .only_nulls = true, .decimal = '.'};
	v = add("a", "n;m\n1.5;-1\n-999;2\n", &o);
	ck_assert_ptr_nonnull(strstr(notes,
		"not read as a@v2 was: --null -999 --null -1 --decimal , (replaced by the options "
		"here)\n"));
	ck_read(v, 1, "{\"decimal\":\".\",\"only_null\":[\"-1\"]}");
	ck_rows(v, "float64 int64 \n1.5,(missing)\n-999,2\n");
	/* Anew, with a word. */
	o = (bn_source_options){.retype = true};
	v = add("a", "n,m\n1.5,-1\n-999,2\n", &o);
	ck_assert_str_eq(notes,
		"not read as a@v3 was: --only-null -1 --decimal . (--retype starts anew; say again "
		"what still holds)\n");
	ck_read(v, 1, NULL);
	ck_rows(v, "float64 int64 \n1.5,-1\n-999,2\n");
	end();
}
END_TEST

START_TEST(test_a_known_comma_decides_what_cannot_be_told)
{
	begin();
	/* Found in the first file; 1,500 alone might be one and a half thousand. */
	bn_dataset_version_free(add("a", "n\tm\n1,5\t1\n2,25\t2\n", NULL));
	ck_rows(add("a", "n\tm\n1,500\t1\n2,750\t2\n", NULL), "float64 int64 \n1.5,1\n2.75,2\n");
	/* A point is no such comma, so the file is read with points. */
	bn_dataset_version *v = add("a", "n,m\n1.500,1\nNA,2\n", NULL);
	ck_assert_str_eq(
		notes, "not read as a@v2 was: --decimal , (its numbers have a decimal point)\n");
	ck_rows(v, "float64 int64 \n1.5,1\n(missing),2\n");
	/* Groups were said: semicolons do not make a decimal comma of them. */
	bn_source_options o = {.thousands = ','};
	bn_dataset_version_free(add("b", "n;m\n1,500.5;1\n", &o));
	ck_rows(add("b", "n;m\n1,500;1\n", NULL), "float64 int64 \n1500,1\n");
	/* Points separate thousands there: a number with a decimal point is refused, not read as another. */
	o = (bn_source_options){.thousands = '.'};
	bn_dataset_version_free(add("c", "n;m\n1.500,5;1\n", &o));
	ck_assert_int_eq(bn_dataset_add(&v, NULL, ws, "c", BN_DATASET_AS_BEFORE, NULL,
				 file_of("n,m\n1.5,1\n", 10), NULL, NULL, &err),
		BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "csv:2:1: column 'n': \"1.5\" is not"));
	ck_assert_ptr_nonnull(strstr(err.hint,
		"numbers are read with a decimal comma as c@v1 was; --decimal . reads points"));
	err = (bn_err)BN_ERR_INIT;
	end();
}
END_TEST

START_TEST(test_a_value_that_looks_like_nothing_is_known)
{
	begin();
	bn_dataset_version_free(add("a", "s,t\n\"None\",x\nB,\n", NULL));
	/* In s it is a value, in t it is not. */
	ck_rows(add("a", "s,t\nNone,None\n,x\n", NULL),
		"category category \nNone,(missing)\n(missing),x\n");
	static const char *const none[] = {"None", NULL};
	bn_source_options o = {.nulls = none};
	bn_dataset_version *v = add("a", "s,t\nNone,None\nB,x\n", &o);
	ck_read(v, 0, "{\"null\":[\"None\"]}");
	ck_rows(v, "category category \n(missing),(missing)\nB,x\n");
	end();
}
END_TEST

START_TEST(test_blanks_that_are_no_part_of_a_text_stay_out)
{
	bn_source_options o = {.trim = 'y'};
	begin();
	bn_dataset_version_free(add("a", "n,s\n1, x\n2,y\n", &o));
	ck_rows(add("a", "n,s\n1, x\n2,y\n3,y\n", NULL), "int64 category \n1,x\n2,y\n3,y\n");
	ck_assert_str_eq(notes, "read as a@v1 was: --trim yes\n");
	end();
}
END_TEST

START_TEST(test_a_profile_has_the_reading_and_odd_values)
{
	static const char *const nulls[] = {"-", NULL};
	bn_source_options o = {.nulls = nulls};
	bn_profile *p = NULL, *again = NULL;
	bn_buf text = BN_BUF_INIT;
	begin();
	bn_dataset_version *v = add("a", "s,n\n\"NA\",1\n\"\",-\nx,2\n", &o);
	ck_assert_bn_ok(bn_dataset_load_profile(&p, ws, v, &err), &err);
	ck_assert_str_eq(p->columns[1].field.read, "{\"null\":[\"-\"]}");
	ck_assert_bn_ok(bn_profile_write_buf(&text, p, &err), &err);
	ck_assert_ptr_nonnull(strstr(text.ptr, "\"read\":{\"null\":[\"-\"]}"));
	ck_assert_msg(strstr(text.ptr, "\"spelled\":[\"NA\"]") != NULL, "%s", text.ptr);
	ck_assert_bn_ok(bn_profile_parse(&again, text.ptr, text.len, &err), &err);
	ck_assert_uint_eq(again->columns[0].spelled, p->columns[0].spelled & ~1u);
	bn_profile_free(p);
	bn_profile_free(again);
	bn_buf_release(&text);
	bn_dataset_version_free(v);
	end();
}
END_TEST

/* ---- as text -------------------------------------------------------------------------------- */

START_TEST(test_a_reading_is_checked)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {{"[]", "it is not an object"}, {"{\"null\":1}", "'null' is not an array"},
		{"{\"only_null\":[1]}", "'only_null' has a value that is no string"},
		{"{\"decimal\":\";\"}", "'decimal' is not one of \".,\""},
		{"{\"decimal\":1}", "'decimal' is not one of"},
		{"{\"decimal\":\".\",\"thousands\":\".\"}",
			"'thousands' without another 'decimal'"},
		{"{\"thousands\":\",\"}", "'thousands' without another 'decimal'"},
		{"{\"date_order\":\"dym\"}", "dym"},
		{"{\"date_order\":3}", "'date_order' is no string"},
		{"{", "how a column is read:1:"}};
	bn_reading r = BN_READING_INIT;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *for_table = NULL;
		bn_err why = BN_ERR_INIT;
		ck_assert_int_eq(bn_reading_parse(&r, cases[i].text, &why), BN_EINVAL);
		ck_assert_msg(strstr(why.msg, cases[i].wrong) != NULL, "%s", why.msg);
		bn_reading_release(&r);
		/* A table from elsewhere may say anything. */
		ck_assert_bn_ok(
			bn_reading_for_table(&for_table, cases[i].text, BN_TYPE_INT64, &err), &err);
		ck_assert_ptr_null(for_table);
	}
	/* A newer program may say more. */
	ck_assert_bn_ok(bn_reading_parse(&r, "{\"decimal\":\",\",\"later\":[1]}", &err), &err);
	ck_assert_int_eq(r.decimal, ',');
	bn_reading_release(&r);
}
END_TEST

BN_TEST_MAIN("core/data/readings", test_what_was_said_once_holds_for_the_next_files,
	test_a_column_keeps_what_matters_to_its_type, test_a_new_column_is_read_as_all_others_were,
	test_options_add_to_what_is_known_or_replace_it,
	test_a_known_comma_decides_what_cannot_be_told,
	test_a_value_that_looks_like_nothing_is_known,
	test_blanks_that_are_no_part_of_a_text_stay_out,
	test_a_profile_has_the_reading_and_odd_values, test_a_reading_is_checked)
