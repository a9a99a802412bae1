-- What a role may do but read, by itself or as a member of another. What everybody may do is not
-- counted: it holds for every role.

-- kind: members
SELECT rolname, '' FROM pg_roles WHERE pg_has_role(oid, 'MEMBER');

-- kind: writing attributes
SELECT 'role ' || quote_ident(rolname), concat_ws(' ', CASE WHEN rolsuper THEN 'SUPERUSER' END,
  CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
  CASE WHEN rolreplication THEN 'REPLICATION' END)
FROM pg_roles
WHERE pg_has_role(oid, 'MEMBER') AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication);

-- kind: writing groups
SELECT 'role ' || quote_ident(rolname), 'member' FROM pg_roles
WHERE pg_has_role(oid, 'MEMBER') AND rolname LIKE 'pg\_%' AND rolname NOT IN (
  'pg_read_all_data', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables', 'pg_monitor');

-- kind: owned
SELECT pg_describe_object(d.classid, d.objid, d.objsubid), 'owner' FROM pg_shdepend d
WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND pg_has_role(d.refobjid, 'MEMBER')
  AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()));

-- kind: writable large objects
SELECT 'large object ' || m.oid, e.privilege_type FROM pg_largeobject_metadata m
CROSS JOIN LATERAL aclexplode(m.lomacl) e
WHERE e.privilege_type = 'UPDATE' AND e.grantee <> 0 AND pg_has_role(e.grantee, 'MEMBER');
