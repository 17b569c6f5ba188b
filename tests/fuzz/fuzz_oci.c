/* Any bytes as a manifest and as an index: an error with a message, or a document that is written back to the
 * same. */
#include "core/package/oci.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const bn_buf *a, const bn_buf *b)
{
	if (a->len != b->len || memcmp(a->ptr, b->ptr, a->len) != 0)
		abort();
}

static void as_manifest(const char *text, size_t n)
{
	bn_oci_manifest m, again;
	bn_buf first = BN_BUF_INIT, second = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	if (bn_oci_manifest_parse(&m, text, n, "fuzz", &err)) {
		if (!err.msg[0])
			abort();
		return;
	}
	for (size_t i = 0; i < m.layer_count; i++)
		if (!bn_oci_digest_is_valid(m.layers[i].digest))
			abort();
	if (bn_oci_manifest_format(&first, &m, &err) ||
		bn_oci_manifest_parse(&again, first.ptr, first.len, "again", &err) ||
		bn_oci_manifest_format(&second, &again, &err))
		abort();
	same(&first, &second);
	bn_buf_release(&first);
	bn_buf_release(&second);
	bn_oci_manifest_release(&m);
	bn_oci_manifest_release(&again);
}

static void as_index(const char *text, size_t n)
{
	bn_oci_index x;
	const bn_oci_index_entry *e;
	bn_buf out = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	if (bn_oci_index_parse(&x, text, n, "fuzz", &err)) {
		if (!err.msg[0])
			abort();
		return;
	}
	if (!bn_oci_index_pick(&e, &x, NULL, "fuzz", &err) &&
		!bn_oci_digest_is_valid(e->manifest.digest))
		abort();
	bn_err_clear(&err);
	bn_oci_index_format(&out, &x, &err); /* a text of it may be no UTF-8 when it is cut off */
	bn_buf_release(&out);
	bn_oci_index_release(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_manifest((const char *)data, size);
	as_index((const char *)data, size);
	return 0;
}
