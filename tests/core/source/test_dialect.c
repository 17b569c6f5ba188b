/* The dialect of a text table: what is inferred from a sample, what can be set, and what is refused by name. */
#include "core/base/fs.h"
#include "core/source/csv.h"
#include "core/source/csv_write.h"
#include "core/source/ingest.h"
#include "core/source/signature.h"
#include "tests/support/check_main.h"

#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/bn-dialect-XXXXXX";
static char in_path[64], out_path[64];
static const bn_env *env;
static bn_err err;
static bn_ingest_report report;
static bn_buf csv_out;

static void begin(void)
{
	env = bn_env_real();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(in_path, sizeof in_path, "%s/in.txt", dir);
	snprintf(out_path, sizeof out_path, "%s/out.arrow", dir);
	bn_buf_init(&csv_out);
}

static void end(void)
{
	bn_ingest_report_release(&report);
	bn_buf_release(&csv_out);
	bn_fs_remove_tree(env, dir, NULL);
}

static int sink(void *ctx, const char *bytes, size_t n, bn_err *e)
{
	(void)ctx;
	(void)e;
	bn_buf_add(&csv_out, bytes, n);
	return 0;
}

/* Afterwards csv_out contains the table as CSV. */
static int read_bytes(const void *bytes, size_t n, const bn_source_options *options)
{
	bn_table_reader *r = NULL;
	bn_err e = BN_ERR_INIT;
	int rc;

	ck_assert_bn_ok(bn_fs_write_file(env, in_path, bytes, n, 0644, &e), &e);
	bn_err_clear(&err);
	bn_ingest_report_release(&report);
	bn_buf_clear(&csv_out);
	unlink(out_path);
	if ((rc = bn_ingest(env, NULL, in_path, options, NULL, out_path, &report, &err)) < 0)
		return rc;
	ck_assert_bn_ok(bn_table_open(&r, env, out_path, &err), &err);
	ck_assert_bn_ok(bn_csv_export(r, NULL, 0, 0, UINT64_MAX, ',', sink, NULL, &err), &err);
	bn_table_reader_free(r);
	return 0;
}

static int read_text(const char *text, const bn_source_options *options)
{
	return read_bytes(text, strlen(text), options);
}

static const char *types(void)
{
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < report.schema.count; i++) {
		size_t n = strlen(text);
		snprintf(text + n, sizeof text - n, "%s%s", i ? " " : "",
			bn_type_name(report.schema.fields[i].type));
	}
	return text;
}

/* All messages, one per line. */
static const char *said(void)
{
	static char text[2048];

	text[0] = '\0';
	for (size_t i = 0; i < report.notes.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s\n",
			report.notes.items[i].warning ? "warning: " : "",
			report.notes.items[i].text);
	return text;
}

#define ck_table(text, options, want_types, want) \
	do { \
		ck_assert_bn_ok(read_text(text, options), &err); \
		ck_assert_str_eq(csv_out.ptr, want); \
		ck_assert_str_eq(types(), want_types); \
	} while (0)

#define ck_says(part) ck_assert_msg(strstr(said(), part), "'%s' is not in\n%s", part, said())
#define ck_silent() ck_assert_str_eq(said(), "")

