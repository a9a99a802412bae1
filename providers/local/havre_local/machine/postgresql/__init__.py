"""PostgreSQL: its programs, its server, its schemas and roles, its dumps."""
