/**
 * The tables of pool.sqlite, as forward migrations: entry n takes schema n to n + 1. Never change an entry that was released.
 * `body` is the entity as clients see it, `own` what only the server needs; both JSON.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE pool (id TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
  CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    own TEXT NOT NULL
  ) STRICT;
  CREATE TABLE submissions (
    submission_id TEXT PRIMARY KEY,
    experiment_id INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE trials (
    id TEXT PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    queued_at REAL NOT NULL,
    body TEXT NOT NULL,
    own TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX trials_by_experiment ON trials (experiment_id, number);
  CREATE INDEX trials_by_state ON trials (state);
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    trial_id TEXT NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    tidy INTEGER NOT NULL,
    body TEXT NOT NULL,
    own TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX runs_by_trial ON runs (trial_id, attempt);
  CREATE INDEX runs_untidy ON runs (id) WHERE tidy = 0;
  CREATE TABLE checkpoints (
    uuid TEXT PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    trial_id TEXT NOT NULL,
    step REAL NOT NULL,
    created_at REAL NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX checkpoints_by_trial ON checkpoints (trial_id, created_at);
  CREATE INDEX checkpoints_by_experiment ON checkpoints (experiment_id);
  CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    decision TEXT NOT NULL
  ) STRICT;
  CREATE INDEX decisions_by_experiment ON decisions (experiment_id);
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    change TEXT NOT NULL
  ) STRICT;
  CREATE TABLE deletions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    leftovers TEXT NOT NULL
  ) STRICT;
  `,
  `
  UPDATE experiments SET body = json_insert(
    body, '$.priority', 42, '$.weight', 1, '$.maxSlots', NULL, '$.notes', '', '$.labels', json('[]'),
    '$.question', NULL
  );
  UPDATE trials SET body = json_insert(
    body, '$.name', NULL, '$.notes', '', '$.labels', json('[]'), '$.starred', json('false')
  );
  `,
  `
  CREATE TABLE checkpoint_files (
    sha256 TEXT NOT NULL,
    uuid TEXT NOT NULL REFERENCES checkpoints (uuid) ON DELETE CASCADE,
    path TEXT NOT NULL,
    PRIMARY KEY (sha256, uuid, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX checkpoint_files_by_uuid ON checkpoint_files (uuid);
  CREATE INDEX experiments_by_state ON experiments (state);
  CREATE INDEX runs_living ON runs (id) WHERE ended = 0;
  CREATE INDEX runs_by_end ON runs (json_extract(body, '$.endedAt')) WHERE ended = 1;
  `,
];
