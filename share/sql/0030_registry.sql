-- core/registry: models, their versions and what was decided about them. Rows are made by the fold
-- of class "model" alone; `name` is the part of the entity after "model/".

CREATE TABLE model_version (
	name TEXT NOT NULL,
	version INTEGER NOT NULL, -- negative: contested (core/registry/_contested.h)
	uuid TEXT NOT NULL,
	run_id TEXT,
	digest TEXT NOT NULL,
	manifest TEXT NOT NULL,
	trainer TEXT,
	description TEXT,
	author_uid INTEGER NOT NULL,
	author TEXT,              -- as the registration names the author
	registrar_uid INTEGER NOT NULL,
	registered_ms INTEGER NOT NULL,
	state INTEGER NOT NULL,
	state_ms INTEGER NOT NULL,
	request_no INTEGER NOT NULL DEFAULT 0,
	requested_ms INTEGER,
	requester_uid INTEGER,
	request_reason TEXT,
	data TEXT NOT NULL,
	metrics TEXT NOT NULL,
	files TEXT NOT NULL,
	author_who TEXT NOT NULL,    -- "uid-1000"; under a chain the keys that vouch for the run's records, and
	                             -- the uids of those for which none does, separated by spaces
	registrar_who TEXT NOT NULL, -- "uid-1000", or the hex of a person's first key
	registration TEXT,           -- id of the signed record, hex; NULL by the rules of uids
	epoch INTEGER,               -- of the registration; NULL by the rules of uids
	source TEXT,                 -- where the files came from, or, of an external version, are
	external INTEGER NOT NULL DEFAULT 0,
	run_link TEXT,
	logged_model TEXT,           -- id of the logged model that it was registered from
	stage TEXT NOT NULL DEFAULT 'None',
	updated_ms INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (name, version)
) WITHOUT ROWID;
CREATE INDEX model_version_by_uuid ON model_version (uuid);
CREATE INDEX model_version_by_run ON model_version (run_id);
CREATE INDEX model_version_by_state ON model_version (state);

-- The models themselves: least and greatest times of their acts.
CREATE TABLE registered_model (
	name TEXT PRIMARY KEY,
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	appeared INTEGER NOT NULL, -- clock of when it was last created, or a version registered
	deleted INTEGER NOT NULL,  -- clock; 0: never. It is deleted if that is not before appeared, and no version is left
	uid INTEGER NOT NULL,
	who TEXT NOT NULL,
	description TEXT,
	renamed_from TEXT             -- the model that it was created for, to take its place (bn_model_rename)
) WITHOUT ROWID;

CREATE TABLE model_decision (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	request_no INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	approved INTEGER NOT NULL,
	override INTEGER NOT NULL,
	reason TEXT,
	policy_hash TEXT,
	public_key TEXT,
	gates TEXT,
	who TEXT NOT NULL,
	PRIMARY KEY (name, version, request_no, who)
) WITHOUT ROWID;

CREATE TABLE model_alias (
	name TEXT NOT NULL,
	alias TEXT NOT NULL,
	version INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	PRIMARY KEY (name, alias)
) WITHOUT ROWID;

CREATE TABLE model_tag (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name, version, key)
) WITHOUT ROWID;

CREATE TABLE model_attestation (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	check_name TEXT NOT NULL,
	verdict TEXT NOT NULL,
	detail TEXT,
	uid INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	PRIMARY KEY (name, version, check_name)
) WITHOUT ROWID;

-- Under the chain of authority: what was found out about a version (core/registry/evidence.h), in the order in
-- which it counts.
CREATE TABLE model_evidence (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	id TEXT NOT NULL,        -- of the record, hex
	who TEXT NOT NULL,
	user TEXT NOT NULL,      -- the person's name then
	is_other INTEGER NOT NULL, -- 1: by neither author nor registrar
	metric TEXT,             -- NULL: a check
	part TEXT,
	value REAL,              -- NULL: not defined on these rows
	rows INTEGER,
	dataset TEXT,            -- "jobs@v3"
	dataset_digest TEXT,
	check_name TEXT,
	verdict TEXT,
	detail TEXT,
	how TEXT,
	tool TEXT,
	PRIMARY KEY (name, version, epoch, clock, writer, seq)
) WITHOUT ROWID;

-- The records of runs by which authors were found, and whose key vouched for them: a new seal may change it.
CREATE TABLE model_author (
	name TEXT NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	key TEXT NOT NULL,       -- hex; '' for nobody's
	PRIMARY KEY (name, writer, seq)
) WITHOUT ROWID;
CREATE INDEX model_author_by_writer ON model_author (writer);

-- Each record that counted, and the registration that it is about.
CREATE TABLE model_about (
	name TEXT NOT NULL,
	id TEXT NOT NULL,        -- of the record, hex
	registration TEXT NOT NULL,
	PRIMARY KEY (name, id)
) WITHOUT ROWID;
CREATE INDEX model_version_by_registration ON model_version (name, registration) WHERE registration IS NOT NULL;

-- Under the chain of authority: the last record about each subject of a model ("version/" or "request/"
-- and the id of the registration, "alias/champion"), which the next act on it answers; and records that others answer before they are here.
CREATE TABLE model_last (
	name TEXT NOT NULL,
	subject TEXT NOT NULL,
	id TEXT NOT NULL,        -- of the record, hex
	PRIMARY KEY (name, subject)
) WITHOUT ROWID;

CREATE TABLE model_wait (
	name TEXT NOT NULL,
	id TEXT NOT NULL,
	PRIMARY KEY (name, id)
) WITHOUT ROWID;

-- How deep each signed record of a model lies (core/registry/_depth.h), once it is known.
CREATE TABLE index_model_depth (
	id BLOB NOT NULL PRIMARY KEY, -- of the record, 32 bytes
	depth INTEGER NOT NULL
) WITHOUT ROWID;

-- Records that decisions have seen and the log lacks: who brings one has the model judged anew.
CREATE TABLE model_unseen (
	name TEXT NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	PRIMARY KEY (writer, seq, name)
) WITHOUT ROWID;
