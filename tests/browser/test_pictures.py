"""What pictures show is what the data say; no browser is needed to see it."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from havre.policy.findings import VERDICTS
from havre.report import drawing_architecture, drawing_coverage, drawing_map
from havre.report.drawing import fitted, wrapped
from havre.report.drawing_parts import Edge, Locked, Plan, plan_of
from tests.browser import sides

NUMBERS = range(3)


def plan(number: int) -> Plan:
    return plan_of(sides.example().sides[number], sides.example().spec)


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(picture).iter("text")]  # noqa: S314


def architecture(number: int) -> list[str]:
    return texts(drawing_architecture.drawn(plan(number), "a", "x"))


@pytest.mark.parametrize("number", NUMBERS)
def test_the_map_counts_every_copy_once(number: int) -> None:
    comparison = sides.example()
    frame = drawing_map.framed(comparison)
    found = texts(drawing_map.drawn(comparison.sides[number], frame, "m"))

    lies = comparison.sides[number].result.lies
    assert sum(int(t) for t in found if t.isdecimal()) == sum(each.resources for each in lies)
    implied = [int(t.split()[0]) for t in found if t.endswith(" impl.")]
    assert sum(implied) == sum(each.implied for each in lies)


def test_the_map_names_law_countries_and_what_tells_no_place() -> None:
    comparison = sides.example()
    frame = drawing_map.framed(comparison)
    azure, ovh, local = (texts(drawing_map.drawn(s, frame, "m")) for s in comparison.sides)

    assert "Law: US (CLOUD Act, FISA 702), EU" in azure
    assert "Law: FR, EU" in ovh
    assert "Law: none but the user's own" in local
    assert [panel.name for panel in frame.panels] == ["FR", None]
    assert "\u2713 allowed" in azure
    assert "\u2715 not allowed" not in azure
    assert "\u2715 not allowed" in local
    assert "? 1 resource does not tell where" in ovh
    assert "Everything tells where it lies" in azure


@pytest.mark.parametrize("number", NUMBERS)
def test_bars_count_every_control_once(number: int) -> None:
    comparison = sides.example()
    picture = drawing_coverage.drawn(comparison, number, "c")
    root = ET.fromstring(picture)  # noqa: S314

    counted: Counter[str] = Counter()
    for title in (each.text or "" for each in root.iter("title")):
        if match := re.fullmatch(r"[a-z]+: (\d+) ([a-z-]+)", title):
            counted[match[2]] += int(match[1])
    assert counted == Counter(row.cells[number].verdict for row in comparison.controls)
    widths = [float(rect.get("width", 0)) + 1.5 for rect in root.iter("rect")]
    most = max(drawing_coverage.counted(comparison, number).values(), key=Counter.total).total()
    unit = (drawing_coverage.RIGHT - drawing_coverage.LEFT) / most
    assert sum(widths) == pytest.approx(unit * len(comparison.controls), rel=0.01)


def test_every_verdict_has_a_bar_and_a_sign() -> None:
    assert set(drawing_coverage.BEST) == set(drawing_coverage.SIGNS) == set(VERDICTS)
    assert len(set(drawing_coverage.SIGNS.values())) == len(VERDICTS)


def test_a_part_that_a_side_lacks_is_an_empty_outline() -> None:
    assert not plan(2).cluster.there
    root = ET.fromstring(drawing_architecture.drawn(plan(2), "a", "x"))  # noqa: S314
    empty = [r for r in root.iter("rect") if r.get("class") == "part none"]
    assert len(empty) == sum(not part.there for part in plan(2).parts) == 2
    assert architecture(2).count("none") == 2
    assert "none" not in architecture(0)


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
    assert architecture(0).count("public") == 0
    public = [part for part in ovh.parts if part.public is Edge.YES]
    assert architecture(1).count("public") == len(public) == 5


def test_zones_tell_lock_and_replica() -> None:
    curated = [next(z for z in plan(n).zones if z.name == "curated") for n in NUMBERS]

    assert [zone.lines for zone in curated] == [("not locked",), ("locked 30 d",), ("locked 30 d",)]
    assert [zone.replica for zone in curated] == ["implied replica", "replica", ""]
    assert architecture(2).count("no replica") == len(sides.example().spec.zones)


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


def test_pictures_have_a_title_a_description_and_no_style_of_their_own() -> None:
    page = sides.page(sides.example())
    pictures = re.findall(r'<svg viewBox="[^"]*" role="img".*?</svg>', page, re.DOTALL)

    assert len(pictures) == 9
    for picture in pictures:
        root = ET.fromstring(picture)  # noqa: S314
        named = {each.get("id"): each.text for each in root if each.tag in {"title", "desc"}}
        assert named[root.get("aria-labelledby")]
        assert len(named[root.get("aria-describedby")] or "") > 60
        assert not any("style" in each.attrib for each in root.iter())


def test_words_are_cut_to_their_room() -> None:
    assert fitted("short", 100, 10) == "short"
    assert fitted("\u6f22\u5b57" * 50, 57, 10) == "\u6f22\u5b57" * 2 + "\u2026"
    assert fitted("x" * 50, 57, 10) == "x" * 9 + "\u2026"
    lines = wrapped("one two three four five six seven", 56, 10, 2)
    assert lines == ["one two", "three fo\u2026"]


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
    assert page.count('<details class="exit"') == len(comparison.exits)
