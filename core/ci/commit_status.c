/* commit_status.c - see commit_status.h. */
#include "core/ci/commit_status.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/shown.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/ci/_forge.h"

#include <string.h>

#define NAME_MAX_BYTES 100
#define GITLAB_CHARS 255 /* of a description and of a URL */
#define GITHUB_CHARS 140

static const char *const states[BN_COMMIT_STATES + 1] = {
	"pending", "running", "success", "failed", NULL};
static const char *const of_github[BN_COMMIT_STATES] = {"pending", "pending", "success", "failure"};

const char *bn_commit_state_name(bn_commit_state s)
{
	return states[s];
}

int bn_commit_state_parse(bn_commit_state *out, const char *word, bn_err *err)
{
	for (int i = 0; i < BN_COMMIT_STATES; i++)
		if (!strcmp(word, states[i])) {
			*out = (bn_commit_state)i;
			return 0;
		}
	const char *near = bn_nearest_word(word, states);
	bn_err_set(err, BN_EINVAL, "'%.40s' is not a state: pending, running, success or failed",
		word);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	return BN_EINVAL;
}

/* ---- what is sent ------------------------------------------------------------------------------ */

typedef struct setting {
	bn_forge *f;
	bool github;
	const char *word; /* the state, as the forge calls it */
	const char *name, *target;
	bn_buf description, path, list;
	char what[120], missing[120];
	bn_forge_doing doing;
	bool is_so; /* what the last look has shown */
} setting;

/* As one line, cut at a character to so many. */
static bool shorten(bn_buf *out, const char *text, size_t most)
{
	bn_buf line = BN_BUF_INIT;
	size_t at = 0, chars = 0, room = 0;
	uint32_t cp;
	bn_shown_add(&line, text, strlen(text), BN_SHOWN_LINE);
	for (; at < line.len && chars < most; chars++) {
		if (chars + 1 == most)
			room = at;
		at += bn_utf8_decode(line.ptr + at, line.len - at, &cp);
	}
	bool cut = at < line.len;
	bn_buf_add(out, line.ptr, cut ? room : line.len);
	if (cut)
		bn_buf_adds(out, "\u2026");
	out->failed = out->failed || line.failed;
	bn_buf_release(&line);
	return cut;
}

static int check_name(const char *name, bn_err *err)
{
	size_t n = strlen(name);
	bool good = n && n <= NAME_MAX_BYTES && bn_utf8_is_valid(name, n);
	for (const char *p = name; *p; p++)
		good = good && (unsigned char)*p >= ' ' && *p != 0x7f;
	return good ? 0
		    : bn_err_set(err, BN_EINVAL,
			      "'%.60s' is not the name of a status: a line of at most %d bytes",
			      name, NAME_MAX_BYTES);
}

static int check_target(const setting *s, const bn_commit_status *status, bn_err *err)
{
	const char *url = status->target;
	if (!url)
		return 0;
	bool good = bn_str_starts(url, "https://") || bn_str_starts(url, "http://");
	for (const char *p = url; *p; p++)
		good = good && (unsigned char)*p > ' ' && *p != 0x7f;
	if (!good)
		return bn_err_set(
			err, BN_EINVAL, "'%.100s' is not an http:// or https:// URL", url);
	if (!s->github && strlen(url) > GITLAB_CHARS)
		return bn_err_set(err, BN_EINVAL,
			"GitLab takes URLs of at most %d characters, this one has %zu",
			GITLAB_CHARS, strlen(url));
	return 0;
}

static int prepare(
	setting *s, bn_commit_status_result *out, const bn_commit_status *status, bn_err *err)
{
	const bn_forge_place *p = s->f->place;
	int rc;
	s->github = p->kind == BN_FORGE_GITHUB;
	s->word = (s->github ? of_github : states)[status->state];
	s->name = status->name;
	s->target = status->target ? status->target : p->pipeline_page;
	if (!p->commit) {
		bn_err_set(err, BN_EINVAL, "nothing says which commit the status is for");
		bn_err_hint(err, "--commit SHA");
		return BN_EINVAL;
	}
	if ((rc = check_name(s->name, err)) < 0 || (rc = check_target(s, status, err)) < 0)
		return rc;
	if (!s->github && s->target && strlen(s->target) > GITLAB_CHARS)
		s->target = NULL;
	if (status->description)
		out->cut = shorten(&s->description, status->description,
			s->github ? GITHUB_CHARS : GITLAB_CHARS);
	if (bn_forge_holds_token(s->f, s->description.ptr, s->description.len))
		return bn_err_set(err, BN_EREFUSED,
			"the description holds the token of %s: it is not sent",
			bn_forge_token_source(s->f));
	snprintf(s->what, sizeof s->what, "set the status of commit %.12s", p->commit);
	snprintf(s->missing, sizeof s->missing, "commit %.12s", p->commit);
	s->doing = (bn_forge_doing){s->what, s->missing};
	bn_forge_add_project(&s->path, p, p->project);
	bn_buf_addf(&s->path, "/statuses/%s", p->commit);
	bn_forge_add_project(&s->list, p, p->project);
	bn_buf_addf(&s->list,
		s->github ? "/commits/%s/statuses?" : "/repository/commits/%s/statuses?name=",
		p->commit);
	if (!s->github)
		bn_http_url_add(&s->list, s->name);
	if (s->path.failed || s->list.failed || s->description.failed)
		return bn_err_nomem(err, "a status");
	return 0;
}

