/*
 * Any bytes as the listing of a pushed model: an error with a message, or a listing whose files lie inside of the
 * folder, whose digest follows from them, and that is written back to the same bytes.
 */
#include "core/ci/model_listing.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_files(const bn_model_listing *l)
{
	char name[BN_MODEL_FILE_NAME];
	for (size_t i = 0; i < l->files.count; i++) {
		const bn_manifest_part *p = &l->files.parts[i];
		if (!*p->path || *p->path == '/' || strstr(p->path, "../"))
			abort();
		bn_model_file_name(name, p->path, p->hash);
		if (!*name || strpbrk(name, "/%?# ") || !strcmp(name, BN_MODEL_LISTING_FILE))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_model_listing l, again;
	bn_buf text = BN_BUF_INIT, back = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	if (bn_model_listing_parse(&l, (const char *)data, size, "fuzz", &err) < 0) {
		if (!err.msg[0])
			abort();
		return 0;
	}
	check_files(&l);
	if (bn_model_listing_format(&text, &l, &err) < 0 ||
		bn_model_listing_parse(&again, text.ptr, text.len, "again", &err) < 0 ||
		bn_model_listing_format(&back, &again, &err) < 0 || text.len != back.len ||
		memcmp(text.ptr, back.ptr, text.len) != 0 ||
		strcmp(l.files.content, again.files.content) != 0)
		abort();
	bn_buf_release(&text);
	bn_buf_release(&back);
	bn_model_listing_release(&l);
	bn_model_listing_release(&again);
	return 0;
}
