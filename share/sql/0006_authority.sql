-- core/govern/authority.h: the links of the log, and what holds after each link of the chain. A row with
-- from_n and to_n holds in the epochs from_n <= n < to_n; to_n NULL: to the end.

CREATE TABLE authority_link (
	id BLOB NOT NULL,        -- 32 bytes: SHA-256 of the record
	n INTEGER,               -- place in the chain; NULL: it is not in it
	prev BLOB,               -- id of the link before; NULL for link 0
	author BLOB NOT NULL,    -- key
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	restored INTEGER NOT NULL, -- 1: it closes a loss of records
	summary TEXT NOT NULL,   -- what it changes, for people
	words TEXT,              -- why it is not in the chain
	lacks INTEGER NOT NULL,  -- 1: signatures of further admins would bring it there
	PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX authority_link_by_n ON authority_link (n) WHERE n IS NOT NULL;
CREATE INDEX authority_link_restored ON authority_link (n) WHERE restored;
CREATE VIEW dump_authority_link AS
	SELECT l.id AS id, l.n AS n, l.prev AS prev, l.author AS author, w.name AS writer, l.seq AS seq,
		l.time_ms AS time_ms, l.restored AS restored, l.summary AS summary, l.words AS words,
		l.lacks AS lacks
	FROM authority_link l JOIN index_name w ON w.no = l.writer;

CREATE TABLE authority_person (
	person TEXT NOT NULL,    -- hex of the first key
	from_n INTEGER NOT NULL,
	to_n INTEGER,
	name TEXT NOT NULL,
	PRIMARY KEY (person, from_n)
) WITHOUT ROWID;

CREATE TABLE authority_key (
	key BLOB NOT NULL,
	from_n INTEGER NOT NULL,
	to_n INTEGER,
	person TEXT NOT NULL,
	PRIMARY KEY (key, from_n)
) WITHOUT ROWID;

CREATE TABLE authority_role (
	person TEXT NOT NULL,
	role TEXT NOT NULL,
	from_n INTEGER NOT NULL,
	to_n INTEGER,
	seniority INTEGER,       -- of an admin at from_n: smaller is more senior
	PRIMARY KEY (person, role, from_n)
) WITHOUT ROWID;

CREATE TABLE authority_policy (
	from_n INTEGER NOT NULL PRIMARY KEY,
	hash TEXT NOT NULL,
	document TEXT NOT NULL
) WITHOUT ROWID;

-- Writers that a link names; one that it does not name keeps the values of the link before.
CREATE TABLE authority_horizon (
	writer INTEGER NOT NULL,
	n INTEGER NOT NULL,
	seq INTEGER NOT NULL,    -- of a signed record
	after BLOB NOT NULL,     -- the chain hash after it
	PRIMARY KEY (writer, n)
) WITHOUT ROWID;
CREATE VIEW dump_authority_horizon AS
	SELECT w.name AS writer, h.n AS n, h.seq AS seq, h.after AS after
	FROM authority_horizon h JOIN index_name w ON w.no = h.writer;

-- What a key that a link cuts signed counts no more, but for what lies within the places that the cut names.
CREATE TABLE authority_cut (
	key BLOB NOT NULL,
	n INTEGER NOT NULL,      -- of the link that cuts
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,    -- the last that counts
	PRIMARY KEY (key, n, writer)
) WITHOUT ROWID;
CREATE VIEW dump_authority_cut AS
	SELECT c.key AS key, c.n AS n, w.name AS writer, c.seq AS seq
	FROM authority_cut c JOIN index_name w ON w.no = c.writer;

CREATE TABLE authority_void (
	id BLOB NOT NULL,
	n INTEGER NOT NULL,      -- of the link that voids it
	PRIMARY KEY (id)
) WITHOUT ROWID;

-- core/govern/bot.h. What the first record of a key that counts says.
CREATE TABLE authority_bot (
	key BLOB NOT NULL,
	from_n INTEGER NOT NULL, -- epoch of the record
	person TEXT NOT NULL,
	name TEXT NOT NULL,
	verbs TEXT NOT NULL,     -- JSON
	patterns TEXT NOT NULL,  -- JSON
	until_ms INTEGER,
	PRIMARY KEY (key)
) WITHOUT ROWID;

-- An end of it: the last record of the key that counts in a writer; in one that is not named none does.
CREATE TABLE authority_bot_end (
	key BLOB NOT NULL,
	id BLOB NOT NULL,        -- of the record that ends it
	writer INTEGER NOT NULL, -- 0: none is named
	seq INTEGER NOT NULL,
	PRIMARY KEY (key, id, writer)
) WITHOUT ROWID;
CREATE VIEW dump_authority_bot_end AS
	SELECT b.key AS key, b.id AS id, coalesce(w.name, '') AS writer, b.seq AS seq
	FROM authority_bot_end b LEFT JOIN index_name w ON w.no = b.writer;

-- Keys that ask to be admitted, by their own word; who lists them verifies them.
CREATE TABLE authority_request (
	id BLOB NOT NULL,
	key BLOB NOT NULL,
	name TEXT NOT NULL,
	host TEXT NOT NULL,
	user TEXT NOT NULL,
	uid INTEGER NOT NULL,    -- that it names
	owner INTEGER NOT NULL,  -- uid of who owns the segment
	time_ms INTEGER NOT NULL,
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE VIEW dump_authority_request AS
	SELECT r.id AS id, r.key AS key, r.name AS name, r.host AS host, r.user AS user, r.uid AS uid,
		r.owner AS owner, r.time_ms AS time_ms, w.name AS writer, r.seq AS seq
	FROM authority_request r JOIN index_name w ON w.no = r.writer;

-- The entity "authority" itself, once it has an event: its number, and whether valid links fork.
CREATE TABLE authority_entity (
	no INTEGER NOT NULL PRIMARY KEY,
	has_fork INTEGER NOT NULL
) WITHOUT ROWID;
CREATE VIEW dump_authority_entity AS SELECT has_fork FROM authority_entity;

-- An upgraded workspace: at most one row.
CREATE TABLE authority_upgrade (
	founder INTEGER,         -- the account that had founded it, by the rules of uids; NULL: nobody had
	uid INTEGER NOT NULL,    -- the account that upgraded it, as link 0 says
	person TEXT NOT NULL,
	user TEXT NOT NULL,
	PRIMARY KEY (person)
) WITHOUT ROWID;

-- How far link 0 of an upgrade closes each writer: unsigned records up to there are judged by the rules of uids, as
-- they were. state: 0 the log lacks the record; 1 it is the one that is named; 2 it is another one.
CREATE TABLE authority_close (
	writer INTEGER NOT NULL PRIMARY KEY,
	seq INTEGER NOT NULL,
	after BLOB NOT NULL,     -- the chain hash after it
	state INTEGER NOT NULL
);
CREATE INDEX authority_close_open ON authority_close (state) WHERE state = 0;
CREATE VIEW dump_authority_close AS
	SELECT w.name AS writer, c.seq AS seq, c.after AS after, c.state AS state
	FROM authority_close c JOIN index_name w ON w.no = c.writer;

-- Ids of closed records (core/govern/closed.h), which signed ones answer.
CREATE TABLE index_closed (
	id BLOB NOT NULL PRIMARY KEY,
	entity INTEGER NOT NULL
) WITHOUT ROWID;
