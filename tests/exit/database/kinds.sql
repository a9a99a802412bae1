-- Values and things whose text depends on the session, the version or the machine.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN posint AS int CHECK (value > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE kinds (
  id posint, f1 float8, f2 float8, f3 float4, f4 float8, autumn timestamptz, span interval,
  price money, doc json, doc2 jsonb, raw bytea, rel regclass, space regnamespace, ides date,
  list text[], both_ pair, mood mood, range int4range, address inet, exact numeric,
  words tsvector, u uuid);
INSERT INTO kinds VALUES (
  1, 'NaN', '-0', 'Infinity', 0.1::float8 + 0.2::float8, '2026-10-25 02:30:00 Europe/Paris',
  '1 mon -2 days 03:04:05.6', (-1234.5)::numeric::money, '{"a":1, "a":2}', '{"b":1,"a":2}',
  '\xdeadbeef', 'kinds', 'public', '0044-03-15 BC', ARRAY['a', NULL, E'b\n"'], ROW(1, 'x'),
  'ok', '[1,5)', '::1', 1.10, 'a b', '00000000-0000-0000-0000-00000000000a');
CREATE TABLE keyed (name text PRIMARY KEY, "odd ""% name" int);
INSERT INTO keyed VALUES ('é', 1), ('e', 2), ('Z', 3), ('-a', NULL);
CREATE TABLE keyless (a text, b int);
INSERT INTO keyless VALUES (NULL, 1), ('', 1), ('x', 2), ('x', 2), ('x', NULL);
CREATE TABLE none ();
INSERT INTO none DEFAULT VALUES;
CREATE TABLE "no rows" (a int);
CREATE TABLE measured (day date NOT NULL, value int) PARTITION BY RANGE (day);
CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE measured_2 PARTITION OF measured DEFAULT;
INSERT INTO measured VALUES ('2026-02-01', 1), ('2026-09-01', 2);
CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX ON parted (id);
INSERT INTO parted SELECT generate_series(1, 9);
CREATE TABLE pointing (id int REFERENCES parted, CONSTRAINT odd CHECK (id > 0) NO INHERIT);
CREATE TABLE old_style (more int) INHERITS (pointing);
CREATE TABLE summed (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c int GENERATED ALWAYS AS IDENTITY);
INSERT INTO summed (a) VALUES (1), (2);
CREATE SEQUENCE counter INCREMENT -2 MINVALUE -10 CYCLE;
SELECT nextval('counter');
SELECT lo_from_bytea(4711, '\x0102');
SELECT lo_put(4711, 10000, '\x03');
SELECT lo_create(4712);
COMMENT ON LARGE OBJECT 4712 IS 'empty';
CREATE VIEW seen AS SELECT keyed.name FROM keyed WHERE keyed.name > 'a';
CREATE FUNCTION doubled(a int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT a * 2; END;
GRANT SELECT ON keyed TO PUBLIC;
COMMENT ON TABLE keyed IS 'a comment';
