"""What goes along beside zones and database: the audit logs, and the source's own backups."""
