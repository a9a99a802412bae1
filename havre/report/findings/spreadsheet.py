"""Requirements as CSV (RFC 4180), for a spreadsheet: no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING

from havre.report.findings.answers import cited
from havre.report.findings.words import COVERAGES, EVALUATED, STATUSES
from havre.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from havre.policy.findings import Result
    from havre.policy.frameworks import Requirement

FORMULA = frozenset("=+-@＝＋－＠")  # noqa: RUF001 - the wide ones begin a formula as well
"""First characters of a formula."""
MAPPED = ("framework", "requirement", "title", "coverage", "controls", "part", "commands", "level")
"""Columns of what controls contribute to, without a check."""
CONTROLS = {
    "passed": "pass",
    "failed": "fail",
    "warnings": "warning",
    "waived": "waived",
    "not_evaluated": "unknown",
    "not_applicable": "not-applicable",
}
"""Columns that count a requirement's controls by status, with the word that data has for it."""
RESULTS = (
    *("framework", "requirement", "title", "coverage", "result"),
    *("controls_evaluated", "controls_in_profile", *CONTROLS),
    *("requirements_evaluated", "requirements_in_framework", "controls", "part"),
    *("commands", "level"),
)
"""Columns of what a check says of them; counts are of controls, except the two of requirements."""


def mapping(found: Sequence[Requirement], ids: Mapping[str, str]) -> str:
    """Which requirements the controls contribute to.

    Args:
        found: the requirements; one without an id is its framework as a whole, which has none of
            the words for how far the controls show a requirement.
        ids: the field's name of each framework by its key.
    """
    return _text(
        MAPPED,
        (
            (
                *(ids[each.framework] or each.framework, cited(each), each.title),
                *(COVERAGES[each.coverage] if each.id else "", " ".join(each.controls), each.part),
                *(", ".join(each.commands), each.level),
            )
            for each in found
            if each.listed
        ),
    )


def results(found: Sequence[Requirement], ids: Mapping[str, str], result: Result) -> str:
    """What a check says of each requirement: its result, and how much of it was evaluated.

    Args:
        found: the requirements, with their results.
        ids: the field's name of each framework by its key.
        result: of the check.
    """
    return _text(RESULTS, _rows(found, ids, result))


def _rows(
    found: Sequence[Requirement], ids: Mapping[str, str], result: Result
) -> Iterator[tuple[object, ...]]:
    evaluated = Counter(each.framework for each in found if each.verdict in EVALUATED)
    for each in (item for item in found if item.listed):
        counts = Counter(map(result.verdict, each.controls))
        yield (
            *(ids[each.framework] or each.framework, cited(each), each.title),
            *(COVERAGES[each.coverage], STATUSES.get(each.verdict, each.verdict)),
            *(sum(counts[word] for word in EVALUATED), len(each.controls)),
            *(counts[word] for word in CONTROLS.values()),
            *(evaluated[each.framework], "" if each.of is None else each.of),
            *(" ".join(each.controls), each.part, ", ".join(each.commands), each.level),
        )


def _text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def cell(value: object) -> str:
    """A value that no spreadsheet takes for a formula, on one line."""
    shown = plain(value)
    return f"'{shown}" if shown[:1] in FORMULA else shown
