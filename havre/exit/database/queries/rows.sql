-- Statements that give what the database holds, one for each thing: each is read by
-- `psql -c STATEMENT | sha256sum`. Rows stand in the order of their key, or else of their text.

-- kind: table
SELECT format('%I.%I', n.nspname, c.relname) AS name, format(
  'COPY (SELECT %s FROM %s%I.%I AS t %s%s) TO STDOUT',
  coalesce(columns.list, ''), CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END,
  n.nspname, c.relname, config.condition, coalesce(' ORDER BY ' || coalesce(key.list, columns.sorted), '')
) AS statement
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT string_agg(
      format(CASE WHEN t.typname = 'money' OR t.typname LIKE 'reg%' THEN 't.%I::text' ELSE 't.%I' END,
        a.attname), ', ' ORDER BY a.attnum) AS list,
    string_agg(
      format('t.%1$I IS NULL, concat(t.%1$I) COLLATE "C"', a.attname), ', ' ORDER BY a.attnum) AS sorted
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) columns
LEFT JOIN LATERAL (
  SELECT string_agg(CASE
      WHEN a.atttypid::regtype::text IN ('boolean', 'smallint', 'integer', 'bigint', 'oid', 'numeric',
        'real', 'double precision', 'date', 'time without time zone', 'timestamp without time zone',
        'timestamp with time zone', 'uuid', 'bytea') THEN format('t.%I', a.attname)
      WHEN a.atttypid::regtype::text IN ('text', 'character varying')
        THEN format('t.%I COLLATE "C"', a.attname)
      ELSE format('concat(t.%I) COLLATE "C"', a.attname) END, ', ' ORDER BY k.place) AS list
  FROM (
    SELECT i.* FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
      AND i.indpred IS NULL AND i.indexprs IS NULL
      AND NOT EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attnotnull
          AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]))
    ORDER BY i.indisprimary DESC, x.relname COLLATE "C" LIMIT 1
  ) i
  CROSS JOIN LATERAL unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY k (attnum, place)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
) key ON true
CROSS JOIN LATERAL (
  SELECT coalesce((
    SELECT e.extcondition[array_position(e.extconfig, c.oid)] FROM pg_extension e
    WHERE c.oid = ANY (e.extconfig)), '') AS condition
) config
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition AND @open(n.nspname)
  AND (@ours(pg_class, c.oid) OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)));

-- kind: sequence
SELECT format('%I.%I', n.nspname, c.relname) AS name,
  format('COPY (SELECT last_value, is_called FROM %I.%I) TO STDOUT', n.nspname, c.relname) AS statement
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND @open(n.nspname)
  AND (@ours(pg_class, c.oid) OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)));

-- kind: large objects
SELECT 'pages' AS name,
  'COPY (SELECT loid, pageno, data FROM pg_largeobject ORDER BY loid, pageno) TO STDOUT' AS statement
WHERE EXISTS (SELECT FROM pg_largeobject_metadata)
UNION ALL
SELECT 'owners', $statement$COPY (
  SELECT m.oid, @role(m.lomowner), (
    SELECT string_agg(a, ' ' ORDER BY a COLLATE "C") FROM (
      SELECT concat_ws(':', coalesce(@role(e.grantee), 'public'), e.privilege_type, e.is_grantable) AS a
      FROM aclexplode(coalesce(m.lomacl, acldefault('L', m.lomowner))) e
      WHERE coalesce(@role(e.grantee), 'public') <> '') x),
    obj_description(m.oid, 'pg_largeobject')
  FROM pg_largeobject_metadata m ORDER BY m.oid) TO STDOUT$statement$;
