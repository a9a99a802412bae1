"""A managed PostgreSQL: no superuser, allowed extensions, parameters that wait for a restart."""
