/* record.c - a record of the audit log in words: what was done to which object, why, and all fields with their
 * units. */
#include "core/base/json.h"
#include "core/base/str.h"
#include "tui/ui/format.h"
#include "tui/views/audit/pages.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *payload_of(const bn_audit_row *r)
{
	json_t *parsed = NULL;
	if (!r->payload ||
		bn_json_parse(&parsed, r->payload, strlen(r->payload), "payload", NULL) < 0)
		return NULL;
	return parsed;
}

/* "was refused: approved": a record without effect. */
static bool is_refused(const bn_audit_row *r)
{
	return r->outcome == BN_OUTCOME_REFUSED || r->outcome == BN_OUTCOME_INVALID ||
	       r->outcome == BN_OUTCOME_LATE;
}

static void alias_words(const json_t *p, char *out, size_t size)
{
	const char *alias = json_string_value(json_object_get(p, "alias"));
	snprintf(out, size, "made it %.40s", alias ? alias : "an alias");
}

/* How a run ended that did not finish. */
static void end_words(const json_t *p, char *out, size_t size)
{
	const char *status = json_string_value(json_object_get(p, "status"));
	if (!status || strcmp(status, "FINISHED") == 0)
		return;
	snprintf(out, size, "ended as %.30s", status);
}

static void role_words(const json_t *p, const char *verb, char *out, size_t size)
{
	const char *role = json_string_value(json_object_get(p, "role"));
	snprintf(out, size, "%s %.30s", verb, role ? role : "a role");
}

void bn_audit_did(const bn_audit_row *r, char *out, size_t size)
{
	static const struct {
		const char *kind, *words;
	} words[] = {{"model.registered", "registered"}, {"model.requested", "asked for"},
		{"model.approved", "approved"}, {"model.rejected", "rejected"},
		{"model.alias_removed", "removed an alias"}, {"model.removed", "withdrew"},
		{"model.attested", "attested"}, {"model.evidence", "measured"},
		{"model.created", "created"}, {"model.described", "described"},
		{"model.stage", "set a stage"}, {"model.deleted", "deleted"},
		{"policy.set", "set the policy"}, {"authority.link", "changed the chain"},
		{"authority.founded", "founded it"}, {"authority.request", "asked to be admitted"},
		{"run.param", "set parameters"}, {"run.metrics", "logged metrics"},
		{"run.started", "began"}, {"run.queued", "queued"}, {"run.submitted", "submitted"},
		{"run.artifact", "stored files"}, {"run.tag", "tagged"}, {"run.note", "noted"},
		{"run.stop", "asked to stop"}, {"run.status", "reported"}, {"run.renamed", "renamed"},
		{"run.inputs", "named inputs"}, {"run.outputs", "named outputs"},
		{"run.artifact_removed", "removed files"}, {"run.restored", "restored"},
		{"endpoint.seen", "served"}, {"writer.opened", "began to write"},
		{"dataset.removed", "removed"}, {"dataset.restored", "restored"},
		{"dataset.version", "added"}, {"dataset.checked", "checked"},
		{"run.created", "started"}, {"run.finished", "finished"},
		{"run.removed", "removed"}, {"monitor.report", "compared inputs"},
		{"endpoint.started", "served"}, {"endpoint.stopped", "stopped serving"},
		{"ci.checked", "ran the gate of"}};
	json_t *p = payload_of(r);
	char own[80];
	snprintf(own, sizeof own, "%.70s", r->kind);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(r->kind, words[i].kind) == 0)
			snprintf(own, sizeof own, "%s", words[i].words);
	if (strcmp(r->kind, "run.finished") == 0)
		end_words(p, own, sizeof own);
	else if (strcmp(r->kind, "model.alias") == 0)
		alias_words(p, own, sizeof own);
	else if (strcmp(r->kind, "role.grant") == 0)
		role_words(p, "granted", own, sizeof own);
	else if (strcmp(r->kind, "role.revoke") == 0)
		role_words(p, "took away", own, sizeof own);
	else if (strcmp(r->kind, "model.approved") == 0 &&
		 json_is_true(json_object_get(p, "override")))
		snprintf(own, sizeof own, "OVERRODE, approved");
	if (is_refused(r))
		snprintf(out, size, "could not: %s", own);
	else
		snprintf(out, size, "%s", own);
	json_decref(p);
}

void bn_audit_what(const bn_audit_row *r, char *out, size_t size)
{
	json_t *p = payload_of(r);
	const char *name = strchr(r->entity, '/'),
		   *user = json_string_value(json_object_get(p, "user"));
	const json_t *version = json_object_get(p, "version");
	if (bn_str_starts(r->kind, "role.") && user)
		snprintf(out, size, "%.60s", user);
	else if (bn_str_starts(r->entity, "model/") && json_is_integer(version))
		snprintf(out, size, "%.80s/%lld", name + 1, (long long)json_integer_value(version));
	else if (bn_str_starts(r->entity, "dataset/") && json_is_integer(version))
		snprintf(
			out, size, "%.80s@v%lld", name + 1, (long long)json_integer_value(version));
	else if (bn_str_starts(r->entity, "run/") || bn_str_starts(r->entity, "ci/"))
		snprintf(out, size, "run %.8s", name + 1);
	else if (bn_str_starts(r->entity, "monitor/"))
		snprintf(out, size, "%.100s", name + 1);
	else
		snprintf(out, size, "%.100s", r->entity);
	json_decref(p);
}

