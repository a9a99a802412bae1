"""What pictures show is what the data say; no browser is needed to see it."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from havre.policy.findings import VERDICTS
from havre.report.drawing import coverage, places
from havre.report.drawing.parts import Edge, Layout, Locked, plan_of
from tests.browser import sides

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NUMBERS = range(3)


def plan(number: int) -> Layout:
    return plan_of(sides.example().sides[number], sides.example().spec)


@cache
def figures() -> list[Element]:
    page = sides.page(sides.example())
    return [ET.fromstring(each) for each in re.findall(r"<figure.*?</figure>", page, re.DOTALL)]  # noqa: S314


def figure(what: str, number: int) -> Element:
    """The picture of a side."""
    label = f"{what} on {sides.example().names[number]}"
    return next(each for each in figures() if each.get("aria-label") == label)


def classed(root: Element, *names: str) -> list[Element]:
    """Elements of a picture that have all of these classes."""
    return [e for e in root.iter() if set(names) <= set((e.get("class") or "").split())]


def words(element: Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def said(element: Element, *names: str) -> list[str]:
    return [words(each) for each in classed(element, *names)]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_map_counts_every_copy_once(number: int) -> None:
    picture = figure("Places", number)
    lies = sides.example().sides[number].result.lies

    counts = [int(text) for text in said(picture, "count") if text != "\u2013"]
    assert sum(counts) == sum(each.resources for each in lies)
    implied = [words(each) for each in picture.iter("small")][1:]
    assert all(text.endswith(" implied") for text in implied)
    assert sum(int(text.split()[0]) for text in implied) == sum(each.implied for each in lies)


def test_a_mark_is_hollow_where_all_came_by_implication() -> None:
    for number, side in enumerate(sides.example().sides):
        panels = places.panels(side, places.framed(sides.example()))
        marks = [mark for panel in panels for region in panel.regions for mark in region.marks]
        picture = figure("Places", number)

        hollow = [str(mark.count) for mark in marks if mark.hollow]
        assert said(picture, "count", "implied") == hollow
        assert said(picture, "count", "no") == ["\u2013" for mark in marks if not mark.count]
        assert all(0 < mark.count == mark.implied for mark in marks if mark.hollow)


def test_the_map_names_law_countries_and_what_tells_no_place() -> None:
    azure, ovh, local = (words(figure("Places", number)) for number in NUMBERS)

    assert "Law: US (CLOUD Act, FISA 702), EU" in azure
    assert "Law: FR, EU" in ovh
    assert "Law: none recorded" in local
    assert [each.name for each in places.framed(sides.example()).countries] == ["FR", None]
    assert "✓ allowed" in azure
    assert "✕ not allowed" not in azure
    assert "✕ not allowed" in local
    assert "? 1 resource with no known location" in ovh
    assert "Every location is known" in azure


@pytest.mark.parametrize("number", NUMBERS)
def test_bars_count_every_control_once(number: int) -> None:
    comparison = sides.example()
    rows = classed(figure("Controls by family", number), "coverage")[0]

    assert [words(each) for each in rows.iter("strong")] == coverage.families(comparison)
    verdicts = sorted(row.cells[number].verdict for row in comparison.controls)
    widest = max(coverage.counted(comparison, number).values(), key=Counter.total).total()
    drawn: list[str] = []
    for row, counts in zip(rows, coverage.counted(comparison, number).values(), strict=True):
        told = [words(each) for each in row.iter("li") if each is not row]
        assert told == [f"{counts[word]} {word}" for word in coverage.BEST if counts[word]]
        drawn += _drawn(row, widest)
    assert sorted(drawn) == verdicts


def _drawn(row: Element, widest: int) -> list[str]:
    """Verdicts of a bar, one for each control, drawn to the scale of the largest family."""
    (bar,) = classed(row, "bar")
    assert bar.get("viewBox") == f"0 0 {widest} 1"
    found: list[str] = []
    for segment in bar:
        assert segment.get("x") == str(len(found))
        verdict = (segment.get("class") or "").removeprefix("b-")
        found += [verdict] * int(segment.get("width") or 0)
    return found


def test_every_verdict_has_its_place_in_a_bar() -> None:
    assert set(coverage.BEST) == set(VERDICTS)


def test_a_part_that_a_side_lacks_is_an_empty_outline() -> None:
    local, azure = figure("Architecture", 2), figure("Architecture", 0)

    assert said(local, "part", "none") == ["Registry none", "Cluster none"]
    assert [part.name for part in plan(2).parts if not part.there] == ["Registry", "Cluster"]
    assert not classed(azure, "none")


def test_the_architecture_shows_every_part_with_all_that_is_known_of_it() -> None:
    for number in NUMBERS:
        *shown, projects = said(figure("Architecture", number), "part")
        assert projects.startswith("Projects and what they read")
        for part, text in zip(plan(number).parts, shown, strict=True):
            assert text.startswith(part.name)
            assert all(" ".join(line.split()) in text for line in part.lines)
            assert part.key is None or part.key in text


def test_edges_and_keys_are_those_of_the_facts() -> None:
    azure, ovh, local = (plan(number) for number in NUMBERS)

    assert (azure.store.public, azure.store.private) == (Edge.NO, Edge.YES)
    assert (ovh.store.public, ovh.store.private) == (Edge.YES, Edge.NO)
    assert (ovh.database.public, ovh.database.private) == (Edge.NO, Edge.YES)
    assert (azure.cluster.public, ovh.cluster.public) == (Edge.NO, Edge.YES)
    assert [each.database.key for each in (azure, ovh, local)] == [
        Locked.WAREHOUSE, Locked.PROVIDER, Locked.OPEN,
    ]  # fmt: skip
    assert ovh.registry.key is Locked.UNKNOWN
    assert said(figure("Architecture", 0), "edge", "public") == []
    public = [part for part in ovh.parts if part.public is Edge.YES]
    assert said(figure("Architecture", 1), "edge", "public") == ["public"] * len(public)
    assert len(public) == 5


def test_zones_tell_lock_and_replica() -> None:
    curated = [next(z for z in plan(n).zones if z.name == "curated") for n in NUMBERS]

    assert [zone.lines for zone in curated] == [("not locked",), ("locked 30 d",), ("locked 30 d",)]
    assert [zone.replica for zone in curated] == ["implied replica", "replica", ""]
    assert said(figure("Architecture", 2), "key").count("no replica") == 6
    assert len(sides.example().spec.zones) == 6


def test_what_is_not_known_has_a_dashed_line() -> None:
    page = sides.page(sides.hostiles())

    assert re.search(r'<p class="edge public">public\?<svg class="line public unsure"', page)
    assert re.search(r'<p class="edge private">private\?<svg class="line private unsure"', page)


@pytest.mark.parametrize("number", NUMBERS)
def test_projects_read_what_they_are_allowed(number: int) -> None:
    asked = sides.example().spec.projects
    readers = {reader.name: reader for reader in plan(number).readers}

    assert {name: set(r.zones) for name, r in readers.items()} == {
        name: set(project.zones) for name, project in asked.items()
    }
    if number != 1:
        for name, reader in readers.items():
            assert reader.until == f"until {asked[name].expires}"
    else:
        assert {reader.until for reader in readers.values()} == {"no end of its own"}


def test_pictures_have_a_name_a_table_and_no_style_of_their_own() -> None:
    page = sides.page(sides.example())

    names = sides.example().names
    kinds = ("Architecture", "Places", "Controls by family")
    assert [each.get("aria-label") for each in figures()] == [
        f"{kind} on {name}" for kind in kinds for name in names
    ]
    for each in figures():
        assert f'<table id="{each.get("aria-details")}"' in page
        assert not any("style" in element.attrib for element in each.iter())


def test_drawings_are_hidden_from_a_reader_of_words_and_hold_none() -> None:
    for each in figures():
        drawings = [element for element in each.iter("svg") if element.get("class")]
        assert all(drawing.get("aria-hidden") == "true" for drawing in drawings)
        assert not any(words(drawing) for drawing in drawings)
        assert not list(each.iter("text"))


def test_a_long_name_is_shown_whole() -> None:
    page = sides.page(sides.hostiles(sides.LONG))

    found = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert all(sides.LONG in each for each in found[1:3] + found[4:6])


@pytest.mark.long
def test_the_same_comparison_gives_the_same_page() -> None:
    assert sides.page(sides.example()) == sides.page(sides.example())


def test_every_row_of_the_data_is_in_the_page() -> None:
    comparison = sides.example()
    page = sides.page(comparison)

    for row in comparison.controls:
        assert f'id="control-{row.control}"' in page
    for capability in comparison.capabilities:
        assert f'id="capability-{capability.capability}"' in page
    for side in comparison.sides:
        assert page.count(f'data-side="{side.name}"') == len(side.gaps)
    assert page.count("data-part=") == len(comparison.resources) + len(comparison.places)
    assert page.count('<details class="exit') == len(comparison.exits)
