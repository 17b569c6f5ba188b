-- The store's own tables. The index is derived from the log: change a file here and every index
-- is rebuilt by itself at the next use.
--
-- For every module: what the index says must be a pure function of the events. No AUTOINCREMENT
-- ids, no times of folding. Numbers of index_name and index_entity depend on the order of arrival:
-- a table that holds them has a view dump_<table>, which resolves them and is dumped in its place.

-- About this index itself; not part of its logical content (names that start with index_ are not
-- dumped).
CREATE TABLE index_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Texts and entities that many rows repeat, as numbers of this index alone. class: bn_name_class.
CREATE TABLE index_name (
	no INTEGER PRIMARY KEY,
	class INTEGER NOT NULL,
	name TEXT NOT NULL,
	UNIQUE (class, name)
);

-- class: number of the part before '/'. name: the part behind it as TEXT; 32 hex digits as a BLOB
-- of 16 bytes; x'' when there is no '/'.
CREATE TABLE index_entity (
	no INTEGER PRIMARY KEY,
	class INTEGER NOT NULL,
	name BLOB NOT NULL,
	UNIQUE (class, name)
);

CREATE VIEW index_entity_text AS
	SELECT no, class, id, class || coalesce('/' || id, '') AS entity
	FROM (SELECT e.no AS no, (SELECT name FROM index_name WHERE no = e.class) AS class,
		CASE WHEN typeof(e.name) = 'text' THEN e.name WHEN e.name = x'' THEN NULL
			ELSE lower(hex(e.name)) END AS id
		FROM index_entity e);

-- How far each writer's log is folded. last_crc pins the history that was folded: when the log has
-- another record there (an unsealed tail was lost in a power cut), the index is rebuilt.
CREATE TABLE index_tail (
	writer INTEGER PRIMARY KEY,
	last_seq INTEGER NOT NULL,
	last_clock INTEGER NOT NULL,
	last_crc INTEGER NOT NULL,
	pinned_seq INTEGER NOT NULL, -- up to here a sealed segment has been seen to agree
	chain BLOB NOT NULL,         -- the log's hash chain after last_seq, 32 bytes
	compared INTEGER NOT NULL,   -- digest of the names of the segments in index_segment; 0: none
	contradicts INTEGER NOT NULL -- of all names under which the log did not go on behind last_seq; 0: none
);

-- The sealed segments that start at or before index_tail.last_seq, as they lie in the log now, and what
-- their trailers say. state: 0 the same records as were folded; 1 no whole segment; 2 other records.
CREATE TABLE index_segment (
	writer INTEGER NOT NULL,
	last INTEGER NOT NULL,
	first INTEGER NOT NULL,
	state INTEGER NOT NULL,
	clock INTEGER,
	chain BLOB,
	key BLOB,       -- NULL: not signed, or in a form that this program does not know
	epoch BLOB,
	signature BLOB,
	inode INTEGER NOT NULL,   -- which file that was, and when it was changed
	changed INTEGER NOT NULL, -- ns
	PRIMARY KEY (writer, last, first)
) WITHOUT ROWID;

-- Fields in payloads that this program does not know, of kinds that it does (bn_fold_kind): what it did
-- not read in the record. A program with other fields makes another index, so the rows are always its own.
CREATE TABLE index_unknown_field (
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	field INTEGER NOT NULL,   -- "source.path"
	kind INTEGER NOT NULL,
	entity INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	version INTEGER NOT NULL, -- of the class
	PRIMARY KEY (writer, seq, field)
) WITHOUT ROWID;
CREATE INDEX index_unknown_field_of ON index_unknown_field (entity);

CREATE TABLE writer (
	no INTEGER PRIMARY KEY,
	owner INTEGER NOT NULL,       -- uid of who owns the segment of its last event
	host INTEGER NOT NULL,
	events INTEGER NOT NULL,      -- = its last sequence number
	first_clock INTEGER NOT NULL, -- milliseconds << 16 | counter
	last_clock INTEGER NOT NULL
);
CREATE VIEW dump_writer AS
	SELECT n.name AS name, w.owner AS uid, h.name AS host, w.events AS events,
		w.first_clock AS first_clock, w.last_clock AS last_clock
	FROM writer w JOIN index_name n ON n.no = w.no JOIN index_name h ON h.no = w.host;

