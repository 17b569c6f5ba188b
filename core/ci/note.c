/* note.c - see note.h. */
#include "core/ci/note.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ci/_forge.h"

#include <ctype.h>
#include <string.h>

#define MARK "<!-- binnacle:ci:"
#define NAME_MAX_BYTES 100
#define FOR_THE_END 2000 /* bytes: what closes a cut note, and the word */

const char *bn_note_outcome_name(bn_note_outcome o)
{
	static const char *const names[] = {"none", "created", "updated", "unchanged"};
	return names[o];
}

void bn_note_result_release(bn_note_result *r)
{
	bn_free(r->page);
	*r = (bn_note_result){0};
}

/* ---- the text ------------------------------------------------------------------------------- */

static int check_name(const char *name, bn_err *err)
{
	size_t n = strlen(name);
	bool good = n && n <= NAME_MAX_BYTES && !strstr(name, "--") && !bn_str_ends(name, "-");
	for (const char *p = name; *p; p++)
		good = good && (isalnum((unsigned char)*p) || strchr("_./-", *p));
	if (good)
		return 0;
	bn_err_set(err, BN_EINVAL, "'%.120s' is not the name of a note", name);
	bn_err_hint(
		err, "letters, digits and _ . / -, at most %d, not two - in a row", NAME_MAX_BYTES);
	return BN_EINVAL;
}

/* The state of Markdown at the end of a line, as far as cutting there has to know it. */
typedef struct markdown {
	char fence;    /* '`' or '~' inside of a code block, else 0 */
	size_t length; /* of that fence */
	int details;   /* open <details> */
} markdown;

static int count_of(const char *line, size_t n, const char *word)
{
	int count = 0;
	size_t k = strlen(word);
	for (size_t i = 0; i + k <= n; i++)
		count += !memcmp(line + i, word, k);
	return count;
}

static void follow(markdown *m, const char *line, size_t n)
{
	size_t blanks = 0, run = 0;
	while (blanks < n && blanks < 3 && line[blanks] == ' ')
		blanks++;
	char c = blanks < n ? line[blanks] : '\0';
	while ((c == '`' || c == '~') && blanks + run < n && line[blanks + run] == c)
		run++;
	if (!m->fence) {
		m->details += count_of(line, n, "<details") - count_of(line, n, "</details>");
		if (run >= 3) {
			m->fence = c;
			m->length = run;
		}
	} else if (c == m->fence && run >= m->length) {
		m->fence = '\0';
	}
}

/* GitLab takes a line of a note that starts with a slash and a letter as a command of the note's author. */
static bool is_command(const markdown *m, const char *line, size_t n)
{
	size_t at = 0;
	while (at < n && (line[at] == ' ' || line[at] == '\t'))
		at++;
	return !m->fence && at + 1 < n && line[at] == '/' && isalpha((unsigned char)line[at + 1]);
}

static void add_line(bn_buf *out, bool command, const char *line, size_t n)
{
	const char *slash = command ? memchr(line, '/', n) : line;
	bn_buf_add(out, line, (size_t)(slash - line));
	if (command)
		bn_buf_addch(out, '\\');
	bn_buf_add(out, slash, n - (size_t)(slash - line));
	bn_buf_addch(out, '\n');
}

static void close_open(bn_buf *out, const markdown *m)
{
	for (size_t i = 0; m->fence && i < m->length && i < 500; i++)
		bn_buf_addch(out, m->fence);
	if (m->fence)
		bn_buf_addch(out, '\n');
	for (int i = 0; i < m->details && i < 50; i++)
		bn_buf_adds(out, "</details>\n");
}

/* Adds lines until the note would be longer than limit; returns how many, of *lines. */
static size_t add_lines(bn_buf *out, markdown *state, bn_forge_kind kind, const char *text,
	size_t n, size_t limit, size_t *lines)
{
	size_t kept = 0;
	*lines = 0;
	for (const char *at = text, *end = text + n; at < end; ++*lines) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((stop ? stop : end) - at);
		if (kept == *lines && out->len + length + 2 <= limit) {
			add_line(out, kind == BN_FORGE_GITLAB && is_command(state, at, length), at,
				length);
			follow(state, at, length);
			kept++;
		}
		at += length + 1;
	}
	return kept;
}

