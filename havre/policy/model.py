"""What a control is, and what it says of a fact.

A control is a pure function over the facts of a plan and the case at hand. It answers with a
`Verdict`; it catches nothing: an error inside one is itself a failing finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from havre.facts.model import AboutResource
from havre.facts.values import (
    DoesNotApply,
    Fact,
    Known,
    MayApply,
    Outside,
    Reserve,
    Reserved,
    Unknown,
)
from havre.plan.values import unmarked_texts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from havre.facts import Facts
    from havre.plan import Plan, PlannedResource
    from havre.policy.qualifications import Qualifications, Settings
    from havre.provider import Gap, Provider
    from havre.spec import Warehouse

T = TypeVar("T")
S = TypeVar("S")
B = TypeVar("B", bound=AboutResource)
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
"""Family and name of a control, such as `encryption.at-rest`."""


BROKEN = "control"
"""Property of a finding about a control that is itself at fault."""


class FixIn(StrEnum):
    """Where a finding is fixed."""

    FILE = "warehouse-file"
    SETTING = "setting"
    DECISION = "decision"
    REHEARSAL = "rehearsal"
    PROVIDER = "provider"
    PROGRAM = "program"
    HAVRE = "havre"
    CONTROL = "control"
    DEPLOYED = "deployed"


class Severity(StrEnum):
    """How bad it is that a control does not hold, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


class Profile(StrEnum):
    """Sets of controls; each includes those before it."""

    BASELINE = "baseline"
    HEALTH = "health"
    SOVEREIGN = "sovereign"

    def includes(self, other: Profile) -> bool:
        """Whether a control of profile `other` is asked for here."""
        order = list(Profile)
        return order.index(other) <= order.index(self)


class Outcome(StrEnum):
    """What a control says.

    `NOT_IN_FORCE` and `NOT_SEEN`: it would pass by a value that has a reserve
    (`havre.facts.values.Reserved`). `OUTSIDE`: it cannot tell, because that is no part of the
    warehouse (`havre.facts.values.Outside`).
    """

    PASS = "pass"  # noqa: S105 - a word, no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_IN_FORCE = "not-in-force"
    NOT_SEEN = "not-seen"
    OUTSIDE = "outside"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True)
class Verdict:
    """What a control says of one resource, or of the plan.

    Attributes:
        outcome: whether it holds.
        property: which property decided, in the words of the facts.
        found: what it is.
        wanted: what it should be.
        resource: URN; the judge fills it in for a control over single facts.
        cause: path in the spec where the cause lies; empty where it lies elsewhere.
        remedy: what to do about this one; empty: what the control or the provider says.
        at: file and line of a control of one's own that is itself at fault; None: it is not.
        fixed_in: where this one is fixed; None: as the control says. `FILE`: what was found is what
            the warehouse file asks for at `cause`, so that no provider mends it.
    """

    outcome: Outcome
    property: str = ""
    found: str = ""
    wanted: str = ""
    resource: str = ""
    cause: tuple[str, ...] = ()
    remedy: str = ""
    at: tuple[str, int] | None = None
    fixed_in: FixIn | None = None


