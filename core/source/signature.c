/* signature.c - see signature.h. */
#include "core/source/signature.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/source/_signature.h"
#include "core/source/input.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef struct signature {
	size_t at, bytes;
	const char *magic;
	const char *what, *hint;
	bool binary; /* letters that a table may begin with: only if no text follows */
} signature;

#define DECOMPRESS(how) "decompress it first: " how " FILE | binnacle ... -"
#define SAVE_AS_CSV "open it there and save the sheet as CSV"
#define FROM_PYTHON "write it as CSV or as an Arrow file where it was made"
#define PICTURE "name a file with a table"
#define SQL_DUMP \
	"a dump of a database (SQL), not a table", "load it there, and write the table as CSV"

/* clang-format off */
static const signature signatures[] = {
	{0, 2, "\x1f\x8b", "compressed with gzip", DECOMPRESS("gunzip -c"), false},
	{0, 4, "\x28\xb5\x2f\xfd", "compressed with zstd", DECOMPRESS("zstd -dc"), false},
	{0, 6, "\xfd" "7zXZ\0", "compressed with xz", DECOMPRESS("xz -dc"), false},
	{0, 4, "\x04\x22\x4d\x18", "compressed with lz4", DECOMPRESS("lz4 -dc"), false},
	{0, 2, "\x1f\x9d", "compressed with compress", DECOMPRESS("gunzip -c"), false},
	{0, 6, "7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it: 7z x FILE", false},
	{0, 4, "Rar!", "a RAR archive", "unpack it: unrar x FILE", true},
	{257, 5, "ustar", "a tar archive", "unpack it: tar -xf FILE", true},
	{0, 4, "PAR1", "a Parquet file, which is not read yet", "write it as an Arrow file or as CSV: pandas.read_parquet(FILE).to_feather(OTHER)", true},
	{0, 4, "PARE", "an encrypted Parquet file", "decrypt it where its keys are, and write it as CSV or Arrow", true},
	{0, 3, "ORC", "an ORC file", "write it as an Arrow file: pandas.read_orc(FILE).to_feather(OTHER)", true},
	{0, 4, "Obj\x01", "an Avro file", "write it as CSV or as an Arrow file", false},
	{0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (xls) or another Office file", SAVE_AS_CSV, false},
	{0, 5, "%PDF-", "a PDF document", "ask for the table behind it as CSV", false},
	{0, 8, "\x89HDF\r\n\x1a\n", "an HDF5 file", FROM_PYTHON, false},
	{0, 4, "CDF\x01", "a NetCDF file", FROM_PYTHON, false},
	{0, 4, "CDF\x02", "a NetCDF file", FROM_PYTHON, false},
	{0, 4, "CDF\x05", "a NetCDF file", FROM_PYTHON, false},
	{0, 6, "\x93NUMPY", "a NumPy array", "write it as CSV: numpy.savetxt(OTHER, numpy.load(FILE), delimiter=',')", false},
	{0, 10, "MATLAB 5.0", "a MATLAB file", "write it as CSV with writetable", true},
	{0, 16, "SQLite format 3\0", "an SQLite database", "write a table of it: sqlite3 -csv -header FILE 'select * from TABLE'", false},
	{8, 4, "DUCK", "a DuckDB database", "write a table of it: copy TABLE to 'OTHER.csv'", true},
	{0, 5, "RDX2\n", "R's data", "write it there: write.csv(x, FILE, row.names=FALSE)", false},
	{0, 5, "RDX3\n", "R's data", "write it there: write.csv(x, FILE, row.names=FALSE)", false},
	{0, 11, "<stata_dta>", "a Stata file", "write it there: export delimited", false},
	{0, 16, "\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60", "a SAS dataset", "write it there with proc export", false},
	{0, 4, "$FL2", "an SPSS file", "save it there as CSV", true},
	{0, 19, "HEADER RECORD******", "a SAS transport file", "write it there with proc export", false},
	{0, 8, "\x89PNG\r\n\x1a\n", "a PNG picture", PICTURE, false},
	{0, 3, "\xff\xd8\xff", "a JPEG picture", PICTURE, false},
	{0, 4, "GIF8", "a GIF picture", PICTURE, true},
	{0, 4, "\x7f" "ELF", "a program", "name a file with a table", false},
	{0, 9, "SIMPLE  =", "a FITS file", FROM_PYTHON, true},
	{0, 5, "{\\rtf", "an RTF document", SAVE_AS_CSV, false},
};

static const signature texts[] = {
	{0, 40, "version https://git-lfs.github.com/spec/", "a pointer of Git LFS, not the file itself", "fetch the file: git lfs pull (binnacle data add reads it itself)", false},
	{0, 15, "/annex/objects/", "a pointer of git-annex, not the file itself", "fetch the file: git annex get FILE", false},
	{0, 11, "outs:\n- md5", "a pointer of DVC, not the file itself", "fetch the file: binnacle dvc pull (binnacle data add reads it itself)", false},
	{0, 14, "404: Not Found", "a server's error message instead of the file", "check the address, and download the file again", false},
	{0, 14, "%%MatrixMarket", "a Matrix Market file", FROM_PYTHON, false},
	{0, 4, "%!PS", "a PostScript document", PICTURE, false},
	{0, 12, "ssh-rsa AAAA", "an SSH key", PICTURE, false},
	{0, 16, "ssh-ed25519 AAAA", "an SSH key", PICTURE, false},
	{0, 3, "#!/", "a script", "name a file with a table", false},
	{0, 13, "-- MySQL dump", SQL_DUMP, false},
	{0, 15, "-- MariaDB dump", SQL_DUMP, false},
	{0, 19, "-- phpMyAdmin SQL D", SQL_DUMP, false},
	{0, 29, "--\n-- PostgreSQL database dump", SQL_DUMP, false},
	{0, 12, "INSERT INTO ", SQL_DUMP, false},
	{0, 13, "CREATE TABLE ", SQL_DUMP, false},
	{0, 20, "PRAGMA foreign_keys=", SQL_DUMP, false},
	{0, 18, "BEGIN TRANSACTION;", SQL_DUMP, false},
	{0, 5, "/*!40", SQL_DUMP, false},
	{0, 11, "DROP TABLE ", SQL_DUMP, false},
	{0, 22, "SET statement_timeout ", SQL_DUMP, false},
	{0, 12, "COPY public.", SQL_DUMP, false},
	{0, 12, "TABLE,Group ", LIKWID_REPORT, false},
	{0, 12, "STRUCT,Info,", LIKWID_REPORT, false},
	{0, 4, "---\n", "YAML, not a table", "convert it to CSV", false},
	{0, 5, "---\r\n", "YAML, not a table", "convert it to CSV", false},
	{0, 5, "%YAML", "YAML, not a table", "convert it to CSV", false},
	{0, 9, "@relation", "an ARFF file", "leave out the lines up to @data: sed '1,/^@data/Id' FILE, and add it with --no-header", false},
};
/* clang-format on */

/* Whether it can be the beginning of a table: no control byte, and an end of a line or of a
 * field. */
static bool is_text(const char *s, size_t n)
{
	bool parts = false;

	for (size_t i = 0; i < n; i++) {
		if ((uint8_t)s[i] < ' ' && !memchr("\t\n\r\f", s[i], 4))
			return false;
		parts |= memchr("\t\n\r,;|", s[i], 6) != NULL;
	}
	return parts;
}

int bn_signature_refuse(const char *path, const char *what, const char *hint, bn_err *err)
{
	bn_err_set(err, BN_EUNSUPPORTED, "%s is %s", path, what);
	bn_err_hint(err, "%s", hint);
	return BN_EUNSUPPORTED;
}

/* A ZIP archive may contain anything; office files have known members. */
static int refuse_zip(const char *path, const char *head, size_t n, bn_err *err)
{
	if (memmem(head, n, "vnd.oasis.opendocument.spreadsheet", 34))
		return bn_signature_refuse(path, "an OpenDocument sheet (ods)", SAVE_AS_CSV, err);
	if (memmem(head, n, "xl/", 3) || bn_str_ends(path, ".xlsx") || bn_str_ends(path, ".xlsm"))
		return bn_signature_refuse(path, "an Excel workbook (xlsx)", SAVE_AS_CSV, err);
	if (memmem(head, n, ".npy", 4) || bn_str_ends(path, ".npz"))
		return bn_signature_refuse(path, "an archive of NumPy arrays (npz)", FROM_PYTHON, err);
	return bn_signature_refuse(
		path, "a ZIP archive", "unpack it to a pipe: unzip -p FILE | binnacle ... -", err);
}

static bool is_bzip2(const char *s, size_t n)
{
	return n >= 10 && !memcmp(s, "BZh", 3) && s[3] >= '1' && s[3] <= '9' &&
	       !memcmp(s + 4, "1AY&SY", 6);
}

/* Protocol 2 and later begin with this byte and their number; no text in UTF-8 begins with that
 * byte. */
static bool is_pickle(const char *s, size_t n)
{
	return n >= 3 && (uint8_t)s[0] == 0x80 && s[1] >= 2 && s[1] <= 5;
}

static bool begins(const char *s, size_t n, const char *word)
{
	return n >= strlen(word) && !strncasecmp(s, word, strlen(word));
}

static size_t skip_blanks(const char *s, size_t n, size_t at)
{
	while (at < n && strchr(" \t\r\n", s[at]) && s[at])
		at++;
	return at;
}

/* A number and the end of an element: a log's "[2024-01-02T03:04:05]" does not begin so. */
static bool begins_with_number(const char *s, size_t n)
{
	size_t digits = 0;

	while (digits < n && s[digits] && strchr("+-.0123456789eE", s[digits]))
		digits++;
	size_t at = skip_blanks(s, n, digits);
	return digits && (at == n || s[at] == ',' || s[at] == ']' || at > digits);
}

/* An object or an array: "{" and a name in quotes, or "[" and the start of a value. A table whose
 * first field looks like that needs --format csv. */
static int check_json(const char *path, const char *s, size_t n, bn_err *err)
{
	static const char hint[] = "convert it to CSV, for example with jq's @csv";
	const char *line_end = memchr(s, '\n', n);
	size_t at = skip_blanks(s, n, 1), next = line_end ? (size_t)(line_end - s) + 1 : n;

	if (at == n)
		return 0;
	if (s[at] == '\'' || (*s == '[' && s[at] == '('))
		return bn_signature_refuse(path, "a list or dictionary of Python, not a table",
			"write it as CSV where it was made, for example with DataFrame.to_csv", err);
	if (*s == '{' && (s[at] == '"' || s[at] == '}')) {
		bool lines = next < n && s[next] == '{';
		return bn_signature_refuse(
			path, lines ? "JSON Lines, not a table" : "JSON, not a table", hint, err);
	}
	if (*s == '[' && (strchr("{[\"]", s[at]) || begins_with_number(s + at, n - at)))
		return bn_signature_refuse(path, "JSON, not a table", hint, err);
	return 0;
}

/* "1:20": hours and minutes, or minutes and seconds. */
static bool is_clock(const char *s, const char *colon, const char *stop)
{
	return colon - s <= 2 && stop - colon == 3 && colon[1] >= '0' && colon[1] <= '5' &&
	       colon[2] >= '0' && colon[2] <= '9';
}

/* "1 3:0.5 7:2": a label, and increasing column numbers with values. *clocks: all of these could be times of day. */
static bool is_svmlight_line(const char *word, const char *end, bool *clocks)
{
	size_t words = 0;
	int64_t column, last = -1;
	double x;

	while (end > word && (end[-1] == '\r' || end[-1] == ' '))
		end--;
	for (; word < end; words++) {
		const char *next = memchr(word, ' ', (size_t)(end - word));
		const char *stop = next ? next : end;
		const char *colon = memchr(word, ':', (size_t)(stop - word));
		bool query = words == 1 && colon && colon - word == 3 && !memcmp(word, "qid", 3);
		bool pair = colon && (query || bn_parse_i64(word, (size_t)(colon - word), &column)) &&
			    bn_parse_f64(colon + 1, (size_t)(stop - colon - 1), &x);
		if (words ? !pair : colon || !bn_parse_f64(word, (size_t)(stop - word), &x))
			return false;
		if (words && !query) {
			if (column <= last)
				return false;
			last = column;
		}
		*clocks &= !words || (!query && is_clock(word, colon, stop));
		word = next ? next + 1 : end;
	}
	return words >= 2;
}

/* Whether all complete lines look like that, and not all pairs could be times of day. */
static bool is_svmlight(const char *s, size_t n)
{
	const char *line = s, *end;
	bool clocks = true;

	while ((end = memchr(line, '\n', n - (size_t)(line - s)))) {
		if (!is_svmlight_line(line, end, &clocks))
			return false;
		line = end + 1;
	}
	return line > s && !clocks;
}

/* "[part]", and a line with '=' below it. */
static bool is_settings(const char *s, size_t n)
{
	const char *end = memchr(s, '\n', n);
	size_t bytes = end ? (size_t)(end - s) : 0;

	while (bytes && s[bytes - 1] == '\r')
		bytes--;
	if (bytes < 3 || *s != '[' || s[bytes - 1] != ']' || memchr(s, ',', bytes))
		return false;
	size_t at = skip_blanks(s, n, bytes);
	end = memchr(s + at, '\n', n - at);
	return memchr(s + at, '=', (end ? (size_t)(end - s) : n) - at) != NULL;
}

/* ---- text recognised by its first lines --------------------------------------------------------- */

span bn_signature_line(const char *s, size_t n, size_t *at)
{
	size_t from = *at < n ? *at : n;
	const char *end = memchr(s + from, '\n', n - from);
	size_t to = end ? (size_t)(end - s) : n;

	*at = end ? to + 1 : n;
	while (to > from && (s[to - 1] == '\r' || s[to - 1] == ' '))
		to--;
	return (span){s + from, to - from};
}

/* Whether the line before `next` is the whole text. */
static bool is_alone(const char *s, size_t n, size_t next)
{
	return skip_blanks(s, n, next) >= n;
}

static bool is_one_of(span line, const char *const *words)
{
	for (; *words; words++)
		if (line.n == strlen(*words) && !strncasecmp(line.s, *words, line.n))
			return true;
	return false;
}

/* "403 Forbidden", or such a phrase without a number as the whole text. */
static bool is_refusal(span line, bool alone)
{
	static const char *const words[] = {"forbidden", "access denied", "accessdenied",
		"unauthorized", "not found", "bad request", "bad gateway", "internal server error",
		"service unavailable", "gateway timeout", "gateway time-out", "too many requests",
		"moved permanently", "404 page not found", "page not found", "nosuchkey", NULL};

	if (line.n && line.s[line.n - 1] == '.')
		line.n--;
	if (line.n > 4 && line.s[0] >= '3' && line.s[0] <= '5' && line.s[3] == ' ' &&
		is_one_of((span){line.s + 4, line.n - 4}, words))
		return true;
	return alone && is_one_of(line, words);
}

static bool is_http(span line)
{
	return starts(line, "HTTP/") && line.n >= 10 && line.s[5] >= '0' && line.s[5] <= '9' &&
	       !memchr(line.s, ',', line.n) && memchr(line.s, ' ', line.n);
}

static bool is_diff(span a, span b)
{
	return starts(a, "diff --git ") || (starts(a, "--- ") && starts(b, "+++ "));
}

/* Letters of a sequence: all lower case or all upper case, with gaps and stops. */
static bool is_sequence(span line)
{
	size_t small = 0, large = 0;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.s[i];
		small += c >= 'a' && c <= 'z';
		large += c >= 'A' && c <= 'Z';
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-' && c != '*')
			return false;
	}
	return line.n >= 4 && (!small || !large);
}