START_TEST(test_a_delimiter_is_found_out_and_said)
{
	begin();
	ck_table("id|host|watts\n1|n1|3\n2|n2|4\n", NULL, "int64 category int64",
		"id,host,watts\n1,n1,3\n2,n2,4\n");
	ck_says("inferred from the first records: fields separated by '|' (set with --delimiter)");
	ck_table("id;host\n1;a, b\n2;c\n", NULL, "int64 category", "id,host\n1,\"a, b\"\n2,c\n");
	ck_says("fields separated by ';'");
	ck_table("id\thost\n1\ta, b, c\n2\t\"d\te\"\n", NULL, "int64 category",
		"id,host\n1,\"a, b, c\"\n2,d\te\n");
	ck_says("fields separated by tabs");
	ck_table("sep=;\na;b\n1;2\n", NULL, "int64 int64", "a,b\n1,2\n");
	ck_table("\"sep=|\"\r\na|b\r\n1,5|2\r\n", NULL, "float64 int64", "a,b\n1.5,2\n");
	ck_table("sep=\t\na\tb\n1\t2\n", NULL, "int64 int64", "a,b\n1,2\n");
	ck_table("a b\n1 x\n2 y\n", NULL, "int64 category", "a,b\n1,x\n2,y\n");
	ck_says("fields separated by blanks");
	ck_table("some words\nmore words\n", NULL, "category", "some words\nmore words\n");
	ck_silent();
	ck_table("1.5 2\n3.5 4\n", NULL, "float64 int64", "1.5,2\n3.5,4\n");
	ck_says("looks like data: --no-header");
	/* a quoted delimiter does not count */
	ck_table("a;b\n\"x;y\";1\n\"z\";2\n", NULL, "category int64", "a,b\nx;y,1\nz,2\n");
	/* a record with another number of fields is an error of the inferred dialect */
	ck_assert_int_eq(read_text("a|b\n1|2\n1|2\n1|2\n1|2|3\n1|2\n1|2\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, ":5:1: 3 fields instead of 2"));
	end();
}
END_TEST

START_TEST(test_what_is_plain_needs_no_word)
{
	begin();
	ck_table("a,b\n1,x;y\n2,z;w\n", NULL, "int64 category", "a,b\n1,x;y\n2,z;w\n");
	ck_silent();
	ck_table("a;b,c\n1;2,3\n", NULL, "category int64", "a;b,c\n1;2,3\n");
	ck_silent();
	ck_table("t\nx; y\nz\n", NULL, "category", "t\nx; y\nz\n");
	ck_silent();
	ck_table("t\nfoo;bar\nbaz;qux\n", NULL, "category", "t\nfoo;bar\nbaz;qux\n");
	ck_silent();
	ck_table("#chrom,pos\nc1,5\n#c2,7\n", NULL, "category int64", "#chrom,pos\nc1,5\n#c2,7\n");
	ck_silent();
	ck_table("a,b\n'x',1\n'y',2\n", NULL, "category int64", "a,b\n'x',1\n'y',2\n");
	ck_silent();
	ck_assert_int_eq(read_text("a,b\n1,2\n3\n4,5\n6,7\n8,9\n", NULL), BN_EINVAL);
	end();
}
END_TEST

START_TEST(test_decimal_commas)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_table("t;p\n1;2,5\n2;-0,25\n3;1e3\n", NULL, "int64 float64",
		"t,p\n1,2.5\n2,-0.25\n3,1000.0\n");
	ck_says("decimal comma");
	ck_says("--delimiter, --decimal");
	ck_table("t;p\n1;12345678,125\n2;0,1234567890123456\n", NULL, "int64 float64",
		"t,p\n1,12345678.125\n2,0.1234567890123456\n");
	ck_table("t\tp\n1\t2,5\n2\t7\n", NULL, "int64 float64", "t,p\n1,2.5\n2,7.0\n");
	/* may be groups of thousands: not concluded */
	ck_table("t\tp\n1\t2,500\n2\t7,125\n", NULL, "int64 category",
		"t,p\n1,\"2,500\"\n2,\"7,125\"\n");
	/* with decimal points elsewhere it is text */
	ck_table("t;p;q\n1;2,5;1.5\n2;3,5;2.5\n", NULL, "int64 category float64",
		"t,p,q\n1,\"2,5\",1.5\n2,\"3,5\",2.5\n");
	ck_table("t;p\n1;2,5\n2;x\n", NULL, "int64 category", "t,p\n1,\"2,5\"\n2,x\n");
	o.decimal = ',';
	ck_table("a,b\n\"1,5\",2\n\"2,5\",3\n", &o, "float64 int64", "a,b\n1.5,2\n2.5,3\n");
	ck_silent();
	ck_table("a;b\n1.5;2\n", &o, "category int64", "a,b\n1.5,2\n");
	o.decimal = '.';
	ck_table("t;p\n1;2,5\n", &o, "int64 category", "t,p\n1,\"2,5\"\n");
	end();
}
END_TEST

START_TEST(test_comments_and_lines_before_the_header)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_table("# made by tool\n# v2\na,b\n1,2\n# more\n3,4\n", NULL, "int64 int64",
		"a,b\n1,2\n3,4\n");
	ck_says("lines that begin with '#' skipped");
	ck_table("% x, y, \"z\na;b\n1;2\n", NULL, "int64 int64", "a,b\n1,2\n");
	ck_table("# unit: W\nwatts\n5\n7\n", NULL, "int64", "watts\n5\n7\n");
	ck_table("# 5\n6\n7\n", NULL, "int64", "# 5\n6\n7\n"); /* unchanged: a name */
	ck_table("Report of May\nsite: X\n\nid,host,w\n1,a,2\n2,b,3\n", NULL,
		"int64 category int64", "id,host,w\n1,a,2\n2,b,3\n");
	ck_says("3 lines before the header skipped");
	ck_table("Title\nname,w\na,2\nb,3\n", NULL, "category int64", "name,w\na,2\nb,3\n");
	ck_says("1 line before the header skipped");
	ck_table("made by us\n\nid;w\n1;2\n", NULL, "int64 int64", "id,w\n1,2\n");
	/* a first line of metadata: the line below it is not a header */
	ck_assert_int_eq(read_text("3,yes,no\n1,2,3,4,0\n5,6,7,8,1\n9,1,2,3,0\n", &o), BN_EINVAL);
	o.comment = '!';
	ck_table("! \"x\na,b\n!1,2\n1,2\n", &o, "int64 int64", "a,b\n1,2\n");
	ck_silent();
	o.comment = 0;
	o.skip_given = true;
	o.skip = 2;
	ck_table("x\ny,z,w\na,b\n1,2\n", &o, "int64 int64", "a,b\n1,2\n");
	o.skip = 0;
	ck_assert_int_eq(read_text("Report\nsite\n\nid,w\n1,2\n", &o), BN_EINVAL);
	/* errors give the line number in the file */
	ck_assert_int_eq(
		read_text("# c\n# d\na,b\n1,2\n# e\n1,2,3\n1,2\n1,2\n1,2\n1,2\n1,2\n", NULL),
		BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:6:1: 3 fields instead of 2"));
	end();
}
END_TEST

START_TEST(test_two_tables_are_no_preamble)
{
	begin();
	ck_assert_int_eq(read_text("a,b\n1,2\n\n\nc,d,e\n1,2,3\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:5:1: 3 fields instead of 2"));
	ck_assert_ptr_nonnull(strstr(err.hint, "another table begins here"));
	ck_assert_ptr_nonnull(strstr(err.hint, "--skip 4"));
	ck_assert_int_eq(read_text("a;b\n1;2\n3;4\n\nc;d;e\n1;2;3\n4;5;6\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:5:1: 3 fields instead of 2"));
	end();
}
END_TEST

START_TEST(test_settings_above_a_table)
{
	begin();
	ck_table("station,12\nunit,W\n\ntime,node,power\n2024-01-01,n1,6\n2024-01-02,n2,7\n", NULL,
		"timestamp category int64",
		"time,node,power\n2024-01-01T00:00:00Z,n1,6\n2024-01-02T00:00:00Z,n2,7\n");
	ck_says("3 lines before the header skipped (set with --skip)");
	ck_table("Device:,PM5\nSerial:,0012\nReport\nRate:,10 s\nt,U,I\n1,230,1\n2,231,2\n", NULL,
		"int64 int64 int64", "t,U,I\n1,230,1\n2,231,2\n");
	ck_says("4 lines before the header skipped");
	ck_table("Ort;12\nEinheit;W\nt;Knoten;P\n1;n1;61,2\n2;n2;62,2\n", NULL,
		"int64 category float64", "t,Knoten,P\n1,n1,61.2\n2,n2,62.2\n");
	ck_table("k\tv\nn\t3\na\tb\tc\n1\t2\t3\n4\t5\t6\n", NULL, "int64 int64 int64",
		"a,b,c\n1,2,3\n4,5,6\n");
	/* a separate table above, or a narrow one below */
	ck_assert_int_eq(
		read_text("node,w\nn1,6\nn2,7\n\nid,a,b\nx,1,2\ny,3,4\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.hint, "--skip 4"));
	ck_assert_int_eq(read_text("1,2\n3,4\na,b,c\n1,2,3\n4,5,6\n", NULL), BN_EINVAL);
	end();
}
END_TEST

START_TEST(test_annotated_tables)
{
#define ANNOTATED "#group,false,false,true\n#datatype,string,long,double\n#default,_result,,\n"
	begin();
	ck_table(ANNOTATED ",result,table,_value\n,,0,61.5\n,,0,62\n", NULL,
		"float64 float64 int64 float64", "c0,result,table,_value\n,,0,61.5\n,,0,62.0\n");
	ck_says("lines that begin with '#' skipped");
	ck_assert_int_eq(read_text(ANNOTATED ",result,table,_value\n,,0,6\n\n" ANNOTATED
					     ",result,table,host\n,,1,x\n",
				 NULL),
		BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:7:1: another annotated table begins here"));
	ck_assert_int_eq(read_text("a,b\r\r\n1,2\r\r\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "CR CR LF"));
	end();
}
END_TEST

START_TEST(test_a_header_that_is_a_comment)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_table("# made by x\n# a,b\n1,2\n3,4\n", NULL, "int64 int64", "a,b\n1,2\n3,4\n");
	ck_says("the names are those of the comment on line 2");
	ck_table("##f=1,2\n#CHROM\tPOS\tID\nc1\t5\tr1\nc2\t6\tr2\n", NULL,
		"category int64 category", "CHROM,POS,ID\nc1,5,r1\nc2,6,r2\n");
	/* as many fields, but a header follows, or they cannot be names */
	ck_table("# \"q\n# x,y\na,b\n1,2\n", NULL, "int64 int64", "a,b\n1,2\n");
	ck_table("# made\n# 7,8\n1,2\n3,4\n", NULL, "int64 int64", "1,2\n3,4\n");
	/* numpy.savetxt with a header, between blanks and between commas */
	ck_table("# a b c\n1.5e+00 2 3\n4 5 6\n", NULL, "float64 int64 int64",
		"a,b,c\n1.5,2,3\n4.0,5,6\n");
	ck_says("the names are those of the comment on line 1");
	ck_table("# a b\n1,2\n3,4\n", NULL, "int64 int64", "a,b\n1,2\n3,4\n");
	ck_table("#x  y\n1\t2\n3\t4\n", NULL, "int64 int64", "x,y\n1,2\n3,4\n");
	ck_table("# a,b\n1,2\n3,4\n", NULL, "int64 int64", "a,b\n1,2\n3,4\n");
	ck_table("# host;w\nn1;2\nn2;4\n", NULL, "category int64", "host,w\nn1,2\nn2,4\n");
	/* units below them, as nvidia-smi dmon writes */
	ck_table("# gpu   pwr mtemp\n# Idx     W     %\n    0    61     -\n    1    62     -\n", NULL,
		"int64 int64 category", "gpu,pwr,mtemp\n0,61,-\n1,62,-\n");
	ck_table("# a,b\nx,y\nz,w\n", NULL, "category category", "# a,b\nx,y\nz,w\n");
	o.no_header = true;
	ck_table("# made by x\n# a,b\n1,2\n3,4\n", &o, "int64 int64", "c0,c1\n1,2\n3,4\n");
	end();
}
END_TEST

START_TEST(test_a_blank_before_a_quote)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_table("a, b\n1, \"x, y\"\n2, \"z\nw\"\n", NULL, "int64 category",
		"a,b\n1,\"x, y\"\n2,\"z\nw\"\n");
	ck_says("blanks around fields left out (set with --trim)");
	ck_table("a\tb\n1\t \"x\ty\"\n2\t \"\"\"z\"\"\tw\" \r\n", NULL, "int64 category",
		"a,b\n1,x\ty\n2,\"\"\"z\"\"\tw\"\n");
	ck_table("\"a\"; \"b\"\n1,5; \"x;y\"\n2,5; \"NA\"\n", NULL, "float64 category",
		"a,b\n1.5,x;y\n2.5,\"NA\"\n");
	ck_table("a, b, c\n\"x\", \"y\", 1\n\"z\", \"w\", 2\n", NULL, "category category int64",
		"a,b,c\nx,y,1\nz,w,2\n");
	/* with a minority the quotes are text, and an error if they split a field */
	ck_assert_bn_ok(read_text("a,b,c\n1,\"u\", \"x\"\n2,\"v\",\"z\"\n", NULL), &err);
	ck_says("1 field of the first records begins with a blank and a quote");
	ck_table("a,b\n1, x\"\n2,6\n", NULL, "int64 category", "a,b\n1,\" x\"\"\"\n2,6\n");
	ck_silent();
	o.trim = 'n';
	ck_assert_int_eq(read_text("a, b\n1, \"x, y\"\n2, \"z, w\"\n", &o), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:2:3: a blank precedes the quote"));
	ck_assert_ptr_nonnull(strstr(err.hint, "--trim yes"));
	end();
}
END_TEST

START_TEST(test_blanks_around_fields)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_table("t, gpu, power.draw [W]\n1, A100 x, 61.2\n2, A100 y, NA\n3, , 7\n", NULL,
		"int64 category float64",
		"t,gpu,power.draw [W]\n1,A100 x,61.2\n2,A100 y,\n3,,7.0\n");
	ck_says("blanks around fields left out (set with --trim)");
	ck_table("a | b   | c\n1 | x   | 2\n3 | y z | 4\n", NULL, "int64 category int64",
		"a,b,c\n1,x,2\n3,y z,4\n");
	ck_table("# c\na, b\n1, x\n# d\n2, y\n", NULL, "int64 category", "a,b\n1,x\n2,y\n");
	/* the names, or most values, are not padded */
	ck_table("a, b,c\n1, x,2\n2, y,3\n", NULL, "int64 category int64",
		"a,\" b\",c\n1,\" x\",2\n2,\" y\",3\n");
	ck_table("a, b\n1,x\n2,y\n", NULL, "int64 category", "a,\" b\"\n1,x\n2,y\n");
	ck_silent();
	o.trim = 'n';
	ck_table("a, b\n1, x\n2, y\n", &o, "int64 category", "a,\" b\"\n1,\" x\"\n2,\" y\"\n");
	o.trim = 'y';
	ck_table("a,b\n1,x \n2,\" y\" \n", &o, "int64 category", "a,b\n1,x\n2,\" y\"\n");
	/* an error names the value's place, and a reject is the record as it is */
	bn_source_type type = {"b", {.type = BN_TYPE_INT64}};
	o.types = &type;
	o.type_count = 1;
	ck_assert_int_eq(read_text("a, b\n1,   x7\n", &o), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, ":2:6: column 'b': \"x7\" is not an int64"));
	end();
}
END_TEST

START_TEST(test_columns_between_runs_of_blanks)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_buf wide = BN_BUF_INIT;

	begin();
	ck_table("JobID   State\n12   DONE\n345 FAILED\n", NULL, "int64 category",
		"JobID,State\n12,DONE\n345,FAILED\n");
	ck_says("fields separated by blanks, blanks around fields left out (set with --delimiter, "
		"--trim)");
	ck_table(
		"   JOBID  NAME   TIME  \r\n     123  a      10:03 \r\n\r\n  \r\n     124  b       "
		"1:00\r\n",
		NULL, "int64 category category", "JOBID,NAME,TIME\n123,a,10:03\n124,b,1:00\n");
	ck_table("   a  b\n0  1  x\n1  2  y\n", NULL, "int64 int64 category",
		"c0,a,b\n0,1,x\n1,2,y\n");
	ck_table("#      Time   UID  Command\n1704164645     0  systemd\n1704164646  1000  python  "
		 "\n",
		NULL, "int64 int64 category",
		"Time,UID,Command\n1704164645,0,systemd\n1704164646,1000,python\n");
	/* a blank does not stand for an empty field */
	ck_assert_bn_ok(read_text("a  b  c\n1  2  3\n1     3\n", NULL), &err);
	ck_says("warning: one column is read, 'a  b  c': no delimiter makes a table");
	o.delimiter = ' ';
	o.trim = 'y';
	ck_table("a b\n\"x  y\"   1.5  \n  \"\"  2", &o, "category float64",
		"a,b\nx  y,1.5\n\"\",2.0\n");
	ck_silent();
	/* across the bounds of chunks and of the scanner's blocks */
	bn_buf_adds(&wide, "  i     v\n");
	for (int i = 0; i < 70000; i++)
		bn_buf_addf(
			&wide, "%*d%*s%d.5%*s\n", i % 7 + 1, i, i % 90 + 1, " ", i % 10, i % 3, "");
	ck_assert_bn_ok(read_text(wide.ptr, NULL), &err);
	ck_assert_str_eq(types(), "int64 float64");
	ck_assert_uint_eq(report.rows, 70000);
	bn_buf_release(&wide);
	end();
}
END_TEST

START_TEST(test_lines_of_errors_are_those_of_the_file)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	o.comment = '#';
	ck_assert_int_eq(read_text("# c\n# d\na,b\n1,2\n# e\n1,2,3\n", &o), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:6:1: 3 fields instead of 2"));
	o.comment = 0;
	o.skip_given = true;
	o.skip = 3;
	ck_assert_int_eq(read_text("q\nr\n\na,b\n1,2\n1\n", &o), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:6:1: 1 field instead of 2"));
	end();
}
END_TEST

START_TEST(test_quotes_and_escapes)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_table("a,b\n\"she said \\\"no\\\"\",2\nx,3\n", NULL, "category int64",
		"a,b\n\"she said \"\"no\"\"\",2\nx,3\n");
	ck_says("'\\' escapes");
	ck_table("a,b\n'x, y',2\n'it''s',3\n", NULL, "category int64", "a,b\n\"x, y\",2\nit's,3\n");
	ck_says("quoted by \"'\"");
	o.escape = '\\';
	ck_table("a,b\nx\\,y,2\n\"p\\\\q\",3\n\"u\\\"\nv\",4\nr\\\ns,5\n", &o, "category int64",
		"a,b\n\"x,y\",2\np\\q,3\n\"u\"\"\nv\",4\n\"r\ns\",5\n");
	ck_silent();
	ck_assert_int_eq(read_text("a,b\n1,\"2\\\"", &o), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:2:3: the quote opened here is never closed"));
	ck_assert_bn_ok(
		read_text("a,b\n1,2\\", &o), &err); /* nothing follows the last escape character */
	end();
}
END_TEST

START_TEST(test_no_quotes_at_all)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_assert_int_eq(read_text("id\tname\n1\t\"Odd Al\"\n2\t\"Tom\" Lee\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, ":3:8: column 'name': text after the closing quote"));
	ck_assert_ptr_nonnull(strstr(err.hint, "--quote none"));
	o.quote = BN_DIALECT_NONE;
	ck_table("id\tname\n1\t\"Odd Al\"\n2\t\"Tom\" Lee\n3\t\"\n", &o, "int64 category",
		"id,name\n1,\"\"\"Odd Al\"\"\"\n2,\"\"\"Tom\"\" Lee\"\n3,\"\"\"\"\n");
	/* longer than a block of the scanners */
	bn_buf wide = BN_BUF_INIT;
	bn_buf_adds(&wide, "a,b\n");
	for (int i = 0; i < 100; i++)
		bn_buf_addf(&wide, "\"%d,x%d\"y\n", i, i);
	ck_assert_bn_ok(read_text(wide.ptr, &o), &err);
	ck_assert_uint_eq(report.rows, 100);
	bn_buf_release(&wide);
	end();
}
END_TEST

START_TEST(test_encodings)
{
	static const char utf16le[] = "\xff\xfe"
				      "a\0,\0b\0\n\0"
				      "\xe9\0,\0"
				      "1\0\n\0";
	static const char utf16be[] = "\xfe\xff"
				      "\0a\0;\0b\0\n"
				      "\0\xe9\0;\0"
				      "1\0\n";
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_assert_bn_ok(read_bytes(utf16le, sizeof utf16le - 1, NULL), &err);
	ck_assert_str_eq(csv_out.ptr, "a,b\né,1\n");
	ck_says("text in UTF-16");
	ck_assert_bn_ok(read_bytes(utf16be, sizeof utf16be - 1, NULL), &err);
	ck_assert_str_eq(csv_out.ptr, "a,b\né,1\n");
	ck_assert_int_eq(read_text("caf\xe9,b\n1,2\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:1: the name of column 1 is not UTF-8 text"));
	ck_assert_ptr_nonnull(strstr(err.hint, "--encoding ISO-8859-1"));
	ck_assert_int_eq(read_text("a,b\n1,2\n1,\x93x\x94\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, ":3:3: column 'b': bytes that are not UTF-8"));
	ck_assert_ptr_nonnull(strstr(err.hint, "--encoding windows-1252"));
	ck_assert_int_eq(read_bytes(utf16le + 2, sizeof utf16le - 3, NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.hint, "--encoding UTF-16LE"));
	ck_assert_int_eq(read_bytes("a,b\n1,x\0y\n", 10, NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, ":2:3: column 'b': a NUL byte"));
	ck_assert_ptr_null(strstr(err.hint, "--encoding"));
	ck_assert_int_eq(read_bytes("a\0,b\n1,2\n", 9, NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.hint, "tr -d '\\0'"));
	ck_assert_int_eq(
		read_text("\xe8\xec\xff,b\n1,2\n", NULL), BN_EINVAL); /* windows-1251 */
	ck_assert_ptr_nonnull(strstr(err.hint, "its encoding cannot be told from its bytes"));
	ck_assert_int_eq(read_text("a,b\n1,\xc4\xea\xb7\xdd\n", NULL), BN_EINVAL); /* GB18030 */
	ck_assert_ptr_nonnull(strstr(err.hint, "for example windows-1251, GB18030"));
	o.encoding = "latin1";
	ck_table("caf\xe9,b\n1,2\n", &o, "int64 int64", "café,b\n1,2\n");
	o.encoding = "windows-1252";
	ck_table("a,b\n1,\x93x\x94\n", &o, "int64 category", "a,b\n1,“x”\n");
	/* in an encoding with combining marks after their letters, the last letter is held back */
	o.encoding = "windows-1258";
	ck_table("a,b\nx,ba\n", &o, "category category", "a,b\nx,ba\n");
	ck_table("a,b\nx,ba", &o, "category category", "a,b\nx,ba\n");
	ck_table("a,b\nx,a\xec", &o, "category category", "a,b\nx,á\n");
	o.encoding = "UTF-16LE";
	ck_assert_bn_ok(read_bytes(utf16le + 2, sizeof utf16le - 3, &o), &err);
	ck_assert_str_eq(csv_out.ptr, "a,b\né,1\n");
	o.encoding = "UTF-8";
	ck_table("a\n1\n", &o, "int64", "a\n1\n");
	o.encoding = "ASCII";
	ck_assert_int_eq(read_text("a,b\n1,2\n1,\xc3\xa9\n", &o), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.txt:3: bytes that are not ASCII"));
	static const struct {
		const char *name, *text, *want; /* names used by Python and Windows */
	} names[] = {{"latin-1", "a\n\xe9\n", "a\né\n"}, {"latin_1", "a\n\xe9\n", "a\né\n"},
		{"iso8859_15", "a\n\xa4\n", "a\n€\n"}, {"windows_1252", "a\n\x80\n", "a\n€\n"},
		{"cp-1252", "a\n\x80\n", "a\n€\n"}, {"ANSI", "a\n\x80\n", "a\n€\n"},
		{"mac_roman", "a\n\x8e\n", "a\né\n"}, {"shift_jis", "a\n\x83\x41\n", "a\nア\n"},
		{"euc_jp", "a\n\xa5\xa2\n", "a\nア\n"},
		{"utf-8-sig",
			"\xef\xbb\xbf"
			"a\né\n",
			"a\né\n"},
		{"utf_8", "a\né\n", "a\né\n"}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		o.encoding = names[i].name;
		ck_table(names[i].text, &o, "category", names[i].want);
	}
	o.encoding = "latin-99";
	ck_assert_int_eq(read_text("a\n1\n", &o), BN_EINVAL);
	ck_assert_str_eq(err.msg, "no encoding 'latin-99'");
	end();
}
END_TEST

START_TEST(test_names)
{
	begin();
	ck_table("c1,,x\n1,2,3\n", NULL, "int64 int64 int64", "c1,c1.1,x\n1,2,3\n");
	ck_table(",c0,\n1,2,3\n", NULL, "int64 int64 int64", "c0.1,c0,c2\n1,2,3\n");
	ck_table("a,b,a,a\n1,2,3,4\n", NULL, "int64 int64 int64 int64", "a,b,a.1,a.2\n1,2,3,4\n");
	ck_says("warning: 2 columns have the name of another: 'a' is 'a.1' here");
	ck_table("a,a,a.1\n1,2,3\n", NULL, "int64 int64 int64", "a,a.2,a.1\n1,2,3\n");
	ck_says("two columns are called 'a': the second one is 'a.2' here");
	ck_table("Ad,Media\nVisit,1,2\nSign,3,4\n", NULL, "category int64 int64",
		"c0,Ad,Media\nVisit,1,2\nSign,3,4\n");
	ck_says("row names and called 'c0'");
	end();
}
END_TEST

START_TEST(test_row_names_and_spare_fields)
{
	begin();
	ck_table("mpg;cyl\nMazda;21;6\nFord;15.5;8\n", NULL, "category float64 int64",
		"c0,mpg,cyl\nMazda,21.0,6\nFord,15.5,8\n");
	ck_table("x\na,1\nb,2\n", NULL, "category int64", "c0,x\na,1\nb,2\n");
	ck_table("c0,x\na,1,2\nb,3,4\n", NULL, "category int64 int64", "c0.1,c0,x\na,1,2\nb,3,4\n");
	ck_table("a,b\n1,2,\n3,4,\n", NULL, "int64 int64 float64", "a,b,c2\n1,2,\n3,4,\n");
	ck_says("ends with an additional empty field: column 'c2'");
	/* no row names: a decimal comma, curly quotes, first fields that repeat */
	ck_assert_int_eq(read_text("value\n1,5\n2,5\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, ":2:1: 2 fields instead of 1"));
	ck_assert_ptr_nonnull(strstr(err.hint, "--delimiter ';' --decimal , reads it"));
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	o.delimiter = ';';
	o.decimal = ',';
	ck_table("value\n1,5\n2,5\n", &o, "float64", "value\n1.5\n2.5\n");
	ck_assert_int_eq(read_text("id,note\n1,“x,y”\n2,“z,w”\n", NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, ":2:1: 3 fields instead of 2"));
	ck_assert_ptr_nonnull(strstr(err.hint, "curly quotes do not enclose a field"));
	ck_assert_int_eq(read_text("id,note\na,“x,y”\nb,“z,w”\n", NULL), BN_EINVAL);
	ck_assert_int_eq(read_text("id,w\na,1,2\na,3,4\n", NULL), BN_EINVAL);
	ck_table("a,b\n1,2,\n1,4,\n", NULL, "int64 int64 float64", "a,b,c2\n1,2,\n1,4,\n");
	ck_table("Title\ngroup,w\na,2\na,3\n", NULL, "category int64", "group,w\na,2\na,3\n");
	/* a single such record is an error */
	ck_assert_int_eq(read_text("a,b\n1,2\n1,2,3\n1,2\n", NULL), BN_EINVAL);
	end();
}
END_TEST

START_TEST(test_a_first_line_of_data_is_said)
{
	static const char *const data[] = {"6,148,72,1\n1,85,66,0\n8,183,64,1\n",
		"ann,23,1.5\nben,30,2.5\n", "2024-01-01,5\n2024-01-02,6\n",
		"setosa,red\nvirginica,blue\nsetosa,red\n", "1.5\n2.5\n", "1,1,0\n1,2,0\n",
		/* column numbers, and years, are those of every typed column */
		"0.37,0,1\n0.45,1,0\n", "5.1,3.5,1,2,3\n4.9,3,1,2,2\n", "2.75,node1,0,1\n3.5,node2,1,0\n",
		"2024-01-01T00:00:00,0,1\n2024-01-02T00:00:00,1,1\n", "0.5,2019,2020\n0.25,7,8\n",
		"2019,2020\n2020,2021\n", "10,20,30\n40,50,60\n", "2,3,4\n5,6,9\n", "-1,0,1\n5,6,9\n",
		/* a missing value says nothing, a boolean is a value */
		"5.1,3.5,1.4,nan\n4.9,3,1.5,1\n", "0.1,NA,0.3\n0.2,0.5,0.7\n",
		"true,false\nfalse,true\n",
		/* text that differs only in its numbers */
		"10%,5 W\n7.5%,12 W\n", "03/01/2024 00:00:01;E;x\n03/01/2024 00:00:02;F;y\n"};
	static const char *const names[] = {"a,b\n1,2\n", "country,1990,1991,1992\nx,1,2,3\n",
		"name,color\nsetosa,red\nvirginica,blue\n", "id,150\n1,2\n",
		"a,b\n", "v\nNA\n", "country,1990,1995,2000\nx,1,2,3\n", "1st,2nd\nx,5\ny,6\n",
		"on,true\n1,false\n", "node,10%\nn1,0.5\n"};
	static const char *const numbers[] = {"0,1\n5,6\n", "0,1,2\n5,6,7\n", "1,2,3\n5,6,7\n",
		",0,1\n0,5.5,6\n", "name,0,1\nx,5,6\n"};

	begin();
	for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
		ck_assert_bn_ok(read_text(data[i], NULL), &err);
		ck_assert_msg(strstr(said(), "taken as names"), "%s: %s", data[i], said());
		ck_says("warning: the first line is taken as names (");
		ck_says("--no-header reads it as data");
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ck_assert_bn_ok(read_text(names[i], NULL), &err);
		ck_assert_msg(!strstr(said(), "taken as names"), "%s: %s", names[i], said());
	}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		ck_assert_bn_ok(read_text(numbers[i], NULL), &err);
		ck_says("which number the columns: --no-header reads it as data");
		ck_assert_msg(!strstr(said(), "warning"), "%s: %s", numbers[i], said());
	}
	end();
}
END_TEST

START_TEST(test_absent_spellings)
{
	static const char *const nulls[] = {"-999", "?", NULL};
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_table("k,v\n1,<NA>\n2,4\n3,n/a\n4,#N/A\n5,-nan\n6,1.#IND\n7,-NaN\n8,#NA\n9,-1.#QNAN\n",
		NULL, "int64 int64", "k,v\n1,\n2,4\n3,\n4,\n5,\n6,\n7,\n8,\n9,\n");
	ck_table("v\nx\n\"n/a\"\n<NA>\n", NULL, "category",
		"v\nx\n\"n/a\"\n\n"); /* quoted, it is text */
	o.nulls = nulls;              /* numbers too, in numeric columns without quotes */
	ck_table("a,b\n1,1.5\n-999,?\n3,-999\n", &o, "int64 float64", "a,b\n1,1.5\n,\n3,\n");
	end();
}
END_TEST

START_TEST(test_numbers_and_times_that_stay_text_say_why)
{
	static const struct {
		const char *value, *plain, *why;
	} cases[] = {
		{"1e-400", "1", "a float64 would change its digits"},
		{"9007199254740993.0", "1.5", "a float64 would change its digits"},
		{"9007199254740993.5", "1.5", "a float64 would change its digits"},
		{"-9007199254740993.25", "1.5", "a float64 would change its digits"},
		{"12345678901234567890.25", "1.5", "a float64 would change its digits"},
		{"123456789012345678901234.5", "1.5", "a float64 would change its digits"},
		{"1e400", "2", "it is beyond the range of float64"},
		{"9223372036854775808", "3", "int64 ends at 9223372036854775807 (use --type for"},
		{"-9223372036854775809", "0.5", "int64 ends at"},
		{"18446744073709551616", "0.5", "int64 ends at"},
		{"9007199254740993", "0.5", "integers beyond 2^53 among fractions"},
		{"2016-12-31T23:59:60Z", "2016-12-31", "no second 60"},
		{"2020-01-01 24:00:00", "2020-01-02", "no hour 24"},
		{"1066-10-14", "2020-01-02", "outside of 1677-09-21 .. 2262-04-11"},
		{"9999-12-31", "2020-01-02", "outside of 1677-09-21 .. 2262-04-11"},
		{"2023-02-29", "2020-01-02", "that month has no such day"},
		{"2023-04-31 10:00:00", "2020-01-02", "that month has no such day"},
		{"2262-04-12", "2020-01-02", "outside of 1677-09-21 .. 2262-04-11"},
		{"1677-09-20", "2020-01-02", "outside of 1677-09-21 .. 2262-04-11"},
		{"0001-01-01T00:00:00Z", "2020-01-02", "outside of 1677-09-21 .. 2262-04-11"},
		{"2100-02-29", "2020-01-02", "that month has no such day"},
		{"2024-01-02 3:04 PM", "2020-01-02", "AM and PM are not read"},
		{"2024-01-02 11:04:05am", "2020-01-02", "AM and PM are not read"},
		{"2024-01-02 10:00:00 UTC", "2020-01-02", "a zone after a blank is not read"},
		{"2024-01-02 10:00:00 +0200", "2020-01-02", "a zone after a blank is not read"},
		{"2024-01-02T10:00:00 CET", "2020-01-02", "a zone after a blank is not read"},
		{"2020-06-30 23:59:60.5", "2020-01-02", "no second 60"},
		{"4.9e-324", "1", NULL},
		{"1.7976931348623159e308", "1", "it is beyond the range of float64"},
		{"123456789.12345678901", "1", NULL},
		/* only digits after the point change, or those that an exponent leaves out */
		{"0.1234567890123456789", "1", NULL},
		{"9007199254740994.25", "1", NULL},
		{"9007199254740991.7", "1", NULL},
		{"1152921504606846976.5", "1", NULL},
		{"1.2345678901234568e+18", "1", NULL},
	};
	char text[128], want[128];

	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "x\n%s\n%s\n", cases[i].plain, cases[i].value);
		ck_assert_bn_ok(read_text(text, NULL), &err);
		if (!cases[i].why) {
			ck_assert_str_eq(types(), "float64");
			continue;
		}
		ck_assert_str_eq(types(), "category");
		snprintf(want, sizeof want, "line 3 has \"%s\", and ", cases[i].value);
		ck_says(want);
		ck_says(cases[i].why);
	}
	ck_table("x\n1e-400\nhello\n", NULL, "category", "x\n1e-400\nhello\n");
	ck_silent(); /* the column is text in any case */
	end();
}
END_TEST

START_TEST(test_declared_types_take_what_the_text_says)
{
	bn_source_type t = {"h", {.type = BN_TYPE_INT64}};
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	o.types = &t;
	o.type_count = 1;
	ck_table("h,v\n08,1\n09,2\n-010,3\n+0,4\n0000000000000000000000000000001,5\n", &o,
		"int64 int64", "h,v\n8,1\n9,2\n-10,3\n0,4\n1,5\n");
	ck_assert_int_eq(read_text("h\n08x\n", &o), BN_EINVAL);
	t.type.type = BN_TYPE_FLOAT64;
	ck_table("h\n007.5\n1e-400\n9007199254740993.0\n", &o, "float64",
		"h\n7.5\n0.0\n9007199254740992.0\n");
	ck_assert_int_eq(read_text("h\n1e400\n", &o), BN_EINVAL);
	end();
}
END_TEST

START_TEST(test_date_orders)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_table("d,v\n31/12/2024,1\n1/2/2025,2\n", NULL, "category int64",
		"d,v\n31/12/2024,1\n1/2/2025,2\n");
	ck_says("column 'd' is text that looks like dates (31/12/2024): --date-order dmy reads "
		"them");
	o.date_order = BN_DATE_DMY;
	ck_table("d\n31/12/2024\n1.2.2025\n01-03-25 14:05\n", &o, "timestamp",
		"d\n2024-12-31T00:00:00Z\n2025-02-01T00:00:00Z\n2025-03-01T14:05:00Z\n");
	ck_table("d\n31/12/2024 01:02:03\n31/12/2024 04:05:06\n", &o, "timestamp",
		"d\n2024-12-31T01:02:03Z\n2024-12-31T04:05:06Z\n");
	ck_table("d\n2024-12-31\n", &o, "timestamp", "d\n2024-12-31T00:00:00Z\n");
	ck_table("d\n31/12/2024\n12/31/2024\n", &o, "category", "d\n31/12/2024\n12/31/2024\n");
	ck_says("line 3 has \"12/31/2024\", and the order of dates that is set (--date-order) does "
		"not fit");
	ck_assert_bn_ok(read_text("d\n31/02/2024\n1/1/2024\n", &o), &err);
	ck_says("line 2 has \"31/02/2024\", and that month has no such day");
	ck_assert_bn_ok(read_text("d\n1/1/1500\n1/1/2024\n", &o), &err);
	ck_says("line 2 has \"1/1/1500\", and it is outside of 1677-09-21");
	ck_assert_bn_ok(read_text("d\n2/1/2024 3:04 PM\n1/1/2024\n", &o), &err);
	ck_says("AM and PM are not read");
	ck_table("d\n02-Jan-2024 03:04:05\n3/DEC/2024\n", &o, "timestamp",
		"d\n2024-01-02T03:04:05Z\n2024-12-03T00:00:00Z\n");
	ck_table("d\n02-Foo-2024\n", &o, "category", "d\n02-Foo-2024\n");
	o.date_order = BN_DATE_MDY;
	ck_table("d\n12/31/99\n2/28/68\n", &o, "timestamp",
		"d\n1999-12-31T00:00:00Z\n2068-02-28T00:00:00Z\n");
	ck_table("d\n31/12/2024\n", &o, "category", "d\n31/12/2024\n");
	o.date_order = BN_DATE_YMD;
	ck_table("d\n2024/12/31\n", &o, "timestamp", "d\n2024-12-31T00:00:00Z\n");
	ck_table("d\n2024/12-31\n", &o, "category", "d\n2024/12-31\n");
	end();
}
END_TEST

START_TEST(test_a_line_of_blanks_is_an_empty_line)
{
	begin();
	ck_table("a,b\n   \n1,2\n\t \r\n3,4\n  ", NULL, "int64 int64", "a,b\n1,2\n3,4\n");
	ck_table("a\tb\n1\t2\n\t\n3\t4\n", NULL, "int64 int64",
		"a,b\n1,2\n,\n3,4\n"); /* two empty fields */
	ck_table("  \n\na,b\n1,2\n", NULL, "int64 int64", "a,b\n1,2\n");
	/* in a table of one column it is a missing value of any type; blanks in quotes are text */
	ck_table("a\n1\n   \n\t \r\n3\n", NULL, "int64", "a\n1\n\n\n3\n");
	ck_table("a\n1.5\n  \n", NULL, "float64", "a\n1.5\n\n");
	ck_table("a\ntrue\n \nfalse\n", NULL, "bool", "a\ntrue\n\nfalse\n");
	ck_table("a\n2024-01-01\n \n", NULL, "timestamp", "a\n2024-01-01T00:00:00Z\n\n");
	ck_table("a\nx\n  \n\"  \"\n x\n", NULL, "category", "a\nx\n\n\"  \"\n\" x\"\n");
	end();
}
END_TEST

#define B(text) text, sizeof(text) - 1

#define FAILED "an error message of a program, not its output"
#define ONE_LINE "one line of text, not a table"
#define DRAWN "a table drawn with lines for people to read"

START_TEST(test_what_is_no_table_is_refused_by_name)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *what;
	} cases[] = {
		{B("{\"a\":1}\n"), "JSON, not a table"},
		{B("{\"a\":1}\n{\"a\":2}\n"), "JSON Lines, not a table"},
		{B("\n [ {\"a\": 1} ]"), "JSON, not a table"},
		{B("[1, 2]"), "JSON, not a table"},
		{B("PK\3\4\24\0\6\0\10\0xl/workbook.xml"), "an Excel workbook (xlsx)"},
		{B("PK\3\4\24\0\0\0\0\0data.csv"), "a ZIP archive"},
		{B("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0"),
			"an Excel workbook (xls) or another Office file"},
		{B("<!DOCTYPE html>\n<html>"), "an HTML page, not a table"},
		{B("  <HTML><body>"), "an HTML page, not a table"},
		{B("<?xml version=\"1.0\"?>\n<a/>"), "XML, not a table"},
		{B("PAR1\x15\0\x15\x10"), "a Parquet file, which is not read yet"},
		{B("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n"),
			"a pointer of Git LFS, not the file itself"},
		{B("/annex/objects/SHA256E-s12--ab.csv\n"),
			"a pointer of git-annex, not the file itself"},
		{B("\x1f\x8b\x08\0"), "compressed with gzip"},
		{B("\x28\xb5\x2f\xfd\x24"), "compressed with zstd"},
		{B("\xfd"
		   "7zXZ\0\0"),
			"compressed with xz"},
		{B("BZh91AY&SY\x12"), "compressed with bzip2"},
		{B("%PDF-1.7\n"), "a PDF document"},
		{B("\x80\x04\x95\x10\0\0\0"), "a Python pickle, which is a program"},
		{B("\x89HDF\r\n\x1a\n\0"), "an HDF5 file"},
		{B("SQLite format 3\0\x10"), "an SQLite database"},
		{B("\x93NUMPY\1\0"), "a NumPy array"},
		{B("@relation iris\n@attribute x numeric\n"), "an ARFF file"},
		{B("outs:\n- md5: ab\n  path: x.csv\n"), "a pointer of DVC, not the file itself"},
		{B("---\na: 1\nb: 2\n"), "YAML, not a table"},
		{B("[main]\r\nkey = 1\r\n"), "a file of settings (INI or TOML), not a table"},
		{B("-- MySQL dump 10.13\nCREATE"), "a dump of a database (SQL), not a table"},
		{B("insert into t values (1,2);\n"), "a dump of a database (SQL), not a table"},
		{B("1 1:0.5 7:2\n-1 2:1e-3\n"),
			"an svmlight file (label column:value ...), not a table"},
		{B("%%MatrixMarket matrix coordinate real general\n1 1 1\n"),
			"a Matrix Market file"},
		{B("#!/bin/sh\necho a,b\n"), "a script"},
		{B("1 qid:3 1:0.5\n0 qid:3 1:0.1\n"),
			"an svmlight file (label column:value ...), not a table"},
		{B("../.git/annex/objects/aa/bb/SHA256E-s1--c.csv/SHA256E-s1--c.csv\n"),
			"a pointer of git-annex, not the file itself"},
		{B("403 Forbidden\n"), "the error page of a server"},
		{B("503 Service Unavailable\nno,server\n"),
			"the error page of a server"},
		{B("Internal Server Error"), "the error page of a server"},
		{B("AccessDenied\r\n"), "the error page of a server"},
		{B("HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\na,b\r\n1,2\r\n"),
			"the response of a server with its headers"},
		{B("diff --git a/x.csv b/x.csv\n"), "a diff, not a table"},
		{B("--- a/x.csv\n+++ b/x.csv\n@@ -1 +1 @@\n-a,b\n+a,c\n"), "a diff, not a table"},
		{B(">seq1 human\nACGTTGCA\n"), "sequences (FASTA), not a table"},
		{B("@r1\nACGTN\n+\nIIIII\n"), "sequences (FASTQ), not a table"},
		{B("# HELP up is it up\n# TYPE up gauge\nup 1\n"),
			"metrics in Prometheus' text format, not a table"},
		{B("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n"),
			"a message or key in armour (PGP, PEM), not a table"},
		{B("null\n"), "JSON, not a table"},
		{B("true"), "JSON, not a table"},
		{B("\"abc\"\n"), "JSON, not a table"},
		{B("\"\""), "JSON, not a table"},
		{B("42\n"), "one number or time, not a table"},
		{B("-1.5e3"), "one number or time, not a table"},
		{B("2024-01-02T03:04:05Z\n"), "one number or time, not a table"},
		{B("d41d8cd98f00b204e9800998ecf8427e  jobs.csv\n0cc175b9c0f1b6a831c399e269772661  "
		   "b\n"),
			"checksums of files, not a table"},
		{B("https://zenodo.org/records/1/files/jobs.csv\n"),
			"an address, not the file itself"},
		{B("../data/jobs.csv"), "the name of a file, not the file itself"},
		{B("-[ RECORD 1 ]---\njob   | 1\npower | 61\n"), DRAWN},
		{B("*************************** 1. row ***************************\njob: 1\n"),
			DRAWN},
		{B("<nvidia_smi_log>\n <gpu></gpu>\n"), "XML, not a table"},
		{B("[1, 2]\n[3, 4]\n"), "JSON, not a table"},
		{B("[]\n"), "JSON, not a table"},
		{B("{}"), "JSON, not a table"},
		{B("[-1.5]"), "JSON, not a table"},
		{B("power,host=n1 watts=61.2 1700000000000000000\n"),
			"InfluxDB's line protocol, not a table"},
		{B("TABLE,Group 1 Raw,CLOCK,2\nEvent,Counter,HWThread 0,HWThread 1\n"),
			"a report of LIKWID with several tables"},
		{B("BEGIN TRANSACTION;\nCREATE TABLE t(a);\n"),
			"a dump of a database (SQL), not a table"},
		{B("/*!40101 SET NAMES utf8 */;\n"), "a dump of a database (SQL), not a table"},
		{B("COPY public.t (a, b) FROM stdin;\n1\t2\n"),
			"a dump of a database (SQL), not a table"},
		{B(" a | b \n---+---\n 1 | 2\n(1 row)\n"), DRAWN},
		{B("+---+---+\n| a | b |\n+---+---+\n| 1 | 2 |\n+---+---+\n"), DRAWN},
		{B("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n"), DRAWN},
		{B("a  b\n== ==\n1  2\n"), DRAWN},
		{B("JobID   State\n------- ------\n1       DONE\n"), DRAWN},
		{B("┌───┬───┐\n│ a │ b │\n"), DRAWN},
		{B("shape: (1, 2)\n┌─────┬─────┐\n│ a   ┆ b   │\n"), DRAWN},
		{B("\"a\\nb\"\n"), "JSON, not a table"},
		{B("a,b\n<<<<<<< HEAD\n1,2\n=======\n1,3\n>>>>>>> x\n"),
			"a file with a merge conflict (<<<<<<<, =======, >>>>>>>)"},
		{B("sacct: error: Problem talking to the database: Connection refused\n"), FAILED},
		{B("sacct: error: slurm_persist_conn_open: failed\nsacct: error: again, 2\n"), FAILED},
		{B("slurm_load_jobs error: Unable to contact slurm controller\n"), FAILED},
		{B("slurmstepd: error: *** JOB 12 ON n1 CANCELLED ***\n"), FAILED},
		{B("cat: x: No such file or directory\n"), FAILED},
		{B("NVIDIA-SMI has failed because it couldn't communicate with the driver.\n\n"),
			ONE_LINE},
		{B("No devices were found\n"), ONE_LINE},
		{B("curl: (6) Could not resolve host: x\n"), ONE_LINE},
		{B("<Error>"), ONE_LINE},
		{B("<svg>\n"), ONE_LINE},
		{B("<svg xmlns=\"x\"\n  width=\"1\">\n<g/>\n"), "XML, not a table"},
		{B("[(1, 2)]\n"), "a list or dictionary of Python, not a table"},
		{B("{'a': 1, 'b': 2}\n"), "a list or dictionary of Python, not a table"},
		{B("['a', 'b']\n"), "a list or dictionary of Python, not a table"},
		{B("%!PS-Adobe-3.0\n%%Title: x\n"), "a PostScript document"},
		{B("SIMPLE  =                    T / conforms to FITS"), "a FITS file"},
		{B("550e8400-e29b-41d4-a716-446655440000\n"),
			"one identifier (UUID), not a table"},
		{B("ssh-ed25519 AAAAC3Nza me@host\n"), "an SSH key"},
		{B("\n Performance counter stats for 'sleep 1':\n\n  1.2 msec task-clock\n"),
			"a report of perf stat for people to read"},
		{B("# started on Mon\n\n Performance counter stats for 'x':\n"),
			"a report of perf stat for people to read"},
		{B("----------------\nCPU name:\tIntel\nCPU type:\tx\n----------------\n"),
			"a report of LIKWID with several tables"},
		{B("my program, ready\nTABLE,Group 1 Metric,CLOCK,2\na,b\n"),
			"a report of LIKWID with several tables"},
		{B("procs -----------memory---------- ---swap--\n r  b   swpd   free\n 1  0 0 9\n"),
			"a report of vmstat for people to read"},
		{B("Linux 5.15.0 (n1) \t01/02/26 \t_x86_64_\t(8 CPU)\n\navg-cpu:  %user\n"),
			"a report of sar, iostat or mpstat for people to read"},
		{B("JobId=12 JobName=x\n   UserId=me(1) Priority=1\n"),
			"keys and values of scontrol show, not a table"},
		{B("model: mlp\nepochs: 3\nsizes:\n  - 8\n  - 4\n"),
			"keys and values (YAML), not a table"},
		{B("up{job=\"node\",host=\"n1\"} 1\nup{job=\"node\",host=\"n2\"} 0\n"),
			"metrics in Prometheus' text format, not a table"},
		{B("load 1.5 1700000000000\npower{} +Inf\n"),
			"metrics in Prometheus' text format, not a table"},
		{B("power,host=n1 watts=61.2\npower,host=n2 watts=62\n"),
			"InfluxDB's line protocol, not a table"},
		{B("power watts=61.2,volts=3 1700000000000000000\n"),
			"InfluxDB's line protocol, not a table"},
		{B("404: Not Found"), "a server's error message instead of the file"},
	};
	char want[160];

	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_msg(read_bytes(cases[i].bytes, cases[i].n, NULL) == BN_EUNSUPPORTED,
			"%s: %s", cases[i].what, err.msg);
		snprintf(want, sizeof want, "%s is %s", in_path, cases[i].what);
		ck_assert_str_eq(err.msg, want);
		ck_assert_msg(err.hint[0], "%s has no cure", cases[i].what);
	}
	end();
}
END_TEST

START_TEST(test_tables_that_begin_like_something_else_are_read)
{
	static const char *const tables[] = {"ORC,x\n1,2\n", "PAR1,x\n1,2\n", "Rar!,x\n1,2\n",
		"GIF8,x\n1,2\n", "BZh,x\n1,2\n", "PK,x\n1,2\n", "version,x\n1,2\n", "{a},x\n1,2\n",
		"[a],x\n1,2\n", "MATLAB 5.0,b\n1,2\n", "[a]\n1\n", "[a]\n[b]\n", "1 2:30\nx\n",
		"--- a,b\n1,2\n", "# made\na,b\n1,2\n", "create table,x\n1,2\n", "404,x\n1,2\n",
		"outs,x\n1,2\n", "Forbidden\n1\n2\n", "403 Forbidden,x\n1,2\n", "null\n1\n",
		"HTTP/1.1,x\n1,2\n", ">x\n1.5\n2.5\n", ">a\nJohn Smith\n", "@id,b\nABCD,x\n",
		"-----BEGIN,x\n1,2\n", "qid:1,x\n1,2\n", "=======\n1\n", "--- a,b\n+1,2\n",
		"# TYPE a,b\n# x,y\n", "# TYPE x,y\n1,2\n", "42\n43\n", "\"a\"\n1\n",
		"\"a\",\"b\"\n", "3 1:20 2:30\n4 1:25 2:35\n", "1 2:0.5 1:0.5\n2 3:1 1:1\n",
		"1 1:0.5\nend 1:0.5\n", "https://a/b\nhttps://a/c\n", "/a/b\n/a/c\n", "a,/b/c\n",
		"d41d8cd98f00b204e9800998ecf8427e\n0cc175b9c0f1b6a831c399e269772661\n",
		"power,host=n1 2\n1,2\n",
		"[2024-01-02T03:04:05.123] started\n[2024-01-02T03:04:06] ended\n", "<a>\n1\n",
		"[1.5s] a\n[2.5s] b\n", "a,b\n-,-\n1,2\n", "a\n--\nx\n", "a,b\n1,---\n2,3\n",
		"a,b\n,\n1,2\n", "power_W\n", "job.id-1\n", "a b,c\n", "up 1\ndown 2\n",
		"node power=6\nn1 power=7\n", "procs b\n1 2\n", "Linux x\na\n", "a: b\nx\n",
		"t: error\n1\n", "<a b>,c\n1,2\n", "up{x},b\n1,2\n"};

	begin();
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		ck_assert_bn_ok(read_text(tables[i], NULL), &err);
	/* text declared to be CSV may begin like JSON */
	ck_assert_bn_ok(
		bn_signature_check("x", B("[1],b\n1,2\n"), BN_SIGNATURE_BINARY, &err), &err);
	/* with a delimiter it may look like svmlight, or be drawn */
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	o.delimiter = ' ';
	o.no_header = true;
	ck_table("1 1:0.5 2:1\n2 1:0.7 2:2\n", &o, "int64 category category",
		"c0,c1,c2\n1,1:0.5,2:1\n2,1:0.7,2:2\n");
	ck_assert_int_eq(read_text("{\"a\": 1}\n", &o), BN_EUNSUPPORTED);
	end();
}
END_TEST

START_TEST(test_one_column_of_several_fields_says_what_separates_them)
{
	static const struct {
		const char *text, *said; /* NULL: nothing */
	} cases[] = {
		{"a:b:c\n1:2:3\n4:5:6\n", "2 ':' each: if it separates fields, --delimiter ':'"},
		{"id^name\n1^x\n2^y\n", "--delimiter '^'"},
		{"id~name\n1~x\n2~y\n", "--delimiter '~'"},
		{"id\1name\n1\1x\n", "--delimiter $'\\x01'"}, {"u::m::r\n1::2::3\n", "4 ':' each"},
		{"time  event\n10:30  a\n10:31  b\n", "--delimiter ' ' --trim yes reads them"},
		{"time event\n10:30 a\n10:31 b\n", "whose records have 2 words"},
		{"mpg cyl\nMazda 21.0 6\nDatsun 22.8 4\n", "whose records have 3 words: if blanks "
			"separate fields, --delimiter ' ' --trim yes reads them"},
		{"mpg cyl\nMazda RX4 21.0 6\nDatsun 22.8 4\n", "whose records end with 2 numbers"},
		{"street town\nMain Road Ulm\nHigh Road Bonn\n", NULL},
		{"power=6 node=n1\npower=7 node=n2 x=1\n",
			"no delimiter makes a table of the lines"},
		{"# Results\nSome text.\n", "no delimiter makes a table"},
		{"Full name\nAda L\n", NULL}, {"t\n10:30\n10:31\n", NULL}, {"10:30\n10:31\n", NULL},
		{"a:b\nx\ny\n", NULL}, {"a:b\n1:2\n3\n", NULL},
		{"url\nhttp://x\nhttp://y\n", NULL}};

	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_bn_ok(read_text(cases[i].text, NULL), &err);
		ck_assert_uint_eq(report.schema.count, 1);
		if (cases[i].said)
			ck_says(cases[i].said);
		else
			ck_assert_msg(!strstr(said(), "one column is read"), "%s: %s",
				cases[i].text, said());
	}
	end();
}
END_TEST

