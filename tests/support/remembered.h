/*
 * remembered.h - readers that remember a workspace, without a workspace: an env with its own host
 * name, home and clock, and a view built from numbers.
 */
#ifndef BN_TEST_REMEMBERED_H
#define BN_TEST_REMEMBERED_H
#include "core/govern/memory.h"

#define REMEMBERED_ID "0f8b1c2d-0000-8000-8000-00000000000a"
#define REMEMBERED_OTHER "0f8b1c2d-0000-8000-8000-00000000000b"

/* A host that has `home` as home directory. */
typedef struct remembered_env {
	bn_env env;
	char home[300], host[65], trust[400];
	int64_t now_ms;
	bool homeless;
} remembered_env;

void remembered_env_init(remembered_env *e, const char *home, const char *host);
/* "<home>/state/binnacle/trust/<what>"; in a static buffer that the next call reuses. */
const char *remembered_path(const remembered_env *e, const char *what);

#define REMEMBERED_WRITERS 8

/* Links and records whose ids are hashes of (branch, number); from fork_at on of another branch. */
typedef struct remembered_view {
	bn_memory_view view;
	int64_t fork_at; /* of the chain; -1: nowhere */
	bool blind;      /* link_at and after_at fail */
	bool crowd;      /* writers not named here have 9 records */
	struct {
		char name[40];
		uint64_t length, fork_at; /* fork_at 0: nowhere */
		uint8_t key;
		bool acts;
	} writers[REMEMBERED_WRITERS];
	size_t n;
	bn_memory_head heads[REMEMBERED_WRITERS];
} remembered_view;

/* newest -1: no chain. */
void remembered_view_init(remembered_view *v, int64_t newest);
void remembered_writer(remembered_view *v, const char *name, uint64_t length, bool acts);
/* The hash after record seq of one of the writers. */
void remembered_crowd(uint64_t seq, uint8_t after[32]);
/* The id of link n. */
void remembered_link(const remembered_view *v, uint32_t n, uint8_t id[32]);

#endif
