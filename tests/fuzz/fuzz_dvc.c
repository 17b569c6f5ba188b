/* Any bytes as a text of DVC. The first one chooses: a .dvc file (p), a listing (l), a configuration (c), rules of
 * .dvcignore (i), a pointer of Git LFS (g). An error has a message; what was read leads nowhere else, and is the same when it is written and read
 * again. */
#include "core/base/mem.h"
#include "core/dvc/ignore.h"
#include "core/dvc/ini.h"
#include "core/dvc/listing.h"
#include "core/dvc/pointer.h"
#include "core/lfs/pointer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
	if (!*path || *path == '/' || strstr(path, "//") || !strncmp(path, "../", 3) ||
		strstr(path, "/../") || !strcmp(path, "..") || !strcmp(path, ".git") ||
		!strncmp(path, ".git/", 5) || strstr(path, "/.git/"))
		abort();
}

static void fuzz_pointer(const char *text, size_t n)
{
	bn_dvc_outs outs = BN_DVC_OUTS_INIT, again = BN_DVC_OUTS_INIT;
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	if (bn_dvc_pointer_parse(&outs, text, n, "d/x.dvc", &err) < 0) {
		if (!err.code || !err.msg[0])
			abort();
		goto out;
	}
	for (size_t i = 0; i < outs.count; i++)
		check_path(outs.items[i].path);
	if (!outs.count)
		goto out;
	bn_dvc_out o = outs.items[outs.count - 1];
	memcpy(o.md5, "d41d8cd98f00b204e9800998ecf8427e", sizeof o.md5);
	o.size = 77;
	o.is_dir = !o.is_dir;
	o.nfiles = o.is_dir ? 3 : -1;
	o.is_legacy = false;
	if (bn_dvc_pointer_rewrite(&b, text, n, &o, &err) < 0)
		goto out;
	if (bn_dvc_pointer_parse(&again, b.ptr, b.len, "d/x.dvc", &err) < 0 ||
		again.count != outs.count)
		abort();
	const bn_dvc_out *back = &again.items[again.count - 1];
	if (strcmp(back->md5, o.md5) || back->size != 77 || back->is_dir != o.is_dir ||
		back->is_legacy || back->nfiles != o.nfiles || strcmp(back->path, o.path) ||
		back->uncached != o.uncached)
		abort();
out:
	bn_buf_release(&b);
	bn_dvc_outs_release(&outs);
	bn_dvc_outs_release(&again);
}

static void fuzz_listing(const char *text, size_t n)
{
	bn_dvc_listing l = BN_DVC_LISTING_INIT, again = BN_DVC_LISTING_INIT;
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	if (bn_dvc_listing_parse(&l, text, n, "l", &err) < 0) {
		if (!err.code || !err.msg[0])
			abort();
		goto out;
	}
	for (size_t i = 0; i < l.count; i++)
		check_path(l.items[i].path);
	if (bn_dvc_listing_write(&b, &l, &err) < 0 ||
		bn_dvc_listing_parse(&again, b.ptr, b.len, "l", &err) < 0 || again.count != l.count)
		abort();
	for (size_t i = 0; i < l.count; i++)
		if (strcmp(l.items[i].path, again.items[i].path) ||
			strcmp(l.items[i].md5, again.items[i].md5))
			abort();
out:
	bn_buf_release(&b);
	bn_dvc_listing_release(&l);
	bn_dvc_listing_release(&again);
}

static int take(void *user, const bn_ini_option *o, bn_err *err)
{
	(void)err;
	*(size_t *)user += strlen(o->section) + strlen(o->key) + strlen(o->value) + o->line;
	return 0;
}

static void fuzz_lfs(const char *text, size_t n)
{
	bn_lfs_pointer p;
	bn_err err = BN_ERR_INIT;
	int rc = bn_lfs_pointer_parse(&p, text, n, "p", &err);
	if (rc < 0 ? !err.msg[0] : !bn_is_hex(p.oid) || strlen(p.oid) != BN_SHA256_HEX || !bn_lfs_is_pointer(text, n))
		abort();
}

static void fuzz_ignore(const char *text, size_t n)
{
	static const char *const paths[] = {
		"a", "a/b.csv", "aaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaaaaaab", "é/日"};
	bn_dvc_ignore ig = BN_DVC_IGNORE_INIT;
	bn_dvc_ignore_add(&ig, 0, text, n, NULL);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		bn_dvc_ignore_has(&ig, paths[i], i & 1);
	bn_dvc_ignore_release(&ig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_err err = BN_ERR_INIT;
	size_t sum = 0;
	if (!size)
		return 0;
	const char *text = (const char *)data + 1;
	switch (*data) {
	case 'p':
		fuzz_pointer(text, size - 1);
		break;
	case 'l':
		fuzz_listing(text, size - 1);
		break;
	case 'g':
		fuzz_lfs(text, size - 1);
		break;
	case 'i':
		fuzz_ignore(text, size - 1);
		break;
	default:
		if (bn_ini_parse(text, size - 1, "c", take, &sum, &err) < 0 && !err.msg[0])
			abort();
	}
	return 0;
}
