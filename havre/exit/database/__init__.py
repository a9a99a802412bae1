"""A database goes: inventory, globals, dump and restore or replication, digests, verification."""
