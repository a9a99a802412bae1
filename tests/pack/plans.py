"""Plans of the examples, and the files and settings that they are made of."""

from functools import cache
from pathlib import Path
from typing import Any

from havre.evaluate import evaluate
from havre.plan import Plan
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import PROJECT, offline_settings, program
from tests.clouds import SETTINGS

EXAMPLES = Path(__file__).parents[2] / "examples"
DAY = "2026-11-23"


def spec_of(example: str) -> Path:
    return EXAMPLES / example / "warehouse.yaml"


def given(provider: str, folder: Path) -> dict[str, Any]:
    return SETTINGS.get(provider, {"data_dir": str(folder / "data")})


@cache
def plan_of(example: str, provider: str) -> Plan:
    """The plan offline, with placeholders but for a data folder."""
    found = find(provider)
    folder = {"data_dir": "/nowhere"} if provider == "local" else SETTINGS[provider]
    settings, _ = offline_settings(found, folder)
    spec = load(spec_of(example)).warehouse
    return evaluate(program(spec, found, settings), project=PROJECT, stack=provider)
