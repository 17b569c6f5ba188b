/*
 * markup.h - untrusted text in XML, HTML and Markdown, where it can add no markup.
 *
 * What is not shown (core/base/shown.h) becomes '?'; the rest is a subset of what XML 1.0 allows. A failure is kept in
 * the buffer, as with its own functions.
 */
#ifndef BN_BASE_MARKUP_H
#define BN_BASE_MARKUP_H
#include "core/base/buf.h"
#include "core/base/shown.h"

/* Text of an element or a double-quoted attribute, in XML and in HTML. */
void bn_markup_add_xml(bn_buf *b, const char *s, bn_shown_form form);
/* Text of one line in Markdown: <code> in which every character that Markdown, HTML or a forge's references (@all, #1,
 * !2, ~label, URLs, a table's bar) could read is a numeric character reference. */
void bn_markup_add_code(bn_buf *b, const char *s);
/* Lines in Markdown: a fenced block whose fence is longer than any in it. language: "text", "diff". */
void bn_markup_add_block(bn_buf *b, const char *s, const char *language);
/* Pads the cells of a Markdown table, which is all of b from that byte on, so that its bars stand below each other in a
 * plain file; a cell of more than 48 columns does not widen its column. No cell may have a bar in it. */
void bn_markup_align_table(bn_buf *b, size_t from);

#endif
