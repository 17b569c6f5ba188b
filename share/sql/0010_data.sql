-- Datasets (core/data/dataset.c). Rows hold what lists and lineage need; the rest is in the objects.

CREATE TABLE dataset_version (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	hash TEXT NOT NULL,       -- of the manifest; of the only part in the first version
	content TEXT NOT NULL,    -- what "the same bytes" means: core/store/object/manifest.h
	part TEXT,                -- hash of the only part; NULL when there are several
	parts INTEGER NOT NULL,
	size INTEGER NOT NULL,
	rows INTEGER NOT NULL,
	columns INTEGER NOT NULL,
	schema_hash TEXT NOT NULL,
	profile TEXT,             -- object, NULL when there is none
	created_ms INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	private INTEGER NOT NULL, -- 1: only the user with that uid can read its objects
	removed INTEGER NOT NULL, -- 0 live, 1 removed by its number, 2 removed with its dataset
	removed_ms INTEGER NOT NULL DEFAULT 0, -- when; gc's retention counts from here
	source_kind TEXT NOT NULL,
	source_path TEXT,
	source_size INTEGER,
	source_sha256 TEXT,
	rejected INTEGER NOT NULL,
	recipe TEXT,
	PRIMARY KEY (name, version)
) WITHOUT ROWID;
CREATE INDEX dataset_version_content ON dataset_version (name, content);
CREATE INDEX dataset_version_hash ON dataset_version (hash);
CREATE INDEX dataset_version_created ON dataset_version (created_ms);

CREATE TABLE dataset_parent (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	position INTEGER NOT NULL,
	parent_name TEXT NOT NULL,
	parent_version INTEGER NOT NULL,
	parent_hash TEXT NOT NULL,
	PRIMARY KEY (name, version, position)
) WITHOUT ROWID;
CREATE INDEX dataset_parent_of ON dataset_parent (parent_name, parent_version);

CREATE TABLE dataset_tag (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name, version, key)
) WITHOUT ROWID;

CREATE TABLE dataset_check (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	number INTEGER NOT NULL,  -- 1, 2, 3 ... in the order of the log
	checked_ms INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	suite TEXT NOT NULL,      -- objects
	suite_name TEXT,
	result TEXT NOT NULL,
	success INTEGER NOT NULL,
	evaluated INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	PRIMARY KEY (name, version, number)
) WITHOUT ROWID;

-- Suites of checks that run at each new version of a dataset (core/data/suites.c).
CREATE TABLE suite_attached (
	dataset TEXT NOT NULL,
	name TEXT NOT NULL,            -- of the suite
	suite TEXT NOT NULL,           -- object
	required INTEGER NOT NULL,     -- 1: a version that fails it is not added
	attached_ms INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	PRIMARY KEY (dataset, name)
) WITHOUT ROWID;

-- What was said of a dataset's protection (core/data/protect_fold.c): the newest row holds.
CREATE TABLE protection (
	name TEXT NOT NULL,
	number INTEGER NOT NULL,  -- 1, 2, 3 ... in the order of the log
	at_ms INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	change TEXT NOT NULL,     -- canonical JSON: the payload
	state TEXT NOT NULL,      -- canonical JSON: what holds after it
	reason TEXT,
	PRIMARY KEY (name, number)
) WITHOUT ROWID;

CREATE TABLE protection_unmasked (
	name TEXT NOT NULL,
	number INTEGER NOT NULL,
	at_ms INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	version INTEGER NOT NULL,
	change TEXT NOT NULL,     -- canonical JSON: the payload
	reason TEXT NOT NULL,
	PRIMARY KEY (name, number)
) WITHOUT ROWID;

-- Rows of persons that were erased on request (core/data/forgotten.c). Hashes are blobs: as text they would count as names
-- of objects, which gc keeps.
CREATE TABLE forgotten (
	id TEXT NOT NULL,         -- of the act, the part of the entity after "forget/"
	at_ms INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	reason TEXT,
	mark TEXT,                -- HMAC of what was asked for
	PRIMARY KEY (id)
) WITHOUT ROWID;

CREATE TABLE forgotten_version (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	id TEXT NOT NULL,
	rows INTEGER NOT NULL,    -- that were erased; 0: it only had their texts in a dictionary
	stand_in INTEGER,         -- the version without them; NULL: there is none
	PRIMARY KEY (name, version, id) -- several acts may say it; the first id counts, in whatever order they came
) WITHOUT ROWID;

CREATE TABLE forgotten_object (
	hash BLOB NOT NULL,
	id TEXT NOT NULL,
	name TEXT,                -- the dataset version that it belonged to; NULL: to none
	version INTEGER,
	instead BLOB,             -- the object without the rows, of logged predictions; NULL: none
	rows INTEGER,             -- of that one
	PRIMARY KEY (hash, id)
) WITHOUT ROWID;
