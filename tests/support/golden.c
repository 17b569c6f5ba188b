/* golden.c - see golden.h. */
#include "tests/support/golden.h"

#include "core/base/buf.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool file_read(const char *path, bn_buf *out)
{
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		bn_buf_add(out, chunk, n);
	fclose(f);
	return true;
}

static void first_difference(const char *path, const char *want, const char *got)
{
	int line = 1;
	while (*want && *got) {
		size_t w = strcspn(want, "\n"), g = strcspn(got, "\n");
		if (w != g || memcmp(want, got, w) != 0)
			break;
		want += w + (want[w] == '\n');
		got += g + (got[g] == '\n');
		line++;
	}
	ck_abort_msg("%s:%d differs (make golden writes it anew)\n  want: %.*s\n  got:  %.*s", path,
		line, (int)strcspn(want, "\n"), want, (int)strcspn(got, "\n"), got);
}

/* "runs/runs-80x24" is in that folder of screens. */
static void path_of(const char *name, char *out, size_t size)
{
	const char *slash = strchr(name, '/');
	if (slash)
		snprintf(out, size, "tests/tui/views/%.*s/golden%s.screen", (int)(slash - name),
			name, slash);
	else
		snprintf(out, size, "tests/golden/%s.screen", name);
}

void bn_golden_check(const char *name, const char *text)
{
	char path[256];
	const char *mode = getenv("BINNACLE_GOLDEN");
	bn_buf want = BN_BUF_INIT;
	path_of(name, path, sizeof path);
	if (mode && strcmp(mode, "write") == 0) {
		FILE *f = fopen(path, "we");
		ck_assert_msg(f != NULL, "cannot write %s", path);
		ck_assert_uint_eq(fwrite(text, 1, strlen(text), f), strlen(text));
		ck_assert_int_eq(fclose(f), 0);
		return;
	}
	ck_assert_msg(file_read(path, &want), "no %s (make golden writes it)", path);
	if (strcmp(want.ptr, text) != 0)
		first_difference(path, want.ptr, text);
	bn_buf_release(&want);
}

void bn_golden_check_surface(const char *name, const bn_surface *s)
{
	bn_buf text = BN_BUF_INIT;
	bn_surface_dump(s, &text, true);
	bn_golden_check(name, text.ptr);
	bn_buf_release(&text);
}
