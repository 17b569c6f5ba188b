/*
 * reading.h - the options for the format of a text table (core/source/dialect.h), common to all verbs that read
 * one.
 */
#ifndef BN_CLI_READING_H
#define BN_CLI_READING_H
#include "core/source/source.h"
#include "tui/cli/cli.h"

/* clang-format off */
#define BN_CLI_READING_OPTS \
	{"delimiter", 0, "C", "field separator (detected; tab for tabs)"}, \
	{"quote", 0, "C|none", "quote character (\")"}, \
	{"escape", 0, "C|none", "escape character (none)"}, \
	{"comment", 0, "C|none", "prefix of comment lines (none)"}, \
	{"trim", 0, "yes|no", "leave out blanks around fields (detected); with --delimiter ' ' any number of blanks separates"}, \
	{"skip", 0, "N", "number of lines before the header (0)"}, \
	{"no-header", 0, NULL, "the first line is data; columns are c0, c1, ..."}, \
	{"decimal", 0, "C", "decimal point of numbers: . or , (.)"}, \
	{"thousands", 0, "C", "thousands separator: , . ' _ or ' ' (none)"}, \
	{"date-order", 0, "ORDER", "dmy, mdy or ymd: also reads 31/12/2024 as a time"}, \
	{"encoding", 0, "NAME", "encoding of the text, by iconv's names (UTF-8)"}, \
	{"null", 0, "TEXT", "additional spelling of a missing value, kept with the columns (may be repeated)"}, \
	{"only-null", 0, "TEXT", "replaces the usual and the kept spellings of a missing value (may be repeated)"}
/* clang-format on */

/* Into o; *nulls is a list that o borrows, yours (bn_free). */
int bn_cli_read_dialect(bn_source_options *o, const char ***nulls, bn_cli *cli, bn_err *err);
/* Reports on how the table was read, on stderr. */
void bn_cli_tell_notes(bn_cli *cli, const bn_source_notes *notes);

#endif
