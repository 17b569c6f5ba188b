/*
 * mem.h - allocation that can fail, and an arena.
 *
 * Data-sized memory is allocated through bn_alloc and related functions: they return NULL
 * instead of aborting (cgroup limits are real), and a test can make the Nth call fail. Memory
 * from here is released with bn_free (plain free() underneath, so free() works on it too).
 */
#ifndef BN_BASE_MEM_H
#define BN_BASE_MEM_H
#include <stddef.h>

void *bn_alloc(size_t bytes); /* NULL if out of memory; bytes 0 gives a valid pointer */
void *bn_alloc_zeroed(size_t count, size_t bytes); /* NULL also when count * bytes overflows */
void *bn_realloc(void *p, size_t bytes);           /* p stays valid on failure */
char *bn_strdup(const char *s);                    /* NULL for NULL */
char *bn_strndup(const char *s, size_t n);
char *bn_strf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void bn_free(void *p);

/* Grows an array by doubling until *items holds at least need elements. Returns 0, or -1 with
 * *items unchanged. */
int bn_grow(void *items, size_t *cap, size_t need, size_t item_bytes);

/* For tests: the n-th allocation from now (1 = next) and all later ones fail; 0 turns this off. */
void bn_alloc_fail_at(long n);
long bn_alloc_count(void); /* allocations since bn_alloc_fail_at was last called */

/* Memory for the duration of one request, page or parse. Not thread-safe. */
typedef struct bn_arena {
	struct bn_arena_block *head;
} bn_arena;

#define BN_ARENA_INIT \
	{ \
		NULL \
	}
void *bn_arena_alloc(
	bn_arena *a, size_t bytes); /* 16-byte aligned, zeroed; NULL if out of memory */
char *bn_arena_strdup(bn_arena *a, const char *s);
char *bn_arena_strndup(bn_arena *a, const char *s, size_t n);
char *bn_arena_strf(bn_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bn_arena_release(bn_arena *a); /* frees everything; the arena may be used again */

#endif
