/* A server of Git LFS (tests/support/lfs_server.h) for tests/peers/lfs.sh: serves the files that it is given, prints its
 * URL, and ends when its standard input does. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "tests/support/lfs_server.h"

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	lfs_server *s = lfs_server_start(&(lfs_options){.status = 0});
	char c, oid[65];
	for (int i = 1; i < argc; i++) {
		bn_buf b = BN_BUF_INIT;
		bn_err err = BN_ERR_INIT;
		if (bn_fs_read_file(bn_env_real(), argv[i], &b, &err) < 0) {
			fprintf(stderr, "%s\n", err.msg);
			return 1;
		}
		lfs_server_put(s, b.ptr, b.len, oid);
		bn_buf_release(&b);
	}
	printf("%s/a.git/info/lfs\n", lfs_server_url(s));
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	lfs_server_free(s);
	return 0;
}