static bool is_annex(span line, bool alone)
{
	return alone && line.n && (*line.s == '.' || *line.s == '/') &&
	       memmem(line.s, line.n, ".git/annex/objects/", 19);
}

/* true, false, null, or "text". */
static bool is_scalar(span line)
{
	static const char *const words[] = {"true", "false", "null", NULL};

	return is_one_of(line, words) ||
	       (line.n >= 2 && *line.s == '"' && line.s[line.n - 1] == '"' &&
		       !memmem(line.s + 1, line.n - 2, "\",", 2) &&
		       !memmem(line.s + 1, line.n - 2, "\"\t", 2) &&
		       !memmem(line.s + 1, line.n - 2, "\";", 2));
}

/* Hexadecimal digits of a checksum (MD5 to SHA-512), alone or before a file name. */
static bool is_checksum(span line)
{
	size_t n = 0;

	while (n < line.n && isxdigit((uint8_t)line.s[n]))
		n++;
	return (n == 32 || n == 40 || n == 56 || n == 64 || n == 96 || n == 128) &&
	       (n == line.n || (line.n > n + 2 && line.s[n] == ' ' &&
				       (line.s[n + 1] == ' ' || line.s[n + 1] == '*')));
}

static bool has_separator(span line)
{
	return memchr(line.s, ',', line.n) || memchr(line.s, ';', line.n) ||
	       memchr(line.s, '\t', line.n) || memchr(line.s, '|', line.n) ||
	       memchr(line.s, ' ', line.n);
}