-- Every event but the commuting ones. Ties of (clock, writer, seq) go by the writer's name. payload
-- is TEXT when it is JSON and BLOB when it is raw.
CREATE TABLE event (
	entity INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	owner INTEGER NOT NULL,   -- uid
	outcome INTEGER NOT NULL, -- bn_outcome: 0 applied, 1 refused, 2 invalid, 3 newer, 4 late
	reason TEXT,
	version INTEGER,          -- of the class; NULL: 1
	signed INTEGER,           -- 1: signed, a row of signed_record belongs to it; else NULL
	epoch INTEGER,            -- NULL: not placed
	depth INTEGER,
	type INTEGER,             -- of the record, when it is none that this program knows
	payload,
	PRIMARY KEY (entity, clock, writer, seq)
) WITHOUT ROWID;
CREATE INDEX event_by_clock ON event (clock, writer, seq);
CREATE INDEX event_by_place ON event (entity, coalesce(epoch, -1), coalesce(depth, -1), clock)
	WHERE epoch IS NOT NULL OR depth IS NOT NULL;
CREATE INDEX event_by_outcome ON event (outcome) WHERE outcome <> 0;
CREATE VIEW dump_event AS
	SELECT e.clock AS clock, w.name AS writer, e.seq AS seq, k.name AS kind, t.entity AS entity,
		e.owner AS uid, e.payload AS payload,
		CASE e.outcome WHEN 0 THEN 'applied' WHEN 1 THEN 'refused' WHEN 2 THEN 'invalid'
			WHEN 4 THEN 'late' ELSE 'newer' END AS outcome,
		e.reason AS reason, coalesce(e.version, 1) AS version, e.signed AS signed,
		e.epoch AS epoch, e.depth AS depth
	FROM event e JOIN index_name w ON w.no = e.writer JOIN index_name k ON k.no = e.kind
		JOIN index_entity_text t ON t.no = e.entity;

-- Every signed record (type 4), whether its signature is good or not: core/store/index/signed.h. The
-- payload is in table event, save that of a commuting kind, which nobody can verify.
CREATE TABLE signed_record (
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	entity INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	version INTEGER NOT NULL, -- of the class
	id BLOB NOT NULL,         -- SHA-256 of the record, 32 bytes
	before BLOB NOT NULL,     -- the chain hash before it, 32 bytes
	after BLOB NOT NULL,      -- and after it
	scheme INTEGER NOT NULL,  -- 1: Ed25519, a key of 32 and a signature of 64 bytes
	key BLOB NOT NULL,
	epoch BLOB NOT NULL,      -- 32 bytes or none
	signature BLOB NOT NULL,
	PRIMARY KEY (writer, seq)
) WITHOUT ROWID;
CREATE INDEX signed_record_by_id ON signed_record (id);
CREATE INDEX signed_record_by_key ON signed_record (key);
CREATE INDEX signed_record_by_epoch ON signed_record (epoch);
CREATE VIEW dump_signed_record AS
	SELECT w.name AS writer, s.seq AS seq, s.clock AS clock, t.entity AS entity, k.name AS kind,
		s.version AS version, s.id AS id, s.before AS before, s.after AS after,
		s.scheme AS scheme, s.key AS key, s.epoch AS epoch, s.signature AS signature
	FROM signed_record s JOIN index_name w ON w.no = s.writer
		JOIN index_name k ON k.no = s.kind JOIN index_entity_text t ON t.no = s.entity;

-- What the records' signatures were found to be, once somebody asked.
CREATE TABLE index_signed_verdict (
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	good INTEGER NOT NULL,
	PRIMARY KEY (writer, seq)
) WITHOUT ROWID;