int bn_note_text(bn_buf *out, bool *cut, bn_forge_kind kind, const char *name, const char *text,
	size_t n, bn_err *err)
{
	size_t most = kind == BN_FORGE_GITHUB ? BN_NOTE_GITHUB_BYTES : BN_NOTE_GITLAB_BYTES;
	size_t from = out->len, start, lines;
	markdown state = {0};
	int rc = check_name(name, err);
	if (rc < 0)
		return rc;
	size_t blanks = 0;
	while (blanks < n && strchr(" \t\r\n", text[blanks]) && text[blanks])
		blanks++;
	if (blanks == n)
		return bn_err_set(err, BN_EINVAL, "the note is empty");
	if (memchr(text, '\0', n))
		return bn_err_set(err, BN_EINVAL, "the note holds a byte 0: it is not a text");
	bn_buf_addf(out, MARK "%s -->\n", name);
	start = out->len;
	add_lines(out, &state, kind, text, n, SIZE_MAX, &lines);
	*cut = out->len - from > most;
	if (*cut) {
		state = (markdown){0};
		bn_buf_truncate(out, start);
		size_t kept =
			add_lines(out, &state, kind, text, n, from + most - FOR_THE_END, &lines);
		close_open(out, &state);
		bn_buf_addf(out,
			"\n**The note is longer than %s takes: its first %zu of %zu lines are "
			"shown.**\n",
			bn_forge_kind_name(kind), kept, lines);
	}
	return bn_buf_check(out, err, "a note");
}

/* ---- finding it ------------------------------------------------------------------------------ */

typedef struct search {
	bn_forge *f;
	const char *mark; /* the first line, without its end */
	int64_t id;       /* of the note that was found; 0: none */
	char *body, *page;
} search;

/* Whether the author of a note is the account of the token. */
static int is_own(search *s, const json_t *item, bool *own, bn_err *err)
{
	bool github = s->f->place->kind == BN_FORGE_GITHUB;
	const json_t *author = json_object_get(item, github ? "user" : "author");
	const char *account;
	int rc = bn_forge_account(&account, s->f, err);
	if (rc < 0)
		return rc;
	if (!github) {
		char id[32];
		snprintf(id, sizeof id, "%lld", (long long)bn_json_int(author, "id", 0));
		*own = account && !strcmp(account, id);
	} else if (account) {
		*own = !strcmp(account, bn_json_str(author, "login", ""));
	} else {
		*own = !strcmp(bn_json_str(author, "type", ""), "Bot");
	}
	return 0;
}

static int look_at(void *user, const json_t *item, bn_err *err)
{
	search *s = user;
	const char *body, *page;
	int64_t id;
	bool own = false;
	bn_err why = BN_ERR_INIT;
	int rc;
	if (bn_json_need_str(item, "body", &body, "a note", &why) < 0 ||
		bn_json_need_int(item, "id", &id, "a note", &why) < 0)
		return bn_err_recode(err, &why, BN_EIO);
	if (!bn_str_starts(body, s->mark) ||
		(body[strlen(s->mark)] && !strchr("\r\n", body[strlen(s->mark)])))
		return 0;
	if ((rc = is_own(s, item, &own, err)) < 0)
		return rc;
	if (!own)
		return 0;
	page = bn_json_str(item, "html_url", NULL);
	s->id = id;
	s->body = bn_strdup(body);
	s->page = bn_strdup(page);
	return s->body && (s->page || !page) ? 1 : bn_err_nomem(err, "a note");
}

static void search_release(search *s)
{
	bn_free(s->body);
	bn_free(s->page);
	s->id = 0;
	s->body = s->page = NULL;
}

/* ---- writing it ------------------------------------------------------------------------------ */

typedef struct writing {
	bn_forge *f;
	search found;
	bn_buf list, text; /* path of the request's notes; what the note will be */
	char what[96], missing[96];
	bn_forge_doing doing;
} writing;

static int find(writing *w, bn_err *err)
{
	bool github = w->f->place->kind == BN_FORGE_GITHUB;
	char *path = bn_strf("%s?%s", w->list.ptr, github ? "" : "order_by=created_at&sort=asc");
	if (!path)
		return bn_err_nomem(err, "a URL");
	search_release(&w->found);
	int rc = bn_forge_list(w->f, path, look_at, &w->found, &w->doing, err);
	bn_free(path);
	return rc < 0 ? rc : 0;
}

static int take_result(bn_note_result *out, const writing *w, const json_t *note, bn_err *err)
{
	const bn_forge_place *p = w->f->place;
	const char *page = bn_json_str(note, "html_url", w->found.page);
	int64_t id = bn_json_int(note, "id", w->found.id);
	out->id = id;
	if (page)
		out->page = bn_strdup(page);
	else if (p->request_page && id)
		out->page = bn_strf("%s#note_%lld", p->request_page, (long long)id);
	else
		return 0;
	return out->page ? 0 : bn_err_nomem(err, "a URL");
}

static int update(bn_note_result *out, writing *w, bn_err *err)
{
	bool github = w->f->place->kind == BN_FORGE_GITHUB;
	bn_buf path = BN_BUF_INIT;
	bn_forge_answer answer = {0};
	int rc;
	const char *project =
		w->f->place->request_project ? w->f->place->request_project : w->f->place->project;
	if (github) {
		bn_forge_add_project(&path, w->f->place, project);
		bn_buf_addf(&path, "/issues/comments/%lld", (long long)w->found.id);
	} else {
		bn_buf_addf(&path, "%s/%lld", w->list.ptr, (long long)w->found.id);
	}
	if ((rc = bn_buf_check(&path, err, "a URL")) < 0 ||
		(rc = bn_forge_do(&answer, w->f, github ? "PATCH" : "PUT", path.ptr,
			 json_pack("{s:s}", "body", w->text.ptr), &w->doing, err)) < 0)
		goto out;
	out->outcome = BN_NOTE_UPDATED;
	rc = take_result(out, w, answer.json, err);
out:
	json_decref(answer.json);
	bn_buf_release(&path);
	return rc;
}

