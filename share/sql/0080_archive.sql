-- What left the workspace in archives (core/archive/export_log.h).

CREATE TABLE archive_export (
	id BLOB NOT NULL,          -- of the entity, 16 bytes
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	model TEXT,                -- "power/1"; NULL: the whole workspace
	target TEXT NOT NULL,      -- path on that host; "-": standard output
	host TEXT,
	reason TEXT,
	personal INTEGER NOT NULL, -- data marked as personal is in it
	private INTEGER NOT NULL,  -- what one user can read is in it
	PRIMARY KEY (id, writer, seq)
) WITHOUT ROWID;
