"""Whether a project's role is what it should be: what it was given, and what it made of itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any

from havre_local.machine.postgresql import roles

if TYPE_CHECKING:
    import psycopg

    from havre_local.machine.postgresql.roles import Access

_SCRAM = re.compile(r"SCRAM-SHA-256\$(\d{1,9}):([^$]+)\$([^:]+):(.+)")


def differences(connection: psycopg.Connection[Any], access: Access) -> tuple[str, ...]:
    """Return in what the role differs from `access`, empty where in nothing.

    Args:
        connection: of a superuser, to the role's database.
        access: what the role should be.
    """
    row = connection.execute(_ATTRIBUTES, (access.until, access.name)).fetchone()
    if row is None:
        return ("no role",)
    oid, verifier, ends, *attributes = row
    found = []
    if tuple(attributes) != (not access.ended, False, True, roles.CONNECTIONS):
        found.append("attributes")
    if not ends:
        found.append("end")
    if not made_of(verifier or "", access.secret):
        found.append("password")
    if not _settings_hold(connection, oid):
        found.append("settings")
    known = {"role": oid, "name": access.name, "database": access.database}
    schemas = [] if access.ended else list(access.schemas)
    known["members"] = roles.members_pattern(access.name)
    values = {**known, "ended": access.ended, "schemas": schemas}
    found += [each[0] for each in connection.execute(_RIGHTS, values)]
    return tuple(found)


_ATTRIBUTES = """
SELECT oid, rolpassword, rolvaliduntil IS NOT DISTINCT FROM %s, rolcanlogin,
  rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls, rolinherit,
  rolconnlimit
FROM pg_authid WHERE rolname = %s
"""


def made_of(verifier: str, secret: str) -> bool:
    """Tell whether a SCRAM verifier is that of a password in ASCII (RFC 5802, section 3)."""
    found = _SCRAM.fullmatch(verifier)
    if found is None:
        return False
    iterations, salt = int(found[1]), base64.b64decode(found[2])
    salted = hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    wanted = f"{base64.b64encode(stored).decode()}:{base64.b64encode(server).decode()}"
    return hmac.compare_digest(f"{found[3]}:{found[4]}", wanted)


def _settings_hold(connection: psycopg.Connection[Any], oid: int) -> bool:
    """Tell whether the role has our settings, and no others for some database."""
    query = "SELECT setdatabase, setconfig FROM pg_db_role_setting WHERE setrole = %s"
    found = {database: set(config) for database, config in connection.execute(query, (oid,))}
    wanted = {f"{name}={value}" for name, value in roles.settings_of(connection).items()}
    return found == {0: wanted}


# Every right of whatever kind has an entry in pg_shdepend, of type `a`; what is owned, of `o`.
_RIGHTS = """
WITH wanted AS (SELECT oid FROM pg_namespace WHERE nspname = ANY(%(schemas)s)),
  here AS (SELECT oid, datacl FROM pg_database WHERE datname = %(database)s),
  given AS (
    SELECT classid, objid, objsubid FROM pg_shdepend
    WHERE refclassid = 'pg_authid'::regclass AND refobjid = %(role)s AND deptype = 'a'
    AND dbid IN (0, (SELECT oid FROM here)) AND classid <> 'pg_auth_members'::regclass),
  tables AS (
    SELECT pg_class.oid, relacl FROM pg_class JOIN wanted ON wanted.oid = relnamespace
    WHERE relkind IN ('r', 'v', 'm', 'f', 'p'))
SELECT 'members' WHERE EXISTS (
  SELECT FROM pg_auth_members WHERE %(role)s IN (roleid, member)
  AND member <> CURRENT_USER::regrole
  AND (admin_option OR pg_get_userbyid(member) !~ %(members)s))
UNION ALL SELECT 'objects' WHERE EXISTS (
  SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = %(role)s
  AND deptype = 'o')
UNION ALL SELECT 'other rights' WHERE EXISTS (
  SELECT FROM given WHERE NOT (
    (classid = 'pg_database'::regclass AND NOT %(ended)s AND objid = (SELECT oid FROM here))
    OR (classid = 'pg_namespace'::regclass AND objid IN (SELECT oid FROM wanted))
    OR (classid = 'pg_class'::regclass AND objsubid = 0 AND objid IN (SELECT oid FROM tables))
    OR (classid = 'pg_default_acl'::regclass AND objid IN (
      SELECT oid FROM pg_default_acl WHERE defaclnamespace IN (SELECT oid FROM wanted)))))
UNION ALL SELECT 'further rights' WHERE EXISTS (
  SELECT FROM here, aclexplode(datacl) AS acl
  WHERE grantee = %(role)s AND (privilege_type <> 'CONNECT' OR is_grantable)
  UNION ALL SELECT FROM pg_namespace JOIN wanted USING (oid), aclexplode(nspacl) AS acl
  WHERE grantee = %(role)s AND (privilege_type <> 'USAGE' OR is_grantable)
  UNION ALL SELECT FROM tables, aclexplode(relacl) AS acl
  WHERE grantee = %(role)s AND (privilege_type <> 'SELECT' OR is_grantable)
  UNION ALL SELECT FROM pg_default_acl, aclexplode(defaclacl) AS acl
  WHERE grantee = %(role)s AND (privilege_type <> 'SELECT' OR is_grantable))
UNION ALL SELECT 'missing rights' WHERE NOT %(ended)s AND (
  NOT has_database_privilege(%(role)s, (SELECT oid FROM here), 'CONNECT')
  OR EXISTS (SELECT FROM wanted WHERE NOT has_schema_privilege(%(role)s, oid, 'USAGE')
    OR NOT EXISTS (
      SELECT FROM pg_default_acl, aclexplode(defaclacl) AS acl
      WHERE defaclnamespace = wanted.oid AND defaclrole = CURRENT_USER::regrole
      AND defaclobjtype = 'r' AND grantee = %(role)s))
  OR EXISTS (SELECT FROM tables WHERE NOT has_table_privilege(%(role)s, oid, 'SELECT')))
UNION ALL SELECT 'sessions' WHERE %(ended)s AND EXISTS (
  SELECT FROM pg_stat_activity WHERE usename = %(name)s)
"""
