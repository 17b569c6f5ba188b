/* forged_log.c - see forged_log.h. */
#include "tests/support/forged_log.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/log/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bn_err err = BN_ERR_INIT;

static void must(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "forged log: %s: %s\n", what, err.msg);
	abort();
}

void forged_begin(forged_log *l, const char *workspace, const char *writer, int64_t ms)
{
	*l = (forged_log){.records = BN_BUF_INIT};
	snprintf(l->workspace, sizeof l->workspace, "%s", workspace);
	snprintf(l->writer, sizeof l->writer, "%s", writer);
	l->tip.clock = (uint64_t)(ms - 1) << BN_CLOCK_SHIFT;
	bn_chain_start(l->tip.chain, writer);
	l->start = l->tip;
	must(bn_hasher_new(&l->hasher, &err), "a hasher");
}

void forged_branch(forged_log *out, const forged_log *of)
{
	*out = *of;
	out->records = (bn_buf)BN_BUF_INIT;
	bn_buf_add(&out->records, of->records.ptr, of->records.len);
	must(bn_hasher_new(&out->hasher, &err), "a hasher");
}

void forged_end(forged_log *l)
{
	bn_buf_release(&l->records);
	bn_hasher_free(l->hasher);
}

static bn_record_head next_head(const forged_log *l, const char *kind, const char *entity)
{
	return (bn_record_head){.type = BN_RECORD_JSON,
		.seq = l->tip.seq + 1,
		.clock = l->tip.clock + (1u << BN_CLOCK_SHIFT),
		.chain = l->tip.chain,
		.kind = kind,
		.entity = entity};
}

/* The record in the buffer from `at` on was added. */
static void step(forged_log *l, size_t at, uint32_t crc)
{
	must(bn_buf_check(&l->records, &err, "records"), "a record");
	bn_chain_add(l->tip.chain, l->hasher, l->records.ptr + at, l->records.len - at);
	l->tip.seq++;
	l->tip.clock += 1u << BN_CLOCK_SHIFT;
	l->tip.crc = crc;
}

void forged_add(forged_log *l, const char *kind, const char *entity, const char *payload)
{
	size_t at = l->records.len;
	bn_record_head h = next_head(l, kind, entity);
	step(l, at, bn_record_encode(&l->records, &h, payload, strlen(payload)));
}

void forged_sign(forged_log *l, const bn_signer *signer, const uint8_t *epoch, const char *kind,
	const char *entity, const char *payload)
{
	uint32_t crc = 0;
	size_t at = l->records.len;
	bn_record_head h = next_head(l, kind, entity);
	const bn_log_identity who = {l->workspace, l->writer};
	must(bn_sign_record(
		     &l->records, &crc, signer, &who, &h, epoch, payload, strlen(payload), &err),
		"a signed record");
	step(l, at, crc);
}

void forged_add_block(forged_log *l, const bn_signature *block, const char *kind,
	const char *entity, const char *payload)
{
	size_t at = l->records.len;
	bn_record_head h = next_head(l, kind, entity);
	bn_buf one = BN_BUF_INIT; /* the block may be in the records themselves, which move */
	uint32_t crc = bn_record_encode_signed(&one, &h, block, payload, strlen(payload));
	bn_buf_add(&l->records, one.ptr, one.len);
	bn_buf_release(&one);
	step(l, at, crc);
}

void forged_card(forged_log *l, const bn_signer *signer)
{
	char *entity = bn_strf("writer/%s", l->writer);
	forged_sign(l, signer, NULL, BN_WRITER_OPENED, entity,
		"{\"host\":\"forge\",\"uid\":1000,\"user\":\"mal\"}");
	bn_free(entity);
}

void forged_write(forged_log *l, const toy_dir *d, const char *name, const void *bytes, size_t n)
{
	bn_buf file = BN_BUF_INIT;
	bn_seg_header h = {.first_seq = l->start.seq + 1, .prev_crc = l->start.crc};
	snprintf(h.writer, sizeof h.writer, "%s", l->writer);
	snprintf(h.host, sizeof h.host, "forge");
	snprintf(h.boot, sizeof h.boot, "00000000");
	memcpy(h.chain, l->start.chain, sizeof h.chain);
	bn_seg_header_encode(&file, &h);
	bn_buf_add(&file, bytes, n);
	char *dir = bn_strf("%s/.binnacle/log/%s", d->path, l->writer);
	char *path = bn_path_join(dir, name);
	mkdir(dir, 0755);
	must(bn_fs_write_file(bn_env_real(), path, file.ptr, file.len, 0644, &err), path);
	bn_free(dir);
	bn_free(path);
	bn_buf_release(&file);
	bn_buf_clear(&l->records);
	l->start = l->tip;
}

void forged_seal(forged_log *l, const toy_dir *d, const bn_signer *signer)
{
	char name[BN_SEGMENT_NAME];
	bn_buf all = BN_BUF_INIT;
	const bn_log_identity who = {l->workspace, l->writer};
	bn_seg_trailer t = {.count = l->tip.seq - l->start.seq,
		.last_seq = l->tip.seq,
		.last_clock = l->tip.clock,
		.last_crc = l->tip.crc};
	memcpy(t.chain, l->tip.chain, sizeof t.chain);
	bn_buf_add(&all, l->records.ptr, l->records.len);
	if (signer)
		must(bn_sign_trailer(&all, signer, &who, &t, &err), "a signed trailer");
	else
		bn_record_encode_trailer(&all, &t);
	bn_segment_name(name, l->start.seq + 1, l->tip.seq);
	forged_write(l, d, name, all.ptr, all.len);
	bn_buf_release(&all);
}
