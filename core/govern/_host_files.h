/*
 * _host_files.h - a directory with one checksummed text file per host, for memory.h and places.h.
 *
 * The directory is in the user's state directory, which may be shared by many hosts. Each host writes
 * the file with its name, and reads all. A file, version 1:
 *
 *	binnacle <kind> 1
 *	seen <inode> <bytes> <mtime ns> <host>    another host's file whose content is included here
 *	...                                       lines of the kind
 *	end <SHA-256 of all bytes before>
 *
 * So a truncated file is detected; a file of another version is ignored and never overwritten. A host
 * does not reread what it has seen unchanged: 500 hosts sharing a home cost a stat each.
 *
 * Writing: flock of "<host>.lock" (processes of one host wait for each other, hosts do not), read all
 * files again, write a new file beside ("<host>.<16 hex>.tmp"), fsync, rename, fsync of the directory.
 * Leftovers of killed processes are removed under the lock. If the file system has no locks, it is
 * written without one.
 *
 * Hosts disappear (containers have a new name each time), but their files stay: after writing, a host
 * removes other hosts' files whose content it has, if there are more than BN_HOST_FILES_KEPT and these are
 * a day older than the newest; under their lock, and unless they changed.
 *
 * A file is trusted if it is a regular file owned by this user and not writable by group or others,
 * in directories (binnacle/, trust/ and the one below) for which the same holds; no link is followed
 * below the state directory.
 */
#ifndef BN_GOVERN__HOST_FILES_H
#define BN_GOVERN__HOST_FILES_H
#include "core/base/dir.h"

#define BN_HOST_FILE_BYTES (32 << 20)
#define BN_HOST_NAME 65
#define BN_HOST_FILES_KEPT 64

typedef enum bn_host_file_state {
	BN_HOST_FILE_READ,    /* body is there */
	BN_HOST_FILE_COVERED, /* its content is in this host's file */
	BN_HOST_FILE_BAD,     /* not trusted: why, hint */
	BN_HOST_FILE_NEWER,   /* from a newer binnacle: why */
} bn_host_file_state;

typedef struct bn_host_file {
	char host[BN_HOST_NAME];
	bn_host_file_state state;
	bool own;
	bn_buf text;
	const char *body; /* n bytes within text */
	size_t n;
	uint64_t inode, bytes;
	int64_t mtime_ns;
	bn_err why;
} bn_host_file;

typedef enum bn_host_files_state {
	BN_HOST_FILES_ABSENT, /* no such directory */
	BN_HOST_FILES_THERE,
	BN_HOST_FILES_UNREADABLE, /* no home, or the system cannot tell: why */
	BN_HOST_FILES_DISTRUSTED, /* a directory that others may write to, another user's, a link: why */
} bn_host_files_state;

typedef struct bn_host_files {
	const bn_env *env;
	const char *kind;
	char own[BN_HOST_NAME];
	bn_host_files_state state;
	bn_err why;
	bn_dir *dir; /* NULL unless THERE */
	bn_host_file *items;
	size_t count, cap;
	int lock; /* file descriptor, -1 without */
} bn_host_files;

/* folder: "trust/<something>"; kind: a word, borrowed. Reads all files. Problems are states, not errors;
 * BN_ENOMEM. */
int bn_host_files_open(
	bn_host_files *f, const bn_env *env, const char *folder, const char *kind, bn_err *err);
/* The same for writing: creates the directories, and holds the lock until closed. BN_ECONFLICT if
 * another process keeps it; BN_EREFUSED for a directory that is not trusted. */
int bn_host_files_open_locked(
	bn_host_files *f, const bn_env *env, const char *folder, const char *kind, bn_err *err);
void bn_host_files_close(bn_host_files *f); /* after either, also after a failure */

/* Whether this host must write although it has learned nothing new: its own file is bad, or many files
 * of others are read each time. */
bool bn_host_files_are_stale(const bn_host_files *f);
/* Replaces this host's file; only when locked. Files in state READ and COVERED become `seen`. BN_EREFUSED if a
 * newer binnacle wrote it. */
int bn_host_files_write(bn_host_files *f, const char *body, size_t n, bn_err *err);
/* Renames other hosts' untrusted files to "<host>.damaged", as far as possible; only when locked, after
 * writing. */
void bn_host_files_set_aside(bn_host_files *f);

/* Checks head and end of a file's text, and finds the body after the `seen` lines. 0, BN_ECORRUPT, or
 * BN_EUNSUPPORTED for another version. */
int bn_host_file_check(const char **body, size_t *body_n, const char *kind, const char *text,
	size_t n, bn_err *err);
/* The text of a file with that body. */
void bn_host_file_finish(bn_buf *text); /* adds the end line */

/* ---- lines ---------------------------------------------------------------------------------- */

#define BN_HOST_FIELDS 8

/* Words of a line, with one space between. */
typedef struct bn_host_line {
	const char *at[BN_HOST_FIELDS];
	size_t len[BN_HOST_FIELDS];
	size_t count;
} bn_host_line;

/* Takes the next line. 1, 0 at the end, BN_ECORRUPT (no newline, an empty word, too many). */
int bn_host_line_next(bn_host_line *l, const char **at, const char *end);
bool bn_host_line_is(const bn_host_line *l, const char *word, size_t fields);
bool bn_host_line_number(const bn_host_line *l, size_t i, int64_t most, int64_t *out);
bool bn_host_line_hex(const bn_host_line *l, size_t i, uint8_t out[32]);
/* Adds an escaped name, and reads one back (the caller frees *out): 0, BN_ECORRUPT, BN_ENOMEM. */
void bn_host_name_add(bn_buf *b, const char *name);
int bn_host_line_name(char **out, const bn_host_line *l, size_t i);

#endif
