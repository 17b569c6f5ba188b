/* closure.c - see closure.h. */
#include "core/package/closure.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is loaded ------------------------------------------------------------------------- */

typedef struct object {
	const char *path;   /* "" for the program */
	const char *soname; /* NULL: none */
	const char *interpreter;
	const ElfW(Dyn) * dynamic;
	const char *strings;
	bool is_needed;
} object;

typedef struct objects {
	object *items;
	size_t count, cap;
	bool failed;
} objects;

/* The loader may or may not have added the load address to the pointers of a dynamic section. */
static const char *pointer(const struct dl_phdr_info *info, ElfW(Addr) value)
{
	return (const char *)(value < info->dlpi_addr ? info->dlpi_addr + value : value);
}

static void read_dynamic(object *o, const struct dl_phdr_info *info)
{
	for (const ElfW(Dyn) *d = o->dynamic; d && d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_STRTAB)
			o->strings = pointer(info, d->d_un.d_ptr);
	for (const ElfW(Dyn) *d = o->dynamic; o->strings && d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_SONAME)
			o->soname = o->strings + d->d_un.d_val;
}

static int add_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	objects *all = ctx;
	(void)size;
	if (bn_grow(&all->items, &all->cap, all->count + 1, sizeof *all->items)) {
		all->failed = true;
		return 1;
	}
	object *o = &all->items[all->count++];
	*o = (object){.path = info->dlpi_name ? info->dlpi_name : ""};
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const char *at = (const char *)info->dlpi_addr + p->p_vaddr;
		if (p->p_type == PT_DYNAMIC)
			o->dynamic = (const void *)at;
		if (p->p_type == PT_INTERP)
			o->interpreter = at;
	}
	read_dynamic(o, info);
	return 0;
}

static object *find_object(const objects *all, const char *name)
{
	for (size_t i = 1; i < all->count; i++) {
		object *o = &all->items[i];
		if (o->soname ? !strcmp(o->soname, name) : !strcmp(bn_path_base(o->path), name))
			return o;
	}
	return NULL;
}

