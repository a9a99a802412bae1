"""The spec: what is asked of a warehouse, whoever hosts it."""

from havre.spec.model import Warehouse

__all__ = ["Warehouse"]