START_TEST(test_tables_of_r_between_blanks)
{
	begin();
	ck_table("\"x\" \"y\"\n\"1\" 1 2.5\n\"2\" 3 4\n", NULL, "int64 int64 float64",
		"c0,x,y\n1,1,2.5\n2,3,4.0\n");
	ck_says("fields separated by blanks");
	ck_says("row names and called 'c0'");
	ck_table("\"x\" \"y\"\n\"a\" \"b c\"\n\"d\" \"e\"\n", NULL, "category category",
		"x,y\na,b c\nd,e\n");
	ck_table("\"mpg\"\n\"Mazda RX4\" 21\n\"Fiat 128\" 32.4\n", NULL, "category float64",
		"c0,mpg\nMazda RX4,21.0\nFiat 128,32.4\n");
	end();
}
END_TEST

START_TEST(test_times_with_and_without_a_zone_are_said)
{
	static const char *const whole[] = {"t\n2024-01-01T00:00:00\n2024-01-02\n",
		"t\n2024-01-01T00:00:00+01:00\n2024-01-02T00:00:00Z\n"};

	begin();
	ck_assert_bn_ok(read_text("t,x\n2024-01-01T00:00:00+01:00,1\n2024-01-02T00:00:00,2\n"
				  "2024-01-03T00:00:00Z,3\n",
				NULL),
		&err);
	ck_says("column 't' mixes times with and without a zone: 1 of 3 have "
		"none (2024-01-02T00:00:00), and those are read as UTC");
	/* Far below the first records. */
	bn_buf b = BN_BUF_INIT;
	bn_buf_adds(&b, "t,x\n");
	for (int i = 0; i < 70000; i++)
		bn_buf_addf(&b, "2024-01-01T00:00:%02d%s,%d\n", i % 60,
			i % 35000 == 34999 ? "" : "Z", i);
	ck_assert_bn_ok(read_text(b.ptr, NULL), &err);
	ck_says("column 't' mixes times with and without a zone: 2 of 70000 have none "
		"(2024-01-01T00:00:19), and those are read as UTC");
	bn_buf_release(&b);
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		ck_assert_bn_ok(read_text(whole[i], NULL), &err);
		ck_assert_msg(!strstr(said(), "zone"), "%s", said());
	}
	end();
}
END_TEST

