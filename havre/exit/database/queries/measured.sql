-- What decides whether the target can hold a database: names, or names and what is said of them.

-- kind: collations
SELECT format('%I.%I', n.nspname, c.collname), coalesce(pg_collation_actual_version(c.oid), '')
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()));

-- kind: used collations
SELECT format('%I.%I', n.nspname, c.collname), coalesce(c.collversion, '')
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE c.collname NOT IN ('default', 'C', 'POSIX', 'ucs_basic') AND EXISTS (
  SELECT FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
  JOIN pg_namespace s ON s.oid = r.relnamespace WHERE a.attcollation = c.oid AND @open(s.nspname)
  UNION ALL
  SELECT FROM pg_type t JOIN pg_namespace s ON s.oid = t.typnamespace
  WHERE t.typcollation = c.oid AND @open(s.nspname));

-- kind: icu collations
SELECT format('%I.%I', n.nspname, c.collname), ''
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE @open(n.nspname) AND c.collprovider = 'i';

-- kind: collation providers
SELECT DISTINCT collprovider::text, '' FROM pg_collation
-- A server that is built without ICU may list one collation of it, without a version.
WHERE collprovider <> 'i' OR pg_collation_actual_version(oid) IS NOT NULL;

-- kind: settable
-- Settings that the reader may give to a role, by context: one of a superuser may be granted, and
-- one that no extension declares is a superuser's too.
SELECT name, context FROM pg_settings
WHERE context IN ('user', 'backend') OR context IN ('superuser', 'superuser-backend')
  AND has_parameter_privilege(name, 'SET');

-- kind: configured
SELECT CASE
    WHEN s.setrole = 0 THEN 'database'
    WHEN s.setdatabase = 0 THEN 'role ' || quote_ident(r.rolname)
    ELSE 'role ' || quote_ident(r.rolname) || ' in database' END,
  string_agg(split_part(c, '=', 1), ' ' ORDER BY c)
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
CROSS JOIN LATERAL unnest(s.setconfig) c
WHERE (s.setdatabase = 0 OR s.setdatabase = (
    SELECT oid FROM pg_database WHERE datname = current_database()))
  AND (s.setrole = 0 OR @own(r.rolname))
GROUP BY 1;

-- kind: extensions
SELECT quote_ident(extname), extversion FROM pg_extension;

-- kind: available extensions
SELECT quote_ident(name), default_version FROM pg_available_extensions;

-- kind: database
SELECT 'collation', jsonb_build_array(datlocprovider, datcollate, datctype,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'))::text
FROM pg_database d WHERE datname = current_database()
UNION ALL
SELECT 'collation version', coalesce(datcollversion, '')
FROM pg_database WHERE datname = current_database()
UNION ALL
SELECT 'encoding', pg_encoding_to_char(encoding)
FROM pg_database WHERE datname = current_database()
UNION ALL
SELECT 'owner', coalesce(@role(datdba), '') FROM pg_database WHERE datname = current_database();

-- kind: tables
SELECT format('%I.%I', n.nspname, c.relname), c.relpersistence::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND @open(n.nspname)
  AND (@ours(pg_class, c.oid) OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)));

-- kind: unlogged
SELECT format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'u' AND @open(n.nspname);

-- kind: without identity
-- Tables whose updates a publication would make fail.
SELECT format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND @open(n.nspname) AND @ours(pg_class, c.oid)
  AND c.relreplident <> 'f' AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid
      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END);

-- kind: not validated
-- Check constraints that rows may break: what is replicated is checked, what is restored is not.
SELECT format('%I.%I', n.nspname, c.relname), string_agg(quote_ident(k.conname), ' ' ORDER BY k.conname)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'c' AND NOT k.convalidated AND @open(n.nspname)
GROUP BY 1;

-- kind: replication
SELECT name, setting FROM pg_settings
WHERE name IN ('wal_level', 'max_replication_slots', 'max_wal_senders')
UNION ALL
SELECT 'slots', count(*)::text FROM pg_replication_slots
UNION ALL
SELECT 'senders', count(*)::text FROM pg_stat_replication
UNION ALL
SELECT 'replicator', '' FROM pg_roles
WHERE rolname = current_user AND (rolsuper OR rolreplication)
UNION ALL
SELECT 'subscriber', '' FROM pg_roles r WHERE r.rolname = current_user AND (r.rolsuper OR EXISTS (
  SELECT FROM pg_roles s WHERE s.rolname = 'pg_create_subscription'
    AND pg_has_role(current_user, s.oid, 'USAGE')));

-- kind: foreign tables
SELECT format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'f' AND @open(n.nspname);

-- kind: materialised views
SELECT format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND @open(n.nspname);

-- kind: invalid indexes
SELECT format('%I.%I', n.nspname, c.relname), ''
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' AND @open(n.nspname);

-- kind: in a tablespace
SELECT format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.reltablespace <> 0 AND @open(n.nspname);

-- kind: of xml
SELECT DISTINCT format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.atttypid IN ('xml'::regtype, 'xml[]'::regtype) AND NOT a.attisdropped AND @open(n.nspname);

-- kind: in a schema of the system
SELECT format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p')
  AND n.nspname IN ('pg_catalog', 'information_schema');

-- kind: prepared transactions
SELECT gid, '' FROM pg_prepared_xacts WHERE database = current_database();

-- kind: publications of all tables
SELECT quote_ident(pubname), '' FROM pg_publication WHERE puballtables;

-- kind: roles
SELECT rolname, '' FROM pg_roles;

-- kind: logins
SELECT quote_ident(rolname), '' FROM pg_roles WHERE rolcanlogin AND @own(rolname);

-- kind: privileged roles
SELECT quote_ident(rolname), '' FROM pg_roles
WHERE (rolsuper OR rolreplication OR rolbypassrls) AND @own(rolname);

-- kind: unreadable
SELECT format('%I.%I', n.nspname, c.relname), ''
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND @open(n.nspname)
  AND NOT CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
    ELSE has_table_privilege(c.oid, 'SELECT') END;

-- kind: reader
SELECT 'superuser', '' FROM pg_roles WHERE rolname = current_user AND rolsuper
UNION ALL
SELECT 'sees all rows', '' FROM pg_roles
WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
UNION ALL
SELECT 'reads large objects', '' WHERE has_table_privilege('pg_catalog.pg_largeobject', 'SELECT');

-- kind: large objects
SELECT 'some', '' WHERE EXISTS (SELECT FROM pg_largeobject_metadata);
