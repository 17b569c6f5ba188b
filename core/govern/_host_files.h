/*
 * _host_files.h - a directory with one checked text file of each host, for memory.h and places.h.
 *
 * The directory lies in the user's state directory, perhaps on a file system that many hosts share. Each
 * host writes the file that has its name, and reads all. A file, version 1:
 *
 *	binnacle <kind> 1
 *	seen <inode> <bytes> <mtime ns> <host>    another host's file whose content is in here
 *	...                                       lines of the kind
 *	end <SHA-256 of all bytes before>
 *
 * So a file says whether it is whole; another version is not believed and never written over. What a host
 * has seen and found unchanged it does not read again: 500 hosts of one home cost a stat each.
 *
 * Writing: flock of "<host>.lock" (processes of one host wait for each other, hosts do not), read all
 * again, a new file beside ("<host>.<16 hex>.tmp"), fsync, rename, fsync of the directory. Leftovers of
 * killed processes are removed under the lock. Where the file system has no locks it is written without.
 *
 * Hosts come and go (containers have a new name each time), and their files stay: after writing, a host
 * removes others' files whose content it has, if more than BN_HOST_FILES_KEPT are there and those are a day
 * older than the newest; under their lock, and unless they changed.
 *
 * Believed is a regular file of this user that group and others may not write to, in directories
 * (binnacle/, trust/ and the one below) of which the same holds; no link is followed below the state
 * directory.
 */
#ifndef BN_GOVERN__HOST_FILES_H
#define BN_GOVERN__HOST_FILES_H
#include "core/base/dir.h"

#define BN_HOST_FILE_BYTES (32 << 20)
#define BN_HOST_NAME 65
#define BN_HOST_FILES_KEPT 64

typedef enum bn_host_file_state {
	BN_HOST_FILE_READ,    /* body is there */
	BN_HOST_FILE_COVERED, /* its content is in this host's own file */
	BN_HOST_FILE_BAD,     /* not believed: why, hint */
	BN_HOST_FILE_NEWER,   /* of a newer binnacle: why */
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

/* folder: "trust/<something>"; kind: a word, borrowed. Reads all files. What is wrong is a state; BN_ENOMEM. */
int bn_host_files_open(
	bn_host_files *f, const bn_env *env, const char *folder, const char *kind, bn_err *err);
/* The same for writing: makes the directories, and holds the lock until closed. BN_ECONFLICT when
 * another process keeps it; BN_EREFUSED for what is not believed. */
int bn_host_files_open_locked(
	bn_host_files *f, const bn_env *env, const char *folder, const char *kind, bn_err *err);
void bn_host_files_close(bn_host_files *f); /* after either, also after a failure */

/* Whether this host has to write although it has learned nothing: its own file is bad, or many files of
 * others are read each time. */
bool bn_host_files_are_stale(const bn_host_files *f);
/* Replaces this host's file; only when locked. Files in state READ and COVERED become `seen`. BN_EREFUSED when
 * it is a newer binnacle's. */
int bn_host_files_write(bn_host_files *f, const char *body, size_t n, bn_err *err);
/* Moves other hosts' files that are not believed aside, to "<host>.damaged", as far as that can be done; only
 * when locked, after writing. */
void bn_host_files_set_aside(bn_host_files *f);

/* Checks head and end of a file's text, and finds the body behind the `seen` lines. 0, BN_ECORRUPT, or
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
/* Adds a name, escaped; the other one reads it back: *out is yours. 0, BN_ECORRUPT, BN_ENOMEM. */
void bn_host_name_add(bn_buf *b, const char *name);
int bn_host_line_name(char **out, const bn_host_line *l, size_t i);

#endif