@dataclass(frozen=True)
class Rehearsal:
    """What the seal of an exit says of it, and whether that is proved.

    Attributes:
        warehouse: name of the warehouse that left.
        source: the provider that it left.
        target: the provider that took it over.
        level: `rehearsal`, or `real` for the exit itself.
        day: on which a time-stamp authority saw the signature; None: none did.
        signer: subject of the certificate that signed; empty where nothing is proved.
        unproved: why it is not proved; empty where it is.
        sandbox: whether a side was a sandbox, by the seal's own word.
        fingerprint: SHA-256 of that certificate; empty where nothing is proved.
    """

    warehouse: str
    source: str
    target: str
    level: str
    day: dt.date | None
    signer: str
    unproved: str = ""
    sandbox: bool = False
    fingerprint: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The seal as JSON-ready values."""
        return {
            "warehouse": self.warehouse,
            "source": self.source,
            "target": self.target,
            "level": self.level,
            "sandbox": self.sandbox,
            "verified": not self.unproved,
            "time_stamped": self.day.isoformat() if self.day else None,
            "signer": self.signer,
            "signer_sha256": self.fingerprint,
            "refused": self.unproved,
        }


RESERVED = {
    Reserve.NOT_IN_FORCE: Outcome.NOT_IN_FORCE,
    Reserve.NOT_SEEN: Outcome.NOT_SEEN,
}
"""What a control says that would pass by a value with a reserve."""
NOT_APPLICABLE = Verdict(Outcome.NOT_APPLICABLE)
PASS = Verdict(Outcome.PASS)


@dataclass(frozen=True)
class Case:
    """What a control may look at beside its fact.

    Attributes:
        spec: what is asked.
        facts: of the whole plan.
        plan: the resources themselves.
        provider: who provides them.
        gaps: what the provider cannot do for this spec.
        qualifications: dated records of certificates.
        as_of: the day on which dates are judged.
        exit: the provider to leave for; None where none is named or it is not installed.
        exit_gaps: what that provider cannot do for this spec.
        rehearsed: the last rehearsal of the exit, by its seal; None: there is no seal.
        settings: what the stack says, by name; a setting that it leaves unsaid is not there.
        installed: names of the providers that are installed.
    """

    spec: Warehouse
    facts: Facts
    plan: Plan
    provider: Provider
    gaps: tuple[Gap, ...]
    qualifications: Qualifications
    as_of: dt.date
    exit: Provider | None = None
    exit_gaps: tuple[Gap, ...] = ()
    rehearsed: Rehearsal | None = None
    settings: Settings = field(default_factory=dict, repr=False)
    installed: tuple[str, ...] = ()

    @cached_property
    def unmarked(self) -> list[tuple[PlannedResource, list[tuple[str, str]]]]:
        """Every resource with the texts that its inputs do not mark as secret, and their paths."""
        return [(each, [*unmarked_texts(each.inputs)]) for each in self.plan.resources]

    @cached_property
    def _answers(self) -> dict[tuple[Callable[..., object], int], tuple[object, object]]:
        return {}

    def once(self, function: Callable[[S, Case], T], shared: S) -> T:
        """What a function gives of a value that many facts share, such as targets, found once.

        Args:
            function: of a module, and of nothing but the value and this case.
            shared: the very value that the facts hold.
        """
        key = (function, id(shared))
        if key not in self._answers:  # the value is kept, so that nothing else gets its identity
            self._answers[key] = (shared, function(shared, self))
        return cast("T", self._answers[key][1])

    def declared(self, control: str) -> bool:
        """Whether a gap says that the provider cannot meet `control`."""
        return any(gap.control == control for gap in self.gaps)


def passes(resource: str = "") -> Verdict:
    """The control holds."""
    return Verdict(Outcome.PASS, resource=resource) if resource else PASS


def fails(
    name: str,
    found: object,
    wanted: str,
    *,
    resource: str = "",
    cause: tuple[str, ...] = (),
    fixed_in: FixIn | None = None,
) -> Verdict:
    """The control does not hold: property `name` is `found`, not `wanted`."""
    return Verdict(Outcome.FAIL, name, shown(found), wanted, resource, cause, fixed_in=fixed_in)


def undecided(
    name: str, fact: Fact[Any], wanted: str, *, resource: str = "", cause: tuple[str, ...] = ()
) -> Verdict:
    """The control cannot tell: `fact` is unknown, outside the plan, or told with a reserve."""
    if isinstance(fact, Outside):
        return Verdict(Outcome.OUTSIDE, name, str(fact), wanted, resource, cause)
    if isinstance(fact, Reserved):
        told = f"{shown(fact.at_best.value)}, " if fact.at_best else ""
        return Verdict(
            RESERVED[fact.reserve], name, f"{told}{fact.property}", wanted, resource, cause
        )
    found = "not known" if isinstance(fact, Known) else f"not known: {fact.property}"
    return Verdict(Outcome.UNKNOWN, name, found, wanted, resource, cause)


def require(
    name: str,
    fact: MayApply[T],
    holds: Callable[[T], bool],
    wanted: str,
    *,
    resource: str = "",
    cause: tuple[str, ...] = (),
) -> Verdict:
    """Judge one fact.

    Args:
        name: of the property, in the words of the facts.
        fact: the property; the control is not applicable where it does not apply. What fails at
            best fails, whatever is unknown. What is reserved never passes.
        holds: whether a known value is as it should be.
        wanted: what it should be, for people.
        resource: URN, for a control over the whole plan.
        cause: path in the spec where the cause lies.
    """
    if isinstance(fact, DoesNotApply):
        return NOT_APPLICABLE
    if isinstance(fact, Known):
        if holds(fact.value):
            return passes(resource)
        return fails(name, fact.value, wanted, resource=resource, cause=cause)
    if fact.at_best is not None and not holds(fact.at_best.value):
        return fails(name, at_best(fact), wanted, resource=resource, cause=cause)
    return undecided(name, fact, wanted, resource=resource, cause=cause)


def at_best(fact: Unknown) -> str:
    """What is told of a value that is not decided, for people."""
    told = None if fact.at_best is None else fact.at_best.value
    withheld = fact if isinstance(fact, Outside) else f"not known: {fact.property}"
    return f"{shown(told)} at best; {withheld}"


def shown(value: object) -> str:
    """A value in a finding, for people."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (set, frozenset)):
        return ", ".join(sorted(shown(item) for item in value)) or "none"
    if isinstance(value, (tuple, list)):
        return ", ".join(shown(item) for item in value) or "none"
    return str(value) or "nothing"


