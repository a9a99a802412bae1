"""Waivers: findings whose risk a named owner accepts until a set date.

A waiver hides nothing: what it covers is listed as waived. The day after it expires the finding
fails again; in its last 90 days it warns; one that matches nothing is reported. It expires within
the time that the profile allows, so that each accepted risk is reviewed, and gives a reason of
some substance.
"""

from __future__ import annotations

import datetime as dt  # pydantic reads annotations at run time
import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from unicodedata import combining, normalize

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from havre.documents.breaches import Breach, DocumentRules
from havre.documents.records import Day, read_document
from havre.documents.validation import did_you_mean
from havre.errors import InputError
from havre.plan import urns
from havre.policy.findings import Finding, FindingKind, Location, Waiver
from havre.policy.model import IDENTIFIER, Severity
from havre.text import distance, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from havre.policy.profiles import ProfileTerms

WAIVERS = "waivers.yaml"
"""File of waivers that is read if it is next to the warehouse file."""
WARNING_DAYS = 90
"""A waiver warns this long before it expires."""
EXAMPLE = (
    "A waiver has control, owner, reason, decision, expires, and may have provider and resources."
)
RENEW = "Set an earlier date, and extend the waiver after each review."
LEAST_WORDS = 4
"""A reason has at least so many different words."""
LEAST_LETTERS = 15
"""And at least so many letters."""
PLACEHOLDERS = frozenset(
    {
        *("todo", "to-do", "tbd", "tba", "fixme", "xxx", "none", "nil", "null", "n/a", "na"),
        *("nobody", "later", "unknown", "to-be-done", "to-be-completed", "to-be-defined"),
        *("aucun", "aucune", "neant", "niemand", "keine", "keiner", "spater"),
    }
)
"""Words that are no answer; case, accents and end punctuation aside."""
STILL_TO_COME = re.compile(
    r"(todo|fixme|tbd|tba|tbc|xxx+|\?\?+)\b|to[ -]be[ -](done|completed|defined|determined|decided|"
    r"confirmed|announced|named|filled)\b|(reste )?a[ -](completer|definir|determiner|preciser|"
    r"renseigner|confirmer|remplir|faire)\b|(noch )?zu (klaren|definieren|bestimmen|erganzen)\b|"
    r"(noch )?offen$|(wird )?(noch )?(nachgereicht|erganzt)\b"
)
"""How an answer that is still to be given begins, in English, French and German."""
_PRINTED = r"^[^\x00-\x1f\x7f-\x9f]+$"
_WORD = re.compile(r"[^\W\d_]+")


def is_placeholder(text: str) -> bool:
    """Whether a text answers nothing: it is empty, a placeholder, or begins as one."""
    bare = "".join(c for c in normalize("NFKD", plain(text).casefold()) if not combining(c))
    words = bare.strip(" .:;,!?…-_~*#<>[](){}").split()
    told = " ".join(words)
    return not words or "-".join(words) in PLACEHOLDERS or bool(STILL_TO_COME.match(told))


def _line(value: object) -> object:
    if isinstance(value, str) and not re.match(_PRINTED, value):
        message = "must be one line of text"
        raise ValueError(message)
    return value


def _answer(value: object) -> object:
    """A line that a person has filled in."""
    if isinstance(value, str) and is_placeholder(value):
        message = "is still to be filled in"
        raise ValueError(message)
    return _line(value)


def _substance(value: object) -> object:
    """A reason that says something: it is refused if it has too few words or letters."""
    value = _answer(value)
    if isinstance(value, str):
        words = _WORD.findall(value.casefold())
        if len(set(words)) < LEAST_WORDS or sum(map(len, words)) < LEAST_LETTERS:
            message = (
                f"must explain why the risk is accepted, in at least {LEAST_WORDS} different words "
                f"and {LEAST_LETTERS} letters"
            )
            raise ValueError(message)
    return value


