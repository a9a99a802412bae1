"""Havre's OVHcloud provider: a research data warehouse in an existing Public Cloud project."""
