-- What people ask of the next plan, as locks of the case; shared by everybody who reviews the run. A proposal never
-- goes: it is open, taken back by who made it, declined, or written into the case file.
CREATE TABLE IF NOT EXISTS review_proposals (
  proposal_id INTEGER PRIMARY KEY,
  review_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,             -- the plan before which it was made
  kind TEXT NOT NULL,                -- kind of the lock
  named TEXT NOT NULL,               -- what the lock names: list by field of the lock, JSON
  text TEXT NOT NULL,                -- what it is called, in the language of who made it
  reason TEXT NOT NULL,
  x REAL,                            -- where, m
  y REAL,
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'withdrawn', 'declined', 'case')),
  FOREIGN KEY (review_id, plan_id) REFERENCES review_plans
);

-- Drafts that hold to a proposal.
CREATE TABLE IF NOT EXISTS review_taken (
  proposal_id INTEGER NOT NULL REFERENCES review_proposals,
  plan_id TEXT NOT NULL,
  person TEXT NOT NULL,
  moment TEXT NOT NULL,
  PRIMARY KEY (proposal_id, plan_id)
) WITHOUT ROWID;