static bool is_address(span line)
{
	return !has_separator(line) && memmem(line.s, line.n, "://", 3);
}

static bool is_path(span line)
{
	return !has_separator(line) && line.n > 2 &&
	       (*line.s == '/' || starts(line, "./") || starts(line, "../"));
}

/* 550e8400-e29b-41d4-a716-446655440000 */
static bool is_uuid(span line)
{
	for (size_t i = 0; i < line.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? line.s[i] != '-' : !isxdigit((uint8_t)line.s[i]))
			return false;
	}
	return line.n == 36;
}

/* A whole text of one line and one field that is no name of a column: it has blanks or punctuation. */
static bool is_one_phrase(const char *s, size_t n)
{
	size_t at = 0;
	span line = bn_signature_line(s, n, &at);
	bool plain = true;

	for (size_t i = 0; i < line.n; i++) {
		uint8_t c = (uint8_t)line.s[i];
		if (memchr(",;\t|", c, 4))
			return false;
		plain &= isalnum(c) || c >= 0x80 || c == '_' || c == '-' || c == '.';
	}
	return line.n && !plain && is_alone(s, n, at);
}

/* A number, a date or a time. */
static bool is_value(span line)
{
	int64_t ns;
	double x;

	return bn_parse_f64(line.s, line.n, &x) || bn_timestamp_parse(line.s, line.n, &ns);
}