/* Marks what an object needs, and what that needs. */
static int mark_needed(objects *all, const object *o, bn_err *err)
{
	for (const ElfW(Dyn) *d = o->dynamic; o->strings && d->d_tag != DT_NULL; d++) {
		if (d->d_tag != DT_NEEDED)
			continue;
		const char *name = o->strings + d->d_un.d_val;
		object *needed = find_object(all, name);
		if (!needed)
			return bn_err_set(err, BN_EUNSUPPORTED,
				"the library %.100s, which %.200s needs, is not loaded", name,
				*o->path ? o->path : "this program");
		if (needed->is_needed)
			continue;
		needed->is_needed = true;
		int rc = mark_needed(all, needed, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- the closure ---------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const bn_closure_library *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static bool is_loader(const object *o, const char *loader)
{
	return !strcmp(o->path, loader) || (o->soname && !strcmp(o->soname, bn_path_base(loader)));
}

/* ".../lib/glibc-hwcaps/x86-64-v3/libz.so.1" becomes ".../lib/libz.so.1", if that exists. */
static int use_common(char **path, const bn_env *env, bn_err *err)
{
	static const char special[] = "/glibc-hwcaps/";
	const char *at = strstr(*path, special);
	const char *rest = at ? strchr(at + strlen(special), '/') : NULL;
	if (!rest)
		return 0;
	char *common = bn_strf("%.*s%s", (int)(at - *path), *path, rest);
	if (!common)
		return bn_err_nomem(err, "a library");
	bool exists = bn_fs_exists(env, common);
	bn_free(exists ? *path : common);
	if (exists)
		*path = common;
	return 0;
}

static int take_library(bn_closure *c, const bn_env *env, const object *o, bn_err *err)
{
	bn_closure_library *l = &c->libraries[c->count];
	int rc = bn_path_absolute(&l->path, o->path, err);
	if (rc < 0)
		return rc;
	c->count++;
	if ((rc = use_common(&l->path, env, err)) < 0)
		return rc;
	l->name = bn_strdup(o->soname ? o->soname : bn_path_base(o->path));
	if (!l->name)
		return bn_err_nomem(err, "a library");
	if (!bn_str_starts(l->name, "libc.so.") || c->directory)
		return 0;
	c->directory = bn_strndup(l->path, (size_t)(bn_path_base(l->path) - l->path) - 1);
	return c->directory ? 0 : bn_err_nomem(err, "a library");
}

static int fill(bn_closure *c, const bn_env *env, objects *all, bn_err *err)
{
	int rc;
	if ((rc = bn_process_program(&c->program, err)) < 0)
		return rc;
	if (!all->count || !all->items[0].interpreter)
		return 0;
	const char *loader = all->items[0].interpreter;
	if (!(c->loader = bn_strdup(loader)) ||
		!(c->libraries = bn_alloc_zeroed(all->count, sizeof *c->libraries)))
		return bn_err_nomem(err, "libraries");
	if ((rc = mark_needed(all, &all->items[0], err)) < 0)
		return rc;
	for (size_t i = 1; i < all->count; i++)
		if (all->items[i].is_needed && !is_loader(&all->items[i], loader) &&
			(rc = take_library(c, env, &all->items[i], err)) < 0)
			return rc;
	if (!c->directory || c->directory[0] != '/' || c->loader[0] != '/')
		return bn_err_set(err, BN_EUNSUPPORTED,
			"this system's C library is not libc.so of glibc: its loader %.200s may "
			"search "
			"elsewhere",
			loader);
	qsort(c->libraries, c->count, sizeof *c->libraries, by_name);
	return 0;
}

int bn_closure_find(bn_closure *out, const bn_env *env, bn_err *err)
{
	bn_closure c = {.program = NULL};
	objects all = {.items = NULL};
	int rc = 0;
	dl_iterate_phdr(add_object, &all);
	rc = all.failed ? bn_err_nomem(err, "libraries") : fill(&c, env, &all, err);
	bn_free(all.items);
	if (rc < 0)
		bn_closure_release(&c);
	*out = c;
	return rc;
}

void bn_closure_release(bn_closure *c)
{
	for (size_t i = 0; i < c->count; i++) {
		bn_free(c->libraries[i].name);
		bn_free(c->libraries[i].path);
	}
	bn_free(c->libraries);
	bn_free(c->program);
	bn_free(c->loader);
	bn_free(c->directory);
	*c = (bn_closure){.program = NULL};
}

/* ---- without what is never loaded ----------------------------------------------------------- */

static bool is_of_this_machine(const Elf64_Ehdr *h, size_t got)
{
	const uint16_t one = 1;
	unsigned char order = *(const unsigned char *)&one ? ELFDATA2LSB : ELFDATA2MSB;
	return got == sizeof *h && !memcmp(h->e_ident, ELFMAG, SELFMAG) &&
	       h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == order &&
	       h->e_phentsize == sizeof(Elf64_Phdr) && h->e_phnum && h->e_phnum < PN_XNUM &&
	       h->e_phoff < INT64_MAX / 2;
}

int bn_elf_loaded_part(bn_elf_part *out, const bn_env *env, int fd, const char *path, bn_err *err)
{
	Elf64_Ehdr h;
	Elf64_Phdr p;
	size_t got;
	struct stat st;
	int rc = bn_fs_read_at(env, fd, &h, sizeof h, 0, &got, path, err);
	if (rc < 0)
		return rc;
	if (!is_of_this_machine(&h, got) || env->fs->fstat(env, fd, &st) < 0)
		return bn_err_set(err, BN_EUNSUPPORTED, "'%s' is no 64-bit ELF program", path);
	uint64_t end = h.e_phoff + (uint64_t)h.e_phnum * sizeof p;
	for (size_t i = 0; i < h.e_phnum; i++) {
		if ((rc = bn_fs_read_at(env, fd, &p, sizeof p, (off_t)(h.e_phoff + i * sizeof p),
			     &got, path, err)) < 0)
			return rc;
		if (got == sizeof p && p.p_type != PT_NULL && p.p_offset + p.p_filesz > end)
			end = p.p_offset + p.p_filesz;
	}
	if (end > (uint64_t)st.st_size)
		return bn_err_set(err, BN_EUNSUPPORTED, "'%s' is no complete ELF program", path);
	h.e_shoff = 0;
	h.e_shnum = 0;
	h.e_shstrndx = SHN_UNDEF;
	*out = (bn_elf_part){.size = end, .head_size = sizeof h};
	memcpy(out->head, &h, sizeof h);
	return 0;
}
