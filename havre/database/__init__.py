"""Roles of a deployed PostgreSQL: what a file asks for, what is there, and the SQL between.

`wanted` gives roles, schemas and grants as data, `read_found` reads the catalogue of a server, and
`difference` gives ordered steps with exact SQL. Nothing here needs a superuser, and no provider is
named: providers differ by a `DatabaseProfile`.
"""
