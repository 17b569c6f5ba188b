/* frame_export.c - writes the rows of a list to a file, and asks before overwriting one. */
#include "tui/ui/_frame.h"
#include "tui/ui/format.h"
#include "tui/ui/grid_save.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool bn_frame_may_write(bn_frame *f, const char *name)
{
	char path[BN_FRAME_PATH], title[128], body[512], size[BN_FORMAT_BYTES];
	struct stat st;
	if (bn_frame_path(f, name, path, NULL) < 0 || f->overwrites || stat(path, &st) < 0 ||
		!S_ISREG(st.st_mode))
		return true;
	snprintf(f->export_name, sizeof f->export_name, "%s", name);
	snprintf(title, sizeof title, "Overwrite %.100s?", name);
	snprintf(body, sizeof body,
		"%.300s exists (%s); its contents would be lost. Another name: :export FILE.", path,
		bn_format_bytes(size, (int64_t)st.st_size));
	bn_frame_confirm(f, NULL, BN_CMD_EXPORT, title, body, "overwrite");
	return false;
}

void bn_frame_export_over(bn_frame *f)
{
	bn_err err = BN_ERR_INIT;
	f->overwrites = true;
	if (bn_frame_do(f, BN_CMD_EXPORT, f->export_name, &err))
		bn_frame_error(f, &err);
	f->overwrites = false;
}

int bn_frame_save(const bn_frame *f, const char *name, const char *text, size_t n, bn_err *err)
{
	char path[BN_FRAME_PATH];
	int rc = bn_frame_path(f, name, path, err);
	if (rc < 0)
		return rc;
	FILE *out = fopen(path, "we");
	if (!out)
		return bn_err_sys(err, BN_EIO, errno, "cannot write %s", path);
	size_t done = fwrite(text, 1, n, out);
	if (fclose(out) || done != n)
		return bn_err_sys(err, BN_EIO, errno, "cannot write %s", path);
	return 0;
}

static int table_save(
	const bn_frame *f, const bn_grid *g, const char *name, bn_export_as as, bn_err *err)
{
	static const bn_list_format formats[] = {[BN_EXPORT_MARKDOWN] = BN_LIST_MARKDOWN,
		[BN_EXPORT_ARROW] = BN_LIST_ARROW,
		[BN_EXPORT_PARQUET] = BN_LIST_PARQUET};
	char path[BN_FRAME_PATH];
	int rc = bn_frame_path(f, name, path, err);
	return rc < 0 ? rc : bn_grid_save(g, path, formats[as], err);
}

int bn_frame_export(bn_frame *f, const bn_grid *t, const char *name, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_export_as as;
	if (!name || !*name) {
		bn_modal_open(f, BN_MODAL_COMMAND, "export ");
		return 0;
	}
	int rc = bn_export_as_of(&as, name, err);
	if (rc < 0 || !bn_frame_may_write(f, name))
		return rc;
	long long rows = (long long)bn_grid_count(t);
	if (as >= BN_EXPORT_MARKDOWN) {
		rc = table_save(f, t, name, as, err);
	} else {
		bn_grid_write(t, as, &text);
		if ((rc = bn_buf_check(&text, err, "the rows")) == 0)
			rc = bn_frame_save(f, name, text.ptr, text.len, err);
	}
	if (rc < 0)
		goto out;
	bn_frame_message(f, "wrote %lld %s to %s", rows, rows == 1 ? "row" : "rows", name);
out:
	bn_buf_release(&text);
	return rc;
}
