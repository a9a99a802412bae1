"""Pictures of the documentation: `python -m docs.pictures` takes them anew, with Chromium.

What a picture shows depends on the fonts of a machine, so no test compares its dots. Next to it is
the SHA-256 of the text that it was taken of: a picture that is out of date differs by that.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import tempfile
from html import unescape
from pathlib import Path

from havre.cli.compare import SettingsGiven, compared
from havre.report.comparison import render

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "images"
DIGEST = FOLDER / "compare.sha256"
EXAMPLE = ROOT / "examples" / "emc2" / "warehouse.yaml"
DAY = dt.date(2026, 11, 23)
SIDES = ["azure", "scaleway", "ovh", "local"]
END = '<h2 id="architecture">'
"""What comes after the part of the page that is pictured."""
WIDTH = 1440
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


def page() -> str:
    """The comparison of the example as a page."""
    found = compared(EXAMPLE, SIDES, DAY, None, SettingsGiven())
    return render(found, "html").replace(str(EXAMPLE), EXAMPLE.name)


def text_of(html: str) -> str:
    """The text of the part of a page that is pictured, on one line."""
    body = html.partition("<body>")[2].partition(END)[0]
    return " ".join(unescape(TAG.sub(" ", body)).split())


def digest_of(html: str) -> str:
    """SHA-256 of that text, hexadecimal."""
    return hashlib.sha256(text_of(html).encode()).hexdigest()


def main() -> None:
    """Take the pictures, and write the digest of what they show."""
    from playwright.sync_api import sync_playwright

    html = page()
    executable = next(filter(None, map(shutil.which, CHROMIUM)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "compare.html"
        file.write_text(html, encoding="utf-8")
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            view = browser.new_page(viewport={"width": WIDTH, "height": 900}, offline=True)
            view.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            view.goto(file.as_uri())
            height = view.evaluate("document.querySelector('#architecture').offsetTop")
            clip = {"x": 0.0, "y": 0.0, "width": float(WIDTH), "height": float(height)}
            path = FOLDER / f"compare-{scheme}.png"
            view.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
        browser.close()
    DIGEST.write_text(f"{digest_of(html)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
