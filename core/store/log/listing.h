/*
 * listing.h - the content of log/: the writers, their segments, and how far each is folded.
 *
 * If nothing changed, a scan costs a stat of log/ and one per writer: log/ and a writer's directory are listed
 * again only if their modification time changed (or is too recent: two changes within one clock tick look alike),
 * or after half a minute. On a parallel file system each of these calls is a round trip to its server.
 * That costs a stat of each segment, of which merge.c leaves a few dozen as a rule. Of a log of many gigabytes there are
 * more: then only the newest and some others, in turn, are looked at, and the others are taken to be the files that
 * they were (by the listing before, or by what `known` says), as long as the names have grown by new ones. A file that
 * its owner replaced is noticed when its turn comes; proofs read every byte anyway.
 */
#ifndef BN_STORE_LOG_LISTING_H
#define BN_STORE_LOG_LISTING_H
#include "core/store/log/segment.h"

typedef struct bn_log_range {
	uint64_t first, last;
	/* Identity and change time of the file: its owner may have replaced it. */
	uint64_t inode;
	int64_t changed_ns;
} bn_log_range;

typedef struct bn_log_writer {
	char *name, *dir;     /* dir: below the workspace's handle, "log/<name>" */
	uid_t uid;            /* owner of the directory */
	bn_log_range *sealed; /* by first, widest first */
	size_t sealed_count, sealed_cap;
	bool has_open;
	bool seen; /* seen in the current scan */

	/* the listing */
	int64_t mtime_ns, listed_ns;
	bool settled;
	size_t turn; /* the segment to be looked at next */
	const struct bn_log *of;
	uint64_t open_size, open_inode; /* state of open.seg at the last stat */
	int64_t open_mtime_ns;

	/* fold state: mirrors table index_tail */
	uint64_t seq, clock, pinned;
	uint64_t mirrored; /* seq before the table was reread */
	uint32_t crc;
	uint8_t chain[BN_SHA256_BYTES]; /* the hash after record seq */
	uint64_t
		compared; /* digest of the names of the segments that were compared with what was folded */
	uint64_t contradicts; /* digest of all names when its history was found not to continue */
	uint64_t hint_inode, hint_at, hint_seq; /* record hint_seq of that open.seg starts there */
	uint64_t folded_size;                   /* size of open.seg when it was folded to its end */
	uint64_t folded_inode;
	bool stuck; /* a gap or fault; check again only when the listing has changed */
	bool damaged; /* stuck, but not for lack of permission, of a newer program or of a working disk */
	char host[72];   /* as in a segment's header */
	char fault[160]; /* why it is stuck, or "" */
} bn_log_writer;

typedef struct bn_log {
	bn_log_writer *items; /* by name */
	size_t count, cap;
	bool lost; /* an existing writer has disappeared */
	/* log/ itself: its handle from the last listing (NULL: none yet), and what it was then. */
	bn_dir *dir;
	uint64_t inode, device;
	int64_t mtime_ns, listed_ns;
	bool settled;
	/* Fills in the identity of a segment (first, last) from an earlier process; false: not known. NULL: none is. */
	bool (*known)(void *ctx, const char *writer, bn_log_range *r);
	void *known_ctx;
} bn_log;

void bn_log_release(bn_log *log);
/* at: the workspace's handle. */
int bn_log_scan(bn_log *log, const bn_dir *at, bn_err *err);
/* Lists one writer's directory again, regardless of its modification time. */
int bn_log_relist(bn_log_writer *w, const bn_dir *at, bn_err *err);
bn_log_writer *bn_log_find(bn_log *log, const char *name);
/* The sealed segment that contains seq and reaches furthest; NULL if there is none. */
const bn_log_range *bn_log_cover(const bn_log_writer *w, uint64_t seq);
/* Digest of the names and identities of the sealed segments that start at or before `upto`. 0 for none. */
uint64_t bn_log_names_digest(const bn_log_writer *w, uint64_t upto);
uint64_t bn_log_sealed_end(const bn_log_writer *w); /* last sealed sequence number, 0 for none */

#endif
