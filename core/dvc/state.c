/* state.c - see state.h. */
#include "core/dvc/state.h"

#include "core/base/hash.h"
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD "binnacle-dvc-state 1\n"

typedef struct entry {
	char md5[BN_MD5_HEX + 1];
	uint64_t inode;
	int64_t size, modified_ns, changed_ns;
	const char *path;
} entry;

struct bn_dvc_state {
	const bn_env *env;
	char *file; /* NULL: nowhere to keep it */
	bool network, dirty;
	entry *entries;
	size_t count, cap;
	uint32_t *slots; /* number of an entry + 1; 0 free */
	size_t slot_count;
	bn_arena texts;
};

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- table ------------------------------------------------------------------------------------ */

static size_t slot_of(const bn_dvc_state *s, const char *path)
{
	size_t at = bn_hash_slot(bn_hash_key(path), s->slot_count);
	while (s->slots[at] && strcmp(s->entries[s->slots[at] - 1].path, path) != 0)
		at = (at + 1) & (s->slot_count - 1);
	return at;
}

/* Makes room for that many entries. */
static bool grow(bn_dvc_state *s, size_t entries)
{
	size_t n = s->slot_count ? s->slot_count : 1024;
	while (n < 2 * entries)
		n *= 2;
	uint32_t *slots = n <= UINT32_MAX ? bn_alloc_zeroed(n, sizeof *slots) : NULL;
	if (!slots)
		return false;
	bn_free(s->slots);
	s->slots = slots;
	s->slot_count = n;
	for (size_t i = 0; i < s->count; i++)
		s->slots[slot_of(s, s->entries[i].path)] = (uint32_t)i + 1;
	return true;
}

/* The entry of a path, made if it is not there; NULL if out of memory. */
static entry *entry_for(bn_dvc_state *s, const char *path)
{
	if (2 * (s->count + 1) > s->slot_count && !grow(s, 2 * (s->count + 1)))
		return NULL;
	size_t at = slot_of(s, path);
	if (s->slots[at])
		return &s->entries[s->slots[at] - 1];
	const char *copy = bn_arena_strdup(&s->texts, path);
	if (!copy || bn_grow(&s->entries, &s->cap, s->count + 1, sizeof *s->entries) < 0)
		return NULL;
	s->entries[s->count] = (entry){.path = copy};
	s->slots[at] = (uint32_t)++s->count;
	return &s->entries[s->count - 1];
}

bool bn_dvc_state_get(
	const bn_dvc_state *s, const char *path, const struct stat *st, char md5[BN_MD5_HEX + 1])
{
	if (!s->slot_count)
		return false;
	size_t at = slot_of(s, path);
	if (!s->slots[at])
		return false;
	const entry *e = &s->entries[s->slots[at] - 1];
	if (e->inode != st->st_ino || e->size != st->st_size ||
		e->modified_ns != ns_of(st->st_mtim) || e->changed_ns != ns_of(st->st_ctim))
		return false;
	memcpy(md5, e->md5, sizeof e->md5);
	return true;
}

void bn_dvc_state_put(
	bn_dvc_state *s, const char *path, const struct stat *st, int64_t began_ns, const char *md5)
{
	int64_t modified = ns_of(st->st_mtim), changed = ns_of(st->st_ctim), grain = 20000000;
	if (modified % 1000000000 == 0 && changed % 1000000000 == 0)
		grain = 1100000000;
	if (s->network)
		grain = 2500000000;
	if (modified > began_ns - grain || changed > began_ns - grain)
		return;
	entry *e = entry_for(s, path);
	if (!e)
		return;
	memcpy(e->md5, md5, sizeof e->md5);
	e->inode = st->st_ino;
	e->size = st->st_size;
	e->modified_ns = modified;
	e->changed_ns = changed;
	s->dirty = true;
}

/* ---- the file --------------------------------------------------------------------------------- */

