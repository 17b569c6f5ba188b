/* Any bytes as TensorBoard's event file: as they are, and as one record with right checksums. However they are cut, the
 * values are the same. */
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/exchange/event_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count_value(void *user, const bn_event_value *v, bn_err *err)
{
	(void)err;
	if (!v->tag || !v->what)
		abort();
	++*(size_t *)user;
	return 0;
}

static int count_session(void *user, const bn_event_session *s, bn_err *err)
{
	(void)s;
	(void)err;
	++*(size_t *)user;
	return 0;
}

static size_t feed(const uint8_t *bytes, size_t n)
{
	size_t count = 0, used = 0;
	const bn_event_sink sink = {count_value, count_session, &count};
	double first = 0;
	if (bn_event_file_feed(&used, bytes, n, &sink, &first, NULL) == 0 && used > n)
		abort();
	return count;
}

static void add_u32(bn_buf *b, const void *bytes, size_t n)
{
	uint32_t crc = bn_crc32c(0, bytes, n), mask = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
	for (int i = 0; i < 4; i++)
		bn_buf_addch(b, (char)(mask >> (8 * i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_buf record = BN_BUF_INIT;
	feed(data, size);
	for (int i = 0; i < 8; i++)
		bn_buf_addch(&record, (char)((uint64_t)size >> (8 * i)));
	add_u32(&record, record.ptr, 8);
	bn_buf_add(&record, data, size);
	add_u32(&record, data, size);
	feed((const uint8_t *)record.ptr, record.len);
	bn_buf_release(&record);
	return 0;
}