@dataclass(frozen=True)
class Control:
    """A control, as registered.

    Attributes:
        id: family and name, such as `encryption.at-rest`.
        title: when it holds, in one line: the first of the function's docstring.
        rationale: why, and what it does not see: the rest of the docstring.
        profile: the first profile that asks for it.
        severity: of a failure.
        cites: known identifiers, such as `SNC 10.1`.
        remedy: what to do, where the provider has no words of its own.
        over: the kind of fact that it judges one by one; None: the whole plan.
        function: `(fact, case)` for single facts, `(case)` for the whole plan.
        cause: path in the spec that a finding points at, unless its verdict names one.
        asked: whether a spec asks for it, whatever the profile; None: only the profile does.
        fixed_in: where its findings are fixed, unless one of them names a setting or is a gap;
            None: where the resource is written.
    """

    id: str
    title: str
    rationale: str
    profile: Profile
    severity: Severity
    cites: tuple[str, ...]
    remedy: str
    over: type[AboutResource] | None
    function: Callable[..., Verdict | Iterable[Verdict]] = field(repr=False)
    cause: tuple[str, ...] = ()
    asked: Callable[[Warehouse], bool] | None = field(default=None, repr=False)
    fixed_in: FixIn | None = None

    @property
    def family(self) -> str:
        """The word before the dot."""
        return self.id.split(".", 1)[0]

    def questions(self, case: Case) -> Iterator[tuple[str, Callable[[], Iterable[Verdict]]]]:
        """What there is to judge in a case: URNs, and what gives the verdicts on each.

        A control over the whole plan asks one question, without a URN. A function that raises
        does so when its question is asked; the judge makes a finding of it, and keeps what was
        said before.
        """
        if self.over is None:
            yield "", lambda: self._over_plan(case)
            return
        for fact in case.facts.of(self.over):
            yield fact.urn, partial(self._of, fact, case)

    def _over_plan(self, case: Case) -> Iterable[Verdict]:
        found: object = self.function(case)
        several = isinstance(found, Iterable) and not isinstance(found, str | bytes | dict)
        return found if several else (found,)  # type: ignore[return-value]

    def _of(self, fact: AboutResource, case: Case) -> list[Verdict]:
        return [self.function(fact, case)]  # type: ignore[list-item]

    def judge(self, case: Case) -> list[Verdict]:
        """Every verdict on a case; empty where nothing is concerned.

        Raises:
            Exception: whatever the function raises.
        """
        return [about(verdict, urn) for urn, ask in self.questions(case) for verdict in ask()]


