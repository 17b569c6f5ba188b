-- Logged models. Owner: core/track (logged_fold.c). model is index_entity.no, experiment and run numbers as in table run.

CREATE TABLE logged_model (
	no INTEGER PRIMARY KEY,
	id TEXT NOT NULL, -- "m-" and 32 hex digits
	name TEXT NOT NULL,
	experiment INTEGER NOT NULL, -- index_name.no
	owner INTEGER NOT NULL,
	run TEXT, -- id of the run that made it
	type TEXT,
	artifact_location TEXT,
	status TEXT NOT NULL, -- PENDING READY FAILED
	message TEXT,
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	removed INTEGER NOT NULL DEFAULT 0,
	removed_ms INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX logged_model_by_experiment ON logged_model (experiment, removed, created_ms DESC);
CREATE INDEX logged_model_by_run ON logged_model (run);
CREATE VIEW dump_logged_model AS
	SELECT id, name, (SELECT name FROM index_name WHERE no = m.experiment) AS experiment, owner AS uid,
		run, type, artifact_location, status, message, created_ms, updated_ms, removed, removed_ms
	FROM logged_model m;

CREATE TABLE logged_pair (
	model INTEGER NOT NULL,
	tag INTEGER NOT NULL, -- 1: a tag, 0: a parameter
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (model, tag, key)
) WITHOUT ROWID;
CREATE VIEW dump_logged_pair AS
	SELECT (SELECT id FROM index_entity_text WHERE no = p.model) AS model_id, tag, key, value
	FROM logged_pair p;

CREATE TABLE logged_metric (
	model INTEGER NOT NULL,
	key TEXT NOT NULL,
	time_ms INTEGER NOT NULL,
	step INTEGER NOT NULL,
	run TEXT NOT NULL,
	value REAL, -- NULL: NaN
	dataset_name TEXT,
	dataset_digest TEXT,
	PRIMARY KEY (model, key, time_ms, step, run)
) WITHOUT ROWID;
CREATE VIEW dump_logged_metric AS
	SELECT (SELECT id FROM index_entity_text WHERE no = m.model) AS model_id, key, time_ms, step, run,
		value, dataset_name, dataset_digest
	FROM logged_metric m;

CREATE TABLE logged_artifact (
	model INTEGER NOT NULL,
	path TEXT NOT NULL,
	hash TEXT NOT NULL,
	size INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	PRIMARY KEY (model, path)
) WITHOUT ROWID;
CREATE VIEW dump_logged_artifact AS
	SELECT (SELECT id FROM index_entity_text WHERE no = a.model) AS model_id, path, hash, size, time_ms
	FROM logged_artifact a;
