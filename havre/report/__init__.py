"""What people and tools read: one room a subject."""