/* ---- tables drawn with lines -------------------------------------------------------------------- */

/* A line of at least three strokes, with a character that separates columns. */
static bool is_ruler(span line)
{
	size_t strokes = 0, between = 0;

	for (size_t i = 0; i < line.n; i++) {
		if (!strchr("-+=|: ", line.s[i]) || !line.s[i])
			return false;
		strokes += line.s[i] == '-' || line.s[i] == '=';
		between += line.s[i] == '+' || line.s[i] == '|' || line.s[i] == ' ';
	}
	return strokes >= 3 && between;
}

/* A line of Unicode's box drawing (U+2500 .. U+257F), possibly below the shape that polars prints. */
static bool is_box(span a, span b)
{
	span line = starts(a, "shape: (") ? b : a;

	return line.n >= 3 && (uint8_t)line.s[0] == 0xe2 &&
	       ((uint8_t)line.s[1] == 0x94 || (uint8_t)line.s[1] == 0x95);
}

/* "-[ RECORD 1 ]---" of psql, "*** 1. row ***" of mysql: a line for each value. */
static bool is_expanded(span line)
{
	return starts(line, "-[ RECORD ") ||
	       (starts(line, "*******") && memmem(line.s, line.n, ". row *", 7));
}

/* A ruler above the names, or between the names and the rows. */
static bool is_drawn(span a, span b)
{
	return is_ruler(a) || (a.n && is_ruler(b)) || is_box(a, b) || is_expanded(a);
}

