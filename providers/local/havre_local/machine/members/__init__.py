"""Members of projects: each a role and an account of their own, for hours, within the project's."""