START_TEST(test_what_keeps_a_column_from_numbers_is_said_with_the_option)
{
	static const struct {
		const char *text, *said; /* NULL: nothing */
	} cases[] = {
		{"v\n1\n-\n",
			"is text because of 1 of 2 values (\"-\"): --null '-' makes it missing"},
		{"v,w\n1,a\n?,b\n", "--null '?'"}, {"v,w\n1.5,a\n.,b\n", "--null '.'"},
		{"v,w\n1,a\n ,b\n", "--null ' '"}, {"v,w\n1,NA \n2,3\n", "--null 'NA '"},
		{"v,w\n1,#DIV/0!\n2,3\n", "--null '#DIV/0!'"},
		{"v,w\n1,Missing\n2,3\n3,Missing\n",
			"2 of 3 values (\"Missing\"): --null 'Missing' makes them"},
		{"v,w\n1,0000-00-00\n2,2024-01-01\n", "--null '0000-00-00'"},
		{"v,w\n1,unknown\n2,true\n", "--null 'unknown'"},
		{"v,w\n1,-\n2,?\n3,4\n", "2 of 3 values (\"-\"): --null '-' --null '?' makes them"},
		{"e,x\n01:02:03,1\n1-00:00:00,2\n,3\n",
			"looks like durations or times of a day (01:02:03): --type 'e=duration'"},
		{"e,x\n1/2/2024 3:04:05 PM,1\n1/3/2024 4:05 am,2\n", "AM and PM are not read"},
		{"m,x\n12345K,1\n2.5G,2\n0,3\n", "numbers with units of several sizes: 2 of 3"},
		{"e,x\n10:30,1\n11:30,2\n", NULL}, {"e,x\n01:02:03,1\nx,2\n", NULL},
		{"v,w\n1,A\n2,3\n", NULL}, {"v,w\n1,-\n2,x\n", NULL},
		{"v,w\n1,-\n2,?\n3,x\n", NULL}};
	static const char *const nulls[] = {"-999", NULL}, *const halves[] = {"-99.9", NULL};
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_bn_ok(read_text(cases[i].text, NULL), &err);
		if (cases[i].said)
			ck_says(cases[i].said);
		else
			ck_assert_msg(!strstr(said(), "--null"), "%s: %s", cases[i].text, said());
	}
	/* numbers match in any notation */
	o.nulls = nulls;
	ck_table("a,b\n-999,-999.50\n1,-999.0\n2, -999\n", &o, "int64 float64",
		"a,b\n,-999.5\n1,\n2,\n");
	ck_table("a,b\n-999.00,-9990\n1,-99\n", &o, "int64 int64", "a,b\n,-9990\n1,-99\n");
	o.nulls = halves;
	ck_table("a,b\n-99.90,x\n1,-99.9\n", &o, "int64 category", "a,b\n,x\n1,\n");
	end();
}
END_TEST

