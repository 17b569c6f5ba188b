/*
 * csv.h - CSV and TSV as a stream of typed batches.
 *
 * Dialect (dialect.h): RFC 4180, with the delimiter and other parameters given by the options or
 * inferred from the sample, and with the deviations of real files. Records end with LF or CRLF (or,
 * if the first record ends with a CR without LF, with CR). A field that begins with a quote extends
 * to the closing one and may contain delimiters, line ends and doubled quotes; a quote elsewhere is
 * an ordinary character (12" disk). After an escape a character has no special meaning. A UTF-8
 * byte order mark is skipped. Empty lines and blank lines are skipped, except in a file of one
 * column, where they are absent values. Lines that begin with the comment character are skipped.
 * The header names the columns; an empty name becomes c0, c1, and a repeated name gets .1, .2
 * (csv_names.c).
 *
 * Absent: an empty field, or what pandas takes for absent (cell.h: NA, N/A, n/a, <NA>, NaN, null,
 * None, #N/A, ...). A quoted field is never absent in a text column ("" is the empty string, "NA"
 * is text); in any other column it may be, so that files with every field quoted keep their types.
 * These spellings, the form of numbers and the order of dates are those of the column (csv_forms.c):
 * what is known of it (reading.h), or what the options say.
 *
 * Types: inferred from the first MiB (or 65536 records), checked on every value of the file, and
 * widened if a value does not fit: int64 -> float64 -> text. The final type is the one that the
 * whole file requires; if the inferred one was too narrow the file is read again, immediately while
 * little of it has been read, otherwise after the rest was scanned (csv.c has the limits). Nothing
 * is rounded silently: "007" and integers beyond int64 are text, integers beyond 2^53 do not mix
 * with fractions (text), numbers beyond the range of float64 are text, and so are numbers beyond
 * 2^53 whose digits before the point would change. Other fractions are rounded correctly to
 * float64. true/false (in any of the usual capitalisations) are bool, ISO 8601
 * dates and times are timestamps. Text is a category if the sample has at most 32 distinct values,
 * or at most half as many as values, and the file does not exceed 65536 or 16 MiB of them;
 * otherwise string. A column without any value is float64.
 *
 * Malformed records: wrong number of fields, a quote that is never closed, text after a closing
 * quote, bytes that are not UTF-8, a NUL byte, a field over 10 MiB, a record over 64 MiB, a value
 * that does not fit a declared type (source.h). Each either fails the ingest with file:line:column,
 * or goes to the rejects file (CSV: line, column, reason, record) and does not affect the types.
 * After a quote that is never closed, reading resumes on the next line.
 *
 * Memory is constant: a few chunks of 8 MiB, dictionaries of at most 16 MiB per column. The
 * batches, and so the bytes written, do not depend on the number of threads or the CPU.
 */
#ifndef BN_SOURCE_CSV_H
#define BN_SOURCE_CSV_H
#include "core/source/source.h"

#define BN_CSV_FIELD_MAX ((size_t)10 << 20)
#define BN_CSV_RECORD_MAX ((size_t)64 << 20)

/* delimiter: that of plain files with this suffix; options may be NULL. Errors: BN_ENOTFOUND,
 * BN_EIO, BN_EINVAL (the file or an option is wrong). */
int bn_csv_open(bn_stream **out, bn_input *in, char delimiter, const bn_source_options *options,
	bn_err *err);

/* For tests: 0 the best, 1 at most AVX2, 2 portable. Not while a stream is open. */
void bn_csv_limit_isa(int level);

#endif
