/*
 * segment.h - reading a segment file sequentially, and parsing its name.
 *
 * The reader holds one window of the file in memory (at least one record), so a segment of any
 * size costs little. It checks what can be checked without the chain (CRC, sequence without gaps,
 * rising clock) and, if requested, the chain as well. It never trusts a length from the file.
 */
#ifndef BN_STORE_LOG_SEGMENT_H
#define BN_STORE_LOG_SEGMENT_H
#include "core/base/dir.h"
#include "core/store/log/record.h"

#include <stdbool.h>

#define BN_SEGMENT_OPEN "open.seg"
#define BN_SEGMENT_NAME 64

/* "0000000001-0000000093.seg" */
void bn_segment_name(char name[BN_SEGMENT_NAME], uint64_t first, uint64_t last);
/* False unless name is one of a sealed segment. */
bool bn_segment_parse_name(const char *name, uint64_t *first, uint64_t *last);
/* Names of the sealed segments in directory dir below at, in order of first, then widest first;
 * *has_open may be NULL. All of them are valid for bn_segment_parse_name. */
int bn_segment_list(
	const bn_dir *at, const char *dir, bn_names *segments, bool *has_open, bn_err *err);

/* Renames the open file fd from `from` to `to`. Over NFS the reply may be lost and the retry fail
 * with ENOENT, or the connection may break after the server did the work: then the call checks
 * the file at `to`, and succeeds if that is fd. *unclear (may be NULL) after a failure: the file
 * may have either name. */
int bn_segment_rename(
	const bn_dir *at, int fd, const char *from, const char *to, bool *unclear, bn_err *err);

typedef enum bn_segment_end {
	BN_SEGMENT_MORE,     /* not at the end yet */
	BN_SEGMENT_UNSEALED, /* ended after a whole record, without a trailer */
	BN_SEGMENT_SEALED,   /* ended with a good trailer and nothing after it */
	BN_SEGMENT_TORN,     /* at `at` the file ends within a record */
	BN_SEGMENT_BAD,      /* at `at` is something other than the next record */
	BN_SEGMENT_NEWER,    /* at `at` is a record that only a newer binnacle can read past */
} bn_segment_end;

typedef struct bn_segment {
	const bn_dir *dir; /* borrowed */
	const bn_env *env;
	char *name; /* below dir */
	char *path; /* for messages */
	int fd;
	uid_t uid;      /* who owns the file */
	uint64_t inode; /* with device: identifies the file */
	uint64_t device;
	bn_seg_header header;
	uint64_t header_size;
	uint64_t at;                    /* file offset after the last good record */
	uint64_t last_at;               /* file offset of the last good record */
	uint64_t last_seq;              /* header.first_seq - 1 before the first record */
	uint64_t last_clock;            /* 0 before the first record */
	uint32_t last_crc;              /* header.prev_crc before the first record */
	bn_hasher *hasher;              /* not NULL: check the chain */
	uint8_t chain[BN_SHA256_BYTES]; /* chain hash after the last good record, if checked */
	uint8_t chain_before[BN_SHA256_BYTES]; /* before that record, likewise */
	uint64_t trusted_seq;                  /* bn_segment_trust */
	uint8_t trusted_chain[BN_SHA256_BYTES];
	bn_segment_end end;
	bool garbled;           /* BAD because of a checksum or length, as after a torn write */
	const char *fault;      /* why BN_SEGMENT_BAD or NEWER; static */
	bn_seg_trailer trailer; /* if SEALED; its signature is valid until the next call */
	uint8_t *window;
	size_t window_cap, window_len, window_pos;
	uint64_t window_at; /* file offset of window[0] */
	uint8_t *tail;      /* of bn_segment_read_trailer */
} bn_segment;

/* Opens the regular file `name` below dir and reads the header. BN_ENOTFOUND when it is gone (merged or
 * sealed meanwhile), BN_ECORRUPT if it has no valid header or is not a regular file, BN_EREFUSED for a
 * link. After a failure there is nothing to close. */
int bn_segment_open(
	bn_segment *s, const bn_dir *dir, const char *name, bool check_chain, bn_err *err);
void bn_segment_close(bn_segment *s); /* safe on a zeroed struct */
/* 1: the next event record is in *r (valid until the next call); 0: none, s->end says why;
 * negative: the file cannot be read. After BN_SEGMENT_UNSEALED or TORN a later call tries
 * again. */
int bn_segment_next(bn_segment *s, bn_record *r, bn_err *err);
/* Continues after an already known record: the next one must start at offset `at`. */
void bn_segment_seek(
	bn_segment *s, uint64_t at, uint64_t last_seq, uint64_t last_clock, uint32_t last_crc);
/* With chain checking: the records up to seq were already checked, and chain is the hash after them.
 * They are read without hashing, and the chain continues from there. */
void bn_segment_trust(bn_segment *s, uint64_t seq, const uint8_t chain[BN_SHA256_BYTES]);
/* Reads only the trailer of a sealed segment. BN_ECORRUPT if there is none. The trailer's
 * signature is borrowed from s until the next such call. */
int bn_segment_read_trailer(bn_segment *s, bn_seg_trailer *t, bn_err *err);

#endif