def about(verdict: Verdict, urn: str) -> Verdict:
    """A verdict, of the resource that it was asked about unless it names one."""
    if verdict.resource or not urn:
        return verdict
    return replace(verdict, resource=urn)


@dataclass(frozen=True)
class Described:
    """What a control says of itself, before its function is known."""

    id: str
    profile: Profile
    severity: Severity
    cites: tuple[str, ...]
    remedy: str
    cause: tuple[str, ...]
    asked: Callable[[Warehouse], bool] | None
    fixed_in: FixIn | None

    def of(self, function: Callable[..., Any], over: type[AboutResource] | None) -> Control:
        """The control of a function.

        Raises:
            ValueError: identifier, function or documentation do not agree.
        """
        name = self.id.partition(".")[2].replace("-", "_")
        title, _, rationale = (function.__doc__ or "").strip().partition("\n")
        if not IDENTIFIER.fullmatch(self.id) or function.__name__ != name:
            message = f"control `{self.id}`: its function is `{function.__name__}`, not `{name}`"
            raise ValueError(message)
        if not title or not self.remedy or not self.cites:
            message = f"control `{self.id}` lacks a docstring, a remedy or what it cites"
            raise ValueError(message)
        return Control(
            self.id,
            title,
            " ".join(rationale.split()),
            self.profile,
            self.severity,
            self.cites,
            self.remedy,
            over,
            function,
            self.cause,
            self.asked,
            self.fixed_in,
        )


def control(  # noqa: PLR0913 - all that a control says of itself
    identifier: str,
    over: type[B],
    profile: Profile,
    severity: Severity,
    *,
    cites: tuple[str, ...],
    remedy: str,
    cause: tuple[str, ...] = (),
    asked: Callable[[Warehouse], bool] | None = None,
    fixed_in: FixIn | None = None,
) -> Callable[[Callable[[B, Case], Verdict]], Control]:
    """Make a control of a function that judges one fact of kind `over`.

    Args:
        identifier: family and name; the function bears the name.
        over: the kind of fact.
        profile: the first profile that asks for it.
        severity: of a failure.
        cites: known identifiers of frameworks.
        remedy: what to do about a failure.
        cause: path in the spec that findings point at.
        asked: whether a spec asks for it, whatever the profile.
        fixed_in: where its findings are fixed, unless one names a setting or is a gap.

    Raises:
        ValueError: identifier, function and documentation do not agree.
    """
    described = Described(identifier, profile, severity, cites, remedy, cause, asked, fixed_in)
    return lambda function: described.of(function, over)


def plan_control(  # noqa: PLR0913 - all that a control says of itself
    identifier: str,
    profile: Profile,
    severity: Severity,
    *,
    cites: tuple[str, ...],
    remedy: str,
    cause: tuple[str, ...] = (),
    asked: Callable[[Warehouse], bool] | None = None,
    fixed_in: FixIn | None = None,
) -> Callable[[Callable[[Case], Iterable[Verdict]]], Control]:
    """Make a control of a function that judges the whole plan; arguments as for `control`.

    Raises:
        ValueError: identifier, function and documentation do not agree.
    """
    described = Described(identifier, profile, severity, cites, remedy, cause, asked, fixed_in)
    return lambda function: described.of(function, None)
