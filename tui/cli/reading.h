/*
 * reading.h - the options that say how a table of text is written (core/source/dialect.h), which every verb that reads
 * one has.
 */
#ifndef BN_CLI_READING_H
#define BN_CLI_READING_H
#include "core/source/source.h"
#include "tui/cli/cli.h"

/* clang-format off */
#define BN_CLI_READING_OPTS \
	{"delimiter", 0, "C", "what separates fields (found out; tab for tabs)"}, \
	{"quote", 0, "C|none", "what quotes fields (\")"}, \
	{"escape", 0, "C|none", "takes the meaning from the next character (none)"}, \
	{"comment", 0, "C|none", "lines that begin so are no records (none)"}, \
	{"skip", 0, "N", "so many lines stand before the header (0)"}, \
	{"no-header", 0, NULL, "the first line is data; columns are c0, c1, ..."}, \
	{"decimal", 0, "C", "before the fraction of a number: . or , (.)"}, \
	{"thousands", 0, "C", "between groups of digits: , . ' _ or ' ' (nothing)"}, \
	{"date-order", 0, "ORDER", "dmy, mdy or ymd: reads 31/12/2024 as a time too"}, \
	{"encoding", 0, "NAME", "what the text is written in, as iconv calls it (UTF-8)"}, \
	{"null", 0, "TEXT", "one more spelling of \"absent\" (may be repeated)"}, \
	{"only-null", 0, "TEXT", "instead of the usual spellings (may be repeated)"}
/* clang-format on */

/* Into o; *nulls is a list that o borrows, yours (bn_free). */
int bn_cli_read_dialect(bn_source_options *o, const char ***nulls, bn_cli *cli, bn_err *err);
/* What there is to say of a reading, on stderr. */
void bn_cli_tell_notes(bn_cli *cli, const bn_source_notes *notes);

#endif
