"""What every change would do, from two offline plans."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from havre.errors import HavreError
from havre.evaluate.warehouse import evaluated
from havre.plan import Plan
from havre.plan.consequences import Consequence, consequences
from havre.provider import REPLACING, find, provides
from havre.stack.program import read_settings
from havre_conformance import specs
from tests.changes.asked import STACKS, Asked, Document, asked, before

DAY = dt.date(2026, 11, 23)
"""On which every plan is made."""
RECORDED = Path(__file__).parent / "recorded"
FIRST_REFUSED = "refused before the plan"
NOTHING = "nothing"


def table(provider: str) -> Mapping[str, Any]:
    """What replaces a resource, by type."""
    given = provides(find(provider), REPLACING).given
    assert given is not None
    return given().types


def planned(provider: str, document: Document, settings: Mapping[str, Any]) -> Plan:
    """The plan of a warehouse.

    Raises:
        HavreError: it is refused.
    """
    found = find(provider)
    given = read_settings(found, dict(settings))
    return evaluated(specs.warehouse(document), found, given, as_of=DAY)


class Standing:
    """The plans of what is deployed, each made once."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.sites = find(provider).sites
        self._plans: dict[str, Plan] = {}

    def plan(self, document: Document, settings: Mapping[str, Any]) -> Plan:
        key = json.dumps([document, settings], sort_keys=True, default=str)
        if key not in self._plans:
            self._plans[key] = planned(self.provider, document, settings)
        return self._plans[key]

    def cases(self) -> list[Asked]:
        return [*asked(self.provider, self.sites)]

    def consequences(self, case: Asked) -> tuple[Consequence, ...]:
        """What a change would do to each resource.

        Raises:
            HavreError: the change is refused before the plan.
        """
        then = self.plan(before(case, self.sites), STACKS[self.provider])
        now = planned(self.provider, case.document, case.settings)
        return consequences(then, now, table(self.provider))

    def row(self, case: Asked) -> dict[str, Any]:
        """What a change would do, for the record."""
        said = {"path": case.path, "setting": case.setting, "from": case.then, "to": case.now}
        try:
            if refused := specs.refused(case.document):
                return {**said, "effect": FIRST_REFUSED, "message": refused}
            found = self.consequences(case)
        except (HavreError, ValidationError) as error:
            return {**said, "effect": FIRST_REFUSED, "message": _first_line(error)}
        return {**said, "effect": effect(found), **_counted(found)}


def effect(found: Sequence[Consequence]) -> str:
    """The gravest of all that is done, in a word or two; the gravest comes first."""
    return found[0].doing.value if found else NOTHING


def _counted(found: tuple[Consequence, ...]) -> dict[str, Any]:
    counts: dict[str, Counter[str]] = {}
    for each in found:
        counts.setdefault(each.doing.value, Counter())[each.type] += 1
    lost = sorted(
        {
            (each.doing.value, each.type, each.bears.value, ", ".join(each.because), each.way)
            for each in found
            if each.grave
        }
    )
    names = ("doing", "type", "bears", "because", "way")
    return {
        "resources": {doing: dict(sorted(kinds.items())) for doing, kinds in counts.items()},
        "grave": [dict(zip(names, each, strict=True)) for each in lost],
    }


def _first_line(error: Exception) -> str:
    said = error.message if isinstance(error, HavreError) else str(error)
    remedy = error.remedy if isinstance(error, HavreError) else ""
    return " ".join(f"{said}. {remedy}".split())[:300]


def recorded(provider: str) -> list[dict[str, Any]]:
    """What was recorded of a provider."""
    return json.loads((RECORDED / f"{provider}.json").read_text())["changes"]