/* A line of seven '<' and a name, and below it a line of seven '='. */
static bool has_conflict(const char *s, size_t n)
{
	bool begun = false;

	for (size_t at = 0; at < n;) {
		span line = bn_signature_line(s, n, &at);
		begun |= starts(line, "<<<<<<< ");
		if (begun && line.n == 7 && !memcmp(line.s, "=======", 7))
			return true;
	}
	return false;
}

#define FETCH_AGAIN "check the address and its access rights, and fetch it again"
#define NAME_A_TABLE "name a file with a table"
#define ONE_LINE "name a file with a table; --format csv reads it as a header without rows"

static int check_lines(const char *path, const char *s, size_t n, bn_err *err)
{
	size_t at = 0;
	span a = bn_signature_line(s, n, &at);
	bool alone = is_alone(s, n, at);
	span b = bn_signature_line(s, n, &at), c = bn_signature_line(s, n, &at);

	if (is_annex(a, alone))
		return bn_signature_refuse(path, "a pointer of git-annex, not the file itself",
			"fetch the file: git annex get FILE", err);
	if (is_refusal(a, alone))
		return bn_signature_refuse(path, "the error page of a server", FETCH_AGAIN, err);
	if (is_http(a))
		return bn_signature_refuse(path, "the response of a server with its headers",
			"fetch it without them (curl without -i)", err);
	if (is_diff(a, b))
		return bn_signature_refuse(path, "a diff, not a table", NAME_A_TABLE, err);
	if (a.n > 1 && *a.s == '>' && is_sequence(b))
		return bn_signature_refuse(path, "sequences (FASTA), not a table", NAME_A_TABLE, err);
	if (a.n > 1 && *a.s == '@' && is_sequence(b) && starts(c, "+"))
		return bn_signature_refuse(path, "sequences (FASTQ), not a table", NAME_A_TABLE, err);
	if (starts(a, "-----BEGIN ") && a.n > 16 && !memcmp(a.s + a.n - 5, "-----", 5))
		return bn_signature_refuse(path, "a message or key in armour (PGP, PEM), not a table",
			"decrypt it first, if a table is in it: gpg -d FILE | binnacle ... -", err);
	if (alone && is_scalar(a))
		return bn_signature_refuse(path, "JSON, not a table", ONE_LINE, err);
	if (alone && is_value(a))
		return bn_signature_refuse(path, "one number or time, not a table", ONE_LINE, err);
	if (is_checksum(a) && (alone || memchr(a.s, ' ', a.n)))
		return bn_signature_refuse(path, "checksums of files, not a table", NAME_A_TABLE, err);
	if (alone && is_uuid(a))
		return bn_signature_refuse(path, "one identifier (UUID), not a table", ONE_LINE, err);
	if (alone && is_address(a))
		return bn_signature_refuse(path, "an address, not the file itself",
			"fetch the file: curl -LO ADDRESS", err);
	if (alone && is_path(a))
		return bn_signature_refuse(path, "the name of a file, not the file itself",
			"name that file; a link was copied as text if git or a Windows share made "
			"it",
			err);
	if (has_conflict(s, n))
		return bn_signature_refuse(path, "a file with a merge conflict (<<<<<<<, =======, >>>>>>>)",
			"resolve it in git first: git status names the files", err);
	return 0;
}

