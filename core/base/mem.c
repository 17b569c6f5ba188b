/* mem.c - see mem.h. */
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_long fail_at, alloc_count;

static int alloc_must_fail(void)
{
	long n = atomic_fetch_add_explicit(&alloc_count, 1, memory_order_relaxed) + 1;
	long at = atomic_load_explicit(&fail_at, memory_order_relaxed);
	return at > 0 && n >= at;
}

void bn_alloc_fail_at(long n)
{
	atomic_store(&alloc_count, 0);
	atomic_store(&fail_at, n);
}

long bn_alloc_count(void)
{
	return atomic_load(&alloc_count);
}

/* For 0 bytes the C library may return NULL, which means out of memory here: hence `bytes +
 * !bytes`. */

void *bn_alloc(size_t bytes)
{
	return alloc_must_fail() ? NULL : malloc(bytes + !bytes);
}

void *bn_alloc_zeroed(size_t count, size_t bytes)
{
	return alloc_must_fail() ? NULL : calloc(count + !count, bytes + !bytes);
}

void *bn_realloc(void *p, size_t bytes)
{
	return alloc_must_fail() ? NULL : realloc(p, bytes + !bytes);
}

char *bn_strndup(const char *s, size_t n)
{
	if (!s)
		return NULL;
	n = strnlen(s, n);
	char *copy = bn_alloc(n + 1);
	if (copy) {
		memcpy(copy, s, n);
		copy[n] = '\0';
	}
	return copy;
}

char *bn_strdup(const char *s)
{
	return s ? bn_strndup(s, strlen(s)) : NULL;
}

/* Formats into memory from take(ctx, bytes). */
static char *format_into(void *(*take)(void *, size_t), void *ctx, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	char *s = n < 0 ? NULL : take(ctx, (size_t)n + 1);
	if (s)
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

static void *take_heap(void *ctx, size_t bytes)
{
	(void)ctx;
	return bn_alloc(bytes);
}

char *bn_strf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *s = format_into(take_heap, NULL, fmt, ap);
	va_end(ap);
	return s;
}

void bn_free(void *p)
{
	free(p);
}

int bn_grow(void *items, size_t *cap, size_t need, size_t item_bytes)
{
	if (need <= *cap)
		return 0;
	size_t next = *cap ? *cap : 8;
	while (next < need) {
		if (next > SIZE_MAX / 2)
			return -1;
		next *= 2;
	}
	if (next > SIZE_MAX / item_bytes)
		return -1;
	void *old;
	memcpy(&old, items, sizeof old);
	void *grown = bn_realloc(old, next * item_bytes);
	if (!grown)
		return -1;
	memcpy(items, &grown, sizeof grown);
	*cap = next;
	return 0;
}

/* ---- arena --------------------------------------------------------------------------------- */

#define ARENA_FIRST ((size_t)256) /* bytes of the first block: a wide table may have one per column */
#define ARENA_MOST ((size_t)1 << 20)

struct bn_arena_block {
	struct bn_arena_block *next;
	size_t used, size;
	_Alignas(16) unsigned char data[];
};

void *bn_arena_alloc(bn_arena *a, size_t bytes)
{
	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + 15) & ~(size_t)15;
	struct bn_arena_block *b = a->head;
	if (!b || b->size - b->used < bytes) {
		size_t size = b ? b->size * 2 : ARENA_FIRST - sizeof *b;
		if (size > ARENA_MOST)
			size = ARENA_MOST;
		if (size < bytes)
			size = bytes;
		b = bn_alloc(sizeof *b + size);
		if (!b)
			return NULL;
		b->used = 0;
		b->size = size;
		b->next = a->head;
		a->head = b;
	}
	void *p = b->data + b->used;
	b->used += bytes;
	return memset(p, 0, bytes);
}

char *bn_arena_strndup(bn_arena *a, const char *s, size_t n)
{
	if (!s)
		return NULL;
	n = strnlen(s, n);
	char *copy = bn_arena_alloc(a, n + 1);
	if (copy)
		memcpy(copy, s, n);
	return copy;
}

char *bn_arena_strdup(bn_arena *a, const char *s)
{
	return s ? bn_arena_strndup(a, s, strlen(s)) : NULL;
}

static void *take_arena(void *ctx, size_t bytes)
{
	return bn_arena_alloc(ctx, bytes);
}

char *bn_arena_strf(bn_arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *s = format_into(take_arena, a, fmt, ap);
	va_end(ap);
	return s;
}

void bn_arena_release(bn_arena *a)
{
	struct bn_arena_block *b = a->head;
	while (b) {
		struct bn_arena_block *next = b->next;
		bn_free(b);
		b = next;
	}
	a->head = NULL;
}
