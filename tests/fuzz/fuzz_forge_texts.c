/*
 * Any bytes as the URL of a git remote (the first line) and as a note (the rest). A remote gives a host without user and
 * password, and a path; a note has its first line once, at most the forge's length, and on GitLab no line outside of
 * a code block that would be a command.
 */
#include "core/base/mem.h"
#include "core/ci/forge.h"
#include "core/ci/note.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MARK "<!-- binnacle:ci:fuzz -->\n"

static void try_remote(const char *text)
{
	char *server, *path;
	bn_err err = BN_ERR_INIT;
	if (bn_forge_parse_remote(&server, &path, text, &err) < 0) {
		if (!err.msg[0] || server || path)
			abort();
		return;
	}
	const char *host = strstr(server, "://") + 3;
	if (!*host || strpbrk(host, "@/?# ") || *path == '/' || strpbrk(path, "?#% "))
		abort();
	bn_free(server);
	bn_free(path);
}

static void try_note(bn_forge_kind kind, const char *text, size_t n)
{
	size_t most = kind == BN_FORGE_GITHUB ? BN_NOTE_GITHUB_BYTES : BN_NOTE_GITLAB_BYTES;
	bn_buf out = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bool cut;
	if (bn_note_text(&out, &cut, kind, "fuzz", text, n, &err) >= 0) {
		if (out.len > most || strncmp(out.ptr, MARK, strlen(MARK)) != 0 || strlen(out.ptr) != out.len)
			abort();
		bool fences = strstr(out.ptr, "```") || strstr(out.ptr, "~~~");
		for (const char *at = out.ptr; !fences && kind == BN_FORGE_GITLAB && at && *at; at = strchr(at, '\n')) {
			at += strspn(at, " \t\n");
			if (at[0] == '/' && isalpha((unsigned char)at[1]))
				abort();
		}
	}
	bn_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = bn_strndup((const char *)data, size);
	const char *end = memchr(data, '\n', size);
	size_t line = end ? (size_t)(end - (const char *)data) : size;
	if (!text)
		return 0;
	const char *rest = (const char *)data + (end ? line + 1 : size);
	size_t n = size - (size_t)(rest - (const char *)data);
	try_note(BN_FORGE_GITLAB, rest, n);
	try_note(BN_FORGE_GITHUB, rest, n);
	text[line < strlen(text) ? line : strlen(text)] = '\0';
	try_remote(text);
	bn_free(text);
	return 0;
}