def _worded(pattern: str, wanted: str) -> BeforeValidator:
    """A validator whose message says in a user's words what would do."""

    def check(value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise ValueError(wanted)
        return value

    return BeforeValidator(check)


def _some(value: object) -> object:
    """Refuse an empty list: without the field, a waiver covers every finding of its control."""
    if value == []:
        message = "must have at least one, or be left out to cover every finding of the control"
        raise ValueError(message)
    return value


_CONTROL = IDENTIFIER.pattern
_PROVIDER = r"[a-z0-9-]+"
Line = Annotated[
    str,
    StringConstraints(pattern=_PRINTED, min_length=1, max_length=1000),
    BeforeValidator(_line),
]
Answer = Annotated[
    str,
    StringConstraints(pattern=_PRINTED, min_length=1, max_length=1000),
    BeforeValidator(_answer),
]
Reason = Annotated[
    str,
    StringConstraints(pattern=_PRINTED, min_length=LEAST_LETTERS, max_length=1000),
    BeforeValidator(_substance),
]


class _WaiversSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Waiver(_WaiversSection):
    model_config = ConfigDict(title="Waiver")

    control: Annotated[
        str,
        StringConstraints(pattern=f"^{_CONTROL}$"),
        _worded(_CONTROL, "must be the id of a control, such as audit.central"),
    ] = Field(description="Id of the control; `havre policy list` names them all")
    owner: Answer = Field(description="Person or role that accepts the risk")
    reason: Reason = Field(
        description=f"Why the risk is accepted: at least {LEAST_WORDS} different words"
    )
    decision: Answer = Field(description="Where the decision is recorded")
    expires: Day = Field(description="Last day on which the waiver counts, YYYY-MM-DD")
    provider: Annotated[
        str,
        StringConstraints(pattern=f"^{_PROVIDER}$"),
        _worded(_PROVIDER, "must be the name of a provider; `havre providers` names them"),
    ] = Field(default="", description="Only on this provider; without it, on any")
    resources: Annotated[tuple[Line, ...], Field(min_length=1), BeforeValidator(_some)] = Field(
        default=(),
        description="Patterns of TYPE::NAME, URNs, capabilities of gaps, or the property of a "
        "finding about the whole plan; without it, every finding of the control",
    )


class _Waivers(_WaiversSection):
    model_config = ConfigDict(title="Waivers")

    waivers: tuple[_Waiver, ...] = Field(default=(), description="One entry per accepted risk")


_STAND_INS = {
    "waivers": [
        {
            "control": "stand.in",
            "owner": "stand-in",
            "reason": "This takes the place of a reason",
            "decision": "stand-in",
            "expires": "2000-01-01",
            "resources": ["-"],
        }
    ]
}


@dataclass(frozen=True)
class WaiverBounds:
    """What decides whether a valid entry can be accepted.

    Attributes:
        day: from which its time is counted.
        terms: of the profile.
        known: ids of the controls that exist; empty: they are not looked up.
        providers: names of those that are installed; empty: they are not looked up.
    """

    day: dt.date
    terms: ProfileTerms
    known: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()


def _explained(file: _Waivers) -> Iterator[Breach]:
    """A reason says more than the other fields."""
    for number, each in enumerate(file.waivers):
        for field in ("owner", "decision", "control"):
            if each.reason.casefold() == getattr(each, field).casefold():
                paths = [("waivers", number, name) for name in ("reason", field)]
                problem = f"only repeats `{field}`"
                remedy = "Explain why the risk is accepted."
                yield Breach(paths[0], problem, remedy, tuple(paths))


def _once(file: _Waivers) -> Iterator[Breach]:
    """No entry covers the same as an earlier one until the same day."""
    seen: dict[tuple[object, ...], int] = {}
    for number, each in enumerate(file.waivers):
        key = (each.control, each.provider, frozenset(each.resources), each.expires)
        first = seen.setdefault(key, number)
        if first != number:
            problem = f"covers the same as waivers[{first}] until the same day"
            fields = ("control", "provider", "resources", "expires")
            reads = tuple(("waivers", index, name) for index in (number, first) for name in fields)
            yield Breach(("waivers", number), problem, "Delete one of the two entries.", reads)


def _rules(bounds: WaiverBounds | None) -> DocumentRules[_Waivers]:
    rules: tuple[Callable[[_Waivers], Iterator[Breach]], ...] = (_explained, _once)
    return DocumentRules((*rules, partial(_bounded, bounds)) if bounds else rules, _STAND_INS)


def _bounded(bounds: WaiverBounds, file: _Waivers) -> Iterator[Breach]:
    """Controls exist, and no entry lasts longer than the profile allows."""
    for number, each in enumerate(file.waivers):
        place = ("waivers", number)
        if bounds.known and each.control not in bounds.known:
            near = did_you_mean(each.control, bounds.known)
            remedy = f"Correct it: {near}" if near else "`havre policy list` names them all."
            yield Breach((*place, "control"), _no_control(each.control), remedy)
        near = "" if each.provider in bounds.providers else _near(each.provider, bounds.providers)
        if near:
            yield Breach((*place, "provider"), "no such provider is installed", near)
        if told := _too_long(each.control, each.expires, bounds.day, bounds.terms):
            yield Breach((*place, "expires"), told, RENEW, ((*place, "expires"),))


def _near(provider: str, installed: Collection[str]) -> str:
    """What a provider's name may be a slip of; empty: another provider may be meant."""
    near = did_you_mean(provider, installed) if provider else ""
    return f"Correct it: {near}" if near else ""


def beside(spec: Path) -> Path | None:
    """The file of waivers beside a warehouse's file, where it stands there."""
    path = spec.parent / WAIVERS
    return path if path.is_file() else None


def load_waivers(path: Path, bounds: WaiverBounds | None = None) -> tuple[Waiver, ...]:
    """The waivers in a file.

    Args:
        path: the file.
        bounds: what else its entries must agree with; None: they are looked at later.

    Raises:
        InputError: it cannot be read or is not valid; every fault is named with its line.
    """
    document = read_document(path)
    _refuse_warehouse(path, document.composed.data)
    found = document.validate(_Waivers, EXAMPLE, rules=_rules(bounds))

    def place(*keys: str | int) -> Location:
        return Location(str(path), document.line(("waivers", *keys)))

    return tuple(
        Waiver(**each.model_dump(), location=place(number), ends_at=place(number, "expires"))
        for number, each in enumerate(found.waivers)
    )


def _refuse_warehouse(path: Path, data: Any) -> None:
    """Refuse a warehouse file, which `waivers.yaml` stands next to.

    Raises:
        InputError: it is one.
    """
    if isinstance(data, dict) and "waivers" not in data and {"residency", "zones"} & data.keys():
        message = f"{path} is a warehouse file, not a file of waivers"
        raise InputError(message, "Name the waivers file, such as waivers.yaml next to it.")


def waivers_schema(generator: Any) -> dict[str, Any]:
    """What pydantic's `generator` makes of a file of waivers: its JSON Schema."""
    return _Waivers.model_json_schema(schema_generator=generator)


def refuse_unknown(waivers: Iterable[Waiver], known: Collection[str]) -> None:
    """Refuse waivers of controls that do not exist: they would cover nothing, unseen.

    Raises:
        InputError: there are some; every one is named with its line.
    """
    if wrong := unknown_controls(waivers, known):
        raise InputError("\n".join(wrong), "`havre policy list` names them all.")


def unknown_controls(waivers: Iterable[Waiver], known: Collection[str]) -> list[str]:
    """A message for each waiver of a control that does not exist, with its line."""
    return [
        f"{_placed(waiver.location)}: {_no_control(waiver.control)}"
        for waiver in waivers
        if waiver.control not in known
    ]


def refuse_distant(waivers: Iterable[Waiver], day: dt.date, terms: ProfileTerms) -> None:
    """Refuse waivers that expire later than a profile allows.

    Raises:
        InputError: there are some; every one is named with its line.
    """
    if wrong := distant(waivers, day, terms):
        raise InputError("\n".join(wrong), RENEW)


def distant(waivers: Iterable[Waiver], day: dt.date, terms: ProfileTerms) -> list[str]:
    """A message for each waiver that expires later than a profile allows, with its line."""
    return [
        f"{_placed(waiver.ends_at or waiver.location)}: {told}"
        for waiver in waivers
        if (told := _too_long(waiver.control, waiver.expires, day, terms))
    ]


def _no_control(control: str) -> str:
    return f"there is no control `{control}`"


def _too_long(control: str, expires: dt.date, day: dt.date, terms: ProfileTerms) -> str:
    """What is wrong with a day on which a waiver expires; empty where nothing is."""
    if (expires - day).days <= terms.waiver_days:
        return ""
    return (
        f"the waiver of `{control}` expires {expires} ({distance(expires, day)}); "
        f"profile {terms.profile} allows at most {terms.waiver_days} days"
    )


def _placed(place: Location | None) -> str:
    return f"{place.file}:{place.line}" if place else "waivers:1"


def covers(waiver: Waiver, finding: Finding, provider: str) -> bool:
    """Whether a waiver is meant for a finding, expired or not.

    A resource is named by its type and name, `TYPE::NAME`, or by its whole URN: a name alone is
    anybody's, since resources of several types may bear it. A finding about the whole plan has
    no resource: the waiver names its property, as it stands. A gap is named by its capability.
    """
    if waiver.control != finding.control or waiver.provider not in {"", provider}:
        return False
    if not finding.resource and finding.property in waiver.resources:
        return True
    names = (finding.gap.capability.value,) if finding.gap else _names(finding.resource)
    return not waiver.resources or any(
        fnmatchcase(name, pattern) for pattern in waiver.resources for name in names if name
    )


def _names(urn: str) -> tuple[str, ...]:
    """How a resource may be named: by its type and name, and by its URN."""
    own = urns.types(urn)[-1:]
    return (*(f"{kind}::{urns.name(urn)}" for kind in own), urn)


def applied(finding: Finding, waivers: Sequence[Waiver], provider: str, day: dt.date) -> Finding:
    """A finding, with the waiver that lasts longest of those meant for it.

    What is a warning anyway is waived as well; an ended waiver leaves it as it was.
    """
    meant = [waiver for waiver in waivers if covers(waiver, finding, provider)]
    if not meant:
        return finding
    longest = max(meant, key=lambda waiver: waiver.expires)
    if longest.expires < day:
        warns = finding.kind is FindingKind.WARNING
        return finding if warns else replace(finding, waiver=longest)
    ending = longest.expires - day <= dt.timedelta(days=WARNING_DAYS)
    return replace(
        finding,
        waiver=longest,
        kind=FindingKind.WARNING if ending else FindingKind.WAIVED,
        unevaluated=finding.kind is FindingKind.UNKNOWN,
    )


def unused(
    waivers: Sequence[Waiver], findings: Sequence[Finding], provider: str, asked: Collection[str]
) -> list[Finding]:
    """Warnings of waivers that match nothing, among those for this provider and its controls."""
    return [
        Finding(
            waiver.control,
            FindingKind.WARNING,
            Severity.LOW,
            property="waiver",
            found=f"the waiver by {waiver.owner} matches no finding",
            wanted="waivers that match a finding",
            remedy="Delete the waiver, or correct its `resources`.",
            location=waiver.location,
            waiver=waiver,
        )
        for waiver in waivers
        if waiver.provider in {"", provider}
        and waiver.control in asked
        and not any(covers(waiver, finding, provider) for finding in findings)
    ]
