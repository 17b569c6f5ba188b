/* lost.c - see lost.h. */
#include "core/govern/lost.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/_turn.h"
#include "core/govern/key.h"

#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES };

void bn_lost_links_release(bn_lost_links *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].writer);
		bn_free(l->items[i].words);
		bn_free(l->items[i].command);
	}
	bn_free(l->items);
	*l = (bn_lost_links){0};
}

/* ---- the command that repeats it
 * ------------------------------------------------------------------------ */

typedef struct lost {
	sqlite3 *db;
	int64_t newest, clock;
	const char *person; /* who signed it */
	bn_buf *out;
} lost;

/* " && binnacle VERB" */
static void begin(const lost *l, const char *verb)
{
	bn_buf_addf(l->out, "%sbinnacle %s", l->out->len ? " && " : "", verb);
}

/* A name quoted for a shell. */
static void add_name(const lost *l, const char *name)
{
	bn_buf_adds(l->out, " '");
	for (; *name; name++)
		if (*name == '\'')
			bn_buf_adds(l->out, "'\\''");
		else
			bn_buf_add(l->out, name, 1);
	bn_buf_adds(l->out, "'");
}

static void add_person(const lost *l, const uint8_t key[ID])
{
	char hex[2 * ID + 1], name[128];
	bn_hex(key, ID, hex);
	bn_authority_name(l->db, l->newest, hex, name, sizeof name);
	add_name(l, name);
}

static void add_key(const lost *l, const uint8_t key[ID])
{
	char hex[2 * ID + 1], print[25];
	bn_hex(key, ID, hex);
	bn_key_fingerprint(hex, print);
	bn_buf_addf(l->out, " %s", print);
}

static bool has(const lost *l, const char *sql, const uint8_t key[ID], const char *role)
{
	return bn_sql_int(l->db, 0, sql, "bs", key, (size_t)ID, role) == 1;
}

static bool is_key(const lost *l, const uint8_t key[ID])
{
	return has(l, "SELECT 1 FROM authority_key WHERE key = ?1 AND to_n IS NULL AND ?2 <> ''",
		key, "-");
}

static bool is_person(const lost *l, const uint8_t key[ID])
{
	return has(l,
		"SELECT 1 FROM authority_person WHERE person = lower(hex(?1)) AND to_n IS NULL AND "
		"?2 <> ''",
		key, "-");
}

/* Whether they have signed a later link that holds, with such a change: then they know, and have decided
 * again. */
#define LATER \
	"SELECT 1 FROM authority_link a JOIN signed_record s ON s.writer = a.writer AND s.seq = " \
	"a.seq JOIN event e ON e.entity = s.entity AND e.clock = s.clock AND e.writer = s.writer " \
	"AND e.seq = s.seq WHERE a.n > 0 AND s.clock > ?1 AND a.author IN (SELECT key FROM " \
	"authority_key WHERE person = ?2) AND EXISTS (SELECT 1 FROM json_each(e.payload, " \
	"'$.changes') c WHERE "

static bool is_decided(const lost *l, const char *member)
{
	return bn_sql_int(l->db, 0, LATER "c.value ->> ?3 IS NOT NULL) LIMIT 1", "iss", l->clock,
		       l->person, member) == 1;
}

static bool is_role_decided(const lost *l, const bn_change *c)
{
	char hex[2 * ID + 1];
	bn_hex(c->person, ID, hex);
	return bn_sql_int(l->db, 0,
		       LATER "c.value ->> '$.role.person' = ?3 AND c.value ->> '$.role.role' = ?4) "
			     "LIMIT 1",
		       "isss", l->clock, l->person, hex, bn_role_name(c->role)) == 1;
}

/* About a key, which is also a person's id: admitted, revoked or removed. */
static bool is_key_decided(const lost *l, const uint8_t key[ID])
{
	char hex[2 * ID + 1];
	bn_hex(key, ID, hex);
	return bn_sql_int(l->db, 0,
		       LATER "?3 IN (c.value ->> '$.person.key', c.value ->> '$.key.key', c.value "
			     "->> '$.revoke.key', c.value ->> '$.remove.person')) LIMIT 1",
		       "iss", l->clock, l->person, hex) == 1;
}

