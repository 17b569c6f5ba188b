-- Verdicts of a project's gate (core/ci/check_log.c).

CREATE TABLE ci_check (
	run TEXT NOT NULL,             -- id
	writer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	uid INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	verdict INTEGER NOT NULL,      -- 0 pass, 1 fail, 2 inconclusive
	code TEXT,                     -- commit; NULL: unknown, as the following
	ref TEXT,
	url TEXT,
	model TEXT,
	run_name TEXT,
	failed TEXT NOT NULL,          -- names of failed cases: "a, b"
	passes INTEGER NOT NULL,       -- cases
	fails INTEGER NOT NULL,
	inconclusives INTEGER NOT NULL,
	skips INTEGER NOT NULL,
	PRIMARY KEY (run, writer, seq)
) WITHOUT ROWID;
CREATE INDEX ci_check_by_time ON ci_check (time_ms DESC);
