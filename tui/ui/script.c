/* script.c - see script.h. */
#include "tui/ui/script.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/ui/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits for pages and jobs, and for those that they start. False: there was nothing to wait for. */
static bool work_finish(bn_frame *f)
{
	bn_loader *l = bn_frame_loader(f);
	bool any = bn_frame_pump(f);
	while (bn_loader_busy(l) > 0 || bn_jobs_active(bn_frame_jobs(f)) > 0) {
		bn_loader_wait(l);
		if (bn_loader_busy(l) == 0)
			bn_jobs_wait(bn_frame_jobs(f));
		bn_frame_pump(f);
		any = true;
	}
	return any;
}

void bn_script_settle(bn_frame *f, bn_surface *s)
{
	work_finish(f);
	bn_frame_draw(f, s);
	bn_frame_draw(f, s); /* requests of the first draw (rows of a page) now have their final
			      * size */
	while (work_finish(f))
		bn_frame_draw(f, s);
}

static void text_type(bn_frame *f, bn_surface *s, const char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		i += bn_utf8_decode(text + i, n - i, &cp);
		bn_frame_key(f, (int)cp);
		bn_script_settle(f, s);
	}
}

static int keys_run(bn_frame *f, bn_surface *s, const char *line, bn_err *err)
{
	while (*(line += strspn(line, " \t"))) {
		if (*line == '"' && strchr(line + 1, '"')) {
			size_t n = strcspn(line + 1, "\"");
			text_type(f, s, line + 1, n);
			line += n + 2;
			continue;
		}
		size_t n = strcspn(line, " \t");
		int key = bn_key_from_name(line, n);
		if (key == BN_KEY_NONE)
			return bn_err_set(err, BN_EINVAL, "no key '%.*s'", (int)n, line);
		bn_frame_key(f, key);
		bn_script_settle(f, s);
		line += n;
	}
	return 0;
}

static int size_set(bn_surface *s, const char *arg, bn_err *err)
{
	int cols = 0, rows = 0;
	char end;
	if (sscanf(arg, " %dx%d %c", &cols, &rows, &end) != 2 || rows < 1 || cols < 1 ||
		rows > 1000 || cols > 1000)
		return bn_err_set(
			err, BN_EINVAL, "a size is COLUMNSxROWS, 1 to 1000, not '%s'", arg);
	return bn_surface_resize(s, rows, cols, err);
}

static int line_run(bn_frame *f, bn_surface *s, const char *line, bn_err *err)
{
	int rc = 0;
	if (strncmp(line, ":size ", 6) == 0) {
		rc = size_set(s, line + 6, err);
		bn_script_settle(f, s);
	} else if (line[0] == ':' && line[1] && line[1] != ' ') {
		rc = bn_frame_run(f, line + 1, err);
		bn_script_settle(f, s);
	} else {
		rc = keys_run(f, s, line, err);
	}
	return rc;
}

int bn_script_run(bn_frame *f, bn_surface *s, const char *text, const char *file, bn_err *err)
{
	int number = 0, rc = 0;
	bn_script_settle(f, s);
	while (*text && !rc && !bn_frame_is_done(f)) {
		size_t n = strcspn(text, "\n");
		char *line = bn_strndup(text, n);
		number++;
		if (!line)
			return bn_err_nomem(err, "a line of the script");
		size_t first = strspn(line, " \t\r"), end = strlen(line);
		while (end > first && strchr(" \t\r", line[end - 1]))
			line[--end] = '\0';
		if (line[first] && line[first] != '#')
			rc = line_run(f, s, line + first, err);
		if (rc)
			bn_err_prefix(err, "%s:%d", file, number);
		bn_free(line);
		text += n + (text[n] == '\n');
	}
	return rc;
}
