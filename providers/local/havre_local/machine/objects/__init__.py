"""The object store: its server, its accounts and zones, tables and copies in it."""
