"""Havre's embedded provider: a research data warehouse on this machine."""

from havre_local.provider import provider

__all__ = ["provider"]