static json_t *body_of(const setting *s)
{
	const char *description = s->description.len ? s->description.ptr : NULL;
	if (s->github)
		return json_pack("{s:s, s:s, s:s*, s:s*}", "state", s->word, "context", s->name,
			"description", description, "target_url", s->target);
	return json_pack("{s:s, s:s, s:s*, s:s*, s:s*}", "state", s->word, "name", s->name,
		"description", description, "target_url", s->target, "pipeline_id",
		s->f->place->pipeline);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* GitHub lists the newest first, GitLab the newest of each name. */
static int look_at(void *user, const json_t *item, bn_err *err)
{
	setting *s = user;
	const char *name, *word;
	bn_err why = BN_ERR_INIT;
	if (bn_json_need_str(item, s->github ? "context" : "name", &name, "a status", &why) < 0 ||
		bn_json_need_str(item, s->github ? "state" : "status", &word, "a status", &why) < 0)
		return bn_err_recode(err, &why, BN_EIO);
	if (strcmp(name, s->name) != 0)
		return 0;
	s->is_so = !strcmp(word, s->word) &&
		   !strcmp(bn_json_str(item, "description", ""), s->description.ptr);
	return 1;
}

static int look(setting *s, bn_err *err)
{
	s->is_so = false;
	int rc = bn_forge_list(s->f, s->list.ptr, look_at, s, &s->doing, err);
	return rc < 0 ? rc : 0;
}

/* GitLab refuses to set the state that a status has already. */
static bool is_no_transition(const setting *s, const bn_forge_answer *answer, const bn_err *why)
{
	return !s->github && answer->status == 400 && strstr(why->msg, "Cannot transition");
}

static int send(setting *s, bn_commit_status_result *out, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_forge_answer answer;
	int rc = 0;
	for (int n = 1; n <= BN_FORGE_BLIND_TRIES; n++) {
		bn_err_clear(&why);
		rc = bn_forge_do(&answer, s->f, "POST", s->path.ptr, body_of(s), &s->doing, &why);
		json_decref(answer.json);
		bool same = is_no_transition(s, &answer, &why);
		if (!answer.unsure && !same)
			return rc < 0 ? bn_err_move(err, &why) : 0;
		if ((rc = look(s, err)) < 0)
			return rc;
		if (s->is_so) {
			out->was_so = same;
			return 0;
		}
		if (same)
			return bn_err_move(err, &why);
		if (n < BN_FORGE_BLIND_TRIES && (rc = bn_forge_pause(s->f, n, err)) < 0)
			return rc;
	}
	if (!why.code)
		bn_err_set(&why, BN_EIO, "cannot %s: %s took it, but does not show it", s->what,
			s->f->place->api);
	return bn_err_move(err, &why);
}

static void setting_release(setting *s)
{
	bn_buf_release(&s->description);
	bn_buf_release(&s->path);
	bn_buf_release(&s->list);
}

int bn_commit_status_check(bn_forge *f, const bn_commit_status *status, bn_err *err)
{
	setting s = {.f = f, .description = BN_BUF_INIT, .path = BN_BUF_INIT, .list = BN_BUF_INIT};
	bn_commit_status_result none = {0};
	int rc = prepare(&s, &none, status, err);
	setting_release(&s);
	return rc;
}

int bn_commit_status_set(
	bn_commit_status_result *out, bn_forge *f, const bn_commit_status *status, bn_err *err)
{
	setting s = {.f = f, .description = BN_BUF_INIT, .path = BN_BUF_INIT, .list = BN_BUF_INIT};
	int rc;
	*out = (bn_commit_status_result){0};
	if ((rc = prepare(&s, out, status, err)) >= 0)
		rc = send(&s, out, err);
	setting_release(&s);
	return rc;
}
