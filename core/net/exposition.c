/* exposition.c - see exposition.h. */
#include "core/net/exposition.h"

void bn_exposition_label(bn_buf *b, const char *name, const char *value)
{
	bn_buf_addf(b, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			bn_buf_adds(b, "\\n");
		else {
			if (*value == '\\' || *value == '"')
				bn_buf_addch(b, '\\');
			bn_buf_addch(b, *value);
		}
	}
	bn_buf_addch(b, '"');
}
