/*
 * memory.h - a reader's memory of a workspace, which detects an old state presented as the newest, or
 * another history presented as the same (design: rule 10).
 *
 * Per workspace id: the newest link of the chain of authority with the ids of those before it, how far the
 * logs of writers with signed records reached, and how the first use was confirmed. The paths of
 * workspaces are in places.h, invitations in pin.h; bn_memory_judge uses all three.
 *
 * Memory stops a reader; it never changes a row.
 *
 * Location: $XDG_STATE_HOME/binnacle/trust/<workspace id>/<host>, one file per host (_host_files.h:
 * format, lock, which are trusted). Directories 0700, files 0600. All hosts' files are read and merged by
 * maximum, and a host writes only its own, so that a home shared by many hosts needs no lock between
 * them.
 *
 * A file, version 1, after the head that _host_files.h describes; in names, bytes other than printable
 * ASCII, spaces and '%' are escaped (%20):
 *
 *	id <workspace id>
 *	generation <n>
 *	first <by> <unix ms> <words>              how the first use was confirmed; absent: not confirmed
 *	link <n> <id>                             of the chain, ascending; the last is the newest
 *	beside <n> <id>                           a link that a host remembers and that is not on that chain
 *	head <since> <seq> <chain hash> <key> acts|cards <writer>
 *
 * Invariants
 *  1. Nothing is written that the caller has not verified or that contradicts the memory: learning judges
 *     again, against the files as they are under the lock. A diverging chain or a replaced log is never
 *     learned, however often it is seen; so an alarm persists until a person accepts (an alarm that
 *     overwrites its own memory is worse than none).
 *  2. Merging takes maxima: only the higher generation; of two chains, if one continues the other, the
 *     longer; of a writer's heads the one with the higher (since, seq). Two diverging chains are both kept
 *     (`beside`): a stop. The order in which files are merged does not matter, no clock is compared, and a
 *     host with a wrong clock does no harm.
 *  3. generation: `accept` and `forget` write a higher one, so that older files of other hosts no longer
 *     count, even if those hosts are down.
 *  4. A kill, a full disk or quota, or a lost reply at any change of the disk leaves a file in its old
 *     or its new state. What learn reported as done is durable.
 *  5. since: the number of the newest `restored` link that was known with a head. A restored link, whose
 *     horizon may be lower, settles the loss of all heads remembered before it.
 *
 * Bounds: a member can write anything into his log, which must neither inflate a reader's memory nor
 * displace other entries. A key's heads are BN_MEMORY_HEADS_PER_KEY at most and BN_MEMORY_HEADS in all;
 * further writers are left out (and counted), existing ones are kept. Link 0 and the newest
 * BN_MEMORY_LINKS links are kept.
 *
 * What happens when
 *	no file of this id           first use: an invitation (pin.h) or the user confirms it, else reading only
 *	the home cannot be written   reading and signing continue; learn fails with a message for the user
 *	no home, home unreadable     as first use, with a message; an invitation confirms it
 *	another process writes       learn waits BN_MEMORY_WAIT_MS, then fails with BN_ECONFLICT: go on
 *	locks unsupported there      written without; two processes of a host may lose what one learned
 *	a host's file is damaged     others are used, with a warning; this host's own is rewritten
 *	all are damaged, of another  a stop (not a first use), until a person accepts
 *	  user, links, or others may
 *	  write to them or to the
 *	  directory
 *	made by a newer binnacle     that file is not used, and not overwritten; if all are: a stop
 *	the workspace has no chain   one that had a chain is behind; one that had none is judged by its path,
 *	                             and is not a first use
 *
 * Runs end all the time, and each moves a head of cards and seals. Such heads are written together with
 * more important changes (a link, a head of acts, a first use), or when this host's file is older than
 * BN_MEMORY_CARDS_MS; so reading a busy workspace does not write at each command.
 *
 * Order: first load the memory, then read the workspace (refresh the index), then judge. The other way round,
 * a process that learns in between would make a valid view look outdated.
 *
 * The functions take no lock while they read. A bn_memory is used by one thread and is not changed by
 * learning: reload it.
 */
#ifndef BN_GOVERN_MEMORY_H
#define BN_GOVERN_MEMORY_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/govern/pin.h"
#include "core/govern/places.h"

