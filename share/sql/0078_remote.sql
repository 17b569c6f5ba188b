-- Remotes of a workspace. Owner: core/share (remotes.c). Keys to them are not in the log.

CREATE TABLE remote (
	name TEXT PRIMARY KEY,
	url TEXT NOT NULL,
	endpoint TEXT,            -- S3: the server's URL
	region TEXT,              -- S3
	style TEXT,               -- S3: "path" or "host"
	allow_http INTEGER NOT NULL,
	anonymous INTEGER NOT NULL,
	uid INTEGER NOT NULL,     -- who added it
	created_ms INTEGER NOT NULL
) WITHOUT ROWID;
