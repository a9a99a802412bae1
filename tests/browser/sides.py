"""Comparisons to look at: of the example, of four sides, and of hostile texts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from havre.cli.compare import SettingsGiven, compared
from havre.compare import Side, compare
from havre.facts import Facts
from havre.facts.model import Copy, NetworkElement, Offering, Place
from havre.facts.stores import DatabaseServer
from havre.facts.values import Known
from havre.provider import Capability, Limit, Operator, Support, Supported
from havre.report.comparison import render
from tests.report.samples import DAY, GAP, HOSTILE, hostile

if TYPE_CHECKING:
    from havre.compare import Comparison

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "emc2" / "warehouse.yaml"
CHECKED = ("local", "ovh", "azure")
DAY_OF_CHECK = dt.date(2026, 11, 23)
LONG = "Donaudampfschifffahrtsgesellschaft" * 12


@cache
def example() -> Comparison:
    return compared(FILE, ["azure", "ovh", "local"], DAY_OF_CHECK, None, SettingsGiven())


def renamed(side: Side, **other: Any) -> Side:
    """A side by another name; a provider is whatever has its members."""
    members = ("name", "operator", "sites", "capabilities", "limits")
    kept = {name: getattr(side.provider, name) for name in members}
    return replace(side, provider=SimpleNamespace(**{**kept, **other}))  # type: ignore[arg-type]


@cache
def four() -> Comparison:
    return compared(
        FILE, ["azure", "ovh", "local", "scaleway"], DAY_OF_CHECK, None, SettingsGiven()
    )


def strange(text: str) -> Side:
    """A side with `text` wherever a provider's own text can be."""
    urn = f"urn:pulumi:a::b::havre:x:Zones$toy:index:Bucket::{text}"
    place = Place(Copy.PRIMARY, text, text, text)
    tags: Known[Any] = Known({text: text})
    store = DatabaseServer(
        urn, text, Offering(text, text), tags=tags, places=Known((place,)),
        engine=Known(text), extensions=Known((text,)),
    )  # fmt: skip
    network = NetworkElement(urn, text, text, tags=tags, places=Known(()))
    answer = Supported(Support.PARTIAL, text)
    limit = Limit(7, text, GAP.evidence)
    side = renamed(
        replace(example().sides[0], facts=Facts((store, network), ()), result=hostile(text)),
        name=text,
        operator=Operator(text, text, (text, text)),
        capabilities=dict.fromkeys(Capability, answer),
        limits={"object-size": limit},
        sites={},
    )
    gap = replace(GAP, reason=text, fallback=text, risk=text, fields=(text,))
    return replace(side, gaps=(gap,))


def hostiles(text: str = HOSTILE) -> Comparison:
    sides = [example().sides[0], strange(text), strange(f"{text} again")]
    return compare(example().spec, f"/home/someone/{text}.yaml", DAY, sides)


def page(comparison: Comparison) -> str:
    return render(comparison, "html")