/* Text that becomes a table with some delimiter. */
static int check_form(const char *path, const char *s, size_t n, bn_err *err)
{
	size_t at = 0;
	span a = bn_signature_line(s, n, &at), b = bn_signature_line(s, n, &at);

	if (is_settings(s, n))
		return bn_signature_refuse(
			path, "a file of settings (INI or TOML), not a table", NAME_A_TABLE, err);
	if (is_svmlight(s, n))
		return bn_signature_refuse(path, "an svmlight file (label column:value ...), not a table",
			"convert it: sklearn.datasets.load_svmlight_file; or say what separates "
			"its fields: --delimiter ' '",
			err);
	if (is_drawn(a, b))
		return bn_signature_refuse(path, "a table drawn with lines for people to read",
			"write it as CSV where it comes from: psql --csv, mysql --batch, "
			"sqlite3 -csv, sacct --parsable2, DataFrame.to_csv",
			err);
	return 0;
}

static int check_text(const char *path, const char *s, size_t n, bool form, bn_err *err)
{
	size_t at = n >= 3 && !memcmp(s, "\xef\xbb\xbf", 3) ? 3 : 0;
	bool whole = n < BN_INPUT_HEAD;

	at = skip_blanks(s, n, at);
	s += at;
	n -= at;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (begins(s, n, texts[i].magic))
			return bn_signature_refuse(path, texts[i].what, texts[i].hint, err);
	if (begins(s, n, "<!doctype html") || begins(s, n, "<html") || begins(s, n, "<head") ||
		begins(s, n, "<body") || begins(s, n, "<script") || begins(s, n, "<meta ") ||
		begins(s, n, "<!--"))
		return bn_signature_refuse(path, "an HTML page, not a table",
			"a download that needs a login gives such a page: look at it, and download "
			"the file again",
			err);
	if (begins(s, n, "<?xml") || begins(s, n, "<table") || bn_signature_is_markup(s, n))
		return bn_signature_refuse(path, "XML, not a table", "convert it to CSV", err);
	int rc;
	if ((rc = check_lines(path, s, n, err)) < 0 ||
		(rc = bn_signature_check_metrics(path, s, n, err)) < 0 ||
		(form && (rc = bn_signature_check_report(path, s, n, err)) < 0) ||
		(form && (rc = check_form(path, s, n, err)) < 0))
		return rc;
	if (n && (*s == '{' || *s == '[') && (rc = check_json(path, s, n, err)) < 0)
		return rc;
	if (form && whole && is_one_phrase(s, n))
		return bn_signature_refuse(path, "one line of text, not a table", ONE_LINE, err);
	return 0;
}

int bn_signature_check(
	const char *path, const char *head, size_t n, bn_signature_kind upto, bn_err *err)
{
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
		const signature *g = &signatures[i];
		if (n >= g->at + g->bytes && !memcmp(head + g->at, g->magic, g->bytes) &&
			(!g->binary || !is_text(head, n)))
			return bn_signature_refuse(path, g->what, g->hint, err);
	}
	if (n >= 4 && (!memcmp(head, "PK\3\4", 4) || !memcmp(head, "PK\5\6", 4)))
		return refuse_zip(path, head, n, err);
	if (is_bzip2(head, n))
		return bn_signature_refuse(path, "compressed with bzip2", DECOMPRESS("bzip2 -dc"), err);
	if (is_pickle(head, n))
		return bn_signature_refuse(path, "a Python pickle, which is a program", FROM_PYTHON, err);
	return upto >= BN_SIGNATURE_TEXT ? check_text(path, head, n, upto >= BN_SIGNATURE_FORM, err)
					 : 0;
}
