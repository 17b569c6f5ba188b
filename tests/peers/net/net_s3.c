/*
 * net_s3.c - copies a directory of files to a remote and back, for tests/peers/s3.sh:
 *	net_s3 put|get DIRECTORY URL ENDPOINT
 * Keys are the files' names. Each file is hashed when it is put, and read back as it is when it is got.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/remote/each.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *directory;
static bn_names names = BN_NAMES_INIT;

static int put_file(void *ctx, bn_remote_store *s, size_t i, const bn_progress *progress, bn_err *err)
{
	struct stat st;
	char path[4096];
	(void)ctx;
	snprintf(path, sizeof path, "%s/%s", directory, names.items[i]);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return bn_err_set(err, BN_EIO, "cannot read %s", path);
	bn_remote_source source = {.fd = fd, .path = path, .n = (uint64_t)st.st_size};
	int rc = bn_remote_store_put(s, names.items[i], &source, BN_REMOTE_REPLACE, NULL, progress, err);
	close(fd);
	return rc;
}

static int get_file(void *ctx, bn_remote_store *s, size_t i, const bn_progress *progress, bn_err *err)
{
	char path[4096];
	(void)ctx;
	snprintf(path, sizeof path, "%s/%s", directory, names.items[i]);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return bn_err_set(err, BN_EIO, "cannot write %s", path);
	int rc = bn_remote_store_get_file(s, names.items[i], fd, path, 0, NULL, NULL, progress, err);
	close(fd);
	return rc;
}

static int take_name(void *ctx, const char *key, const bn_remote_info *info, bn_err *err)
{
	(void)ctx;
	(void)info;
	return bn_names_add(&names, key) < 0 ? bn_err_nomem(err, "names") : 0;
}

int main(int argc, char **argv)
{
	bn_err err = BN_ERR_INIT;
	bn_remote_store *s = NULL;
	if (argc != 5) {
		fprintf(stderr, "net_s3 put|get DIRECTORY URL ENDPOINT\n");
		return 2;
	}
	bn_remote_options o = {.endpoint = argv[4]};
	bool puts = !strcmp(argv[1], "put");
	directory = argv[2];
	int rc = bn_remote_store_open(&s, bn_env_real(), argv[3], &o, &err);
	if (rc == BN_OK)
		rc = puts ? bn_fs_list_dir(bn_env_real(), directory, &names, &err)
			  : bn_remote_store_list(s, "", take_name, NULL, &err);
	bn_remote_work work = {.task = puts ? put_file : get_file, .count = names.count, .at_once = 16,
		.what = "copying"};
	if (rc == BN_OK)
		rc = bn_remote_each(s, &work, NULL, &err);
	bn_remote_store_close(s);
	bn_names_release(&names);
	if (rc < 0)
		fprintf(stderr, "net_s3: %s (%s)\n", err.msg, err.hint);
	return rc < 0;
}
