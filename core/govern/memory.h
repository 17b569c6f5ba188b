/*
 * memory.h - what a reader remembers of a workspace, so that an old state shown as the newest, or another
 * history shown as the same, is noticed (design: rule 10).
 *
 * Per workspace id: the newest link of the chain of authority with the ids of those before it, how far the
 * logs of writers with signed records reached, and how the first use was answered. Where workspaces lie
 * is in places.h, what invitations say in pin.h; bn_memory_judge looks at all three.
 *
 * Memory stops a reader; it never changes a row.
 *
 * Where: $XDG_STATE_HOME/binnacle/trust/<workspace id>/<host>, a file of each host (_host_files.h: form,
 * lock, what is believed). Directories 0700, files 0600. All hosts' files are read and merged by maximum,
 * and a host writes its own alone, so that a home shared by many hosts needs no lock between them.
 *
 * A file, version 1, after the head that _host_files.h describes; names are escaped (%20) where a byte is
 * no printable ASCII, a space or a '%':
 *
 *	id <workspace id>
 *	generation <n>
 *	first <by> <unix ms> <words>              how the first use was answered; absent: not answered
 *	link <n> <id>                             of the chain, ascending; the last is the newest
 *	beside <n> <id>                           a link that a host remembers and that is not on that chain
 *	head <since> <seq> <chain hash> <key> acts|cards <writer>
 *
 * Invariants
 *  1. Nothing is written that the caller had not verified, and nothing that contradicts what is remembered:
 *     learning judges again, against the files as they are under the lock. A chain beside the remembered
 *     one or a writer whose log was replaced is never learned, however often it is shown; so an alarm goes
 *     on until a person accepts (an alarm that its own memory has overwritten is worse than none).
 *  2. Merging takes maxima: the higher generation alone; of two chains, where one goes on with the other,
 *     the longer; of a writer's heads the one with the higher (since, seq). Two chains of which neither
 *     goes on with the other are both kept (`beside`): a stop. The order in which files are merged does not
 *     matter, no clock is compared, and a host whose clock is wrong harms nobody.
 *  3. generation: `accept` and `forget` write a higher one, so that what other hosts wrote before no longer
 *     counts, also where they are switched off.
 *  4. A kill, a full disk or quota, a lost reply at any change of the disk leaves a file as it was or as
 *     it shall be. What learn was told is done is remembered.
 *  5. since: the number of the newest `restored` link that was known with a head. A restored link, whose
 *     horizon may be lower, closes the loss of all heads that were remembered before it.
 *
 * Bounds: a member can write what he likes into his log, and no reader's memory shall grow with it, nor
 * forget others for it. A key's heads are BN_MEMORY_HEADS_PER_KEY at most and BN_MEMORY_HEADS in all; a
 * writer beyond is left out (and counted), one that is there is kept. Link 0 and the newest
 * BN_MEMORY_LINKS links are kept.
 *
 * What happens when
 *	no file of this id           first use: an invitation (pin.h) or the user answers, else reading only
 *	the home cannot be written   reading and signing go on; learn fails, and its words are for the user
 *	no home, home unreadable     as first use, with words; an invitation answers
 *	another process writes       learn waits BN_MEMORY_WAIT_MS, then fails with BN_ECONFLICT: go on
 *	locks unsupported there      written without; two processes of a host may lose what one learned
 *	a host's file is damaged     others are believed, a warning; this host's own is written anew
 *	all are damaged, of another  a stop (not a first use), until a person accepts
 *	  user, links, or others may
 *	  write to them or to the
 *	  directory
 *	made by a newer binnacle     that file is not believed, and not written either; if all are: a stop
 *	the workspace has no chain   one that had a chain is behind; one that had none is judged by its place,
 *	                             and is no first use
 *
 * Runs end all the time, and each moves a head of cards and seals. Such heads are written together with
 * something of weight (a link, a head of acts, a first use), or when this host's file is older than
 * BN_MEMORY_CARDS_MS; so looking at a busy workspace does not write at each command.
 *
 * Order: load what is remembered first, then look at the workspace (refresh the index), then judge. The other
 * way round a process that learns in between makes an honest view an old one.
 *
 * The functions take no lock while they read. A bn_memory belongs to one thread and is not changed by
 * learning: load it again.
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

/* How far a writer's log reached that holds signed records. */
typedef struct bn_memory_head {
	const char *writer; /* name of its directory */
	uint64_t
		seq; /* of its last record that was verified, by a signature or a seal at or after it */
	uint8_t after[32]; /* chain hash after that record */
	uint8_t key[32];   /* that vouches for it */
	uint32_t since;    /* number of the newest restored link then; 0: none */
	bool acts; /* more than cards and seals: decisions, links, evidence, registrations */
} bn_memory_head;

