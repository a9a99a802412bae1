"""The builders of a warehouse's parts, one module each."""
