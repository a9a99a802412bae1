"""What OVHcloud answers to each fault that the rules know."""

from __future__ import annotations

from havre_ovh.capabilities import DATA
from havre_sandbox.codes import read_codes

CODES = read_codes(DATA / "refusals.toml")
refusal = CODES.refusal
