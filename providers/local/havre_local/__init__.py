"""Havre's embedded provider: a research data warehouse on this machine.

Kept empty: the supervisor of the services starts through this package.
"""
