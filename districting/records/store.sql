-- Our tables, schema 2. A GIS shows runs, plans, moves and the adopted layers; what begins with review_ belongs to the
-- review server. Nothing that people decided is overwritten: a plan's status is that of the last of its moves.

CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE runs (
  run_key INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,       -- of its content, times left out: equal runs are one run
  moment TEXT NOT NULL,              -- when it was made first
  verb TEXT NOT NULL,
  person TEXT NOT NULL,
  folder TEXT NOT NULL,              -- where it was written last, seen from the case
  made INTEGER NOT NULL,             -- how often
  policy_id TEXT NOT NULL,
  seed INTEGER NOT NULL,
  manifest TEXT NOT NULL,            -- run.json
  made_from TEXT NOT NULL,           -- the case file and whatever else it was asked with, JSON
  outputs TEXT NOT NULL              -- SHA-256 by file of the output folder, JSON
);

CREATE TABLE archives (
  sha256 TEXT PRIMARY KEY,           -- of the plan's files and its run's id, not of the zip: another zlib packs otherwise; of a list, its file's
  content BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE plans (
  plan_key INTEGER PRIMARY KEY,
  plan_ref TEXT NOT NULL UNIQUE,     -- <run_id>/<plan_id>
  run_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL,
  document TEXT NOT NULL,            -- number of the document of its last move that has one
  date TEXT NOT NULL,
  moment TEXT NOT NULL,
  person TEXT NOT NULL,
  households_moved INTEGER NOT NULL,
  communities INTEGER NOT NULL,
  findings_must INTEGER NOT NULL,
  archive TEXT NOT NULL REFERENCES archives
);
CREATE UNIQUE INDEX one_plan_is_adopted ON plans (status) WHERE status = 'approved';

CREATE TABLE moves (
  move_key INTEGER PRIMARY KEY,
  plan_ref TEXT NOT NULL REFERENCES plans (plan_ref),
  moment TEXT NOT NULL,
  person TEXT NOT NULL,
  was TEXT NOT NULL,                 -- empty: it entered the store
  status TEXT NOT NULL,
  document TEXT NOT NULL,
  date TEXT NOT NULL,
  note TEXT NOT NULL,
  despite TEXT NOT NULL,             -- why it was approved in spite of broken must-rules
  findings_must INTEGER NOT NULL
);

CREATE TABLE adopted_communities (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  geom MULTIPOLYGON,
  plan_ref TEXT,
  document TEXT,
  date TEXT,
  community_id TEXT,
  name TEXT,
  code TEXT,
  subdistrict TEXT,
  households INTEGER,
  people REAL,
  area_m2 REAL,
  action TEXT,
  seat_x REAL,
  seat_y REAL,
  colour INTEGER
);

CREATE TABLE adopted_buildings (
  fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  geom POINT,
  plan_ref TEXT,
  building_id TEXT,
  community_id TEXT,
  households INTEGER
);

INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES
  ('runs', 'attributes', 'runs', '运行记录 Runs'),
  ('plans', 'attributes', 'plans', '方案及状态 Plans and their status'),
  ('moves', 'attributes', 'moves', '报批记录 Moves of plans');

-- A review by run: labels and communities are kept by revision. The state at revision r of a plan is, of each atom
-- (community), the row with the highest revision not above r.

CREATE TABLE review_people (
  person_id INTEGER PRIMARY KEY,
  review_id TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('planner', 'reviewer', 'reader')),
  token_hash TEXT UNIQUE,            -- SHA-256 of the invitation; the invitation itself is nowhere
  moment TEXT NOT NULL,
  revoked TEXT,                      -- when the invitation ended
  UNIQUE (review_id, name)
);

CREATE TABLE review_sessions (
  session_hash TEXT PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES review_people,
  csrf TEXT NOT NULL,
  expires TEXT NOT NULL
);

CREATE TABLE review_plans (
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  title TEXT NOT NULL,
  parent_id TEXT,
  parent_revision INTEGER,
  status TEXT NOT NULL CHECK (status IN ('computed', 'draft', 'for_review', 'final')),
  revision INTEGER NOT NULL,
  moment TEXT NOT NULL,
  person TEXT NOT NULL,
  PRIMARY KEY (review_id, plan_id),
  FOREIGN KEY (review_id, parent_id) REFERENCES review_plans
);

CREATE TABLE review_revisions (
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  kind TEXT NOT NULL,                -- begin, move, mend, best, rename, undo, redo
  about INTEGER,                     -- the revision that undo or redo is about
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  PRIMARY KEY (review_id, plan_id, revision),
  FOREIGN KEY (review_id, plan_id) REFERENCES review_plans
);

CREATE TABLE review_labels (
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  atom_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  community_id TEXT,
  PRIMARY KEY (review_id, plan_id, atom_id, revision)
) WITHOUT ROWID;

CREATE TABLE review_communities (
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  community_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  name TEXT NOT NULL,
  subdistrict_id TEXT,
  origin TEXT,
  seat_x REAL,
  seat_y REAL,
  seat_kind TEXT,
  PRIMARY KEY (review_id, plan_id, community_id, revision)
) WITHOUT ROWID;

CREATE TABLE review_verdicts (
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  adoptable INTEGER NOT NULL,
  findings TEXT NOT NULL,            -- as findings.json
  PRIMARY KEY (review_id, plan_id, revision)
) WITHOUT ROWID;

CREATE TABLE review_locks (
  lock_id INTEGER PRIMARY KEY,
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('community', 'together')),
  community_id TEXT,                 -- kind community: it gains and loses nothing
  atoms TEXT NOT NULL,               -- kind together: JSON list
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  FOREIGN KEY (review_id, plan_id) REFERENCES review_plans
);

CREATE TABLE review_comments (
  comment_id INTEGER PRIMARY KEY,
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  community_id TEXT,
  x REAL,
  y REAL,
  text TEXT NOT NULL,
  answers INTEGER REFERENCES review_comments,
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  settled TEXT,                      -- when it was settled
  FOREIGN KEY (review_id, plan_id) REFERENCES review_plans
);

CREATE TABLE review_votes (
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  community_id TEXT NOT NULL,
  person TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
  moment TEXT NOT NULL,
  PRIMARY KEY (review_id, plan_id, community_id, person),
  FOREIGN KEY (review_id, plan_id) REFERENCES review_plans
) WITHOUT ROWID;

CREATE TABLE review_names (
  name_id INTEGER PRIMARY KEY,
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  community_id TEXT NOT NULL,
  name TEXT NOT NULL,
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  UNIQUE (review_id, plan_id, community_id, name),
  FOREIGN KEY (review_id, plan_id) REFERENCES review_plans
);

CREATE TABLE review_name_votes (
  name_id INTEGER NOT NULL REFERENCES review_names,
  person TEXT NOT NULL,
  PRIMARY KEY (name_id, person)
) WITHOUT ROWID;

CREATE TABLE audit (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  review_id TEXT NOT NULL,           -- empty: a matter of the case
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