-- Every well-formed card of a writer ("writer.opened", signed): who wrote from there on, by his own word.
CREATE TABLE writer_card (
	writer INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	key BLOB NOT NULL,
	uid INTEGER NOT NULL,
	host TEXT NOT NULL,
	user TEXT NOT NULL,
	PRIMARY KEY (writer, seq)
) WITHOUT ROWID;
CREATE VIEW dump_writer_card AS
	SELECT w.name AS writer, c.seq AS seq, c.key AS key, c.uid AS uid, c.host AS host,
		c.user AS user
	FROM writer_card c JOIN index_name w ON w.no = c.writer;

-- The newest signed trailer of each writer, good or not.
CREATE TABLE writer_seal (
	writer INTEGER PRIMARY KEY,
	seq INTEGER NOT NULL,   -- of the last record that it speaks of
	clock INTEGER NOT NULL, -- of that record
	chain BLOB NOT NULL,    -- the chain hash after it, as the log has it
	key BLOB NOT NULL,
	epoch BLOB NOT NULL,    -- 32 bytes or none
	signature BLOB NOT NULL
);
CREATE VIEW dump_writer_seal AS
	SELECT w.name AS writer, s.seq AS seq, s.clock AS clock, s.chain AS chain, s.key AS key,
		s.epoch AS epoch, s.signature AS signature
	FROM writer_seal s JOIN index_name w ON w.no = s.writer;

-- What the newest trailer's signature was found to be, once somebody asked.
CREATE TABLE index_seal_verdict (writer INTEGER PRIMARY KEY, good INTEGER NOT NULL);

-- Writers with two histories (core/store/log/fork.h): from record seq on, sealed segments differ.
CREATE TABLE writer_fork (
	writer INTEGER PRIMARY KEY,
	seq INTEGER NOT NULL,
	words TEXT NOT NULL
);
CREATE VIEW dump_writer_fork AS
	SELECT w.name AS writer, f.seq AS seq, f.words AS words
	FROM writer_fork f JOIN index_name w ON w.no = f.writer;

-- The last event of each entity.
CREATE VIEW dump_entity_state AS
	SELECT entity, clock, writer, seq FROM (
		SELECT t.entity AS entity, e.clock AS clock, w.name AS writer, e.seq AS seq,
			row_number() OVER (PARTITION BY e.entity
				ORDER BY e.clock DESC, w.name DESC, e.seq DESC) AS age
		FROM event e JOIN index_name w ON w.no = e.writer
			JOIN index_entity_text t ON t.no = e.entity)
	WHERE age = 1;

-- entity is replayed when on_entity gets an event.
CREATE TABLE depends (
	entity INTEGER NOT NULL,
	on_entity INTEGER NOT NULL,
	PRIMARY KEY (entity, on_entity)
) WITHOUT ROWID;
CREATE INDEX depends_on ON depends (on_entity);
CREATE VIEW dump_depends AS
	SELECT a.entity AS entity, b.entity AS on_entity FROM depends d
		JOIN index_entity_text a ON a.no = d.entity
		JOIN index_entity_text b ON b.no = d.on_entity;

-- What gc must keep: objects that live rows name.
CREATE TABLE object_ref (
	entity INTEGER NOT NULL,
	hash BLOB NOT NULL,         -- 32 bytes
	role INTEGER NOT NULL,
	commuting INTEGER NOT NULL, -- 1: named by a commuting event, survives a replay of the entity
	owner INTEGER,              -- uid of the only user who can read it; NULL: everybody can
	PRIMARY KEY (entity, hash, role, commuting)
) WITHOUT ROWID;
CREATE VIEW dump_object_ref AS
	SELECT CASE typeof(o.hash) WHEN 'blob' THEN lower(hex(o.hash)) ELSE o.hash END AS hash,
		t.entity AS entity, r.name AS role, o.commuting AS commuting, o.owner AS owner
	FROM object_ref o JOIN index_entity_text t ON t.no = o.entity
		JOIN index_name r ON r.no = o.role;