/* Sends it once. *unsure: look whether it arrived. */
static int create(bn_note_result *out, writing *w, bool *unsure, bn_err *err)
{
	bn_forge_answer answer;
	int rc = bn_forge_do(&answer, w->f, "POST", w->list.ptr,
		json_pack("{s:s}", "body", w->text.ptr), &w->doing, err);
	*unsure = answer.unsure || (rc >= 0 && bn_json_int(answer.json, "id", 0) <= 0);
	if (rc >= 0 && !*unsure) {
		out->outcome = BN_NOTE_CREATED;
		rc = take_result(out, w, answer.json, err);
	} else if (rc >= 0) {
		rc = bn_err_set(err, BN_EIO,
			"cannot %s: %s answered %d with something else than a note", w->doing.what,
			w->f->place->api, answer.status);
	}
	json_decref(answer.json);
	return rc;
}

/* What a look has shown: the note is there, and is updated if its text is another one. */
static int settle(bn_note_result *out, writing *w, bool after_create, bn_err *err)
{
	if (strcmp(w->found.body, w->text.ptr) != 0)
		return update(out, w, err);
	out->outcome = after_create ? BN_NOTE_CREATED : BN_NOTE_UNCHANGED;
	return take_result(out, w, NULL, err);
}

static int create_or_update(bn_note_result *out, writing *w, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bool unsure = false;
	int rc = 0;
	for (int n = 0; n < BN_FORGE_BLIND_TRIES; n++) {
		if (n && (rc = bn_forge_pause(w->f, n, err)) < 0)
			return rc;
		if ((rc = find(w, err)) < 0)
			return rc;
		if (w->found.id)
			return settle(out, w, n > 0, err);
		bn_err_clear(&why);
		if ((rc = create(out, w, &unsure, &why)) >= 0 || !unsure)
			return rc < 0 ? bn_err_move(err, &why) : rc;
	}
	/* the last one may have arrived too */
	if ((rc = find(w, err)) < 0)
		return rc;
	return w->found.id ? settle(out, w, true, err) : bn_err_move(err, &why);
}

static int prepare(
	writing *w, bn_note_result *out, const char *name, const char *text, size_t n, bn_err *err)
{
	const bn_forge_place *p = w->f->place;
	bool github = p->kind == BN_FORGE_GITHUB;
	int rc;
	if (!p->request) {
		bn_err_set(err, BN_EINVAL, "nothing says which %s request the note is for",
			github ? "pull" : "merge");
		bn_err_hint(err, github ? "--request N, or a workflow that pull_request starts"
					: "--request N, or a pipeline for merge requests");
		return BN_EINVAL;
	}
	if (bn_forge_holds_token(w->f, text, n))
		return bn_err_set(err, BN_EREFUSED,
			"the note holds the token of %s: it is not sent",
			bn_forge_token_source(w->f));
	snprintf(w->what, sizeof w->what, "write a note on %s request %lld",
		github ? "pull" : "merge", (long long)p->request);
	snprintf(w->missing, sizeof w->missing, "%s request %lld", github ? "pull" : "merge",
		(long long)p->request);
	w->doing = (bn_forge_doing){w->what, w->missing};
	bn_forge_add_project(&w->list, p, p->request_project ? p->request_project : p->project);
	bn_buf_addf(&w->list, github ? "/issues/%lld/comments" : "/merge_requests/%lld/notes",
		(long long)p->request);
	if ((rc = bn_buf_check(&w->list, err, "a URL")) < 0)
		return rc;
	return bn_note_text(&w->text, &out->cut, p->kind, name, text, n, err);
}

int bn_note_post(bn_note_result *out, bn_forge *f, const char *name, const char *text, size_t n,
	bool dry_run, bn_err *err)
{
	writing w = {.f = f, .list = BN_BUF_INIT, .text = BN_BUF_INIT};
	char *mark = NULL;
	int rc;
	*out = (bn_note_result){0};
	if ((rc = prepare(&w, out, name, text, n, err)) < 0)
		goto out;
	out->bytes = w.text.len;
	if (!(mark = bn_strf(MARK "%s -->", name))) {
		rc = bn_err_nomem(err, "a note");
		goto out;
	}
	w.found.f = f;
	w.found.mark = mark;
	if (!dry_run) {
		rc = create_or_update(out, &w, err);
		goto out;
	}
	if ((rc = find(&w, err)) < 0)
		goto out;
	out->exists = w.found.id != 0;
	rc = out->exists ? take_result(out, &w, NULL, err) : 0;
out:
	search_release(&w.found);
	bn_free(mark);
	bn_buf_release(&w.list);
	bn_buf_release(&w.text);
	return rc;
}