static void add_role(const lost *l, const bn_change *c)
{
	bool is_so = has(l,
		"SELECT 1 FROM authority_role WHERE person = lower(hex(?1)) AND role = ?2 AND to_n "
		"IS NULL",
		c->person, bn_role_name(c->role));
	if (is_so == c->grant || is_role_decided(l, c))
		return;
	begin(l, c->grant ? "role grant" : "role revoke");
	add_person(l, c->person);
	bn_buf_addf(l->out, " %s", bn_role_name(c->role));
}

static void add_admission(const lost *l, const bn_change *c)
{
	if (is_key(l, c->key) || is_key_decided(l, c->key))
		return;
	begin(l, "user accept");
	add_key(l, c->key);
	bn_buf_adds(l->out, c->kind == BN_CHANGE_KEY ? " --for" : " --name");
	if (c->kind == BN_CHANGE_KEY)
		add_person(l, c->person);
	else
		add_name(l, c->text);
}

static void add_change(const lost *l, const bn_change *c)
{
	switch (c->kind) {
	case BN_CHANGE_PERSON:
	case BN_CHANGE_KEY:
		add_admission(l, c);
		return;
	case BN_CHANGE_ROLE:
		add_role(l, c);
		return;
	case BN_CHANGE_REVOKE:
		if (!is_key(l, c->key) || is_key_decided(l, c->key))
			return;
		begin(l, "user revoke");
		add_key(l, c->key);
		return;
	case BN_CHANGE_REMOVE:
		if (!is_person(l, c->person) || is_key_decided(l, c->person))
			return;
		begin(l, "user remove");
		add_person(l, c->person);
		return;
	case BN_CHANGE_POLICY:
		if (!is_decided(l, "policy"))
			begin(l, "policy set FILE");
		return;
	case BN_CHANGE_RESTORED:
		if (!is_decided(l, "restored"))
			begin(l, "trust restore --reason TEXT");
		return;
	}
}

/* ---- the list -------------------------------------------------------------------------------------- */

static int row_add(bn_lost_links *out, size_t *cap, sqlite3_stmt *st, lost *l, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	bn_buf command = BN_BUF_INIT;
	const bn_link *link = NULL;
	const char *words = (const char *)sqlite3_column_text(st, 3);
	const char *payload = (const char *)sqlite3_column_text(st, 4);
	int rc = 0;
	l->out = &command;
	l->clock = sqlite3_column_int64(st, 2);
	if (!payload || !bn_link_words_are_lost(words) ||
		bn_link_decode(&link, &arena, 1, payload, strlen(payload), NULL, NULL) < 0 ||
		link->is_newer)
		goto out;
	for (size_t i = 0; i < link->n_changes; i++)
		add_change(l, &link->changes[i]);
	if (!command.len)
		goto out;
	if ((rc = bn_buf_check(&command, err, "lost links")) < 0)
		goto out;
	if (bn_grow(&out->items, cap, out->count + 1, sizeof *out->items)) {
		rc = bn_err_nomem(err, "lost links");
		goto out;
	}
	bn_lost_link *row = &out->items[out->count++];
	*row = (bn_lost_link){.writer = bn_sql_text(st, 0),
		.seq = (uint64_t)sqlite3_column_int64(st, 1),
		.words = bn_strdup(words),
		.command = bn_buf_take(&command, NULL),
		.time_ms = bn_clock_ms((uint64_t)l->clock)};
	if (!row->writer || !row->words || !row->command)
		rc = bn_err_nomem(err, "lost links");
out:
	bn_buf_release(&command);
	bn_arena_release(&arena);
	return rc;
}

int bn_lost_links_read(bn_lost_links *out, sqlite3 *db, const char *person, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	lost l = {.db = db, .newest = bn_authority_newest(db, NULL), .person = person};
	*out = (bn_lost_links){0};
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, s.seq, s.clock, l.words, e.payload FROM authority_link l JOIN "
		"signed_record s ON s.writer = l.writer AND s.seq = l.seq JOIN event e ON e.entity "
		"= "
		"s.entity AND e.clock = s.clock AND e.writer = s.writer AND e.seq = s.seq JOIN "
		"index_name w ON w.no = l.writer WHERE l.n IS NULL AND l.prev IS NOT NULL AND "
		"l.words "
		"IS NOT NULL AND l.author IN (SELECT key FROM authority_key WHERE person = ?) "
		"ORDER BY "
		"s.clock, l.id",
		"s", person);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = row_add(out, &cap, st, &l, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}
