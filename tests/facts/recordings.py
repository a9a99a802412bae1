"""Previews and states that a real Pulumi CLI wrote: `python -m tests.facts.record` does it anew."""

from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"
