"""Fronts of stand-ins: servers that decide what passes, and pass it on as streams."""
