/* artifact_path.c - see artifact_path.h. */
#include "core/api/artifact_path.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/run/runlog.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- decoding ------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

/* One pass over text[n], in place; false if nothing was encoded. */
static bool unescape(char *text, size_t *n)
{
	size_t to = 0;
	for (size_t i = 0; i < *n; i++) {
		int high = text[i] == '%' && i + 2 < *n ? hex_value(text[i + 1]) : -1;
		int low = high >= 0 ? hex_value(text[i + 2]) : -1;
		text[to++] = low >= 0 ? (char)(high * 16 + low) : text[i];
		i += low >= 0 ? 2 : 0;
	}
	text[to] = '\0';
	bool did = to != *n;
	*n = to;
	return did;
}

static bool has_dot_dot(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		if (p[0] == '.' && p[1] == '.' && (!p[2] || p[2] == '/'))
			return true;
	return false;
}

static bool is_safe(const char *path, size_t n)
{
	if (!bn_utf8_is_valid(path, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)path[i] < 32 || path[i] == 127 || path[i] == '#')
			return false;
	return path[0] != '/' && !has_dot_dot(path);
}

/* "%2F" is a slash, the one escape that the router leaves. */
static void decode_slashes(char *text)
{
	char *to = text;
	for (const char *p = text; *p; p++) {
		bool is_slash = p[0] == '%' && p[1] == '2' && (p[2] | 32) == 'f';
		*to++ = is_slash ? '/' : *p;
		p += is_slash ? 2 : 0;
	}
	*to = '\0';
}

/* Whether it is safe for a reader that decodes it again, however often. */
static int is_safe_decoded(const char *path)
{
	size_t n = strlen(path);
	char *copy = bn_strdup(path);
	if (!copy)
		return BN_ENOMEM;
	while (unescape(copy, &n))
		;
	int safe = is_safe(copy, n);
	bn_free(copy);
	return safe;
}

int bn_api_path_decode(char **out, const char *text, bn_wire_fault *fault)
{
	size_t n = 0;
	char *copy = bn_alloc(strlen(text) + 1);
	if (!copy)
		return bn_wire_refuse(
			fault, BN_API_TEMPORARILY_UNAVAILABLE, "out of memory: a path");
	/* "a//b" is "a/b"; slashes that are encoded are not taken for such. */
	for (const char *p = text; *p; p++)
		if (*p != '/' || p == text || p[-1] != '/')
			copy[n++] = *p;
	copy[n] = '\0';
	decode_slashes(copy);
	int safe = is_safe_decoded(copy);
	if (safe > 0) {
		*out = copy;
		return 0;
	}
	bn_free(copy);
	return safe < 0 ? bn_wire_refuse(fault, BN_API_TEMPORARILY_UNAVAILABLE, "out of memory: a path")
			: bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE, "Invalid path");
}

/* ---- owners --------------------------------------------------------------------------------- */

static bool is_logged_id(const char *id, size_t n)
{
	return n == 34 && id[0] == 'm' && id[1] == '-' && strspn(id + 2, "0123456789abcdef") >= 32;
}

static bool is_run_id(const char *id, size_t n)
{
	char copy[BN_API_ARTIFACT_ID];
	if (n == 0 || n >= sizeof copy)
		return false;
	memcpy(copy, id, n);
	copy[n] = '\0';
	return bn_run_id_is_valid(copy);
}

/* The first segment that is an id and precedes "artifacts". */
static void find_owner(bn_api_artifact_path *out)
{
	const char *before = NULL;
	size_t before_n = 0;
	for (const char *p = out->whole; *p;) {
		size_t n = strcspn(p, "/");
		const char *next = p + n + (p[n] == '/');
		bool ends = !strncmp(next, "artifacts", 9) && (!next[9] || next[9] == '/');
		bool is_logged =
			before_n == 6 && !memcmp(before, "models", 6) && is_logged_id(p, n);
		if (ends && (is_logged || is_run_id(p, n))) {
			out->owner = is_logged ? BN_API_OF_LOGGED : BN_API_OF_RUN;
			memcpy(out->id, p, n);
			out->id[n] = '\0';
			out->path = next + 9 + (next[9] == '/');
			return;
		}
		before = p;
		before_n = n;
		p = next;
	}
}

