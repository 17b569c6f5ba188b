/* signature_report.c - metrics and printouts of tools, which are not tables: see _signature.h. */
#include "core/base/str.h"
#include "core/source/_signature.h"

#include <ctype.h>

bool bn_signature_is_markup(const char *s, size_t n)
{
	size_t at = 0, name = 1;
	span line = bn_signature_line(s, n, &at);

	if (line.n < 3 || *s != '<' || (!isalpha((uint8_t)s[1]) && s[1] != '_'))
		return false;
	while (name < line.n && (isalnum((uint8_t)s[name]) || memchr("_-.:", s[name], 4)))
		name++;
	bool attribute = name < line.n && s[name] == ' ' &&
			 memchr(s + name, '=', line.n - name) != NULL;
	if (line.s[line.n - 1] != '>' && name < line.n && !attribute)
		return false;
	return memmem(s, n, "</", 2) || memmem(s, n, "/>", 2);
}

/* ---- metrics ---------------------------------------------------------------------------------- */

/* "# TYPE up gauge" */
static bool is_metric_type(span line)
{
	static const char *const types[] = {
		" counter", " gauge", " histogram", " summary", " untyped", " unknown"};
	bool known = false;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t k = strlen(types[i]);
		known |= line.n > k && !memcmp(line.s + line.n - k, types[i], k);
	}
	return known && starts(line, "# TYPE ");
}

/* "up{job=\"node\"} 1" or, with a time, "up 1 1700000000000". *labels: it has braces. */
static bool is_metric(span line, bool *labels)
{
	size_t at = 0, words = 0;
	double x;

	while (at < line.n && (isalnum((uint8_t)line.s[at]) || line.s[at] == '_' || line.s[at] == ':'))
		at++;
	if (!at || isdigit((uint8_t)*line.s))
		return false;
	if (at < line.n && line.s[at] == '{') {
		const char *end = memrchr(line.s, '}', line.n);
		if (!end || (end > line.s + at + 1 && !memmem(line.s, line.n, "=\"", 2)))
			return false;
		*labels = true;
		at = (size_t)(end - line.s) + 1;
	}
	while (at < line.n && line.s[at] == ' ') {
		const char *word = line.s + ++at;
		const char *end = memchr(word, ' ', line.n - at);
		size_t bytes = end ? (size_t)(end - word) : line.n - at;
		bool special = bytes && memchr("+-NI", *word, 4); /* +Inf, NaN */
		if (!bn_parse_f64(word, bytes, &x) && !special)
			return false;
		at += bytes;
		words++;
	}
	return at == line.n && (words == 1 || words == 2);
}

static bool is_prometheus(span a, span b)
{
	bool labels = false;

	if (is_metric_type(a) || (starts(a, "# HELP ") && is_metric_type(b)))
		return true;
	return is_metric(a, &labels) && (!b.n || is_metric(b, &labels)) && labels;
}

/* "power,host=n1 watts=61.2 1700000000000000000": tags or a time may be absent, not both. */
static bool is_line_protocol(span line)
{
	const char *blank = memchr(line.s, ' ', line.n), *end = line.s + line.n;
	const char *tags = blank ? memchr(line.s, ',', (size_t)(blank - line.s)) : NULL;
	size_t digits = 0;

	while (digits < line.n && isdigit((uint8_t)end[-1 - (ptrdiff_t)digits]))
		digits++;
	bool timed = blank && digits >= 10 && digits <= 19 &&
		     end[-1 - (ptrdiff_t)digits] == ' ' && end - digits - 1 > blank;
	if (!blank || blank == line.s || (!tags && !timed))
		return false;
	const char *name_end = tags ? tags : blank, *fields_end = timed ? end - digits - 1 : end;
	const char *equals = memchr(blank, '=', (size_t)(fields_end - blank));
	if (tags && !memchr(tags, '=', (size_t)(blank - tags)))
		return false;
	return equals && equals > blank + 1 && !memchr(blank + 1, ' ', (size_t)(equals - blank - 1)) &&
	       !memchr(line.s, '=', (size_t)(name_end - line.s));
}

int bn_signature_check_metrics(const char *path, const char *s, size_t n, bn_err *err)
{
	size_t at = 0;
	span a = bn_signature_line(s, n, &at), b = bn_signature_line(s, n, &at);

	if (is_prometheus(a, b))
		return bn_signature_refuse(path, "metrics in Prometheus' text format, not a table",
			"query Prometheus for them, and convert the result to CSV", err);
	if (is_line_protocol(a) && (!b.n || is_line_protocol(b)))
		return bn_signature_refuse(path, "InfluxDB's line protocol, not a table",
			"ask the database for CSV: influx query --raw", err);
	return 0;
}

