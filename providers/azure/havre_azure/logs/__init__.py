"""The logs of accesses that Azure writes, and how their lines are read."""
