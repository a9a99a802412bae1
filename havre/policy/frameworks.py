"""Which headings of a framework the controls contribute to, and to which part of each.

A framework binds whom it binds; a plan shows one side of it. What the controls do not show is
said as plainly as what they do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from havre.documents.breaches import Breach, DocumentRules
from havre.documents.installed import taken_together
from havre.documents.records import Day, Text, read_document
from havre.documents.validation import did_you_mean
from havre.errors import InputError
from havre.policy.findings import VERDICTS
from havre.policy.model import IDENTIFIER
from havre.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from havre.documents.problems import Location

FILE = "frameworks.yaml"
"""Name of the files of frameworks that distributions ship; more of them may be in the folder
`frameworks` next to it, in files of any name."""
NAMED_ALSO = {"RGPD": "GDPR"}
"""Keys of frameworks by their names in other languages."""
COMMAND = re.compile(r"[a-z]+(?: [a-z]+)?")
REMEDY = "Fix the file. Cite each heading and each control by its own identifier."


class Coverage(StrEnum):
    """How far the controls show a heading."""

    EVIDENCED = "evidenced"
    PARTLY = "partly"
    NOT_ASKED = "not-asked"
    ORGANISATIONAL = "organisational"


SHOWN = frozenset({Coverage.EVIDENCED, Coverage.PARTLY})
"""Coverages of what has evidence."""


@dataclass(frozen=True)
class Heading:
    """A heading of a framework, or the framework as a whole.

    Attributes:
        id: within the framework; empty for the whole.
        title: as the framework has it, without accents.
        controls: that contribute to it.
        part: what they judge, and what they do not see; empty where there are none.
        coverage: how far.
        commands: of Havre, such as `drift`, whose output is evidence; a check has no result of it.
        level: how binding it is, in the framework's own word; empty where it has none.
    """

    id: str
    title: str
    controls: tuple[str, ...] = ()
    part: str = ""
    coverage: Coverage = Coverage.ORGANISATIONAL
    commands: tuple[str, ...] = ()
    level: str = ""


class FrameworkText(BaseModel):
    """Which text of a framework was read.

    Attributes:
        source: where it was read.
        read_on: when.
        licence: under which it is published, or that this is not known.
        attribution: whom to name where titles are the framework's own words; else empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Text
    read_on: Day
    licence: Text
    attribution: str = ""


