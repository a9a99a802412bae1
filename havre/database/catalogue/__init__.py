"""What a server's catalogue says of its roles and rights, as data."""
