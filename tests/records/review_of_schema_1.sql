-- Tables of a review, schema 1. Labels and communities are kept by revision: the state at revision r of a plan is,
-- of each atom (community), the row with the highest revision not above r. Nothing is ever overwritten.

CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE people (
  person_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('planner', 'reviewer', 'reader')),
  token_hash TEXT UNIQUE,            -- SHA-256 of the invitation; the invitation itself is nowhere
  moment TEXT NOT NULL,
  revoked TEXT                       -- when the invitation ended
);

CREATE TABLE sessions (
  session_hash TEXT PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES people,
  csrf TEXT NOT NULL,
  expires TEXT NOT NULL
);

CREATE TABLE plans (
  plan_id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  parent_id TEXT REFERENCES plans,
  parent_revision INTEGER,
  status TEXT NOT NULL CHECK (status IN ('computed', 'draft', 'for_review', 'final')),
  revision INTEGER NOT NULL,
  moment TEXT NOT NULL,
  person TEXT NOT NULL
);

CREATE TABLE revisions (
  plan_id TEXT NOT NULL REFERENCES plans,
  revision INTEGER NOT NULL,
  kind TEXT NOT NULL,                -- begin, move, mend, best, rename, undo, redo
  about INTEGER,                     -- the revision that undo or redo is about
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  PRIMARY KEY (plan_id, revision)
);

CREATE TABLE labels (
  plan_id TEXT NOT NULL,
  atom_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  community_id TEXT,
  PRIMARY KEY (plan_id, atom_id, revision)
) WITHOUT ROWID;

CREATE TABLE communities (
  plan_id TEXT NOT NULL,
  community_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  name TEXT NOT NULL,
  subdistrict_id TEXT,
  origin TEXT,
  seat_x REAL,
  seat_y REAL,
  seat_kind TEXT,
  PRIMARY KEY (plan_id, community_id, revision)
) WITHOUT ROWID;

CREATE TABLE verdicts (
  plan_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  adoptable INTEGER NOT NULL,
  findings TEXT NOT NULL,            -- as findings.json
  PRIMARY KEY (plan_id, revision)
) WITHOUT ROWID;

CREATE TABLE locks (
  lock_id INTEGER PRIMARY KEY,
  plan_id TEXT NOT NULL REFERENCES plans,
  kind TEXT NOT NULL CHECK (kind IN ('community', 'together')),
  community_id TEXT,                 -- kind community: it gains and loses nothing
  atoms TEXT NOT NULL,               -- kind together: JSON list
  person TEXT NOT NULL,
  moment TEXT NOT NULL
);

CREATE TABLE comments (
  comment_id INTEGER PRIMARY KEY,
  plan_id TEXT NOT NULL REFERENCES plans,
  community_id TEXT,
  x REAL,
  y REAL,
  text TEXT NOT NULL,
  answers INTEGER REFERENCES comments,
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  settled TEXT                       -- when it was settled
);

CREATE TABLE votes (
  plan_id TEXT NOT NULL REFERENCES plans,
  community_id TEXT NOT NULL,
  person TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
  moment TEXT NOT NULL,
  PRIMARY KEY (plan_id, community_id, person)
) WITHOUT ROWID;

CREATE TABLE names (
  name_id INTEGER PRIMARY KEY,
  plan_id TEXT NOT NULL REFERENCES plans,
  community_id TEXT NOT NULL,
  name TEXT NOT NULL,
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  UNIQUE (plan_id, community_id, name)
);

CREATE TABLE name_votes (
  name_id INTEGER NOT NULL REFERENCES names,
  person TEXT NOT NULL,
  PRIMARY KEY (name_id, person)
) WITHOUT ROWID;

CREATE TABLE audit (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  moment TEXT NOT NULL,
  person TEXT NOT NULL,
  action TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  before INTEGER,
  after INTEGER,
  detail TEXT NOT NULL
);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
