/* embedded.c - see embedded.h; the data itself is generated. */
#include "core/base/embedded.h"

#include <string.h>

const bn_embedded_file *bn_embedded_get(const char *path)
{
	for (const bn_embedded_file *f = bn_embedded_files; f->path; f++)
		if (!strcmp(f->path, path))
			return f;
	return NULL;
}
