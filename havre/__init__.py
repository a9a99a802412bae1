"""Havre: provider-neutral deployment of research data warehouses for sensitive data."""

__version__ = "0.1.0"
