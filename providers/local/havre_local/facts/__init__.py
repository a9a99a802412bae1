"""What the local provider's resources mean for security, in words that are no provider's."""

from havre_local.facts.resources import facts

__all__ = ["facts"]
