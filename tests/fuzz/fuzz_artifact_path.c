/*
 * fuzz_artifact_path.c - any text as the path of an artifact: refused, or decoded to a path that leads nowhere else and
 * is not decoded further, with headers that hold no control characters.
 */
#include "core/api/artifact_path.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

static void check(const bn_api_artifact_path *p)
{
	size_t n = strlen(p->whole);
	must(bn_utf8_is_valid(p->whole, n) && p->whole[0] != '/');
	for (const char *s = p->whole; *s; s += strcspn(s, "/"), s += *s == '/')
		must(strcspn(s, "/") != 2 || s[0] != '.' || s[1] != '.');
	must(p->owner == BN_API_OF_NOTHING ? !p->path[0] && !p->id[0]
					   : strstr(p->whole, p->id) != NULL);
	must(!p->path[0] || (p->path > p->whole && p->path < p->whole + n));
	bn_buf header = BN_BUF_INIT;
	bn_api_add_disposition(&header, p->whole);
	must(!header.failed && bn_api_media_type(p->whole)[0] != '\0');
	for (size_t i = 0; i < header.len; i++)
		must((unsigned char)header.ptr[i] >= 32 && (unsigned char)header.ptr[i] < 127);
	bn_buf_release(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_wire_fault fault = {BN_API_OK, BN_BUF_INIT};
	bn_api_artifact_path p;
	char *text = bn_strndup((const char *)data, size);
	if (!text)
		return 0;
	if (bn_api_path_parse(&p, text, &fault) < 0) {
		must(fault.code == BN_API_INVALID_PARAMETER_VALUE && fault.message.len > 0);
	} else {
		check(&p);
		if (bn_api_path_check_file(&p, &fault) == 0)
			must(p.path[0] && p.path[0] != '/' && p.path[strlen(p.path) - 1] != '/');
	}
	bn_api_path_release(&p);
	bn_buf_release(&fault.message);
	bn_free(text);
	return 0;
}
