/* Any bytes as W&B's log: whole and byte by byte they give the same records; and as one record with a right checksum. */
#include "core/exchange/wandb_log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *user, const bn_wandb_record *r, bn_err *err)
{
	(void)err;
	if (!json_is_object(r->update) || !json_is_object(r->run))
		abort();
	++*(size_t *)user;
	return 0;
}

static size_t feed(const uint8_t *bytes, size_t n, size_t step)
{
	bn_wandb_reader r;
	size_t records = 0;
	bn_wandb_reader_init(&r);
	for (size_t i = 0; i < n; i += step)
		if (bn_wandb_feed(
			    &r, bytes + i, n - i < step ? n - i : step, count, &records, NULL) < 0)
			break;
	bn_wandb_reader_release(&r);
	return records;
}

static void wrap(const uint8_t *data, size_t size)
{
	uint8_t *log = malloc(size + 14);
	uint32_t crc = 0xffffffffu;
	if (!log)
		return;
	memcpy(log, ":W&B\xe1\xbe\0", 7);
	memcpy(log + 14, data, size);
	log[11] = (uint8_t)size;
	log[12] = (uint8_t)(size >> 8);
	log[13] = 1;
	for (size_t i = 13; i < size + 14; i++) {
		crc ^= log[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? 0xedb88320u ^ crc >> 1 : crc >> 1;
	}
	crc = ~crc;
	for (int i = 0; i < 4; i++)
		log[7 + i] = (uint8_t)(crc >> (8 * i));
	feed(log, size + 14, size + 14);
	free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 << 16)
		return 0;
	if (feed(data, size, size ? size : 1) != feed(data, size, 1))
		abort();
	if (size < 32000)
		wrap(data, size);
	return 0;
}