void bn_audit_why(const bn_audit_row *r, char *out, size_t size)
{
	json_t *p = payload_of(r);
	const char *reason = json_string_value(json_object_get(p, "reason"));
	if (r->reason)
		snprintf(out, size, "%.300s", r->reason);
	else if (reason && reason[0])
		snprintf(out, size, "'%.300s'", reason);
	else
		snprintf(out, size, "%.300s", r->summary ? r->summary : "");
	json_decref(p);
}

/* ---- in full ------------------------------------------------------------------------------------- */

enum { NAME = 13 };

/* "name       value", wrapped at blanks; continuation lines are indented to the value. */
static void put_field(bn_buf *out, const char *name, const char *value, int width)
{
	size_t room = width > NAME + 20 ? (size_t)(width - NAME) : 20;
	bn_buf_addf(out, "%-*s", NAME - 1, name);
	if (strlen(name) >= NAME)
		bn_buf_addf(out, "\n%*s", NAME - 1, "");
	for (const char *at = value;;) {
		const char *line = strchr(at, '\n');
		size_t n = line ? (size_t)(line - at) : strlen(at), take = n;
		if (n > room) {
			for (take = room; take > room / 2 && at[take] != ' ';)
				take--;
			take = take > room / 2 ? take : room;
		}
		bn_buf_addf(out, " %.*s\n", (int)take, at);
		at += take;
		at += *at == '\n';
		while (*at == ' ')
			at++;
		if (!*at)
			return;
		bn_buf_addf(out, "%*s", NAME - 1, "");
	}
}

/* A number with the unit that its name ends with. */
static void number_text(const char *name, const json_t *value, bool utc, char *out, size_t size)
{
	char text[BN_FORMAT_BYTES];
	int64_t whole = json_is_integer(value) ? json_integer_value(value) : 0;
	if (json_is_integer(value) && bn_str_ends(name, "duration_ms"))
		snprintf(out, size, "%s", bn_format_duration(text, whole));
	else if (json_is_integer(value) && bn_str_ends(name, "_ms") && whole > 1000000000000)
		snprintf(out, size, "%s", bn_format_time(text, whole, utc));
	else if (json_is_integer(value) && bn_str_ends(name, "_ms"))
		snprintf(out, size, "%lld ms", (long long)whole);
	else if (json_is_integer(value) &&
		 (bn_str_ends(name, "bytes") || strcmp(name, "size") == 0))
		snprintf(out, size, "%s (%lld bytes)", bn_format_bytes(text, whole),
			(long long)whole);
	else if (json_is_integer(value) && bn_str_ends(name, "rows"))
		snprintf(out, size, "%s", bn_format_count(text, whole));
	else if (json_is_integer(value))
		snprintf(out, size, "%lld", (long long)whole);
	else
		snprintf(out, size, "%s", bn_format_exact(text, json_real_value(value)));
}

static void put_value(bn_buf *out, const char *name, const json_t *value, bool utc, int width)
{
	char text[80];
	if (json_is_string(value)) {
		put_field(out, name, json_string_value(value), width);
	} else if (json_is_number(value)) {
		number_text(name, value, utc, text, sizeof text);
		put_field(out, name, text, width);
	} else if (json_is_boolean(value)) {
		put_field(out, name, json_is_true(value) ? "yes" : "no", width);
	} else if (value && !json_is_null(value)) {
		char *all =
			json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
		/* blanks after commas, for wrapping */
		bn_buf spaced = BN_BUF_INIT;
		for (const char *s = all; s && *s; s++) {
			bn_buf_addch(&spaced, *s);
			if (*s == ',')
				bn_buf_addch(&spaced, ' ');
		}
		if (spaced.ptr)
			put_field(out, name, spaced.ptr, width);
		bn_buf_release(&spaced);
		free(all);
	}
}

void bn_audit_write(const bn_audit_row *r, bool utc, int width, bn_buf *out)
{
	char line[400], when[BN_FORMAT_BYTES];
	json_t *p = payload_of(r), *value;
	const char *key;
	put_field(out, "what", r->kind, width);
	put_field(out, "on", r->entity, width);
	put_field(out, "when", bn_format_time(when, r->time_ms, utc), width);
	snprintf(line, sizeof line, "%.100s (uid %u)", r->user, (unsigned)r->uid);
	put_field(out, "who", line, width);
	snprintf(line, sizeof line, "%s%s%.300s", r->standing, r->reason ? ": " : "",
		r->reason ? r->reason : "");
	put_field(out, "outcome", line, width);
	/* The reason first; the hashes of the answered records, which are the least useful, last. */
	put_value(out, "reason", json_object_get(p, "reason"), utc, width);
	json_object_foreach(
		p, key, value) if (strcmp(key, "reason") != 0 && strcmp(key, "answers") != 0)
		put_value(out, key, value, utc, width);
	put_value(out, "answers", json_object_get(p, "answers"), utc, width);
	if (!p)
		put_field(out, "payload", r->payload ? r->payload : "(not text)", width);
	snprintf(line, sizeof line, "%s%.100s", r->person ? "by " : "",
		r->person      ? r->person
		: r->is_signed ? "yes"
			       : "no");
	put_field(out, "signed", line, width);
	snprintf(line, sizeof line, "%.200s, record %llu", r->writer ? r->writer : "-",
		(unsigned long long)r->seq);
	put_field(out, "writer", line, width);
	if (strcmp(r->standing, "late") == 0)
		put_field(out, "again", ":late lists yours, with the command that repeats each",
			width);
	if (r->unknown) {
		snprintf(line, sizeof line,
			"%.200s: of a newer binnacle; kept, not shown elsewhere", r->unknown);
		put_field(out, "not known", line, width);
	}
	json_decref(p);
}
