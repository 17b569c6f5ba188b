-- core/govern: whose keys are whose, the history of policy and of roles. Each row is valid from its
-- position (clock, writer, seq) in the order of all events, so that "as of" an event is a lookup.

CREATE TABLE user_key (
	uid INTEGER NOT NULL,
	public_key TEXT NOT NULL,
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	PRIMARY KEY (uid, clock, writer, seq)
) WITHOUT ROWID;

CREATE TABLE policy_version (
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	hash TEXT NOT NULL,
	document TEXT NOT NULL,
	reason TEXT,
	PRIMARY KEY (clock, writer, seq)
) WITHOUT ROWID;

CREATE TABLE role_change (
	uid INTEGER NOT NULL,
	role TEXT NOT NULL,
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	granted INTEGER NOT NULL,
	user TEXT,
	by_uid INTEGER NOT NULL,
	reason TEXT,
	seen TEXT, -- of a revocation: {writer: last sequence number} of the user, as its author knew them
	PRIMARY KEY (uid, role, clock, writer, seq)
) WITHOUT ROWID;

-- Who founded the workspace: at most one row, of the record that the workspace's id names; uid -1 is
-- a founding record that it does not name.
CREATE TABLE workspace_founder (
	uid INTEGER NOT NULL,
	clock INTEGER NOT NULL,
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	PRIMARY KEY (clock, writer, seq)
) WITHOUT ROWID;
