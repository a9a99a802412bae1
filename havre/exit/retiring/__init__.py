"""The end of a source: on which day what may go, and that it is gone."""
