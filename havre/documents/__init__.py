"""YAML with lines and limits, and what is wrong with it."""
