/*
 * archive.h - a workspace, or what belongs to one model, as one file that can be carried elsewhere.
 *
 * An archive is a tar file (core/package/tar.h) without compression, since what it holds is mostly numbers that compress
 * badly and scratch file systems are faster than zlib. Its first entry lists the others:
 *
 *	MANIFEST                      a line "binnacle-archive 1", a line of canonical JSON (the header below), a line
 *	                              "SHA256 BYTES PATH" for each entry in the order of the archive, a line "sha256 HEX":
 *	                              of all text before it
 *	claims/model/power/1 ...      numbers that are taken
 *	left-out                      core/store/copy.h: objects that the log names and this archive lacks; absent: none
 *	log/WRITER/FIRST-LAST.seg, log/WRITER/open.seg
 *	objects/ab/cdef...            by their SHA-256
 *	private/objects/HASH, private/runs/ID/PATH
 *	                              of the user who exported it, if he asked for them
 *	runs/ID/PATH                  what a run left in its directory
 *
 *	header  {"closure": "power/1" (of one model; absent: the whole workspace), "created_ms", "entries", "bytes",
 *	         "left_out": [words], "program": version, "uids": [owners of the log's files],
 *	         "workspace": {"id", "format", "chain", "founding"}}
 *
 * Entries are in order of their paths, each once. A reader accepts exactly the listed entries, of exactly those bytes.
 *
 * The whole log goes with every archive, that of one model too: segments are chained and cannot be cut without losing
 * what they prove (governance.md says what this discloses). What one model saves is the objects and directories of
 * everything else. Objects that only removed rows name stay behind, and so do queues, trash, temporary files, the keys and
 * secrets of users (none of which lie in a workspace), and links and special files in directories of runs.
 *
 * A live workspace. Others may write meanwhile. The log is taken first: sealed segments by name, of an open one the whole
 * records that are in it, in one moment if there is one in which nothing is written. Objects come after the log: what the
 * log names was stored before it was named. Of a run that is not over only its output goes, as long as it is then.
 *
 * Leaving. bn_protect_may_leave decides for the destination BN_PROTECT_EXPORT (core/data/protect.h); of a workspace, versions that may
 * not leave are left out and named, and a model whose data may not leave is refused. Personal data needs a reason. The
 * export is an event (export_log.h), written before the first byte leaves, so that it is in the archive too.
 *
 * Import makes a new workspace of the same id; it never adds to one. It is the same workspace to a reader's memory
 * (core/govern/memory.h): a copy that lacks what was seen is noticed. Writers of the copy take slots of their own numbers
 * (core/store/copy.h), so that work in both never makes two histories of one writer. Nothing is believed: the bytes are
 * those of the archive, and `trust` and `audit verify` judge them as in any directory.
 */
#ifndef BN_ARCHIVE_ARCHIVE_H
#define BN_ARCHIVE_ARCHIVE_H
#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/progress.h"
#include "core/store/workspace.h"

/* ---- export --------------------------------------------------------------------------------- */

typedef struct bn_archive_options {
	const char *model;  /* NULL: the whole workspace; a version's name (bn_version_get) */
	const char *path;   /* of the file; "-": standard output */
	const char *reason; /* why personal data leaves; NULL: none was given */
	bool private_too;   /* what only this user can read here */
	bool force;         /* replace a file */
	bool dry_run;       /* count, and write nothing */
	const bn_progress *progress;
} bn_archive_options;

typedef struct bn_archive_report {
	char id[BN_UUID_TEXT]; /* of the workspace */
	char *closure;         /* "power/1"; NULL: the whole workspace */
	uint64_t entries, bytes; /* without the manifest */
	uint64_t objects, object_bytes, segments, log_bytes, runs;
	uint64_t objects_left; /* that the log names and the archive lacks */
	bn_names left_out;     /* words: what stayed behind, and why */
	uint64_t log_faults;   /* import: of the log as it was exported */
	int64_t created_ms;    /* import: when it was exported */
} bn_archive_report;

void bn_archive_report_release(bn_archive_report *r);

/* BN_ECONFLICT: the file exists, or something changed under the hands; BN_EREFUSED: protected data (the hint says what
 * would allow it); BN_ENOTFOUND: no such model. Release *out also after an error. */
int bn_archive_export(
	bn_archive_report *out, bn_workspace *ws, const bn_archive_options *o, bn_err *err);

/* ---- import --------------------------------------------------------------------------------- */

typedef struct bn_archive_target {
	const char *dir; /* which gets .binnacle; made if it is missing */
	bn_access access;
	gid_t group; /* of BN_ACCESS_GROUP */
	const bn_progress *progress;
} bn_archive_target;

/* path: "-" is standard input. The workspace appears whole or not at all; a killed import leaves at most
 * DIR/.binnacle.HEX.tmp. BN_ECONFLICT: there is a workspace already. BN_ECORRUPT names the damaged entry. BN_EINVAL: not
 * an archive, or an entry that none may have. BN_EUNSUPPORTED: of a newer binnacle. */
int bn_archive_import(bn_archive_report *out, const bn_env *env, const char *path,
	const bn_archive_target *to, bn_err *err);

#endif