typedef enum bn_memory_state {
	BN_MEMORY_NONE,    /* nothing is remembered of this id, or it was forgotten */
	BN_MEMORY_KNOWN,   /* answered at first use */
	BN_MEMORY_NOWHERE, /* there is no home, or it cannot be read: why() says so */
	BN_MEMORY_DAMAGED, /* there are files, and none can be believed */
} bn_memory_state;

/* How a first use was answered. */
typedef struct bn_memory_answer {
	const char *by;    /* one word: "terminal", "pin", "option", "init", "accept" */
	const char *words; /* whence: a file and line, a user's name; "" is fine */
	int64_t when_ms;   /* of the clock that remembered it; not read when learning */
} bn_memory_answer;

typedef struct bn_memory bn_memory;

/* Reads and merges all hosts' files. What is wrong with them is a state, no error; BN_ENOMEM, and
 * BN_EINVAL for what is no workspace id. *out is yours. */
int bn_memory_load(bn_memory **out, const bn_env *env, const char *workspace_id, bn_err *err);
void bn_memory_free(bn_memory *m); /* NULL is fine */

bn_memory_state bn_memory_state_of(const bn_memory *m);
/* Why nothing is remembered (NOWHERE, DAMAGED), or "". Borrowed. */
const char *bn_memory_why(const bn_memory *m);
/* How the first use was answered, NULL when it was not. Borrowed. */
const bn_memory_answer *bn_memory_first(const bn_memory *m);
/* The newest link, NULL for none. Borrowed. */
const bn_memory_link *bn_memory_newest(const bn_memory *m);
/* Whether this host's file is to be written although nothing of weight is new: it is damaged, or older than
 * BN_MEMORY_CARDS_MS, so that heads of cards are due. */
bool bn_memory_is_due(const bn_memory *m);
/* Of all that is remembered: other bytes when a link, a head, an answer or the state is another. */
int bn_memory_digest(uint8_t out[32], const bn_memory *m, bn_err *err);
/* Sorted by writer. Borrowed. */
const bn_memory_head *bn_memory_heads(const bn_memory *m, size_t *n);

/* ---- what is seen --------------------------------------------------------------------------- */

/* The workspace as this reader's index shows it, everything in it verified. On a network file system
 * the caller looks for two minutes before it shows less than is remembered (rule 10). */
typedef struct bn_memory_view {
	const char *workspace_id;
	bool has_chain;    /* false: judged by the old rules; there is no link 0 */
	uint32_t newest;   /* number of the chosen chain's newest link */
	uint32_t restored; /* number of its newest restored link; 0: none */
	/* The id of link n of the chosen chain, n <= newest. 0. */
	int (*link_at)(void *user, uint32_t n, uint8_t id[32], bn_err *err);
	/* The chain hash after that record. 1, or 0 when the log does not reach so far. */
	int (*after_at)(
		void *user, const char *writer, uint64_t seq, uint8_t after[32], bn_err *err);
	/* For learning: heads that were verified, `since` is not read. */
	const bn_memory_head *heads;
	size_t n_heads;
	void *user;
} bn_memory_view;

/* ---- judging -------------------------------------------------------------------------------- */

/* What may go on. */
typedef enum bn_memory_allows {
	BN_ALLOWS_ALL,
	BN_ALLOWS_READING, /* no signing, serve, verify, predict of a registered model, export, another's spec */
	BN_ALLOWS_TRUST, /* the `trust` verbs alone */
} bn_memory_allows;

