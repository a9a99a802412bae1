"""Havre's Azure provider: a research data warehouse in an Azure subscription."""
