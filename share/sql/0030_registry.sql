-- core/registry: models, their versions and what was decided about them. Rows are made by the fold
-- of class "model" alone; `name` is the part of the entity after "model/".

CREATE TABLE model_version (
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
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
	author_who TEXT NOT NULL,    -- "uid-1000", or the hex of a person's first key
	registrar_who TEXT NOT NULL,
	PRIMARY KEY (name, version)
) WITHOUT ROWID;
CREATE INDEX model_version_by_uuid ON model_version (uuid);
CREATE INDEX model_version_by_run ON model_version (run_id);
CREATE INDEX model_version_by_state ON model_version (state);

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

-- Under the chain of authority: the last record about each subject of a model ("version/3", "request/3",
-- "alias/champion"), which the next act on it answers; and records that others answer before they are here.
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
