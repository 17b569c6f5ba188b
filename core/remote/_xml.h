/*
 * _xml.h - just enough XML for the answers of S3 servers: elements without attributes that matter, found by name.
 *
 * The bytes are an answer's, and may be anything: nothing is read beyond them, and what is not there is not found.
 */
#ifndef BN_REMOTE__XML_H
#define BN_REMOTE__XML_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_xml_part {
	const char *at;
	size_t n;
} bn_xml_part;

/* The content of the next element <NAME>...</NAME> in *rest, whose text then begins after it. Elements of the same name
 * do not nest in S3's answers. */
bool bn_xml_next(bn_xml_part *out, bn_xml_part *rest, const char *name);
/* The content of the first one; false if there is none. */
bool bn_xml_first(bn_xml_part *out, bn_xml_part in, const char *name);
/* Appends the text with its references (&amp; &#x41;) resolved; what is none stays as it is. */
void bn_xml_add_text(bn_buf *out, bn_xml_part part);
/* The text of the first element of that name, cut to size; "" if there is none. Returns value. */
const char *bn_xml_text(bn_xml_part in, const char *name, char *value, size_t size);

#endif
