"""The registry: there is none on this machine; a gap says so where one is asked for."""

registry = None
