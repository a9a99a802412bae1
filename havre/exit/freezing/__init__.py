"""The freeze of a source: writers lose their rights, and nothing changes until the cut."""