class RequirementCount(BaseModel):
    """How many requirements a framework has in all.

    Attributes:
        count: their number.
        source: where that was read.
        read_on: when.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Annotated[int, Field(gt=0)]
    source: Text
    read_on: Day


@dataclass(frozen=True)
class Framework:
    """A framework.

    Attributes:
        key: what its identifiers begin with.
        title: in full.
        version: its own name of it; empty where it has none.
        date: of that version, as far as known; empty where it is not.
        binds: whom.
        headings: in the framework's order, the whole first where it is cited as such.
        id: as the field calls this version, such as `iso27001-2022`; empty where it has none.
        requirements: how many it has in all, by which source; None: that was not read.
        text: which text of it was read; None: that is not recorded.
        on_request: whether reports count its requirements, and list them only if it is named.
    """

    key: str
    title: str
    version: str
    date: str
    binds: str
    headings: tuple[Heading, ...]
    id: str = ""
    requirements: RequirementCount | None = None
    text: FrameworkText | None = None
    on_request: bool = False

    def identifier(self, heading: Heading) -> str:
        """How a heading is cited, such as `SNC 10.1`."""
        return f"{self.key} {heading.id}".rstrip()


@dataclass(frozen=True)
class Requirement:
    """What the controls show of a heading.

    Attributes:
        framework: key of the framework.
        id: of the heading; empty for the framework as a whole.
        title: of the heading.
        controls: those asked for that contribute to it.
        part: what its controls judge, and what they do not see.
        coverage: how far; at most `partly` where not all of its controls were asked for.
        verdict: the worst of its controls; empty where nothing was judged, and always of the
            framework as a whole, which has no result.
        of: how many requirements the framework has in all; None: that was not read.
        commands: whose output is evidence too.
        level: how binding it is, in the framework's own word; empty where it has none.
        listed: whether reports list it; else they only count it.
    """

    framework: str
    id: str
    title: str
    controls: tuple[str, ...]
    part: str
    coverage: Coverage
    verdict: str
    of: int | None = None
    commands: tuple[str, ...] = ()
    level: str = ""
    listed: bool = True

    @property
    def shown(self) -> bool:
        """Whether there is evidence for it, or for a part of it."""
        return self.coverage in SHOWN

    def as_dict(self) -> dict[str, Any]:
        """The requirement as JSON-ready values; commands and level only where it has them."""
        document: dict[str, Any] = {
            "framework": self.framework,
            "id": self.id,
            "title": self.title,
            "controls": list(self.controls),
            "part": self.part,
            "coverage": self.coverage.value,
            "verdict": self.verdict,
        }
        if self.commands:
            document["commands"] = list(self.commands)
        if self.level:
            document["level"] = self.level
        return document


@dataclass(frozen=True)
class Frameworks:
    """All frameworks, in the order of the file."""

    items: tuple[Framework, ...]

    @property
    def known(self) -> frozenset[str]:
        """Every identifier that can be cited, such as `SNC 10.1`."""
        return frozenset(each.identifier(h) for each in self.items for h in each.headings)

    def of(self, control: str) -> tuple[str, ...]:
        """The identifiers of the headings that a control contributes to."""
        return tuple(
            each.identifier(heading)
            for each in self.items
            for heading in each.headings
            if control in heading.controls
        )

    def named(self, name: str) -> frozenset[str]:
        """The key of the framework of that key, id or French name, in capitals or not.

        An id is known without its version too: `secnumcloud` is `secnumcloud-3.2`.

        Raises:
            InputError: there is none such.
        """
        asked = NAMED_ALSO.get(name.upper(), name).lower()
        names = {each.key: {each.key.lower(), each.id} - {""} for each in self.items}
        if found := frozenset(key for key, own in names.items() if asked in own):
            return found
        short = [each.key for each in self.items if asked and each.id.startswith(f"{asked}-")]
        if len(short) == 1:
            return frozenset(short)
        ids = [each.id or each.key for each in self.items]
        near = did_you_mean(name, [*ids, *(each.key for each in self.items)])
        message = f"there is no framework `{plain(name)}`" if name else "the framework is empty"
        every = f"There are {', '.join(ids)}."
        raise InputError(message, f"{near[:1].upper()}{near[1:]} {every}" if near else every)


def coverage(
    frameworks: Frameworks,
    controls: Iterable[str],
    verdicts: Mapping[str, str] | None,
    named: frozenset[str] = frozenset(),
) -> list[Requirement]:
    """What the controls show of every heading of every framework, or of those named.

    Args:
        frameworks: the mapping.
        controls: identifiers of those that were asked for.
        verdicts: one word for each control; None: nothing was judged.
        named: keys of the frameworks that are asked for; empty: all, and those on request are
            not listed.
    """
    asked = frozenset(controls)
    return [
        replace(
            _requirement(framework, heading, asked, verdicts or {}),
            listed=bool(named) or not framework.on_request,
        )
        for framework in frameworks.items
        if not named or framework.key in named
        for heading in framework.headings
    ]


def _requirement(
    framework: Framework, heading: Heading, asked: frozenset[str], verdicts: Mapping[str, str]
) -> Requirement:
    controls = tuple(control for control in heading.controls if control in asked)
    how = heading.coverage
    if len(controls) < len(heading.controls):
        how = Coverage.PARTLY if controls or heading.commands else Coverage.NOT_ASKED
    said = [verdicts[control] for control in controls if control in verdicts and heading.id]
    worst = min(said, key=VERDICTS.index, default="")
    of = framework.requirements.count if framework.requirements else None
    about = (framework.key, heading.id, heading.title)
    also = (heading.commands, heading.level)
    return Requirement(*about, controls, heading.part, how, worst, of, *also)


def _command(value: str) -> str:
    if not COMMAND.fullmatch(value):
        message = f"`{value}` is not a command, such as `drift` or `exit plan`"
        raise ValueError(message)
    return value


def _control(value: str) -> str:
    if not IDENTIFIER.fullmatch(value):
        message = f"`{value}` is not the id of a control, such as `encryption.at-rest`"
        raise ValueError(message)
    return value


class _Part(BaseModel):
    """What controls show of something."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    controls: tuple[Annotated[str, AfterValidator(_control)], ...] = ()
    commands: tuple[Annotated[str, AfterValidator(_command)], ...] = ()
    part: str = ""
    coverage: Coverage = Coverage.ORGANISATIONAL
    level: str = ""

    def heading(self, name: str, title: str) -> Heading:
        """The heading of that name."""
        shown = (self.controls, self.part, self.coverage, self.commands, self.level)
        return Heading(name, title, *shown)


class _Heading(_Part):
    id: Text
    title: Text


class _Framework(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Text
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[.-][a-z0-9]+)*$")] = ""
    title: Text
    version: str = ""
    date: str = ""
    binds: Text
    text: FrameworkText | None = None
    requirements: RequirementCount | None = None
    on_request: bool = False
    whole: _Part | None = None
    headings: tuple[_Heading, ...] = ()

    def framework(self) -> Framework:
        """The framework, the whole as its first heading."""
        headings = [self.whole.heading("", self.title)] if self.whole else []
        headings += [heading.heading(heading.id, heading.title) for heading in self.headings]
        about = (self.key, self.title, self.version, self.date, self.binds)
        of = (self.id, self.requirements, self.text, self.on_request)
        return Framework(*about, tuple(headings), *of)


class _FrameworksFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    frameworks: tuple[_Framework, ...]


