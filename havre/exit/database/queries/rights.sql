-- Roles, memberships, settings and grants. Passwords are never read.

-- kind: role
SELECT quote_ident(r.rolname) AS name, jsonb_build_array(
  r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls,
  r.rolconnlimit, r.rolvaliduntil
)::text AS line
FROM pg_roles r WHERE @own(r.rolname);

-- kind: membership
SELECT name, jsonb_build_array(member, bool_or(admin), bool_or(inherits), bool_or(sets))::text AS line
FROM (
  SELECT @role(m.roleid) AS name, @role(m.member) AS member, m.admin_option AS admin,
    coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, u.rolinherit) AS inherits,
    coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) AS sets
  FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member
  WHERE @own(u.rolname)
) x
WHERE name <> ''
GROUP BY name, member;

-- kind: database
SELECT 'database' AS name, jsonb_build_array(@role(d.datdba), d.datconnlimit)::text AS line
FROM pg_database d WHERE d.datname = current_database();

-- kind: setting
SELECT CASE
    WHEN s.setrole = 0 THEN 'database'
    WHEN s.setdatabase = 0 THEN 'role ' || quote_ident(r.rolname)
    ELSE 'role ' || quote_ident(r.rolname) || ' in database' END AS name, c AS line
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
CROSS JOIN LATERAL unnest(s.setconfig) c
WHERE (s.setdatabase = 0 OR s.setdatabase = (
    SELECT oid FROM pg_database WHERE datname = current_database()))
  AND (s.setrole = 0 OR @own(r.rolname));

-- kind: grant
SELECT g.name, jsonb_build_array(
  coalesce(@role(e.grantee), 'public'), e.privilege_type, e.is_grantable, @role(e.grantor)
)::text AS line
FROM (
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END
      || format('%I.%I', n.nspname, c.relname) AS name,
    coalesce(c.relacl, acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner)) AS acl
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
    AND @open(n.nspname) AND @ours(pg_class, c.oid)
  UNION ALL
  SELECT format('COLUMN %I.%I.%I', n.nspname, c.relname, a.attname), a.attacl
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND @open(n.nspname) AND @ours(pg_class, c.oid)
  UNION ALL
  SELECT 'SCHEMA ' || quote_ident(n.nspname), coalesce(n.nspacl, acldefault('n', n.nspowner))
  FROM pg_namespace n WHERE @open(n.nspname) AND @ours(pg_namespace, n.oid)
  UNION ALL
  SELECT 'ROUTINE ' || p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE @open(n.nspname) AND @ours(pg_proc, p.oid)
  UNION ALL
  SELECT 'TYPE ' || format('%I.%I', n.nspname, t.typname), coalesce(t.typacl, acldefault('T', t.typowner))
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE @open(n.nspname) AND @ours(pg_type, t.oid) AND t.typtype <> 'm'
    AND coalesce(c.relkind = 'c', true)
    AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid)
  UNION ALL
  SELECT 'LANGUAGE ' || quote_ident(l.lanname), coalesce(l.lanacl, acldefault('l', l.lanowner))
  FROM pg_language l WHERE l.lanpltrusted
  UNION ALL
  SELECT 'FOREIGN DATA WRAPPER ' || quote_ident(f.fdwname), coalesce(f.fdwacl, acldefault('F', f.fdwowner))
  FROM pg_foreign_data_wrapper f
  UNION ALL
  SELECT 'FOREIGN SERVER ' || quote_ident(s.srvname), coalesce(s.srvacl, acldefault('S', s.srvowner))
  FROM pg_foreign_server s
  UNION ALL
  SELECT 'DATABASE', coalesce(d.datacl, acldefault('d', d.datdba))
  FROM pg_database d WHERE d.datname = current_database()
  UNION ALL
  SELECT 'PARAMETER ' || quote_ident(p.parname), p.paracl FROM pg_parameter_acl p
) g
CROSS JOIN LATERAL aclexplode(g.acl) e
-- Since 17 an owner may do this too.
WHERE NOT @newer(e.privilege_type = 'MAINTAIN' AND e.grantee = e.grantor) AND coalesce(@role(e.grantee), 'public') <> '' AND @role(e.grantor) <> '';

-- kind: grant of the system
SELECT x.name, jsonb_build_array(x.act, coalesce(@role(x.grantee), 'public'), x.privilege, x.grantable)::text AS line
FROM (
  SELECT o.type || ' ' || o.identity AS name, v.*
  FROM (
    SELECT 'pg_class'::regclass AS class, c.oid, c.relnamespace AS namespace,
      coalesce(c.relacl, acldefault('r', c.relowner)) AS acl, acldefault('r', c.relowner) AS usual
    FROM pg_class c WHERE c.relkind IN ('r', 'v')
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, p.pronamespace,
      coalesce(p.proacl, acldefault('f', p.proowner)), acldefault('f', p.proowner)
    FROM pg_proc p
  ) c
  JOIN pg_namespace n ON n.oid = c.namespace AND n.nspname = 'pg_catalog'
  LEFT JOIN pg_init_privs i ON i.classoid = c.class AND i.objoid = c.oid AND i.objsubid = 0
  CROSS JOIN LATERAL (
    (SELECT 'granted' AS act, grantee, privilege_type AS privilege, is_grantable AS grantable FROM aclexplode(c.acl)
     EXCEPT SELECT 'granted', grantee, privilege_type, is_grantable FROM aclexplode(coalesce(i.initprivs, c.usual)))
    UNION ALL
    (SELECT 'revoked', grantee, privilege_type, is_grantable FROM aclexplode(coalesce(i.initprivs, c.usual))
     EXCEPT SELECT 'revoked', grantee, privilege_type, is_grantable FROM aclexplode(c.acl))
  ) v
  CROSS JOIN LATERAL pg_identify_object(c.class, c.oid, 0) o
  WHERE c.acl IS DISTINCT FROM coalesce(i.initprivs, c.usual)
) x
WHERE coalesce(@role(x.grantee), 'public') <> '';

-- kind: default privileges
SELECT 'role ' || quote_ident(@role(d.defaclrole))
    || coalesce(' in schema ' || quote_ident(n.nspname), '') || ' on '
    || CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES'
         WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS name,
  jsonb_build_array(coalesce(@role(e.grantee), 'public'), e.privilege_type, e.is_grantable)::text AS line
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
CROSS JOIN LATERAL aclexplode(d.defaclacl) e
WHERE NOT @newer(e.privilege_type = 'MAINTAIN' AND e.grantee = d.defaclrole) AND @role(d.defaclrole) <> '' AND coalesce(@role(e.grantee), 'public') <> '';
