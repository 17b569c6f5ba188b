-- Images made of model versions, and where they were pushed (core/package/package_log.c).

CREATE TABLE package (
	-- BLOBs: in a text, 64 hex digits would name objects that gc has to keep
	digest BLOB NOT NULL,          -- SHA-256 of the image's manifest
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	act INTEGER NOT NULL,          -- 0 built, 1 pushed
	uid INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	model TEXT,                    -- NULL: the image's labels name none
	version INTEGER,
	model_digest BLOB,             -- of a build: SHA-256 of the version's manifest
	format TEXT,                   -- of a build
	path TEXT,
	host TEXT,
	bytes INTEGER,
	unapproved INTEGER NOT NULL,   -- 1: built although the version was not approved
	registry TEXT,                 -- of a push
	name TEXT,
	tag TEXT,                      -- NULL: pushed by digest
	manifest_digest BLOB,          -- what the registry calls it
	PRIMARY KEY (digest, writer, seq)
) WITHOUT ROWID;
CREATE INDEX package_by_model ON package (model, version, time_ms DESC);
