"""Keys in files, encrypted streams, certificates."""