START_TEST(test_a_drawn_table_with_a_delimiter_is_said)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	o.delimiter = '|';
	ck_assert_bn_ok(read_text("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n", &o), &err);
	ck_says("warning: the table is drawn with lines for people to read: write it as CSV");
	end();
}
END_TEST

START_TEST(test_a_second_line_of_names_is_said)
{
	begin();
	ck_assert_bn_ok(read_text("t,power\ns,W\n0,61.2\n1,62.2\n", NULL), &err);
	ck_says("warning: line 2 (s, W) looks like units or a second line of names, and makes "
		"numbers below it text: sed 2d FILE");
	ck_assert_bn_ok(read_text("# c\n,p,p\n,mean,max\nn1,1.5,2\nn2,1.6,3\n", NULL), &err);
	ck_says("line 3 (, mean, max) looks like");
	ck_assert_bn_ok(read_text(",p,q\n,mean,max\nnode,,\nn1,1.5,2\nn2,1.6,3\n", NULL), &err);
	ck_says("lines 2,3 (, mean, max) look like units or more lines of names, and make numbers "
		"below them text: sed 2,3d FILE");
	ck_assert_bn_ok(read_text("a,b\nmean,max\nW,K\n1.5,2\n1.6,3\n", NULL), &err);
	ck_says("sed 2,3d FILE");
	ck_assert_bn_ok(read_text("a,b\nx,y\nz,w\nu,v\n", NULL), &err);
	ck_assert_bn_ok(read_text("a,b\nx,1\n1,2\n2,3\n", NULL), &err);
	ck_assert_bn_ok(read_text("a,b\nx,none yet\ny,1\nz,2\n", NULL), &err);
	ck_assert_bn_ok(read_text("a,b\n-,?\n5,1\n6,2\n", NULL), &err);
	ck_assert_msg(!strstr(said(), "second line"), "%s", said());
	end();
}
END_TEST