int bn_api_path_parse(bn_api_artifact_path *out, const char *text, bn_wire_fault *fault)
{
	*out = (bn_api_artifact_path){0};
	int rc = bn_api_path_decode(&out->whole, text, fault);
	if (rc < 0)
		return rc;
	for (size_t n = strlen(out->whole); n && out->whole[n - 1] == '/'; n--)
		out->whole[n - 1] = '\0';
	out->path = "";
	find_owner(out);
	return 0;
}

/* Every segment has a name. */
static bool is_normal(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		if (!p[0] || p[0] == '/' || (p[0] == '.' && (!p[1] || p[1] == '/')))
			return false;
	return true;
}

int bn_api_path_check_file(const bn_api_artifact_path *p, bn_wire_fault *fault)
{
	if (p->owner == BN_API_OF_NOTHING || !p->path[0])
		return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"'%s' is no artifact of a run or a logged model: .../RUN/artifacts/PATH or "
			".../models/m-ID/artifacts/PATH",
			p->whole);
	if (!is_normal(p->path))
		return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid artifact path: '%s'. Names may be treated as files in certain "
			"cases, "
			"and must not resolve to other names when treated as such.",
			p->whole);
	return 0;
}

void bn_api_path_release(bn_api_artifact_path *p)
{
	bn_free(p->whole);
	*p = (bn_api_artifact_path){0};
}

/* ---- headers -------------------------------------------------------------------------------- */

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Of MLflow's: what a browser could show as text is text/plain. */
static const char *const plain[] = {"txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini",
	"properties", "prop", "hocon", "toml", "yaml", "yml", "xml", "json", "js", "py", "py3",
	"csv", "tsv", "md", "rst", "ipynb", "MLmodel", "MLproject", NULL};

static const struct {
	const char *extension, *type;
} types[] = {{"htm", "text/html"}, {"html", "text/html"}, {"css", "text/css"}, {"png", "image/png"},
	{"jpg", "image/jpeg"}, {"jpeg", "image/jpeg"}, {"gif", "image/gif"},
	{"svg", "image/svg+xml"}, {"webp", "image/webp"}, {"bmp", "image/bmp"},
	{"tif", "image/tiff"}, {"tiff", "image/tiff"}, {"pdf", "application/pdf"},
	{"zip", "application/zip"}, {"tar", "application/x-tar"}, {"h5", "application/x-hdf5"},
	{"mp3", "audio/mpeg"}, {"wav", "audio/x-wav"}, {"mp4", "video/mp4"}, {"webm", "video/webm"},
	{"sh", "application/x-sh"}, {"wasm", "application/wasm"}};

const char *bn_api_media_type(const char *path)
{
	const char *name = file_name(path), *dot = strrchr(name, '.');
	const char *extension = dot && dot != name ? dot + 1 : name;
	for (size_t i = 0; plain[i]; i++)
		if (!strcmp(extension, plain[i]))
			return "text/plain";
	for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
		if (!strcasecmp(extension, types[i].extension))
			return types[i].type;
	return "application/octet-stream";
}

static bool is_token(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("!#$%&'*+-.^_`|~", *s))
			return false;
	return true;
}

void bn_api_add_disposition(bn_buf *out, const char *path)
{
	const char *name = file_name(path);
	bool is_ascii = true, is_bare = is_token(name);
	for (const char *p = name; *p; p++)
		is_ascii = is_ascii && (unsigned char)*p < 128;
	bn_buf_adds(out, "attachment; filename=");
	bn_buf_adds(out, is_bare ? "" : "\"");
	for (const char *p = name; *p; p++) {
		if ((unsigned char)*p >= 128)
			continue;
		if (*p == '"' || *p == '\\')
			bn_buf_addch(out, '\\');
		bn_buf_addch(out, *p);
	}
	bn_buf_adds(out, is_bare ? "" : "\"");
	if (is_ascii)
		return;
	bn_buf_adds(out, "; filename*=UTF-8''");
	for (const char *p = name; *p; p++) {
		if ((unsigned char)*p < 128 &&
			(isalnum((unsigned char)*p) || strchr("!#$&+-.^_`|~", *p)))
			bn_buf_addch(out, *p);
		else
			bn_buf_addf(out, "%%%02X", (unsigned char)*p);
	}
}
