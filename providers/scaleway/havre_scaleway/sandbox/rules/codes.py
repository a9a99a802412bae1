"""What Scaleway answers to each fault that the rules know."""

from __future__ import annotations

from havre_sandbox.codes import read_codes
from havre_scaleway.capabilities import DATA

CODES = read_codes(DATA / "refusals.toml")
refusal = CODES.refusal