START_TEST(test_options_that_do_not_fit_say_what_would)
{
	static const struct {
		const char *column, *type, *said, *hint;
	} cases[] = {{"c", "int64", "no column 'c'", "the file has: alpha, b"},
		{"Alpha", "int64", "no column 'Alpha'", "did you mean 'alpha'?"},
		{"alph", "int64", "no column 'alph'", "did you mean 'alpha'?"},
		{"b", "uint8", ":2:7: column 'b': \"300\" is not a uint8", "correct the file"},
		{"alpha", "float64", ":2:1: column 'alpha': \"1,5\" is not a number",
			"--decimal , reads it"},
		{"alpha", "decimal(4,1)", ":2:1: column 'alpha': \"1,5\" is not a decimal",
			"--decimal , reads it"},
		{"alpha", "int64", ":2:1: column 'alpha': \"1,5\" is not an int64",
			"correct the file"},
		{"alpha", "timestamp", ":2:1: column 'alpha': \"1,5\" is not a date or time",
			"a time is 2026-01-31T09:30:00Z"},
		{"b", "date", ":2:7: column 'b': \"300\" is not a date (2026-01-31)",
			"correct the file"}};
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_source_type t = {.column = cases[i].column};
		ck_assert_bn_ok(bn_field_parse_type(&t.type, cases[i].type, &err), &err);
		o.types = &t;
		o.type_count = 1;
		ck_assert_int_lt(read_text("alpha,b\n\"1,5\",300\n", &o), 0);
		ck_assert_msg(strstr(err.msg, cases[i].said) != NULL, "%s", err.msg);
		ck_assert_msg(strstr(err.hint, cases[i].hint) != NULL, "%s: %s", err.msg, err.hint);
		bn_field_release(&t.type);
	}
	end();
}
END_TEST

