/*
 * verify.h - recomputing the log's checksums and hash chains, record by record.
 *
 * A clean report means: for each writer, every record from the first on is present, matches its
 * CRC and its place in the SHA-256 chain, and is in a file owned by the writer's user. The chain
 * head in the report pins the whole history: written down elsewhere (a signed statement, a mail),
 * it later proves that nothing before it was changed, not even by the files' owner.
 */
#ifndef BN_STORE_LOG_VERIFY_H
#define BN_STORE_LOG_VERIFY_H
#include "core/base/dir.h"
#include "core/base/progress.h"

#include <stdint.h>

typedef enum bn_fault_kind {
	BN_FAULT_DAMAGED, /* checksum, lengths, sequence, clock or chain are wrong */
	BN_FAULT_MISSING, /* a segment is not there */
	BN_FAULT_OVERLAP, /* two segments hold the same record with different content */
	BN_FAULT_FOREIGN, /* a segment's owner is not the directory's: its events count as that owner's */
	BN_FAULT_UNREADABLE, /* the file cannot be read */
	BN_FAULT_NEWER,      /* only a newer binnacle can read further */
	BN_FAULT_FORGED,     /* a signature is bad, or its key is not the writer's */
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
	                * before its commit; not a fault */
	uint64_t verified;  /* valid signatures of records and trailers */
	uint64_t unchecked; /* records and signatures in a form unknown to this version */
	bn_log_head *heads; /* one for each writer, by name */
	size_t head_count;
	bn_log_fault *faults; /* at most one of a kind for each segment */
	size_t fault_count;
} bn_log_report;

/* at: the workspace's handle (.binnacle); id: the workspace's, covered by signatures; NULL: signatures are
 * checked elsewhere (by code that knows which keys matter). 0 if the log could be read, with or without
 * faults. progress (may be NULL) gets bytes without a total. Release the report, also after a failure. */
int bn_log_verify(bn_log_report *report, const bn_dir *at, const char *id,
	const bn_progress *progress, bn_err *err);
void bn_log_report_release(bn_log_report *report);
const char *bn_fault_kind_name(bn_fault_kind kind);

#endif
