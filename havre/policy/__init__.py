"""Controls over facts: what they are, how they are judged, what they find."""

from havre.policy.model import (
    NOT_APPLICABLE,
    Case,
    Control,
    FixIn,
    Outcome,
    Profile,
    Rehearsal,
    Severity,
    Verdict,
    control,
    fails,
    passes,
    plan_control,
    require,
    shown,
    undecided,
)

__all__ = [
    "NOT_APPLICABLE",
    "Case",
    "Control",
    "FixIn",
    "Outcome",
    "Profile",
    "Rehearsal",
    "Severity",
    "Verdict",
    "control",
    "fails",
    "passes",
    "plan_control",
    "require",
    "shown",
    "undecided",
]
