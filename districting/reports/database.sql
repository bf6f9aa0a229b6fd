-- Tables of published plans, layout 1. The names in braces are filled in by districting.reports.database: {schema}, and
-- {gis}, where PostGIS lives. A version is one plan of one run; versions stay until the same plan is published again.

CREATE TABLE {schema}.runs (
  version_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  case_name text NOT NULL,
  run_id text NOT NULL,
  plan_id text NOT NULL,
  published timestamptz NOT NULL DEFAULT now(),
  published_by text NOT NULL DEFAULT current_user,
  program text NOT NULL,
  policy_id text NOT NULL,
  generated boolean NOT NULL,             -- the data say of themselves that they were generated
  communities integer NOT NULL,
  households bigint NOT NULL,
  households_moved bigint NOT NULL,
  findings_must integer NOT NULL,
  adoptable boolean NOT NULL,             -- no must-rule is broken
  inputs jsonb NOT NULL,                  -- as in run.json: role, path, layer, sha256, features, crs
  UNIQUE (case_name, run_id, plan_id)
);
COMMENT ON TABLE {schema}.runs IS '{mark}';

CREATE TABLE {schema}.communities (
  version_id bigint NOT NULL REFERENCES {schema}.runs ON DELETE CASCADE,
  community_id text NOT NULL,
  name text NOT NULL,
  code text,
  provisional boolean,                    -- name and code are proposals
  subdistrict text,
  households bigint NOT NULL,
  people double precision,
  area_m2 double precision NOT NULL,
  action text,                            -- keep, adjust, split, merge, new …
  seat_x double precision,                -- in the CRS of the case, m
  seat_y double precision,
  geom {gis}.geometry(MultiPolygon, {srid}),
  PRIMARY KEY (version_id, community_id)
);
CREATE INDEX communities_geom ON {schema}.communities USING gist (geom);

CREATE TABLE {schema}.buildings (
  version_id bigint NOT NULL REFERENCES {schema}.runs ON DELETE CASCADE,
  building_id text NOT NULL,
  community_before text,
  community_after text,
  households bigint NOT NULL,
  geom {gis}.geometry(Point, {srid}),
  PRIMARY KEY (version_id, building_id)
);
CREATE INDEX buildings_geom ON {schema}.buildings USING gist (geom);

CREATE TABLE {schema}.changes (
  version_id bigint NOT NULL REFERENCES {schema}.runs ON DELETE CASCADE,
  change_id integer NOT NULL,
  atom_id text NOT NULL,
  community_before text,
  community_after text,
  households bigint NOT NULL,
  geom {gis}.geometry(MultiPolygon, {srid}),
  PRIMARY KEY (version_id, change_id)
);
CREATE INDEX changes_geom ON {schema}.changes USING gist (geom);

CREATE VIEW {schema}.current_runs AS
  SELECT DISTINCT ON (case_name) * FROM {schema}.runs ORDER BY case_name, version_id DESC;
CREATE VIEW {schema}.current_communities AS
  SELECT r.case_name, r.run_id, r.plan_id, c.* FROM {schema}.communities c JOIN {schema}.current_runs r USING (version_id);
CREATE VIEW {schema}.current_buildings AS
  SELECT r.case_name, r.run_id, r.plan_id, b.* FROM {schema}.buildings b JOIN {schema}.current_runs r USING (version_id);
CREATE VIEW {schema}.current_changes AS
  SELECT r.case_name, r.run_id, r.plan_id, c.* FROM {schema}.changes c JOIN {schema}.current_runs r USING (version_id);
