"""The cluster: there is none on this machine; a gap says so where one is asked for."""

cluster = None
