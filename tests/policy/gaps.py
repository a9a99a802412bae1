"""A gap of a provider of paper."""

from havre.provider import Capability, Evidence, Gap, Support
from tests.policy.mutations import TODAY

GAP = Gap(
    "encryption.hsm-key",
    Capability.HSM_KEY,
    Support.ABSENT,
    "paper has no hardware",
    "a drawer",
    Evidence("the stationer", TODAY),
    "who has the drawer",
    ("encryption.keys",),
)
