"""What would be deployed: one model, whoever tells it."""

from havre.plan.model import Plan, PlannedResource

__all__ = ["Plan", "PlannedResource"]
