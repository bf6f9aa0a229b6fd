-- Reruns that had nothing to do, one row for as many as found the same in a row: a nightly service adds no row.
CREATE TABLE IF NOT EXISTS quiet_runs (
  quiet_key INTEGER PRIMARY KEY,
  first TEXT NOT NULL,               -- moment of the first of them, UTC
  last TEXT NOT NULL,
  times INTEGER NOT NULL,
  verb TEXT NOT NULL,
  person TEXT NOT NULL,
  reference TEXT NOT NULL,           -- the plan in force, as people know it
  reason TEXT NOT NULL,              -- key of the sentence history.quiet.<reason>
  basis TEXT NOT NULL,               -- hash of everything that went in
  inputs TEXT NOT NULL,              -- layer → hash of its rows, JSON
  lists TEXT NOT NULL DEFAULT '{}'   -- list that cannot be read → when it was taken last, JSON
);
INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, description) VALUES
  ('quiet_runs', 'attributes', 'quiet_runs', '无需调整的运行 Runs with nothing to do');