START_TEST(test_a_title_above_the_names_is_said)
{
	begin();
	ck_table("Report,,\na,b,c\n1,2,3\n", NULL, "category category category",
		"Report,c1,c2\na,b,c\n1,2,3\n");
	ck_says("warning: 2 of 3 columns have no name in the first line: if the names stand below "
		"it, --skip 1");
	static const struct {
		const char *text, *skip;
	} padded[] = {{",,,\nid,a,b,c\n1,2,3,4\n2,3,4,5\n", "4 of 4 columns have no name in the first line: if the names stand below it, --skip 1 "},
		{"Jobs 2024;;;\n;;;\nid;a;b;c\n1;2;3;4\n2;3;4;5\n", "--skip 2 "},
		{"Report of jobs,,\nsite: X,,\n,,\nid,a,b\n1,2,3\n2,3,4\n", "--skip 3 "},
		{"Report,\nid,val\n1,2\n2,3\n3,4\n", "1 of 2 columns has no name in the first line: if the names stand below it, --skip 1 "}};
	for (size_t i = 0; i < sizeof padded / sizeof *padded; i++) {
		ck_assert_bn_ok(read_text(padded[i].text, NULL), &err);
		ck_says(padded[i].skip);
		ck_assert_msg(!strstr(said(), "sed ") && !strstr(said(), "is text"), "%s", said());
	}
	ck_assert_bn_ok(read_text(",a,b\n0,1,2\n", NULL), &err); /* row numbers */
	ck_silent();
	ck_assert_bn_ok(read_text("name,\nx,1\ny,2\nz,3\n", NULL), &err);
	ck_silent();
	ck_assert_bn_ok(read_text(",\n1,2\n3,4\n", NULL), &err);
	ck_silent();
	end();
}
END_TEST

