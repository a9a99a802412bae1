"""The SQL that reads a catalogue of PostgreSQL 15 to 18; none of it needs a superuser."""

from __future__ import annotations

_EXTENSION = (
    "EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{0}'::regclass AND e.objid = {1}"
    " AND e.deptype = 'e')"
)
_QUOTED = "'\"' || replace({0}, '\"', '\"\"') || '\"'"
"""A name in quotes, always: PostgreSQL itself leaves them out where it can."""
_DATABASE = _QUOTED.format("datname")
_SCHEMA = _QUOTED.format("nspname")
_RELATION = _QUOTED.format("relname")
_COLUMN = _QUOTED.format("attname")
_ROUTINE = _QUOTED.format("proname")
_TYPE = _QUOTED.format("typname")
_SERVER = _QUOTED.format("srvname")
_WRAPPER = _QUOTED.format("fdwname")
_OURS = "nspname !~ '^pg_' AND nspname <> 'information_schema'"

_OF_EXTENSION = _EXTENSION.format("pg_class", "c.oid")

SERVER = """
SELECT current_database(), current_user, current_setting('server_version_num')::int,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
"""
ROLES = """
SELECT r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls,
  r.rolcanlogin, r.rolinherit, r.rolconnlimit,
  CASE WHEN isfinite(r.rolvaliduntil) THEN extract(epoch FROM r.rolvaliduntil)::float8 END,
  me.rolsuper OR (me.rolcreaterole AND NOT r.rolsuper AND (
    current_setting('server_version_num')::int < 160000
    OR pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION'))),
  pg_has_role(me.oid, r.oid, 'USAGE'), r.oid = 10
FROM pg_roles r, pg_roles me WHERE me.rolname = current_user AND r.rolname !~ '^pg_'
"""
SETTINGS_OF_ROLES = """
SELECT coalesce(r.rolname, ''), coalesce(d.datname, ''), unnest(s.setconfig)
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
LEFT JOIN pg_database d ON d.oid = s.setdatabase
"""
OWNED = """
SELECT r.rolname, CASE WHEN s.dbid IN (0, d.oid)
  THEN pg_describe_object(s.classid, s.objid, s.objsubid)
  ELSE 'objects in database ' || coalesce(
    (SELECT o.datname FROM pg_database o WHERE o.oid = s.dbid), s.dbid::text) END
FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid, pg_database d
WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND r.rolname !~ '^pg_'
  AND s.classid <> 'pg_default_acl'::regclass AND d.datname = current_database()
ORDER BY 1, 2
"""
SCHEMAS = f"SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace WHERE {_OURS}"  # noqa: S608
RELATIONS = f"""
SELECT nspname, relname, relkind::text, pg_get_userbyid(relowner),
  EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid), relrowsecurity
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND {_OURS}
  AND NOT {_OF_EXTENSION}
ORDER BY 1, 2
"""  # noqa: S608 - nothing from outside
_THINGS = f"""
WITH n AS (SELECT * FROM pg_namespace WHERE {_OURS}),
things(classid, objid, kind, thing, part, owner, acl) AS (
  SELECT 'pg_database'::regclass, oid, 'DATABASE', {_DATABASE}, '', datdba,
    coalesce(datacl, acldefault('d', datdba))
  FROM pg_database WHERE datname = current_database()
  UNION ALL SELECT 'pg_namespace'::regclass, oid, 'SCHEMA', {_SCHEMA}, '', nspowner,
    coalesce(nspacl, acldefault('n', nspowner)) FROM n
  UNION ALL SELECT 'pg_class'::regclass, c.oid,
    CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, {_SCHEMA} || '.' || {_RELATION}, '',
    relowner, coalesce(relacl, acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char",
      relowner))
  FROM pg_class c JOIN n ON n.oid = relnamespace WHERE relkind IN ('r', 'v', 'm', 'f', 'p', 'S')
    AND NOT {_OF_EXTENSION}
  UNION ALL SELECT 'pg_class'::regclass, c.oid, 'TABLE', {_SCHEMA} || '.' || {_RELATION},
    ' (' || {_COLUMN} || ')', relowner, attacl
  FROM pg_class c JOIN n ON n.oid = relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE attacl IS NOT NULL AND NOT attisdropped AND NOT {_OF_EXTENSION}
  UNION ALL SELECT 'pg_proc'::regclass, p.oid, 'ROUTINE', {_SCHEMA} || '.' || {_ROUTINE}
    || '(' || pg_get_function_identity_arguments(p.oid) || ')', '', proowner, proacl
  FROM pg_proc p JOIN n ON n.oid = pronamespace WHERE NOT {_EXTENSION.format("pg_proc", "p.oid")}
  UNION ALL SELECT 'pg_type'::regclass, t.oid, 'TYPE', {_SCHEMA} || '.' || {_TYPE}, '',
    typowner, typacl
  FROM pg_type t JOIN n ON n.oid = typnamespace WHERE NOT {_EXTENSION.format("pg_type", "t.oid")}
  UNION ALL SELECT 'pg_largeobject'::regclass, oid, 'LARGE OBJECT', oid::text, '', lomowner, lomacl
  FROM pg_largeobject_metadata
  UNION ALL SELECT 'pg_foreign_server'::regclass, oid, 'FOREIGN SERVER', {_SERVER}, '',
    srvowner, srvacl FROM pg_foreign_server
  UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, 'FOREIGN DATA WRAPPER',
    {_WRAPPER}, '', fdwowner, fdwacl FROM pg_foreign_data_wrapper
)
"""  # noqa: S608 - nothing from outside
GRANTS = f"""{_THINGS}
SELECT kind, thing, CASE grantee WHEN 0 THEN 'public' ELSE
  pg_get_userbyid(grantee) END, privilege_type || part, is_grantable
FROM things, aclexplode(acl) WHERE grantee <> owner
"""  # noqa: S608 - nothing from outside
OWNERS = f"{_THINGS} SELECT kind, thing, pg_get_userbyid(owner) FROM things WHERE part = ''"  # noqa: S608
RIGHTS = f"""{_THINGS}
SELECT r.rolname, pg_describe_object(s.classid, s.objid, s.objsubid)
FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid, pg_database d
WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'a' AND r.rolname !~ '^pg_'
  AND d.datname = current_database() AND s.dbid IN (0, d.oid)
  AND s.classid NOT IN ('pg_default_acl'::regclass, 'pg_auth_members'::regclass)
  AND NOT EXISTS (SELECT FROM things t WHERE t.classid = s.classid AND t.objid = s.objid)
"""  # noqa: S608 - nothing from outside
DEFAULTS = """
SELECT pg_get_userbyid(defaclrole), coalesce(nspname, ''), CASE defaclobjtype
  WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES'
  WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
  CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee) END, privilege_type, is_grantable
FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace, aclexplode(defaclacl)
WHERE grantee <> defaclrole AND NOT (
  defaclnamespace = 0 AND grantee = 0 AND defaclobjtype IN ('f', 'T'))
"""
MEMBERSHIPS = """
SELECT g.rolname, m.rolname, coalesce(b.rolname, ''), coalesce(b.rolsuper, false),
  me.rolsuper OR pg_has_role(me.oid, g.oid, 'MEMBER WITH ADMIN OPTION')
  OR (current_setting('server_version_num')::int < 160000 AND me.rolcreaterole AND NOT g.rolsuper),
  a.admin_option
FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
LEFT JOIN pg_roles b ON b.oid = a.grantor, pg_roles me
WHERE m.rolname !~ '^pg_' AND me.rolname = current_user
"""
EXTENSIONS = "SELECT extname FROM pg_extension"
AVAILABLE = "SELECT name FROM pg_available_extensions"
SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
"""Read as `pg_settings` has them: what the role of the connection may not see is not in it."""
SETTABLE = """
SELECT s.name FROM pg_settings s, pg_roles me WHERE me.rolname = current_user AND (
  me.rolsuper OR s.context = 'user'
  OR has_parameter_privilege(current_user, s.name, 'SET')) AND s.name = ANY(%s)
"""
ENDING = """
SELECT rolsuper OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE')
FROM pg_roles WHERE rolname = current_user
"""
FRESH = "SELECT pg_stat_clear_snapshot()"
"""PostgreSQL shows one transaction the same sessions each time, unless told to look again."""
SESSIONS = "SELECT DISTINCT usename FROM pg_stat_activity WHERE usename IS NOT NULL"
