-- Schemas, extensions, types, collations, comments, and what has no kind of its own.

-- kind: schema
SELECT quote_ident(n.nspname) AS name, @role(n.nspowner) AS line
FROM pg_namespace n
WHERE @open(n.nspname) AND @ours(pg_namespace, n.oid);

-- kind: extension
SELECT quote_ident(e.extname) AS name, quote_ident(n.nspname) AS line
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace;

-- kind: encoding
SELECT 'database' AS name, pg_encoding_to_char(d.encoding) AS line
FROM pg_database d WHERE d.datname = current_database();

-- kind: default collation
SELECT 'database' AS name, jsonb_build_array(
  d.datlocprovider, d.datcollate, d.datctype,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')
)::text AS line
FROM pg_database d WHERE d.datname = current_database();

-- kind: collation
SELECT format('%I.%I', n.nspname, c.collname) AS name, jsonb_build_array(
  @role(c.collowner), c.collprovider, c.collisdeterministic, c.collcollate, c.collctype,
  coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale')
)::text AS line
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE @open(n.nspname) AND @ours(pg_collation, c.oid);

-- kind: type
SELECT format('%I.%I', n.nspname, t.typname) AS name, l.line
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_class c ON c.oid = t.typrelid
CROSS JOIN LATERAL (
  SELECT jsonb_build_array(
    'type', @role(t.typowner), t.typtype, t.typlen, t.typnotnull,
    format_type(nullif(t.typbasetype, 0), t.typtypmod), @text(t.typdefault),
    (SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co
     JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = t.typcollation)
  )::text AS line
  UNION ALL
  SELECT jsonb_build_array('label', row_number() OVER (ORDER BY e.enumsortorder), e.enumlabel)::text
  FROM pg_enum e WHERE e.enumtypid = t.oid
  UNION ALL
  SELECT jsonb_build_array(
    'field', row_number() OVER (ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod)
  )::text
  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT jsonb_build_array('constraint', k.conname, k.convalidated, @text(pg_get_constraintdef(k.oid)))::text
  FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype <> 'n'
  UNION ALL
  SELECT jsonb_build_array(
    'range', format_type(r.rngsubtype, NULL), r.rngsubdiff::text, r.rngcanonical::text
  )::text
  FROM pg_range r WHERE r.rngtypid = t.oid
) l
WHERE @open(n.nspname) AND @ours(pg_type, t.oid)
  AND t.typtype <> 'm' AND coalesce(c.relkind = 'c', true)
  AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid);

-- kind: comment
SELECT o.type || ' ' || o.identity AS name, d.description AS line
FROM pg_description d
CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) o
WHERE d.objoid >= 16384 AND d.classoid NOT IN ('pg_extension'::regclass, 'pg_largeobject'::regclass)
  AND coalesce(o.schema, '') <> 'havre_exit' AND o.identity <> 'havre_exit'
  AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
UNION ALL
SELECT 'database', d.description FROM pg_shdescription d JOIN pg_database b ON b.oid = d.objoid
WHERE d.classoid = 'pg_database'::regclass AND b.datname = current_database()
UNION ALL
SELECT 'role ' || quote_ident(r.rolname), d.description
FROM pg_shdescription d JOIN pg_roles r ON r.oid = d.objoid
WHERE d.classoid = 'pg_authid'::regclass AND @own(r.rolname);

-- kind: security label
SELECT s.objtype || ' ' || s.objname AS name, jsonb_build_array(s.provider, s.label)::text AS line
FROM pg_seclabels s;

-- kind: object
SELECT o.type || ' ' || o.identity AS name, x.owner AS line
FROM (
  SELECT 'pg_operator'::regclass AS class, oid, @role(oprowner) AS owner FROM pg_operator
  UNION ALL SELECT 'pg_opclass'::regclass, oid, @role(opcowner) FROM pg_opclass
  UNION ALL SELECT 'pg_opfamily'::regclass, oid, @role(opfowner) FROM pg_opfamily
  UNION ALL SELECT 'pg_conversion'::regclass, oid, @role(conowner) FROM pg_conversion
  UNION ALL SELECT 'pg_ts_config'::regclass, oid, @role(cfgowner) FROM pg_ts_config
  UNION ALL SELECT 'pg_ts_dict'::regclass, oid, @role(dictowner) FROM pg_ts_dict
  UNION ALL SELECT 'pg_ts_parser'::regclass, oid, '' FROM pg_ts_parser
  UNION ALL SELECT 'pg_ts_template'::regclass, oid, '' FROM pg_ts_template
  UNION ALL SELECT 'pg_am'::regclass, oid, '' FROM pg_am
  UNION ALL SELECT 'pg_language'::regclass, oid, @role(lanowner) FROM pg_language
  UNION ALL SELECT 'pg_transform'::regclass, oid, '' FROM pg_transform
  UNION ALL SELECT 'pg_cast'::regclass, oid, concat(castcontext, castmethod) FROM pg_cast
) x
CROSS JOIN LATERAL pg_identify_object(x.class, x.oid, 0) o
WHERE x.oid >= 16384
  AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = x.class AND e.objid = x.oid AND e.deptype = 'e');
