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
	writer TEXT PRIMARY KEY,
	last_seq INTEGER NOT NULL,
	last_clock INTEGER NOT NULL,
	last_crc INTEGER NOT NULL,
	pinned_seq INTEGER NOT NULL -- up to here a sealed segment has been seen to agree
) WITHOUT ROWID;

CREATE TABLE writer (
	name TEXT PRIMARY KEY,
	uid INTEGER NOT NULL,       -- owner of the directory
	user TEXT NOT NULL,
	host TEXT NOT NULL,
	events INTEGER NOT NULL,    -- = its last sequence number
	last_clock INTEGER NOT NULL -- milliseconds << 16 | counter
) WITHOUT ROWID;

-- Every event but the commuting ones, in order of (clock, writer, seq). payload is TEXT when it is
-- JSON and BLOB when it is raw.
CREATE TABLE event (
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	kind TEXT NOT NULL,
	entity TEXT NOT NULL,
	uid INTEGER NOT NULL,
	user TEXT NOT NULL,
	payload,
	outcome TEXT NOT NULL DEFAULT 'applied', -- applied, refused, invalid
	reason TEXT
);
CREATE INDEX event_by_entity ON event (entity, clock, writer, seq);
CREATE INDEX event_by_clock ON event (clock, writer, seq);

-- The last event applied to each entity.
CREATE TABLE entity_state (
	entity TEXT PRIMARY KEY,
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL
) WITHOUT ROWID;

-- entity is replayed when on_entity gets an event.
CREATE TABLE depends (
	entity TEXT NOT NULL,
	on_entity TEXT NOT NULL,
	PRIMARY KEY (entity, on_entity)
) WITHOUT ROWID;
CREATE INDEX depends_on ON depends (on_entity);

-- What gc must keep: objects that live rows name.
CREATE TABLE object_ref (
	hash TEXT NOT NULL,
	entity TEXT NOT NULL,
	role TEXT NOT NULL,
	commuting INTEGER NOT NULL, -- 1: named by a commuting event, survives a replay of the entity
	PRIMARY KEY (hash, entity, role, commuting)
) WITHOUT ROWID;
CREATE INDEX object_ref_by_entity ON object_ref (entity);