typedef enum bn_memory_kind {
	BN_MEMORY_FIRST_USE,    /* reading: has a chain, and is neither known nor invited */
	BN_MEMORY_UNREADABLE,   /* a warning beside a first use: why nothing is remembered */
	BN_MEMORY_FILE_DAMAGED, /* a warning: a host's file; the others are believed */
	BN_MEMORY_ALL_DAMAGED,  /* trust */
	BN_MEMORY_CHAIN_BEHIND, /* trust: the chain ends before a link that is remembered */
	BN_MEMORY_CHAIN_BESIDE, /* trust: another link has the number of one that is remembered */
	BN_MEMORY_CHAIN_SPLIT,  /* trust: this user's hosts remember two chains */
	BN_MEMORY_PIN_BEHIND,   /* trust: the chain ends before a link that an invitation names */
	BN_MEMORY_PIN_BESIDE, /* trust: another link has the number of one that an invitation names */
	BN_MEMORY_PIN_OTHER,     /* trust: this command's invitation is for another workspace */
	BN_MEMORY_WRITER_BEHIND, /* reading; a warning when the writer held cards and seals alone */
	BN_MEMORY_WRITER_BESIDE, /* the same: other records at a place that is remembered */
	BN_MEMORY_PLACE_OTHER,   /* trust: another workspace was here */
	BN_MEMORY_PLACE_BENEATH, /* trust: beneath a known workspace */
	BN_MEMORY_PLACE_NEW,     /* a note: known, but not at this place */
	BN_MEMORY_PLACE_UNKNOWN, /* where workspaces were met cannot be read: trust at first use, else a warning */
	BN_MEMORY_PLACE_LOST, /* trust: found above a place where another workspace was known, which is gone */
	BN_MEMORY_PLACE_ABOVE, /* trust: found above the current directory, another user's, neither known nor invited */
} bn_memory_kind;

typedef struct bn_memory_finding {
	bn_memory_kind kind;
	bn_memory_allows allows;
	const char *writer; /* or NULL; borrowed from the memory */
	char words[512];    /* one line, for people */
	char hint[256];     /* what they can do, or "" */
} bn_memory_finding;

typedef struct bn_memory_verdict {
	bn_memory_allows allows; /* the least of all findings */
	bn_memory_finding
		*findings;      /* what stops most first; at most BN_MEMORY_FINDINGS of writers */
	size_t count, left_out; /* left_out: further writers */
	const bn_pin
		*pin; /* the invitation that answers a first use, or NULL; borrowed from pins */
} bn_memory_verdict;

#define BN_MEMORY_FINDINGS 20

/* Pure: no file, no clock. pins and place may be NULL: none, not asked. Errors are those of the view.
 * Release the verdict, also after a failure. m must outlive it. */
int bn_memory_judge(bn_memory_verdict *out, const bn_memory *m, const bn_memory_view *view,
	const bn_pins *pins, const bn_place *place, bn_err *err);
void bn_memory_verdict_release(bn_memory_verdict *v);

/* ---- remembering ---------------------------------------------------------------------------- */

typedef struct bn_memory_learned {
	bool wrote; /* false: all of it was remembered already, by whatever host, or waits */
	bool waits; /* only heads of cards and seals are new: written with the next thing of weight */
	size_t left_out; /* heads beyond the bounds */
	size_t refused; /* heads that contradict what is remembered, or that the view does not have */
} bn_memory_learned;

/* After everything in the view was verified and judged: remembers what it shows. answer: of a first use,
 * NULL otherwise (BN_EREFUSED when one is needed, or when the chain contradicts what is remembered: nothing
 * is written). Does nothing when nothing is new. BN_ECONFLICT when another process keeps the lock, BN_EIO
 * when the disk does: the command goes on and says so. out may be NULL. */
int bn_memory_learn(bn_memory_learned *out, const bn_env *env, const bn_memory_view *view,
	const bn_memory_answer *answer, bn_err *err);
/* A person has looked: from now on the view is what is remembered, whatever was before. */
int bn_memory_accept(
	const bn_env *env, const bn_memory_view *view, const bn_memory_answer *answer, bn_err *err);
/* The next use is a first use, on every host. BN_ENOTFOUND when nothing is remembered. */
int bn_memory_forget(const bn_env *env, const char *workspace_id, bn_err *err);

#endif
