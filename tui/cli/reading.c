/* reading.c - see reading.h. */
#include "tui/cli/reading.h"

#include "core/base/mem.h"

#include <string.h>

static int read_char(char *out, bn_cli *cli, const char *name, bool none, bn_err *err)
{
	const char *text = bn_cli_opt(cli, name);
	char option[32] = "--";

	if (!text)
		return 0;
	strncat(option, name, sizeof option - 3);
	return bn_dialect_char_parse(out, text, none, option, err);
}

static int read_trim(char *out, bn_cli *cli, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "trim");

	if (text && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return bn_err_set(err, BN_EINVAL, "--trim is yes or no, not '%s'", text);
	*out = text ? text[0] : 0;
	return 0;
}

static int read_decimal(char *out, bn_cli *cli, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "decimal");

	if (text && strcmp(text, ".") != 0 && strcmp(text, ",") != 0)
		return bn_err_set(err, BN_EINVAL, "--decimal is . or , and not '%s'", text);
	*out = text ? text[0] : 0;
	return 0;
}

static int read_thousands(char *out, bn_cli *cli, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "thousands");

	if (!text)
		return 0;
	if (!text[0] || text[1] || !strchr(BN_THOUSANDS, text[0])) {
		bn_err_set(err, BN_EINVAL, "--thousands is one of , . ' _ and ' ', not '%s'", text);
		bn_err_hint(err, "1,234.5 has --thousands , and 1.234,5 has --thousands .");
		return BN_EINVAL;
	}
	*out = text[0];
	return 0;
}

/* Those of --null, or of --only-null and --null. */
static int read_nulls(bn_source_options *o, const char ***out, bn_cli *cli, bn_err *err)
{
	size_t more = 0, only = 0, n = 0;

	while (bn_cli_opt_nth(cli, "null", more))
		more++;
	while (bn_cli_opt_nth(cli, "only-null", only))
		only++;
	if (!more && !only)
		return 0;
	const char **list = bn_alloc_zeroed(more + only + 1, sizeof *list);
	if (!list)
		return bn_err_nomem(err, "the spellings of absent");
	for (size_t i = 0; i < only; i++)
		list[n++] = bn_cli_opt_nth(cli, "only-null", i);
	for (size_t i = 0; i < more; i++)
		list[n++] = bn_cli_opt_nth(cli, "null", i);
	*out = list;
	o->nulls = list;
	o->only_nulls = only > 0;
	return 0;
}

int bn_cli_read_dialect(bn_source_options *o, const char ***nulls, bn_cli *cli, bn_err *err)
{
	const char *order = bn_cli_opt(cli, "date-order");
	int64_t skip = 0;
	int rc;

	if ((rc = read_char(&o->delimiter, cli, "delimiter", false, err)) < 0 ||
		(rc = read_char(&o->quote, cli, "quote", true, err)) < 0 ||
		(rc = read_char(&o->escape, cli, "escape", true, err)) < 0 ||
		(rc = read_char(&o->comment, cli, "comment", true, err)) < 0 ||
		(rc = read_trim(&o->trim, cli, err)) < 0 ||
		(rc = read_decimal(&o->decimal, cli, err)) < 0 ||
		(rc = read_thousands(&o->thousands, cli, err)) < 0 ||
		(order && (rc = bn_date_order_parse(&o->date_order, order, err)) < 0) ||
		(rc = bn_cli_opt_int(cli, "skip", 0, INT64_MAX, &skip, err)) < 0)
		return rc;
	o->skip_given = bn_cli_opt(cli, "skip") != NULL;
	o->skip = (uint64_t)skip;
	o->no_header = bn_cli_flag(cli, "no-header");
	o->encoding = bn_cli_opt(cli, "encoding");
	return read_nulls(o, nulls, cli, err);
}

void bn_cli_tell_notes(bn_cli *cli, const bn_source_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		if (notes->items[i].warning)
			bn_cli_warn(cli, "%s", notes->items[i].text);
		else
			bn_cli_note(cli, "%s", notes->items[i].text);
	}
}
