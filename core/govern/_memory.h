/* _memory.h - internals of memory.h: the content of one file, or of all of them merged. */
#ifndef BN_GOVERN__MEMORY_H
#define BN_GOVERN__MEMORY_H
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/govern/memory.h"

/* File faults that are reported individually. */
#define BN_MEMORY_FAULTS 8

typedef struct bn_memory_content {
	int64_t generation;
	bn_memory_answer first; /* by NULL: not answered */
	bn_memory_link *links;  /* ascending n */
	size_t n_links, cap_links;
	bn_memory_link *beside;
	size_t n_beside, cap_beside;
	bn_memory_head *heads; /* by writer */
	size_t n_heads, cap_heads;
	bn_arena texts;
} bn_memory_content;

struct bn_memory {
	char id[BN_UUID_TEXT];
	bn_memory_state state;
	bn_memory_content all;
	bn_err why;
	bn_err faults[BN_MEMORY_FAULTS];
	size_t n_faults;
	bool stale;     /* this host's file must be written although nothing is new */
	bool cards_due; /* it is old enough that heads of cards are written too */
};

/* Parses a file's body. BN_ECORRUPT names the line; BN_ENOMEM. Release c in any case. */
int bn_memory_content_parse(
	bn_memory_content *c, const char *workspace_id, const char *body, size_t n, bn_err *err);
void bn_memory_content_format(bn_buf *out, const bn_memory_content *c, const char *workspace_id);
void bn_memory_content_release(bn_memory_content *c);

/* Merges n contents into *out (rules 2 and 3 of memory.h), in any order. */
int bn_memory_content_merge(
	bn_memory_content *out, const bn_memory_content *parts, size_t n, bn_err *err);
/* The amount of new information. */
typedef enum bn_memory_news {
	BN_MEMORY_NO_NEWS,
	BN_MEMORY_CARDS_ALONE,
	BN_MEMORY_NEWS
} bn_memory_news;

/* Adds what a view shows to c, except contradictions. BN_EREFUSED if the chain contradicts. */
int bn_memory_content_learn(bn_memory_content *c, bn_memory_news *news, bn_memory_learned *out,
	const bn_memory_view *view, bn_err *err);
/* Sorts heads by writer and keeps the valid one of each. */
void bn_memory_content_settle_heads(bn_memory_content *c);

int bn_memory_content_add_link(
	bn_memory_content *c, uint32_t n, const uint8_t id[32]); /* BN_ENOMEM */
/* The id of link n, or NULL. */
const uint8_t *bn_memory_content_link(const bn_memory_content *c, uint32_t n);

/* How a chain relates to another one's newest link. */
typedef enum bn_memory_relation {
	BN_MEMORY_SAME,   /* ends there or continues from there */
	BN_MEMORY_BEFORE, /* ends earlier, with the same links as far as known */
	BN_MEMORY_AWAY,   /* has another link at one of the numbers */
} bn_memory_relation;

/* at: the number at which they diverge (AWAY). */
int bn_memory_relate(bn_memory_relation *out, uint32_t *at, const bn_memory_content *c,
	const bn_memory_view *view, bn_err *err);

#endif
