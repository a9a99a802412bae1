"""The hard cases of databases, in SQL that a managed service takes; each in a schema of its own."""

from __future__ import annotations

SCHEMA = "havre_hard"
"""The schema of every hard table."""

ROW_SECURITY = """
CREATE TABLE havre_hard.secured (id int PRIMARY KEY, ward text);
INSERT INTO havre_hard.secured SELECT i, CASE WHEN i % 2 = 0 THEN 'open' ELSE 'closed' END
FROM generate_series(1, 200) i;
ALTER TABLE havre_hard.secured ENABLE ROW LEVEL SECURITY;
ALTER TABLE havre_hard.secured FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON havre_hard.secured USING (ward = 'open')
"""
KEYLESS = """
CREATE TABLE havre_hard.keyless (line text);
INSERT INTO havre_hard.keyless VALUES ('twice'), ('twice'), (NULL), (E'tab\\there'), ('')
"""
PUBLISHED = "CREATE PUBLICATION havre_hard_all FOR ALL TABLES"
COLLATED = """
CREATE TABLE havre_hard.collated (id int PRIMARY KEY, name text COLLATE "C", other text);
INSERT INTO havre_hard.collated VALUES (1, 'b', 'B'), (2, 'a', 'A'), (3, E'\\u00e9', 'z');
CREATE INDEX ON havre_hard.collated (name);
CREATE INDEX ON havre_hard.collated (lower(other) COLLATE "C")
"""
ROLES = """
DO $do$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'havre_hard_group') THEN
    CREATE ROLE havre_hard_group NOLOGIN; CREATE ROLE havre_hard_member NOLOGIN;
    GRANT havre_hard_group TO havre_hard_member;
  END IF;
END $do$;
ALTER ROLE havre_hard_member SET work_mem = '8MB';
CREATE TABLE havre_hard.granted (id int PRIMARY KEY, ward text);
GRANT USAGE ON SCHEMA havre_hard TO havre_hard_group;
GRANT SELECT (ward) ON havre_hard.granted TO havre_hard_group;
ALTER DEFAULT PRIVILEGES IN SCHEMA havre_hard GRANT SELECT ON TABLES TO havre_hard_group
"""
SEQUENCES = """
CREATE SEQUENCE havre_hard.down INCREMENT -3 MINVALUE -100 MAXVALUE 0 START 0 CYCLE;
CREATE SEQUENCE havre_hard.unused START 42;
SELECT nextval('havre_hard.down'), nextval('havre_hard.down');
CREATE TABLE havre_hard.counted (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ward text);
INSERT INTO havre_hard.counted (ward) VALUES ('a'), ('b'), ('c')
"""
LARGE_OBJECTS = """
DO $do$ BEGIN
  IF NOT has_table_privilege('pg_catalog.pg_largeobject', 'SELECT') THEN
    RAISE 'its administrator cannot read large objects, so an exit with any is refused';
  END IF;
END $do$;
SELECT lo_from_bytea(0, repeat('image', 3000)::bytea), lo_from_bytea(0, '')
"""
VALUES = """
CREATE TABLE havre_hard.printed (id int PRIMARY KEY, f float8, r float4, n numeric, t timestamptz,
  i interval, j json, b jsonb, y bytea, a text[], g int4range, u uuid, d date, x bit varying(8));
INSERT INTO havre_hard.printed VALUES
  (1, 'NaN', '-0', 'NaN', '2026-10-25 02:30:00+02', '1 mon -1 day 03:00', '{"a":1, "a":2}',
   '{"b":[1,null]}', '\\x00ff', ARRAY['a,b', NULL, '"'], '[1,5)', gen_random_uuid(), 'infinity',
   B'101'),
  (2, 0.1, 1e-7, 1.500, '2026-10-25 02:30:00+01', '-1 year', ' {}', '[]', '', '{}', 'empty',
   NULL, '0001-01-01 BC', B'')
"""
SHAPES = """
CREATE TABLE havre_hard.visits (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE havre_hard.visits_2025 PARTITION OF havre_hard.visits
  FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE havre_hard.visits_rest PARTITION OF havre_hard.visits DEFAULT;
INSERT INTO havre_hard.visits SELECT i, DATE '2025-06-01' + i * 10 FROM generate_series(1, 60) i;
CREATE TABLE havre_hard.made (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO havre_hard.made SELECT generate_series(1, 5);
CREATE MATERIALIZED VIEW havre_hard.seen AS SELECT count(*) AS visits FROM havre_hard.visits;
CREATE VIEW havre_hard.newest AS SELECT max(day) AS day FROM havre_hard.visits;
COMMENT ON TABLE havre_hard.made IS E'an odd \\u00e9 comment'
"""
UNVALIDATED = """
CREATE TABLE havre_hard.unvalidated (id int PRIMARY KEY);
INSERT INTO havre_hard.unvalidated SELECT generate_series(1, 5);
ALTER TABLE havre_hard.unvalidated ADD CONSTRAINT few CHECK (id < 3) NOT VALID
"""
UNLOGGED = """
CREATE UNLOGGED TABLE havre_hard.unlogged (id int PRIMARY KEY);
INSERT INTO havre_hard.unlogged VALUES (1), (2)
"""

TABLES: dict[int, tuple[tuple[str, str], ...]] = {
    18: (("a table whose owner is held by a policy", ROW_SECURITY),),
    19: (
        ("a table without a key, with rows twice", KEYLESS),
        ("a publication of all tables", PUBLISHED),
    ),
    20: (("columns and indexes with a collation of their own", COLLATED),),
    21: (("roles, a membership, a grant of a column, default privileges", ROLES),),
    22: (("a sequence that counts down, an unused one, an identity", SEQUENCES),),
    23: (("two large objects", LARGE_OBJECTS),),
    24: (("14 types, with NaN, -0, double keys and dates before Christ", VALUES),),
    25: (
        ("partitions, a generated column, views", SHAPES),
        ("a constraint that was not validated", UNVALIDATED),
        ("an unlogged table", UNLOGGED),
    ),
}
"""What is made for each case of a database: in words, and in SQL."""
NOT_REPLICATED = {
    "a table without a key, with rows twice": "it has no replica identity",
    "a publication of all tables": "updates of tables without an identity would fail",
    "two large objects": "large objects are not replicated",
    "a constraint that was not validated": "rows that break it would be refused",
    "an unlogged table": "unlogged tables are not replicated",
}
"""What a replication refuses, and why: not planted where the database goes by one."""
