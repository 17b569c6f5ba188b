/* attack_table.c - see attack_table.h. */
#include "tests/support/attack_table.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/audit.h"
#include "core/registry/provenance.h"
#include "tests/support/check_main.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6 };

/* Splits the line into its columns. */
static int columns_cut(char *line, char *columns[COLUMNS])
{
	int n = 0;
	char *at = line;
	while (n < COLUMNS) {
		char *bar = strstr(at, " | ");
		columns[n++] = at;
		if (!bar)
			break;
		*bar = '\0';
		at = bar + 3;
	}
	return n;
}

void attack_row_find(attack_row *out, const char *function)
{
	char line[2000], name[200], *columns[COLUMNS];
	size_t n = strlen(function);
	if (n > 3 && !strcmp(function + n - 3, "_fn"))
		n -= 3; /* the name that START_TEST gives to Check */
	snprintf(name, sizeof name, " %.*s", (int)n, function);
	FILE *f = fopen("tests/attacks/table.txt", "r");
	ck_assert_msg(f != NULL, "no table of attacks here: run in the root of the sources");
	*out = (attack_row){0};
	while (!out->number && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || columns_cut(line, columns) != COLUMNS)
			continue;
		const char *test = strrchr(columns[5], ' ');
		if (!test || strcmp(test, name) != 0)
			continue;
		out->number = atoi(columns[0]);
		snprintf(out->readers, sizeof out->readers, "%.190s", columns[3]);
		snprintf(out->trace, sizeof out->trace, "%.590s", columns[4]);
	}
	fclose(f);
	ck_assert_msg(out->number > 0, "no row of the table of attacks has%s", name);
}

bool attack_row_says(const attack_row *row, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = row->readers; (at = strstr(at, word)); at++)
		if ((at == row->readers || at[-1] == ' ') && (!at[n] || at[n] == ','))
			return true;
	return false;
}

bool attack_row_has_fault(const attack_row *row)
{
	return strstr(row->trace, "fault: ") != NULL;
}

/* ---- what is reported ------------------------------------------------------------------------ */

static bool matches(const char *text, const char *pattern)
{
	char all[700];
	snprintf(all, sizeof all, "*%s*", pattern);
	return fnmatch(all, text, 0) == 0;
}

/* Whether a line of `text` (each ends with '\n') begins with `what` and contains the pattern. */
static bool says(const bn_buf *text, const char *what, const char *pattern)
{
	const char *at = text->ptr;
	while (at && *at) {
		size_t n = strcspn(at, "\n");
		char line[1200];
		snprintf(line, sizeof line, "%.*s", (int)n, at);
		if (!strncmp(line, what, strlen(what)) && matches(line + strlen(what), pattern))
			return true;
		at += n + (at[n] == '\n');
	}
	return false;
}

static void audit_lines(bn_buf *out, bn_workspace *ws, bool *is_fault)
{
	bn_err err = BN_ERR_INIT;
	bn_audit_report *r = NULL;
	ck_assert_bn_ok(bn_audit_verify(&r, ws, NULL, &err), &err);
	*is_fault = r->faults > 0;
	if (r->first_fault)
		bn_buf_addf(out, "fault: %s\n", r->first_fault);
	for (size_t i = 0; i < r->findings.count; i++) {
		bn_buf_adds(out, r->findings.items[i].is_fault ? "fault: " : "note: ");
		bn_proof_finding_text(&r->findings.items[i], out);
		bn_buf_adds(out, "\n");
	}
	for (size_t i = 0; i < r->about.unseen.count; i++)
		bn_buf_addf(out, "note: not seen: %s\n", r->about.unseen.items[i]);
	bn_audit_report_free(r);
}

static void model_lines(bn_buf *out, bn_workspace *ws, const char *spec)
{
	bn_err err = BN_ERR_INIT;
	bn_verify_report *r = NULL;
	if (bn_version_verify(&r, ws, spec, NULL, &err) < 0) {
		bn_buf_addf(out, "model: %s\n", err.msg);
		bn_err_clear(&err);
		return;
	}
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].problem)
			bn_buf_addf(out, "model: %s%s: %s\n", r->items[i].is_note ? "(note) " : "",
				r->items[i].what, r->items[i].problem);
	for (size_t i = 0; i < r->about.unseen.count; i++)
		bn_buf_addf(out, "model: (note) not seen: %s\n", r->about.unseen.items[i]);
	bn_verify_report_free(r);
}

void attack_expect_trace(const attack_row *row, bn_workspace *ws, const char *spec)
{
	bn_buf said = BN_BUF_INIT;
	bool is_fault;
	char trace[600], *rest = NULL;
	audit_lines(&said, ws, &is_fault);
	if (spec)
		model_lines(&said, ws, spec);
	bn_buf_adds(&said, "");
	if (getenv("ATTACKS_SHOW"))
		printf("row %d\n%s", row->number, said.ptr ? said.ptr : "");
	if (!strcmp(row->trace, "-"))
		goto out;
	ck_assert_msg(is_fault == attack_row_has_fault(row), "row %d: audit verify says:\n%.3000s",
		row->number, said.ptr ? said.ptr : "");
	if (!strcmp(row->trace, "none")) {
		ck_assert_msg(!said.len, "row %d leaves a trace:\n%.3000s", row->number, said.ptr);
		goto out;
	}
	snprintf(trace, sizeof trace, "%s", row->trace);
	for (char *p = strtok_r(trace, ";", &rest); p; p = strtok_r(NULL, ";", &rest)) {
		p += *p == ' ';
		const char *colon = strstr(p, ": ");
		ck_assert_msg(colon != NULL, "row %d: '%s' is no trace", row->number, p);
		char what[20];
		snprintf(what, sizeof what, "%.*s: ", (int)(colon - p), p);
		ck_assert_msg(said.len && says(&said, what, colon + 2),
			"row %d: nothing says '%s'; said is:\n%.3000s", row->number, p,
			said.ptr ? said.ptr : "");
	}
out:
	bn_buf_release(&said);
}