BN_TEST_MAIN("core/source/dialect", test_a_delimiter_is_found_out_and_said,
	test_what_is_plain_needs_no_word, test_decimal_commas,
	test_comments_and_lines_before_the_header, test_two_tables_are_no_preamble,
	test_a_header_that_is_a_comment, test_a_blank_before_a_quote,
	test_lines_of_errors_are_those_of_the_file, test_quotes_and_escapes, test_no_quotes_at_all,
	test_encodings, test_names, test_row_names_and_spare_fields,
	test_a_first_line_of_data_is_said, test_absent_spellings,
	test_numbers_and_times_that_stay_text_say_why, test_declared_types_take_what_the_text_says,
	test_date_orders, test_a_line_of_blanks_is_an_empty_line,
	test_what_is_no_table_is_refused_by_name,
	test_tables_that_begin_like_something_else_are_read,
	test_one_column_of_several_fields_says_what_separates_them, test_tables_of_r_between_blanks,
	test_times_with_and_without_a_zone_are_said,
	test_what_keeps_a_column_from_numbers_is_said_with_the_option,
	test_a_title_above_the_names_is_said, test_options_that_do_not_fit_say_what_would,
	test_a_drawn_table_with_a_delimiter_is_said, test_a_second_line_of_names_is_said,
	test_blanks_around_fields, test_columns_between_runs_of_blanks, test_settings_above_a_table,
	test_annotated_tables)