_STAND_INS = {
    "frameworks": [
        {
            "key": "stand-in",
            "title": "-",
            "binds": "-",
            "requirements": {"count": "1", "source": "-", "read_on": "2000-01-01"},
            "whole": {"controls": ["stand.in"]},
            "headings": [{"id": "stand-in", "title": "-", "controls": ["stand.in"]}],
        }
    ]
}


def _parts(file: _FrameworksFile) -> Iterator[tuple[Location, _Part]]:
    """Each heading, and each framework as a whole, with its place."""
    for number, each in enumerate(file.frameworks):
        place = ("frameworks", number)
        if each.whole:
            yield (*place, "whole"), each.whole
        for position, heading in enumerate(each.headings):
            yield (*place, "headings", position), heading


def _parts_agree(file: _FrameworksFile) -> Iterator[Breach]:
    """What has controls or commands says what they show, and how far."""
    for place, each in _parts(file):
        by = bool(each.controls or each.commands)
        held = each.coverage is not Coverage.NOT_ASKED
        if not (held and by == bool(each.part) == (each.coverage in SHOWN)):
            problem = (
                "has either controls or commands, a part and a coverage `evidenced` or `partly`,"
                " or nothing"
            )
            names = ("controls", "commands", "part", "coverage")
            reads = tuple((*place, name) for name in names)
            yield Breach(place, problem, "Add what is missing, or delete the rest.", reads)


def _controls_once(file: _FrameworksFile) -> Iterator[Breach]:
    for place, each in _parts(file):
        yield from _twice([(*place, "controls")], each.controls, "names a control twice")
        yield from _twice([(*place, "commands")], each.commands, "names a command twice")


def _headings_once(file: _FrameworksFile) -> Iterator[Breach]:
    for number, each in enumerate(file.frameworks):
        place, names = ("frameworks", number, "headings"), [heading.id for heading in each.headings]
        yield from _twice([place, ("id",)], names, "the heading {} is listed twice")


def _frameworks_once(file: _FrameworksFile) -> Iterator[Breach]:
    keys = [framework.key for framework in file.frameworks]
    yield from _twice([("frameworks",), ("key",)], keys, "the framework {} is listed twice")


def _twice(place: Sequence[Location], names: Sequence[str], problem: str) -> Iterator[Breach]:
    """A breach for each name that an earlier item of a list has: its list, and the field of it."""
    of, *field = place
    for number, name in enumerate(names):
        if (first := names.index(name)) < number:
            pair = [(*of, index, *(field[0] if field else ())) for index in (number, first)]
            yield Breach(pair[0], problem.format(name), "Delete one of the two.", tuple(pair))


def _counted(file: _FrameworksFile) -> Iterator[Breach]:
    """A framework has no fewer requirements than headings."""
    for number, each in enumerate(file.frameworks):
        if each.requirements and each.requirements.count < len(each.headings):
            place = ("frameworks", number)
            path = (*place, "requirements", "count")
            problem = f"has {len(each.headings)} headings, more than its count of requirements"
            yield Breach(path, problem, "Correct the count.")


def _known(
    installed: Frameworks, controls: frozenset[str], file: _FrameworksFile
) -> Iterator[Breach]:
    """Controls exist, and no framework has the key of an installed one."""
    taken = {framework.key for framework in installed.items}
    for number, framework in enumerate(file.frameworks):
        if framework.key in taken:
            problem = f"the framework {framework.key} is installed already"
            yield Breach(("frameworks", number, "key"), problem, "Give it a key of its own.")
    for place, each in _parts(file):
        for position, control in enumerate(each.controls):
            if control not in controls:
                near = did_you_mean(control, controls)
                remedy = f"Correct it: {near}" if near else "`havre policy list` names them all."
                path = (*place, "controls", position)
                yield Breach(path, f"there is no control `{control}`", remedy)


def installed_frameworks() -> Frameworks:
    """The frameworks of every installed distribution, taken together.

    Raises:
        InputError: a file is not valid, or two distributions record the same framework.
        MissingDependencyError: none is installed.
    """
    items = taken_together(
        FILE,
        lambda path: load_frameworks(path).items,
        lambda framework: framework.key,
        lambda framework: f"the framework {framework.key}",
    )
    return Frameworks(items)


_RULES = (_parts_agree, _controls_once, _headings_once, _frameworks_once, _counted)


def load_frameworks(
    path: Path, installed: Frameworks | None = None, controls: Iterable[str] = ()
) -> Frameworks:
    """Read the mapping in a file.

    Args:
        path: the file.
        installed: frameworks whose keys are taken; None: neither they nor controls are looked up.
        controls: ids of those that exist.

    Raises:
        InputError: it cannot be read or is malformed; every fault is named with its line.
    """
    known = (partial(_known, installed, frozenset(controls)),) if installed else ()
    rules = DocumentRules[_FrameworksFile]((*_RULES, *known), _STAND_INS)
    rows = read_document(path).validate(_FrameworksFile, REMEDY, rules=rules).frameworks
    return Frameworks(tuple(row.framework() for row in rows))