/* ---- printouts of tools ------------------------------------------------------------------------- */

static bool has(span text, const char *word)
{
	return memmem(text.s, text.n, word, strlen(word)) != NULL;
}

/* "sacct: error: ...", "slurm_load_jobs error: ...", "cat: x: No such file or directory" */
static bool is_error(span line)
{
	static const char *const ends[] = {": No such file or directory", ": Permission denied",
		": command not found", ": Connection refused", ": Is a directory", NULL};
	size_t name = 0;

	while (name < line.n && (isalnum((uint8_t)line.s[name]) || memchr("_-./", line.s[name], 4)))
		name++;
	span rest = {line.s + name, line.n - name};
	if (!name || !rest.n)
		return false;
	for (const char *const *e = ends; *e; e++)
		if (*rest.s == ':' && rest.n >= strlen(*e) &&
			!memcmp(rest.s + rest.n - strlen(*e), *e, strlen(*e)))
			return true;
	return starts(rest, ": error: ") || starts(rest, ": fatal: ") || starts(rest, " error: ");
}

/* "key:" or "key: value", maybe after "- ": a name, a colon and a blank. */
static bool is_key(span line)
{
	size_t at = 0;

	if (starts(line, "- "))
		line.s += 2, line.n -= 2;
	if (!line.n || !isalpha((uint8_t)*line.s))
		return false;
	while (at < line.n && (isalnum((uint8_t)line.s[at]) || memchr("_-.", line.s[at], 3)))
		at++;
	return at < line.n && line.s[at] == ':' && (at + 1 == line.n || line.s[at + 1] == ' ');
}

/* Whether all complete lines are keys with values, elements of a list, or comments, at least two of
 * them keys. */
static bool is_keys(const char *s, size_t n)
{
	size_t keys = 0, lines = 0;

	for (size_t at = 0; at < n;) {
		span line = bn_signature_line(s, n, &at);
		while (line.n && *line.s == ' ')
			line.s++, line.n--;
		if (!line.n || *line.s == '#' || (at == n && s[n - 1] != '\n' && lines))
			continue;
		bool key = is_key(line);
		if (!key && !(lines && starts(line, "- ")))
			return false;
		keys += key;
		lines++;
	}
	return keys >= 2;
}

#define FIELDS_OF_SLURM \
	"write named fields instead: sacct --parsable2, squeue -o '%i|%P|%T', sinfo -N -o '%N|%c|%m'"

int bn_signature_check_report(const char *path, const char *s, size_t n, bn_err *err)
{
	static const struct {
		const char *first, *has; /* how the text begins, and words in it */
		const char *what, *hint;
	} reports[] = {
		{"Performance counter stats for", "", "a report of perf stat for people to read",
			"write it as CSV: perf stat -x, -o FILE"},
		{"# started on ", "Performance counter stats for",
			"a report of perf stat for people to read",
			"write it as CSV: perf stat -x, -o FILE"},
		{"-----", "\nCPU name:", "a report of LIKWID with several tables",
			"write it as CSV with likwid-perfctr -O -o FILE, and take one of its tables"},
		{"", "\nTABLE,Group ", LIKWID_REPORT},
		{"procs ", "--memory--", "a report of vmstat for people to read",
			"leave out its first line, and say what separates its fields: --skip 1 "
			"--delimiter ' ' --trim yes"},
		{"Linux ", " CPU)", "a report of sar, iostat or mpstat for people to read",
			"write fields instead: sadf -d FILE -- -u for what sar recorded"},
		{"JobId=", "", "keys and values of scontrol show, not a table", FIELDS_OF_SLURM},
		{"NodeName=", "", "keys and values of scontrol show, not a table", FIELDS_OF_SLURM},
		{"PartitionName=", "", "keys and values of scontrol show, not a table",
			FIELDS_OF_SLURM},
		{"ReservationName=", "", "keys and values of scontrol show, not a table",
			FIELDS_OF_SLURM},
	};
	size_t at = 0;
	span text = {s, n};

	for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
		if (starts(text, reports[i].first) && has(text, reports[i].has))
			return bn_signature_refuse(path, reports[i].what, reports[i].hint, err);
	if (is_error(bn_signature_line(s, n, &at)))
		return bn_signature_refuse(path, "an error message of a program, not its output",
			"look at it, and write the file again; if a table follows it: --delimiter C "
			"--skip N",
			err);
	if (is_keys(s, n))
		return bn_signature_refuse(path, "keys and values (YAML), not a table",
			"convert it to CSV; --format csv reads its lines as one column", err);
	return 0;
}
