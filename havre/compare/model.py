"""What a comparison tells: each row is computed from plans, facts, gaps and verdicts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from havre.assess.assessment import Assessment
    from havre.capabilities.obstacles import Obstacle
    from havre.cost.estimate import Estimate
    from havre.facts import Facts
    from havre.plan import Plan
    from havre.policy.findings import Result
    from havre.policy.model import Severity
    from havre.provider import Gap, Provider, Supported
    from havre.spec import Warehouse


@dataclass(frozen=True)
class Side:
    """One host of the comparison.

    Attributes:
        provider: who provides it.
        plan: what would be deployed.
        facts: what that means.
        result: what the controls say of it.
        gaps: what the provider cannot do for this spec.
        cost: what a month costs, or why there is no estimate; empty: it was not asked for.
    """

    provider: Provider
    plan: Plan
    facts: Facts
    result: Result
    gaps: tuple[Gap, ...]
    cost: Estimate | str = ""

    @classmethod
    def of(cls, assessment: Assessment) -> Side:
        """The side that an assessment is."""
        question = assessment.question
        return cls(
            question.provider, question.plan, assessment.facts, assessment.result, question.gaps
        )

    @property
    def name(self) -> str:
        """Name of the provider."""
        return self.provider.name


def _cost(side: Side) -> dict[str, Any]:
    """What a month costs, where it was asked for."""
    if not side.cost:
        return {}
    return {"cost": {"none": side.cost} if isinstance(side.cost, str) else side.cost.as_dict()}


@dataclass(frozen=True)
class CapabilityRow:
    """What each side can do of one capability.

    Attributes:
        capability: its name.
        answers: by side; None where it says nothing.
    """

    capability: str
    answers: tuple[Supported | None, ...]

    @property
    def differs(self) -> bool:
        """Whether the sides do not answer alike."""
        return len({answer.support if answer else None for answer in self.answers}) > 1

    def as_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The row as JSON-ready values."""
        return {
            "capability": self.capability,
            "differs": self.differs,
            "sides": {
                name: {"support": a.support.value, "reason": a.reason} if a else None
                for name, a in zip(names, self.answers, strict=True)
            },
        }


@dataclass(frozen=True)
class ControlCell:
    """What one control says of one side: a word of `VERDICTS`, why, and on how many resources."""

    verdict: str
    why: str
    resources: int


@dataclass(frozen=True)
class ControlRow:
    """What one control says of each side."""

    control: str
    title: str
    severity: Severity
    cells: tuple[ControlCell, ...]

    @property
    def family(self) -> str:
        """The word before the dot."""
        return self.control.split(".", 1)[0]

    @property
    def differs(self) -> bool:
        """Whether the sides are not judged alike."""
        return len({cell.verdict for cell in self.cells}) > 1

    def as_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The row as JSON-ready values."""
        return {
            "control": self.control,
            "title": self.title,
            "severity": self.severity.value,
            "differs": self.differs,
            "sides": {
                name: {"verdict": c.verdict, "why": c.why, "resources": c.resources}
                for name, c in zip(names, self.cells, strict=True)
            },
        }


@dataclass(frozen=True)
class Counterpart:
    """What plays one role on one side.

    Attributes:
        resources: logical names.
        types: type tokens, each once.
        settings: facts by name, for people.
    """

    resources: tuple[str, ...]
    types: tuple[str, ...]
    settings: Mapping[str, str]


@dataclass(frozen=True)
class ResourceRow:
    """What plays the same role on each side.

    Attributes:
        part: part of the warehouse, such as `zones`.
        role: what it is to the warehouse, such as `zone curated`.
        cells: by side; None where a side has nothing for it.
    """

    part: str
    role: str
    cells: tuple[Counterpart | None, ...]

    @property
    def differing(self) -> tuple[str, ...]:
        """Settings on which the sides that have this role do not agree."""
        present = [cell.settings for cell in self.cells if cell is not None]
        names = dict.fromkeys(name for settings in present for name in settings)
        return tuple(
            name for name in names if len({settings.get(name) for settings in present}) > 1
        )

    def as_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The row as JSON-ready values."""
        differing = self.differing
        return {
            "part": self.part,
            "role": self.role,
            "differing": list(differing),
            "sides": {
                name: {
                    "resources": list(cell.resources),
                    "types": list(cell.types),
                    "settings": dict(cell.settings),
                }
                if cell
                else None
                for name, cell in zip(names, self.cells, strict=True)
            },
        }


@dataclass(frozen=True)
class Copies:
    """Copies of one kind, in one country, on one side.

    Attributes:
        regions: resources that have such a copy, by region.
        implied: how many come there by implication.
    """

    regions: Mapping[str, int]
    implied: int


@dataclass(frozen=True)
class PlaceRow:
    """Where copies of one kind lie.

    Attributes:
        copy: what they are, such as `backup`.
        country: ISO 3166-1 alpha-2; None where it is not known.
        allowed: whether the spec allows that country.
        cells: by side; None where it has none there.
    """

    copy: str
    country: str | None
    allowed: bool
    cells: tuple[Copies | None, ...]

    def as_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The row as JSON-ready values."""
        return {
            "copy": self.copy,
            "country": self.country,
            "allowed": self.allowed,
            "sides": {
                name: {"regions": dict(cell.regions), "implied": cell.implied} if cell else None
                for name, cell in zip(names, self.cells, strict=True)
            },
        }


@dataclass(frozen=True)
class ExitRow:
    """What leaving one side for another would meet."""

    source: str
    target: str
    obstacles: tuple[Obstacle, ...]

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON-ready values."""
        return {
            "from": self.source,
            "to": self.target,
            "obstacles": [obstacle.as_dict() for obstacle in self.obstacles],
        }


@dataclass(frozen=True)
class Comparison:
    """The same warehouse on two or more hosts.

    Attributes:
        spec: what is asked.
        file: its file, as the user named it.
        as_of: the day on which dates were judged.
        sides: the hosts, in the order asked for.
        capabilities: what each can do.
        controls: what holds on each.
        resources: what plays the same role on each.
        places: where copies of the data would lie.
        exits: what leaving each for each other would meet.
    """

    spec: Warehouse
    file: str
    as_of: dt.date
    sides: tuple[Side, ...]
    capabilities: tuple[CapabilityRow, ...]
    controls: tuple[ControlRow, ...]
    resources: tuple[ResourceRow, ...]
    places: tuple[PlaceRow, ...]
    exits: tuple[ExitRow, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sides."""
        return tuple(side.name for side in self.sides)

    def verdicts(self, number: int) -> Counter[str]:
        """How many controls bear each verdict on the side of that number."""
        return Counter(row.cells[number].verdict for row in self.controls)

    def as_dict(self) -> dict[str, Any]:
        """The rows as JSON-ready values; `havre.report.findings.comparison` adds the answers."""
        names = self.names
        return {
            "warehouse": self.spec.name,
            "environment": self.spec.environment.value,
            "as_of": self.as_of.isoformat(),
            "sides": {
                side.name: {
                    "summary": side.result.summary(),
                    "gaps": [gap.as_dict() for gap in side.gaps],
                    **_cost(side),
                }
                for side in self.sides
            },
            "capabilities": [row.as_dict(names) for row in self.capabilities],
            "controls": [row.as_dict(names) for row in self.controls],
            "resources": [row.as_dict(names) for row in self.resources],
            "places": [row.as_dict(names) for row in self.places],
            "exits": [row.as_dict() for row in self.exits],
        }
