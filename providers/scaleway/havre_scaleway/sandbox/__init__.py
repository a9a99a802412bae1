"""Scaleway's resource types in a sandbox: their identifiers, what they answer, what they refuse."""

from havre_scaleway.sandbox.service import servicers

__all__ = ["servicers"]
