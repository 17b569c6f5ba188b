/*
 * document.h - a report written once and read as Markdown or as one HTML file.
 *
 * HTML stands alone: no script, no link, no other file (a Content-Security-Policy says so too), colours for light and
 * dark backgrounds. All texts are untrusted and can add no markup (core/base/markup.h). Failures are kept in the buffer,
 * as with its own functions.
 */
#ifndef BN_TRACK_DOCUMENT_H
#define BN_TRACK_DOCUMENT_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_document {
	bn_buf *out;
	bool is_html;
	bool in_head; /* of a table: its first row */
	size_t cells; /* of the current row */
	size_t table_at; /* in Markdown, where the table begins */
} bn_document;

void bn_document_begin(bn_document *d, bn_buf *out, bool is_html, const char *title);
void bn_document_end(bn_document *d);
void bn_document_heading(bn_document *d, const char *text);
/* Our own words; they may have untrusted ones only as `code`. */
void bn_document_text(bn_document *d, const char *text);
void bn_document_code_text(bn_document *d, const char *before, const char *code, const char *after);
/* begin, then for each row its cells and row_end; the first row is the head. */
void bn_document_table_begin(bn_document *d);
void bn_document_cell(bn_document *d, const char *untrusted);
void bn_document_cell_words(bn_document *d, const char *text); /* our own words */
void bn_document_cell_number(bn_document *d, const char *text, bool is_best); /* of our own making */
void bn_document_row_end(bn_document *d);
void bn_document_table_end(bn_document *d);
/* Lines as they are. language: "text", "diff". */
void bn_document_block(bn_document *d, const char *lines, const char *language);

#endif
