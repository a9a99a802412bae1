"""What somebody changed by hand: the file's plan, the last update and what a refresh saw."""

from havre.plan.drift.differences import ABSENT, FieldChange, differences
from havre.plan.drift.found import Deviance, Drift, Found, as_it_is, drifts, replaced

__all__ = [
    "ABSENT",
    "Deviance",
    "Drift",
    "FieldChange",
    "Found",
    "as_it_is",
    "differences",
    "drifts",
    "replaced",
]
