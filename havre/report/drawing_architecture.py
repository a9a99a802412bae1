"""The architecture of one side: the same parts in the same places on every side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.report.drawing import (
    LEADING,
    SMALL,
    TEXT,
    TITLE,
    Box,
    element,
    group,
    path,
    picture,
    rectangle,
    sample,
    text,
    wrapped,
)
from havre.report.drawing_parts import Edge, Locked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from havre.report.drawing_parts import Part, Plan, Reader, Zone

LEFT, RIGHT = 60, 340
"""Edges of the boxes; outside, what leads to them."""
INTERNET, PRIVATE = 22, 378
"""Where the two ways run down the picture."""
PAD, BETWEEN = 10, 10
BAR = 26
"""Height of what stands for the Internet."""
ZONE = 70
"""Height of a zone."""
READER = 36
"""Height of a project."""
COLUMNS = 2
KEYS = {
    Locked.OPEN: "k-open",
    Locked.UNKNOWN: "k-unknown",
    Locked.PROVIDER: "k-provider",
    Locked.WAREHOUSE: "k-warehouse",
}


def drawn(plan: Plan, identifier: str, name: str) -> Markup:
    """The picture of a side.

    Args:
        plan: its parts.
        identifier: unique on the page.
        name: of the side.
    """
    boxes = list(_placed(plan))
    height = boxes[-1].bottom + 4
    body = [*_ways(boxes), *_parts(plan, boxes)]
    told = [f"{part.name}: {', '.join(part.told) or 'none'}." for part in plan.parts]
    told += [f"{reader.told}." for reader in plan.readers if reader.zones]
    return picture(identifier, f"Architecture on {name}", told, body, height)


def _placed(plan: Plan) -> Iterator[Box]:
    """Where each part stands: by what is asked, so that it is the same on every side."""
    lines = (5, 3, 2, 1, 3, 1, 3, 2)
    y = float(BAR + 14)
    for part, count in zip(plan.parts, lines, strict=True):
        more = _rows(plan) * (ZONE + 6) + 4 if part is plan.store else 0
        box = Box(LEFT, y, RIGHT - LEFT, 26 + count * LEADING + more)
        yield box
        y = box.bottom + BETWEEN
    yield Box(LEFT, y, RIGHT - LEFT, 28 + max(len(plan.readers), 1) * READER)


def _rows(plan: Plan) -> int:
    return -(-len(plan.zones) // COLUMNS)


def _ways(boxes: list[Box]) -> Iterator[Markup]:
    """The Internet at the left, the private network at the right, down to what they may reach."""
    network, last = boxes[0], boxes[-2]
    internet = Box(2, 2, 130, BAR)
    yield rectangle(internet, "internet")
    yield text(internet.x + 10, internet.y + 17, "The Internet", internet.width, klass="t strong")
    yield path(f"M{INTERNET} {internet.bottom}V{last.middle:g}", "way")
    start = network.y + 20
    yield path(f"M{network.right} {start:g}H{PRIVATE}V{last.middle:g}", "way")


def _parts(plan: Plan, boxes: list[Box]) -> Iterator[Markup]:
    for part, box in zip(plan.parts, boxes, strict=False):
        children = list(_part(part, box, wrap=part is plan.network))
        if part is plan.store:
            children += _zones(plan, box)
        yield group(children, title=f"{part.name}: {', '.join(part.told) or 'none here'}")
    yield from _access(plan, boxes[-1])


def _part(part: Part, box: Box, *, wrap: bool) -> Iterator[Markup]:
    room = box.width - 2 * PAD
    yield rectangle(box, "part" if part.there else "part none")
    yield _named(part.name, box, there=part.there, room=room - (126 if part.key else 0))
    if not part.there:
        yield text(box.right - PAD, box.y + 18, "none", 60, klass="t faint end")
        return
    if part.key:
        yield _key(part.key, box.right - PAD - 122, box.y + 18)
    lines = [line for each in part.lines for line in wrapped(each, room, TEXT, 3 if wrap else 1)]
    for number, line in enumerate(lines):
        yield text(box.x + PAD, box.y + 20 + (number + 1) * LEADING - 1, line, room)
    yield from _edges(part, box)


def _named(name: str, box: Box, *, there: bool, room: float) -> Markup:
    klass = "t name" if there else "t name faint"
    return text(box.x + PAD, box.y + 18, name, room, klass=klass, size=TITLE)


def _edges(part: Part, box: Box) -> Iterator[Markup]:
    """What leads to a part, from the Internet and from the private network."""
    y = box.middle if box.height < 2 * ZONE else box.y + 24
    if part.public is not Edge.NO:
        known = part.public is Edge.YES
        yield path(f"M{INTERNET} {y:g}H{box.x - 6}", f"public {'sure' if known else 'unsure'}")
        if known:
            yield path(f"M{box.x - 1} {y:g}l-7 -4.5v9z", "tip")
        word = "public" if known else "public?"
        yield text(INTERNET + 3, y - 5, word, 42, klass="t public-word", size=SMALL)
    if part.private is not Edge.NO:
        known = part.private is Edge.YES
        yield path(f"M{box.right} {y:g}H{PRIVATE}", f"private {'sure' if known else 'unsure'}")
        yield element("circle", cx=float(PRIVATE), cy=float(y), r=3.0, klass="joint")
        word = "private" if known else "priv.?"
        yield text(box.right + 3, y - 5, word, 42, klass="t private-word", size=SMALL)


def _key(key: Locked, x: float, y: float) -> Markup:
    """A key, or what stands for its lack, and whose it is."""
    return group([_sign(key, x, y - 4), text(x + 18, y, key, 106, klass=f"t {KEYS[key]}")])


def _sign(key: Locked, x: float, y: float) -> Markup:
    """A filled key: the warehouse's; an outlined one: the provider's; a cross; a question."""
    klass = f"sign {KEYS[key]}"
    if key is Locked.OPEN:
        return path(f"M{x:g} {y - 4:g}l8 8m0 -8l-8 8", klass)
    if key is Locked.UNKNOWN:
        return text(x + 1, y + 4, "?", 10, klass=f"t strong {KEYS[key]}")
    bow = element("circle", cx=x + 3.5, cy=float(y), r=3.5, klass=klass)
    return group([bow, path(f"M{x + 7:g} {y:g}h7v3m-3 -3v3", f"stem {KEYS[key]}")])


def _zones(plan: Plan, box: Box) -> Iterator[Markup]:
    across = (box.width - 2 * PAD - 6) / COLUMNS
    top = box.y + 26 + LEADING
    for number, zone in enumerate(plan.zones):
        row, column = divmod(number, COLUMNS)
        here = Box(box.x + PAD + column * (across + 6), top + row * (ZONE + 6), across, ZONE)
        yield group(_zone(zone, here), title=_zone_told(zone))


def _zone_told(zone: Zone) -> str:
    if not zone.there:
        return f"zone {zone.name}: none here"
    return f"zone {zone.name}: {', '.join(zone.told)}, {zone.replica or 'no replica'}"


def _zone(zone: Zone, box: Box) -> Iterator[Markup]:
    room = box.width - 16
    if zone.there and zone.replica:
        behind = Box(box.x + 4, box.y + 4, box.width, box.height)
        yield rectangle(behind, f"zone behind {zone.replica.split()[0]}", 3)
    yield rectangle(box, "zone" if zone.there else "zone none", 3)
    yield text(box.x + 8, box.y + 16, zone.name, room - 16, klass="t strong")
    if not zone.there:
        yield text(box.x + 8, box.y + 32, "none", room, klass="t faint")
        return
    locked = "not locked" not in zone.lines
    yield _padlock(box.x + 8, box.y + 23, closed=locked)
    yield text(box.x + 25, box.y + 32, zone.lines[0], room - 17, size=SMALL, klass="t s")
    if zone.key:
        yield _key(zone.key, box.x + 7, box.y + 47)
    yield text(
        box.x + 25, box.y + 62, zone.replica or "no replica", room - 17, size=SMALL, klass="t s"
    )


def _padlock(x: float, y: float, *, closed: bool) -> Markup:
    body = rectangle(Box(x, y + 4, 9, 6.5), "lock closed" if closed else "lock", 1)
    arc = f"M{x + 2:g} {y + 4:g}v-2a2.5 2.5 0 0 1 5 0{'v2' if closed else ''}"
    return group([path(arc, "shackle"), body])


def _access(plan: Plan, box: Box) -> Iterator[Markup]:
    yield rectangle(box, "part" if plan.readers else "part none")
    yield _named("Projects and what they read", box, there=bool(plan.readers), room=box.width)
    for number, reader in enumerate(plan.readers):
        here = Box(box.x + PAD, box.y + 26 + number * READER, box.width - 2 * PAD, READER - 5)
        yield group(_reader(reader, here), title=reader.told if reader.zones else reader.name)


def _reader(reader: Reader, box: Box) -> Iterator[Markup]:
    yield rectangle(box, "zone" if reader.zones else "zone none", 3)
    yield text(box.x + 8, box.y + 13, reader.name, box.width * 0.5, klass="t strong")
    yield text(
        box.right - 8, box.y + 13, reader.until, box.width * 0.48, klass="t s end", size=SMALL
    )
    read = f"reads {', '.join(reader.zones)}" if reader.zones else "reads nothing that is known"
    yield text(box.x + 8, box.y + 26, read, box.width - 16, klass="t s", size=SMALL)


def legend() -> list[tuple[Markup, str]]:
    """What the lines and signs of the picture mean."""
    public = group([path("M0 10H30", "public sure"), path("M36 10l-7 -4.5v9z", "tip")])
    joint = element("circle", cx=33.0, cy=10.0, r=3.0, klass="joint")
    behind = rectangle(Box(6, 4, 30, 14), "zone behind", 3)
    replica = group([behind, rectangle(Box(2, 1, 30, 14), "zone", 3)])
    lines = [
        (public, "a public address answers"),
        (group([path("M0 10H30", "private sure"), joint]), "reached by a private address"),
        (path("M0 10H36", "public unsure"), "not known"),
        (replica, "a zone with a replica (dashed: implied)"),
        (rectangle(Box(2, 2, 32, 15), "part none", 3), "a part that this side does not have"),
        (_padlock(12, 3, closed=True), "versions are locked for so many days (d)"),
    ]
    signs = {
        Locked.WAREHOUSE: "under a key of the warehouse",
        Locked.PROVIDER: "under the provider's own key",
        Locked.UNKNOWN: "nobody tells under which key",
        Locked.OPEN: "not encrypted at rest",
    }
    lines += [(_sign(key, 10, 10), words) for key, words in signs.items()]
    return [(sample(sign, 40, 20), words) for sign, words in lines]
