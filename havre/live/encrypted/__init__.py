"""What a warehouse encrypts itself, before any store gets it: objects and backups."""
