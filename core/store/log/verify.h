/*
 * verify.h - recomputing the log's checksums and hash chains, record by record.
 *
 * What a clean report means: for each writer, every record from the first on is there, is what its
 * CRC and its place in the SHA-256 chain say, and belongs to a file of the writer's own user. The
 * chain head in the report pins the whole history: written down elsewhere (a signed statement, a
 * mail), it later proves that nothing before it was changed, even by the files' owner.
 */
#ifndef BN_STORE_LOG_VERIFY_H
#define BN_STORE_LOG_VERIFY_H
#include "core/base/dir.h"
#include "core/base/progress.h"

#include <stdint.h>

typedef enum bn_fault_kind {
	BN_FAULT_DAMAGED,    /* checksum, lengths, sequence, clock or chain are wrong */
	BN_FAULT_MISSING,    /* a segment is not there */
	BN_FAULT_OVERLAP,    /* two segments hold the same record with different content */
	BN_FAULT_FOREIGN,    /* a segment's owner is not the directory's: its events are his */
	BN_FAULT_UNREADABLE, /* the file cannot be read */
	BN_FAULT_NEWER,      /* only a newer binnacle can read on */
	BN_FAULT_FORGED,     /* a signature is not its key's, or the key is not the writer's */
} bn_fault_kind;

typedef struct bn_log_fault {
	bn_fault_kind kind;
	char *writer, *file; /* file: name within the writer's directory; NULL for a missing one */
	uint64_t offset;     /* bytes from the start of the file to the first bad record */
	uint64_t seq;        /* sequence number of that record */
	char *what;
} bn_log_fault;

typedef struct bn_log_head {
	char *writer;
	uint64_t records, last_clock;
	char chain[65]; /* hash after the last good record, hex */
	bool is_open;   /* ends in open.seg, which may still grow */
} bn_log_head;

typedef struct bn_log_report {
	uint64_t segments, records, bytes;
	uint64_t
		torn; /* open.seg files that end within a record: a writer at work, or one that died
	                * before its commit; no fault */
	uint64_t verified;  /* signatures of records and trailers that hold */
	uint64_t unchecked; /* records and signatures in a form that this version does not know */
	bn_log_head *heads; /* one for each writer, by name */
	size_t head_count;
	bn_log_fault *faults; /* at most one of a kind for each segment */
	size_t fault_count;
} bn_log_report;

/* at: the workspace's handle (.binnacle); id: the workspace's, which signatures speak of; NULL: signatures are
 * checked elsewhere (whoever knows whose keys matter verifies no others). 0 when the
 * log could be looked at, faults or not. progress (may be NULL) hears of bytes, and not of how many there
 * are. Release the report, also after a failure. */
int bn_log_verify(bn_log_report *report, const bn_dir *at, const char *id,
	const bn_progress *progress, bn_err *err);
void bn_log_report_release(bn_log_report *report);
const char *bn_fault_kind_name(bn_fault_kind kind);

#endif