/* A number and the blank behind it. */
static bool take_number(const char **p, int64_t *out)
{
	bool negative = **p == '-';
	uint64_t n = 0;
	const char *at = *p + negative;
	for (; *at >= '0' && *at <= '9' && n < INT64_MAX / 16; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	if (*at != ' ' || at == *p + negative)
		return false;
	*p = at + 1;
	*out = negative ? -(int64_t)n : (int64_t)n;
	return true;
}

/* "MD5 INODE SIZE MODIFIED CHANGED PATH\0": a path may hold any other byte. False: damaged. */
static bool parse_entry(bn_dvc_state *s, const char *text)
{
	entry got = {.path = NULL};
	int64_t inode;
	if (strnlen(text, BN_MD5_HEX + 1) <= BN_MD5_HEX || text[BN_MD5_HEX] != ' ')
		return false;
	memcpy(got.md5, text, BN_MD5_HEX);
	const char *p = text + BN_MD5_HEX + 1;
	if (!bn_md5_is_hex(got.md5) || !take_number(&p, &inode) || !take_number(&p, &got.size) ||
		!take_number(&p, &got.modified_ns) || !take_number(&p, &got.changed_ns) || !*p)
		return false;
	entry *e = entry_for(s, p);
	if (!e)
		return false;
	got.inode = (uint64_t)inode;
	got.path = e->path;
	*e = got;
	return true;
}

static void load(bn_dvc_state *s)
{
	bn_buf text = BN_BUF_INIT;
	if (bn_fs_read_file(s->env, s->file, &text, NULL) < 0 || !bn_str_starts(text.ptr, HEAD))
		goto out;
	const char *end = text.ptr + text.len;
	size_t count = 0;
	for (const char *p = text.ptr; (p = memchr(p, 0, (size_t)(end - p))); p++)
		count++;
	if (!grow(s, count + 1))
		goto out;
	for (const char *p = text.ptr + strlen(HEAD); p < end; p += strlen(p) + 1)
		if (!parse_entry(s, p)) /* a NUL follows the last byte of a buffer */
			break;
out:
	bn_buf_release(&text);
}

static void save(bn_dvc_state *s)
{
	bn_buf text = BN_BUF_INIT;
	char *slash = strrchr(s->file, '/'), *dir = bn_strndup(s->file, (size_t)(slash - s->file));
	bn_buf_adds(&text, HEAD);
	for (size_t i = 0; i < s->count; i++) {
		const entry *e = &s->entries[i];
		if (e->md5[0]) {
			bn_buf_addf(&text, "%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s",
				e->md5, e->inode, e->size, e->modified_ns, e->changed_ns, e->path);
			bn_buf_addch(&text, '\0');
		}
	}
	if (dir && !text.failed && bn_fs_make_dirs(s->env, dir, 0700, NULL) == 0)
		bn_fs_write_file(s->env, s->file, text.ptr, text.len, 0600, NULL);
	bn_free(dir);
	bn_buf_release(&text);
}

int bn_dvc_state_open(bn_dvc_state **out, const bn_dir *root, bn_err *err)
{
	char *base = NULL, hex[BN_SHA256_HEX + 1];
	bn_dvc_state *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "the state of a DVC repository");
	s->env = root->env;
	s->network = bn_dir_is_network(root);
	if (bn_env_state_dir(&base, s->env, NULL) == 0) { /* a user without a home has none */
		bn_sha256_hex(root->path, strlen(root->path), hex);
		s->file = bn_strf("%s/dvc/%s", base, hex);
		if (s->file)
			load(s);
	}
	bn_free(base);
	*out = s;
	return 0;
}

void bn_dvc_state_close(bn_dvc_state *s)
{
	if (!s)
		return;
	if (s->dirty && s->file)
		save(s);
	bn_free(s->file);
	bn_free(s->entries);
	bn_free(s->slots);
	bn_arena_release(&s->texts);
	bn_free(s);
}
