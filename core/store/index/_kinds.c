/* _kinds.c - the kinds and payload fields that a class knows (bn_fold_kind in fold.h). */
#include "core/base/utf8.h"
#include "core/store/index/_batch.h"
#include "core/store/log/sign.h"

#include <stdio.h>
#include <string.h>

/* If a payload has more, only the first ones are named. Longer names are truncated. */
enum { FIELDS_NAMED_MOST = 16, FIELD_TEXT = 128 };

/* ---- the store's own classes ----------------------------------------------------------------- */

static const bn_fold_kind gc_kinds[] = {
	{"gc.removing", .fields = BN_FIELDS("objects", "bytes")},
	{0},
};
static const bn_fold_kind writer_kinds[] = {
	{BN_WRITER_OPENED, .fields = BN_FIELDS("host", "uid", "user")},
	{0},
};
static const bn_fold_class gc_class = {.name = "gc", .nameless = true, .kinds = gc_kinds},
			   writer_class = {.name = "writer", .kinds = writer_kinds};
const bn_fold_class *const bn_fold_own_classes[] = {&gc_class, &writer_class, NULL};

/* ---- kinds ----------------------------------------------------------------------------------- */

const bn_fold_kind *bn_fold_kind_of(const bn_fold_class *class, const char *kind)
{
	for (const bn_fold_kind *k = class->kinds; k->name; k++)
		if (!strcmp(k->name, kind))
			return k;
	return NULL;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* Position in the payload: within the field named by the first n bytes of a table row; n 0: at the top.
 * closed: that field is known not to hold an object, so everything in it is unknown. */
typedef struct level {
	const char *path;
	size_t n;
	bool closed;
} level;

typedef struct walk {
	bn_fold *f;
	const fold_entity *e;
	const bn_event *ev;
	const char *const *fields;
	bn_err *err;
	unsigned noted;
} walk;

/* The row's rest after the name at this level: "" or ".more" or "*"; NULL if the row is about another
 * field. */
static const char *behind(const char *row, const level *at, const char *name)
{
	if (at->n) {
		if (strncmp(row, at->path, at->n) != 0 || row[at->n] != '.')
			return NULL;
		row += at->n + 1;
	}
	if (row[0] == '*')
		return row;
	for (; *name && *name == *row && *name != '.'; name++)
		row++;
	return !*name && (*row == '\0' || *row == '.') ? row : NULL;
}

/* The row that contains the name, and its rest; NULL: none. */
static const char *find(
	const char **path, const char *const *fields, const level *at, const char *name)
{
	const char *rest = NULL;
	for (; !rest && *fields; fields++)
		if ((rest = behind(*fields, at, name)))
			*path = *fields;
	return rest;
}

static int note(walk *w, const level *at, const char *name)
{
	char field[FIELD_TEXT];
	int64_t kind, no;
	int rc;
	if (w->noted++ >= FIELDS_NAMED_MOST)
		return 0;
	snprintf(field, sizeof field, "%.*s%s%s", (int)at->n, at->n ? at->path : "",
		at->n ? "." : "", name);
	for (size_t n = strlen(field); n && !bn_utf8_is_valid(field, n); n--)
		field[n - 1] = '\0'; /* a partial character, if truncated */
	if ((rc = bn_fold_name(w->f, BN_NAME_KIND, w->ev->kind, &kind, w->err)) < 0 ||
		(rc = bn_fold_name(w->f, BN_NAME_TEXT, field, &no, w->err)) < 0)
		return rc;
	return bn_sql_run(w->f->db, w->err,
		"INSERT OR IGNORE INTO index_unknown_field VALUES (?, ?, ?, ?, ?, ?, ?)", "iiiiiii",
		w->ev->writer_no, (int64_t)w->ev->key.seq, no, kind, w->e->no,
		(int64_t)w->ev->key.clock, (int64_t)w->ev->version);
}

static int look(walk *w, const level *at, const json_t *object);

/* Visits the value of a known field; arrays are searched for objects. */
static int look_within(walk *w, const level *at, const json_t *value)
{
	int rc;
	if (json_is_object(value))
		return look(w, at, value);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		if (json_is_object(item) && (rc = look(w, at, item)) < 0)
			return rc;
	}
	return 0;
}

/* No deeper than the table's rows. */
static int look(walk *w, const level *at, const json_t *object)
{
	const char *name, *path = NULL;
	json_t *value;
	int rc;
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		const char *rest = at->closed ? NULL : find(&path, w->fields, at, name);
		if (!rest) {
			if ((rc = note(w, at, name)) < 0)
				return rc;
			continue;
		}
		if (rest[0] == '*' || !strcmp(rest, ".*") ||
			!(json_is_object(value) || json_is_array(value)))
			continue;
		level in = {path, (size_t)(rest - path), rest[0] == '\0'};
		if ((rc = look_within(w, &in, value)) < 0)
			return rc;
	}
	return 0;
}

int bn_fold_note_fields(bn_fold *f, const fold_entity *e, const bn_event *ev, bn_err *err)
{
	static const char *const none[] = {NULL};
	const char *const *fields = e->class->kinds[ev->kind_no].fields;
	walk w = {f, e, ev, fields ? fields : none, err, 0};
	level top = {NULL, 0, false};
	return ev->payload ? look(&w, &top, ev->payload) : 0;
}