#define BN_MEMORY_LINKS 4096
#define BN_MEMORY_HEADS 65536
#define BN_MEMORY_HEADS_PER_KEY 16384
#define BN_MEMORY_WAIT_MS 2000
#define BN_MEMORY_CARDS_MS 600000

/* ---- what is remembered --------------------------------------------------------------------- */

typedef struct bn_memory_link {
	uint32_t n;
	uint8_t id[32];
} bn_memory_link;

/* How far the log of a writer with signed records reached. */
typedef struct bn_memory_head {
	const char *writer; /* name of its directory */
	uint64_t
		seq; /* of its last record that was verified, by a signature or a seal at or after it */
	uint8_t after[32]; /* chain hash after that record */
	uint8_t key[32];   /* that vouches for it */
	uint32_t since;    /* number of the newest restored link then; 0: none */
	bool acts;         /* not only cards and seals: decisions, links, evidence, registrations */
} bn_memory_head;

typedef enum bn_memory_state {
	BN_MEMORY_NONE,    /* this id is unknown, or was forgotten */
	BN_MEMORY_KNOWN,   /* confirmed at first use */
	BN_MEMORY_NOWHERE, /* there is no home, or it cannot be read: see why() */
	BN_MEMORY_DAMAGED, /* there are files, but none can be trusted */
} bn_memory_state;

/* How a first use was confirmed. */
typedef struct bn_memory_answer {
	const char *by;    /* one word: "terminal", "pin", "option", "init", "accept" */
	const char *words; /* source: a file and line, a user's name; may be "" */
	int64_t when_ms;   /* time when it was recorded; ignored when learning */
} bn_memory_answer;

typedef struct bn_memory bn_memory;

/* Reads and merges all hosts' files. Problems with them are states, not errors; BN_ENOMEM, and
 * BN_EINVAL for an invalid workspace id. *out is yours. */
int bn_memory_load(bn_memory **out, const bn_env *env, const char *workspace_id, bn_err *err);
void bn_memory_free(bn_memory *m); /* NULL is fine */

bn_memory_state bn_memory_state_of(const bn_memory *m);
/* Why there is no memory (NOWHERE, DAMAGED), or "". Borrowed. */
const char *bn_memory_why(const bn_memory *m);
/* How the first use was confirmed, NULL if it was not. Borrowed. */
const bn_memory_answer *bn_memory_first(const bn_memory *m);
/* The newest link, NULL for none. Borrowed. */
const bn_memory_link *bn_memory_newest(const bn_memory *m);
/* Whether this host's file must be written although nothing important is new: it is damaged, or older than
 * BN_MEMORY_CARDS_MS, so that heads of cards are due. */
bool bn_memory_is_due(const bn_memory *m);
/* A digest of the whole memory, which changes with any link, head, confirmation or state. */
int bn_memory_digest(uint8_t out[32], const bn_memory *m, bn_err *err);
/* Sorted by writer. Borrowed. */
const bn_memory_head *bn_memory_heads(const bn_memory *m, size_t *n);

/* ---- the view --------------------------------------------------------------------------- */

/* The workspace as shown by this reader's index, with everything in it verified. On a network file
 * system the caller retries for two minutes before it presents less than the memory has (rule
 * 10). */
typedef struct bn_memory_view {
	const char *workspace_id;
	bool has_chain;    /* false: judged by the rules for uids; there is no link 0 */
	uint32_t newest;   /* number of the chosen chain's newest link */
	uint32_t restored; /* number of its newest restored link; 0: none */
	/* The id of link n of the chosen chain, n <= newest. 0. */
	int (*link_at)(void *user, uint32_t n, uint8_t id[32], bn_err *err);
	/* The chain hash after that record. 1, or 0 if the log does not reach that far. */
	int (*after_at)(
		void *user, const char *writer, uint64_t seq, uint8_t after[32], bn_err *err);
	/* For learning: verified heads; `since` is ignored. */
	const bn_memory_head *heads;
	size_t n_heads;
	void *user;
} bn_memory_view;

/* ---- judging -------------------------------------------------------------------------------- */

/* What remains allowed. */
typedef enum bn_memory_allows {
	BN_ALLOWS_ALL,
	BN_ALLOWS_READING, /* no signing, serve, verify, predict of a registered model, export, another's spec */
	BN_ALLOWS_TRUST, /* only the `trust` verbs */
} bn_memory_allows;

