"""Fonts of our own making, so that no test depends on what a machine has installed."""

from __future__ import annotations

import io

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

EM = 1000
BUILT = {"wide": 2000, "narrow": 200, "boxes": 1000}
"""Advance of every letter, in thousandths of an em; `boxes` is what a missing letter looks like."""
FAMILIES = ("sans-serif", "serif", "monospace", "no such family", *BUILT)


def built(name: str) -> bytes:
    """A font in which every letter is the same box."""
    font = FontBuilder(EM, isTTF=True)
    font.setupGlyphOrder([".notdef", "box"])
    font.setupCharacterMap(dict.fromkeys(range(0x20, 0x2800), "box"))
    font.setupGlyf({glyph: _box(BUILT[name]) for glyph in (".notdef", "box")})
    font.setupHorizontalMetrics(dict.fromkeys((".notdef", "box"), (BUILT[name], 50)))
    font.setupHorizontalHeader(ascent=900, descent=-250)
    font.setupNameTable({"familyName": name, "styleName": "Regular"})
    font.setupOS2(sTypoAscender=900, sTypoDescender=-250, usWinAscent=900, usWinDescent=250)
    font.setupPost()
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def _box(advance: int) -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for point in ((50, 700), (advance - 50, 700), (advance - 50, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()