typedef enum bn_memory_kind {
	BN_MEMORY_FIRST_USE,    /* reading: has a chain, and is neither known nor invited */
	BN_MEMORY_UNREADABLE,   /* a warning at a first use: why there is no memory */
	BN_MEMORY_FILE_DAMAGED, /* a warning: a host's file is bad; the others are used */
	BN_MEMORY_ALL_DAMAGED,  /* trust */
	BN_MEMORY_CHAIN_BEHIND, /* trust: the chain ends before a remembered link */
	BN_MEMORY_CHAIN_BESIDE, /* trust: another link has the number of a remembered one */
	BN_MEMORY_CHAIN_SPLIT,  /* trust: this user's hosts remember two chains */
	BN_MEMORY_PIN_BEHIND,   /* trust: the chain ends before a link that an invitation names */
	BN_MEMORY_PIN_BESIDE, /* trust: another link has the number of one that an invitation names */
	BN_MEMORY_PIN_OTHER,     /* trust: this command's invitation is for another workspace */
	BN_MEMORY_WRITER_BEHIND, /* reading; a warning if the writer had only cards and seals */
	BN_MEMORY_WRITER_BESIDE, /* the same: other records at a remembered position */
	BN_MEMORY_PLACE_OTHER,   /* trust: another workspace used to be here */
	BN_MEMORY_PLACE_BENEATH, /* trust: inside a known workspace */
	BN_MEMORY_PLACE_NEW,     /* a note: known, but at another path */
	BN_MEMORY_PLACE_UNKNOWN, /* the known paths cannot be read: trust at first use, else a warning */
	BN_MEMORY_PLACE_LOST, /* trust: found above the path of another known workspace, which is gone */
	BN_MEMORY_PLACE_ABOVE, /* trust: found above the current directory, of another user, unknown */
} bn_memory_kind;

typedef struct bn_memory_finding {
	bn_memory_kind kind;
	bn_memory_allows allows;
	const char *writer; /* or NULL; borrowed from the memory */
	char words[512];    /* one line for display */
	char hint[256];     /* what they can do, or "" */
} bn_memory_finding;

typedef struct bn_memory_verdict {
	bn_memory_allows allows; /* the minimum over all findings */
	bn_memory_finding
		*findings;      /* most severe first; at most BN_MEMORY_FINDINGS about writers */
	size_t count, left_out; /* left_out: further writers */
	const bn_pin
		*pin; /* the invitation that confirms a first use, or NULL; borrowed from pins */
} bn_memory_verdict;

#define BN_MEMORY_FINDINGS 20

/* Pure: no file, no clock. pins and place may be NULL: none, not checked. Errors are those of the
 * view. Release the verdict, also after a failure. m must outlive it. */
int bn_memory_judge(bn_memory_verdict *out, const bn_memory *m, const bn_memory_view *view,
	const bn_pins *pins, const bn_place *place, bn_err *err);
void bn_memory_verdict_release(bn_memory_verdict *v);

/* ---- remembering ---------------------------------------------------------------------------- */

typedef struct bn_memory_learned {
	bool wrote; /* false: all of it was already remembered by some host, or is deferred */
	bool waits; /* only heads of cards and seals are new: written with the next important change */
	size_t left_out; /* heads beyond the bounds */
	size_t refused;  /* heads that contradict the memory, or are not in the view */
} bn_memory_learned;

/* Records the view, after everything in it was verified and judged. answer: the confirmation of a first
 * use, else NULL (BN_EREFUSED if one is needed, or if the chain contradicts the memory: nothing is
 * written). Does nothing if nothing is new. BN_ECONFLICT if another process keeps the lock, BN_EIO on a
 * disk error: the command continues and reports it. out may be NULL. */
int bn_memory_learn(bn_memory_learned *out, const bn_env *env, const bn_memory_view *view,
	const bn_memory_answer *answer, bn_err *err);
/* A person has checked it: the view replaces the memory. */
int bn_memory_accept(
	const bn_env *env, const bn_memory_view *view, const bn_memory_answer *answer, bn_err *err);
/* Makes the next use a first use, on every host. BN_ENOTFOUND if there is no memory. */
int bn_memory_forget(const bn_env *env, const char *workspace_id, bn_err *err);

#endif
